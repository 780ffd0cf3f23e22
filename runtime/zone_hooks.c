/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "runtime/zone_hooks.h"

#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "base/mem.h"
#include "base/proc.h"
#include "base/strv.h"

static const char *const names[] = {
	[ZONE_HOOK_PRE_BOOT] = "pre-boot", [ZONE_HOOK_POST_BOOT] = "post-boot",
	[ZONE_HOOK_PRE_STOP] = "pre-stop", [ZONE_HOOK_POST_STOP] = "post-stop",
};

const char *zone_hook_name(enum zone_hook which)
{
	return names[which];
}

/* Files of zones and templates may belong to the host's root there, and are written by others. */
static bool is_in_store(const struct zone *z, int fd)
{
	AUTO_FREE char *store = xasprintf("%s/var/lib/zonectl/",
					  strcmp(z->site->path, "/") == 0 ? "" : z->site->path);
	AUTO_FREE char *real = realpath(store, NULL); /* host path */
	char name[32], target[PATH_MAX];
	ssize_t n;

	snprintf(name, sizeof(name), "/proc/self/fd/%d", fd);
	n = readlink(name, target, sizeof(target) - 1); /* host path */
	if (n < 0 || !real)
		return true;
	target[n] = '\0';
	return strncmp(target, real, strlen(real)) == 0 && target[strlen(real)] == '/';
}

/* What root runs, only root may have written. */
static int check_program(const struct zone *z, const char *path, struct error *err)
{
	AUTO_CLOSE int fd = open(path, O_PATH | O_CLOEXEC); /* host path */
	struct stat st;

	if (fd < 0 || fstat(fd, &st) < 0)
		return error_sys(err, "open '%s'", path);
	if (!S_ISREG(st.st_mode))
		return error_set(err, ERR_USAGE, "'%s' is no file", path);
	if (is_in_store(z, fd))
		return error_set(err, ERR_USAGE, "'%s' lies where zones have their files", path);
	if (st.st_uid == 0 && (st.st_mode & 022) == 0)
		return 0;
	error_set(err, ERR_USAGE, "'%s' may be written by others than root", path);
	return error_hint(err, "chown root and chmod go-w '%s'", path);
}

static void set_list(char ***env, const char *name, char *const *list)
{
	AUTO_FREE char *text = strv_join(list, ",");

	strv_env_set(env, name, text);
}

/* Those given and those taken from pools, which are kept as "eth0=10.1.0.5". */
static void set_addresses(char ***env, const struct zone_config *c)
{
	AUTO_STRV char **list = NULL;

	for (char *const *ip = c->ip; ip && *ip; ip++)
		if (strcmp(*ip, "auto") != 0)
			strv_add(&list, *ip);
	for (char *const *ip = c->auto_ip; ip && *ip; ip++)
		strv_add(&list, strchr(*ip, '=') ? strchr(*ip, '=') + 1 : *ip);
	set_list(env, "ZONE_IP", list);
}

/* Nothing of it was written by the zone. */
static char **environment(const struct zone *z, const struct zone_config *c, enum zone_hook which)
{
	char **env = NULL;

	strv_env_set(&env, "PATH", "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin");
	strv_env_set(&env, "LC_ALL", "C");
	strv_env_set(&env, "ZONE_HOOK", names[which]);
	strv_env_set(&env, "ZONE_NAME", z->name);
	strv_env_set(&env, "ZONE_UUID", c->uuid);
	strv_env_set(&env, "ZONE_HOSTNAME", c->hostname ? c->hostname : z->name);
	strv_env_set(&env, "ZONE_TEMPLATE", c->template_name ? c->template_name : "");
	strv_env_set(&env, "ZONECTL_ROOT", z->site->path);
	set_list(&env, "ZONE_TAGS", c->tags);
	set_addresses(&env, c);
	return env;
}

static int wait_for(int pidfd, struct error *err)
{
	int done = proc_wait_end(pidfd, ZONE_HOOK_MS, err);
	int status;

	if (done < 0)
		return -1;
	if (done == 0) {
		proc_end(pidfd);
		return error_set(err, ERR_FAILED, "killed after %d s", ZONE_HOOK_MS / 1000);
	}
	status = proc_reap(pidfd, err);
	if (status <= 0)
		return status;
	return status > 128 ? error_set(err, ERR_FAILED, "ended by signal %d", status - 128)
			    : error_set(err, ERR_FAILED, "exit status %d", status);
}

static int run(const struct zone *z, const struct zone_config *c, enum zone_hook which,
	       struct error *err)
{
	char *path = c->hooks[which];
	char *const argv[] = { path, NULL };
	AUTO_STRV char **env = environment(z, c, which);
	const struct proc_spawn spawn = {
		.argv = argv, .env = env, .stdin_fd = -1,
		.stdout_fd = STDERR_FILENO, .stderr_fd = STDERR_FILENO, .dirfd = -1,
	};
	AUTO_CLOSE int pidfd = -1;
	pid_t pid;

	if (check_program(z, path, err) < 0)
		return -1;
	pidfd = proc_spawn(&spawn, &pid, err);
	return pidfd < 0 ? -1 : wait_for(pidfd, err);
}

/* Verbs that end a zone open it without its configuration, which may be damaged. */
static int read_unread(const struct zone *z, struct zone_config *out, const struct zone_config **c,
		       struct error *err)
{
	zone_config_init(out);
	*c = &z->config;
	if (*z->config.uuid)
		return 0;
	*c = out;
	return zone_config_read(out, z->dirfd, err);
}

int zone_hook(const struct zone *z, enum zone_hook which, struct error *err)
{
	struct zone_config own;
	const struct zone_config *c;
	int status = read_unread(z, &own, &c, err);

	if (status == 0 && c->hooks[which] && run(z, c, which, err) < 0)
		status = error_wrap(err, "hook-%s '%s'", names[which], c->hooks[which]);
	zone_config_clear(&own);
	return status;
}

bool zone_has_hook(const struct zone *z, enum zone_hook which)
{
	struct error ignored = { 0 };
	struct zone_config own;
	const struct zone_config *c;
	bool has = read_unread(z, &own, &c, &ignored) == 0 && c->hooks[which];

	zone_config_clear(&own);
	return has;
}

void zone_hook_warn(struct zone *z, enum zone_hook which)
{
	struct error err = { 0 };

	if (zone_has_hook(z, which) && zone_hook(z, which, &err) < 0)
		strv_addf(&z->warnings, "%s", err.text);
}
