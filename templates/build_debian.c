/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "base/fd.h"
#include "base/mem.h"
#include "base/path.h"
#include "base/proc.h"
#include "base/strv.h"
#include "templates/build.h"
#include "templates/clone.h"

/*
 * Debian by its own builders. mmdebstrap writes a tar to a pipe that goes the
 * way of every archive: through zone-unpack. debootstrap, where that is all there
 * is, unpacks into a directory beside, which is then copied.
 */

enum { TARGETS_MAX = 4 << 20 };

#define KEYRING "/usr/share/keyrings/debian-archive-keyring.gpg"

static const char default_mirror[] = "http://deb.debian.org/debian";
static const char default_security[] = "http://deb.debian.org/debian-security";

/* Essential packages and apt come by themselves (minbase). What is here is what a server is
 * expected to have at its first login. */
static const char *const packages[] = {
	"dbus", "openssh-server", "iproute2", "iputils-ping", "procps", "sudo", "ca-certificates",
	"netbase", "less",
};
static const char *const packages_systemd[] = { "systemd", "systemd-sysv", "libpam-systemd" };
static const char *const packages_sysvinit[] = { "sysvinit-core", "sysv-rc", "initscripts" };

/* What of our environment a builder may need; everything else stays behind. */
static const char *const passed_on[] = {
	"http_proxy", "https_proxy", "no_proxy", "TMPDIR", "SOURCE_DATE_EPOCH",
};

struct mirrors {
	char *main, *security;		/* owned */
};

static void mirrors_clear(struct mirrors *m)
{
	free(m->main);
	free(m->security);
}

#define AUTO_MIRRORS __attribute__((cleanup(mirrors_clear)))

static char **environment(void)
{
	char **env = NULL;

	strv_add(&env, "PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin");
	strv_add(&env, "LC_ALL=C.UTF-8");
	strv_add(&env, "HOME=/root");
	strv_add(&env, "DEBIAN_FRONTEND=noninteractive");
	for (size_t i = 0; i < N_ROWS(passed_on); i++) {
		const char *value = getenv(passed_on[i]);

		if (value)
			strv_env_set(&env, passed_on[i], value);
	}
	return env;
}

/* Runs a program and gives its output; a program that is not there or fails gives "". */
static char *output_of(char *const *argv)
{
	struct proc_spawn spawn = { .argv = argv, .stdin_fd = -1, .stderr_fd = -1, .dirfd = -1 };
	AUTO_CLOSE int readfd = -1;
	AUTO_CLOSE int pidfd = -1;
	struct error lost = { 0 };
	char *text = NULL;
	int fds[2];
	pid_t pid;

	if (pipe2(fds, O_CLOEXEC) < 0)
		return xstrdup("");
	readfd = fds[0];
	spawn.stdout_fd = fds[1];
	pidfd = proc_spawn(&spawn, &pid, &lost);
	close(fds[1]);
	if (pidfd < 0)
		return xstrdup("");
	if (fd_read_all(readfd, TARGETS_MAX, &text, NULL, &lost) < 0)
		text = xstrdup("");
	cleanup_close(&readfd);
	readfd = -1;
	(void)proc_reap(pidfd, &lost);	/* what it printed counts */
	return text;
}

static bool is_plain_uri(const char *uri)
{
	return (str_starts(uri, "http://") || str_starts(uri, "https://") ||
		str_starts(uri, "file:/")) &&
	       strspn(uri, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789"
			   ":/._-~%@+") == strlen(uri);
}

static void keep_uri(char **slot, const char *uri)
{
	size_t len = strlen(uri);

	if (*slot || !is_plain_uri(uri))
		return;
	*slot = xstrndup(uri, len > 0 && uri[len - 1] == '/' ? len - 1 : len);
}

/* The mirrors that the host's own apt has chosen, as apt itself tells them. */
static void mirrors_find(const struct build_options *o, struct mirrors *out)
{
	static const char *const argv[] = {
		"apt-get",
		"indextargets",
		"--format",
		"$(LABEL) $(REPO_URI)",
		"Created-By: Packages",
		NULL,
	};
	AUTO_FREE char *text = NULL;
	AUTO_STRV char **lines = NULL;

	if (o->mirror)
		keep_uri(&out->main, o->mirror);
	text = output_of((char *const *)argv);
	lines = strv_split(text, "\n");
	for (char **line = lines; line && *line; line++) {
		if (str_starts(*line, "Debian-Security "))
			keep_uri(&out->security, *line + strlen("Debian-Security "));
		else if (str_starts(*line, "Debian "))
			keep_uri(&out->main, *line + strlen("Debian "));
	}
	keep_uri(&out->main, default_mirror);
	keep_uri(&out->security, default_security);
}

