/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A keeper must survive everything but kill -9, and even then its zone goes on: it holds nothing
 * that the zone needs to live. It owns no lock while it waits, runs no other program, and never
 * looks into the zone's files. What comes from inside are bytes of the console, which it copies,
 * and datagrams of the notify socket, in which it looks for one line.
 *
 * When it is gone, the run record says so to whoever asks; repair starts another one with
 * keeper_adopt(), which has a new console, as a terminal's master dies with its last holder.
 */
#include "runtime/keeper.h"

#include <errno.h>
#include <fcntl.h>
#include <link.h>
#include <malloc.h>
#include <sched.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "base/fd.h"
#include "base/mem.h"
#include "base/path.h"
#include "base/proc.h"
#include "base/strv.h"
#include "base/sys.h"
#include "base/vfork.h"
#include "cgroups/keepers.h"
#include "runtime/boot.h"
#include "runtime/console.h"
#include "runtime/dev.h"
#include "runtime/ending.h"
#include "runtime/hosts.h"
#include "runtime/mounts.h"
#include "runtime/place.h"
#include "runtime/ssh_demand.h"
#include "runtime/state.h"
#include "runtime/zone_hooks.h"

enum { GROUP_TRIES = 8, WARNINGS_MAX = 64 << 10, STACK_USED_MAX = 1 << 20 };

enum ending { ENDED_HALT, ENDED_REBOOT };

struct keeper {
	struct zone z;			/* a copy, with a descriptor of its own and no lock */
	int lockfd;			/* the caller's, with its lock, until the zone is up */
	struct boot boot;
	struct console console;
	struct ready ready;
	struct notices notices;
	struct ssh_demand ssh;
	int initfd;			/* borrowed from boot, or the adopted init's */
	bool is_parent;			/* init is our child, so its status can be had */
};

/* Away from the terminal, the caller's directory and its signals. */
static int detach(struct error *err)
{
	static const int ignored[] = { SIGHUP, SIGINT, SIGQUIT, SIGPIPE, SIGTERM, SIGTSTP };
	int nullfd = open("/dev/null", O_RDWR | O_CLOEXEC); /* host path */
	const int stdio[3] = { nullfd, nullfd, nullfd };

	if (nullfd < 0)
		return error_sys(err, "open /dev/null");
	for (size_t i = 0; i < N_ROWS(ignored); i++)
		(void)signal(ignored[i], SIG_IGN);
	if (setsid() < 0)
		return error_sys(err, "make a session");
	if (chdir("/") < 0) /* host path */
		return error_sys(err, "enter /");
	(void)prctl(PR_SET_NAME, "zonekeeper");
	if (confine_stdio(stdio, err) < 0)
		return -1;
	close(nullfd);
	return 0;
}

/* The caller's descriptor carries the caller's lock. */
static int take_zone(struct keeper *k, struct zone *z, struct error *err)
{
	int dirfd = openat(z->dirfd, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);

	if (dirfd < 0)
		return error_sys(err, "open the zone's directory");
	/* Kept: with the caller killed half-way, another would else boot the zone beside us. */
	k->lockfd = z->dirfd;
	z->dirfd = dirfd;
	k->z = *z;
	return 0;
}

static int open_console(struct keeper *k, int masterfd, struct error *err)
{
	ready_init(&k->ready, k->boot.rundirfd);
	notices_init(&k->notices, k->z.config.uid_base);
	if (k->boot.launched.noticefd >= 0)
		notices_add(&k->notices, TAKE_FD(k->boot.launched.noticefd));
	ssh_demand_init(&k->ssh, TAKE_FD(k->boot.launched.sshfd));
	return console_open(&k->console, k->boot.rundirfd, masterfd, err);
}

