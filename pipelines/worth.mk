# worth.mk - what a generator is worth, beside the most that any could give.
#
#   make worth SCALE=S        on phantoms, of which fresh ones can always be drawn
#   make same-twice SCALE=S   the same arm trained twice, again and again: how often do they "differ"?
#
# Classifiers (the small network) are trained with few real cancers and with many, each alone and with 50 % synthetic
# positives at first, which are
#
#   pasted      lesions of the same training patients, pasted into other tissue by lesion-paste
#   generators  made by generators that were trained on the same patients
#   oracle      real lesions of other phantoms: no generator could do more
#
# with the paper's decay and without, and are tested on phantoms that nothing else has seen.  In build/phantom/SCALE/
# worth, N for a number of cancers of each kind, A for an arm, D for a decay (mul, none), K for a kind of lesion:
#
#   test.sts, oracle-K.sts    real patches of fresh phantoms
#   N/manifest.tsv            the training patients; N/train-K.sts their lesions; of all of them those of lesions.mk
#   N/train-bases-K.sts       at PLACES=like, patches to put lesions on, like N/examples-K.sts
#   N/K.ckpt .state .jsonl    a generator trained on them
#   N/A-K.sts                 the patches of the arm
#   N/A-D-sS.ckpt .tsv .jsonl classifier of seed S: weights, scores, log; N/real-sS of real patches alone
#   N/D.tsv                   delong over the arms, for all malignant patches and for each kind
#   worth.tsv worth.txt worth.png   the numbers, the table, the curves
#   same-twice/               what make same-twice trained; same-twice.txt: what came of it

WORTH_CANCERS ?= 10 20 40 all
WORTH_SEEDS ?= 5
WORTH_PAIRS ?= 20
worth := $(here)/worth
fresh := $(phantoms)-fresh-$(WORTH_PATIENTS)-$(WORTH_OTHERS)
worth_seeds := $(shell seq $(WORTH_SEEDS))
arms := pasted generators oracle
decays := mul none
worth_kinds := $(filter mass calcification,$(CANCERS))
settings.fresh := WORTH_PATIENTS WORTH_OTHERS
settings.worth := SAMPLES.small CLASSIFIER.small WORTH_TEST worth_kinds
settings.worth-table := WORTH_CANCERS WORTH_SEEDS worth_kinds
settings.same-twice := WORTH_PAIRS same_number
settings.worth-gan := role.mass role.calcification GAN_OPTIONS GAN_OPTIONS.mass GAN_OPTIONS.calcification

# ---- fresh phantoms, of the same law: to test on, and others whose lesions are the oracle's ----
$(fresh)/test/manifest.tsv: first = $(PHANTOM_PATIENTS) --patients $(WORTH_PATIENTS) --splits 0/0/100
$(fresh)/oracle/manifest.tsv: first = $(shell echo $$(( $(PHANTOM_PATIENTS) + $(WORTH_PATIENTS) ))) --patients $(WORTH_OTHERS) --splits 100/0/0
$(fresh)/test/manifest.tsv $(fresh)/oracle/manifest.tsv: $(wildcard lib/patch/phantom*.c) | $(BIN)/phantom
	@mkdir -p $(@D)
	$(BIN)/phantom --out $(@D) --start $(first) --height $(PHANTOM_HEIGHT) --seed 1 --progress

# of A,B: patch-sample's options for the phantoms in folder A, split B, in place of the recipes' own.
of_fresh = $(subst --root $(ROOT),--root $(fresh)/$1,$(sample)) --split $2
$(worth)/test.sts: $(fresh)/test/manifest.tsv $(set)/patches $(set)/worth | $(BIN)/patch-sample $(BIN)/ts-cat
	@mkdir -p $(@D)
	$(foreach k,$(worth_kinds) normal,$(call of_fresh,test,test) $(call draw,$k) --count $(WORTH_TEST) $< > $@.$k && ) \
	    $(BIN)/ts-cat $(foreach k,$(worth_kinds) normal,$@.$k) > $@.tmp
	rm -f $(foreach k,$(worth_kinds) normal,$@.$k)
	mv $@.tmp $@
$(worth)/patients.tsv: $(worth)/test.sts | $(BIN)/ts-info
	$(BIN)/ts-info --patients $< > $@
$(worth_kinds:%=$(worth)/oracle-%.sts): $(worth)/oracle-%.sts: $(fresh)/oracle/manifest.tsv $(set)/patches $(set)/train \
                                        | $(BIN)/patch-sample $(BIN)/augment
	@mkdir -p $(@D)
	$(call of_fresh,oracle,train) --margin $(margin) $(call draw,$*) --count $(TRAIN_PATCHES) $< \
	    | $(BIN)/augment --size $(PATCH) --seed 1 > $@.tmp
	mv $@.tmp $@

