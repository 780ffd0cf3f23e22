/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The child, from its birth in its namespaces to its program. What it sees after
 * the tree was made is the image's, hostile; it opens nothing of it but the
 * console and its working directory. Until the program runs it is not dumpable,
 * so that nobody who shares its pid namespace gets at what it holds open.
 */
#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "base/fd.h"
#include "base/mem.h"
#include "base/strv.h"
#include "oci/hooks.h"
#include "oci/notices.h"
#include "oci/oci_launch.h"
#include "oci/program.h"
#include "oci/spec_linux.h"

static int set_names(const struct oci_spec *spec, struct error *err)
{
	if (spec->hostname && *spec->hostname &&
	    sethostname(spec->hostname, strlen(spec->hostname)) < 0)
		return error_sys(err, "set hostname");
	if (spec->domainname && *spec->domainname &&
	    setdomainname(spec->domainname, strlen(spec->domainname)) < 0)
		return error_sys(err, "set domainname");
	return 0;
}

/* By its own name, which is what tty(1) then says. */
static int open_console(struct error *err)
{
	char path[32];
	struct stat st;
	int fd;

	if (stat("/dev/console", &st) < 0)	/* host path */
		return error_sys(err, "look at the console");
	snprintf(path, sizeof(path), "/dev/pts/%u", minor(st.st_rdev));
	fd = open(path, O_RDWR | O_NOCTTY | O_NOFOLLOW | O_CLOEXEC); /* host path */
	return fd >= 0 ? fd : error_sys(err, "open the console '%s'", path);
}

static int open_terminal(const struct oci_process *p, struct error *err)
{
	AUTO_CLOSE int fd = open_console(err);
	const int stdio[3] = { fd, fd, fd };

	if (fd < 0)
		return -1;
	if (process_size_terminal(p, fd, err) < 0)
		return -1;
	if (ioctl(fd, TIOCSCTTY, 0) < 0)
		return error_sys(err, "make the console the controlling terminal");
	return confine_stdio(stdio, err);
}

/* pivot_root(2) changed the root of all processes that had the old one. A root that was moved over
 * the old one is found behind "..", which at the root stays there but crosses what is mounted on
 * it (follow_dotdot() in fs/namei.c); without a mount namespace of its own it is a directory. */
static int enter_root(const struct oci_launch *o, struct error *err)
{
	bool is_changed = o->makes_mountns && !o->options.without_pivot;
	const char *path = o->makes_mountns ? "/.." : o->tree.rootfs;

	if (chdir(is_changed ? "/" : path) < 0) /* host path */
		return error_sys(err, "enter the root");
	if (!is_changed && (chroot(".") < 0 || chdir("/") < 0)) /* host path */
		return error_sys(err, "change the root");
	return 0;
}

static bool is_null(int fd)
{
	struct stat st;

	return fstat(fd, &st) == 0 && S_ISCHR(st.st_mode) && st.st_rdev == makedev(1, 3);
}

/* The host's /dev/null is in a mount that the container has not: what criu cannot write down. An
 * image that has its own way with the name keeps the host's. */
static int take_own_null(struct error *err)
{
	const int flags = O_RDWR | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC;
	AUTO_CLOSE int fd = -1;

	for (int i = 0; i < 3; i++) {
		if (!is_null(i))
			continue;
		if (fd < 0)
			fd = open("/dev/null", flags); /* host path */
		if (fd < 0 || !is_null(fd))
			return 0;
		if (fcntl(fd, F_SETFL, 0) < 0 || dup2(fd, i) < 0)
			return error_sys(err, "take the container's /dev/null");
	}
	return 0;
}

static int hide(struct error *err)
{
	return prctl(PR_SET_DUMPABLE, 0) < 0 ? error_sys(err, "hide the process") : 0;
}

static int join_groups(const struct launching *b, const struct oci_launch *o, struct error *err)
{
	if (!span_has_v1(o->span))
		return 0;
	if (span_join_v1(o->span, 0, err) < 0)
		return -1;
	return write(b->ready[1], "j", 1) == 1 ? 0 : error_sys(err, "tell the runtime");
}

static int set_up(const struct launching *b, const struct oci_launch *o, struct error *err)
{
	if (join_groups(b, o, err) < 0)
		return -1;
	/* Of a process that is hidden only the host's root enters the namespaces. */
	if (!o->options.is_in_userns && hide(err) < 0)
		return -1;
	if (set_names(o->spec, err) < 0)
		return -1;
	if (b->l->namespaces & CLONE_NEWNET && launch_loopback(err) < 0)
		return -1;
	launch_wait(b);
	if (hide(err) < 0)
		return -1;
	/* Its root is the groups that it is in by now. */
	if (o->makes_cgroupns && unshare(CLONE_NEWCGROUP) < 0)
		return error_sys(err, "make a cgroup namespace");
	/* The mount that was moved over the root is reached from there, upward: only pivot_root(2)
	 * changes the root of others, this process among them. */
	if (o->options.without_pivot && (chdir("/..") < 0 || chroot(".") < 0)) /* host path */
		return error_sys(err, "change the root");
	/* A copy into a namespace of another owner locks every mount together with its flags. */
	if (o->launch.builds_apart && unshare(CLONE_NEWNS) < 0)
		return error_sys(err, "make a mount namespace");
	if (enter_root(o, err) < 0)
		return -1;
	if (setsid() < 0)
		return error_sys(err, "make a session");
	return o->spec->process->terminal ? open_terminal(o->spec->process, err)
					  : take_own_null(err);
}

