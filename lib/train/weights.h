/*
 * weights - a classifier's parameters and statistics as torchvision names and lays them out.
 *
 * Our own checkpoints are in this form too, so that PyTorch loads them as they are, and every file
 * that is read takes one way.
 */
#ifndef MP_TRAIN_WEIGHTS_H
#define MP_TRAIN_WEIGHTS_H

#include "model/classifier.h"
#include "stream/record.h"

/*
 * A file of weights as a record of named tensors: .safetensors (torchvision's, timm's, ours), or
 * .pth as torch.save() writes it since 1.6.  The reason in e names the path.
 */
int weights_load(const char *path, struct ts_record *r, struct err *e);

/* What was not taken over, in words; empty if all was. */
struct weights_report {
    char text[512];
};

/* The words of these in options, logs and metadata. */
const char *weights_net_word(enum classifier_net net);
const char *weights_stem_word(enum resnet_stem stem);
const char *weights_bn_word(enum norm_mode bn);

/* 1 for what resnet-train wrote as its result. */
int weights_own(const struct ts_record *r);

/*
 * Which network a record holds: net, stem, width (1 where conv1 has 64 channels, or as its metadata
 * say), how many numbers it may have, for a file that promises a wide network must hold it; and of
 * resnet-train's own, bn.  -1 with the reason in e.
 */
int weights_config(const struct ts_record *r, struct classifier_config *c, struct err *e);

/*
 * Parameters and statistics from a record into a network of its width.  Names may stand behind a
 * prefix ("module.", "model.").  A last layer for other classes is left out, as are tensors that
 * the network has not; the report says so.  *head is set to 1 if the last layer was taken over.
 * Anything else that is missing, of another shape or not finite is an error.
 */
int weights_get(const struct ts_record *r, struct classifier *net, int *head,
                struct weights_report *report, struct err *e);

/* All tensors (ResNet-50 has 320), F32, convolutions as [out][in][h][w]. */
int weights_put(struct ts_record *r, const struct classifier *net, struct err *e);

#endif
