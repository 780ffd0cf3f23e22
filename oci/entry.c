/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The process that enters is made with the runtime's power and is not dumpable,
 * as it is visible in the container from its first moment (CVE-2016-9962). What it
 * opens inside, it opens once it has left the host.
 *
 * That hides it from all but CAP_SYS_PTRACE of the host's user namespace, where the
 * runtime's memory is from. In a container that can have that, the process which
 * leaves the host stays out of the pid namespace, and what is born there is a child
 * of it: as the stub, when nothing of the host's is left (runtime/confine.h).
 */
#include "oci/entry.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/capability.h>
#include <sched.h>
#include <stdio.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "base/fd.h"
#include "base/mem.h"
#include "base/path.h"
#include "base/strv.h"
#include "base/sys.h"
#include "cgroups/span.h"
#include "oci/notices.h"
#include "oci/program.h"
#include "oci/rootless.h"
#include "oci/spec_check.h"
#include "oci/spec_linux.h"
#include "runtime/caps.h"
#include "runtime/confine.h"
#include "runtime/dev.h"

enum { CLONE_NEWTIME_BIT = 0x80 };	/* CLONE_NEWTIME, which older headers lack */

struct entry {
	const struct entry_options *options;
	const struct oci_spec *spec;
	struct process process;
	struct seccomp seccomp;
	struct span span;
	char **env;
	const struct container *container;
	pid_t init_pid;
	int initfd, stubfd;
	int namespaces;			/* that are entered at once, CLONE_NEW bits */
	int noticesock;			/* connected to listenerPath, or -1 */
	int rootfd;			/* of the container, where setns(2) does not lead to it */
	bool is_veiled;			/* it leaves the host before the container sees it */
	int report[2], sock[2];		/* the terminal's master comes up the second */
};

static int namespaces_of(const struct oci_spec *spec)
{
	/* clang-format off */
	static const int flags[] = {
		[OCI_NS_MOUNT] = CLONE_NEWNS, [OCI_NS_NETWORK] = CLONE_NEWNET,
		[OCI_NS_UTS] = CLONE_NEWUTS, [OCI_NS_IPC] = CLONE_NEWIPC,
		[OCI_NS_USER] = CLONE_NEWUSER, [OCI_NS_CGROUP] = CLONE_NEWCGROUP,
	};
	/* clang-format on */
	int all = 0;

	for (int type = 1; type < (int)N_ROWS(flags); type++)
		if (spec_has_namespace(spec, type))
			all |= flags[type];
	return all;
}

static int open_terminal(const struct entry *e, struct error *err)
{
	const struct oci_process *p = e->options->process;
	AUTO_CLOSE int rootfd = open("/", O_PATH | O_DIRECTORY | O_CLOEXEC); /* host path */
	AUTO_CLOSE int ptsfd = -1, masterfd = -1, slavefd = -1;

	if (rootfd >= 0)
		ptsfd = path_open_nolink(rootfd, "dev/pts", O_PATH | O_DIRECTORY, false, err);
	if (ptsfd < 0)
		return -1;
	masterfd = dev_pty_open(ptsfd, p->user->uid, &slavefd, err);
	if (masterfd < 0 || fd_send(e->sock[1], &masterfd, 1, "t", 1, err) < 0)
		return -1;
	if (process_size_terminal(p, slavefd, err) < 0)
		return -1;
	if (!e->is_veiled && ioctl(slavefd, TIOCSCTTY, 0) < 0)
		return error_sys(err, "make the terminal the controlling one");
	return confine_stdio((const int[3]){ slavefd, slavefd, slavefd }, err);
}

static int leave_host(const struct entry *e, struct error *err)
{
	if (prctl(PR_SET_DUMPABLE, 0) < 0)
		return error_sys(err, "hide the process");
	if (span_join_v1(&e->span, 0, err) < 0 || traits_final(&e->process.traits, err) < 0 ||
	    process_raise(&e->process, 0, err) < 0)
		return -1;
	if (!e->is_veiled && process_schedule(&e->process, 0, err) < 0)
		return -1;
	if (setns(e->initfd, e->namespaces) < 0)
		return error_sys(err, "enter the container's namespaces");
	if (e->namespaces & CLONE_NEWUSER &&
	    (setresgid(0, 0, 0) < 0 || setresuid(0, 0, 0) < 0))
		return error_sys(err, "become the container's root");
	if (e->rootfd >= 0 && (fchdir(e->rootfd) < 0 || chroot(".") < 0)) /* host path */
		return error_sys(err, "change the root");
	if (prctl(PR_SET_DUMPABLE, 0) < 0 || chdir("/") < 0) /* host path */
		return error_sys(err, "enter the container's root");
	return !e->is_veiled && setsid() < 0 ? error_sys(err, "make a session") : 0;
}