static char **sources_of(const struct recipe *r, const struct mirrors *m)
{
	char **lines = NULL;

	strv_addf(&lines, "deb [signed-by=" KEYRING "] %s %s main", m->main, r->suite);
	if (!r->has_updates)
		return lines;
	strv_addf(&lines, "deb [signed-by=" KEYRING "] %s %s-updates main", m->main, r->suite);
	strv_addf(&lines, "deb [signed-by=" KEYRING "] %s %s-security main", m->security, r->suite);
	return lines;
}

static void add_all(char ***list, const char *const *names, size_t n)
{
	for (size_t i = 0; i < n; i++)
		strv_add(list, names[i]);
}

static int package_check(const char *name, struct error *err)
{
	if (*name && strspn(name, "abcdefghijklmnopqrstuvwxyz0123456789.+-") == strlen(name) &&
	    name[0] != '-')
		return 0;
	return error_set(err, ERR_USAGE, "bad package name '%s'", name);
}

static int include_list(const struct recipe *r, const struct build_options *o, char **out,
			struct error *err)
{
	AUTO_STRV char **list = NULL;

	add_all(&list, packages, N_ROWS(packages));
	if (r->is_sysvinit)
		add_all(&list, packages_sysvinit, N_ROWS(packages_sysvinit));
	else
		add_all(&list, packages_systemd, N_ROWS(packages_systemd));
	for (char *const *more = o->include; more && *more; more++) {
		if (package_check(*more, err) < 0)
			return -1;
		strv_add(&list, *more);
	}
	*out = strv_join(list, ",");
	return 0;
}

/* Starts a builder; its words come out of *out_wordsfd, its tar, if wanted, of *out_tarfd. */
static int builder_start(char *const *argv, int *out_wordsfd, int *out_tarfd, struct error *err)
{
	AUTO_STRV char **env = environment();
	struct proc_spawn spawn = {
		.argv = argv, .env = env, .stdin_fd = -1, .stdout_fd = -1, .dirfd = -1
	};
	int words[2], tar[2] = { -1, -1 }, pidfd;
	pid_t pid;

	if (pipe2(words, O_CLOEXEC) < 0)
		return error_sys(err, "make a pipe");
	if (out_tarfd && pipe2(tar, O_CLOEXEC) < 0) {
		error_sys(err, "make a pipe");
		close(words[0]);
		close(words[1]);
		return -1;
	}
	spawn.stderr_fd = words[1];
	spawn.stdout_fd = out_tarfd ? tar[1] : words[1];
	pidfd = proc_spawn(&spawn, &pid, err);
	close(words[1]);
	cleanup_close(&tar[1]);
	*out_wordsfd = words[0];
	if (out_tarfd)
		*out_tarfd = tar[0];
	return pidfd;
}

static char **mmdebstrap_args(const struct recipe *r, const char *include, char *const *sources)
{
	char **argv = NULL;

	strv_add(&argv, "mmdebstrap");
	strv_add(&argv, "--mode=root");
	strv_add(&argv, "--format=tar");
	strv_add(&argv, "--variant=minbase");
	strv_addf(&argv, "--include=%s", include);
	strv_add(&argv, "--");
	strv_add(&argv, r->suite);
	strv_add(&argv, "-");
	for (; *sources; sources++)
		strv_add(&argv, *sources);
	return argv;
}

/* ERR_UNSUPPORTED when there is no mmdebstrap. */
static int by_mmdebstrap(char *const *argv, const struct build_options *o,
			 const struct store_stage *stage, struct error *err)
{
	AUTO_CLOSE int wordsfd = -1;
	AUTO_CLOSE int tarfd = -1;
	AUTO_CLOSE int pidfd = builder_start(argv, &wordsfd, &tarfd, err);
	struct build_log log = { .fd = o->log_fd };
	struct import_watch watch = { .fd = wordsfd, .take = build_log_take, .arg = &log };
	const struct import_run run = {
		.archivefd = tarfd, .rootfd = stage->rootfd, .watch = &watch,
		.ahead = stage->ahead,
	};
	struct unpack_report report = { 0 };
	int unpacked, status;

	if (pidfd < 0)
		return -1;
	unpacked = import_unpack(&run, &report, err);
	/* If the unpacker gave up, the builder's next write ends it. */
	cleanup_close(&tarfd);
	tarfd = -1;
	build_log_drain(&log, wordsfd);
	status = proc_reap(pidfd, err);
	/* The builder's failure is the cause of a broken archive. */
	if (status > 0 && (unpacked == 0 || err->kind == ERR_USAGE))
		unpacked = build_log_error(&log, argv[0], status, err);
	str_clear(&log.tail);
	return unpacked < 0 || status < 0 ? -1 : 0;
}

