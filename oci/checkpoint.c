/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "oci/checkpoint.h"

#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "base/cleanup.h"
#include "base/mem.h"
#include "oci/external.h"
#include "oci/groups.h"
#include "oci/protobuf.h"
#include "oci/rootless.h"

static int check(struct container *c, struct error *err)
{
	enum container_status status;

	if (container_spec(c, err) < 0 || container_status(c, &status, err) < 0)
		return -1;
	if (status != CONTAINER_RUNNING && status != CONTAINER_PAUSED)
		return error_set(err, ERR_STATE, "Container cannot be checkpointed in %s state",
				 container_status_name(status));
	if (rootless_is_outsider())
		return error_set(err, ERR_UNSUPPORTED, "checkpoint needs the host's root");
	return external_check(&c->spec, err);
}

/* criu finds it by a link beside the images. */
static int put_parent(const struct images *i, const char *parent, struct str *opts,
		      struct error *err)
{
	struct stat st;

	if (!parent)
		return 0;
	if (*parent == '/')
		return error_set(err, ERR_USAGE, "--parent-path: '%s' is not relative to the"
				 " images", parent);
	if (fstatat(i->dirfd, parent, &st, 0) < 0)
		return error_sys(err, "--parent-path: open '%s' below the images", parent);
	protobuf_put_str(opts, CRIU_PARENT_IMG, parent);
	return 0;
}

/* All of its processes at once, also while they are paused. */
static void put_freezer(const struct container *c, const struct span *span, struct str *opts)
{
	for (size_t i = 0; i < span->n; i++) {
		const struct span_part *part = &span->parts[i];
		AUTO_FREE char *path = xasprintf("%s%s", part->where, c->state.cgroup);

		if (part->fd >= 0 && (span_is_pure(span) || strcmp(part->names, "freezer") == 0))
			protobuf_put_str(opts, CRIU_FREEZE_CGROUP, path);
	}
}

static int put_all(struct criu_request *r, const struct images *i, const struct container *c,
		   const struct checkpoint_options *o, struct error *err)
{
	AUTO_SPAN struct span span = { .n = 0 };

	if (*c->state.cgroup && groups_open(c, &span, err) < 0)
		return -1;
	images_begin(i, &o->images, c, r);
	put_freezer(c, &span, &r->opts);
	protobuf_put_u64(&r->opts, CRIU_PID, (uint64_t)c->state.init.pid);
	protobuf_put_str(&r->opts, CRIU_ROOT, c->state.rootfs);
	protobuf_put_u64(&r->opts, CRIU_LEAVE_RUNNING, o->leaves_running || o->is_pre);
	if (o->is_pre || o->parent)
		protobuf_put_u64(&r->opts, CRIU_TRACK_MEM, 1);
	if (put_parent(i, o->parent, &r->opts, err) < 0)
		return -1;
	return external_leave_out(&r->opts, c, &span, err);
}

static int dump(struct container *c, const struct images *i, const struct checkpoint_options *o,
		struct error *err)
{
	struct criu_request r = CRIU_REQUEST(o->is_pre ? CRIU_PRE_DUMP : CRIU_DUMP,
					     o->images.program);
	int status;

	status = put_all(&r, i, c, o, err);
	if (status == 0 && !o->is_pre)
		status = images_keep_streams(i, c, err);
	if (status == 0 && criu_do(&r, err) < 0)
		status = images_explain(i, err);
	str_clear(&r.opts);
	return status;
}

int checkpoint_dump(struct container *c, const struct checkpoint_options *o, struct error *err)
{
	const char *log = o->is_pre ? "pre-dump.log" : "dump.log";
	AUTO_IMAGES struct images images = IMAGES_NONE;

	if (check(c, err) < 0 || images_open(&images, &o->images, log, true, err) < 0)
		return -1;
	if (dump(c, &images, o, err) == 0)
		return 0;
	images_discard(&images);
	return -1;
}
