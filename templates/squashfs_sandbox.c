/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "templates/squashfs_sandbox.h"

#include <errno.h>
#include <fcntl.h>
#include <grp.h>
#include <inttypes.h>
#include <linux/sched.h>
#include <sched.h>
#include <seccomp.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "base/fd.h"
#include "base/proc.h"
#include "base/sys.h"

/*
 * The program is foreign, the image hostile, so whoever takes the program over
 * finds: an id that owns nothing on this host and no capability; a read-only
 * tree of the system's libraries and the image; no process, network or terminal;
 * and a list of system calls that has no socket, mount, clone or ptrace.
 *
 * The libraries' mounts are cloned and made read-only by the caller, in whose
 * mount namespace they are; the child takes them along into its own.
 */

enum {
	ID = 65534,			/* inside: not 0, so that exec leaves no capability */
	DATA_MAX = 256 << 20,
	FILES_MAX = 16,
	TREES_MAX = 8,
};

/* Where no process and no file of the host is; zone-unpack has its own range below. */
#define SHADOW_ID UINT32_C(0x7ffe0000)

#define NAMESPACES (CLONE_NEWUSER | CLONE_NEWNS | CLONE_NEWPID | CLONE_NEWNET | CLONE_NEWIPC | \
		    CLONE_NEWUTS | CLONE_NEWCGROUP)

/* clang-format off */
/* Where the loader and the libraries of any distribution are, a directory or a link to one; those
 * in usr first, for the others are links to them. */
static const char *const lib_paths[] = {
	"usr/lib", "usr/lib32", "usr/lib64", "usr/libx32", "lib", "lib64",
};

/* What a dynamic program with a few libraries calls. */
static const int calls[] = {
	SCMP_SYS(read), SCMP_SYS(readv), SCMP_SYS(pread64), SCMP_SYS(write), SCMP_SYS(writev),
	SCMP_SYS(lseek), SCMP_SYS(close), SCMP_SYS(fstat), SCMP_SYS(newfstatat), SCMP_SYS(statx),
	SCMP_SYS(access), SCMP_SYS(faccessat), SCMP_SYS(faccessat2), SCMP_SYS(readlinkat),
	SCMP_SYS(fcntl), SCMP_SYS(dup), SCMP_SYS(fadvise64), SCMP_SYS(fsync),
	SCMP_SYS(brk), SCMP_SYS(mmap), SCMP_SYS(mprotect), SCMP_SYS(munmap), SCMP_SYS(mremap),
	SCMP_SYS(madvise), SCMP_SYS(futex), SCMP_SYS(set_robust_list), SCMP_SYS(set_tid_address),
	SCMP_SYS(rseq), SCMP_SYS(arch_prctl), SCMP_SYS(prlimit64), SCMP_SYS(getrandom),
	SCMP_SYS(rt_sigaction), SCMP_SYS(rt_sigprocmask), SCMP_SYS(rt_sigreturn),
	SCMP_SYS(sigaltstack), SCMP_SYS(clock_gettime), SCMP_SYS(sysinfo), SCMP_SYS(uname),
	SCMP_SYS(getpid), SCMP_SYS(gettid), SCMP_SYS(getuid), SCMP_SYS(geteuid),
	SCMP_SYS(getgid), SCMP_SYS(getegid), SCMP_SYS(sched_getaffinity), SCMP_SYS(sched_yield),
	SCMP_SYS(tgkill), SCMP_SYS(restart_syscall), SCMP_SYS(exit), SCMP_SYS(exit_group),
	SCMP_SYS(execveat),	/* to start it: there is no other program in its tree */
};
/* clang-format on */

static const struct scmp_arg_cmp read_only[] = {
	SCMP_A2(SCMP_CMP_MASKED_EQ, O_ACCMODE, O_RDONLY),
};

struct trees {
	int fds[TREES_MAX];		/* of lib_paths; -1: none, or a link */
	int imagefd;
};

