/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "runtime/autoboot.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "base/mem.h"
#include "base/strv.h"

#define WAS_UP "was-up"
#define COMES_BACK "comes-back"

static int remove_word(const struct zone *z, const char *word, struct error *err)
{
	if (unlinkat(z->dirfd, word, 0) < 0 && errno != ENOENT)
		return error_sys(err, "remove '%s'", word);
	return 0;
}

int autoboot_up(const struct zone *z, struct error *err)
{
	AUTO_CLOSE int fd = -1;

	if (z->config.is_ephemeral)
		return 0;
	fd = openat(z->dirfd, WAS_UP, O_WRONLY | O_CREAT | O_NOFOLLOW | O_CLOEXEC, 0600);
	if (fd < 0)
		return error_sys(err, "make '%s'", WAS_UP);
	return remove_word(z, COMES_BACK, err);
}

int autoboot_down(const struct zone *z, struct error *err)
{
	return remove_word(z, WAS_UP, err);
}

int autoboot_ending(const struct zone *z, bool is_host_down, struct error *err)
{
	if (!is_host_down)
		return remove_word(z, COMES_BACK, err);
	if (renameat(z->dirfd, WAS_UP, z->dirfd, COMES_BACK) < 0 && errno != ENOENT)
		return error_sys(err, "make '%s'", COMES_BACK);
	return 0;
}

static bool has_word(const struct zone *z, const char *word)
{
	return faccessat(z->dirfd, word, F_OK, AT_SYMLINK_NOFOLLOW) == 0;
}

bool autoboot_is_wanted(const struct zone *z)
{
	switch (z->config.autoboot) {
	case AUTOBOOT_YES:
		return true;
	case AUTOBOOT_LAST:
		return has_word(z, WAS_UP) || has_word(z, COMES_BACK);
	case AUTOBOOT_NO:
		break;
	}
	return false;
}

struct turn {
	char *name;
	uint64_t order;
};

static uint64_t order_of(struct site *site, const char *name)
{
	struct zone z = { .dirfd = -1 };
	struct error ignored = { 0 };
	uint64_t order;

	if (zone_open(&z, site, name, 0, &ignored) < 0)
		return 0;
	order = z.config.boot_order;
	zone_close(&z);
	return order;
}

static int by_order(const void *a, const void *b)
{
	const struct turn *x = a, *y = b;

	if (x->order != y->order)
		return x->order < y->order ? -1 : 1;
	return strcmp(x->name, y->name);
}

static int by_order_reversed(const void *a, const void *b)
{
	const struct turn *x = a, *y = b;

	return x->order != y->order ? by_order(b, a) : by_order(a, b);
}

uint64_t *autoboot_sort(struct site *site, char **names, bool is_reversed)
{
	size_t n = strv_len(names);
	AUTO_FREE struct turn *turns = xcalloc(n + 1, sizeof(*turns));
	uint64_t *orders = xcalloc(n + 1, sizeof(*orders));

	for (size_t i = 0; i < n; i++)
		turns[i] = (struct turn){ names[i], order_of(site, names[i]) };
	qsort(turns, n, sizeof(*turns), is_reversed ? by_order_reversed : by_order);
	for (size_t i = 0; i < n; i++) {
		names[i] = turns[i].name;
		orders[i] = turns[i].order;
	}
	return orders;
}
