/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <fcntl.h>
#include <poll.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

#include "base/cleanup.h"
#include "base/sys.h"
#include "runtime/relay.h"

enum { MANY = 1 << 20 };

static char *type(struct escape *e, const char *text, enum escape_action *out_last)
{
	static char all[64];
	size_t len = 0;

	for (; *text; text++) {
		char out[2];
		size_t n;

		*out_last = escape_take(e, *text, out, &n);
		memcpy(all + len, out, n);
		len += n;
	}
	all[len] = '\0';
	return all;
}

static void the_escape_is_seen_at_the_start_of_a_line_only(void **state)
{
	struct escape e = { .c = '~' };
	enum escape_action last;

	(void)state;
	assert_string_equal(type(&e, "a~.b\r", &last), "a~.b\r");
	assert_int_equal(last, ESCAPE_NONE);
	assert_string_equal(type(&e, "~.", &last), "");
	assert_int_equal(last, ESCAPE_LEAVE);
}

static void an_escape_that_means_nothing_is_typed(void **state)
{
	struct escape e = { .c = '~' };
	enum escape_action last;

	(void)state;
	assert_string_equal(type(&e, "~~.", &last), "~.");
	assert_int_equal(last, ESCAPE_NONE);
	assert_string_equal(type(&e, "\r~x", &last), "\r~x");
	assert_string_equal(type(&e, "\r~?", &last), "\r");
	assert_int_equal(last, ESCAPE_HELP);
	assert_string_equal(type(&e, "~.", &last), "");
	assert_int_equal(last, ESCAPE_LEAVE);
}

/* A zone may ask the terminal without end; what it answers comes between any two keys. */
static void answers_of_the_terminal_do_not_hide_the_escape(void **state)
{
	static const char *const answers[] = {
		"\033[24;80R", "\033[?62;c", "\033P1$r0m\033\\", "\033]l~.\a", "\033[<0;1;1M",
		"\033OA", "\033a", "\033\033[1~",
	};

	(void)state;
	for (size_t i = 0; i < sizeof(answers) / sizeof(*answers); i++) {
		struct escape e = { .c = '~', .place = ESCAPE_IN_LINE };
		enum escape_action last = ESCAPE_NONE;
		char text[64];
		size_t n;

		snprintf(text, sizeof(text), "x%s\r%s~%s.", answers[i], answers[i], answers[i]);
		for (const char *p = text; *p; p++)
			if (escape_is_key(&e, *p))
				last = escape_take(&e, *p, (char[2]){ 0 }, &n);
		assert_int_equal(last, ESCAPE_LEAVE);
	}
}

static void an_answer_that_does_not_end_ends_with_the_line(void **state)
{
	struct escape e = { .c = '~', .place = ESCAPE_IN_LINE };

	(void)state;
	for (const char *p = "\033]never\033P ended"; *p; p++)
		assert_false(escape_is_key(&e, *p));
	for (const char *p = "\r~."; *p; p++)
		assert_true(escape_is_key(&e, *p));
}

/* A child that writes n bytes to a pipe, whose other end it returns. */
static int start_writer(size_t n, int status, pid_t *out_pid)
{
	int ends[2];

	assert_int_equal(pipe2(ends, O_CLOEXEC), 0);
	*out_pid = fork();
	if (*out_pid == 0) {
		for (size_t i = 0; i < n; i++) {
			char byte = (char)(i * 7 + i / 251);

			if (write(ends[1], &byte, 1) != 1)
				_exit(99);
		}
		_exit(status);
	}
	close(ends[1]);
	return ends[0];
}

static void output_comes_whole_and_in_order(void **state)
{
	struct relay r;
	pid_t pid;
	int out[2], status = 0;
	int from = start_writer(40000, 3, &pid);
	AUTO_CLOSE int pidfd = sys_pidfd_open(pid, 0);
	char *got = calloc(1, 65536);

	(void)state;
	assert_int_equal(pipe2(out, O_CLOEXEC), 0);
	relay_init(&r);
	r.pidfd = pidfd;
	assert_int_equal(fcntl(from, F_SETFL, O_NONBLOCK), 0);
	relay_add(&r, from, out[1]);
	assert_int_equal(relay_run(&r), RELAY_ENDED);
	relay_clear(&r);
	for (size_t len = 0; len < 40000;) {
		ssize_t n = read(out[0], got + len, 40000 - len);

		assert_true(n > 0);
		len += (size_t)n;
	}
	for (size_t i = 0; i < 40000; i++)
		assert_int_equal(got[i], (char)(i * 7 + i / 251));
	assert_int_equal(waitpid(pid, &status, 0), pid);
	assert_int_equal(WEXITSTATUS(status), 3);
	free(got);
	close(out[0]);
}

