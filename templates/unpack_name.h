/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef TEMPLATES_UNPACK_NAME_H
#define TEMPLATES_UNPACK_NAME_H

/*
 * Names out of an archive. A name that could mean a place outside the tree, or
 * that two readers would take differently, is refused with its archive; none is
 * ever corrected.
 */

#include <stdbool.h>

#include "base/error.h"
#include "templates/unpack.h"

/* Checks raw and points *out into it: no leading "./", "" for the root itself. A slash at the end
 * is cut off and only allowed for a directory. ERR_USAGE with the rule that was broken. */
int unpack_name_check(char *raw, bool is_directory, const struct unpack_limits *limits,
		      const char **out, struct error *err);

#endif
