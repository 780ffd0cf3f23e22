/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "cli/worker.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "base/clock.h"
#include "base/num.h"
#include "base/sys.h"
#include "cli/out.h"
#include "runtime/term.h"

enum {
	SIGNALLED = 128,
	TICK_MS = 200,			/* between two looks at how much was read */
	STEP_MS = 10,
	GRACE_MS = 5000,		/* for programs that clean up after themselves */
	WORDS_MAX = 256,		/* of one line of a program */
};

struct supervision {
	struct cli *cli;
	struct worker *w;
	struct error *shared;		/* what the child leaves */
	pid_t pid;			/* of the child, and of its group */
	int pidfd, signalfd, wordsfd;
	char line[WORDS_MAX];		/* begun, not ended */
	size_t len;
};

/* Never returns. */
static void work(struct supervision *s, pid_t parent, const sigset_t *mask)
{
	struct error *err = s->shared;
	int status;

	setpgid(0, 0);
	/* A supervisor that is killed takes the work along; its programs see their pipes break. */
	prctl(PR_SET_PDEATHSIG, SIGKILL);
	if (getppid() != parent)
		_exit(1);
	/* It is in the background now, and may write to the terminal all the same. */
	signal(SIGTTOU, SIG_IGN);
	sigprocmask(SIG_SETMASK, mask, NULL);
	status = s->w->work(s->cli, s->w, err);
	if (status == 0)
		status = out_flush(s->cli, err);
	_exit(status == 0 ? 0 : 1);
}

static bool reap_all(int timeout_ms)
{
	const struct timespec step = { .tv_nsec = STEP_MS * 1000000L };
	int64_t end = clock_ms() + timeout_ms;
	pid_t pid;

	do {
		while ((pid = waitpid(-1, NULL, WNOHANG)) > 0)
			continue;
		if (pid < 0 && errno == ECHILD)
			return true;
		nanosleep(&step, NULL);
	} while (clock_ms() < end);
	return false;
}

/* Processes whose parents ended are ours to wait for (PR_SET_CHILD_SUBREAPER). */
static void end_group(const struct supervision *s)
{
	(void)kill(-s->pid, SIGTERM);	/* those that are gone need none */
	if (reap_all(GRACE_MS))
		return;
	(void)kill(-s->pid, SIGKILL);
	(void)reap_all(GRACE_MS);	/* what even this doesn't end is stuck in the kernel */
}

static void show_read(const struct supervision *s)
{
	char text[64], done[NUM_TEXT_MAX], total[NUM_TEXT_MAX];
	off_t at = lseek(s->w->input_fd, 0, SEEK_CUR);

	if (at < 0)
		return;
	if (at >= s->w->input_size)
		strcpy(text, "checking");
	else
		snprintf(text, sizeof(text), "unpacking, %s of %s",
			 num_size_human((uint64_t)at, done),
			 num_size_human((uint64_t)s->w->input_size, total));
	progress_stage(&s->cli->progress, s->w->what, text, strlen(text));
}

/* Without the "I: " that Debian's programs begin what is no warning with. */
static void show_line(const struct supervision *s)
{
	size_t skip = s->len > 3 && memcmp(s->line, "I: ", 3) == 0 ? 3 : 0;

	if (s->len > 0)
		progress_stage(&s->cli->progress, s->w->what, s->line + skip, s->len - skip);
}

/* Every whole line is the stage; of a long one, how it begins. */
static void show_words(struct supervision *s, const char *data, size_t n)
{
	for (size_t i = 0; i < n; i++) {
		if (data[i] == '\n' || data[i] == '\r') {
			show_line(s);
			s->len = 0;
		} else if (s->len < sizeof(s->line)) {
			s->line[s->len++] = data[i];
		}
	}
}

static void read_words(struct supervision *s)
{
	char data[4096];
	ssize_t n = read(s->wordsfd, data, sizeof(data));

	if (n > 0) {
		show_words(s, data, (size_t)n);
	} else if (n == 0 || errno != EINTR) {
		cleanup_close(&s->wordsfd);
		s->wordsfd = -1;
	}
}

