/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "cli/several.h"

#include <errno.h>
#include <stdlib.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "base/clock.h"
#include "base/strv.h"
#include "cli/crew.h"
#include "cli/dispatch.h"
#include "cli/fanout.h"
#include "cli/out.h"
#include "cli/tally.h"
#include "runtime/autoboot.h"

enum {
	PACE_MS = 50,			/* between two starts, where there is time for it */
	WORKERS_MAX = 512,		/* at a time: each takes some 200 KB */
	BOOTS_PER_CPU = 2, BOOTS_MIN = 4,
	TICK_MS = 1000,			/* the time that is left is told anew */
	AGAIN_MS = 500,			/* timeout(1) signals a process and its group at once */
};

struct run {
	struct cli *cli;
	int (*work)(struct cli *cli, const char *name, struct error *err);
	char *const *names;
	const uint64_t *orders;		/* of each name, NULL: they are one group */
	size_t n;
	size_t next;			/* the first that was not given out */
	size_t group_end, batch_end;
	size_t serial, max_fail;	/* zones; 0: not said */
	int pace_ms;
	int64_t next_ms;		/* when the next may begin */
	int64_t until_ms;		/* when none may any more, or 0 */
	int64_t signal_ms;		/* when the first came */
	bool has_crew, is_stopped;
	struct crew crew;
	struct tally tally;
};

static void draw(struct run *r)
{
	const struct progress_state state = {
		.done = tally_tried(&r->tally), .failed = r->tally.counts[RESULT_FAILED],
		.total = r->n,
	};

	if (!r->cli->progress.is_on)
		return;
	out_lock(r->cli);
	progress_count(&r->cli->progress, state);
	out_unlock(r->cli);
}

static void count(struct run *r, size_t i, int status, const struct error *err)
{
	tally_add(&r->tally, i, status, err);
	if (r->max_fail > 0 && r->tally.counts[RESULT_FAILED] >= r->max_fail)
		r->is_stopped = true;
	/* Nobody reads what commands say any more. */
	if (status < 0 && err->sys == EPIPE && r->cli->verb->flags & VERB_STATUS)
		r->is_stopped = true;
}

/*
 * In this process
 */

static void one_in_turn(struct run *r)
{
	size_t i = r->next++;
	struct error err = { 0 };
	int status = r->work(r->cli, r->names[i], &err);

	count(r, i, status, &err);
}

/*
 * In workers
 */

static int do_job(void *arg, const struct crew_job *job, struct str *gift, struct error *err)
{
	struct run *r = arg;
	int status;

	r->cli->is_worker = true;
	r->cli->has_progress = false;
	r->cli->end_ms = job->end_ms;
	r->cli->site.callerfds[0] = r->crew.ownfd;
	r->cli->site.callerfds[1] = r->cli->out_lockfd;
	status = r->work(r->cli, r->names[job->number], err);
	*gift = r->cli->gift;
	r->cli->gift = (struct str){ 0 };
	return status;
}

void several_may_end(const struct cli *cli, bool may)
{
	if (cli->is_worker)
		crew_may_end(may);
}

static bool may_start(const struct run *r)
{
	return !r->is_stopped && r->next < r->batch_end;
}

static void start_some(struct run *r)
{
	while (may_start(r) && clock_ms() >= r->next_ms) {
		const struct crew_job job = { .number = r->next, .end_ms = r->cli->end_ms };
		struct error err = { 0 };

		if (!crew_give(&r->crew, &job, &err)) {
			if (err.kind == ERR_NONE)
				return;
			count(r, r->next, -1, &err);
		}
		r->next++;
		r->next_ms = r->pace_ms > 0 ? clock_ms() + r->pace_ms : 0;
	}
}

