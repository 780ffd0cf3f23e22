/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <string.h>

#include "base/cleanup.h"
#include "base/mem.h"
#include "base/strv.h"
#include "runtime/setup_guest.h"
#include "runtime/setup_text.h"

enum { OS_RELEASE_MAX = 64 << 10, IDS_MAX = 8 };

/* What a system calls itself (ID, then ID_LIKE of os-release(5)), and a file by which one that says
 * nothing is known. Busybox comes last, as any of the others may have one. */
/* clang-format off */
static const struct family_row {
	unsigned int family;
	const char *ids[IDS_MAX];
	const char *mark;
} family_rows[] = {
	{ FAMILY_DEBIAN,  { "debian", "ubuntu", "devuan", "raspbian", "linuxmint", "kali" },
	  "etc/debian_version" },
	{ FAMILY_ALPINE,  { "alpine", "postmarketos" },                    "etc/alpine-release" },
	{ FAMILY_REDHAT,  { "fedora", "rhel", "centos", "rocky", "almalinux", "ol", "amzn" },
	  "etc/redhat-release" },
	{ FAMILY_ARCH,    { "arch", "archarm", "manjaro", "artix" },       "etc/arch-release" },
	{ FAMILY_SUSE,    { "opensuse", "suse", "sles", "opensuse-leap", "opensuse-tumbleweed" },
	  "etc/SuSE-release" },
	{ FAMILY_VOID,    { "void" },                                      "usr/bin/xbps-install" },
	{ FAMILY_GENTOO,  { "gentoo", "funtoo" },                          "etc/gentoo-release" },
	{ FAMILY_BUSYBOX, { "minimal", "busybox" },                        "bin/busybox" },
};
/* clang-format on */

static unsigned int family_by_id(const char *id)
{
	for (size_t i = 0; i < N_ROWS(family_rows); i++)
		for (size_t n = 0; n < IDS_MAX && family_rows[i].ids[n]; n++)
			if (strcmp(family_rows[i].ids[n], id) == 0)
				return family_rows[i].family;
	return 0;
}

/* The first known word of NAME= in os-release. */
static unsigned int family_by_key(const char *text, const char *key)
{
	struct line l;

	while (line_next(&text, &l)) {
		AUTO_FREE char *line = xstrndup(l.text, l.len);
		AUTO_STRV char **words = NULL;

		if (strncmp(line, key, strlen(key)) != 0)
			continue;
		words = strv_split(line + strlen(key), "\"' \t");
		for (char **w = words; w && *w; w++)
			if (family_by_id(*w))
				return family_by_id(*w);
	}
	return 0;
}

static unsigned int family_by_disk(struct guest *g)
{
	for (size_t i = 0; i < N_ROWS(family_rows); i++)
		if (guest_has(g, family_rows[i].mark))
			return family_rows[i].family;
	return FAMILY_OTHER;
}

static unsigned int find_family(struct guest *g)
{
	bool is_there;
	AUTO_FREE char *text = guest_read(g, "etc/os-release", OS_RELEASE_MAX, &is_there);
	unsigned int family = family_by_key(text, "ID=");

	if (family == 0)
		family = family_by_key(text, "ID_LIKE=");
	return family != 0 ? family : family_by_disk(g);
}

unsigned int guest_family(struct guest *g)
{
	if (g->family == 0)
		g->family = find_family(g);
	return g->family;
}
