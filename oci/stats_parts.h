/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef OCI_STATS_PARTS_H
#define OCI_STATS_PARTS_H

/* What the files of stats.h share. A group is a descriptor, or -1: all of it is zero. */

#include <stdint.h>

#include "oci/stats.h"

/* The text of a control file, which the caller owns; "" where there is none. */
char *stats_text(int groupfd, const char *file);
/* A number of its own file; "max" is the largest. */
uint64_t stats_number(int groupfd, const char *file);
/* A number after a key of "KEY NUMBER" lines. */
uint64_t stats_key(const char *text, const char *key);
/* A member that is left out when it is 0. */
void stats_put(struct json_out *out, const char *key, uint64_t value);

/* The members "memory", "blkio" and "hugetlb". */
void stats_memory(struct json_out *out, const struct span *span);
void stats_block_io(struct json_out *out, const struct span *span);
void stats_hugepages(struct json_out *out, const struct span *span);

#endif
