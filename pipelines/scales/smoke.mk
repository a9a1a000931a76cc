# smoke: shows in minutes that everything works.  Pictures are coarse, numbers mean little.
PHANTOM_PATIENTS := 120
PHANTOM_HEIGHT := 400
PATCH := 32
TRAIN_PATCHES := 3000
GAN_OPTIONS := --width 0.5 --d-width 0.25 --batch 4 --lr 4e-4 --half-iterations 0 --fade 0 \
               --iterations 900 --ema 0.99 --history 500 --save-every 100 --sheet-every 100
TEST_PATCHES := 120
JUDGE_OPTIONS := --updates 150
