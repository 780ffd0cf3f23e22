/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "base/clock.h"
#include "base/mem.h"
#include "base/path.h"
#include "base/strv.h"
#include "templates/import_job.h"
#include "templates/squashfs.h"

enum { HEAD_SIZE = 4096, IMAGE_MODE = 0444 };

static const char image_name[] = "image";

/* Seconds that are left of the import's own, at least one. */
static uint64_t seconds_left(const struct import_job *job)
{
	uint64_t gone = (uint64_t)(clock_ms() - job->begun_ms) / 1000;
	uint64_t all = job->unpack.limits.seconds;

	return gone < all ? all - gone : 1;
}

static void count(struct import_job *job, const struct unpack_report *report)
{
	const struct unpack_limits *limits = &job->unpack.limits;

	/* The report is an unpacker's word. */
	job->unpack.used_bytes = report->bytes < limits->bytes ? report->bytes : limits->bytes;
	job->unpack.used_entries =
		report->entries < limits->entries ? report->entries : limits->entries;
	job->skipped.xattrs += report->skipped.xattrs;
	job->skipped.acls += report->skipped.acls;
	job->skipped.devices += report->skipped.devices;
	job->skipped.sockets += report->skipped.sockets;
}

int import_job_unpack(struct import_job *job, const struct import_run *run,
		      struct unpack_report *out, struct error *err)
{
	struct unpack_options options = run->options ? *run->options : job->unpack;
	struct import_run counted = *run;
	struct unpack_report report = { 0 };

	options.limits.seconds = seconds_left(job);
	counted.options = &options;
	counted.ahead = job->stage.ahead;
	if (import_unpack(&counted, &report, err) < 0)
		return -1;
	count(job, &report);
	if (out)
		*out = report;
	return 0;
}

/* The tool wants a file that it can seek in, and nobody else may change it: a copy in the stage. */
static int squashfs_take(struct import_job *job, struct import_feed *feed, struct error *err)
{
	struct import_run run = { .rootfd = job->stage.rootfd };
	AUTO_CLOSE int imagefd = path_create(job->stage.dirfd, image_name, IMAGE_MODE, err);
	struct squashfs tool = SQUASHFS_EMPTY;
	struct import_watch watch;
	struct error why = { 0 };
	int r;

	if (imagefd < 0 || import_feed_copy(feed, imagefd, job->unpack.limits.bytes, err) < 0)
		return -1;
	close(TAKE_FD(imagefd));	/* nobody may have it open for writing while it is run on */
	imagefd = path_open_nolink(job->stage.dirfd, image_name, O_RDONLY, false, err);
	if (imagefd < 0 || squashfs_open(&tool, imagefd, seconds_left(job), err) < 0)
		return -1;
	watch = (struct import_watch){ tool.wordsfd, squashfs_words, &tool };
	run.archivefd = tool.tarfd;
	run.watch = &watch;
	r = import_job_unpack(job, &run, NULL, err);
	/* A tool that failed is the cause of a broken archive. */
	if (squashfs_close(&tool, r == 0, &why) < 0) {
		*err = why;
		r = -1;
	}
	return r < 0 ? -1 : path_remove(job->stage.dirfd, image_name, err);
}

static int feed_take(struct import_job *job, struct import_feed *feed, struct error *err)
{
	struct import_run run = { .rootfd = job->stage.rootfd, .feed = feed };

	if (import_feed_peek(feed, HEAD_SIZE, err) < 0)
		return -1;
	if (!squashfs_is(feed->buf, feed->len))
		return import_job_unpack(job, &run, NULL, err);
	free(job->known.format);
	job->known.format = xstrdup("squashfs");
	return squashfs_take(job, feed, err);
}

int import_take(struct import_job *job, int fd, struct error *err)
{
	AUTO_FREE struct import_feed *feed = xcalloc(1, sizeof(*feed));
	int r;

	feed->fd = fd;
	feed->sum = job->sum;
	r = feed_take(job, feed, err);
	job->sum = feed->sum;
	job->bytes += feed->bytes;
	return r;
}
