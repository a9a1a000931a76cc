# ablations.mk - what each of the paper's claims is worth: one stage or flag changed at a time.
#
#   make ablation-NAME DATA=D SCALE=S SEEDS=n   one of them beside the unchanged line
#   make ablations DATA=D SCALE=S SEEDS=n       all of them, or those in ABLATIONS, in one table
#
# Each retrains what its change reaches and shares the rest: patches and models of lesions.mk, starts,
# baseline and unchanged regime of table1.mk.  Everything lands in build/DATA/SCALE/ablation:
#
#   NAME/MODEL.ckpt .state .jsonl     the changed generator; conditional/central.ckpt is all of them
#   NAME/generated-MODEL.sts, kept-MODEL.sts, MODEL-check.tsv, MODEL-sheet.png   it on test patches
#   NAME/synthetic-MODEL.sts          it on training patients' patches
#   NAME/r50-sN.ckpt .tsv .jsonl      the classifier of seed N: weights, scores, training log
#   NAME/mix-r50-sN.jsonl             the patches that it really drew
#   NAME/gain.tsv change.tsv table.txt   delong against the baseline and the unchanged regime, and the
#                                     table of these; over all NAMEs one folder up
# With NET=small classifiers and tables are in NAME/small and small.

# ---- what changes ----
#   gan.NAME      options of gan-train, for a model
#   one.NAME      a model in the place of all
#   stage.NAME    a program in gan-gen's place, where lesions are inserted
#   clean.NAME    a program in lesion-postproc's place
#   mix.NAME      options of mix-ratio
#   normals.NAME  off: no normal patches by removal
stage.lesion-paste := lesion-paste
gan.no-lesion-channel := --no-lesion-channel
gan.no-growing = --half-iterations 0 --fade 0 --iterations $(call iterations,half-iterations|fade|iterations,$1)
gan.no-border := --border 0
gan.no-attention := --attention 0
gan.no-spectral := --sn none
gan.no-penalty := --gp-lambda 0
gan.two-way := --two-way
one.conditional := central
gan.conditional = $(foreach s,half-iterations fade iterations,--$s $(call iterations,$s,$(able)))
clean.no-postprocessing := cat
mix.no-decay := --decay none
normals.no-removal := off

names := lesion-paste no-lesion-channel no-growing no-border no-attention no-spectral no-penalty two-way conditional \
         no-postprocessing no-decay no-removal
# Small scales do without progressive growing anyway; one model of one kind is none of several.
ABLATIONS ?= $(filter-out $(if $(findstring --half-iterations 0,$(GAN_OPTIONS)),no-growing) \
             $(if $(word 2,$(able)),,conditional),$(names))
# Synthetic patches at first, in percent: where the paper's gain is largest.
share := 50

ab := $(here)/ablation
# iterations STAGES, MODELS: in all, of a|b stages; of an option the last counts.
iterations = $(shell printf '%s\n' $(foreach m,$2,'$(GAN_OPTIONS) $(GAN_OPTIONS.$m)') | awk '{ split("", n); \
             for (i = 1; i < NF; i++) if ($$i ~ /^--($1)$$/) n[$$i] = $$(i + 1); for (k in n) s += n[k] } END { print s + 0 }')

# The paper's "one central model": every able model is a category of it.  It gets as many iterations as they
# get together, each stage the sum of theirs (gan.conditional).  One training has one width and one penalty:
# those of masses, because they are in every scale's table.
categories.central = $(able)
role.central = $(role.mass) $(addprefix --removes ,$(filter removal,$(able)))
GAN_OPTIONS.central = $(GAN_OPTIONS.mass)
settings.central := role.central GAN_OPTIONS GAN_OPTIONS.central categories.central gan.conditional

# ---- generators: NAME, MODEL ----
altered = $(if $(value gan.$1)$(clean.$1),$(models),$(if $(stage.$1),$(filter-out removal,$(models))))
changed := $(foreach n,$(names),$(addprefix $n/,$(call altered,$n)))
trained := $(foreach n,$(names),$(if $(value gan.$n),$(addprefix $n/,$(or $(one.$n),$(models)))))
# to A,B: NAME/AMODELB of all changed models.
to = $(foreach c,$(changed),$(ab)/$(dir $c)$1$(notdir $c)$2)
model_of = $(lastword $(subst -, ,$1))

