/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <errno.h>
#include <fcntl.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

#include "base/cleanup.h"
#include "base/fd.h"
#include "base/mem.h"
#include "base/proc.h"

enum { LONG_MS = 10000 };

static struct proc_spawn command(char *const *argv)
{
	return (struct proc_spawn){
		.argv = argv, .stdin_fd = -1, .stdout_fd = -1, .stderr_fd = 2, .dirfd = -1,
	};
}

/* Runs a line of shell; returns its exit status, and what it printed where out is given. */
static int run_shell(char *line, char **out)
{
	char *argv[] = { "sh", "-c", line, NULL };
	struct proc_spawn spawn = command(argv);
	struct error err = { 0 };
	int ends[2], status;
	AUTO_CLOSE int pidfd = -1;
	pid_t pid = 0;

	assert_int_equal(pipe2(ends, O_CLOEXEC), 0);
	spawn.stdout_fd = ends[1];
	pidfd = proc_spawn(&spawn, &pid, &err);
	close(ends[1]);
	assert_true(pidfd >= 0 && pid > 0);
	if (out)
		assert_int_equal(fd_read_all(ends[0], 65536, out, NULL, &err), 0);
	close(ends[0]);
	assert_int_equal(proc_wait_end(pidfd, LONG_MS, &err), 1);
	status = proc_reap(pidfd, &err);
	return status;
}

/* A child that waits to be killed. */
static int start_sleeper(pid_t *out_pid)
{
	static char name[] = "sleep", time[] = "1000";
	char *argv[] = { name, time, NULL };
	struct proc_spawn spawn = command(argv);
	struct error err = { 0 };
	int pidfd = proc_spawn(&spawn, out_pid, &err);

	assert_true(pidfd >= 0);
	return pidfd;
}

static void end(int pidfd)
{
	struct error err = { 0 };

	assert_int_equal(proc_signal(pidfd, SIGKILL, &err), 0);
	assert_int_equal(proc_reap(pidfd, &err), 128 + SIGKILL);
	close(pidfd);
}

static void the_exit_code_comes_back(void **state)
{
	(void)state;
	assert_int_equal(run_shell("exit 42", NULL), 42);
	assert_int_equal(run_shell("kill -TERM $$", NULL), 128 + SIGTERM);
}

static void a_program_starts_clean(void **state)
{
	AUTO_CLOSE int stray = open("/etc/passwd", O_RDONLY);
	AUTO_FREE char *out = NULL;
	sigset_t usr, before;

	(void)state;
	sigemptyset(&usr);
	sigaddset(&usr, SIGUSR1);
	sigprocmask(SIG_BLOCK, &usr, &before);
	signal(SIGINT, SIG_IGN);
	signal(SIGRTMAX, SIG_IGN);
	assert_int_equal(
		run_shell("pwd; umask; env | grep -v ^PWD= | sort;"
			  "grep -E '^Sig(Blk|Ign)' /proc/self/status;"
			  "for f in 3 4 5 6 7 8 9; do [ ! -e /proc/$$/fd/$f ] || echo $f; done;"
			  "readlink /proc/$$/fd/0",
			  &out),
		0);
	signal(SIGINT, SIG_DFL);
	signal(SIGRTMAX, SIG_DFL);
	sigprocmask(SIG_SETMASK, &before, NULL);
	assert_true(stray >= 0);
	assert_string_equal(out, "/\n0022\nLC_ALL=C\n"
			    "PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin\n"
			    "SigBlk:\t0000000000000000\nSigIgn:\t0000000000000000\n/dev/null\n");
}

static void standard_descriptors_may_be_exchanged_and_others_kept(void **state)
{
	char *argv[] = { "sh", "-c", "echo out; echo err >&2; echo kept >/dev/fd/$1",
			 "sh", NULL, NULL };
	struct proc_spawn spawn = command(argv);
	AUTO_FREE char *first = NULL, *second = NULL, *third = NULL, *number = NULL;
	struct error err = { 0 };
	int a[2], b[2], c[2], saved[3], pidfd;
	pid_t pid;

	(void)state;
	assert_int_equal(pipe2(a, O_CLOEXEC) + pipe2(b, O_CLOEXEC) + pipe2(c, O_CLOEXEC), 0);
	number = xasprintf("%d", c[1]);
	argv[4] = number;
	for (int i = 1; i < 3; i++)
		saved[i] = fcntl(i, F_DUPFD_CLOEXEC, 20);
	dup2(a[1], 1);
	dup2(b[1], 2);
	spawn.stdout_fd = 2;
	spawn.stderr_fd = 1;
	spawn.keep_fds = &c[1];
	spawn.n_keep_fds = 1;
	pidfd = proc_spawn(&spawn, &pid, &err);
	for (int i = 1; i < 3; i++) {
		dup2(saved[i], i);
		close(saved[i]);
	}
	close(a[1]);
	close(b[1]);
	close(c[1]);
	assert_true(pidfd >= 0);
	assert_int_equal(fd_read_all(a[0], 100, &first, NULL, &err), 0);
	assert_int_equal(fd_read_all(b[0], 100, &second, NULL, &err), 0);
	assert_int_equal(fd_read_all(c[0], 100, &third, NULL, &err), 0);
	assert_int_equal(proc_reap(pidfd, &err), 0);
	assert_string_equal(first, "err\n");
	assert_string_equal(second, "out\n");
	assert_string_equal(third, "kept\n");
	close(a[0]);
	close(b[0]);
	close(c[0]);
	close(pidfd);
}

