/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "templates/unpack_stream.h"

#include <archive.h>
#include <archive_entry.h>
#include <errno.h>
#include <poll.h>
#include <string.h>
#include <unistd.h>

#include "base/cleanup.h"

enum {
	RECORD = 512,			/* of tar */
	HEAD = 65 * 1024,		/* enough for every mark below */
	RATIO_FROM = 64 << 20,		/* small archives may pack as well as they like */
	ASK_MS = 100,			/* how often it is asked whether input is still wanted */
};

typedef ssize_t fill_fn(struct unpack_stream *s, char *buf, size_t room);

static fill_fn plain_fill, gzip_fill, lib_fill;

struct format {
	size_t offset;
	const char *mark;
	size_t len;
	const char *what;
	fill_fn *fill;			/* NULL: not taken */
	int (*filter)(struct archive *a);	/* for lib_fill */
	const char *hint;
};

#define MARK(text) text, sizeof(text) - 1
#define BY(name) archive_read_support_filter_##name

static const char disk_hint[] = "a zone needs files, not a disk: mount the image and pack its root "
				"with tar --xattrs --numeric-owner";
static const char squashfs_hint[] = "unpack it first: it is taken alone, as a file";
static const char lzop_hint[] = "unpack it with lzop -d first";
static const char memory_hint[] =
	"pack it with a dictionary of at most 64 MiB, as by xz -9 or zstd -19";
static const char other_hint[] =
	"take a root filesystem as tar, plain or gzip, xz, zstd, bzip2 or lz4";

/* clang-format off */
/* The first that fits counts: what is packed comes before marks that stand further on, where its
 * bytes may be anything. A format with a hint is known and not taken. */
static const struct format formats[] = {
	{ 0,     MARK("\x1f\x8b"),           "gzip",                    gzip_fill, NULL, NULL },
	{ 0,     MARK("BZh"),                "bzip2",                   lib_fill, BY(bzip2), NULL },
	{ 0,     MARK("\xfd" "7zXZ\0"),      "xz",                      lib_fill, BY(xz), NULL },
	{ 0,     MARK("\x28\xb5\x2f\xfd"),   "zstd",                    lib_fill, BY(zstd), NULL },
	{ 0,     MARK("\x04\x22\x4d\x18"),   "lz4",                     lib_fill, BY(lz4), NULL },
	{ 257,   MARK("ustar"),              "tar",                     plain_fill, NULL, NULL },
	{ 0,     MARK("QFI\xfb"),            "a disk image (qcow2)",    NULL, NULL, disk_hint },
	{ 0,     MARK("KDMV"),               "a disk image (VMDK)",     NULL, NULL, disk_hint },
	{ 0,     MARK("# Disk DescriptorFile"), "a disk image (VMDK)",     NULL, NULL, disk_hint },
	{ 0,     MARK("vhdxfile"),           "a disk image (VHDX)",     NULL, NULL, disk_hint },
	{ 0,     MARK("conectix"),           "a disk image (VHD)",      NULL, NULL, disk_hint },
	{ 64,    MARK("\x7f\x10\xda\xbe"),   "a disk image (VDI)",      NULL, NULL, disk_hint },
	{ 512,   MARK("EFI PART"),           "a disk image",            NULL, NULL, disk_hint },
	{ 32769, MARK("CD001"),              "a CD image",              NULL, NULL, disk_hint },
	{ 1080,  MARK("\x53\xef"),           "a filesystem image (ext)", NULL, NULL, disk_hint },
	{ 0,     MARK("XFSB"),               "a filesystem image (xfs)", NULL, NULL, disk_hint },
	{ 65600, MARK("_BHRfS_M"),           "a filesystem image (btrfs)", NULL, NULL, disk_hint },
	{ 1024,  MARK("\xe2\xe1\xf5\xe0"),   "a filesystem image (erofs)", NULL, NULL, disk_hint },
	{ 0,     MARK("LUKS\xba\xbe"),       "an encrypted disk image", NULL, NULL, disk_hint },
	{ 0,     MARK("WithoutFreeSpace"),   "a disk image (ploop)",    NULL, NULL, disk_hint },
	{ 0,     MARK("WithouFreSpacExt"),   "a disk image (ploop)",    NULL, NULL, disk_hint },
	{ 0,     MARK("hsqs"),               "a squashfs image",        NULL, NULL, squashfs_hint },
	{ 0,     MARK("\x89LZO"),            "an lzop file",            NULL, NULL, lzop_hint },
	{ 0,     MARK("LZIP"),               "an lzip file",            NULL, NULL, other_hint },
	{ 0,     MARK("\x1f\x9d"),           "a file of compress(1)",   NULL, NULL, other_hint },
	{ 0,     MARK("Rar!\x1a\x07"),       "a rar file",              NULL, NULL, other_hint },
	{ 0,     MARK("PK\x03\x04"),         "a zip file",              NULL, NULL, other_hint },
	{ 0,     MARK("7z\xbc\xaf\x27\x1c"), "a 7z file",               NULL, NULL, other_hint },
	{ 0,     MARK("\xed\xab\xee\xdb"),   "an rpm package",          NULL, NULL, other_hint },
	{ 0,     MARK("!<arch>\n"),          "an ar archive or a deb package", NULL, NULL,
	  other_hint },
	{ 0,     MARK("07070"),              "a cpio archive",          NULL, NULL, other_hint },
	/* A boot sector; a tar header has zeros there. */
	{ 510,   MARK("\x55\xaa"),           "a disk image",            NULL, NULL, disk_hint },
};
/* clang-format on */

