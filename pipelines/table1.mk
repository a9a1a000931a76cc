# table1.mk - what the synthetic patches are worth: the paper's Table 1.
#
#   make table1 DATA=D SCALE=S SEEDS=n   a classifier for each share of synthetic patches and each
#                                        seed; the table, beside the paper's
#
# Everything lands in build/DATA/SCALE/table1:
#
#   val.sts, test.sts        real patches of other patients
#   synthetic-MODEL.sts      what the generators make of training patients' patches
#   warm.ckpt                what every classifier starts from
#   rR-sN.ckpt .tsv .jsonl   R % synthetic at first, seed N: weights, scores on test.sts, training log
#   mix-rR-sN.jsonl          the patches that training really drew
#   areas.tsv, plain.tsv     delong over all R, scores averaged over seeds: by patient, and as the paper has it
#   areas-sN.tsv             the same for each seed
#   table.txt

t1 := $(here)/table1
SEEDS ?= 3
seeds := $(shell seq $(SEEDS))
regimes := 0 10 25 50 75 100

# Kinds of cancer that the classifier sees, and benign findings, which count as negative.
cancers = $(filter $(CANCERS),$(able))
benigns = $(foreach c,$(cancers),$(if $(filter-out 0,$(call patients,train,benign,$c,$(call scale,$c))),benign-$c))
removed = $(filter removal,$(able))

# ---- patches ----
$(t1)/val.sts $(t1)/test.sts: $(t1)/%.sts: $(TABLE) | $(BIN)/patch-sample $(BIN)/ts-cat
	@mkdir -p $(@D)
	$(foreach k,$(cancers) normal,$(sample) --split $* $(call draw,$k) --count $(EVAL_PATCHES) $< > $@.$k && ) \
	    $(BIN)/ts-cat $(foreach k,$(cancers) normal,$@.$k) > $@.tmp
	rm -f $(foreach k,$(cancers) normal,$@.$k)
	mv $@.tmp $@

$(t1)/synthetic-%.sts: $(here)/%.ckpt $(here)/train-$$(bases.$$*).sts | $(BIN)/gan-gen $(BIN)/lesion-postproc
	@mkdir -p $(@D)
	$(BIN)/gan-gen --threads $(THREADS) --model $< --seed 2 < $(word 2,$^) | $(BIN)/lesion-postproc $(postproc.$*) > $@.tmp
	mv $@.tmp $@

real = $(foreach c,$(cancers),--positive $(here)/train-$c.sts) \
       $(foreach c,normal $(benigns),--negative $(here)/train-$c.sts)
synthetic = $(foreach c,$(cancers),--synthetic-positive $(t1)/synthetic-$c.sts) \
            $(foreach c,$(removed),--synthetic-negative $(t1)/synthetic-$c.sts)
files = $(filter %.sts,$(real) $(synthetic))

# ---- classifiers ----
# One start for all: real patches alone, so that no regime begins ahead of another.
$(t1)/warm.ckpt: $$(files) $(t1)/val.sts | $(BIN)/mix-ratio $(BIN)/resnet-train
	$(BIN)/mix-ratio $(real) --initial 0 --count $(WARM_SAMPLES) --seed 0 \
	    | $(BIN)/resnet-train --threads $(THREADS) $(CLASSIFIER) --width $(CLASSIFIER_WIDTH) --bn update --lr $(WARM_LR) \
	        --samples $(WARM_SAMPLES) --every $(WARM_SAMPLES) --val $(t1)/val.sts --seed 1 --log $(t1)/warm.jsonl --out $@

# The share falls every hundredth of the samples, as in the paper.
percent = $(firstword $(subst -s, ,$1))
seed = $(lastword $(subst -s, ,$1))
$(t1)/r%.ckpt: $(t1)/warm.ckpt
	resume=; if [ -e $@.state ]; then resume=--resume; fi; \
	$(BIN)/mix-ratio $(real) $(synthetic) --initial $$(echo $(call percent,$*) | awk '{ print $$1 / 100 }') \
	    --every $$(( $(SAMPLES) / 100 )) --count $(SAMPLES) --seed $(call seed,$*) --log $(t1)/mix-r$*.jsonl \
	    | $(BIN)/resnet-train --threads $(THREADS) $(CLASSIFIER) --init $< --bn update --lr $(CLASSIFIER_LR) \
	        --samples $(SAMPLES) --every $$(( $(SAMPLES) / 20 )) --val $(t1)/val.sts --seed $(call seed,$*) \
	        --state $@.state $$resume --log $(t1)/r$*.jsonl --out $@.tmp
	mv $@.tmp $@

$(t1)/r%.tsv: $(t1)/r%.ckpt $(t1)/test.sts | $(BIN)/resnet-predict
	$(BIN)/resnet-predict --threads $(THREADS) --model $< < $(t1)/test.sts > $@.tmp
	mv $@.tmp $@

# ---- areas under the curve ----
comma := ,
nothing :=
commas = $(subst $(nothing) $(nothing),$(comma),$(strip $1))
scores = $(foreach r,$(regimes),$(foreach n,$1,$(t1)/r$r-s$n.tsv))
curves = $(foreach r,$(regimes),$r=$(call commas,$(foreach n,$1,$(t1)/r$r-s$n.tsv)))

$(t1)/areas.tsv: $(call scores,$(seeds)) | $(BIN)/delong
	$(BIN)/delong --reference 0 --cluster patient --roc $(t1)/roc.tsv $(call curves,$(seeds)) > $@
$(t1)/plain.tsv: $(call scores,$(seeds)) | $(BIN)/delong
	$(BIN)/delong --reference 0 $(call curves,$(seeds)) > $@
$(t1)/areas-s%.tsv: $$(call scores,$$*) | $(BIN)/delong
	$(BIN)/delong --reference 0 --cluster patient $(call curves,$*) > $@

$(t1)/roc.png: $(t1)/areas.tsv
	pipelines/roc-plot.sh $(t1)/roc.tsv $@

$(t1)/table.txt: $(t1)/areas.tsv $(t1)/plain.tsv $(seeds:%=$(t1)/areas-s%.tsv) pipelines/table1.awk
	awk -v data=$(DATA) -v scale=$(SCALE) -v cancers="$(cancers)" -v samples=$(SAMPLES) -v t1=$(t1) -v seeds=$(SEEDS) \
	    -f pipelines/table1.awk $(t1)/areas.tsv $(t1)/plain.tsv $(seeds:%=$(t1)/areas-s%.tsv) > $@.tmp
	mv $@.tmp $@

.PHONY: table1
table1: $(TABLE)
	+@$(MAKE) --no-print-directory $(t1)/table.txt $(t1)/roc.png
	@cat $(t1)/table.txt
