# mammopipe: see README.md.  GNU make.
#
#   make deps       install the missing Debian packages
#   make            build everything into build/bin
#   make check      all tests
#   make lint       layout, scripts, pages, layers
#   make demo       phantoms, generators, classifiers: a contact sheet and a table
#   make help       the recipes too
#
# Variables: NN=dnnl|blas, REAL=float|double, SAN=1 (ASan, UBSan), WERROR=1, ARCH, PREFIX, DESTDIR.

SHELL := bash
.SHELLFLAGS := -eu -o pipefail -c
.DELETE_ON_ERROR:
.SUFFIXES:
MAKEFLAGS += --no-builtin-rules

# Numbers with a decimal point and one order of letters for awk, sort and printf, whatever the user speaks; and nothing
# that changes what cd, grep and awk print.
export LC_ALL := C
unexport CDPATH GREP_OPTIONS POSIXLY_CORRECT

# Waiting threads sleep soon: two programs that spin on the same processors stop each other.  Filters see to
# that themselves (backend_start()); this is for the tests.
export GOMP_SPINCOUNT ?= 10000

VERSION := $(shell sed -n 's/.*MP_VERSION "\(.*\)"/\1/p' lib/base/version.h)

NN ?= dnnl
REAL ?= float
SAN ?= 0
WERROR ?= 0
CC := $(if $(filter default,$(origin CC)),gcc,$(CC))
# The network engine is compiled for the processor it runs on; data filters never are, so that
# their bytes are the same everywhere.
ARCH ?= native
PREFIX ?= /usr/local
DESTDIR ?=

# Each variant of the build has a folder of its own.
variant := $(if $(filter-out dnnl,$(NN)),-$(NN))$(if $(filter-out float,$(REAL)),-$(REAL))$(if $(filter 1,$(SAN)),-san)
BUILD := build$(if $(variant),/variant$(variant))
BIN := $(BUILD)/bin

CPPFLAGS := -Ilib -Itests -D_XOPEN_SOURCE=700 -D_DEFAULT_SOURCE
WARN := -Wall -Wextra -Wshadow -Wpointer-arith -Wcast-qual -Wundef -Wvla -Wformat=2 \
        -Wwrite-strings -Wstrict-prototypes -Wmissing-prototypes -Wfloat-conversion
CFLAGS := -std=c11 -O2 -g -ffp-contract=off -fno-math-errno $(WARN)
LDFLAGS := -Wl,--as-needed
ifeq ($(WERROR),1)
CFLAGS += -Werror
endif
ifeq ($(SAN),1)
CFLAGS += -fsanitize=address,undefined -fno-sanitize-recover=all -fno-omit-frame-pointer
endif
NN_CFLAGS := -O3 -march=$(ARCH) -fopenmp -ffp-contract=fast -fno-trapping-math
# Statistics use threads, but are not compiled for one processor, and their sums stay in the order written.
STATS_CFLAGS := -O3 -fopenmp
ifeq ($(REAL),double)
CPPFLAGS += -DMP_REAL_DOUBLE
endif
# OpenBLAS before GSL: libgslcblas has the same symbols and is 6 to 9 times slower.
LDLIBS := $(if $(filter dnnl,$(NN)),-ldnnl) -lopenblas -lgsl -larchive -ljansson -lpng -ljpeg -lz -fopenmp -lm

