/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "runtime/hosts.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "base/fd.h"
#include "base/mem.h"
#include "runtime/hosts_dir.h"

enum {
	/* A target is shorter than PATH_MAX (symlink(2)); what comes before the addresses, and the
	 * last of them, have below 160 bytes. An address that has no room has no name. */
	ADDRESSES_MAX = PATH_MAX - 160,
	LIST_STEP = 64,
};

/*
 * The directory
 */

int hosts_dir_open(struct site *site, bool is_made, struct error *err)
{
	const int flags = O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC;
	int fd = openat(site->runfd, HOSTS_DIR, flags);

	if (fd < 0 && errno == ENOENT && is_made &&
	    (mkdirat(site->runfd, HOSTS_DIR, 0700) == 0 || errno == EEXIST))
		fd = openat(site->runfd, HOSTS_DIR, flags);
	return fd < 0 ? error_sys(err, "open 'run/zonectl/" HOSTS_DIR "'") : fd;
}

/* Behind the change that it is for. Short writes to the end of a file come whole, one after the
 * other (write(2)). */
static int mark(int namesfd, const char *zone, struct error *err)
{
	const int flags = O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC;
	AUTO_CLOSE int fd = openat(namesfd, HOSTS_DIRTY, flags, 0600);
	char line[ZONE_NAME_MAX + 2];
	int n = snprintf(line, sizeof(line), "%s\n", zone);

	if (fd < 0 || fd_write_all(fd, line, (size_t)n, err) < 0)
		return error_sys(err, "write 'run/zonectl/" HOSTS_DIR "/" HOSTS_DIRTY "'");
	return 0;
}

/*
 * Records
 */

/* "BOOT-ID PID START KEPT ADDRESS..." */
static void put_record(struct str *out, const struct proc_id *init, const struct hosts *h)
{
	str_addf(out, "%s %d %" PRIu64 " %d %s", init->boot_id, (int)init->pid, init->start,
		 h->is_kept, h->addresses);
}

int hosts_up(const struct zone *z, const struct hosts *h, const struct proc_id *init,
	     struct error *err)
{
	AUTO_CLOSE int namesfd = -1;
	AUTO_STR struct str record = { 0 };

	if (!h->addresses)
		return 0;
	namesfd = hosts_dir_open(z->site, true, err);
	if (namesfd < 0)
		return -1;
	put_record(&record, init, h);
	(void)unlinkat(namesfd, z->name, 0);	/* of a boot before, or none */
	if (symlinkat(str_text(&record), namesfd, z->name) < 0)
		return error_sys(err, "make 'run/zonectl/" HOSTS_DIR "/%s'", z->name);
	return mark(namesfd, z->name, err);
}

int hosts_down(struct site *site, const char *zone, struct error *err)
{
	struct error missing = { 0 };
	AUTO_CLOSE int namesfd = hosts_dir_open(site, false, &missing);

	if (namesfd < 0 && missing.sys == ENOENT)
		return 0;
	if (namesfd < 0) {
		*err = missing;
		return -1;
	}
	if (unlinkat(namesfd, zone, 0) == 0)
		return mark(namesfd, zone, err);
	if (errno == ENOENT)
		return 0;
	return error_sys(err, "remove 'run/zonectl/" HOSTS_DIR "/%s'", zone);
}

/* Takes "WORD " off *at; false if there is none of that length. */
static bool take_word(const char **at, char *out, size_t size)
{
	size_t n = strcspn(*at, " ");

	if (n == 0 || n >= size || (*at)[n] != ' ')
		return false;
	memcpy(out, *at, n);
	out[n] = '\0';
	*at += n + 1;
	return true;
}

/* False for what is no record of ours. */
static bool parse_record(const char *at, struct hosts_entry *out)
{
	char pid[12], start[24], kept[2];

	if (!take_word(&at, out->init.boot_id, sizeof(out->init.boot_id)) ||
	    !take_word(&at, pid, sizeof(pid)) || !take_word(&at, start, sizeof(start)) ||
	    !take_word(&at, kept, sizeof(kept)) || !*at)
		return false;
	out->init.pid = (pid_t)strtol(pid, NULL, 10);
	out->init.start = strtoull(start, NULL, 10);
	out->is_kept = kept[0] == '1';
	out->addresses = xstrdup(at);
	return true;
}

/* 1 for a record of this boot, which is in *out then; 0 for none. */
static int read_one(int namesfd, const char *name, const char *boot_id, struct hosts_entry *out)
{
	char text[PATH_MAX];
	struct error ignored;
	ssize_t n;

	if (zone_name_check(name, &ignored) < 0)
		return 0;
	*out = (struct hosts_entry){ .addresses = NULL };
	strcpy(out->name, name);
	n = readlinkat(namesfd, name, text, sizeof(text) - 1);
	if (n < 0)
		return 0;	/* the zone has just ended */
	text[n] = '\0';
	if (parse_record(text, out) && strcmp(out->init.boot_id, boot_id) == 0)
		return 1;
	free(TAKE_PTR(out->addresses));
	/* Of before the host was booted, where run is no tmpfs. */
	(void)unlinkat(namesfd, name, 0);	/* gone, or the next one tries it again */
	return 0;
}

static struct hosts_entry *add_entry(struct hosts_list *l)
{
	if (l->n % LIST_STEP == 0)
		l->list = xreallocarray(l->list, l->n + LIST_STEP, sizeof(*l->list));
	return &l->list[l->n];
}

static int compare(const void *a, const void *b)
{
	const struct hosts_entry *left = a, *right = b;

	return strcmp(left->name, right->name);
}

int hosts_read(int namesfd, const char *boot_id, struct hosts_list *out, struct error *err)
{
	AUTO_CLOSE int listfd = openat(namesfd, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	AUTO_CLOSEDIR DIR *dir = listfd < 0 ? NULL : fdopendir(listfd);
	struct hosts_list l = { 0 };
	struct dirent *entry;

	if (!dir)
		return error_sys(err, "read 'run/zonectl/" HOSTS_DIR "'");
	(void)TAKE_FD(listfd);	/* it is the stream's now */
	while ((entry = readdir(dir))) {
		if (entry->d_type == DT_LNK)
			l.n += (size_t)read_one(namesfd, entry->d_name, boot_id, add_entry(&l));
	}
	if (l.n > 0)
		qsort(l.list, l.n, sizeof(*l.list), compare);
	*out = l;
	return 0;
}

void hosts_read_these(int namesfd, const char *boot_id, char *const *names,
		      struct hosts_list *out)
{
	struct hosts_list l = { 0 };

	for (; names && *names; names++) {
		struct hosts_entry *e = add_entry(&l);

		if (read_one(namesfd, *names, boot_id, e) == 0)
			*e = (struct hosts_entry){ .addresses = xstrdup("") };
		strncpy(e->name, *names, ZONE_NAME_MAX);
		l.n++;
	}
	if (l.n > 0)
		qsort(l.list, l.n, sizeof(*l.list), compare);
	*out = l;
}

void hosts_list_clear(struct hosts_list *l)
{
	for (size_t i = 0; i < l->n; i++)
		free(l->list[i].addresses);
	free(l->list);
	*l = (struct hosts_list){ 0 };
}
