# mini: good pictures and first numbers, in an hour and a half on two cores.
# DEVIATIONS from the paper, here and at smoke, because a few hundred lesions are few: small
# networks and patches, full size from the start, a running average of the generator (--ema), past
# synthetic patches shown again (--history), and a price on changing tissue (--sparsity).
PHANTOM_PATIENTS := 600
PHANTOM_HEIGHT := 800
PATCH := 64
TRAIN_PATCHES := 6000
GAN_OPTIONS := --width 0.75 --d-width 0.25 --batch 4 --lr 2e-4 --half-iterations 0 --fade 0 \
               --iterations 7000 --ema 0.995 --history 1000 --sparsity 1 \
               --save-every 500 --sheet-every 500
TEST_PATCHES := 200
JUDGE_OPTIONS := --updates 600
