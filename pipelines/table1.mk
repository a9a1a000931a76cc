# table1.mk - what the synthetic patches are worth: the paper's Table 1.
#
#   make table1 DATA=D SCALE=S SEEDS=n      classifiers for each share of synthetic patches, the table
#   make cross-test DATA=A TEST=B SCALE=S   the classifiers of A on the test patches of B
#   make tune-classifier DATA=D SCALE=S     the baseline alone over widths, learning rates and batches
#
# Regimes do not wait for each other: make -j2 THREADS=1 trains two side by side.  What was interrupted
# goes on.  Everything lands in build/DATA/SCALE/table1:
#
#   val.sts, test.sts        real patches of other patients
#   synthetic-MODEL.sts      what the generators make of training patients' patches
#   warm-wW.ckpt             what every classifier of width W starts from
#   rR-sN.ckpt .tsv .jsonl   R % synthetic at first, seed N: weights, scores on test.sts, training log
#   mix-rR-sN.jsonl          the patches that training really drew
#   shortcut.tsv             scores on test.sts by tissue share and mean grey alone
#   areas.tsv, plain.tsv     delong over all R, scores averaged over seeds: by patient, and as the paper has it
#   areas-sN.tsv             the same for each seed, by patient
#   areas-shortcut.tsv, plain-shortcut.tsv   delong on shortcut.tsv: by patient, and plain
#   views.tsv                how often each class shows each view: val.sts, test.sts, 5000 training draws
#   table.txt                the table; at its end, which file holds which number
#   time.txt                 what the trainings took, by their logs
#   tune.txt, tune/          the grid
#
# and in cross-B the same of the scores on B's test.sts.

t1 := $(here)/table1
SEEDS ?= 3
seeds := $(shell seq $(SEEDS))
# Crops have no synthetic patches: the baseline alone.
regimes := 0 $(if $(CROPS),,10 25 50 75 100)

# Another data set to test on; the environment's TEST, if there is one, means something else.
ifneq ($(origin TEST),command line)
override TEST :=
endif
out := $(t1)$(if $(TEST),/cross-$(TEST))
test := build/$(or $(TEST),$(DATA))/$(SCALE)/table1/test.sts

# Kinds of cancer that the classifier sees; normal tissue; benign findings, which count as negative.
cancers = $(if $(CROPS),mass,$(filter $(CANCERS),$(able)))
normals := $(if $(CROPS),,normal)
benigns = $(foreach c,$(cancers),$(if $(filter-out 0,$(call patients,train,benign-$c)),benign-$c))
removed = $(filter removal,$(able))

settings.evaluated := EVAL_PATCHES VIEWS cancers normals
settings.warm := CLASSIFIER WARM_LR WARM_SAMPLES
settings.classifier := warm CLASSIFIER CLASSIFIER_LR SAMPLES
settings.table := SEEDS
settings.tune := warm_in CLASSIFIER TUNE_SAMPLES
settings.grid := TUNE_WIDTHS TUNE_RATES TUNE_BATCHES

# ---- patches ----
# Validation and test: kinds of cancer, and normal tissue or, where there is none, benign findings;
# the same number from each view.  Of crops, each once.
evaluated = $(cancers) $(or $(normals),$(benigns))
parts = $(foreach k,$(evaluated),$(foreach v,$(or $(VIEWS),any),$k.$v))
part = $(sample) --split $2 $(call draw,$(word 1,$(subst ., ,$1))) \
       $(if $(VIEWS),--view $(word 2,$(subst ., ,$1)) --count $$(( $(EVAL_PATCHES) / $(words $(VIEWS)) )), \
           $(if $(CROPS),--each 1,--count $(EVAL_PATCHES)))

$(t1)/val.sts $(t1)/test.sts: $(t1)/%.sts: $(TABLE) $(set)/patches $(set)/evaluated | $(BIN)/patch-sample $(BIN)/ts-cat
	@mkdir -p $(@D)
	$(foreach p,$(parts),$(call part,$p,$*) $< > $@.$p && ) \
	    $(BIN)/ts-cat $(parts:%=$@.%) > $@.tmp
	rm -f $(parts:%=$@.%)
	mv $@.tmp $@

