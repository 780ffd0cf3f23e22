/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "base/cleanup.h"
#include "base/mem.h"
#include "base/strv.h"
#include "cgroups/stats.h"
#include "cli/inventory.h"
#include "cli/names.h"
#include "cli/table.h"
#include "cli/table_share.h"
#include "cli/verb_zone.h"
#include "runtime/addresses.h"

const struct opt list_options[] = {
	{ "all",        'a', NULL,      "all zones, not only those that run" },
	{ "columns",    'o', "COLUMNS", "columns to show, as name,state" },
	{ "sort",       's', "COLUMN",  "sort by a column, -COLUMN backward" },
	{ "no-heading", 'H', NULL,      "no heading" },
	{ "ansible",    0,   NULL,      "running zones as an inventory of Ansible" },
	{ 0 },
};

enum column {
	NAME, STATE, TEMPLATE, IP, CPU, MEMORY, UPTIME, KEEPER, PIDS, HOSTNAME, TAGS, AUTOBOOT,
	UID, INIT, DIGEST, CREATED, DESCRIPTION, PLAN, STORAGE,
};

/* clang-format off */
static const struct table_column columns[] = {
	[NAME] = { "name", "name", TABLE_TEXT, true },
	[STATE] = { "state", "state", TABLE_TEXT, true },
	[TEMPLATE] = { "template", "template", TABLE_TEXT, true },
	[IP] = { "ip", "ip", TABLE_LIST, true },
	[CPU] = { "cpu", "cpu_seconds", TABLE_MILLI, true },
	[MEMORY] = { "memory", "memory_bytes", TABLE_SIZE, true },
	[UPTIME] = { "uptime", "uptime_seconds", TABLE_DURATION, true },
	[KEEPER] = { "keeper", "keeper", TABLE_BOOL, false },
	[PIDS] = { "pids", "pids", TABLE_COUNT, false },
	[HOSTNAME] = { "hostname", "hostname", TABLE_TEXT, false },
	[TAGS] = { "tags", "tags", TABLE_LIST, false },
	[AUTOBOOT] = { "autoboot", "autoboot", TABLE_TEXT, false },
	[UID] = { "uid", "uid_base", TABLE_COUNT, false },
	[INIT] = { "init", "init_pid", TABLE_COUNT, false },
	[DIGEST] = { "digest", "template_digest", TABLE_TEXT, false },
	[CREATED] = { "created", "created", TABLE_TIME, false },
	[DESCRIPTION] = { "description", "description", TABLE_TEXT, false },
	[PLAN] = { "plan", "plan", TABLE_TEXT, false },
	[STORAGE] = { "storage", "storage", TABLE_TEXT, false },
};
/* clang-format on */

static const unsigned char config_columns[] = {
	TEMPLATE, IP, HOSTNAME, TAGS, AUTOBOOT, UID, DIGEST, CREATED, DESCRIPTION, PLAN,
	STORAGE,
};
/* clang-format off */
static const struct {
	unsigned char column;
	enum cgroup_stats_part part;
} usage_columns[] = {
	{ CPU, CGROUP_STATS_CPU }, { MEMORY, CGROUP_STATS_MEMORY }, { PIDS, CGROUP_STATS_PIDS },
};
/* clang-format on */

static bool needs_config(const struct table *t, const struct cli *cli)
{
	for (size_t i = 0; i < N_ROWS(config_columns); i++)
		if (table_shows(t, cli, config_columns[i]))
			return true;
	return false;
}

static unsigned int needed_usage(const struct table *t, const struct cli *cli)
{
	unsigned int parts = 0;

	for (size_t i = 0; i < N_ROWS(usage_columns); i++)
		if (table_shows(t, cli, usage_columns[i].column))
			parts |= usage_columns[i].part;
	return parts;
}