$(trained:%=$(ab)/%.ckpt): $(ab)/%.ckpt: $$(call needs,$$(*F)) $(set)/$$(*F) | $(BIN)/gan-train
	$(call train,$(*F),$(call gan.$(*D),$(*F)))

# ---- synthetic patches: NAME, MODEL, train or test ----
# Real lesions are pasted into patches of their own split.
source = $(if $(stage.$1),$(here)/$3-$2.sts,$(if $(value gan.$1),$(ab)/$1,$(here))/$(or $(one.$1),$2).ckpt)
gen = $(BIN)/gan-gen --threads $(THREADS) $(if $(one.$1),--category $2) --model
grow = $(if $(stage.$1),$(BIN)/$(stage.$1) --lesions,$(gen)) $(call source,$1,$2,$3)
# Pasted lesions are whole, and have their masks: there is nothing to clean up.
clean = $(or $(clean.$1),$(if $(stage.$1),cat,$(BIN)/lesion-postproc $(postproc.$2) $3))
tools := $(addprefix $(BIN)/,gan-gen lesion-paste lesion-postproc)
grown_from = $(call source,$1,$2,$3) $(here)/$3-$(bases.$2).sts $(set)/bases

$(call to,synthetic-,.sts): $(ab)/%.sts: $$(call grown_from,$$(*D),$$(call model_of,$$(*F)),train) $(set)/postproc | $(tools)
	@mkdir -p $(@D)
	$(call grow,$(*D),$(call model_of,$(*F)),train) --seed 2 < $(word 2,$^) | $(call clean,$(*D),$(call model_of,$(*F))) > $@.tmp
	mv $@.tmp $@

# ---- pictures and numbers, on test patches ----
$(call to,generated-,.sts): $(ab)/%.sts: $$(call grown_from,$$(*D),$$(call model_of,$$(*F)),test) | $(tools)
	@mkdir -p $(@D)
	$(call grow,$(*D),$(call model_of,$(*F)),test) --variants 2 --seed 1 < $(word 2,$^) > $@.tmp
	mv $@.tmp $@

$(call to,kept-,.sts): $(ab)/%.sts: $$(subst /kept-,/generated-,$$@) $(set)/postproc | $(tools)
	$(call clean,$(*D),$(call model_of,$(*F)),--keep-generated) < $< > $@.tmp
	mv $@.tmp $@

$(call to,,-sheet.png): $(ab)/%-sheet.png: $(ab)/$$(*D)/kept-$$(*F).sts | $(BIN)/ts-sheet
	$(call sheet,$(*D): $(*F),$(if $(stage.$(*D)),base$(comma)lesion$(comma)image --signed lesion))

$(call to,,-check.tsv): $(ab)/%-check.tsv: $(ab)/$$(*D)/generated-$$(*F).sts $(ab)/$$(*D)/kept-$$(*F).sts \
                        $$(call judges,$$(*F)) $(set)/judge | $(BIN)/gan-check
	$(call check,$(*F))

# The models that the classifier's patches come from.
checked = $(filter $(call altered,$1),$(cancers) $(removed))
checks = $(foreach m,$(call checked,$1),$(here)/$m-check.tsv $(ab)/$1/$m-check.tsv $(if $(clean.$1),,$(ab)/$1/$m-sheet.png))
# Prints both columns of values.
beside = $(foreach m,$(call checked,$1),awk -F '\t' 'NR == FNR { was[$$1] = $$2; next } \
    FNR == 1 { printf "%-50s %10s  %s\n", "gan-check: $m", "unchanged", "$1"; next } \
    { printf "%-50s %10s  %s\n", $$1, was[$$1], $$2 } END { print "" }' $(here)/$m-check.tsv $(ab)/$1/$m-check.tsv;)

