/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "runtime/state.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "base/fd.h"
#include "base/json.h"
#include "base/mem.h"
#include "base/path.h"
#include "base/strv.h"
#include "runtime/config.h"
#include "runtime/zone.h"

#define STATE_JSON "state.json"

enum { RUN_VERSION = 1, KIND_MAX = 63 };

/* The name, and what to say and which verb to try when one is not possible in the state. */
static const struct {
	const char *name, *text, *verb;
} states[ZONE_STATES] = {
	[ZONE_INCOMPLETE] = { "incomplete", "is incomplete", "repair" },
	[ZONE_CONFIGURED] = { "configured", "has no root filesystem", "destroy" },
	[ZONE_INSTALLED] = { "installed", "is not running", "boot" },
	[ZONE_READY] = { "ready", "is being booted", "wait -s running" },
	[ZONE_RUNNING] = { "running", "is running", "shutdown" },
	[ZONE_FROZEN] = { "frozen", "is frozen", "thaw" },
	[ZONE_SHUTTING_DOWN] = { "shutting_down", "is shutting down", "wait" },
	[ZONE_DOWN] = { "down", "is down, but not cleaned up", "halt" },
};

const char *zone_state_name(enum zone_state state)
{
	return states[state].name;
}

int zone_state_check(enum zone_state state, unsigned int allowed, const char *name,
		     struct error *err)
{
	if (ZONE_BIT(state) & allowed)
		return 0;
	error_set(err, ERR_STATE, "%s", states[state].text);
	return error_hint(err, "try: zonectl %s %s", states[state].verb, name);
}

void zone_run_clear(struct zone_run *r)
{
	free(r->template_init_kind);
	free(r->stop_signal);
	strv_clear(&r->image_env);
	*r = (struct zone_run){ 0 };
}

static int read_proc(const struct json *j, struct proc_id *out, struct error *err)
{
	uint64_t pid, start;
	const char *boot_id;

	if (!j)
		return 0;
	if (json_u64(json_get(j, "pid"), STATE_JSON, 1, INT32_MAX, &pid, err) < 0 ||
	    json_u64(json_get(j, "start"), STATE_JSON, 0, UINT64_MAX, &start, err) < 0 ||
	    json_str(json_get(j, "boot-id"), STATE_JSON, &boot_id, err) < 0)
		return -1;
	if (strlen(boot_id) != PROC_BOOT_ID_LEN)
		return json_error(j, STATE_JSON, err, "no boot id");
	out->pid = (pid_t)pid;
	out->start = start;
	strcpy(out->boot_id, boot_id);
	return 0;
}

/* What only zones of images have. */
static int read_image(struct zone_run *r, const struct json *root, struct error *err)
{
	const struct json *signal = json_get(root, "stop-signal"), *env = json_get(root, "env");
	const char *text = "";

	if (signal && json_str(signal, STATE_JSON, &text, err) < 0)
		return -1;
	r->stop_signal = xstrdup(text);
	return env ? json_strv(env, STATE_JSON, &r->image_env, err) : 0;
}

static int read_record(struct zone_run *r, const struct json *root, struct error *err)
{
	const char *kind;
	uint64_t version;

	if (json_u64(json_get(root, "version"), STATE_JSON, 1, RUN_VERSION, &version, err) < 0 ||
	    read_proc(json_get(root, "init"), &r->init, err) < 0 ||
	    read_proc(json_get(root, "keeper"), &r->keeper, err) < 0 ||
	    json_bool(json_get(root, "is-started"), STATE_JSON, &r->is_started, err) < 0 ||
	    json_bool(json_get(root, "is-shutting-down"), STATE_JSON, &r->is_shutting_down, err) <
		    0 ||
	    json_u64(json_get(root, "started"), STATE_JSON, 0, INT64_MAX, &r->started, err) < 0 ||
	    json_u64(json_get(root, "started-mono-ms"), STATE_JSON, 0, INT64_MAX,
		     &r->started_mono_ms, err) < 0 ||
	    json_str(json_get(root, "init-kind"), STATE_JSON, &kind, err) < 0)
		return -1;
	r->template_init_kind = xstrdup(kind);
	return read_image(r, root, err);
}

