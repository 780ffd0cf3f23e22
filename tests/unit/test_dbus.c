/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "base/dbus.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "base/fd.h"

enum { TIMEOUT_MS = 5000 };

/* The other side: a process that listens, lets everybody in, and answers the first call with bytes
 * that a test made. */
struct peer {
	char dir[32], path[48];
	int listenfd;
	pid_t pid;
};

static void read_line(int fd, const char *wanted)
{
	char line[64] = "";
	size_t n = 0;

	while (n < sizeof(line) - 1 && !strstr(line, "\r\n"))
		if (read(fd, line + n++, 1) != 1)
			_exit(1);
	if (strcmp(line, wanted) != 0)
		_exit(2);
}

/* Reads one call whole: it says itself how long it is. */
static void read_call(int fd)
{
	struct error err;
	char fixed[16], rest[4096];
	uint32_t body, fields;

	if (fd_read_exact(fd, fixed, sizeof(fixed), &err) < 0)
		_exit(3);
	memcpy(&body, fixed + 4, sizeof(body));
	memcpy(&fields, fixed + 12, sizeof(fields));
	if (fd_read_exact(fd, rest, ((fields + 7) & ~7U) + body, &err) < 0)
		_exit(4);
}

static void serve(int listenfd, const char *refusal, const struct str *answers)
{
	int fd = accept(listenfd, NULL, NULL);
	char nul;

	if (fd < 0 || read(fd, &nul, 1) != 1 || nul != '\0')
		_exit(5);
	read_line(fd, "AUTH EXTERNAL\r\n");
	read_line(fd, "DATA\r\n");
	read_line(fd, "BEGIN\r\n");	/* nothing is behind it before the answer */
	if (recv(fd, &nul, 1, MSG_DONTWAIT) == 1)
		_exit(6);
	if (refusal)
		(void)!write(fd, refusal, strlen(refusal));
	else
		(void)!write(fd, "DATA\r\nOK 1234\r\n", 15);
	if (refusal)
		_exit(0);
	read_call(fd);
	(void)!write(fd, str_text(answers), answers->len);
	_exit(0);
}

static void start(struct peer *p, const char *refusal, const struct str *answers)
{
	struct sockaddr_un addr = { .sun_family = AF_UNIX };

	strcpy(p->dir, "/tmp/dbus-XXXXXX");
	assert_non_null(mkdtemp(p->dir));
	snprintf(p->path, sizeof(p->path), "%s/socket", p->dir);
	strcpy(addr.sun_path, p->path);
	p->listenfd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
	assert_int_equal(bind(p->listenfd, (struct sockaddr *)&addr, sizeof(addr)), 0);
	assert_int_equal(listen(p->listenfd, 1), 0);
	p->pid = fork();
	if (p->pid == 0) {
		(void)prctl(PR_SET_PDEATHSIG, SIGKILL);
		serve(p->listenfd, refusal, answers);
	}
}

static void finish(struct peer *p)
{
	int status;

	close(p->listenfd);
	assert_int_equal(waitpid(p->pid, &status, 0), p->pid);
	assert_int_equal(status, 0);
	assert_int_equal(unlink(p->path), 0);
	assert_int_equal(rmdir(p->dir), 0);
}

/* A message as the other side sends it: 2 answers the first call, 3 refuses it, 4 is a signal. */
static void add_message(struct str *s, uint8_t type, const char *name, const char *signature,
			const struct str *body)
{
	struct str m = { 0 };
	struct dbus_array fields;
	const uint16_t one = 1;

	dbus_put_byte(&m, *(const char *)&one == 1 ? 'l' : 'B');
	dbus_put_byte(&m, type);
	dbus_put_byte(&m, 0);
	dbus_put_byte(&m, 1);
	dbus_put_u32(&m, (uint32_t)body->len);
	dbus_put_u32(&m, 7);
	fields = dbus_put_array(&m, 8);
	dbus_put_struct(&m);
	dbus_put_byte(&m, type == 4 ? 3 : 5);
	dbus_put_sig(&m, type == 4 ? "s" : "u");
	if (type == 4)
		dbus_put_str(&m, name);
	else
		dbus_put_u32(&m, 1);
	if (type == 3) {
		dbus_put_struct(&m);
		dbus_put_byte(&m, 4);
		dbus_put_sig(&m, "s");
		dbus_put_str(&m, name);
	}
	dbus_put_struct(&m);
	dbus_put_byte(&m, 8);
	dbus_put_sig(&m, "g");
	dbus_put_sig(&m, signature);
	dbus_end_array(&m, fields);
	while (m.len % 8 != 0)
		str_addc(&m, '\0');
	str_addn(s, str_text(&m), m.len);
	str_addn(s, str_text(body), body->len);
	str_clear(&m);
}

static const struct str nothing;

static int call(const struct peer *p, struct dbus *bus, char *name, struct error *err)
{
	const struct dbus_call c = { "/a/b", "org.a.B", "Do", "", &nothing };

	if (dbus_open(bus, p->path, TIMEOUT_MS, err) < 0)
		return -1;
	return dbus_call(bus, &c, name, err);
}

