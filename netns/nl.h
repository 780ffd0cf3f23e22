/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef NETNS_NL_H
#define NETNS_NL_H

/*
 * The one door for netlink(7): a request is begun, filled and talked. One struct nl is one
 * socket in the network namespace it was opened in, connected to the kernel, so that nobody else
 * can answer: root of a zone may send to any netlink port of the zone's namespace. Lengths of all
 * that comes back are checked here, before a caller sees it.
 */

#include <linux/netlink.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/error.h"

enum { NL_MESSAGE_MAX = 8192 };	/* one request */
struct nl {
	bool is_open;
	int fd;				/* owned, if it is open */
	uint32_t port;			/* its number among the namespace's sockets of the bus */
	uint32_t seq;
	_Alignas(struct nlmsghdr) char buf[NL_MESSAGE_MAX];	/* the request */
};

/* Opens a socket of the netlink protocol bus (NETLINK_ROUTE, ...). */
int nl_open(struct nl *nl, int bus, struct error *err);
/* Takes over the socket of an nl_open() elsewhere; nl owns fd then, also on failure. */
int nl_adopt(struct nl *nl, int fd, struct error *err);
void nl_close(struct nl *nl);
#define AUTO_NL __attribute__((cleanup(nl_close)))

/* Sockets whose close waits for the kernel, for whoever has more to do first. All 0: none. */
enum { NL_REST_MAX = 2 };
struct nl_rest {
	int fds[NL_REST_MAX];		/* owned */
	size_t n;
};
/* nl_close() that leaves the socket to rest; at once where rest is full or NULL. */
void nl_leave(struct nl *nl, struct nl_rest *rest);
void nl_rest_close(struct nl_rest *rest);
#define AUTO_NL_REST __attribute__((cleanup(nl_rest_close)))

/* Begins a request that asks for an acknowledgement; the header is in nl->buf. */
struct nlmsghdr *nl_request(struct nl *nl, uint16_t type, uint16_t flags);
/* Sends it and waits for the kernel's answer, whose errno ends up in err->sys, and the kernel's
 * own words, where it has some, in the text. */
int nl_talk(struct nl *nl, struct nlmsghdr *req, struct error *err);

/* Who takes the messages of an answer. */
struct nl_sink {
	/* One message, whole and within bounds, but not yet its payload: nl_payload(). Returns -1
	 * with *err set to end with that. */
	int (*take)(const struct nlmsghdr *msg, void *arg, struct error *err);
	void (*restart)(void *arg);	/* forget what was taken: it comes again. For nl_dump() */
	void *arg;
};

/* nl_talk() with an answer: hands its messages over before the acknowledgement. */
int nl_ask(struct nl *nl, struct nlmsghdr *req, const struct nl_sink *sink, struct error *err);
/* The same for a request whose answer is exactly one message, without an acknowledgement. */
int nl_ask_one(struct nl *nl, struct nlmsghdr *req, const struct nl_sink *sink, struct error *err);
/* Lists what the request names. A list that changed while it was read is read again, a few times;
 * the last one is taken as it is: what stood there all the time is in each of them. */
int nl_dump(struct nl *nl, struct nlmsghdr *req, const struct nl_sink *sink, struct error *err);
/* nl_dump() of the first piece that the kernel sends, however long the list is. The socket may have
 * more to say then, and can but be closed. */
int nl_dump_some(struct nl *nl, struct nlmsghdr *req, const struct nl_sink *sink,
		 struct error *err);

/* Several requests that are sent in one piece, done in order and answered together. Without a
 * nfnetlink batch around them each stands alone: the kernel goes on after one that failed. Other
 * requests may be talked over the same socket while these gather. */
struct nl_batch {
	struct nl *nl;			/* borrowed */
	char *data;			/* owned */
	size_t len, room;
	size_t last, last_acked;	/* where these requests begin */
	bool is_bounded;		/* an error of the first one is about all of them */
	int passed;			/* an errno that is no failure of any, or 0 */
	const char **what;		/* owned list of borrowed texts, one a request */
	size_t n;
};

