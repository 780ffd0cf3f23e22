/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef BASE_SIGNALS_H
#define BASE_SIGNALS_H

/* Signals by name. */

#include "base/error.h"

/* "SIGTERM", "term", "15" or "SIGRTMIN+3" to its number, 1..64, as programs linked with glibc count
 * them (SIGRTMIN is 34). ERR_USAGE for anything else. */
int signal_parse(const char *text, int *out, struct error *err);

#endif