$(t1)/synthetic-%.sts: $(here)/%.ckpt $(here)/train-$$(bases.$$*).sts $(set)/postproc | $(BIN)/gan-gen $(BIN)/lesion-postproc
	@mkdir -p $(@D)
	$(BIN)/gan-gen --threads $(THREADS) --model $< --seed 2 < $(word 2,$^) | $(BIN)/lesion-postproc $(postproc.$*) > $@.tmp
	mv $@.tmp $@

positives = $(foreach c,$(cancers),--positive $(here)/train-$c.sts)
negatives = $(foreach c,$(normals) $(benigns),--negative $(here)/train-$c.sts)
real = $(positives) $(negatives) $(if $(VIEWS),--balance view)
synthetic = $(if $(CROPS),,$(foreach c,$(cancers),--synthetic-positive $(t1)/synthetic-$c.sts) \
            $(foreach c,$(removed),--synthetic-negative $(t1)/synthetic-$c.sts))
real_files = $(filter %.sts,$(real))
files = $(real_files) $(filter %.sts,$(synthetic))

# ---- classifiers ----
# fit: mix-ratio's options, resnet-train's.  A training that was stopped goes on, unless what it
# is made of is newer.
define fit
resume=--resume; for f in $^; do if [ ! $@.state -nt $$f ]; then resume=; fi; done; \
$(BIN)/mix-ratio $1 | $(BIN)/resnet-train --threads $(THREADS) $(CLASSIFIER) --bn update $2 --val $(t1)/val.sts \
    --state $@.state $$resume --out $@.tmp
mv $@.tmp $@
rm -f $@.state
endef

# One start for all, so that no regime begins ahead of another: masses of cbis-mass, malignant against
# benign, where that set is there (in place of ImageNet's weights, the paper's start), else the
# data set's own real patches.  Phantoms need nothing.
crops_warm := build/cbis-mass/$(SCALE)/table1
warm_in := $(if $(and $(filter-out phantom cbis-mass,$(DATA)),$(wildcard $(MAMMO_DATA)/cbis-mass/train)),$(crops_warm),$(t1))
warm_on := $(if $(filter $(crops_warm),$(warm_in)),cbis-mass,$(DATA))
warm := $(warm_in)/warm-w$(CLASSIFIER_WIDTH).ckpt

$(t1)/warm-w%.ckpt: $$(real_files) $(t1)/val.sts $(set)/warm | $(BIN)/mix-ratio $(BIN)/resnet-train
	$(call fit,$(real) --initial 0 --count $(WARM_SAMPLES) --seed 0,--width $* --lr $(WARM_LR) --samples $(WARM_SAMPLES) \
	    --every $$(( $(WARM_SAMPLES) / 10 )) --seed 1 --log $(t1)/warm-w$*.jsonl)

# classify PERCENT,SEED,SYNTHETIC: makes $@ from the warm start, $<.  The share falls every hundredth of
# the samples, as in the paper.
define classify
$(call fit,$(real) $3 --initial $$(echo $1 | awk '{ print $$1 / 100 }') --every $$(( $(SAMPLES) / 100 )) \
    --count $(SAMPLES) --seed $2 --log $(@D)/mix-$(basename $(@F)).jsonl,--init $< --lr $(CLASSIFIER_LR) \
    --samples $(SAMPLES) --every $$(( $(SAMPLES) / 20 )) --seed $2 --log $(basename $@).jsonl)
endef
# predict: makes $@, the scores that the classifier $< gives the patches behind it.
define predict
@mkdir -p $(@D)
$(BIN)/resnet-predict --threads $(THREADS) --model $< < $(word 2,$^) > $@.tmp
mv $@.tmp $@
endef

percent = $(firstword $(subst -s, ,$1))
seed = $(lastword $(subst -s, ,$1))
$(t1)/r%.ckpt: $(warm) $$(files) $(t1)/val.sts $(set)/classifier | $(BIN)/mix-ratio $(BIN)/resnet-train
	$(call classify,$(call percent,$*),$(call seed,$*),$(synthetic))

