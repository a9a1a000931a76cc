# table1.mk - what the synthetic patches are worth: the paper's Table 1.
#
#   make table1 DATA=D SCALE=S SEEDS=n      classifiers for each share of synthetic patches, the table
#   make table1 DATA=D SCALE=S FOLDS=n      the same with every patient tested once, by classifiers of n folds
#   make cross-test DATA=A TEST=B SCALE=S   the classifiers of A on the test patches of B
#   make tune-classifier DATA=D SCALE=S     the baseline alone over widths, learning rates and batches
#
# NET=resnet50|small is the network; ResNet-50 is the paper's.  SHARES="25 50" takes these shares, in per cent, in the
# place of the paper's.  They do not wait for each other: make -j2 THREADS=1 trains two side by side.  What was
# interrupted goes on.  Everything lands in build/DATA/SCALE/table1, that of NET=small in table1-small but for the patches:
#
#   val.sts, test.sts        real patches of other patients
#   synthetic-MODEL.sts      what the generators make of training patients' patches
#   patients.tsv, trained.tsv   patches, patients, effective patients of test.sts, and of the real ones trained on
#   rR-sN.ckpt .tsv .jsonl   R % synthetic at first, seed N: weights, scores on test.sts, training log
#   start-sN.ckpt            what classifiers of seed N start from, where the data set has such (data.mk: START)
#   mix-rR-sN.jsonl          the patches that training really drew
#   shortcut.tsv             scores on test.sts by tissue share and mean grey alone
#   areas.tsv                delong over all R: intervals and p of patients and trainings
#   plain.tsv, roc.tsv       the same of scores averaged over seeds, as the paper has it; its curves
#   areas-shortcut.tsv, plain-shortcut.tsv   delong on shortcut.tsv: by patient, and plain
#   views.tsv                how often each class shows each view: val.sts, test.sts, 5000 training draws
#   table.txt                the table; at its end, which file holds which number
#   time.txt                 what the trainings took, by their logs
#   tune.txt, tune/          the grid
#
# and in cross-B the same of the scores on B's test.sts.  With FOLDS each fold has all of it in build/DATA/SCALE/
# folds-N/K, and the table of all folds together lands in build/DATA/SCALE/folds-N.

NET := resnet50
SEEDS ?= 3
seeds := $(shell seq $(SEEDS))
# A table needs so many effective test patients (n^2 / sum n_i^2) of either class; 0: any.
LEAST_PATIENTS ?= 10
patches := $(here)/table1
t1 := $(patches)$(addprefix -,$(filter-out resnet50,$(NET)))
# The share of synthetic patches at first, in per cent: the paper's.  Crops have none: the baseline alone.
SHARES ?= 10 25 50 75 100
shares := 0 $(if $(CROPS),,$(SHARES))

# Another data set to test on; the environment's TEST, if there is one, means something else.
ifneq ($(origin TEST),command line)
override TEST :=
endif
out := $(t1)$(if $(TEST),/cross-$(TEST))
test := $(if $(TEST),build/$(TEST)/$(SCALE)/table1,$(patches))/test.sts

# Kinds of cancer that the classifier sees; normal tissue; benign findings, which count as negative.
cancers = $(if $(CROPS),mass,$(filter $(CANCERS),$(able)))
normals := $(if $(CROPS),,normal)
benigns = $(foreach c,$(cancers),$(if $(filter-out 0,$(call patients,train,benign-$c)),benign-$c))
removed = $(filter removal,$(able))

# Options of resnet-train, and how many samples a training takes: whole batches.
classifier = --net $(NET) $(CLASSIFIER.$(NET))
samples = $(SAMPLES.$(NET))
settings.evaluated := EVAL_PATCHES VIEWS cancers normals
settings.start-$(NET) := classifier START_SAMPLES VALIDATIONS
settings.classifier-$(NET) := START classifier samples VALIDATIONS
settings.table := SEEDS SHARES LEAST_PATIENTS
settings.tune-$(NET) := classifier samples VALIDATIONS
settings.grid-$(NET) := TUNE_WIDTHS TUNE_RATES TUNE_BATCHES TUNE_SEEDS

