/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "base/fd.h"
#include "base/json.h"
#include "base/mem.h"
#include "disks/pool.h"

#define RECORD "pool.json"

void pool_record_clear(struct pool_record *r)
{
	free(r->on);
	*r = (struct pool_record){ 0 };
}

bool pool_exists(int varfd)
{
	return faccessat(varfd, RECORD, F_OK, AT_SYMLINK_NOFOLLOW) == 0;
}

static int members_read(const struct json *root, struct pool_record *r, struct error *err)
{
	const char *on, *uuid;

	for (const struct json *j = root->first; j; j = j->next) {
		if (strcmp(j->key, "on") == 0) {
			if (json_str(j, RECORD, &on, err) < 0)
				return -1;
			r->on = xstrdup(on);
		} else if (strcmp(j->key, "uuid") == 0) {
			if (json_str(j, RECORD, &uuid, err) < 0)
				return -1;
			if (strlen(uuid) > POOL_UUID_LEN)
				return json_error(j, RECORD, err, "'%s' is no uuid", uuid);
			strcpy(r->uuid, uuid);
		} else if (strcmp(j->key, "is_file") == 0) {
			if (json_bool(j, RECORD, &r->is_file, err) < 0)
				return -1;
		} else if (strcmp(j->key, "is_ready") == 0) {
			if (json_bool(j, RECORD, &r->is_ready, err) < 0)
				return -1;
		} else {
			return json_error(j, RECORD, err, "unknown key");
		}
	}
	return r->on ? 0 : json_error(root, RECORD, err, "it lacks \"on\"");
}

int pool_record_read(int varfd, struct pool_record *out, struct error *err)
{
	AUTO_CLOSE int fd = openat(varfd, RECORD, O_RDONLY | O_NOFOLLOW | O_CLOEXEC);
	AUTO_JSON struct json *root = NULL;
	struct pool_record r = { 0 };

	if (fd < 0)
		return errno == ENOENT ? 0 : error_sys(err, "open '%s'", RECORD);
	root = json_read(fd, RECORD, NULL, err);
	if (!root)
		return -1;
	if (root->type != JSON_OBJECT)
		return json_error(root, RECORD, err, "expected an object");
	if (members_read(root, &r, err) < 0) {
		pool_record_clear(&r);
		return -1;
	}
	*out = r;
	return 1;
}

int pool_record_write(int varfd, const struct pool_record *r, struct error *err)
{
	struct json_out o = { 0 };
	int status;

	json_out_object(&o, NULL);
	json_out_str(&o, "on", r->on);
	json_out_bool(&o, "is_file", r->is_file);
	json_out_bool(&o, "is_ready", r->is_ready);
	json_out_str(&o, "uuid", r->uuid);
	json_out_end_object(&o);
	str_addc(&o.text, '\n');
	status = fd_replace(varfd, RECORD, 0600, str_text(&o.text), o.text.len, err);
	json_out_clear(&o);
	return status;
}

int pool_record_remove(int varfd, struct error *err)
{
	if (unlinkat(varfd, RECORD, 0) < 0 && errno != ENOENT)
		return error_sys(err, "remove '%s'", RECORD);
	return fsync(varfd) < 0 ? error_sys(err, "sync the store") : 0;
}
