/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "netns/nl.h"

#include <assert.h>
#include <errno.h>
#include <limits.h>
#include <string.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "base/mem.h"
#include "base/str.h"

enum {
	ANSWER_MAX = 8192,		/* of one request: a whole link is 2 KiB */
	LIST_MAX = 32768,		/* the kernel sends so much at once (netlink_dump()) */
	LIST_RETRIES = 4,
	WORDS_MAX = 160,		/* of the kernel's own explanation */
	BATCH_ROOM = 32768,
	SEND_ROOM = 65536,		/* what any socket's buffer takes */
};

/*
 * Sockets
 */

/* The kernel explains its refusals, does not send requests back, and filters lists by what their
 * request says (netlink(7)). A kernel without one of them answers more tersely or at length. */
static void set_options(struct nl *nl)
{
	static const int options[] = {
		NETLINK_EXT_ACK, NETLINK_CAP_ACK, NETLINK_GET_STRICT_CHK,
	};
	int on = 1;

	for (size_t i = 0; i < N_ROWS(options); i++)	/* as above */
		(void)setsockopt(nl->fd, SOL_NETLINK, options[i], &on, sizeof(on));
}

/* Owns fd then, also on failure. */
static int take_socket(struct nl *nl, int fd, struct error *err)
{
	struct sockaddr_nl own = { .nl_family = AF_NETLINK };
	socklen_t size = sizeof(own);

	nl->is_open = true;
	nl->fd = fd;
	nl->seq = (uint32_t)time(NULL);
	if (getsockname(fd, (struct sockaddr *)&own, &size) < 0) {
		error_sys(err, "look at netlink socket");
		nl_close(nl);
		return -1;
	}
	nl->port = own.nl_pid;
	return 0;
}

int nl_open(struct nl *nl, int bus, struct error *err)
{
	const struct sockaddr_nl kernel = { .nl_family = AF_NETLINK };
	AUTO_CLOSE int fd = socket(AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC, bus);

	nl->is_open = false;
	if (fd < 0)
		return error_sys(err, "open netlink socket");
	/* A connected socket takes datagrams of its peer alone (netlink_getsockbyportid()). Its own
	 * port it gets with that (netlink_connect()). */
	if (connect(fd, (const struct sockaddr *)&kernel, sizeof(kernel)) < 0)
		return error_sys(err, "connect netlink socket");
	if (take_socket(nl, TAKE_FD(fd), err) < 0)
		return -1;
	set_options(nl);
	return 0;
}

int nl_adopt(struct nl *nl, int fd, struct error *err)
{
	return take_socket(nl, fd, err);
}

void nl_close(struct nl *nl)
{
	if (nl->is_open)
		close(nl->fd);
	nl->is_open = false;
}

void nl_leave(struct nl *nl, struct nl_rest *rest)
{
	if (!nl->is_open || !rest || rest->n == NL_REST_MAX) {
		nl_close(nl);
		return;
	}
	rest->fds[rest->n++] = nl->fd;
	nl->is_open = false;
}

void nl_rest_close(struct nl_rest *rest)
{
	for (size_t i = 0; i < rest->n; i++)
		close(rest->fds[i]);
	rest->n = 0;
}

/*
 * Answers
 */

static void fail_with(struct nl_window *w, uint32_t seq)
{
	w->failed = seq;
	w->has_failed = true;
}

/* The kernel's explanation behind a refusal; the request itself is between the two, or its header
 * alone (NETLINK_CAP_ACK). */
static void kernel_words(const struct nlmsghdr *msg, const struct nlmsgerr *refusal,
			 struct str *out)
{
	const struct nlattr *attrs[NLMSGERR_ATTR_MSG + 1];
	size_t size = sizeof(*refusal);
	const char *words;

	if (!(msg->nlmsg_flags & NLM_F_ACK_TLVS))
		return;
	if (!(msg->nlmsg_flags & NLM_F_CAPPED) && refusal->msg.nlmsg_len >= sizeof(refusal->msg))
		size += refusal->msg.nlmsg_len - sizeof(refusal->msg);
	if (size > msg->nlmsg_len - sizeof(*msg))
		return;
	nl_attrs(msg, size, attrs, N_ROWS(attrs));
	words = nl_str(attrs[NLMSGERR_ATTR_MSG]);
	str_add_printable(out, words, strnlen(words, WORDS_MAX));
}

