# lesions.mk - from full mammograms to contact sheets of inserted and removed lesions.
#
#     make lesions DATA=phantom|cdd-cesm|cdd-cesm-512|mini-mias SCALE=smoke|mini|paper   generators, and sheets
#
# Everything lands in build/DATA/SCALE.  A recipe that was interrupted goes on where it stopped:
# training from its last state, everything else behind the last finished file.

here := build/$(DATA)/$(SCALE)$(if $(FOLDS),/folds-$(FOLDS)$(FOLD:%=/%))

# What a file was made with, beside what it was made of: settings.STAGE lists the variables of a stage, and
# what depends on $(set)/STAGE is made anew when one of them has another value than it had then.
set := $(here)/settings
stages := patches train test bases mass calcification removal central postproc judge evaluated table figures features fig5 apart \
          worth fresh worth-table worth-gan same-twice $(foreach n,resnet50 small,start-$n classifier-$n tune-$n grid-$n)
settings.patches := PATCH FIELD ZOOM OFFSET NORMALS CANDIDATES REMOVED BY contrast.removal min_box.removal
settings.train := TRAIN_PATCHES
settings.test := TEST_PATCHES
settings.bases := PLACES
settings.postproc := postproc.mass postproc.calcification postproc.removal
settings.judge := JUDGE_OPTIONS
$(stages:%=$(set)/%): $(set)/%: force
	@mkdir -p $(@D)
	@echo '$(strip $(foreach v,$(settings.$*),$(if $($v),$v=$($v))))' > $@.$$$$; if cmp -s $@.$$$$ $@; then rm $@.$$$$; else mv $@.$$$$ $@; fi

# A data set's own value of a variable, where it departs from the paper.
own = $(if $(filter-out paper,$(SCALE)),$($1.$(DATA)))

# A patch spans FIELD pixels of the full image, so that every scale shows the same tissue.
downscale := $(shell n=$$(( $(FIELD) / $(PATCH) )); echo $$(( n > 0 ? n : 1 )))
# Calcifications are specks that vanish when the image is made small: they are drawn ZOOM times larger.
fine := $(shell n=$$(( $(downscale) / $(ZOOM) )); echo $$(( n > 0 ? n : 1 )))
# Crops have no margin, and tissue to their edges or not.
margin := $(if $(CROPS),0,$(shell echo $$(( $(PATCH) / 8 ))))
resize := $(if $(CROPS),--min-scale 1 --min-tissue 0)
# Findings that a patch can show: outlines of the whole gland are no lesions to learn from.
min_box := $(shell echo $$(( $(PATCH) / 8 )))
max_box := $(PATCH)

# Lesions and normal tissue are drawn patient by patient (BY: patch-sample's --by).
BY := patient
sample = $(BIN)/patch-sample --root $(ROOT) --cache build/$(DATA)/cache --size $(PATCH) --seed 1 $(if $(CROPS),--min-tissue 0,--by $(BY))
# A remover works on what shows: masses as large as lesion-postproc keeps, that stand out.
ifneq ($(CONTRAST),0)
min_box.removal := $(shell echo $$(( $(PATCH) / 4 )))
contrast.removal := $(or $(CONTRAST.$(DATA)),$(CONTRAST))
endif
model = $(patsubst benign-%,%,$1)
least_box = $(or $(min_box.$(call model,$1)),$(min_box))
lesions = --max-offset $(OFFSET) --min-box $(call least_box,$1) --max-box $(max_box) \
          $(addprefix --min-contrast ,$(contrast.$(call model,$1)))
# Patients of a split that have what patch-sample would draw, contrast aside: split, patches.  None
# before the manifest is there: recipes that use it are run by a second make.
patients = $(if $(wildcard $(TABLE)),$(call count,$1,$2),0)
count = $(shell awk -f pipelines/count-patients.awk -v part=$1 -v label=$(call label,$2) -v lesion=$(call kind,$2) \
        -v downscale=$(call scale,$2) -v min_box=$(call least_box,$2) -v max_box=$(max_box) $(TABLE))
# A model needs so many training patients with lesions a patch can show, else it is left out.
least.mass := 5
# Phantoms are as many as one likes, and all alike.
least.calcification := $(if $(filter phantom,$(DATA)),5,20)
least.removal := 5

