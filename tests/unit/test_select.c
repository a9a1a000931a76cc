/* Tests of metadata. */
#include <string.h>

#include "stream/select.h"
#include "tap.h"

static const struct {
    const char *test;
    int holds;
} cases[] = {
    {"label=malignant", 1},
    {"label=malign", 0},
    {"label=", 0},
    {"label!=benign", 1},
    {"label!=malignant", 0},
    {"none=", 1},
    {"none!=", 0},
    {"none!=1", 1},
    {"none=1", 0},
    {"label~^mal", 1},
    {"label~(b|g)n", 1},
    {"label~^ali", 0},
    {"none~^$", 1},
    {"none~.", 0},
    {"label~", 1},
    {"x<20", 1},
    {"x<10", 0},
    {"x<=10", 1},
    {"x<=9.99", 0},
    {"x>9", 1},
    {"x>10", 0},
    {"x>=10", 1},
    {"x>=1e1", 1},
    {"x>=10.5", 0},
    {"x>-1e300", 1},
    {"label>0", 0},
    {"label<=0", 0},
    {"none<1", 0},
    {"none>=0", 0},
    {"nan>0", 0},
    {"nan<=0", 0},
    {"inf>0", 0},
    {"blank>0", 0},
    {"half>0", 0},
    {"eq==b", 1},
    {"eq=b", 0},
    {"ne=a!=b", 1},
    {"ne~!", 1},
    {"x=10", 1},
    {"x=10.0", 0},
    {"neg<-2", 1},
    {"text=a b", 1},
    {"gt=>5", 1},
};

static const char *const bad[] = {"",    "label", "=x",    "!=x",   "~x",    "<1",
                                  "x<",  "x<a",   "x>=1x", "x<nan", "x>inf", "x< 1",
                                  "x~[", "x~(",   "x~a{2", "x!",    "x!y"};

int
main(void)
{
    struct ts_record rec = {0};
    struct err e;
    static const char *const meta[][2] = {
        {"label", "malignant"}, {"x", "10"},     {"nan", "nan"}, {"inf", "inf"},
        {"blank", " 1"},        {"half", "1/2"}, {"eq", "=b"},   {"ne", "a!=b"},
        {"neg", "-2.5"},        {"text", "a b"}, {"gt", ">5"},
    };

    for (size_t i = 0; i < sizeof(meta) / sizeof(meta[0]); i++)
        ts_meta_set(&rec, meta[i][0], meta[i][1], &e);
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        struct ts_test *t = ts_test_parse(cases[i].test, &e);

        tap_ok(t != NULL && ts_test_holds(t, &rec, &e) == cases[i].holds, "%s is %d", cases[i].test,
               cases[i].holds);
        ts_test_free(t);
    }
    for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
        struct ts_test *t = ts_test_parse(bad[i], &e);

        tap_ok(t == NULL && strchr(e.text, '\n') == NULL, "'%s' is refused", bad[i]);
        ts_test_free(t);
    }
    ts_test_free(NULL);
    ts_clear(&rec);
    return tap_done(60);
}
