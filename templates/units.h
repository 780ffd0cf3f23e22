/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef TEMPLATES_UNITS_H
#define TEMPLATES_UNITS_H

/*
 * What distributions start that cannot work in a zone: turned off in the templates
 * that are built here, and in a zone of any other template at its first boot. All
 * lists end in NULL.
 */

#include <stdbool.h>

/* Units of systemd, to be masked where they exist. */
extern const char *const units_masked[];
/* Where units are that came with the distribution. */
extern const char *const units_dirs[];
/* For every service of a systemd that is older than this. */
enum { UNITS_OLD_SYSTEMD = 250 };
extern const char units_mounts_dropin[];

/* Where sysvinit finds the links of its scripts. */
extern const char *const units_runlevel_dirs[];
/* True for the link of a script that is to be off: S or K, two digits, its name. */
bool units_is_off(const char *link);

#endif