/* in: what the user types. The other side floods, and nobody reads what the user is shown. */
static void a_flood_that_nobody_reads_can_be_left(void **state)
{
	int in[2], out[2], zone[2];
	struct relay r;
	static char flood[MANY];

	(void)state;
	assert_int_equal(pipe2(in, O_CLOEXEC), 0);
	assert_int_equal(pipe2(out, O_CLOEXEC | O_NONBLOCK), 0);
	assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0, zone),
			 0);
	while (write(out[1], flood, 4096) > 0)
		;
	while (write(zone[1], flood, sizeof(flood)) > 0)
		;
	assert_int_equal(write(in[1], "abc\r~.", 6), 6);
	relay_init(&r);
	r.escape.c = '~';
	relay_add(&r, in[0], dup(zone[0]))->is_input = true;
	relay_add(&r, zone[0], out[1])->is_vital = true;
	assert_int_equal(relay_run(&r), RELAY_LEFT);
	relay_clear(&r);
	close(in[1]);
	close(out[0]);
	close(zone[1]);
}

static void the_other_side_that_ends_ends_the_relay(void **state)
{
	int out[2], zone[2];
	char got[8] = "";
	struct relay r;

	(void)state;
	assert_int_equal(pipe2(out, O_CLOEXEC), 0);
	assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0, zone),
			 0);
	assert_int_equal(write(zone[1], "last", 4), 4);
	close(zone[1]);
	relay_init(&r);
	relay_add(&r, zone[0], out[1]);
	assert_int_equal(relay_run(&r), RELAY_ENDED);
	relay_clear(&r);
	assert_int_equal(read(out[0], got, sizeof(got)), 4);
	assert_string_equal(got, "last");
	close(out[0]);
}

static void a_paste_goes_through_with_the_escape_in_it(void **state)
{
	static const char paste[] = "a paste that is longer than keys are\r~.\r~~\r~?\r";
	int in[2], zone[2], status = 0;
	char got[sizeof(paste)] = "";
	struct relay r;
	pid_t reader;

	(void)state;
	assert_int_equal(pipe2(in, O_CLOEXEC), 0);
	assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, zone), 0);
	reader = fork();
	if (reader == 0) {
		ssize_t n = recv(zone[1], got, sizeof(paste) - 1, MSG_WAITALL);

		_exit(n == sizeof(paste) - 1 && memcmp(got, paste, (size_t)n) == 0 ? 0 : 1);
	}
	close(zone[1]);
	assert_int_equal(write(in[1], paste, sizeof(paste) - 1), sizeof(paste) - 1);
	relay_init(&r);
	r.escape.c = '~';
	r.pidfd = sys_pidfd_open(reader, 0);
	relay_add(&r, in[0], zone[0])->is_input = true;
	relay_hold_typed(&r);
	assert_int_equal(relay_run(&r), RELAY_ENDED);
	close(r.pidfd);
	relay_clear(&r);
	assert_int_equal(waitpid(reader, &status, 0), reader);
	assert_int_equal(status, 0);
	close(in[1]);
}

static void the_end_of_input_ends_a_relay_that_lingers(void **state)
{
	int in[2], out[2], zone[2];
	char got[8] = "";
	struct relay r;

	(void)state;
	assert_int_equal(pipe2(in, O_CLOEXEC), 0);
	assert_int_equal(pipe2(out, O_CLOEXEC), 0);
	assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0, zone),
			 0);
	assert_int_equal(write(in[1], "typed", 5), 5);
	close(in[1]);
	assert_int_equal(write(zone[1], "said", 4), 4);
	relay_init(&r);
	r.linger_ms = 20;
	relay_add(&r, in[0], dup(zone[0]))->is_input = true;
	relay_add(&r, zone[0], out[1])->is_vital = true;
	assert_int_equal(relay_run(&r), RELAY_INPUT_ENDED);
	relay_clear(&r);
	assert_int_equal(read(out[0], got, sizeof(got)), 4);
	assert_int_equal(read(zone[1], got, sizeof(got)), 5);
	assert_string_equal(got, "typed");
	close(out[0]);
	close(zone[1]);
}

/* Types len bytes, and says "go" when more than is held was typed. */
static pid_t start_typist(int infd, int gofd, size_t len)
{
	static char piece[4096];
	pid_t pid = fork();

	if (pid != 0)
		return pid;
	for (size_t done = 0; done < len; done += sizeof(piece)) {
		memset(piece, (int)(done / sizeof(piece) % 251), sizeof(piece));
		if (done == RELAY_TYPED && write(gofd, "g", 1) != 1)
			_exit(1);
		if (write(infd, piece, sizeof(piece)) != sizeof(piece))
			_exit(1);
	}
	_exit(0);
}

