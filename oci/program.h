/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef OCI_PROGRAM_H
#define OCI_PROGRAM_H

#include "base/error.h"

/* The path of a program as the caller sees it: name itself if it has a slash, else the first in the
 * PATH of env that may be executed. The caller owns it. The error's words are those that engines
 * look for: 'exec: "x": executable file not found in $PATH'. */
char *program_find(const char *name, char *const *env, struct error *err);

#endif
