/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "cli/ask.h"

#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdbool.h>
#include <string.h>
#include <sys/signalfd.h>
#include <termios.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "base/fd.h"

enum { LINE_SIZE = 512 + 2 };		/* with its end and a NUL */

struct asking {
	int ttyfd, signalfd;
	struct termios shown;		/* as it was before */
	sigset_t ours, before;
};

/* What was typed before the question is no answer to it. */
static void hide(const struct asking *a)
{
	struct termios hidden = a->shown;

	hidden.c_lflag &= ~(tcflag_t)ECHO;
	hidden.c_lflag |= ICANON | ISIG | ECHONL;
	(void)tcsetattr(a->ttyfd, TCSAFLUSH, &hidden); /* it may be gone, as the next read tells */
}

static void show(const struct asking *a)
{
	(void)tcsetattr(a->ttyfd, TCSANOW, &a->shown); /* as above */
}

/* Does what it would have done, with the terminal as the shell had it. Returns after a stop, or
 * where it is ignored. */
static void obey_signal(const struct asking *a)
{
	struct signalfd_siginfo info;

	if (read(a->signalfd, &info, sizeof(info)) != (ssize_t)sizeof(info))
		return;
	show(a);
	(void)raise((int)info.ssi_signo); /* a process can always signal itself */
	sigprocmask(SIG_SETMASK, &a->before, NULL);
	sigprocmask(SIG_BLOCK, &a->ours, NULL);
	hide(a);
}

/* A line without its end; 0 at the end of input. */
static int read_line(const struct asking *a, const char *prompt, char line[LINE_SIZE],
		     struct error *err)
{
	ssize_t n;

	if (fd_write_all(a->ttyfd, prompt, strlen(prompt), err) < 0)
		return -1;
	for (;;) {
		struct pollfd fds[] = { { a->signalfd, POLLIN, 0 }, { a->ttyfd, POLLIN, 0 } };

		if (poll(fds, N_ROWS(fds), -1) < 0)
			return error_sys(err, "wait for what is typed");
		if (!fds[0].revents)
			break;
		obey_signal(a);
		if (fd_write_all(a->ttyfd, prompt, strlen(prompt), err) < 0)
			return -1;
	}
	n = read(a->ttyfd, line, LINE_SIZE - 1);
	if (n < 0)
		return error_sys(err, "read what is typed");
	line[n] = '\0';
	line[strcspn(line, "\n")] = '\0';
	if (*line && strlen(line) <= LINE_SIZE - 2)
		return 0;
	return error_set(err, ERR_USAGE, *line ? "a password is at most %d bytes" :
			 "no password was typed (at most %d bytes)", LINE_SIZE - 2);
}

static int ask_twice(const struct asking *a, const char *prompt, char line[LINE_SIZE],
		     struct error *err)
{
	char again[LINE_SIZE] = "";
	bool is_same;

	if (read_line(a, prompt, line, err) < 0 || read_line(a, "Again: ", again, err) < 0)
		return -1;
	is_same = strcmp(line, again) == 0;
	explicit_bzero(again, sizeof(again));
	return is_same ? 0 : error_set(err, ERR_USAGE, "the two passwords differ");
}

static int ask_hidden(struct asking *a, const char *prompt, char line[LINE_SIZE],
		      struct error *err)
{
	static const int watched[] = { SIGINT, SIGQUIT, SIGTERM, SIGHUP, SIGTSTP };
	int ret;

	sigemptyset(&a->ours);
	for (size_t i = 0; i < N_ROWS(watched); i++)
		sigaddset(&a->ours, watched[i]);
	a->signalfd = signalfd(-1, &a->ours, SFD_CLOEXEC);
	if (a->signalfd < 0 || tcgetattr(a->ttyfd, &a->shown) < 0)
		return error_sys(err, "watch the terminal");
	sigprocmask(SIG_BLOCK, &a->ours, &a->before);
	hide(a);
	ret = ask_twice(a, prompt, line, err);
	show(a);
	sigprocmask(SIG_SETMASK, &a->before, NULL);
	return ret;
}

/* A pipe holds it until it is read. */
static int as_input(char line[LINE_SIZE], struct error *err)
{
	size_t n = strlen(line);
	int ends[2], ret;

	if (pipe2(ends, O_CLOEXEC) < 0)
		return error_sys(err, "make a pipe");
	line[n] = '\n';
	ret = fd_write_all(ends[1], line, n + 1, err);
	close(ends[1]);
	if (ret == 0)
		return ends[0];
	close(ends[0]);
	return -1;
}

int ask_password(const char *prompt, struct error *err)
{
	AUTO_CLOSE int ttyfd = open("/dev/tty", O_RDWR | O_CLOEXEC); /* host path */
	struct asking a = { .ttyfd = ttyfd, .signalfd = -1 };
	char line[LINE_SIZE] = "";
	int ret;

	if (ttyfd < 0)
		return error_sys(err, "open the terminal");
	ret = ask_hidden(&a, prompt, line, err);
	if (a.signalfd >= 0)
		close(a.signalfd);
	if (ret == 0)
		ret = as_input(line, err);
	explicit_bzero(line, sizeof(line));
	return ret;
}
