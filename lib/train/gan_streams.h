/*
 * gan_streams - which stream gan-train reads as what: lesions, benign lesions and normal tissue, of
 * one model or of each category of a conditional one.
 */
#ifndef MP_TRAIN_GAN_STREAMS_H
#define MP_TRAIN_GAN_STREAMS_H

#include "train/gan_run.h"

enum { STREAM_LESION, STREAM_BENIGN, STREAM_NORMAL, STREAMS };

struct gan_streams {
    struct {
        char name[CATEGORY_NAME + 1];
        const char *file[STREAMS]; /* borrowed; NULL: none */
        int remove;                /* 1: lesions are the input, normal tissue the target */
    } category[NET_MAX_CATEGORIES];
    size_t n; /* 0: streams have no names, and belong to category[0] */
};

/*
 * Takes in one FILE or NAME=FILE of a kind of stream; all must have names, or none.  Lesions come
 * first: they bring the categories in.  Without names the last counts.  Reasons in e begin with the
 * option's name, as here --lesion, --benign, --normal, --remove, --removes.
 */
int gan_streams_add(struct gan_streams *s, int stream, const char *text, struct err *e);

/* Exchanges the roles of a category, or of all there is (NULL). */
int gan_streams_remove(struct gan_streams *s, const char *name, struct err *e);

/* Whether nothing is missing, and standard input is read once at most. */
int gan_streams_check(const struct gan_streams *s, struct err *e);

/* Opens all of them as feeds of r. */
int gan_streams_open(const struct gan_streams *s, struct gan_run *r, struct err *e);

#endif
