/* SPDX-License-Identifier: GPL-2.0-or-later */

/*
 * zone-top: the program that the verb top executes, so that nothing else of
 * zonectl links ncurses. Looks at all zones every few seconds, and does what keys
 * say. What changes a zone is done by zonectl itself, as if it had been typed.
 *
 *   zone-top ZONECTL ROOT MILLISECONDS ORDER color|plain
 *
 * The terminal is given back whatever happens but SIGKILL: the signals that end
 * programs are read between two steps, and then everything is left in order.
 */

#include <fcntl.h>
#include <locale.h>
#include <poll.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/signalfd.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "base/clock.h"
#include "base/fd.h"
#include "base/log.h"
#include "base/mem.h"
#include "base/num.h"
#include "base/proc.h"
#include "base/str.h"
#include "base/strv.h"
#include "cli/top_model.h"
#include "cli/top_view.h"
#include "runtime/site.h"
#include "runtime/usage.h"
#include "runtime/zone.h"

#define KEYS "q quit  h help  / filter  c m p i t n sort  f freeze  l login"

enum { MESSAGE_MAX = 160, MESSAGE_MS = 5000, SAID_MAX = 2048 };

struct top {
	char *zonectl;			/* the program; borrowed, as the next */
	char *root;
	uint64_t every_ms;
	int signalfd;
	struct site site;
	struct top_model model;
	struct top_frame frame;
	char message[MESSAGE_MAX];
	int64_t message_until;		/* of clock_ms() */
	char asked[ZONE_NAME_MAX + 1];	/* the zone that a y would freeze or thaw, "": none */
	bool thaws;
	bool is_over;
	int signal;			/* that ended it, 0: a key did */
};

static void say(struct top *t, const char *fmt, ...) __attribute__((format(printf, 2, 3)));

static void say(struct top *t, const char *fmt, ...)
{
	va_list args;

	va_start(args, fmt);
	vsnprintf(t->message, sizeof(t->message), fmt, args);
	va_end(args);
	t->message_until = clock_ms() + MESSAGE_MS;
}

/*
 * What is looked at
 */

static uint64_t sum(uint64_t a, uint64_t b)
{
	return a == TOP_UNKNOWN || b == TOP_UNKNOWN ? TOP_UNKNOWN : a + b;
}

static void fill(struct top_sample *s, const struct usage *u)
{
	*s = (struct top_sample){
		.state = u->state, .started_usec = u->started_usec, .at_usec = u->at_usec,
		.cpu_usec = TOP_UNKNOWN, .memory = TOP_UNKNOWN, .memory_limit = TOP_UNKNOWN,
		.pids = TOP_UNKNOWN, .io = TOP_UNKNOWN, .net = TOP_UNKNOWN,
	};
	strcpy(s->name, u->name);
	if (u->has_stats) {
		s->cpu_usec = u->stats.cpu_usec;
		s->memory = u->stats.memory;
		s->memory_limit = u->stats.memory_limit;
		s->pids = u->stats.pids;
		s->io = sum(u->stats.io_read, u->stats.io_written);
	}
	if (u->has_net)
		s->net = usage_net_in(&u->net).bytes + usage_net_out(&u->net).bytes;
}

static int look(struct top *t, struct error *err)
{
	static const struct usage_want want = {
		.stats = CGROUP_STATS_CPU | CGROUP_STATS_MEMORY | CGROUP_STATS_MEMORY_LIMITS |
			 CGROUP_STATS_PIDS | CGROUP_STATS_IO,
		.net = true, .is_up = true,
	};
	AUTO_USAGE struct usage_sample sample = { 0 };
	AUTO_STRV char **names = NULL;
	AUTO_FREE struct top_sample *samples = NULL;

	if (zone_names(&t->site, &names, err) < 0 ||
	    usage_read(&t->site, names, &want, &sample, err) < 0)
		return -1;
	samples = xcalloc(sample.n + 1, sizeof(*samples));
	for (size_t i = 0; i < sample.n; i++)
		fill(&samples[i], &sample.list[i]);
	top_model_update(&t->model, samples, sample.n);
	return 0;
}

/*
 * What is done
 */

