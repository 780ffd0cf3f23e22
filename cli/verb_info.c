/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "base/cleanup.h"
#include "base/mem.h"
#include "base/num.h"
#include "base/strv.h"
#include "cgroups/stats.h"
#include "cli/out.h"
#include "cli/verb_zone.h"
#include "runtime/addresses.h"
#include "runtime/ending.h"
#include "runtime/hostkeys.h"
#include "runtime/place.h"

/* What is to be told of one zone, gathered before anything is printed. */
struct facts {
	const struct zone_config *config;
	const struct zone_status *status;
	struct cgroup_stats stats;
	char **addresses;		/* owned */
	char *ending;			/* owned; NULL: as it should */
	char *host_keys;		/* owned; NULL: can't be told */
	struct disk_usage disk;
	bool is_up, has_stats, has_cgroups;
};

static void gather(struct cli *cli, const struct target *t, struct facts *f)
{
	struct error ignored = { 0 };

	f->config = &t->zone.config;
	f->status = &t->status;
	f->addresses = addresses_of(&cli->site, f->config);
	f->ending = ending_read(&t->zone);
	f->host_keys = hostkeys_of(&t->zone, f->status);
	f->is_up = ZONE_BIT(t->status.state) & ZONE_UP;
	(void)place_usage(&t->zone, f->is_up, &f->disk, &ignored);
	/* Figures that can't be had are left out; doctor and verify tell why. */
	f->has_cgroups = site_cgroups(&cli->site, &ignored) == 0;
	f->has_stats = f->is_up && f->has_cgroups &&
		       cgroup_stats(&cli->site.cgroups, t->zone.name, CGROUP_STATS_ALL, &f->stats,
				    &ignored) == 0;
}

static void json_u64_or_null(struct json_out *o, const char *key, bool is_set, uint64_t value)
{
	if (is_set)
		json_out_u64(o, key, value);
	else
		json_out_null(o, key);
}

static void json_known(struct json_out *o, const char *key, const struct facts *f, uint64_t value)
{
	json_u64_or_null(o, key, f->has_stats && value != CGROUP_UNKNOWN, value);
}

static void json_usage(struct json_out *o, const struct facts *f)
{
	const struct cgroup_stats *s = &f->stats;

	json_u64_or_null(o, "uptime_seconds", f->is_up, f->is_up ? cli_uptime(&f->status->run) : 0);
	if (f->has_stats)
		json_out_milli(o, "cpu_seconds", s->cpu_usec / 1000);
	else
		json_out_null(o, "cpu_seconds");
	json_known(o, "memory_bytes", f, s->memory);
	json_known(o, "memory_peak_bytes", f, s->memory_peak);
	json_known(o, "swap_bytes", f, s->swap);
	json_known(o, "pids", f, s->pids);
	json_known(o, "pids_peak", f, s->pids_peak);
	json_known(o, "io_read_bytes", f, s->io_read);
	json_known(o, "io_written_bytes", f, s->io_written);
	json_known(o, "oom_kills", f, s->refusals.oom_kills);
}

static void json_disk(struct json_out *o, const struct disk_usage *d)
{
	json_u64_or_null(o, "disk_bytes", d->has_bytes, d->bytes);
	json_u64_or_null(o, "disk_limit_bytes", d->limits.bytes > 0, d->limits.bytes);
	json_u64_or_null(o, "inodes", d->has_inodes, d->inodes);
	json_u64_or_null(o, "inodes_limit", d->limits.inodes > 0, d->limits.inodes);
}

/* Type and fingerprint of each key. */
static void json_host_keys(struct json_out *o, const char *text)
{
	AUTO_STRV char **keys = strv_split(text ? text : "", "\n");

	if (!text) {
		json_out_null(o, "host_keys");
		return;
	}
	json_out_array(o, "host_keys");
	for (char *const *key = keys; key && *key; key++) {
		AUTO_FREE char *type = xstrndup(*key, strcspn(*key, " "));
		AUTO_STR struct str fingerprint = { 0 };

		if (!hostkeys_fingerprint(*key, &fingerprint))
			continue;
		json_out_object(o, NULL);
		json_out_str(o, "type", type);
		json_out_str(o, "fingerprint", str_text(&fingerprint));
		json_out_end_object(o);
	}
	json_out_end_array(o);
}

