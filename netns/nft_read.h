/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef NETNS_NFT_READ_H
#define NETNS_NFT_READ_H

/* What nf_tables has: elements, tables, generations. None of it is part of a transaction. */

#include "netns/nft.h"

/* What is read of an element; borrowed from the message. */
struct nft_found {
	const char *set;
	const uint8_t *key;
	size_t key_len;
	const uint8_t *note;		/* as written by nft_note(), unchecked */
	size_t note_len;
	uint64_t bytes, packets;	/* of a counter */
};

/* Who takes what was read, one at a time; -1 with *err ends it. */
struct nft_taker {
	int (*take)(const struct nft_found *found, void *arg, struct error *err);
	void (*restart)(void *arg);	/* of nft_list(): forget all, it comes again */
	void *arg;
};

/* One element by its key, or all of a set. err->sys is ENOENT where it, set or table is not. */
int nft_find(struct nft *nft, uint8_t family, const char *set, const struct nft_element *key,
	     const struct nft_taker *taker, struct error *err);
int nft_list(struct nft *nft, uint8_t family, const char *set, const struct nft_taker *taker,
	     struct error *err);
/* nft_list() of a first piece, however long the list is. nft can but be closed then. */
int nft_list_some(struct nft *nft, uint8_t family, const char *set, const struct nft_taker *taker,
		  struct error *err);
/* Several at once: each is wanted, then all are read. In no transaction. */
void nft_want(struct nft *nft, uint8_t family, const char *set, const struct nft_element *key);
int nft_read(struct nft *nft, const struct nft_taker *taker, struct error *err);
int nft_has_table(struct nft *nft, uint8_t family, bool *out, struct error *err);
/* The number of the last change to any rules of this namespace, for nft_begin(). */
int nft_generation(struct nft *nft, uint32_t *out, struct error *err);

#endif
