#include "model/classifier.h"

#include <stdio.h>

#include "nn/ops.h"

int
classifier_init(struct classifier *c, const struct net_config *config, uint64_t seed, struct err *e)
{
    size_t in = 1;

    *c = (struct classifier){.config = *config, .params = {.limit = config->limit}};
    c->blocks = net_blocks(config);
    for (size_t i = 0; i < c->blocks; i++) {
        size_t out = net_filters(config, (size_t)16 << i);
        char name[32];

        snprintf(name, sizeof(name), "block.%zu", i);
        if (conv_layer_add(&c->block[i], &c->params, name, 3, in, out, 1, 1, 1, config->spectral,
                           seed, e) == -1)
            goto fail;
        in = out;
    }
    if (conv_layer_add(&c->logits, &c->params, "logits", 4, in, 2, 1, 0, 1, 0, seed, e) == -1)
        goto fail;
    return 0;
fail:
    classifier_free(c);
    return -1;
}

void
classifier_free(struct classifier *c)
{
    params_free(&c->params);
}

struct tensor *
classifier_forward(struct tape *t, const struct classifier *c, struct tensor *image)
{
    const size_t flat[2] = {image->shape[0], 2};
    struct tensor *h = image;

    for (size_t i = 0; i < c->blocks; i++) {
        h = nn_max_pool2(t, conv_layer(t, &c->block[i], h));
        h = nn_leaky_relu(t, h, c->config.leak);
    }
    return nn_reshape(t, conv_layer(t, &c->logits, h), 2, flat);
}
