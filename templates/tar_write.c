/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "templates/tar_write.h"

#include <errno.h>
#include <inttypes.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "base/fd.h"
#include "base/utf8.h"

/* The header block (POSIX.1-2017, pax, ustar Interchange Format). */
struct header {
	char name[100];
	char mode[8];
	char uid[8];
	char gid[8];
	char size[12];
	char mtime[12];
	char checksum[8];
	char type;
	char linkname[100];
	char magic[6];
	char version[2];
	char uname[32];
	char gname[32];
	char devmajor[8];
	char devminor[8];
	char prefix[155];
	char pad[12];
};

_Static_assert(sizeof(struct header) == TAR_BLOCK, "a header is one block");

enum { RECORD = 20 * TAR_BLOCK };

void tar_pax(struct str *out, const char *key, const char *value, size_t len)
{
	size_t rest = strlen(" =\n") + strlen(key) + len, total = rest, digits = 0;

	/* The length counts its own digits. */
	for (size_t n = total; digits == 0 || n > 0; n /= 10)
		digits++;
	total = rest + digits;
	for (size_t n = total, again = 0; n > 0; n /= 10) {
		if (++again > digits)
			total = rest + again;
	}
	str_addf(out, "%zu %s=", total, key);
	str_addn(out, value, len);
	str_addc(out, '\n');
}

void tar_begin(struct tar_writer *w, int fd)
{
	w->fd = fd;
	w->written = 0;
	w->len = 0;
}

static int flush(struct tar_writer *w, struct error *err)
{
	size_t len = w->len;

	w->len = 0;
	return fd_write_all(w->fd, w->buf, len, err);
}

static int put(struct tar_writer *w, const void *data, size_t n, struct error *err)
{
	const char *from = data;

	w->written += n;
	while (n > 0) {
		size_t room = TAR_BUFFER_SIZE - w->len, part = n < room ? n : room;

		memcpy(w->buf + w->len, from, part);
		w->len += part;
		from += part;
		n -= part;
		if (w->len == TAR_BUFFER_SIZE && flush(w, err) < 0)
			return -1;
	}
	return 0;
}

static int pad(struct tar_writer *w, size_t to, struct error *err)
{
	static const char zeros[TAR_BLOCK];
	size_t over = (size_t)(w->written % to);

	for (size_t left = over ? to - over : 0; left > 0;) {
		size_t part = left < sizeof(zeros) ? left : sizeof(zeros);

		if (put(w, zeros, part, err) < 0)
			return -1;
		left -= part;
	}
	return 0;
}

/* An octal number that fills its field but for the NUL; false, and zero, when it is too large. */
static bool put_octal(char *field, size_t size, uint64_t value)
{
	bool fits = value >> (3 * (size - 1)) == 0;

	snprintf(field, size, "%0*" PRIo64, (int)size - 1, fits ? value : 0);
	return fits;
}

/* Without its NUL when it fills the field, cut when it is longer. */
static bool put_text(char *field, size_t size, const char *text)
{
	size_t len = strlen(text);

	memcpy(field, text, len < size ? len : size);
	return len <= size;
}

static void checksum(struct header *h)
{
	const unsigned char *bytes = (const unsigned char *)h;
	unsigned int sum = 0;

	memset(h->checksum, ' ', sizeof(h->checksum));
	for (size_t i = 0; i < sizeof(*h); i++)
		sum += bytes[i];
	snprintf(h->checksum, sizeof(h->checksum), "%06o", sum);
}

static bool is_utf8(const char *text)
{
	size_t left = strlen(text);
	uint32_t code;

	while (left > 0) {
		size_t n = utf8_next(text, left, &code);

		if (n == 0)
			return false;
		text += n;
		left -= n;
	}
	return true;
}

/* A text that ustar has no room for. One that is no UTF-8 is said to be bytes (libarchive and
 * POSIX, hdrcharset), once. */
static void pax_text(struct str *pax, const char *key, const char *text, bool *is_binary)
{
	if (!is_utf8(text) && !*is_binary) {
		tar_pax(pax, "hdrcharset", "BINARY", strlen("BINARY"));
		*is_binary = true;
	}
	tar_pax(pax, key, text, strlen(text));
}

