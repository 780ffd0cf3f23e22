/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The process that enters is made with all of the host's power and ends with none of it. It is
 * visible in the zone from its first moment, so zonectl is not dumpable (prctl(2)): nothing of it
 * can be opened through /proc, nor traced (CVE-2016-9962). It leaves the host in one setns(2),
 * which takes the user namespace first and so gives the power up before it looks at a single file
 * of the zone; what it opens then, passwd and the terminal, it opens as the zone's own root.
 */
#include "runtime/enter.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <sched.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <termios.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "base/fd.h"
#include "base/mem.h"
#include "base/path.h"
#include "base/proc.h"
#include "base/strv.h"
#include "base/sys.h"
#include "runtime/compile.h"
#include "runtime/dev.h"
#include "runtime/ending.h"
#include "runtime/keeper.h"
#include "runtime/users.h"

enum { ENTRY_TRIES = 8, ENTER_WAIT_MS = 20000 };
enum { NAMESPACES = CLONE_NEWUSER | CLONE_NEWNS | CLONE_NEWNET | CLONE_NEWIPC | CLONE_NEWUTS |
		    CLONE_NEWCGROUP };

struct entry {
	const struct enter_options *options;
	struct confine confine;
	struct filter filter;
	struct cgroup cgroup;
	char **env;
	int initfd;
	int stubfd;
	int report[2];
	int pty[2];			/* a terminal's master and notices come up here, if any */
};

/* The whole of the zone's identity, before anything of it is touched. */
static int leave_host(const struct entry *e, struct error *err)
{
	if (cgroup_join_v1(&e->cgroup, 0, err) < 0 || confine_raise(&e->confine, err) < 0)
		return -1;
	if (setns(e->initfd, NAMESPACES) < 0)
		return error_sys(err, "enter the zone's namespaces");
	if (setresgid(0, 0, 0) < 0 || setresuid(0, 0, 0) < 0)
		return error_sys(err, "become the zone's root");
	/* Changing ids does not make it dumpable again, but executing would; say it once more. */
	if (prctl(PR_SET_DUMPABLE, 0) < 0 || chdir("/") < 0) /* host path */
		return error_sys(err, "enter the zone's root");
	return 0;
}

/* What the user's keys send, and whether erasing one takes a character or a byte (IUTF8); the rest
 * is for programs inside to choose. */
static int set_keys(int slavefd, const struct termios *keys, struct error *err)
{
	struct termios mode;

	if (tcgetattr(slavefd, &mode) < 0)
		return error_sys(err, "ask for the terminal's modes");
	memcpy(mode.c_cc, keys->c_cc, sizeof(mode.c_cc));
	mode.c_cc[VMIN] = 1;
	mode.c_cc[VTIME] = 0;
	mode.c_iflag = (mode.c_iflag & ~(tcflag_t)IUTF8) | (keys->c_iflag & IUTF8);
	if (tcsetattr(slavefd, TCSANOW, &mode) < 0)
		return error_sys(err, "set the terminal's modes");
	return 0;
}

/* A terminal of the zone's own devpts, whatever the zone mounted or linked there. */
static int open_terminal(const struct entry *e, int rootfd, uid_t uid, int stdio[3],
			 struct error *err)
{
	AUTO_CLOSE int ptsfd =
		path_open_nolink(rootfd, "dev/pts", O_PATH | O_DIRECTORY, false, err);
	AUTO_CLOSE int masterfd = -1;
	int slavefd;

	if (ptsfd < 0)
		return -1;
	masterfd = dev_pty_open(ptsfd, uid, &slavefd, err);
	if (masterfd < 0)
		return -1;
	if (fd_send(e->pty[1], &masterfd, 1, "t", 1, err) < 0)
		return -1;
	if (e->options->size.ws_row > 0 && ioctl(slavefd, TIOCSWINSZ, &e->options->size) < 0)
		return error_sys(err, "set the terminal's size");
	if (e->options->keys && set_keys(slavefd, e->options->keys, err) < 0)
		return -1;
	if (ioctl(slavefd, TIOCSCTTY, 0) < 0)
		return error_sys(err, "make the terminal the controlling one");
	stdio[0] = stdio[1] = stdio[2] = slavefd;
	return 0;
}

