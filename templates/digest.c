/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "templates/digest.h"

#include <errno.h>
#include <inttypes.h>
#include <limits.h>
#include <string.h>
#include <sys/sysmacros.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "base/mem.h"
#include "base/str.h"
#include "base/strv.h"
#include "templates/ahead.h"
#include "templates/walk.h"
#include "templates/xattrs.h"

enum { READ_SIZE = 128 * 1024 };

struct tally {
	struct sha256 sum;
	struct digest *out;		/* borrowed */
	const struct ahead *known;	/* borrowed, or NULL */
	char *buf;			/* READ_SIZE bytes, owned */
	const struct digest_sink *sink;	/* borrowed, or NULL */
	struct str text;		/* for the sink */
};

static char kind_of(mode_t mode)
{
	switch (mode & S_IFMT) {
	case S_IFREG:
		return 'f';
	case S_IFDIR:
		return 'd';
	case S_IFLNK:
		return 'l';
	case S_IFIFO:
		return 'p';
	case S_IFSOCK:
		return 's';
	case S_IFCHR:
		return 'c';
	default:
		return 'b';
	}
}

static void text_add_sum(struct tally *t, const uint8_t sum[SHA256_SIZE])
{
	char hex[SHA256_HEX_SIZE];

	if (t->sink)
		str_addf(&t->text, " %s", sum ? sha256_hex(sum, hex) : "-");
}

/* Each field ends in a NUL or is told its length first, so that no two trees read the same. */
static void fields_add(struct tally *t, const struct walk_entry *e)
{
	bool has_size = S_ISREG(e->st.st_mode);

	str_addf(&t->text, "%c %o %u %u %" PRIu64 " %" PRId64 " %u:%u", kind_of(e->st.st_mode),
		 e->st.st_mode & 07777, e->st.st_uid, e->st.st_gid,
		 has_size ? (uint64_t)e->st.st_size : 0, (int64_t)e->st.st_mtim.tv_sec,
		 major(e->st.st_rdev), minor(e->st.st_rdev));
	sha256_add(&t->sum, str_text(&t->text), t->text.len + 1);
}

static int xattrs_add(struct tally *t, const struct walk_entry *e, uint8_t digest[SHA256_SIZE],
		      bool *out_any, struct error *err)
{
	AUTO_STRV char **names = NULL;
	struct sha256 sum;

	sha256_init(&sum);
	if (e->fd >= 0 && xattr_list(e->fd, &names, err) < 0)
		return -1;
	for (char **name = names; name && *name; name++) {
		AUTO_FREE char *value = NULL;
		AUTO_STR struct str head = { 0 };
		size_t len;

		if (xattr_get(e->fd, *name, &value, &len, err) < 0)
			return -1;
		str_addf(&head, "x %s %zu", *name, len);
		sha256_add(&t->sum, str_text(&head), head.len + 1);
		sha256_add(&t->sum, value, len);
		sha256_add(&sum, str_text(&head), head.len + 1);
		sha256_add(&sum, value, len);
	}
	sha256_end(&sum, digest);
	*out_any = names && *names;
	return 0;
}

static int contents_read(struct tally *t, const struct walk_entry *e, uint8_t out[SHA256_SIZE],
			 struct error *err)
{
	struct sha256 sum;

	sha256_init(&sum);
	for (;;) {
		ssize_t n = read(e->fd, t->buf, READ_SIZE);

		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			return error_sys(err, "read");
		if (n == 0)
			break;
		sha256_add(&sum, t->buf, (size_t)n);
	}
	sha256_end(&sum, out);
	return 0;
}

static bool is_known(void *arg, const struct stat *st)
{
	const struct tally *t = arg;

	return t->known && ahead_find(t->known, st);
}

/* The walk opened the file unless it was known. */
static int contents_add(struct tally *t, const struct walk_entry *e, struct error *err)
{
	uint8_t digest[SHA256_SIZE];

	if (e->fd < 0)
		memcpy(digest, ahead_find(t->known, &e->st), sizeof(digest));
	else if (contents_read(t, e, digest, err) < 0)
		return -1;
	sha256_add(&t->sum, digest, sizeof(digest));
	text_add_sum(t, digest);
	t->out->size += (uint64_t)e->st.st_size;
	return 0;
}

static int target_add(struct tally *t, const struct walk_entry *e, struct error *err)
{
	char target[PATH_MAX];
	ssize_t n = readlinkat(e->dirfd, e->name, target, sizeof(target) - 1);
	uint8_t digest[SHA256_SIZE];
	struct sha256 sum;

	if (n < 0)
		return error_sys(err, "read link");
	target[n] = '\0';
	sha256_add(&t->sum, target, (size_t)n + 1);
	sha256_init(&sum);
	sha256_add(&sum, target, (size_t)n);
	sha256_end(&sum, digest);
	text_add_sum(t, digest);
	return 0;
}

static int inode_add(struct tally *t, const struct walk_entry *e, struct error *err)
{
	uint8_t xattrs[SHA256_SIZE];
	bool has_xattrs;

	fields_add(t, e);
	if (xattrs_add(t, e, xattrs, &has_xattrs, err) < 0)
		return -1;
	if (S_ISREG(e->st.st_mode)) {
		if (contents_add(t, e, err) < 0)
			return -1;
	} else if (S_ISLNK(e->st.st_mode)) {
		if (target_add(t, e, err) < 0)
			return -1;
	} else {
		text_add_sum(t, NULL);
	}
	text_add_sum(t, has_xattrs ? xattrs : NULL);
	return 0;
}

static int entry_add(void *arg, const struct walk_entry *e, struct error *err)
{
	struct tally *t = arg;

	t->out->files += e->number > 0;
	sha256_add(&t->sum, e->path, strlen(e->path) + 1);
	str_clear(&t->text);
	if (e->first != e->number) {
		str_addf(&t->text, "h %" PRIu64, e->first);
		sha256_add(&t->sum, str_text(&t->text), t->text.len + 1);
	} else if (inode_add(t, e, err) < 0) {
		return -1;
	}
	if (!t->sink)
		return 0;
	str_addf(&t->text, " %s", e->path);
	return t->sink->take(t->sink->arg, str_text(&t->text), err);
}

int digest_tree(int rootfd, const struct ahead *known, const struct digest_sink *sink,
		struct digest *out, struct error *err)
{
	AUTO_FREE char *buf = xcalloc(1, READ_SIZE);
	struct digest d = { .size = 0 };
	struct tally t = { .out = &d, .buf = buf, .sink = sink,
			   .known = known };
	const struct walk_calls calls = { .visit = entry_add, .is_known = is_known, .arg = &t };
	uint8_t sum[SHA256_SIZE];
	int r;

	sha256_init(&t.sum);
	sha256_add(&t.sum, "zonectl tree 1", sizeof("zonectl tree 1"));
	r = walk_tree_by(rootfd, &calls, err);
	str_clear(&t.text);
	if (r < 0)
		return error_wrap(err, "digest");
	sha256_end(&t.sum, sum);
	sha256_hex(sum, d.hex);
	*out = d;
	return 0;
}