# ---- N cancers of each kind ----
# With all of them the lesions, and what generates them, are those of lesions.mk.
few := $(filter-out all,$(WORTH_CANCERS))
few_files = $(foreach k,$(worth_kinds),$(few:%=$(worth)/%/$(subst KIND,$k,$1)))
in = $(if $(filter all,$1),$(here),$(worth)/$1)
number_of = $(notdir $(patsubst %/,%,$(dir $1)))
kind_of = $(lastword $(subst -, ,$(basename $(notdir $1))))

$(few:%=$(worth)/%/manifest.tsv): $(worth)/%/manifest.tsv: $(TABLE) pipelines/few.awk $(set)/patches
	@mkdir -p $(@D)
	awk -v cancers=$* -v kinds="$(worth_kinds)" -v downscale=$(downscale) -v fine=$(fine) -v min_box=$(min_box) -v max_box=$(max_box) -f pipelines/few.awk $< $< > $@.tmp
	mv $@.tmp $@
$(call few_files,train-KIND.sts): %.sts: $$(@D)/manifest.tsv $(set)/patches $(set)/train | $(BIN)/patch-sample $(BIN)/augment
	$(sample) --margin $(margin) --split train $(call draw,$(call kind_of,$@)) --count $(TRAIN_PATCHES) $< \
	    | $(BIN)/augment --size $(PATCH) --seed 1 > $@.tmp
	mv $@.tmp $@
$(call few_files,examples-KIND.sts): %.sts: $$(@D)/manifest.tsv $(set)/patches $(set)/train | $(BIN)/patch-sample
	$(sample) --margin $(margin) --split train $(call draw,$(call kind_of,$@)) --count $(TRAIN_PATCHES) $< > $@.tmp
	mv $@.tmp $@
$(call few_files,train-bases-KIND.sts): example_stream = $(word 2,$^)
$(call few_files,train-bases-KIND.sts): %.sts: $(TABLE) $$(@D)/examples-$$(call kind_of,$$@).sts $(set)/patches $(set)/train \
                                        | $(BIN)/patch-sample $(BIN)/augment
	$(sample) --margin $(margin) --split train $(call draw,bases-$(call kind_of,$@)) --count $(TRAIN_PATCHES) $< \
	    | $(BIN)/augment --size $(PATCH) --seed 1 > $@.tmp
	mv $@.tmp $@
$(call few_files,KIND.ckpt): lesion_stream = $<
$(call few_files,KIND.ckpt): %.ckpt: $$(@D)/train-$$(*F).sts $$(call feeds,benign-$$(*F) $$(normal.$$(*F))) $(set)/worth-gan \
                             | $(BIN)/gan-train
	$(call train,$(*F))

# ---- arms ----
arm_files = $(foreach n,$(WORTH_CANCERS),$(foreach k,$(worth_kinds),$(worth)/$n/$1-$k.sts))
# Bases like lesions are like those of the N patients alone: others would tell where lesions are.
bases_of = $(if $(like),$(call in,$(call number_of,$1)),$(here))/train-$(bases.$(call kind_of,$1)).sts
$(call arm_files,pasted): %.sts: $$(call in,$$(call number_of,$$@))/train-$$(call kind_of,$$@).sts $$(call bases_of,$$@) $(set)/bases | $(BIN)/lesion-paste
	@mkdir -p $(@D)
	$(BIN)/lesion-paste --lesions $< --seed 2 < $(word 2,$^) > $@.tmp
	mv $@.tmp $@
$(call arm_files,generators): %.sts: $$(call in,$$(call number_of,$$@))/$$(call kind_of,$$@).ckpt $$(call bases_of,$$@) $(set)/bases $(set)/postproc \
                              | $(BIN)/gan-gen $(BIN)/lesion-postproc
	@mkdir -p $(@D)
	$(BIN)/gan-gen --threads $(THREADS) --model $< --seed 2 < $(word 2,$^) | $(BIN)/lesion-postproc $(postproc.$(call kind_of,$@)) > $@.tmp
	mv $@.tmp $@

# ---- classifiers: NUMBER, ARM, DECAY, SEED ----
worth_real = $(foreach k,$(worth_kinds),--positive $(call in,$1)/train-$k.sts) $(foreach c,$(normals) $(benigns),--negative $(here)/train-$c.sts)
arm_stream = $(foreach k,$(worth_kinds),--synthetic-positive $(if $(filter oracle,$2),$(worth),$(worth)/$1)/$2-$k.sts)
worth_mix = $(call worth_real,$1) $(if $(filter real,$2),--initial 0, \
            --initial 0.5 --decay $3 --every $$(( $(SAMPLES.small) / 100 )) --allow-real $(call arm_stream,$1,$2))
part_of = $(word $2,$(subst -, ,$(basename $(notdir $1))))
seed_of = $(patsubst s%,%,$(lastword $(subst -, ,$(basename $(notdir $1)))))
mix_of = $(call worth_mix,$(call number_of,$1),$(call part_of,$1,1),$(call part_of,$1,2))

