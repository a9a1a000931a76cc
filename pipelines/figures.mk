# figures.mk - the paper's figures, and realism as numbers.
#
#   make fig1 DATA=D SCALE=S      lesions inserted and removed
#   make fig4 DATA=D SCALE=S      map (t-SNE) of real and synthetic patches as the baseline sees them
#   make fig5 DATA=D SCALE=S      malignant patches found with synthetic patches only, or lost; a map of each classifier
#   make realism DATA=D SCALE=S   synthetic patches against real ones: features, what lesions measure, a network that
#                                 tells them apart, copies of training lesions
#   make report DATA=D SCALE=S    all of it, gan-check and table1 on one page, build/DATA/SCALE/report.html
#
# All of them train what is missing (lesions.mk, table1.mk; classifiers of seed 1).  In build/DATA/SCALE/figures, of NET=small in figures-small:
#
#   fig1.png
#   real-KIND.sts, synthetic-KIND.sts   patches of validation patients
#   features-real-KIND.sts, features-synthetic-KIND.sts   what FEATURES sees in them
#   fig4.tsv, fig4.jsonl, fig4.png      where they lie on the map, how it came about, the map
#   val-rR.tsv, features-rR.sts, map-rR.tsv   scores of val.sts; features and map of test.sts, R % synthetic at first
#   fig5.tsv, fig5.txt, fig5.png        each test patch before and after; counts; both maps
#   fig5-found.png, fig5-lost.png       the patches that changed sides, where there are any
#   frechet-KIND.txt, spread-KIND.txt   of features: distances; precision and recall
#   lesions-real-KIND.tsv, lesions-synthetic-KIND.tsv, lesions-KIND.txt, lesions-KIND.png   what lesions measure
#   apart-KIND.txt                      how well a small network tells synthetic patches from real ones
#   copies-KIND.txt, copies-KIND.png    whether lesions are copies of training lesions; those of largest lead beside the nearest
#   blind-KIND.png, blind-KIND.tsv      a blind sheet of 40 for a reader, and its key

fig := $(here)/figures$(addprefix -,$(filter-out resnet50,$(NET)))
kinds := mass calcification

# Patches on the map; synthetic ones as far as lesion-postproc keeps so many.
FIG4_NORMAL ?= 2000
FIG4_REAL ?= 1000
FIG4_SYNTHETIC.mass ?= 3560
FIG4_SYNTHETIC.calcification ?= 4000
# Weights whose features are mapped and compared: any ResNet-50.  The paper's: trained on real patches alone.
FEATURES ?= $(t1)/r0-s1.ckpt
# Share of the others in val.sts that each classifier of fig5 calls not malignant.
FIG5_SPECIFICITY ?= 0.8

settings.figures := FIG4_NORMAL FIG4_REAL FIG4_SYNTHETIC.mass FIG4_SYNTHETIC.calcification
settings.features := FEATURES
settings.fig5 := FIG5_SPECIFICITY
# Updates of each network that tells real from synthetic patches.
APART_UPDATES ?= 600
settings.apart := APART_UPDATES

# ---- fig1: lesions inserted and removed ----
$(fig)/fig1.png: $$(patsubst %,$(here)/kept-%.sts,$$(able)) | $(BIN)/ts-cat $(BIN)/ts-head $(BIN)/ts-sheet
	@mkdir -p $(@D)
	for s in $^; do $(BIN)/ts-head -n 16 < $$s > $(@D)/$$(basename $$s).head; done
	$(BIN)/ts-cat $(^:$(here)/%=$(@D)/%.head) | $(BIN)/ts-sheet --out $@ --tensors base,image --outline none --caption label,lesion \
	    --every 4 --columns 4 --zoom 3 --auto-window --title "before and after: $(able) on $(DATA), SCALE=$(SCALE)"
	rm -f $(^:$(here)/%=$(@D)/%.head)

# ---- fig4: real and synthetic on one map ----
# Patients that no generator and no classifier was trained on.
real_set = $(foreach k,normal $(cancers),$(fig)/real-$k.sts)
made_set = $(foreach k,$(cancers),$(fig)/synthetic-$k.sts)
mapped = $(if $(filter normal,$1),$(FIG4_NORMAL),$(FIG4_REAL))

$(fig)/real-%.sts: $(TABLE) $(set)/patches $(set)/figures | $(BIN)/patch-sample
	@mkdir -p $(@D)
	$(sample) --split val $(call draw,$*) --count $(call mapped,$*) $< > $@.tmp
	mv $@.tmp $@

# Not on the normal patches that are on the map themselves.  Of five lesions four are kept, or more.
$(fig)/synthetic-%.sts: $(TABLE) $(here)/%.ckpt $$(call examples,$$(bases.$$*)) $(set)/bases $(set)/patches $(set)/postproc $(set)/figures \
                        | $(BIN)/patch-sample $(BIN)/gan-gen $(BIN)/lesion-postproc $(BIN)/ts-head
	@mkdir -p $(@D)
	$(sample) --split val $(call draw,$(bases.$*)) --start $(FIG4_NORMAL) --count $$(( $(FIG4_SYNTHETIC.$*) * 5 / 4 )) $< \
	    | $(BIN)/gan-gen --threads $(THREADS) --model $(word 2,$^) --seed 4 | $(BIN)/lesion-postproc $(postproc.$*) > $@.all
	$(BIN)/ts-head -n $(FIG4_SYNTHETIC.$*) < $@.all > $@.tmp
	rm $@.all
	mv $@.tmp $@