/* Waits for the program. A signal that is to end us ends it first; others are its own affair. */
static int wait_for(struct top *t, int pidfd, struct error *err)
{
	struct signalfd_siginfo info;
	struct pollfd fds[] = { { pidfd, POLLIN, 0 }, { t->signalfd, POLLIN, 0 } };

	for (;;) {
		struct error ignored;

		if (poll(fds, N_ROWS(fds), -1) < 0)
			continue;
		if (fds[0].revents)
			return proc_reap(pidfd, err);
		if (read(t->signalfd, &info, sizeof(info)) != (ssize_t)sizeof(info) ||
		    (info.ssi_signo != SIGTERM && info.ssi_signo != SIGHUP))
			continue;
		t->signal = (int)info.ssi_signo;
		t->is_over = true;
		(void)proc_signal(pidfd, t->signal, &ignored);	/* it has ended by itself then */
	}
}

static int run(struct top *t, const char *verb, const char *name, const int stdio[3],
	       struct error *err)
{
	char *argv[] = { t->zonectl, (char *)"--root", t->root, (char *)verb, (char *)name, NULL };
	struct proc_spawn spawn = {
		.argv = argv, .env = environ, .stdin_fd = stdio[0], .stdout_fd = stdio[1],
		.stderr_fd = stdio[2], .dirfd = -1,
	};
	pid_t pid;
	AUTO_CLOSE int pidfd = proc_spawn(&spawn, &pid, err);

	return pidfd < 0 ? -1 : wait_for(t, pidfd, err);
}

/* The first line of what was said, without what could drive the terminal. */
static void say_first_line(struct top *t, int saidfd)
{
	AUTO_STR struct str shown = { 0 };
	char said[SAID_MAX];
	const char *end;
	ssize_t n = pread(saidfd, said, sizeof(said), 0);

	if (n <= 0)
		return;
	end = memchr(said, '\n', (size_t)n);
	str_add_printable(&shown, said, end ? (size_t)(end - said) : (size_t)n);
	say(t, "%s", str_text(&shown));
}

static void freeze_or_thaw(struct top *t)
{
	const char *verb = t->thaws ? "thaw" : "freeze";
	AUTO_CLOSE int saidfd = memfd_create("said", MFD_CLOEXEC);
	const int stdio[] = { -1, saidfd, saidfd };
	struct error err = { 0 };
	int status = run(t, verb, t->asked, stdio, &err);

	if (status < 0)
		say(t, "%s", err.text);
	else if (status > 0)
		say_first_line(t, saidfd);
	else
		say(t, "%s: done", verb);
}

static void ask_freeze(struct top *t, int ignored)
{
	const struct top_zone *z = top_model_chosen(&t->model);

	(void)ignored;	/* the row of the key has no number */
	if (!z)
		return;
	strcpy(t->asked, z->now.name);
	t->thaws = z->now.state == ZONE_FROZEN;
	say(t, "%s %s? y/n", t->thaws ? "thaw" : "freeze", t->asked);
	t->message_until = INT64_MAX;
}

static void answer(struct top *t, int key)
{
	t->message_until = 0;
	if (key == 'y' || key == 'Y')
		freeze_or_thaw(t);
	*t->asked = '\0';
}

static void login(struct top *t, int ignored)
{
	const struct top_zone *z = top_model_chosen(&t->model);
	/* What the session shows goes to standard output; the rest is zonectl's own words. */
	AUTO_CLOSE int saidfd = memfd_create("said", MFD_CLOEXEC);
	const int stdio[] = { STDIN_FILENO, STDOUT_FILENO, saidfd };
	struct error err = { 0 };
	int status;

	(void)ignored;	/* the row of the key has no number */
	if (!z)
		return;
	top_view_suspend();
	status = run(t, "login", z->now.name, stdio, &err);
	top_view_resume();
	top_view_resize(&t->model);
	if (status < 0)
		say(t, "%s", err.text);
	else
		say_first_line(t, saidfd);
}

static void quit(struct top *t, int ignored)
{
	(void)ignored;	/* the row of the key has no number */
	t->is_over = true;
}

static void sort(struct top *t, int order)
{
	top_model_sort(&t->model, (enum top_order)order);
}

static void move(struct top *t, int rows)
{
	top_model_move(&t->model, rows);
}

static void page(struct top *t, int pages)
{
	top_model_move(&t->model, pages * (long)t->model.height);
}

