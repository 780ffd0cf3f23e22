/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Who brings changes to the zones is a process that begins with a change and ends when there is
 * none left: a lock on the directory of records keeps it one, and marks in there tell it of what
 * came meanwhile. After each round it rests for twenty times as long as that took, two minutes at
 * most, so that a thousand zones being booted one by one cost a few rounds, not a million writes:
 * a round grows with the square of the number of zones, as each has a line for each.
 *
 * An attacker has the whole of a zone's tree. The file is changed by a process that has entered his
 * user and mount namespaces and become his root, by the code that also runs at boot (setup.h): it
 * can do nothing there that he could not. His processes do not see it, as it is not of his pid
 * namespace. What he could do is to make it wait, and everybody's names with it; setup.c tells how
 * it does not, and zones with FUSE are left out (hosts_zone.c).
 */
#include <errno.h>
#include <fcntl.h>
#include <grp.h>
#include <limits.h>
#include <poll.h>
#include <sched.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "base/clock.h"
#include "base/fd.h"
#include "base/mem.h"
#include "base/sys.h"
#include "base/vfork.h"
#include "runtime/confine.h"
#include "runtime/hosts.h"
#include "runtime/hosts_dir.h"
#include "runtime/setup.h"

enum {
	REST_FACTOR = 20, REST_MIN_MS = 100, REST_MAX_MS = 120000, LOOK_MS = 100,
	TRIES = 2,			/* for a file that its owner changes just then */
	NICENESS = 10,
};

/*
 * Into a zone
 */

struct visit {
	int initfd;
	struct setup setup;
	struct setup_report report;
};

/* In the caller's memory, so by system calls and not by libc's ways around threads. */
static int write_inside(void *arg, struct error *err)
{
	struct visit *v = arg;

	if (setns(v->initfd, CLONE_NEWUSER | CLONE_NEWNS) < 0)
		return error_sys(err, "enter the zone's namespaces");
	if (syscall(SYS_setgroups, 0, NULL) < 0 || syscall(SYS_setresgid, 0, 0, 0) < 0 ||
	    syscall(SYS_setresuid, 0, 0, 0) < 0)
		return error_sys(err, "become the zone's root");
	if (chdir("/") < 0) /* host path */
		return error_sys(err, "enter the zone's root");
	setup_apply(&v->setup);
	return 0;
}

/* A zone that ends meanwhile, or that has no place to write to, goes without. */
static void visit_zone(const struct hosts_entry *e, const char *text)
{
	struct error ignored = { 0 };
	AUTO_CLOSE int initfd = proc_open(&e->init, &ignored);
	struct visit v = { .initfd = initfd };

	v.setup = (struct setup){
		.peers = text, .init_kind = "", .parts = 1u << SETUP_PEERS, .report = &v.report,
	};
	for (int i = 0; i < TRIES && initfd >= 0; i++) {
		v.report = (struct setup_report){ 0 };
		if (vfork_run(write_inside, &v, 0, &ignored) < 0 || v.report.failed == 0)
			return;
	}
}

/*
 * Files
 */

/* As fd_replace_nosync() does, but whoever has the lock is alone: so the temporary has a name that
 * the next one takes over when this is killed. */
static int replace(int dirfd, const char *name, mode_t mode, const struct str *text,
		   struct error *err)
{
	static const char new[] = ".new";
	const int flags = O_WRONLY | O_CREAT | O_TRUNC | O_NOFOLLOW | O_CLOEXEC;
	AUTO_CLOSE int fd = openat(dirfd, new, flags, mode);

	if (fd < 0)
		return error_sys(err, "make '%s'", new);
	if (fd_write_all(fd, str_text(text), text->len, err) < 0)
		return error_wrap(err, "%s", name);
	if (fchmod(fd, mode) < 0 || renameat(dirfd, new, dirfd, name) < 0)
		return error_sys(err, "replace '%s'", name);
	return 0;
}

static int open_host_dir(struct site *site, int *out_run, struct error *err)
{
	const int flags = O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC;
	AUTO_CLOSE int runfd = openat(site->runfd, "..", flags);
	AUTO_CLOSE int fd = -1;

	if (runfd < 0)
		return error_sys(err, "open 'run'");
	if (mkdirat(runfd, HOSTS_FILE_DIR, 0755) < 0 && errno != EEXIST)
		return error_sys(err, "make 'run/" HOSTS_FILE_DIR "'");
	fd = openat(runfd, HOSTS_FILE_DIR, flags);
	if (fd < 0 || fchmod(fd, 0755) < 0)
		return error_sys(err, "open 'run/" HOSTS_FILE_DIR "'");
	*out_run = TAKE_FD(runfd);
	return TAKE_FD(fd);
}

