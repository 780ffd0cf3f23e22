/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "templates/ahead.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "base/mem.h"
#include "base/path.h"
#include "base/strv.h"
#include "templates/xattrs.h"

/*
 * The unpacker may be broken into, and would like us to digest one content and
 * keep another. So what is remembered must be what the file holds for good, as
 * long as its time of change (ctime, which nobody can set) stays the same:
 *
 *   - a read lease (fcntl(2), F_SETLEASE) is granted only while nobody has the
 *     file open for writing; so no write is under way, and no page of it is
 *     mapped for writing, which could change it without a trace;
 *   - who opens it for writing breaks the lease, which is seen at the end;
 *   - the lease is given back when the clock that files are stamped with has
 *     moved past the file's time: a later change has a later time.
 *
 * Where there are no leases nothing is remembered, and the digest of the tree
 * reads those files itself.
 */

enum {
	READ_SIZE = 256 * 1024,
	STACK = 256 * 1024,
	LEFT_MAX = 64 << 20,		/* of a file, to read on when the unpacker has ended */
	TICK_NS = 2 * 1000 * 1000,	/* the clock moves every 1 to 10 ms */
	TICKS_MAX = 20,
	WRITE_MIN = 32 * 1024,		/* below it the call costs more than the write */
};

static struct ahead_file *slot_of(const struct ahead *a, ino_t ino)
{
	size_t i = (size_t)(ino * UINT64_C(0x9e3779b97f4a7c15) >> 20) & (a->room - 1);

	while (a->files[i].ino != 0 && a->files[i].ino != ino)
		i = (i + 1) & (a->room - 1);
	return &a->files[i];
}

static void grow(struct ahead *a)
{
	struct ahead bigger = { .n = a->n, .room = a->room ? 2 * a->room : 512, .dev = a->dev };

	bigger.files = xcalloc(bigger.room, sizeof(*bigger.files));
	for (size_t i = 0; i < a->room; i++) {
		if (a->files[i].ino != 0)
			*slot_of(&bigger, a->files[i].ino) = a->files[i];
	}
	free(a->files);
	*a = bigger;
}

static bool is_same_time(struct timespec a, struct timespec b)
{
	return a.tv_sec == b.tv_sec && a.tv_nsec == b.tv_nsec;
}

static bool is_before(struct timespec a, struct timespec b)
{
	return a.tv_sec != b.tv_sec ? a.tv_sec < b.tv_sec : a.tv_nsec < b.tv_nsec;
}

static void remember(struct ahead *a, const struct stat *st, const uint8_t digest[SHA256_SIZE])
{
	struct ahead_file *f;

	if (2 * a->n >= a->room)
		grow(a);
	f = slot_of(a, st->st_ino);
	if (f->ino == 0)
		a->n++;
	*f = (struct ahead_file){ .ino = st->st_ino, .size = st->st_size,
				  .changed = st->st_ctim };
	memcpy(f->digest, digest, SHA256_SIZE);
}

const uint8_t *ahead_find(const struct ahead *a, const struct stat *st)
{
	const struct ahead_file *f;

	if (a->n == 0 || st->st_dev != a->dev)
		return NULL;
	f = slot_of(a, st->st_ino);
	if (f->ino == 0 || f->size != st->st_size || !is_same_time(f->changed, st->st_ctim))
		return NULL;
	return f->digest;
}

void ahead_clear(struct ahead *a)
{
	free(a->files);
	*a = (struct ahead){ 0 };
}

/* Ends soon after is_over: a file may be large, and be holes that cost the unpacker nothing. */
static int contents(const struct ahead_run *run, int fd, off_t left, char *buf,
		    uint8_t out[SHA256_SIZE])
{
	struct sha256 sum;
	ssize_t n;

	sha256_init(&sum);
	while ((n = read(fd, buf, READ_SIZE)) != 0) {
		if (n < 0 && errno == EINTR)
			continue;
		left -= n;
		if (n < 0 || (left > LEFT_MAX && atomic_load(&run->is_over)))
			return -1;
		sha256_add(&sum, buf, (size_t)n);
	}
	sha256_end(&sum, out);
	return 0;
}

