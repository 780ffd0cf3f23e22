/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "templates/unpack_sandbox.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <limits.h>
#include <linux/capability.h>
#include <poll.h>
#include <sched.h>
#include <seccomp.h>
#include <signal.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "base/clock.h"
#include "base/fd.h"
#include "base/sys.h"

/*
 * The reader of archives is the part of this project that is most likely to be
 * broken into. So it runs where a break-in gains nothing:
 *
 *   - a user namespace whose 65,536 ids lie at SHADOW_BASE, where no process and
 *     no file of the host is. The staging directory appears in it through an
 *     idmapped mount that brings those ids to 0..65535 on disk; so owners are
 *     written as the archive says while the writer is nobody on the host;
 *   - mount, pid, network, ipc, uts and cgroup namespaces of its own; its root is
 *     the staging directory, mounted nosuid, nodev, noexec, and the host's tree
 *     is detached: there is no other file, /proc or socket to name;
 *   - the few capabilities that owners, modes and xattrs need, over those ids;
 *   - no_new_privs, resource limits, and a list of system calls that has no
 *     exec, socket, ptrace or mount, and no executable memory.
 *
 * Two processes: the outer one stays on the host, writes the id maps (only a
 * parent may map a range, user_namespaces(7)) and waits; it never touches the
 * archive. Each dies with its parent.
 */

enum {
	IDS = 65536,
	DATA_MAX = 96 << 20,		/* xz -9 wants 65 MiB for its dictionary; most want 10 */
	FILES_MAX = 1024,		/* one a level of the tree, and of one that is removed */
	TASKS_MAX = 8,
};

#define SHADOW_BASE UINT32_C(0x7fff0000)

#define NAMESPACES (CLONE_NEWUSER | CLONE_NEWNS | CLONE_NEWPID | CLONE_NEWNET | CLONE_NEWIPC | \
		    CLONE_NEWUTS | CLONE_NEWCGROUP)

/* clang-format off */
static const int kept_caps[] = {
	CAP_CHOWN,			/* owners */
	CAP_DAC_OVERRIDE,		/* into directories that nobody may enter */
	CAP_FOWNER,			/* modes and times of what belongs to others by then */
	CAP_FSETID,			/* setgid of a group that we are not in */
	CAP_SETFCAP,			/* security.capability */
};

/* What libarchive, its libraries, threads of one process and unpack_*.c call. */
static const int calls[] = {
	SCMP_SYS(read), SCMP_SYS(write), SCMP_SYS(pwrite64), SCMP_SYS(lseek), SCMP_SYS(close),
	SCMP_SYS(openat), SCMP_SYS(fstat), SCMP_SYS(newfstatat), SCMP_SYS(statx),
	SCMP_SYS(fcntl), SCMP_SYS(mkdirat), SCMP_SYS(mknodat), SCMP_SYS(linkat),
	SCMP_SYS(symlinkat), SCMP_SYS(unlinkat), SCMP_SYS(fchown), SCMP_SYS(fchownat),
	SCMP_SYS(fchmod), SCMP_SYS(utimensat), SCMP_SYS(ftruncate), SCMP_SYS(fsetxattr),
	SCMP_SYS(fgetxattr), SCMP_SYS(fremovexattr), SCMP_SYS(fallocate), SCMP_SYS(brk),
	SCMP_SYS(munmap), SCMP_SYS(mremap), SCMP_SYS(madvise), SCMP_SYS(futex),
	SCMP_SYS(set_robust_list), SCMP_SYS(rseq), SCMP_SYS(sched_yield), SCMP_SYS(poll),
	SCMP_SYS(ppoll), SCMP_SYS(sched_getaffinity), SCMP_SYS(rt_sigaction),
	SCMP_SYS(rt_sigprocmask), SCMP_SYS(rt_sigreturn), SCMP_SYS(clock_gettime),
	SCMP_SYS(clock_nanosleep), SCMP_SYS(getrandom), SCMP_SYS(sysinfo), SCMP_SYS(gettid),
	SCMP_SYS(getpid), SCMP_SYS(getdents64), SCMP_SYS(tgkill), SCMP_SYS(restart_syscall),
	SCMP_SYS(exit), SCMP_SYS(exit_group),
};
/* clang-format on */

