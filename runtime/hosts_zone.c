/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What one zone has to do with names, worked out when it boots. */
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "base/fd.h"
#include "base/mem.h"
#include "base/strv.h"
#include "runtime/address.h"
#include "runtime/hosts.h"
#include "runtime/hosts_dir.h"
#include "runtime/pools.h"

enum {
	/* A target is shorter than PATH_MAX, 4096 (symlink(2)); what comes before the addresses,
	 * and the last of them, have below 160 bytes. An address that has no room has no name. */
	ADDRESSES_MAX = 4096 - 160,
	MARKS_MAX = 1 << 20,
};

/* What is cut off from the others is not named to them either, unless the pool says so. */
static bool is_told(const struct site_config *c, const struct nic *nic, const struct net_addr *a)
{
	const struct net_pool *pool = pools_of(&c->pools, a);

	if (c->has_no_names)
		return false;
	if (pool)
		return !pool->has_no_names;
	return nic->kind != NIC_BRIDGE || !nic->is_isolated;
}

/* True if any is told. */
static bool add_addresses(const struct zone *z, const struct network *n, struct str *out)
{
	bool has_any = false;

	for (size_t i = 0; i < n->plan.n_nics; i++) {
		const struct nic *nic = &n->plan.nics[i];

		for (size_t k = 0; k < nic->n_addrs && out->len < ADDRESSES_MAX; k++) {
			bool told = is_told(&z->site->config, nic, &nic->addrs[k]);
			char text[ADDRESS_TEXT_MAX];

			str_addf(out, "%s%s%s", out->len > 0 ? " " : "", told ? "" : "-",
				 address_text(&nic->addrs[k], text));
			has_any |= told;
		}
	}
	return has_any;
}

/* Puts the zone in its place in the list, where its last boot may have left it. */
static void add_self(struct hosts_list *l, const char *name, const char *addresses)
{
	size_t at = 0;

	while (at < l->n && strcmp(l->list[at].name, name) < 0)
		at++;
	if (at == l->n || strcmp(l->list[at].name, name) != 0) {
		l->list = xreallocarray(l->list, l->n + 1, sizeof(*l->list));
		memmove(&l->list[at + 1], &l->list[at], (l->n - at) * sizeof(*l->list));
		l->n++;
		l->list[at] = (struct hosts_entry){ 0 };
		strcpy(l->list[at].name, name);
	}
	free(l->list[at].addresses);
	l->list[at].addresses = xstrdup(addresses);
}

static int read_marks(int namesfd, const char *name, char ***names, struct error *err)
{
	AUTO_CLOSE int fd = openat(namesfd, name, O_RDONLY | O_NOFOLLOW | O_CLOEXEC);
	AUTO_FREE char *text = NULL;
	AUTO_STRV char **lines = NULL;

	if (fd < 0 && errno == ENOENT)
		return 0;
	if (fd < 0)
		return error_sys(err, "open '%s'", name);
	if (fd_read_all(fd, MARKS_MAX, &text, NULL, err) < 0)
		return -1;
	lines = strv_split(text, "\n");
	for (char **line = lines; line && *line; line++)
		strv_give(names, TAKE_PTR(*line));
	free(TAKE_PTR(lines));	/* its members are the other list's now */
	return 0;
}

/* The text that was made last, without its first line; NULL if that was never, or before the host
 * was booted. */
static char *read_text(int namesfd, const char *boot_id)
{
	AUTO_CLOSE int fd = openat(namesfd, HOSTS_TEXT, O_RDONLY | O_NOFOLLOW | O_CLOEXEC);
	AUTO_FREE char *text = NULL;
	struct error ignored = { 0 };
	size_t n = strlen(boot_id);

	if (fd < 0 || fd_read_all(fd, HOSTS_TEXT_MAX, &text, NULL, &ignored) < 0)
		return NULL;
	if (strncmp(text, boot_id, n) != 0 || text[n] != '\n')
		return NULL;
	return xstrdup(text + n + 1);
}

/* What has changed since the text was made. In this order: whoever makes one takes the marks
 * aside, then reads the records, then replaces the text, so that a change is in one of the three.
 */
static char *read_changes(int namesfd, const char *boot_id, struct hosts_list *out)
{
	AUTO_STRV char **names = NULL;
	struct error ignored = { 0 };
	char *text;

	if (read_marks(namesfd, HOSTS_DIRTY, &names, &ignored) < 0 ||
	    read_marks(namesfd, HOSTS_DOING, &names, &ignored) < 0)
		return NULL;
	text = read_text(namesfd, boot_id);
	if (names)
		strv_sort_unique(names);
	if (text)
		hosts_read_these(namesfd, boot_id, names, out);
	return text;
}

/* A boot is not to read a thousand records. */
static char *peers_of(const struct zone *z, const char *addresses)
{
	struct error ignored = { 0 };
	AUTO_CLOSE int namesfd = hosts_dir_open(z->site, true, &ignored);
	AUTO_FREE char *text = NULL;
	struct hosts_list l = { 0 };
	struct str out = { 0 };

	if (namesfd < 0)
		return NULL;
	text = read_changes(namesfd, z->site->boot_id, &l);
	if (!text && hosts_read(namesfd, z->site->boot_id, &l, &ignored) < 0)
		return NULL;
	add_self(&l, z->name, addresses);
	hosts_merge(text ? text : "", &l, &out);
	hosts_list_clear(&l);
	return str_take(&out);
}

void hosts_compile(struct hosts *out, const struct zone *z, const struct network *n)
{
	AUTO_STR struct str addresses = { 0 };
	bool has_told;

	*out = (struct hosts){ 0 };
	if (z->config.names == ZONE_NAMES_NO)
		return;
	has_told = add_addresses(z, n, &addresses);
	if (!has_told && (addresses.len == 0 || !z->site->config.has_hosts_file))
		return;
	out->addresses = str_take(&addresses);
	if (!has_told)
		return;
	out->peers = peers_of(z, out->addresses);
	/* A file of FUSE, which the zone may have made its root, makes whoever opens it wait for as
	 * long as the zone likes, and not even kill -9 ends that. */
	out->is_kept = out->peers && z->config.setup == ZONE_SETUP_AUTO &&
		       !(z->config.features & FEATURE_FUSE);
}

void hosts_clear(struct hosts *h)
{
	free(h->addresses);
	free(h->peers);
	*h = (struct hosts){ 0 };
}