static int filter_load(struct error *err)
{
	scmp_filter_ctx ctx = seccomp_init(SCMP_ACT_ERRNO(ENOSYS));
	int r = ctx ? 0 : -ENOMEM;

	for (size_t i = 0; r == 0 && i < N_ROWS(calls); i++) {
		r = seccomp_rule_add(ctx, SCMP_ACT_ALLOW, calls[i], 0);
		if (r == -EDOM || r == -EINVAL)
			r = 0;	/* a call that this machine does not have */
	}
	if (r == 0)
		r = seccomp_rule_add_array(ctx, SCMP_ACT_ALLOW, SCMP_SYS(openat), 1, read_only);
	if (r == 0)
		r = seccomp_load(ctx);
	seccomp_release(ctx);
	errno = -r;
	return r == 0 ? 0 : error_sys(err, "load the filter of system calls");
}

static int limits_set(uint64_t seconds, struct error *err)
{
	const struct {
		__rlimit_resource_t what;
		rlim_t value;
	} rows[] = {
		{ RLIMIT_DATA, DATA_MAX }, { RLIMIT_NOFILE, FILES_MAX }, { RLIMIT_CORE, 0 },
		{ RLIMIT_FSIZE, 0 },       { RLIMIT_NPROC, 1 },          { RLIMIT_CPU, seconds },
	};

	for (size_t i = 0; i < N_ROWS(rows); i++) {
		struct rlimit limit = { rows[i].value, rows[i].value };

		if (setrlimit(rows[i].what, &limit) < 0)
			return error_sys(err, "set resource limits");
	}
	return 0;
}

static int attributes_set(int fd, uint64_t attributes, struct error *err)
{
	struct mount_attr attr = { .attr_set = attributes, .propagation = MS_PRIVATE };

	if (sys_mount_setattr(fd, "", AT_EMPTY_PATH, &attr) < 0)
		return error_sys(err, "make a mount read-only");
	return 0;
}

/* The caller's half: what the child will see of this host. */
static int trees_open(const struct squashfs_sandbox *box, struct trees *out, struct error *err)
{
	const uint64_t safe = MOUNT_ATTR_RDONLY | MOUNT_ATTR_NOSUID | MOUNT_ATTR_NODEV;
	AUTO_CLOSE int rootfd = open("/", O_PATH | O_DIRECTORY | O_CLOEXEC); /* host path */

	if (rootfd < 0)
		return error_sys(err, "open the root");
	for (size_t i = 0; i < N_ROWS(lib_paths); i++) {
		struct stat st;

		if (fstatat(rootfd, lib_paths[i], &st, AT_SYMLINK_NOFOLLOW) < 0 ||
		    !S_ISDIR(st.st_mode))
			continue;
		out->fds[i] = sys_open_tree(rootfd, lib_paths[i],
					    OPEN_TREE_CLONE | OPEN_TREE_CLOEXEC);
		if (out->fds[i] < 0)
			return error_sys(err, "clone the mount of '/%s'", lib_paths[i]);
		if (attributes_set(out->fds[i], safe, err) < 0)
			return -1;
	}
	out->imagefd = sys_open_tree(box->imagefd, "",
				     AT_EMPTY_PATH | OPEN_TREE_CLONE | OPEN_TREE_CLOEXEC);
	if (out->imagefd < 0)
		return error_sys(err, "clone the mount of the image");
	return attributes_set(out->imagefd, safe | MOUNT_ATTR_NOEXEC, err);
}

static void trees_close(struct trees *trees)
{
	for (size_t i = 0; i < N_ROWS(trees->fds); i++)
		cleanup_close(&trees->fds[i]);
	cleanup_close(&trees->imagefd);
}

static int ids_take(struct error *err)
{
	if (setgroups(0, NULL) < 0 || setresgid(ID, ID, ID) < 0 || setresuid(ID, ID, ID) < 0)
		return error_sys(err, "become nobody");
	/* After the change of ids, which forgets it (prctl(2)). */
	if (prctl(PR_SET_PDEATHSIG, SIGKILL) < 0)
		return error_sys(err, "bind to the parent");
	return 0;
}

