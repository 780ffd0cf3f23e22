/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "oci/life.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <linux/capability.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <time.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "base/fd.h"
#include "base/mem.h"
#include "oci/groups.h"
#include "oci/hooks.h"
#include "oci/labels.h"
#include "oci/life_parts.h"
#include "oci/notify.h"
#include "oci/oci.h"
#include "oci/oci_launch.h"
#include "oci/rdt.h"
#include "oci/rootless.h"
#include "oci/spec_check.h"
#include "oci/spec_linux.h"
#include "oci/spec_resources.h"
#include "runtime/caps.h"

enum { END_MS = 10000 };

#define SOCKET_NAME "start.sock"

static void now_text(char out[48])
{
	struct timespec now;
	struct tm tm;
	char date[32];

	clock_gettime(CLOCK_REALTIME, &now);
	gmtime_r(&now.tv_sec, &tm);
	strftime(date, sizeof(date), "%Y-%m-%dT%H:%M:%S", &tm);
	snprintf(out, 48, "%s.%09ldZ", date, now.tv_nsec);
}

static char *owner_text(void)
{
	return getuid() == 0 ? xstrdup("") : xasprintf("%u", getuid());
}

int life_take_bundle(struct container *c, const struct life_options *o, struct error *err)
{
	AUTO_FREE char *bundle = realpath(o->bundle, NULL); /* host path */
	AUTO_FREE char *path = NULL;
	AUTO_CLOSE int fd = -1;
	char created[48];

	if (!bundle)
		return error_sys(err, "open bundle '%s'", o->bundle);
	path = o->config ? xstrdup(o->config) : xasprintf("%s/config.json", bundle);
	fd = open(path, O_RDONLY | O_CLOEXEC); /* host path */
	if (fd < 0) {
		error_sys(err, "open '%s'", path);
		return err->sys == ENOENT ? error_hint(err, "'zone-oci spec' writes one") : -1;
	}
	if (spec_read(&c->spec, fd, "config.json", err) < 0 || container_keep_spec(c, fd, err) < 0)
		return -1;
	now_text(created);
	c->state.version = xstrdup(c->spec.version);
	c->state.created = xstrdup(created);
	c->state.owner = owner_text();
	c->state.bundle = TAKE_PTR(bundle);
	return 0;
}

static bool may_mount(const struct oci_capabilities *c)
{
	const struct {
		const char **names;
		size_t n;
	} sets[] = { { c->bounding, c->n_bounding }, { c->permitted, c->n_permitted },
		     { c->ambient, c->n_ambient } };

	for (size_t i = 0; i < N_ROWS(sets); i++)
		for (size_t j = 0; j < sets[i].n; j++)
			if (caps_number(sets[i].names[j]) == CAP_SYS_ADMIN)
				return true;
	return false;
}

/* Without groups there is nothing to keep a device from being opened but the filesystems, which
 * then open none (struct tree, opens_no_nodes). Who may mount in the host's user namespace undoes
 * that. */
static int check_devices(const struct container *c, const struct life_options *o,
			 struct error *err)
{
	const struct oci_resources *r = c->spec.linux_->resources;
	const struct oci_capabilities *caps = c->spec.process->capabilities;

	if (!r || r->n_devices == 0 || o->cgroup_manager != OCI_NO_CGROUPS ||
	    rootless_is_outsider())
		return 0;
	if (!spec_makes_namespace(&c->spec, OCI_NS_MOUNT))
		return error_set(err, ERR_UNSUPPORTED, "linux.resources.devices needs cgroups, or a"
				 " mount namespace of the container's own");
	if (spec_makes_namespace(&c->spec, OCI_NS_USER) || !caps || !may_mount(caps))
		return 0;
	return error_set(err, ERR_UNSUPPORTED, "linux.resources.devices needs cgroups, where a"
			 " container has CAP_SYS_ADMIN and no user namespace");
}

