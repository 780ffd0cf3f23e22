/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "cli/dispatch.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "base/mem.h"
#include "base/strv.h"
#include "cli/names.h"
#include "cli/out.h"

static int usage(const struct verb *v, struct error *err, const char *fault)
{
	error_set(err, ERR_USAGE, "%s", fault);
	return error_hint(err, "usage: zonectl %s%s%s", v->name, *v->operands ? " " : "",
			  v->operands);
}

/* NAME... PROPERTY=VALUE... : what holds a '=' is an assignment; a zone's name never does. */
static void split_assignments(struct cli *cli)
{
	AUTO_STRV char **all = TAKE_PTR(cli->opts.operands);

	for (char **p = all; p && *p; p++)
		strv_add(strchr(*p, '=') ? &cli->assignments : &cli->opts.operands, *p);
}

/* By the first operand that usage names. */
static const char *what_is_missing(const struct verb *v)
{
	if (str_starts(v->operands, "RECIPE"))
		return "no recipe named";
	if (str_starts(v->operands, "FILE"))
		return "no file named";
	if (str_starts(v->name, "plan "))
		return "no plan named";
	return str_starts(v->name, "template ") ? "no template named" : "no zone named";
}

static int check_operands(struct cli *cli, struct error *err)
{
	const struct verb *v = cli->verb;
	bool is_all = opts_has(&cli->opts, "all") && !v->run;
	int n;

	if (v->flags & VERB_ASSIGNS)
		split_assignments(cli);
	n = (int)strv_len(cli->opts.operands);
	if (is_all && v->flags & VERB_NEW_NAMES)
		return usage(v, err, "option '--all' means zones that exist");
	if (is_all && n > 0)
		return usage(v, err, "names and '--all' exclude each other");
	if (v->flags & VERB_ASSIGNS && strv_len(cli->assignments) == 0 &&
	    !opts_has(&cli->opts, "plan"))
		return usage(v, err, "no PROPERTY=VALUE given");
	if (n < v->min && !is_all)
		return usage(v, err, n == 0 ? what_is_missing(v) : "too few operands");
	if (v->max >= 0 && n > v->max && v->flags & VERB_COMMAND && !cli->opts.command)
		return usage(v, err, "the command stands after '--'");
	if (v->max >= 0 && n > v->max)
		return usage(v, err, "too many operands");
	return 0;
}

static int in_states(struct cli *cli, const char *name, bool *out, struct error *err)
{
	struct zone_status status = { .initfd = -1 };

	if (zone_status(&status, &cli->site, name, err) < 0)
		return -1;
	*out = (ZONE_BIT(status.state) & cli->verb->states) != 0;
	zone_status_clear(&status);
	return 0;
}

/* --all means those that the verb can work on: boot boots what is stopped. */
static int all_names(struct cli *cli, char ***out, struct error *err)
{
	AUTO_STRV char **names = NULL;

	if (zone_names(&cli->site, &names, err) < 0)
		return -1;
	for (char **name = names; name && *name; name++) {
		struct error ignored = { 0 };
		bool is_meant = true;

		/* A zone that can't be looked at stays in, so that its fault is told. */
		if (cli->verb->each && cli->verb->states)
			(void)in_states(cli, *name, &is_meant, &ignored); /* is_meant stays true */
		if (is_meant)
			strv_give(out, TAKE_PTR(*name));
	}
	free(TAKE_PTR(names));
	return 0;
}

static int find_names(struct cli *cli, char ***out, struct error *err)
{
	if (cli->verb->flags & VERB_NEW_NAMES)
		return names_new(cli->opts.operands, out, err);
	if (cli_site(cli, err) < 0)
		return -1;
	if (opts_has(&cli->opts, "all"))
		return all_names(cli, out, err);
	return names_existing(&cli->site, cli->opts.operands, out, err);
}

static bool is_dry(const struct cli *cli)
{
	return cli->is_dry_run && cli->verb->flags & VERB_CHANGES;
}

static int opened(struct cli *cli, struct target *t, struct error *err)
{
	if (zone_status(&t->status, &cli->site, t->zone.name, err) < 0)
		return -1;
	if (cli->verb->states &&
	    zone_state_check(t->status.state, cli->verb->states, t->zone.name, err) < 0)
		return -1;
	if (is_dry(cli))
		return out_would(cli, t->zone.name);
	return cli->verb->each(cli, t, err);
}

static int work_opened(struct cli *cli, const char *name, struct error *err)
{
	struct target t = { .zone.dirfd = -1, .status.initfd = -1 };
	enum lock_mode lock = (enum lock_mode)cli->verb->lock;
	int status;

	if (cli->verb->flags & VERB_UNREAD)
		status = zone_open_unread(&t.zone, &cli->site, name, lock, err);
	else
		status = zone_open(&t.zone, &cli->site, name, lock, err);
	if (status < 0)
		return -1;
	status = opened(cli, &t, err);
	zone_status_clear(&t.status);
	zone_close(&t.zone);
	return status;
}

static int work(struct cli *cli, const char *name, struct error *err)
{
	int status;

	cli->subject = name;
	if (cli_site(cli, err) < 0)
		return -1;
	status = cli->verb->each ? work_opened(cli, name, err) : cli->verb->by_name(cli, name, err);
	/* What came out belongs to this zone, also when the verb failed half-way. */
	if (!(cli->verb->flags & VERB_ARRAY)) {
		struct error late = { 0 };

		if (out_flush(cli, status == 0 ? err : &late) < 0)
			status = -1;
	}
	return status;
}

