/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "runtime/site_config.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <string.h>

#include "base/cleanup.h"
#include "base/json.h"
#include "runtime/config.h"

/* Ids end where a signed int does: devpts of Linux 6.1 reads its option "gid" as one
 * (parse_mount_options() in fs/devpts/inode.c) and refuses what is above. */
enum { UID_START_DEFAULT = 1000000000 };
static const uint64_t uid_end_default = (uint64_t)INT32_MAX + 1;

static int object_check(const struct json *j, struct error *err)
{
	return j->type == JSON_OBJECT
		       ? 0
		       : json_error(j, SITE_CONFIG_NAME, err, "expected an object");
}

static void uid_range_init(struct site_config *c)
{
	c->uid_start = UID_START_DEFAULT;
	c->uid_count = (uint32_t)(uid_end_default - UID_START_DEFAULT);
}

/* {"start": N, "count": N} */
static int uid_range_read(struct site_config *c, const struct json *range, struct error *err)
{
	const struct json *start_json = json_get(range, "start");
	const struct json *count_json = json_get(range, "count");
	uint64_t start = UID_START_DEFAULT, count = 0, end;

	if (object_check(range, err) < 0)
		return -1;
	for (const struct json *j = range->first; j; j = j->next) {
		if (j != start_json && j != count_json)
			return json_error(j, SITE_CONFIG_NAME, err, "no such key");
	}
	if (start_json && json_u64(start_json, SITE_CONFIG_NAME, ZONE_IDS,
				   uid_end_default - ZONE_IDS, &start, err) < 0)
		return -1;
	if (count_json &&
	    json_u64(count_json, SITE_CONFIG_NAME, ZONE_IDS, UINT32_MAX, &count, err) < 0)
		return -1;
	end = count_json ? start + count : uid_end_default;
	if (end > uid_end_default)
		return json_error(range, SITE_CONFIG_NAME, err,
				  "start and count end above %" PRIu64, uid_end_default);
	c->uid_start = (uint32_t)start;
	c->uid_count = (uint32_t)(end - start);
	return 0;
}

static void unpack_limits_default(struct site_config *c)
{
	unpack_limits_init(&c->unpack);
}

/* {"bytes": N, "entries": N, ...}: any of the limits that unpack_limits.c lists. */
static int unpack_limits_read(struct site_config *c, const struct json *limits, struct error *err)
{
	if (object_check(limits, err) < 0)
		return -1;
	for (const struct json *j = limits->first; j; j = j->next) {
		uint64_t most;
		uint64_t *limit = unpack_limit(&c->unpack, j->key, strlen(j->key), &most);

		if (!limit)
			return json_error(j, SITE_CONFIG_NAME, err, "no such key");
		if (json_u64(j, SITE_CONFIG_NAME, 1, most, limit, err) < 0)
			return -1;
	}
	return 0;
}

static int address_pools_read(struct site_config *c, const struct json *value, struct error *err)
{
	return pools_read(&c->pools, value, SITE_CONFIG_NAME, err);
}

static void address_pools_clear(struct site_config *c)
{
	pools_clear(&c->pools);
}

static int net_host_read(struct site_config *c, const struct json *value, struct error *err)
{
	return json_bool(value, SITE_CONFIG_NAME, &c->allows_net_host, err);
}

static int names_read(struct site_config *c, const struct json *value, struct error *err)
{
	bool has_names;

	if (json_bool(value, SITE_CONFIG_NAME, &has_names, err) < 0)
		return -1;
	c->has_no_names = !has_names;
	return 0;
}

static int hosts_file_read(struct site_config *c, const struct json *value, struct error *err)
{
	return json_bool(value, SITE_CONFIG_NAME, &c->has_hosts_file, err);
}

/* A key of the file. init sets what is not zero, clear frees what read put on the heap; both may be
 * NULL. */
/* clang-format off */
static const struct key {
	const char *name;
	void (*init)(struct site_config *c);
	int (*read)(struct site_config *c, const struct json *value, struct error *err);
	void (*clear)(struct site_config *c);
} keys[] = {
	/* key               init                   read                clear */
	{ "uid-range",       uid_range_init,        uid_range_read,     NULL },
	{ "unpack-limits",   unpack_limits_default, unpack_limits_read, NULL },
	{ "address-pools",   NULL,                  address_pools_read, address_pools_clear },
	{ "allow-net-host",  NULL,                  net_host_read,      NULL },
	{ "names",           NULL,                  names_read,         NULL },
	{ "hosts-file",      NULL,                  hosts_file_read,    NULL },
};
/* clang-format on */

void site_config_init(struct site_config *c)
{
	*c = (struct site_config){ 0 };
	for (size_t i = 0; i < N_ROWS(keys); i++) {
		if (keys[i].init)
			keys[i].init(c);
	}
}

static const struct key *key_find(const char *name)
{
	for (size_t i = 0; i < N_ROWS(keys); i++) {
		if (strcmp(keys[i].name, name) == 0)
			return &keys[i];
	}
	return NULL;
}

int site_config_read(struct site_config *c, int etcfd, struct error *err)
{
	AUTO_CLOSE int fd =
		openat(etcfd, SITE_CONFIG_NAME, O_RDONLY | O_CLOEXEC | O_NOCTTY | O_NONBLOCK);
	AUTO_JSON struct json *root = NULL;

	if (fd < 0 && errno == ENOENT)
		return 0;
	if (fd < 0)
		return error_sys(err, "open '%s'", SITE_CONFIG_NAME);
	root = json_read(fd, SITE_CONFIG_NAME, NULL, err);
	if (!root || object_check(root, err) < 0)
		return -1;
	for (const struct json *j = root->first; j; j = j->next) {
		const struct key *key = key_find(j->key);

		if (!key)
			return json_error(j, SITE_CONFIG_NAME, err, "no such key");
		if (key->read(c, j, err) < 0)
			return -1;
	}
	return 0;
}

void site_config_clear(struct site_config *c)
{
	for (size_t i = 0; i < N_ROWS(keys); i++) {
		if (keys[i].clear)
			keys[i].clear(c);
	}
	*c = (struct site_config){ 0 };
}