static const struct scmp_arg_cmp not_executable[] = {
	SCMP_A2(SCMP_CMP_MASKED_EQ, 4 /* PROT_EXEC */, 0),
};
static const struct scmp_arg_cmp only_threads[] = {
	SCMP_A0(SCMP_CMP_MASKED_EQ, CLONE_THREAD | NAMESPACES, CLONE_THREAD),
};

/* What is not on the list fails as if the kernel did not know it, so that the C library takes an
 * older way where it has one (clone3, which hides its flags from filters, becomes clone). */
static int filter_load(struct error *err)
{
	scmp_filter_ctx ctx = seccomp_init(SCMP_ACT_ERRNO(ENOSYS));
	int r = ctx ? 0 : -ENOMEM;

	for (size_t i = 0; r == 0 && i < N_ROWS(calls); i++)
		r = seccomp_rule_add(ctx, SCMP_ACT_ALLOW, calls[i], 0);
	if (r == 0)
		r = seccomp_rule_add_array(ctx, SCMP_ACT_ALLOW, SCMP_SYS(mmap), 1, not_executable);
	if (r == 0)
		r = seccomp_rule_add_array(ctx, SCMP_ACT_ALLOW, SCMP_SYS(mprotect), 1,
					   not_executable);
	if (r == 0)
		r = seccomp_rule_add_array(ctx, SCMP_ACT_ALLOW, SCMP_SYS(clone), 1, only_threads);
	if (r == 0)
		r = seccomp_load(ctx);
	seccomp_release(ctx);
	errno = -r;
	return r == 0 ? 0 : error_sys(err, "load the filter of system calls");
}

static int caps_keep(struct error *err)
{
	struct __user_cap_header_struct header = { .version = _LINUX_CAPABILITY_VERSION_3 };
	struct __user_cap_data_struct data[2] = { { 0 } };

	for (size_t i = 0; i < N_ROWS(kept_caps); i++)
		data[0].effective |= UINT32_C(1) << kept_caps[i];
	data[0].permitted = data[0].effective;
	if (syscall(SYS_capset, &header, data) < 0)
		return error_sys(err, "drop capabilities");
	return 0;
}

static int limits_set(const struct unpack_limits *limits, struct error *err)
{
	const struct {
		__rlimit_resource_t what;
		rlim_t value;
	} rows[] = {
		{ RLIMIT_DATA, DATA_MAX },   { RLIMIT_NOFILE, FILES_MAX },
		{ RLIMIT_CORE, 0 },          { RLIMIT_FSIZE, limits->bytes },
		{ RLIMIT_NPROC, TASKS_MAX },
	};

	/* Not RLIMIT_CPU: the first process of a pid namespace gets no SIGXCPU that it does not
	 * handle (signal(7)), only SIGKILL, and could not say why. The outer one has the clock. */
	/* A file beyond its limit is an error of the write, not a signal. */
	signal(SIGXFSZ, SIG_IGN);
	for (size_t i = 0; i < N_ROWS(rows); i++) {
		struct rlimit limit = { rows[i].value, rows[i].value };

		if (setrlimit(rows[i].what, &limit) < 0)
			return error_sys(err, "set resource limits");
	}
	return 0;
}

