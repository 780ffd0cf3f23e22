/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "templates/clone_ids.h"

#include <endian.h>
#include <linux/capability.h>
#include <linux/posix_acl.h>
#include <linux/posix_acl_xattr.h>
#include <string.h>

#include "base/str.h"

enum { IDS = 65536 };

struct clone_ids clone_ids_of(const struct stat *root)
{
	bool is_shifted = root->st_uid % IDS == 0 && root->st_uid == root->st_gid &&
			  root->st_uid <= UINT32_MAX - IDS;

	return (struct clone_ids){ .base = is_shifted ? root->st_uid : 0 };
}

static int back(const struct clone_ids *ids, const char *what, uint32_t *id, struct error *err)
{
	if (*id < ids->base || *id - ids->base >= IDS)
		return error_set(err, ERR_USAGE, "its %s %u is outside %u..%u", what, *id,
				 ids->base, ids->base + IDS - 1);
	*id -= ids->base;
	return 0;
}

int clone_ids_owner(const struct clone_ids *ids, uid_t *uid, gid_t *gid, struct error *err)
{
	return back(ids, "owner", uid, err) < 0 ? -1 : back(ids, "group", gid, err);
}

/* The kernel hands out version 2 of its own format alone (posix_acl_xattr.h). */
static int acl_back(const struct clone_ids *ids, char *value, size_t len, struct error *err)
{
	size_t at = sizeof(struct posix_acl_xattr_header);

	for (; at + sizeof(struct posix_acl_xattr_entry) <= len;
	     at += sizeof(struct posix_acl_xattr_entry)) {
		struct posix_acl_xattr_entry e;
		uint32_t id;

		memcpy(&e, value + at, sizeof(e));
		if (le16toh(e.e_tag) != ACL_USER && le16toh(e.e_tag) != ACL_GROUP)
			continue;
		id = le32toh(e.e_id);
		if (back(ids, "ACL's id", &id, err) < 0)
			return -1;
		e.e_id = htole32(id);
		memcpy(value + at, &e, sizeof(e));
	}
	return 0;
}

/* Version 3 names the root of the namespace that wrote it; version 2 is a template's own root. */
static void capability_back(char *value, size_t *len)
{
	uint32_t magic;

	if (*len != XATTR_CAPS_SZ_3)
		return;
	memcpy(&magic, value, sizeof(magic));
	magic = htole32(VFS_CAP_REVISION_2 | (le32toh(magic) & VFS_CAP_FLAGS_MASK));
	memcpy(value, &magic, sizeof(magic));
	*len = XATTR_CAPS_SZ_2;
}

int clone_ids_xattr(const struct clone_ids *ids, const char *name, char *value, size_t *len,
		    struct error *err)
{
	if (str_starts(name, "system.posix_acl_"))
		return acl_back(ids, value, *len, err);
	if (strcmp(name, "security.capability") == 0)
		capability_back(value, len);
	return 0;
}
