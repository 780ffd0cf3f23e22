/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef RUNTIME_TERMINALS_H
#define RUNTIME_TERMINALS_H

#include "base/error.h"

/*
 * How many terminals there may be: one number for the host and all its zones,
 * kernel.pty.max, of which kernel.pty.reserve are for the host alone. With the
 * usual 4096 and 1024 the 3073rd zone would find none for its console
 * (devpts.rst of the kernel's documentation).
 */

/* Doubles kernel.pty.max, up to what the kernel takes (2^20), where as good as all are in use, and
 * adds a line about it to *warnings. 0 too if there are enough. ERR_RESOURCE with a hint where it
 * can't be raised. */
int terminals_more(char ***warnings, struct error *err);

#endif
