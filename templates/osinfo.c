/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "templates/osinfo.h"

#include <ctype.h>
#include <dirent.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "base/mem.h"
#include "base/path.h"
#include "base/str.h"
#include "base/strv.h"

enum {
	INITTAB_MAX = 16 << 10, OS_RELEASE_MAX = 64 * 1024,
	VALUE_MAX = 200,    /* of os-release; what is longer is no name for people */
	INIT_MAX = 8 << 20, /* the largest init known, a static multi-call program, has 3 MiB */
	SYSTEMD_MIN = 30,
	SYSTEMD_MAX = 9999,
};

/* clang-format off */
/* The first that is there is init: what the kernel would try, then inits without their link. */
static const char *const init_paths[] = {
	"/sbin/init", "/usr/sbin/init", "/etc/init", "/bin/init",
	"/usr/lib/systemd/systemd", "/lib/systemd/systemd", "/sbin/openrc-init", "/sbin/runit-init",
};

/* By the name of the file that the path leads to. */
static const struct { const char *name, *kind; } kinds_by_name[] = {
	{ "systemd",             "systemd" },
	{ "busybox",             "busybox" },
	{ "busybox.static",      "busybox" },
	{ "openrc-init",         "openrc-init" },
	{ "runit-init",          "runit" },
	{ "runit",               "runit" },
	{ "dinit",               "dinit" },
	{ "finit",               "finit" },
	{ "s6-linux-init",       "s6" },
	{ "s6-svscan",           "s6" },
	{ "procd",               "procd" },
	{ "upstart",             "upstart" },
};

/* For a file that is only called init: what its program, or its script, contains. Order matters:
 * busybox mentions the fifo of sysvinit in no version, but others mention busybox. */
static const struct { const char *mark, *kind; } kinds_by_content[] = {
	{ "com.ubuntu.Upstart",  "upstart" },
	{ "/run/initctl",        "sysvinit" },
	{ "/dev/initctl",        "sysvinit" },
	{ "BusyBox v",           "busybox" },
	{ "/etc/runit/1",        "runit" },
	{ "s6-linux-init",       "s6" },
	{ "s6-svscan",           "s6" },
	{ "/sbin/procd",         "procd" },
	{ "dinit",               "dinit" },
	{ "finit",               "finit" },
};

/* Where systemd keeps its library; "*" stands for the machine's triplet. */
static const char *const systemd_dirs[] = {
	"usr/lib/systemd", "lib/systemd", "usr/lib64/systemd", "usr/lib/*/systemd",
};
/* clang-format on */

/* Where a path ends when its links are followed inside the root, as text from there. The kernel
 * tells it of the descriptor; both names are of one moment and only compared. */
static char *resolved(int rootfd, int fd)
{
	char proc[64], root[PATH_MAX], path[PATH_MAX];
	ssize_t n, m;

	snprintf(proc, sizeof(proc), "/proc/self/fd/%d", rootfd);
	n = readlinkat(AT_FDCWD, proc, root, sizeof(root) - 1);
	snprintf(proc, sizeof(proc), "/proc/self/fd/%d", fd);
	m = readlinkat(AT_FDCWD, proc, path, sizeof(path) - 1);
	if (n <= 0 || m <= n)
		return xstrdup("");
	root[n] = path[m] = '\0';
	if (strcmp(root, "/") == 0)
		return xstrdup(path);
	return xstrdup(strncmp(path, root, (size_t)n) == 0 ? path + n : "");
}

static bool contains(const char *data, size_t len, const char *mark)
{
	return memmem(data, len, mark, strlen(mark)) != NULL;
}

static const char *kind_by_name(const char *path)
{
	const char *slash = strrchr(path, '/');
	const char *name = slash ? slash + 1 : path;

	for (size_t i = 0; i < N_ROWS(kinds_by_name); i++) {
		if (strcmp(name, kinds_by_name[i].name) == 0)
			return kinds_by_name[i].kind;
	}
	return NULL;
}

static const char *kind_by_content(int rootfd, const char *path)
{
	AUTO_FREE char *data = NULL;
	struct error err = { 0 };
	size_t len;

	if (path_read(rootfd, path, INIT_MAX, &data, &len, &err) < 0)
		return "other";
	for (size_t i = 0; i < N_ROWS(kinds_by_content); i++) {
		if (contains(data, len, kinds_by_content[i].mark))
			return kinds_by_content[i].kind;
	}
	return "other";
}

static uint64_t leading_number(const char *text)
{
	uint64_t n = 0;

	for (; isdigit((unsigned char)*text) && n <= SYSTEMD_MAX; text++)
		n = 10 * n + (uint64_t)(*text - '0');
	return n >= SYSTEMD_MIN && n <= SYSTEMD_MAX ? n : 0;
}

/* The number in libsystemd-shared-252.so below dir, or 0. */
static uint64_t version_by_library(int rootfd, const char *dir)
{
	static const char prefix[] = "libsystemd-shared-";
	struct error err = { 0 };
	AUTO_CLOSE int fd = path_open(rootfd, dir, O_RDONLY | O_DIRECTORY, &err);
	AUTO_CLOSEDIR DIR *list = fd < 0 ? NULL : fdopendir(fd);
	const struct dirent *e;

	if (!list)
		return 0;
	fd = -1;	/* owned by list */
	while ((e = readdir(list))) {
		if (str_starts(e->d_name, prefix) && leading_number(e->d_name + strlen(prefix)))
			return leading_number(e->d_name + strlen(prefix));
	}
	return 0;
}

