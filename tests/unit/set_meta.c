/*
 * set_meta KEY=VALUE ... - the stream on standard input with metadata set, for shell tests.
 */
#include <stdio.h>
#include <string.h>

#include "stream/tstream.h"

int
main(int argc, char **argv)
{
    struct ts_record rec = {0};
    struct ts_reader *in;
    struct ts_writer *out;
    struct err e;
    int rc;

    if ((in = ts_open("-", &e)) == NULL || (out = ts_stdout(&e)) == NULL)
        goto fail;
    while ((rc = ts_read(in, &rec, &e)) == 1) {
        for (int i = 1; i < argc; i++) {
            char key[64];
            size_t n = strcspn(argv[i], "=");

            snprintf(key, sizeof(key), "%.*s", (int)n, argv[i]);
            if (ts_meta_set(&rec, key, argv[i] + n + (argv[i][n] != '\0'), &e) == -1)
                goto fail;
        }
        if (ts_write(out, &rec, &e) == -1)
            goto fail;
    }
    if (rc == -1 || ts_finish(out, &e) == -1)
        goto fail;
    ts_close(in);
    return 0;
fail:
    fprintf(stderr, "set_meta: %s\n", e.text);
    return 1;
}
