/*
 * Any bytes as features, a stream or a table: refused with a reason, or read as vectors of finite
 * numbers, each with an id that is found again unless it comes twice.
 */
#include <math.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "stream/features.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void
check(struct features *f)
{
    struct err e = {.text = ""};

    for (size_t i = 0; i < f->n * f->d; i++)
        if (!isfinite(f->x[i]))
            abort();
    if (features_index(f, &e) == -1) {
        if (e.text[0] == '\0')
            abort();
        return;
    }
    for (size_t i = 0; i < f->n; i++)
        if (features_text(f, i, TS_ID)[0] == '\0' ||
            features_find(f, features_text(f, i, TS_ID)) != i)
            abort();
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct features f = {0};
    struct err e = {.text = ""};
    FILE *file = tmpfile();
    char path[32];

    if (file == NULL || fwrite(data, 1, size, file) != size || fflush(file) != 0)
        abort();
    rewind(file);
    snprintf(path, sizeof(path), "/dev/fd/%d", fileno(file));
    if (features_read(&f, path, NULL, &e) == 0)
        check(&f);
    else if (e.text[0] == '\0')
        abort();
    features_free(&f);
    fclose(file);
    return 0;
}
