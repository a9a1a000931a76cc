/* NAME=FILE, and what is a name. */
#include <string.h>

#include "../tap.h"
#include "train/category.h"

#define COUNT(a) (sizeof(a) / sizeof(*(a)))
#define LETTERS "abcdefghijklmnopqrstuvwxyz-01234" /* 32 */

int
main(void)
{
    static const char *const cases[][3] = {
        {"mass=a.sts", "mass", "a.sts"},
        {"mass=-", "mass", "-"},
        {"2-x=b/a=c.sts", "2-x", "b/a=c.sts"},
        {"mass=", "mass", ""},
        {"a.sts", "", "a.sts"},
        {"-", "", "-"},
        {"", "", ""},
        {"=a", "", "=a"},
        {"./mass=a", "", "./mass=a"},
        {"Mass=a", "", "Mass=a"},
        {"a b=c", "", "a b=c"},
        {"a.sts=b", "", "a.sts=b"},
        {LETTERS "=a", LETTERS, "a"},
        {LETTERS "5=a", "", LETTERS "5=a"},
    };
    static const char *const bad[] = {"", "Mass", "a b", "a.b", "a\n", "\xc3\xa4", LETTERS "5"};

    for (size_t i = 0; i < COUNT(cases); i++) {
        char name[CATEGORY_NAME + 1];
        const char *file = category_split(cases[i][0], name);

        tap_ok(strcmp(name, cases[i][1]) == 0 && strcmp(file, cases[i][2]) == 0,
               "'%s' is category '%s', file '%s'", cases[i][0], name, file);
    }
    tap_ok(category_valid("mass") && category_valid("2-x") && category_valid(LETTERS), "names");
    for (size_t i = 0; i < COUNT(bad); i++)
        tap_ok(!category_valid(bad[i]), "no name: %zu letters", strlen(bad[i]));
    return tap_done(22);
}