static int forget_code(struct dl_phdr_info *object, size_t size, void *arg)
{
	long page = sysconf(_SC_PAGESIZE);

	(void)size;
	(void)arg;
	for (size_t i = 0; i < object->dlpi_phnum; i++) {
		const ElfW(Phdr) *part = &object->dlpi_phdr[i];
		uintptr_t start = (object->dlpi_addr + part->p_vaddr) & ~((uintptr_t)page - 1);
		uintptr_t end = object->dlpi_addr + part->p_vaddr + part->p_memsz;

		if (part->p_type == PT_LOAD && (part->p_flags & PF_W) == 0)
			(void)madvise((void *)start, end - start, MADV_DONTNEED);
	}
	return 0;
}

/* What booting used of the stack, below the frames that are still there: this one, which is the
 * lowest only if it is not part of its caller's, and madvise()'s. Parts that are not mapped make it
 * fail once the mapped ones are given back, which is as good (madvise(2)). */
__attribute__((noinline)) static void forget_stack(void)
{
	uintptr_t page = (uintptr_t)sysconf(_SC_PAGESIZE);
	uintptr_t here = ((uintptr_t)__builtin_frame_address(0) & ~(page - 1)) - page;

	(void)madvise((void *)(here - STACK_USED_MAX), STACK_USED_MAX, MADV_DONTNEED);
}

/* What a thousand keepers need not hold a thousand times: the groups are opened again by name. */
static void slim_down(struct keeper *k)
{
	cgroup_close(&k->boot.cgroup);
	site_cgroups_close(k->z.site);
	malloc_trim(0);
	/* Code that only booting needed; what is still needed is read again from the page cache. */
	(void)dl_iterate_phdr(forget_code, NULL); /* it only passes on what forget_code() says */
	forget_stack();
}

static int boot_once(struct keeper *k, const struct boot_options *options, struct error *err)
{
	int ret;

	k->boot = (struct boot){ .z = &k->z };
	boot_adopted(&k->boot);
	if (compile_boot(&k->boot.compiled, &k->z, options, err) < 0)
		return -1;
	ret = boot_up(&k->boot, err);
	compiled_clear(&k->boot.compiled);
	if (ret < 0)
		return -1;
	k->initfd = k->boot.launched.pidfd;
	ret = open_console(k, TAKE_FD(k->boot.launched.ptyfd), err);
	if (ret < 0) {
		struct error later = { 0 };

		(void)boot_down(&k->boot, &later);	/* the first failure is what is told */
	}
	return ret;
}

/* Until init ends. */
static void watch(struct keeper *k)
{
	for (;;) {
		struct pollfd fds[CONSOLE_FDS + NOTICES_MAX + 3];
		size_t n_console = console_poll_set(&k->console, fds);
		size_t n_notices = notices_poll_set(&k->notices, fds + n_console);
		size_t n = n_console + n_notices;
		struct pollfd *ssh;
		int wait_ms;

		fds[n++] = (struct pollfd){ k->initfd, POLLIN, 0 };
		if (k->boot.launched.notifyfd >= 0)
			fds[n++] = (struct pollfd){ k->boot.launched.notifyfd, POLLIN, 0 };
		ssh = &fds[n];
		wait_ms = ssh_demand_poll_set(&k->ssh, ssh);
		if (poll(fds, n + 1, wait_ms) < 0)
			continue;
		ssh_demand_serve(&k->ssh, ssh, &k->z);
		console_serve(&k->console, fds, n_console);
		notices_serve(&k->notices, fds + n_console, n_notices);
		if (k->boot.launched.notifyfd >= 0 && fds[n - 1].revents)
			ready_see_notify(&k->ready, k->boot.launched.notifyfd);
		if (fds[n_console + n_notices].revents)
			break;
	}
	console_drain(&k->console);
}

/* A line of our own in console.log, which may stand in the middle of the zone's. */
static void note(struct keeper *k, const char *text)
{
	AUTO_FREE char *line = xasprintf("\r\nzonectl: %s\r\n", text);

	console_note(&k->console, line);
}

/* reboot(2) in a pid namespace ends its first process with SIGHUP for a restart, with SIGINT for a
 * halt or power off. An adopted init is another's child: its ending can't be had, and counts as a
 * halt. */
