/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef CLI_FOLD_H
#define CLI_FOLD_H

/*
 * Many names in few words: web001, web002, web003 and db become db and web{001..003},
 * as names.h reads them. For messages about hundreds of zones, which can be typed again.
 */

#include <stddef.h>

/* The words that stand for names[0..n), none of which is there twice: those that differ in their
 * last number alone are one word, sorted. Returns a strv that the caller owns, NULL for n == 0. */
char **fold_names(char *const *names, size_t n);
/* The same as one text, the words separated by ", "; the caller owns it. */
char *fold_text(char *const *names, size_t n);
/* The same as a shell takes it: words separated by blanks, those with braces in quotes. */
char *fold_quoted(char *const *names, size_t n);

#endif