# ---- classifiers ----
made = $(if $(filter $2,$(call altered,$1)),$(ab)/$1,$(patches))/synthetic-$2.sts
mixed = $(foreach c,$(cancers),--synthetic-positive $(call made,$1,$c)) \
        $(foreach c,$(if $(normals.$1),,$(removed)),--synthetic-negative $(call made,$1,$c))
mixed_files = $(filter %.sts,$(call mixed,$1))
# Where the classifiers of NAME are, and back.
net := $(addprefix /,$(filter-out resnet50,$(NET)))
name_of = $(patsubst $(ab)/%,%,$(patsubst %$(net),%,$(patsubst %/,%,$(dir $1))))
runs := $(foreach n,$(names),$(seeds:%=$(ab)/$n$(net)/r$(share)-s%))

$(runs:%=%.ckpt): %.ckpt: $$(real_files) $$(call mixed_files,$$(call name_of,$$@)) $(patches)/val.sts $$(call start,$$(call seed,$$(*F))) \
                  $(set)/classifier-$(NET) | $(BIN)/mix-ratio $(BIN)/resnet-train
	$(call classify,$(share),$(call seed,$(*F)),$(call mixed,$(call name_of,$@)) $(mix.$(call name_of,$@)))

$(runs:%=%.tsv): %.tsv: %.ckpt $(patches)/test.sts | $(BIN)/resnet-predict
	$(predict)

# ---- areas under the curve ----
score = $(if $(filter baseline,$1),$(t1)/r0,$(if $(filter unchanged,$1),$(t1)/r$(share),$(ab)/$1$(net)/r$(share)))-s$2.tsv
trainings = $(foreach a,$1,$a=$(call commas,$(foreach n,$(seeds),$(call score,$a,$n))))
ab_tables := $(ab)$(net) $(names:%=$(ab)/%$(net))
tested = baseline unchanged $(if $(filter $(ab)$(net),$1),$(ABLATIONS),$(call name_of,$1/))

# Made anew each time: ABLATIONS and SEEDS may have changed.
$(ab_tables:%=%/table.txt): %/table.txt: $$(foreach a,$$(call tested,$$*),$$(foreach n,$$(seeds),$$(call score,$$a,$$n))) \
                            $(out)/patients.tsv force | $(BIN)/delong
	$(BIN)/delong --trainings --reference baseline --cluster patient $(call trainings,$(call tested,$*)) > $*/gain.tsv
	$(BIN)/delong --trainings --reference unchanged --cluster patient $(call trainings,$(filter-out baseline,$(call tested,$*))) > $*/change.tsv
	awk -v data=$(DATA) -v scale=$(SCALE) -v net=$(NET) -v cancers="$(cancers)" -v samples=$(samples) -v share=$(share) -v seeds=$(SEEDS) \
	    -v patients=$(out)/patients.tsv -f pipelines/tables.awk -f pipelines/ablations.awk $*/gain.tsv $*/change.tsv > $@.tmp
	mv $@.tmp $@

# One make for all that was asked for, so that under -j no file has two makers.  Looked up by the recipe: which
# models are able is known when the manifest is there.
asked = $(sort $(if $(filter ablations,$(MAKECMDGOALS)),$(ABLATIONS)) $(patsubst ablation-%,%,$(filter ablation-%,$(MAKECMDGOALS))))
.PHONY: ablated ablations $(names:%=ablation-%)
ablated: $(TABLE) $(filter lesions gan-check table1,$(MAKECMDGOALS))
	+@$(MAKE) --no-print-directory has-cancers
	+@$(MAKE) --no-print-directory $(out)/patients.tsv
	+@$(MAKE) --no-print-directory $(foreach n,$(asked),$(call checks,$n) $(ab)/$n$(net)/table.txt) \
	    $(if $(filter ablations,$(MAKECMDGOALS)),$(ab)$(net)/table.txt)

$(names:%=ablation-%): ablation-%: ablated
	@$(call beside,$*)
	@cat $(ab)/$*$(net)/table.txt

ablations: ablated
	@$(foreach n,$(ABLATIONS),$(call beside,$n))
	@cat $(ab)$(net)/table.txt