int zone_run_read(struct zone_run *out, struct site *site, const char *name, struct error *err)
{
	char path[ZONE_NAME_MAX + sizeof("/" STATE_JSON)];
	AUTO_JSON struct json *root = NULL;
	struct zone_run r = { 0 };
	AUTO_CLOSE int fd = -1;

	if (zone_name_check(name, err) < 0)
		return -1;
	snprintf(path, sizeof(path), "%s/" STATE_JSON, name);
	fd = openat(site->runfd, path, O_RDONLY | O_NOFOLLOW | O_NOCTTY | O_CLOEXEC);
	if (fd < 0 && errno == ENOENT)
		return error_set(err, ERR_NOT_FOUND, "is not running");
	if (fd < 0)
		return error_sys(err, "open 'run/%s'", path);
	root = json_read(fd, STATE_JSON, NULL, err);
	if (!root)
		return -1;
	if (read_record(&r, root, err) < 0) {
		zone_run_clear(&r);
		return -1;
	}
	*out = r;
	return 0;
}

static void write_proc(struct json_out *out, const char *key, const struct proc_id *id)
{
	if (id->pid == 0)
		return;
	json_out_object(out, key);
	json_out_u64(out, "pid", (uint64_t)id->pid);
	json_out_u64(out, "start", id->start);
	json_out_str(out, "boot-id", id->boot_id);
	json_out_end_object(out);
}

static void record_text(const struct zone_run *r, struct json_out *out)
{
	json_out_object(out, NULL);
	json_out_u64(out, "version", RUN_VERSION);
	write_proc(out, "init", &r->init);
	write_proc(out, "keeper", &r->keeper);
	json_out_bool(out, "is-started", r->is_started);
	json_out_bool(out, "is-shutting-down", r->is_shutting_down);
	json_out_u64(out, "started", r->started);
	json_out_u64(out, "started-mono-ms", r->started_mono_ms);
	json_out_str(out, "init-kind", r->template_init_kind ? r->template_init_kind : "");
	if (r->stop_signal && *r->stop_signal)
		json_out_str(out, "stop-signal", r->stop_signal);
	if (r->image_env)
		json_out_strv(out, "env", r->image_env);
	json_out_end_object(out);
}

static int open_run_dir(struct site *site, const char *name)
{
	const int flags = O_PATH | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC;
	int fd = openat(site->runfd, name, flags);

	if (fd >= 0 || errno != ENOENT)
		return fd;
	if (mkdirat(site->runfd, name, 0700) < 0 && errno != EEXIST)
		return -1;
	return openat(site->runfd, name, flags);
}

int zone_run_write(const struct zone_run *r, struct site *site, const char *name,
		   struct error *err)
{
	struct json_out out = { .compact = true };
	AUTO_CLOSE int dirfd = -1;
	int rc;

	if (zone_name_check(name, err) < 0)
		return -1;
	dirfd = open_run_dir(site, name);
	if (dirfd < 0)
		return error_sys(err, "make 'run/%s'", name);
	if (brief_remove(site, name, err) < 0)
		return -1;
	record_text(r, &out);
	/* What runs does not survive the host's own reboot, so the disk is not waited for. */
	rc = fd_replace_nosync(dirfd, STATE_JSON, 0600, str_text(&out.text), out.text.len, err);
	json_out_clear(&out);
	return rc;
}

int zone_run_remove(struct site *site, const char *name, struct error *err)
{
	if (zone_name_check(name, err) < 0)
		return -1;
	return path_remove(site->runfd, name, err);
}

/* A zone without a record, or with one of before the host was booted, is not up. */
static enum zone_state state_at_rest(struct site *site, const char *name)
{
	char path[ZONE_NAME_MAX + sizeof("/data")];

	snprintf(path, sizeof(path), "%s/data", name);
	if (faccessat(site->zonesfd, path, F_OK, 0) == 0)
		return ZONE_INSTALLED;
	return zone_is_incomplete(site, name) ? ZONE_INCOMPLETE : ZONE_CONFIGURED;
}

/* A zone whose groups can't be asked is shown as running: that it runs is known. Returns whether
 * there are processes in them. */
static bool look_at_groups(struct zone_status *s, struct site *site, const char *name)
{
	bool is_populated = false;
	struct error ignored;

	if (site_cgroups(site, &ignored) < 0 ||
	    cgroup_look(&site->cgroups, name, &is_populated, &s->is_frozen, &ignored) < 0)
		return false;
	return is_populated;
}

/* A pidfd, or -1 when that process is gone. */
static int open_if_alive(const struct proc_id *id, int *out_fd, struct error *err)
{
	struct error why = { 0 };
	int fd = id->pid > 0 ? proc_open(id, &why) : -1;

	if (fd < 0 && id->pid > 0 && why.kind != ERR_NOT_FOUND) {
		*err = why;
		return -1;
	}
	*out_fd = fd;
	return 0;
}

