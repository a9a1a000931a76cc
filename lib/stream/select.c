#include "stream/select.h"

#include <ctype.h>
#include <errno.h>
#include <math.h>
#include <regex.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "base/number.h"

enum op { OP_EQ, OP_NE, OP_MATCH, OP_LE, OP_GE, OP_LT, OP_GT };

/* Longer ones first, so that "<=" is not read as "<". */
static const struct {
    const char *sign;
    enum op op;
} ops[] = {{"!=", OP_NE},   {"<=", OP_LE}, {">=", OP_GE}, {"=", OP_EQ},
           {"~", OP_MATCH}, {"<", OP_LT},  {">", OP_GT}};

struct ts_test {
    char *key, *text;
    enum op op;
    double number; /* of the four that compare numbers */
    int compiled;
    regex_t regex;
};

/* The whole text as a finite number.  Returns 0 or -1. */
static int
to_number(const char *s, double *out)
{
    return number_real(s, out) == 0 && isfinite(*out) ? 0 : -1;
}

static int
parse_right(struct ts_test *t, const char *text, struct err *e)
{
    char why[128];
    int rc;

    if (t->op == OP_MATCH) {
        rc = regcomp(&t->regex, t->text, REG_EXTENDED | REG_NOSUB);
        if (rc != 0) {
            regerror(rc, &t->regex, why, sizeof(why));
            errno = rc == REG_ESPACE ? ENOMEM : 0;
            return err_set(e, "'%s': %s", text, why);
        }
        t->compiled = 1;
    } else if (t->op != OP_EQ && t->op != OP_NE && to_number(t->text, &t->number) == -1) {
        return err_set(e, "'%s': '%s' is not a number", text, t->text);
    }
    return 0;
}

struct ts_test *
ts_test_parse(const char *text, struct err *e)
{
    size_t n = strcspn(text, "=!~<>");
    struct ts_test *t;

    errno = 0;
    for (size_t i = 0; i < sizeof(ops) / sizeof(ops[0]); i++) {
        size_t sign = strlen(ops[i].sign);

        if (n == 0 || strncmp(text + n, ops[i].sign, sign) != 0)
            continue;
        t = mem_array(1, sizeof(*t), e);
        if (t == NULL)
            return NULL;
        t->op = ops[i].op;
        t->key = mem_printf(e, "%.*s", (int)n, text);
        t->text = mem_string(text + n + sign, e);
        if (t->key == NULL || t->text == NULL || parse_right(t, text, e) == -1) {
            int saved = errno;

            ts_test_free(t);
            errno = saved;
            return NULL;
        }
        return t;
    }
    err_set(e, "'%s' is no test; write key=text, key!=text, key~regex, key<number ...", text);
    return NULL;
}

int
ts_test_holds(const struct ts_test *t, const struct ts_record *rec, struct err *e)
{
    const char *value = ts_meta_or(rec, t->key, "");
    double v;
    int rc;

    if (t->op == OP_EQ)
        return strcmp(value, t->text) == 0;
    if (t->op == OP_NE)
        return strcmp(value, t->text) != 0;
    if (t->op == OP_MATCH) {
        /* glibc's says REG_NOMATCH when it has no memory to match with. */
        errno = 0;
        rc = regexec(&t->regex, value, 0, NULL, 0);
        if (rc != 0 && (rc != REG_NOMATCH || errno == ENOMEM))
            return err_set(e, "matching '%s' with metadata '%s': out of memory", t->text, t->key);
        return rc == 0;
    }
    if (to_number(value, &v) == -1)
        return 0;
    switch (t->op) {
    case OP_LT:
        return v < t->number;
    case OP_LE:
        return v <= t->number;
    case OP_GT:
        return v > t->number;
    default:
        return v >= t->number;
    }
}

void
ts_test_free(struct ts_test *t)
{
    if (t == NULL)
        return;
    if (t->compiled)
        regfree(&t->regex);
    free(t->key);
    free(t->text);
    free(t);
}