static void go_to_end(struct top *t, int direction)
{
	top_model_move(&t->model, direction * (long)(t->model.n_shown + 1));
}

static void start_filter(struct top *t, int ignored)
{
	(void)ignored;	/* the row of the key has no number */
	t->frame.is_typing = true;
}

static void drop_filter(struct top *t, int ignored)
{
	(void)ignored;	/* the row of the key has no number */
	top_model_unfilter(&t->model);
}

static void show_help(struct top *t, int ignored)
{
	(void)ignored;	/* the row of the key has no number */
	t->frame.has_help = true;
}

/* clang-format off */
static const struct {
	int key;
	void (*act)(struct top *t, int argument);
	int argument;
} keys[] = {
	{ 'q', quit, 0 },
	{ 'c', sort, TOP_BY_CPU },       { 'm', sort, TOP_BY_MEMORY }, { 'p', sort, TOP_BY_PIDS },
	{ 'i', sort, TOP_BY_IO },        { 't', sort, TOP_BY_NET },    { 'n', sort, TOP_BY_NAME },
	{ TOP_KEY_UP, move, -1 },        { 'k', move, -1 },
	{ TOP_KEY_DOWN, move, 1 },       { 'j', move, 1 },
	{ TOP_KEY_PAGE_UP, page, -1 },   { TOP_KEY_PAGE_DOWN, page, 1 }, { ' ', page, 1 },
	{ TOP_KEY_HOME, go_to_end, -1 }, { 'g', go_to_end, -1 },
	{ TOP_KEY_END, go_to_end, 1 },   { 'G', go_to_end, 1 },
	{ '/', start_filter, 0 },        { TOP_KEY_ESCAPE, drop_filter, 0 },
	{ 'f', ask_freeze, 0 },
	{ 'l', login, 0 },               { TOP_KEY_ENTER, login, 0 },
	{ 'h', show_help, 0 },           { '?', show_help, 0 },
};

static const struct top_help help[] = {
	{ "c m p i t n", "sort by cpu, memory, pids, I/O, network, name; again: backward" },
	{ "Up Down j k", "choose a zone; PgUp PgDn Home End go far" },
	{ "/",           "only names that hold what is typed; Escape: all again" },
	{ "Enter l",     "log in to the chosen zone, and come back here" },
	{ "f",           "freeze the chosen zone, or thaw it" },
	{ "h ?",         "this" },
	{ "q Ctrl-C",    "leave" },
	{ "",            "" },
	{ "CPU%",        "of one processor; the picture is of the last samples" },
	{ "OF",          "the limit of memory: the top of the picture beside it" },
	{ "IO/s NET/s",  "bytes a second, both ways" },
	{ "S",           "R running, F frozen, S shutting down, r ready" },
	{ NULL,          NULL },
};
/* clang-format on */

static void type_filter(struct top *t, int key)
{
	if (key == TOP_KEY_ENTER || key == TOP_KEY_DOWN || key == TOP_KEY_UP)
		t->frame.is_typing = false;
	else if (key == TOP_KEY_ESCAPE) {
		t->frame.is_typing = false;
		top_model_unfilter(&t->model);
	} else if (key == TOP_KEY_BACK)
		top_model_type(&t->model, '\0');
	else if (key < TOP_KEY_UP)
		top_model_type(&t->model, (char)key);
}

static void press(struct top *t, int key)
{
	if (*t->asked) {
		answer(t, key);
		return;
	}
	if (t->frame.is_typing) {
		type_filter(t, key);
		return;
	}
	if (t->frame.has_help) {
		t->frame.has_help = false;
		return;
	}
	for (size_t i = 0; i < N_ROWS(keys); i++)
		if (keys[i].key == key)
			keys[i].act(t, keys[i].argument);
}

/*
 * Round and round
 */

static void take_signal(struct top *t)
{
	struct signalfd_siginfo info;

	while (read(t->signalfd, &info, sizeof(info)) == (ssize_t)sizeof(info)) {
		if (info.ssi_signo == SIGWINCH || info.ssi_signo == SIGCONT) {
			top_view_resize(&t->model);
			continue;
		}
		t->is_over = true;
		/* Ctrl-C is how people leave such a program. */
		t->signal = info.ssi_signo == SIGINT ? 0 : (int)info.ssi_signo;
	}
}