static enum ending take_ending(struct keeper *k)
{
	AUTO_FREE char *text = NULL;
	siginfo_t info = { 0 };

	if (!k->is_parent)
		return ENDED_HALT;
	while (waitid(P_PIDFD, (id_t)k->initfd, &info, WEXITED | __WALL) < 0 && errno == EINTR)
		;
	if (info.si_code == CLD_KILLED && info.si_status == SIGHUP)
		return ENDED_REBOOT;
	text = ending_record(&k->z, &info);
	if (text)
		note(k, text);
	return ENDED_HALT;
}

/* The configuration may have been changed for the next boot, and this is it. */
static int boot_again(struct keeper *k, struct error *err)
{
	zone_config_clear(&k->z.config);
	if (zone_config_read(&k->z.config, k->z.dirfd, err) < 0)
		return -1;
	if (place_settle(&k->z, err) < 0)
		return -1;
	return boot_once(k, NULL, err);
}

static void note_warnings(struct keeper *k)
{
	for (char *const *w = k->z.warnings; w && *w; w++) {
		AUTO_FREE char *text = xasprintf("warning: %s", *w);

		note(k, text);
	}
	strv_clear(&k->z.warnings);
}

static void note_failure(struct keeper *k, const char *what, const struct error *failure)
{
	AUTO_FREE char *text = xasprintf("%s: %s", what, failure->text);

	note(k, text);
}

static void settle(struct keeper *k)
{
	struct error err = { 0 };

	if (boot_settle(&k->boot, &err) < 0)
		note_failure(k, "warning", &err);
}

/* The run record stays meanwhile, so that nobody takes the zone for one that is not in use. */
static int reboot(struct keeper *k)
{
	struct error err = { 0 };

	console_hang_up(&k->console);
	ssh_demand_close(&k->ssh);
	notices_close(&k->notices);
	if (boot_clear(&k->boot, &err) < 0)
		note_failure(k, "clean up", &err);
	if (boot_again(k, &err) == 0) {
		settle(k);
		hosts_spread(k->z.site);
		note_warnings(k);
		return 0;
	}
	note_failure(k, "reboot", &err);
	return -1;
}

/* As the configuration is now; it may have been changed since the boot. */
static void stop_hook(struct keeper *k)
{
	struct error err = { 0 };

	zone_config_clear(&k->z.config);
	if (zone_config_read(&k->z.config, k->z.dirfd, &err) == 0)
		zone_hook_warn(&k->z, ZONE_HOOK_POST_STOP);
	note_warnings(k);
}

static void keep(struct keeper *k)
{
	struct error err = { 0 };

	do {
		slim_down(k);
		watch(k);
	} while (take_ending(k) == ENDED_REBOOT && reboot(k) == 0);
	ssh_demand_close(&k->ssh);
	if (boot_down(&k->boot, &err) < 0)
		note_failure(k, "clean up", &err);	/* the hook runs when it is */
	else
		stop_hook(k);
	hosts_spread(k->z.site);
	notices_close(&k->notices);
	console_close(&k->console);
}

struct keeper_task {
	struct zone *z;
	const struct boot_options *options;
	int (*start)(struct keeper *k, const struct boot_options *options, struct error *err);
};

/* The report is one struct error, of kind ERR_NONE when the zone runs, and then its warnings, a
 * line each. */
static void send_report(struct keeper *k, int reportfd, const struct error *err)
{
	AUTO_FREE char *lines = strv_join(k->z.warnings, "\n");
	struct error gone = { 0 };

	/* The caller may be gone; the zone stays. */
	if (fd_write_all(reportfd, err, sizeof(*err), &gone) == 0)
		(void)fd_write_all(reportfd, lines, strlen(lines), &gone);
	close(reportfd);
	strv_clear(&k->z.warnings);
}

