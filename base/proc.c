/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "base/proc.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/vfs.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "base/clock.h"
#include "base/fd.h"
#include "base/sys.h"

/* Where programs are looked up, and the PATH they get. */
static const char clean_path[] = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin";

int proc_boot_id(char out[PROC_BOOT_ID_LEN + 1], struct error *err)
{
	char text[PROC_BOOT_ID_LEN + 4];
	ssize_t n = fd_read_control(AT_FDCWD, "/proc/sys/kernel/random/boot_id", text, sizeof(text),
				    err);

	if (n < 0)
		return -1;
	if (n != PROC_BOOT_ID_LEN)
		return error_set(err, ERR_UNSUPPORTED, "'%s' is no boot id", text);
	memcpy(out, text, PROC_BOOT_ID_LEN + 1);
	return 0;
}

/* Fields 22 and 3 of /proc/PID/stat; out_state may be NULL. */
static int read_stat(pid_t pid, uint64_t *out_start, char *out_state, struct error *err)
{
	char name[64], text[2048];
	const char *at;

	snprintf(name, sizeof(name), "/proc/%d/stat", (int)pid);
	if (fd_read_control(AT_FDCWD, name, text, sizeof(text), err) < 0) {
		if (err->sys == ENOENT || err->sys == ESRCH)
			return error_set(err, ERR_NOT_FOUND, "no process %d", (int)pid);
		return -1;
	}
	/* The second field is the program's own choice and may hold spaces and brackets; no later
	 * one holds a bracket. */
	at = strrchr(text, ')');
	if (at && at[1] == ' ' && out_state)
		*out_state = at[2];
	for (int field = 2; at && field < 22; field++)
		at = strchr(at + 1, ' ');
	if (!at)
		return error_set(err, ERR_FAILED, "read '%s': no start time", name);
	*out_start = strtoull(at + 1, NULL, 10);
	return 0;
}

int proc_is_alive(const struct proc_id *id, bool *out, struct error *err)
{
	struct error why = { 0 };
	uint64_t start = 0;
	char state = 'X';

	*out = false;
	if (id->pid <= 0)
		return 0;
	if (read_stat(id->pid, &start, &state, &why) < 0 && why.kind != ERR_NOT_FOUND) {
		*err = why;
		return -1;
	}
	*out = start == id->start && state != 'Z' && state != 'X';
	return 0;
}

/* The descriptors of older kernels share one inode, which lies on no filesystem of their own. */
uint64_t proc_number(pid_t pid)
{
	enum { PIDFS_MAGIC = 0x50494446 };	/* PID_FS_MAGIC of linux/magic.h */
	AUTO_CLOSE int pidfd = sys_pidfd_open(pid, 0);
	struct statfs fs;
	struct stat st;

	if (pidfd < 0 || fstatfs(pidfd, &fs) < 0 || fs.f_type != PIDFS_MAGIC ||
	    fstat(pidfd, &st) < 0)
		return 0;
	return st.st_ino;
}

bool proc_has_number(pid_t pid, uint64_t number)
{
	AUTO_CLOSE int pidfd = sys_pidfd_open(pid, 0);
	struct pollfd end = { .fd = pidfd, .events = POLLIN };
	struct stat st;

	return pidfd >= 0 && fstat(pidfd, &st) == 0 && st.st_ino == number &&
	       poll(&end, 1, 0) == 0;
}

int proc_id_of(pid_t pid, struct proc_id *out, struct error *err)
{
	struct proc_id id = { .pid = pid };

	if (read_stat(pid, &id.start, NULL, err) < 0 || proc_boot_id(id.boot_id, err) < 0)
		return -1;
	*out = id;
	return 0;
}

int proc_wait_end(int pidfd, int timeout_ms, struct error *err)
{
	int64_t deadline = clock_ms() + timeout_ms;
	struct pollfd end = { .fd = pidfd, .events = POLLIN };

	for (;;) {
		int n = poll(&end, 1, timeout_ms);

		if (n >= 0)
			return n;
		if (errno != EINTR)
			return error_sys(err, "wait for a process");
		if (timeout_ms > 0) {
			int64_t left = deadline - clock_ms();

			timeout_ms = left > 0 ? (int)left : 0;
		}
	}
}

