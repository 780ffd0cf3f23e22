/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "runtime/shutdown.h"

#include <fcntl.h>
#include <poll.h>
#include <string.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "base/clock.h"
#include "base/proc.h"
#include "base/signals.h"
#include "runtime/boot.h"
#include "runtime/ending.h"
#include "runtime/enter.h"
#include "runtime/inits.h"
#include "runtime/state.h"
#include "runtime/zone_hooks.h"

enum {
	SYSTEMD_WAIT_MS = 5000, LISTEN_WAIT_MS = 1000, LISTEN_STEP_MS = 20,
	CLEANUP_WAIT_MS = 15000, THAW_WAIT_MS = 2000,
};

/* An init installs its handlers some time after it was started, systemd late; what came before is
 * lost. */
static bool wait_listens(const struct zone_status *st, int sig, bool is_systemd)
{
	int64_t end = clock_ms() + (is_systemd ? SYSTEMD_WAIT_MS : LISTEN_WAIT_MS);

	for (;;) {
		struct pollfd fd = { st->initfd, POLLIN, 0 };

		if (inits_listens(st->run.init.pid, sig))
			return true;
		if (clock_ms() >= end || poll(&fd, 1, LISTEN_STEP_MS) != 0)
			return false;
	}
}

static int run_inside(struct zone *z, const char *const *command, struct error *err)
{
	AUTO_CLOSE int nullfd = open("/dev/null", O_RDWR | O_CLOEXEC); /* host path */
	struct enter_options options = {
		.argv = (char *const *)command, .stdio = { nullfd, nullfd, nullfd },
	};
	struct entered entered;
	int ret;

	if (nullfd < 0)
		return error_sys(err, "open /dev/null");
	if (zone_enter(z, &options, &entered, err) < 0)
		return -1;
	ret = proc_reap(entered.pidfd, err);
	close(entered.pidfd);
	return ret;
}

/* True if init was asked in a way that it understands. */
static bool ask(struct zone *z, const struct zone_status *st)
{
	const char *kind = st->run.template_init_kind ? st->run.template_init_kind : "";
	struct inits_shutdown how = inits_shutdown(kind);
	struct error err = { 0 };
	int own;

	/* An image that names a signal has no init that would know another. */
	if (st->run.stop_signal && *st->run.stop_signal &&
	    signal_parse(st->run.stop_signal, &own, &err) == 0)
		how = (struct inits_shutdown){ .signal = own };

	if (how.signal != 0 && wait_listens(st, how.signal, strcmp(kind, "systemd") == 0))
		return proc_signal(st->initfd, how.signal, &err) == 0;
	return how.command && run_inside(z, how.command, &err) == 0;
}

static int mark_shutting_down(struct zone *z, struct zone_status *st, struct error *err)
{
	st->run.is_shutting_down = true;
	return zone_run_write(&st->run, z->site, z->name, err);
}

/* A frozen init can't answer. */
static int thaw(struct zone *z, const struct zone_status *st, struct error *err)
{
	struct cgroup cg;
	int ret;

	if (st->state != ZONE_FROZEN)
		return 0;
	if (cgroup_open(&cg, &z->site->cgroups, z->name, err) < 0)
		return -1;
	ret = cgroup_freeze(&cg, false, THAW_WAIT_MS, err);
	cgroup_close(&cg);
	return ret;
}

/* After init ended the keeper cleans up; with no keeper, or one that is stuck, halt does. */
static void wait_cleanup(const struct zone_status *st)
{
	struct error err = { 0 };
	AUTO_CLOSE int keeperfd = st->has_keeper ? proc_open(&st->run.keeper, &err) : -1;

	if (keeperfd >= 0)
		(void)proc_wait_end(keeperfd, CLEANUP_WAIT_MS, &err);	/* halt looks again */
}

/* The lock was not held meanwhile: somebody else may have booted the zone again. */
static int halt_same(struct zone *z, const struct zone_status *before, struct error *err)
{
	struct zone_status now;
	bool is_other;

	if (zone_status(&now, z->site, z->name, err) < 0)
		return -1;
	is_other = now.initfd >= 0 && (now.run.init.pid != before->run.init.pid ||
				       now.run.init.start != before->run.init.start);
	zone_status_clear(&now);
	return is_other ? 0 : zone_halt_rest(z, CLEANUP_WAIT_MS, err);
}

static int shutdown_now(struct zone *z, struct zone_status *st, int timeout_ms,
			enum shutdown_how *out_how, struct error *err)
{
	bool is_asked;
	int ended = 0;

	if (thaw(z, st, err) < 0 || mark_shutting_down(z, st, err) < 0)
		return -1;
	ending_announce(z);
	is_asked = ask(z, st);
	if (is_asked) {
		lock_drop(z->dirfd);
		ended = proc_wait_end(st->initfd, timeout_ms, err);
		if (ended == 1)
			wait_cleanup(st);
		if (lock_take(z->dirfd, LOCK_ALONE, -1, err) < 0 || ended < 0)
			return -1;
	}
	*out_how = is_asked ? SHUTDOWN_BY_HALT : SHUTDOWN_UNASKED;
	if (ended == 1)
		*out_how = SHUTDOWN_BY_INIT;
	return halt_same(z, st, err);
}

int zone_shutdown(struct zone *z, int timeout_ms, enum shutdown_how *out_how, struct error *err)
{
	struct zone_status st;
	int ret;

	if (site_cgroups(z->site, err) < 0 || zone_status(&st, z->site, z->name, err) < 0)
		return -1;
	if (st.initfd < 0) {
		*out_how = SHUTDOWN_BY_INIT;
		ret = zone_halt_rest(z, CLEANUP_WAIT_MS, err);
	} else {
		zone_hook_warn(z, ZONE_HOOK_PRE_STOP);
		ret = shutdown_now(z, &st, timeout_ms, out_how, err);
	}
	zone_status_clear(&st);
	return ret;
}
