/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef RUNTIME_FILTER_COMPILE_H
#define RUNTIME_FILTER_COMPILE_H

/* From the tables of filter_table.h to instructions; private to filter*.c and its test. */

#include <stdint.h>

#include "base/error.h"
#include "base/sha256.h"
#include "runtime/filter.h"

/* Those of the features that change the filter. */
uint64_t filter_features(uint64_t features);
/* Adds to s everything that the instructions follow from: program, library, tables, features. */
void filter_identity(struct sha256 *s, uint64_t features);
/* The result is the caller's. ERR_UNSUPPORTED for compat32 where there are no i386 programs. */
int filter_compile(struct filter *out, uint64_t features, struct error *err);

#endif