static void take_refusal(struct nl_window *w, const struct nlmsghdr *msg, int number,
			 const struct nlmsgerr *refusal, struct error *err)
{
	AUTO_STR struct str words = { 0 };

	if (w->has_failed)
		return;
	if (refusal)
		kernel_words(msg, refusal, &words);
	errno = number < 0 && number > INT_MIN ? -number : number;
	if (words.len > 0)
		error_sys(err, "netlink (%s)", words.data);
	else
		error_sys(err, "netlink");
	fail_with(w, msg->nlmsg_seq);
}

/* The number at the end of an answer; a list may end without one. */
static int end_number(const struct nlmsghdr *msg, const struct nlmsgerr **out_refusal)
{
	bool is_refusal = msg->nlmsg_type == NLMSG_ERROR;
	const int *number = nl_payload(msg, is_refusal ? sizeof(**out_refusal) : sizeof(*number));

	*out_refusal = is_refusal ? (const struct nlmsgerr *)number : NULL;
	if (number)
		return *number;
	return is_refusal ? EBADMSG : 0;
}

/* True when this ends the answer. */
static bool take_end(struct nl_window *w, const struct nlmsghdr *msg, struct error *err)
{
	const struct nlmsgerr *refusal;
	int number = end_number(msg, &refusal);

	if (number != 0 && number != -w->passed)
		take_refusal(w, msg, number, refusal, err);
	return msg->nlmsg_seq == w->last ||
	       (w->is_bounded && w->has_failed && msg->nlmsg_seq == w->first);
}

/* True when this ends the answer. */
static bool take_data(struct nl_window *w, const struct nlmsghdr *msg, struct error *err)
{
	/* What follows a failure is still read, so that the socket is free for the next. */
	if (!w->has_failed && w->sink && w->sink->take(msg, w->sink->arg, err) < 0)
		fail_with(w, msg->nlmsg_seq);
	return w->is_single && msg->nlmsg_seq == w->last;
}

static bool is_ours(const struct nl_window *w, const struct nlmsghdr *msg)
{
	return msg->nlmsg_pid == w->port && msg->nlmsg_seq - w->first <= w->last - w->first;
}

/* As nl_take(), for one message. */
static int take_message(struct nl_window *w, const struct nlmsghdr *msg, struct error *err)
{
	bool is_end = false;

	if (!is_ours(w, msg))
		return 0;
	if (msg->nlmsg_flags & NLM_F_DUMP_INTR)
		w->is_interrupted = true;
	if (msg->nlmsg_type == NLMSG_ERROR || msg->nlmsg_type == NLMSG_DONE)
		is_end = take_end(w, msg, err);
	else if (msg->nlmsg_type >= NLMSG_MIN_TYPE)
		is_end = take_data(w, msg, err);
	if (!is_end)
		return 0;
	return w->has_failed ? -1 : 1;
}

/* NLMSG_OK() compares as int, so that it takes a length of 4 GiB for one that fits. */
static bool is_whole(const struct nlmsghdr *msg, size_t left)
{
	return left >= sizeof(*msg) && msg->nlmsg_len >= sizeof(*msg) && msg->nlmsg_len <= left;
}

int nl_take(struct nl_window *w, const void *data, size_t len, struct error *err)
{
	const char *at = data;

	while (len > 0) {
		const struct nlmsghdr *msg = (const struct nlmsghdr *)at;
		size_t size;
		int rc;

		if (!is_whole(msg, len))
			return error_set(err, ERR_FAILED, "netlink: malformed answer");
		rc = take_message(w, msg, err);
		if (rc != 0)
			return rc;
		size = NLMSG_ALIGN((size_t)msg->nlmsg_len);
		at += size;
		len -= size < len ? size : len;
	}
	return 0;
}

/* One datagram of the kernel's; others are passed over. */
static ssize_t receive(struct nl *nl, void *buf, size_t size, struct error *err)
{
	struct sockaddr_nl from = { 0 };
	struct iovec iov = { buf, size };

	for (;;) {
		struct msghdr msg = {
			.msg_name = &from, .msg_namelen = sizeof(from), .msg_iov = &iov,
			.msg_iovlen = 1,
		};
		ssize_t n = recvmsg(nl->fd, &msg, 0);

		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			return error_sys(err, "netlink answer");
		if (msg.msg_flags & MSG_TRUNC)
			return error_set(err, ERR_FAILED, "netlink: an answer is too long");
		if (msg.msg_namelen == sizeof(from) && from.nl_pid == 0)
			return n;
	}
}

