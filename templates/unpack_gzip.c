/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "templates/unpack_gzip.h"

enum { WINDOW_GZIP = 15 + 16 };	/* the largest window, gzip header and trailer (zlib.h) */

int gzip_open(struct unpack_gzip *g, struct error *err)
{
	if (inflateInit2(&g->z, WINDOW_GZIP) != Z_OK)
		return error_set(err, ERR_RESOURCE, "no memory");
	g->is_open = true;
	return 0;
}

/* Makes input available; returns 1 if there is some. */
static int feed(struct unpack_gzip *g, gzip_source *source, void *arg, struct error *err)
{
	const void *data;
	ssize_t n;

	if (g->z.avail_in > 0)
		return 1;
	n = source(arg, &data, err);
	if (n <= 0)
		return (int)n;
	g->z.next_in = (z_const Bytef *)data;
	g->z.avail_in = (uInt)n;
	return 1;
}

static int inflate_some(struct unpack_gzip *g, struct error *err)
{
	int r = inflate(&g->z, Z_NO_FLUSH);

	if (r == Z_STREAM_END) {
		g->is_between = true;
		return 0;
	}
	if (r == Z_OK || r == Z_BUF_ERROR)
		return 0;
	if (r == Z_MEM_ERROR)
		return error_set(err, ERR_RESOURCE, "no memory");
	return error_set(err, ERR_USAGE, "damaged archive: gzip: %s",
			 g->z.msg ? g->z.msg : "bad data");
}

/* Behind a member: another one, or the end. What is neither stays unread, for the caller. */
static int member_next(struct unpack_gzip *g, gzip_source *source, void *arg, struct error *err)
{
	int r = feed(g, source, arg, err);

	if (r <= 0)
		return r;
	if (g->z.next_in[0] != 0x1f)
		return 0;
	g->is_between = false;
	inflateReset(&g->z);
	return 1;
}

ssize_t gzip_next(struct unpack_gzip *g, void *buf, size_t room, gzip_source *source, void *arg,
		  struct error *err)
{
	g->z.next_out = buf;
	g->z.avail_out = (uInt)room;
	while (g->z.avail_out > 0) {
		int r = g->is_between ? member_next(g, source, arg, err)
				      : feed(g, source, arg, err);

		if (r < 0)
			return -1;
		if (r == 0 && !g->is_between)
			return error_set(err, ERR_USAGE, "truncated: the gzip data end early");
		if (r == 0)
			break;
		if (inflate_some(g, err) < 0)
			return -1;
	}
	return (ssize_t)(room - g->z.avail_out);
}

void gzip_close(struct unpack_gzip *g)
{
	if (g->is_open)
		inflateEnd(&g->z);
	g->is_open = false;
}
