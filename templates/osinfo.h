/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef TEMPLATES_OSINFO_H
#define TEMPLATES_OSINFO_H

/*
 * What a root filesystem says of itself: its os-release and its init. Reads are
 * bounded, links resolve inside the root, and nothing a tree may hold makes this
 * fail: what cannot be told is empty.
 */

#include <stdint.h>

struct osinfo {
	char *init;	 /* "/sbin/init", as init is called; "" when there is none; owned */
	char *init_kind; /* "systemd", "busybox", ..., "other", "" without init; owned */
	char *stop_signal; /* that its init has a quicker way for; NULL: as the kind; owned */
	char *os_id, *os_version, *os_name;	/* "" when unknown, owned */
	uint64_t systemd_version;	/* 0: no systemd, or not known */
};

#define AUTO_OSINFO __attribute__((cleanup(osinfo_clear)))

void osinfo_read(int rootfd, struct osinfo *out);
void osinfo_clear(struct osinfo *o);

#endif
