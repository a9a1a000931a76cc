/*
 * Any bytes as a manifest: refused with a reason, or read; and what was read is written and read
 * back as the same table.
 */
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "stream/manifest.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* The bytes as a file that only its descriptor reaches, so nothing is left behind. */
static int
read_bytes(const void *bytes, size_t n, struct manifest *m, struct err *e)
{
    char path[32];
    FILE *f = tmpfile();
    int rc;

    if (f == NULL || fwrite(bytes, 1, n, f) != n || fflush(f) != 0)
        abort();
    rewind(f);
    snprintf(path, sizeof(path), "/dev/fd/%d", fileno(f));
    rc = manifest_read(path, ".", m, e);
    fclose(f);
    return rc;
}

static char *
write_bytes(const struct manifest *m, size_t *n, struct err *e)
{
    char *bytes = NULL;
    FILE *f = open_memstream(&bytes, n);

    if (f == NULL || manifest_write(f, m, e) == -1 || fclose(f) != 0)
        abort();
    return bytes;
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct manifest m, back;
    struct err e = {.text = ""};
    char *first, *second;
    size_t n1, n2;

    if (read_bytes(data, size, &m, &e) == -1) {
        if (e.text[0] == '\0')
            abort();
        return 0;
    }
    first = write_bytes(&m, &n1, &e);
    if (read_bytes(first, n1, &back, &e) == -1)
        abort();
    second = write_bytes(&back, &n2, &e);
    if (n1 != n2 || memcmp(first, second, n1) != 0)
        abort();
    free(first);
    free(second);
    manifest_free(&m);
    manifest_free(&back);
    return 0;
}
