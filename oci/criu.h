/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef OCI_CRIU_H
#define OCI_CRIU_H

/*
 * The program criu at work for one request, as whoever links its library has it
 * work: started as "criu swrk FD", told over that socket, and answering there
 * (https://criu.org/RPC; images/rpc.proto in its sources has the messages and the
 * numbers below). Descriptors that it is told of are its own.
 */

#include <stddef.h>
#include <sys/types.h>

#include "base/error.h"
#include "base/str.h"

enum criu_type { CRIU_DUMP = 1, CRIU_RESTORE = 2, CRIU_PRE_DUMP = 4, CRIU_VERSION = 10 };

/* Fields of criu_opts. */
enum {
	CRIU_IMAGES_DIR = 1, CRIU_PID = 2, CRIU_LEAVE_RUNNING = 3, CRIU_EXT_UNIX_SK = 4,
	CRIU_TCP_ESTABLISHED = 5, CRIU_SHELL_JOB = 7, CRIU_FILE_LOCKS = 8, CRIU_LOG_LEVEL = 9,
	CRIU_LOG_FILE = 10, CRIU_NOTIFY_SCRIPTS = 12, CRIU_ROOT = 13, CRIU_PARENT_IMG = 14,
	CRIU_TRACK_MEM = 15, CRIU_AUTO_DEDUP = 16, CRIU_WORK_DIR = 17, CRIU_MANAGE_CGROUPS = 24,
	CRIU_CG_ROOT = 25, CRIU_RST_SIBLING = 26, CRIU_INHERIT_FD = 27, CRIU_EXT_SHARING = 29,
	CRIU_EXT_MASTERS = 30, CRIU_CGROUPS_MODE = 34, CRIU_EXTERNAL = 37, CRIU_EMPTY_NS = 38,
	CRIU_JOIN_NS = 39, CRIU_FREEZE_CGROUP = 44, CRIU_ORPHAN_PTS_MASTER = 50,
	CRIU_CONFIG_FILE = 51, CRIU_TCP_CLOSE = 52, CRIU_LSM_PROFILE = 53,
	CRIU_LSM_MOUNT_CONTEXT = 63,
};

enum { CRIU_KEEP_MAX = 4 };

struct criu_request {
	enum criu_type type;
	const char *program;		/* criu_find() */
	struct str opts;		/* criu_opts, by protobuf.h; owned */
	int keepfds[CRIU_KEEP_MAX];	/* what criu has open beside 0 to 2; -1: none */
	/* In the process that then executes criu; or NULL. */
	int (*prepare)(void *arg, struct error *err);
	/* What criu does is done so far ("post-restore"); pid is of the container's first process,
	 * fd what came along, or -1. criu waits, and gives up if this fails. NULL: not wanted. */
	int (*notice)(void *arg, const char *script, pid_t pid, int fd, struct error *err);
	void *arg;
};

#define CRIU_REQUEST(t, p) { .type = (t), .program = (p), .keepfds = { -1, -1, -1, -1 } }

/* Adds to what it has open. There is room for two directories and two namespaces. */
void criu_keep(struct criu_request *r, int fd);
/* Where criu is: given, or where systems have it; ERR_UNSUPPORTED when it is not. */
const char *criu_find(const char *given, struct error *err);
/* Has it done. The error has criu's errno in sys; its log tells more. What began to be restored is
 * gone then. */
int criu_do(const struct criu_request *r, struct error *err);
/* The program's version, "3.17.1". */
int criu_version(const char *program, char out[32], struct error *err);

#endif