# ---- patches ----
# Validation and test: kinds of cancer, and normal tissue or, where there is none, benign findings;
# the same number from each view.  Of crops, each once.
evaluated = $(cancers) $(or $(normals),$(benigns))
parts = $(foreach k,$(evaluated),$(foreach v,$(or $(VIEWS),any),$k.$v))
part = $(sample) --split $2 $(call draw,$(word 1,$(subst ., ,$1))) \
       $(if $(VIEWS),--view $(word 2,$(subst ., ,$1)) --count $$(( $(EVAL_PATCHES) / $(words $(VIEWS)) )), \
           $(if $(CROPS),--each 1,--count $(EVAL_PATCHES)))

$(patches)/val.sts $(patches)/test.sts: $(patches)/%.sts: $(TABLE) $(set)/patches $(set)/evaluated | $(BIN)/patch-sample $(BIN)/ts-cat
	@mkdir -p $(@D)
	$(foreach p,$(parts),$(call part,$p,$*) $< > $@.$p && ) \
	    $(BIN)/ts-cat $(parts:%=$@.%) > $@.tmp
	rm -f $(parts:%=$@.%)
	mv $@.tmp $@

$(patches)/synthetic-%.sts: $(here)/%.ckpt $(here)/train-$$(bases.$$*).sts $(set)/bases $(set)/postproc | $(BIN)/gan-gen $(BIN)/lesion-postproc
	@mkdir -p $(@D)
	$(BIN)/gan-gen --threads $(THREADS) --model $< --seed 2 < $(word 2,$^) | $(BIN)/lesion-postproc $(postproc.$*) > $@.tmp
	mv $@.tmp $@

positives = $(foreach c,$(cancers),--positive $(here)/train-$c.sts)
negatives = $(foreach c,$(normals) $(benigns),--negative $(here)/train-$c.sts)
real = $(positives) $(negatives) $(if $(VIEWS),--balance view)
synthetic = $(if $(CROPS),,$(foreach c,$(cancers),--synthetic-positive $(patches)/synthetic-$c.sts) \
            $(foreach c,$(removed),--synthetic-negative $(patches)/synthetic-$c.sts))
real_files = $(filter %.sts,$(real))
files = $(real_files) $(filter %.sts,$(synthetic))

# ---- classifiers ----
# fit MIX,OPTIONS: makes $@ by mix-ratio with MIX and resnet-train with OPTIONS.
define fit
@mkdir -p $(@D)
$(call resumable,$@.state); \
$(BIN)/mix-ratio $1 | $(BIN)/resnet-train --threads $(THREADS) $2 --log $(@:.ckpt=.jsonl) --state $@.state $$resume --out $@.tmp
mv $@.tmp $@
rm -f $@.state
endef
# validated SAMPLES,SEED: options of resnet-train.
validated = $(classifier) --bn update --samples $1 --val $(patches)/val.sts --every $$(( $1 / $(VALIDATIONS) )) --seed $2

# A start for each seed, so that its luck is in the spread over seeds.
starts := $(if $(START),$(seeds:%=build/$(START)/$(SCALE)/$(notdir $(t1))/start-s%.ckpt))
start = $(if $(START),$(filter %/start-s$1.ckpt,$(starts)))
$(t1)/start-s%.ckpt: $$(real_files) $(patches)/val.sts $(set)/start-$(NET) | $(BIN)/mix-ratio $(BIN)/resnet-train
	$(call fit,$(real) --initial 0 --count $(START_SAMPLES) --seed $*,$(call validated,$(START_SAMPLES),$*))

# classify PERCENT,SEED,SYNTHETIC: makes $@.  The share falls every hundredth of the samples, as in the paper.
define classify
$(call fit,$(real) $3 --initial $$(echo $1 | awk '{ print $$1 / 100 }') --every $$(( $(samples) / 100 )) \
    --count $(samples) --seed $2 --log $(@D)/mix-$(basename $(@F)).jsonl,$(call validated,$(samples),$2) $(addprefix --init ,$(call start,$2)))