static void keeper_main(const struct keeper_task *task, int reportfd)
{
	struct keeper k = { .lockfd = -1, .initfd = -1, .is_parent = true, .ssh.listenfd = -1 };
	struct error err = { 0 };
	int ret = keepers_join_v1(&task->z->site->cgroups, &err);

	site_outlive(task->z->site);
	if (ret == 0)
		ret = take_zone(&k, task->z, &err);
	console_init(&k.console, k.z.dirfd, &k.ready, &k.notices);
	if (ret == 0)
		ret = detach(&err);
	if (ret == 0)
		ret = task->start(&k, task->options, &err);
	if (ret == 0) {
		/* The caller goes on while the disk is waited for; who locks the zone next waits
		 * for that too. */
		send_report(&k, reportfd, &err);
		settle(&k);
		cleanup_close(&k.lockfd);
	} else {
		cleanup_close(&k.lockfd);
		send_report(&k, reportfd, &err);
	}
	hosts_spread(k.z.site);
	if (ret == 0)
		keep(&k);
	_exit(ret == 0 ? 0 : 1);
}

static int read_report(int reportfd, char ***warnings, struct error *err)
{
	AUTO_STRV char **lines = NULL;
	AUTO_FREE char *text = NULL;
	struct error report;
	struct error end = { 0 };

	if (fd_read_exact(reportfd, &report, sizeof(report), &end) < 0)
		return error_set(err, ERR_FAILED, "the keeper was killed");
	if (report.kind != ERR_NONE) {
		*err = report;
		return -1;
	}
	if (fd_read_all(reportfd, WARNINGS_MAX, &text, NULL, &end) < 0)
		return 0;	/* it runs; a keeper that was killed since is repair's affair */
	lines = strv_split(text, "\n");
	for (char **l = lines; l && *l; l++)
		strv_add(warnings, *l);
	return 0;
}

/* fork(2), the child in the keepers' group where they have one (cgroups/keepers.h). */
static pid_t fork_outside(const struct cgroup_host *host, struct error *err)
{
	for (int i = 0; i < GROUP_TRIES; i++) {
		AUTO_CLOSE int groupfd = -1;
		struct clone_args args = { .flags = CLONE_INTO_CGROUP, .exit_signal = SIGCHLD };
		pid_t pid;

		if (keepers_open(host, &groupfd, err) < 0)
			return -1;
		args.cgroup = (uint64_t)groupfd;
		pid = groupfd < 0 ? fork() : sys_clone3(&args);
		if (pid >= 0)
			return pid;
		if (groupfd < 0 || errno != ENODEV)
			break;
	}
	return error_sys(err, "fork the keeper");
}

/* A keeper that could not start is reaped here; one that could is left to the host's init. */
static int fork_keeper(const struct keeper_task *task, struct error *err)
{
	int report[2];
	pid_t pid;
	int ret;

	if (site_cgroups(task->z->site, err) < 0)
		return -1;
	if (pipe2(report, O_CLOEXEC) < 0)
		return error_sys(err, "make a pipe");
	pid = fork_outside(&task->z->site->cgroups, err);
	if (pid == 0) {
		close(report[0]);
		keeper_main(task, report[1]);
	}
	close(report[1]);
	ret = pid < 0 ? -1 : read_report(report[0], &task->z->warnings, err);
	close(report[0]);
	if (ret < 0 && pid > 0)
		while (waitpid(pid, NULL, 0) < 0 && errno == EINTR)
			;
	return ret;
}

int keeper_boot(struct zone *z, const struct boot_options *options, struct error *err)
{
	const struct keeper_task task = { .z = z, .options = options, .start = boot_once };

	return fork_keeper(&task, err);
}

/* What the helper of adopt_console() shares with the keeper. */
struct adoption {
	int initfd;
	uint32_t uid_base;
	int masterfd;
};

