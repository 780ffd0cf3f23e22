/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>
#include <sys/inotify.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "cli/out.h"
#include "cli/verb.h"
#include "cli/verb_access.h"

const struct opt log_options[] = {
	{ "follow", 'f', NULL, "go on with what comes, until interrupted" },
	{ "raw",    0,   NULL, "byte for byte, control characters too" },
	{ 0 },
};

/* What is read of a log: whole lines are shown as they come complete. */
struct reader {
	struct cli *cli;
	bool is_raw;
	struct str line;		/* begun, not ended */
	int fd;
};

/* The length of a harmless colour sequence, ESC [ digits ; ... m, or 0. */
static size_t color_len(const char *text, size_t len)
{
	size_t i = 2;

	if (len < 3 || text[0] != '\033' || text[1] != '[')
		return 0;
	while (i < len && strchr("0123456789;", text[i]) && text[i])
		i++;
	return i < len && text[i] == 'm' ? i + 1 : 0;
}

/* Up to the next escape character, the first byte aside, or tabulator. */
static size_t plain_len(const char *text, size_t len)
{
	size_t i = 0;

	while (i < len && text[i] != '\t' && (i == 0 || text[i] != '\033'))
		i++;
	return i;
}

/* A zone writes its console, so nothing of it may drive this terminal: colours are left out, all
 * else that is not printable is shown as an escape. Only whole lines come here, so no character is
 * cut by where a read ended. */
static void show_line(struct reader *r)
{
	const char *text = str_text(&r->line);
	size_t len = r->line.len;

	/* A return at either end of a line moves nothing that could be seen. */
	while (len > 0 && text[len - 1] == '\r')
		len--;
	while (len > 0 && text[0] == '\r') {
		text++;
		len--;
	}
	for (size_t i = 0; i < len;) {
		size_t skip = color_len(text + i, len - i);
		size_t plain = skip ? 0 : plain_len(text + i, len - i);

		str_add_shown(&r->cli->out, text + i, plain);
		if (skip == 0 && plain == 0)
			str_addc(&r->cli->out, '\t');
		i += skip + plain + (skip == 0 && plain == 0);
	}
	str_addc(&r->cli->out, '\n');
	str_clear(&r->line);
}

static void show(struct reader *r, const char *data, size_t len)
{
	if (r->is_raw) {
		str_addn(&r->cli->out, data, len);
		return;
	}
	while (len > 0) {
		const char *end = memchr(data, '\n', len);
		size_t n = end ? (size_t)(end - data) : len;

		str_addn(&r->line, data, n);
		if (!end)
			return;
		show_line(r);
		data += n + 1;
		len -= n + 1;
	}
}

/* From where it stands to the present end. */
static int show_rest(struct reader *r, struct error *err)
{
	char piece[16 * 1024];
	ssize_t n;

	while ((n = read(r->fd, piece, sizeof(piece))) > 0) {
		show(r, piece, (size_t)n);
		if (out_flush(r->cli, err) < 0)
			return -1;
	}
	return n < 0 ? error_sys(err, "read 'console.log'") : 0;
}

static int open_log(struct reader *r, const struct zone *z, const char *name, struct error *err)
{
	cleanup_close(&r->fd);
	r->fd = openat(z->dirfd, name, O_RDONLY | O_NOFOLLOW | O_CLOEXEC);
	return r->fd < 0 && errno != ENOENT ? error_sys(err, "open '%s'", name) : 0;
}

static int show_file(struct reader *r, const struct zone *z, const char *name, struct error *err)
{
	if (open_log(r, z, name, err) < 0)
		return -1;
	return r->fd < 0 ? 0 : show_rest(r, err);
}

static bool is_rotated(const struct reader *r, const struct zone *z)
{
	struct stat held, named;

	if (fstatat(z->dirfd, "console.log", &named, AT_SYMLINK_NOFOLLOW) < 0)
		return false;
	return r->fd < 0 || fstat(r->fd, &held) < 0 || held.st_ino != named.st_ino;
}

/* The keeper writes and rotates; the kernel tells of either. */
static int follow(struct reader *r, const struct zone *z, struct error *err)
{
	AUTO_CLOSE int watchfd = inotify_init1(IN_CLOEXEC);
	char path[sizeof("/proc/self/fd/") + 12];
	char events[sizeof(struct inotify_event) + NAME_MAX + 1];

	snprintf(path, sizeof(path), "/proc/self/fd/%d", z->dirfd);
	if (watchfd < 0 || inotify_add_watch(watchfd, path, IN_MODIFY | IN_CREATE | IN_MOVED_TO |
					     IN_DELETE_SELF) < 0)
		return error_sys(err, "watch 'console.log'");
	for (;;) {
		if (r->fd >= 0 && show_rest(r, err) < 0)
			return -1;
		if (is_rotated(r, z)) {
			if (show_file(r, z, "console.log", err) < 0)
				return -1;
			continue;
		}
		if (faccessat(z->dirfd, ".", F_OK, 0) < 0)
			return 0;
		if (read(watchfd, events, sizeof(events)) < 0 && errno != EINTR)
			return error_sys(err, "watch 'console.log'");
	}
}

int verb_log(struct cli *cli, struct target *t, struct error *err)
{
	struct reader r = { .cli = cli, .is_raw = opts_has(&cli->opts, "raw"), .fd = -1 };
	int status = show_file(&r, &t->zone, "console.log.1", err);

	if (status == 0)
		status = show_file(&r, &t->zone, "console.log", err);
	if (status == 0 && opts_has(&cli->opts, "follow"))
		status = follow(&r, &t->zone, err);
	if (r.line.len > 0)
		show_line(&r);
	cleanup_close(&r.fd);
	str_clear(&r.line);
	return status;
}