# worth_fit MIX,SEED: makes $@.  Arms of one seed begin with the same weights, and where they draw real patches they draw
# the same ones.
worth_fit = $(call fit,$1 --count $(SAMPLES.small) --seed $2,--net small $(CLASSIFIER.small) --samples $(SAMPLES.small) --seed $2)
worth_runs := $(foreach n,$(WORTH_CANCERS),$(foreach f,real $(foreach a,$(arms),$(decays:%=$a-%)),$(worth_seeds:%=$(worth)/$n/$f-s%)))
$(worth_runs:%=%.ckpt): $$(filter %.sts,$$(call mix_of,$$@)) $(set)/worth | $(BIN)/mix-ratio $(BIN)/resnet-train
	$(call worth_fit,$(call mix_of,$@),$(call seed_of,$@))
$(worth_runs:%=%.tsv): %.tsv: %.ckpt $(worth)/test.sts | $(BIN)/resnet-predict
	$(predict)

# ---- the numbers ----
# delong over the arms, for all malignant patches and for those of one kind.
worth_scores = $(foreach s,$(worth_seeds),$1-s$s.tsv)
worth_curve = $2=$(call commas,$(call worth_scores,$1))
worth_tables := $(foreach n,$(WORTH_CANCERS),$(foreach d,$(decays),$(worth)/$n/$d.tsv))
$(worth_tables): %.tsv: $$(call worth_scores,$$(@D)/real) $$(foreach a,$(arms),$$(call worth_scores,$$(@D)/$$a-$$(*F))) $(set)/worth-table \
           pipelines/worth-kinds.sh | $(BIN)/delong
	BIN=$(BIN) pipelines/worth-kinds.sh "$(if $(word 2,$(worth_kinds)),all) $(worth_kinds)" $@ $(call worth_curve,$(@D)/real,real) \
	    $(foreach a,$(arms),$(call worth_curve,$(@D)/$a-$(*F),$a))

$(worth)/worth.tsv: $(worth_tables) pipelines/worth.awk
	awk -f pipelines/worth.awk $(worth_tables) > $@.tmp
	mv $@.tmp $@
$(worth)/worth.txt: $(worth)/worth.tsv $(worth)/patients.tsv pipelines/tables.awk pipelines/worth-table.awk
	awk -v scale=$(SCALE) -v samples=$(SAMPLES.small) -v seeds=$(WORTH_SEEDS) -v patients=$(worth)/patients.tsv \
	    -f pipelines/tables.awk -f pipelines/worth-table.awk $< > $@.tmp
	mv $@.tmp $@
$(worth)/worth.png: $(worth)/worth.tsv pipelines/worth-plot.sh
	pipelines/worth-plot.sh $< $@ "SCALE=$(SCALE), $(WORTH_SEEDS) seeds"

# ---- the same arm twice ----
same := $(worth)/same-twice
same_number := $(or $(filter 20,$(WORTH_CANCERS)),$(firstword $(WORTH_CANCERS)))
pairs := $(shell seq $(WORTH_PAIRS))
# Three trainings a half; of pair P with seeds from 1000 P + 1, and from 1000 P + 501.
half = $(foreach s,1 2 3,$(same)/s$1$2$s.tsv)
same_scores := $(foreach p,$(pairs),$(call half,$p,00) $(call half,$p,50))
$(same_scores:.tsv=.ckpt): $$(filter %.sts,$$(call worth_mix,$(same_number),real)) $(set)/worth $(set)/same-twice | $(BIN)/mix-ratio $(BIN)/resnet-train
	$(call worth_fit,$(call worth_mix,$(same_number),real),$(call seed_of,$@))
$(same_scores): %.tsv: %.ckpt $(worth)/test.sts | $(BIN)/resnet-predict
	$(predict)
$(worth)/same-twice.txt: $(same_scores) $(set)/same-twice pipelines/same-twice.awk | $(BIN)/delong
	$(foreach p,$(pairs),$(BIN)/delong --trainings --cluster patient a=$(call commas,$(call half,$p,00)) \
	    b=$(call commas,$(call half,$p,50)) > $(same)/pair$p.tsv;)
	awk -v cancers=$(same_number) -f pipelines/same-twice.awk $(pairs:%=$(same)/pair%.tsv) > $@.tmp
	mv $@.tmp $@

# Two makes: which benign findings there are is known when the manifest is there.
.PHONY: worth same-twice only-phantoms
only-phantoms:
	@$(if $(filter 1,$(WORTH_SEEDS)),echo "WORTH_SEEDS=1: how much trainings differ takes two seeds to tell" >&2; exit 1)
	@$(if $(filter phantom,$(DATA)),:,echo "worth: of $(DATA) no fresh patients can be drawn: DATA=phantom" >&2; exit 1)
worth: only-phantoms $(TABLE)
	+@$(MAKE) --no-print-directory $(worth)/worth.txt $(worth)/worth.png
	@cat $(worth)/worth.txt
	@echo "look at $(worth)/worth.png"
same-twice: only-phantoms $(TABLE)
	+@$(MAKE) --no-print-directory $(worth)/same-twice.txt
	@cat $(worth)/same-twice.txt