/* The idmapped tree goes over the old root, becomes the root, and the old one is dropped. */
static int root_enter(int treefd, struct error *err)
{
	if (sys_move_mount(treefd, "", AT_FDCWD, "/", MOVE_MOUNT_F_EMPTY_PATH) < 0)
		return error_sys(err, "attach the staging directory");
	if (fchdir(treefd) < 0 || sys_pivot_root(".", ".") < 0)
		return error_sys(err, "enter the staging directory");
	if (umount2(".", MNT_DETACH) < 0)	/* host path */
		return error_sys(err, "detach the host's tree");
	if (fchdir(treefd) < 0)
		return error_sys(err, "enter the staging directory");
	return openat(treefd, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
}

/* Closes all from 3 up but those in keep, a list of n that it sorts. */
static int others_close(int *keep, size_t n, struct error *err)
{
	unsigned int from = 3;

	for (size_t i = 0; i < n; i++) {
		for (size_t j = i; j > 0 && keep[j] < keep[j - 1]; j--) {
			int lower = keep[j];

			keep[j] = keep[j - 1];
			keep[j - 1] = lower;
		}
	}
	for (size_t i = 0; i <= n; i++) {
		unsigned int to = i < n ? (unsigned int)keep[i] : ~0U;

		if (i < n && keep[i] < 3)
			continue;
		if (to > from && sys_close_range(from, i < n ? to - 1 : to, 0) < 0)
			return error_sys(err, "close descriptors");
		from = to + 1;
	}
	return 0;
}

/* Returns the descriptor of the root as seen from inside. */
static int lock_in(const struct sandbox *s, int treefd, struct error *err)
{
	AUTO_CLOSE int rootfd = -1;
	int keep[3];

	if (setresgid(0, 0, 0) < 0 || setresuid(0, 0, 0) < 0)
		return error_sys(err, "become root of the user namespace");
	/* After the change of ids, which forgets it (prctl(2)). */
	if (prctl(PR_SET_PDEATHSIG, SIGKILL) < 0 || prctl(PR_SET_DUMPABLE, 0) < 0)
		return error_sys(err, "bind to the parent");
	rootfd = root_enter(treefd, err);
	if (rootfd < 0)
		return -1;
	keep[0] = rootfd;
	keep[1] = s->reportfd;
	keep[2] = s->donefd;
	if (others_close(keep, N_ROWS(keep), err) < 0 || limits_set(s->limits, err) < 0 ||
	    caps_keep(err) < 0)
		return -1;
	if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) < 0)
		return error_sys(err, "give up new privileges");
	umask(0);
	if (filter_load(err) < 0)
		return -1;
	return TAKE_FD(rootfd);
}

static int map_write(pid_t pid, const char *file, struct error *err)
{
	char name[64], text[64];
	AUTO_CLOSE int procfd = -1;

	snprintf(name, sizeof(name), "/proc/%d", (int)pid);
	snprintf(text, sizeof(text), "0 %" PRIu32 " %d\n", SHADOW_BASE, IDS);
	procfd = openat(AT_FDCWD, name, O_PATH | O_DIRECTORY | O_CLOEXEC);
	if (procfd < 0)
		return error_sys(err, "open '%s'", name);
	return fd_write_control(procfd, file, text, err);
}

/* Gives the tree the ids of the child's namespace. It is the copy of a mount that systemd makes
 * shared on its hosts, and pivot_root(2) takes no shared one. */
static int tree_map(pid_t pid, int treefd, struct error *err)
{
	struct mount_attr attr = {
		.attr_set =
			MOUNT_ATTR_IDMAP | MOUNT_ATTR_NOSUID | MOUNT_ATTR_NODEV | MOUNT_ATTR_NOEXEC,
		.propagation = MS_PRIVATE,
	};
	AUTO_CLOSE int usernsfd = -1;
	char name[64];

	snprintf(name, sizeof(name), "/proc/%d/ns/user", (int)pid);
	usernsfd = openat(AT_FDCWD, name, O_RDONLY | O_CLOEXEC);
	if (usernsfd < 0)
		return error_sys(err, "open '%s'", name);
	attr.userns_fd = (uint64_t)usernsfd;
	if (sys_mount_setattr(treefd, "", AT_EMPTY_PATH, &attr) == 0)
		return 0;
	if (errno != EINVAL)
		return error_sys(err, "map the ids of the staging directory");
	error_set(err, ERR_UNSUPPORTED,
		  "the filesystem of the template store has no idmapped mounts");
	return error_hint(err, "keep the store on ext4, xfs or btrfs");
}