void nl_batch_init(struct nl_batch *b, struct nl *nl);
void nl_batch_clear(struct nl_batch *b);
#define AUTO_BATCH __attribute__((cleanup(nl_batch_clear)))
/* Begins the next request, valid until the one after it. what says in an error what it was for,
 * as in "add route"; borrowed until nl_batch_clear(). It may hold up to NL_MESSAGE_MAX bytes. */
struct nlmsghdr *nl_batch_add(struct nl_batch *b, uint16_t type, uint16_t flags, const char *what);
/* The same for what is never acknowledged: the begin and the end of a batch of nfnetlink. An error
 * about the begin is the whole batch's. */
struct nlmsghdr *nl_batch_add_bound(struct nl_batch *b, uint16_t type, const char *what);
/* Sends all and waits for the last answer; b is empty then. Fails with the first request that did:
 * "add route: Network is unreachable". *out_failed, which may be NULL, is its number from 0, in
 * the order of the adds. sink, which may be NULL, takes answers as in nl_ask(). */
int nl_batch_talk(struct nl_batch *b, const struct nl_sink *sink, size_t *out_failed,
		  struct error *err);

/* Puts into a request; one that is too long for it is a mistake of ours. */
void nl_put(struct nlmsghdr *req, uint16_t type, const void *data, size_t len);
void nl_put_u8(struct nlmsghdr *req, uint16_t type, uint8_t value);
void nl_put_u16(struct nlmsghdr *req, uint16_t type, uint16_t value);
void nl_put_u32(struct nlmsghdr *req, uint16_t type, uint32_t value);
void nl_put_u64(struct nlmsghdr *req, uint16_t type, uint64_t value);
void nl_put_str(struct nlmsghdr *req, uint16_t type, const char *text);
/* The fixed header of a request's family, all zero. */
void *nl_put_header(struct nlmsghdr *req, size_t size);
struct nlattr *nl_nest(struct nlmsghdr *req, uint16_t type);
void nl_nest_end(struct nlmsghdr *req, struct nlattr *nest);

/* The fixed header of an answer, or NULL if it is too short for one. */
const void *nl_payload(const struct nlmsghdr *msg, size_t size);
/* Attributes behind a fixed header of size bytes (or inside one that nests), by type; those that
 * are missing are NULL, those of a type not below n are left out. */
void nl_attrs(const struct nlmsghdr *msg, size_t size, const struct nlattr **out, size_t n);
void nl_nested(const struct nlattr *nest, const struct nlattr **out, size_t n);
/* The value, or other where attr is NULL or not of exactly this size. */
uint8_t nl_u8(const struct nlattr *attr, uint8_t other);
uint16_t nl_u16(const struct nlattr *attr, uint16_t other);
uint32_t nl_u32(const struct nlattr *attr, uint32_t other);
uint64_t nl_u64(const struct nlattr *attr, uint64_t other);
/* A text that ends within the attribute, or "" where there is none. Borrowed, not yet printable. */
const char *nl_str(const struct nlattr *attr);
const void *nl_bytes(const struct nlattr *attr, size_t len);	/* exactly len, or NULL */
const void *nl_value(const struct nlattr *attr, size_t *out_len);	/* as many as there are */
/* Those inside one that nests, in their order; NULL: no more. */
const struct nlattr *nl_first(const struct nlattr *nest);
const struct nlattr *nl_next(const struct nlattr *nest, const struct nlattr *attr);

/* What every answer goes through, and the fuzzer's way in. */
struct nl_window {
	uint32_t port;			/* of the socket that asked */
	uint32_t first, last;		/* sequence numbers of the requests; they may wrap */
	bool is_bounded;		/* an error of the first one ends all: nfnetlink's batch */
	bool is_single;			/* the answer to the last one is one message */
	int passed;			/* as a batch has it */
	const struct nl_sink *sink;	/* may be NULL */
	bool is_interrupted;		/* out: the list changed while it was read */
	bool has_failed;		/* out: *err is set */
	uint32_t failed;		/* out: which request did */
};
/* Hands those messages among len bytes that answer one of the requests over to the sink. Returns 1
 * when the last request is answered, 0 when more has to come; -1 with *err instead of 1 when one
 * of them failed, and at once for bytes that are no messages. */
int nl_take(struct nl_window *w, const void *data, size_t len, struct error *err);

#endif
