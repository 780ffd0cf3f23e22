/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "oci/netdev.h"

#include <fcntl.h>
#include <sched.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "base/vfork.h"
#include "netns/carry.h"
#include "oci/spec_linux.h"
#include "runtime/launch.h"

struct socket {
	int netnsfd;
	struct nl nl;
};

static int open_inside(void *arg, struct error *err)
{
	struct socket *s = arg;

	if (setns(s->netnsfd, CLONE_NEWNET) < 0)
		return error_sys(err, "enter the container's network namespace");
	return nl_open(&s->nl, NETLINK_ROUTE, err);
}

static int move_all(struct nl *here, const struct oci_linux *l, struct socket *there,
		    struct error *err)
{
	for (size_t i = 0; i < l->n_net_devices; i++) {
		const struct oci_net_device *d = &l->net_devices[i];
		const struct carry c = {
			.name = d->key,
			.new_name = d->name && *d->name ? d->name : d->key,
			.netnsfd = there->netnsfd,
			.there = &there->nl,
		};

		if (carry_link(here, &c, err) < 0)
			return error_wrap(err, "linux.netDevices");
	}
	return 0;
}

int netdev_move(struct nl *here, const struct oci_linux *l, pid_t pid, struct error *err)
{
	AUTO_CLOSE int netnsfd = launch_namespace(pid, "net", err);
	struct socket there = { .netnsfd = netnsfd };
	int status;

	/* The socket is of the namespace that it was opened in; the caller stays in its own. */
	if (netnsfd < 0 || vfork_run(open_inside, &there, 0, err) < 0)
		return -1;
	status = move_all(here, l, &there, err);
	nl_close(&there.nl);
	return status;
}
