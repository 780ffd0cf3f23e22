/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <string.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "oci/checkpoint.h"
#include "oci/foreground.h"
#include "oci/oci.h"
#include "oci/protobuf.h"

/* Of both verbs, and then of each. */
enum {
	IMAGE, WORK, TCP, UNIX, SHELL_JOB, LOCKS, CGROUPS, EMPTY, DEDUP, LAZY, N_BOTH,
	PARENT = N_BOTH, LEAVE, PRE, PAGE_SERVER, STATUS_FD,
	BUNDLE = N_BOTH, CONSOLE, DETACH, PID_FILE, NO_REAPER, NO_PIVOT, TCP_CLOSE, PROFILE,
	MOUNT_CONTEXT,
};

#define BOTH_ROWS \
	[IMAGE] = { "image-path", 0, true }, [WORK] = { "work-path", 0, true }, \
	[TCP] = { "tcp-established", 0, false }, [UNIX] = { "ext-unix-sk", 0, false }, \
	[SHELL_JOB] = { "shell-job", 0, false }, [LOCKS] = { "file-locks", 0, false }, \
	[CGROUPS] = { "manage-cgroups-mode", 0, true }, [EMPTY] = { "empty-ns", 0, true }, \
	[DEDUP] = { "auto-dedup", 0, false }, [LAZY] = { "lazy-pages", 0, false }

const struct oci_option oci_checkpoint_options[] = {
	BOTH_ROWS, [PARENT] = { "parent-path", 0, true }, [LEAVE] = { "leave-running", 0, false },
	[PRE] = { "pre-dump", 0, false }, [PAGE_SERVER] = { "page-server", 0, true },
	[STATUS_FD] = { "status-fd", 0, true }, { 0 },
};
const struct oci_option oci_restore_options[] = {
	BOTH_ROWS, [BUNDLE] = { "bundle", 'b', true }, [CONSOLE] = { "console-socket", 0, true },
	[DETACH] = { "detach", 'd', false }, [PID_FILE] = { "pid-file", 0, true },
	[NO_REAPER] = { "no-subreaper", 0, false }, [NO_PIVOT] = { "no-pivot", 0, false },
	[TCP_CLOSE] = { "tcp-close", 0, false }, [PROFILE] = { "lsm-profile", 0, true },
	[MOUNT_CONTEXT] = { "lsm-mount-context", 0, true }, { 0 },
};

/* clang-format off */
static const struct {
	int row;
	unsigned int field;		/* criu.h */
} flag_rows[] = {
	{ TCP,       CRIU_TCP_ESTABLISHED },
	{ UNIX,      CRIU_EXT_UNIX_SK },
	{ SHELL_JOB, CRIU_SHELL_JOB },
	{ LOCKS,     CRIU_FILE_LOCKS },
	{ DEDUP,     CRIU_AUTO_DEDUP },
};

static const struct {
	const char *word;
	unsigned int mode;		/* enum criu_cg_mode */
} cgroup_rows[] = {
	{ "soft", 3 }, { "full", 4 }, { "strict", 5 }, { "ignore", 0 },
};
/* clang-format on */

enum { EMPTY_NETWORK = 0x40000000 };	/* CLONE_NEWNET */

static int read_mode(const char *word, struct str *opts, struct error *err)
{
	for (size_t i = 0; i < N_ROWS(cgroup_rows); i++)
		if (strcmp(cgroup_rows[i].word, word) == 0) {
			protobuf_put_u64(opts, CRIU_CGROUPS_MODE, cgroup_rows[i].mode);
			return 0;
		}
	return error_set(err, ERR_USAGE, "Invalid manage cgroups mode: '%s' is none of soft, full,"
			 " strict and ignore", word);
}

static int refuse(const struct oci *oci, int row, const char *name, struct error *err)
{
	return oci_value(oci, row) ? error_set(err, ERR_UNSUPPORTED, "--%s is not supported", name)
				   : 0;
}

static int read_both(const struct oci *oci, struct images_options *o, struct error *err)
{
	const char *mode = oci_value(oci, CGROUPS), *empty = oci_value(oci, EMPTY);

	o->path = oci_value(oci, IMAGE) ? oci_value(oci, IMAGE) : "checkpoint";
	o->work = oci_value(oci, WORK);
	for (size_t i = 0; i < N_ROWS(flag_rows); i++)
		if (oci_value(oci, flag_rows[i].row))
			protobuf_put_u64(&o->opts, flag_rows[i].field, 1);
	if (empty && strcmp(empty, "network") != 0)
		return error_set(err, ERR_UNSUPPORTED, "--empty-ns: namespace '%s' is not"
				 " supported, only network is", empty);
	if (empty)
		protobuf_put_u64(&o->opts, CRIU_EMPTY_NS, EMPTY_NETWORK);
	if (mode && read_mode(mode, &o->opts, err) < 0)
		return -1;
	return refuse(oci, LAZY, "lazy-pages", err);
}

