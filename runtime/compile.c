/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "runtime/compile.h"

#include <sched.h>
#include <stdlib.h>
#include <string.h>

#include "base/cleanup.h"
#include "base/mem.h"
#include "base/strv.h"
#include "runtime/caps.h"
#include "runtime/inits.h"
#include "templates/store.h"

#define PATH_DEFAULT "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"

static void env_add(char ***env, char *const *more)
{
	for (char *const *e = more; e && *e; e++) {
		AUTO_FREE char *name = xstrndup(*e, strcspn(*e, "="));

		strv_env_set(env, name, *e + strcspn(*e, "=") + 1);
	}
}

char **compile_env(const struct zone_config *c, char *const *image_env, const char *term)
{
	char **env = NULL;

	strv_env_set(&env, "PATH", PATH_DEFAULT);
	env_add(&env, image_env);
	/* The one value that OpenRC and the images of linuxcontainers.org know; systemd takes any
	 * (docs/boot.md, section 1). */
	strv_env_set(&env, "container", "lxc");
	strv_env_set(&env, "TERM", term && *term ? term : "linux");
	env_add(&env, c->env);
	return env;
}

int compile_confine(struct confine *out, struct filter *filter, const struct zone *z,
		    struct error *err)
{
	if (filter_load(filter, z->site, z->config.features, err) < 0)
		return -1;
	*out = (struct confine){
		.filter = filter,
		.caps = caps_kept(z->config.features),
		.nofile = z->config.nofile,
		.set_oom_score = confine_needs_oom_score(),
	};
	return 0;
}

static void compile_paths(struct compiled *out, const struct zone *z)
{
	const char *root = strcmp(z->site->path, "/") == 0 ? "" : z->site->path;
	const struct zone_config *c = &z->config;

	out->var_path = xasprintf("%s/var/lib/zonectl", root);
	out->zone_path = xasprintf("%s/zones/%s", out->var_path, z->name);
	if (c->storage == STORAGE_OVERLAY)
		out->lower_path = xasprintf("%s/templates/.objects/%s/rootfs", out->var_path,
					    c->template_digest);
	out->zone.lower_path = out->lower_path;
	out->zone.var_path = out->var_path;
	out->zone.zone_path = out->zone_path;
}

static int compile_common(struct compiled *out, const struct zone *z, struct error *err)
{
	const struct zone_config *c = &z->config;

	*out = (struct compiled){ 0 };
	if (network_compile(&out->network, z, err) < 0)
		return -1;
	out->zone = (struct zone_launch){
		.launch = {
			.kind = &zone_launch_kind,
			.name = z->name,
			.namespaces = CLONE_NEWUSER | CLONE_NEWPID | CLONE_NEWUTS | CLONE_NEWIPC |
				      (out->network.is_host ? 0 : CLONE_NEWNET),
			.builds_apart = true,
			.cgroupfd = -1,
		},
		.hostname = c->hostname ? c->hostname : z->name,
		.uid_base = c->uid_base,
		.is_ephemeral = c->is_ephemeral,
		.features = c->features,
		.mounts = c->mounts,
		.shares_net = out->network.is_host,
		.listens_ssh = c->ssh == ZONE_SSH_ON_DEMAND && !out->network.is_host,
	};
	out->setup = (struct setup){
		.uuid = c->uuid,
		.hostname = out->zone.hostname,
		.timezone = c->timezone,
		.locale = c->locale,
		.password_hash = c->password_hash,
		.users = c->users,
		.ssh_keys = c->ssh_keys,
		.ssh_key_user = c->ssh_key_user,
		.ssh = c->ssh,
		.nameservers = out->network.nameservers,
		.search = out->network.search,
		.net = &out->network.plan,
		.init_kind = "",
		.is_off = c->setup == ZONE_SETUP_NONE,
	};
	out->zone.setup = &out->setup;
	compile_paths(out, z);
	return compile_confine(&out->zone.launch.confine, &out->filter, z, err);
}

/* A zone of a tree that is no template yet (customize.h) has none. */
static int find_template(const struct zone *z, struct template *out, struct error *err)
{
	AUTO_CLOSE int storefd = site_templates(z->site, err);

	if (!*z->config.template_digest)
		return 0;
	return storefd < 0 ? -1 : store_find(storefd, z->config.template_digest, out, err);
}

static char *taken(char **text)
{
	char *word = TAKE_PTR(*text);

	if (word && *word)
		return word;
	free(word);
	return NULL;
}

static bool has_program(const struct template *t)
{
	return t->args && *t->args;
}

/* The program that the image is for, as the user and with the signal that it names. */
static void take_program(struct compiled *out, struct template *t)
{
	for (char *const *a = t->args; a && *a; a++)
		strv_add(&out->argv, *a);
	out->user = taken(&t->user);
	out->stop_signal = taken(&t->stop_signal);
	out->dir = taken(&t->cwd);
}

