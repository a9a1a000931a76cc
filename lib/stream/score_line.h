/*
 * score_line - the tables that programs print who score or measure patches: what a record says of
 * itself, and what was found.  delong(1) reads scores.
 */
#ifndef MP_STREAM_SCORE_LINE_H
#define MP_STREAM_SCORE_LINE_H

#include <stdio.h>

#include "stream/record.h"

/* The names of the columns. */
void score_line_head(FILE *f);

/* 0 if the record fits into a line; -1 with the reason in e: a tab or a newline in a field. */
int score_line_check(const struct ts_record *r, struct err *e);

/*
 * The fields that stand before the score, each with a tab behind it; r NULL: the names of their
 * columns.  For tables that go on with something else.
 */
void score_line_fields(FILE *f, const struct ts_record *r);

/* The line of a record. */
void score_line_write(FILE *f, const struct ts_record *r, double score);

#endif
