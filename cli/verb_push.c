/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <inttypes.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/signalfd.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "base/clock.h"
#include "base/mem.h"
#include "base/num.h"
#include "base/strv.h"
#include "cli/out.h"
#include "cli/verb.h"
#include "cli/verb_access.h"
#include "runtime/copy.h"

const struct opt copy_options[] = {
	{ "user", 'u', "USER", "as USER of the zone, whose the files become (root, owners kept)" },
	{ 0 },
};

enum { DRAW_MS = 100 };

struct view {
	struct cli *cli;
	const char *zone;
	int64_t began_ms, drawn_ms;
};

/* "push web1: 1.2G of 3.4G, 12034 files, 410M/s" */
static void draw(void *arg, const struct tree_count *count, uint64_t expected)
{
	struct view *v = arg;
	int64_t now = clock_ms(), ms = now - v->began_ms;
	char done[NUM_TEXT_MAX], all[NUM_TEXT_MAX], rate[NUM_TEXT_MAX], line[128];
	int n;

	if (now - v->drawn_ms < DRAW_MS)
		return;
	v->drawn_ms = now;
	num_size_human(count->bytes, done);
	num_size_human(ms > 0 ? count->bytes * 1000 / (uint64_t)ms : 0, rate);
	if (expected > count->bytes)
		n = snprintf(line, sizeof(line), "%s of %s, %" PRIu64 " files, %s/s", done,
			     num_size_human(expected, all), count->files, rate);
	else
		n = snprintf(line, sizeof(line), "%s, %" PRIu64 " files, %s/s", done,
			     count->files, rate);
	progress_stage(&v->cli->progress, v->zone, line, (size_t)n);
}

/* Ctrl-C ends the copy where it can clean up. */
static int signals_open(sigset_t *before, struct error *err)
{
	sigset_t set;
	int fd;

	sigemptyset(&set);
	sigaddset(&set, SIGINT);
	sigaddset(&set, SIGTERM);
	sigaddset(&set, SIGHUP);
	sigprocmask(SIG_BLOCK, &set, before);
	fd = signalfd(-1, &set, SFD_CLOEXEC);
	return fd >= 0 ? fd : error_sys(err, "watch for signals");
}

typedef int copy_fn(struct zone *z, char *const *sources, const char *target,
		    struct copy_options *options, struct error *err);

static int copy_watched(struct cli *cli, struct target *t, struct copy_options *o, copy_fn *copy,
			struct error *err)
{
	AUTO_STRV char **sources = strv_copy(cli->paths);
	size_t n = strv_len(sources) - 1;
	AUTO_FREE char *target = TAKE_PTR(sources[n]);
	struct view view = { .cli = cli, .zone = t->zone.name, .began_ms = clock_ms() };
	int ret;

	o->is_up = t->status.state == ZONE_RUNNING;
	o->user = opts_value(&cli->opts, "user");
	o->io.progress = draw;
	o->io.arg = &view;
	cli->progress.is_on = cli->has_progress;
	ret = copy(&t->zone, sources, target, o, err);
	progress_clear(&cli->progress);
	cli->progress.is_on = false;
	return ret;
}

static int copy_verb(struct cli *cli, struct target *t, int streamfd, copy_fn *copy,
		     struct error *err)
{
	struct copy_options options = { .streamfd = streamfd, .io.stopfd = -1 };
	sigset_t before;
	int ret;

	options.io.stopfd = signals_open(&before, err);
	if (options.io.stopfd < 0)
		return -1;
	ret = copy_watched(cli, t, &options, copy, err);
	close(options.io.stopfd);
	sigprocmask(SIG_SETMASK, &before, NULL);
	if (ret == 0 && options.io.count.skipped > 0)
		out_warn(cli, "%s: %" PRIu64 " left out: no file, directory or link", t->zone.name,
			 options.io.count.skipped);
	return ret;
}

/* The zone of "ZONE:PATH", and the path. A path of the host that has a ':' is written "./a:b". */
static int split(struct cli *cli, const char *operand, char ***zones, struct error *err)
{
	size_t n = strcspn(operand, ":/");

	if (operand[n] != ':' || n == 0) {
		error_set(err, ERR_USAGE, "'%s' is no ZONE:PATH", operand);
		return error_hint(err, "usage: zonectl %s %s", cli->verb->name,
				  cli->verb->operands);
	}
	strv_give(zones, xstrndup(operand, n));
	strv_add(&cli->paths, operand[n + 1] ? operand + n + 1 : "/");
	return 0;
}

int verb_push_sort(struct cli *cli, struct error *err)
{
	AUTO_STRV char **all = TAKE_PTR(cli->opts.operands);
	size_t n = strv_len(all) - 1;

	for (size_t i = 0; i < n; i++)
		strv_add(&cli->paths, all[i]);
	return split(cli, all[n], &cli->opts.operands, err);
}

int verb_pull_sort(struct cli *cli, struct error *err)
{
	AUTO_STRV char **all = TAKE_PTR(cli->opts.operands);
	size_t n = strv_len(all) - 1;

	for (size_t i = 0; i < n; i++)
		if (split(cli, all[i], &cli->opts.operands, err) < 0)
			return -1;
	strv_add(&cli->paths, all[n]);
	strv_sort_unique(cli->opts.operands);
	if (cli->opts.operands[1])
		return error_set(err, ERR_USAGE, "files of one zone at a time");
	return 0;
}

int verb_push_check(struct cli *cli, char *const *names, struct error *err)
{
	if (strv_has(cli->paths, "-") && strv_len(names) > 1)
		return error_set(err, ERR_USAGE, "standard input can go to one zone only");
	return 0;
}

int verb_push(struct cli *cli, struct target *t, struct error *err)
{
	return copy_verb(cli, t, STDIN_FILENO, copy_push, err);
}

int verb_pull(struct cli *cli, struct target *t, struct error *err)
{
	size_t n = strv_len(cli->paths);

	if (strcmp(cli->paths[n - 1], "-") == 0 && n != 2)
		return error_set(err, ERR_USAGE, "one file only goes to standard output");
	return copy_verb(cli, t, STDOUT_FILENO, copy_pull, err);
}
