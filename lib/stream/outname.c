#include "stream/outname.h"

#include <stdlib.h>
#include <string.h>

#include "base/mem.h"

char *
outname_of(const char *image, const char *ending, struct err *e)
{
    const char *last, *dot;
    char *name;
    size_t n;

    while (image[0] == '/' || strncmp(image, "./", 2) == 0 || strncmp(image, "../", 3) == 0)
        image = strchr(image, '/') + 1;
    last = image;
    for (const char *c = image; *c; c++)
        if (*c == '/' || *c == ':')
            last = c + 1;
    dot = strrchr(last, '.');
    n = dot ? (size_t)(dot - image) : strlen(image);
    name = mem_printf(e, "%.*s%s", (int)n, image, ending);
    for (char *c = name; c != NULL && *c; c++)
        if (*c == '/' || *c == ':')
            *c = '_';
    return name;
}

static int
by_text(const void *a, const void *b)
{
    const char *const *p = *(const char *const *const *)a;
    const char *const *q = *(const char *const *const *)b;
    int order = strcmp(*p, *q);

    /* Places in the array break ties, so that the first clash is always the same. */
    return order ? order : (p > q) - (p < q);
}

int
outname_clash(char *const *name, size_t n, size_t *a, size_t *b, struct err *e)
{
    char *const **sorted = mem_array(n, sizeof(*sorted), e);
    size_t m = 0;
    int found = 0;

    if (sorted == NULL)
        return -1;
    for (size_t i = 0; i < n; i++)
        if (name[i] != NULL)
            sorted[m++] = &name[i];
    qsort(sorted, m, sizeof(*sorted), by_text);
    for (size_t i = 1; i < m && !found; i++)
        if (strcmp(*sorted[i - 1], *sorted[i]) == 0) {
            *a = (size_t)(sorted[i - 1] - name);
            *b = (size_t)(sorted[i] - name);
            found = 1;
        }
    free(sorted);
    return found;
}

char *
outname_folder(const char *root, const char *out, struct err *e)
{
    char *full = realpath(out, NULL), *top, *name;
    size_t n;

    if (full == NULL) {
        err_sys(e, "%s", out);
        return NULL;
    }
    top = realpath(root, NULL);
    n = top ? strlen(top) : 0;
    if (n > 1 && strncmp(full, top, n) == 0 && full[n] == '/')
        name = mem_printf(e, "%s/", full + n + 1);
    else if (n > 1 && strcmp(full, top) == 0)
        name = mem_string("", e);
    else
        name = mem_printf(e, "%s%s", full, full[1] ? "/" : "");
    free(full);
    free(top);
    return name;
}

int
outname_is(const char *out, const char *name, const char *path, struct err *e)
{
    const char *slash = strrchr(path, '/');
    char *folder, *there, *here;
    int same;

    if (strcmp(slash ? slash + 1 : path, name) != 0)
        return 0;
    folder = slash ? mem_printf(e, "%.*s/", (int)(slash - path), path) : mem_string(".", e);
    if (folder == NULL)
        return -1;
    there = realpath(folder, NULL);
    here = realpath(out, NULL);
    same = there != NULL && here != NULL && strcmp(there, here) == 0;
    free(folder);
    free(there);
    free(here);
    return same;
}

static int
ends_with(const char *text, const char *end)
{
    size_t n = strlen(text), m = strlen(end);

    return n >= m && strcmp(text + n - m, end) == 0;
}

int
outname_check(const char *out, const char *name, const struct manifest *m, int tissue,
              struct err *e)
{
    int rc = 0;

    for (size_t i = 0; i < 3 * m->n && rc == 0; i++) {
        const struct finding *f = &m->row[i / 3];
        const char *file = i % 3 == 0 ? f->image : i % 3 == 1 ? f->mask : f->tissue;
        char *path;

        if (!ends_with(file, name) || (i % 3 == 2 && !tissue))
            continue;
        path = manifest_path(m, file, e);
        rc = path ? outname_is(out, name, path, e) : -1;
        free(path);
    }
    if (rc == 1)
        return err_set(e, "%s/%s is a file of the manifest: choose another folder", out, name);
    return rc;
}
