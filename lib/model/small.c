#include "model/small.h"

#include <stdio.h>

#include "nn/ops.h"

/* Filters of each layer, and whether a max-pool comes behind it. */
static const struct {
    size_t filters;
    int pool;
} layers[SMALL_LAYERS] = {{16, 1}, {32, 0}, {32, 1}, {48, 0}, {48, 1}, {64, 0}, {64, 0}};

size_t
small_add(struct small *s, struct params *params, struct params *stats, double width, struct err *e)
{
    size_t in = 1;

    for (size_t i = 0; i < SMALL_LAYERS; i++) {
        size_t out = net_filters(&(struct net_config){.width = width}, layers[i].filters);
        char conv[16], bn[16];

        snprintf(conv, sizeof(conv), "conv%zu", i + 1);
        snprintf(bn, sizeof(bn), "bn%zu", i + 1);
        if (conv_norm_add(&s->layer[i], params, stats, conv, bn, 3, in, out, 1, e) == -1)
            return 0;
        in = out;
    }
    return in;
}

struct tensor *
small_map(struct tape *t, const struct small *s, enum norm_mode mode, struct tensor *image,
          int train, struct tensor **stage)
{
    size_t first = tape_count(t);
    int recording = tape_record(t, 0);
    struct tensor *h;

    tape_record(t, recording);
    h = nn_affine(t, image, 4, -2); /* about mean 0 and deviation 1 */
    for (size_t i = 0; i < SMALL_LAYERS; i++) {
        h = nn_leaky_relu(t, conv_norm(t, &s->layer[i], mode, h, train), 0);
        if (stage != NULL && (layers[i].pool || i == SMALL_LAYERS - 1))
            *stage++ = h;
        if (layers[i].pool)
            h = nn_max_pool2(t, h);
        if (!recording && stage == NULL)
            tape_forget(t, first, h);
    }
    return h;
}
