/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef RUNTIME_MOUNTS_USER_H
#define RUNTIME_MOUNTS_USER_H

/* The mount property: a directory or file of the host in a zone. Of the builder, like mounts.h. */

#include "base/error.h"

/* Splits a mount property, "SRC:DST[:OPTION,...]", checks it, and applies it below rootfd. */
int mounts_user(int rootfd, int usernsfd, const char *text, struct error *err);

#endif
