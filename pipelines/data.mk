# data.mk - data sets: from their own files to build/DATA/manifest.tsv and build/DATA/tissue.tsv.
#
#   make data DATA=phantom|cdd-cesm|cdd-cesm-512|cbis-full-mass|mini-mias|cbis-mass   manifest and tissue masks
#
# MAMMO_DATA names the folder that holds the real sets, one folder each.  For the recipes:
#
#   TABLE    the manifest with tissue masks
#   ROOT     where its paths start
#   FIELD    pixels of the full image that a patch spans: a lesion and its surroundings
#   NORMALS  where normal patches come from (patch-sample --from): away from findings too where
#            lesion-free images are few, or, as in CDD-CESM, serve training only
#   CONTRAST.DATA  of what a remover works on, where it differs from the scale's
#   THRESHOLD.DATA, REMOVED_THRESHOLD.DATA  lesion-postproc's for lesions and removals, but at SCALE=paper
#   FEW.MODEL.DATA  options of gan-train where patients are few, but at SCALE=paper
#   VIEWS    views that a classifier meets equally often in each class; empty: as they come
#   CROPS    side of the images of a set of lesion crops, which has no normal tissue
#   START    set of crops that classifiers are first trained on, in the place of ImageNet

FIELD.phantom := $(shell echo $$(( $(PHANTOM_HEIGHT) * 64 / 800 )))
NORMALS.phantom := clean
# On bright tissue masses are fainter, and so are most specks.
THRESHOLD.phantom := 0.05
FIELD.cdd-cesm := 512
NORMALS.cdd-cesm := both
FIELD.cdd-cesm-512 := 64
NORMALS.cdd-cesm-512 := both
FIELD.mini-mias := 128
NORMALS.mini-mias := both
# Scanned films are flat: masses stand out half as much as on digital mammograms.  Six training patients have
# masses a patch can show.  (A remover with --augment fixed removed nothing.)
CONTRAST.mini-mias := 0.05
THRESHOLD.mini-mias := 0.05
REMOVED_THRESHOLD.mini-mias := -0.025
FEW.mass.mini-mias := --augment fixed
# The lesion-free and the benign images of cdd-cesm-512 are all CC, half of the malignant ones MLO: of
# 1000 draws to train on each, 45 % of the masses, 64 % of the normal and all benign ones would be CC.
VIEWS.cdd-cesm-512 := CC MLO
# Films without lesion-free ones.  64 of their 800 rows are 300 to 450 of the scans', and CC and MLO are as frequent in
# either class.
FIELD.cbis-full-mass := 64
NORMALS.cbis-full-mass := away
# Of the malignant masses of 16 to 64 pixels 40 % stand out by less than 0.08, 14 % by less than 0.05.
CONTRAST.cbis-full-mass := 0.05
THRESHOLD.cbis-full-mass := 0.05
REMOVED_THRESHOLD.cbis-full-mass := -0.025
# Few lesions: classifiers begin with masses of cbis-mass, malignant against benign, where that set is there.
START.cdd-cesm := cbis-mass
START.cdd-cesm-512 := cbis-mass
START.mini-mias := cbis-mass
FIELD.cbis-mass := 128
CROPS.cbis-mass := 128

FIELD := $(FIELD.$(DATA))
NORMALS := $(NORMALS.$(DATA))
VIEWS := $(VIEWS.$(DATA))
CROPS := $(CROPS.$(DATA))
START := $(if $(wildcard $(MAMMO_DATA)/$(START.$(DATA))/train),$(START.$(DATA)))
ifndef FIELD
$(error DATA=$(DATA) is none of phantom cdd-cesm cdd-cesm-512 cbis-full-mass mini-mias cbis-mass)
endif
# No patch is larger than a crop.
ifdef CROPS
PATCH := $(shell echo $$(( $(PATCH) < $(CROPS) ? $(PATCH) : $(CROPS) )))
endif
# Phantoms of other numbers and sizes live in other folders.
phantoms := build/phantom/$(PHANTOM_PATIENTS)-patients-$(PHANTOM_HEIGHT)-rows
everybody := $(if $(filter phantom,$(DATA)),$(phantoms)/manifest.tsv,build/$(DATA)/$(if $(CROPS),manifest,tissue).tsv)
ROOT := $(if $(filter phantom,$(DATA)),$(phantoms),$(MAMMO_DATA)/$(DATA))

# Cross-fitting: FOLDS=N deals the patients to N parts, in place of the set's own splits, and FOLD=K is the run that
# is tested on the K-th.  FOLDS alone is a run over all of them: make table1 has one.
FOLDS :=
FOLD :=
folds := $(if $(FOLDS),$(shell seq $(FOLDS)))
dealt := build/$(DATA)/folds-$(FOLDS)
TABLE := $(if $(FOLDS),$(dealt)/$(or $(FOLD),1).tsv,$(everybody))

.PHONY: data
data: $(TABLE)

$(folds:%=$(dealt)/%.tsv): $(dealt)/%.tsv: $(everybody) pipelines/folds.awk
	@mkdir -p $(@D)
	awk -v folds=$(FOLDS) -v fold=$* -f pipelines/folds.awk $< > $@.tmp
	mv $@.tmp $@

# ---- real sets ----
real := cdd-cesm cdd-cesm-512 cbis-full-mass mini-mias cbis-mass

# What changed in the converters without a change for this set makes nothing anew.
converters := pipelines/convert.sh $(wildcard pipelines/convert/*)

$(real:%=build/%/manifest.tsv): build/%/manifest.tsv: $(converters)
	$(if $(MAMMO_DATA),,$(error MAMMO_DATA is not set: it names the folder that holds $*))
	@mkdir -p $(@D)
	pipelines/convert.sh $* '$(MAMMO_DATA)/$*' > $@.tmp 2> $(@D)/account.txt || { cat $(@D)/account.txt >&2; exit 1; }
	@if cmp -s $@.tmp $@; then rm $@.tmp; else cat $(@D)/account.txt >&2; mv $@.tmp $@; fi

$(real:%=build/%/tissue.tsv): build/%/tissue.tsv: build/%/manifest.tsv | $(BIN)/tissue-mask
	$(BIN)/tissue-mask --root '$(MAMMO_DATA)/$*' --out $(@D)/tissue $< > $@

# ---- phantoms: they know their tissue ----
$(phantoms)/manifest.tsv: $(wildcard lib/patch/phantom*.c) | $(BIN)/phantom
	@mkdir -p $(@D)
	$(BIN)/phantom --out $(@D) --patients $(PHANTOM_PATIENTS) --height $(PHANTOM_HEIGHT) --seed 1 --progress
