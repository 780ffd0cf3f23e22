/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What the host has for a container, and the way back to the host's namespaces. */
#include <fcntl.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "base/mem.h"
#include "oci/netdev.h"
#include "oci/oci_launch.h"
#include "oci/rdt.h"
#include "oci/spec_check.h"
#include "oci/spec_linux.h"

/* Those that the host's root leaves for others and can come back to: from a user namespace there is
 * no way back, and a time namespace is entered by the child alone. */
/* clang-format off */
static const struct {
	int flag;
	const char *file;
} home_rows[] = {
	{ CLONE_NEWIPC,    "/proc/self/ns/ipc" },
	{ CLONE_NEWUTS,    "/proc/self/ns/uts" },
	{ CLONE_NEWNET,    "/proc/self/ns/net" },
	{ CLONE_NEWPID,    "/proc/self/ns/pid" },
	{ CLONE_NEWCGROUP, "/proc/self/ns/cgroup" },
	{ CLONE_NEWNS,     "/proc/self/ns/mnt" },
};
/* clang-format on */

static int open_home(int flag, struct error *err)
{
	for (size_t i = 0; i < N_ROWS(home_rows); i++) {
		int fd;

		if (home_rows[i].flag != flag)
			continue;
		fd = open(home_rows[i].file, O_RDONLY | O_CLOEXEC); /* host path */
		return fd >= 0 ? fd : error_sys(err, "open '%s'", home_rows[i].file);
	}
	return -2;
}

static bool has_host_hooks(const struct oci_spec *spec)
{
	return spec->hooks && spec->hooks->n_prestart + spec->hooks->n_create_runtime > 0;
}

int oci_host_open(struct oci_launch *o, struct error *err)
{
	bool comes_back = has_host_hooks(o->spec) && !o->options.is_in_userns;

	for (size_t i = 0; comes_back && i < o->n_joins; i++) {
		o->host.homes[i] = open_home(o->joins[i].flag, err);
		if (o->host.homes[i] == -1)
			return -1;
	}
	if (o->spec->linux_->n_net_devices > 0) {
		if (!spec_has_namespace(o->spec, OCI_NS_NETWORK))
			return error_set(err, ERR_USAGE, "linux.netDevices: unable to move network"
					 " devices without a private NET namespace");
		o->host.route = xcalloc(1, sizeof(*o->host.route));
		if (nl_open(o->host.route, NETLINK_ROUTE, err) < 0)
			return error_wrap(err, "linux.netDevices");
	}
	if (o->spec->linux_->intel_rdt) {
		o->host.rdtfd = rdt_open(err);
		return o->host.rdtfd < 0 ? -1 : 0;
	}
	return 0;
}

void oci_host_close(struct oci_launch *o)
{
	for (size_t i = 0; i < o->n_joins; i++)
		if (o->host.homes[i] >= 0)
			close(TAKE_FD(o->host.homes[i]));
	if (o->host.route)
		nl_close(o->host.route);
	free(TAKE_PTR(o->host.route));
	if (o->host.rdtfd >= 0)
		close(TAKE_FD(o->host.rdtfd));
}

int oci_host_give(const struct oci_launch *o, pid_t pid, struct error *err)
{
	const struct oci_linux *l = o->spec->linux_;

	if (o->host.rdtfd >= 0 &&
	    rdt_place(o->host.rdtfd, l->intel_rdt, o->container->id, pid, err) < 0)
		return -1;
	return o->host.route ? netdev_move(o->host.route, l, pid, err) : 0;
}

int oci_host_return(const struct oci_launch *o, struct error *err)
{
	for (size_t i = 0; i < o->n_joins; i++)
		if (o->host.homes[i] >= 0 && setns(o->host.homes[i], o->joins[i].flag) < 0)
			return error_sys(err, "enter the host's namespaces");
	return 0;
}

int oci_host_leave(const struct oci_launch *o, struct error *err)
{
	for (size_t i = 0; i < o->n_joins; i++)
		if (o->host.homes[i] >= 0 && setns(o->joins[i].fd, o->joins[i].flag) < 0)
			return error_sys(err, "leave the host's namespaces");
	return 0;
}
