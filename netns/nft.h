/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef NETNS_NFT_H
#define NETNS_NFT_H

/*
 * The messages of nf_tables (linux/netfilter/nf_tables.h) that change tables,
 * chains, sets, rules and elements, put together to transactions, whatever the
 * table is for. What is read is nft_read.h's. For netns/table*.c.
 */

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/error.h"
#include "netns/nl.h"

enum {
	NFT_NAME_MAX = 32,		/* of our sets and chains, with the NUL */
	NFT_KEY_MAX = 64,		/* NFT_DATA_VALUE_MAXLEN */
	NFT_NOTE_MAX = 256,		/* NFT_USERDATA_MAXLEN */
	NFT_STEPS_MAX = 14,
	NFT_FLOWS_MAX = 1 << 20,
	NFT_ARG_MAX = 16,
};

struct nft {
	struct nl nl;
	struct nl_batch batch;
	const char *table;		/* borrowed; the same name in every family */
};

/* What one step of a rule does. Registers are words of 4 bytes, from 0. */
enum nft_op {
	NFT_STOP,			/* no step: the end of a rule */
	NFT_META,			/* reg = what a packet has of key (NFT_META_...) */
	NFT_CT,				/* reg = what its connection has of key (NFT_CT_...) */
	NFT_LOAD,			/* reg = len bytes at offset of header key */
	NFT_FRAGMENT,			/* reg = 2 bytes: the place of an IPv6 fragment */
	NFT_HASH,			/* reg = the word behind it, as a number below 2^key */
	NFT_ADDRTYPE,			/* reg = the type of the destination (RTN_...) */
	NFT_AND,			/* reg, of len bytes, and arg */
	NFT_IS,				/* go on if reg begins with the len bytes of arg */
	NFT_ANY,			/* go on if there was something to load into reg */
	NFT_IS_SITE,			/* the same with the prefix of nft_rule() */
	NFT_IN,				/* go on if the registers from 0 are an element of arg */
	NFT_MAP,			/* and they become what arg maps them to */
	NFT_COUNT,			/* go on if the set arg counts more than 2^key connections
					 * for the key in register 0, which it adds */
	NFT_DNAT,			/* to the address in register 0, family key, port in reg */
	NFT_MASQUERADE,
	NFT_VERDICT,			/* NF_ACCEPT, NF_DROP, -NFT_RETURN, -NFT_GOTO, -NFT_JUMP
					 * to arg */
};

/* Plain bytes without a pointer, so that a table of them needs no relocation at start-up. */
struct nft_step {
	uint8_t op, key, offset, len, reg;
	bool is_not;			/* NFT_IS, NFT_IS_SITE, NFT_IN: go on if not */
	bool is_number;			/* NFT_AND, NFT_IS: key, as the host writes it, not arg */
	char arg[NFT_ARG_MAX];		/* a name, or bytes: len of them */
};

struct nft_rule {
	const char *chain;
	const struct nft_step *steps;	/* up to NFT_STEPS_MAX, or to NFT_STOP */
	const char *prefix;		/* of NFT_IS_SITE */
	const char *note;		/* for who reads the table, or NULL */
};

struct nft_chain {
	const char *name;
	const char *type;		/* "filter" or "nat"; NULL: reached by a jump alone */
	uint32_t hook;
	int32_t priority;
};

struct nft_set {
	const char *name;
	uint32_t key_type, key_len;	/* the types are for who reads the table */
	uint32_t data_type, data_len;	/* 0: no map */
	/* What an element has: "counter", "connlimit" or NULL; "rules" for a set that rules add to,
	 * up to NFT_FLOWS_MAX elements. */
	const char *each;
	bool is_host_order;		/* for who reads it: names are, concatenations are not */
	const char *note;
};

struct nft_element {
	uint8_t key[NFT_KEY_MAX];
	uint8_t data[NFT_KEY_MAX];
	uint32_t key_len, data_len;	/* data_len 0: none, also to remove it */
	uint32_t limit;			/* of "connlimit"; 0: as the set has it */
	const void *note;		/* borrowed, from nft_note(); NULL: none */
	size_t note_len;
};

/* Notes of elements (libnftnl's form: type, length, value): comments are shown by nft(8). */
enum { NFT_NOTE_COMMENT = 0, NFT_NOTE_RECORD = 0x5a };
size_t nft_note(uint8_t type, const void *value, size_t len, uint8_t out[NFT_NOTE_MAX]);
/* The value of the first note of a type, or NULL. */
const uint8_t *nft_note_find(const uint8_t *notes, size_t len, uint8_t type, size_t *out_len);

/* ERR_UNSUPPORTED when this kernel has no nf_tables. */
int nft_open(struct nft *nft, const char *table, struct error *err);
void nft_close(struct nft *nft);
/* Returns -1; makes an error ERR_UNSUPPORTED whose errno says so. */
int nft_fail(struct error *err);
#define AUTO_NFT __attribute__((cleanup(nft_close)))

/* A transaction: all that is put between these two happens, or nothing of it. With generation,
 * only if nothing in this namespace's rules changed since it was read; else err->sys is ERESTART.
 * *out_failed as in nl_batch_talk(): the begin is 0, the first put 1. */
void nft_begin(struct nft *nft, uint32_t generation);
int nft_commit(struct nft *nft, size_t *out_failed, struct error *err);
/* How many were put into the transaction, the begin among them: the number of the next one. */
size_t nft_puts(const struct nft *nft);
/* Each makes what must not be there yet (EEXIST). */
void nft_put_table(struct nft *nft, uint8_t family, const char *note);
void nft_put_chain(struct nft *nft, uint8_t family, const struct nft_chain *chain);
void nft_put_set(struct nft *nft, uint8_t family, const struct nft_set *set);
void nft_put_rule(struct nft *nft, uint8_t family, const struct nft_rule *rule);
void nft_put_no_table(struct nft *nft, uint8_t family);
/* n elements of one set, in as many messages as they need. With is_new none may be there yet. */
void nft_put_elements(struct nft *nft, uint8_t family, const char *set,
		      const struct nft_element *list, size_t n, bool is_new);
void nft_put_no_elements(struct nft *nft, uint8_t family, const char *set,
			 const struct nft_element *list, size_t n);
#endif
