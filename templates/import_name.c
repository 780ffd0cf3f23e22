/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <string.h>

#include "base/cleanup.h"
#include "base/mem.h"
#include "base/str.h"
#include "base/strv.h"
#include "templates/import_job.h"
#include "templates/machine.h"

enum { NAME_MAX_BYTES = 63 };

/* clang-format off */
/* In this order, as often as one of them fits. */
static const char *const endings[] = {
	".gz", ".xz", ".zst", ".bz2", ".lz4", ".tgz", ".txz", ".tbz2", ".tzst", ".tar", ".oci",
	".squashfs", ".sqfs",
};
/* clang-format on */

char *import_name_cleaned(const char *text)
{
	AUTO_FREE char *name = xstrndup(text, NAME_MAX_BYTES);

	for (char *p = name; *p; p++) {
		if (*p >= 'A' && *p <= 'Z')
			*p = (char)(*p - 'A' + 'a');
		else if (!strchr("abcdefghijklmnopqrstuvwxyz0123456789._-", *p))
			*p = '-';
	}
	return *name ? TAKE_PTR(name) : NULL;
}

/* "debian-12-standard_12.7-1_amd64", as Proxmox names its templates, is "debian-12-standard". */
static void package_cut(char *name)
{
	char *first = strchr(name, '_'), *last = strrchr(name, '_');

	if (!first || first == last || strchr(first + 1, '_') != last || !strchr(name, '-') ||
	    strchr(name, '-') > first)
		return;
	if (machine_name(last + 1) || strcmp(last + 1, "all") == 0)
		*first = '\0';
}

static char *name_of_file(const char *path)
{
	AUTO_FREE char *copy = xstrdup(path);
	size_t len = strlen(copy);
	AUTO_FREE char *name = NULL;

	while (len > 1 && copy[len - 1] == '/')
		copy[--len] = '\0';
	name = xstrdup(strrchr(copy, '/') ? strrchr(copy, '/') + 1 : copy);
	for (size_t i = 0; i < N_ROWS(endings); i++) {
		if (str_ends(name, endings[i]))
			name[strlen(name) - strlen(endings[i])] = '\0';
	}
	package_cut(name);
	return TAKE_PTR(name);
}

/* "docker.io/library/debian:12" is "debian-12"; of "12" alone the file's name says what it is. */
static char *name_of_reference(const char *word, const char *file)
{
	const char *slash = strrchr(word, '/');
	AUTO_FREE char *last = xstrdup(slash ? slash + 1 : word);
	char *digest = strchr(last, '@'), *tag;

	if (digest)
		*digest = '\0';
	tag = strchr(last, ':');
	if (tag)
		*tag++ = '\0';
	if (tag && *tag && strcmp(tag, "latest") != 0)
		return xasprintf("%s-%s", last, tag);
	return slash || tag || digest || !file ? TAKE_PTR(last) : NULL;
}

char *import_name(const char *reference, const char *file_name)
{
	const char *word = reference && *reference ? reference : NULL;
	AUTO_FREE char *file = file_name ? name_of_file(file_name) : NULL;
	AUTO_FREE char *name = NULL;

	if (word)
		name = name_of_reference(word, file);
	if (!name && word && file && strcmp(word, "latest") != 0)
		name = xasprintf("%s-%s", file, word);
	if (!name)
		name = TAKE_PTR(file);
	return name ? import_name_cleaned(name) : NULL;
}