int proc_open(const struct proc_id *id, struct error *err)
{
	char boot_id[PROC_BOOT_ID_LEN + 1];
	AUTO_CLOSE int pidfd = -1;
	uint64_t start = 0;
	int ended;

	if (proc_boot_id(boot_id, err) < 0)
		return -1;
	if (id->pid <= 0 || strcmp(boot_id, id->boot_id) != 0)
		return error_set(err, ERR_NOT_FOUND, "no process %d", (int)id->pid);
	/* The descriptor first: what it means cannot change while the start time is compared.
	 * EINVAL: the number is a thread's now. */
	pidfd = sys_pidfd_open(id->pid, 0);
	if (pidfd < 0 && errno != ESRCH && errno != EINVAL)
		return error_sys(err, "open process %d", (int)id->pid);
	if (pidfd < 0)
		return error_set(err, ERR_NOT_FOUND, "no process %d", (int)id->pid);
	if (read_stat(id->pid, &start, NULL, err) < 0)
		return -1;
	ended = proc_wait_end(pidfd, 0, err);
	if (ended < 0)
		return -1;
	if (ended > 0 || start != id->start)
		return error_set(err, ERR_NOT_FOUND, "no process %d", (int)id->pid);
	return TAKE_FD(pidfd);
}

int proc_signal(int pidfd, int sig, struct error *err)
{
	if (sys_pidfd_send_signal(pidfd, sig, NULL, 0) < 0 && errno != ESRCH)
		return error_sys(err, "send signal %d", sig);
	return 0;
}

/* Finds the program's file; argv[0] with a slash is one. */
static int find_program(const char *name, char out[PATH_MAX], struct error *err)
{
	if (strchr(name, '/') && strlen(name) < PATH_MAX) {
		strcpy(out, name);
		return 0;
	}
	for (const char *dir = clean_path; *name && *dir;) {
		size_t n = strcspn(dir, ":");
		int len = snprintf(out, PATH_MAX, "%.*s/%s", (int)n, dir, name);
		struct stat st;

		if (len < PATH_MAX && stat(out, &st) == 0 && S_ISREG(st.st_mode) &&
		    access(out, X_OK) == 0)
			return 0;
		dir += n + (dir[n] == ':');
	}
	return error_set(err, ERR_UNSUPPORTED, "no program '%s' on this host", name);
}

/* What the child needs, made ready before there is one. */
struct start {
	const struct proc_spawn *spawn;
	const char *file;
	int null_fd, report_fd;
};

static int child_std(const struct start *s, struct error *err)
{
	const int from[] = { s->spawn->stdin_fd, s->spawn->stdout_fd, s->spawn->stderr_fd };
	int up[N_ROWS(from)];

	/* First all out of the way: one may be another's target. */
	for (size_t i = 0; i < N_ROWS(from); i++) {
		up[i] = fcntl(from[i] < 0 ? s->null_fd : from[i], F_DUPFD_CLOEXEC, 3);
		if (up[i] < 0)
			return error_sys(err, "duplicate descriptor %d", from[i]);
	}
	for (size_t i = 0; i < N_ROWS(from); i++)
		if (dup2(up[i], (int)i) < 0)
			return error_sys(err, "duplicate descriptor %d", from[i]);
	return 0;
}

static int child_fds(const struct start *s, struct error *err)
{
	const struct proc_spawn *spawn = s->spawn;

	if (spawn->dirfd >= 0 ? fchdir(spawn->dirfd) < 0 : chdir("/") < 0)
		return error_sys(err, "change directory");
	if (child_std(s, err) < 0)
		return -1;
	if (sys_close_range(3, UINT_MAX, CLOSE_RANGE_CLOEXEC) < 0)
		return error_sys(err, "close descriptors");
	for (size_t i = 0; i < spawn->n_keep_fds; i++)
		if (spawn->keep_fds[i] > 2 && fcntl(spawn->keep_fds[i], F_SETFD, 0) < 0)
			return error_sys(err, "keep descriptor %d", spawn->keep_fds[i]);
	return 0;
}

static void child_signals(void)
{
	sigset_t none;

	/* What was ignored stays so over execve(2). SIGKILL and SIGSTOP fail and need no reset. */
	for (int sig = 1; sig < NSIG; sig++)
		(void)sys_signal_default(sig);
	sigemptyset(&none);
	sigprocmask(SIG_SETMASK, &none, NULL);
}

