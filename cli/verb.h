/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef CLI_VERB_H
#define CLI_VERB_H

/*
 * A verb is a row of the table in verbs.c, and a file with the functions that
 * the row names. The dispatcher does what the row declares: options, operands,
 * patterns, lock, state, dry run; a verb's function begins with its own work.
 * It writes results with out.h and returns errors; main.c prints those.
 */

#include <stdbool.h>

#include "base/error.h"
#include "base/json.h"
#include "base/lock.h"
#include "base/str.h"
#include "cli/collate.h"
#include "cli/opt.h"
#include "cli/progress.h"
#include "runtime/site.h"
#include "runtime/state.h"
#include "runtime/zone.h"

struct verb;

/* Of zones: so many, or so many of a hundred; n 0: not said. */
struct cli_share {
	uint64_t n;
	bool is_percent;
};

struct cli {
	const struct verb *verb;
	const char *root;		/* --root or ZONECTL_ROOT; "/" */
	bool has_progress;		/* may be shown: all of it is on a terminal */
	struct progress progress;	/* on while there is some */
	bool is_json, is_quiet, is_verbose, is_dry_run, is_yes, has_color;
	unsigned int jobs;		/* zones worked on at a time, 0: not said */
	struct cli_share serial, max_fail;	/* see several.h */
	bool is_worker;			/* one of several processes, which crew.h says more of */
	struct collate collate;		/* of exec --collate */
	bool has_told;			/* exec --json has printed the zone's line */
	struct str gift;		/* from there to the one that started it */
	int ended_by;			/* the signal that ended work on several zones, or 0 */
	int64_t end_ms;			/* when those at work are to be done, clock_ms(), or 0 */
	struct opts opts;		/* options, and operands as they were typed */
	char **assignments;		/* of VERB_ASSIGNS: the operands with '='; strv, owned */
	char **keys;			/* of files that ssh-key named; strv, owned */
	char *password_hash;		/* of passwd; owned */
	char **paths;			/* of push and pull: what is copied, then where to */
	char **names;			/* the zones that were meant; strv, owned */
	const char *subject;		/* the zone or template of errors; borrowed, or NULL */
	const void *work;		/* a verb's own, for what several() calls; borrowed */
	struct site site;
	bool has_site;
	struct json_out json;		/* --json results, not yet in out */
	struct str out;			/* results not yet written to stdout */
	int out_lockfd;			/* what workers lock to write, or -1 */
	int command_status;		/* exit status of the command that the verb ran */
	int failure_status;		/* that of VERB_STATUS when it could not be run; 0: 125 */
};

/* A zone that a verb works on, opened and locked as its row says. */
struct target {
	struct zone zone;
	struct zone_status status;
};

enum verb_flag {
	VERB_CHANGES = 1 << 0,		/* --dry-run says what it would do */
	VERB_COMMAND = 1 << 1,		/* takes -- COMMAND... */
	VERB_PROPERTIES = 1 << 2,	/* takes --PROPERTY VALUE */
	VERB_ONE = 1 << 3,		/* one zone only */
	VERB_PARALLEL = 1 << 4,		/* several zones may be worked on at a time */
	VERB_NEW_NAMES = 1 << 5,	/* operands name zones to be made: no globs, no --all */
	VERB_ASSIGNS = 1 << 6,		/* operands with '=' are assignments */
	VERB_STATUS = 1 << 7,		/* exits as its command does; own failures are 125 */
	VERB_ARRAY = 1 << 8,		/* --json of several zones is one array */
	VERB_UNREAD = 1 << 9,		/* works without zone.json, which may be damaged */
	VERB_ORDERED = 1 << 10,		/* --all goes by boot-order, lower first */
	VERB_REVERSED = 1 << 11,	/* --all goes by boot-order, higher first */
	VERB_WORDS = 1 << 12,		/* of VERB_COMMAND: it needs no "--" before it */
	VERB_KEPT = 1 << 13,		/* --all and globs mean roots that reinstall kept, too */
};

struct verb {
	const char *name;		/* "boot", "template import" */
	const char *alias;		/* or NULL */
	const char *operands;		/* as usage shows them */
	/* One of these three. They return 0, -1, or 1 when there was nothing to do. */
	int (*run)(struct cli *cli, struct error *err);
	int (*each)(struct cli *cli, struct target *target, struct error *err);
	int (*by_name)(struct cli *cli, const char *name, struct error *err);
	/* Takes operands that name no zone out of cli->opts.operands, once counted; or NULL. */
	int (*sort)(struct cli *cli, struct error *err);
	/* Before the first zone, e.g. to ask; or NULL. */
	int (*before)(struct cli *cli, char *const *names, struct error *err);
	/* Of several zones, as they end: what each left in cli->gift; or NULL. */
	void (*taken)(struct cli *cli, size_t i, const char *data, size_t len);
	/* After the last of several, before failures are told; or NULL. */
	int (*finish)(struct cli *cli, struct error *err);
	unsigned int states;		/* ZONE_BITs a zone may be in, 0: any; of each */
	int lock;			/* enum lock_mode or 0; of each */
	int min, max;			/* operands; max -1: any number */
	unsigned int flags;		/* enum verb_flag */
	int within_ms;			/* --all: for all together, without --timeout */
	const char *skipped;		/* why there may be nothing to do: "exists already" */
	const struct opt *options;	/* or NULL */
	const char *group;		/* heading in help */
	const char *summary;		/* one line */
	const char *example;		/* whole lines without the last newline */
};

/* The table, ended by a row without a name. */
const struct verb *verb_table(void);
/* The row of argv[0], or of argv[0] and argv[1]; *out_words is how many it took. NULL with
 * ERR_USAGE and, when one is near, its name as the hint. */
const struct verb *verb_find(char *const *argv, int *out_words, struct error *err);

/* The options every verb takes, ended by a row without a name. */
const struct opt *cli_global_options(void);
/* Opens the site once. */
int cli_site(struct cli *cli, struct error *err);
/* Prints an error as PRODUCT.md section 6 says, and returns the exit status. In main.c. */
int cli_report(const struct cli *cli, const char *subject, const struct error *err);

/* verb_boot.c */
enum { VERB_SHUTDOWN_MS = 60 * 1000 };
extern const struct opt boot_options[], shutdown_options[], reboot_options[];
int verb_boot(struct cli *cli, struct target *t, struct error *err);
int verb_halt(struct cli *cli, struct target *t, struct error *err);
int verb_shutdown(struct cli *cli, struct target *t, struct error *err);
int verb_reboot(struct cli *cli, struct target *t, struct error *err);
/* verb_create.c */
extern const struct opt create_options[];
int verb_create(struct cli *cli, const char *name, struct error *err);
/* Applies --plan and the --PROPERTY options to a configuration and checks the whole. */
int cli_properties(struct cli *cli, struct zone_config *config, struct error *err);
/* Says what a boot or stop of the zone warned of. */
void cli_boot_warnings(const struct cli *cli, const struct zone *zone);
/* Seconds that a zone has been up. */
uint64_t cli_uptime(const struct zone_run *run);
/* verb_features.c, verb_doctor.c, help.c */
int verb_doctor(struct cli *cli, struct error *err);
int verb_features(struct cli *cli, struct error *err);
int verb_version(struct cli *cli, struct error *err);
int verb_help(struct cli *cli, struct error *err);

#endif
