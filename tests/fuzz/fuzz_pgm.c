/*
 * Any bytes as a PGM: refused with a reason and nothing kept, or an image whose grey levels are
 * inside its range and whose size is the one found in the header alone.
 */
#include <stdint.h>
#include <stdlib.h>

#include "image/codec.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct err e = {.text = ""};
    struct image im;
    size_t h = 0, w = 0;
    int rc;

    /* image_read() goes by the first two bytes. */
    if (size < 2)
        return 0;
    rc = size_pgm(data, size, &h, &w, &e);
    if (decode_pgm(data, size, &im, &e) == -1) {
        if (e.text[0] == '\0' || im.px != NULL)
            abort();
        return 0;
    }
    if (rc != 0 || h != im.h || w != im.w || (im.max != 255 && im.max != 65535))
        abort();
    for (size_t i = 0; i < h * w; i++)
        if (im.px[i] > im.max)
            abort();
    image_free(&im);
    return 0;
}