# ---- patches to train on ----
.SECONDEXPANSION:
# patches.NAME: label, kind of lesion, downscale.
patches.mass := malignant mass $(downscale)
patches.benign-mass := benign mass $(downscale)
patches.calcification := malignant calcification $(fine)
patches.benign-calcification := benign calcification $(fine)
patches.removal := malignant $(REMOVED) $(downscale)
patches.benign-removal := benign $(REMOVED) $(downscale)
patches.normal := normal any $(downscale)
patches.fine-normal := normal any $(fine)
# What lesions are put on, at PLACES=like: at places like those of the training lesions of the kind, or of
# example_stream, where it is set.
patches.bases-mass := $(patches.normal)
patches.bases-calcification := $(patches.fine-normal)
examples = $(if $(filter bases-%,$1),$(or $(example_stream),$(1:bases-%=$(here)/examples-%.sts)))
label = $(word 1,$(patches.$1))
kind = $(word 2,$(patches.$1))
scale = $(word 3,$(patches.$1))
draw = --label $(call label,$1) --downscale $(call scale,$1) \
       $(if $(filter normal,$(call label,$1)),--from $(NORMALS) $(if $(call examples,$1),--like $(call examples,$1) --candidates $(CANDIDATES)),--lesion $(call kind,$1) $(call lesions,$1))

$(here)/train-%.sts: $(TABLE) $(set)/patches $(set)/train $$(call examples,$$*) | $(BIN)/patch-sample $(BIN)/augment $(BIN)/ts-head
	@mkdir -p $(@D)
	if [ $(call label,$*) = benign ] && [ $(call patients,train,$*) = 0 ]; then \
	    $(sample) --split train $(call draw,normal) --count 1 $< | $(BIN)/ts-head -n 0 > $@.tmp; \
	else \
	    $(sample) --margin $(margin) --split train $(call draw,$*) --count $(TRAIN_PATCHES) $< \
	        | $(BIN)/augment --size $(PATCH) $(resize) --seed 1 > $@.tmp; \
	fi
	mv $@.tmp $@

# The same lesions as in train-%.sts, before augment: bases like augmented ones would be turned and smoothed twice.
$(here)/examples-%.sts: $(TABLE) $(set)/patches $(set)/train | $(BIN)/patch-sample
	@mkdir -p $(@D)
	$(sample) --margin $(margin) --split train $(call draw,$*) --count $(TRAIN_PATCHES) $< > $@.tmp
	mv $@.tmp $@

# Files that patterns alone name are intermediate to make: removed at the end, and what stands behind one of
# them and something forced is made anew, whatever its time.  (.SECONDARY without a list makes all files such.)
# So all that patterns make is named in full, here and in table1.mk.
drawn := $(patsubst patches.%,%,$(filter patches.%,$(.VARIABLES)))
.PHONY: named
named: $(foreach d,$(drawn),$(here)/train-$d.sts $(here)/test-$d.sts) $(foreach k,mass calcification,$(here)/examples-$k.sts)

# ---- patches to test on, of other patients ----
$(here)/test-%.sts: $(TABLE) $(set)/patches $(set)/test $$(call examples,$$*) | $(BIN)/patch-sample
	@mkdir -p $(@D)
	$(sample) --split test $(call draw,$*) --count $(TEST_PATCHES) $< > $@.tmp
	mv $@.tmp $@

# Threads of the programs that run networks; 0 = all processors.
THREADS ?= 0

# ---- models ----
# At SCALE=paper training patches are drawn as they are needed (FEED=pipe): 400,000 of them are 100 GB.
FEED ?= file
feed.file = $(here)/train-$1.sts
feed.pipe = <($(sample) --margin $(margin) --split train $(call draw,$1) --endless $(TABLE) | $(BIN)/augment --size $(PATCH) $(resize) --seed 1)
feed = $(call feed.$(FEED),$1)
feeds = $(if $(filter file,$(FEED)),$(foreach f,$1,$(here)/train-$f.sts),$(TABLE) $(set)/patches)

# Normal tissue at the scale of a model's lesions.
normal.mass := normal
normal.calcification := fine-normal
normal.removal := normal

# What each model is besides.
role.mass := --g-steps 2
role.calcification := --g-steps 1
role.removal := --g-steps 1 --remove

# What a model reads; lesion_stream, where it is set, in the place of its lesions.  One that has categories
# (ablations.mk) is conditional, and reads what the models of these names would read.
stream = --lesion $2$(or $(lesion_stream),$(call feed,$1)) --benign $2$(call feed,benign-$1) --normal $2$(call feed,$(normal.$1))
streams = $(if $(categories.$1),$(foreach c,$(categories.$1),$(call stream,$c,$c=)),$(call stream,$1))
needs = $(foreach c,$(or $(categories.$1),$1),$(call feeds,$c benign-$c $(normal.$c)))

