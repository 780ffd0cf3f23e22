/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "templates/export.h"

#include <endian.h>
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <limits.h>
#include <linux/posix_acl.h>
#include <linux/posix_acl_xattr.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "base/fd.h"
#include "base/mem.h"
#include "base/proc.h"
#include "base/str.h"
#include "base/strv.h"
#include "templates/program.h"
#include "templates/tar_write.h"
#include "templates/walk.h"
#include "templates/xattrs.h"

/* clang-format off */
static const struct {
	const char *name;
	const char *endings[3];
} packings[EXPORT_PACKINGS] = {
	[EXPORT_PLAIN] = { "none", { NULL } },
	[EXPORT_GZIP] =  { "gzip", { ".gz", ".tgz", NULL } },
	[EXPORT_ZSTD] =  { "zstd", { ".zst", ".tzst", NULL } },
	[EXPORT_XZ] =    { "xz",   { ".xz", ".txz", NULL } },
};
/* clang-format on */

const char *export_packing_name(enum export_packing packing)
{
	return packings[packing].name;
}

int export_packing_find(const char *name, enum export_packing *out, struct error *err)
{
	for (size_t i = 0; i < N_ROWS(packings); i++) {
		if (strcmp(packings[i].name, name) != 0)
			continue;
		*out = (enum export_packing)i;
		return 0;
	}
	error_set(err, ERR_USAGE, "no compression '%s'", name);
	return error_hint(err, "gzip, zstd, xz or none");
}

enum export_packing export_packing_of_file(const char *path)
{
	for (size_t i = 0; i < N_ROWS(packings); i++) {
		for (const char *const *ending = packings[i].endings; *ending; ending++) {
			if (str_ends(path, *ending))
				return (enum export_packing)i;
		}
	}
	return EXPORT_PLAIN;
}

/* The first name of each file that has several, by its number in the walk, which grows. */
struct names {
	struct name {
		uint64_t number;
		char *path;		/* owned */
	} *list;			/* owned */
	size_t n, room;
};

struct export {
	struct tar_writer *tar;		/* borrowed */
	struct names names;
};

static void name_keep(struct names *names, const struct walk_entry *e)
{
	if (names->n == names->room) {
		names->room = names->room ? 2 * names->room : 64;
		names->list = xreallocarray(names->list, names->room, sizeof(*names->list));
	}
	names->list[names->n++] = (struct name){ e->number, xstrdup(e->path) };
}

static int by_number(const void *key, const void *at)
{
	uint64_t number = *(const uint64_t *)key;
	const struct name *name = at;

	return (number > name->number) - (number < name->number);
}

/* clang-format off */
static const struct {
	uint16_t tag;
	const char *word;
	bool has_id;
} acl_tags[] = {
	{ ACL_USER_OBJ,  "user",  false },
	{ ACL_USER,      "user",  true },
	{ ACL_GROUP_OBJ, "group", false },
	{ ACL_GROUP,     "group", true },
	{ ACL_MASK,      "mask",  false },
	{ ACL_OTHER,     "other", false },
};
/* clang-format on */

static void acl_entry_text(const struct posix_acl_xattr_entry *entry, struct str *out)
{
	uint16_t tag = le16toh(entry->e_tag), perm = le16toh(entry->e_perm);

	for (size_t i = 0; i < N_ROWS(acl_tags); i++) {
		if (acl_tags[i].tag != tag)
			continue;
		str_addf(out, "%s%s:", out->len ? "," : "", acl_tags[i].word);
		if (acl_tags[i].has_id)
			str_addf(out, "%" PRIu32, le32toh(entry->e_id));
		str_addf(out, ":%c%c%c", perm & ACL_READ ? 'r' : '-', perm & ACL_WRITE ? 'w' : '-',
			 perm & ACL_EXECUTE ? 'x' : '-');
	}
}

