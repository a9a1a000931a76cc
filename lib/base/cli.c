#include "base/cli.h"

#include <ctype.h>
#include <errno.h>
#include <fcntl.h>
#include <getopt.h>
#include <limits.h>
#include <math.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/mem.h"
#include "base/number.h"
#include "base/version.h"

static const char *prog_name = "mammopipe";
static volatile sig_atomic_t stop_requested;
static int stdout_closed, stdout_errno; /* why a flush of it failed, until it is closed */

/* ---- messages ---- */

static void
say(const char *fmt, va_list ap)
{
    if (!stdout_closed && fflush(stdout) != 0 && stdout_errno == 0)
        stdout_errno = errno;
    fprintf(stderr, "%s: ", prog_name);
    vfprintf(stderr, fmt, ap);
    fputc('\n', stderr);
}

void
cli_warn(const char *fmt, ...)
{
    va_list ap;

    va_start(ap, fmt);
    say(fmt, ap);
    va_end(ap);
}

void
cli_fail(const struct err *e)
{
    if (!e->broken_pipe)
        cli_warn("%s", e->text);
    exit(1);
}

void
cli_failf(const char *fmt, ...)
{
    va_list ap;

    va_start(ap, fmt);
    say(fmt, ap);
    va_end(ap);
    exit(1);
}

void
cli_usage(const char *fmt, ...)
{
    va_list ap;

    va_start(ap, fmt);
    say(fmt, ap);
    va_end(ap);
    fprintf(stderr, "Try '%s --help'.\n", prog_name);
    exit(2);
}

void
cli_close_stdout(void)
{
    int bad = ferror(stdout);

    errno = 0;
    stdout_closed = 1;
    if (fclose(stdout) != 0 || bad) {
        int why = stdout_errno ? stdout_errno : errno;

        if (why != EPIPE)
            cli_warn("stdout: %s", why ? strerror(why) : "write error");
        exit(1);
    }
}

static void
on_stop(int sig)
{
    (void)sig;
    stop_requested = 1;
}

void
cli_catch_stop(void)
{
    struct sigaction sa = {.sa_handler = on_stop, .sa_flags = SA_RESETHAND};

    sigemptyset(&sa.sa_mask);
    sigaction(SIGINT, &sa, NULL);
    sigaction(SIGTERM, &sa, NULL);
}

int
cli_stopped(void)
{
    return stop_requested != 0;
}

/* ---- values ---- */

static size_t
parse_size(const struct cli_opt *o, const char *s)
{
    uint64_t v;

    if (number_whole(s, UINT64_MAX, &v) == -1)
        cli_usage("--%s: '%s' is not a whole number", o->name, s);
    if ((double)v < o->lo || (double)v > o->hi)
        cli_usage("--%s: %s is outside %.0f to %.0f", o->name, s, o->lo, o->hi);
    return (size_t)v;
}

static uint64_t
parse_seed(const struct cli_opt *o, const char *s)
{
    uint64_t v;

    if (number_whole(s, UINT64_MAX, &v) == -1)
        cli_usage("--%s: '%s' is not a whole number from 0 to 2^64-1", o->name, s);
    return v;
}

static double
parse_real(const struct cli_opt *o, const char *s)
{
    double v;

    if (number_real(s, &v) == -1 || !isfinite(v))
        cli_usage("--%s: '%s' is not a number", o->name, s);
    if (!(v >= o->lo && v <= o->hi))
        cli_usage("--%s: %s is outside %g to %g", o->name, s, o->lo, o->hi);
    return v;
}

static int
parse_choice(const struct cli_opt *o, const char *s)
{
    for (int i = 0; o->choices[i] != NULL; i++)
        if (s[0] != '\0' && strcmp(o->choices[i], s) == 0)
            return i;
    cli_usage("--%s: '%s' is not one of its words (see --help)", o->name, s);
}

static void
list_append(struct cli_list *list, const char *s)
{
    const char **item = realloc(list->item, (list->n + 1) * sizeof(*item));

    if (item == NULL)
        cli_failf("out of memory");
    item[list->n++] = s;
    list->item = item;
}

static void
set_value(const struct cli_opt *o, const char *s)
{
    switch (o->kind) {
    case CLI_KIND_FLAG:
        *(int *)o->value = 1;
        break;
    case CLI_KIND_TEXT:
        *(const char **)o->value = s;
        break;
    case CLI_KIND_LIST:
        list_append(o->value, s);
        break;
    case CLI_KIND_SIZE:
        *(size_t *)o->value = parse_size(o, s);
        break;
    case CLI_KIND_SEED:
        *(uint64_t *)o->value = parse_seed(o, s);
        break;
    case CLI_KIND_REAL:
        *(double *)o->value = parse_real(o, s);
        break;
    case CLI_KIND_CHOICE:
        *(int *)o->value = parse_choice(o, s);
        break;
    case CLI_KIND_END:
        break;
    }
}

