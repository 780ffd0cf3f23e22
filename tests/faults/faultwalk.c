/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * faultwalk [first:|after:]K COMMAND...: runs a command under ptrace, counts the entries of
 * system calls over all of its processes, and at entry number K kills every one of them
 * at once, before that call takes effect. K 0 only counts. Calls that change nothing
 * outside the process are not counted: death before or after one is the same.
 * With "first:" only the command itself is killed, and what it started goes on. With
 * "after:" it is what goes on after the end of the command that is counted and killed,
 * until nothing more of it happens.
 *
 * Prints "calls N" or "killed at K: pid P, call C". What was started and left behind
 * on purpose, a keeper or an init, is traced and killed as well while the command
 * runs; after its end they are let go.
 */
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ptrace.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

enum { TRACEES_MAX = 256, QUIET_S = 1 };

enum victims { ALL, FIRST, AFTER };

static const char *const words[] = { [ALL] = "", [FIRST] = "first:", [AFTER] = "after:" };

static struct tracee {
	pid_t pid;
} tracees[TRACEES_MAX];
static size_t n_tracees;
static unsigned long n_calls;

/* Of these a death leaves the same behind on either side. */
static const long harmless[] = {
	SYS_read, SYS_pread64, SYS_close, SYS_brk, SYS_mmap, SYS_munmap, SYS_mprotect, SYS_fstat,
	SYS_newfstatat, SYS_getpid, SYS_gettid, SYS_getuid, SYS_geteuid, SYS_rt_sigaction,
	SYS_rt_sigprocmask, SYS_lseek, SYS_getdents64, SYS_readlink, SYS_readlinkat, SYS_arch_prctl,
	SYS_set_tid_address, SYS_set_robust_list, SYS_rseq, SYS_prlimit64, SYS_getrandom, SYS_fcntl,
	SYS_ioctl, SYS_access, SYS_faccessat, SYS_faccessat2, SYS_umask, SYS_clock_gettime,
	SYS_uname,
	SYS_capget, SYS_prctl, SYS_sigaltstack, SYS_clock_nanosleep, SYS_poll, SYS_fstatfs,
};

static bool is_harmless(long nr)
{
	for (size_t i = 0; i < sizeof(harmless) / sizeof(*harmless); i++)
		if (harmless[i] == nr)
			return true;
	return false;
}

static struct tracee *find(pid_t pid)
{
	for (size_t i = 0; i < n_tracees; i++)
		if (tracees[i].pid == pid)
			return &tracees[i];
	if (n_tracees == TRACEES_MAX)
		return NULL;
	tracees[n_tracees] = (struct tracee){ .pid = pid };
	return &tracees[n_tracees++];
}

static void forget(pid_t pid)
{
	for (size_t i = 0; i < n_tracees; i++)
		if (tracees[i].pid == pid) {
			tracees[i] = tracees[--n_tracees];
			return;
		}
}

static void kill_all(void)
{
	int status;
	pid_t pid;

	for (size_t i = 0; i < n_tracees; i++)
		kill(tracees[i].pid, SIGKILL);
	/* One that was being forked reports itself only now. */
	while ((pid = waitpid(-1, &status, __WALL)) > 0 || errno == EINTR)
		if (pid > 0 && WIFSTOPPED(status))
			kill(pid, SIGKILL);
}

/* The command itself has ended: what it left goes on by itself, with the signal that it was about
 * to get. */
static void let_go(void)
{
	for (size_t i = 0; i < n_tracees; i++) {
		int status = 0, sig = 0;

		if (ptrace(PTRACE_INTERRUPT, tracees[i].pid, NULL, NULL) == 0)
			waitpid(tracees[i].pid, &status, __WALL);
		if (WIFSTOPPED(status) && status >> 16 == 0 && WSTOPSIG(status) != (SIGTRAP | 0x80))
			sig = WSTOPSIG(status);
		ptrace(PTRACE_DETACH, tracees[i].pid, NULL, (void *)(long)sig);
	}
}

/* True when entry number at was reached. */
static bool count(struct tracee *t, unsigned long at)
{
	struct __ptrace_syscall_info info;

	if (ptrace(PTRACE_GET_SYSCALL_INFO, t->pid, sizeof(info), &info) < 0 ||
	    info.op != PTRACE_SYSCALL_INFO_ENTRY || is_harmless((long)info.entry.nr))
		return false;
	n_calls++;
	if (n_calls != at)
		return false;
	printf("killed at %lu: pid %d, call %llu\n", at, t->pid, (unsigned long long)info.entry.nr);
	return true;
}