static void arrays_are_counted_without_their_padding(void **state)
{
	static const unsigned char wanted[] = {
		1, 0, 0, 0, 'x', 0, 0, 0,		/* "x" and padding */
		9, 0, 0, 0, 0, 0, 0, 0,			/* nine bytes, padding to eight */
		5, 0, 0, 0, 0, 0, 0, 0, 7,
	};
	AUTO_STR struct str s = { 0 };
	struct dbus_array array;

	(void)state;
	dbus_put_str(&s, "x");
	array = dbus_put_array(&s, 8);
	dbus_put_u64(&s, *(const uint64_t *)(const void *)"\5\0\0\0\0\0\0");
	dbus_put_byte(&s, 7);
	dbus_end_array(&s, array);
	assert_int_equal(s.len, sizeof(wanted));
	assert_memory_equal(str_text(&s), wanted, sizeof(wanted));
}

static int second(void *arg, const struct dbus_signal *signal, struct error *err)
{
	const char *text;
	size_t at = 0;
	uint32_t n;

	(void)err;
	assert_string_equal(signal->signature, "us");
	assert_true(dbus_get_u32(signal->body, signal->len, &at, &n));
	assert_true(dbus_get_str(signal->body, signal->len, &at, &text));
	assert_false(dbus_get_u32(signal->body, signal->len, &at, &n));
	return ++*(int *)arg == 2 && strcmp(text, "two") == 0;
}

static void a_call_is_answered_and_a_signal_is_waited_for(void **state)
{
	AUTO_STR struct str answers = { 0 }, one = { 0 }, two = { 0 };
	AUTO_DBUS struct dbus bus = DBUS_NONE;
	char name[DBUS_NAME_MAX + 1];
	struct error err = { 0 };
	struct peer p;
	int n = 0;

	(void)state;
	dbus_put_u32(&one, 1);
	dbus_put_str(&one, "one");
	dbus_put_u32(&two, 2);
	dbus_put_str(&two, "two");
	add_message(&answers, 4, "Done", "us", &one);	/* before the answer: dropped */
	add_message(&answers, 2, NULL, "", &nothing);
	add_message(&answers, 4, "Other", "us", &two);
	add_message(&answers, 4, "Done", "us", &one);
	add_message(&answers, 4, "Done", "us", &two);
	start(&p, NULL, &answers);
	if (call(&p, &bus, name, &err) < 0)
		fail_msg("%s", err.text);
	assert_string_equal(name, "");
	assert_int_equal(dbus_wait(&bus, "Done", second, &n, &err), 0);
	finish(&p);
}

static void a_refusal_is_told_in_its_words(void **state)
{
	AUTO_STR struct str answers = { 0 }, text = { 0 };
	AUTO_DBUS struct dbus bus = DBUS_NONE;
	char name[DBUS_NAME_MAX + 1];
	struct error err = { 0 };
	struct peer p;

	(void)state;
	dbus_put_str(&text, "there is none");
	add_message(&answers, 3, "org.a.NoSuch", "s", &text);
	start(&p, NULL, &answers);
	assert_int_equal(call(&p, &bus, name, &err), -1);
	assert_string_equal(name, "org.a.NoSuch");
	assert_string_equal(err.text, "Do: there is none");
	finish(&p);
}

static void who_is_not_let_in_is_told_so(void **state)
{
	AUTO_DBUS struct dbus bus = DBUS_NONE;
	struct error err = { 0 };
	struct peer p;

	(void)state;
	start(&p, "REJECTED EXTERNAL\r\n", NULL);
	assert_int_equal(call(&p, &bus, NULL, &err), -1);
	assert_non_null(strstr(err.text, "REJECTED"));
	finish(&p);
	dbus_close(&bus);
	assert_int_equal(dbus_open(&bus, "/nonexistent/socket", TIMEOUT_MS, &err), -1);
	assert_int_equal(err.kind, ERR_UNSUPPORTED);
}

/* Every beginning of an answer, and answers with one byte changed: an error, and nothing worse. */
static void what_is_no_answer_fails(void **state)
{
	AUTO_STR struct str whole = { 0 }, text = { 0 };

	(void)state;
	dbus_put_str(&text, "there is none");
	add_message(&whole, 3, "org.a.NoSuch", "s", &text);
	for (size_t i = 0; i < whole.len; i++) {
		AUTO_DBUS struct dbus bus = DBUS_NONE;
		AUTO_STR struct str part = { 0 };
		struct error err = { 0 };
		struct peer p;

		str_addn(&part, str_text(&whole), i % 2 == 0 ? i : whole.len);
		if (i % 2 == 1)
			part.data[i] = (char)(part.data[i] ^ 0xff);
		start(&p, NULL, &part);
		assert_int_equal(call(&p, &bus, NULL, &err), -1);
		assert_int_not_equal(err.text[0], '\0');
		finish(&p);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(arrays_are_counted_without_their_padding),
		cmocka_unit_test(a_call_is_answered_and_a_signal_is_waited_for),
		cmocka_unit_test(a_refusal_is_told_in_its_words),
		cmocka_unit_test(who_is_not_let_in_is_told_so),
		cmocka_unit_test(what_is_no_answer_fails),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