endef
# predict: makes $@, the scores that the classifier $< gives the patches behind it.
define predict
@mkdir -p $(@D)
$(BIN)/resnet-predict --threads $(THREADS) --model $< < $(word 2,$^) > $@.tmp
mv $@.tmp $@
endef

percent = $(firstword $(subst -s, ,$1))
seed = $(lastword $(subst -s, ,$1))
$(t1)/r%.ckpt: $$(files) $(patches)/val.sts $$(call start,$$(call seed,$$*)) $(set)/classifier-$(NET) | $(BIN)/mix-ratio $(BIN)/resnet-train
	$(call classify,$(call percent,$*),$(call seed,$*),$(synthetic))

# Over all folds: their scores together, each ranked within its fold.
over_folds := $(and $(FOLDS),$(if $(FOLD),,yes))
of_folds = $(foreach k,$(folds),$(patsubst $(here)/%,$(here)/$k/%,$1))
ifdef over_folds
$(out)/r%.tsv: $$(call of_folds,$$@) pipelines/pool-folds.awk
	@mkdir -p $(@D)
	awk -f pipelines/pool-folds.awk $(filter %.tsv,$^) > $@.tmp
	mv $@.tmp $@
$(out)/shortcut.tsv: $(call of_folds,$(out)/shortcut.tsv) pipelines/pool-folds.awk
	@mkdir -p $(@D)
	awk -f pipelines/pool-folds.awk $(filter %.tsv,$^) > $@.tmp
	mv $@.tmp $@
$(out)/views.tsv: $(call of_folds,$(out)/views.tsv)
	awk -F '\t' -v OFS='\t' 'NR == 1 { print } FNR > 1 { k = $$1 OFS $$2 OFS $$3; if (!(k in n)) order[++m] = k; n[k] += $$4 } \
	    END { for (i = 1; i <= m; i++) print order[i], n[order[i]] }' $^ > $@.tmp
	mv $@.tmp $@
else
$(out)/r%.tsv: $(t1)/r%.ckpt $(test) | $(BIN)/resnet-predict
	$(predict)

# What could be known without looking at a lesion.
$(out)/shortcut.tsv: $$(real_files) $(test) | $(BIN)/shortcut-predict
	@mkdir -p $(@D)
	$(BIN)/shortcut-predict $(positives) $(negatives) --log $(@D)/shortcut.jsonl < $(test) > $@.tmp
	mv $@.tmp $@

$(out)/views.tsv: $(patches)/val.sts $(test) $$(real_files) pipelines/views.awk | $(BIN)/mix-ratio $(BIN)/ts-info
	@mkdir -p $(@D)
	$(BIN)/ts-info --records $(patches)/val.sts > $@.val
	$(BIN)/ts-info --records $(test) > $@.test
	$(BIN)/mix-ratio $(real) --initial 0 --count 5000 --seed 1 | $(BIN)/ts-info --records - > $@.draws
	awk -f pipelines/views.awk $@.val $@.test $@.draws > $@.tmp
	rm -f $@.val $@.test $@.draws
	mv $@.tmp $@
endif

# ---- patients ----
# Too few make a table that says nothing: known before anything is trained.
$(out)/patients.tsv: $(if $(over_folds),$(call of_folds,$(test)),$(test)) $(set)/table pipelines/patients.awk | $(BIN)/ts-cat $(BIN)/ts-info
	@mkdir -p $(@D)
	$(BIN)/ts-cat $(filter %.sts,$^) | $(BIN)/ts-info --patients > $@.tmp
	awk -f pipelines/patients.awk -v least=$(LEAST_PATIENTS) -v data=$(or $(TEST),$(DATA)) $@.tmp
	mv $@.tmp $@

# Of the real patches of all streams; of folds, in the first of them.
$(t1)/trained.tsv: $(if $(over_folds),$(here)/1/$(notdir $(t1))/trained.tsv,$$(real_files) $(set)/evaluated) | $(BIN)/ts-cat $(BIN)/ts-info
	@mkdir -p $(@D)
	$(if $(over_folds),cp $< $@,$(BIN)/ts-cat $(filter %.sts,$^) | $(BIN)/ts-info --patients > $@)

