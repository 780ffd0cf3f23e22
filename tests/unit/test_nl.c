/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <errno.h>
#include <linux/rtnetlink.h>
#include <net/if.h>
#include <sched.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cmocka.h>

#include "base/cleanup.h"
#include "base/str.h"
#include "netns/nl.h"

enum { PORT = 77, SEQ = 1000 };

/* Answers as the kernel would write them. */
struct answer {
	_Alignas(struct nlmsghdr) char data[2048];
	size_t len;
};

static struct nlmsghdr *say(struct answer *a, uint16_t type, uint32_t seq, size_t payload)
{
	struct nlmsghdr *msg = (struct nlmsghdr *)(a->data + a->len);

	*msg = (struct nlmsghdr){
		.nlmsg_len = (uint32_t)(sizeof(*msg) + payload), .nlmsg_type = type,
		.nlmsg_seq = seq, .nlmsg_pid = PORT,
	};
	memset(msg + 1, 0, payload);
	a->len += NLMSG_ALIGN(msg->nlmsg_len);
	return msg;
}

static void say_number(struct answer *a, uint32_t seq, int number)
{
	struct nlmsgerr *e = (void *)(say(a, NLMSG_ERROR, seq, sizeof(*e)) + 1);

	e->error = number;
	e->msg.nlmsg_len = sizeof(e->msg);
}

static int count(const struct nlmsghdr *msg, void *arg, struct error *err)
{
	(void)msg;
	(void)err;
	++*(int *)arg;
	return 0;
}

static int take(struct answer *a, struct nl_window *w, int *out_messages, struct error *err)
{
	struct nl_sink sink = { count, NULL, out_messages };

	*out_messages = 0;
	w->port = PORT;
	w->first = SEQ;
	w->last = SEQ + 2;
	w->sink = &sink;
	return nl_take(w, a->data, a->len, err);
}

static void the_first_refusal_of_several_is_told_and_the_rest_is_read(void **state)
{
	struct answer a = { .len = 0 };
	struct nl_window w = { .first = 0 };
	struct error err = { 0 };
	int messages;

	(void)state;
	say_number(&a, SEQ, -EEXIST);
	say_number(&a, SEQ + 1, -ENODEV);
	assert_int_equal(take(&a, &w, &messages, &err), 0);
	assert_true(w.has_failed);
	a.len = 0;
	say_number(&a, SEQ + 2, 0);
	assert_int_equal(take(&a, &w, &messages, &err), -1);
	assert_int_equal(err.sys, EEXIST);
	assert_int_equal(w.failed, SEQ);
}

static void an_answer_to_somebody_else_is_passed_over(void **state)
{
	struct answer a = { .len = 0 };
	struct nl_window w = { .first = 0 };
	struct error err = { 0 };
	int messages;

	(void)state;
	say(&a, RTM_NEWLINK, SEQ - 1, 32);
	say(&a, RTM_NEWLINK, SEQ + 3, 32);
	say(&a, RTM_NEWLINK, SEQ, 32)->nlmsg_pid = PORT + 1;
	say(&a, RTM_NEWLINK, SEQ + 1, 32);
	say_number(&a, SEQ + 3, 0);
	say_number(&a, SEQ + 2, 0);
	assert_int_equal(take(&a, &w, &messages, &err), 1);
	assert_int_equal(messages, 1);
}

static void a_length_beyond_the_answer_ends_it(void **state)
{
	static const uint32_t lengths[] = { 0, 1, 15, 49, 2000, UINT32_MAX };
	struct error err = { 0 };
	int messages;

	(void)state;
	for (size_t i = 0; i < N_ROWS(lengths); i++) {
		struct answer a = { .len = 0 };
		struct nl_window w = { .first = 0 };

		say(&a, RTM_NEWLINK, SEQ, 32)->nlmsg_len = lengths[i];
		a.len = 48;
		assert_int_equal(take(&a, &w, &messages, &err), -1);
		assert_int_equal(messages, 0);
		assert_string_equal(err.text, "netlink: malformed answer");
	}
}

static void a_refusal_too_short_for_its_number_is_one(void **state)
{
	struct answer a = { .len = 0 };
	struct nl_window w = { .first = 0 };
	struct error err = { 0 };
	int messages;

	(void)state;
	say(&a, NLMSG_ERROR, SEQ + 2, 4);
	assert_int_equal(take(&a, &w, &messages, &err), -1);
	assert_int_equal(err.sys, EBADMSG);
}

