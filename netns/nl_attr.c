/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <assert.h>
#include <string.h>
#include <sys/types.h>

#include "netns/nl.h"

/*
 * Into a request
 */

/* Zeros at its end, up to a multiple of 4 bytes. */
static void *put_room(struct nlmsghdr *req, size_t size)
{
	char *room = (char *)req + NLMSG_ALIGN(req->nlmsg_len);
	size_t end = (size_t)(room - (char *)req) + NLMSG_ALIGN(size);

	assert(end <= NL_MESSAGE_MAX);
	memset(room, 0, NLMSG_ALIGN(size));
	req->nlmsg_len = (uint32_t)end;
	return room;
}

void *nl_put_header(struct nlmsghdr *req, size_t size)
{
	return put_room(req, size);
}

void nl_put(struct nlmsghdr *req, uint16_t type, const void *data, size_t len)
{
	struct nlattr *attr = put_room(req, sizeof(*attr) + len);

	attr->nla_type = type;
	attr->nla_len = (uint16_t)(sizeof(*attr) + len);
	if (len > 0)
		memcpy(attr + 1, data, len);
}

void nl_put_u8(struct nlmsghdr *req, uint16_t type, uint8_t value)
{
	nl_put(req, type, &value, sizeof(value));
}

void nl_put_u16(struct nlmsghdr *req, uint16_t type, uint16_t value)
{
	nl_put(req, type, &value, sizeof(value));
}

void nl_put_u32(struct nlmsghdr *req, uint16_t type, uint32_t value)
{
	nl_put(req, type, &value, sizeof(value));
}

void nl_put_u64(struct nlmsghdr *req, uint16_t type, uint64_t value)
{
	nl_put(req, type, &value, sizeof(value));
}

void nl_put_str(struct nlmsghdr *req, uint16_t type, const char *text)
{
	nl_put(req, type, text, strlen(text) + 1);
}

struct nlattr *nl_nest(struct nlmsghdr *req, uint16_t type)
{
	struct nlattr *nest = put_room(req, sizeof(*nest));

	nest->nla_type = NLA_F_NESTED | type;
	return nest;
}

void nl_nest_end(struct nlmsghdr *req, struct nlattr *nest)
{
	nest->nla_len = (uint16_t)((char *)req + req->nlmsg_len - (char *)nest);
}

/*
 * Out of an answer
 */

const void *nl_payload(const struct nlmsghdr *msg, size_t size)
{
	return msg->nlmsg_len - sizeof(*msg) >= size ? msg + 1 : NULL;
}

/* The first of len bytes of attributes, or NULL if it does not fit into them. */
static const struct nlattr *whole(const void *at, ssize_t len)
{
	const struct nlattr *attr = at;

	return len >= (ssize_t)sizeof(*attr) && attr->nla_len >= sizeof(*attr) &&
	       attr->nla_len <= len ? attr : NULL;
}

/* The one after attr, of those that end at end. */
static const struct nlattr *behind(const struct nlattr *attr, const char *end)
{
	const char *next = (const char *)attr + NLA_ALIGN(attr->nla_len);

	return whole(next, end - next);
}

/* The list ends before one that does not fit. */
static void by_type(const struct nlattr *attr, const char *end, const struct nlattr **out,
		    size_t n)
{
	memset(out, 0, n * sizeof(*out));
	for (; attr; attr = behind(attr, end)) {
		uint16_t type = attr->nla_type & NLA_TYPE_MASK;

		if (type < n)
			out[type] = attr;
	}
}

static const char *end_of(const struct nlattr *nest)
{
	return (const char *)nest + nest->nla_len;
}

void nl_attrs(const struct nlmsghdr *msg, size_t size, const struct nlattr **out, size_t n)
{
	const char *start = (const char *)(msg + 1) + NLMSG_ALIGN(size);
	const char *end = (const char *)msg + msg->nlmsg_len;

	by_type(whole(start, end - start), end, out, n);
}

void nl_nested(const struct nlattr *nest, const struct nlattr **out, size_t n)
{
	if (nest)
		by_type(nl_first(nest), end_of(nest), out, n);
	else
		memset(out, 0, n * sizeof(*out));
}

const struct nlattr *nl_first(const struct nlattr *nest)
{
	return whole(nest + 1, nest->nla_len - (ssize_t)sizeof(*nest));
}

const struct nlattr *nl_next(const struct nlattr *nest, const struct nlattr *attr)
{
	return behind(attr, end_of(nest));
}

const void *nl_value(const struct nlattr *attr, size_t *out_len)
{
	*out_len = attr->nla_len - sizeof(*attr);
	return attr + 1;
}

const void *nl_bytes(const struct nlattr *attr, size_t len)
{
	return attr && attr->nla_len == sizeof(*attr) + len ? attr + 1 : NULL;
}

uint8_t nl_u8(const struct nlattr *attr, uint8_t other)
{
	const void *value = nl_bytes(attr, sizeof(other));

	if (value)
		memcpy(&other, value, sizeof(other));
	return other;
}

uint16_t nl_u16(const struct nlattr *attr, uint16_t other)
{
	const void *value = nl_bytes(attr, sizeof(other));

	if (value)
		memcpy(&other, value, sizeof(other));
	return other;
}

uint32_t nl_u32(const struct nlattr *attr, uint32_t other)
{
	const void *value = nl_bytes(attr, sizeof(other));

	if (value)
		memcpy(&other, value, sizeof(other));
	return other;
}

uint64_t nl_u64(const struct nlattr *attr, uint64_t other)
{
	const void *value = nl_bytes(attr, sizeof(other));

	if (value)
		memcpy(&other, value, sizeof(other));
	return other;
}

const char *nl_str(const struct nlattr *attr)
{
	size_t len = 0;
	const char *text = attr ? nl_value(attr, &len) : "";

	return attr && !memchr(text, '\0', len) ? "" : text;
}