int life_check_spec(struct container *c, const struct life_options *o, struct error *err)
{
	const struct oci_root *root = c->spec.root;
	AUTO_FREE char *path = NULL;

	if (!root)
		return error_set(err, ERR_USAGE, "config.json: root must be specified");
	if (!c->spec.process)
		return error_set(err, ERR_USAGE, "config.json: process property must be specified");
	if (check_devices(c, o, err) < 0)
		return -1;
	if (labels_check_mounts(c->spec.linux_->mount_label, err) < 0)
		return -1;
	path = root->path[0] == '/' ? xstrdup(root->path)
				    : xasprintf("%s/%s", c->state.bundle, root->path);
	c->state.rootfs = realpath(path, NULL); /* host path */
	if (!c->state.rootfs)
		return error_sys(err, "invalid rootfs: open '%s'", path);
	return 0;
}

/* Its name is short by way of the directory's descriptor. */
static int socket_at(const struct container *c, struct sockaddr_un *out, struct error *err)
{
	int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);

	*out = (struct sockaddr_un){ .sun_family = AF_UNIX };
	snprintf(out->sun_path, sizeof(out->sun_path), "/proc/self/fd/%d/" SOCKET_NAME, c->dirfd);
	return fd >= 0 ? fd : error_sys(err, "make a socket");
}

static int listen_for_start(const struct container *c, struct error *err)
{
	struct sockaddr_un addr;
	AUTO_CLOSE int fd = socket_at(c, &addr, err);

	if (fd < 0)
		return -1;
	if (bind(fd, (struct sockaddr *)&addr, sizeof(addr)) < 0 || listen(fd, 1) < 0)
		return error_sys(err, "listen for start");
	return TAKE_FD(fd);
}

static int launch(struct container *c, struct launched *out, const struct span *span,
		  const struct life_options *o, bool is_in_userns, struct error *err)
{
	AUTO_CLOSE int listenfd = o->goes_at_once ? -1 : listen_for_start(c, err);
	const struct oci_launch_options options = {
		.without_pivot = o->without_pivot, .keeps_keyring = o->keeps_keyring,
		.is_in_userns = is_in_userns, .inherit = o->inherit, .listenfd = listenfd,
	};
	struct oci_launch l;
	int status;

	if (!o->goes_at_once && listenfd < 0)
		return -1;
	status = oci_launch_compile(&l, c, span, &options, err);
	if (status == 0)
		status = launch_make(out, &l.launch, err);
	oci_launch_clear(&l);
	if (status < 0)
		return -1;
	if (launch_ready(out, err) < 0 || proc_id_of(out->pid, &c->state.init, err) < 0 ||
	    container_save(c, err) < 0)
		return -1;
	if (handover_give(&o->handover, out->pid, out->pidfd, out->ptyfd, err) < 0)
		return -1;
	/* Until here it ends with this process; from here it waits for whoever starts it. */
	return o->goes_at_once ? 0 : launch_let(out, err);
}

/* The user's terminal and messages are not waited for at once. */
static int offer_notify(struct container *c, const struct life_options *o, struct error *err)
{
	bool has_tty = c->spec.process->terminal && !o->handover.console_socket;

	return o->is_foreground && has_tty ? 0 : notify_offer(c, err);
}

int life_create(struct container *c, struct launched *out, const struct life_options *o,
		struct error *err)
{
	AUTO_GROUPS struct groups groups = GROUPS_NONE;
	struct error ignored = { 0 };
	bool is_other = geteuid() != 0;

	launched_init(out);
	if (life_take_bundle(c, o, err) == 0 && life_check_spec(c, o, err) == 0 &&
	    handover_check(&o->handover, c->spec.process, o->is_foreground, err) == 0 &&
	    offer_notify(c, o, err) == 0) {
		if ((!is_other || rootless_enter(&c->spec, err) == 0) &&
		    groups_make(&groups, c, o->cgroup_manager, err) == 0 &&
		    launch(c, out, &groups.span, o, is_other, err) == 0)
			return 0;
	}
	launched_close(out);
	groups_close(&groups);
	(void)life_end(c, &ignored, &ignored);	/* the first error is the one that tells */
	return -1;
}