static void wait_a_while(struct top *t, int64_t until)
{
	struct pollfd fds[] = { { STDIN_FILENO, POLLIN, 0 }, { t->signalfd, POLLIN, 0 } };
	int64_t left = until - clock_ms();
	int key;

	if (left <= 0 || poll(fds, N_ROWS(fds), (int)left) <= 0)
		return;
	if (fds[1].revents)
		take_signal(t);
	if (fds[0].revents & POLLIN)
		for (key = top_view_key(); key != TOP_KEY_NONE && !t->is_over; key = top_view_key())
			press(t, key);
	else if (fds[0].revents)
		t->is_over = true;	/* nobody is there any more */
}

static int loop(struct top *t, struct error *err)
{
	int64_t next = clock_ms();

	while (!t->is_over) {
		int64_t now = clock_ms();

		if (now >= next) {
			if (look(t, err) < 0)
				return -1;
			next = now + (int64_t)t->every_ms;
		}
		t->frame.message = now < t->message_until ? t->message : NULL;
		top_view_draw(&t->model, &t->frame);
		wait_a_while(t, next);
	}
	return 0;
}

static int watch(struct top *t, bool has_color, struct error *err)
{
	AUTO_STR struct str title = { 0 };
	int status;

	if (site_open(&t->site, t->root, err) < 0)
		return -1;
	if (strcmp(t->site.path, "/") != 0)
		str_add_printable(&title, t->site.path, strlen(t->site.path));
	t->frame.title = str_text(&title);
	status = top_view_open(has_color, err);
	if (status == 0) {
		top_view_resize(&t->model);
		status = loop(t, err);
	}
	top_view_close();
	top_model_clear(&t->model);
	site_close(&t->site);
	return status;
}

static int open_signals(struct error *err)
{
	static const int numbers[] = { SIGINT, SIGTERM, SIGHUP, SIGQUIT, SIGWINCH, SIGCONT };
	sigset_t set;
	int fd;

	sigemptyset(&set);
	for (size_t i = 0; i < N_ROWS(numbers); i++)
		sigaddset(&set, numbers[i]);
	sigprocmask(SIG_BLOCK, &set, NULL);
	fd = signalfd(-1, &set, SFD_CLOEXEC | SFD_NONBLOCK);
	return fd < 0 ? error_sys(err, "signalfd") : fd;
}

static int take_arguments(struct top *t, int argc, char **argv, struct error *err)
{
	if (argc != 6 || num_u64(argv[3], 1, INT32_MAX, &t->every_ms, err) < 0 ||
	    top_order_find(argv[4]) == TOP_ORDERS)
		return error_set(err, ERR_USAGE, "run it as: zonectl top");
	t->zonectl = argv[1];
	t->root = argv[2];
	t->model.order = top_order_find(argv[4]);
	return 0;
}

/* As if the signal had ended it where it stood. */
static void end_by(int signal_number)
{
	sigset_t set;

	sigemptyset(&set);
	sigaddset(&set, signal_number);
	signal(signal_number, SIG_DFL);
	raise(signal_number);
	sigprocmask(SIG_UNBLOCK, &set, NULL);
}

int main(int argc, char **argv)
{
	struct top t = {
		.frame = {
			.keys = KEYS, .leave = "any key: back to the list", .help = help,
			.memory = (uint64_t)sysconf(_SC_PHYS_PAGES) *
				  (uint64_t)sysconf(_SC_PAGESIZE),
			.processors = (unsigned int)sysconf(_SC_NPROCESSORS_ONLN),
		},
	};
	struct error err = { 0 };
	int status;

	/* Executed from a descriptor, its name would be the descriptor's number. */
	prctl(PR_SET_NAME, "zone-top");
	setlocale(LC_ALL, "");
	status = take_arguments(&t, argc, argv, &err);
	t.signalfd = status == 0 ? open_signals(&err) : -1;
	if (t.signalfd < 0 || watch(&t, strcmp(argv[5], "color") == 0, &err) < 0) {
		log_line(LOG_LEVEL_ERROR, LOG_LEVEL_ERROR, "top: %s", err.text);
		if (*err.hint)
			fprintf(stderr, "  %s\n", err.hint);
		return (int)err.kind;
	}
	if (t.signal)
		end_by(t.signal);
	return 0;
}
