# mini: good pictures and first numbers, within an hour and a half on two cores.
# DEVIATIONS from the paper, here and at smoke, because a few hundred lesions are few:
#   - small networks and patches;
#   - the gradient penalty pulls to zero, not to one (--gp-k 0), without which the generator finds a
#     few places that always fool the discriminator and draws every lesion there;
#   - a running average of the generator is what is kept (--ema);
#   - lesions lie nearer to the patch's centre (OFFSET, the share of the patch that the paper has at 0.5);
#   - the remover learns from masses alone: calcifications are too faint to pass lesion-postproc; and
#     from those that stand out from their surroundings by CONTRAST, what does not show is not removed;
#     lesion-postproc's threshold is half as far from zero there, so that the faintest of these count.
#     Removals that leave more than REMOVED_KEPT says are not kept: they would train as normal tissue.
#     Trained for as long as the others, the remover leaves dark holes in place of bright masses.
#   - lesions are put at places like those of the training lesions (PLACES), not just anywhere: the place alone would
#     tell what is synthetic.
PHANTOM_PATIENTS := 600
PHANTOM_HEIGHT := 800
PATCH := 64
ZOOM := 1
OFFSET := 0.25
CONTRAST := 0.08
REMOVED := mass
REMOVED_THRESHOLD := -0.05
REMOVED_KEPT := --whole --residual 0.03
PLACES := like
CANDIDATES := 1024
TRAIN_PATCHES := 6000
GAN_OPTIONS := --width 0.25 --d-width 0.125 --batch 4 --lr 2e-4 --half-iterations 3000 --fade 1000 \
               --ema 0.995 --gp-k 0 --save-every 1000 --sheet-every 1000
# What was tried for these, and what came of it: pipelines/TRAININGS.md.
fine_detail := --width 0.5 --d-width 0.25 --half-iterations 0 --fade 0 --g-steps 1 --gp-lambda 0.2 --sn none --ema 0.999
GAN_OPTIONS.mass := $(if $(filter phantom,$(DATA)),$(fine_detail) --iterations 16000,--iterations 20000 --gp-lambda 2)
GAN_OPTIONS.calcification := $(fine_detail) --iterations 32000
GAN_OPTIONS.removal := --iterations 8000 --gp-lambda 0.5 --g-steps 2
TEST_PATCHES := 200
JUDGE_OPTIONS := --updates 750

# The classifiers of table1 and worth, trained to the end.  On phantoms ResNet-50 of an eighth of its width with the
# small stem reached an AUC of 0.916, of a quarter with ImageNet's stem 0.834, as many samples each (one seed, fresh
# phantoms); the small network 0.885 and 0.923 with 48,000 samples, 0.940 and 0.927 with 144,000.
CANCERS := mass calcification
START_SAMPLES := 16000
VALIDATIONS := 5
CLASSIFIER.resnet50 := --width 0.125 --stem small --batch 16 --lr 1e-3 --schedule one-cycle --weight-decay 0.01 --average 0.99
SAMPLES.resnet50 := 48000
CLASSIFIER.small := --batch 64 --lr 3e-3 --schedule one-cycle --weight-decay 0.01 --average 0.99
SAMPLES.small := 144000
EVAL_PATCHES := 500
# Phantoms that worth tests on, and those whose lesions are the oracle's.
WORTH_PATIENTS := 1000
WORTH_OTHERS := 850
WORTH_TEST := 1500