static uint64_t version_by_triplet(int rootfd)
{
	struct error err = { 0 };
	AUTO_CLOSE int fd = path_open(rootfd, "usr/lib", O_RDONLY | O_DIRECTORY, &err);
	AUTO_CLOSEDIR DIR *list = fd < 0 ? NULL : fdopendir(fd);
	const struct dirent *e;

	if (!list)
		return 0;
	fd = -1;	/* owned by list */
	while ((e = readdir(list))) {
		AUTO_FREE char *dir = NULL;
		uint64_t n;

		if (!strstr(e->d_name, "-linux-"))
			continue;
		dir = xasprintf("usr/lib/%s/systemd", e->d_name);
		n = version_by_library(rootfd, dir);
		if (n != 0)
			return n;
	}
	return 0;
}

/* Before 231 there was no such library, but "systemd 219" stands in the program. */
static uint64_t version_by_content(int rootfd, const char *path)
{
	static const char mark[] = "systemd ";
	AUTO_FREE char *data = NULL;
	struct error err = { 0 };
	const char *at;
	size_t len;

	if (path_read(rootfd, path, INIT_MAX, &data, &len, &err) < 0)
		return 0;
	at = data;
	while ((at = memmem(at, len - (size_t)(at - data), mark, strlen(mark)))) {
		at += strlen(mark);
		if (leading_number(at))
			return leading_number(at);
	}
	return 0;
}

static uint64_t systemd_version(int rootfd, const char *init)
{
	uint64_t n = 0;

	for (size_t i = 0; i < N_ROWS(systemd_dirs) && n == 0; i++) {
		if (strchr(systemd_dirs[i], '*'))
			n = version_by_triplet(rootfd);
		else
			n = version_by_library(rootfd, systemd_dirs[i]);
	}
	return n != 0 ? n : version_by_content(rootfd, init);
}

/* Busybox init sleeps a second after each of its two signals, however soon all have ended. A tree
 * that has another way, as "minimal" has, is asked by the signal that inittab gives it. */
static bool has_power_off(int rootfd)
{
	AUTO_FREE char *text = NULL;
	struct error err = { 0 };

	return path_read(rootfd, "etc/inittab", INITTAB_MAX, &text, NULL, &err) == 0 &&
	       strstr(text, "\n::ctrlaltdel:/etc/init.d/off\n");
}

/* True if the path leads to a program, or a script, that can be run. */
static bool init_look(int rootfd, const char *path, struct osinfo *out)
{
	struct error err = { 0 };
	AUTO_CLOSE int fd = path_open(rootfd, path, O_PATH, &err);
	AUTO_FREE char *end = NULL;
	const char *kind;
	struct stat st;

	if (fd < 0 || fstat(fd, &st) < 0 || !S_ISREG(st.st_mode) || !(st.st_mode & 0111))
		return false;
	end = resolved(rootfd, fd);
	kind = kind_by_name(end);
	out->init = xstrdup(path);
	out->init_kind = xstrdup(kind ? kind : kind_by_content(rootfd, path));
	if (strcmp(out->init_kind, "systemd") == 0)
		out->systemd_version = systemd_version(rootfd, path);
	if (strcmp(out->init_kind, "busybox") == 0 && has_power_off(rootfd))
		out->stop_signal = xstrdup("SIGINT");
	return true;
}

/* KEY=VALUE as a shell would read it, as far as distributions use it (os-release(5)). */
static char *value_of(const char *text, const char *key)
{
	AUTO_STRV char **lines = strv_split(text, "\n");
	AUTO_STR struct str value = { 0 };
	size_t len = strlen(key);

	for (char **line = lines; line && *line; line++) {
		const char *p = *line + len + 1;
		char quote = '\0';

		if (strncmp(*line, key, len) != 0 || (*line)[len] != '=')
			continue;
		if (*p == '"' || *p == '\'')
			quote = *p++;
		for (; *p && *p != quote; p++) {
			if (*p == '\\' && quote != '\'' && p[1])
				p++;
			str_addc(&value, *p);
		}
	}
	if (value.len > VALUE_MAX || !str_is_clean(str_text(&value)))
		return xstrdup("");
	return str_take(&value);
}

static void os_look(int rootfd, struct osinfo *out)
{
	AUTO_FREE char *text = NULL;
	struct error err = { 0 };

	if (path_read(rootfd, "etc/os-release", OS_RELEASE_MAX, &text, NULL, &err) < 0 &&
	    path_read(rootfd, "usr/lib/os-release", OS_RELEASE_MAX, &text, NULL, &err) < 0)
		text = xstrdup("");
	out->os_id = value_of(text, "ID");
	out->os_version = value_of(text, "VERSION_ID");
	out->os_name = value_of(text, "PRETTY_NAME");
	if (!*out->os_name) {
		free(out->os_name);
		out->os_name = value_of(text, "NAME");
	}
}

void osinfo_read(int rootfd, struct osinfo *out)
{
	*out = (struct osinfo){ 0 };
	os_look(rootfd, out);
	for (size_t i = 0; i < N_ROWS(init_paths); i++) {
		if (init_look(rootfd, init_paths[i], out))
			return;
	}
	out->init = xstrdup("");
	out->init_kind = xstrdup("");
}

void osinfo_clear(struct osinfo *o)
{
	free(o->init);
	free(o->init_kind);
	free(o->stop_signal);
	free(o->os_id);
	free(o->os_version);
	free(o->os_name);
	*o = (struct osinfo){ 0 };
}