static int collect(struct nl *nl, struct nl_window *w, void *buf, size_t size, struct error *err)
{
	int rc;

	w->port = nl->port;
	do {
		ssize_t n = receive(nl, buf, size, err);

		if (n < 0)
			return -1;
		rc = nl_take(w, buf, (size_t)n, err);
	} while (rc == 0);
	return rc < 0 ? -1 : 0;
}

static int send_all(struct nl *nl, const void *data, size_t len, struct error *err)
{
	ssize_t n;

	do
		n = send(nl->fd, data, len, 0);
	while (n < 0 && errno == EINTR);
	return n < 0 ? error_sys(err, "send netlink request") : 0;
}

/*
 * One request
 */

struct nlmsghdr *nl_request(struct nl *nl, uint16_t type, uint16_t flags)
{
	struct nlmsghdr *req = (struct nlmsghdr *)nl->buf;

	*req = (struct nlmsghdr){
		.nlmsg_len = sizeof(*req), .nlmsg_type = type,
		.nlmsg_flags = NLM_F_REQUEST | NLM_F_ACK | flags, .nlmsg_seq = ++nl->seq,
	};
	return req;
}

static int ask(struct nl *nl, struct nlmsghdr *req, bool is_single, const struct nl_sink *sink,
	       struct error *err)
{
	_Alignas(struct nlmsghdr) char answer[ANSWER_MAX];
	struct nl_window w = {
		.first = req->nlmsg_seq, .last = req->nlmsg_seq, .sink = sink,
		.is_single = is_single,
	};

	assert(req->nlmsg_len <= NL_MESSAGE_MAX);
	if (send_all(nl, req, req->nlmsg_len, err) < 0)
		return -1;
	return collect(nl, &w, answer, sizeof(answer), err);
}

int nl_ask(struct nl *nl, struct nlmsghdr *req, const struct nl_sink *sink, struct error *err)
{
	return ask(nl, req, false, sink, err);
}

int nl_ask_one(struct nl *nl, struct nlmsghdr *req, const struct nl_sink *sink, struct error *err)
{
	req->nlmsg_flags &= (uint16_t)~NLM_F_ACK;
	return ask(nl, req, true, sink, err);
}

int nl_talk(struct nl *nl, struct nlmsghdr *req, struct error *err)
{
	return nl_ask(nl, req, NULL, err);
}

int nl_dump(struct nl *nl, struct nlmsghdr *req, const struct nl_sink *sink, struct error *err)
{
	AUTO_FREE void *list = xreallocarray(NULL, 1, LIST_MAX);

	req->nlmsg_flags = (uint16_t)((req->nlmsg_flags & ~NLM_F_ACK) | NLM_F_DUMP);
	for (int i = 0;; i++) {
		struct nl_window w = { .first = nl->seq, .last = nl->seq, .sink = sink };

		req->nlmsg_seq = nl->seq;
		if (send_all(nl, req, req->nlmsg_len, err) < 0 ||
		    collect(nl, &w, list, LIST_MAX, err) < 0)
			return -1;
		if (!w.is_interrupted || i == LIST_RETRIES)
			return 0;
		nl->seq++;
		if (sink->restart)
			sink->restart(sink->arg);
	}
}

int nl_dump_some(struct nl *nl, struct nlmsghdr *req, const struct nl_sink *sink,
		 struct error *err)
{
	AUTO_FREE void *list = xreallocarray(NULL, 1, LIST_MAX);
	struct nl_window w = {
		.port = nl->port, .first = nl->seq, .last = nl->seq,
		.sink = sink,
	};
	ssize_t n;

	req->nlmsg_flags = (uint16_t)((req->nlmsg_flags & ~NLM_F_ACK) | NLM_F_DUMP);
	if (send_all(nl, req, req->nlmsg_len, err) < 0)
		return -1;
	n = receive(nl, list, LIST_MAX, err);
	if (n < 0)
		return -1;
	return nl_take(&w, list, (size_t)n, err) < 0 ? -1 : 0;
}

