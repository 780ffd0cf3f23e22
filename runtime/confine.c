/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "runtime/confine.h"

#include <errno.h>
#include <fcntl.h>
#include <grp.h>
#include <linux/close_range.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "base/fd.h"
#include "base/mem.h"
#include "base/strv.h"
#include "base/sys.h"
#include "runtime/caps.h"
#include "runtime/stub_image.h"

/* Values that the kernel gives to its own first process, as systemd-nspawn(1) does too, so that a
 * zone does not depend on the shell that boot was typed in. */
/* clang-format off */
static const struct limit_row {
	int resource;
	rlim_t soft, hard;
} limit_rows[] = {
	{ RLIMIT_AS,      RLIM_INFINITY, RLIM_INFINITY },
	{ RLIMIT_CORE,    0,             RLIM_INFINITY },
	{ RLIMIT_CPU,     RLIM_INFINITY, RLIM_INFINITY },
	{ RLIMIT_DATA,    RLIM_INFINITY, RLIM_INFINITY },
	{ RLIMIT_FSIZE,   RLIM_INFINITY, RLIM_INFINITY },
	{ RLIMIT_MEMLOCK, 8 << 20,       8 << 20 },
	{ RLIMIT_NOFILE,  1024,          1 << 20 },
	{ RLIMIT_STACK,   8 << 20,       RLIM_INFINITY },
};
/* clang-format on */

enum { NUMBERS_MAX = 40 };		/* what the stub is told */
enum { MEMFD_EXEC = 0x10 };	/* MFD_EXEC, which the headers of Linux 6.1 lack */

/* Linux 6.3 and newer may be told to make memfds that can't be executed (sysctl
 * vm.memfd_noexec) unless asked; older ones do not know the flag. */
static int stub_memfd(void)
{
	int fd = memfd_create("zone-stub", MFD_CLOEXEC | MFD_ALLOW_SEALING | MEMFD_EXEC);

	if (fd >= 0 || errno != EINVAL)
		return fd;
	return memfd_create("zone-stub", MFD_CLOEXEC | MFD_ALLOW_SEALING);
}

int confine_stub_open(struct error *err)
{
	AUTO_CLOSE int fd = stub_memfd();

	if (fd < 0)
		return error_sys(err, "make a memfd for the stub");
	if (fd_write_all(fd, stub_image, (size_t)(stub_image_end - stub_image), err) < 0)
		return -1;
	if (fcntl(fd, F_ADD_SEALS, F_SEAL_SEAL | F_SEAL_SHRINK | F_SEAL_GROW | F_SEAL_WRITE) < 0)
		return error_sys(err, "seal the stub");
	return TAKE_FD(fd);
}

bool confine_needs_oom_score(void)
{
	char buf[16];
	struct error err = { 0 };

	/* A host where it can't be read has none to set back. */
	return fd_read_control(AT_FDCWD, "/proc/self/oom_score_adj", buf, sizeof(buf), &err) > 0 &&
	       strcmp(buf, "0") != 0;
}

int confine_raise(const struct confine *c, struct error *err)
{
	struct rlimit now, wanted;

	if (c->set_oom_score &&
	    fd_write_control(AT_FDCWD, "/proc/self/oom_score_adj", "0", err) < 0)
		return -1;
	if (c->nofile == 0)
		return 0;
	if (getrlimit(RLIMIT_NOFILE, &now) < 0)
		return error_sys(err, "read the limit of open files");
	if (c->nofile <= now.rlim_max)
		return 0;
	wanted.rlim_cur = wanted.rlim_max = c->nofile;
	if (setrlimit(RLIMIT_NOFILE, &wanted) == 0)
		return 0;
	error_set(err, ERR_UNSUPPORTED, "nofile: this host allows at most %llu open files",
		  (unsigned long long)now.rlim_max);
	return error_hint(err, "set nofile=%llu, or run zonectl with CAP_SYS_RESOURCE",
			  (unsigned long long)now.rlim_max);
}