# ---- areas under the curve ----
nothing :=
commas = $(subst $(nothing) $(nothing),$(comma),$(strip $1))
scores = $(foreach r,$(shares),$(foreach n,$1,$(out)/r$r-s$n.tsv))
curves = $(foreach r,$(shares),$r=$(call commas,$(foreach n,$1,$(out)/r$r-s$n.tsv)))

$(out)/areas.tsv: $(call scores,$(seeds)) $(set)/table | $(BIN)/delong
	$(BIN)/delong --trainings --reference 0 --cluster patient $(call curves,$(seeds)) > $@
$(out)/plain.tsv: $(call scores,$(seeds)) $(set)/table | $(BIN)/delong
	$(BIN)/delong --reference 0 --roc $(out)/roc.tsv $(call curves,$(seeds)) > $@
$(out)/areas-shortcut.tsv: $(out)/shortcut.tsv | $(BIN)/delong
	$(BIN)/delong --cluster patient shortcut=$< > $@
$(out)/plain-shortcut.tsv: $(out)/shortcut.tsv | $(BIN)/delong
	$(BIN)/delong shortcut=$< > $@

$(out)/roc.png: $(out)/plain.tsv
	pipelines/roc-plot.sh $(out)/roc.tsv $@

areas := $(addprefix $(out)/,areas.tsv plain.tsv areas-shortcut.tsv plain-shortcut.tsv)
mixes = $(if $(over_folds),$(call of_folds,$(t1)),$(t1))
$(out)/table.txt: $(areas) $(out)/patients.tsv $(t1)/trained.tsv $(out)/views.tsv pipelines/tables.awk pipelines/table1.awk
	awk -v data=$(DATA) -v tested=$(or $(TEST),$(DATA)) -v scale=$(SCALE) -v net=$(NET) -v positives="$(cancers)" \
	    -v negatives="$(normals) $(benigns)" -v samples=$(samples) -v mixes="$(mixes)" -v out=$(out) -v seeds=$(SEEDS) \
	    -v list="$(shares)" -v start=$(START) -v folds="$(FOLDS)" -v views=$(out)/views.tsv -v patients=$(out)/patients.tsv \
	    -v trained=$(t1)/trained.tsv -f pipelines/tables.awk -f pipelines/table1.awk $(areas) > $@.tmp
	mv $@.tmp $@

# What the trainings took, by the clock of each; with -j they ran side by side.
logs = $(foreach d,$(mixes),$(foreach r,$(shares),$(foreach n,$(seeds),$d/r$r-s$n.jsonl))) $(wildcard $(starts:.ckpt=.jsonl))
$(t1)/time.txt: $(t1)/table.txt pipelines/times.awk
	awk -f pipelines/times.awk $(logs) > $@.tmp
	mv $@.tmp $@

.PHONY: table1 cross-test has-cancers
ifdef over_folds
# Patches of all folds first: whether they are enough, and of the same kinds of cancer, is known before any training.
.PHONY: fold-patches fold-cancers fold-scores
in_folds = $(foreach k,$(folds),$(MAKE) --no-print-directory FOLD=$k $1 &&) :
table1: $(folds:%=$(dealt)/%.tsv)
	+@kinds=$$(for k in $(folds); do $(MAKE) -s --no-print-directory FOLD=$$k fold-cancers; done | sort -u); \
	[ $$(wc -l <<< "$$kinds") = 1 ] || { echo "$(DATA): folds of $(FOLDS) have patients for different kinds of cancer:" $$kinds >&2; exit 1; }
	+@$(call in_folds,has-cancers)
	+@$(call in_folds,fold-patches)
	+@$(MAKE) --no-print-directory $(out)/patients.tsv
	+@$(call in_folds,fold-scores)
else
fold-cancers:
	@echo '($(strip $(cancers)))'
fold-patches: $(test)
fold-scores: $(call scores,$(seeds)) $(out)/shortcut.tsv $(out)/views.tsv $(t1)/trained.tsv
table1: $(TABLE)
	+@$(MAKE) --no-print-directory has-cancers
	+@$(MAKE) --no-print-directory $(out)/patients.tsv
