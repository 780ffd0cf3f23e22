/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef TEMPLATES_PROGRAM_H
#define TEMPLATES_PROGRAM_H

#include "base/error.h"

/* Opens a program of ours: beside the one that runs, as in a build tree, else where it is
 * installed. It is executed from the descriptor, so that what was found is what runs.
 * ERR_UNSUPPORTED when there is none. */
int program_open(const char *name, struct error *err);

#endif
