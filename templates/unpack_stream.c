/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "templates/unpack_stream.h"

#include <archive.h>
#include <archive_entry.h>
#include <errno.h>
#include <string.h>
#include <unistd.h>

#include "base/cleanup.h"

enum {
	RECORD = 512,			/* of tar */
	HEAD = 64 * 1024,		/* enough for every mark below */
	RATIO_FROM = 64 << 20,		/* small archives may pack as well as they like */
};

struct format {
	size_t offset;
	const char *mark;
	size_t len;
	const char *what;
	int (*filter)(struct archive *a);	/* NULL: not taken, or by gzip_open() */
	const char *hint;
};

#define MARK(text) text, sizeof(text) - 1
#define BY(name) archive_read_support_filter_##name

static const char disk_hint[] = "a zone needs files, not a disk: mount the image and pack its root "
				"with tar --xattrs --numeric-owner";
static const char squashfs_hint[] = "unpack it with unsquashfs and pack it with tar";
static const char lzop_hint[] = "unpack it with lzop -d first";
static const char other_hint[] =
	"take a root filesystem as tar, plain or gzip, xz, zstd, bzip2 or lz4";

/* clang-format off */
/* The first that fits counts: what is packed comes before marks that stand further on, where its
 * bytes may be anything. A format with a hint is known and not taken. */
static const struct format formats[] = {
	{ 0,     MARK("\x1f\x8b"),           "gzip",                    NULL, NULL }, /* by zlib */
	{ 0,     MARK("BZh"),                "bzip2",                   BY(bzip2), NULL },
	{ 0,     MARK("\xfd" "7zXZ\0"),      "xz",                      BY(xz), NULL },
	{ 0,     MARK("\x28\xb5\x2f\xfd"),   "zstd",                    BY(zstd), NULL },
	{ 0,     MARK("\x04\x22\x4d\x18"),   "lz4",                     BY(lz4), NULL },
	{ 257,   MARK("ustar"),              "tar",                     BY(none), NULL },
	{ 0,     MARK("QFI\xfb"),            "a disk image (qcow2)",    NULL, disk_hint },
	{ 0,     MARK("KDMV"),               "a disk image (VMDK)",     NULL, disk_hint },
	{ 0,     MARK("# Disk DescriptorFile"), "a disk image (VMDK)",     NULL, disk_hint },
	{ 0,     MARK("vhdxfile"),           "a disk image (VHDX)",     NULL, disk_hint },
	{ 0,     MARK("conectix"),           "a disk image (VHD)",      NULL, disk_hint },
	{ 64,    MARK("\x7f\x10\xda\xbe"),   "a disk image (VDI)",      NULL, disk_hint },
	{ 512,   MARK("EFI PART"),           "a disk image",            NULL, disk_hint },
	{ 32769, MARK("CD001"),              "a CD image",              NULL, disk_hint },
	{ 1080,  MARK("\x53\xef"),           "a filesystem image (ext)", NULL, disk_hint },
	{ 0,     MARK("XFSB"),               "a filesystem image (xfs)", NULL, disk_hint },
	{ 0,     MARK("WithoutFreeSpace"),   "a disk image (ploop)",    NULL, disk_hint },
	{ 0,     MARK("WithouFreSpacExt"),   "a disk image (ploop)",    NULL, disk_hint },
	{ 0,     MARK("hsqs"),               "a squashfs image",        NULL, squashfs_hint },
	{ 0,     MARK("\x89LZO"),            "an lzop file",            NULL, lzop_hint },
	{ 0,     MARK("PK\x03\x04"),         "a zip file",              NULL, other_hint },
	{ 0,     MARK("7z\xbc\xaf\x27\x1c"), "a 7z file",               NULL, other_hint },
	{ 0,     MARK("\xed\xab\xee\xdb"),   "an rpm package",          NULL, other_hint },
	{ 0,     MARK("!<arch>\n"),          "an ar archive or a deb package", NULL, other_hint },
	{ 0,     MARK("07070"),              "a cpio archive",          NULL, other_hint },
	/* A boot sector; a tar header has zeros there. */
	{ 510,   MARK("\x55\xaa"),           "a disk image",            NULL, disk_hint },
};
/* clang-format on */

