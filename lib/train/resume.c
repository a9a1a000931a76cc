#include "train/resume.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "io/input.h"
#include "io/output.h"

int
resume_check_config(const char *was, const char *now, struct err *e)
{
    size_t i = 0, start = 0;

    if (strcmp(was, now) == 0)
        return 0;
    for (; was[i] == now[i]; i++)
        if (now[i] == ',')
            start = i + 2;
    if (was[i] == '\0' && now[i] == ',')
        return err_set(e, "was made without '%.*s'", (int)strcspn(now + i + 2, ","), now + i + 2);
    if (was[i] == ',' && now[i] == '\0')
        return err_set(e, "was made with '%.*s'", (int)strcspn(was + i + 2, ","), was + i + 2);
    return err_set(e, "was made with '%.*s', not with '%.*s'", (int)strcspn(was + start, ","),
                   was + start, (int)strcspn(now + start, ","), now + start);
}

int
resume_trim_log(const char *path, uint64_t iteration, struct err *e)
{
    static const char key[] = "{\"iteration\": ";
    struct output out;
    struct stat st;
    unsigned char *text;
    char *line, *end;
    size_t n;

    if (stat(path, &st) == -1 ? errno == ENOENT : !S_ISREG(st.st_mode))
        return 0; /* a new log, or a pipe or device, which keeps no lines */
    text = input_slurp(path, (size_t)1 << 30, &n, e);
    if (text == NULL)
        return -1;
    if (output_open(&out, path, e) == -1) {
        free(text);
        return -1;
    }
    for (line = (char *)text; (end = strchr(line, '\n')) != NULL; line = end + 1) {
        if (strncmp(line, key, sizeof(key) - 1) == 0 &&
            strtoull(line + sizeof(key) - 1, NULL, 10) > iteration)
            continue;
        fwrite(line, 1, (size_t)(end - line) + 1, out.file);
    }
    free(text);
    return output_commit(&out, e);
}
