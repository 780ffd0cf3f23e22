/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "runtime/inside.h"

#include <fcntl.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "base/fd.h"
#include "base/mem.h"
#include "base/proc.h"
#include "runtime/boot.h"
#include "runtime/enter.h"

/* What errors call it, in place of a program. */
static char *const task_argv[] = { (char *)"(zonectl)", NULL };

static int start_up(struct inside *in, const struct inside_options *o, int nullfd,
		    struct error *err)
{
	const struct enter_options options = {
		.argv = task_argv, .task = &o->task, .user = o->user, .dir = "/",
		.stdio = { o->sock, o->sock, nullfd },
	};
	struct entered entered;

	if (zone_enter(in->zone, &options, &entered, err) < 0)
		return -1;
	in->pidfd = entered.pidfd;
	return 0;
}

static void set_aside(struct inside *in)
{
	struct zone_config *c = &in->zone->config;

	in->net = TAKE_PTR(c->net);
	in->nics = TAKE_PTR(c->nics);
	in->publish = TAKE_PTR(c->publish);
	c->net = xstrdup("none");
	in->autoboot = c->autoboot;
	c->autoboot = AUTOBOOT_NO;
}

static void put_back(struct inside *in)
{
	struct zone_config *c = &in->zone->config;

	free(c->net);
	c->net = TAKE_PTR(in->net);
	c->nics = TAKE_PTR(in->nics);
	c->publish = TAKE_PTR(in->publish);
	c->autoboot = in->autoboot;
}

static int boot_task(struct boot *b, const struct inside_options *o, int nullfd,
		     struct error *err)
{
	struct zone_launch *z = &b->compiled.zone;
	int ret;

	if (compile_run(&b->compiled, b->z, task_argv, NULL, err) < 0)
		return -1;
	b->compiled.setup.is_off = true;
	z->launch.task = &o->task;
	z->user = o->user;
	z->dir = NULL;
	z->launch.stdio[0] = z->launch.stdio[1] = o->sock;
	z->launch.stdio[2] = nullfd;
	ret = boot_up(b, err);
	compiled_clear(&b->compiled);
	return ret;
}

static int start_down(struct inside *in, const struct inside_options *o, int nullfd,
		      struct error *err)
{
	set_aside(in);
	in->boot = xcalloc(1, sizeof(*in->boot));
	in->boot->z = in->zone;
	boot_adopted(in->boot);
	if (boot_task(in->boot, o, nullfd, err) < 0) {
		free(TAKE_PTR(in->boot));
		put_back(in);
		return -1;
	}
	in->pidfd = in->boot->launched.pidfd;
	return 0;
}

int inside_start(struct inside *out, struct zone *z, const struct inside_options *options,
		 struct error *err)
{
	AUTO_CLOSE int nullfd = open("/dev/null", O_RDWR | O_CLOEXEC); /* host path */

	*out = (struct inside){ .zone = z, .pidfd = -1 };
	if (nullfd < 0)
		return error_sys(err, "open /dev/null");
	return options->is_up ? start_up(out, options, nullfd, err) :
				start_down(out, options, nullfd, err);
}

static int wait_for_end(struct inside *in, struct error *err)
{
	int has_ended = proc_wait_end(in->pidfd, INSIDE_WAIT_MS, err);

	if (has_ended < 0)
		return -1;
	if (has_ended == 0)
		(void)proc_signal(in->pidfd, SIGKILL, &(struct error){ 0 }); /* gone is as good */
	return proc_reap(in->pidfd, err);
}

int inside_finish(struct inside *in, struct error *err)
{
	int status = wait_for_end(in, err);

	if (!in->boot) {
		close(TAKE_FD(in->pidfd));
		return status;
	}
	if (boot_down(in->boot, status < 0 ? &(struct error){ 0 } : err) < 0)
		status = -1;
	boot_close(in->boot);
	free(TAKE_PTR(in->boot));
	put_back(in);
	return status;
}

struct call {
	int (*main)(void *arg, struct error *err);
	void *arg;
};

static int call_inside(void *arg)
{
	const struct call *c = arg;
	struct error err = { 0 };

	if (c->main(c->arg, &err) == 0)
		return 0;
	(void)!write(STDOUT_FILENO, &err, sizeof(err));	/* nobody else to tell */
	return 1;
}

int inside_hear(struct zone *z, struct inside_options *options, size_t max, char **out,
		size_t *out_len, struct error *err)
{
	struct inside in;
	int pair[2], ret;

	if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, pair) < 0)
		return error_sys(err, "make a socket pair");
	options->sock = pair[1];
	ret = inside_start(&in, z, options, err);
	close(pair[1]);
	if (ret == 0)
		ret = inside_finish(&in, err);
	/* Read once the process is gone, as it could be stopped before the end of what it says. */
	if (ret >= 0 && fd_read_all(pair[0], max, out, out_len, err) < 0)
		ret = -1;
	close(pair[0]);
	return ret;
}

/* The struct was another process's: its text is made printable again. */
static int take_failure(const char *text, size_t len, struct error *err)
{
	struct error said;

	if (len != sizeof(said))
		return error_set(err, ERR_FAILED, "the process inside the zone was killed");
	memcpy(&said, text, sizeof(said));
	said.text[sizeof(said.text) - 1] = '\0';
	error_set(err, said.kind > ERR_NONE && said.kind <= ERR_PARTIAL ? said.kind : ERR_FAILED,
		  "%s", said.text);
	err->sys = said.sys;
	return -1;
}

int inside_call(struct zone *z, bool is_up, int (*main)(void *arg, struct error *err), void *arg,
		struct error *err)
{
	struct call call = { main, arg };
	struct inside_options options = { .task = { call_inside, &call }, .is_up = is_up };
	AUTO_FREE char *text = NULL;
	size_t len;
	int status = inside_hear(z, &options, sizeof(struct error), &text, &len, err);

	return status > 0 ? take_failure(text, len, err) : status;
}
