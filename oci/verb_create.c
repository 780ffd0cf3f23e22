/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <stdlib.h>
#include <string.h>

#include "base/cleanup.h"
#include "oci/foreground.h"
#include "oci/life.h"
#include "oci/notify.h"
#include "oci/oci.h"

enum {
	BUNDLE, CONFIG, CONSOLE, PID_FILE, PIDFD, NO_REAPER, NO_PIVOT, NO_KEYRING, PRESERVE, DETACH,
	KEEP,
};

#define CREATE_ROWS \
	[BUNDLE] = { "bundle", 'b', true }, [CONFIG] = { "config", 'f', true }, \
	[CONSOLE] = { "console-socket", 0, true }, [PID_FILE] = { "pid-file", 0, true }, \
	[PIDFD] = { "pidfd-socket", 0, true }, [NO_REAPER] = { "no-subreaper", 0, false }, \
	[NO_PIVOT] = { "no-pivot", 0, false }, [NO_KEYRING] = { "no-new-keyring", 0, false }, \
	[PRESERVE] = { "preserve-fds", 0, true }

const struct oci_option oci_create_options[] = { CREATE_ROWS, { 0 } };
const struct oci_option oci_run_options[] = {
	CREATE_ROWS, [DETACH] = { "detach", 'd', false }, [KEEP] = { "keep", 0, false }, { 0 },
};

static int read_options(struct oci *oci, struct life_options *o, struct error *err)
{
	*o = (struct life_options){
		.bundle = oci_value(oci, BUNDLE) ? oci_value(oci, BUNDLE) : ".",
		.config = oci_value(oci, CONFIG),
		.handover = { oci_value(oci, PID_FILE), oci_value(oci, CONSOLE),
			      oci_value(oci, PIDFD) },
		.without_pivot = oci_value(oci, NO_PIVOT) != NULL,
		.keeps_keyring = oci_value(oci, NO_KEYRING) != NULL,
		.cgroup_manager = oci->cgroup_manager,
	};
	return inherit_read(&o->inherit, oci_value(oci, PRESERVE), err);
}

int oci_create(struct oci *oci, struct error *err)
{
	AUTO_CONTAINER struct container c = CONTAINER_NONE;
	struct life_options options;
	struct launched launched;

	if (read_options(oci, &options, err) < 0 ||
	    container_make(&c, oci->root, oci->operands[0], err) < 0 ||
	    life_create(&c, &launched, &options, err) < 0)
		return -1;
	launched_close(&launched);
	return 0;
}

/* As with runc, it is started when it says so. Others may have it meanwhile. */
static int wait_ready(struct container *c, int notifyfd, struct error *err)
{
	struct error gone = { 0 };
	AUTO_CLOSE int pidfd = proc_open(&c->state.init, &gone);

	lock_drop(c->dirfd);
	if (pidfd < 0)		/* there is nothing to hear from one that has ended */
		return 0;
	return notify_wait(notifyfd, pidfd, c->state.init.pid, err);
}

int oci_start(struct oci *oci, struct error *err)
{
	AUTO_CONTAINER struct container c = CONTAINER_NONE;
	AUTO_CLOSE int notifyfd = -1;
	enum container_status status;

	if (container_open(&c, oci->root, oci->operands[0], LOCK_ALONE, err) < 0 ||
	    container_status(&c, &status, err) < 0)
		return -1;
	if (status == CONTAINER_CREATED && notify_listen(&c, &notifyfd, err) < 0)
		return -1;
	if (life_start(&c, err) < 0)
		return -1;
	return notifyfd >= 0 ? wait_ready(&c, notifyfd, err) : 0;
}

/* Waits for the first process, and removes what is left of the container. */
static int stay(struct oci *oci, struct container *c, struct launched *launched,
		struct foreground *f, struct error *err)
{
	struct error warning = { 0 };

	lock_drop(c->dirfd);
	if (foreground_wait(f, launched->pidfd, &launched->ptyfd, &oci->status, err) < 0)
		return -1;
	if (oci_value(oci, KEEP))
		return 0;
	if (life_end(c, &warning, err) < 0)
		return -1;
	oci_warn(oci, &warning);
	return 0;
}

static int go(struct oci *oci, struct container *c, struct launched *launched, struct error *err)
{
	struct error ignored = { 0 };
	struct foreground f = FOREGROUND_NONE;
	bool is_detached = oci_value(oci, DETACH) != NULL;
	bool has_tty = launched->ptyfd >= 0 && !oci_value(oci, CONSOLE);
	int status = is_detached ? 0 : foreground_open(&f, has_tty, err);

	if (status == 0 && notify_listen(c, &f.notifyfd, err) < 0)
		status = -1;
	if (status == 0 && launch_go(launched, err) < 0)
		status = -1;
	if (status < 0)
		(void)life_end(c, &ignored, &ignored);	/* the first error is the one that tells */
	else if (!is_detached)
		status = stay(oci, c, launched, &f, err);
	else if (f.notifyfd >= 0)
		status = wait_ready(c, f.notifyfd, err);
	foreground_close(&f);
	return status;
}

int oci_run(struct oci *oci, struct error *err)
{
	AUTO_CONTAINER struct container c = CONTAINER_NONE;
	struct life_options options;
	struct launched launched;
	int status;

	if (read_options(oci, &options, err) < 0)
		return -1;
	options.goes_at_once = true;
	options.is_foreground = oci_value(oci, DETACH) == NULL;
	if (container_make(&c, oci->root, oci->operands[0], err) < 0 ||
	    life_create(&c, &launched, &options, err) < 0)
		return -1;
	status = go(oci, &c, &launched, err);
	launched_close(&launched);
	return status;
}
