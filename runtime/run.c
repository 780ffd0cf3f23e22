/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "runtime/run.h"

#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "base/mem.h"
#include "runtime/boot.h"
#include "runtime/create.h"
#include "runtime/destroy.h"
#include "runtime/mknod.h"

/* A process of its own, as the caller is busy with the command's streams. It ends when no process
 * with the filter is left. */
static int answer_notices(struct running *r, int noticefd, struct error *err)
{
	uint32_t uid_base = r->zone->config.uid_base;

	r->notices_pid = fork();
	if (r->notices_pid < 0)
		return error_sys(err, "fork");
	if (r->notices_pid > 0)
		return 0;
	for (;;) {
		struct pollfd fd = { noticefd, POLLIN, 0 };

		if (poll(&fd, 1, -1) > 0 &&
		    ((fd.revents & POLLIN) == 0 || mknod_answer(noticefd, uid_base) < 0))
			_exit(0);
	}
}

static int run_boot(struct running *r, const struct run_options *options, struct error *err)
{
	struct boot *b = r->boot;
	int ret;

	if (compile_run(&b->compiled, r->zone, options->argv, options->term, err) < 0)
		return -1;
	b->compiled.zone.has_console = options->has_tty;
	b->compiled.zone.is_session = options->has_tty;
	b->compiled.zone.size = options->size;
	memcpy(b->compiled.zone.launch.stdio, options->stdio, sizeof(options->stdio));
	ret = boot_up(b, err);
	compiled_clear(&b->compiled);
	if (ret < 0)
		return -1;
	r->pid = b->launched.pid;
	r->pidfd = b->launched.pidfd;
	r->ptyfd = b->launched.ptyfd;
	if (b->launched.noticefd < 0 || answer_notices(r, b->launched.noticefd, err) == 0)
		return 0;
	(void)boot_down(b, &(struct error){ 0 });	/* the first failure is what is told */
	return -1;
}

static void running_init(struct running *r)
{
	*r = (struct running){ .pidfd = -1, .ptyfd = -1 };
	r->zone = xcalloc(1, sizeof(*r->zone));
}

/* In the zone that is made, unless that failed. */
static int start_in(struct running *out, int made, const struct run_options *options,
		    struct error *err)
{
	if (made < 0) {
		free(TAKE_PTR(out->zone));
		return -1;
	}
	out->boot = xcalloc(1, sizeof(*out->boot));
	out->boot->z = out->zone;
	if (run_boot(out, options, err) == 0)
		return 0;
	/* boot_up() cleaned up after itself; what is left is the zone. The first failure is told.
	 */
	(void)zone_destroy(out->zone, &(struct error){ 0 });
	free(TAKE_PTR(out->boot));
	free(TAKE_PTR(out->zone));
	return -1;
}

int run_start(struct running *out, struct site *site, struct zone_config *config,
	      const char *template, const struct run_options *options, struct error *err)
{
	running_init(out);
	return start_in(out, zone_create(out->zone, site, config, template, err), options, err);
}

int run_start_tree(struct running *out, struct site *site, struct zone_config *config,
		   const struct run_tree *tree, const struct run_options *options,
		   struct error *err)
{
	int made;

	running_init(out);
	made = zone_create_tree(out->zone, site, config, tree->about, tree->fd, err);
	return start_in(out, made, options, err);
}

int run_stop(struct running *r, struct error *err)
{
	int ret = boot_down(r->boot, err);

	if (r->notices_pid > 0)
		(void)waitpid(r->notices_pid, NULL, 0);	/* ends with the last process inside */

	boot_close(r->boot);
	free(TAKE_PTR(r->boot));
	return ret;
}

int run_remove(struct running *r, struct error *err)
{
	int ret = zone_destroy(r->zone, err);

	free(TAKE_PTR(r->zone));
	return ret;
}

int run_finish(struct running *r, bool keep, struct error *err)
{
	struct error failure = { 0 };
	int ret = run_stop(r, &failure);

	if (keep) {
		zone_close(r->zone);
		free(TAKE_PTR(r->zone));
	} else if (run_remove(r, ret == 0 ? &failure : &(struct error){ 0 }) < 0) {
		ret = -1;
	}
	if (ret < 0)
		*err = failure;
	return ret;
}
