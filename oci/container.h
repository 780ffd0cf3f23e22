/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef OCI_CONTAINER_H
#define OCI_CONTAINER_H

/*
 * A container's directory below the root of all: ROOT/ID with
 *
 *   config.json   as it stood in the bundle when it was created
 *   state.json    what the kernel can't be asked; without an init until that waits to be started
 *   start.sock    until it was started: what the init listens on
 *
 * Its status is not kept: the kernel knows whether its init lives and is frozen.
 * One without an init is a container that is being made, or whose maker was
 * killed; nobody else has the lock of the directory then.
 */

#include <stdbool.h>
#include <sys/types.h>

#include "base/error.h"
#include "base/json_out.h"
#include "base/lock.h"
#include "base/proc.h"
#include "oci/spec.h"

enum container_status {
	CONTAINER_CREATING, CONTAINER_CREATED, CONTAINER_RUNNING, CONTAINER_PAUSED,
	CONTAINER_STOPPED,
};

enum { CONTAINER_ID_MAX = 1024 };

/* state.json. Strings are owned. */
struct container_state {
	char *version;			/* ociVersion of its configuration */
	char *bundle, *rootfs;		/* absolute */
	char *created;			/* RFC 3339, UTC */
	char *owner;			/* number of the user who made it; "": root */
	char *cgroup;			/* path of its group below each hierarchy, "/" and on */
	char *claim;			/* the path while groups are made, else "" */
	bool uses_systemd;		/* that group is a scope of systemd's */
	struct proc_id init;
};

struct container {
	char id[CONTAINER_ID_MAX + 1];
	int rootfd;			/* of all containers */
	int dirfd;			/* ROOT/ID */
	struct container_state state;
	struct oci_spec spec;		/* once container_spec() read it */
};

#define CONTAINER_NONE { .rootfd = -1, .dirfd = -1 }
#define AUTO_CONTAINER __attribute__((cleanup(container_close)))

/* ERR_USAGE unless id is of letters, digits, "_", "+", "-" and ".", and not "." or "..". */
int container_id_check(const char *id, struct error *err);

/* Makes ROOT (mode 0700) if it is missing, and ROOT/ID, locked. ERR_EXISTS "container with given ID
 * already exists". */
int container_make(struct container *out, const char *root, const char *id, struct error *err);
/* Opens one and reads its state; mode 0: no lock. ERR_NOT_FOUND "container does not exist". */
int container_open(struct container *out, const char *root, const char *id, enum lock_mode mode,
		   struct error *err);
void container_close(struct container *c);
/* Removes its directory. */
int container_remove(struct container *c, struct error *err);

/* Writes state.json. */
int container_save(const struct container *c, struct error *err);
/* Keeps a copy of the bundle's configuration, from the beginning of fd. */
int container_keep_spec(struct container *c, int fd, struct error *err);
/* Reads that copy, once. */
int container_spec(struct container *c, struct error *err);

int container_status(const struct container *c, enum container_status *out, struct error *err);
const char *container_status_name(enum container_status status);
/* The state as the specification has it, with what runc adds. */
int container_print(struct container *c, struct json_out *out, struct error *err);
/* Calls each with the ids of all containers below root, sorted; none where there is no root. */
int container_each(const char *root, int (*each)(void *arg, const char *id, struct error *err),
		   void *arg, struct error *err);

#endif
