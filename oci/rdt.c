/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "oci/rdt.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/vfs.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "base/fd.h"
#include "base/mem.h"
#include "base/str.h"

enum { RDT_MAGIC = 0x7655821 };	/* RDTGROUP_SUPER_MAGIC, linux/magic.h */

int rdt_open(struct error *err)
{
	AUTO_CLOSE int fd = open("/sys/fs/resctrl", /* host path */
				 O_PATH | O_DIRECTORY | O_CLOEXEC);
	struct statfs fs;

	if (fd >= 0 && fstatfs(fd, &fs) == 0 && fs.f_type == RDT_MAGIC)
		return TAKE_FD(fd);
	error_set(err, ERR_UNSUPPORTED, "linux.intelRdt: intelRdt is specified in config, but Intel"
		  " RDT is not supported or enabled");
	return error_hint(err, "where the processor has it: mount -t resctrl resctrl"
			  " /sys/fs/resctrl");
}

static const char *name_of(const struct oci_intel_rdt *rdt, const char *id)
{
	return rdt->class_id && *rdt->class_id ? rdt->class_id : id;
}

static bool has_schemata(const struct oci_intel_rdt *rdt)
{
	return rdt->n_schemata > 0 || (rdt->l3_cache_schema && *rdt->l3_cache_schema) ||
	       (rdt->memory_schema && *rdt->memory_schema);
}

/* "/" is the default class, which is always there. */
static int open_class(int rootfd, const struct oci_intel_rdt *rdt, const char *id,
		      struct error *err)
{
	const char *name = name_of(rdt, id);
	int fd;

	if (strcmp(name, "/") == 0)
		return fcntl(rootfd, F_DUPFD_CLOEXEC, 3);
	if (strchr(name, '/') || strcmp(name, ".") == 0 || strcmp(name, "..") == 0)
		return error_set(err, ERR_USAGE, "linux.intelRdt.closID: '%s' is no name of a"
				 " class", name);
	if (mkdirat(rootfd, name, 0755) < 0 && errno != EEXIST)
		return error_sys(err, "linux.intelRdt: make class '%s'", name);
	fd = openat(rootfd, name, O_PATH | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	return fd >= 0 ? fd : error_sys(err, "linux.intelRdt: open class '%s'", name);
}

static void add_line(struct str *text, const char *line)
{
	if (line && *line)
		str_addf(text, "%s\n", line);
}

/* In one write(2): the kernel takes all of it or none. */
static int write_schemata(int classfd, const struct oci_intel_rdt *rdt, struct error *err)
{
	AUTO_STR struct str text = { 0 };

	if (!has_schemata(rdt))
		return 0;
	add_line(&text, rdt->l3_cache_schema);
	add_line(&text, rdt->memory_schema);
	for (size_t i = 0; i < rdt->n_schemata; i++)
		add_line(&text, rdt->schemata[i]);
	if (fd_write_control(classfd, "schemata", str_text(&text), err) < 0)
		return error_wrap(err, "linux.intelRdt");
	return 0;
}

static int add_task(int dirfd, pid_t pid, struct error *err)
{
	char text[16];

	snprintf(text, sizeof(text), "%d", (int)pid);
	if (fd_write_control(dirfd, "tasks", text, err) < 0)
		return error_wrap(err, "linux.intelRdt");
	return 0;
}

static int monitor(int classfd, const char *id, pid_t pid, struct error *err)
{
	AUTO_FREE char *path = xasprintf("mon_groups/%s", id);
	AUTO_CLOSE int fd = -1;

	if (mkdirat(classfd, path, 0755) < 0 && errno != EEXIST)
		return error_sys(err, "linux.intelRdt.enableMonitoring: make '%s'", path);
	fd = openat(classfd, path, O_PATH | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	if (fd < 0)
		return error_sys(err, "linux.intelRdt.enableMonitoring: open '%s'", path);
	return add_task(fd, pid, err);
}

int rdt_place(int rootfd, const struct oci_intel_rdt *rdt, const char *id, pid_t pid,
	      struct error *err)
{
	AUTO_CLOSE int classfd = open_class(rootfd, rdt, id, err);

	if (classfd < 0 || write_schemata(classfd, rdt, err) < 0 ||
	    add_task(classfd, pid, err) < 0)
		return -1;
	return rdt->monitors ? monitor(classfd, id, pid, err) : 0;
}

int rdt_remove(int rootfd, const struct oci_intel_rdt *rdt, const char *id, struct error *err)
{
	const char *name = name_of(rdt, id);
	AUTO_FREE char *path = xasprintf("%s/mon_groups/%s", strcmp(name, "/") == 0 ? "." : name,
					 id);

	if (rdt->monitors && unlinkat(rootfd, path, AT_REMOVEDIR) < 0 && errno != ENOENT)
		return error_sys(err, "linux.intelRdt: remove '%s'", path);
	if (name == id && unlinkat(rootfd, name, AT_REMOVEDIR) < 0 && errno != ENOENT)
		return error_sys(err, "linux.intelRdt: remove class '%s'", name);
	return 0;
}
