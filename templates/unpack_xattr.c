/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "templates/unpack_xattr.h"

#include <archive.h>
#include <archive_entry.h>
#include <endian.h>
#include <linux/capability.h>
#include <linux/posix_acl.h>
#include <linux/posix_acl_xattr.h>
#include <stdlib.h>
#include <string.h>
#include <sys/xattr.h>

#include "base/cleanup.h"
#include "base/mem.h"
#include "templates/xattrs.h"

enum {
	XATTRS_MAX = 128,		/* of one entry */
	ACL_ENTRIES_MAX = 1024,
	ID_MAX = 65535,
};

/* A capability that a user namespace wrote (version 3) names that namespace's root, which means
 * nothing here: it becomes version 2, the template's own root. */
static int capability_set(int fd, const char *value, size_t len, struct error *err)
{
	struct vfs_cap_data cap;
	uint32_t magic;

	if (len < sizeof(cap))
		return error_set(err, ERR_USAGE, "xattr 'security.capability' is damaged");
	memcpy(&cap, value, sizeof(cap));
	magic = le32toh(cap.magic_etc);
	if ((magic & VFS_CAP_REVISION_MASK) == VFS_CAP_REVISION_3 && len == XATTR_CAPS_SZ_3)
		magic = VFS_CAP_REVISION_2 | (magic & VFS_CAP_FLAGS_MASK);
	else if ((magic & VFS_CAP_REVISION_MASK) != VFS_CAP_REVISION_2 || len != XATTR_CAPS_SZ_2)
		return error_set(err, ERR_USAGE, "xattr 'security.capability' is damaged");
	cap.magic_etc = htole32(magic);
	if (fsetxattr(fd, "security.capability", &cap, XATTR_CAPS_SZ_2, 0) < 0)
		return error_sys(err, "set xattr 'security.capability'");
	return 0;
}

int unpack_xattrs(struct archive_entry *entry, int fd, struct unpack_skipped *skipped,
		  struct error *err)
{
	const char *name;
	const void *value;
	size_t len;

	if (archive_entry_xattr_reset(entry) > XATTRS_MAX)
		return error_set(err, ERR_USAGE, "it has more than %d xattrs", XATTRS_MAX);
	while (archive_entry_xattr_next(entry, &name, &value, &len) == ARCHIVE_OK) {
		if (!name || !xattr_is_kept(name)) {
			skipped->xattrs++;
			continue;
		}
		if (len > XATTR_SIZE_MAX)
			return error_set(err, ERR_USAGE, "xattr '%s' has %zu bytes", name, len);
		if (strcmp(name, "security.capability") == 0) {
			if (capability_set(fd, value, len, err) < 0)
				return -1;
		} else if (fsetxattr(fd, name, value, len, 0) < 0) {
			return error_sys(err, "set xattr '%s'", name);
		}
	}
	return 0;
}

struct acl {
	uint32_t id_base;
	struct posix_acl_xattr_header header;
	struct posix_acl_xattr_entry entries[ACL_ENTRIES_MAX];
};

static const struct {
	int theirs;			/* of libarchive */
	uint16_t ours;			/* of the kernel */
	bool has_id;
} acl_tags[] = {
	/* In the order the kernel wants them (posix_acl_valid). */
	{ ARCHIVE_ENTRY_ACL_USER_OBJ,  ACL_USER_OBJ,  false },
	{ ARCHIVE_ENTRY_ACL_USER,      ACL_USER,      true },
	{ ARCHIVE_ENTRY_ACL_GROUP_OBJ, ACL_GROUP_OBJ, false },
	{ ARCHIVE_ENTRY_ACL_GROUP,     ACL_GROUP,     true },
	{ ARCHIVE_ENTRY_ACL_MASK,      ACL_MASK,      false },
	{ ARCHIVE_ENTRY_ACL_OTHER,     ACL_OTHER,     false },
};

