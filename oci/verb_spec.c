/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <errno.h>
#include <fcntl.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "base/fd.h"
#include "base/json_out.h"
#include "oci/oci.h"
#include "oci/spec.h"

enum { BUNDLE, ROOTLESS };

const struct oci_option oci_spec_options[] = {
	[BUNDLE] = { "bundle", 'b', true }, [ROOTLESS] = { "rootless", 0, false }, { 0 },
};

/* Who gets a row. */
enum who { ALL, AS_ROOT, AS_USER };

/* clang-format off */
static const struct {
	enum who who;
	const char *destination, *type, *source;
	const char *options[7];
} mount_rows[] = {
	{ ALL,     "/proc",          "proc",   "proc",   { NULL } },
	{ ALL,     "/dev",           "tmpfs",  "tmpfs",  { "nosuid", "strictatime", "mode=755",
							   "size=65536k" } },
	{ AS_ROOT, "/dev/pts",       "devpts", "devpts", { "nosuid", "noexec", "newinstance",
							   "ptmxmode=0666", "mode=0620",
							   "gid=5" } },
	/* Group 5 is not mapped there. */
	{ AS_USER, "/dev/pts",       "devpts", "devpts", { "nosuid", "noexec", "newinstance",
							   "ptmxmode=0666", "mode=0620" } },
	{ ALL,     "/dev/shm",       "tmpfs",  "shm",    { "nosuid", "noexec", "nodev", "mode=1777",
							   "size=65536k" } },
	{ ALL,     "/dev/mqueue",    "mqueue", "mqueue", { "nosuid", "noexec", "nodev" } },
	{ AS_ROOT, "/sys",           "sysfs",  "sysfs",  { "nosuid", "noexec", "nodev", "ro" } },
	/* A new sysfs needs a network namespace of the user's own. */
	{ AS_USER, "/sys",           "none",   "/sys",   { "rbind", "nosuid", "noexec", "nodev",
							   "ro" } },
	{ ALL,     "/sys/fs/cgroup", "cgroup", "cgroup", { "nosuid", "noexec", "nodev", "relatime",
							   "ro" } },
};

static const struct {
	enum who who;
	const char *type;
} namespace_rows[] = {
	{ ALL,     "pid" },
	{ AS_ROOT, "network" },
	{ ALL,     "ipc" },
	{ ALL,     "uts" },
	{ ALL,     "mount" },
	{ ALL,     "cgroup" },
	{ AS_USER, "user" },
};

static const char *const capabilities[] = {
	"CAP_AUDIT_WRITE", "CAP_KILL", "CAP_NET_BIND_SERVICE", NULL,
};
static const char *const capability_sets[] = {
	"bounding", "effective", "permitted", "ambient", NULL,
};
static const char *const environment[] = {
	"PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin", "TERM=xterm", NULL,
};
static const char *const masked[] = {
	"/proc/acpi", "/proc/asound", "/proc/kcore", "/proc/keys", "/proc/latency_stats",
	"/proc/timer_list", "/proc/timer_stats", "/proc/sched_debug", "/sys/firmware",
	"/proc/scsi", NULL,
};
static const char *const readonly[] = {
	"/proc/bus", "/proc/fs", "/proc/irq", "/proc/sys", "/proc/sysrq-trigger", NULL,
};
/* clang-format on */

static void add_list(struct json_out *o, const char *key, const char *const *words)
{
	json_out_array(o, key);
	for (; *words; words++)
		json_out_str(o, NULL, *words);
	json_out_end_array(o);
}

static void add_process(struct json_out *o)
{
	static const char *const args[] = { "sh", NULL };

	json_out_object(o, "process");
	json_out_bool(o, "terminal", true);
	json_out_object(o, "user");
	json_out_u64(o, "uid", 0);
	json_out_u64(o, "gid", 0);
	json_out_end_object(o);
	add_list(o, "args", args);
	add_list(o, "env", environment);
	json_out_str(o, "cwd", "/");
	json_out_object(o, "capabilities");
	for (size_t i = 0; capability_sets[i]; i++)
		add_list(o, capability_sets[i], capabilities);
	json_out_end_object(o);
	json_out_array(o, "rlimits");
	json_out_object(o, NULL);
	json_out_str(o, "type", "RLIMIT_NOFILE");
	json_out_u64(o, "hard", 1024);
	json_out_u64(o, "soft", 1024);
	json_out_end_object(o);
	json_out_end_array(o);
	json_out_bool(o, "noNewPrivileges", true);
	json_out_end_object(o);
}