static void go_on(pid_t pid, int status)
{
	int event = status >> 16, sig = WSTOPSIG(status);

	if (event == PTRACE_EVENT_STOP) {
		/* A new tracee, or one that was stopped by a signal. */
		bool is_group_stop = sig == SIGSTOP || sig == SIGTSTP || sig == SIGTTIN ||
				     sig == SIGTTOU;

		ptrace(is_group_stop ? PTRACE_LISTEN : PTRACE_SYSCALL, pid, NULL, NULL);
		return;
	}
	if (event != 0 || sig == (SIGTRAP | 0x80))
		sig = 0;
	ptrace(PTRACE_SYSCALL, pid, NULL, (void *)(long)sig);
}

/* The one that stands at its call is let go first: it would not stop once more. */
static void kill_first(pid_t first, pid_t standing)
{
	int status;

	kill(first, SIGKILL);
	if (standing != first)
		ptrace(PTRACE_DETACH, standing, NULL, NULL);
	while (waitpid(first, &status, __WALL) > 0 && WIFSTOPPED(status))
		continue;
	forget(first);
	forget(standing);
	let_go();
}

/* What waitpid(2) is interrupted by. */
static void quiet(int sig)
{
	(void)sig;
}

/* Returns the status of the command, or -1 when it was killed at number at. */
static int walk(pid_t first, unsigned long at, enum victims victims)
{
	const struct sigaction on_alarm = { .sa_handler = quiet };
	bool is_over = false, is_counting = victims != AFTER;
	int status, result = 0;

	sigaction(SIGALRM, &on_alarm, NULL);
	while (!is_over) {
		pid_t pid = waitpid(-1, &status, __WALL);
		struct tracee *t;

		if (pid < 0)
			return victims == AFTER || errno == EINTR ? result : 125;
		if (victims == AFTER && is_counting)
			alarm(QUIET_S);
		if (WIFEXITED(status) || WIFSIGNALED(status)) {
			forget(pid);
			if (pid != first)
				continue;
			result = WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
			is_over = victims != AFTER;
			is_counting = true;
			alarm(is_over ? 0 : QUIET_S);
			continue;
		}
		t = find(pid);
		if (is_counting && t && status >> 8 == (SIGTRAP | 0x80) && count(t, at)) {
			if (victims == FIRST)
				kill_first(first, pid);
			else
				kill_all();
			return -1;
		}
		go_on(pid, status);
	}
	return result;
}

/* The command, which waits until it is traced. */
static pid_t start(char **argv)
{
	const long options = PTRACE_O_TRACESYSGOOD | PTRACE_O_TRACEFORK | PTRACE_O_TRACEVFORK |
			     PTRACE_O_TRACECLONE | PTRACE_O_TRACEEXEC | PTRACE_O_EXITKILL;
	int gate[2];
	char byte;
	pid_t pid = pipe2(gate, O_CLOEXEC) < 0 ? -1 : fork();

	if (pid == 0) {
		close(gate[1]);
		(void)!read(gate[0], &byte, 1);
		execvp(argv[0], argv);
		_exit(127);
	}
	if (pid < 0 || ptrace(PTRACE_SEIZE, pid, NULL, (void *)options) < 0 ||
	    ptrace(PTRACE_INTERRUPT, pid, NULL, NULL) < 0)
		return -1;
	close(gate[0]);
	close(gate[1]);
	return pid;
}

/* Passes over the word. */
static enum victims victims_of(const char **at)
{
	for (enum victims v = FIRST; v <= AFTER; v++) {
		size_t len = strlen(words[v]);

		if (strncmp(*at, words[v], len) != 0)
			continue;
		*at += len;
		return v;
	}
	return ALL;
}

int main(int argc, char **argv)
{
	const char *number = argc > 2 ? argv[1] : "0";
	enum victims victims = victims_of(&number);
	unsigned long at = strtoul(number, NULL, 10);
	pid_t pid = argc > 2 ? start(argv + 2) : -1;
	int status;

	if (pid < 0)
		return 125;
	find(pid);
	status = walk(pid, at, victims);
	if (status >= 0) {
		let_go();
		printf("calls %lu\n", n_calls);
	}
	return status < 0 ? 0 : status;
}
