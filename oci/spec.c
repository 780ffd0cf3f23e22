/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "oci/spec.h"

#include <limits.h>
#include <linux/ioprio.h>
#include <string.h>

#include "oci/spec_check.h"
#include "oci/spec_linux.h"
#include "oci/spec_resources.h"

enum { SPEC_DEPTH_MAX = 64 };

struct jail {
	int word;
};

struct freebsd {
	struct jail *jail;
};

static int absolute(const struct json *value, const char *name, struct error *err)
{
	if (value->text[0] == '/')
		return 0;
	return json_error(value, name, err, "'%s' is no absolute path", value->text);
}

/* Drafts before 1.0 differ in nothing that is read here; the specification's own example is one. */
static int version(const struct json *value, const char *name, struct error *err)
{
	if ((value->text[0] == '0' || value->text[0] == '1') && value->text[1] == '.')
		return 0;
	return json_error(value, name, err, "version '%s' is none of 1.x", value->text);
}

static int rlimit(const struct json *value, const char *name, struct error *err)
{
	static const char prefix[] = "RLIMIT_";
	const char *rest = value->text + strlen(prefix);

	if (strncmp(value->text, prefix, strlen(prefix)) == 0 && *rest &&
	    rest[strspn(rest, "ABCDEFGHIJKLMNOPQRSTUVWXYZ")] == '\0')
		return 0;
	return json_error(value, name, err, "'%s' is no RLIMIT_NAME", value->text);
}

static int processors(const struct json *value, const char *name, struct error *err)
{
	if (value->text[strspn(value->text, "0123456789, -")] == '\0')
		return 0;
	return json_error(value, name, err, "'%s' is no list of processors", value->text);
}

/* clang-format off */
static const struct json_field size_fields[] = {
	{ JSON_ROW(U32, oci_size, height, "height"), .is_required = true, .max = USHRT_MAX },
	{ JSON_ROW(U32, oci_size, width, "width"), .is_required = true, .max = USHRT_MAX },
	{ 0 },
};

static const struct json_field user_fields[] = {
	{ JSON_ROW(U32, oci_user, uid, "uid") },
	{ JSON_ROW(U32, oci_user, gid, "gid") },
	{ JSON_ROW(NUMBER, oci_user, umask, "umask"), .max = UINT32_MAX },
	{ JSON_COUNTED(U32S, oci_user, groups, "additionalGids") },
	{ 0 },
};

static const struct json_field capabilities_fields[] = {
	{ JSON_COUNTED(STRINGS, oci_capabilities, bounding, "bounding") },
	{ JSON_COUNTED(STRINGS, oci_capabilities, permitted, "permitted") },
	{ JSON_COUNTED(STRINGS, oci_capabilities, effective, "effective") },
	{ JSON_COUNTED(STRINGS, oci_capabilities, inheritable, "inheritable") },
	{ JSON_COUNTED(STRINGS, oci_capabilities, ambient, "ambient") },
	{ 0 },
};

static const struct json_field rlimit_fields[] = {
	{ JSON_ROW(STRING, oci_rlimit, type, "type"), .is_required = true, .check = rlimit },
	{ JSON_ROW(UNSIGNED, oci_rlimit, soft, "soft"), .is_required = true },
	{ JSON_ROW(UNSIGNED, oci_rlimit, hard, "hard"), .is_required = true },
	{ 0 },
};

static const char *const io_classes[] = {
	"",
	[IOPRIO_CLASS_RT] = "IOPRIO_CLASS_RT",
	[IOPRIO_CLASS_BE] = "IOPRIO_CLASS_BE",
	[IOPRIO_CLASS_IDLE] = "IOPRIO_CLASS_IDLE",
	NULL,
};

static const struct json_field io_priority_fields[] = {
	{ JSON_ROW(WORD, oci_io_priority, class, "class"), .is_required = true,
	  .words = io_classes },
	{ JSON_ROW(NUMBER, oci_io_priority, priority, "priority"), .min = INT_MIN, .max = INT_MAX },
	{ 0 },
};

static const char *const policies[] = {
	"",
	[OCI_SCHED_OTHER] = "SCHED_OTHER", [OCI_SCHED_FIFO] = "SCHED_FIFO",
	[OCI_SCHED_RR] = "SCHED_RR", [OCI_SCHED_BATCH] = "SCHED_BATCH",
	[OCI_SCHED_ISO] = "SCHED_ISO", [OCI_SCHED_IDLE] = "SCHED_IDLE",
	[OCI_SCHED_DEADLINE] = "SCHED_DEADLINE",
	NULL,
};

/* In the order of the kernel's bits, linux/sched.h. */
static const char *const scheduler_flags[] = {
	"",
	"SCHED_FLAG_RESET_ON_FORK", "SCHED_FLAG_RECLAIM", "SCHED_FLAG_DL_OVERRUN",
	"SCHED_FLAG_KEEP_POLICY", "SCHED_FLAG_KEEP_PARAMS", "SCHED_FLAG_UTIL_CLAMP_MIN",
	"SCHED_FLAG_UTIL_CLAMP_MAX",
	NULL,
};