__attribute__((noreturn))
static void child(const struct start *s)
{
	char lc_all[] = "LC_ALL=C", path[sizeof("PATH=") + sizeof(clean_path)];
	char *const clean[] = { path, lc_all, NULL };
	struct error err = { 0 }, ignored;

	snprintf(path, sizeof(path), "PATH=%s", clean_path);
	umask(022);
	if (child_fds(s, &err) == 0) {
		child_signals();
		execve(s->file, s->spawn->argv, s->spawn->env ? s->spawn->env : clean);
		error_sys(&err, "run '%s'", s->file);
		if (err.sys == ENOENT || err.sys == ENOTDIR)
			err.kind = ERR_UNSUPPORTED;
	}
	(void)fd_write_all(s->report_fd, &err, sizeof(err), &ignored); /* no other way to tell */
	_exit(127);
}

/* Starts the child with all signals blocked, so that no handler of ours runs in it. */
static int start(const struct start *s, pid_t *out_pid, struct error *err)
{
	int pidfd = -1;
	struct clone_args args = {
		.flags = CLONE_PIDFD,
		.pidfd = (uint64_t)(uintptr_t)&pidfd,
		.exit_signal = SIGCHLD,
	};
	sigset_t all, before;
	pid_t pid;

	sigfillset(&all);
	sigprocmask(SIG_SETMASK, &all, &before);
	pid = sys_clone3(&args);
	if (pid == 0)
		child(s);
	if (pid < 0)
		error_sys(err, "start '%s'", s->file);
	sigprocmask(SIG_SETMASK, &before, NULL);
	if (pid < 0)
		return -1;
	*out_pid = pid;
	return pidfd;
}

/* Reads what the child reports: nothing, once exec has closed its end. */
static int read_report(int reportfd, struct error *err)
{
	struct error none, said;

	if (fd_read_exact(reportfd, &said, sizeof(said), &none) < 0)
		return 0;
	*err = said;
	return -1;
}

/* Both ends above 2: the child may have had its standard descriptors closed. */
static int report_pipe(int out[2], struct error *err)
{
	int ends[2];

	if (pipe2(ends, O_CLOEXEC) < 0)
		return error_sys(err, "make a pipe");
	for (int i = 0; i < 2; i++) {
		out[i] = fcntl(ends[i], F_DUPFD_CLOEXEC, 3);
		close(ends[i]);
	}
	if (out[0] >= 0 && out[1] >= 0)
		return 0;
	error_sys(err, "make a pipe");
	cleanup_close(&out[0]);
	cleanup_close(&out[1]);
	return -1;
}

int proc_spawn(const struct proc_spawn *spawn, pid_t *out_pid, struct error *err)
{
	AUTO_CLOSE int null_fd = open("/dev/null", O_RDWR | O_CLOEXEC);
	AUTO_CLOSE int pidfd = -1;
	char file[PATH_MAX];
	struct start s = { .spawn = spawn, .file = file, .null_fd = null_fd };
	struct error ignored;
	int ends[2] = { -1, -1 };
	pid_t pid = 0;

	if (null_fd < 0)
		return error_sys(err, "open '/dev/null'");
	if (find_program(spawn->file ? spawn->file : spawn->argv[0], file, err) < 0 ||
	    report_pipe(ends, err) < 0)
		return -1;
	s.report_fd = ends[1];
	pidfd = start(&s, &pid, err);
	close(ends[1]);
	if (pidfd >= 0 && read_report(ends[0], err) < 0) {
		(void)proc_reap(pidfd, &ignored); /* it has failed already, and is reported */
		cleanup_close(&pidfd);
		pidfd = -1;
	}
	close(ends[0]);
	if (pidfd >= 0)
		*out_pid = pid;
	return TAKE_FD(pidfd);
}

int proc_reap(int pidfd, struct error *err)
{
	siginfo_t info = { 0 };

	while (waitid(P_PIDFD, (id_t)pidfd, &info, WEXITED) < 0)
		if (errno != EINTR)
			return error_sys(err, "wait for a program");
	return info.si_code == CLD_EXITED ? info.si_status : 128 + info.si_status;
}

void proc_end(int pidfd)
{
	(void)sys_pidfd_send_signal(pidfd, SIGKILL, NULL, 0);	/* may be gone */
	while (waitid(P_PIDFD, (id_t)pidfd, &(siginfo_t){ 0 }, WEXITED | __WALL) < 0 &&
	       errno == EINTR)
		;
}
