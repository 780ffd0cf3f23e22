/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "cli/fanout.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <string.h>
#include <sys/signalfd.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "base/clock.h"
#include "base/lock.h"
#include "base/proc.h"
#include "base/strv.h"
#include "cli/collate.h"
#include "cli/names.h"
#include "cli/out.h"
#include "cli/result.h"

enum {
	READ_SIZE = 32 << 10,
	LINE_ROOM = 16 << 10,		/* a longer line is broken */
	KEEP_MAX = 256 << 10,		/* of a stream, with --collate and --json */
	DRAIN_MAX = 1 << 20,		/* of what is there when the command has ended */
	GRACE_MS = 2000,		/* from SIGTERM to SIGKILL */
	N_COLORS = 6,			/* red to cyan (ECMA-48, SGR 31 to 36) */
};

struct stream {
	int fd;				/* what the command says, -1: closed */
	int to;				/* standard output or error */
	bool is_shown;			/* to a terminal */
	struct str prefix;
	struct str kept;		/* all of it, or the line that has begun */
	bool is_cut;
};

struct fanout {
	struct cli *cli;
	const char *zone;
	struct stream streams[2];
	int pidfd, signalfd;
	int64_t kill_ms;		/* when SIGKILL is due, 0: no signal came */
	bool keeps;			/* --collate or --json */
};

bool fanout_is_meant(const struct cli *cli)
{
	char *const *operands = cli->opts.operands;

	if (cli->verb->taken != fanout_taken)
		return false;
	return opts_has(&cli->opts, "collate") || strv_len(operands) != 1 ||
	       !names_is_plain(operands[0]);
}

int fanout_check(struct cli *cli, char *const *names, struct error *err)
{
	(void)names;	/* whether several are meant is told by how they are named */
	if (!fanout_is_meant(cli))
		return 0;
	if (!cli->opts.command) {
		error_set(err, ERR_USAGE, "no command given");
		return error_hint(err, "usage: zonectl exec NAME... [options] -- COMMAND...");
	}
	if (opts_has(&cli->opts, "tty"))
		return error_set(err, ERR_USAGE, "a terminal (-t) is for one zone");
	if (opts_has(&cli->opts, "interactive"))
		return error_set(err, ERR_USAGE, "standard input (-i) is for one zone");
	return 0;
}

/*
 * What it says
 */

/* Colours tell neighbours apart; which zone has which means nothing. */
static void make_prefix(const struct fanout *f, struct stream *s)
{
	unsigned int sum = 0;

	for (const char *c = f->zone; *c; c++)
		sum += (unsigned char)*c;
	if (s->is_shown && f->cli->has_color)
		str_addf(&s->prefix, "\033[3%um%s:\033[0m ", 1 + sum % N_COLORS, f->zone);
	else
		str_addf(&s->prefix, "%s: ", f->zone);
}

/* Adds the whole lines of what is there, at the end what is left too; returns its bytes. */
static size_t take_lines(const struct stream *s, struct str *out, bool is_end)
{
	const char *text = str_text(&s->kept);
	size_t at = 0;

	while (at < s->kept.len) {
		size_t left = s->kept.len - at, room = left < LINE_ROOM ? left : LINE_ROOM;
		const char *newline = memchr(text + at, '\n', room);
		size_t len = newline ? (size_t)(newline - text) - at : room;

		if (!newline && left < LINE_ROOM && !is_end)
			break;
		str_add(out, str_text(&s->prefix));
		collate_add_text(out, text + at, len, s->is_shown);
		str_addc(out, '\n');
		at += len + (newline ? 1 : 0);
	}
	return at;
}

static int say(struct fanout *f, struct stream *s, bool is_end, struct error *err)
{
	AUTO_STR struct str out = { 0 };
	struct str rest = { 0 };
	size_t taken = take_lines(s, &out, is_end);

	if (taken == 0)
		return 0;
	str_addn(&rest, str_text(&s->kept) + taken, s->kept.len - taken);
	str_clear(&s->kept);
	s->kept = rest;
	if (out_write(f->cli, s->to, str_text(&out), out.len, err) == 0)
		return 0;
	return error_wrap(err, s->to == STDOUT_FILENO ? "standard output" : "standard error");
}

static void keep(struct stream *s, const char *data, size_t len)
{
	size_t room = KEEP_MAX - s->kept.len;

	str_addn(&s->kept, data, len < room ? len : room);
	s->is_cut |= len > room;
}

static void close_stream(struct stream *s)
{
	cleanup_close(&s->fd);
	s->fd = -1;
}