/* The short text form of acl(5), ids as numbers; star, GNU tar and libarchive read it. */
static int acl_add(struct str *pax, const char *key, const char *value, size_t len,
		   struct error *err)
{
	const size_t head = sizeof(struct posix_acl_xattr_header);
	const size_t each = sizeof(struct posix_acl_xattr_entry);
	struct posix_acl_xattr_entry entry;
	AUTO_STR struct str text = { 0 };

	if (len < head || (len - head) % each != 0)
		return error_set(err, ERR_FAILED, "its ACL has a form that is not known");
	for (size_t at = head; at < len; at += each) {
		memcpy(&entry, value + at, each);
		acl_entry_text(&entry, &text);
	}
	tar_pax(pax, key, str_text(&text), text.len);
	return 0;
}

static int xattr_add(struct str *pax, const char *name, const char *value, size_t len,
		     struct error *err)
{
	AUTO_FREE char *key = NULL;

	if (strcmp(name, "system.posix_acl_access") == 0)
		return acl_add(pax, "SCHILY.acl.access", value, len, err);
	if (strcmp(name, "system.posix_acl_default") == 0)
		return acl_add(pax, "SCHILY.acl.default", value, len, err);
	key = xasprintf("SCHILY.xattr.%s", name);
	/* A record's key ends at the first '=', and there is no way to write another into it. */
	if (strpbrk(name, "=\n"))
		return error_set(err, ERR_UNSUPPORTED,
				 "the name of an extended attribute has no form in an archive");
	tar_pax(pax, key, value, len);
	return 0;
}

static int xattrs_add(int fd, struct str *pax, struct error *err)
{
	AUTO_STRV char **names = NULL;

	if (xattr_list(fd, &names, err) < 0)
		return -1;
	for (char **name = names; name && *name; name++) {
		AUTO_FREE char *value = NULL;
		size_t len;

		if (xattr_get(fd, *name, &value, &len, err) < 0 ||
		    xattr_add(pax, *name, value, len, err) < 0)
			return -1;
	}
	return 0;
}

static int link_add(struct export *x, const struct walk_entry *e, struct tar_entry *entry,
		    struct error *err)
{
	const struct name *first = x->names.n == 0 ? NULL :
		bsearch(&e->first, x->names.list, x->names.n, sizeof(*x->names.list), by_number);

	if (!first)
		return error_set(err, ERR_FAILED, "its other names changed while it was read");
	entry->type = '1';
	entry->target = first->path;
	return tar_entry(x->tar, entry, err);
}

static int symlink_add(struct export *x, const struct walk_entry *e, struct tar_entry *entry,
		       struct error *err)
{
	char target[PATH_MAX];
	ssize_t n = readlinkat(e->dirfd, e->name, target, sizeof(target) - 1);

	if (n < 0)
		return error_sys(err, "read link");
	target[n] = '\0';
	entry->type = '2';
	entry->target = target;
	return tar_entry(x->tar, entry, err);
}

static int entry_add(void *arg, const struct walk_entry *e, struct error *err)
{
	struct export *x = arg;
	AUTO_STR struct str pax = { 0 };
	struct tar_entry entry = {
		.path = e->path, .mode = e->st.st_mode & 07777,
		.uid = e->st.st_uid, .gid = e->st.st_gid, .mtime = e->st.st_mtim.tv_sec,
		.pax = &pax,
	};

	if (e->first != e->number)
		return link_add(x, e, &entry, err);
	if (!S_ISDIR(e->st.st_mode) && e->st.st_nlink > 1)
		name_keep(&x->names, e);
	if (S_ISLNK(e->st.st_mode))
		return symlink_add(x, e, &entry, err);
	if (e->fd >= 0 && xattrs_add(e->fd, &pax, err) < 0)
		return -1;
	entry.type = S_ISREG(e->st.st_mode) ? '0' : S_ISDIR(e->st.st_mode) ? '5' : '6';
	if (!S_ISREG(e->st.st_mode) && !S_ISDIR(e->st.st_mode) && !S_ISFIFO(e->st.st_mode))
		return error_set(err, ERR_FAILED, "no template holds such a file");
	if (!S_ISREG(e->st.st_mode))
		return tar_entry(x->tar, &entry, err);
	entry.size = (uint64_t)e->st.st_size;
	if (tar_entry(x->tar, &entry, err) < 0)
		return -1;
	return tar_data(x->tar, e->fd, entry.size, err);
}

