/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef RUNTIME_RUN_H
#define RUNTIME_RUN_H

/* An ephemeral zone for one command, which is its init. The caller is its keeper. */

#include <stdbool.h>
#include <sys/ioctl.h>
#include <sys/types.h>

#include "base/error.h"
#include "runtime/config.h"
#include "runtime/site.h"
#include "templates/store.h"

struct boot;

struct run_options {
	char *const *argv;		/* the command; NULL: the template's own */
	bool has_tty;
	struct winsize size;		/* of that terminal; all 0: left alone */
	int stdio[3];
	const char *term;
};

struct running {
	struct zone *zone;		/* owned */
	struct boot *boot;		/* owned */
	int pidfd; /* of the command, a child of the caller; borrowed from boot */
	pid_t pid;
	pid_t notices_pid;		/* answers for the filter, 0: none does */
	int ptyfd;			/* borrowed from boot; -1 without a terminal */
};

/* Makes the zone config->name and starts the command in it. */
int run_start(struct running *out, struct site *site, struct zone_config *config,
	      const char *template, const struct run_options *options, struct error *err);
/* The same in a zone made from a tree, which needs storage=copy. */
struct run_tree {
	int fd;				/* borrowed */
	const struct template *about;	/* its name, init_kind, ...; borrowed */
};
int run_start_tree(struct running *out, struct site *site, struct zone_config *config,
		   const struct run_tree *tree, const struct run_options *options,
		   struct error *err);
/* Ends what is left inside; the zone stays, stopped and locked, for run_remove(). */
int run_stop(struct running *r, struct error *err);
int run_remove(struct running *r, struct error *err);
/* Ends what is left and removes everything (keep: only stops). Its result never hides the
 * command's. */
int run_finish(struct running *r, bool keep, struct error *err);

#endif
