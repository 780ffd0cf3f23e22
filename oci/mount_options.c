/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "oci/mount_options.h"

#include <stddef.h>
#include <string.h>

#include "base/cleanup.h"
#include "base/strv.h"
#include "base/sys.h"

/* What an option does. */
enum act {
	ACT_ATTR, ACT_BELOW,		/* sets set, clears clear */
	ACT_SUPER, ACT_SUPER_OFF,	/* set: MS_ bits */
	ACT_PROPAGATION,		/* set: MS_ value */
	ACT_BIND, ACT_RBIND, ACT_IDMAP, ACT_RIDMAP, ACT_COPY_UP, ACT_COPY_LINK, ACT_SOURCE_NOFOLLOW,
	ACT_TARGET_NOFOLLOW,
	ACT_NONE,			/* known, and nothing to do */
};

/* clang-format off */
static const struct option_row {
	const char *name;
	enum act act;
	uint64_t set, clear;
} rows[] = {
	{ "async",          ACT_SUPER_OFF,   MS_SYNCHRONOUS, 0 },
	{ "atime",          ACT_ATTR,        0, MOUNT_ATTR__ATIME },
	{ "bind",           ACT_BIND,        0, 0 },
	{ "copy-symlink",   ACT_COPY_LINK,   0, 0 },
	{ "defaults",       ACT_NONE,        0, 0 },
	{ "dest-nofollow",  ACT_TARGET_NOFOLLOW, 0, 0 },
	{ "dev",            ACT_ATTR,        0, MOUNT_ATTR_NODEV },
	{ "diratime",       ACT_ATTR,        0, MOUNT_ATTR_NODIRATIME },
	{ "dirsync",        ACT_SUPER,       MS_DIRSYNC, 0 },
	{ "exec",           ACT_ATTR,        0, MOUNT_ATTR_NOEXEC },
	{ "idmap",          ACT_IDMAP,       0, 0 },
	{ "iversion",       ACT_SUPER,       MS_I_VERSION, 0 },
	{ "lazytime",       ACT_SUPER,       MS_LAZYTIME, 0 },
	{ "loud",           ACT_SUPER_OFF,   MS_SILENT, 0 },
	{ "mand",           ACT_NONE,        0, 0 },	/* the kernel dropped it with 5.15 */
	{ "noatime",        ACT_ATTR,        MOUNT_ATTR_NOATIME, MOUNT_ATTR__ATIME },
	{ "nodev",          ACT_ATTR,        MOUNT_ATTR_NODEV, 0 },
	{ "nodiratime",     ACT_ATTR,        MOUNT_ATTR_NODIRATIME, 0 },
	{ "noexec",         ACT_ATTR,        MOUNT_ATTR_NOEXEC, 0 },
	{ "noiversion",     ACT_SUPER_OFF,   MS_I_VERSION, 0 },
	{ "nolazytime",     ACT_SUPER_OFF,   MS_LAZYTIME, 0 },
	{ "nomand",         ACT_NONE,        0, 0 },
	{ "norelatime",     ACT_ATTR,        MOUNT_ATTR_STRICTATIME, MOUNT_ATTR__ATIME },
	{ "nostrictatime",  ACT_ATTR,        0, MOUNT_ATTR__ATIME },
	{ "nosuid",         ACT_ATTR,        MOUNT_ATTR_NOSUID, 0 },
	{ "nosymfollow",    ACT_ATTR,        MOUNT_ATTR_NOSYMFOLLOW, 0 },
	{ "private",        ACT_PROPAGATION, MS_PRIVATE, 0 },
	{ "ratime",         ACT_BELOW,       0, MOUNT_ATTR__ATIME },
	{ "rbind",          ACT_RBIND,       0, 0 },
	{ "rdev",           ACT_BELOW,       0, MOUNT_ATTR_NODEV },
	{ "rdiratime",      ACT_BELOW,       0, MOUNT_ATTR_NODIRATIME },
	{ "relatime",       ACT_ATTR,        0, MOUNT_ATTR__ATIME },
	{ "remount",        ACT_NONE,        0, 0 },
	{ "rexec",          ACT_BELOW,       0, MOUNT_ATTR_NOEXEC },
	{ "ridmap",         ACT_RIDMAP,      0, 0 },
	{ "rnoatime",       ACT_BELOW,       MOUNT_ATTR_NOATIME, MOUNT_ATTR__ATIME },
	{ "rnodev",         ACT_BELOW,       MOUNT_ATTR_NODEV, 0 },
	{ "rnodiratime",    ACT_BELOW,       MOUNT_ATTR_NODIRATIME, 0 },
	{ "rnoexec",        ACT_BELOW,       MOUNT_ATTR_NOEXEC, 0 },
	{ "rnorelatime",    ACT_BELOW,       MOUNT_ATTR_STRICTATIME, MOUNT_ATTR__ATIME },
	{ "rnostrictatime", ACT_BELOW,       0, MOUNT_ATTR__ATIME },
	{ "rnosuid",        ACT_BELOW,       MOUNT_ATTR_NOSUID, 0 },
	{ "rnosymfollow",   ACT_BELOW,       MOUNT_ATTR_NOSYMFOLLOW, 0 },
	{ "ro",             ACT_ATTR,        MOUNT_ATTR_RDONLY, 0 },
	{ "rprivate",       ACT_PROPAGATION, MS_PRIVATE | MS_REC, 0 },
	{ "rrelatime",      ACT_BELOW,       0, MOUNT_ATTR__ATIME },
	{ "rro",            ACT_BELOW,       MOUNT_ATTR_RDONLY, 0 },
	{ "rrw",            ACT_BELOW,       0, MOUNT_ATTR_RDONLY },
	{ "rshared",        ACT_PROPAGATION, MS_SHARED | MS_REC, 0 },
	{ "rslave",         ACT_PROPAGATION, MS_SLAVE | MS_REC, 0 },
	{ "rstrictatime",   ACT_BELOW,       MOUNT_ATTR_STRICTATIME, MOUNT_ATTR__ATIME },
	{ "rsuid",          ACT_BELOW,       0, MOUNT_ATTR_NOSUID },
	{ "rsymfollow",     ACT_BELOW,       0, MOUNT_ATTR_NOSYMFOLLOW },
	{ "runbindable",    ACT_PROPAGATION, MS_UNBINDABLE | MS_REC, 0 },
	{ "rw",             ACT_ATTR,        0, MOUNT_ATTR_RDONLY },
	{ "shared",         ACT_PROPAGATION, MS_SHARED, 0 },
	{ "silent",         ACT_SUPER,       MS_SILENT, 0 },
	{ "slave",          ACT_PROPAGATION, MS_SLAVE, 0 },
	{ "src-nofollow",   ACT_SOURCE_NOFOLLOW, 0, 0 },
	{ "strictatime",    ACT_ATTR,        MOUNT_ATTR_STRICTATIME, MOUNT_ATTR__ATIME },
	{ "suid",           ACT_ATTR,        0, MOUNT_ATTR_NOSUID },
	{ "symfollow",      ACT_ATTR,        0, MOUNT_ATTR_NOSYMFOLLOW },
	{ "sync",           ACT_SUPER,       MS_SYNCHRONOUS, 0 },
	{ "tmpcopyup",      ACT_COPY_UP,     0, 0 },
	{ "unbindable",     ACT_PROPAGATION, MS_UNBINDABLE, 0 },
};
/* clang-format on */