/* No process in a user namespace may raise a hard limit (setrlimit(2)): it is lowered or left. */
static int set_limit(int resource, rlim_t soft, rlim_t hard, struct error *err)
{
	struct rlimit limit;

	if (getrlimit(resource, &limit) < 0)
		return error_sys(err, "read resource limit %d", resource);
	if (hard < limit.rlim_max)
		limit.rlim_max = hard;
	limit.rlim_cur = soft < limit.rlim_max ? soft : limit.rlim_max;
	if (setrlimit(resource, &limit) < 0)
		return error_sys(err, "set resource limit %d", resource);
	return 0;
}

static int set_limits(const struct confine *c, struct error *err)
{
	for (size_t i = 0; i < N_ROWS(limit_rows); i++) {
		const struct limit_row *row = &limit_rows[i];

		if (set_limit(row->resource, row->soft, row->hard, err) < 0)
			return -1;
	}
	return c->nofile == 0 ? 0 : set_limit(RLIMIT_NOFILE, c->nofile, c->nofile, err);
}

int confine_signals(struct error *err)
{
	sigset_t none;

	for (int sig = 1; sig < NSIG; sig++)
		(void)signal(sig, SIG_DFL);	/* fails for SIGKILL, SIGSTOP and libc's own */
	sigemptyset(&none);
	if (sigprocmask(SIG_SETMASK, &none, NULL) < 0)
		return error_sys(err, "reset the signal mask");
	return 0;
}

static int become(const struct confine_user *user, struct error *err)
{
	if (setgroups(user->n_groups, user->groups) < 0)
		return error_sys(err, "set groups");
	if (setresgid(user->gid, user->gid, user->gid) < 0)
		return error_sys(err, "become group %u", user->gid);
	if (setresuid(user->uid, user->uid, user->uid) < 0)
		return error_sys(err, "become user %u", user->uid);
	return 0;
}

int confine_stdio(const int stdio[3], struct error *err)
{
	int high[3];

	/* First all away from 0..2, so that none is overwritten before it was copied. */
	for (int i = 0; i < 3; i++) {
		high[i] = fcntl(stdio[i], F_DUPFD_CLOEXEC, 3);
		if (high[i] < 0)
			return error_sys(err, "copy descriptor %d", stdio[i]);
	}
	for (int i = 0; i < 3; i++)
		if (dup2(high[i], i) < 0)
			return error_sys(err, "set descriptor %d", i);
	return 0;
}

static int filter_up(const struct filter *filter, int noticesock, struct error *err)
{
	AUTO_CLOSE int noticefd = -1;

	if (!filter->has_notices)
		return filter_apply(filter, err);
	noticefd = filter_apply_notices(filter, err);
	return noticefd < 0 ? -1 : fd_send(noticesock, &noticefd, 1, "n", 1, err);
}

bool confine_is_program(const char *path)
{
	struct stat st;

	return fstatat(AT_FDCWD, path, &st, 0) == 0 && S_ISREG(st.st_mode) &&
	       faccessat(AT_FDCWD, path, X_OK, AT_EACCESS) == 0;
}

char *confine_find(const char *name, char *const *env, struct error *err)
{
	const char *search = strv_env_get(env, "PATH");
	AUTO_STRV char **dirs = NULL;

	if (strchr(name, '/'))
		return xstrdup(name);
	dirs = strv_split(search ? search : "", ":");
	for (char **d = dirs; d && *d; d++) {
		AUTO_FREE char *path = xasprintf("%s/%s", *d, name);

		if (confine_is_program(path))
			return TAKE_PTR(path);
	}
	errno = ENOENT;
	error_sys(err, "execute '%s'", name);
	return NULL;
}

