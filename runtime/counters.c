/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "runtime/counters.h"

#include <errno.h>
#include <fcntl.h>
#include <stddef.h>

#include "base/cleanup.h"
#include "base/fd.h"
#include "base/json.h"

#define COUNTERS_JSON "counters.json"

static const struct counter {
	const char *name;
	size_t offset;
} counters[] = {
	{ "in4_bytes", offsetof(struct net_stats, in4.bytes) },
	{ "in4_packets", offsetof(struct net_stats, in4.packets) },
	{ "out4_bytes", offsetof(struct net_stats, out4.bytes) },
	{ "out4_packets", offsetof(struct net_stats, out4.packets) },
	{ "in6_bytes", offsetof(struct net_stats, in6.bytes) },
	{ "in6_packets", offsetof(struct net_stats, in6.packets) },
	{ "out6_bytes", offsetof(struct net_stats, out6.bytes) },
	{ "out6_packets", offsetof(struct net_stats, out6.packets) },
	{ "dropped_packets", offsetof(struct net_stats, dropped) },
};

static uint64_t *field(struct net_stats *s, const struct counter *c)
{
	return (uint64_t *)((char *)s + c->offset);
}

int counters_read(int zone_dirfd, struct net_stats *out, struct error *err)
{
	AUTO_CLOSE int fd = openat(zone_dirfd, COUNTERS_JSON,
				   O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_NOCTTY | O_CLOEXEC);
	AUTO_JSON struct json *root = NULL;
	struct error spoilt = { 0 };

	*out = (struct net_stats){ 0 };
	if (fd < 0)
		return errno == ENOENT ? 0 : error_sys(err, "open '%s'", COUNTERS_JSON);
	root = json_read(fd, COUNTERS_JSON, NULL, &spoilt);
	for (size_t i = 0; root && i < N_ROWS(counters); i++) {
		const struct json *value = json_get(root, counters[i].name);

		if (value)	/* one that is no number counts from nothing */
			(void)json_u64(value, COUNTERS_JSON, 0, UINT64_MAX,
				       field(out, &counters[i]), &spoilt);
	}
	return 0;
}

void counters_sum(struct net_stats *sum, const struct net_stats *more)
{
	struct net_stats copy = *more;

	for (size_t i = 0; i < N_ROWS(counters); i++)
		*field(sum, &counters[i]) += *field(&copy, &counters[i]);
}

int counters_add(int zone_dirfd, const struct net_stats *more, struct error *err)
{
	struct json_out out = { 0 };
	struct net_stats sum, copy = *more;
	uint64_t any = 0;
	int status;

	for (size_t i = 0; i < N_ROWS(counters); i++)
		any |= *field(&copy, &counters[i]);
	if (!any)
		return 0;
	if (counters_read(zone_dirfd, &sum, err) < 0)
		return -1;
	counters_sum(&sum, more);
	json_out_object(&out, NULL);
	for (size_t i = 0; i < N_ROWS(counters); i++)
		json_out_u64(&out, counters[i].name, *field(&sum, &counters[i]));
	json_out_end_object(&out);
	status = fd_replace_nosync(zone_dirfd, COUNTERS_JSON, 0600, str_text(&out.text),
				   out.text.len, err);
	json_out_clear(&out);
	return status;
}
