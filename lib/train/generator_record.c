#include "train/generator_record.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "train/category.h"
#include "train/checkpoint.h"

uint64_t
generator_record_attention(const struct net_config *c)
{
    return c->attention == c->size / 8 ? 1 : c->attention;
}

int
generator_record_put(struct ts_record *r, const struct net_config *c, size_t mid, size_t border,
                     struct err *e)
{
    return checkpoint_put_count(r, "size", c->size, e) == -1 ||
                   checkpoint_put_real(r, "width", c->width, e) == -1 ||
                   checkpoint_put_real(r, "leak", c->leak, e) == -1 ||
                   checkpoint_put_count(r, "spectral", (uint64_t)c->spectral, e) == -1 ||
                   checkpoint_put_count(r, "attention", generator_record_attention(c), e) == -1 ||
                   checkpoint_put_count(r, "mid", mid, e) == -1 ||
                   checkpoint_put_count(r, "border", border, e) == -1 ||
                   (c->whole && checkpoint_put_count(r, "whole", 1, e) == -1) ||
                   (c->anti_alias && checkpoint_put_count(r, "anti_alias", 1, e) == -1) ||
                   (c->categories && checkpoint_put_count(r, "categories", c->categories, e) == -1)
               ? -1
               : 0;
}

int
generator_record_get(const struct ts_record *r, struct net_config *c, size_t *mid, size_t *border,
                     struct err *e)
{
    uint64_t size, spectral, attention, m, b, whole = 0, anti_alias = 0, categories = 0;

    if (checkpoint_get_count(r, "size", &size, e) == -1 ||
        checkpoint_get_real(r, "width", 1e-3, 16, &c->width, e) == -1 ||
        checkpoint_get_real(r, "leak", 0, 1, &c->leak, e) == -1 ||
        checkpoint_get_count(r, "spectral", &spectral, e) == -1 ||
        checkpoint_get_count(r, "attention", &attention, e) == -1 ||
        checkpoint_get_count(r, "mid", &m, e) == -1 ||
        checkpoint_get_count(r, "border", &b, e) == -1 ||
        (ts_meta(r, "whole") != NULL && checkpoint_get_count(r, "whole", &whole, e) == -1) ||
        (ts_meta(r, "anti_alias") != NULL &&
         checkpoint_get_count(r, "anti_alias", &anti_alias, e) == -1) ||
        (ts_meta(r, "categories") != NULL &&
         checkpoint_get_count(r, "categories", &categories, e) == -1))
        return -1;
    if (size < 32 || size > 512 || (size & (size - 1)) != 0)
        return err_set(e, "metadata size: %" PRIu64 " is not a power of two from 32 to 512", size);
    if (attention == 1)
        attention = size / 8;
    if (attention > 0 && !net_attends(size, attention))
        return err_set(e, "metadata attention: no map of %" PRIu64 " pixels", attention);
    if (m > 1 << 16 || b >= size / 2)
        return err_set(e, "metadata mid %" PRIu64 ", border %" PRIu64 ": out of range", m, b);
    if (whole > 1 || anti_alias > 1)
        return err_set(e, "metadata whole %" PRIu64 ", anti_alias %" PRIu64 ": neither 0 nor 1",
                       whole, anti_alias);
    if (ts_meta(r, "categories") != NULL && (categories < 1 || categories > NET_MAX_CATEGORIES))
        return err_set(e, "metadata categories: %" PRIu64 " is not from 1 to %d", categories,
                       NET_MAX_CATEGORIES);
    c->size = size;
    c->spectral = spectral != 0;
    c->attention = attention;
    c->whole = whole != 0;
    c->anti_alias = anti_alias != 0;
    c->categories = categories;
    *mid = m;
    *border = b;
    return 0;
}

int
generator_record_same(const struct ts_record *r, const struct net_config *c, size_t mid,
                      size_t border, struct err *e)
{
    static const char *const keys[] = {"size", "categories", "width", "mid",       "border",
                                       "leak", "spectral",   "whole", "attention", "anti_alias"};
    struct ts_record want = {0};
    int rc = generator_record_put(&want, c, mid, border, e);

    for (size_t i = 0; rc == 0 && i < sizeof(keys) / sizeof(keys[0]); i++) {
        const char *has = ts_meta_or(r, keys[i], "0"), *needs = ts_meta_or(&want, keys[i], "0");

        if (strcmp(has, needs) != 0)
            rc = err_set(e, "its network has %s %.40s, not %s", keys[i], has, needs);
    }
    ts_clear(&want);
    return rc;
}

/* ---- categories ---- */

enum { CATEGORY_KEY = 48 };

static const char *
category_key(size_t i, const char *what, char key[CATEGORY_KEY])
{
    snprintf(key, CATEGORY_KEY, "category.%zu.%s", i, what);
    return key;
}

const char *
generator_record_category(const struct ts_record *r, size_t i)
{
    char key[CATEGORY_KEY];

    return ts_meta_or(r, category_key(i, "name", key), "");
}

int
generator_record_put_category(struct ts_record *r, size_t i, const char *name, const char *label,
                              const char *lesion, struct err *e)
{
    char key[CATEGORY_KEY];

    return ts_meta_set(r, category_key(i, "name", key), name, e) == -1 ||
                   ts_meta_set(r, category_key(i, "label", key), label, e) == -1 ||
                   ts_meta_set(r, category_key(i, "lesion", key), lesion, e) == -1
               ? -1
               : 0;
}

int
generator_record_get_category(const struct ts_record *r, size_t i, const char *made[3],
                              struct err *e)
{
    static const char *const what[3] = {"name", "label", "lesion"};
    char key[CATEGORY_KEY];

    for (int k = 0; k < 3; k++)
        if ((made[k] = ts_meta(r, category_key(i, what[k], key))) == NULL)
            return err_set(e, "metadata %s is missing", key);
    if (!category_valid(made[0]))
        return err_set(e, "metadata category.%zu.name: '%.40s' is no category's name", i, made[0]);
    if (strcmp(made[1], "malignant") != 0 && strcmp(made[1], "normal") != 0)
        return err_set(e, "metadata category.%zu.label: '%.40s' is neither malignant nor normal", i,
                       made[1]);
    return 0;
}