static void pax_number(struct str *pax, const char *key, int64_t value)
{
	char text[32];

	snprintf(text, sizeof(text), "%" PRId64, value);
	tar_pax(pax, key, text, strlen(text));
}

/* Fills the header and appends to pax what it can't say. */
static void header_fill(struct header *h, const struct tar_entry *e, const char *path,
			const char *target, struct str *pax)
{
	bool is_binary = false;

	h->type = e->type;
	memcpy(h->magic, "ustar", sizeof("ustar"));
	memcpy(h->version, "00", 2);
	put_octal(h->mode, sizeof(h->mode), e->mode & 07777);
	put_octal(h->devmajor, sizeof(h->devmajor), 0);
	put_octal(h->devminor, sizeof(h->devminor), 0);
	if (!put_text(h->name, sizeof(h->name), path))
		pax_text(pax, "path", path, &is_binary);
	if (target && !put_text(h->linkname, sizeof(h->linkname), target))
		pax_text(pax, "linkpath", target, &is_binary);
	if (!put_octal(h->uid, sizeof(h->uid), e->uid))
		pax_number(pax, "uid", e->uid);
	if (!put_octal(h->gid, sizeof(h->gid), e->gid))
		pax_number(pax, "gid", e->gid);
	if (!put_octal(h->size, sizeof(h->size), e->size))
		pax_number(pax, "size", (int64_t)e->size);
	if (!put_octal(h->mtime, sizeof(h->mtime), e->mtime < 0 ? UINT64_MAX : (uint64_t)e->mtime))
		pax_number(pax, "mtime", e->mtime);
	checksum(h);
}

/* The records before an entry, themselves an entry that nobody sees. */
static int pax_put(struct tar_writer *w, const struct str *pax, struct error *err)
{
	struct header h = { .type = 'x', .magic = "ustar", .version = { '0', '0' } };

	put_text(h.name, sizeof(h.name), "./PaxHeaders/entry");
	put_octal(h.mode, sizeof(h.mode), 0644);
	put_octal(h.uid, sizeof(h.uid), 0);
	put_octal(h.gid, sizeof(h.gid), 0);
	put_octal(h.size, sizeof(h.size), pax->len);
	put_octal(h.mtime, sizeof(h.mtime), 0);
	put_octal(h.devmajor, sizeof(h.devmajor), 0);
	put_octal(h.devminor, sizeof(h.devminor), 0);
	checksum(&h);
	if (put(w, &h, sizeof(h), err) < 0 || put(w, str_text(pax), pax->len, err) < 0)
		return -1;
	return pad(w, TAR_BLOCK, err);
}

int tar_entry(struct tar_writer *w, const struct tar_entry *e, struct error *err)
{
	AUTO_STR struct str path = { 0 };
	AUTO_STR struct str target = { 0 };
	AUTO_STR struct str pax = { 0 };
	struct header h = { .type = 0 };

	str_addf(&path, "./%s%s", e->path, e->type == '5' && *e->path ? "/" : "");
	if (e->target)
		str_addf(&target, "%s%s", e->type == '1' ? "./" : "", e->target);
	header_fill(&h, e, str_text(&path), e->target ? str_text(&target) : NULL, &pax);
	if (e->pax)
		str_addn(&pax, str_text(e->pax), e->pax->len);
	if (pax.len > 0 && pax_put(w, &pax, err) < 0)
		return -1;
	return put(w, &h, sizeof(h), err);
}

int tar_data(struct tar_writer *w, int fd, uint64_t size, struct error *err)
{
	while (size > 0) {
		size_t room = TAR_BUFFER_SIZE - w->len;
		ssize_t n = read(fd, w->buf + w->len, size < room ? (size_t)size : room);

		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			return error_sys(err, "read");
		if (n == 0)
			return error_set(err, ERR_FAILED, "it became shorter while it was read");
		w->len += (size_t)n;
		w->written += (uint64_t)n;
		size -= (uint64_t)n;
		if (w->len == TAR_BUFFER_SIZE && flush(w, err) < 0)
			return -1;
	}
	return pad(w, TAR_BLOCK, err);
}

int tar_end(struct tar_writer *w, struct error *err)
{
	static const char marks[2 * TAR_BLOCK];

	if (put(w, marks, sizeof(marks), err) < 0 || pad(w, RECORD, err) < 0)
		return -1;
	return flush(w, err);
}
