/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "cgroups/unit.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "base/dbus.h"
#include "base/mem.h"

enum { TIMEOUT_MS = 30000 };	/* runc's */

static const char manager_path[] = "/org/freedesktop/systemd1",
		  manager[] = "org.freedesktop.systemd1.Manager",
		  no_such_unit[] = "org.freedesktop.systemd1.NoSuchUnit",
		  unit_exists[] = "org.freedesktop.systemd1.UnitExists";

bool unit_has_systemd(void)
{
	return access("/run/systemd/system", F_OK) == 0; /* host path */
}

static void begin(struct str *props, const char *name, const char *signature)
{
	dbus_put_struct(props);
	dbus_put_str(props, name);
	dbus_put_sig(props, signature);
}

void unit_put_bool(struct str *props, const char *name, bool value)
{
	begin(props, name, "b");
	dbus_put_bool(props, value);
}

void unit_put_u64(struct str *props, const char *name, uint64_t value)
{
	begin(props, name, "t");
	dbus_put_u64(props, value);
}

void unit_put_str(struct str *props, const char *name, const char *value)
{
	begin(props, name, "s");
	dbus_put_str(props, value);
}

void unit_put_bytes(struct str *props, const char *name, const uint8_t *bytes, size_t n)
{
	struct dbus_array array;

	begin(props, name, "ay");
	array = dbus_put_array(props, 1);
	for (size_t i = 0; i < n; i++)
		dbus_put_byte(props, bytes[i]);
	dbus_end_array(props, array);
}

void unit_put_pairs(struct str *props, const char *name, char *const *texts)
{
	struct dbus_array array;

	begin(props, name, "a(ss)");
	array = dbus_put_array(props, 8);
	for (size_t i = 0; texts && texts[i] && texts[i + 1]; i += 2) {
		dbus_put_struct(props);
		dbus_put_str(props, texts[i]);
		dbus_put_str(props, texts[i + 1]);
	}
	dbus_end_array(props, array);
}

static void put_pid(struct str *props, pid_t pid)
{
	struct dbus_array array;

	begin(props, "PIDs", "au");
	array = dbus_put_array(props, 4);
	dbus_put_u32(props, (uint32_t)pid);
	dbus_end_array(props, array);
}

/* The caller's own systemd listens in the directory that pam_systemd(8) makes. */
static int open_manager(struct dbus *bus, struct error *err)
{
	const char *runtime_dir = getenv("XDG_RUNTIME_DIR");
	AUTO_FREE char *own = NULL;
	struct error first = { 0 };

	if (dbus_open(bus, "/run/systemd/private", TIMEOUT_MS, &first) == 0)
		return 0;
	dbus_close(bus);
	own = runtime_dir && *runtime_dir ? xasprintf("%s/systemd/private", runtime_dir)
					  : xasprintf("/run/user/%u/systemd/private", getuid());
	if (dbus_open(bus, own, TIMEOUT_MS, err) == 0)
		return 0;
	*err = first;
	error_wrap(err, "systemd");
	return error_hint(err, "use cgroupfs, or run systemd");
}

struct job {
	const char *unit;
	char result[32];
};

/* JobRemoved(u id, o job, s unit, s result). */
static int job_removed(void *arg, const struct dbus_signal *signal, struct error *err)
{
	struct job *job = arg;
	const char *path, *unit, *result;
	size_t at = 0;
	uint32_t id;

	if (strcmp(signal->signature, "uoss") != 0 ||
	    !dbus_get_u32(signal->body, signal->len, &at, &id) ||
	    !dbus_get_str(signal->body, signal->len, &at, &path) ||
	    !dbus_get_str(signal->body, signal->len, &at, &unit) ||
	    !dbus_get_str(signal->body, signal->len, &at, &result))
		return error_set(err, ERR_FAILED, "not what systemd sends");
	if (strcmp(unit, job->unit) != 0)
		return 0;
	snprintf(job->result, sizeof(job->result), "%s", result);
	return 1;
}

