/*
 * State dicts' pickles: the corpus of fuzz_pickle, made by PyTorch (tests/ref/pickles.py) or by
 * hand.
 */
#include "stream/pickle.h"

#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "io/input.h"
#include "tap.h"

static const char folder[] = "tests/fuzz/corpus/pickle";

static int
parse(const char *name, struct pickle_tensors *p, struct err *e)
{
    char path[512];
    size_t n;
    unsigned char *bytes;
    int rc;

    snprintf(path, sizeof(path), "%s/%s", folder, name);
    bytes = input_slurp(path, 1 << 20, &n, e);
    rc = bytes ? pickle_parse(bytes, n, p, e) : -1;
    if (bytes == NULL)
        *p = (struct pickle_tensors){0};
    free(bytes);
    return rc;
}

static const struct pickle_tensor *
find(const struct pickle_tensors *p, const char *name)
{
    for (size_t i = 0; i < p->n; i++)
        if (strcmp(p->tensor[i].name, name) == 0)
            return &p->tensor[i];
    return NULL;
}

static void
corpus(void)
{
    DIR *d = opendir(folder);
    size_t good = 0, bad = 0;

    for (struct dirent *f; d != NULL && (f = readdir(d)) != NULL;) {
        struct pickle_tensors p;
        struct err e = {.text = ""};
        int want = strncmp(f->d_name, "ok-", 3) == 0 ? 0 : -1;

        if (f->d_name[0] == '.')
            continue;
        tap_ok(parse(f->d_name, &p, &e) == want, "%s: %s", f->d_name, e.text);
        good += want == 0;
        bad += want == -1;
        pickle_free(&p);
    }
    if (d != NULL)
        closedir(d);
    tap_ok(good >= 7 && bad >= 20, "%zu to accept, %zu to refuse", good, bad);
}

int
main(void)
{
    const struct pickle_tensor *t;
    struct pickle_tensors p;
    struct err e;

    corpus();
    tap_ok(parse("ok-state-dict", &p, &e) == 0 && p.n == 7, "a state dict of seven tensors");
    t = find(&p, "0.weight");
    tap_ok(t && t->dtype == TS_F32 && t->rank == 4 && t->shape[0] == 2 && t->shape[3] == 3 &&
               t->stride[0] == 9 && t->numbers == 18 && t->offset == 0,
           "a weight with its shape");
    t = find(&p, "1.num_batches_tracked");
    tap_ok(t && t->dtype == TS_I64 && t->rank == 0 && t->numbers == 1, "a scalar");
    pickle_free(&p);
    tap_ok(parse("ok-nested", &p, &e) == 0 && p.n == 7 && find(&p, "state_dict.1.running_mean"),
           "nested dictionaries have names with dots, what is no tensor is passed over");
    pickle_free(&p);
    tap_ok(parse("ok-transposed", &p, &e) == 0 && p.n == 4, "views");
    t = find(&p, "a");
    tap_ok(t && t->shape[0] == 3 && t->shape[1] == 2 && t->stride[0] == 1 && t->stride[1] == 3,
           "a transposed tensor has its strides");
    t = find(&p, "b");
    tap_ok(t && t->offset == 3 && t->numbers == 6, "a slice has its offset");
    t = find(&p, "c");
    tap_ok(t && t->dtype == TS_F16, "half precision");
    pickle_free(&p);
    tap_ok(parse("bad-system", &p, &e) == -1 && strstr(e.text, "eval") != NULL,
           "what is refused is named: %s", e.text);
    pickle_free(&p);
    return tap_done(39);
}
