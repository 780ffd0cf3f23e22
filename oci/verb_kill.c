/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <errno.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "base/proc.h"
#include "base/signals.h"
#include "oci/container.h"
#include "oci/groups.h"
#include "oci/life.h"
#include "oci/oci.h"

enum { ALL };
enum { FORCE };
enum { FREEZE_MS = 10000 };

const struct oci_option oci_kill_options[] = { [ALL] = { "all", 'a', false }, { 0 } };
const struct oci_option oci_delete_options[] = { [FORCE] = { "force", 'f', false }, { 0 } };

/* Also when its first process is gone: others may live on in a pid namespace that is shared. */
static int kill_all(const struct container *c, int sig, struct error *err)
{
	AUTO_SPAN struct span span = { .n = 0 };
	AUTO_FREE pid_t *pids = NULL;
	size_t n = 0;

	if (groups_open(c, &span, err) < 0)
		return -1;
	if (sig == SIGKILL && span_v2(&span) >= 0)
		return span_kill(&span, FREEZE_MS, err);
	if (span_pids(&span, &pids, &n, err) < 0)
		return -1;
	for (size_t i = 0; i < n; i++)
		(void)kill(pids[i], sig);	/* it may be gone */
	return 0;
}

static int kill_init(const struct container *c, int sig, struct error *err)
{
	enum container_status status;
	AUTO_CLOSE int pidfd = -1;

	if (container_status(c, &status, err) < 0)
		return -1;
	if (status == CONTAINER_STOPPED)
		return error_set(err, ERR_STATE, "container not running");
	pidfd = proc_open(&c->state.init, err);
	if (pidfd < 0)
		return error_set(err, ERR_STATE, "container not running");
	return proc_signal(pidfd, sig, err);
}

/* 0 asks whether there is a process (kill(2)). */
static int read_signal(const char *text, int *out, struct error *err)
{
	struct error unread = { 0 };

	*out = 0;
	if (strcmp(text, "0") == 0 || signal_parse(text, out, &unread) == 0)
		return 0;
	return error_set(err, ERR_USAGE, "unknown signal \"%s\"", text);
}

int oci_kill(struct oci *oci, struct error *err)
{
	AUTO_CONTAINER struct container c = CONTAINER_NONE;
	int sig = SIGTERM;

	if (oci->n_operands > 1 && read_signal(oci->operands[1], &sig, err) < 0)
		return -1;
	if (container_open(&c, oci->root, oci->operands[0], 0, err) < 0)
		return -1;
	/* Without groups only the first process is known, which takes its pid namespace along. */
	if (oci_value(oci, ALL) && c.state.cgroup && *c.state.cgroup)
		return kill_all(&c, sig, err);
	return kill_init(&c, sig, err);
}

int oci_delete(struct oci *oci, struct error *err)
{
	AUTO_CONTAINER struct container c = CONTAINER_NONE;
	bool is_forced = oci_value(oci, FORCE) != NULL;
	struct error warning = { 0 }, missing = { 0 };
	enum container_status status;

	if (container_open(&c, oci->root, oci->operands[0], LOCK_ALONE, &missing) < 0) {
		if (is_forced && missing.kind == ERR_NOT_FOUND)
			return 0;
		*err = missing;
		return -1;
	}
	if (container_status(&c, &status, err) < 0)
		return -1;
	if (!is_forced && (status == CONTAINER_RUNNING || status == CONTAINER_PAUSED))
		return error_set(err, ERR_STATE, "cannot delete container %s that is not stopped:"
				 " %s", c.id, container_status_name(status));
	if (life_end(&c, &warning, err) < 0)
		return -1;
	oci_warn(oci, &warning);
	return 0;
}

static int set_frozen(struct oci *oci, bool frozen, struct error *err)
{
	AUTO_CONTAINER struct container c = CONTAINER_NONE;
	AUTO_SPAN struct span span = { .n = 0 };
	enum container_status status;

	if (container_open(&c, oci->root, oci->operands[0], LOCK_ALONE, err) < 0 ||
	    container_status(&c, &status, err) < 0)
		return -1;
	if (frozen && status != CONTAINER_RUNNING && status != CONTAINER_CREATED)
		return error_set(err, ERR_STATE, "container not running");
	if (!frozen && status != CONTAINER_PAUSED)
		return error_set(err, ERR_STATE, "container not paused");
	return groups_open(&c, &span, err) < 0 ? -1 : span_freeze(&span, frozen, FREEZE_MS, err);
}

int oci_pause(struct oci *oci, struct error *err)
{
	return set_frozen(oci, true, err);
}

int oci_resume(struct oci *oci, struct error *err)
{
	return set_frozen(oci, false, err);
}