static int tmpfs_make(struct error *err)
{
	AUTO_CLOSE int fsfd = sys_fsopen("tmpfs", FSOPEN_CLOEXEC);
	int fd;

	if (fsfd < 0 || sys_fsconfig(fsfd, FSCONFIG_SET_STRING, "size", "64k", 0) < 0 ||
	    sys_fsconfig(fsfd, FSCONFIG_SET_STRING, "mode", "755", 0) < 0 ||
	    sys_fsconfig(fsfd, FSCONFIG_CMD_CREATE, NULL, NULL, 0) < 0)
		return error_sys(err, "make a tmpfs");
	fd = sys_fsmount(fsfd, FSMOUNT_CLOEXEC, MOUNT_ATTR_NOSUID | MOUNT_ATTR_NODEV);
	return fd < 0 ? error_sys(err, "make a tmpfs") : fd;
}

static int attach(int fd, int rootfd, const char *path, struct error *err)
{
	if (sys_move_mount(fd, "", rootfd, path, MOVE_MOUNT_F_EMPTY_PATH) < 0)
		return error_sys(err, "attach '%s'", path);
	return 0;
}

/* The libraries where they are on the host, links among them as there. */
static int libraries_attach(const struct trees *trees, int hostfd, int rootfd, struct error *err)
{
	if (mkdirat(rootfd, "usr", 0755) < 0)
		return error_sys(err, "make directory 'usr'");
	for (size_t i = 0; i < N_ROWS(lib_paths); i++) {
		char target[64];
		ssize_t n = readlinkat(hostfd, lib_paths[i], target, sizeof(target) - 1);

		if (n > 0) {
			target[n] = '\0';
			if (symlinkat(target, rootfd, lib_paths[i]) < 0)
				return error_sys(err, "make link '%s'", lib_paths[i]);
		} else if (trees->fds[i] >= 0) {
			if (mkdirat(rootfd, lib_paths[i], 0755) < 0)
				return error_sys(err, "make directory '%s'", lib_paths[i]);
			if (attach(trees->fds[i], rootfd, lib_paths[i], err) < 0)
				return -1;
		}
	}
	return 0;
}

/* The tmpfs goes over the old root, becomes the root, and the old one is dropped. */
static int root_enter(const struct trees *trees, struct error *err)
{
	AUTO_CLOSE int hostfd = open("/", O_PATH | O_DIRECTORY | O_CLOEXEC); /* host path */
	AUTO_CLOSE int rootfd = tmpfs_make(err);
	int fd;

	if (rootfd < 0 || attach(rootfd, AT_FDCWD, "/", err) < 0 ||
	    libraries_attach(trees, hostfd, rootfd, err) < 0)
		return -1;
	fd = openat(rootfd, "image", O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0444);
	if (fd < 0)
		return error_sys(err, "make file 'image'");
	close(fd);
	if (attach(trees->imagefd, rootfd, "image", err) < 0 ||
	    attributes_set(rootfd, MOUNT_ATTR_RDONLY | MOUNT_ATTR_NOEXEC, err) < 0)
		return -1;
	if (fchdir(rootfd) < 0 || sys_pivot_root(".", ".") < 0 ||
	    sys_umount(".", SYS_UMOUNT_DETACH) < 0 || fchdir(rootfd) < 0)
		return error_sys(err, "enter the root");
	return 0;
}

static int stdio_set(const struct squashfs_sandbox *box, int nullfd, struct error *err)
{
	if (dup2(nullfd, 0) < 0 || dup2(box->outfd, 1) < 0 || dup2(box->wordsfd, 2) < 0)
		return error_sys(err, "set up descriptors");
	return 0;
}

