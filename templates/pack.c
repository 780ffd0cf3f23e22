/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "templates/pack.h"

#include <archive.h>
#include <archive_entry.h>
#include <errno.h>
#include <grp.h>
#include <limits.h>
#include <signal.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "base/fd.h"
#include "base/mem.h"
#include "base/num.h"

enum { READ_SIZE = 128 * 1024, NOBODY = 65534 };

/* clang-format off */
static const struct packing {
	const char *name;
	int (*add)(struct archive *a);
	const char *no_option;		/* what would make the bytes differ, switched off */
} packings[] = {
	{ "gzip", archive_write_add_filter_gzip, "timestamp" },
	{ "zstd", archive_write_add_filter_zstd, NULL },
	{ "xz",   archive_write_add_filter_xz,   NULL },
};
/* clang-format on */

static int archive_error(struct archive *a, struct error *err)
{
	errno = archive_errno(a) > 0 ? archive_errno(a) : EIO;
	return error_sys(err, "compress");
}

/* The data of one entry is all that a raw archive is. */
static int begin(struct archive *a, const struct packing *p, int outfd, struct error *err)
{
	struct archive_entry *entry = archive_entry_new();
	int r;

	archive_entry_set_pathname(entry, "data");
	archive_entry_set_filetype(entry, AE_IFREG);
	r = p->add(a);
	if (r >= ARCHIVE_WARN && p->no_option)
		r = archive_write_set_filter_option(a, p->name, p->no_option, NULL);
	if (r >= ARCHIVE_WARN)
		r = archive_write_set_format_raw(a);
	/* A pipe's last block is not filled up. */
	if (r >= ARCHIVE_WARN)
		r = archive_write_set_bytes_in_last_block(a, 1);
	if (r >= ARCHIVE_WARN)
		r = archive_write_open_fd(a, outfd);
	if (r >= ARCHIVE_WARN)
		r = archive_write_header(a, entry);
	archive_entry_free(entry);
	return r >= ARCHIVE_WARN ? 0 : archive_error(a, err);
}

static int copy(struct archive *a, int infd, struct error *err)
{
	AUTO_FREE char *buf = xcalloc(1, READ_SIZE);

	for (;;) {
		ssize_t n = read(infd, buf, READ_SIZE);

		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			return error_sys(err, "read");
		if (n == 0)
			return archive_write_close(a) == ARCHIVE_OK ? 0 : archive_error(a, err);
		if (archive_write_data(a, buf, (size_t)n) != n)
			return archive_error(a, err);
	}
}

int pack(int infd, int outfd, const char *packing, struct error *err)
{
	for (size_t i = 0; i < N_ROWS(packings); i++) {
		struct archive *a;
		int r;

		if (strcmp(packings[i].name, packing) != 0)
			continue;
		a = archive_write_new();
		r = begin(a, &packings[i], outfd, err);
		if (r == 0)
			r = copy(a, infd, err);
		archive_write_free(a);
		return r;
	}
	return error_set(err, ERR_USAGE, "no compression '%s'", packing);
}

/* It needs nothing but its two descriptors. */
static int drop(struct error *err)
{
	if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) < 0 || setgroups(0, NULL) < 0 ||
	    setresgid(NOBODY, NOBODY, NOBODY) < 0 || setresuid(NOBODY, NOBODY, NOBODY) < 0)
		return error_sys(err, "give up what is not needed");
	/* Whoever changes ids is no longer told of a parent's end (prctl(2)). */
	prctl(PR_SET_PDEATHSIG, SIGKILL);
	return 0;
}

int main(int argc, char **argv)
{
	struct error err = { 0 }, lost = { 0 };
	uint64_t reportfd = STDERR_FILENO;

	signal(SIGPIPE, SIG_IGN);
	if (argc != 3)
		error_set(&err, ERR_USAGE, "usage: zone-pack PACKING REPORTFD");
	else if (num_u64(argv[2], 3, INT_MAX, &reportfd, &err) == 0 && drop(&err) == 0 &&
		 pack(STDIN_FILENO, STDOUT_FILENO, argv[1], &err) == 0)
		return 0;
	/* Without a reader there is nobody to tell; the exit status stands. */
	(void)fd_write_all((int)reportfd, &err, sizeof(err), &lost);
	return 1;
}
