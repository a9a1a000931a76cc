/*
 * pickle - the tensors that a PyTorch state dict holds, from its pickle.
 *
 * A pickle is a program that can call any function of Python.  Here it is data: a stack machine
 * that knows numbers, texts, tuples, lists, dictionaries, and of all callables only those that name
 * tensors (torch._utils._rebuild_tensor_v2, torch._utils._rebuild_parameter, the storage types,
 * collections.OrderedDict).  Anything else is refused by its name.  Opcodes as in Python's
 * pickletools, protocols 2 to 5.
 */
#ifndef MP_STREAM_PICKLE_H
#define MP_STREAM_PICKLE_H

#include "stream/record.h"

struct pickle_tensor {
    char *name; /* keys of nested dictionaries joined by "." */
    enum ts_dtype dtype;
    char *storage;  /* the name of the file with its numbers */
    size_t numbers; /* in the storage */
    size_t offset;  /* of the first, in numbers */
    unsigned rank;
    size_t shape[TS_MAX_RANK], stride[TS_MAX_RANK];
};

struct pickle_tensors {
    struct pickle_tensor *tensor;
    size_t n, cap;
};

/*
 * Reads a pickle whose value is a dictionary.  Every number of a tensor lies in its storage; that
 * the storage is as large as it says is the caller's to check.  What is no tensor is passed over.
 * Returns 0, or -1 with the reason in e; pickle_free() in both cases.
 */
int pickle_parse(const unsigned char *bytes, size_t n, struct pickle_tensors *out, struct err *e);
void pickle_free(struct pickle_tensors *p);

#endif