static void fill_config(const struct site *site, struct table_cell *row,
			const struct zone_config *c)
{
	struct error ignored = { 0 };
	const struct property *autoboot = property_find("autoboot", &ignored);
	const struct property *storage = property_find("storage", &ignored);

	table_set_text(&row[TEMPLATE], c->template_name);
	table_set_text(&row[HOSTNAME], c->hostname ? c->hostname : c->name);
	row[IP].list = addresses_of(site, c);
	row[IP].is_set = row[IP].list;
	row[TAGS].is_set = c->tags;
	row[TAGS].list = strv_copy(c->tags);
	if (autoboot && autoboot->words)
		table_set_text(&row[AUTOBOOT], autoboot->words[c->autoboot]);
	table_set_number(&row[UID], c->uid_base);
	table_set_text(&row[DIGEST], c->template_digest);
	table_set_number(&row[CREATED], c->created);
	table_set_text(&row[DESCRIPTION], c->description);
	table_set_text(&row[PLAN], c->plan);
	if (storage && storage->words)
		table_set_text(&row[STORAGE], storage->words[c->storage]);
}

static void set_known(struct table_cell *cell, uint64_t number)
{
	if (number != CGROUP_UNKNOWN)
		table_set_number(cell, number);
}

static void fill_usage(struct cli *cli, struct table_cell *row, const char *name,
		       unsigned int parts)
{
	struct cgroup_stats stats;
	struct error ignored = { 0 };

	/* A figure that this host can't give, or a zone that ended just now, is shown as "-". */
	if (site_cgroups(&cli->site, &ignored) < 0 ||
	    cgroup_stats(&cli->site.cgroups, name, parts, &stats, &ignored) < 0)
		return;
	if (stats.cpu_usec != CGROUP_UNKNOWN)
		table_set_number(&row[CPU], stats.cpu_usec / 1000);
	set_known(&row[MEMORY], stats.memory);
	set_known(&row[PIDS], stats.pids);
}

uint64_t cli_uptime(const struct zone_run *run)
{
	struct timespec now;
	uint64_t ms;

	/* Unlike CLOCK_MONOTONIC it goes on while the host sleeps. */
	clock_gettime(CLOCK_BOOTTIME, &now);
	ms = (uint64_t)now.tv_sec * 1000 + (uint64_t)now.tv_nsec / 1000000;
	return ms > run->started_mono_ms ? (ms - run->started_mono_ms) / 1000 : 0;
}

static void fill_status(struct table_cell *row, const struct zone_status *status)
{
	bool is_up = ZONE_BIT(status->state) & ZONE_UP;

	table_set_text(&row[STATE], zone_state_name(status->state));
	table_set_number(&row[KEEPER], status->has_keeper);
	if (!is_up)
		return;
	if (status->state == ZONE_RUNNING && !status->has_keeper)
		row[STATE].shown = "running (no keeper)";
	table_set_number(&row[UPTIME], cli_uptime(&status->run));
	if (status->is_alive)
		table_set_number(&row[INIT], (uint64_t)status->run.init.pid);
}

static int add_config(struct cli *cli, struct table_cell *row, const char *name, struct error *err)
{
	struct zone zone = { .dirfd = -1 };
	struct error why = { 0 };
	int status = zone_open(&zone, &cli->site, name, 0, &why);

	if (status == 0)
		fill_config(&cli->site, row, &zone.config);
	zone_close(&zone);
	/* One that went away meanwhile, or is being made or removed now, is no fault of anybody's.
	 */
	if (status == 0 || why.kind == ERR_NOT_FOUND || why.kind == ERR_BUSY ||
	    why.kind == ERR_STATE)
		return 0;
	*err = why;
	return -1;
}

