/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef BASE_STRV_H
#define BASE_STRV_H

/* NULL-ended lists of strings: argument lists, environments, operands. NULL is an empty list. */

#include <stdbool.h>
#include <stddef.h>

#define AUTO_STRV __attribute__((cleanup(strv_clear)))

size_t strv_len(char *const *list);
/* Appends a copy of s. */
void strv_add(char ***list, const char *s);
/* The same for a list of thousands, whose length the caller keeps: it is NULL at first, and grows
 * by this alone. */
void strv_add_nth(char ***list, size_t *n, const char *s);
void strv_addf(char ***list, const char *fmt, ...) __attribute__((format(printf, 2, 3)));
/* Appends s itself, which the list then owns. */
void strv_give(char ***list, char *s);
/* Removes every member equal to s; returns how many there were. */
size_t strv_remove(char **list, const char *s);
bool strv_has(char *const *list, const char *s);
char **strv_copy(char *const *list);
/* The parts of text between any of the separators; empty parts are left out. */
char **strv_split(const char *text, const char *separators);
/* One string, parts joined by separator; the caller owns it. */
char *strv_join(char *const *list, const char *separator);
/* Sorts by strcmp() and drops repeated members. */
void strv_sort_unique(char **list);
/* Sets NAME=VALUE in an environment list, replacing an older NAME. */
void strv_env_set(char ***env, const char *name, const char *value);
/* The value of NAME in an environment list, borrowed, or NULL. */
const char *strv_env_get(char *const *env, const char *name);
void strv_clear(char ***list);

#endif