/* Everything above 2 is born close-on-exec, but this process did not make all of it. */
static int program_run(const struct squashfs_sandbox *box, struct error *err)
{
	char *const argv[] = { (char *)"sqfs2tar", (char *)"--root-becomes", (char *)".",
			       (char *)"/image", NULL };
	char *const env[] = { (char *)"LC_ALL=C", NULL };

	if (sys_close_range(3, ~0U, CLOSE_RANGE_CLOEXEC) < 0)
		return error_sys(err, "close descriptors");
	if (limits_set(box->seconds, err) < 0)
		return -1;
	if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) < 0)
		return error_sys(err, "give up new privileges");
	if (filter_load(err) < 0)
		return -1;
	sys_execveat(box->programfd, "", argv, env, AT_EMPTY_PATH);
	return error_sys(err, "execute sqfs2tar");
}

static int child_up(const struct squashfs_sandbox *box, const struct trees *trees, int gofd,
		    struct error *err)
{
	AUTO_CLOSE int nullfd = open("/dev/null", O_RDWR | O_CLOEXEC); /* host path */
	char go;

	if (fd_read_exact(gofd, &go, 1, err) < 0 || ids_take(err) < 0)
		return -1;
	if (nullfd < 0)
		return error_sys(err, "open '/dev/null'");
	if (root_enter(trees, err) < 0 || stdio_set(box, nullfd, err) < 0)
		return -1;
	return program_run(box, err);
}

static int map_write(pid_t pid, const char *file, struct error *err)
{
	char name[64], text[64];
	AUTO_CLOSE int procfd = -1;

	snprintf(name, sizeof(name), "/proc/%d", (int)pid);
	snprintf(text, sizeof(text), "%d %" PRIu32 " 1\n", ID, SHADOW_ID);
	procfd = openat(AT_FDCWD, name, O_PATH | O_DIRECTORY | O_CLOEXEC);
	if (procfd < 0)
		return error_sys(err, "open '%s'", name);
	return fd_write_control(procfd, file, text, err);
}

static int child_start(const struct squashfs_sandbox *box, const struct trees *trees,
		       int *out_pidfd, struct error *err)
{
	int go[2], pidfd = -1;
	struct clone_args args = {
		.flags = NAMESPACES | CLONE_PIDFD, .exit_signal = SIGCHLD,
		.pidfd = (uint64_t)(uintptr_t)&pidfd,
	};
	pid_t pid;
	int r;

	if (pipe2(go, O_CLOEXEC) < 0)
		return error_sys(err, "make a pipe");
	pid = sys_clone3(&args);
	if (pid == 0) {
		struct error why = { 0 };

		close(go[1]);
		if (child_up(box, trees, go[0], &why) < 0)
			dprintf(box->wordsfd, "%s\n", why.text);
		_exit(SQUASHFS_SETUP_FAILED);
	}
	close(go[0]);
	r = pid < 0 ? error_sys(err, "make the namespaces of sqfs2tar") : 0;
	if (r == 0 && (map_write(pid, "uid_map", err) < 0 || map_write(pid, "gid_map", err) < 0 ||
		       fd_write_all(go[1], "", 1, err) < 0))
		r = -1;
	close(go[1]);	/* a child that was not let go reads the end and leaves */
	*out_pidfd = pidfd;
	return r;
}

int squashfs_sandbox_run(const struct squashfs_sandbox *box, struct error *err)
{
	struct trees trees = { .imagefd = -1 };
	AUTO_CLOSE int pidfd = -1;
	int r;

	for (size_t i = 0; i < N_ROWS(trees.fds); i++)
		trees.fds[i] = -1;
	r = trees_open(box, &trees, err);
	if (r == 0)
		r = child_start(box, &trees, &pidfd, err);
	trees_close(&trees);
	if (r < 0 && pidfd >= 0)
		(void)proc_reap(pidfd, &(struct error){ 0 });	/* err says what went wrong */
	return r < 0 ? -1 : TAKE_FD(pidfd);
}