static void add_mounts(struct json_out *o, enum who who)
{
	json_out_array(o, "mounts");
	for (size_t i = 0; i < N_ROWS(mount_rows); i++) {
		if (mount_rows[i].who != ALL && mount_rows[i].who != who)
			continue;
		json_out_object(o, NULL);
		json_out_str(o, "destination", mount_rows[i].destination);
		json_out_str(o, "type", mount_rows[i].type);
		json_out_str(o, "source", mount_rows[i].source);
		if (mount_rows[i].options[0])
			add_list(o, "options", mount_rows[i].options);
		json_out_end_object(o);
	}
	json_out_end_array(o);
}

static void add_mapping(struct json_out *o, const char *key, uint32_t id)
{
	json_out_array(o, key);
	json_out_object(o, NULL);
	json_out_u64(o, "containerID", 0);
	json_out_u64(o, "hostID", id);
	json_out_u64(o, "size", 1);
	json_out_end_object(o);
	json_out_end_array(o);
}

/* Devices are the groups' business, which a user may have none of. */
static void add_devices(struct json_out *o)
{
	json_out_object(o, "resources");
	json_out_array(o, "devices");
	json_out_object(o, NULL);
	json_out_bool(o, "allow", false);
	json_out_str(o, "access", "rwm");
	json_out_end_object(o);
	json_out_end_array(o);
	json_out_end_object(o);
}

static void add_linux(struct json_out *o, enum who who)
{
	json_out_object(o, "linux");
	if (who == AS_USER) {
		add_mapping(o, "uidMappings", geteuid());
		add_mapping(o, "gidMappings", getegid());
	} else {
		add_devices(o);
	}
	json_out_array(o, "namespaces");
	for (size_t i = 0; i < N_ROWS(namespace_rows); i++) {
		if (namespace_rows[i].who != ALL && namespace_rows[i].who != who)
			continue;
		json_out_object(o, NULL);
		json_out_str(o, "type", namespace_rows[i].type);
		json_out_end_object(o);
	}
	json_out_end_array(o);
	add_list(o, "maskedPaths", masked);
	add_list(o, "readonlyPaths", readonly);
	json_out_end_object(o);
}

static void write_spec(struct json_out *o, enum who who)
{
	json_out_object(o, NULL);
	json_out_str(o, "ociVersion", SPEC_VERSION);
	add_process(o);
	json_out_object(o, "root");
	json_out_str(o, "path", "rootfs");
	json_out_bool(o, "readonly", true);
	json_out_end_object(o);
	json_out_str(o, "hostname", "zone-oci");
	add_mounts(o, who);
	add_linux(o, who);
	json_out_end_object(o);
	str_addc(&o->text, '\n');
}

int oci_spec(struct oci *oci, struct error *err)
{
	const char *bundle = oci_value(oci, BUNDLE) ? oci_value(oci, BUNDLE) : ".";
	AUTO_CLOSE int dirfd = open(bundle, O_PATH | O_DIRECTORY | O_CLOEXEC); /* host path */
	AUTO_CLOSE int fd = -1;
	struct json_out o = { .depth = 0 };
	int status;

	if (dirfd < 0)
		return error_sys(err, "open bundle '%s'", bundle);
	fd = openat(dirfd, "config.json", O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0666);
	if (fd < 0 && errno == EEXIST)
		return error_set(err, ERR_EXISTS, "File config.json exists. Remove it first");
	if (fd < 0)
		return error_sys(err, "make 'config.json'");
	write_spec(&o, oci_value(oci, ROOTLESS) ? AS_USER : AS_ROOT);
	status = fd_write_all(fd, str_text(&o.text), o.text.len, err);
	json_out_clear(&o);
	if (status < 0)
		(void)unlinkat(dirfd, "config.json", 0);	/* half a file helps nobody */
	return status;
}