/* 0 where an option has nothing to show: no text, no limit (SIZE_MAX), a flag that is not set. */
static int
has_value(const struct cli_opt *o)
{
    const char *s;

    switch (o->kind) {
    case CLI_KIND_FLAG:
        return *(int *)o->value != 0;
    case CLI_KIND_TEXT:
        s = *(const char **)o->value;
        return s != NULL && s[0] != '\0';
    case CLI_KIND_LIST:
        return ((struct cli_list *)o->value)->n > 0;
    case CLI_KIND_SIZE:
        return *(size_t *)o->value != SIZE_MAX;
    case CLI_KIND_REAL:
        return !isnan(*(double *)o->value);
    case CLI_KIND_SEED:
    case CLI_KIND_CHOICE:
        return 1;
    case CLI_KIND_END:
        break;
    }
    return 0;
}

/*
 * The text s; if `file_only`, without the folders of a file's name, which stands behind NAME= where
 * the option takes such.
 */
static void
print_text(FILE *f, const struct cli_opt *o, const char *s, int file_only)
{
    const char *equals = strchr(o->arg, '=') != NULL ? strchr(s, '=') : NULL;
    const char *slash = file_only ? strrchr(s, '/') : NULL;
    int name = 0;

    if (slash != NULL && equals != NULL && memchr(s, '/', (size_t)(equals - s)) == NULL)
        name = (int)(equals + 1 - s);
    fprintf(f, "%.*s%s", name, s, slash != NULL ? slash + 1 : s);
}

/* The value, of an option that has one; `file_only` drops the folders of texts. */
static void
print_value(FILE *f, const struct cli_opt *o, int file_only)
{
    const struct cli_list *list = o->value;

    switch (o->kind) {
    case CLI_KIND_TEXT:
        print_text(f, o, *(const char **)o->value, file_only);
        break;
    case CLI_KIND_LIST:
        for (size_t i = 0; i < list->n; i++) {
            if (i > 0)
                fputc(',', f);
            print_text(f, o, list->item[i], file_only);
        }
        break;
    case CLI_KIND_SIZE:
        fprintf(f, "%zu", *(size_t *)o->value);
        break;
    case CLI_KIND_SEED:
        fprintf(f, "%llu", (unsigned long long)*(uint64_t *)o->value);
        break;
    case CLI_KIND_REAL:
        fprintf(f, "%.10g", *(double *)o->value);
        break;
    case CLI_KIND_CHOICE:
        fputs(o->choices[*(int *)o->value], f);
        break;
    case CLI_KIND_FLAG:
    case CLI_KIND_END:
        break;
    }
}

/* ---- help ---- */

static void
print_help(const struct cli_prog *prog)
{
    char left[80];

    printf("usage: %s [options]%s%s\n\n%s\n\noptions:\n", prog->name, prog->operands[0] ? " " : "",
           prog->operands, prog->purpose);
    for (const struct cli_opt *o = prog->opts; o->kind != CLI_KIND_END; o++) {
        char letter[8] = "    ";

        if (o->letter)
            snprintf(letter, sizeof(letter), "-%c, ", o->letter);
        snprintf(left, sizeof(left), "%s--%s%s%s", letter, o->name, o->arg ? " " : "",
                 o->arg ? o->arg : "");
        printf("  %-30s %s", left, o->help);
        if (o->kind == CLI_KIND_CHOICE) {
            printf(": ");
            for (int i = o->choices[0][0] == '\0'; o->choices[i] != NULL; i++)
                printf("%s%s", i > (o->choices[0][0] == '\0') ? "|" : "", o->choices[i]);
        }
        if (has_value(o) && o->kind != CLI_KIND_FLAG) {
            printf(" [");
            print_value(stdout, o, 0);
            printf("]");
        }
        printf("\n");
    }
    printf("  %-30s %s\n  %-30s %s\n", "-h, --help", "show this help", "-v, --version",
           "show the version");
    printf("\nNot for clinical use.  See %s(1).\n", prog->name);
    cli_close_stdout();
    exit(0);
}

/* ---- parsing ---- */

/*
 * A standard stream that the caller closed would be handed out again as the number of the next file
 * opened.  Its place is taken, the wrong way round, so that using it fails as it should.
 */
static void
fill_closed_streams(void)
{
    static const int wrong[3] = {O_WRONLY, O_RDONLY, O_RDONLY};

    for (int fd = 0; fd < 3; fd++)
        if (fcntl(fd, F_GETFD) == -1 && open("/dev/null", wrong[fd]) != fd)
            exit(1);
}

/* Whether text, "FILE", "NAME=FILE" or "NAME=FILE,FILE", names the file that `file` tells of. */
static int
names_file(const char *text, const struct stat *file)
{
    const char *p = strchr(text, '=');
    struct stat s;

    if (stat(text, &s) == 0)
        return s.st_dev == file->st_dev && s.st_ino == file->st_ino;
    for (p = p ? p + 1 : text; *p != '\0'; p += strcspn(p, ","), p += *p == ',') {
        char part[PATH_MAX];
        int n = snprintf(part, sizeof(part), "%.*s", (int)strcspn(p, ","), p);

        if (n > 0 && n < PATH_MAX && stat(part, &s) == 0 && s.st_dev == file->st_dev &&
            s.st_ino == file->st_ino)
            return 1;
    }
    return 0;
}