what := $(kinds:%=real-%) real-normal $(kinds:%=synthetic-%)
$(what:%=$(fig)/features-%.sts): $(fig)/features-%.sts: $(fig)/%.sts $$(FEATURES) $(set)/features | $(BIN)/resnet-features
	$(BIN)/resnet-features --threads $(THREADS) --model $(FEATURES) < $< > $@.tmp
	mv $@.tmp $@

$(fig)/fig4.tsv: $$(patsubst $(fig)/%,$(fig)/features-%,$$(real_set) $$(made_set)) | $(BIN)/tsne
	$(BIN)/tsne --threads $(THREADS) --log $(fig)/fig4.jsonl --progress $^ > $@.tmp
	mv $@.tmp $@

$(fig)/fig4.png: $(fig)/fig4.tsv pipelines/map-plot.sh
	pipelines/map-plot.sh $< $@ "patches of $(DATA), SCALE=$(SCALE), as $(notdir $(FEATURES)) sees them"

# ---- fig5: what synthetic patches change ----
with := r$(share)
$(foreach r,r0 $(with),$(fig)/val-$r.tsv): $(fig)/val-%.tsv: $(t1)/%-s1.ckpt $(patches)/val.sts | $(BIN)/resnet-predict
	$(predict)

$(foreach r,r0 $(with),$(fig)/features-$r.sts): $(fig)/features-%.sts: $(t1)/%-s1.ckpt $(patches)/test.sts | $(BIN)/resnet-features
	@mkdir -p $(@D)
	$(BIN)/resnet-features --threads $(THREADS) --model $< < $(word 2,$^) > $@.tmp
	mv $@.tmp $@

$(foreach r,r0 $(with),$(fig)/map-$r.tsv): $(fig)/map-%.tsv: $(fig)/features-%.sts | $(BIN)/tsne
	$(BIN)/tsne --threads $(THREADS) $< > $@.tmp
	mv $@.tmp $@

$(fig)/fig5.txt: $(fig)/val-r0.tsv $(fig)/val-$(with).tsv $(t1)/r0-s1.tsv $(t1)/$(with)-s1.tsv $(fig)/map-r0.tsv $(fig)/map-$(with).tsv \
                 $(patches)/test.sts pipelines/flips.sh pipelines/flips.awk $(set)/fig5 | $(BIN)/ts-select $(BIN)/ts-sheet
	pipelines/flips.sh $(FIG5_SPECIFICITY) $(share) $(wordlist 1,6,$^) $(fig)/fig5.tsv > $@.tmp
	rm -f $(fig)/fig5-found.png $(fig)/fig5-lost.png
	for side in found lost; do \
	    ids=$$(awk -F '\t' -v side=$$side '$$4 == side { printf "%s%s", (n++ ? "|" : ""), $$1 }' $(fig)/fig5.tsv); \
	    [ -z "$$ids" ] || $(BIN)/ts-select "id~^($$ids)\$$" < $(patches)/test.sts | $(BIN)/ts-sheet --out $(fig)/fig5-$$side.png --count 48 \
	        --tensors image --auto-window --title "malignant patches $$side with $(share) % synthetic at first, $(DATA), SCALE=$(SCALE)"; \
	done
	mv $@.tmp $@

$(fig)/fig5.png: $(fig)/fig5.txt pipelines/flips-plot.sh
	pipelines/flips-plot.sh $(fig)/fig5.tsv $@ $(share) "test patches of $(DATA), SCALE=$(SCALE), seed 1"

# ---- realism as numbers ----
# Normal patches stand beside the synthetic ones: what no lesion at all would reach.
$(fig)/frechet-%.txt: $(fig)/features-real-%.sts $(fig)/features-synthetic-%.sts $(fig)/features-real-normal.sts | $(BIN)/frechet
	$(BIN)/frechet --threads $(THREADS) --table real=$(word 1,$^) synthetic=$(word 2,$^) normal=$(word 3,$^) > $@.tmp
	mv $@.tmp $@
$(fig)/spread-%.txt: $(fig)/features-real-%.sts $(fig)/features-synthetic-%.sts $(fig)/features-real-normal.sts | $(BIN)/precision-recall
	$(BIN)/precision-recall --threads $(THREADS) --table real=$(word 1,$^) synthetic=$(word 2,$^) normal=$(word 3,$^) > $@.tmp
	mv $@.tmp $@

# Patients whom the generator has not seen: with their own real patches, and with the synthetic ones grown on their tissue.
$(fig)/apart-%.txt: $(fig)/real-%.sts $(fig)/synthetic-%.sts $(set)/apart | $(BIN)/tell-apart
	$(BIN)/tell-apart --threads $(THREADS) --updates $(APART_UPDATES) $(wordlist 1,2,$^) > $@.tmp
	mv $@.tmp $@