/* What watches it is not called for nothing. */
static bool says(int dirfd, const struct str *text)
{
	AUTO_CLOSE int fd = openat(dirfd, HOSTS_FILE, O_RDONLY | O_NOFOLLOW | O_CLOEXEC);
	AUTO_FREE char *old = NULL;
	struct error ignored = { 0 };

	return fd >= 0 && fd_read_all(fd, HOSTS_TEXT_MAX, &old, NULL, &ignored) == 0 &&
	       strcmp(old, str_text(text)) == 0;
}

static int write_host_file(struct site *site, const struct hosts_list *l, struct error *err)
{
	AUTO_CLOSE int runfd = -1;
	AUTO_CLOSE int dirfd = open_host_dir(site, &runfd, err);
	AUTO_STR struct str text = { 0 };

	if (dirfd < 0)
		return -1;
	str_add(&text, "# Kept by zonectl: zones that are up.\n");
	hosts_host_text(l, &text);
	if (says(dirfd, &text))
		return 0;
	return replace(dirfd, HOSTS_FILE, 0644, &text, err);
}

static int remove_host_file(struct site *site, struct error *err)
{
	static const char file[] = "../" HOSTS_FILE_DIR "/" HOSTS_FILE;

	if (unlinkat(site->runfd, file, 0) < 0)
		return errno == ENOENT ? 0 : error_sys(err, "remove '%s'", file + 3);
	(void)unlinkat(site->runfd, "../" HOSTS_FILE_DIR "/.new", 0);	/* mostly there is none */
	(void)unlinkat(site->runfd, "../" HOSTS_FILE_DIR, AT_REMOVEDIR); /* if empty */
	return 0;
}

/* The caller may have read zonectl.json when its zone was booted, months ago. */
static bool is_file_wanted(struct site *site)
{
	struct error ignored = { 0 };
	struct site_config c;
	bool is_wanted = site->config.has_hosts_file;

	if (site->etcfd < 0)
		return is_wanted;
	site_config_init(&c);
	if (site_config_read(&c, site->etcfd, &ignored) == 0)
		is_wanted = c.has_hosts_file;
	site_config_clear(&c);
	return is_wanted;
}

/*
 * A round
 */

int hosts_note(struct site *site, int namesfd, struct error *err)
{
	AUTO_STR struct str text = { 0 };
	struct hosts_list l;

	if (hosts_read(namesfd, site->boot_id, &l, err) < 0)
		return -1;
	str_addf(&text, "%s\n", site->boot_id);
	hosts_zones_text(&l, &text);
	hosts_list_clear(&l);
	return replace(namesfd, HOSTS_TEXT, 0600, &text, err);
}

/* A zone that was killed with its keeper has a record until it is repaired, but no name. */
static void drop_dead(struct hosts_list *l)
{
	size_t n = 0;

	for (size_t i = 0; i < l->n; i++) {
		struct error ignored = { 0 };
		int fd = proc_open(&l->list[i].init, &ignored);

		if (fd < 0) {
			free(l->list[i].addresses);
			continue;
		}
		close(fd);
		l->list[n++] = l->list[i];
	}
	l->n = n;
}

int hosts_bring(struct site *site, int namesfd, struct error *err)
{
	AUTO_STR struct str text = { 0 };
	struct hosts_list l;
	int ret;

	if (hosts_read(namesfd, site->boot_id, &l, err) < 0)
		return -1;
	drop_dead(&l);
	ret = is_file_wanted(site) ? write_host_file(site, &l, err) : remove_host_file(site, err);
	hosts_zones_text(&l, &text);
	for (size_t i = 0; i < l.n; i++)
		if (l.list[i].is_kept)
			visit_zone(&l.list[i], str_text(&text));
	hosts_list_clear(&l);
	return ret;
}

/*
 * The process
 */

static bool is_there(int namesfd, const char *name)
{
	return faccessat(namesfd, name, F_OK, AT_SYMLINK_NOFOLLOW) == 0;
}

static bool is_dirty(int namesfd)
{
	return is_there(namesfd, HOSTS_DIRTY) || is_there(namesfd, HOSTS_DOING);
}

/* Marks are taken aside before the records are read, and stay until all has been brought: the next
 * process does it again if this one is killed. Older ones that go with this are in the text. */
static bool take_up(int namesfd)
{
	return renameat(namesfd, HOSTS_DIRTY, namesfd, HOSTS_DOING) == 0;
}