static void only_a_whole_value_is_read(void **state)
{
	struct answer a = { .len = 0 };
	struct nlmsghdr *msg = say(&a, RTM_NEWLINK, SEQ, 0);
	const struct nlattr *attrs[8];

	(void)state;
	nl_put_u16(msg, 1, 7);
	nl_put(msg, 2, "abc", 3);
	nl_put_str(msg, 3, "def");
	nl_put_u32(msg, 9, 5);
	nl_put_u32(msg, 4, 5);
	msg->nlmsg_len -= 1;
	nl_attrs(msg, 0, attrs, N_ROWS(attrs));
	assert_int_equal(nl_u16(attrs[1], 0), 7);
	assert_int_equal(nl_u32(attrs[1], 99), 99);
	assert_string_equal(nl_str(attrs[2]), "");
	assert_string_equal(nl_str(attrs[3]), "def");
	assert_string_equal(nl_str(attrs[5]), "");
	assert_null(attrs[4]);
	assert_null(nl_bytes(attrs[3], 3));
	assert_null(nl_payload(msg, 2000));
}

/* A network namespace of this process's own, with a socket in it. */
static bool opens(struct nl *nl)
{
	struct error err = { 0 };

	if (geteuid() != 0 || unshare(CLONE_NEWNET) < 0) {
		print_message("# skip: needs root\n");
		skip();
	}
	return nl_open(nl, NETLINK_ROUTE, &err) == 0;
}

static void ask_up(struct nlmsghdr *req, int index)
{
	struct ifinfomsg *link = nl_put_header(req, sizeof(*link));

	link->ifi_index = index;
	link->ifi_flags = link->ifi_change = IFF_UP;
}

static void a_batch_is_done_in_order_and_its_failure_named(void **state)
{
	AUTO_NL struct nl nl = { .is_open = false };
	AUTO_BATCH struct nl_batch b = { .nl = &nl };
	struct error err = { 0 };
	size_t failed = 9;

	(void)state;
	assert_true(opens(&nl));
	assert_int_equal(nl_batch_talk(&b, NULL, NULL, &err), 0);
	ask_up(nl_batch_add(&b, RTM_NEWLINK, 0, "raise lo"), 1);
	assert_int_equal(nl_batch_talk(&b, NULL, NULL, &err), 0);
	ask_up(nl_batch_add(&b, RTM_NEWLINK, 0, "raise lo"), 1);
	ask_up(nl_batch_add(&b, RTM_NEWLINK, 0, "raise none"), 12345);
	ask_up(nl_batch_add(&b, RTM_NEWLINK, 0, "raise neither"), 12346);
	assert_int_equal(nl_batch_talk(&b, NULL, &failed, &err), -1);
	assert_int_equal(failed, 1);
	assert_int_equal(err.sys, ENODEV);
	assert_true(str_starts(err.text, "raise none: netlink"));
	ask_up(nl_batch_add(&b, RTM_NEWLINK, 0, "raise lo"), 1);
	assert_int_equal(nl_batch_talk(&b, NULL, NULL, &err), 0);
}

static void a_list_reaches_its_end(void **state)
{
	AUTO_NL struct nl nl = { .is_open = false };
	struct error err = { 0 };
	struct nlmsghdr *req;
	int links = 0;
	struct nl_sink sink = { count, NULL, &links };

	(void)state;
	assert_true(opens(&nl));
	req = nl_request(&nl, RTM_GETLINK, 0);
	nl_put_header(req, sizeof(struct ifinfomsg));
	assert_int_equal(nl_dump(&nl, req, &sink, &err), 0);
	assert_true(links >= 1);
}

/* Root of a zone may send to any port of the zone's namespace, so it can write what looks like the
 * kernel's answer. */
static void nobody_but_the_kernel_can_answer(void **state)
{
	struct sockaddr_nl to = { .nl_family = AF_NETLINK };
	AUTO_NL struct nl nl = { .is_open = false };
	AUTO_CLOSE int evilfd = socket(AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC, NETLINK_ROUTE);
	struct answer a = { .len = 0 };
	struct error err = { 0 };

	(void)state;
	assert_true(opens(&nl));
	close(evilfd);
	evilfd = socket(AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC, NETLINK_ROUTE);
	to.nl_pid = nl.port;
	say_number(&a, nl.seq + 1, -EIO);
	assert_int_equal(sendto(evilfd, a.data, a.len, 0, (struct sockaddr *)&to, sizeof(to)), -1);
	assert_int_equal(errno, ECONNREFUSED);
	ask_up(nl_request(&nl, RTM_NEWLINK, 0), 1);
	assert_int_equal(nl_talk(&nl, (struct nlmsghdr *)nl.buf, &err), 0);
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_first_refusal_of_several_is_told_and_the_rest_is_read),
		cmocka_unit_test(an_answer_to_somebody_else_is_passed_over),
		cmocka_unit_test(a_length_beyond_the_answer_ends_it),
		cmocka_unit_test(a_refusal_too_short_for_its_number_is_one),
		cmocka_unit_test(only_a_whole_value_is_read),
		cmocka_unit_test(a_batch_is_done_in_order_and_its_failure_named),
		cmocka_unit_test(a_list_reaches_its_end),
		cmocka_unit_test(nobody_but_the_kernel_can_answer),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
