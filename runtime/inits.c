/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "runtime/inits.h"

#include <fcntl.h>
#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "base/fd.h"
#include "base/strv.h"

/* SIGRTMIN+4 as programs linked with glibc count it, whatever libc zonectl has: systemd is built
 * with no other. */
enum { SIGNAL_POWEROFF_SYSTEMD = 34 + 4, STATUS_MAX = 8192 };

static const char *const telinit_off[] = { "/sbin/init", "0", NULL };
static const char *const runit_off[] = { "/sbin/runit-init", "0", NULL };

/* Gathered from the sources of the inits (docs/boot.md, section 8). */
/* clang-format off */
static const struct init_row {
	const char *kind;
	struct inits_shutdown shutdown;
	const char *single;		/* argument for single-user mode, or NULL */
} init_rows[] = {
	{ "systemd",  { SIGNAL_POWEROFF_SYSTEMD, NULL }, "--unit=rescue.target" },
	/* Before 3.10 a power failure is one only where inittab says so: telinit it is. */
	{ "sysvinit", { 0, telinit_off },                "single" },
	{ "busybox",  { SIGUSR2, NULL },                 NULL },
	{ "openrc-init", { SIGTERM, NULL },              "single" },
	{ "runit",    { 0, runit_off },                  "single" },
	{ "dinit",    { SIGTERM, NULL },                 "single" },
	{ "finit",    { SIGUSR2, NULL },                 "single" },
	{ "s6",       { SIGTERM, NULL },                 NULL },
	{ "upstart",  { 0, telinit_off },                "single" },
	{ "procd",    { SIGUSR2, NULL },                 NULL },
	{ "",         { SIGTERM, NULL },                 NULL },	/* any program */
};
/* clang-format on */

static const struct init_row *find(const char *kind)
{
	size_t i = 0;

	while (i < N_ROWS(init_rows) - 1 && strcmp(kind, init_rows[i].kind) != 0)
		i++;
	return &init_rows[i];
}

struct inits_shutdown inits_shutdown(const char *kind)
{
	return find(kind)->shutdown;
}

static uint64_t mask_of(const char *status, const char *name)
{
	const char *line = strstr(status, name);

	return line ? strtoull(line + strlen(name), NULL, 16) : 0;
}

/* Busybox init and others sleep in sigtimedwait(2), where the signals that are waited for show as
 * neither blocked nor caught (do_sigtimedwait() in kernel/signal.c), yet are not lost. */
static bool is_waiting_for_signals(pid_t pid)
{
	AUTO_FREE char *call = NULL;
	struct error err = { 0 };
	char path[32];
	AUTO_CLOSE int fd = -1;

	snprintf(path, sizeof(path), "/proc/%d/syscall", pid);
	fd = open(path, O_RDONLY | O_CLOEXEC); /* host path */
	if (fd < 0 || fd_read_all(fd, STATUS_MAX, &call, NULL, &err) < 0)
		return false;
	return strtol(call, NULL, 10) == SYS_rt_sigtimedwait;
}

bool inits_listens(pid_t pid, int sig)
{
	AUTO_FREE char *status = NULL;
	struct error err = { 0 };
	char path[32];
	AUTO_CLOSE int fd = -1;

	snprintf(path, sizeof(path), "/proc/%d/status", pid);
	fd = open(path, O_RDONLY | O_CLOEXEC); /* host path */
	if (fd < 0 || fd_read_all(fd, STATUS_MAX, &status, NULL, &err) < 0)
		return false;
	if (((mask_of(status, "SigBlk:\t") | mask_of(status, "SigCgt:\t")) >>
	     (unsigned int)(sig - 1)) & 1)
		return true;
	return is_waiting_for_signals(pid);
}

int inits_add_single(const char *kind, char ***argv, struct error *err)
{
	const struct init_row *row = find(kind);

	if (!row->single)
		return error_set(err, ERR_UNSUPPORTED, "%s init has no single-user mode",
				 *kind ? kind : "this");
	strv_add(argv, row->single);
	return 0;
}
