#include "io/output.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/mem.h"

static void
forget(struct output *o)
{
    free(o->path);
    free(o->tmp);
    memset(o, 0, sizeof(*o));
}

int
output_open(struct output *o, const char *path, struct err *e)
{
    struct stat st;

    memset(o, 0, sizeof(*o));
    o->path = mem_string(path, e);
    if (o->path == NULL)
        return -1;
    /* A device or a FIFO is written as it is: it must not be replaced by a file. */
    if (stat(path, &st) == -1 || S_ISREG(st.st_mode)) {
        o->tmp = mem_printf(e, "%s.tmp", path);
        if (o->tmp == NULL) {
            forget(o);
            return -1;
        }
    }
    o->file = fopen(o->tmp ? o->tmp : path, "wb");
    if (o->file == NULL) {
        err_sys(e, "%s", o->tmp ? o->tmp : path);
        forget(o);
        return -1;
    }
    return 0;
}

int
output_commit(struct output *o, struct err *e)
{
    int bad = ferror(o->file) || fflush(o->file) != 0;

    if (bad && errno == 0)
        errno = EIO;
    if (!bad && o->tmp != NULL && fsync(fileno(o->file)) == -1)
        bad = 1;
    if (bad) {
        err_sys(e, "%s", o->path);
        output_abort(o);
        return -1;
    }
    bad = fclose(o->file) != 0;
    o->file = NULL;
    if (bad || (o->tmp != NULL && rename(o->tmp, o->path) == -1)) {
        err_sys(e, "%s", o->path);
        output_abort(o);
        return -1;
    }
    forget(o);
    return 0;
}

void
output_abort(struct output *o)
{
    if (o->file != NULL)
        fclose(o->file);
    if (o->tmp != NULL)
        unlink(o->tmp);
    forget(o);
}
