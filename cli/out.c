/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "cli/out.h"

#include <errno.h>
#include <fcntl.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "base/fd.h"
#include "base/log.h"
#include "base/mem.h"

__attribute__((format(printf, 1, 0), nonnull(1)))
static char *format(const char *fmt, va_list args)
{
	va_list again;
	char *text;
	int len;

	va_copy(again, args);
	len = vsnprintf(NULL, 0, fmt, again);
	va_end(again);
	text = xcalloc(1, (size_t)len + 1);
	vsnprintf(text, (size_t)len + 1, fmt, args);
	return text;
}

int out_share(struct cli *cli, struct error *err)
{
	cli->out_lockfd = memfd_create("zonectl-out", MFD_CLOEXEC);
	return cli->out_lockfd < 0 ? error_sys(err, "make a lock") : 0;
}

/* A lock of fcntl(2) is a process's own, also on a descriptor that it inherited, and goes with it;
 * one of flock(2) would be all workers' together. */
static void lock(const struct cli *cli, short type)
{
	struct flock whole = { .l_type = type, .l_whence = SEEK_SET };

	if (cli->out_lockfd < 0)
		return;
	while (fcntl(cli->out_lockfd, F_SETLKW, &whole) < 0 && errno == EINTR)
		;
}

void out_lock(const struct cli *cli)
{
	lock(cli, F_WRLCK);
}

void out_unlock(const struct cli *cli)
{
	lock(cli, F_UNLCK);
}

int out_write(const struct cli *cli, int fd, const char *data, size_t len, struct error *err)
{
	int status;

	out_lock(cli);
	progress_clear(&cli->progress);
	status = fd_write_all(fd, data, len, err);
	out_unlock(cli);
	return status;
}

static int write_out(struct cli *cli, struct error *err)
{
	struct error failure = { 0 };
	int status = out_write(cli, STDOUT_FILENO, str_text(&cli->out), cli->out.len, &failure);

	str_clear(&cli->out);
	if (status == 0 || failure.sys == EPIPE)
		return 0;
	*err = failure;
	return error_wrap(err, "standard output");
}

void out_print(struct cli *cli, const char *fmt, ...)
{
	AUTO_FREE char *text = NULL;
	va_list args;

	va_start(args, fmt);
	text = format(fmt, args);
	va_end(args);
	str_add(&cli->out, text);
}

void out_safe(struct cli *cli, const char *text)
{
	str_add_shown(&cli->out, text, strlen(text));
}

int out_flush(struct cli *cli, struct error *err)
{
	if (cli->json.text.len > 0) {
		str_add(&cli->out, str_text(&cli->json.text));
		if (!str_ends(str_text(&cli->out), "\n"))
			str_addc(&cli->out, '\n');
		json_out_clear(&cli->json);
	}
	if (cli->out.len == 0)
		return 0;
	return write_out(cli, err);
}

int out_would(struct cli *cli, const char *subject)
{
	out_print(cli, "would %s %s\n", cli->verb->name, subject);
	return 0;
}

static void message(const struct cli *cli, enum log_level level, const char *text)
{
	enum log_level shown = LOG_LEVEL_INFO;

	if (cli->is_quiet)
		shown = LOG_LEVEL_ERROR;
	else if (cli->is_verbose)
		shown = LOG_LEVEL_DEBUG;
	out_lock(cli);
	progress_clear(&cli->progress);
	log_line(shown, level, "%s", text);
	out_unlock(cli);
}

void out_note(const struct cli *cli, const char *fmt, ...)
{
	AUTO_FREE char *text = NULL;
	va_list args;

	va_start(args, fmt);
	text = format(fmt, args);
	va_end(args);
	message(cli, LOG_LEVEL_INFO, text);
}

void out_warn(const struct cli *cli, const char *fmt, ...)
{
	AUTO_FREE char *text = NULL;
	va_list args;

	va_start(args, fmt);
	text = format(fmt, args);
	va_end(args);
	message(cli, LOG_LEVEL_WARNING, text);
}

void out_debug(const struct cli *cli, const char *fmt, ...)
{
	AUTO_FREE char *text = NULL;
	va_list args;

	va_start(args, fmt);
	text = format(fmt, args);
	va_end(args);
	message(cli, LOG_LEVEL_DEBUG, text);
}