$(out)/r%.tsv: $(t1)/r%.ckpt $(test) | $(BIN)/resnet-predict
	$(predict)

# What could be known without looking at a lesion.
$(out)/shortcut.tsv: $$(real_files) $(test) | $(BIN)/shortcut-predict
	@mkdir -p $(@D)
	$(BIN)/shortcut-predict $(positives) $(negatives) --log $(@D)/shortcut.jsonl < $(test) > $@.tmp
	mv $@.tmp $@

$(out)/views.tsv: $(t1)/val.sts $(test) $$(real_files) pipelines/views.awk | $(BIN)/mix-ratio $(BIN)/ts-info
	@mkdir -p $(@D)
	$(BIN)/ts-info --records $(t1)/val.sts > $@.val
	$(BIN)/ts-info --records $(test) > $@.test
	$(BIN)/mix-ratio $(real) --initial 0 --count 5000 --seed 1 | $(BIN)/ts-info --records - > $@.draws
	awk -f pipelines/views.awk $@.val $@.test $@.draws > $@.tmp
	rm -f $@.val $@.test $@.draws
	mv $@.tmp $@

# ---- areas under the curve ----
comma := ,
nothing :=
commas = $(subst $(nothing) $(nothing),$(comma),$(strip $1))
scores = $(foreach r,$(regimes),$(foreach n,$1,$(out)/r$r-s$n.tsv))
curves = $(foreach r,$(regimes),$r=$(call commas,$(foreach n,$1,$(out)/r$r-s$n.tsv)))

$(out)/areas.tsv: $(call scores,$(seeds)) $(set)/table | $(BIN)/delong
	$(BIN)/delong --reference 0 --cluster patient --roc $(out)/roc.tsv $(call curves,$(seeds)) > $@
$(out)/plain.tsv: $(call scores,$(seeds)) $(set)/table | $(BIN)/delong
	$(BIN)/delong --reference 0 $(call curves,$(seeds)) > $@
$(out)/areas-s%.tsv: $$(call scores,$$*) | $(BIN)/delong
	$(BIN)/delong --reference 0 --cluster patient $(call curves,$*) > $@
$(out)/areas-shortcut.tsv: $(out)/shortcut.tsv | $(BIN)/delong
	$(BIN)/delong --cluster patient shortcut=$< > $@
$(out)/plain-shortcut.tsv: $(out)/shortcut.tsv | $(BIN)/delong
	$(BIN)/delong shortcut=$< > $@

$(out)/roc.png: $(out)/areas.tsv
	pipelines/roc-plot.sh $(out)/roc.tsv $@

areas := $(addprefix $(out)/,areas.tsv plain.tsv areas-shortcut.tsv plain-shortcut.tsv $(seeds:%=areas-s%.tsv))
$(out)/table.txt: $(areas) $(out)/views.tsv pipelines/tables.awk pipelines/table1.awk
	awk -v data=$(DATA) -v tested=$(or $(TEST),$(DATA)) -v scale=$(SCALE) -v positives="$(cancers)" \
	    -v negatives="$(normals) $(benigns)" -v samples=$(SAMPLES) -v t1=$(t1) -v out=$(out) -v seeds=$(SEEDS) \
	    -v list="$(regimes)" -v warm=$(warm) -v warm_on=$(warm_on) -v views=$(out)/views.tsv \
	    -f pipelines/tables.awk -f pipelines/table1.awk $(areas) > $@.tmp
	mv $@.tmp $@

# What the trainings took, by the clock of each; with -j they ran side by side.
logs = $(foreach r,$(regimes),$(foreach n,$(seeds),$(t1)/r$r-s$n.jsonl)) $(wildcard $(warm:.ckpt=.jsonl))
$(t1)/time.txt: $(t1)/table.txt pipelines/times.awk
	awk -f pipelines/times.awk $(logs) > $@.tmp
	mv $@.tmp $@

