# mini: good pictures and first numbers, in an hour and a half on two cores.
# DEVIATION from the paper, here and at smoke: small networks and patches, a running average of the
# generator (--ema) and --diff-augment, because a few hundred lesions are learnt by heart without.
PHANTOM_PATIENTS := 600
PHANTOM_HEIGHT := 800
PATCH := 64
TRAIN_PATCHES := 6000
GAN_OPTIONS := --width 0.25 --batch 4 --lr 2e-4 --half-iterations 3000 --fade 500 \
               --iterations 7000 --ema 0.999 --diff-augment --save-every 500 --sheet-every 500
TEST_PATCHES := 200
JUDGE_OPTIONS := --updates 600
