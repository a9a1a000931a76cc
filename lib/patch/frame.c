#include "patch/frame.h"

#include "base/number.h"
#include "image/image.h"
#include "patch/augment.h"

/* A whole number from `least` to `most`, digits and nothing else. */
static int
whole_number(const struct ts_record *r, const char *key, const char *fallback, size_t least,
             size_t most, size_t *out, struct err *e)
{
    const char *s = ts_meta_or(r, key, fallback);

    if (number_list(s, 1, most, out) == -1 || *out < least)
        return err_set(e, "%s '%.32s' is not a whole number from %zu to %zu", key, s, least, most);
    return 0;
}

int
frame_read(struct frame *f, const struct ts_record *r, size_t side, struct err *e)
{
    struct augment_change c;
    size_t x, y, window, margin;

    if (whole_number(r, "x", "", 0, IMAGE_MAX_SIDE, &x, e) == -1 ||
        whole_number(r, "y", "", 0, IMAGE_MAX_SIDE, &y, e) == -1 ||
        whole_number(r, "window", "", 1, IMAGE_MAX_SIDE, &window, e) == -1 ||
        whole_number(r, "margin", "0", 0, (side - 1) / 2, &margin, e) == -1 ||
        augment_recorded(r, &c, e) == -1)
        return -1;
    /* Resizing keeps the centre of the window, and a margin lies evenly round it. */
    f->side = (double)(side * window) / ((double)(side - 2 * margin) * c.scale);
    f->x = (double)x + ((double)window - f->side) / 2;
    f->y = (double)y + ((double)window - f->side) / 2;
    f->pixel = f->side / (double)side;
    return 0;
}