static void a_missing_program_is_reported_by_spawn(void **state)
{
	char *by_name[] = { "no-such-program", NULL }, *by_path[] = { "/no/such", NULL };
	char *no_program[] = { "/etc/passwd", NULL };
	struct proc_spawn spawn = command(by_name);
	struct error err = { 0 };
	pid_t pid = 0;

	(void)state;
	assert_int_equal(proc_spawn(&spawn, &pid, &err), -1);
	assert_int_equal(err.kind, ERR_UNSUPPORTED);
	assert_string_equal(err.text, "no program 'no-such-program' on this host");
	spawn.argv = by_path;
	assert_int_equal(proc_spawn(&spawn, &pid, &err), -1);
	assert_int_equal(err.kind, ERR_UNSUPPORTED);
	assert_string_equal(err.text, "run '/no/such': No such file or directory");
	spawn.argv = no_program;
	assert_int_equal(proc_spawn(&spawn, &pid, &err), -1);
	assert_int_equal(err.kind, ERR_FAILED);
	assert_int_equal(waitpid(-1, NULL, WNOHANG), -1);
	assert_int_equal(errno, ECHILD);
}

static void an_identity_finds_its_process_while_it_runs(void **state)
{
	struct error err = { 0 };
	struct proc_id id;
	pid_t pid = 0;
	int child = start_sleeper(&pid), found;

	(void)state;
	assert_int_equal(proc_id_of(pid, &id, &err), 0);
	found = proc_open(&id, &err);
	assert_true(found >= 0);
	assert_int_equal(proc_wait_end(found, 0, &err), 0);
	assert_int_equal(proc_signal(found, SIGKILL, &err), 0);
	assert_int_equal(proc_wait_end(found, LONG_MS, &err), 1);
	/* Ended, though nobody has reaped it yet. */
	assert_int_equal(proc_open(&id, &err), -1);
	assert_int_equal(err.kind, ERR_NOT_FOUND);
	end(child);
	assert_int_equal(proc_open(&id, &err), -1);
	assert_int_equal(err.kind, ERR_NOT_FOUND);
	assert_int_equal(proc_signal(found, SIGKILL, &err), 0);
	assert_int_equal(proc_id_of(pid, &id, &err), -1);
	assert_int_equal(err.kind, ERR_NOT_FOUND);
	close(found);
}

static void a_pid_used_again_is_another_process(void **state)
{
	struct error err = { 0 };
	struct proc_id id;
	pid_t pid = 0;
	int child = start_sleeper(&pid);

	(void)state;
	assert_int_equal(proc_id_of(pid, &id, &err), 0);
	id.start++;
	assert_int_equal(proc_open(&id, &err), -1);
	assert_int_equal(err.kind, ERR_NOT_FOUND);
	id.start--;
	id.boot_id[0] = id.boot_id[0] == '0' ? '1' : '0';
	assert_int_equal(proc_open(&id, &err), -1);
	assert_int_equal(err.kind, ERR_NOT_FOUND);
	end(child);
}

static void a_hostile_name_does_not_move_the_start_time(void **state)
{
	struct error err = { 0 };
	struct proc_id plain, odd;

	(void)state;
	assert_int_equal(proc_id_of(getpid(), &plain, &err), 0);
	prctl(PR_SET_NAME, "x) R 1 ) (y");
	assert_int_equal(proc_id_of(getpid(), &odd, &err), 0);
	assert_true(plain.start == odd.start);
	assert_int_equal(strlen(plain.boot_id), PROC_BOOT_ID_LEN);
}

static void waiting_is_bounded(void **state)
{
	struct error err = { 0 };
	pid_t pid = 0;
	int child = start_sleeper(&pid);

	(void)state;
	assert_int_equal(proc_wait_end(child, 5, &err), 0);
	end(child);
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_exit_code_comes_back),
		cmocka_unit_test(a_program_starts_clean),
		cmocka_unit_test(standard_descriptors_may_be_exchanged_and_others_kept),
		cmocka_unit_test(a_missing_program_is_reported_by_spawn),
		cmocka_unit_test(an_identity_finds_its_process_while_it_runs),
		cmocka_unit_test(a_pid_used_again_is_another_process),
		cmocka_unit_test(a_hostile_name_does_not_move_the_start_time),
		cmocka_unit_test(waiting_is_bounded),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
