#include "patch/footprint.h"

#include "base/number.h"
#include "image/image.h"

struct change
change_then(const struct change *a, const struct change *b)
{
    /* Rotating by r and then flipping is flipping and then rotating by -r. */
    int turned = b->flip ? 360 - a->rotate : a->rotate;

    return (struct change){.scale = a->scale * b->scale,
                           .rotate = (turned + b->rotate) % 360,
                           .flip = a->flip != b->flip};
}

struct change
change_undo(const struct change *c)
{
    return (struct change){
        .scale = 1, .rotate = c->flip ? c->rotate : (360 - c->rotate) % 360, .flip = c->flip};
}

static int
read_change(const struct ts_record *r, struct change *c, struct err *e)
{
    const char *scale = ts_meta_or(r, "scale", "1"), *rotate = ts_meta_or(r, "rotate", "0");
    const char *flip = ts_meta_or(r, "flip", "0");
    size_t degrees, flipped;

    if (number_real(scale, &c->scale) == -1 ||
        !(c->scale >= CHANGE_MIN_SCALE && c->scale <= CHANGE_MAX_SCALE))
        return err_set(e, "scale '%.32s' is not a number from %g to %d", scale, CHANGE_MIN_SCALE,
                       CHANGE_MAX_SCALE);
    if (number_list(rotate, 1, 270, &degrees) == -1 || degrees % 90 != 0)
        return err_set(e, "rotate '%.32s' is not 0, 90, 180 or 270", rotate);
    if (number_list(flip, 1, 1, &flipped) == -1)
        return err_set(e, "flip '%.32s' is not 0 or 1", flip);
    c->rotate = (int)degrees;
    c->flip = (int)flipped;
    return 0;
}

int
footprint_read(struct footprint *f, const struct ts_record *r, struct err *e)
{
    const struct {
        const char *key;
        size_t least, *to;
    } number[] = {
        {"x", 0, &f->x}, {"y", 0, &f->y}, {"window", 1, &f->window}, {"margin", 0, &f->margin}};

    *f = (struct footprint){.placed = ts_meta(r, "x") && ts_meta(r, "y") && ts_meta(r, "window")};
    for (size_t i = f->placed ? 0 : 3; i < 4; i++) {
        const char *s = ts_meta_or(r, number[i].key, "0");

        if (number_list(s, 1, IMAGE_MAX_SIDE, number[i].to) == -1 ||
            *number[i].to < number[i].least)
            return err_set(e, "%s '%.32s' is not a whole number from %zu to %d", number[i].key, s,
                           number[i].least, IMAGE_MAX_SIDE);
    }
    return read_change(r, &f->change, e);
}

int
footprint_write(const struct footprint *f, struct ts_record *r, struct err *e)
{
    if (f->placed &&
        (ts_meta_setf(r, "x", e, "%zu", f->x) == -1 || ts_meta_setf(r, "y", e, "%zu", f->y) == -1 ||
         ts_meta_setf(r, "window", e, "%zu", f->window) == -1))
        return -1;
    return ts_meta_setf(r, "margin", e, "%zu", f->margin) == -1 ||
                   ts_meta_setf(r, "scale", e, "%.9g", f->change.scale) == -1 ||
                   ts_meta_setf(r, "rotate", e, "%d", f->change.rotate) == -1 ||
                   ts_meta_setf(r, "flip", e, "%d", f->change.flip) == -1
               ? -1
               : 0;
}

int
footprint_square(const struct ts_record *r, size_t side, struct footprint_square *s, struct err *e)
{
    struct footprint f;

    if (footprint_read(&f, r, e) == -1)
        return -1;
    if (!f.placed)
        return err_set(e, "does not say where on its image it is (metadata x, y, window)");
    if (2 * f.margin >= side)
        return err_set(e, "margin %zu does not fit an image of %zu pixels", f.margin, side);
    s->side = (double)(side * f.window) / ((double)(side - 2 * f.margin) * f.change.scale);
    s->x = (double)f.x + ((double)f.window - s->side) / 2;
    s->y = (double)f.y + ((double)f.window - s->side) / 2;
    s->pixel = s->side / (double)side;
    return 0;
}
