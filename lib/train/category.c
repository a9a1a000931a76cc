#include "train/category.h"

#include <string.h>

int
category_valid(const char *s)
{
    size_t n = strspn(s, "abcdefghijklmnopqrstuvwxyz0123456789-");

    return n > 0 && n <= CATEGORY_NAME && s[n] == '\0';
}

const char *
category_split(const char *s, char name[CATEGORY_NAME + 1])
{
    size_t n = strcspn(s, "=");

    name[0] = '\0';
    if (s[n] == '\0' || n > CATEGORY_NAME)
        return s;
    memcpy(name, s, n);
    name[n] = '\0';
    if (category_valid(name))
        return s + n + 1;
    name[0] = '\0';
    return s;
}
