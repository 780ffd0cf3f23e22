/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef TEMPLATES_PACK_H
#define TEMPLATES_PACK_H

/*
 * The program zone-pack, started by export.c:
 *
 *   zone-pack PACKING REPORTFD
 *
 * compresses descriptor 0 into descriptor 1 with gzip, zstd or xz of libarchive,
 * which zonectl itself does not link. The same bytes in are the same bytes out.
 * When it fails it writes one struct error to REPORTFD; it exits 0 or 1.
 */

#include "base/error.h"

/* Only in zone-pack. */
int pack(int infd, int outfd, const char *packing, struct error *err);

#endif