static const struct format plain_tar = { .what = "tar",
					 .filter = archive_read_support_filter_none };

/* Before POSIX a tar header had no mark, only a checksum. */
static bool is_old_tar(const char *head, size_t len)
{
	unsigned int sum = 0, want = 0;

	if (len < RECORD)
		return false;
	for (size_t i = 0; i < RECORD; i++)
		sum += i >= 148 && i < 156 ? ' ' : (unsigned char)head[i];
	for (size_t i = 148; i < 156 && head[i] != '\0'; i++) {
		if (head[i] >= '0' && head[i] <= '7')
			want = want * 8 + (unsigned int)(head[i] - '0');
	}
	return sum == want;
}

static const struct format *format_of(const char *head, size_t len)
{
	for (size_t i = 0; i < N_ROWS(formats); i++) {
		const struct format *f = &formats[i];

		if (len >= f->offset + f->len && memcmp(head + f->offset, f->mark, f->len) == 0)
			return f;
	}
	return is_old_tar(head, len) ? &plain_tar : NULL;
}

static int head_read(struct unpack_stream *s, struct error *err)
{
	while (s->head < HEAD) {
		ssize_t n = read(s->fd, s->block + s->head, HEAD - s->head);

		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			return error_sys(err, "read the archive");
		if (n == 0)
			break;
		s->head += (size_t)n;
	}
	return 0;
}

/* More of the packed bytes. */
static ssize_t source_read(void *arg, const void **out, struct error *err)
{
	struct unpack_stream *s = arg;
	ssize_t n;

	*out = s->block;
	if (s->head > 0) {
		n = (ssize_t)s->head;
		s->head = 0;
	} else {
		do {
			n = read(s->fd, s->block, sizeof(s->block));
		} while (n < 0 && errno == EINTR);
	}
	if (n < 0)
		return error_sys(err, "read the archive");
	s->last = (size_t)n;
	s->packed += (uint64_t)n;
	return n;
}

static la_ssize_t filter_read(struct archive *a, void *arg, const void **out)
{
	struct error err = { 0 };
	ssize_t n = source_read(arg, out, &err);

	if (n < 0)
		archive_set_error(a, err.sys, "%s", err.text);
	return n;
}

static int damaged(struct archive *a, struct error *err)
{
	const char *text = archive_error_string(a);

	/* A window of zstd --ultra, a dictionary beyond xz -9: unpack_sandbox.c has the limit. */
	if (archive_errno(a) == ENOMEM || (text && strstr(text, "memory")))
		return error_set(err, ERR_USAGE, "it needs more memory to unpack than is allowed");
	return error_set(err, ERR_USAGE, "damaged archive: %s", text ? text : "unreadable");
}

/* A gzip of a gzip is no archive, and may be one of itself without end (CVE-2016-7166). */
static const char twice[] = "it is compressed more than once";

static int filter_open(struct unpack_stream *s, const struct format *f, struct error *err)
{
	struct archive_entry *entry;

	s->filter = archive_read_new();
	if (!s->filter)
		return error_set(err, ERR_RESOURCE, "no memory");
	/* ARCHIVE_WARN: this libarchive would run an external program for it. */
	if (f->filter(s->filter) != ARCHIVE_OK)
		return error_set(err, ERR_UNSUPPORTED, "libarchive is built without %s", f->what);
	archive_read_support_format_raw(s->filter);
	if (archive_read_open(s->filter, s, NULL, filter_read, NULL) != ARCHIVE_OK ||
	    archive_read_next_header(s->filter, &entry) != ARCHIVE_OK)
		return damaged(s->filter, err);
	/* One filter and the source below it. */
	if (archive_filter_count(s->filter) > 2)
		return error_set(err, ERR_USAGE, "%s", twice);
	return 0;
}

int stream_open(struct unpack_stream *s, int fd, const struct unpack_limits *limits,
		struct error *err)
{
	const struct format *f;

