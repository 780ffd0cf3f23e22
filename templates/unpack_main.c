/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <errno.h>
#include <iconv.h>
#include <limits.h>
#include <malloc.h>
#include <poll.h>
#include <signal.h>
#include <stdbool.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "base/fd.h"
#include "base/num.h"
#include "templates/unpack.h"
#include "templates/unpack_sandbox.h"

/*
 * zone-unpack: started by import.c, see unpack.h. It writes one report, then
 * exits 0 if the tree is complete and 1 if not.
 */

struct job {
	int reportfd;
	struct unpack_options options;
	struct unpack_report report;
};

/* One write, which a pipe takes whole (pipe(7), PIPE_BUF). */
_Static_assert(sizeof(struct unpack_report) <= PIPE_BUF, "a report is one atomic write");

static void report(struct job *job)
{
	struct error lost = { 0 };

	/* Without a reader there is nobody to tell; the exit status stands. */
	(void)fd_write_all(job->reportfd, &job->report, sizeof(job->report), &lost);
}

static void fail(void *arg, const struct error *err)
{
	struct job *job = arg;

	job->report.err = *err;
	report(job);
}

/* An importer that ended before we asked to die with it. */
static bool is_orphan(int reportfd)
{
	struct pollfd fd = { .fd = reportfd };

	return poll(&fd, 1, 0) > 0 && (fd.revents & POLLERR);
}

static int run(void *arg, int rootfd)
{
	struct job *job = arg;
	struct error err = { 0 };
	int r;

	if (is_orphan(job->reportfd))
		return 1;
	r = unpack_archive(STDIN_FILENO, rootfd, &job->options, &job->report, &err);
	if (r < 0)
		job->report.err = err;
	report(job);
	return r < 0;
}

/* Loads what the C library would look for at the first name in UTF-8: by then its root is the
 * archive's tree, and its tables would be the archive's. */
static void tables_load(void)
{
	iconv_t tables = iconv_open("ANSI_X3.4-1968", "UTF-8");

	if (tables != (iconv_t)-1)
		iconv_close(tables);
}

static int prepare(struct job *job, int argc, char **argv, int *out_rootfd, struct error *err)
{
	uint64_t rootfd, reportfd;

	if (argc < 3)
		return error_set(err, ERR_USAGE,
				 "usage: zone-unpack ROOTFD REPORTFD [OPTION]...");
	if (num_u64(argv[1], 3, INT_MAX, &rootfd, err) < 0 ||
	    num_u64(argv[2], 3, INT_MAX, &reportfd, err) < 0)
		return -1;
	*out_rootfd = (int)rootfd;
	job->reportfd = (int)reportfd;
	unpack_limits_init(&job->options.limits);
	for (int i = 3; i < argc; i++) {
		if (unpack_options_set(&job->options, argv[i], err) < 0)
			return -1;
	}
	return 0;
}

int main(int argc, char **argv)
{
	struct job job = { .reportfd = STDERR_FILENO };
	struct sandbox sandbox = { .run = run, .fail = fail, .arg = &job };
	struct error err = { 0 };
	int status;

	/* With the importer gone, so is the use of going on. */
	prctl(PR_SET_PDEATHSIG, SIGKILL);
	/* One heap: an arena a thread would each reserve its own. */
	mallopt(M_ARENA_MAX, 1);
	signal(SIGPIPE, SIG_IGN);
	tables_load();
	if (prepare(&job, argc, argv, &sandbox.rootfd, &err) < 0) {
		fail(&job, &err);
		return 1;
	}
	if (is_orphan(job.reportfd))
		return 1;
	sandbox.reportfd = job.reportfd;
	sandbox.donefd = job.options.donefd;
	sandbox.limits = &job.options.limits;
	status = sandbox_run(&sandbox, &err);
	if (status < 0) {
		fail(&job, &err);
		return 1;
	}
	if (WIFSIGNALED(status))
		return 128 + WTERMSIG(status);
	return WEXITSTATUS(status);
}