static int pass_notices(const struct entry *e, int noticefd, pid_t pid, struct error *err)
{
	const struct notices_process own = { e->container, "running", pid,
					     e->container->state.init.pid };

	if (e->noticesock < 0)
		return 0;
	if (noticefd < 0 && process_seal(&e->process, &noticefd, err) < 0)
		return -1;
	return notices_pass(e->noticesock, noticefd, &own, err);
}

/* A filter with notices is there already, as its descriptor was passed on. */
static int seal(void *arg, struct error *err)
{
	const struct entry *e = arg;
	int noticefd;

	return e->noticesock >= 0 ? 0 : process_seal(&e->process, &noticefd, err);
}

static int enter(struct entry *e, struct error *err)
{
	const struct oci_process *p = e->options->process;
	const struct confine_birth birth = { e->sock[1], p->terminal };
	AUTO_FREE char *path = NULL;
	pid_t pid = e->noticesock >= 0 ? notices_own_pid() : 0;
	struct labels labels;
	int noticefd;

	if (labels_open(&labels, p, err) < 0 || leave_host(e, err) < 0 ||
	    (p->terminal && open_terminal(e, err) < 0) ||
	    process_become(&e->process, &labels, &noticefd, err) < 0)
		return -1;
	if (process_enter_dir(&e->process, err) < 0)
		return -1;
	path = program_find(p->args[0], e->env, err);
	if (!path || pass_notices(e, noticefd, pid, err) < 0)
		return -1;
	return confine_exec(&(struct confine_program){
		.stubfd = e->stubfd, .reportfd = e->report[1], .n_kept = e->options->n_kept,
		.birth = e->is_veiled ? &birth : NULL,
		.path = path, .argv = (char *const *)p->args, .env = e->env,
		.seal = seal, .seal_arg = e,
	}, err);
}

static void child_main(struct entry *e)
{
	struct error err = { 0 };

	close(e->report[0]);
	close(e->sock[0]);
	if (enter(e, &err) < 0)
		(void)!write(e->report[1], &err, sizeof(err));	/* nobody else to tell */
	_exit(255);
}

static pid_t clone_child(struct entry *e, int *out_pidfd)
{
	int groupfd = span_v2(&e->span);
	struct clone_args args = {
		.flags = CLONE_PIDFD | CLONE_CLEAR_SIGHAND |
			 (groupfd >= 0 ? CLONE_INTO_CGROUP : 0),
		.pidfd = (uint64_t)(uintptr_t)out_pidfd,
		.exit_signal = SIGCHLD,
		.cgroup = groupfd >= 0 ? (uint64_t)groupfd : 0,
	};

	return sys_clone3(&args);
}

/* Without the host's root the power over the other namespaces comes with the user namespace. */
static int gain_power(struct entry *e, struct error *err)
{
	e->namespaces = namespaces_of(e->spec);
	if (geteuid() == 0 || !(e->namespaces & CLONE_NEWUSER))
		return 0;
	e->namespaces &= ~CLONE_NEWUSER;
	return rootless_join(e->initfd, err);
}

static int start(struct entry *e, struct entered_process *out, struct error *err)
{
	if (gain_power(e, err) < 0)
		return -1;
	/* It is the caller's, too, which ends soon and minds none. */
	if (traits_initial(&e->process.traits, err) < 0)
		return -1;
	/* Only for the next child; this process stays where it is, and ends soon. */
	if (e->is_veiled)
		e->namespaces |= CLONE_NEWPID;
	else if (spec_has_namespace(e->spec, OCI_NS_PID) && setns(e->initfd, CLONE_NEWPID) < 0)
		return error_sys(err, "enter the container's pid namespace");
	if (spec_has_namespace(e->spec, OCI_NS_TIME) && setns(e->initfd, CLONE_NEWTIME_BIT) < 0)
		return error_sys(err, "enter the container's time namespace");
	out->pid = clone_child(e, &out->pidfd);
	/* A group that has enabled controllers for those below takes nobody itself (cgroups(7), "no
	 * internal processes"): where the container's own first process is, there is room. */
	if (out->pid < 0 && (errno == EBUSY || errno == EOPNOTSUPP) && !e->options->cgroups) {
		if (span_follow(&e->span, e->init_pid, err) < 0)
			return -1;
		out->pid = clone_child(e, &out->pidfd);
	}
	if (out->pid == 0)
		child_main(e);
	return out->pid < 0 ? error_sys(err, "clone into the container") : 0;
}

