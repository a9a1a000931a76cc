#include "stream/terms.h"

#include <stddef.h>
#include <string.h>

const char *const split_word[] = {"", "train", "val", "test", NULL};
const char *const side_word[] = {"", "L", "R", NULL};
const char *const view_word[] = {"", "CC", "MLO", NULL};
const char *const label_word[] = {"", "normal", "benign", "malignant", NULL};
const char *const lesion_word[] = {"", "mass", "calcification", "both", "other", NULL};

const char *const any_split_word[] = {"any", "train", "val", "test", NULL};
const char *const any_lesion_word[] = {"any", "mass", "calcification", "both", "other", NULL};

int
term_find(const char *const *words, const char *s)
{
    for (int i = 0; words[i] != NULL; i++)
        if (strcmp(words[i], s) == 0)
            return i;
    return -1;
}