.PHONY: table1 cross-test has-cancers
table1: $(TABLE)
	+@$(MAKE) --no-print-directory has-cancers
	+@$(MAKE) --no-print-directory $(out)/table.txt $(out)/roc.png $(t1)/time.txt
	@cat $(out)/table.txt
	@tail -n 1 $(t1)/time.txt

has-cancers:
	@$(if $(strip $(cancers)),:,echo "$(DATA): no kind of cancer has enough training patients ($(CANCERS)): no table" >&2; exit 1)

cross-test: $(if $(TEST),$(TABLE))
	@$(if $(TEST),:,echo "cross-test: TEST=B names the data set to test on" >&2; exit 1)
	+@$(MAKE) --no-print-directory DATA=$(TEST) TEST= data
	+@$(MAKE) --no-print-directory DATA=$(TEST) TEST= $(test)
	+@$(MAKE) --no-print-directory has-cancers
	+@$(MAKE) --no-print-directory $(out)/table.txt $(out)/roc.png
	@cat $(out)/table.txt

# ---- choosing the classifier ----
# Samples, batch, learning rate and width are chosen by the validation area of the baseline alone, seed 1,
# and then serve all regimes.  test.sts is not looked at.
TUNE_WIDTHS ?= 0.0625 0.125 0.25
TUNE_RATES ?= 1e-4 3e-4 1e-3
TUNE_BATCHES ?= 4 16
TUNE_SAMPLES ?= $(SAMPLES)
tries := $(foreach w,$(TUNE_WIDTHS),$(foreach r,$(TUNE_RATES),$(foreach b,$(TUNE_BATCHES),$(t1)/tune/w$(w)_lr$(r)_b$b)))
setting = $(patsubst $2%,%,$(word $3,$(subst _, ,$1)))
tune_warm := $(TUNE_WIDTHS:%=$(warm_in)/warm-w%.ckpt)

# One make for all widths, so that under -j no file has two makers.
ifneq ($(warm_in),$(t1))
.PHONY: crops-warm
crops-warm: | $(addprefix $(BIN)/,patch-sample augment ts-cat ts-head mix-ratio resnet-train)
	+$(MAKE) --no-print-directory DATA=cbis-mass TEST= data
	+$(MAKE) --no-print-directory DATA=cbis-mass TEST= $(if $(filter $(t1)/tune%,$(MAKECMDGOALS)),$(tune_warm),$(warm))
$(sort $(warm) $(tune_warm)): crops-warm ;
endif
named: $(networks:%=$(t1)/synthetic-%.sts) $(warm) $(tune_warm) $(tries:%=%.ckpt) \
       $(foreach r,$(regimes),$(foreach n,$(seeds),$(t1)/r$r-s$n.ckpt $(out)/r$r-s$n.tsv))
# Of seeds and widths that nobody named they stay too: each took hours.
.PRECIOUS: $(t1)/r%.ckpt $(t1)/warm-w%.ckpt $(t1)/tune/%.ckpt

$(t1)/tune/%.ckpt: $(warm_in)/warm-w$$(call setting,$$*,w,1).ckpt $$(real_files) $(t1)/val.sts $(set)/tune | $(BIN)/mix-ratio $(BIN)/resnet-train
	@mkdir -p $(@D)
	$(call fit,$(real) --initial 0 --count $(TUNE_SAMPLES) --seed 1,--init $< --lr $(call setting,$*,lr,2) --batch $(call setting,$*,b,3) \
	    --samples $(TUNE_SAMPLES) --every $$(( $(TUNE_SAMPLES) / 20 )) --seed 1 --log $(@:.ckpt=.jsonl))

$(t1)/tune.txt: $(tries:%=%.ckpt) $(set)/grid pipelines/tune.awk
	{ echo "baseline on $(DATA), SCALE=$(SCALE), started on $(warm_on), seed 1"; \
	    awk -f pipelines/tune.awk $(tries:%=%.jsonl) | sort -rn; } > $@.tmp
	mv $@.tmp $@

.PHONY: tune-classifier
tune-classifier: $(TABLE)
	+@$(MAKE) --no-print-directory has-cancers
	+@$(MAKE) --no-print-directory $(t1)/tune.txt
	@cat $(t1)/tune.txt