static int64_t rest_ms(int64_t took_ms)
{
	int64_t ms = took_ms * REST_FACTOR;

	return ms < REST_MIN_MS ? REST_MIN_MS : ms > REST_MAX_MS ? REST_MAX_MS : ms;
}

/* Brings what there is. Returns when to bring more, at the earliest. */
static int64_t bring_now(struct site *site, int namesfd)
{
	struct error err = { 0 };
	int64_t began = clock_ms(), ended;

	(void)hosts_bring(site, namesfd, &err);	/* nobody is there to be told */
	(void)unlinkat(namesfd, HOSTS_DOING, 0);	/* else it is done twice */
	ended = clock_ms();
	return ended + rest_ms(ended - began);
}

/* Makes the text. Returns when to make it again, at the earliest. */
static int64_t note_now(struct site *site, int namesfd)
{
	struct error err = { 0 };
	int64_t began = clock_ms(), ended;

	(void)hosts_note(site, namesfd, &err);	/* nobody is there to be told */
	ended = clock_ms();
	return ended + rest_ms(ended - began);
}

/* Until nothing is left to do and the rest is over. The text is made more often: as zones that boot
 * read what it lacks one by one. */
static void serve(struct site *site, int namesfd)
{
	bool is_pending = is_there(namesfd, HOSTS_DOING);
	int64_t next = 0, next_text = is_pending ? note_now(site, namesfd) : 0;

	for (;;) {
		int64_t now = clock_ms();

		if (now >= next_text && take_up(namesfd)) {
			is_pending = true;
			next_text = note_now(site, namesfd);
		}
		if (now >= next && !is_pending && !is_there(namesfd, HOSTS_DIRTY))
			return;
		if (now >= next && is_pending) {
			is_pending = false;
			next = bring_now(site, namesfd);
		}
		(void)poll(NULL, 0, LOOK_MS);
	}
}

/* Not by lock_take(), which looks for the holder's name: this is no error. */
static bool try_lock(int namesfd)
{
	return flock(namesfd, LOCK_EX | LOCK_NB) == 0;
}

static void bring_all(struct site *site, int namesfd)
{
	do {
		if (!try_lock(namesfd))
			return;	/* whoever has it looks for marks once more */
		serve(site, namesfd);
		(void)flock(namesfd, LOCK_UN);	/* it is locked */
	} while (is_dirty(namesfd));
}

/* Among the caller's descriptors are locks, and ends of pipes that others read to their end. */
static void close_others(const struct site *site)
{
	unsigned int low = (unsigned int)site->runfd, high = low;

	if (site->etcfd >= 0 && site->etcfd < site->runfd)
		low = (unsigned int)site->etcfd;
	if (site->etcfd > site->runfd)
		high = (unsigned int)site->etcfd;
	if (low > 3)
		(void)sys_close_range(3, low - 1, 0);	/* fails for no reason but a bad range */
	if (high > low + 1)
		(void)sys_close_range(low + 1, high - 1, 0);
	(void)sys_close_range(high + 1, UINT_MAX, 0);
}

__attribute__((noreturn))
static void process_main(struct site *site)
{
	struct error err = { 0 };
	int namesfd, nullfd;

	close_others(site);
	(void)prctl(PR_SET_NAME, "zonenames");
	(void)setsid();	/* fails for a leader of one, which this is not */
	nullfd = open("/dev/null", O_RDWR | O_CLOEXEC); /* host path */
	if (nullfd < 0 || confine_stdio((const int[3]){ nullfd, nullfd, nullfd }, &err) < 0 ||
	    chdir("/") < 0) /* host path */
		_exit(1);
	umask(022);
	(void)setpriority(PRIO_PROCESS, 0, NICENESS);	/* else it is as eager as its maker */
	namesfd = hosts_dir_open(site, false, &err);
	if (namesfd >= 0)
		bring_all(site, namesfd);
	_exit(0);
}

/* False if one is at it, or if a caller like this one is about to make one. */
static bool is_needed(int namesfd)
{
	if (!is_dirty(namesfd) || !try_lock(namesfd))
		return false;
	(void)flock(namesfd, LOCK_UN);	/* it is locked */
	return true;
}

void hosts_spread(struct site *site)
{
	struct error ignored = { 0 };
	AUTO_CLOSE int namesfd = hosts_dir_open(site, false, &ignored);
	pid_t pid;

	if (namesfd < 0 || !is_needed(namesfd))
		return;
	/* Twice, so that it is no child of the caller, who would have to wait for it. */
	pid = fork();
	if (pid == 0) {
		if (fork() == 0)
			process_main(site);
		_exit(0);
	}
	while (pid > 0 && waitpid(pid, NULL, 0) < 0 && errno == EINTR)
		;
}
