/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "runtime/customize.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/random.h>
#include <sys/signalfd.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "base/mem.h"
#include "base/proc.h"
#include "base/str.h"
#include "runtime/create.h"
#include "runtime/property.h"
#include "runtime/run.h"
#include "templates/build.h"
#include "templates/make.h"

/* On a file system of the zone's that is gone with it, so that the tree has nothing of it. */
#define PROGRAM_INSIDE "/dev/customize"

/* What the zone is told to be, as create would be: it has no network, and nothing of its identity
 * is written into the tree that others will start from. */
static const struct {
	const char *property, *value;
} settings[] = {
	{ "storage", "copy" },
	{ "net",     "none" },
	{ "setup",   "none" },
};

static int name_make(char name[ZONE_NAME_MAX + 1], struct error *err)
{
	uint32_t random;

	if (getrandom(&random, sizeof(random), 0) != sizeof(random))
		return error_sys(err, "get random bytes");
	snprintf(name, ZONE_NAME_MAX + 1, "build-%08x", random);
	return 0;
}

static int configure(struct zone_config *c, const char *program, struct error *err)
{
	AUTO_FREE char *mount = xasprintf("%s:" PROGRAM_INSIDE ":ro,nosuid,nodev", program);
	const struct property *mounts = property_find("mount", err);

	if (name_make(c->name, err) < 0 || !mounts)
		return -1;
	c->is_ephemeral = true;
	for (size_t i = 0; i < N_ROWS(settings); i++) {
		const struct property *p = property_find(settings[i].property, err);

		if (!p || property_apply(p, c, PROPERTY_SET, settings[i].value, err) < 0)
			return -1;
	}
	return property_apply(mounts, c, PROPERTY_ADD, mount, err);
}

/* Passes on what the program says until it has ended: 0, or -1 when a signal came. */
static int hear(int wordsfd, int signalfd, struct build_log *log)
{
	char buf[4096];

	for (;;) {
		struct pollfd fds[] = { { wordsfd, POLLIN, 0 }, { signalfd, POLLIN, 0 } };
		ssize_t n;

		if (poll(fds, N_ROWS(fds), -1) < 0)
			continue;
		if (fds[1].revents)
			return -1;
		n = read(wordsfd, buf, sizeof(buf));
		if (n > 0)
			build_log_take(log, buf, (size_t)n);
		else if (n == 0 || errno != EINTR)
			return 0;
	}
}

static int supervise(struct running *r, int wordsfd, int signalfd, const struct customize *c,
		     struct error *err)
{
	struct build_log log = { .fd = c->log_fd };
	int status = -1;

	if (hear(wordsfd, signalfd, &log) < 0)
		error_set(err, ERR_FAILED, "interrupted");
	else
		status = proc_reap(r->pidfd, err);
	if (status > 0)
		build_log_error(&log, c->label, status, err);
	str_clear(&log.tail);
	return status == 0 ? 0 : -1;
}

/* Runs the program to its end. The zone is still there then, stopped and locked. */
static int program_run(struct running *r, const struct customize *c, const int words[2],
		       int signalfd, struct error *err)
{
	struct error late = { 0 };
	int status = supervise(r, words[0], signalfd, c, err);

	if (run_stop(r, status == 0 ? err : &late) < 0)
		status = -1;
	return status;
}

static int tree_take(const struct customize *c, const struct zone *z,
		     const struct template *known, struct import_result *out, struct error *err)
{
	AUTO_CLOSE int treefd = openat(z->dirfd, "data/root", O_RDONLY | O_DIRECTORY | O_NOFOLLOW |
							      O_CLOEXEC);
	const struct make_options options = {
		.name = known->name, .source = known->source, .from = known,
		.limits = &c->site->config.unpack, .is_washed = true,
	};

	if (treefd < 0)
		return error_sys(err, "open the zone's files");
	return template_make(c->storefd, treefd, &options, out, NULL, err);
}

/* From the start of the zone to its end, which comes whatever happens. */
static int zone_use(const struct customize *c, struct running *r, const int words[2], int signalfd,
		    const struct template *known, struct import_result *out, struct error *err)
{
	int status = program_run(r, c, words, signalfd, err);

	if (status == 0)
		status = tree_take(c, r->zone, known, out, err);
	if (run_remove(r, status == 0 ? err : &(struct error){ 0 }) < 0)
		status = -1;
	return status;
}

static int customize(const struct customize *c, const struct template *known, int treefd,
		     struct zone_config *config, struct import_result *out, struct error *err)
{
	static char *const argv[] = { (char *)PROGRAM_INSIDE, NULL };
	struct run_options options = { .argv = argv };
	const struct run_tree tree = { .fd = treefd, .about = known };
	struct running r;
	sigset_t signals, before;
	int words[2], status, signalfd_;

	if (pipe2(words, O_CLOEXEC) < 0)
		return error_sys(err, "make a pipe");
	sigemptyset(&signals);
	sigaddset(&signals, SIGTERM);
	sigaddset(&signals, SIGINT);
	sigprocmask(SIG_BLOCK, &signals, &before);
	signalfd_ = signalfd(-1, &signals, SFD_CLOEXEC);
	options.stdio[0] = open("/dev/null", O_RDONLY | O_CLOEXEC);	/* host path */
	options.stdio[1] = options.stdio[2] = words[1];
	status = run_start_tree(&r, c->site, config, &tree, &options, err);
	cleanup_close(&options.stdio[0]);
	close(words[1]);
	if (status == 0)
		status = zone_use(c, &r, words, signalfd_, known, out, err);
	close(words[0]);
	cleanup_close(&signalfd_);
	sigprocmask(SIG_SETMASK, &before, NULL);
	return status;
}

int customize_finish(void *arg, const struct template *known, int treefd,
		     struct import_result *out, struct error *err)
{
	const struct customize *c = arg;
	struct zone_config config;
	int status;

	zone_config_init(&config);
	status = configure(&config, c->program, err);
	if (status == 0)
		status = customize(c, known, treefd, &config, out, err);
	zone_config_clear(&config);
	return status < 0 ? error_wrap(err, "customize") : 0;
}