static int set_stdio(const struct entry *e, int rootfd, uid_t uid, struct error *err)
{
	const struct enter_options *o = e->options;
	int stdio[3] = { o->stdio[0], o->stdio[1], o->stdio[2] };

	if (setsid() < 0)
		return error_sys(err, "make a session");
	if (o->has_tty && open_terminal(e, rootfd, uid, stdio, err) < 0)
		return -1;
	return confine_stdio(stdio, err);
}

/* Without magic links: one of /proc/self/fd would lead to a directory that zonectl holds open on
 * the host (CVE-2024-21626), and the zone writes the home in passwd and any link on the way. Looked
 * up as the user, who may not be allowed there. */
static int enter_dir(int rootfd, const char *dir, struct error *err)
{
	struct error why = { 0 };
	AUTO_CLOSE int fd = path_open(rootfd, dir, O_PATH | O_DIRECTORY, &why);

	if (fd >= 0 && fchdir(fd) == 0)
		return 0;
	if (fd < 0)
		errno = why.sys;
	return error_sys(err, "enter directory '%s'", dir);
}

static int set_dir(const struct enter_options *o, int rootfd, const struct user *user,
		   struct error *err)
{
	struct error homeless = { 0 };

	if (o->dir && enter_dir(rootfd, o->dir, err) < 0) {
		err->sys = 0;	/* that one is the command's (enter.h) */
		return -1;
	}
	if (o->dir)
		return 0;
	/* A home that is missing is no reason not to let somebody in, as with login(1). */
	if (!o->argv && enter_dir(rootfd, user->home, &homeless) < 0)
		return enter_dir(rootfd, "/", err);
	return 0;
}

static void set_env(struct entry *e, const struct user *user)
{
	strv_env_set(&e->env, "HOME", user->home);
	strv_env_set(&e->env, "USER", user->name);
	strv_env_set(&e->env, "LOGNAME", user->name);
	strv_env_set(&e->env, "SHELL", user->shell);
	for (char *const *v = e->options->env; v && *v; v++) {
		AUTO_FREE char *name = xstrndup(*v, strcspn(*v, "="));

		strv_env_set(&e->env, name, *v + strcspn(*v, "=") + 1);
	}
}

/* login(1) makes the session a real one: utmp, PAM, the user's limits. Without one, or for a user
 * that it would not know, the shell itself, told by its name that it is a login shell. */
static char **login_argv(const struct user *user, char **out_path)
{
	static const char *const logins[] = { "/bin/login", "/usr/bin/login" };
	const char *base = strrchr(user->shell, '/');
	char **argv = NULL;

	for (size_t i = 0; i < N_ROWS(logins); i++) {
		if (!*user->name || !confine_is_program(logins[i]))
			continue;
		*out_path = xstrdup(logins[i]);
		strv_add(&argv, "login");
		strv_add(&argv, "-f");
		strv_add(&argv, user->name);
		return argv;
	}
	*out_path = xstrdup(user->shell);
	strv_addf(&argv, "-%s", base ? base + 1 : user->shell);
	return argv;
}

static int exec_inside(struct entry *e, int rootfd, struct user *user, struct error *err)
{
	static const struct confine_user root = { .uid = 0, .gid = 0 };
	const struct enter_options *o = e->options;
	const struct confine_user *ids = &user->ids;
	char **argv = (char **)o->argv;
	char *path = NULL;

	if (o->task) {
		if (confine_apply(&e->confine, ids, e->pty[1], err) < 0)
			return -1;
		confine_run(o->task);
	}
	set_env(e, user);
	if (argv)
		path = confine_find(argv[0], e->env, err);
	else
		argv = login_argv(user, &path);
	if (!path)
		return -1;
	if (!o->argv && strcmp(argv[0], "login") == 0)
		ids = &root;	/* login(1) becomes the user itself */
	if (confine_apply(&e->confine, ids, e->pty[1], err) < 0 ||
	    set_dir(o, rootfd, user, err) < 0)
		return -1;
	if (o->prepare)
		o->prepare();
	return confine_exec(&(struct confine_program){
		.stubfd = e->stubfd, .reportfd = e->report[1], .path = path, .argv = argv,
		.env = e->env,
	}, err);
}

