# data.mk - data sets: from their own files to build/DATA/manifest.tsv and build/DATA/tissue.tsv.
#
#   make data DATA=phantom|cdd-cesm|cdd-cesm-512|mini-mias   manifest and tissue masks
#
# MAMMO_DATA names the folder that holds the real sets, one folder each.  For the recipes:
#
#   TABLE    the manifest with tissue masks
#   ROOT     where its paths start
#   FIELD    pixels of the full image that a patch spans: a lesion and its surroundings
#   NORMALS  where normal patches come from (patch-sample --from): away from findings too where
#            lesion-free images are few, or, as in CDD-CESM, serve training only

FIELD.phantom := 64
NORMALS.phantom := clean
FIELD.cdd-cesm := 512
NORMALS.cdd-cesm := both
FIELD.cdd-cesm-512 := 64
NORMALS.cdd-cesm-512 := both
FIELD.mini-mias := 128
NORMALS.mini-mias := both

FIELD := $(FIELD.$(DATA))
NORMALS := $(NORMALS.$(DATA))
ifndef FIELD
$(error DATA=$(DATA) is none of phantom cdd-cesm cdd-cesm-512 mini-mias)
endif
TABLE := build/$(DATA)/tissue.tsv
ROOT := $(if $(filter phantom,$(DATA)),build/phantom,$(MAMMO_DATA)/$(DATA))

.PHONY: data
data: $(TABLE)

# ---- real sets ----
real := cdd-cesm cdd-cesm-512 mini-mias

converters := pipelines/convert.sh $(wildcard pipelines/convert/*)

$(real:%=build/%/manifest.tsv): build/%/manifest.tsv: $(converters)
	$(if $(MAMMO_DATA),,$(error MAMMO_DATA is not set: it names the folder that holds $*))
	@mkdir -p $(@D)
	pipelines/convert.sh $* '$(MAMMO_DATA)/$*' > $@

$(real:%=build/%/tissue.tsv): build/%/tissue.tsv: build/%/manifest.tsv | $(BIN)/tissue-mask
	$(BIN)/tissue-mask --root '$(MAMMO_DATA)/$*' --out $(@D)/tissue $< > $@

# ---- phantoms: drawn again when their options change; they know their tissue ----
phantom_options = --patients $(PHANTOM_PATIENTS) --seed 1

build/phantom/options: force
	@mkdir -p $(@D); echo '$(phantom_options)' | cmp -s - $@ || echo '$(phantom_options)' > $@

build/phantom/manifest.tsv: build/phantom/options | $(BIN)/phantom
	$(BIN)/phantom --out $(@D) $(phantom_options) --progress

build/phantom/tissue.tsv: build/phantom/manifest.tsv
	cp $< $@
