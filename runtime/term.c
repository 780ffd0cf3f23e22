/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "runtime/term.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/signalfd.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/cleanup.h"

/* SIGCONT: the terminal may be cooked again. The others end a session or are passed on. */
static const int session_signals[] = {
	SIGWINCH, SIGCONT, SIGINT, SIGQUIT, SIGTERM, SIGHUP, SIGUSR1, SIGUSR2,
};

void term_raw_again(const struct term *t)
{
	struct termios raw = t->saved;

	if (t->fd < 0)
		return;
	cfmakeraw(&raw);
	/* It worked once; now the terminal may be gone, which the next read tells. */
	(void)tcsetattr(t->fd, TCSANOW, &raw);
}

int term_raw(struct term *t, int fd, struct error *err)
{
	t->fd = -1;
	if (tcgetattr(fd, &t->saved) < 0)
		return error_sys(err, "terminal");
	t->fd = fd;
	term_raw_again(t);
	return 0;
}

void term_restore(struct term *t)
{
	/* Not TCSADRAIN: a terminal that takes no output must not hold us. */
	if (t->fd >= 0)
		(void)tcsetattr(t->fd, TCSANOW, &t->saved); /* it may be gone */
	t->fd = -1;
}

void term_size(struct winsize *out)
{
	if (ioctl(STDIN_FILENO, TIOCGWINSZ, out) < 0)
		*out = (struct winsize){ 0 };
}

void term_copy_size(int from, int to)
{
	struct winsize size;

	if (ioctl(from, TIOCGWINSZ, &size) == 0 && size.ws_row > 0)
		(void)ioctl(to, TIOCSWINSZ, &size); /* a terminal without size still works */
}

bool term_is_utf8(void)
{
	static const char *const names[] = { "LC_ALL", "LC_CTYPE", "LANG" };

	/* The first that is set counts (locale(7)). */
	for (size_t i = 0; i < N_ROWS(names); i++) {
		const char *value = getenv(names[i]);

		if (value && *value)
			return strcasestr(value, "UTF-8") || strcasestr(value, "UTF8");
	}
	return false;
}

int term_reopen(int fd, int flags, struct error *err)
{
	char path[sizeof("/proc/self/fd/") + 12];
	struct stat st;
	int again = -1;

	snprintf(path, sizeof(path), "/proc/self/fd/%d", fd);
	if (fstat(fd, &st) == 0 && (S_ISCHR(st.st_mode) || S_ISFIFO(st.st_mode)))
		again = open(path, flags | O_NONBLOCK | O_NOCTTY | O_CLOEXEC); /* host path */
	if (again < 0)
		again = fcntl(fd, F_DUPFD_CLOEXEC, STDERR_FILENO + 1);
	if (again < 0)
		return error_sys(err, "descriptor %d", fd);
	return again;
}

int term_signals_open(sigset_t *out_saved, struct error *err)
{
	sigset_t set;
	int fd;

	sigemptyset(&set);
	for (size_t i = 0; i < N_ROWS(session_signals); i++)
		sigaddset(&set, session_signals[i]);
	fd = signalfd(-1, &set, SFD_CLOEXEC | SFD_NONBLOCK);
	if (fd < 0)
		return error_sys(err, "signalfd");
	sigprocmask(SIG_BLOCK, &set, out_saved);
	return fd;
}

int term_signals_read(int fd)
{
	struct signalfd_siginfo info;

	if (read(fd, &info, sizeof(info)) != (ssize_t)sizeof(info))
		return 0;
	return (int)info.ssi_signo;
}

int escape_parse(const char *text, struct escape *out, struct error *err)
{
	*out = (struct escape){ .c = '~' };
	if (text && strcmp(text, "none") != 0 && strlen(text) != 1)
		return error_set(err, ERR_USAGE, "option '--escape': '%s' is not one character",
				 text);
	if (!isatty(STDIN_FILENO) || (text && text[1]))
		out->c = 0;
	else if (text)
		out->c = text[0];
	return 0;
}

static enum escape_place place_after(char byte)
{
	return byte == '\r' || byte == '\n' ? ESCAPE_LINE_START : ESCAPE_IN_LINE;
}

/* As terminals write them (ECMA-48). A line's end ends what should have ended by itself. */
bool escape_is_key(struct escape *e, char byte)
{
	enum escape_sequence was = e->sequence;

	e->sequence = ESCAPE_KEYS;
	if (byte == '\r' || byte == '\n')
		return true;
	if (byte == '\033')
		e->sequence = ESCAPE_BEGUN;
	else if (was == ESCAPE_BEGUN && byte == '[')
		e->sequence = ESCAPE_CSI;
	else if (was == ESCAPE_BEGUN && byte == 'O')
		e->sequence = ESCAPE_ONE_MORE;
	else if (was == ESCAPE_BEGUN && byte && strchr("P]_^X", byte))
		e->sequence = ESCAPE_STRING;
	else if ((was == ESCAPE_CSI && (byte < '@' || byte > '~')) ||
		 (was == ESCAPE_STRING && byte != '\a'))
		e->sequence = was;
	return was == ESCAPE_KEYS && byte != '\033';
}

bool escape_pass(struct escape *e, char last)
{
	bool is_held_back = e->place == ESCAPE_SEEN;

	e->place = place_after(last);
	return is_held_back;
}

static enum escape_action after_escape(struct escape *e, char byte, char out[2], size_t *out_n)
{
	e->place = place_after(byte);
	if (byte == '.')
		return ESCAPE_LEAVE;
	if (byte == '?') {
		e->place = ESCAPE_LINE_START;
		return ESCAPE_HELP;
	}
	out[(*out_n)++] = e->c;
	if (byte != e->c)
		out[(*out_n)++] = byte;
	return ESCAPE_NONE;
}

enum escape_action escape_take(struct escape *e, char byte, char out[2], size_t *out_n)
{
	*out_n = 0;
	if (e->place == ESCAPE_SEEN)
		return after_escape(e, byte, out, out_n);
	if (e->c && e->place == ESCAPE_LINE_START && byte == e->c) {
		e->place = ESCAPE_SEEN;
		return ESCAPE_NONE;
	}
	e->place = place_after(byte);
	out[(*out_n)++] = byte;
	return ESCAPE_NONE;
}
