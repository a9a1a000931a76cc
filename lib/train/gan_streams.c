#include "train/gan_streams.h"

#include <stdio.h>
#include <string.h>

static const char *const option[STREAMS] = {"lesion", "benign", "normal"};

/* Its number, or n. */
static size_t
find(const struct gan_streams *s, const char *name)
{
    size_t i = 0;

    while (i < s->n && strcmp(s->category[i].name, name) != 0)
        i++;
    return i;
}

int
gan_streams_add(struct gan_streams *s, int stream, const char *text, struct err *e)
{
    char name[CATEGORY_NAME + 1];
    const char *file = category_split(text, name);
    int first = stream == STREAM_LESION && s->category[0].file[STREAM_LESION] == NULL;
    size_t i;

    if (!first && (name[0] != '\0') != (s->n > 0))
        return err_set(e, "--%s: '%s': either all streams are NAME=FILE or none is", option[stream],
                       text);
    if (name[0] == '\0') {
        s->category[0].file[stream] = file;
        return 0;
    }
    i = find(s, name);
    if (i == s->n && stream != STREAM_LESION)
        return err_set(e, "--%s: no --lesion of category '%s'", option[stream], name);
    if (i == NET_MAX_CATEGORIES)
        return err_set(e, "--%s: more than %d categories", option[stream], NET_MAX_CATEGORIES);
    if (i < s->n && s->category[i].file[stream] != NULL)
        return err_set(e, "--%s: category '%s' is given twice", option[stream], name);
    if (i == s->n)
        snprintf(s->category[s->n++].name, sizeof(name), "%s", name);
    s->category[i].file[stream] = file;
    return 0;
}

int
gan_streams_remove(struct gan_streams *s, const char *name, struct err *e)
{
    size_t i = name != NULL ? find(s, name) : 0;

    if (name == NULL && s->n > 0)
        return err_set(e, "--remove: streams have categories; --removes names those to remove");
    if (name != NULL && i == s->n)
        return err_set(e, "--removes: no --lesion of category '%s'", name);
    s->category[i].remove = 1;
    return 0;
}

int
gan_streams_check(const struct gan_streams *s, struct err *e)
{
    size_t n_stdin = 0;

    for (size_t i = 0; i < s->n; i++)
        if (s->category[i].file[STREAM_NORMAL] == NULL)
            return err_set(e, "--normal: none of category '%s'", s->category[i].name);
    for (size_t i = 0; i < NET_MAX_CATEGORIES; i++)
        for (int k = 0; k < STREAMS; k++)
            n_stdin += s->category[i].file[k] != NULL && strcmp(s->category[i].file[k], "-") == 0;
    return n_stdin > 1 ? err_set(e, "only one stream can be standard input") : 0;
}

int
gan_streams_open(const struct gan_streams *s, struct gan_run *r, struct err *e)
{
    for (size_t i = 0; i == 0 || i < s->n; i++) {
        const char *const *file = s->category[i].file;
        struct gan_category *to = &r->category[i];
        struct feed *lesion = &to->feed[s->category[i].remove ? GAN_INPUT : GAN_TARGET];
        struct feed *normal = &to->feed[s->category[i].remove ? GAN_TARGET : GAN_INPUT];

        memcpy(to->name, s->category[i].name, sizeof(to->name));
        to->remove = s->category[i].remove;
        if (feed_open(lesion, file[STREAM_LESION], FEED_LESIONS, e) == -1 ||
            feed_open(normal, file[STREAM_NORMAL], FEED_NORMAL, e) == -1 ||
            (file[STREAM_BENIGN] != NULL &&
             feed_open(&to->feed[GAN_BENIGN], file[STREAM_BENIGN], FEED_LESIONS, e) == -1))
            return -1;
    }
    return 0;
}