# A training that was stopped goes on from its state, unless what it is made of is newer.
# resumable STATE: sets the shell's $resume.
resumable = resume=--resume; for f in $^; do if [ ! $1 -nt $$f ]; then resume=; fi; done

# train MODEL, further options: makes $@.
define train
@mkdir -p $(@D)/sheets-$1
$(call resumable,$(@D)/$1.state); \
$(BIN)/gan-train --threads $(THREADS) $(call streams,$1) --size $(PATCH) $(role.$1) $(GAN_OPTIONS) $(GAN_OPTIONS.$1) $(call own,FEW.$1) $2 \
    --state $(@D)/$1.state $$resume --seed 1 --log $(@D)/$1.jsonl --sheets $(@D)/sheets-$1 --progress --out $@
endef

networks := mass calcification removal
models := $(if $(CROPS),,$(networks))

# Generators that are there already, such as those of examples/models: MODELS=FOLDER takes FOLDER/DATA-MODEL.ckpt.
ready = $(wildcard $(MODELS:%=%/$(DATA)-$1.ckpt))

$(foreach m,$(networks),$(eval settings.$m := $(if $(call ready,$m),MODELS,role.$m GAN_OPTIONS GAN_OPTIONS.$m FEW.$m.$(DATA))))
$(networks:%=$(here)/%.ckpt): $(here)/%.ckpt: $$(or $$(call ready,$$*),$$(call needs,$$*)) $(set)/$$* | $(BIN)/gan-train
	$(if $(call ready,$*),mkdir -p $(@D); cp $< $@,$(call train,$*))

named: $(foreach m,$(networks),$(here)/generated-$m.sts $(here)/kept-$m.sts $(here)/$m-sheet.png $(here)/$m-check.tsv)

# ---- synthetic patches ----
# Clusters of calcifications: specks some pixels apart are one object, and small.
lesion_threshold := $(addprefix --threshold ,$(call own,THRESHOLD))
postproc.mass := $(lesion_threshold)
postproc.calcification := --join 64 --min-area 0.001 --edge-only $(lesion_threshold)
postproc.removal := --threshold $(or $(call own,REMOVED_THRESHOLD),$(REMOVED_THRESHOLD)) $(REMOVED_KEPT)
like := $(filter like,$(PLACES))
bases.mass := $(if $(like),bases-mass,normal)
bases.calcification := $(if $(like),bases-calcification,fine-normal)
bases.removal := removal

$(here)/generated-%.sts: $(here)/%.ckpt $(here)/test-$$(bases.$$*).sts $(set)/bases | $(BIN)/gan-gen
	$(BIN)/gan-gen --threads $(THREADS) --model $< --variants 2 --seed 1 < $(here)/test-$(bases.$*).sts > $@.tmp
	mv $@.tmp $@

$(here)/kept-%.sts: $(here)/generated-%.sts $(set)/postproc | $(BIN)/lesion-postproc
	$(BIN)/lesion-postproc --keep-generated $(postproc.$*) --log $(here)/postproc-$*.jsonl < $< > $@.tmp
	mv $@.tmp $@

# ---- pictures and numbers ----
# sheet TITLE[,TENSORS]: makes $@ of $<.
comma := ,
sheet = $(BIN)/ts-sheet --out $@ --tensors $(or $2,base$(comma)generated$(comma)combined$(comma)lesion$(comma)image --signed generated$(comma)lesion) --every 2 --count 24 \
	--auto-window --title "$1 on $(DATA), SCALE=$(SCALE)" < $<

$(here)/%-sheet.png: $(here)/kept-%.sts | $(BIN)/ts-sheet
	$(call sheet,$*)

$(here)/%-curves.png: $(here)/%.ckpt
	pipelines/curves.sh $(here)/$*.jsonl $@

# check MODEL: makes $@ of what its generator made, what was kept of it, and what `judges` lists: patches to train on
# and to test on, and bases that went through the same stages as the former.
judges = $(foreach s,train test,$(here)/$s-$1.sts $(here)/$s-$(normal.$1).sts) $(filter $(here)/train-bases-%,$(here)/train-$(bases.$1).sts)
define check
$(BIN)/gan-check --threads $(THREADS) --size $(PATCH) $(JUDGE_OPTIONS) $(if $(filter removal,$1),--removed) \
    --lesion $(word 3,$^) --normal $(word 4,$^) --test-lesion $(word 5,$^) --test-normal $(word 6,$^) \
    --generated $(word 1,$^) --kept $(word 2,$^) $(addprefix --bases ,$(filter $(here)/train-bases-%,$^)) > $@.tmp
