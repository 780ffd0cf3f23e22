/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "oci/process.h"

#include <errno.h>
#include <fcntl.h>
#include <grp.h>
#include <stdio.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "base/fd.h"
#include "base/path.h"
#include "base/sys.h"
#include "oci/rootless.h"
#include "runtime/confine.h"

/* clang-format off */
static const struct {
	const char *name;
	int resource;
} limit_rows[] = {
	{ "RLIMIT_AS",         RLIMIT_AS },
	{ "RLIMIT_CORE",       RLIMIT_CORE },
	{ "RLIMIT_CPU",        RLIMIT_CPU },
	{ "RLIMIT_DATA",       RLIMIT_DATA },
	{ "RLIMIT_FSIZE",      RLIMIT_FSIZE },
	{ "RLIMIT_LOCKS",      RLIMIT_LOCKS },
	{ "RLIMIT_MEMLOCK",    RLIMIT_MEMLOCK },
	{ "RLIMIT_MSGQUEUE",   RLIMIT_MSGQUEUE },
	{ "RLIMIT_NICE",       RLIMIT_NICE },
	{ "RLIMIT_NOFILE",     RLIMIT_NOFILE },
	{ "RLIMIT_NPROC",      RLIMIT_NPROC },
	{ "RLIMIT_RSS",        RLIMIT_RSS },
	{ "RLIMIT_RTPRIO",     RLIMIT_RTPRIO },
	{ "RLIMIT_RTTIME",     RLIMIT_RTTIME },
	{ "RLIMIT_SIGPENDING", RLIMIT_SIGPENDING },
	{ "RLIMIT_STACK",      RLIMIT_STACK },
};
/* clang-format on */

static int find_limit(const char *name)
{
	for (size_t i = 0; i < N_ROWS(limit_rows); i++)
		if (strcmp(limit_rows[i].name, name) == 0)
			return limit_rows[i].resource;
	return -1;
}

/* What is asked for and known; a name that is not is left out, as the specification asks. */
static uint64_t set_of(const char **names, size_t n)
{
	uint64_t set = 0;

	for (size_t i = 0; i < n; i++) {
		int number = caps_number(names[i]);

		if (number >= 0 && number < 64)
			set |= UINT64_C(1) << number;
	}
	return set;
}

static void compile_capabilities(struct process *out, const struct oci_capabilities *c)
{
	if (!c)
		return;
	out->sets = (struct caps_sets){
		.bounding = set_of(c->bounding, c->n_bounding),
		.permitted = set_of(c->permitted, c->n_permitted),
		.effective = set_of(c->effective, c->n_effective),
		.inheritable = set_of(c->inheritable, c->n_inheritable),
		.ambient = set_of(c->ambient, c->n_ambient),
	};
}

static int check_limits(const struct oci_process *spec, struct error *err)
{
	for (size_t i = 0; i < spec->n_rlimits; i++) {
		int resource = find_limit(spec->rlimits[i].type);

		if (resource < 0)
			return error_set(err, ERR_USAGE, "process.rlimits: invalid rlimit type: %s",
					 spec->rlimits[i].type);
		for (size_t j = 0; j < i; j++)
			if (find_limit(spec->rlimits[j].type) == resource)
				return error_set(err, ERR_USAGE, "process.rlimits: '%s' twice",
						 spec->rlimits[i].type);
	}
	return 0;
}

/* It would be a way out of the root, ".." by ".." (CVE-2024-21626 was such a descriptor). */
static int check_streams(struct error *err)
{
	struct stat st;

	for (int fd = 0; fd <= 2; fd++)
		if (fstat(fd, &st) == 0 && S_ISDIR(st.st_mode))
			return error_set(err, ERR_USAGE, "descriptor %d is a directory of the host,"
					 " which the container must not have", fd);
	return 0;
}

int process_compile(struct process *out, const struct oci_process *spec, const struct oci_linux *l,
		    struct error *err)
{
	*out = (struct process){ .spec = spec };
	compile_capabilities(out, spec->capabilities);
	if (spec->n_args == 0)
		return error_set(err, ERR_USAGE, "process.args must not be empty");
	if (spec->user->n_groups > PROCESS_GROUPS_MAX)
		return error_set(err, ERR_USAGE, "process.user.additionalGids: more than %d",
				 PROCESS_GROUPS_MAX);
	if (check_streams(err) < 0 || labels_check(spec, err) < 0 ||
	    traits_compile(&out->traits, spec, l, err) < 0)
		return -1;
	return check_limits(spec, err);
}