/* Returns the signal that ends the work, or 0 when it has ended by itself. */
static int supervise(struct supervision *s)
{
	bool is_measured = s->cli->progress.is_on && s->w->input_fd >= 0 && s->w->input_size > 0;

	for (;;) {
		struct pollfd fds[] = {
			{ .fd = s->signalfd, .events = POLLIN },
			{ .fd = s->pidfd, .events = POLLIN },
			{ .fd = s->wordsfd, .events = POLLIN },
		};
		int sig;

		if (poll(fds, N_ROWS(fds), is_measured ? TICK_MS : -1) < 0 && errno != EINTR)
			return SIGTERM;
		sig = fds[0].revents ? term_signals_read(s->signalfd) : 0;
		if (sig != 0 && sig != SIGWINCH && sig != SIGCONT)
			return sig;
		if (fds[1].revents)
			return 0;
		if (fds[2].revents)
			read_words(s);
		if (is_measured)
			show_read(s);
	}
}

static int result(const struct supervision *s, struct error *err)
{
	int status = 0;

	while (waitpid(s->pid, &status, 0) < 0 && errno == EINTR)
		continue;
	if (WIFEXITED(status) && WEXITSTATUS(status) == 0)
		return 0;
	*err = *s->shared;
	if (err->kind != ERR_NONE)
		return -1;
	return error_set(err, ERR_FAILED, "the worker was killed by signal %d",
			 WIFSIGNALED(status) ? WTERMSIG(status) : 0);
}

static int start(struct supervision *s, struct error *err)
{
	pid_t parent = getpid();
	sigset_t mask;
	int fds[2] = { -1, -1 };

	/* Blocked before there is anything that a signal could leave behind. */
	s->signalfd = term_signals_open(&mask, err);
	if (s->signalfd < 0)
		return -1;
	if (s->cli->progress.is_on && pipe2(fds, O_CLOEXEC) < 0)
		return error_sys(err, "make a pipe");
	s->wordsfd = fds[0];
	s->w->words_fd = s->cli->is_verbose ? STDERR_FILENO : fds[1];
	s->pid = fork();
	if (s->pid == 0)
		work(s, parent, &mask);
	cleanup_close(&fds[1]);
	if (s->pid < 0)
		return error_sys(err, "start a worker");
	(void)setpgid(s->pid, s->pid);	/* whoever comes first, this or the child */
	s->pidfd = sys_pidfd_open(s->pid, 0);
	return s->pidfd < 0 ? error_sys(err, "watch the worker") : 0;
}

static int run(struct supervision *s, struct error *err)
{
	int sig;

	if (start(s, err) < 0) {
		if (s->pid > 0)
			end_group(s);
		return -1;
	}
	progress_stage(&s->cli->progress, s->w->what, s->w->stage, strlen(s->w->stage));
	sig = supervise(s);
	progress_clear(&s->cli->progress);
	if (sig == 0)
		return result(s, err);
	end_group(s);
	s->cli->command_status = SIGNALLED + sig;
	return 1;
}

int worker_run(struct cli *cli, struct worker *w, struct error *err)
{
	struct supervision s = {
		.cli = cli, .w = w, .pidfd = -1, .signalfd = -1, .wordsfd = -1,
	};
	sigset_t before;
	int status;

	s.shared = mmap(NULL, sizeof(*s.shared), PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS,
			-1, 0);
	if (s.shared == MAP_FAILED)
		return error_sys(err, "memory for a worker");
	sigprocmask(SIG_BLOCK, NULL, &before);
	prctl(PR_SET_CHILD_SUBREAPER, 1);
	cli->progress.is_on = cli->has_progress;
	status = run(&s, err);
	cli->progress.is_on = false;
	prctl(PR_SET_CHILD_SUBREAPER, 0);
	cleanup_close(&s.pidfd);
	cleanup_close(&s.signalfd);
	cleanup_close(&s.wordsfd);
	munmap(s.shared, sizeof(*s.shared));
	/* A signal that came meanwhile ended the work; another must not end the cleaning up. */
	if (status != 1)
		sigprocmask(SIG_SETMASK, &before, NULL);
	return status;
}