int confine_apply(const struct confine *c, const struct confine_user *user, int noticesock,
		  struct error *err)
{
	umask(022);
	if (confine_signals(err) < 0 || set_limits(c, err) < 0)
		return -1;
	if (sys_keyring_new_session() < 0 && errno != ENOSYS)
		return error_sys(err, "join a new session keyring");
	if (caps_bound(c->caps, err) < 0 || caps_limit(c->caps, err) < 0)
		return -1;
	/* The filter needs CAP_SYS_ADMIN of this user namespace, which a user may not have. */
	if (filter_up(c->filter, noticesock, err) < 0)
		return -1;
	return become(user, err);
}

/* The report pipe goes right behind what is kept, so that one call closes all the rest. */
static int arrange(const struct confine_program *p, int *out_stubfd, char numbers[NUMBERS_MAX],
		   struct error *err)
{
	int reportfd = (int)p->n_kept + 3, sockfd = -1;

	*out_stubfd = fd_move_up(p->stubfd, reportfd + 1, err);
	if (*out_stubfd < 0)
		return -1;
	if (p->birth)
		sockfd = fd_move_up(p->birth->sockfd, reportfd + 1, err);
	if (p->birth && sockfd < 0)
		return -1;
	if (p->reportfd != reportfd && dup2(p->reportfd, reportfd) < 0)
		return error_sys(err, "move the report pipe");
	for (int fd = 3; fd <= reportfd; fd++)
		if (fcntl(fd, F_SETFD, 0) < 0 && errno != EBADF)
			return error_sys(err, "keep descriptor %d", fd);
	if (sys_close_range((unsigned int)reportfd + 1, ~0U, CLOSE_RANGE_CLOEXEC) < 0)
		return error_sys(err, "close what the zone must not have");
	snprintf(numbers, NUMBERS_MAX, "%d", reportfd);
	if (!p->birth)
		return 0;
	snprintf(numbers, NUMBERS_MAX, "%d,%d,%d", reportfd, sockfd, p->birth->has_terminal);
	return fcntl(sockfd, F_SETFD, 0) < 0 ? error_sys(err, "keep descriptor %d", sockfd) : 0;
}

int confine_exec(const struct confine_program *p, struct error *err)
{
	size_t n = strv_len(p->argv);
	char **stub_argv = xcalloc(n + 3, sizeof(*stub_argv));
	char numbers[NUMBERS_MAX];
	int stubfd;

	if (arrange(p, &stubfd, numbers, err) < 0)
		return -1;
	stub_argv[0] = (char *)p->path;
	stub_argv[1] = numbers;
	memcpy(stub_argv + 2, p->argv, n * sizeof(*p->argv));
	if (p->seal && p->seal(p->seal_arg, err) < 0)
		return -1;
	sys_execveat(stubfd, "", stub_argv, p->env, AT_EMPTY_PATH);
	return error_sys(err, "execute the stub");
}

void confine_run(const struct confine_task *task)
{
	if (prctl(PR_SET_DUMPABLE, 0) < 0 || sys_close_range(STDERR_FILENO + 1, ~0U, 0) < 0)
		_exit(1);
	_exit(task->main(task->arg));
}

int confine_report(int reportfd, const char *path, struct error *err)
{
	struct error report;
	size_t got = 0;

	while (got < sizeof(report)) {
		ssize_t n = read(reportfd, (char *)&report + got, sizeof(report) - got);

		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			return error_sys(err, "read the report pipe");
		if (n == 0)
			break;
		got += (size_t)n;
	}
	if (got == 0)
		return 0;
	if (got == sizeof(int)) {
		memcpy(&errno, &report, sizeof(int));
		return error_sys(err, "execute '%s'", path);
	}
	if (got != sizeof(report))
		return error_set(err, ERR_FAILED, "the first process of the zone was killed");
	report.text[sizeof(report.text) - 1] = '\0';
	report.hint[sizeof(report.hint) - 1] = '\0';
	*err = report;
	return -1;
}