/* What its worker did not come to say. */
static void tell_lost(struct run *r, const char *name, struct error *err)
{
	struct error ignored = { 0 };

	if (r->cli->verb->flags & VERB_CHANGES && err->hint[0] == '\0')
		error_hint(err, "try: zonectl repair %s", name);
	fanout_failed(r->cli, name, err);
	if (!result_is_told(r->cli))
		return;
	result_add(r->cli, name, RESULT_FAILED, -1, err);
	/* That nobody reads it does not change what was done. */
	(void)out_flush(r->cli, &ignored);
}

static void take(struct run *r, struct crew_result *result)
{
	if (result->is_lost)
		tell_lost(r, r->names[result->number], &result->err);
	if (result->gift.len > 0 && r->cli->verb->taken)
		r->cli->verb->taken(r->cli, result->number, str_text(&result->gift),
				    result->gift.len);
	count(r, result->number, result->status, &result->err);
	crew_result_clear(result);
}

static void stop(struct run *r, int sig)
{
	int64_t now = clock_ms();

	if (r->cli->ended_by == 0) {
		r->cli->ended_by = sig;
		r->signal_ms = now;
		r->is_stopped = true;
		if (r->crew.busy > 0)
			out_note(r->cli, "%s: interrupted; %zu under way are finished first, "
				 "a second signal ends them at once",
				 r->cli->verb->name, r->crew.busy);
		crew_end(&r->crew, false);
	} else if (now - r->signal_ms >= AGAIN_MS) {
		crew_end(&r->crew, true);
	}
}

static int timeout(const struct run *r)
{
	int64_t left = may_start(r) && r->next_ms > 0 ? r->next_ms - clock_ms() : -1;

	if (left >= 0 && left < TICK_MS)
		return (int)left;
	return r->cli->progress.is_on ? TICK_MS : (int)left;
}

static void wait_some(struct run *r)
{
	struct crew_result result;
	int sig = 0;

	switch (crew_wait(&r->crew, timeout(r), &result, &sig)) {
	case CREW_RESULT:
		take(r, &result);
		break;
	case CREW_SIGNAL:
		stop(r, sig);
		break;
	case CREW_TIMEOUT:
		break;
	}
}

/*
 * Batches and groups
 */

static void work_on_batch(struct run *r)
{
	for (;;) {
		draw(r);
		if (r->until_ms > 0 && clock_ms() >= r->until_ms)
			r->is_stopped = true;
		if (r->has_crew)
			start_some(r);
		if (r->has_crew ? r->crew.busy == 0 && !may_start(r) : !may_start(r))
			return;
		if (r->has_crew)
			wait_some(r);
		else
			one_in_turn(r);
	}
}

static void work_on_group(struct run *r)
{
	while (r->next < r->group_end && !r->is_stopped) {
		size_t failed = r->tally.counts[RESULT_FAILED], left = r->group_end - r->next;
		size_t size = r->serial > 0 && r->serial < left ? r->serial : left;

		r->batch_end = r->next + size;
		work_on_batch(r);
		/* What fails everywhere would go on to. */
		if (r->serial > 0 && r->tally.counts[RESULT_FAILED] - failed == size)
			r->is_stopped = true;
	}
}

static size_t group_end(const struct run *r, size_t first)
{
	size_t i = first;

	if (!r->orders)
		return r->n;
	while (i < r->n && r->orders[i] == r->orders[first])
		i++;
	return i;
}

static int64_t groups_from(const struct run *r, size_t first)
{
	int64_t groups = 0;

	for (size_t i = first; i < r->n; i = group_end(r, i))
		groups++;
	return groups;
}

/* The group's share of the time that is left until end_ms. */
static void share_time(struct run *r, int64_t end_ms)
{
	int64_t now = clock_ms(), left = end_ms > now ? end_ms - now : 0;
	int64_t share = left / groups_from(r, r->next);
	int64_t pace = share / 2 / (int64_t)(r->group_end - r->next);

	r->cli->end_ms = now + share;
	r->pace_ms = pace < PACE_MS ? (int)pace : PACE_MS;
}

