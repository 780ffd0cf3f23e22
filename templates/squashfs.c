/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "templates/squashfs.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "base/fd.h"
#include "base/proc.h"
#include "base/str.h"
#include "base/sys.h"
#include "templates/squashfs_sandbox.h"

enum {
	OWN_END_MS = 200,		/* between the end of its stream and its exit */
	SETUP_FAILED = SQUASHFS_SETUP_FAILED,
};

static const char *const programs[] = {
	"/usr/bin/sqfs2tar", "/usr/local/bin/sqfs2tar", "/bin/sqfs2tar",
};

bool squashfs_is(const char *head, size_t len)
{
	return len >= 4 && memcmp(head, "hsqs", 4) == 0;
}

static int program_open(struct error *err)
{
	for (size_t i = 0; i < N_ROWS(programs); i++) {
		int fd = open(programs[i], O_RDONLY | O_CLOEXEC); /* host path */

		if (fd >= 0)
			return fd;
	}
	error_set(err, ERR_UNSUPPORTED, "a squashfs image needs the program sqfs2tar");
	return error_hint(err, "install squashfs-tools-ng, or pack the image's files with tar");
}

int squashfs_open(struct squashfs *s, int imagefd, uint64_t seconds, struct error *err)
{
	AUTO_CLOSE int programfd = program_open(err);
	AUTO_CLOSE int tarfd = -1;
	AUTO_CLOSE int wordsfd = -1;
	struct squashfs_sandbox box = { .imagefd = imagefd, .seconds = seconds };
	int tar[2], words[2];

	if (programfd < 0)
		return -1;
	if (pipe2(tar, O_CLOEXEC) < 0)
		return error_sys(err, "make a pipe");
	tarfd = tar[0];
	if (pipe2(words, O_CLOEXEC) < 0) {
		close(tar[1]);
		return error_sys(err, "make a pipe");
	}
	wordsfd = words[0];
	box.programfd = programfd;
	box.outfd = tar[1];
	box.wordsfd = words[1];
	s->pidfd = squashfs_sandbox_run(&box, err);
	close(tar[1]);
	close(words[1]);
	if (s->pidfd < 0)
		return -1;
	s->tarfd = TAKE_FD(tarfd);
	s->wordsfd = TAKE_FD(wordsfd);
	return 0;
}

void squashfs_words(void *arg, const char *data, size_t n)
{
	struct squashfs *s = arg;
	size_t room = sizeof(s->words) - s->n_words;

	if (n > room)
		n = room;
	memcpy(s->words + s->n_words, data, n);
	s->n_words += n;
}

/* What is still in the pipe of a process that has ended. */
static void words_drain(struct squashfs *s)
{
	char buf[1024];
	ssize_t n;

	if (fcntl(s->wordsfd, F_SETFL, O_NONBLOCK) < 0)
		return;
	while ((n = read(s->wordsfd, buf, sizeof(buf))) > 0)
		squashfs_words(s, buf, (size_t)n);
}

static int failed(struct squashfs *s, int status, struct error *err)
{
	enum error_kind kind = status == SETUP_FAILED ? ERR_FAILED : ERR_USAGE;

	while (s->n_words > 0 && s->words[s->n_words - 1] == '\n')
		s->n_words--;
	return error_set(err, kind, "damaged squashfs image: sqfs2tar: %.*s (status %d)",
			 (int)s->n_words, s->words, status);
}

int squashfs_close(struct squashfs *s, bool is_read, struct error *err)
{
	struct error lost = { 0 };
	bool has_ended = is_read;
	int status;

	if (s->pidfd < 0)
		return 0;
	if (!is_read) {
		has_ended = proc_wait_end(s->pidfd, OWN_END_MS, &lost) == 1;
		(void)proc_signal(s->pidfd, SIGKILL, &lost);	/* it may have ended */
	}
	/* Its next write fails, whatever it still has to say. */
	close(TAKE_FD(s->tarfd));
	status = proc_reap(s->pidfd, err);
	words_drain(s);
	close(TAKE_FD(s->wordsfd));
	close(TAKE_FD(s->pidfd));
	if (status < 0)
		return -1;
	return has_ended && status != 0 ? failed(s, status, err) : 0;
}
