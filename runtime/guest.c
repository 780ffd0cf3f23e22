/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "runtime/guest.h"

#include <stdlib.h>
#include <string.h>

#include "base/cleanup.h"
#include "base/mem.h"
#include "base/path.h"

enum { FILE_MAX = 4096 };

/* Only what differs is written: else every boot would copy the file up anew. */
static void write_line(int rootfd, const char *path, const char *line)
{
	AUTO_FREE char *wanted = xasprintf("%s\n", line);
	AUTO_FREE char *seen = NULL;
	struct error err = { 0 };

	if (path_read(rootfd, path, FILE_MAX, &seen, NULL, &err) == 0 && strcmp(seen, wanted) == 0)
		return;
	(void)path_write(rootfd, path, 0644, wanted, strlen(wanted), &err); /* see guest.h */
}

void guest_write(int rootfd, const struct launch *l)
{
	/* The default name was written by create, and may have been changed inside since. */
	if (l->is_hostname_set)
		write_line(rootfd, "etc/hostname", l->hostname);
}
