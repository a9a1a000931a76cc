/* number: what is a number and what is none. */
#include <math.h>
#include <string.h>

#include "base/number.h"
#include "tap.h"

int
main(void)
{
    static const char *const no_whole[] = {"", " 1", "1 ", "+1", "-1", "1.0", "0x1", "1e1", "101"};
    static const char *const no_list[] = {"1,2", "1,2,3,4", "1,,3", "1,2,", "1,2,101", "a,2,3"};
    static const char *const no_real[] = {"", " 1", "1 ", "1,5", "one"};
    size_t list[3] = {7, 7, 7}, bad = 0;
    uint64_t v = 7;
    double x = 7;

    for (size_t i = 0; i < sizeof(no_whole) / sizeof(no_whole[0]); i++)
        bad += number_whole(no_whole[i], 100, &v) != -1;
    tap_ok(bad == 0 && v == 7, "no whole numbers up to 100, and nothing is written");
    tap_ok(number_whole("100", 100, &v) == 0 && v == 100, "the largest");
    tap_ok(number_whole("000", 0, &v) == 0 && v == 0, "zeros in front");
    tap_ok(number_whole("18446744073709551615", UINT64_MAX, &v) == 0 && v == UINT64_MAX,
           "64 bits are full");
    tap_ok(number_whole("18446744073709551616", UINT64_MAX, &v) == -1, "and no more");
    tap_ok(number_whole("9", 8, &v) == -1, "one digit that is too large");
    for (size_t i = 0; i < sizeof(no_list) / sizeof(no_list[0]); i++)
        bad += number_list(no_list[i], 3, 100, list) != -1;
    tap_ok(bad == 0, "no lists of three");
    tap_ok(number_list("1,20,100", 3, 100, list) == 0 && list[0] == 1 && list[1] == 20 &&
               list[2] == 100,
           "a list");
    for (size_t i = 0; i < sizeof(no_real) / sizeof(no_real[0]); i++)
        bad += number_real(no_real[i], &x) != -1;
    tap_ok(bad == 0 && x == 7, "no numbers");
    tap_ok(number_real("-2.5e-1", &x) == 0 && x == -0.25, "a number");
    tap_ok(number_real("inf", &x) == 0 && isinf(x), "an infinite one is for the caller to refuse");
    return tap_done(11);
}
