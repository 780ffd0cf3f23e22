/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef TEMPLATES_MACHINE_H
#define TEMPLATES_MACHINE_H

/* Architectures by their many names, and which of them this machine runs. */

#include <stdbool.h>

#include "base/error.h"

/* As uname -m says it ("x86_64"), for any name that images use ("amd64"); NULL for one that is not
 * known here. */
const char *machine_name(const char *word);
/* This machine's. */
const char *machine_native(void);
/* True if programs of that machine (a machine_name()) run here; *out_is_foreign says that they need
 * the feature compat32. */
bool machine_runs(const char *machine, bool *out_is_foreign);
/* What the programs of a root filesystem are made for, by the ELF header of its init or shell; NULL
 * when it has none that can be told. */
const char *machine_of_tree(int rootfd);
/* ERR_UNSUPPORTED for a word that names another machine; NULL, "" and unknown words pass. */
int machine_check(const char *word, struct error *err);

#endif