static enum zone_state state_of(const struct zone_status *s)
{
	if (!s->is_alive && s->has_keeper)
		return s->run.init.pid > 0 ? ZONE_SHUTTING_DOWN : ZONE_READY;
	if (!s->is_alive)
		return ZONE_DOWN;
	if (s->run.is_shutting_down)
		return ZONE_SHUTTING_DOWN;
	if (!s->run.is_started)
		return ZONE_READY;
	return s->is_frozen ? ZONE_FROZEN : ZONE_RUNNING;
}

/* Asks the kernel whether init and keeper are alive, and whether they are frozen. */
typedef int ask_fn(struct zone_status *s, struct site *site, const char *name, struct error *err);

static int find_out(struct zone_status *s, struct site *site, const char *name, ask_fn *ask,
		    struct error *err)
{
	struct error why = { 0 };
	const char *boot_id;

	if (zone_run_read(&s->run, site, name, &why) < 0) {
		if (why.kind != ERR_NOT_FOUND && why.kind != ERR_USAGE) {
			*err = why;
			return -1;
		}
		/* A damaged record (a power cut under a --root on disk) tells of something to clean
		 * up. */
		s->state = why.kind == ERR_USAGE ? ZONE_DOWN : state_at_rest(site, name);
		return 0;
	}
	boot_id = s->run.init.pid > 0 ? s->run.init.boot_id : s->run.keeper.boot_id;
	if (strcmp(boot_id, site->boot_id) != 0) {
		zone_run_clear(&s->run);
		s->state = state_at_rest(site, name);
		return 0;
	}
	if (ask(s, site, name, err) < 0)
		return -1;
	s->state = state_of(s);
	return 0;
}

/* With a pidfd of init, by which it can be waited for and signalled. */
static int ask_by_descriptor(struct zone_status *s, struct site *site, const char *name,
			     struct error *err)
{
	if (open_if_alive(&s->run.init, &s->initfd, err) < 0 ||
	    proc_is_alive(&s->run.keeper, &s->has_keeper, err) < 0)
		return -1;
	s->is_alive = s->initfd >= 0;
	if (s->is_alive)
		(void)look_at_groups(s, site, name);	/* init is known to be in them */
	return 0;
}

static int look_at_keeper(struct zone_status *s, struct error *err)
{
	if (!s->has_brief || s->brief.keeper_number == 0)
		return proc_is_alive(&s->run.keeper, &s->has_keeper, err);
	s->has_keeper = proc_has_number(s->run.keeper.pid, s->brief.keeper_number);
	return 0;
}

/* Whom a keeper watches, and who has processes, has an init: nothing outlives that. */
static int ask_by_number(struct zone_status *s, struct site *site, const char *name,
			 struct error *err)
{
	bool is_populated = look_at_groups(s, site, name);

	if (look_at_keeper(s, err) < 0)
		return -1;
	s->is_alive = s->has_keeper && is_populated && s->run.init.pid > 0;
	return s->is_alive ? 0 : proc_is_alive(&s->run.init, &s->is_alive, err);
}

int zone_status(struct zone_status *out, struct site *site, const char *name, struct error *err)
{
	*out = (struct zone_status){ .initfd = -1 };
	if (find_out(out, site, name, ask_by_descriptor, err) == 0)
		return 0;
	zone_status_clear(out);
	return -1;
}

/* The record of which it is a copy says that init was let go, and is not asked to shut down. */
static int find_out_in_brief(struct zone_status *s, struct site *site, const char *name,
			     struct error *err)
{
	s->run = (struct zone_run){ .init = s->brief.init,
				    .keeper = s->brief.keeper,
				    .is_started = true,
				    .started_mono_ms = s->brief.started_mono_ms };
	if (ask_by_number(s, site, name, err) < 0)
		return -1;
	s->state = state_of(s);
	return 0;
}

int zone_glance(struct zone_status *out, struct site *site, const char *name, struct error *err)
{
	int rc;

	*out = (struct zone_status){ .initfd = -1 };
	out->has_brief = brief_read(&out->brief, site, name);
	rc = out->has_brief ? find_out_in_brief(out, site, name, err)
			    : find_out(out, site, name, ask_by_number, err);
	if (rc < 0)
		zone_status_clear(out);
	return rc;
}

void zone_status_clear(struct zone_status *s)
{
	cleanup_close(&s->initfd);
	s->initfd = -1;
	brief_clear(&s->brief);
	zone_run_clear(&s->run);
}