	s->fd = fd;
	s->limits = limits;
	sha256_init(&s->sum);
	if (head_read(s, err) < 0)
		return -1;
	if (s->head == 0)
		return error_set(err, ERR_USAGE, "the file is empty");
	f = format_of(s->block, s->head);
	if (!f) {
		error_set(err, ERR_USAGE, "it is no archive that is known here");
		return error_hint(err, "%s", other_hint);
	}
	if (f->hint) {
		error_set(err, ERR_UNSUPPORTED, "it is %s", f->what);
		return error_hint(err, "%s", f->hint);
	}
	return f->filter ? filter_open(s, f, err) : gzip_open(&s->gzip, err);
}

static uint64_t text_length(const char *data, size_t len)
{
	while (len > 0 && data[len - 1] == '\0')
		len--;
	return len;
}

static int count(struct unpack_stream *s, const char *data, size_t len)
{
	const struct format *inner = s->unpacked == 0 ? format_of(data, len) : NULL;
	uint64_t text = text_length(data, len);

	if (inner && !inner->hint && strcmp(inner->what, "tar") != 0) {
		s->has_failed = true;
		return error_set(&s->err, ERR_USAGE, "%s", twice);
	}
	if (s->has_sum)
		sha256_add(&s->sum, data, len);
	if (text > 0)
		s->text_end = s->unpacked + text;
	s->unpacked += len;
	if (s->unpacked > RATIO_FROM && s->unpacked / s->limits->ratio > s->packed) {
		s->has_failed = true;
		return error_set(&s->err, ERR_USAGE, "it unpacks to more than %llu times its size",
				 (unsigned long long)s->limits->ratio);
	}
	return 0;
}

/* One block from the filter, which may be empty; 0 with *len 0 at the end. */
static int filter_next(struct unpack_stream *s, const void **out, size_t *len, bool *out_end)
{
	la_int64_t offset;
	int r = archive_read_data_block(s->filter, out, len, &offset);

	*out_end = r == ARCHIVE_EOF;
	return *out_end || r == ARCHIVE_OK ? 0 : damaged(s->filter, &s->err);
}

static int gunzip_next(struct unpack_stream *s, const void **out, size_t *len, bool *out_end)
{
	ssize_t n = gzip_next(&s->gzip, source_read, s, &s->err);

	*out = s->gzip.out;
	*len = n > 0 ? (size_t)n : 0;
	*out_end = n == 0;
	return n < 0 ? -1 : 0;
}

ssize_t stream_next(struct unpack_stream *s, const void **out)
{
	bool is_end = false;
	size_t len = 0;

	while (len == 0) {
		int r = s->filter ? filter_next(s, out, &len, &is_end)
				  : gunzip_next(s, out, &len, &is_end);

		if (r < 0) {
			s->has_failed = true;
			return -1;
		}
		if (is_end)
			return 0;
	}
	return count(s, *out, len) < 0 ? -1 : (ssize_t)len;
}

static uint64_t unread(const struct unpack_stream *s)
{
	if (!s->filter)
		return s->gzip.z.avail_in;
	return s->packed - (uint64_t)archive_filter_bytes(s->filter, -1);
}

/* What the filter left unread: of the last block, then of the descriptor. Tapes pad with zeros. */
static int trailer_check(struct unpack_stream *s, struct error *err)
{
	uint64_t left = unread(s);
	ssize_t n;

	if (left > s->last)
		left = s->last;
	if (text_length(s->block + s->last - left, left) > 0)
		return error_set(err, ERR_USAGE, "there is something behind the archive");
	for (;;) {
		n = read(s->fd, s->block, sizeof(s->block));
		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			return error_sys(err, "read the archive");
		if (n == 0)
			return 0;
		if (text_length(s->block, (size_t)n) > 0)
			return error_set(err, ERR_USAGE, "there is something behind the archive");
	}
}

int stream_end(struct unpack_stream *s, uint64_t end, struct error *err)
{
	const void *data;
	ssize_t n;

	do {
		n = stream_next(s, &data);
	} while (n > 0);
	if (n < 0) {
		*err = s->err;
		return -1;
	}
	if (s->unpacked < end + RECORD)
		return error_set(err, ERR_USAGE, "truncated: the end mark is missing");
	if (s->text_end > end)
		return error_set(err, ERR_USAGE,
				 "there is something behind the archive's end mark");
	return trailer_check(s, err);
}

void stream_close(struct unpack_stream *s)
{
	archive_read_free(s->filter);
	s->filter = NULL;
	gzip_close(&s->gzip);
}