static uint16_t permissions(int permset)
{
	return (uint16_t)((permset & ARCHIVE_ENTRY_ACL_READ ? ACL_READ : 0) |
			  (permset & ARCHIVE_ENTRY_ACL_WRITE ? ACL_WRITE : 0) |
			  (permset & ARCHIVE_ENTRY_ACL_EXECUTE ? ACL_EXECUTE : 0));
}

static bool is_known_id(const struct acl *acl, int id)
{
	return (uint32_t)id >= acl->id_base && (uint32_t)id - acl->id_base <= ID_MAX;
}

/* The entries with one tag. Returns how many were added, or -1 for one without a number: GNU tar
 * writes names unless told otherwise, and whose they are only the archive's own passwd knows. */
static int acl_add(struct archive_entry *entry, int type, size_t tag, struct acl *acl, size_t n)
{
	int t, permset, kind, id, added = 0;
	const char *name;

	archive_entry_acl_reset(entry, type);
	while (archive_entry_acl_next(entry, type, &t, &permset, &kind, &id, &name) == ARCHIVE_OK) {
		if (kind != acl_tags[tag].theirs)
			continue;
		if (n + (size_t)added == ACL_ENTRIES_MAX ||
		    (acl_tags[tag].has_id && !is_known_id(acl, id)))
			return -1;
		acl->entries[n + (size_t)added++] = (struct posix_acl_xattr_entry){
			.e_tag = htole16(acl_tags[tag].ours),
			.e_perm = htole16(permissions(permset)),
			.e_id = htole32(acl_tags[tag].has_id ? (uint32_t)id - acl->id_base
							     : (uint32_t)ACL_UNDEFINED_ID),
		};
	}
	return added;
}

static int by_tag_and_id(const void *a, const void *b)
{
	const struct posix_acl_xattr_entry *x = a, *y = b;

	if (x->e_tag != y->e_tag)
		return le16toh(x->e_tag) < le16toh(y->e_tag) ? -1 : 1;
	return (le32toh(x->e_id) > le32toh(y->e_id)) - (le32toh(x->e_id) < le32toh(y->e_id));
}

static int acl_set(struct archive_entry *entry, int type, int fd, struct acl *acl,
		   struct unpack_skipped *skipped, struct error *err)
{
	bool is_default = type == ARCHIVE_ENTRY_ACL_TYPE_DEFAULT;
	const char *xattr = is_default ? "system.posix_acl_default" : "system.posix_acl_access";
	size_t n = 0;

	acl->header.a_version = htole32(POSIX_ACL_XATTR_VERSION);
	for (size_t i = 0; i < N_ROWS(acl_tags); i++) {
		int added = acl_add(entry, type, i, acl, n);

		if (added < 0) {
			skipped->acls++;
			return 0;
		}
		n += (size_t)added;
	}
	if (n == 0)
		return 0;
	qsort(acl->entries, n, sizeof(acl->entries[0]), by_tag_and_id);
	if (fsetxattr(fd, xattr, &acl->header,
		      sizeof(acl->header) + n * sizeof(acl->entries[0]), 0) < 0)
		return error_sys(err, "set the ACL");
	return 0;
}

int unpack_acls(struct archive_entry *entry, int fd, bool is_directory, uint32_t id_base,
		struct unpack_skipped *skipped, struct error *err)
{
	int access = archive_entry_acl_count(entry, ARCHIVE_ENTRY_ACL_TYPE_ACCESS);
	int inherited = is_directory ?
		archive_entry_acl_count(entry, ARCHIVE_ENTRY_ACL_TYPE_DEFAULT) : 0;
	AUTO_FREE struct acl *acl = NULL;

	/* An ACL of the three classic entries alone is the mode, and not counted. */
	if (access == 0 && inherited == 0)
		return 0;
	acl = xcalloc(1, sizeof(*acl));
	acl->id_base = id_base;
	if (access > 0 &&
	    acl_set(entry, ARCHIVE_ENTRY_ACL_TYPE_ACCESS, fd, acl, skipped, err) < 0)
		return -1;
	return inherited == 0 ? 0 : acl_set(entry, ARCHIVE_ENTRY_ACL_TYPE_DEFAULT, fd, acl,
					    skipped, err);
}