static void print_json(struct cli *cli, const struct facts *f)
{
	const struct zone_config *c = f->config;
	const struct zone_run *run = &f->status->run;
	struct json_out *o = &cli->json;

	json_out_object(o, NULL);
	json_out_str(o, "name", c->name);
	json_out_str(o, "state", zone_state_name(f->status->state));
	json_out_str(o, "uuid", c->uuid);
	json_out_str(o, "template", c->template_name);
	json_out_str(o, "template_digest", c->template_digest);
	json_out_u64(o, "uid_base", c->uid_base);
	json_out_u64(o, "uid_count", ZONE_IDS);
	json_out_u64(o, "created", c->created);
	json_out_str(o, "plan", c->plan);
	json_out_str(o, "fleet", c->fleet);
	json_out_bool(o, "ephemeral", c->is_ephemeral);
	json_out_bool(o, "kept", c->is_kept);
	json_out_str(o, "ended", f->ending);
	json_out_bool(o, "keeper", f->status->has_keeper);
	json_u64_or_null(o, "keeper_pid", f->status->has_keeper, (uint64_t)run->keeper.pid);
	json_u64_or_null(o, "init_pid", f->status->initfd >= 0, (uint64_t)run->init.pid);
	json_usage(o, f);
	json_disk(o, &f->disk);
	json_out_strv(o, "addresses", f->addresses);
	json_host_keys(o, f->host_keys);
	json_out_object(o, "cgroup");
	json_out_str(o, "layout", f->has_cgroups ? cgroup_layout_name(cli->site.cgroups.layout) :
						   NULL);
	json_out_str(o, "subtree", f->has_cgroups ? cli->site.cgroups.subtree : NULL);
	json_out_end_object(o);
	json_out_object(o, "properties");
	for (const struct property *p = property_table(); p->name; p++)
		property_json(p, c, o);
	json_out_end_object(o);
	json_out_end_object(o);
}

static void line(struct cli *cli, const char *key, const char *value)
{
	out_print(cli, "%-16s ", key);
	out_safe(cli, value && *value ? value : "-");
	out_print(cli, "\n");
}

/* "memory in use  12M (peak 20M)" */
static void size_line(struct cli *cli, const char *key, uint64_t size, uint64_t peak)
{
	char text[NUM_TEXT_MAX];

	if (size == CGROUP_UNKNOWN)
		return;
	out_print(cli, "%-16s %s", key, num_size_human(size, text));
	if (peak != CGROUP_UNKNOWN)
		out_print(cli, " (peak %s)", num_size_human(peak, text));
	out_print(cli, "\n");
}

static void print_stats(struct cli *cli, const struct cgroup_stats *s)
{
	char text[NUM_TEXT_MAX];

	line(cli, "processor time", num_duration_human(s->cpu_usec / 1000000, text));
	size_line(cli, "memory in use", s->memory, s->memory_peak);
	if (s->swap > 0)
		size_line(cli, "swap in use", s->swap, CGROUP_UNKNOWN);
	if (s->pids != CGROUP_UNKNOWN)
		out_print(cli, "%-16s %llu\n", "processes", (unsigned long long)s->pids);
	size_line(cli, "read from disk", s->io_read, CGROUP_UNKNOWN);
	size_line(cli, "written to disk", s->io_written, CGROUP_UNKNOWN);
	if (s->refusals.oom_kills > 0 && s->refusals.oom_kills != CGROUP_UNKNOWN)
		out_print(cli, "%-16s %llu\n", "oom kills",
			  (unsigned long long)s->refusals.oom_kills);
}

static void print_usage(struct cli *cli, const struct facts *f)
{
	char text[NUM_TEXT_MAX];

	if (!f->is_up)
		return;
	line(cli, "uptime", num_duration_human(cli_uptime(&f->status->run), text));
	out_print(cli, "%-16s %d\n", "init pid", (int)f->status->run.init.pid);
	if (f->status->has_keeper)
		out_print(cli, "%-16s %d\n", "keeper pid", (int)f->status->run.keeper.pid);
	else
		line(cli, "keeper", "gone (zonectl repair starts one)");
	if (f->has_stats)
		print_stats(cli, &f->stats);
}

