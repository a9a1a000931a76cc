/*
 * load_weights FILE ... - what weights_load() says of each file, for shell tests: a line with the
 * number of its tensors and the sum of their bytes, or with the reason why it is refused.  The last
 * line is the most memory that was used, in MiB.
 */
#include <stdio.h>
#include <string.h>
#include <sys/resource.h>

#include "train/weights.h"

int
main(int argc, char **argv)
{
    struct rusage use;

    for (int i = 1; i < argc; i++) {
        struct ts_record r = {0};
        unsigned long sum = 0;
        struct err e;

        if (weights_load(argv[i], &r, &e) == 0) {
            for (size_t k = 0; k < r.n_tensors; k++)
                for (size_t b = 0; b < r.tensor[k].bytes; b++)
                    sum += ((const unsigned char *)r.tensor[k].data)[b];
            printf("ok %zu %lu %s\n", r.n_tensors, sum, argv[i]);
        } else if (strchr(e.text, '\n') != NULL)
            printf("more than a line: %s\n", argv[i]);
        else
            printf("refused %s\n", e.text);
        ts_clear(&r);
    }
    getrusage(RUSAGE_SELF, &use);
    printf("memory %ld\n", use.ru_maxrss / 1024);
    return 0;
}
