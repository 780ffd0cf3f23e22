/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "cli/cause.h"

#include <signal.h>
#include <stdio.h>
#include <time.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "base/clock.h"
#include "base/mem.h"
#include "base/proc.h"
#include "cli/out.h"
#include "runtime/ending.h"

enum {
	INIT_MS = 3000,			/* from the kill of a session to the end of its zone */
	SETTLE_MS = 10000,		/* from there to the keeper's having cleaned up */
	STEP_MS = 20,
	SIGNAL_STATUS = 128,
};

enum zone_fate { FATE_RUNS, FATE_SHUTS_DOWN, FATE_STOPPED, FATE_REBOOTED, FATE_LOST };

/* What has become of the zone by now; false: it is between two states. */
static bool look(struct target *t, enum zone_fate *out)
{
	struct error ignored = { 0 };
	struct zone_status now;
	bool is_settled = true;

	/* Destroyed, it was stopped before. */
	*out = FATE_STOPPED;
	if (zone_status(&now, t->zone.site, t->zone.name, &ignored) < 0)
		return true;
	if (now.is_alive && now.run.init.pid != t->status.run.init.pid)
		*out = FATE_REBOOTED;
	else if (now.is_alive)
		*out = now.run.is_shutting_down ? FATE_SHUTS_DOWN : FATE_RUNS;
	else
		is_settled = now.state == ZONE_INSTALLED || !now.has_keeper;
	if (now.is_alive && !now.has_keeper)
		*out = FATE_LOST;
	zone_status_clear(&now);
	return is_settled;
}

/* The keeper boots again or cleans up; no event tells others when. */
static enum zone_fate settled(struct target *t, bool has_lost_keeper)
{
	int64_t end_ms = clock_ms() + SETTLE_MS;
	struct timespec step = { .tv_nsec = STEP_MS * 1000000L };
	enum zone_fate fate;

	for (;;) {
		bool is_settled = look(t, &fate);

		/* A process that ends closes its sockets first. */
		if (has_lost_keeper && fate != FATE_LOST && fate != FATE_STOPPED)
			is_settled = false;
		if (is_settled || clock_ms() >= end_ms)
			return fate;
		nanosleep(&step, NULL);
	}
}

static const char *fate_text(struct target *t, enum zone_fate fate, char **out_text)
{
	AUTO_FREE char *ending = NULL;

	switch (fate) {
	case FATE_RUNS:
	case FATE_LOST:
		return NULL;
	case FATE_SHUTS_DOWN:
		return "the zone is shutting down";
	case FATE_REBOOTED:
		return "the zone was rebooted";
	case FATE_STOPPED:
		break;
	}
	ending = ending_read(&t->zone);
	if (!ending)
		return "the zone was stopped";
	*out_text = xasprintf("the zone ended: %s", ending);
	return *out_text;
}

/* On the terminal, what the zone wrote ends first; where that was cut nobody knows. */
static void end_line(const struct cause *cause)
{
	if (cause->is_line_begun || cause->end == RELAY_LEFT || cause->end == RELAY_SIGNALLED)
		(void)!write(STDERR_FILENO, "\n", 1); /* the message would fail too */
}

static void tell(const struct cli *cli, const struct target *t, const struct cause *cause,
		 const char *text)
{
	end_line(cause);
	out_note(cli, "%s %s: %s", cli->verb->name, t->zone.name, text);
}

/* A zone that shuts down by itself ends its sessions by a signal before its init ends. */
static bool may_be_the_zones_end(int status)
{
	return status == SIGNAL_STATUS + SIGHUP || status == SIGNAL_STATUS + SIGTERM ||
	       status == SIGNAL_STATUS + SIGKILL;
}

static enum zone_fate fate_of(struct target *t, int status)
{
	struct error ignored = { 0 };
	enum zone_fate fate;

	/* Alive, it is settled. */
	if (proc_wait_end(t->status.initfd, 0, &ignored) == 0 && look(t, &fate) &&
	    (fate == FATE_SHUTS_DOWN || !may_be_the_zones_end(status)))
		return fate;
	if (proc_wait_end(t->status.initfd, INIT_MS, &ignored) > 0)
		return settled(t, false);
	(void)look(t, &fate);	/* likewise */
	return fate;
}

void cause_tell(const struct cli *cli, struct target *t, const struct cause *cause)
{
	AUTO_FREE char *own = NULL;
	const char *text = NULL;

	switch (cause->end) {
	case RELAY_LEFT:
		text = "detached";
		break;
	case RELAY_SIGNALLED:
		text = own = xasprintf("ended by signal %d", cause->signal);
		break;
	case RELAY_ENDED:
		text = fate_text(t, fate_of(t, cause->status), &own);
		if (!text && cause->status != 0)
			text = own = xasprintf("exit status %d", cause->status);
		break;
	case RELAY_UNREAD:
	case RELAY_INPUT_ENDED:
		break;
	}
	if (text)
		tell(cli, t, cause, text);
}

static int lost(struct target *t, struct error *err)
{
	error_set(err, ERR_FAILED, "connection lost: the zone runs on without its keeper");
	return error_hint(err, "try: zonectl console %s", t->zone.name);
}

int cause_tell_console(const struct cli *cli, struct target *t, const struct cause *cause,
		       struct error *err)
{
	AUTO_FREE char *own = NULL;
	enum zone_fate fate;

	if (cause->end != RELAY_ENDED) {
		cause_tell(cli, t, cause);
		return 0;
	}
	fate = settled(t, true);
	if (fate == FATE_STOPPED) {
		tell(cli, t, cause, fate_text(t, fate, &own));
		return 0;
	}
	end_line(cause);
	if (fate == FATE_LOST)
		return lost(t, err);
	return error_set(err, ERR_FAILED, "connection lost");
}