static char *path_of(int fd, struct error *err)
{
	char proc[64], path[PATH_MAX];
	ssize_t n;

	snprintf(proc, sizeof(proc), "/proc/self/fd/%d", fd);
	n = readlinkat(AT_FDCWD, proc, path, sizeof(path) - 1);
	if (n < 0) {
		error_sys(err, "find the staging directory");
		return NULL;
	}
	path[n] = '\0';
	return xstrdup(path);
}

static int debootstrap_run(const struct recipe *r, const char *include, const char *mirror,
			   const char *target, struct build_log *log, struct error *err)
{
	AUTO_STRV char **argv = NULL;
	AUTO_CLOSE int wordsfd = -1;
	AUTO_CLOSE int pidfd = -1;
	int status;

	strv_add(&argv, "debootstrap");
	strv_add(&argv, "--variant=minbase");
	strv_add(&argv, "--keyring=" KEYRING);
	strv_addf(&argv, "--include=%s", include);
	/* It would install the init that the recipe does not want. */
	if (r->is_sysvinit)
		strv_add(&argv, "--exclude=systemd-sysv");
	strv_add(&argv, r->suite);
	strv_add(&argv, target);
	strv_add(&argv, mirror);
	pidfd = builder_start(argv, &wordsfd, NULL, err);
	if (pidfd < 0)
		return -1;
	build_log_drain(log, wordsfd);
	status = proc_reap(pidfd, err);
	if (status > 0)
		return build_log_error(log, argv[0], status, err);
	return status;
}

static int by_debootstrap(const struct recipe *r, const struct build_options *o,
			  const struct store_stage *stage, const char *include, const char *mirror,
			  struct error *err)
{
	struct build_log log = { .fd = o->log_fd };
	AUTO_FREE char *dir = path_of(stage->dirfd, err);
	AUTO_FREE char *target = dir ? xasprintf("%s/build", dir) : NULL;
	AUTO_CLOSE int fromfd = -1;
	int r2;

	if (!target)
		return -1;
	r2 = debootstrap_run(r, include, mirror, target, &log, err);
	str_clear(&log.tail);
	if (r2 < 0)
		return -1;
	fromfd = openat(stage->dirfd, "build", O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	if (fromfd < 0)
		return error_sys(err, "open what debootstrap built");
	if (clone_copy(fromfd, stage->rootfd, err) < 0)
		return -1;
	return path_remove(stage->dirfd, "build", err);
}

static int sources_write(int rootfd, char *const *sources, struct error *err)
{
	AUTO_FREE char *lines = strv_join(sources, "\n");
	AUTO_FREE char *text = xasprintf("%s\n", lines);

	return path_write(rootfd, "etc/apt/sources.list", 0644, text, strlen(text), err);
}

int build_debian(const struct recipe *r, const struct build_options *o,
		 const struct store_stage *stage, struct error *err)
{
	AUTO_MIRRORS struct mirrors mirrors = { 0 };
	AUTO_FREE char *include = NULL;
	AUTO_STRV char **sources = NULL;
	AUTO_STRV char **argv = NULL;

	if (faccessat(AT_FDCWD, KEYRING, R_OK, 0) < 0) {
		error_set(err, ERR_UNSUPPORTED, "no '%s'", KEYRING);
		return error_hint(err, "apt-get install debian-archive-keyring");
	}
	if (o->mirror && !is_plain_uri(o->mirror))
		return error_set(err, ERR_USAGE, "bad mirror '%s'", o->mirror);
	if (include_list(r, o, &include, err) < 0)
		return -1;
	mirrors_find(o, &mirrors);
	sources = sources_of(r, &mirrors);
	argv = mmdebstrap_args(r, include, sources);
	if (by_mmdebstrap(argv, o, stage, err) < 0) {
		if (err->kind != ERR_UNSUPPORTED)
			return -1;
		if (by_debootstrap(r, o, stage, include, mirrors.main, err) < 0) {
			if (err->kind == ERR_UNSUPPORTED)
				error_hint(err, "apt-get install mmdebstrap");
			return -1;
		}
	}
	if (sources_write(stage->rootfd, sources, err) < 0)
		return -1;
	return build_adjust(stage->rootfd, r->is_sysvinit, err);
}
