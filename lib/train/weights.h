/*
 * weights - ResNet-50's parameters and statistics as torchvision names and lays them out.
 *
 * Our own checkpoints are in this form too, so that PyTorch loads them as they are, and every file
 * that is read takes one way.
 */
#ifndef MP_TRAIN_WEIGHTS_H
#define MP_TRAIN_WEIGHTS_H

#include "model/resnet50.h"
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

/* The width of the ResNet-50 in a record, 1 where conv1 has 64 channels.  -1 if there is none. */
int weights_width(const struct ts_record *r, double *width, struct err *e);

/*
 * Parameters and statistics from a record into a network of its width.  Names may stand behind a
 * prefix ("module.", "model.").  A last layer for other classes is left out, as are tensors that no
 * ResNet-50 has; the report says so.  *head is set to 1 if the last layer was taken over.  Anything
 * else that is missing, of another shape or not finite is an error.
 */
int weights_get(const struct ts_record *r, struct resnet50 *net, int *head,
                struct weights_report *report, struct err *e);

/* All 320 tensors, F32, convolutions as [out][in][h][w]. */
int weights_put(struct ts_record *r, const struct resnet50 *net, struct err *e);

#endif