$(fig)/copies-%.txt: $(here)/train-%.sts $(fig)/real-%.sts $(fig)/synthetic-%.sts | $(BIN)/copy-check $(BIN)/ts-sheet
	$(BIN)/copy-check --threads $(THREADS) --train $(word 1,$^) --real $(word 2,$^) --pairs $(@:.txt=.sts) < $(word 3,$^) > $@.tmp
	$(BIN)/ts-sheet --out $(@:.txt=.png) --tensors image,nearest --caption lead,likeness,nearest_patient --auto-window \
	    --title "synthetic $* and the nearest training patch, $(DATA), SCALE=$(SCALE)" < $(@:.txt=.sts)
	rm $(@:.txt=.sts)
	mv $@.tmp $@
$(fig)/blind-%.png: $(fig)/real-%.sts $(fig)/synthetic-%.sts | $(BIN)/ts-cat $(BIN)/ts-sheet
	$(BIN)/ts-cat $^ | $(BIN)/ts-sheet --out $@ --blind $(@:.png=.tsv) --count 40 --columns 10 --auto-window \
	    --title "which are synthetic? $* on $(DATA), SCALE=$(SCALE)"

named: $(what:%=$(fig)/%.sts) $(foreach k,$(kinds),$(addprefix $(fig)/,frechet-$k.txt spread-$k.txt apart-$k.txt copies-$k.txt blind-$k.png \
         lesions-real-$k.tsv lesions-synthetic-$k.tsv lesions-$k.txt lesions-$k.png))

# What lesions measure on the patches themselves, found in the same way on real and on synthetic ones.
$(fig)/lesions-real-%.tsv: $(fig)/real-%.sts | $(BIN)/lesion-stats
	$(BIN)/lesion-stats --whole < $< > $@.tmp
	mv $@.tmp $@
$(fig)/lesions-synthetic-%.tsv: $(fig)/synthetic-%.sts | $(BIN)/lesion-stats
	$(BIN)/lesion-stats --whole < $< > $@.tmp
	mv $@.tmp $@
$(fig)/lesions-%.txt: $(fig)/lesions-real-%.tsv $(fig)/lesions-synthetic-%.tsv | $(BIN)/lesion-compare
	$(BIN)/lesion-compare --table $^ > $@.tmp
	mv $@.tmp $@
$(fig)/lesions-%.png: $(fig)/lesions-real-%.tsv $(fig)/lesions-synthetic-%.tsv pipelines/lesion-stats.sh
	pipelines/lesion-stats.sh $(word 1,$^) $(word 2,$^) $@ "$* on $(DATA), SCALE=$(SCALE)"

# ---- looking them up by a second make: which models are able is known when the manifest is there ----
.PHONY: fig1 fig4 fig5 realism report
ifdef CROPS
fig1 fig4 fig5 realism report:
	@echo "$(DATA): crops of lesions: nothing synthetic to show; see make table1 DATA=$(DATA)" >&2; exit 1
else
fig1: $(TABLE)
	+@$(MAKE) --no-print-directory $(fig)/fig1.png
	@echo "look at $(fig)/fig1.png"

fig4: $(TABLE)
	+@$(MAKE) --no-print-directory has-cancers
	+@$(MAKE) --no-print-directory $(fig)/fig4.png
	@echo "look at $(fig)/fig4.png"

fig5: $(TABLE)
	+@$(MAKE) --no-print-directory has-cancers
	+@$(MAKE) --no-print-directory $(fig)/fig5.png
	@cat $(fig)/fig5.txt
	@echo "look at $(fig)/fig5*.png"

numbers = $(foreach k,$(cancers),$(addsuffix -$k.txt,frechet spread lesions apart copies))
realism: $(TABLE)
	+@$(MAKE) --no-print-directory has-cancers
	+@$(MAKE) --no-print-directory $(addprefix $(fig)/,$(numbers) $(cancers:%=lesions-%.png) $(cancers:%=blind-%.png))
	@for f in $(numbers); do echo "== $$f"; cat $(fig)/$$f; echo; done
	@echo "look at $(fig)/lesions-*.png, copies-*.png; which are synthetic in blind-*.png, see read-score(1)"

# What is missing is made; the page itself always, for it says what is there now.
report:
	@$(if $(filter-out resnet50,$(NET)),echo "report: is that of NET=resnet50" >&2; exit 1)
	+@$(MAKE) --no-print-directory gan-check > /dev/null
	+@$(MAKE) --no-print-directory table1 > /dev/null
	+@$(MAKE) --no-print-directory fig1 > /dev/null
	+@$(MAKE) --no-print-directory fig4 > /dev/null
	+@$(MAKE) --no-print-directory fig5 > /dev/null
	+@$(MAKE) --no-print-directory realism > /dev/null
	pipelines/report.sh $(DATA) $(SCALE) $(TABLE) $(here) $(VERSION) > $(here)/report.html.tmp
	mv $(here)/report.html.tmp $(here)/report.html
	@echo "made $(here)/report.html: open it in a browser"
endif
