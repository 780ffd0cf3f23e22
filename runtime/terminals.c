/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "runtime/terminals.h"

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>

#include "base/cleanup.h"
#include "base/fd.h"
#include "base/strv.h"

/* Those that were about to boot, and have closed theirs again. */
enum { SLACK = 512, MOST = 1 << 20 };

static int read_number(int dirfd, const char *name, long *out, struct error *err)
{
	char text[32];

	if (fd_read_control(dirfd, name, text, sizeof(text), err) < 0)
		return error_wrap(err, "kernel.pty");
	*out = strtol(text, NULL, 10);
	return 0;
}

int terminals_more(char ***warnings, struct error *err)
{
	AUTO_CLOSE int dirfd = -1;
	long most = 0, reserve = 0, used = 0, wanted;
	char text[32];

	dirfd = open("/proc/sys/kernel/pty", O_PATH | O_DIRECTORY | O_CLOEXEC); /* host path */
	if (dirfd < 0)
		return error_sys(err, "open '/proc/sys/kernel/pty'");
	if (read_number(dirfd, "max", &most, err) < 0 ||
	    read_number(dirfd, "reserve", &reserve, err) < 0 ||
	    read_number(dirfd, "nr", &used, err) < 0)
		return -1;
	if (used + reserve + SLACK < most)
		return 0;
	wanted = 2 * most < MOST ? 2 * most : MOST;
	snprintf(text, sizeof(text), "%ld", wanted);
	if (most >= MOST || fd_write_control(dirfd, "max", text, err) < 0) {
		error_set(err, ERR_RESOURCE, "all %ld terminals that kernel.pty.max allows"
			  " are in use", most);
		return error_hint(err, "sysctl -w kernel.pty.max=%ld", wanted);
	}
	strv_addf(warnings, "kernel.pty.max is %ld now, it was %ld", wanted, most);
	return 0;
}