static int adopt_inside(void *arg, struct error *err)
{
	struct adoption *a = arg;
	AUTO_CLOSE int rootfd = -1, ptsfd = -1, masterfd = -1, slavefd = -1;

	if (setns(a->initfd, CLONE_NEWNS) < 0)
		return error_sys(err, "enter the zone's mounts");
	rootfd = open("/", O_PATH | O_DIRECTORY | O_CLOEXEC); /* host path */
	ptsfd = rootfd < 0 ? -1
			   : path_open_nolink(rootfd, "dev/pts", O_PATH | O_DIRECTORY, false, err);
	if (ptsfd < 0)
		return -1;
	masterfd = dev_pty_open(ptsfd, a->uid_base, &slavefd, err);
	if (masterfd < 0 || mounts_console(rootfd, slavefd, err) < 0)
		return -1;
	a->masterfd = TAKE_FD(masterfd);
	return 0;
}

/* A helper in our memory enters the zone's mount namespace; the keeper itself never does. */
static int adopt_console(const struct keeper *k, struct error *err)
{
	struct adoption a = { .initfd = k->initfd,
			      .uid_base = k->z.config.uid_base,
			      .masterfd = -1 };

	return vfork_run(adopt_inside, &a, 0, err) < 0 ? -1 : a.masterfd;
}

static int adopt_record(struct keeper *k, struct error *err)
{
	struct zone_run run = { 0 };
	int ret = zone_run_read(&run, k->z.site, k->z.name, err);

	if (ret == 0)
		k->initfd = proc_open(&run.init, err);
	if (k->initfd < 0 || proc_id_of(getpid(), &run.keeper, err) < 0)
		ret = -1;
	if (ret == 0)
		ret = zone_run_write(&run, k->z.site, k->z.name, err);
	zone_run_clear(&run);
	return ret;
}

static int adopt(struct keeper *k, const struct boot_options *options, struct error *err)
{
	struct error ignored = { 0 };	/* something else has the port now: then nobody listens */
	int masterfd;

	(void)options;	/* nothing is booted, but the task table passes it */
	k->is_parent = false;
	k->boot = (struct boot){ .z = &k->z };
	boot_adopted(&k->boot);
	k->boot.rundirfd = openat(k->z.site->runfd, k->z.name, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (k->boot.rundirfd < 0)
		return error_sys(err, "open the run directory");
	if (adopt_record(k, err) < 0)
		return -1;
	masterfd = adopt_console(k, err);
	if (masterfd < 0)
		return error_wrap(err, "console");
	k->ready = (struct ready){ .rundirfd = k->boot.rundirfd };
	notices_init(&k->notices, k->z.config.uid_base);
	if (k->z.config.ssh == ZONE_SSH_ON_DEMAND)
		ssh_demand_init(&k->ssh, ssh_demand_listen_in(k->initfd, &ignored));
	return console_open(&k->console, k->boot.rundirfd, masterfd, err);
}

int keeper_adopt(struct zone *z, struct error *err)
{
	const struct keeper_task task = { .z = z, .start = adopt };

	return fork_keeper(&task, err);
}

int keeper_answer(struct zone *z, int noticefd, struct error *err)
{
	AUTO_CLOSE int rundirfd =
		openat(z->site->runfd, z->name, O_RDONLY | O_DIRECTORY | O_CLOEXEC);

	if (rundirfd < 0)
		return error_set(err, ERR_STATE, "is not running");
	return console_send_notices(rundirfd, noticefd, err);
}

int keeper_console_open(struct zone *z, int *out_ptyfd, struct error *err)
{
	AUTO_CLOSE int rundirfd =
		openat(z->site->runfd, z->name, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	int fd;

	if (rundirfd < 0)
		return error_set(err, ERR_STATE, "is not running");
	fd = console_connect(rundirfd, out_ptyfd, err);
	if (fd >= 0 || (err->sys != ECONNREFUSED && err->sys != ENOENT))
		return fd;
	error_set(err, ERR_STATE, "has no keeper, and so no console");
	return error_hint(err, "try: zonectl repair %s", z->name);
}
