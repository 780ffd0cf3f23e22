/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "templates/xattrs.h"

#include <errno.h>
#include <linux/limits.h>
#include <string.h>
#include <sys/xattr.h>

#include "base/cleanup.h"
#include "base/mem.h"
#include "base/str.h"
#include "base/strv.h"

/* clang-format off */
static const struct {
	const char *name;
	bool is_prefix;
} kept[] = {
	{ "security.capability",      false },
	{ "system.posix_acl_access",  false },
	{ "system.posix_acl_default", false },
	{ "user.",                    true },
	/* Not trusted.*: overlayfs takes trusted.overlay.* of a lower layer as an order. Not
	 * security.selinux, .ima, .evm: labels mean something only to the host that wrote them. */
};
/* clang-format on */

bool xattr_is_kept(const char *name)
{
	for (size_t i = 0; i < N_ROWS(kept); i++) {
		if (!kept[i].is_prefix && strcmp(name, kept[i].name) == 0)
			return true;
		if (kept[i].is_prefix && str_starts(name, kept[i].name) &&
		    name[strlen(kept[i].name)])
			return true;
	}
	return false;
}

static bool xattr_is_any(const char *name)
{
	return *name;
}

static int list_names(int fd, bool (*is_wanted)(const char *name), char ***out, struct error *err)
{
	char names[4096];
	AUTO_FREE char *more = NULL;
	char *list = names;
	ssize_t n = flistxattr(fd, names, sizeof(names));

	if (n < 0 && errno == ERANGE) {
		list = more = xcalloc(1, XATTR_LIST_MAX);
		n = flistxattr(fd, list, XATTR_LIST_MAX);
	}
	if (n < 0 && errno != EOPNOTSUPP)
		return error_sys(err, "list xattrs");
	*out = NULL;
	for (const char *name = list; n > 0 && name < list + n; name += strlen(name) + 1) {
		if (is_wanted(name))
			strv_add(out, name);
	}
	strv_sort_unique(*out);
	return 0;
}

int xattr_list(int fd, char ***out, struct error *err)
{
	return list_names(fd, xattr_is_kept, out, err);
}

int xattr_list_all(int fd, char ***out, struct error *err)
{
	return list_names(fd, xattr_is_any, out, err);
}

int xattr_get(int fd, const char *name, char **out, size_t *out_len, struct error *err)
{
	char value[1024];
	AUTO_FREE char *more = NULL;
	char *from = value;
	ssize_t n = fgetxattr(fd, name, value, sizeof(value));

	if (n < 0 && errno == ERANGE) {
		from = more = xcalloc(1, XATTR_SIZE_MAX);
		n = fgetxattr(fd, name, from, XATTR_SIZE_MAX);
	}
	if (n < 0)
		return error_sys(err, "read xattr '%s'", name);
	*out = xcalloc(1, (size_t)n + 1);
	memcpy(*out, from, (size_t)n);
	*out_len = (size_t)n;
	return 0;
}