/* The end of the connection means that it executes; else it says why not. */
static int hear_start(int fd, const char *program, struct error *err)
{
	return confine_report(fd, program, err);
}

/* Hooks of a container whose bundle is gone run in "/". */
static int open_bundle(const struct container *c)
{
	return open(c->state.bundle, O_RDONLY | O_DIRECTORY | O_CLOEXEC); /* host path */
}

int life_run_hooks(struct container *c, const char *name, const struct oci_hook *hooks, size_t n,
		     const char *status, struct error *err)
{
	AUTO_FREE char *state = n > 0 ? oci_state_text(c, status, c->state.init.pid) : NULL;
	AUTO_CLOSE int dirfd = n > 0 ? open_bundle(c) : -1;
	const struct hook_list list = { name, hooks, n, state, dirfd };

	return hooks_run(&list, err);
}

static int go(struct container *c, struct error *err)
{
	struct sockaddr_un addr;
	AUTO_CLOSE int fd = socket_at(c, &addr, err);

	if (fd < 0)
		return -1;
	if (connect(fd, (struct sockaddr *)&addr, sizeof(addr)) < 0)
		return error_sys(err, "reach the container's first process");
	if (unlinkat(c->dirfd, SOCKET_NAME, 0) < 0)
		return error_sys(err, "remove '%s'", SOCKET_NAME);
	return hear_start(fd, c->spec.process->args[0], err);
}

int life_start(struct container *c, struct error *err)
{
	const struct oci_hooks *h;
	enum container_status status;

	if (container_status(c, &status, err) < 0 || container_spec(c, err) < 0)
		return -1;
	if (status == CONTAINER_STOPPED)
		return error_set(err, ERR_STATE, "cannot start a container that has stopped");
	if (status != CONTAINER_CREATED)
		return error_set(err, ERR_STATE, "cannot start an already running container");
	if (go(c, err) < 0)
		return -1;
	h = c->spec.hooks;
	return h ? life_run_hooks(c, "poststart", h->poststart, h->n_poststart, "running", err) : 0;
}

static int end_init(const struct container *c, struct error *err)
{
	struct error gone = { 0 };
	AUTO_CLOSE int pidfd = c->state.init.pid > 0 ? proc_open(&c->state.init, &gone) : -1;

	if (pidfd < 0)
		return 0;
	if (proc_signal(pidfd, SIGKILL, err) < 0)
		return -1;
	return proc_wait_end(pidfd, END_MS, err) < 0 ? -1 : 0;
}

/* Each of them, whatever the one before did. */
static void stop_hooks(struct container *c, struct error *warning)
{
	struct error unread = { 0 };
	const struct oci_hooks *h;

	if (c->state.init.pid == 0 || container_spec(c, &unread) < 0)
		return;
	h = c->spec.hooks;
	for (size_t i = 0; h && i < h->n_poststop; i++)
		(void)life_run_hooks(c, "poststop", &h->poststop[i], 1, "stopped", warning);
}

/* Most leave nothing: their namespaces took it along. */
static int leave_host(struct container *c, struct error *err)
{
	struct error unread = { 0 };
	AUTO_CLOSE int rdtfd = -1;

	if (!c->state.rootfs || container_spec(c, &unread) < 0)
		return 0;
	if (!spec_has_namespace(&c->spec, OCI_NS_MOUNT))
		tree_unmount(&c->spec, c->state.rootfs);
	if (!c->spec.linux_->intel_rdt)
		return 0;
	rdtfd = rdt_open(&unread);
	return rdtfd < 0 ? 0 : rdt_remove(rdtfd, c->spec.linux_->intel_rdt, c->id, err);
}

int life_end(struct container *c, struct error *warning, struct error *err)
{
	if (end_init(c, err) < 0 || groups_end(c, err) < 0)
		return -1;
	if (leave_host(c, err) < 0)
		return -1;
	stop_hooks(c, warning);
	return container_remove(c, err);
}