static void close_end(int *fd)
{
	if (*fd >= 0)
		close(*fd);
	*fd = -1;
}

/* The first one ends by itself once it made the second, which is a child of this process, too. Its
 * pid is believed for no more than that: the container may have got at the socket meanwhile. */
static int follow(struct entry *e, struct entered_process *out, struct error *err)
{
	AUTO_CLOSE int pidfd = -1;
	siginfo_t ignored;
	int pid = 0;
	ssize_t n;

	do
		n = read(e->sock[0], &pid, sizeof(pid));
	while (n < 0 && errno == EINTR);
	if (n != sizeof(pid) && confine_report(e->report[0], e->options->process->args[0], err) < 0)
		return -1;
	if (n != sizeof(pid) || pid <= 0) {
		errno = n == sizeof(pid) ? -pid : 0;
		error_sys(err, "make a process in the container");
		err->sys = 0;	/* that one is the program's */
		return error_hint(err, "its filter has to allow clone, read, write, setsid and"
				  " ioctl, where it has CAP_SYS_PTRACE and no user namespace");
	}
	proc_end(out->pidfd);
	close_end(&out->pidfd);
	pidfd = sys_pidfd_open(pid, 0);
	if (pidfd < 0 || waitid(P_PIDFD, (id_t)pidfd, &ignored, WEXITED | WNOHANG | WNOWAIT) < 0)
		return error_sys(err, "find the process in the container");
	out->pid = pid;
	out->pidfd = TAKE_FD(pidfd);
	if (process_schedule(&e->process, pid, err) < 0)
		return -1;
	if (send(e->sock[0], "g", 1, MSG_NOSIGNAL) != 1)
		return error_sys(err, "let the process in the container go");
	return 0;
}

static int finish(struct entry *e, struct entered_process *out, struct error *err)
{
	size_t n_fds = 1;
	char byte;

	close_end(&e->report[1]);
	close_end(&e->sock[1]);
	if (e->options->process->terminal) {
		if (fd_receive(e->sock[0], &out->ptyfd, &n_fds, &byte, 1, err) < 0)
			return -1;
		if (n_fds == 0)
			out->ptyfd = -1;	/* a failure that the report tells */
	}
	if (e->is_veiled && follow(e, out, err) < 0)
		return -1;
	return confine_report(e->report[0], e->options->process->args[0], err);
}

static int descend(struct entry *e, const char *base, const char *controller, const char *below,
		   struct error *err)
{
	AUTO_FREE char *path = xasprintf("%s/%s", base, below);
	AUTO_STRV char **parts = strv_split(below, "/");

	if (strv_has(parts, ".."))
		return error_set(err, ERR_USAGE, "--cgroup: '%s' goes up by '..'", below);
	return span_descend(&e->span, controller, path, err) < 0 ? error_wrap(err, "--cgroup") : 0;
}

/* "PATH" in every hierarchy, or "CONTROLLER[,CONTROLLER...]:PATH" in those; the others stay at the
 * container's own, as runc has it. */
static int open_below(struct entry *e, const char *base, char *const *cgroups, struct error *err)
{
	for (char *const *c = cgroups; *c; c++) {
		const char *colon = strchr(*c, ':');
		AUTO_FREE char *names = xstrndup(*c, colon ? (size_t)(colon - *c) : 0);
		AUTO_STRV char **list = strv_split(names, ",");

		if (colon && strchr(colon + 1, ':'))
			return error_set(err, ERR_USAGE, "invalid --cgroup argument: %s", *c);
		if (!list && (cgroups[1] || c != cgroups))
			return error_set(err, ERR_USAGE, "invalid --cgroup argument: %s (missing"
					 " <controller>: prefix)", *c);
		if (!list && descend(e, base, NULL, colon ? colon + 1 : *c, err) < 0)
			return -1;
		for (char **name = list; name && *name; name++)
			if (descend(e, base, *name, colon + 1, err) < 0)
				return -1;
	}
	return 0;
}