/*
 * Several requests
 */

void nl_batch_init(struct nl_batch *b, struct nl *nl)
{
	*b = (struct nl_batch){ .nl = nl };
}

void nl_batch_clear(struct nl_batch *b)
{
	free(b->data);
	free(b->what);
	nl_batch_init(b, b->nl);
}

/* Ends the last request and leaves room for the next. */
static struct nlmsghdr *batch_next(struct nl_batch *b)
{
	if (b->n > 0)
		b->len = b->last + NLMSG_ALIGN(((struct nlmsghdr *)(b->data + b->last))->nlmsg_len);
	if (b->room - b->len < NL_MESSAGE_MAX) {
		b->room = b->room * 2 + BATCH_ROOM;
		b->data = xreallocarray(b->data, 1, b->room);
	}
	b->last = b->len;
	return (struct nlmsghdr *)(b->data + b->last);
}

static struct nlmsghdr *batch_add(struct nl_batch *b, uint16_t type, uint16_t flags,
				  const char *what)
{
	struct nlmsghdr *req = batch_next(b);

	*req = (struct nlmsghdr){
		.nlmsg_len = sizeof(*req), .nlmsg_type = type, .nlmsg_flags = NLM_F_REQUEST | flags,
	};
	b->what = xreallocarray(b->what, b->n + 1, sizeof(*b->what));
	b->what[b->n++] = what;
	return req;
}

struct nlmsghdr *nl_batch_add(struct nl_batch *b, uint16_t type, uint16_t flags, const char *what)
{
	struct nlmsghdr *req = batch_add(b, type, flags, what);

	b->last_acked = b->last;
	return req;
}

struct nlmsghdr *nl_batch_add_bound(struct nl_batch *b, uint16_t type, const char *what)
{
	b->is_bounded = true;
	return batch_add(b, type, 0, what);
}

/* Gives every request its number, so that other requests may be talked while these gather. */
static void number_all(struct nl_batch *b)
{
	struct nlmsghdr *req;

	for (size_t at = 0; at < b->len; at += NLMSG_ALIGN(req->nlmsg_len)) {
		req = (struct nlmsghdr *)(b->data + at);
		req->nlmsg_seq = ++b->nl->seq;
	}
}

/* The kernel takes nothing that is longer than the socket's buffer (netlink_sendmsg()), which only
 * root of the host may enlarge beyond the system's limit. Where that fails, sending does. */
static void make_room(struct nl *nl, size_t len)
{
	int size = len < INT_MAX / 4 ? (int)(2 * len) : INT_MAX / 2;

	if (len > SEND_ROOM)
		(void)setsockopt(nl->fd, SOL_SOCKET, SO_SNDBUFFORCE, &size, sizeof(size));
}

/* Failures are always reported, so that only the end has to be asked for. */
static int batch_exchange(struct nl_batch *b, struct nl_window *w, struct error *err)
{
	struct nlmsghdr *end = (struct nlmsghdr *)(b->data + b->last_acked);
	_Alignas(struct nlmsghdr) char answer[ANSWER_MAX];

	b->len = b->last + NLMSG_ALIGN(((struct nlmsghdr *)(b->data + b->last))->nlmsg_len);
	number_all(b);
	end->nlmsg_flags |= NLM_F_ACK;
	make_room(b->nl, b->len);
	w->last = end->nlmsg_seq;
	if (send_all(b->nl, b->data, b->len, err) < 0)
		return -1;
	return collect(b->nl, w, answer, sizeof(answer), err);
}

int nl_batch_talk(struct nl_batch *b, const struct nl_sink *sink, size_t *out_failed,
		  struct error *err)
{
	struct nl_window w = {
		.first = b->nl->seq + 1, .is_bounded = b->is_bounded, .passed = b->passed,
		.sink = sink,
	};
	size_t failed;
	int rc;

	if (b->n == 0)
		return 0;
	rc = batch_exchange(b, &w, err);
	failed = w.has_failed ? w.failed - w.first : 0;
	if (rc < 0 && out_failed)
		*out_failed = failed;
	if (rc < 0 && w.has_failed)
		error_wrap(err, "%s", b->what[failed]);
	nl_batch_clear(b);
	return rc;
}