/* Nothing that is read is written over: a local FILE is no operand, and no other option's file. */
static void
check_outputs(const struct cli_prog *prog, char **operand)
{
    for (const struct cli_opt *out = prog->opts; out->kind != CLI_KIND_END; out++) {
        const char *path = out->kind == CLI_KIND_TEXT ? *(const char **)out->value : NULL;
        struct stat file;

        if (path == NULL || !out->local || strcmp(out->arg, "FILE") != 0 ||
            stat(path, &file) == -1 || !S_ISREG(file.st_mode))
            continue;
        for (char **p = operand; *p != NULL; p++)
            if (names_file(*p, &file))
                cli_usage("--%s: '%s' is to be read, too", out->name, path);
        for (const struct cli_opt *in = prog->opts; in->kind != CLI_KIND_END; in++) {
            const struct cli_list *list = in->kind == CLI_KIND_LIST ? in->value : NULL;
            const char *text = in->kind == CLI_KIND_TEXT ? *(const char **)in->value : NULL;

            if (in == out)
                continue;
            for (size_t i = 0; list != NULL && i < list->n; i++)
                if (names_file(list->item[i], &file))
                    cli_usage("--%s: '%s' is the file of --%s, too", out->name, path, in->name);
            if (text != NULL && names_file(text, &file))
                cli_usage("--%s: '%s' is the file of --%s, too", out->name, path, in->name);
        }
    }
}

int
cli_parse(const struct cli_prog *prog, int argc, char **argv)
{
    enum { MAX_OPTS = 96 };
    struct option longs[MAX_OPTS + 3] = {{NULL, 0, NULL, 0}};
    char shorts[2 * MAX_OPTS + 8] = ":hv";
    size_t n = 0, used = strlen(shorts), operands;
    int c;

    prog_name = prog->name;
    fill_closed_streams();
    signal(SIGPIPE, SIG_IGN);
    for (const struct cli_opt *o = prog->opts; o->kind != CLI_KIND_END && n < MAX_OPTS; o++, n++) {
        longs[n].name = o->name;
        longs[n].has_arg = o->arg ? required_argument : no_argument;
        longs[n].val = 1000 + (int)n;
        if (o->letter) {
            shorts[used++] = o->letter;
            if (o->arg)
                shorts[used++] = ':';
            shorts[used] = '\0';
        }
    }
    longs[n] = (struct option){"help", no_argument, NULL, 'h'};
    longs[n + 1] = (struct option){"version", no_argument, NULL, 'v'};

    opterr = 0;
    while ((c = getopt_long(argc, argv, shorts, longs, NULL)) != -1) {
        const struct cli_opt *found = NULL;

        if (c == ':')
            cli_usage("%s needs a value", argv[optind - 1]);
        for (size_t i = 0; i < n; i++)
            if (c == 1000 + (int)i || (c < 256 && prog->opts[i].letter == c))
                found = &prog->opts[i];
        if (found != NULL)
            set_value(found, optarg);
        else if (c == 'h')
            print_help(prog);
        else if (c == 'v') {
            printf("%s (mammopipe) %s\n", prog->name, MP_VERSION);
            cli_close_stdout();
            exit(0);
        } else if (optopt > 0 && optopt < 256)
            cli_usage("unknown option -%c", optopt);
        else
            cli_usage("unknown option %s", argv[optind - 1]);
    }
    operands = (size_t)(argc - optind);
    if (operands < prog->min_operands)
        cli_usage("expected %s", prog->operands);
    if (operands > prog->max_operands)
        cli_usage("unexpected operand '%s'", argv[optind + (int)prog->max_operands]);
    check_outputs(prog, argv + optind);
    return optind;
}

char *
cli_history(const struct cli_prog *prog, struct err *e)
{
    char *text = NULL;
    size_t n;
    FILE *f = open_memstream(&text, &n);

    if (f == NULL) {
        err_set(e, "no memory for the history");
        return NULL;
    }
    fprintf(f, "%s %s", prog->name, MP_VERSION);
    for (const struct cli_opt *o = prog->opts; o->kind != CLI_KIND_END; o++) {
        if (o->local || !has_value(o))
            continue;
        fprintf(f, " --%s", o->name);
        if (o->kind != CLI_KIND_FLAG) {
            fputc(' ', f);
            print_value(f, o, 1);
        }
    }
    /* Where memory is short only in the end, glibc closes well and leaves no text. */
    if (fclose(f) != 0 || text == NULL) {
        err_set(e, "no memory for the history");
        free(text);
        return NULL;
    }
    return text;
}