/* True if all that is shown of its configuration was in the brief. */
static bool fill_brief(struct cli *cli, const struct table *t, struct table_cell *row,
		       struct zone_status *status)
{
	for (size_t i = 0; i < N_ROWS(config_columns); i++)
		if (config_columns[i] != TEMPLATE && config_columns[i] != IP &&
		    table_shows(t, cli, config_columns[i]))
			return false;
	if (!brief_is_configured(&status->brief, &cli->site, row[NAME].text))
		return false;
	row[TEMPLATE].is_set = status->brief.template_name;
	row[TEMPLATE].text = TAKE_PTR(status->brief.template_name);
	row[IP].is_set = status->brief.ips;
	row[IP].list = TAKE_PTR(status->brief.ips);
	return true;
}

/* The row stands, with what is known, also when the rest can't be read. */
static int add_zone(struct cli *cli, struct table *t, const char *name,
		    struct zone_status *status, struct error *err)
{
	struct table_cell *row = table_row(t);
	unsigned int parts = needed_usage(t, cli);

	table_set_text(&row[NAME], name);
	fill_status(row, status);
	if (ZONE_BIT(status->state) & ZONE_UP && parts)
		fill_usage(cli, row, name, parts);
	if (status->state == ZONE_INCOMPLETE || !needs_config(t, cli) ||
	    fill_brief(cli, t, row, status))
		return 0;
	return add_config(cli, row, name, err);
}

/* Named plainly, a zone is shown in whatever state it is. */
static bool is_wanted(const struct cli *cli, const char *name, enum zone_state state)
{
	return opts_has(&cli->opts, "all") || ZONE_BIT(state) & (ZONE_UP | ZONE_BIT(ZONE_DOWN)) ||
	       strv_has(cli->opts.operands, name);
}

static int look(struct cli *cli, struct table *t, const char *name, struct error *err)
{
	struct zone_status status;
	int result = 0;

	if (strv_has(cli->opts.operands, name) && !zone_exists(&cli->site, name))
		return names_unknown(name, err);
	if (zone_glance(&status, &cli->site, name, err) < 0)
		return -1;
	if (is_wanted(cli, name, status.state))
		result = add_zone(cli, t, name, &status, err);
	zone_status_clear(&status);
	return result;
}

static size_t fill(struct cli *cli, struct table *t, char *const *names, size_t n)
{
	size_t failed = 0;

	for (size_t i = 0; i < n; i++) {
		struct error why = { 0 };

		if (look(cli, t, names[i], &why) == 0)
			continue;
		cli_report(cli, names[i], &why);
		failed++;
	}
	return failed;
}

/* The rest are shown when some can't be read. */
static int add_zones(struct cli *cli, struct table *t, char *const *names, struct error *err)
{
	size_t n = strv_len(names), failed;
	struct error ignored = { 0 };	/* then there is nothing to be read of groups */

	if (n == 1) {
		cli->subject = names[0];
		return look(cli, t, names[0], err);
	}
	if (site_cgroups(&cli->site, &ignored) == 0)
		cgroup_host_near(&cli->site.cgroups);
	failed = table_share(cli, t, names, fill);
	return failed ? error_set(err, ERR_PARTIAL, "%zu of %zu failed", failed, n) : 0;
}

int verb_list(struct cli *cli, struct error *err)
{
	AUTO_TABLE struct table t = { 0 };
	struct error why = { 0 };
	int status;

	table_init(&t, columns, N_ROWS(columns));
	if (table_choose(&t, opts_value(&cli->opts, "columns"), err) < 0 || cli_site(cli, err) < 0)
		return -1;
	if (cli->opts.operands)
		status = names_existing(&cli->site, cli->opts.operands, &cli->names, err);
	else
		status = zone_names(&cli->site, &cli->names, err);
	if (status < 0)
		return -1;
	if (opts_has(&cli->opts, "ansible"))
		return inventory_print(cli, cli->names, err);
	status = add_zones(cli, &t, cli->names, &why);
	if (table_sort(&t, opts_value(&cli->opts, "sort"), err) < 0)
		return -1;
	if (status == 0 || t.n_rows > 0)
		table_print(&t, cli, !opts_has(&cli->opts, "no-heading"));
	if (status < 0)
		*err = why;
	return status;
}
