/*
 * category - names of what one conditional model makes: masses, calcifications, no lesions.
 */
#ifndef MP_TRAIN_CATEGORY_H
#define MP_TRAIN_CATEGORY_H

#define CATEGORY_NAME 32 /* most letters of a name */

/* Whether s is a name: one to CATEGORY_NAME of a-z, 0-9 and '-'. */
int category_valid(const char *s);

/*
 * Takes NAME=FILE apart: returns FILE, a part of s, and its category in `name`.  What stands before
 * the first '=' must be a name, else (./a=b, A=b, a) all of s is the file and name is empty.
 */
const char *category_split(const char *s, char name[CATEGORY_NAME + 1]);

#endif
