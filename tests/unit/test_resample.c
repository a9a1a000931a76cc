/* Resampling against Pillow 9.4.0 and, over whole planes, torch 1.13.1: tests/ref/image_ref.py. */
#include <stdint.h>
#include <string.h>

#include "../ref/image_scale.h"
#include "../tap.h"
#include "image/resample.h"

#define COUNT(a) (sizeof(a) / sizeof(*(a)))

static struct err e;

int
main(void)
{
    float src[13 * 17], out[2048], constant[13 * 17];
    uint8_t m[13 * 17], small[2048];
    double worst;

    for (size_t i = 0; i < COUNT(m); i++)
        src[i] = (float)(scale_src[i] / 1000.0);
    for (size_t i = 0; i < COUNT(m); i++)
        m[i] = src[i] > 0.5f;
    for (size_t i = 0; i < COUNT(scale); i++) {
        size_t n = scale[i].dh * scale[i].dw;
        int ok = 1;

        tap_ok(resample_bilinear(src, 13, 17, scale[i].y0, scale[i].x0, scale[i].sh, scale[i].sw,
                                 out, scale[i].dh, scale[i].dw, &e) == 0,
               "%s: resampled", scale[i].name);
        worst = 0;
        for (size_t j = 0; j < n; j++)
            worst = tap_larger(worst, fabs((double)out[j] - scale[i].want[j]));
        tap_ok(worst <= 1e-6, "%s: off by %.2g", scale[i].name, worst);

        resample_nearest_u8(m, 13, 17, scale[i].y0, scale[i].x0, scale[i].sh, scale[i].sw, small,
                            scale[i].dh, scale[i].dw);
        for (size_t j = 0; j < n; j++) {
            char c = scale[i].nearest[j / 4];

            ok &= small[j] == (((c <= '9' ? c - '0' : c - 'a' + 10) >> (3 - j % 4)) & 1);
        }
        tap_ok(ok, "%s: nearest neighbours", scale[i].name);
    }

    resample_bilinear(src, 13, 17, 0, 0, 13, 17, out, 13, 17, &e);
    tap_ok(memcmp(out, src, sizeof(src)) == 0, "the same size is the identity");
    for (size_t i = 0; i < COUNT(constant); i++)
        constant[i] = 0.7f;
    worst = 0;
    resample_bilinear(constant, 13, 17, 0.3, 1.7, 11.1, 14.2, out, 9, 23, &e);
    for (size_t i = 0; i < 9 * 23; i++)
        worst = tap_larger(worst, fabs((double)out[i] - (double)0.7f));
    tap_ok(worst <= 1e-7, "a constant stays");

    tap_ok(resample_bilinear(src, 13, 17, 0, 0, 13.1, 17, out, 4, 4, &e) == -1,
           "a window outside is refused: %s", e.text);
    tap_ok(resample_bilinear(src, 13, 17, -0.5, 0, 5, 5, out, 4, 4, &e) == -1,
           "a window that begins outside is refused");
    tap_ok(resample_bilinear(src, 13, 17, 0, NAN, 5, 5, out, 4, 4, &e) == -1,
           "a window that is not a number is refused");
    tap_ok(resample_bilinear(src, 13, 17, 0, 0, 0, 5, out, 4, 4, &e) == -1,
           "an empty window is refused");
    tap_ok(resample_bilinear(src, 13, 17, 0, 0, 5, 5, out, 0, 4, &e) == -1,
           "an empty result is refused");
    return tap_done(31);
}
