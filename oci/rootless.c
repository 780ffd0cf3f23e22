/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "oci/rootless.h"

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "base/fd.h"
#include "base/mem.h"

/* The host's own is the only one that maps every id, in one row (user_namespaces(7)). */
bool rootless_is_nested(void)
{
	AUTO_CLOSE int fd = open("/proc/self/uid_map", O_RDONLY | O_CLOEXEC); /* host path */
	unsigned long inside, outside, count;
	struct error ignored = { 0 };
	AUTO_FREE char *text = NULL;

	if (fd < 0 || fd_read_all(fd, 4096, &text, NULL, &ignored) < 0)
		return false;
	return sscanf(text, "%lu %lu %lu", &inside, &outside, &count) == 3 &&
	       (inside != 0 || outside != 0 || count != 4294967295UL);
}

/* As runc tells a user namespace that stands for a user from a container with root in it. */
const char *rootless_root(void)
{
	const char *dir = getenv("XDG_RUNTIME_DIR"), *user = getenv("USER");

	if (!dir || !*dir)
		return "/run/zone-oci";
	if (geteuid() == 0 && (!rootless_is_nested() || (user && strcmp(user, "root") == 0)))
		return "/run/zone-oci";
	return xasprintf("%s/zone-oci", dir);
}