/* True when a change from now on would have a later time than the file has. */
static bool is_settled(struct ahead_run *run, struct timespec changed)
{
	static const struct timespec tick = { .tv_nsec = TICK_NS };
	struct timespec now;

	for (int i = 0; i < TICKS_MAX; i++) {
		clock_gettime(CLOCK_REALTIME_COARSE, &now);
		if (is_before(changed, now))
			return true;
		if (atomic_load(&run->is_over))
			return false;
		nanosleep(&tick, NULL);
	}
	return false;
}

static bool has_xattrs(int fd)
{
	AUTO_STRV char **names = NULL;
	struct error err = { 0 };

	return xattr_list(fd, &names, &err) < 0 || names;
}

/* What cannot be had here, for whatever reason, is read with the tree. */
static void file_take(struct ahead_run *run, const char *name, char *buf)
{
	struct error err = { 0 };
	AUTO_CLOSE int fd = path_open_nolink(run->rootfd, name, O_RDONLY, true, &err);
	uint8_t digest[SHA256_SIZE];
	struct stat st;

	if (fd < 0 || fcntl(fd, F_SETLEASE, F_RDLCK) < 0 || fstat(fd, &st) < 0)
		return;
	if (!S_ISREG(st.st_mode) || st.st_dev != run->out->dev || ahead_find(run->out, &st))
		return;
	if (contents(run, fd, st.st_size, buf, digest) < 0 || has_xattrs(fd) ||
	    !is_settled(run, st.st_ctim))
		return;
	if (fcntl(fd, F_GETLEASE) == F_RDLCK)
		remember(run->out, &st, digest);
	/* The disk may begin; whoever syncs later finds less to wait for. */
	if (st.st_size >= WRITE_MIN)
		(void)sync_file_range(fd, 0, 0, SYNC_FILE_RANGE_WRITE);
}

/* Takes the whole names of text[0..len); returns how many bytes were used. */
static size_t names_take(struct ahead_run *run, const char *text, size_t len, char *buf)
{
	size_t at = 0;

	for (;;) {
		const char *end = memchr(text + at, '\0', len - at);

		if (!end || run->out->n >= AHEAD_FILES_MAX || atomic_load(&run->is_over))
			return end ? len : at;
		file_take(run, text + at, buf);
		at = (size_t)(end - text) + 1;
	}
}

static void *work(void *arg)
{
	struct ahead_run *run = arg;
	AUTO_FREE char *buf = xcalloc(1, READ_SIZE);
	char text[2 * PATH_MAX];
	size_t len = 0;

	for (;;) {
		ssize_t n = read(run->namesfd, text + len, sizeof(text) - len);
		size_t used;

		if (n < 0 && errno == EINTR)
			continue;
		if (n <= 0)
			return NULL;
		len += (size_t)n;
		used = names_take(run, text, len, buf);
		memmove(text, text + used, len - used);
		len -= used;
		if (len == sizeof(text))	/* no name is so long: it is noise */
			len = 0;
	}
}

int ahead_begin(struct ahead_run *run, struct ahead *out, int rootfd, int namesfd,
		struct error *err)
{
	struct sigaction ignore = { .sa_handler = SIG_IGN };
	pthread_attr_t attr;
	struct stat st;
	int r;

	if (fstat(rootfd, &st) < 0)
		return error_sys(err, "look at the root");
	out->dev = st.st_dev;
	run->out = out;
	run->rootfd = rootfd;
	run->namesfd = namesfd;
	atomic_init(&run->is_over, false);
	pthread_attr_init(&attr);
	pthread_attr_setstacksize(&attr, STACK);
	/* What the kernel says of a lease that is broken, and would end us with. */
	sigaction(SIGIO, &ignore, &run->before);
	r = pthread_create(&run->thread, &attr, work, run);
	pthread_attr_destroy(&attr);
	if (r == 0) {
		run->is_running = true;
		return 0;
	}
	sigaction(SIGIO, &run->before, NULL);
	errno = r;
	return error_sys(err, "start the thread that digests");
}

void ahead_end(struct ahead_run *run)
{
	if (!run->is_running)
		return;
	atomic_store(&run->is_over, true);
	pthread_join(run->thread, NULL);
	sigaction(SIGIO, &run->before, NULL);
	run->is_running = false;
}