mv $@.tmp $@
endef

$(here)/%-check.tsv: $(here)/generated-%.sts $(here)/kept-%.sts $$(call judges,$$*) $(set)/judge | $(BIN)/gan-check
	$(call check,$*)

# A model needs enough patients; one that has too few is left out, and says so.
enough = $(call patients,train,$1)

able = $(foreach m,$(models),$(if $(filter 1,$(shell expr $(call enough,$m) \>= $(least.$m))),$m))

# each FILES: makes $(here)/FILE for every able model in place of %, side by side under make -j.
define each
@for m in $(foreach m,$(filter-out $(able),$(models)),$m:$(call enough,$m):$(least.$m)); do \
    IFS=: read -r model have need <<< "$$m"; \
    echo "$(DATA): $$model: $$have training patients have lesions a patch can show, $$need are needed: left out"; \
done
+@$(MAKE) --no-print-directory $(foreach m,$(able),$(1:%=$(here)/$m-%))
endef

# One picture of all models, from the first of the two variants of each patch.
$(here)/sheet.png: $$(patsubst %,$(here)/kept-%.sts,$$(able)) | $(BIN)/ts-cat $(BIN)/ts-head $(BIN)/ts-sheet
	for s in $^; do $(BIN)/ts-head -n 16 < $$s > $$s.head; done
	$(BIN)/ts-cat $(^:%=%.head) | $(BIN)/ts-sheet --out $@ --tensors base,generated,combined,image --signed generated \
	    --outline none --every 2 --count 24 --columns 2 --auto-window --title "$(able) on $(DATA), SCALE=$(SCALE)"
	rm -f $(^:%=%.head)

# Of how many patients the patches are that models are trained and tested on.
$(here)/patients.txt: $$(sort $$(filter %.sts,$$(foreach m,$$(able),$$(call needs,$$m) $$(call judges,$$m)))) | $(BIN)/ts-info
	printf '%-28s %-10s %-14s %8s %9s %10s %9s\n' stream label lesion patches patients effective largest > $@.tmp
	for f in $^; do \
	    $(BIN)/ts-info --patients $$f | awk -F '\t' -v stream=$$(basename $$f .sts) 'NR == 1 { for (i = 1; i <= NF; i++) col[$$i] = i; next } \
	        $$col["lesion"] != "all" { printf "%-28s %-10s %-14s %8d %9d %10.1f %8.0f%%\n", stream, $$col["label"], $$col["lesion"], \
	            $$col["patches"], $$col["patients"], $$col["effective"], 100 * $$col["largest_share"] }' >> $@.tmp; \
	done
	mv $@.tmp $@

.PHONY: lesions gan-check
ifdef CROPS
lesions gan-check:
	@echo "$(DATA): crops of lesions, and no normal tissue to put any into: it trains no generator; \
	see make table1 DATA=$(DATA)" >&2; exit 1
else
lesions: $(TABLE)
	$(call each,sheet.png $(if $(MODELS),,curves.png))
	+@$(MAKE) --no-print-directory $(here)/sheet.png $(here)/patients.txt
	@cat $(here)/patients.txt
	@echo "look at $(here)/*sheet.png$(if $(MODELS),, and $(here)/*-curves.png)"

gan-check: lesions
	$(call each,check.tsv)
	@for m in $(able); do echo "== $(DATA), SCALE=$(SCALE): $$m"; cat $(here)/$$m-check.tsv; done
endif

# ---- demo: one picture of all models, one table ----
# With the generators that come with the source; make demo MODELS= trains its own, small ones.
demo: MODELS := $(if $(filter command,$(origin MODELS)),$(MODELS),examples/models)
demo_make = $(MAKE) --no-print-directory $(if $(findstring j,$(firstword -$(MAKEFLAGS))),,-j2) THREADS=1 DATA=phantom SCALE=smoke MODELS=$(MODELS)
.PHONY: demo
demo:
	@$(demo_make) lesions
	@$(demo_make) table1
	@echo "made build/phantom/smoke/sheet.png: input, generated lesion, both together, post-processed patch"
	@echo "made build/phantom/smoke/table1/table.txt: the table above; its ROC curves are beside it in roc.png"
