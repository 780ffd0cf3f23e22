/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <stdlib.h>
#include <string.h>

#include "base/cleanup.h"
#include "base/mem.h"
#include "oci/criu.h"
#include "oci/mount_options.h"
#include "oci/oci.h"
#include "oci/seccomp.h"
#include "oci/spec_linux.h"
#include "runtime/caps.h"

/* What this runtime can do, by the tables that it does it by. Whether a section is "enabled" is
 * about this program, not about the kernel below it, as the specification has it. */

/* A list that begins with a word for none. */
static void add_words(struct json_out *o, const char *key, const char *const *words)
{
	json_out_array(o, key);
	for (size_t i = 1; words[i]; i++)
		json_out_str(o, NULL, words[i]);
	json_out_end_array(o);
}

static void add_enabled(struct json_out *o, const char *key)
{
	json_out_object(o, key);
	json_out_bool(o, "enabled", true);
	json_out_end_object(o);
}

static void add_hooks(struct json_out *o)
{
	json_out_array(o, "hooks");
	for (const struct json_field *f = oci_hooks_fields; f->key; f++)
		json_out_str(o, NULL, f->key);
	json_out_end_array(o);
}

static void add_mount_options(struct json_out *o)
{
	json_out_array(o, "mountOptions");
	for (size_t i = 0; mount_options_name(i); i++)
		json_out_str(o, NULL, mount_options_name(i));
	json_out_end_array(o);
}

static void add_capabilities(struct json_out *o)
{
	json_out_array(o, "capabilities");
	for (unsigned int i = 0;; i++) {
		AUTO_FREE char *name = caps_name(i);

		if (!name)
			break;
		json_out_str(o, NULL, name);
	}
	json_out_end_array(o);
}

static void add_cgroup(struct json_out *o)
{
	json_out_object(o, "cgroup");
	json_out_bool(o, "v1", true);
	json_out_bool(o, "v2", true);
	json_out_bool(o, "systemd", true);
	json_out_bool(o, "systemdUser", true);
	json_out_bool(o, "rdma", true);
	json_out_end_object(o);
}

static void add_seccomp(struct json_out *o)
{
	json_out_object(o, "seccomp");
	json_out_bool(o, "enabled", true);
	add_words(o, "actions", oci_seccomp_actions);
	add_words(o, "operators", oci_seccomp_operators);
	json_out_array(o, "archs");
	for (size_t i = 1; oci_seccomp_architectures[i]; i++)
		if (seccomp_knows_architecture(i))
			json_out_str(o, NULL, oci_seccomp_architectures[i]);
	json_out_end_array(o);
	add_words(o, "knownFlags", oci_seccomp_flags);
	json_out_array(o, "supportedFlags");
	for (size_t i = 1; oci_seccomp_flags[i]; i++)
		if (seccomp_takes_flag(i))
			json_out_str(o, NULL, oci_seccomp_flags[i]);
	json_out_end_array(o);
	json_out_end_object(o);
}

static void add_linux(struct json_out *o)
{
	json_out_object(o, "linux");
	add_words(o, "namespaces", oci_namespace_names);
	add_capabilities(o);
	add_cgroup(o);
	add_seccomp(o);
	add_enabled(o, "apparmor");
	add_enabled(o, "selinux");
	json_out_object(o, "intelRdt");
	json_out_bool(o, "enabled", true);
	json_out_bool(o, "schemata", true);
	json_out_bool(o, "monitoring", true);
	json_out_end_object(o);
	json_out_object(o, "memoryPolicy");
	add_words(o, "modes", oci_memory_modes);
	add_words(o, "flags", oci_memory_flags);
	json_out_end_object(o);
	json_out_object(o, "mountExtensions");
	add_enabled(o, "idmap");
	json_out_end_object(o);
	add_enabled(o, "netDevices");
	json_out_end_object(o);
}

static bool has_verb(const char *name)
{
	for (const struct oci_verb *v = oci_verbs(); v->name; v++)
		if (strcmp(v->name, name) == 0)
			return true;
	return false;
}

/* Where it is, and works. */
static void add_criu(struct json_out *o, const char *given)
{
	struct error missing = { 0 };
	const char *program = criu_find(given, &missing);
	char version[32];

	if (program && criu_version(program, version, &missing) == 0)
		json_out_str(o, "org.criu.version", version);
}

/* Under runc's names, which callers look for. */
static void add_annotations(struct json_out *o, const char *criu)
{
	unsigned int major, minor, micro;
	AUTO_FREE char *version = NULL;

	seccomp_library(&major, &minor, &micro);
	version = xasprintf("%u.%u.%u", major, minor, micro);
	json_out_object(o, "annotations");
	json_out_str(o, "io.github.seccomp.libseccomp.version", version);
	json_out_str(o, "org.opencontainers.runc.checkpoint.enabled",
		     has_verb("checkpoint") ? "true" : "false");
	add_criu(o, criu);
	json_out_str(o, "zone-oci.version", PACKAGE_VERSION);
	/* docs/engines.md says it at length. */
	json_out_str(o, "zone-oci.assurance.with-user-namespace", "zone");
	json_out_str(o, "zone-oci.assurance.without-user-namespace", "runc");
	json_out_end_object(o);
}

int oci_features(struct oci *oci, struct error *err)
{
	struct json_out o = { .depth = 0 };

	(void)err;
	json_out_object(&o, NULL);
	json_out_str(&o, "ociVersionMin", "1.0.0");
	json_out_str(&o, "ociVersionMax", SPEC_VERSION);
	add_hooks(&o);
	add_mount_options(&o);
	add_linux(&o);
	add_annotations(&o, oci->criu);
	/* They become properties of systemd's unit (scope.h). */
	json_out_array(&o, "potentiallyUnsafeConfigAnnotations");
	json_out_str(&o, NULL, "org.systemd.property.");
	json_out_end_array(&o);
	json_out_end_object(&o);
	str_addf(&oci->out, "%s\n", str_text(&o.text));
	json_out_clear(&o);
	return 0;
}
