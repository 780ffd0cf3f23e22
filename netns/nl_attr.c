/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <assert.h>
#include <string.h>

#include "netns/nl.h"

/*
 * Into a request
 */

void *nl_put_header(struct nlmsghdr *req, size_t size)
{
	return mnl_nlmsg_put_extra_header(req, size);
}

void nl_put(struct nlmsghdr *req, uint16_t type, const void *data, size_t len)
{
	bool fits = mnl_attr_put_check(req, NL_MESSAGE_MAX, type, len, data);

	assert(fits);
	(void)fits;	/* it is read by the assertion alone */
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
	struct nlattr *nest = mnl_attr_nest_start_check(req, NL_MESSAGE_MAX, type);

	assert(nest);
	return nest;
}

void nl_nest_end(struct nlmsghdr *req, struct nlattr *nest)
{
	mnl_attr_nest_end(req, nest);
}

/*
 * Out of an answer
 */

const void *nl_payload(const struct nlmsghdr *msg, size_t size)
{
	return mnl_nlmsg_get_payload_len(msg) >= size ? mnl_nlmsg_get_payload(msg) : NULL;
}

/* len bytes of attributes; the list ends before one that does not fit. */
static void by_type(const struct nlattr *attr, ssize_t len, const struct nlattr **out, size_t n)
{
	memset(out, 0, n * sizeof(*out));
	while (mnl_attr_ok(attr, (int)len)) {
		uint16_t type = mnl_attr_get_type(attr);
		const struct nlattr *next = mnl_attr_next(attr);

		if (type < n)
			out[type] = attr;
		len -= (const char *)next - (const char *)attr;
		attr = next;
	}
}

void nl_attrs(const struct nlmsghdr *msg, size_t size, const struct nlattr **out, size_t n)
{
	const char *start = mnl_nlmsg_get_payload_offset(msg, size);

	by_type((const struct nlattr *)start,
		(const char *)msg + msg->nlmsg_len - start, out, n);
}

void nl_nested(const struct nlattr *nest, const struct nlattr **out, size_t n)
{
	if (nest)
		by_type(mnl_attr_get_payload(nest), mnl_attr_get_payload_len(nest), out, n);
	else
		memset(out, 0, n * sizeof(*out));
}

const void *nl_bytes(const struct nlattr *attr, size_t len)
{
	return attr && mnl_attr_get_payload_len(attr) == len ? mnl_attr_get_payload(attr) : NULL;
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
	const char *text = attr ? mnl_attr_get_payload(attr) : "";

	return attr && !memchr(text, '\0', mnl_attr_get_payload_len(attr)) ? "" : text;
}
