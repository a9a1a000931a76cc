/*
 * Any bytes as the pickle of a state dict: refused with a reason, or tensors whose numbers all lie
 * in their storages.
 */
#include <stdint.h>
#include <stdlib.h>

#include "stream/pickle.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct err e = {.text = ""};
    struct pickle_tensors p;

    if (pickle_parse(data, size, &p, &e) == -1) {
        if (e.text[0] == '\0')
            abort();
        pickle_free(&p);
        return 0;
    }
    for (size_t i = 0; i < p.n; i++) {
        const struct pickle_tensor *t = &p.tensor[i];
        size_t last = t->offset;
        int empty = 0;

        if (t->name == NULL || t->storage == NULL || t->rank > TS_MAX_RANK)
            abort();
        for (unsigned k = 0; k < t->rank; k++) {
            empty |= t->shape[k] == 0;
            last += t->shape[k] > 0 ? (t->shape[k] - 1) * t->stride[k] : 0;
        }
        if (!empty && last >= t->numbers)
            abort();
    }
    pickle_free(&p);
    return 0;
}
