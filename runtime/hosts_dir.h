/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef RUNTIME_HOSTS_DIR_H
#define RUNTIME_HOSTS_DIR_H

/* What hosts.c and hosts_spread.c share of the directory of records. */

#include <stdbool.h>

#include "base/error.h"
#include "runtime/site.h"

/* Names of zones, a line each, whose records have changed: what nobody has looked at yet, and what
 * is being brought. */
#define HOSTS_DIRTY ".dirty"
#define HOSTS_DOING ".doing"

/* The boot id of the host, a line, and what hosts_zones_text() made of all records then. */
#define HOSTS_TEXT ".text"

enum { HOSTS_TEXT_MAX = 16 << 20 };

/* err->sys is ENOENT when there is none, and it is not to be made. */
int hosts_dir_open(struct site *site, bool is_made, struct error *err);

#endif
