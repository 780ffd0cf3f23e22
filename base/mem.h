/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef BASE_MEM_H
#define BASE_MEM_H

/*
 * Memory that is there. When the system has none left, these write one line and
 * end the process with status 7, here and nowhere else in the tree.
 */

#include <stddef.h>

void *xcalloc(size_t n, size_t size);
/* Room for n members of size bytes; the product is checked. */
void *xreallocarray(void *ptr, size_t n, size_t size);
char *xstrdup(const char *s);
char *xstrndup(const char *s, size_t n);
/* A formatted string that the caller owns. */
char *xasprintf(const char *fmt, ...) __attribute__((format(printf, 1, 2)));

#endif
