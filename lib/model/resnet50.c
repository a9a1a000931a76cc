#include "model/resnet50.h"

#include <stdio.h>

#include "nn/ops.h"

static const size_t blocks_of[RESNET_STAGES] = {0, 3, 4, 6, 3};

enum { STEM = 64, EXPANSION = 4 };

static size_t
channels(double width, size_t full)
{
    return net_filters(&(struct net_config){.width = width}, full);
}

/* ---- building ---- */

static int
add_block(struct resnet_block *b, struct params *params, struct params *stats, size_t stage,
          size_t k, size_t mid, size_t *in, struct err *e)
{
    size_t out = EXPANSION * mid, stride = k == 0 && stage > 1 ? 2 : 1;
    const size_t shape[3][4] = {{1, *in, mid, 1}, {3, mid, mid, stride}, {1, mid, out, 1}};
    char conv[40], bn[40];

    *b = (struct resnet_block){.stage = stage};
    for (int i = 0; i < 3; i++) {
        snprintf(conv, sizeof(conv), "layer%zu.%zu.conv%d", stage, k, i + 1);
        snprintf(bn, sizeof(bn), "layer%zu.%zu.bn%d", stage, k, i + 1);
        if (conv_norm_add(&b->conv[i], params, stats, conv, bn, shape[i][0], shape[i][1],
                          shape[i][2], shape[i][3], e) == -1)
            return -1;
    }
    if (k == 0) {
        snprintf(conv, sizeof(conv), "layer%zu.0.downsample.0", stage);
        snprintf(bn, sizeof(bn), "layer%zu.0.downsample.1", stage);
        if (conv_norm_add(&b->shortcut, params, stats, conv, bn, 1, *in, out, stride, e) == -1)
            return -1;
    }
    *in = out;
    return 0;
}

size_t
resnet50_add(struct resnet50 *r, struct params *params, struct params *stats, enum resnet_stem stem,
             double width, struct err *e)
{
    size_t in = channels(width, STEM), block = 0;
    int small = stem == STEM_SMALL;

    *r = (struct resnet50){.stem_kind = stem};
    if (conv_norm_add(&r->stem, params, stats, "conv1", "bn1", small ? 3 : 7, 3, in, small ? 1 : 2,
                      e) == -1)
        return 0;
    for (size_t stage = 1; stage < RESNET_STAGES; stage++) {
        r->first[stage] = params->n;
        for (size_t k = 0; k < blocks_of[stage]; k++)
            if (add_block(&r->block[block++], params, stats, stage, k,
                          channels(width, (size_t)STEM << (stage - 1)), &in, e) == -1)
                return 0;
    }
    r->first[RESNET_STAGES] = params->n;
    return in;
}

/* ---- passing through ---- */

static struct tensor *
relu(struct tape *t, struct tensor *x)
{
    return nn_leaky_relu(t, x, 0);
}

static struct tensor *
bottleneck(struct tape *t, const struct resnet_block *b, enum norm_mode mode, struct tensor *x,
           int train)
{
    struct tensor *h = x, *shortcut = x;

    for (int i = 0; i < 3; i++) {
        h = conv_norm(t, &b->conv[i], mode, h, train);
        if (i < 2)
            h = relu(t, h);
    }
    if (b->shortcut.conv.weight != NULL)
        shortcut = conv_norm(t, &b->shortcut, mode, x, train);
    return relu(t, nn_add(t, h, shortcut));
}

/* One grey channel as three, normalised as ImageNet's images are. */
static struct tensor *
as_imagenet(struct tape *t, struct tensor *image)
{
    static const double mean[3] = {0.485, 0.456, 0.406}, sd[3] = {0.229, 0.224, 0.225};
    const size_t shape[4] = {image->shape[0], image->shape[1], image->shape[2], 3};
    struct tensor *factor = tape_new(t, 1, &shape[3]), *offset = tape_new(t, 1, &shape[3]);

    for (int k = 0; k < 3; k++) {
        factor->v[k] = (real)(1 / sd[k]);
        offset->v[k] = (real)(-mean[k] / sd[k]);
    }
    return nn_col_affine(t, nn_row_fill(t, image, 4, shape), factor, offset);
}

struct tensor *
resnet50_map(struct tape *t, const struct resnet50 *r, enum norm_mode mode, size_t frozen,
             struct tensor *image, int train, struct tensor **stage_map)
{
    size_t first = tape_count(t), block = 0;
    int recording = tape_record(t, 0);
    struct tensor *h = image;

    for (size_t stage = 0; stage < RESNET_STAGES; stage++) {
        int learns = stage >= frozen;

        tape_record(t, recording && learns);
        if (stage == 0) {
            h = relu(t, conv_norm(t, &r->stem, mode, as_imagenet(t, h), train && learns));
            if (r->stem_kind == STEM_IMAGENET)
                h = nn_max_pool(t, h, 3, 2, 1);
        }
        for (; block < RESNET_BLOCKS && r->block[block].stage == stage; block++) {
            h = bottleneck(t, &r->block[block], mode, h, train && learns);
            if (!(recording && learns) && stage_map == NULL)
                tape_forget(t, first, h);
        }
        if (stage_map != NULL)
            stage_map[stage] = h;
    }
    tape_record(t, recording);
    return h;
}
