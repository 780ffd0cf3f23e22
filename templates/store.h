/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef TEMPLATES_STORE_H
#define TEMPLATES_STORE_H

/*
 * The template store: a directory (/var/lib/zonectl/templates, mode 0700).
 *
 *   .objects/HEX/template.json    what is known of it
 *   .objects/HEX/manifest        what the digest was made of, name by name (manifest.h)
 *   .objects/HEX/rootfs/         the files, owners and modes as in the archive, never written again
 *   .objects/.new-XXXXXX/        an import under way, locked by its importer; unlocked: left over
 *   NAME, NAME:N                 links to .objects/HEX: the current version, version N (version.h)
 *
 * HEX is the digest of the tree itself (digest.h), whatever archive it came in, so the same content
 * is stored once, under however many names; where an image says what to run, of both. An import
 * under a name that exists makes a new version of it, the current one; the others stay until they
 * are removed, which they are not while a zone uses them.
 */

#include <stdbool.h>
#include <stdint.h>

#include "base/error.h"
#include "base/sha256.h"

struct template {
	char *name;			/* the name it is known by, owned */
	char digest[SHA256_HEX_SIZE];	/* of the tree, and of what an image asks (object.h) */
	char *source;			/* file name or build recipe it came from, owned */
	char *init;	 /* how init is called: "/sbin/init"; "" when there is none, owned */
	char *init_kind; /* "systemd", "sysvinit", "busybox", ..., "other" or "", owned */
	char *os_id, *os_version, *os_name;	/* from os-release, "" when unknown, owned */
	char *format;			/* "tar", "oci", "incus", ...; "" it was built, owned */
	char *archive_digest;		/* of the file it came in, 64 digits, "" unknown, owned */
	char *architecture;		/* as uname -m says it, "" unknown, owned */
	/* What an image asks of whoever starts its program; all of it may be missing. */
	char **args;			/* Entrypoint and Cmd, strv, owned */
	char **env;			/* NAME=VALUE, strv, owned */
	char *user;			/* as in users.h: NAME, UID, NAME:GROUP; "" none, owned */
	char *cwd;			/* absolute, "" none, owned */
	char *stop_signal;		/* "SIGQUIT", see base/signals.h; "" none, owned */
	uint64_t systemd_version;	/* 0: no systemd or not known */
	uint64_t size;			/* bytes of regular files */
	uint64_t files;			/* entries of every kind */
	uint64_t imported;		/* seconds since 1970 */
	uint64_t version;		/* under this name, from 1 on; 0: of none, left over */
	bool is_current;		/* what its name alone means */
};

#define AUTO_TEMPLATE __attribute__((cleanup(template_clear)))

void template_clear(struct template *t);

/* Opens the store's directory below varfd (/var/lib/zonectl), making it when create is true.
 * Returns the descriptor. */
int store_open(int varfd, bool create, struct error *err);
/* The template NAME (its current version), NAME:N, NAME@DIGEST (at least 8 digits) or a whole
 * digest. ERR_NOT_FOUND 'no template "debian-13"', with the hint "try: zonectl template list". */
int store_find(int storefd, const char *name, struct template *out, struct error *err);
/* Every version in the order of names, the newest first. *out is an array of *n that the caller
 * frees after template_clear() on each. Damaged ones are left out. */
int store_list(int storefd, struct template **out, size_t *n, struct error *err);
/* The same as names that store_find() and store_remove() take, damaged ones too; a strv that the
 * caller owns. */
int store_names(int storefd, char ***out, struct error *err);
/* Opens (O_PATH) the root filesystem of a template by its digest. */
int store_rootfs(int storefd, const char *digest, struct error *err);
/* Holds the template: a shared lock on the object's directory, which keeps it from being removed,
 * for as long as the returned descriptor is open. Taken by create until zone.json is in place. */
int store_hold(int storefd, const char *digest, struct error *err);
/* Asks whether an object is in use, while nobody can begin to use it: 1 or 0, or -1 with words of
 * its own. */
typedef int store_used_fn(void *arg, const char *digest, struct error *err);
/* Removes a template with all its versions, or one version: NAME:N, NAME@DIGEST, a digest. What
 * another name has too stays as that. Nothing is removed, ERR_STATE, when any of it is used.
 * *out_freed (or NULL) is the bytes of files that went. */
int store_remove(int storefd, const char *name, store_used_fn *is_used, void *arg,
		 uint64_t *out_freed, struct error *err);

/* A new object under construction. */
#define AUTO_STAGE __attribute__((cleanup(store_stage_close)))

struct ahead;

struct store_stage {
	int storefd;			/* borrowed */
	int dirfd;			/* .objects/.new-XXXXXX, locked */
	int rootfd;			/* its rootfs/, empty */
	char name[32];			/* ".new-XXXXXX"; "" when nothing is staged */
	struct ahead *ahead;		/* what is known of its files; owned */
};

/* What an owner is initialised with. */
#define STORE_STAGE_EMPTY { .storefd = -1, .dirfd = -1, .rootfd = -1 }

/* Removes what killed imports left. */
int store_sweep(int storefd, struct error *err);
/* Also sweeps. */
int store_stage_open(struct store_stage *stage, int storefd, struct error *err);
/* Computes the digest, looks at os-release and the init, writes template.json, syncs, and gives it
 * its name. known is what the caller knows: name and, where not NULL, source, format,
 * archive_digest, architecture, args, env, user, cwd, stop_signal. When the content was there
 * already the staged copy is removed and *out_is_new false. */
int store_stage_commit(struct store_stage *stage, const struct template *known,
		       struct template *out, bool *out_is_new, struct error *err);
/* Removes what was staged; also after a commit, which leaves nothing to remove. */
void store_stage_close(struct store_stage *stage);

/* Template names are zone names: [a-z0-9][a-z0-9._-]{0,62}. */
int template_name_check(const char *name, struct error *err);

#endif
