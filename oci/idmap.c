/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "oci/idmap.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "base/fd.h"
#include "base/mem.h"
#include "base/proc.h"
#include "base/str.h"
#include "base/sys.h"
#include "oci/mount_options.h"
#include "oci/spec_check.h"
#include "oci/spec_linux.h"

char *idmap_text(const struct oci_id_mapping *maps, size_t n)
{
	struct str text = { 0 };

	for (size_t i = 0; i < n; i++)
		str_addf(&text, "%" PRIu32 " %" PRIu32 " %" PRIu32 "\n", maps[i].container,
			 maps[i].host, maps[i].size);
	return str_take(&text);
}

static int write_map(pid_t pid, const char *file, const struct oci_id_mapping *maps, size_t n,
		     struct error *err)
{
	AUTO_FREE char *text = idmap_text(maps, n);
	char path[48];

	snprintf(path, sizeof(path), "/proc/%d/%s", (int)pid, file);
	return fd_write_control(AT_FDCWD, path, text, err);
}

struct maps {
	const struct oci_id_mapping *uids, *gids;
	size_t n_uids, n_gids;
};

static int open_mapped(pid_t pid, const struct maps *m, struct error *err)
{
	char path[48];
	int fd;

	if (write_map(pid, "uid_map", m->uids, m->n_uids, err) < 0 ||
	    write_map(pid, "gid_map", m->gids, m->n_gids, err) < 0)
		return -1;
	snprintf(path, sizeof(path), "/proc/%d/ns/user", (int)pid);
	fd = open(path, O_RDONLY | O_CLOEXEC); /* host path */
	return fd >= 0 ? fd : error_sys(err, "open '%s'", path);
}

/* A process that does nothing has the namespace until it is opened. */
static int open_userns(const struct maps *m, struct error *err)
{
	int pidfd = -1, fd;
	struct clone_args args = {
		.flags = CLONE_NEWUSER | CLONE_PIDFD | CLONE_CLEAR_SIGHAND,
		.pidfd = (uint64_t)(uintptr_t)&pidfd,
		.exit_signal = SIGCHLD,
	};
	pid_t pid = sys_clone3(&args);

	if (pid < 0)
		return error_sys(err, "make a user namespace");
	if (pid == 0) {
		(void)prctl(PR_SET_PDEATHSIG, SIGKILL);	/* no caller, no need */
		for (;;)
			pause();
	}
	fd = open_mapped(pid, m, err);
	proc_end(pidfd);
	close(pidfd);
	return fd;
}

/* Without mappings of its own those of the container are meant. */
static int open_one(const struct oci_spec *spec, const struct oci_mount *mount, int joinedfd,
		    struct error *err)
{
	const struct oci_linux *l = spec->linux_;
	const struct maps own = { mount->uids, mount->gids, mount->n_uids, mount->n_gids };
	const struct maps all = { l->uids, l->gids, l->n_uids, l->n_gids };

	if (mount->n_uids > 0)
		return open_userns(&own, err);
	if (spec_makes_namespace(spec, OCI_NS_USER))
		return open_userns(&all, err);
	if (joinedfd >= 0)
		return fcntl(joinedfd, F_DUPFD_CLOEXEC, 3);
	return error_set(err, ERR_USAGE, "an idmapped mount needs uidMappings and gidMappings, or a"
			 " user namespace");
}

int *idmap_open_all(const struct oci_spec *spec, int joinedfd, struct error *err)
{
	int *fds = xcalloc(spec->n_mounts + 1, sizeof(*fds));

	for (size_t i = 0; i < spec->n_mounts; i++)
		fds[i] = -1;
	for (size_t i = 0; i < spec->n_mounts; i++) {
		struct mount_options o;
		bool is_idmapped;

		mount_options_read(&o, &spec->mounts[i]);
		is_idmapped = o.is_idmapped;
		mount_options_clear(&o);
		if (!is_idmapped)
			continue;
		fds[i] = open_one(spec, &spec->mounts[i], joinedfd, err);
		if (fds[i] >= 0)
			continue;
		error_wrap(err, "mount '%s'", spec->mounts[i].destination);
		idmap_close_all(fds, spec->n_mounts);
		return NULL;
	}
	return fds;
}

void idmap_close_all(int *fds, size_t n)
{
	for (size_t i = 0; fds && i < n; i++)
		if (fds[i] >= 0)
			close(fds[i]);
	free(fds);
}

int idmap_apply(int treefd, int usernsfd, bool is_recursive, struct error *err)
{
	struct mount_attr attr = { .attr_set = MOUNT_ATTR_IDMAP, .userns_fd = (uint64_t)usernsfd };

	if (usernsfd < 0 ||
	    sys_mount_setattr(treefd, "", AT_EMPTY_PATH | (is_recursive ? AT_RECURSIVE : 0),
			      &attr) == 0)
		return 0;
	if (errno == EINVAL)
		return error_set(err, ERR_UNSUPPORTED, "its filesystem has no idmapped mounts, or"
				 " is one already");
	return error_sys(err, "map the ids of a mount");
}
