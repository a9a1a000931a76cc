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
REMOVED_KEPT := --whole --residual 0.03
PLACES := like
CANDIDATES := 128
TRAIN_PATCHES := 3000
GAN_OPTIONS := --width 0.5 --d-width 0.25 --batch 4 --lr 2e-4 --half-iterations 0 --fade 0 \
               --ema 0.995 --gp-k 0 --save-every 500 --sheet-every 500
GAN_OPTIONS.mass := --iterations 2500 --gp-lambda 2
GAN_OPTIONS.calcification := --iterations 4000 --gp-lambda 0.5
GAN_OPTIONS.removal := --iterations 2500 --gp-lambda 0.5 --g-steps 2
TEST_PATCHES := 120
JUDGE_OPTIONS := --updates 150

# The classifiers: two seeds show that they run.
CANCERS := mass
SEEDS ?= 2
LEAST_PATIENTS ?= 0
START_SAMPLES := 1600
VALIDATIONS := 4
CLASSIFIER.resnet50 := --width 0.125 --batch 16 --lr 1e-3 --schedule one-cycle --average 0.9
SAMPLES.resnet50 := 3200
CLASSIFIER.small := --batch 32 --lr 3e-3 --schedule one-cycle --average 0.9
SAMPLES.small := 3200
EVAL_PATCHES := 200
WORTH_PATIENTS := 60
WORTH_OTHERS := 60
WORTH_TEST := 200
WORTH_CANCERS ?= 5 all
WORTH_SEEDS ?= 2
WORTH_PAIRS ?= 2

# The figures: a fifth of the paper's patches.
FIG4_NORMAL := 400
FIG4_REAL := 200
FIG4_SYNTHETIC.mass := 712
FIG4_SYNTHETIC.calcification := 800
APART_UPDATES := 150
