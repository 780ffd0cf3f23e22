/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <string.h>
#include <time.h>

#include "base/clock.h"
#include "base/proc.h"
#include "cli/names.h"
#include "cli/several.h"
#include "cli/verb_zone.h"

enum { STEP_MS = 20 };

const struct opt wait_options[] = {
	{ "state",   's', "STATE", "the state to wait for (installed)" },
	{ "timeout", 0,   "TIME",  "give up after so long (never)" },
	{ 0 },
};

struct waiting {
	struct cli *cli;
	const char *name;
	enum zone_state goal;
	int64_t end_ms;			/* of clock_ms(); -1: never */
};

static int parse_state(const char *text, enum zone_state *out, struct error *err)
{
	for (int i = 0; i < ZONE_STATES; i++)
		if (strcmp(text, zone_state_name((enum zone_state)i)) == 0) {
			*out = (enum zone_state)i;
			return 0;
		}
	error_set(err, ERR_USAGE, "no state '%s'", text);
	return error_hint(err, "states: incomplete, configured, installed, ready, running, frozen, "
			       "shutting_down, down");
}

/* Milliseconds left, -1 for ever. */
static int left(const struct waiting *w)
{
	int64_t ms = w->end_ms - clock_ms();

	if (w->end_ms < 0)
		return -1;
	return ms > 0 ? (int)ms : 0;
}

/* Sleeps until something may have changed. The kernel tells of the end of init; the steps between
 * other states leave no event that outsiders can wait for. */
static int sleep_on(const struct waiting *w, const struct zone_status *status, struct error *err)
{
	bool is_about_end = w->goal == ZONE_INSTALLED || w->goal == ZONE_DOWN;
	struct timespec step = { .tv_nsec = STEP_MS * 1000000L };

	if (is_about_end && status->initfd >= 0)
		return proc_wait_end(status->initfd, left(w), err);
	nanosleep(&step, NULL);
	return 0;
}

/* 1 when it is there, 0 to go on. */
static int look(const struct waiting *w, struct error *err)
{
	struct zone_status status;
	enum zone_state state;
	int result;

	if (!zone_exists(&w->cli->site, w->name))
		return names_unknown(w->name, err);
	if (zone_status(&status, &w->cli->site, w->name, err) < 0)
		return -1;
	state = status.state;
	if (state == w->goal)
		result = 1;
	else if (left(w) == 0)
		result = error_set(err, ERR_FAILED, "is still %s", zone_state_name(state));
	else
		result = sleep_on(w, &status, err) < 0 ? -1 : 0;
	zone_status_clear(&status);
	return result;
}

int verb_wait(struct cli *cli, const char *name, struct error *err)
{
	const char *state = opts_value(&cli->opts, "state");
	struct waiting w = { .cli = cli, .name = name, .goal = ZONE_INSTALLED, .end_ms = -1 };
	int timeout_ms = -1, result = 0;

	if ((state && parse_state(state, &w.goal, err) < 0) ||
	    opts_duration(&cli->opts, "timeout", &timeout_ms, err) < 0)
		return -1;
	if (timeout_ms >= 0)
		w.end_ms = clock_ms() + timeout_ms;
	several_may_end(cli, true);
	while (result == 0)
		result = look(&w, err);
	several_may_end(cli, false);
	return result < 0 ? -1 : 0;
}