static const struct json_field scheduler_fields[] = {
	{ JSON_ROW(WORD, oci_scheduler, policy, "policy"), .is_required = true, .words = policies },
	{ JSON_ROW(NUMBER, oci_scheduler, nice, "nice"), .min = INT_MIN, .max = INT_MAX },
	{ JSON_ROW(NUMBER, oci_scheduler, priority, "priority"), .min = INT_MIN, .max = INT_MAX },
	{ JSON_ROW(WORDS, oci_scheduler, flags, "flags"), .words = scheduler_flags },
	{ JSON_ROW(UNSIGNED, oci_scheduler, runtime, "runtime") },
	{ JSON_ROW(UNSIGNED, oci_scheduler, deadline, "deadline") },
	{ JSON_ROW(UNSIGNED, oci_scheduler, period, "period") },
	{ 0 },
};

static const struct json_field affinity_fields[] = {
	{ JSON_ROW(STRING, oci_affinity, initial, "initial"), .check = processors },
	{ JSON_ROW(STRING, oci_affinity, final, "final"), .check = processors },
	{ 0 },
};

static const struct json_field process_fields[] = {
	{ JSON_ROW(BOOL, oci_process, terminal, "terminal") },
	{ JSON_ROW(OBJECT, oci_process, console_size, "consoleSize"),
	  .fields = size_fields, .size = sizeof(struct oci_size) },
	{ JSON_ROW(STRING, oci_process, cwd, "cwd"), .is_required = true, .check = absolute },
	{ JSON_COUNTED(STRINGS, oci_process, args, "args") },
	{ JSON_COUNTED(STRINGS, oci_process, env, "env") },
	{ JSON_ROW(OBJECT, oci_process, user, "user"),
	  .fields = user_fields, .size = sizeof(struct oci_user) },
	{ JSON_ROW(OBJECT, oci_process, capabilities, "capabilities"),
	  .fields = capabilities_fields, .size = sizeof(struct oci_capabilities) },
	{ JSON_COUNTED(LIST, oci_process, rlimits, "rlimits"),
	  .fields = rlimit_fields, .size = sizeof(struct oci_rlimit) },
	{ JSON_ROW(BOOL, oci_process, no_new_privileges, "noNewPrivileges") },
	{ JSON_ROW(STRING, oci_process, apparmor_profile, "apparmorProfile") },
	{ JSON_ROW(STRING, oci_process, selinux_label, "selinuxLabel") },
	{ JSON_ROW(NUMBER, oci_process, oom_score_adj, "oomScoreAdj"), .min = -1000, .max = 1000 },
	{ JSON_ROW(OBJECT, oci_process, scheduler, "scheduler"),
	  .fields = scheduler_fields, .size = sizeof(struct oci_scheduler) },
	{ JSON_ROW(OBJECT, oci_process, io_priority, "ioPriority"),
	  .fields = io_priority_fields, .size = sizeof(struct oci_io_priority) },
	{ JSON_ROW(OBJECT, oci_process, exec_affinity, "execCPUAffinity"),
	  .fields = affinity_fields, .size = sizeof(struct oci_affinity) },
	{ 0 },
};

static const struct json_field root_fields[] = {
	{ JSON_ROW(STRING, oci_root, path, "path"), .is_required = true },
	{ JSON_ROW(BOOL, oci_root, readonly, "readonly") },
	{ 0 },
};

static const struct json_field mount_fields[] = {
	{ JSON_ROW(STRING, oci_mount, destination, "destination"), .is_required = true },
	{ JSON_ROW(STRING, oci_mount, source, "source") },
	{ JSON_ROW(STRING, oci_mount, type, "type") },
	{ JSON_COUNTED(STRINGS, oci_mount, options, "options") },
	{ JSON_COUNTED(LIST, oci_mount, uids, "uidMappings"),
	  .fields = oci_mapping_fields, .size = sizeof(struct oci_id_mapping) },
	{ JSON_COUNTED(LIST, oci_mount, gids, "gidMappings"),
	  .fields = oci_mapping_fields, .size = sizeof(struct oci_id_mapping) },
	{ 0 },
};

static const struct json_field hook_fields[] = {
	{ JSON_ROW(STRING, oci_hook, path, "path"), .is_required = true, .check = absolute },
	{ JSON_COUNTED(STRINGS, oci_hook, args, "args") },
	{ JSON_COUNTED(STRINGS, oci_hook, env, "env") },
	{ JSON_ROW(NUMBER, oci_hook, timeout, "timeout"), .min = 1, .max = INT_MAX },
	{ 0 },
};

#define HOOKS(member, name) \
	JSON_COUNTED(LIST, oci_hooks, member, name), .fields = hook_fields, \
	.size = sizeof(struct oci_hook)