/* What is the host's to give, taken before its proc is out of sight. */
struct taken {
	struct labels labels;
	pid_t pid;			/* as the host sees it */
	int noticefd;			/* -2: none yet */
};

static int enter_time(const struct oci_launch *o, struct error *err)
{
	for (size_t i = 0; i < o->n_joins; i++)
		if (o->joins[i].flag == OCI_NEWTIME && setns(o->joins[i].fd, OCI_NEWTIME) < 0)
			return error_sys(err, "enter the time namespace of linux.namespaces");
	return 0;
}

static int take(const struct oci_launch *o, struct taken *out, struct error *err)
{
	if (enter_time(o, err) < 0)
		return -1;
	out->noticefd = -2;
	out->pid = o->noticesock >= 0 ? notices_own_pid() : 0;
	return labels_open(&out->labels, o->process.spec, err);
}

/* A filter with notices is applied while whoever creates the container waits: what listens has to
 * answer for our own calls from then on. */
static int pass_notices(const struct oci_launch *o, struct taken *t, struct error *err)
{
	const struct notices_process p = { o->container, "creating", t->pid, t->pid };

	if (o->noticesock < 0)
		return 0;
	if (t->noticefd < 0 && process_seal(&o->process, &t->noticefd, err) < 0)
		return -1;
	return notices_pass(o->noticesock, t->noticefd, &p, err);
}

/* Whoever starts the container connects, and hears of a failure from then on. */
static int wait_for_start(const struct launching *b, const struct oci_launch *o, int *out_reportfd,
			  struct error *err)
{
	int fd;

	*out_reportfd = b->report[1];
	launch_wait(b);
	if (o->options.listenfd < 0)
		return 0;
	do
		fd = accept4(o->options.listenfd, NULL, NULL, SOCK_CLOEXEC);
	while (fd < 0 && errno == EINTR);
	if (fd < 0)
		return error_sys(err, "wait to be started");
	*out_reportfd = fd;
	return 0;
}

static int start_hooks(const struct oci_launch *o, struct error *err)
{
	const struct oci_hooks *h = o->spec->hooks;
	AUTO_FREE char *state = NULL;

	if (!h || h->n_start_container == 0)
		return 0;
	state = oci_state_text(o->container, "created", getpid());
	return hooks_run(&(struct hook_list){ "startContainer", h->start_container,
					      h->n_start_container, state, -1 },
			 err);
}

/* A filter with notices is there already, as its descriptor was passed on. */
static int seal(void *arg, struct error *err)
{
	const struct oci_launch *o = arg;
	int noticefd;

	return o->noticesock >= 0 ? 0 : process_seal(&o->process, &noticefd, err);
}

/* From here on the failure is heard at reportfd, by whoever starts it. */
static void execute(const struct launching *b, const struct oci_launch *o, const char *path,
		    int reportfd)
{
	static char *const nothing[] = { NULL };
	struct error err = { 0 };

	if (start_hooks(o, &err) == 0)
		confine_exec(&(struct confine_program){
			.stubfd = b->stubfd, .reportfd = reportfd, .n_kept = o->options.inherit.n,
			.path = path, .argv = b->l->argv,
			.env = b->l->env ? b->l->env : nothing,
			.seal = seal, .seal_arg = (void *)(uintptr_t)o,
		}, &err);
	(void)!send(reportfd, &err, sizeof(err), MSG_NOSIGNAL);	/* nobody else to tell */
	(void)!write(reportfd, &err, sizeof(err));
	_exit(1);
}

int oci_launch_inside(struct launching *b, struct error *err)
{
	const struct oci_launch *o = (const struct oci_launch *)b->l;
	AUTO_FREE char *path = NULL;
	struct taken taken;
	int reportfd;

	/* The lock of the container is its maker's: held here too, it would outlive a maker that is
	 * killed once this process waits to be started. */
	(void)close(o->container->dirfd);
	if (take(o, &taken, err) < 0 || set_up(b, o, err) < 0 ||
	    process_become(&o->process, &taken.labels, &taken.noticefd, err) < 0)
		return -1;
	if (process_enter_dir(&o->process, err) < 0)
		return -1;
	path = program_find(b->l->argv[0], b->l->env, err);
	if (!path || pass_notices(o, &taken, err) < 0)
		return -1;
	if (write(b->ready[1], "r", 1) != 1)
		return error_sys(err, "tell the runtime");
	if (wait_for_start(b, o, &reportfd, err) < 0)
		return -1;
	execute(b, o, path, reportfd);
	return -1;
}
