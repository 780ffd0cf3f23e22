/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "templates/import.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <limits.h>
#include <poll.h>
#include <signal.h>
#include <string.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "base/mem.h"
#include "base/proc.h"
#include "base/str.h"
#include "base/strv.h"
#include "templates/import_run.h"

enum { SIGNALLED = 128 };

/* zone-unpack beside this program, as in a build tree, else where it is installed. It is executed
 * from the descriptor, so that what was found is what runs. */
static int program_open(struct error *err)
{
	char self[PATH_MAX];
	AUTO_CLOSE int dirfd = -1;
	ssize_t n = readlinkat(AT_FDCWD, "/proc/self/exe", self, sizeof(self) - 1);
	int fd;

	if (n > 0) {
		self[n] = '\0';
		*strrchr(self, '/') = '\0';
		dirfd = openat(AT_FDCWD, self, O_PATH | O_DIRECTORY | O_CLOEXEC);
	}
	fd = dirfd < 0 ? -1 : openat(dirfd, "zone-unpack", O_RDONLY | O_CLOEXEC);
	if (fd < 0)
		fd = openat(AT_FDCWD, PKGLIBEXECDIR "/zone-unpack", O_RDONLY | O_CLOEXEC);
	if (fd < 0 && errno == ENOENT)
		return error_set(err, ERR_UNSUPPORTED, "no program '%s'",
				 PKGLIBEXECDIR "/zone-unpack");
	return fd < 0 ? error_sys(err, "open '%s'", PKGLIBEXECDIR "/zone-unpack") : fd;
}

/* Starts it; returns its pidfd. */
static int unpacker_start(const struct import_run *run, int reportfd, struct error *err)
{
	AUTO_CLOSE int programfd = program_open(err);
	AUTO_STRV char **argv = NULL;
	int keep[] = { programfd, run->rootfd, reportfd };
	struct proc_spawn spawn = {
		.stdin_fd = run->archivefd, .stdout_fd = -1, .stderr_fd = -1,
		.keep_fds = keep, .n_keep_fds = N_ROWS(keep), .dirfd = -1,
	};
	struct unpack_limits limits;
	pid_t pid;

	if (programfd < 0)
		return -1;
	strv_addf(&argv, "/proc/self/fd/%d", programfd);
	strv_addf(&argv, "%d", run->rootfd);
	strv_addf(&argv, "%d", reportfd);
	unpack_limits_init(&limits);
	unpack_limits_args(run->limits ? run->limits : &limits, &argv);
	spawn.argv = argv;
	return proc_spawn(&spawn, &pid, err);
}

static void watch_read(struct import_watch *watch)
{
	char buf[4096];
	ssize_t n = read(watch->fd, buf, sizeof(buf));

	if (n > 0)
		watch->take(watch->arg, buf, (size_t)n);
	else if (n == 0 || errno != EINTR)
		watch->fd = -1;
}

/* Reads the report to the end of the pipe, at most room bytes; returns how many. */
static ssize_t report_read(int fd, struct import_watch *watch, char *buf, size_t room,
			   struct error *err)
{
	size_t len = 0;

	for (;;) {
		struct pollfd fds[] = { { fd, POLLIN, 0 }, { watch ? watch->fd : -1, POLLIN, 0 } };
		ssize_t n;

		if (poll(fds, N_ROWS(fds), -1) < 0 && errno != EINTR)
			return error_sys(err, "wait for the unpacker");
		if (fds[1].revents)
			watch_read(watch);
		if (!fds[0].revents)
			continue;
		n = len < room ? read(fd, buf + len, room - len) : 0;
		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			return error_sys(err, "read the unpacker's report");
		if (n == 0)
			return (ssize_t)len;
		len += (size_t)n;
	}
}