const struct json_field oci_hooks_fields[] = {
	{ HOOKS(prestart, "prestart") },
	{ HOOKS(create_runtime, "createRuntime") },
	{ HOOKS(create_container, "createContainer") },
	{ HOOKS(start_container, "startContainer") },
	{ HOOKS(poststart, "poststart") },
	{ HOOKS(poststop, "poststop") },
	{ 0 },
};

/* Of other systems' sections only this much is looked at. */
static const char *const sharing[] = { "", "disable", "new", "inherit", NULL };
static const char *const sharing_some[] = { "", "new", "inherit", NULL };

static const struct json_field jail_fields[] = {
	{ JSON_ROW(WORD, jail, word, "host"), .words = sharing_some },
	{ JSON_ROW(WORD, jail, word, "vnet"), .words = sharing_some },
	{ JSON_ROW(WORD, jail, word, "ip4"), .words = sharing },
	{ JSON_ROW(WORD, jail, word, "ip6"), .words = sharing },
	{ JSON_ROW(WORD, jail, word, "sysvmsg"), .words = sharing },
	{ JSON_ROW(WORD, jail, word, "sysvsem"), .words = sharing },
	{ JSON_ROW(WORD, jail, word, "sysvshm"), .words = sharing },
	{ 0 },
};

static const struct json_field freebsd_fields[] = {
	{ JSON_ROW(OBJECT, freebsd, jail, "jail"),
	  .fields = jail_fields, .size = sizeof(struct jail) },
	{ 0 },
};

static const struct json_field spec_fields[] = {
	{ JSON_ROW(STRING, oci_spec, version, "ociVersion"), .is_required = true,
	  .check = version },
	{ JSON_ROW(STRING, oci_spec, hostname, "hostname") },
	{ JSON_ROW(STRING, oci_spec, domainname, "domainname") },
	{ JSON_ROW(OBJECT, oci_spec, process, "process"),
	  .fields = process_fields, .size = sizeof(struct oci_process) },
	{ JSON_ROW(OBJECT, oci_spec, root, "root"),
	  .fields = root_fields, .size = sizeof(struct oci_root) },
	{ JSON_COUNTED(LIST, oci_spec, mounts, "mounts"),
	  .fields = mount_fields, .size = sizeof(struct oci_mount) },
	{ JSON_ROW(OBJECT, oci_spec, hooks, "hooks"),
	  .fields = oci_hooks_fields, .size = sizeof(struct oci_hooks) },
	{ JSON_COUNTED(MAP, oci_spec, annotations, "annotations") },
	{ JSON_ROW(OBJECT, oci_spec, linux_, "linux"),
	  .fields = oci_linux_fields, .size = sizeof(struct oci_linux) },
	{ JSON_ROW(OBJECT, oci_spec, freebsd, "freebsd"),
	  .fields = freebsd_fields, .size = sizeof(struct freebsd) },
	{ 0 },
};
/* clang-format on */

/* What nobody gave, as an empty object. */
static void *or_empty(struct oci_spec *spec, void *object, size_t size)
{
	return object ? object : json_fill_block(&spec->fill, 1, size);
}

static int parse(struct oci_spec *spec, int fd, const char *name, struct error *err)
{
	static const struct json_limits limits = { .size = SPEC_SIZE_MAX, .depth = SPEC_DEPTH_MAX };

	spec->fill.name = name;
	spec->json = json_read(fd, name, &limits, err);
	return spec->json ? 0 : -1;
}

int spec_read(struct oci_spec *spec, int fd, const char *name, struct error *err)
{
	if (parse(spec, fd, name, err) < 0 ||
	    json_fill(&spec->fill, spec->json, spec_fields, spec, err) < 0)
		return -1;
	spec->linux_ = or_empty(spec, spec->linux_, sizeof(*spec->linux_));
	if (spec->process)
		spec->process->user =
			or_empty(spec, spec->process->user, sizeof(*spec->process->user));
	return spec_check(spec, err);
}

int spec_read_process(struct oci_spec *spec, int fd, const char *name, struct error *err)
{
	if (parse(spec, fd, name, err) < 0)
		return -1;
	spec->process = or_empty(spec, NULL, sizeof(*spec->process));
	if (json_fill(&spec->fill, spec->json, process_fields, spec->process, err) < 0)
		return -1;
	spec->process->user = or_empty(spec, spec->process->user, sizeof(*spec->process->user));
	return 0;
}

int spec_read_resources(struct oci_spec *spec, int fd, const char *name, struct error *err)
{
	struct oci_resources *resources = NULL;

	if (parse(spec, fd, name, err) < 0)
		return -1;
	spec->linux_ = or_empty(spec, NULL, sizeof(*spec->linux_));
	resources = or_empty(spec, NULL, sizeof(*resources));
	spec->linux_->resources = resources;
	return json_fill(&spec->fill, spec->json, oci_resources_fields, resources, err);
}

void spec_clear(struct oci_spec *spec)
{
	json_fill_clear(&spec->fill);
	json_free(spec->json);
	memset(spec, 0, sizeof(*spec));
}