static int call(struct dbus *bus, const char *member, const char *signature,
		const struct str *body, char *name, struct error *err)
{
	const struct dbus_call c = { manager_path, manager, member, signature, body };

	return dbus_call(bus, &c, name, err);
}

static int wait_for_job(struct dbus *bus, const char *unit, struct error *err)
{
	struct job job = { .unit = unit };

	if (dbus_wait(bus, "JobRemoved", job_removed, &job, err) < 0)
		return error_wrap(err, "unit '%s'", unit);
	if (strcmp(job.result, "done") == 0 || strcmp(job.result, "skipped") == 0)
		return 0;
	return error_set(err, ERR_FAILED, "unit '%s': systemd says: %s", unit, job.result);
}

/* A list that was begun elsewhere moves as it is: both begin at eight. */
static void put_list(struct str *body, const struct str *props, pid_t pid)
{
	struct dbus_array array = dbus_put_array(body, 8);

	str_addn(body, str_text(props), props->len);
	if (pid > 0)
		put_pid(body, pid);
	dbus_end_array(body, array);
}

static int reset_failed(struct dbus *bus, const char *unit, struct error *err)
{
	AUTO_STR struct str body = { 0 };

	dbus_put_str(&body, unit);
	return call(bus, "ResetFailedUnit", "s", &body, NULL, err);
}

int unit_start(const char *unit, pid_t pid, const struct str *props, struct error *err)
{
	AUTO_DBUS struct dbus bus = DBUS_NONE;
	AUTO_STR struct str body = { 0 };
	char name[DBUS_NAME_MAX + 1];
	struct error first = { 0 }, ignored;
	int status;

	if (open_manager(&bus, err) < 0)
		return -1;
	dbus_put_str(&body, unit);
	dbus_put_str(&body, "replace");
	put_list(&body, props, pid);
	dbus_end_array(&body, dbus_put_array(&body, 8));	/* no units beside */
	status = call(&bus, "StartTransientUnit", "ssa(sv)a(sa(sv))", &body, name, &first);
	/* One that failed and was not cleared away is in nobody's use. */
	if (status < 0 && strcmp(name, unit_exists) == 0 && reset_failed(&bus, unit, &ignored) == 0)
		status = call(&bus, "StartTransientUnit", "ssa(sv)a(sa(sv))", &body, name, &first);
	if (status < 0) {
		*err = first;
		return error_wrap(err, "unit '%s'", unit);
	}
	return wait_for_job(&bus, unit, err);
}

int unit_set(const char *unit, const struct str *props, struct error *err)
{
	AUTO_DBUS struct dbus bus = DBUS_NONE;
	AUTO_STR struct str body = { 0 };

	if (props->len == 0)
		return 0;
	if (open_manager(&bus, err) < 0)
		return -1;
	dbus_put_str(&body, unit);
	dbus_put_bool(&body, true);	/* not beyond the next start of the host */
	put_list(&body, props, 0);
	if (call(&bus, "SetUnitProperties", "sba(sv)", &body, NULL, err) < 0)
		return error_wrap(err, "unit '%s'", unit);
	return 0;
}

int unit_stop(const char *unit, struct error *err)
{
	AUTO_DBUS struct dbus bus = DBUS_NONE;
	AUTO_STR struct str body = { 0 };
	char name[DBUS_NAME_MAX + 1];
	struct error ignored, refusal = { 0 };

	if (!unit_has_systemd())
		return 0;
	if (open_manager(&bus, err) < 0)
		return -1;
	dbus_put_str(&body, unit);
	dbus_put_str(&body, "replace");
	if (call(&bus, "StopUnit", "ss", &body, name, &refusal) < 0) {
		if (strcmp(name, no_such_unit) == 0)
			return 0;
		*err = refusal;
		return error_wrap(err, "unit '%s'", unit);
	}
	if (wait_for_job(&bus, unit, err) < 0)
		return -1;
	(void)reset_failed(&bus, unit, &ignored);	/* it did not fail, or it is gone */
	return 0;
}
