#include "base/jsonl.h"

#include <inttypes.h>
#include <math.h>

int
jsonl_open(struct jsonl *l, const char *path, int append, struct err *e)
{
    *l = (struct jsonl){.path = path};
    if (path == NULL)
        return 0;
    l->file = fopen(path, append ? "a" : "w");
    if (l->file == NULL)
        return err_sys(e, "%s", path);
    return 0;
}

void
jsonl_quote(FILE *f, const char *s)
{
    fputc('"', f);
    for (; *s; s++) {
        unsigned char c = (unsigned char)*s;

        if (c == '"' || c == '\\')
            fprintf(f, "\\%c", c);
        else if (c == '\n')
            fputs("\\n", f);
        else if (c < 0x20 || c == 0x7f)
            fprintf(f, "\\u%04x", c);
        else
            fputc(c, f);
    }
    fputc('"', f);
}

void
jsonl_begin(struct jsonl *l)
{
    l->fields = 0;
    if (l->file)
        fputc('{', l->file);
}

static void
key_of(struct jsonl *l, const char *key)
{
    if (l->fields++)
        fputs(", ", l->file);
    jsonl_quote(l->file, key);
    fputs(": ", l->file);
}

void
jsonl_text(struct jsonl *l, const char *key, const char *value)
{
    if (!l->file)
        return;
    key_of(l, key);
    jsonl_quote(l->file, value);
}

void
jsonl_int(struct jsonl *l, const char *key, int64_t value)
{
    if (!l->file)
        return;
    key_of(l, key);
    fprintf(l->file, "%" PRId64, value);
}

void
jsonl_real(struct jsonl *l, const char *key, double value)
{
    if (!l->file)
        return;
    key_of(l, key);
    if (isfinite(value))
        fprintf(l->file, "%.9g", value);
    else
        fputs("null", l->file);
}

int
jsonl_end(struct jsonl *l, struct err *e)
{
    if (!l->file)
        return 0;
    fputs("}\n", l->file);
    if (fflush(l->file) != 0 || ferror(l->file))
        return err_sys(e, "%s", l->path);
    return 0;
}

int
jsonl_close(struct jsonl *l, struct err *e)
{
    FILE *f = l->file;

    l->file = NULL;
    if (f != NULL && fclose(f) != 0)
        return err_sys(e, "%s", l->path);
    return 0;
}
