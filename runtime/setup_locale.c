/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Whether the zone has the locale and the time zone that it is told to use. */
#include <ctype.h>
#include <fcntl.h>
#include <string.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "base/mem.h"
#include "base/path.h"
#include "base/str.h"
#include "runtime/setup_rows.h"

enum { ARCHIVE_MAGIC = (int)0xde020109, NAMES_MAX = 1 << 20 };

/* How locale-archive begins (locale/locarchive.h of glibc). */
struct archive_head {
	uint32_t magic, serial;
	uint32_t namehash_offset, namehash_used, namehash_size;
	uint32_t string_offset, string_used, string_size;
};

/* glibc(7) compares codesets by letters and digits in lower case: "de_DE.UTF-8" is in
 * "de_DE.utf8". The caller owns it. */
static char *normal_name(const char *locale)
{
	const char *dot = strchr(locale, '.');
	const char *at = strchr(locale, '@');
	struct str out = { 0 };

	str_addn(&out, locale, strcspn(locale, ".@"));
	if (dot && (!at || dot < at)) {
		str_addc(&out, '.');
		for (const char *c = dot + 1; *c && *c != '@'; c++)
			if (isalnum((unsigned char)*c))
				str_addc(&out, (char)tolower((unsigned char)*c));
	}
	str_add(&out, at ? at : "");
	return str_take(&out);
}

/* The names stand one after another, each ended by a NUL. */
static bool is_among(const char *names, size_t len, const char *name)
{
	for (size_t at = 0; at < len; at += strnlen(names + at, len - at) + 1)
		if (strcmp(names + at, name) == 0)
			return true;
	return false;
}

static bool is_in_archive(struct guest *g, const char *name)
{
	struct error err = { 0 };
	AUTO_CLOSE int fd = path_open(g->rootfd, "usr/lib/locale/locale-archive", O_RDONLY, &err);
	AUTO_FREE char *names = NULL;
	struct archive_head head;
	ssize_t n;

	if (fd < 0 || pread(fd, &head, sizeof(head), 0) != (ssize_t)sizeof(head))
		return false;
	if (head.magic != (uint32_t)ARCHIVE_MAGIC || head.string_used > NAMES_MAX)
		return false;
	names = xcalloc(1, head.string_used + 1);
	n = pread(fd, names, head.string_used, head.string_offset);
	return n > 0 && is_among(names, (size_t)n, name);
}

static bool has_locale(struct guest *g, const char *locale)
{
	static const char *const built_in[] = { "C", "POSIX", "C.utf8" };
	AUTO_FREE char *name = normal_name(locale);
	AUTO_FREE char *dir = xasprintf("usr/lib/locale/%s", name);

	for (size_t i = 0; i < N_ROWS(built_in); i++)
		if (strcmp(name, built_in[i]) == 0)
			return true;
	/* musl and static programs take any name. */
	if ((FAMILY_ALPINE | FAMILY_BUSYBOX) & guest_family(g))
		return true;
	return guest_has(g, dir) || is_in_archive(g, name);
}

bool setup_has_locale(struct guest *g)
{
	if (has_locale(g, g->setup->locale))
		return true;
	guest_warn(g, "usr/lib/locale", "has no locale '%s', so it is not set", g->setup->locale);
	return false;
}

/* A system without any has no time zones at all, and its clock shows UTC whatever is written. */
bool setup_has_timezone(struct guest *g)
{
	AUTO_FREE char *path = xasprintf("usr/share/zoneinfo/%s", g->setup->timezone);

	if (!guest_has(g, "usr/share/zoneinfo") || guest_has(g, path))
		return true;
	guest_warn(g, "usr/share/zoneinfo", "has no time zone '%s', so it is not set",
		   g->setup->timezone);
	return false;
}
