/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "cli/several.h"

#include <errno.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "base/clock.h"
#include "base/mem.h"
#include "base/strv.h"
#include "cli/dispatch.h"
#include "runtime/autoboot.h"

enum {
	PACE_MS = 50,			/* between two starts, where there is time for it */
	WORKERS_MAX = 512,		/* at a time: each takes some 200 KB */
	BOOTS_PER_CPU = 2, BOOTS_MIN = 4,
};

struct work {
	struct cli *cli;
	int (*one)(struct cli *cli, const char *name, struct error *err);
	char *const *names;
	const uint64_t *orders;		/* of each name, NULL: they are one group */
	size_t n;
	size_t end;			/* of the group, whose beginning is "started" at first */
	size_t jobs;			/* at a time */
	int pace_ms;
	size_t started, running, failed;
	struct error *errors;		/* shared with the workers, so that none is torn */
	pid_t *pids;
};

static void one_in_turn(struct work *w)
{
	size_t i = w->started++;
	struct error err = { 0 };

	progress_count(&w->cli->progress, i, w->failed, w->n);
	if (w->one(w->cli, w->names[i], &err) == 0)
		return;
	cli_report(w->cli, w->names[i], &err);
	w->failed++;
}

static void pause_ms(int ms)
{
	const struct timespec time = { .tv_sec = ms / 1000, .tv_nsec = ms % 1000 * 1000000L };

	if (ms > 0)
		nanosleep(&time, NULL);	/* a signal only makes it shorter */
}

static void start_one(struct work *w)
{
	size_t i = w->started++;

	w->pids[i] = fork();
	if (w->pids[i] > 0) {
		w->running++;
		return;
	}
	if (w->pids[i] == 0)
		_exit(w->one(w->cli, w->names[i], &w->errors[i]) == 0 ? 0 : 1);
	error_sys(&w->errors[i], "start a worker");
	cli_report(w->cli, w->names[i], &w->errors[i]);
	w->failed++;
}

static void reap_one(struct work *w)
{
	int status = 0;
	pid_t pid = wait(&status);
	size_t i = 0;

	if (pid < 0)
		return;
	while (i < w->started && w->pids[i] != pid)
		i++;
	if (i == w->started)
		return;		/* no worker of ours */
	w->running--;
	if (WIFEXITED(status) && WEXITSTATUS(status) == 0)
		return;
	if (w->errors[i].kind == ERR_NONE)
		error_set(&w->errors[i], ERR_FAILED, "the worker was killed by signal %d",
			  WIFSIGNALED(status) ? WTERMSIG(status) : 0);
	cli_report(w->cli, w->names[i], &w->errors[i]);
	w->failed++;
}

static void work_on_group(struct work *w)
{
	while (w->started < w->end || w->running > 0) {
		if (!w->errors) {
			one_in_turn(w);
			continue;
		}
		progress_count(&w->cli->progress, w->started - w->running, w->failed, w->n);
		if (w->started < w->end && w->running < w->jobs) {
			start_one(w);
			pause_ms(w->started < w->end ? w->pace_ms : 0);
		} else {
			reap_one(w);
		}
	}
}

static size_t group_end(const struct work *w, size_t first)
{
	size_t i = first;

	if (!w->orders)
		return w->n;
	while (i < w->n && w->orders[i] == w->orders[first])
		i++;
	return i;
}

static int64_t groups_from(const struct work *w, size_t first)
{
	int64_t groups = 0;

	for (size_t i = first; i < w->n; i = group_end(w, i))
		groups++;
	return groups;
}

/* The group's share of the time that is left until end_ms. */
static void share_time(struct work *w, int64_t end_ms)
{
	int64_t now = clock_ms(), left = end_ms > now ? end_ms - now : 0;
	int64_t share = left / groups_from(w, w->started);
	int64_t pace = share / 2 / (int64_t)(w->end - w->started);

	w->cli->end_ms = now + share;
	w->pace_ms = pace < PACE_MS ? (int)pace : PACE_MS;
}

static int work_on_groups(struct work *w, struct error *err)
{
	int within_ms = w->cli->verb->within_ms;
	int64_t end_ms = 0;

	if (w->orders && within_ms > 0) {
		if (opts_duration(&w->cli->opts, "timeout", &within_ms, err) < 0)
			return -1;
		end_ms = clock_ms() + within_ms;
	}
	while (w->started < w->n) {
		w->end = group_end(w, w->started);
		if (end_ms > 0)
			share_time(w, end_ms);
		work_on_group(w);
	}
	return 0;
}

static size_t jobs_of(const struct work *w)
{
	long cpus = sysconf(_SC_NPROCESSORS_ONLN);

	if (!(w->cli->verb->flags & VERB_PARALLEL))
		return 1;
	if (w->cli->jobs > 0 || !w->orders)
		return w->cli->jobs;
	if (w->cli->verb->within_ms > 0)
		return WORKERS_MAX;
	return cpus * BOOTS_PER_CPU > BOOTS_MIN ? (size_t)cpus * BOOTS_PER_CPU : BOOTS_MIN;
}

static int work_in_parallel(struct work *w, struct error *err)
{
	size_t size = w->n * sizeof(*w->errors);
	int status;

	if (cli_site(w->cli, err) < 0)
		return -1;
	w->errors = mmap(NULL, size, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	if (w->errors == MAP_FAILED)
		return error_sys(err, "memory for %zu zones", w->n);
	w->pids = xcalloc(w->n, sizeof(*w->pids));
	status = work_on_groups(w, err);
	free(w->pids);
	munmap(w->errors, size);
	return status;
}

int several(struct cli *cli, char **names,
	    int (*work)(struct cli *cli, const char *name, struct error *err), struct error *err)
{
	unsigned int flags = cli->verb->flags;
	bool is_ordered = flags & (VERB_ORDERED | VERB_REVERSED) && cli_is_whole_host(cli);
	AUTO_FREE uint64_t *orders =
		is_ordered ? autoboot_sort(&cli->site, names, flags & VERB_REVERSED) : NULL;
	struct work w = { cli, work, names, orders, .n = strv_len(names) };
	int status;

	w.jobs = jobs_of(&w);
	/* What works on one at a time prints more than it takes long. */
	cli->progress.is_on = cli->has_progress && flags & VERB_PARALLEL;
	status = w.jobs > 1 ? work_in_parallel(&w, err) : work_on_groups(&w, err);
	progress_clear(&cli->progress);
	cli->progress.is_on = false;
	cli->end_ms = 0;
	if (status < 0)
		return -1;
	cli->subject = NULL;
	if (w.failed == 0)
		return 0;
	return error_set(err, ERR_PARTIAL, "%zu of %zu failed", w.failed, w.n);
}
