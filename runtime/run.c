/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "runtime/run.h"

#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "base/mem.h"
#include "runtime/boot.h"
#include "runtime/create.h"
#include "runtime/destroy.h"

static int run_boot(struct running *r, const struct run_options *options, struct error *err)
{
	struct boot *b = r->boot;
	int ret;

	if (compile_run(&b->compiled, r->zone, options->argv, options->term, err) < 0)
		return -1;
	b->compiled.launch.has_console = options->has_tty;
	memcpy(b->compiled.launch.stdio, options->stdio, sizeof(options->stdio));
	ret = boot_up(b, err);
	compiled_clear(&b->compiled);
	if (ret < 0)
		return -1;
	r->pid = b->launched.pid;
	r->pidfd = b->launched.pidfd;
	r->ptyfd = b->launched.ptyfd;
	return 0;
}

int run_start(struct running *out, struct site *site, struct zone_config *config,
	      const char *template, const struct run_options *options, struct error *err)
{
	*out = (struct running){ .pidfd = -1, .ptyfd = -1 };
	out->zone = xcalloc(1, sizeof(*out->zone));
	if (zone_create(out->zone, site, config, template, err) < 0) {
		free(TAKE_PTR(out->zone));
		return -1;
	}
	out->boot = xcalloc(1, sizeof(*out->boot));
	out->boot->z = out->zone;
	if (run_boot(out, options, err) == 0)
		return 0;
	/* boot_up() cleaned up after itself; what is left is the zone. The first failure is told. */
	(void)zone_destroy(out->zone, &(struct error){ 0 });
	free(TAKE_PTR(out->boot));
	free(TAKE_PTR(out->zone));
	return -1;
}

int run_finish(struct running *r, bool keep, struct error *err)
{
	struct error failure = { 0 };
	int ret = boot_down(r->boot, &failure);

	boot_close(r->boot);
	if (keep)
		zone_close(r->zone);
	else if (zone_destroy(r->zone, ret == 0 ? &failure : &(struct error){ 0 }) < 0)
		ret = -1;
	free(TAKE_PTR(r->boot));
	free(TAKE_PTR(r->zone));
	if (ret < 0)
		*err = failure;
	return ret;
}
