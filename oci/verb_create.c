/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <fcntl.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "base/num.h"
#include "oci/life.h"
#include "oci/oci.h"

enum { BUNDLE, CONFIG, CONSOLE, PID_FILE, NO_PIVOT, NO_KEYRING, PRESERVE, DETACH, KEEP };

#define CREATE_ROWS \
	[BUNDLE] = { "bundle", 'b', true }, [CONFIG] = { "config", 'f', true }, \
	[CONSOLE] = { "console-socket", 0, true }, [PID_FILE] = { "pid-file", 0, true }, \
	[NO_PIVOT] = { "no-pivot", 0, false }, [NO_KEYRING] = { "no-new-keyring", 0, false }, \
	[PRESERVE] = { "preserve-fds", 0, true }

const struct oci_option oci_create_options[] = { CREATE_ROWS, { 0 } };
const struct oci_option oci_run_options[] = {
	CREATE_ROWS, [DETACH] = { "detach", 'd', false }, [KEEP] = { "keep", 0, false }, { 0 },
};

/* They must be open, or ours would stand in their places. */
static int check_kept(unsigned int n, struct error *err)
{
	for (unsigned int i = 0; i < n; i++)
		if (fcntl((int)i + 3, F_GETFD) < 0)
			return error_set(err, ERR_USAGE, "unable to stat preserved-fd %u (of %u)",
					 i + 3, n);
	return 0;
}

static int read_options(struct oci *oci, struct life_options *o, struct error *err)
{
	const char *preserve = oci_value(oci, PRESERVE);
	uint64_t n = 0;

	*o = (struct life_options){
		.bundle = oci_value(oci, BUNDLE) ? oci_value(oci, BUNDLE) : ".",
		.config = oci_value(oci, CONFIG),
		.handover = { oci_value(oci, PID_FILE), oci_value(oci, CONSOLE) },
		.without_pivot = oci_value(oci, NO_PIVOT) != NULL,
		.keeps_keyring = oci_value(oci, NO_KEYRING) != NULL,
		.cgroup_manager = oci->cgroup_manager,
	};
	if (preserve && num_u64(preserve, 0, CONFINE_KEEP_MAX, &n, err) < 0)
		return error_wrap(err, "--preserve-fds");
	o->n_kept = (unsigned int)n;
	return check_kept(o->n_kept, err);
}

int oci_create(struct oci *oci, struct error *err)
{
	AUTO_CONTAINER struct container c = CONTAINER_NONE;
	struct life_options options;
	struct launched launched;

	if (read_options(oci, &options, err) < 0 ||
	    container_make(&c, oci->root, oci->operands[0], err) < 0 ||
	    life_create(&c, &launched, &options, err) < 0)
		return -1;
	launched_close(&launched);
	return 0;
}

int oci_start(struct oci *oci, struct error *err)
{
	AUTO_CONTAINER struct container c = CONTAINER_NONE;

	if (container_open(&c, oci->root, oci->operands[0], LOCK_ALONE, err) < 0)
		return -1;
	return life_start(&c, err);
}

/* What ends or asks something of us is meant for the container. */
static void block_signals(sigset_t *out)
{
	static const int passed_on[] = { SIGHUP, SIGINT, SIGQUIT, SIGTERM, SIGUSR1, SIGUSR2,
					 SIGWINCH, SIGALRM, SIGCONT, SIGCHLD };

	sigemptyset(out);
	for (size_t i = 0; i < N_ROWS(passed_on); i++)
		sigaddset(out, passed_on[i]);
	sigprocmask(SIG_BLOCK, out, NULL);
}

static int wait_for(pid_t pid, const sigset_t *signals)
{
	int status = 0;

	while (waitpid(pid, &status, WNOHANG) == 0) {
		int sig = sigwaitinfo(signals, NULL);

		if (sig > 0 && sig != SIGCHLD)
			(void)kill(pid, sig);	/* it may have ended */
	}
	return WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
}

int oci_run(struct oci *oci, struct error *err)
{
	AUTO_CONTAINER struct container c = CONTAINER_NONE;
	bool is_detached = oci_value(oci, DETACH) != NULL;
	struct life_options options;
	struct launched launched;
	struct error warning = { 0 };
	sigset_t signals;
	pid_t pid;

	if (read_options(oci, &options, err) < 0)
		return -1;
	options.goes_at_once = true;
	options.is_foreground = !is_detached;
	if (container_make(&c, oci->root, oci->operands[0], err) < 0 ||
	    life_create(&c, &launched, &options, err) < 0)
		return -1;
	pid = launched.pid;
	if (!is_detached)
		block_signals(&signals);
	if (launch_go(&launched, err) < 0) {
		struct error ignored = { 0 };

		launched_close(&launched);
		(void)life_end(&c, &ignored, &ignored);	/* the first error is the one that tells */
		return -1;
	}
	launched_close(&launched);
	if (is_detached)
		return 0;
	lock_drop(c.dirfd);
	oci->status = wait_for(pid, &signals);
	if (oci_value(oci, KEEP))
		return 0;
	return life_end(&c, &warning, err);
}