/* Returns the bytes, 0 when there are none now or any more. */
static ssize_t read_some(struct fanout *f, struct stream *s, struct error *err)
{
	char data[READ_SIZE];
	ssize_t n = read(s->fd, data, sizeof(data));

	if (n < 0 && (errno == EAGAIN || errno == EINTR))
		return 0;
	if (n <= 0)
		close_stream(s);
	if (n > 0 && f->keeps) {
		keep(s, data, (size_t)n);
		return n;
	}
	if (n > 0)
		str_addn(&s->kept, data, (size_t)n);
	if (!f->keeps && say(f, s, n <= 0, err) < 0)
		return -1;
	return n > 0 ? n : 0;
}

/* The command has ended. What it left in the background may write on: that is not waited for. */
static int drain(struct fanout *f, struct stream *s, struct error *err)
{
	ssize_t n = 1;

	for (size_t all = 0; s->fd >= 0 && n > 0 && all < DRAIN_MAX; all += (size_t)n) {
		n = read_some(f, s, err);
		if (n < 0)
			return -1;
	}
	close_stream(s);
	return f->keeps ? 0 : say(f, s, true, err);
}

/*
 * The command
 */

static void take_signal(struct fanout *f)
{
	struct signalfd_siginfo info;
	struct error gone = { 0 };

	if (read(f->signalfd, &info, sizeof(info)) != (ssize_t)sizeof(info) || f->kill_ms > 0)
		return;
	f->kill_ms = clock_ms() + GRACE_MS;
	(void)proc_signal(f->pidfd, SIGTERM, &gone);	/* gone is as good */
}

static int time_left(const struct fanout *f)
{
	int64_t left = f->kill_ms - clock_ms();

	if (f->kill_ms == 0)
		return -1;
	return left > 0 ? (int)left : 0;
}

/* 1 when the command has ended. */
static int step(struct fanout *f, struct error *err)
{
	struct pollfd fds[] = {
		{ .fd = f->streams[0].fd, .events = POLLIN },
		{ .fd = f->streams[1].fd, .events = POLLIN },
		{ .fd = f->pidfd, .events = POLLIN },
		{ .fd = f->signalfd, .events = POLLIN },
	};
	struct error gone = { 0 };
	int n = poll(fds, N_ROWS(fds), time_left(f));

	if (n < 0)
		return 0;
	if (fds[3].revents)
		take_signal(f);
	if (f->kill_ms > 0 && time_left(f) == 0)
		(void)proc_signal(f->pidfd, SIGKILL, &gone);	/* gone is as good */
	for (size_t i = 0; i < N_ROWS(f->streams); i++)
		if (fds[i].revents && read_some(f, &f->streams[i], err) < 0)
			return -1;
	return fds[2].revents ? 1 : 0;
}

static int listen_to(struct fanout *f, struct error *err)
{
	int ended = 0;

	while (ended == 0)
		ended = step(f, err);
	for (size_t i = 0; ended == 1 && i < N_ROWS(f->streams); i++)
		if (drain(f, &f->streams[i], err) < 0)
			ended = -1;
	return ended < 0 ? -1 : 0;
}

/* Pipes in place of ours: no terminal, device or directory of the host goes into a zone, and
 * there is nothing to read. *out_theirs is for the command. */
static int open_pipes(struct fanout *f, int out_theirs[3], struct error *err)
{
	int ends[2];

	if (pipe2(ends, O_CLOEXEC) < 0)
		return error_sys(err, "pipe");
	close(ends[1]);
	out_theirs[0] = ends[0];
	for (size_t i = 0; i < N_ROWS(f->streams); i++) {
		if (pipe2(ends, O_CLOEXEC) < 0)
			return error_sys(err, "pipe");
		f->streams[i].fd = ends[0];
		out_theirs[i + 1] = ends[1];
		if (fcntl(ends[0], F_SETFL, O_NONBLOCK) < 0)
			return error_sys(err, "pipe");
	}
	return 0;
}

static int start(struct fanout *f, struct target *t, struct enter_options *options,
		 struct error *err)
{
	struct entered in = { .pidfd = -1, .ptyfd = -1 };
	int theirs[3] = { -1, -1, -1 };
	int status = open_pipes(f, theirs, err);

	memcpy(options->stdio, theirs, sizeof(theirs));
	if (status == 0)
		status = zone_enter(&t->zone, options, &in, err);
	for (size_t i = 0; i < N_ROWS(theirs); i++)
		cleanup_close(&theirs[i]);
	f->pidfd = in.pidfd;
	return status;
}

/* What a shell says of a command that could not be run. */
static int failure_status(const struct error *err)
{
	if (err->sys == ENOENT)
		return ENTER_NO_COMMAND;
	return err->sys == EACCES || err->sys == ENOEXEC ? ENTER_NOT_EXECUTABLE : ENTER_FAILED;
}