not_built := $(if $(filter dnnl,$(NN)),lib/nn/backend_blas.c,lib/nn/backend_dnnl.c)
LIB_SRC := $(filter-out $(not_built),$(wildcard lib/*/*.c))
LIB_OBJ := $(LIB_SRC:%.c=$(BUILD)/obj/%.o)
LIB := $(BUILD)/libmammopipe.a
FILTERS := $(patsubst filters/%.c,%,$(wildcard filters/*.c))
UNIT := $(patsubst tests/unit/%.c,%,$(wildcard tests/unit/*.c))
TESTS := $(filter test_%,$(UNIT))
FUZZ := $(patsubst tests/fuzz/%.c,%,$(wildcard tests/fuzz/fuzz_*.c))

.PHONY: all lib unit
.DEFAULT_GOAL := all
all: $(FILTERS:%=$(BIN)/%)
unit: $(UNIT:%=$(BUILD)/tests/%) $(FUZZ:%=$(BUILD)/tests/%) $(BUILD)/tests/inject.so
lib: $(LIB)

# V=1 shows the whole commands.
run = $(if $(V),,@echo '  $1 $2'; )

# Objects know the flags they were made with.
FLAGS := $(CC) $(CPPFLAGS) $(CFLAGS) $(NN_CFLAGS) $(STATS_CFLAGS) $(LDFLAGS) $(LDLIBS)
$(BUILD)/flags: force
	@mkdir -p $(@D); echo '$(FLAGS)' | cmp -s - $@ || echo '$(FLAGS)' > $@
.PHONY: force
force:

$(BUILD)/obj/lib/nn/%.o $(BUILD)/obj/lib/model/%.o $(BUILD)/obj/lib/train/%.o: CFLAGS += $(NN_CFLAGS)
$(BUILD)/obj/lib/stats/%.o: CFLAGS += $(STATS_CFLAGS)

$(BUILD)/obj/%.o: %.c $(BUILD)/flags
	@mkdir -p $(@D)
	$(call run,CC,$<)$(CC) $(CPPFLAGS) $(CFLAGS) -MMD -MP -c -o $@ $<

$(LIB): $(LIB_OBJ)
	@rm -f $@
	@ar rcs $@ $^

$(BIN)/%: $(BUILD)/obj/filters/%.o $(LIB)
	@mkdir -p $(@D)
	$(call run,LD,$@)$(CC) $(CFLAGS) $(LDFLAGS) -o $@ $^ $(LDLIBS)

$(BUILD)/tests/%: $(BUILD)/obj/tests/unit/%.o $(LIB)
	@mkdir -p $(@D)
	$(call run,LD,$@)$(CC) $(CFLAGS) $(LDFLAGS) -o $@ $^ $(LDLIBS)

# Fuzz targets with a plain driver that replays their corpus; `make fuzz` runs them under libFuzzer.
$(FUZZ:%=$(BUILD)/tests/%): $(BUILD)/tests/%: $(BUILD)/obj/tests/fuzz/%.o $(BUILD)/obj/tests/fuzz/driver.o $(LIB)
	@mkdir -p $(@D)
	$(call run,LD,$@)$(CC) $(CFLAGS) $(LDFLAGS) -o $@ $^ $(LDLIBS)

# Preloaded by tests that make the system fail.
$(BUILD)/tests/inject.so: tests/faults/inject.c $(BUILD)/flags
	@mkdir -p $(@D)
	$(call run,LD,$@)$(CC) -std=c11 -O2 $(WARN) -shared -fPIC -o $@ $< -ldl

-include $(LIB_OBJ:.o=.d) $(FILTERS:%=$(BUILD)/obj/filters/%.d) $(UNIT:%=$(BUILD)/obj/tests/unit/%.d) \
         $(patsubst tests/%.c,$(BUILD)/obj/tests/%.d,$(wildcard tests/fuzz/*.c))
.SECONDARY: $(FILTERS:%=$(BUILD)/obj/filters/%.o) $(UNIT:%=$(BUILD)/obj/tests/unit/%.o) \
            $(patsubst tests/%.c,$(BUILD)/obj/tests/%.o,$(wildcard tests/fuzz/*.c tests/bench/*.c tests/sim/*.c))

# ---- packages ----
# Debian's names.  TEST_PACKAGES are for `make check` alone; tests that want more say so and skip.
PACKAGES := gcc libc6-dev libpng-dev libjpeg-dev zlib1g-dev libarchive-dev libjansson-dev \
            libopenblas-openmp-dev libgsl-dev libdnnl-dev gnuplot-nox
TEST_PACKAGES := perl mandoc zip python3-numpy locales

.PHONY: deps
deps:
	@missing=; \
	for p in $(PACKAGES) $(TEST_PACKAGES); do \
	    dpkg-query -W -f '$${Status}' $$p 2>/dev/null | grep -q 'ok installed' || missing="$$missing $$p"; \
	done; \
	if [ -z "$$missing" ]; then echo "deps: nothing is missing"; \
	elif [ "$$(id -u)" != 0 ]; then echo "deps: as root, run: apt-get install -y$$missing"; exit 1; \
	else DEBIAN_FRONTEND=noninteractive apt-get install -y --no-install-recommends $$missing; fi
# In `make deps check` nothing is compiled before the packages are there, at any -j.
ifneq ($(filter deps,$(MAKECMDGOALS)),)
$(BUILD)/flags: | deps
endif

# ---- experiments ----
DATA ?= phantom
SCALE ?= smoke
MODELS ?=
include pipelines/scales/$(SCALE).mk
include pipelines/data.mk
include pipelines/lesions.mk
include pipelines/table1.mk
include pipelines/worth.mk
include pipelines/ablations.mk
include pipelines/figures.mk

# Recipes share files, and each is a make of its own: two in one command are made one after the other.
recipes := data lesions gan-check table1 worth same-twice cross-test tune-classifier ablations $(names:%=ablation-%) \
           fig1 fig4 fig5 realism report
ifneq ($(word 2,$(filter $(recipes),$(MAKECMDGOALS))),)
.NOTPARALLEL:
endif

# A run over all folds is that of table1 alone: anything else is of one fold.
ifneq ($(and $(FOLDS),$(if $(FOLD),,$(filter-out data table1,$(filter $(recipes),$(MAKECMDGOALS))))),)
$(error FOLDS=$(FOLDS) without FOLD=k is for make table1)
endif

# ---- tests ----
# tests/unit/test_*.c are TAP programs (other sources there are tools of the scripts), tests/shell/*.t
# TAP scripts run from this folder.
JOBS ?= 2
prove := BIN=$(abspath $(BIN)) BUILD=$(abspath $(BUILD)) prove -j$(JOBS)
.PHONY: check check-all check-network check-double check-san check-man
check: check-double check-man check-all
check-all: all unit
	$(prove) -e '' $(TESTS:%=$(BUILD)/tests/%) $(FUZZ:%=$(BUILD)/tests/%)
	$(prove) -e bash $(wildcard tests/shell/*.t)

# Tests of networks: those that use the engine or run a program that does.  Their numbers depend on the processor;
# DNNL_MAX_CPU_ISA=AVX2 or SSE41 and OPENBLAS_CORETYPE=Haswell or Nehalem are the libraries' ways on others.
network_tests = $(shell grep -lE '"(nn|model|train)/' tests/unit/test_*.c) \
                $(shell grep -lE '(gan|resnet)-(check|features|gen|predict|train) |tell-apart |tests/test_[a-z]*_ref' tests/shell/*.t)
check-network: all unit
	$(prove) -e '' $(patsubst tests/unit/%.c,$(BUILD)/tests/%,$(filter %.c,$(network_tests)))
	$(prove) -e bash $(filter %.t,$(network_tests))

# Gradients to second order, and both networks against PyTorch, in double; the backends against each other.
DOUBLE_TESTS := test_backend test_grad test_gan_ref test_ops_ref test_penalty test_resnet_ref
check-double:
	$(MAKE) --no-print-directory REAL=double NN=blas $(DOUBLE_TESTS:%=build/variant-blas-double/tests/%) \
	    build/variant-blas-double/bin/resnet-train
	prove -j$(JOBS) -e '' $(DOUBLE_TESTS:%=build/variant-blas-double/tests/%)

check-man:
	mandoc -T lint -W warning $(wildcard man/*.[1-8])

# What the tests do not see: layout of the sources, scripts, pages, arrows between modules.  Wants clang-format 14 and
# shellcheck, which nothing else does.
.PHONY: lint
formatted := $(wildcard lib/*/*.[ch] filters/*.c tests/*.h tests/unit/*.[ch] tests/fuzz/*.c tests/bench/*.c tests/sim/*.c tests/faults/*.c)
lint: check-man
	@clang-format --dry-run -Werror $(formatted)
	@shellcheck -S warning $(wildcard examples/*.sh pipelines/*.sh) tests/same-bytes.sh .ci/run
	@awk -f tests/layers.awk $(wildcard lib/*/*.[ch])
	@echo 'lint: nothing found'

# T seconds of libFuzzer (clang) for each target, on from the committed corpus.
T ?= 60
.PHONY: fuzz
fuzz:
	@mkdir -p build/fuzz
	for f in $(FUZZ); do \
	    clang $(CPPFLAGS) -std=c11 -O1 -g -fsanitize=fuzzer,address,undefined -fopenmp=libgomp -o build/fuzz/$$f \
	        tests/fuzz/$$f.c $(filter-out lib/nn/% lib/model/% lib/train/% lib/stats/%,$(LIB_SRC)) $(LDLIBS); \
	    mkdir -p build/fuzz/corpus-$$f; \
	    build/fuzz/$$f -max_total_time=$(T) build/fuzz/corpus-$$f $$(ls -d tests/fuzz/corpus/$${f#fuzz_} 2>/dev/null); \
	done

# Times of convolutions, matrix products and updates; not built by default.
.PHONY: bench
$(BUILD)/obj/tests/bench/%.o: CFLAGS += -fopenmp
$(BUILD)/bench/%: $(BUILD)/obj/tests/bench/%.o $(LIB)
	@mkdir -p $(@D)
	$(call run,LD,$@)$(CC) $(CFLAGS) $(LDFLAGS) -o $@ $^ $(LDLIBS)
bench: $(BUILD)/bench/bench_backend $(BUILD)/bench/bench_gan
	$(BUILD)/bench/bench_gan 64 0.25 0.125 4 2 20
	$(BUILD)/bench/bench_gan 256 1 1 1 2 20
	$<

# Studies of worlds in which all is known: how often delong --trainings is wrong; half an hour of a core.
.PHONY: sim-trainings
$(BUILD)/obj/tests/sim/%.o: CFLAGS += -fopenmp
$(BUILD)/sim/%: $(BUILD)/obj/tests/sim/%.o $(LIB)
	@mkdir -p $(@D)
	$(call run,LD,$@)$(CC) $(CFLAGS) $(LDFLAGS) -o $@ $^ $(LDLIBS)
sim-trainings: $(BUILD)/sim/sim_trainings
	$< > tests/ref/trainings_sim.tsv

# The same tests under the address and undefined-behaviour sanitizers.
check-san:
	$(MAKE) --no-print-directory SAN=1 check-all

# ---- installing ----
.PHONY: install uninstall clean help
install: all
	install -d $(DESTDIR)$(PREFIX)/bin $(foreach s,1 5 7,$(DESTDIR)$(PREFIX)/share/man/man$s)
	install -m 755 $(FILTERS:%=$(BIN)/%) $(DESTDIR)$(PREFIX)/bin
	$(foreach s,1 5 7,install -m 644 $(wildcard man/*.$s) $(DESTDIR)$(PREFIX)/share/man/man$s;)
uninstall:
	rm -f $(FILTERS:%=$(DESTDIR)$(PREFIX)/bin/%) $(foreach m,$(wildcard man/*),$(DESTDIR)$(PREFIX)/share/man/man$(subst .,,$(suffix $m))/$(notdir $m))
clean:
	rm -rf build

help:
	@sed -n 's/^#  *make /  make /p' Makefile pipelines/*.mk