/* The report comes out of a process that read a hostile archive: it is bytes until proven. */
static int report_check(struct unpack_report *r, size_t len, int status, struct error *err)
{
	if (status == SIGNALLED + SIGXCPU)
		return error_set(err, ERR_USAGE, "unpacking took too much processor time");
	if (len != sizeof(*r))
		return error_set(err, ERR_FAILED, "the unpacker ended without a report (status %d)",
				 status);
	r->err.text[sizeof(r->err.text) - 1] = '\0';
	r->err.hint[sizeof(r->err.hint) - 1] = '\0';
	if (r->err.kind == ERR_NONE && status == 0)
		return 0;
	if (r->err.kind <= ERR_NONE || r->err.kind > ERR_PARTIAL)
		return error_set(err, ERR_FAILED, "the unpacker failed (status %d)", status);
	/* error_set() makes the words printable again. */
	error_set(err, r->err.kind, "%s", r->err.text);
	err->sys = r->err.sys;
	if (r->err.hint[0])
		error_hint(err, "%s", r->err.hint);
	return -1;
}

int import_unpack(const struct import_run *run, struct unpack_report *out, struct error *err)
{
	AUTO_CLOSE int pidfd = -1;
	AUTO_CLOSE int readfd = -1;
	struct error lost = { 0 };
	int fds[2], status;
	ssize_t len;

	if (pipe2(fds, O_CLOEXEC) < 0)
		return error_sys(err, "make a pipe");
	readfd = fds[0];
	pidfd = unpacker_start(run, fds[1], err);
	close(fds[1]);
	if (pidfd < 0)
		return -1;
	len = report_read(readfd, run->watch, (char *)out, sizeof(*out), err);
	if (len < 0)
		(void)proc_signal(pidfd, SIGKILL, &lost);	/* err says what went wrong */
	status = proc_reap(pidfd, len < 0 ? &lost : err);
	if (len < 0 || status < 0)
		return -1;
	return report_check(out, (size_t)len, status, err);
}

static void warn_skipped(const struct unpack_report *report, char ***warnings)
{
	const struct {
		uint64_t n;
		const char *what;
	} rows[] = {
		{ report->skipped.xattrs, "extended attributes of other systems left out" },
		{ report->skipped.acls, "ACLs left out that name users without a number" },
	};

	/* Devices and sockets are no loss: every archive of /dev has them. */
	for (size_t i = 0; i < N_ROWS(rows); i++) {
		if (rows[i].n > 0)
			strv_addf(warnings, "%" PRIu64 " %s", rows[i].n, rows[i].what);
	}
}

int import_commit(struct store_stage *stage, const struct template *known,
		  const struct unpack_report *report, struct import_result *out, struct error *err)
{
	struct import_result r = { 0 };

	if (store_stage_commit(stage, known, &r.template, &r.is_new, err) < 0)
		return -1;
	if (!*r.template.init)
		strv_add(&r.warnings,
			 "no init: /sbin/init is missing; 'zonectl boot' will refuse it (exit 8)");
	if (report)
		warn_skipped(report, &r.warnings);
	*out = r;
	return 0;
}

int import_archive(int storefd, const struct import_options *options, struct import_result *out,
		   struct error *err)
{
	AUTO_STAGE struct store_stage stage = STORE_STAGE_EMPTY;
	struct template known = {
		.name = (char *)options->name, .source = (char *)options->source,
		.format = (char *)"tar",
	};
	struct import_run run = { .archivefd = options->fd, .limits = options->limits };
	struct unpack_report report = { 0 };

	if (template_name_check(options->name, err) < 0 ||
	    store_stage_open(&stage, storefd, err) < 0)
		return -1;
	run.rootfd = stage.rootfd;
	if (import_unpack(&run, &report, err) < 0)
		return -1;
	return import_commit(&stage, &known, &report, out, err);
}

void import_result_clear(struct import_result *r)
{
	template_clear(&r->template);
	strv_clear(&r->warnings);
	*r = (struct import_result){ 0 };
}