static int run(struct fanout *f, struct target *t, struct enter_options *options,
	       int *out_status, struct error *err)
{
	struct error gone = { 0 };

	if (start(f, t, options, err) < 0) {
		*out_status = failure_status(err);
		return -1;
	}
	/* It may take long; the zone must not be held for it. */
	lock_drop(t->zone.dirfd);
	if (listen_to(f, err) < 0) {
		(void)proc_signal(f->pidfd, SIGKILL, &gone);	/* gone is as good */
		(void)proc_reap(f->pidfd, &gone);		/* the first error tells */
		*out_status = ENTER_FAILED;
		return -1;
	}
	*out_status = proc_reap(f->pidfd, err);
	if (f->kill_ms > 0)
		return error_set(err, ERR_FAILED, "interrupted");
	if (*out_status > 0)
		return error_set(err, ERR_FAILED, "exited with status %d", *out_status);
	return *out_status;
}

/*
 * The result
 */

/* JSON has no text with a NUL in it; what can't be told is told as such. */
static void add_json_text(struct json_out *o, const char *key, struct str *text)
{
	for (size_t i = 0; i < text->len; i++)
		if (text->data[i] == '\0')
			text->data[i] = '\377';
	json_out_str(o, key, str_text(text));
}

static int tell_json(struct fanout *f, int status, const struct error *failure, struct error *err)
{
	struct json_out o = { .compact = true };
	int ret;

	json_out_object(&o, NULL);
	json_out_str(&o, "zone", f->zone);
	json_out_i64(&o, "exit", status);
	add_json_text(&o, "stdout", &f->streams[0].kept);
	add_json_text(&o, "stderr", &f->streams[1].kept);
	json_out_bool(&o, "cut", f->streams[0].is_cut || f->streams[1].is_cut);
	if (failure)
		result_error(&o, failure);
	json_out_end_object(&o);
	str_addc(&o.text, '\n');
	ret = out_write(f->cli, STDOUT_FILENO, str_text(&o.text), o.text.len, err);
	json_out_clear(&o);
	f->cli->has_told = true;
	return ret < 0 ? error_wrap(err, "standard output") : 0;
}

static void give(struct fanout *f, int status)
{
	struct str *out = &f->streams[0].kept, *err = &f->streams[1].kept;
	struct collate_head head;

	memset(&head, 0, sizeof(head));		/* it is compared, padding and all */
	head.status = status;
	head.is_cut = f->streams[0].is_cut || f->streams[1].is_cut;
	head.out = out->len;
	head.err = err->len;
	str_addn(&f->cli->gift, (const char *)&head, sizeof(head));
	str_addn(&f->cli->gift, str_text(out), out->len);
	str_addn(&f->cli->gift, str_text(err), err->len);
}

static int tell(struct fanout *f, int status, int ret, struct error *err)
{
	bool has_run = f->pidfd >= 0;
	struct error late = { 0 };

	if (f->cli->is_json && tell_json(f, status, has_run ? NULL : err, &late) < 0) {
		*err = late;
		return -1;
	}
	if (!f->cli->is_json && f->keeps && has_run)
		give(f, status);
	return ret;
}

int fanout_exec(struct cli *cli, struct target *t, struct enter_options *options,
		struct error *err)
{
	struct fanout f = {
		.cli = cli, .zone = t->zone.name, .pidfd = -1, .signalfd = -1,
		.keeps = cli->is_json || opts_has(&cli->opts, "collate"),
	};
	int status = 0, ret;
	sigset_t set;

	for (int i = 0; i < 2; i++) {
		f.streams[i].fd = -1;
		f.streams[i].to = STDOUT_FILENO + i;
		f.streams[i].is_shown = isatty(f.streams[i].to);
		make_prefix(&f, &f.streams[i]);
	}
	sigemptyset(&set);
	sigaddset(&set, SIGTERM);	/* the crew's word that this is to end */
	f.signalfd = signalfd(-1, &set, SFD_CLOEXEC | SFD_NONBLOCK);
	ret = f.signalfd < 0 ? error_sys(err, "watch for signals")
			     : run(&f, t, options, &status, err);
	ret = tell(&f, status, ret, err);
	for (int i = 0; i < 2; i++) {
		close_stream(&f.streams[i]);
		str_clear(&f.streams[i].kept);
		str_clear(&f.streams[i].prefix);
	}
	cleanup_close(&f.pidfd);
	cleanup_close(&f.signalfd);
	return ret;
}

void fanout_failed(struct cli *cli, const char *zone, const struct error *err)
{
	struct fanout f = { .cli = cli, .zone = zone };
	struct error ignored = { 0 };

	/* That nobody reads it changes nothing: the zone has failed already. */
	if (cli->is_json && !cli->has_told && fanout_is_meant(cli))
		(void)tell_json(&f, ENTER_FAILED, err, &ignored);
}

void fanout_taken(struct cli *cli, size_t i, const char *data, size_t len)
{
	collate_add(&cli->collate, i, data, len);
}

int fanout_collated(struct cli *cli, struct error *err)
{
	collate_tell(&cli->collate, cli->names, isatty(STDOUT_FILENO), &cli->out);
	return out_flush(cli, err);
}
