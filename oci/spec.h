/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef OCI_SPEC_H
#define OCI_SPEC_H

/*
 * config.json of a bundle as data: the OCI runtime specification, keys up to 1.3,
 * of every version 1.x and the drafts before. What the specification says of
 * types, ranges and words is checked while it is read, by the tables in spec*.c;
 * what it says beyond that in spec_check.c. Unknown keys are passed over, as it says.
 *
 * Strings and lists belong to the struct oci_spec that they were read with. A
 * pointer is NULL where the object is absent.
 */

#include "base/json_fill.h"

#define SPEC_VERSION "1.3.0"		/* of the specification */

enum { SPEC_SIZE_MAX = 16 << 20 };	/* bytes of a config.json; engines write some 10 KiB */

struct oci_linux;
struct oci_resources;

struct oci_size {
	uint32_t height, width;		/* of a terminal, in characters */
};

struct oci_user {
	uint32_t uid, gid;
	struct json_number umask;	/* 0..0777 */
	uint32_t *groups;		/* additionalGids */
	size_t n_groups;
};

struct oci_capabilities {		/* names, "CAP_CHOWN" */
	const char **bounding, **permitted, **effective, **inheritable, **ambient;
	size_t n_bounding, n_permitted, n_effective, n_inheritable, n_ambient;
};

struct oci_rlimit {
	const char *type;		/* "RLIMIT_NOFILE" */
	struct json_number soft, hard;	/* u */
};

struct oci_io_priority {
	int class;			/* IOPRIO_CLASS_*, linux/ioprio.h */
	struct json_number priority;
};

enum oci_policy {
	OCI_SCHED_OTHER = 1, OCI_SCHED_FIFO, OCI_SCHED_RR, OCI_SCHED_BATCH, OCI_SCHED_ISO,
	OCI_SCHED_IDLE, OCI_SCHED_DEADLINE,
};

struct oci_scheduler {
	int policy;			/* enum oci_policy */
	struct json_number nice, priority;
	uint64_t flags;			/* bit n + 1 is the kernel's bit n */
	struct json_number runtime, deadline, period; /* u, nanoseconds */
};

struct oci_affinity {
	const char *initial, *final;	/* lists of processors, "0-3,7" */
};

struct oci_process {
	bool terminal;
	struct oci_size *console_size;
	const char *cwd;		/* absolute */
	const char **args, **env;
	size_t n_args, n_env;
	struct oci_user *user;		/* never NULL in a process that was read */
	struct oci_capabilities *capabilities;
	struct oci_rlimit *rlimits;
	size_t n_rlimits;
	bool no_new_privileges;
	const char *apparmor_profile, *selinux_label;
	struct json_number oom_score_adj;
	struct oci_scheduler *scheduler;
	struct oci_io_priority *io_priority;
	struct oci_affinity *exec_affinity;
};

struct oci_root {
	const char *path;		/* relative: to the bundle */
	bool readonly;
};

struct oci_id_mapping {
	uint32_t container, host, size;
};

struct oci_mount {
	const char *destination, *source, *type;
	const char **options;
	size_t n_options;
	struct oci_id_mapping *uids, *gids;
	size_t n_uids, n_gids;
};

struct oci_hook {
	const char *path;		/* absolute */
	const char **args, **env;
	size_t n_args, n_env;
	struct json_number timeout;	/* seconds, from 1 */
};

struct oci_hooks {
	struct oci_hook *prestart, *create_runtime, *create_container, *start_container, *poststart,
		*poststop;
	size_t n_prestart, n_create_runtime, n_create_container, n_start_container, n_poststart,
		n_poststop;
};

struct oci_spec {
	struct json *json;		/* the whole text; owned */
	struct json_fill fill;
	const char *version;
	const char *hostname, *domainname;
	struct oci_process *process;	/* NULL: there is nothing to start */
	struct oci_root *root;
	struct oci_mount *mounts;
	size_t n_mounts;
	struct oci_hooks *hooks;
	struct json_pair *annotations;
	size_t n_annotations;
	struct oci_linux *linux_;	/* never NULL in one that was read */
	struct freebsd *freebsd;	/* only looked at */
};

/* Rows of "hooks", whose keys are the kinds there are. */
extern const struct json_field oci_hooks_fields[];

/* Reads config.json from fd; name is what messages call it. ERR_USAGE "NAME:LINE:COLUMN:
 * linux.resources.pids: 'limit' is missing". spec is empty (zeros), and is cleared by the caller
 * also after a failure. */
int spec_read(struct oci_spec *spec, int fd, const char *name, struct error *err);
/* The same of a process alone, as exec takes it: spec->process is what was read. */
int spec_read_process(struct oci_spec *spec, int fd, const char *name, struct error *err);
/* Of resources alone, as update takes them: spec->linux_->resources is what was read. */
int spec_read_resources(struct oci_spec *spec, int fd, const char *name, struct error *err);
void spec_clear(struct oci_spec *spec);

#endif