endif
	+@$(MAKE) --no-print-directory $(out)/table.txt $(out)/roc.png $(t1)/time.txt
	@cat $(out)/table.txt
	@tail -n 1 $(t1)/time.txt

has-cancers:
	@$(if $(filter 1,$(SEEDS)),echo "SEEDS=1: how much trainings differ takes two seeds to tell" >&2; exit 1)
	@$(if $(filter-out $(shell seq 100),$(SHARES)),echo "SHARES=$(SHARES): shares are whole numbers from 1 to 100" >&2; exit 1)
	@$(if $(strip $(cancers)),:,echo "$(DATA): no kind of cancer has enough training patients ($(CANCERS)): no table" >&2; exit 1)

cross-test: $(if $(TEST),$(TABLE))
	@$(if $(TEST),:,echo "cross-test: TEST=B names the data set to test on" >&2; exit 1)
	+@$(MAKE) --no-print-directory DATA=$(TEST) FOLDS= FOLD= TEST= data
	+@$(MAKE) --no-print-directory DATA=$(TEST) FOLDS= FOLD= TEST= $(test)
	+@$(MAKE) --no-print-directory has-cancers
	+@$(MAKE) --no-print-directory $(out)/patients.tsv
	+@$(MAKE) --no-print-directory $(out)/table.txt $(out)/roc.png
	@cat $(out)/table.txt

# ---- choosing the classifier ----
# Batch, learning rate and width are chosen by the validation area of the baseline alone, from random weights, and
# then serve all shares.  test.sts is not looked at.
TUNE_WIDTHS ?= 0.125 0.25
TUNE_RATES ?= 3e-4 1e-3 3e-3
TUNE_BATCHES ?= 16
TUNE_SEEDS ?= 2
tries := $(foreach w,$(TUNE_WIDTHS),$(foreach r,$(TUNE_RATES),$(foreach b,$(TUNE_BATCHES),$(foreach n,$(shell seq $(TUNE_SEEDS)),$(t1)/tune/w$(w)_lr$(r)_b$b-s$n))))
setting = $(patsubst $2%,%,$(word $3,$(subst _, ,$(call percent,$1))))

# One make for all, so that under -j no file has two makers.
ifdef START
.PHONY: crops-start
crops-start: | $(addprefix $(BIN)/,patch-sample augment ts-cat ts-head mix-ratio resnet-train)
	+$(MAKE) --no-print-directory DATA=$(START) FOLDS= FOLD= TEST= data
	+$(MAKE) --no-print-directory DATA=$(START) FOLDS= FOLD= TEST= $(starts)
$(starts): crops-start ;
endif
named: $(networks:%=$(patches)/synthetic-%.sts) $(seeds:%=$(t1)/start-s%.ckpt) $(tries:%=%.ckpt) \
       $(foreach r,$(shares),$(foreach n,$(seeds),$(t1)/r$r-s$n.ckpt $(out)/r$r-s$n.tsv))
# Of seeds and widths that nobody named they stay too: each took hours.
.PRECIOUS: $(t1)/r%.ckpt $(t1)/start-s%.ckpt $(t1)/tune/%.ckpt

$(t1)/tune/%.ckpt: $$(real_files) $(patches)/val.sts $(set)/tune-$(NET) | $(BIN)/mix-ratio $(BIN)/resnet-train
	$(call fit,$(real) --initial 0 --count $(samples) --seed $(call seed,$*),$(call validated,$(samples),$(call seed,$*)) \
	    --width $(call setting,$*,w,1) --lr $(call setting,$*,lr,2) --batch $(call setting,$*,b,3))

$(t1)/tune.txt: $(tries:%=%.ckpt) $(set)/grid-$(NET) pipelines/tune.awk
	{ echo "baseline ($(NET)) on $(DATA), SCALE=$(SCALE), $(samples) samples"; \
	    awk -f pipelines/tune.awk $(tries:%=%.jsonl) | sort -rn; } > $@.tmp
	mv $@.tmp $@

.PHONY: tune-classifier
tune-classifier: $(TABLE)
	+@$(MAKE) --no-print-directory has-cancers
	+@$(MAKE) --no-print-directory $(t1)/tune.txt
	@cat $(t1)/tune.txt