static int enter_up(struct entry *e, struct error *err)
{
	AUTO_CLOSE int rootfd = -1;
	struct user user;

	if (leave_host(e, err) < 0)
		return -1;
	rootfd = openat(AT_FDCWD, "/", O_PATH | O_DIRECTORY | O_CLOEXEC);
	if (rootfd < 0)
		return error_sys(err, "open the zone's root");
	if (users_find(rootfd, e->options->user, &user, err) < 0)
		return -1;
	/* A command that nobody was named for is what init itself would start: in no group. */
	if (e->options->argv && !e->options->user)
		user.ids.n_groups = 0;
	if (set_stdio(e, rootfd, user.ids.uid, err) < 0)
		return -1;
	return exec_inside(e, rootfd, &user, err);
}

static void enter_main(struct entry *e)
{
	struct error err = { 0 };

	if (enter_up(e, &err) < 0)
		(void)!write(e->report[1], &err, sizeof(err));	/* nobody else to tell */
	_exit(ENTER_FAILED);
}

static pid_t clone_into(int groupfd, int *out_pidfd)
{
	struct clone_args args = {
		.flags = CLONE_PIDFD | CLONE_CLEAR_SIGHAND | CLONE_INTO_CGROUP,
		.pidfd = (uint64_t)(uintptr_t)out_pidfd,
		.exit_signal = SIGCHLD,
		.cgroup = (uint64_t)groupfd,
	};

	return sys_clone3(&args);
}

/* The zone's root may move its groups around meanwhile: the group is then opened again. */
static pid_t clone_child(struct entry *e, int *out_pidfd, struct error *err)
{
	for (int i = 0; i < ENTRY_TRIES; i++) {
		AUTO_CLOSE int groupfd = cgroup_entry(&e->cgroup, err);
		pid_t pid;

		if (groupfd < 0)
			return -1;
		pid = clone_into(groupfd, out_pidfd);
		if (pid >= 0 || (errno != EBUSY && errno != ENODEV))
			return pid >= 0 ? pid : error_sys(err, "clone into the zone");
	}
	return error_set(err, ERR_BUSY, "the zone's root keeps changing its cgroups");
}

static int start(struct entry *e, struct entered *out, struct error *err)
{
	AUTO_CLOSE int ownfd = open("/proc/self/ns/pid", O_RDONLY | O_CLOEXEC); /* host path */

	if (ownfd < 0)
		return error_sys(err, "open the pid namespace");
	/* Only for the next child; this process stays where it is. */
	if (setns(e->initfd, CLONE_NEWPID) < 0)
		return error_sys(err, "enter the zone's pid namespace");
	out->pid = clone_child(e, &out->pidfd, err);
	if (out->pid == 0)
		enter_main(e);
	if (setns(ownfd, CLONE_NEWPID) < 0 && out->pid > 0)
		return error_sys(err, "leave the zone's pid namespace");
	return out->pid < 0 ? -1 : 0;
}

static void close_end(int *fd)
{
	if (*fd >= 0)
		close(*fd);
	*fd = -1;
}

/* The zone's root can stop a process of the zone's as soon as it sees it, and nobody should have to
 * wait for that one. */
static int wait_for(int fd, struct error *err)
{
	struct pollfd poller = { fd, POLLIN, 0 };
	int n;

	do
		n = poll(&poller, 1, ENTER_WAIT_MS);
	while (n < 0 && errno == EINTR);
	if (n < 0)
		return error_sys(err, "wait for the process that enters");
	return n > 0 ? 0 : error_set(err, ERR_FAILED, "the zone stops what enters it");
}

