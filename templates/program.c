/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "templates/program.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <string.h>
#include <unistd.h>

#include "base/cleanup.h"

int program_open(const char *name, struct error *err)
{
	char self[PATH_MAX];
	AUTO_CLOSE int dirfd = -1;
	ssize_t n = readlinkat(AT_FDCWD, "/proc/self/exe", self, sizeof(self) - 1);
	int fd;

	if (n > 0) {
		self[n] = '\0';
		*strrchr(self, '/') = '\0';
		dirfd = openat(AT_FDCWD, self, O_PATH | O_DIRECTORY | O_CLOEXEC);
	}
	fd = dirfd < 0 ? -1 : openat(dirfd, name, O_RDONLY | O_CLOEXEC);
	if (fd >= 0)
		return fd;
	cleanup_close(&dirfd);
	dirfd = openat(AT_FDCWD, PKGLIBEXECDIR, O_PATH | O_DIRECTORY | O_CLOEXEC);
	fd = dirfd < 0 ? -1 : openat(dirfd, name, O_RDONLY | O_CLOEXEC);
	if (fd < 0 && errno == ENOENT)
		return error_set(err, ERR_UNSUPPORTED, "no program '%s/%s'", PKGLIBEXECDIR, name);
	return fd < 0 ? error_sys(err, "open '%s/%s'", PKGLIBEXECDIR, name) : fd;
}