static int tree_write(int rootfd, int outfd, struct error *err)
{
	AUTO_FREE struct tar_writer *tar = xcalloc(1, sizeof(*tar));
	struct export x = { .tar = tar };
	int r;

	tar_begin(tar, outfd);
	r = walk_tree(rootfd, entry_add, NULL, &x, err);
	for (size_t i = 0; i < x.names.n; i++)
		free(x.names.list[i].path);
	free(x.names.list);
	return r < 0 ? -1 : tar_end(tar, err);
}

/* zone-pack between the archive and the file. Returns its pidfd. */
static int packer_start(const char *packing, int tarfd, int outfd, int reportfd, struct error *err)
{
	AUTO_CLOSE int programfd = program_open("zone-pack", err);
	AUTO_STRV char **argv = NULL;
	int keep[] = { programfd, reportfd };
	struct proc_spawn spawn = {
		.stdin_fd = tarfd, .stdout_fd = outfd, .stderr_fd = -1,
		.keep_fds = keep, .n_keep_fds = N_ROWS(keep), .dirfd = -1,
	};
	pid_t pid;

	if (programfd < 0)
		return -1;
	strv_addf(&argv, "/proc/self/fd/%d", programfd);
	strv_add(&argv, packing);
	strv_addf(&argv, "%d", reportfd);
	spawn.argv = argv;
	return proc_spawn(&spawn, &pid, err);
}

/* What the packer says of itself is why writing to it failed. */
static int packer_end(int pidfd, int reportfd, struct error *err)
{
	struct error said = { 0 };
	ssize_t n = read(reportfd, &said, sizeof(said));
	int status = proc_reap(pidfd, err);

	if (status < 0)
		return -1;
	if (n == sizeof(said) && said.kind > ERR_NONE && said.kind <= ERR_PARTIAL) {
		said.text[sizeof(said.text) - 1] = '\0';
		error_set(err, said.kind, "%s", said.text);
		err->sys = said.sys;
		return -1;
	}
	return status == 0 ? 0 : error_set(err, ERR_FAILED, "zone-pack failed (status %d)", status);
}

static int packed_write(int rootfd, int outfd, const char *packing, struct error *err)
{
	struct error writing = { 0 };
	int tar[2], report[2], pidfd, r;

	if (pipe2(tar, O_CLOEXEC) < 0)
		return error_sys(err, "make a pipe");
	if (pipe2(report, O_CLOEXEC) < 0) {
		error_sys(err, "make a pipe");
		close(tar[0]);
		close(tar[1]);
		return -1;
	}
	pidfd = packer_start(packing, tar[0], outfd, report[1], err);
	close(tar[0]);
	close(report[1]);
	r = pidfd < 0 ? -1 : tree_write(rootfd, tar[1], &writing);
	close(tar[1]);
	if (pidfd >= 0 && packer_end(pidfd, report[0], err) < 0) {
		r = -1;
	} else if (pidfd >= 0 && r < 0) {
		*err = writing;
	}
	close(report[0]);
	cleanup_close(&pidfd);
	return r;
}

int export_tree(int rootfd, int outfd, enum export_packing packing, struct error *err)
{
	void (*before)(int) = signal(SIGPIPE, SIG_IGN);
	int r = packing == EXPORT_PLAIN ?
			tree_write(rootfd, outfd, err) :
			packed_write(rootfd, outfd, export_packing_name(packing), err);

	(void)signal(SIGPIPE, before);
	return r;
}