static int dump(struct oci *oci, struct checkpoint_options *o, struct error *err)
{
	AUTO_CONTAINER struct container c = CONTAINER_NONE;
	struct error warning = { 0 };

	if (container_open(&c, oci->root, oci->operands[0], LOCK_ALONE, err) < 0)
		return -1;
	o->images.program = criu_find(oci->criu, err);
	if (!o->images.program || checkpoint_dump(&c, o, err) < 0)
		return -1;
	if (o->leaves_running || o->is_pre)
		return 0;
	if (life_end(&c, &warning, err) < 0)
		return -1;
	oci_warn(oci, &warning);
	return 0;
}

int oci_checkpoint(struct oci *oci, struct error *err)
{
	struct checkpoint_options o = {
		.parent = oci_value(oci, PARENT),
		.leaves_running = oci_value(oci, LEAVE) != NULL,
		.is_pre = oci_value(oci, PRE) != NULL,
	};
	int status = read_both(oci, &o.images, err);

	if (status == 0)
		status = refuse(oci, PAGE_SERVER, "page-server", err);
	if (status == 0)
		status = refuse(oci, STATUS_FD, "status-fd", err);
	if (status == 0)
		status = dump(oci, &o, err);
	str_clear(&o.images.opts);
	return status;
}

static void read_restore(const struct oci *oci, struct images_options *images,
			 struct life_options *o)
{
	*o = (struct life_options){
		.bundle = oci_value(oci, BUNDLE) ? oci_value(oci, BUNDLE) : ".",
		.handover = { oci_value(oci, PID_FILE), oci_value(oci, CONSOLE), NULL },
		.cgroup_manager = oci->cgroup_manager,
		.goes_at_once = true,
		.is_foreground = oci_value(oci, DETACH) == NULL,
	};
	if (oci_value(oci, TCP_CLOSE))
		protobuf_put_u64(&images->opts, CRIU_TCP_CLOSE, 1);
	if (oci_value(oci, PROFILE))
		protobuf_put_str(&images->opts, CRIU_LSM_PROFILE, oci_value(oci, PROFILE));
	if (oci_value(oci, MOUNT_CONTEXT))
		protobuf_put_str(&images->opts, CRIU_LSM_MOUNT_CONTEXT,
				 oci_value(oci, MOUNT_CONTEXT));
}

/* Waits for the first process, and removes what is left of the container. */
static int stay(struct oci *oci, struct container *c, struct restored *r, struct error *err)
{
	bool has_tty = r->ptyfd >= 0 && !oci_value(oci, CONSOLE);
	struct foreground f = FOREGROUND_NONE;
	struct error warning = { 0 };
	int status = foreground_open(&f, has_tty, err);

	lock_drop(c->dirfd);
	if (status == 0)
		status = foreground_wait(&f, r->pidfd, &r->ptyfd, &oci->status, err);
	foreground_close(&f);
	if (status < 0 || life_end(c, &warning, err) < 0)
		return -1;
	oci_warn(oci, &warning);
	return 0;
}

static int restore(struct oci *oci, struct images_options *images,
		   const struct life_options *o, struct error *err)
{
	AUTO_CONTAINER struct container c = CONTAINER_NONE;
	struct restored restored = RESTORED_NONE;
	int status;

	images->program = criu_find(oci->criu, err);
	if (!images->program || container_make(&c, oci->root, oci->operands[0], err) < 0 ||
	    checkpoint_restore(&c, images, o, &restored, err) < 0)
		return -1;
	status = o->is_foreground ? stay(oci, &c, &restored, err) : 0;
	cleanup_close(&restored.pidfd);
	cleanup_close(&restored.ptyfd);
	return status;
}

int oci_restore(struct oci *oci, struct error *err)
{
	struct images_options images = { .path = NULL };
	struct life_options o;
	int status = read_both(oci, &images, err);

	read_restore(oci, &images, &o);
	if (status == 0)
		status = restore(oci, &images, &o, err);
	str_clear(&images.opts);
	return status;
}
