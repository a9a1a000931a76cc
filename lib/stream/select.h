/*
 * select - tests of a record's metadata, as ts-select(1) writes them.
 *
 *     key=text  key!=text      equal, not equal
 *     key~regex                the POSIX extended regular expression matches somewhere
 *     key<num  key<=num  key>num  key>=num
 *
 * A missing key counts as an empty text.  The last four never hold for a text that is no finite
 * number.
 */
#ifndef MP_STREAM_SELECT_H
#define MP_STREAM_SELECT_H

#include "stream/record.h"

struct ts_test;

/* Parses a test.  NULL with the reason in e; errno is ENOMEM where the test is not at fault. */
struct ts_test *ts_test_parse(const char *text, struct err *e);

/* 1 if the record passes, 0 if not, -1 (memory) with the reason in e. */
int ts_test_holds(const struct ts_test *t, const struct ts_record *rec, struct err *e);

void ts_test_free(struct ts_test *t);

#endif
