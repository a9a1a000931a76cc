/*
 * driver - replays a corpus through a fuzz target, where libFuzzer is not at hand.
 *
 *     fuzz_NAME [-n MUTANTS] [-s SEED] [FILE|FOLDER ...]
 *
 * Without files: those in tests/fuzz/corpus/NAME.  Each file is also tried in MUTANTS damaged
 * versions (default 50), made from the seed.  A target that finds a fault aborts; then the input is
 * left in fuzz_NAME.crash.
 */
#include <dirent.h>
#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/rng.h"
#include "tap.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

enum { MOST = 1 << 20 };

static const char *name;
static uint8_t *input; /* what the target works on */
static size_t input_size;
static size_t files, runs, mutants = 50;
static uint64_t seed = 1;

/* The input as it was when the target gave up. */
static void
on_abort(int sig)
{
    char path[64];
    FILE *f;

    (void)sig;
    snprintf(path, sizeof(path), "%s.crash", name);
    f = fopen(path, "wb");
    if (f != NULL) {
        fwrite(input, 1, input_size, f);
        fclose(f);
    }
    printf("# input left in %s\nnot ok 1 - %s\n1..1\n", path, name);
    fflush(stdout);
    _exit(1);
}

static void
run(const uint8_t *data, size_t n)
{
    /* Room of just this size, so that a sanitizer sees a step beyond its end. */
    input = malloc(n ? n : 1);
    input_size = n;
    if (input == NULL)
        abort();
    memcpy(input, data, n);
    LLVMFuzzerTestOneInput(input, n);
    free(input);
    runs++;
}

/* One small damage: a bit, a byte, a number of 4 bytes, a part lost, doubled or cut off. */
static size_t
damage(uint8_t *p, size_t n, struct rng *r)
{
    static const uint32_t numbers[] = {0, 1, 0x7f, 0xff, 0x7fff, 0xffff, 0x7fffffff, 0xffffffff};
    size_t at = rng_below(r, n + 1), k = rng_below(r, 32) + 1, left = n - at;

    switch (rng_below(r, 6)) {
    case 0:
        if (left > 0)
            p[at] ^= (uint8_t)(1 << rng_below(r, 8));
        break;
    case 1:
        if (left > 0)
            p[at] = (uint8_t)rng_u32(r);
        break;
    case 2:
        if (left >= 4)
            memcpy(p + at, &numbers[rng_below(r, 8)], 4);
        break;
    case 3:
        k = k < left ? k : left;
        memmove(p + at, p + at + k, left - k);
        n -= k;
        break;
    case 4:
        k = k < left ? k : left;
        if (n + k <= MOST) {
            memmove(p + at + k, p + at, left);
            n += k;
        }
        break;
    default:
        n = rng_below(r, 4) == 0 ? at : n;
    }
    return n;
}

static void
replay_file(const char *path)
{
    static uint8_t bytes[MOST], mutant[MOST];
    FILE *f = fopen(path, "rb");
    size_t n;

    if (f == NULL) {
        perror(path);
        exit(1);
    }
    n = fread(bytes, 1, MOST, f);
    fclose(f);
    run(bytes, n);
    for (size_t i = 0; i < mutants; i++) {
        struct rng r = rng_at(seed, "mutant", files * mutants + i);
        size_t m = n, steps = 1 + rng_below(&r, 4);

        memcpy(mutant, bytes, n);
        while (steps-- > 0)
            m = damage(mutant, m, &r);
        run(mutant, m);
    }
    files++;
}

static void
replay(const char *path)
{
    struct dirent **entry;
    char inner[512];
    struct stat st;
    int n;

    if (stat(path, &st) == 0 && !S_ISDIR(st.st_mode)) {
        replay_file(path);
        return;
    }
    n = scandir(path, &entry, NULL, alphasort);
    for (int i = 0; i < n; i++) {
        snprintf(inner, sizeof(inner), "%s/%s", path, entry[i]->d_name);
        if (entry[i]->d_name[0] != '.')
            replay_file(inner);
        free(entry[i]);
    }
    if (n >= 0)
        free(entry);
}

int
main(int argc, char **argv)
{
    char corpus[128];
    int c;

    name = strrchr(argv[0], '/') ? strrchr(argv[0], '/') + 1 : argv[0];
    while ((c = getopt(argc, argv, "n:s:")) != -1) {
        if (c == 'n')
            mutants = strtoul(optarg, NULL, 10);
        else if (c == 's')
            seed = strtoul(optarg, NULL, 10);
        else
            return 2;
    }
    signal(SIGABRT, on_abort);
    signal(SIGSEGV, on_abort);
    snprintf(corpus, sizeof(corpus), "tests/fuzz/corpus/%s",
             strncmp(name, "fuzz_", 5) == 0 ? name + 5 : name);
    if (optind == argc)
        replay(corpus);
    for (; optind < argc; optind++)
        replay(argv[optind]);
    tap_ok(files > 0, "%s: %zu files, %zu inputs", name, files, runs);
    return tap_done(1);
}
