/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Boot and halt are one table. Every "down" is safe to run twice, without its "up", and by another
 * process than the one that ran "up": it asks the kernel what is there. So a keeper, a halt and a
 * repair may all clean up after the same zone, at the same time.
 *
 * The run record comes before init is let go: a record without a living init means "clean up", and
 * an init without a record cannot be, as it ends at its gate when its maker dies.
 */
#include "runtime/boot.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "base/mem.h"
#include "base/proc.h"
#include "base/strv.h"
#include "cgroups/devices.h"
#include "disks/disk.h"
#include "runtime/addresses.h"
#include "runtime/autoboot.h"
#include "runtime/counters.h"
#include "runtime/ending.h"
#include "runtime/hosts.h"
#include "runtime/keeper.h"
#include "runtime/live.h"
#include "runtime/place.h"
#include "runtime/reinstall.h"
#include "runtime/state.h"
#include "runtime/terminals.h"
#include "runtime/zone_hooks.h"

enum { KILL_WAIT_MS = 10000, KEEPER_WAIT_MS = 5000 };

struct step {
	const char *name;		/* put before what it says, or NULL: that says enough */
	int (*up)(struct boot *b, struct error *err);
	int (*down)(struct boot *b, struct error *err);
};

static int rundir_up(struct boot *b, struct error *err)
{
	struct zone *z = b->z;

	if (mkdirat(z->site->runfd, z->name, 0700) < 0 && errno != EEXIST)
		return error_sys(err, "make the run directory");
	b->rundirfd = openat(z->site->runfd, z->name,
			     O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	return b->rundirfd >= 0 ? 0 : error_sys(err, "open the run directory");
}

static int rundir_down(struct boot *b, struct error *err)
{
	if (b->rundirfd >= 0)
		close(b->rundirfd);
	b->rundirfd = -1;
	return zone_run_remove(b->z->site, b->z->name, err);
}

/* What the zone's /dev has beside every other's (dev.c). */
static unsigned int device_sets(uint64_t features)
{
	return (features & FEATURE_FUSE ? CGROUP_DEVICES_FUSE : 0) |
	       (features & FEATURE_TUN ? CGROUP_DEVICES_TUN : 0);
}

static int groups_up(struct boot *b, struct error *err)
{
	struct zone *z = b->z;

	if (zone_check_limits(z->site, &z->config, err) < 0 ||
	    cgroup_up(&b->cgroup, &z->site->cgroups, z->name, &z->config.limits,
		      z->config.uid_base, err) < 0 ||
	    devices_apply(&z->site->cgroups, b->cgroup.outerfd, device_sets(z->config.features),
			  err) < 0)
		return -1;
	b->compiled.zone.cgroup = &b->cgroup;
	b->compiled.zone.launch.cgroupfd = b->cgroup.innerfd;
	return 0;
}

static int groups_down(struct boot *b, struct error *err)
{
	int ret;

	cgroup_close(&b->cgroup);
	if (site_cgroups(b->z->site, err) < 0)
		return -1;
	/* Counters that can't be kept are told of, and hold no cleaning up. */
	ret = counters_settle(b->z, err);
	if (cgroup_down(&b->z->site->cgroups, b->z->name, KILL_WAIT_MS, err) < 0)
		return -1;
	return ret;
}

static int write_record(struct boot *b, struct error *err)
{
	struct zone_run run = { .is_started = true, .started = (uint64_t)time(NULL) };
	struct timespec up;
	int ret;

	clock_gettime(CLOCK_BOOTTIME, &up);
	run.started_mono_ms = (uint64_t)up.tv_sec * 1000 + (uint64_t)up.tv_nsec / 1000000;
	run.template_init_kind = xstrdup(b->compiled.init_kind);
	run.stop_signal = xstrdup(b->compiled.stop_signal ? b->compiled.stop_signal : "");
	run.image_env = strv_copy(b->compiled.image_env);
	ret = proc_id_of(b->launched.pid, &run.init, err);
	if (ret == 0)
		ret = proc_id_of(getpid(), &run.keeper, err);
	b->init = run.init;
	if (ret == 0)
		ret = zone_run_write(&run, b->z->site, b->z->name, err);
	if (ret == 0)
		brief_write(&(struct zone_brief){ .init = run.init, .keeper = run.keeper,
						  .started_mono_ms = run.started_mono_ms },
			    b->z->site, &b->z->config);
	zone_run_clear(&run);
	return ret;
}

static int namespaces_up(struct boot *b, struct error *err)
{
	if (setup_begin(&b->compiled.setup, b->z->dirfd, err) < 0)
		return -1;
	if (launch_make(&b->launched, &b->compiled.zone.launch, err) < 0)
		return -1;
	if (disk_device_write(b->rundirfd, b->launched.disk_device, err) < 0)
		return -1;
	return write_record(b, err);
}

static int links_up(struct boot *b, struct error *err)
{
	struct network *n = &b->compiled.network;
	struct launched *l = &b->launched;

	b->knows_network = true;
	b->has_network = n->plan.n_nics > 0;
	if (network_up(b->z, n, l->route, l->netnsfd, &b->z->warnings, err) < 0)
		return -1;
	/* Held open it would outlive its last process, and the links in it too. */
	if (!network_has_phys(n))
		launched_close_net(l);
	return 0;
}

/* A device goes back before the namespace ends; the kernel would give it to the machine's first
 * one, under the name it had inside. */
static void return_devices(struct boot *b)
{
	const struct network *n = b->phys ? b->phys : &b->compiled.network;
	struct error gone = { 0 };

	if (b->launched.route && n->plan.n_nics > 0)
		(void)net_return(&n->plan, b->launched.route, &gone);	/* net_down() looks too */
	network_free(TAKE_PTR(b->phys));
	launched_close_net(&b->launched);
}

static int links_down(struct boot *b, struct error *err)
{
	struct zone *z = b->z;

	return_devices(b);
	if (b->knows_network && !b->has_network)
		return 0;
	/* Without it whoever removed it has done this before. */
	if (faccessat(z->site->runfd, z->name, F_OK, AT_SYMLINK_NOFOLLOW) < 0 && errno == ENOENT)
		return 0;
	return network_down(z, err);
}

static int init_up(struct boot *b, struct error *err)
{
	if (launch_go(&b->launched, err) < 0)
		return -1;
	free(TAKE_PTR(b->setup));
	setup_end(&b->compiled.setup, b->z->dirfd, &b->z->warnings, &b->setup);
	if (network_has_phys(&b->compiled.network))
		b->phys = network_take(&b->compiled.network);
	return 0;
}

static int init_down(struct boot *b, struct error *err)
{
	(void)b;	/* it goes with the namespaces */
	(void)err;
	return 0;
}

/* A zone whose running can't be written down runs all the same. */
static int autoboot_row_up(struct boot *b, struct error *err)
{
	struct error failure = { 0 };

	(void)err;	/* it cannot fail, but the table's walkers pass it */
	if (autoboot_up(b->z, &failure) < 0)
		strv_addf(&b->z->warnings, "autoboot: %s", failure.text);
	return 0;
}

static int autoboot_row_down(struct boot *b, struct error *err)
{
	return autoboot_down(b->z, err);
}

/* A zone without a name for others is better than none. */
static int names_up(struct boot *b, struct error *err)
{
	struct error why = { 0 };

	(void)err;
	if (hosts_up(b->z, &b->compiled.hosts, &b->init, &why) < 0)
		strv_addf(&b->z->warnings, "other zones don't find it by name: %s", why.text);
	return 0;
}

static int names_down(struct boot *b, struct error *err)
{
	return hosts_down(b->z->site, b->z->name, err);
}

/* The groups' kill ends the processes; here only the keeper's own child is reaped. */
static int namespaces_down(struct boot *b, struct error *err)
{
	struct launched *l = &b->launched;

	(void)err;	/* it cannot fail, but the table's walkers pass it */
	if (l->pidfd >= 0) {
		struct error gone = { 0 };

		(void)proc_signal(l->pidfd, SIGKILL, &gone);	/* gone is what is wanted */
		(void)proc_reap(l->pidfd, &gone);	/* reaped before: nothing to do */
	}
	launched_close(l);
	return 0;
}

/* Order: the groups hold what init starts; the network is there before init is let go; the record
 * is the last thing to go, as it says that there is something to clean up. What boots with the host
 * is what came up whole: a boot that fails leaves that word as it was. */
static const struct step boot_steps[] = {
	{ "run directory", rundir_up,     rundir_down },
	{ "cgroup",        groups_up,     groups_down },
	{ NULL,            namespaces_up, namespaces_down },
	{ "network",       links_up,      links_down },
	{ NULL,            init_up,       init_down },
	{ "names",         names_up,      names_down },
	{ "autoboot",      autoboot_row_up, autoboot_row_down },
};

/* Walks rows n - 1, n - 2, ... first; one failure is reported, the rest done all the same. */
static int steps_down(struct boot *b, size_t first, size_t n, struct error *err)
{
	int ret = 0;

	while (n-- > first) {
		struct error failure = { 0 };

		if (boot_steps[n].down(b, &failure) == 0)
			continue;
		if (boot_steps[n].name)
			error_wrap(&failure, "%s", boot_steps[n].name);
		if (ret == 0)
			*err = failure;
		ret = -1;
	}
	return ret;
}

void boot_adopted(struct boot *b)
{
	b->rundirfd = -1;
	b->cgroup = (struct cgroup){ .outerfd = -1, .innerfd = -1 };
	for (size_t i = 0; i < CGROUP_CONTROLLERS; i++)
		b->cgroup.v1fd[i] = -1;
	launched_init(&b->launched);
}

int boot_up(struct boot *b, struct error *err)
{
	boot_adopted(b);
	ending_forget(b->z);
	for (size_t i = 0; i < N_ROWS(boot_steps); i++) {
		struct error later = { 0 };

		if (boot_steps[i].up(b, err) == 0)
			continue;
		ending_explain(b->z, err);	/* while its groups are there */
		(void)steps_down(b, 0, i + 1, &later);	/* the first failure is what is told */
		return boot_steps[i].name ? error_wrap(err, "%s", boot_steps[i].name) : -1;
	}
	return 0;
}

int boot_settle(struct boot *b, struct error *err)
{
	AUTO_FREE char *text = TAKE_PTR(b->setup);

	if (!text || setup_record(b->z->dirfd, text, err) == 0)
		return 0;
	return error_hint(err, "the zone's files will be written again");
}

int boot_down(struct boot *b, struct error *err)
{
	return steps_down(b, 0, N_ROWS(boot_steps), err);
}

int boot_clear(struct boot *b, struct error *err)
{
	int ret = steps_down(b, 1, N_ROWS(boot_steps), err);

	boot_close(b);
	return ret;
}

void boot_close(struct boot *b)
{
	free(TAKE_PTR(b->setup));
	network_free(TAKE_PTR(b->phys));
	launched_close(&b->launched);
	cgroup_close(&b->cgroup);
	if (b->rundirfd >= 0)
		close(b->rundirfd);
	b->rundirfd = -1;
}

/* Nothing is left of a boot that found no terminal for its console, so it can be had again. */
static int boot_keeper(struct zone *z, const struct boot_options *options, struct error *err)
{
	if (keeper_boot(z, options, err) == 0)
		return 0;
	if (err->sys != ENOSPC || terminals_more(&z->warnings, err) < 0)
		return -1;
	*err = (struct error){ 0 };
	return keeper_boot(z, options, err);
}

int zone_boot(struct zone *z, const struct boot_options *options, struct error *err)
{
	bool has_changed;

	if (reinstall_check_boot(z, err) < 0)
		return -1;
	if (addresses_settle(z->site, &z->config, &has_changed, err) < 0 ||
	    (has_changed && zone_config_write(&z->config, z->dirfd, err) < 0))
		return -1;
	if (place_settle(z, err) < 0)
		return -1;
	/* Here, where the next zone that this process boots finds it. */
	if (site_cgroups(z->site, err) < 0 ||
	    devices_load(&z->site->cgroups, device_sets(z->config.features), err) < 0)
		return -1;
	if (zone_hook(z, ZONE_HOOK_PRE_BOOT, err) < 0)
		return -1;
	if (boot_keeper(z, options, err) < 0) {
		/* What the first hook did for it is not needed. */
		zone_hook_warn(z, ZONE_HOOK_POST_STOP);
		return -1;
	}
	zone_hook_warn(z, ZONE_HOOK_POST_BOOT);
	return 0;
}

/* Kills the zone's processes; the keeper then sees init end and cleans up by itself. */
static int kill_inside(struct zone *z, const struct zone_status *st, int timeout_ms,
		       struct error *err)
{
	struct cgroup cg;
	int ret;

	if (cgroup_open(&cg, &z->site->cgroups, z->name, err) < 0) {
		if (err->kind != ERR_NOT_FOUND)
			return -1;
		return st->initfd < 0 ? 0 : proc_signal(st->initfd, SIGKILL, err);
	}
	ret = cgroup_kill(&cg, timeout_ms, err);
	cgroup_close(&cg);
	return ret;
}

/* A keeper that does not end is stuck on something that only ending it mends. */
static int end_keeper(struct zone *z, const struct zone_status *st, struct error *err)
{
	AUTO_CLOSE int keeperfd = -1;
	struct error gone = { 0 };

	if (!st->has_keeper)
		return 0;
	keeperfd = proc_open(&st->run.keeper, &gone);
	if (keeperfd < 0)
		return 0;
	if (proc_wait_end(keeperfd, KEEPER_WAIT_MS, err) == 1)
		return 0;
	if (zone_has_hook(z, ZONE_HOOK_POST_STOP) &&
	    proc_wait_end(keeperfd, ZONE_HOOK_MS, err) == 1)
		return 0;
	if (proc_signal(keeperfd, SIGKILL, err) < 0)
		return error_wrap(err, "keeper of %s", z->name);
	return proc_wait_end(keeperfd, KEEPER_WAIT_MS, err) == 1 ? 0 : -1;
}

int zone_halt_rest(struct zone *z, int timeout_ms, struct error *err)
{
	struct boot rest = { .z = z };
	struct zone_status st;
	bool is_keepers;
	int ret;

	if (site_cgroups(z->site, err) < 0 || zone_status(&st, z->site, z->name, err) < 0)
		return -1;
	/* A keeper runs the hook as it ends; without one that is left to whoever cleans up. */
	is_keepers = st.has_keeper || st.state == ZONE_INSTALLED;
	ending_announce(z);
	ret = kill_inside(z, &st, timeout_ms, err);
	if (ret == 0)
		ret = end_keeper(z, &st, err);
	zone_status_clear(&st);
	if (ret < 0)
		return -1;
	boot_adopted(&rest);
	ret = boot_down(&rest, err);
	if (!is_keepers)
		zone_hook_warn(z, ZONE_HOOK_POST_STOP);
	hosts_spread(z->site);
	return ret;
}

int zone_halt(struct zone *z, int timeout_ms, struct error *err)
{
	struct zone_status st;
	bool is_up;

	if (zone_status(&st, z->site, z->name, err) < 0)
		return -1;
	is_up = st.initfd >= 0;
	zone_status_clear(&st);
	if (is_up)
		zone_hook_warn(z, ZONE_HOOK_PRE_STOP);
	return zone_halt_rest(z, timeout_ms, err);
}