/* The outer half: maps, then the word to go. */
static int release(pid_t pid, int treefd, int gofd, struct error *err)
{
	if (map_write(pid, "uid_map", err) < 0 || map_write(pid, "gid_map", err) < 0)
		return error_wrap(err, "make the unpacker's user namespace");
	if (tree_map(pid, treefd, err) < 0)
		return -1;
	return fd_write_all(gofd, "", 1, err);
}

static int child_wait(pid_t pid, struct error *err)
{
	int status;

	while (waitpid(pid, &status, 0) < 0) {
		if (errno != EINTR)
			return error_sys(err, "wait for the unpacker");
	}
	return status;
}

/* True when it has ended, false when so many seconds have gone by. */
static bool ends_within(int pidfd, uint64_t seconds)
{
	struct pollfd fd = { .fd = pidfd, .events = POLLIN };
	int64_t until = clock_ms() + (int64_t)seconds * 1000;

	for (;;) {
		int64_t left = until - clock_ms();

		if (left <= 0)
			return false;
		if (poll(&fd, 1, left < INT_MAX ? (int)left : INT_MAX) > 0)
			return true;
	}
}

/* Waiting for input counts: no word of the child can stop this clock. */
static int child_watch(pid_t pid, int pidfd, const struct unpack_limits *limits, struct error *err)
{
	if (ends_within(pidfd, limits->seconds))
		return child_wait(pid, err);
	(void)kill(pid, SIGKILL);	/* it may be gone by now */
	(void)child_wait(pid, &(struct error){ 0 });	/* err says what came first */
	return error_set(err, ERR_USAGE, "unpacking took longer than its limit of %llu s",
			 (unsigned long long)limits->seconds);
}

/* In the child: waits for the maps, goes in, works. */
static int inside(const struct sandbox *s, int gofd, int treefd, struct error *err)
{
	char go;

	if (fd_read_exact(gofd, &go, 1, err) < 0)
		return -1;
	return lock_in(s, treefd, err);
}

static int child_run(const struct sandbox *s, int gofd, int treefd)
{
	struct error err = { 0 };
	int rootfd = inside(s, gofd, treefd, &err);

	if (rootfd >= 0)
		return s->run(s->arg, rootfd);
	s->fail(s->arg, &err);
	return 1;
}

int sandbox_run(const struct sandbox *s, struct error *err)
{
	AUTO_CLOSE int treefd =
		sys_open_tree(s->rootfd, "", AT_EMPTY_PATH | OPEN_TREE_CLONE | OPEN_TREE_CLOEXEC);
	AUTO_CLOSE int gofd = -1;
	AUTO_CLOSE int pidfd = -1;
	struct clone_args args = {
		.flags = NAMESPACES | CLONE_PIDFD, .exit_signal = SIGCHLD,
		.pidfd = (uint64_t)(uintptr_t)&pidfd,
	};
	int pipefds[2];
	pid_t pid;

	if (treefd < 0)
		return error_sys(err, "clone the staging directory's mount");
	if (pipe2(pipefds, O_CLOEXEC) < 0)
		return error_sys(err, "make a pipe");
	gofd = pipefds[1];
	pid = sys_clone3(&args);
	if (pid == 0) {
		close(TAKE_FD(gofd));
		_exit(child_run(s, pipefds[0], treefd));
	}
	close(pipefds[0]);
	if (pid < 0)
		return error_sys(err, "make the unpacker's namespaces");
	if (release(pid, treefd, gofd, err) < 0) {
		close(TAKE_FD(gofd));	/* the child reads the end and leaves */
		(void)kill(pid, SIGKILL);	/* it may be gone already */
		(void)child_wait(pid, &(struct error){ 0 });	/* err says why */
		return -1;
	}
	return child_watch(pid, pidfd, s->limits, err);
}
