/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "runtime/holdings.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "base/str.h"
#include "base/strv.h"
#include "runtime/addresses.h"
#include "runtime/uidmap.h"
#include "runtime/zone.h"

/* Words with a space between, each a link below var/lib/zonectl: "uids/12 addresses/10.0.0.5". A
 * text of less than 60 bytes lies in the inode of an ext4, and takes no block (ext4_symlink() in
 * fs/ext4/namei.c). */
#define HOLDINGS "holdings"

static const char *const kinds[] = { "uids/", "addresses/", "ports/" };

enum { HOLDINGS_PATH_MAX = ZONE_DIR_MAX + sizeof("/" HOLDINGS) };

static void path_of(const char *dir, char out[HOLDINGS_PATH_MAX])
{
	snprintf(out, HOLDINGS_PATH_MAX, "%s/" HOLDINGS, dir);
}

bool holdings_are_known(struct site *site, const char *dir)
{
	char path[HOLDINGS_PATH_MAX];

	path_of(dir, path);
	return faccessat(site->zonesfd, path, F_OK, AT_SYMLINK_NOFOLLOW) == 0;
}

int holdings_forget(struct site *site, const char *dir, struct error *err)
{
	char path[HOLDINGS_PATH_MAX];

	path_of(dir, path);
	if (unlinkat(site->zonesfd, path, 0) < 0 && errno != ENOENT)
		return error_sys(err, "remove 'zones/%s'", path);
	return 0;
}

int holdings_write(struct site *site, const char *dir, const struct zone_config *c,
		   struct error *err)
{
	char path[HOLDINGS_PATH_MAX];
	AUTO_STRV char **claims = addresses_claims(c);
	AUTO_FREE char *list = strv_join(claims, " ");
	AUTO_STR struct str text = { 0 };

	str_addf(&text, "uids/%u%s%s", c->uid_base / ZONE_IDS, claims ? " " : "", list);
	if (holdings_forget(site, dir, err) < 0)
		return -1;
	path_of(dir, path);
	/* Without it claims are looked for. */
	if (text.len < PATH_MAX)
		(void)!symlinkat(str_text(&text), site->zonesfd, path);
	return 0;
}

/* One of ours: the name of a link in one of the directories. */
static bool is_claim(const char *word)
{
	for (size_t i = 0; i < N_ROWS(kinds); i++)
		if (str_starts(word, kinds[i]))
			return word[strlen(kinds[i])] && !strchr(word + strlen(kinds[i]), '/');
	return false;
}

/* The claims, as a strv that the caller owns; NULL: there is none, or none of ours. */
static char **holdings_read(struct site *site, const char *dir)
{
	char path[HOLDINGS_PATH_MAX], text[PATH_MAX];
	AUTO_STRV char **claims = NULL;
	ssize_t n;

	path_of(dir, path);
	n = readlinkat(site->zonesfd, path, text, sizeof(text) - 1);
	if (n < 0)
		return NULL;
	text[n] = '\0';
	claims = strv_split(text, " ");
	for (char **claim = claims; claim && *claim; claim++)
		if (!is_claim(*claim))
			return NULL;
	return TAKE_PTR(claims);
}

/* Another zone may have it by now, or nobody. */
static int give(struct site *site, const char *claim, const char *name, struct error *err)
{
	char owner[ZONE_NAME_MAX + 2];
	ssize_t n = readlinkat(site->varfd, claim, owner, sizeof(owner) - 1);

	if (n < 0)
		return errno == ENOENT || errno == EINVAL ? 0 : error_sys(err, "read '%s'", claim);
	owner[n] = '\0';
	if (strcmp(owner, name) != 0)
		return 0;
	if (unlinkat(site->varfd, claim, 0) < 0 && errno != ENOENT)
		return error_sys(err, "remove '%s'", claim);
	return 0;
}

int holdings_give(struct site *site, const char *dir, const char *name, struct error *err)
{
	AUTO_STRV char **claims = holdings_read(site, dir);

	for (char **claim = claims; claim && *claim; claim++)
		if (give(site, *claim, name, err) < 0)
			return -1;
	return claims != NULL;
}