static int open_groups(struct entry *e, const struct container *c, struct error *err)
{
	char *const *below = e->options->cgroups;

	if (!*c->state.cgroup && below)
		return error_set(err, ERR_STATE, "--cgroup: container '%s' has no cgroup", c->id);
	if (!*c->state.cgroup)
		return 0;
	if (span_host(&e->span, err) < 0 || span_open(&e->span, c->state.cgroup, err) < 0)
		return -1;
	return below ? open_below(e, c->state.cgroup, below, err) : 0;
}

/* Whose mount namespace is not its own has changed its root. */
static int open_root(struct entry *e, const struct container *c, struct error *err)
{
	char path[32];

	if (spec_makes_namespace(&c->spec, OCI_NS_MOUNT))
		return 0;
	snprintf(path, sizeof(path), "/proc/%d/root", (int)c->state.init.pid);
	e->rootfd = open(path, O_PATH | O_DIRECTORY | O_CLOEXEC); /* host path */
	if (e->rootfd < 0)
		return error_sys(err, "open the container's root");
	/* It was that process until now. */
	return proc_signal(e->initfd, 0, err);
}

/* Where the container may have it over the host's processes, and a pid namespace to be seen in. A
 * filter with notices tells of the process that it is put upon, which then has to be the one. */
static bool can_be_traced(const struct entry *e)
{
	const struct oci_capabilities *caps = e->spec->process->capabilities;
	bool has_trace = false;

	for (size_t i = 0; caps && i < caps->n_bounding; i++)
		has_trace |= caps_number(caps->bounding[i]) == CAP_SYS_PTRACE;
	return has_trace && e->noticesock < 0 && spec_has_namespace(e->spec, OCI_NS_PID) &&
	       !spec_has_namespace(e->spec, OCI_NS_USER);
}

static int open_entry(struct entry *e, struct container *c, struct error *err)
{
	const struct oci_seccomp *s = c->spec.linux_->seccomp;

	if (process_compile(&e->process, e->options->process, c->spec.linux_, err) < 0 ||
	    open_groups(e, c, err) < 0)
		return -1;
	if (s && seccomp_compile(&e->seccomp, s, err) < 0)
		return -1;
	if (e->seccomp.filter.has_notices) {
		e->noticesock = notices_connect(s->listener_path, err);
		if (e->noticesock < 0)
			return -1;
	}
	e->is_veiled = can_be_traced(e);
	e->process.seccomp = s ? &e->seccomp : NULL;
	e->env = strv_copy((char *const *)e->options->process->env);
	e->init_pid = c->state.init.pid;
	e->initfd = proc_open(&c->state.init, err);
	if (e->initfd < 0 || open_root(e, c, err) < 0)
		return -1;
	e->stubfd = confine_stub_open(err);
	if (e->stubfd < 0)
		return -1;
	if (pipe2(e->report, O_CLOEXEC) < 0 ||
	    socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, e->sock) < 0)
		return error_sys(err, "make a pipe");
	return 0;
}

static void close_entry(struct entry *e)
{
	int *fds[] = { &e->initfd, &e->stubfd, &e->report[0], &e->report[1], &e->sock[0],
		       &e->sock[1], &e->noticesock, &e->rootfd };

	for (size_t i = 0; i < N_ROWS(fds); i++)
		close_end(fds[i]);
	seccomp_clear(&e->seccomp);
	span_close(&e->span);
	strv_clear(&e->env);
}

void entered_close(struct entered_process *e)
{
	close_end(&e->pidfd);
	close_end(&e->ptyfd);
}

static void abandon(struct entered_process *out)
{
	if (out->pidfd >= 0)
		proc_end(out->pidfd);
	entered_close(out);
}

int entry_start(struct container *c, const struct entry_options *options,
		struct entered_process *out, struct error *err)
{
	struct entry e = { .options = options, .spec = &c->spec, .container = c,
			   .initfd = -1, .stubfd = -1, .noticesock = -1, .rootfd = -1,
			   .report = { -1, -1 }, .sock = { -1, -1 } };
	int status;

	*out = (struct entered_process){ .pidfd = -1, .ptyfd = -1 };
	status = open_entry(&e, c, err);
	if (status == 0)
		status = start(&e, out, err);
	if (status == 0)
		status = finish(&e, out, err);
	close_entry(&e);
	if (status < 0)
		abandon(out);
	return status;
}