static int set_limits(const struct oci_process *spec, pid_t pid, struct error *err)
{
	for (size_t i = 0; i < spec->n_rlimits; i++) {
		const struct oci_rlimit *l = &spec->rlimits[i];
		const struct rlimit limit = { .rlim_cur = l->soft.u, .rlim_max = l->hard.u };

		if (prlimit(pid, (__rlimit_resource_t)find_limit(l->type), &limit, NULL) < 0)
			return error_sys(err, "set %s to %llu:%llu", l->type,
					 (unsigned long long)l->soft.u,
					 (unsigned long long)l->hard.u);
	}
	return 0;
}

static int set_oom_score(const struct oci_process *spec, pid_t pid, struct error *err)
{
	char text[16], path[48] = "/proc/self/oom_score_adj";

	if (!spec->oom_score_adj.is_set)
		return 0;
	snprintf(text, sizeof(text), "%d", (int)spec->oom_score_adj.i);
	if (pid != 0)
		snprintf(path, sizeof(path), "/proc/%d/oom_score_adj", (int)pid);
	if (fd_write_control(AT_FDCWD, path, text, err) == 0)
		return 0;
	if ((err->sys != EACCES && err->sys != EPERM) || !rootless_is_outsider())
		return -1;
	*err = (struct error){ 0 };	/* as runc leaves it where it is */
	return 0;
}

int process_raise(const struct process *p, pid_t pid, struct error *err)
{
	return set_limits(p->spec, pid, err) < 0 ? -1 : set_oom_score(p->spec, pid, err);
}

int process_schedule(const struct process *p, pid_t pid, struct error *err)
{
	return traits_schedule(&p->traits, pid, err);
}

static int become_user(const void *arg, struct error *err)
{
	const struct oci_user *user = arg;

	/* Without a mapping of several groups the kernel denies setgroups (user_namespaces(7)), and
	 * there are none to drop but the caller's own. */
	if (setgroups(user->n_groups, user->groups) < 0 && (errno != EPERM || user->n_groups > 0))
		return error_sys(err, "set additional groups");
	if (setresgid(user->gid, user->gid, user->gid) < 0)
		return error_sys(err, "become group %u", user->gid);
	if (setresuid(user->uid, user->uid, user->uid) < 0)
		return error_sys(err, "become user %u", user->uid);
	umask(user->umask.is_set ? (mode_t)user->umask.i : 022);
	return 0;
}

static int confine(const struct process *p, int *out_noticefd, struct error *err)
{
	if (!p->seccomp)
		return 0;
	*out_noticefd = seccomp_apply(p->seccomp, err);
	return *out_noticefd == -1 ? -1 : 0;
}

int process_become(const struct process *p, struct labels *labels, int *out_noticefd,
		   struct error *err)
{
	bool is_late = p->spec->no_new_privileges;

	*out_noticefd = -2;
	if (confine_signals(err) < 0)
		return -1;
	if (!p->keeps_keyring && sys_keyring_new_session() < 0 && errno != ENOSYS)
		return error_sys(err, "join a new session keyring");
	if (traits_apply(&p->traits, err) < 0 || labels_apply(labels, p->spec, err) < 0)
		return -1;
	if (is_late && prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) < 0)
		return error_sys(err, "set no_new_privs");
	/* The filter needs CAP_SYS_ADMIN, which the user may not have, unless nobody can gain
	 * anything: then it is the last step. */
	if (!is_late && confine(p, out_noticefd, err) < 0)
		return -1;
	return caps_become(&p->sets, become_user, p->spec->user, err);
}

int process_seal(const struct process *p, int *out_noticefd, struct error *err)
{
	return p->spec->no_new_privileges ? confine(p, out_noticefd, err) : 0;
}

/* By no magic link, which would lead to a directory of the host that is still open
 * (CVE-2024-21626). */
int process_size_terminal(const struct oci_process *p, int fd, struct error *err)
{
	struct winsize size = { 0 };

	if (!p->console_size || p->console_size->height == 0)
		return 0;
	size.ws_row = (unsigned short)p->console_size->height;
	size.ws_col = (unsigned short)p->console_size->width;
	return ioctl(fd, TIOCSWINSZ, &size) < 0 ? error_sys(err, "set the terminal's size") : 0;
}

int process_enter_dir(const struct process *p, struct error *err)
{
	struct error why = { 0 };
	AUTO_CLOSE int rootfd = open("/", O_PATH | O_DIRECTORY | O_CLOEXEC); /* host path */
	AUTO_CLOSE int fd = -1;

	if (rootfd < 0)
		return error_sys(err, "open the root");
	fd = path_open(rootfd, p->spec->cwd, O_PATH | O_DIRECTORY, &why);
	if (fd >= 0 && fchdir(fd) == 0)
		return 0;
	if (fd < 0)
		errno = why.sys;
	error_sys(err, "chdir to cwd ('%s') set in config.json failed", p->spec->cwd);
	err->sys = 0;	/* that one is the program's */
	return -1;
}
