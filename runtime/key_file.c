/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "runtime/key_file.h"

#include <fcntl.h>
#include <string.h>

#include "base/cleanup.h"
#include "base/fd.h"
#include "base/strv.h"
#include "runtime/property_users.h"

enum { FILE_MAX = 1 << 20 };

int key_file_read(int fd, const char *name, char ***out, struct error *err)
{
	AUTO_FREE char *text = NULL;
	AUTO_STRV char **lines = NULL;

	if (fd_read_all(fd, FILE_MAX, &text, NULL, err) < 0)
		return -1;
	if (strstr(text, "PRIVATE KEY-----")) {
		error_set(err, ERR_USAGE, "'%s' is a private key", name);
		return error_hint(err, "give the public one, which ends in .pub");
	}
	lines = strv_split(text, "\r\n");
	for (char *const *line = lines; line && *line; line++) {
		if (**line == '#')
			continue;
		if (property_check_ssh_key(*line, err) < 0)
			return error_wrap(err, "'%s'", name);
		strv_add(out, *line);
	}
	return *out ? 0 : error_set(err, ERR_USAGE, "'%s' holds no key", name);
}

int key_file_open(const char *path, char ***out, struct error *err)
{
	AUTO_CLOSE int fd = open(path, O_RDONLY | O_CLOEXEC); /* host path */

	if (fd < 0) {
		error_sys(err, "open '%s'", path);
		err->kind = ERR_USAGE;
		return -1;
	}
	return key_file_read(fd, path, out, err);
}
