# smoke: shows in minutes that everything works.  Pictures are coarse, numbers mean little.
# The options of mini.mk, and shorter.
PHANTOM_PATIENTS := 120
PHANTOM_HEIGHT := 800
# The generators of examples/models were trained on patches of SCALE=mini.
PATCH := $(if $(MODELS),64,32)
ZOOM := $(if $(MODELS),1,2)
OFFSET := 0.25
CONTRAST := 0.08
REMOVED := mass
REMOVED_THRESHOLD := -0.05
TRAIN_PATCHES := 3000
GAN_OPTIONS := --width 0.5 --d-width 0.25 --batch 4 --lr 2e-4 --half-iterations 0 --fade 0 \
               --ema 0.995 --gp-k 0 --save-every 500 --sheet-every 500
GAN_OPTIONS.mass := --iterations 2500 --gp-lambda 2
GAN_OPTIONS.calcification := --iterations 4000 --gp-lambda 0.5
GAN_OPTIONS.removal := --iterations 2500 --gp-lambda 0.5 --g-steps 2
TEST_PATCHES := 120
JUDGE_OPTIONS := --updates 150

# The classifier of table1: two seeds show that it runs.  Chosen by make tune-classifier (mini.mk).
CANCERS := mass
SEEDS ?= 2
CLASSIFIER_WIDTH := 0.125
CLASSIFIER := --batch 16
WARM_LR := 1e-3
WARM_SAMPLES := 3200
CLASSIFIER_LR := 1e-3
SAMPLES := 3200
EVAL_PATCHES := 200

# The figures: a fifth of the paper's patches.
FIG4_NORMAL := 400
FIG4_REAL := 200
FIG4_SYNTHETIC.mass := 712
FIG4_SYNTHETIC.calcification := 800