const char *mount_options_name(size_t i)
{
	return i < N_ROWS(rows) ? rows[i].name : NULL;
}

static void apply(struct mount_options *o, const struct option_row *row)
{
	switch (row->act) {
	case ACT_ATTR:
		o->set = (o->set & ~row->clear) | row->set;
		o->clear = (o->clear & ~row->set) | row->clear;
		break;
	case ACT_BELOW:
		o->below_set = (o->below_set & ~row->clear) | row->set;
		o->below_clear = (o->below_clear & ~row->set) | row->clear;
		break;
	case ACT_SUPER:
		o->superblock |= row->set;
		break;
	case ACT_SUPER_OFF:
		o->superblock &= ~row->set;
		break;
	case ACT_PROPAGATION:
		o->propagation[o->propagation[0] != 0] = row->set;
		break;
	case ACT_BIND:
		o->is_bind = true;
		break;
	case ACT_RBIND:
		o->is_bind = o->is_recursive = true;
		break;
	case ACT_IDMAP:
		o->is_idmapped = true;
		break;
	case ACT_RIDMAP:
		o->is_idmapped = o->is_idmapped_below = true;
		break;
	case ACT_COPY_UP:
		o->copies_up = true;
		break;
	case ACT_COPY_LINK:
		o->copies_link = true;
		break;
	case ACT_SOURCE_NOFOLLOW:
		o->follows_source = false;
		break;
	case ACT_TARGET_NOFOLLOW:
		o->follows_target = false;
		break;
	case ACT_NONE:
		break;
	}
}

static const struct option_row *find(const char *name)
{
	for (size_t i = 0; i < N_ROWS(rows); i++)
		if (strcmp(rows[i].name, name) == 0)
			return &rows[i];
	return NULL;
}

void mount_options_read(struct mount_options *out, const struct oci_mount *m)
{
	*out = (struct mount_options){ .follows_source = true, .follows_target = true };
	out->is_bind = m->type && strcmp(m->type, "bind") == 0;
	for (size_t i = 0; i < m->n_options; i++) {
		const struct option_row *row = find(m->options[i]);

		if (row)
			apply(out, row);
		else
			strv_add(&out->data, m->options[i]);
	}
	if (m->n_uids > 0)
		out->is_idmapped = true;
}

void mount_options_clear(struct mount_options *o)
{
	strv_clear(&o->data);
}