/* Waits for "go", takes all and compares. */
static pid_t start_taker(int fd, int gofd, size_t len)
{
	static char piece[4096];
	pid_t pid = fork();

	if (pid != 0)
		return pid;
	if (read(gofd, piece, 1) != 1)
		_exit(1);
	for (size_t done = 0; done < len; done += sizeof(piece)) {
		char want = (char)(done / sizeof(piece) % 251);

		if (recv(fd, piece, sizeof(piece), MSG_WAITALL) != sizeof(piece))
			_exit(2);
		if (piece[0] != want || piece[4095] != want)
			_exit(3);
	}
	_exit(0);
}

static void nothing_typed_is_lost_while_it_is_taken(void **state)
{
	enum { ALL = RELAY_TYPED + (8 << 20) };
	int in[2], zone[2], go[2], status = 0;
	pid_t typist, taker;
	struct relay r;

	(void)state;
	assert_int_equal(pipe2(in, O_CLOEXEC), 0);
	assert_int_equal(pipe2(go, O_CLOEXEC), 0);
	assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, zone), 0);
	assert_int_equal(fcntl(zone[0], F_SETFL, O_NONBLOCK), 0);
	typist = start_typist(in[1], go[1], ALL);
	taker = start_taker(zone[1], go[0], ALL);
	relay_init(&r);
	r.escape.c = '~';
	r.pidfd = sys_pidfd_open(taker, 0);
	relay_add(&r, in[0], zone[0])->is_input = true;
	relay_hold_typed(&r);
	assert_int_equal(relay_run(&r), RELAY_ENDED);
	close(r.pidfd);
	relay_clear(&r);
	assert_int_equal(waitpid(taker, &status, 0), taker);
	assert_int_equal(status, 0);
	assert_int_equal(waitpid(typist, &status, 0), typist);
	close(in[1]);
	close(zone[1]);
	close(go[0]);
	close(go[1]);
}

static void the_escape_is_seen_where_nothing_is_taken(void **state)
{
	int in[2], zone[2];
	struct relay r;
	pid_t typist;

	(void)state;
	assert_int_equal(pipe2(in, O_CLOEXEC), 0);
	assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0, zone),
			 0);
	typist = fork();
	if (typist == 0) {
		static char paste[4096];

		/* More than is held; a pipe is read in such pieces. */
		for (size_t done = 0; done < RELAY_TYPED + MANY; done += sizeof(paste))
			(void)!write(in[1], paste, sizeof(paste));
		_exit(write(in[1], "\r~.", 3) == 3 ? 0 : 1);
	}
	relay_init(&r);
	r.escape.c = '~';
	relay_add(&r, in[0], zone[0])->is_input = true;
	relay_hold_typed(&r);
	assert_int_equal(relay_run(&r), RELAY_LEFT);
	relay_clear(&r);
	assert_int_equal(waitpid(typist, NULL, 0), typist);
	close(in[1]);
	close(zone[1]);
}

static void children_that_go_on_writing_are_not_waited_for(void **state)
{
	int ends[2];
	AUTO_CLOSE int null_fd = open("/dev/null", O_WRONLY | O_CLOEXEC);
	pid_t flood, command;
	struct relay r;

	(void)state;
	assert_int_equal(pipe2(ends, O_CLOEXEC), 0);
	flood = fork();
	if (flood == 0)
		for (;;)
			if (write(ends[1], "y\n", 2) < 0)
				_exit(0);
	command = fork();
	if (command == 0)
		_exit(0);
	close(ends[1]);
	assert_int_equal(fcntl(ends[0], F_SETFL, O_NONBLOCK), 0);
	relay_init(&r);
	r.pidfd = sys_pidfd_open(command, 0);
	relay_add(&r, ends[0], TAKE_FD(null_fd));
	assert_int_equal(relay_run(&r), RELAY_ENDED);
	close(r.pidfd);
	relay_clear(&r);
	assert_int_equal(kill(flood, SIGKILL), 0);
	assert_int_equal(waitpid(flood, NULL, 0), flood);
	assert_int_equal(waitpid(command, NULL, 0), command);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_escape_is_seen_at_the_start_of_a_line_only),
		cmocka_unit_test(an_escape_that_means_nothing_is_typed),
		cmocka_unit_test(answers_of_the_terminal_do_not_hide_the_escape),
		cmocka_unit_test(an_answer_that_does_not_end_ends_with_the_line),
		cmocka_unit_test(output_comes_whole_and_in_order),
		cmocka_unit_test(a_flood_that_nobody_reads_can_be_left),
		cmocka_unit_test(the_other_side_that_ends_ends_the_relay),
		cmocka_unit_test(a_paste_goes_through_with_the_escape_in_it),
		cmocka_unit_test(nothing_typed_is_lost_while_it_is_taken),
		cmocka_unit_test(the_escape_is_seen_where_nothing_is_taken),
		cmocka_unit_test(the_end_of_input_ends_a_relay_that_lingers),
		cmocka_unit_test(children_that_go_on_writing_are_not_waited_for),
	};

	signal(SIGPIPE, SIG_IGN);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