static int read_deadline(struct run *r, struct error *err)
{
	int ms = 0;

	if (!opts_has(&r->cli->opts, "deadline"))
		return 0;
	if (opts_duration(&r->cli->opts, "deadline", &ms, err) < 0)
		return -1;
	r->until_ms = r->cli->end_ms = clock_ms() + ms;
	return 0;
}

static int work_on_groups(struct run *r, struct error *err)
{
	int within_ms = r->cli->verb->within_ms;
	int64_t end_ms = 0;

	if (read_deadline(r, err) < 0)
		return -1;
	if (r->orders && within_ms > 0) {
		if (opts_duration(&r->cli->opts, "timeout", &within_ms, err) < 0)
			return -1;
		end_ms = clock_ms() + within_ms;
	}
	while (r->next < r->n && !r->is_stopped) {
		r->group_end = group_end(r, r->next);
		if (end_ms > 0)
			share_time(r, end_ms);
		work_on_group(r);
	}
	return 0;
}

static size_t jobs_of(const struct run *r)
{
	long cpus = sysconf(_SC_NPROCESSORS_ONLN);

	if (r->cli->jobs > 0)
		return r->cli->jobs;
	if (!r->orders)
		return cpus > 0 ? (size_t)cpus : 1;
	if (r->cli->verb->within_ms > 0)
		return WORKERS_MAX;
	return cpus * BOOTS_PER_CPU > BOOTS_MIN ? (size_t)cpus * BOOTS_PER_CPU : BOOTS_MIN;
}

static int work_in_parallel(struct run *r, struct error *err)
{
	size_t jobs = jobs_of(r);
	int status;

	/* Opened once, for all workers; before there are any, so that they see it fail too. */
	if (cli_site(r->cli, err) < 0 || (r->cli->out_lockfd < 0 && out_share(r->cli, err) < 0))
		return -1;
	r->crew = (struct crew){ .work = do_job, .arg = r, .most = jobs < r->n ? jobs : r->n };
	if (crew_open(&r->crew, err) < 0)
		return -1;
	r->has_crew = true;
	status = work_on_groups(r, err);
	crew_close(&r->crew);
	return status;
}

/* Of n zones, at least one. */
static size_t share_of(const struct cli_share *share, size_t n)
{
	size_t part = share->is_percent ? n * share->n / 100 : share->n;

	return share->n > 0 && part == 0 ? 1 : part;
}

int several(struct cli *cli, char **names,
	    int (*work)(struct cli *cli, const char *name, struct error *err), struct error *err)
{
	unsigned int flags = cli->verb->flags;
	bool is_ordered = flags & (VERB_ORDERED | VERB_REVERSED) && cli_is_whole_host(cli);
	bool is_parallel = flags & VERB_PARALLEL && !(cli->is_dry_run && flags & VERB_CHANGES);
	AUTO_FREE uint64_t *orders =
		is_ordered ? autoboot_sort(&cli->site, names, flags & VERB_REVERSED) : NULL;
	struct run r = { .cli = cli, .work = work, .names = names, .orders = orders };
	int status;

	r.n = strv_len(names);
	r.serial = share_of(&cli->serial, r.n);
	r.max_fail = share_of(&cli->max_fail, r.n);
	tally_init(&r.tally, cli, names);
	/* What works on one at a time prints more than it takes long. */
	cli->progress.is_on = cli->has_progress && is_parallel;
	status = is_parallel ? work_in_parallel(&r, err) : work_on_groups(&r, err);
	progress_clear(&cli->progress);
	cli->progress.is_on = false;
	cli->end_ms = 0;
	cli->subject = NULL;
	if (status == 0 && cli->verb->finish)
		status = cli->verb->finish(cli, err);
	if (status == 0)
		status = tally_tell(&r.tally, err);
	tally_clear(&r.tally);
	return status;
}
