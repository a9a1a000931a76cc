# paper: the paper's numbers (its sections 2 and 3).  Wants a large data set and a large machine.
PHANTOM_PATIENTS := 10000
PHANTOM_HEIGHT := 3200
PATCH := 256
ZOOM := 1
OFFSET := 0.5
CONTRAST := 0
REMOVED := any
REMOVED_THRESHOLD := -0.1
REMOVED_KEPT :=
PLACES := anywhere
CANDIDATES := 1024
FEED := pipe
TRAIN_PATCHES := 10000
GAN_OPTIONS := --width 1 --batch 8 --lr 1e-4 --half-iterations 30000 --fade 3000 \
               --iterations 30000 --save-every 1000 --sheet-every 1000
TEST_PATCHES := 5000
JUDGE_OPTIONS := --updates 5000

# The classifier of table1: the paper's, but for ImageNet's weights, which are not here.
CANCERS := mass calcification
START_SAMPLES := 102400
VALIDATIONS := 100
CLASSIFIER.resnet50 := --width 1 --batch 1 --lr 1e-5 --schedule constant --keep best
SAMPLES.resnet50 := 500000
CLASSIFIER.small := --batch 64 --lr 3e-3 --schedule one-cycle --weight-decay 0.01 --average 0.99
SAMPLES.small := 512000
EVAL_PATCHES := 1000
WORTH_PATIENTS := 2000
WORTH_OTHERS := 10000
WORTH_TEST := 5000
