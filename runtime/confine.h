/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef RUNTIME_CONFINE_H
#define RUNTIME_CONFINE_H

/*
 * The last steps before a program of the zone runs, the same for init and for
 * everything that enters later: keyring, resource limits, signals, capabilities,
 * filter, identity, and execve(2) by way of the stub.
 *
 * The stub is a program of a few instructions in a sealed memfd. A zone whose
 * command is "#!/proc/self/exe" gets that, not the zonectl of the host
 * (CVE-2019-5736).
 */

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#include "base/error.h"
#include "runtime/filter.h"

enum {
	CONFINE_GROUPS_MAX = 64,	/* supplementary groups that a user may have */
	CONFINE_KEEP_MAX = 1024,	/* descriptors that a program may be given beside 0, 1, 2 */
};

struct confine {
	const struct filter *filter;	/* borrowed */
	uint64_t caps;			/* bit n: capability n is kept */
	uint64_t nofile;		/* open files per process, 0: the default */
	bool set_oom_score;		/* the caller's own is not 0 */
};

struct confine_user {
	uid_t uid;
	gid_t gid;
	gid_t groups[CONFINE_GROUPS_MAX];
	size_t n_groups;
};

/* Opens a sealed memfd that holds the stub. */
int confine_stub_open(struct error *err);
/* True if the caller's oom_score_adj is not 0, so that the child must set it back. */
bool confine_needs_oom_score(void);
/* What only the host's root may still do for it, in the process that will become it: raise the
 * limit of open files, set oom_score_adj back. ERR_UNSUPPORTED when a limit can't be had.
 * Child-safe. */
int confine_raise(const struct confine *c, struct error *err);
/* Resets handlers and mask: what was ignored would stay so over execve(2). Child-safe. */
int confine_signals(struct error *err);
/* Makes copies of the three descriptors 0, 1 and 2, whatever numbers they have. Child-safe. */
int confine_stdio(const int stdio[3], struct error *err);
/* Gives up everything that the zone shall not have and becomes user. Where the filter has notices
 * their descriptor is sent over the unix socket noticesock. Child-safe. */
int confine_apply(const struct confine *c, const struct confine_user *user, int noticesock,
		  struct error *err);
/* True if path, as the caller sees it, is a regular file that it may execute. Child-safe. */
bool confine_is_program(const char *path);
/* The path of a command, which the caller owns: name itself if it has a slash, else what execvp(3)
 * would take from the PATH of env. To be called where the zone's root is the caller's. err->sys is
 * ENOENT when there is none. Child-safe. */
char *confine_find(const char *name, char *const *env, struct error *err);
/* Who executes is not the caller but a child of the caller's parent, made by the stub: born in the
 * pid namespace that the caller's children get, when the caller has given up everything else. */
struct confine_birth {
	int sockfd;		/* its pid or a negative errno, an int; then it waits for a byte */
	bool has_terminal;	/* descriptor 0 becomes its session's */
};
struct confine_program {
	int stubfd, reportfd;
	const struct confine_birth *birth; /* NULL: the caller itself executes */
	unsigned int n_kept;		/* descriptors from 3 on that stay open */
	const char *path;
	char *const *argv, *const *env;
	/* The last step, when all descriptors are in their places; or NULL. */
	int (*seal)(void *arg, struct error *err);
	void *seal_arg;
};
/* Executes path; never returns on success. Every descriptor above 2 is closed but those kept. On
 * failure the stub writes the errno of execve(2), an int, to reportfd and exits. Child-safe. */
int confine_exec(const struct confine_program *program, struct error *err);
/* A function of ours in place of a program, once everything is given up. main returns an exit
 * status. */
struct confine_task {
	int (*main)(void *arg);
	void *arg;
};
/* Runs it and exits; every descriptor above 2 is closed before, the report pipe too. The process
 * is a copy of zonectl that cannot be traced. Child-safe. */
_Noreturn void confine_run(const struct confine_task *task);
/* Reads what came up a report pipe until its end: success when nothing did. path is what was to be
 * executed. */
int confine_report(int reportfd, const char *path, struct error *err);

#endif