/* The template knows its init; it was looked for once, at import. */
static int find_init(struct compiled *out, const struct zone *z, const char **init,
		     struct error *err)
{
	AUTO_TEMPLATE struct template template = { 0 };

	if (find_template(z, &template, err) < 0)
		return -1;
	out->image_env = TAKE_PTR(template.env);
	out->init_kind = xstrdup(template.init_kind ? template.init_kind : "");
	out->setup.init_kind = out->init_kind;
	out->setup.systemd_version = template.systemd_version;
	if (*init)
		return 0;
	if ((!template.init || !*template.init) && has_program(&template)) {
		take_program(out, &template);
		return 0;
	}
	if (!template.init || !*template.init) {
		error_set(err, ERR_UNSUPPORTED, "template \"%s\" has no init",
			  z->config.template_name);
		return error_hint(err, "name a program: zonectl set %s init=/bin/sh", z->name);
	}
	strv_add(&out->argv, template.init);
	out->stop_signal = taken(&template.stop_signal);
	return 0;
}

static int compile_argv(struct compiled *out, const struct zone *z,
			const struct boot_options *options, struct error *err)
{
	const char *init = options->init ? options->init : z->config.init;

	if (init)
		strv_add(&out->argv, init);
	if (find_init(out, z, &init, err) < 0)
		return -1;
	for (char *const *a = z->config.init_args; a && *a; a++)
		strv_add(&out->argv, *a);
	for (char *const *a = options->init_args; a && *a; a++)
		strv_add(&out->argv, *a);
	if (options->is_single && inits_add_single(out->init_kind, &out->argv, err) < 0)
		return -1;
	return 0;
}

static int compile_boot_all(struct compiled *out, const struct zone *z,
			    const struct boot_options *options, struct error *err)
{
	static const struct boot_options none = { 0 };

	if (compile_common(out, z, err) < 0 ||
	    compile_argv(out, z, options ? options : &none, err) < 0)
		return -1;
	hosts_compile(&out->hosts, z, &out->network);
	out->setup.peers = out->hosts.peers;
	out->env = compile_env(&z->config, out->image_env, NULL);
	strv_env_set(&out->env, "container_uuid", z->config.uuid);
	out->zone.has_console = true;
	out->zone.has_notify = strcmp(out->init_kind, "systemd") == 0;
	if (out->zone.has_notify)
		strv_env_set(&out->env, "NOTIFY_SOCKET", "/run/host/notify");
	out->zone.launch.argv = out->argv;
	out->zone.launch.env = out->env;
	out->zone.user = out->user;
	out->zone.dir = out->dir;
	return 0;
}

int compile_boot(struct compiled *out, const struct zone *z, const struct boot_options *options,
		 struct error *err)
{
	if (compile_boot_all(out, z, options, err) == 0)
		return 0;
	compiled_clear(out);
	return -1;
}

static int compile_command(struct compiled *out, const struct zone *z, char *const *argv,
			   struct error *err)
{
	AUTO_TEMPLATE struct template template = { 0 };

	if (find_template(z, &template, err) < 0)
		return -1;
	out->image_env = TAKE_PTR(template.env);
	if (argv) {
		out->dir = taken(&template.cwd);
		out->zone.launch.argv = argv;
		return 0;
	}
	if (!has_program(&template)) {
		error_set(err, ERR_USAGE,
			  "no command given, and template \"%s\" has none of its own",
			  z->config.template_name);
		return error_hint(err, "name one: zonectl run -t %s -- COMMAND",
				  z->config.template_name);
	}
	take_program(out, &template);
	out->zone.launch.argv = out->argv;
	return 0;
}

int compile_run(struct compiled *out, const struct zone *z, char *const *argv, const char *term,
		struct error *err)
{
	if (compile_common(out, z, err) < 0 || compile_command(out, z, argv, err) < 0) {
		compiled_clear(out);
		return -1;
	}
	out->init_kind = xstrdup("");
	out->setup.is_command = true;
	out->env = compile_env(&z->config, out->image_env, term);
	if (!out->user && !strv_env_get(out->env, "HOME"))
		strv_env_set(&out->env, "HOME", "/root");
	out->zone.launch.env = out->env;
	out->zone.user = out->user;
	out->zone.dir = out->dir;
	return 0;
}

void compiled_clear(struct compiled *c)
{
	setup_close(&c->setup);
	network_clear(&c->network);
	hosts_clear(&c->hosts);
	filter_clear(&c->filter);
	free(c->lower_path);
	free(c->var_path);
	free(c->zone_path);
	free(c->init_kind);
	free(c->user);
	free(c->dir);
	free(c->stop_signal);
	strv_clear(&c->argv);
	strv_clear(&c->env);
	strv_clear(&c->image_env);
	*c = (struct compiled){ 0 };
}