static void print_disk(struct cli *cli, const struct disk_usage *d)
{
	char used[NUM_TEXT_MAX], limit[NUM_TEXT_MAX];

	if (d->has_bytes) {
		out_print(cli, "%-16s %s", "disk in use", num_size_human(d->bytes, used));
		if (d->limits.bytes > 0)
			out_print(cli, " of %s", num_size_human(d->limits.bytes, limit));
		out_print(cli, "\n");
	}
	if (d->has_inodes) {
		out_print(cli, "%-16s %llu", "inodes in use", (unsigned long long)d->inodes);
		if (d->limits.inodes > 0)
			out_print(cli, " of %llu", (unsigned long long)d->limits.inodes);
		out_print(cli, "\n");
	}
}

static void print_host_keys(struct cli *cli, const char *text)
{
	AUTO_STRV char **keys = strv_split(text ? text : "", "\n");

	for (char *const *key = keys; key && *key; key++) {
		AUTO_STR struct str shown = { 0 };

		if (!hostkeys_fingerprint(*key, &shown))
			continue;
		str_addf(&shown, " %.*s", (int)strcspn(*key, " "), *key);
		line(cli, "host key", str_text(&shown));
	}
}

static void print_properties(struct cli *cli, const struct zone_config *c)
{
	const char *group = NULL;

	for (const struct property *p = property_table(); p->name; p++) {
		bool is_default = property_is_default(p, c);
		AUTO_FREE char *text = property_text(p, c);
		const char *fallback = p->fallback && *p->fallback ? p->fallback : "none";

		if (!group || strcmp(group, p->group) != 0)
			out_print(cli, "\n%s\n", p->group);
		group = p->group;
		out_print(cli, "  %-14s ", p->name);
		out_safe(cli, is_default ? fallback : p->is_secret ? "set" : text);
		out_print(cli, "%s\n", is_default ? "  (default)" : "");
	}
}

static void print_text(struct cli *cli, const struct facts *f)
{
	AUTO_FREE char *addresses = strv_join(f->addresses, " ");
	const struct zone_config *c = f->config;
	struct tm tm;
	time_t created = (time_t)c->created;
	char text[32];

	line(cli, "name", c->name);
	line(cli, "state", zone_state_name(f->status->state));
	if (f->ending)
		line(cli, "ended", f->ending);
	line(cli, "uuid", c->uuid);
	line(cli, "template", c->template_name);
	line(cli, "digest", c->template_digest);
	out_print(cli, "%-16s %u-%u\n", "uids on the host", c->uid_base,
		  c->uid_base + ZONE_IDS - 1);
	if (localtime_r(&created, &tm) && strftime(text, sizeof(text), "%F %T", &tm) > 0)
		line(cli, "created", text);
	if (c->plan)
		line(cli, "plan", c->plan);
	if (c->fleet)
		line(cli, "fleet", c->fleet);
	if (c->is_ephemeral)
		line(cli, "ephemeral", "yes");
	if (c->is_kept)
		line(cli, "kept", "yes, by a reinstall");
	if (f->addresses)
		line(cli, "addresses", addresses);
	print_host_keys(cli, f->host_keys);
	print_usage(cli, f);
	print_disk(cli, &f->disk);
	if (f->has_cgroups)
		out_print(cli, "%-16s %s, %s\n", "cgroups",
			  cgroup_layout_name(cli->site.cgroups.layout), cli->site.cgroups.subtree);
	print_properties(cli, c);
}

int verb_info(struct cli *cli, struct target *t, struct error *err)
{
	struct facts facts = { 0 };

	(void)err;	/* what can't be found out is left out */
	gather(cli, t, &facts);
	if (!cli->is_json && cli->out.len > 0)
		out_print(cli, "\n");
	if (cli->is_json)
		print_json(cli, &facts);
	else
		print_text(cli, &facts);
	strv_clear(&facts.addresses);
	free(facts.ending);
	free(facts.host_keys);
	return 0;
}
