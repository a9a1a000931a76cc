#include "base/names.h"

#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "base/rng.h"

/* The slot of a name: its own, or the free one for it. */
static size_t
slot_of(const struct names *t, const uint32_t *slot, size_t slots, const char *name)
{
    size_t k = (size_t)rng_hash(name, strlen(name)) & (slots - 1);

    while (slot[k] != 0 && strcmp(names_text(t, slot[k] - 1), name) != 0)
        k = (k + 1) & (slots - 1);
    return k;
}

/* Keeps the hash table at most half full with one name more. */
static int
make_room(struct names *t, struct err *e)
{
    size_t more = t->slots == 0 ? 1024 : t->slots;
    uint32_t *wider;

    while (more < 2 * (t->n + 1))
        more *= 2;
    if (more == t->slots)
        return 0;
    if ((wider = mem_array(more, sizeof(*wider), e)) == NULL)
        return -1;
    for (uint32_t i = 0; i < t->n; i++)
        wider[slot_of(t, wider, more, names_text(t, i))] = i + 1;
    free(t->slot);
    t->slot = wider;
    t->slots = more;
    return 0;
}

int
names_number(struct names *t, const char *name, uint32_t *number, struct err *e)
{
    size_t length = strlen(name) + 1, k;

    if (make_room(t, e) == -1)
        return -1;
    k = slot_of(t, t->slot, t->slots, name);
    if (t->slot[k] == 0) {
        if (MEM_GROW(t->text, t->cap_text, t->used + length, e) == -1 ||
            MEM_GROW(t->at, t->cap_at, t->n + 1, e) == -1)
            return -1;
        memcpy(t->text + t->used, name, length);
        t->at[t->n] = t->used;
        t->used += length;
        t->slot[k] = (uint32_t)++t->n;
    }
    *number = t->slot[k] - 1;
    return 0;
}

int
names_find(const struct names *t, const char *name, uint32_t *number)
{
    uint32_t there = t->n > 0 ? t->slot[slot_of(t, t->slot, t->slots, name)] : 0;

    if (there == 0)
        return 0;
    *number = there - 1;
    return 1;
}

const char *
names_text(const struct names *t, uint32_t number)
{
    return t->text + t->at[number];
}

void
names_free(struct names *t)
{
    free(t->text);
    free(t->at);
    free(t->slot);
    *t = (struct names){0};
}
