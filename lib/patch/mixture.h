/*
 * mixture - the classes of a training stream, each with its pools of real and synthetic patches.
 */
#ifndef MP_PATCH_MIXTURE_H
#define MP_PATCH_MIXTURE_H

#include "patch/mix.h"
#include "patch/pool.h"
#include "stream/terms.h"

/* What all patches of a pool must be. */
enum mixture_label { MIXTURE_ANY, MIXTURE_POSITIVE, MIXTURE_NEGATIVE };

enum mixture_kind { MIXTURE_REAL, MIXTURE_SYNTHETIC, MIXTURE_KINDS };

struct mixture_demand {
    enum mixture_label label; /* positive: malignant; negative: benign or normal */
    enum mixture_kind kind;   /* told by the metadata `synthetic`; not asked of MIXTURE_ANY */
    int allow_real;           /* 1: real patches pass for synthetic ones */
    enum term_split split;    /* SPLIT_NONE: any.  A patch that names no split passes */
};

struct mixture_class {
    char *name;
    enum mixture_label label;
    struct mixture_source {
        const char **file;
        size_t n_files;
        struct mixture_demand demand;
        struct pool pool;
    } source[MIXTURE_KINDS];
};

/* All zeros but for split, allow_real, balance, seed and schedule is an empty mixture. */
struct mixture {
    enum term_split split; /* the only one that patches may be of, or SPLIT_NONE */
    int allow_real;        /* real patches may stand in the place of synthetic ones: an oracle */
    /*
     * Metadata of which every value is drawn equally often in every pool, or NULL; borrowed.  All
     * pools must have the same values, else they would still give the class away.
     */
    const char *balance;
    uint64_t seed;
    struct mix_schedule schedule;
    struct mixture_class *class;
    struct mix_class *law; /* [n] beside class */
    size_t n, cap_class, cap_law;
};

/* The class of that name (of `length` bytes), new with weight 1, or the one there is; NULL: memory.
 */
struct mixture_class *mixture_class(struct mixture *m, const char *name, size_t length,
                                    enum mixture_label label, struct err *e);

/* The number of the class of that name; m->n if there is none. */
size_t mixture_find(const struct mixture *m, const char *name, size_t length);

/* Adds a file to a class; borrows it until mixture_close(). */
int mixture_file(struct mixture_class *c, enum mixture_kind kind, const char *file, struct err *e);

/*
 * Says which classes have synthetic patches to draw: mixture_open() and mix_expect() go by it. None
 * where the schedule begins at 0.
 */
void mixture_settle(struct mixture *m);

/* Opens all pools that can be drawn from.  Returns 0, or -1 with the reason in e. */
int mixture_open(struct mixture *m, struct err *e);

/* Draw t into rec.  Returns 0, or -1 with the reason in e. */
int mixture_draw(struct mixture *m, uint64_t t, struct ts_record *rec, struct err *e);

void mixture_close(struct mixture *m);

#endif