static int take_terminal(struct entry *e, struct entered *out, struct error *err)
{
	size_t n_fds = 1;
	char byte;

	if (!e->options->has_tty)
		return 0;
	/* Its end without a descriptor means a failure that the report tells. */
	if (wait_for(e->pty[0], err) < 0)
		return -1;
	if (fd_receive(e->pty[0], &out->ptyfd, &n_fds, &byte, 1, err) < 0)
		return -1;
	if (n_fds == 0)
		out->ptyfd = -1;
	return 0;
}

/* The keeper answers for everything that runs in the zone. */
static int pass_notices(struct entry *e, struct zone *z, struct error *err)
{
	AUTO_CLOSE int noticefd = -1;
	size_t n_fds = 1;
	char byte;

	if (fd_receive(e->pty[0], &noticefd, &n_fds, &byte, 1, err) < 0)
		return -1;
	return n_fds == 1 ? keeper_answer(z, noticefd, err) : 0;
}

static int finish(struct entry *e, struct zone *z, struct entered *out, struct error *err)
{
	const char *path = e->options->argv ? e->options->argv[0] : "login";

	close_end(&e->report[1]);
	close_end(&e->pty[1]);
	if (take_terminal(e, out, err) < 0 || wait_for(e->report[0], err) < 0 ||
	    confine_report(e->report[0], path, err) < 0)
		return -1;
	return e->filter.has_notices ? pass_notices(e, z, err) : 0;
}

static int open_entry(struct entry *e, struct zone *z, const struct zone_run *run,
		      struct error *err)
{
	if (site_cgroups(z->site, err) < 0 ||
	    cgroup_open(&e->cgroup, &z->site->cgroups, z->name, err) < 0)
		return -1;
	if (compile_confine(&e->confine, &e->filter, z, err) < 0)
		return -1;
	e->env = compile_env(&z->config, run->image_env, e->options->term);
	e->stubfd = confine_stub_open(err);
	if (e->stubfd < 0)
		return -1;
	if (pipe2(e->report, O_CLOEXEC) < 0)
		return error_sys(err, "make a pipe");
	if (!e->options->has_tty && !e->filter.has_notices)
		return 0;
	if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, e->pty) < 0)
		return error_sys(err, "make a socket pair");
	return 0;
}

static void close_entry(struct entry *e)
{
	int *fds[] = { &e->stubfd, &e->report[0], &e->report[1], &e->pty[0], &e->pty[1] };

	for (size_t i = 0; i < N_ROWS(fds); i++)
		close_end(fds[i]);
	filter_clear(&e->filter);
	cgroup_close(&e->cgroup);
	strv_clear(&e->env);
}

static void abandon(struct entered *out)
{
	if (out->pidfd >= 0)
		proc_end(out->pidfd);
	close_end(&out->pidfd);
	close_end(&out->ptyfd);
}

static int enter(struct zone *z, const struct zone_status *status,
		 const struct enter_options *options, struct entered *out, struct error *err)
{
	struct entry e = { .options = options,
			   .initfd = status->initfd,
			   .stubfd = -1,
			   .report = { -1, -1 },
			   .pty = { -1, -1 },
			   .cgroup = CGROUP_NONE };
	int ret;

	if (status->initfd < 0)
		return error_set(err, ERR_STATE, "is not running");
	ret = open_entry(&e, z, &status->run, err);
	if (ret == 0)
		ret = start(&e, out, err);
	if (ret < 0 && err->sys == EAGAIN)
		ending_explain(z, err);
	if (ret == 0)
		ret = finish(&e, z, out, err);
	close_entry(&e);
	if (ret < 0)
		abandon(out);
	return ret;
}

int zone_enter(struct zone *z, const struct enter_options *options, struct entered *out,
	       struct error *err)
{
	struct zone_status status;
	int ret;

	*out = (struct entered){ .pidfd = -1, .ptyfd = -1 };
	if (options->status)
		return enter(z, options->status, options, out, err);
	if (zone_status(&status, z->site, z->name, err) < 0)
		return -1;
	ret = enter(z, &status, options, out, err);
	zone_status_clear(&status);
	return ret;
}
