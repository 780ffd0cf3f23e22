/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "cli/verb_stat.h"

#include <errno.h>
#include <signal.h>
#include <time.h>

#include "base/num.h"
#include "base/strv.h"
#include "cli/names.h"
#include "cli/out.h"

enum { INTERVAL_MIN_MS = 10, INTERVAL_MAX_MS = 24 * 3600 * 1000 };

const struct opt stat_options[] = {
	{ "watch",      'w', "SECONDS", "again every so often, with what happened since" },
	{ "count",      'c', "N",       "with -w, so many times" },
	{ "failures",   0,   NULL,      "how often each limit said no" },
	{ "all",        'a', NULL,      "zones that don't run too; with --failures also zeros" },
	{ "columns",    'o', "COLUMNS", "columns to show, as name,cpu,memory" },
	{ "sort",       's', "COLUMN",  "sort by a column, -COLUMN backward" },
	{ "no-heading", 'H', NULL,      "no heading" },
	{ 0 },
};

struct stat {
	struct cli *cli;
	struct usage_want want;
	struct usage_sample before, now;
	uint64_t interval_ms, count;	/* interval 0: once; count 0: for ever */
};

static int take_options(struct stat *s, struct error *err)
{
	const char *watch = opts_value(&s->cli->opts, "watch");
	const char *count = opts_value(&s->cli->opts, "count");

	if (count && !watch)
		return error_set(err, ERR_USAGE, "option '--count' is for '--watch'");
	if (count && num_u64(count, 1, UINT32_MAX, &s->count, err) < 0)
		return error_wrap(err, "option '--count'");
	if (!watch)
		return 0;
	if (num_duration(watch, &s->interval_ms, err) < 0)
		return error_wrap(err, "option '--watch'");
	if (s->interval_ms < INTERVAL_MIN_MS || s->interval_ms > INTERVAL_MAX_MS)
		return error_set(err, ERR_USAGE, "option '--watch': from 10ms to 24h");
	return 0;
}

/* Zones that are named are meant whatever they do; they are looked up each time, as zones come and
 * go. */
static int find_names(struct cli *cli, char ***out, struct error *err)
{
	char *const *operands = cli->opts.operands;

	if (!operands)
		return zone_names(&cli->site, out, err);
	if (names_existing(&cli->site, operands, out, err) < 0)
		return -1;
	for (char **name = *out; name && *name; name++)
		if (!zone_exists(&cli->site, *name))
			return names_unknown(*name, err);
	return 0;
}

static int sample(struct stat *s, struct usage_sample *out, struct error *err)
{
	AUTO_STRV char **names = NULL;

	if (find_names(s->cli, &names, err) < 0)
		return -1;
	return usage_read(&s->cli->site, names, &s->want, out, err);
}

static int print(struct stat *s, const struct usage_sample *before, struct error *err)
{
	AUTO_TABLE struct table t = { 0 };
	struct cli *cli = s->cli;

	if (stat_table(&t, cli, s->interval_ms > 0, err) < 0)
		return -1;
	stat_rows(&t, before, &s->now);
	if (table_sort(&t, opts_value(&cli->opts, "sort"), err) < 0)
		return -1;
	if (s->interval_ms > 0 && cli->is_json)
		table_print_lines(&t, cli);
	else
		table_print(&t, cli, !opts_has(&cli->opts, "no-heading"));
	return 0;
}

int stat_failed(struct cli *cli, const struct usage_sample *s, struct error *err)
{
	size_t n = strv_len(s->failed);

	for (size_t i = 0; i < n; i++) {
		struct error why = { 0 };

		error_set(&why, ERR_FAILED, "%s", s->reasons[i]);
		cli_report(cli, s->failed[i], &why);
	}
	return n > 0 ? error_set(err, ERR_PARTIAL, "%zu of %zu failed", n, n + s->n) : 0;
}

/* Every interval on the clock, however long the looking takes. */
static void sleep_until(struct timespec *next, uint64_t interval_ms)
{
	next->tv_sec += (time_t)(interval_ms / 1000);
	next->tv_nsec += (long)(interval_ms % 1000) * 1000000;
	if (next->tv_nsec >= 1000000000) {
		next->tv_sec++;
		next->tv_nsec -= 1000000000;
	}
	while (clock_nanosleep(CLOCK_MONOTONIC, TIMER_ABSTIME, next, NULL) == EINTR)
		;
}

/* Until somebody ends it, by Ctrl-C or by not reading any more. */
static int watch(struct stat *s, struct error *err)
{
	struct timespec next;

	signal(SIGPIPE, SIG_DFL);
	clock_gettime(CLOCK_MONOTONIC, &next);
	if (sample(s, &s->before, err) < 0)
		return -1;
	for (uint64_t i = 0; s->count == 0 || i < s->count; i++) {
		sleep_until(&next, s->interval_ms);
		if (sample(s, &s->now, err) < 0)
			return -1;
		if (i > 0 && !s->cli->is_json && !opts_has(&s->cli->opts, "no-heading"))
			out_print(s->cli, "\n");
		if (print(s, &s->before, err) < 0 || out_flush(s->cli, err) < 0)
			return -1;
		usage_clear(&s->before);
		s->before = s->now;
		s->now = (struct usage_sample){ .n = 0 };
	}
	return 0;
}

static int once(struct stat *s, struct error *err)
{
	if (sample(s, &s->now, err) < 0 || print(s, NULL, err) < 0)
		return -1;
	return stat_failed(s->cli, &s->now, err);
}

/* Columns are looked at before anything is read. */
static int prepare(struct stat *s, struct error *err)
{
	AUTO_TABLE struct table t = { 0 };

	if (take_options(s, err) < 0 || stat_table(&t, s->cli, s->interval_ms > 0, err) < 0 ||
	    table_sort(&t, opts_value(&s->cli->opts, "sort"), err) < 0)
		return -1;
	stat_wants(&t, s->cli, &s->want);
	s->want.is_up = !s->cli->opts.operands && !opts_has(&s->cli->opts, "all");
	return cli_site(s->cli, err);
}

static int failures(struct cli *cli, struct error *err)
{
	AUTO_STRV char **names = NULL;

	if (opts_has(&cli->opts, "watch") || opts_has(&cli->opts, "count"))
		return error_set(err, ERR_USAGE, "'--failures' and '--watch' exclude each other");
	if (cli_site(cli, err) < 0 || find_names(cli, &names, err) < 0)
		return -1;
	return stat_failures(cli, names, !cli->opts.operands && !opts_has(&cli->opts, "all"), err);
}

int verb_stat(struct cli *cli, struct error *err)
{
	struct stat s = { .cli = cli };
	int status;

	if (opts_has(&cli->opts, "failures"))
		return failures(cli, err);
	if (prepare(&s, err) < 0)
		return -1;
	status = s.interval_ms > 0 ? watch(&s, err) : once(&s, err);
	usage_clear(&s.before);
	usage_clear(&s.now);
	return status;
}
