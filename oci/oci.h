/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef OCI_OCI_H
#define OCI_OCI_H

/*
 * The command line of an OCI runtime, as engines and scripts know it from runc
 * and crun: global options, a verb, its options, an id. A verb is a row of the
 * table in verbs.c.
 */

#include <stdbool.h>

#include "base/error.h"
#include "base/str.h"
#include "oci/oci_log.h"

enum oci_cgroup_manager { OCI_CGROUPFS, OCI_NO_CGROUPS, OCI_SYSTEMD };

struct oci_given {
	int row;			/* of the verb's table */
	const char *value;		/* "" for a flag */
};

struct oci {
	const char *root;		/* of all containers */
	struct oci_log log;
	int cgroup_manager;		/* enum oci_cgroup_manager */
	const char *criu;		/* --criu, or NULL */
	const struct oci_given *given;	/* the verb's options, in their order */
	size_t n_given;
	bool asks_help;			/* --help after the verb */
	char *const *operands;		/* after the options; the id is the first */
	int n_operands;
	struct str out;			/* for standard output, once the verb is done */
	int status;			/* exit status of the program that the verb ran */
	int failed;			/* exit status where the verb fails */
};

struct oci_option {
	const char *name;		/* without dashes */
	char letter;			/* or 0 */
	bool has_value;
};

struct oci_verb {
	const char *name;
	int (*run)(struct oci *oci, struct error *err);
	const struct oci_option *options;	/* ended by a row without a name */
	int min, max;				/* operands; max -1: any number */
	bool stops_at_operand;			/* what follows the id is a command */
	const char *operands, *summary;
};

/* Ended by a row without a name. */
const struct oci_verb *oci_verbs(void);
/* The value given last to the verb's option in this row of its table, or NULL. */
const char *oci_value(const struct oci *oci, int row);

/* Says what went wrong without failing the verb; an empty warning is passed over. */
void oci_warn(const struct oci *oci, const struct error *warning);

/* create, run and start are in verb_create.c; state, list and ps in verb_state.c; the others but
 * exec, update and events in verb_kill.c. */
extern const struct oci_option oci_create_options[], oci_delete_options[], oci_exec_options[],
	oci_events_options[], oci_kill_options[], oci_list_options[], oci_ps_options[],
	oci_run_options[], oci_update_options[], oci_no_options[], oci_spec_options[],
	oci_checkpoint_options[], oci_restore_options[];
int oci_create(struct oci *oci, struct error *err);
int oci_run(struct oci *oci, struct error *err);
int oci_start(struct oci *oci, struct error *err);
int oci_state(struct oci *oci, struct error *err);
int oci_list(struct oci *oci, struct error *err);
int oci_ps(struct oci *oci, struct error *err);
int oci_exec(struct oci *oci, struct error *err);
int oci_kill(struct oci *oci, struct error *err);
int oci_delete(struct oci *oci, struct error *err);
int oci_update(struct oci *oci, struct error *err);
int oci_events(struct oci *oci, struct error *err);
int oci_pause(struct oci *oci, struct error *err);
int oci_resume(struct oci *oci, struct error *err);
int oci_spec(struct oci *oci, struct error *err);
int oci_features(struct oci *oci, struct error *err);
int oci_checkpoint(struct oci *oci, struct error *err);
int oci_restore(struct oci *oci, struct error *err);

#endif