static const struct format plain_tar = { .what = "tar", .fill = plain_fill };

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

static uint64_t text_length(const char *data, size_t len)
{
	while (len > 0 && data[len - 1] == '\0')
		len--;
	return len;
}

/* The end mark alone: a layer that changes nothing. */
static bool is_empty_tar(const char *head, size_t len)
{
	return len >= 2 * RECORD && len % RECORD == 0 && text_length(head, len) == 0;
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

/* A writer of the other end that says nothing more must not keep a reader that has given up. */
static int input_wait(struct unpack_stream *s, struct error *err)
{
	struct pollfd fd = { .fd = s->fd, .events = POLLIN };

	for (;;) {
		int n = poll(&fd, 1, ASK_MS);

		if (n > 0)
			return 0;
		if (n < 0 && errno != EINTR)
			return error_sys(err, "wait for the archive");
		if (s->is_wanted && !s->is_wanted(s->arg))
			return error_set(err, ERR_FAILED, "given up");
	}
}

static ssize_t input_read(struct unpack_stream *s, char *buf, size_t room, struct error *err)
{
	ssize_t n;

	if (input_wait(s, err) < 0)
		return -1;
	do {
		n = read(s->fd, buf, room);
	} while (n < 0 && errno == EINTR);
	if (n < 0)
		return error_sys(err, "read the archive");
	s->packed += (uint64_t)n;
	return n;
}

/* More of the packed bytes. */
static ssize_t source_read(void *arg, const void **out, struct error *err)
{
	struct unpack_stream *s = arg;
	ssize_t n;

	*out = s->block;
	if (s->head > 0) {
		n = (ssize_t)s->head;
		s->packed += s->head;
		s->head = 0;
	} else {
		n = input_read(s, s->block, sizeof(s->block), err);
	}
	if (n >= 0)
		s->last = (size_t)n;
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

	/* A window of zstd --long=27, a dictionary beyond xz -9: unpack_sandbox.c has the limit. */
	if (archive_errno(a) == ENOMEM || (text && strstr(text, "memory"))) {
		error_set(err, ERR_USAGE, "it needs more memory to unpack than is allowed");
		return error_hint(err, "%s", memory_hint);
	}
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
	if (!f && s->has_sum && is_empty_tar(s->block, s->head))
		f = &plain_tar;
	if (!f) {
		error_set(err, ERR_USAGE, "it is no archive that is known here");
		return error_hint(err, "%s", other_hint);
	}
	if (f->hint) {
		error_set(err, ERR_UNSUPPORTED, "it is %s", f->what);
		return error_hint(err, "%s", f->hint);
	}
	s->fill = f->fill;
	if (f->fill == gzip_fill)
		return gzip_open(&s->gzip, err);
	return f->filter ? filter_open(s, f, err) : 0;
}

int stream_ratio(const struct unpack_stream *s, uint64_t size, struct error *err)
{
	if (size <= RATIO_FROM || size / s->limits->ratio <= s->packed)
		return 0;
	return error_set(err, ERR_USAGE, "it unpacks to more than %llu times its size",
			 (unsigned long long)s->limits->ratio);
}

static int count(struct unpack_stream *s, const char *data, size_t len)
{
	const struct format *inner = s->unpacked == 0 ? format_of(data, len) : NULL;
	uint64_t text = text_length(data, len);

	if (inner && strcmp(inner->what, "tar") != 0) {
		s->has_failed = true;
		if (!inner->hint)
			return error_set(&s->err, ERR_USAGE, "%s", twice);
		error_set(&s->err, ERR_UNSUPPORTED, "it is %s, compressed", inner->what);
		return error_hint(&s->err, "%s", inner->hint);
	}
	if (s->has_sum)
		sha256_add(&s->sum, data, len);
	if (text > 0)
		s->text_end = s->unpacked + text;
	s->unpacked += len;
	s->has_failed = stream_ratio(s, s->unpacked, &s->err) < 0;
	return s->has_failed ? -1 : 0;
}

static ssize_t plain_fill(struct unpack_stream *s, char *buf, size_t room)
{
	size_t n = s->head;

	if (n == 0)
		return input_read(s, buf, room, &s->err);
	/* It is less than a block of the ring. */
	memcpy(buf, s->block, n);
	s->packed += n;
	s->head = 0;
	return (ssize_t)n;
}

static ssize_t gzip_fill(struct unpack_stream *s, char *buf, size_t room)
{
	return gzip_next(&s->gzip, buf, room, source_read, s, &s->err);
}

/* libarchive hands out blocks of its own, some of them empty. */
static ssize_t lib_fill(struct unpack_stream *s, char *buf, size_t room)
{
	size_t n;

	while (s->n_left == 0) {
		la_int64_t offset;
		const void *data;
		int r = archive_read_data_block(s->filter, &data, &s->n_left, &offset);

		if (r == ARCHIVE_EOF)
			return 0;
		if (r != ARCHIVE_OK)
			return damaged(s->filter, &s->err);
		s->left = data;
	}
	n = s->n_left < room ? s->n_left : room;
	memcpy(buf, s->left, n);
	s->left += n;
	s->n_left -= n;
	return (ssize_t)n;
}

ssize_t stream_fill(struct unpack_stream *s, char *buf, size_t room)
{
	size_t len = 0;

	while (len < room) {
		ssize_t n = s->fill(s, buf + len, room - len);

		if (n < 0) {
			s->has_failed = true;
			return -1;
		}
		if (n == 0)
			break;
		len += (size_t)n;
	}
	return len > 0 && count(s, buf, len) < 0 ? -1 : (ssize_t)len;
}

static uint64_t unread(const struct unpack_stream *s)
{
	if (s->filter)
		return s->packed - (uint64_t)archive_filter_bytes(s->filter, -1);
	return s->fill == gzip_fill ? s->gzip.z.avail_in : 0;
}

/* What the filter left unread: of the last block, then of the descriptor. Tapes pad with zeros. */
static int trailer_check(struct unpack_stream *s, struct error *err)
{
	uint64_t left = unread(s);
	const char *tail;

	if (left > s->last)
		left = s->last;
	tail = s->block + s->last - left;
	for (;;) {
		ssize_t n;

		if (text_length(tail, left) > 0)
			return error_set(err, ERR_USAGE, "there is something behind the archive");
		n = input_read(s, s->block, sizeof(s->block), err);
		if (n <= 0)
			return (int)n;
		tail = s->block;
		left = (uint64_t)n;
	}
}

int stream_end(struct unpack_stream *s, uint64_t end, struct error *err)
{
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
