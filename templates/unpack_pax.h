/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef TEMPLATES_UNPACK_PAX_H
#define TEMPLATES_UNPACK_PAX_H

/*
 * What headers before an entry say of it: the records of a pax header ("LEN
 * KEY=VALUE\n", pax(1)) and GNU's long names. Nothing is taken from here: it is
 * read only to refuse what two readers would take differently.
 */

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum { PAX_FAULT_MAX = 160 };

struct unpack_pax {
	unsigned int seen;		/* rows of the table in unpack_pax.c, by bit */
	bool is_read;			/* there was a pax header for this entry */
	bool has_long_name, has_long_link;
	bool has_name, has_link;	/* from a pax header */
	bool has_slash;			/* the name ends in '/' */
	bool has_size, has_real_size;
	bool has_map_in_data;		/* a sparse file in GNU's format 1.0 */
	uint64_t size, real_size;
	char fault[PAX_FAULT_MAX];	/* why it is refused; "" while there is no reason */
};

/* The body of a header of the kind 'x' (this entry), 'g' (all that follow), 'L' (long name) or
 * 'K' (long link target). */
void pax_take(struct unpack_pax *pax, char kind, const char *text, size_t len);
/* True if the name that came with it is settled here, not in the entry's own header. */
bool pax_names(const struct unpack_pax *pax);

#endif