static size_t work_in_turn(struct cli *cli, char *const *names)
{
	size_t n = strv_len(names), failed = 0;

	for (size_t i = 0; i < n; i++) {
		struct error err = { 0 };

		progress_count(&cli->progress, i, failed, n);
		if (work(cli, names[i], &err) == 0)
			continue;
		cli_report(cli, names[i], &err);
		failed++;
	}
	return failed;
}

/* What the workers leave for their parent: shared memory, so that a message is never torn. */
struct parallel {
	struct error *errors;		/* one for each name */
	pid_t *pids;
	size_t started, running, failed;
};

static void start_one(struct cli *cli, struct parallel *p, const char *name)
{
	size_t i = p->started++;

	p->pids[i] = fork();
	if (p->pids[i] > 0) {
		p->running++;
		return;
	}
	if (p->pids[i] == 0)
		_exit(work(cli, name, &p->errors[i]) == 0 ? 0 : 1);
	error_sys(&p->errors[i], "start a worker");
	cli_report(cli, name, &p->errors[i]);
	p->failed++;
}

static void reap_one(struct cli *cli, struct parallel *p, char *const *names)
{
	int status = 0;
	pid_t pid = wait(&status);
	size_t i = 0;

	if (pid < 0)
		return;
	while (i < p->started && p->pids[i] != pid)
		i++;
	if (i == p->started)
		return;		/* no worker of ours */
	p->running--;
	if (WIFEXITED(status) && WEXITSTATUS(status) == 0)
		return;
	if (p->errors[i].kind == ERR_NONE)
		error_set(&p->errors[i], ERR_FAILED, "the worker was killed by signal %d",
			  WIFSIGNALED(status) ? WTERMSIG(status) : 0);
	cli_report(cli, names[i], &p->errors[i]);
	p->failed++;
}

/* A process for each zone, jobs of them at a time. */
static int work_in_parallel(struct cli *cli, char *const *names, size_t n, size_t *out_failed,
			    struct error *err)
{
	struct parallel p = { 0 };
	size_t size = n * sizeof(*p.errors);

	p.errors = mmap(NULL, size, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	if (p.errors == MAP_FAILED)
		return error_sys(err, "memory for %zu zones", n);
	p.pids = xcalloc(n, sizeof(*p.pids));
	while (p.started < n || p.running > 0) {
		progress_count(&cli->progress, p.started - p.running, p.failed, n);
		if (p.started < n && p.running < cli->jobs)
			start_one(cli, &p, names[p.started]);
		else
			reap_one(cli, &p, names);
	}
	*out_failed = p.failed;
	free(p.pids);
	munmap(p.errors, size);
	return 0;
}

static int work_on_several(struct cli *cli, char *const *names, size_t n, struct error *err)
{
	bool is_parallel = cli->verb->flags & VERB_PARALLEL;
	size_t failed = 0;
	int status = 0;

	/* What works on one at a time prints more than it takes long. */
	cli->progress.is_on = cli->has_progress && is_parallel;
	if (cli->jobs <= 1 || !is_parallel)
		failed = work_in_turn(cli, names);
	else if (cli_site(cli, err) < 0 || work_in_parallel(cli, names, n, &failed, err) < 0)
		status = -1;
	progress_clear(&cli->progress);
	cli->progress.is_on = false;
	if (status < 0)
		return -1;
	cli->subject = NULL;
	if (failed == 0)
		return 0;
	return error_set(err, ERR_PARTIAL, "%zu of %zu failed", failed, n);
}

/* One zone that is named plainly gives one JSON value; everything else an array of them. */
static bool gives_array(const struct cli *cli)
{
	char *const *operands = cli->opts.operands;

	if (!cli->is_json || !(cli->verb->flags & VERB_ARRAY))
		return false;
	return strv_len(operands) != 1 || !names_is_plain(operands[0]);
}

static int work_on_names(struct cli *cli, char *const *names, struct error *err)
{
	size_t n = strv_len(names);
	bool is_array = gives_array(cli);
	int status = 0;

	if (n > 1 && cli->verb->flags & VERB_ONE)
		return usage(cli->verb, err, "works on one zone at a time");
	if (n > 0 && cli->verb->before && !is_dry(cli) &&
	    cli->verb->before(cli, names, err) < 0)
		return -1;
	cli->json.compact = !(cli->verb->flags & VERB_ARRAY);
	if (is_array)
		json_out_array(&cli->json, NULL);
	if (n == 1)
		status = work(cli, names[0], err);
	else if (n > 1)
		status = work_on_several(cli, names, n, err);
	if (is_array)
		json_out_end_array(&cli->json);
	return status;
}

int dispatch(struct cli *cli, struct error *err)
{
	if (check_operands(cli, err) < 0)
		return -1;
	if (cli->verb->run)
		return cli->verb->run(cli, err);
	if (cli->verb->flags & VERB_COMMAND && cli->verb->flags & VERB_STATUS &&
	    cli->opts.command && !cli->opts.command[0])
		return usage(cli->verb, err, "no command after '--'");
	if (find_names(cli, &cli->names, err) < 0)
		return -1;
	return work_on_names(cli, cli->names, err);
}
