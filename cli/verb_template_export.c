/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "base/fd.h"
#include "base/mem.h"
#include "cli/out.h"
#include "cli/verb_template.h"
#include "templates/export.h"

const struct opt template_export_options[] = {
	{ "output",   'o', "FILE", "where to write it; -: standard output (the default)" },
	{ "compress", 0,   "gzip|zstd|xz|none", "how (as the file's ending says)" },
	{ 0 },
};

/* A file that appears whole or not at all. */
struct output {
	const char *path;		/* borrowed; NULL: standard output */
	const char *name;		/* in path: its last component */
	int dirfd;			/* of path, or -1 when it is written to as it stands */
	int fd;
	char temporary[FD_TEMPORARY_SIZE];	/* "" for a file without a name */
};

static void output_close(struct output *o)
{
	if (o->temporary[0])
		(void)unlinkat(o->dirfd, o->temporary, 0);	/* it is gone after a success */
	cleanup_close(&o->fd);
	cleanup_close(&o->dirfd);
}

static int directory_open(struct output *o, struct error *err)
{
	const char *slash = strrchr(o->path, '/');
	AUTO_FREE char *dir = slash ? xstrndup(o->path, (size_t)(slash - o->path) + 1) :
				      xstrdup(".");

	o->name = slash ? slash + 1 : o->path;
	if (!*o->name)
		return error_set(err, ERR_USAGE, "'%s' names no file", o->path);
	o->dirfd = open(dir, O_RDONLY | O_DIRECTORY | O_CLOEXEC);	/* host path */
	return o->dirfd < 0 ? error_sys(err, "open '%s'", dir) : 0;
}

/* Where the file system has none without a name, one that a kill leaves behind. */
static int temporary_open(struct output *o, struct error *err)
{
	o->fd = openat(o->dirfd, ".", O_TMPFILE | O_WRONLY | O_CLOEXEC, 0666);
	if (o->fd >= 0 || (errno != EOPNOTSUPP && errno != EISDIR && errno != ENOENT))
		return o->fd < 0 ? error_sys(err, "make '%s'", o->path) : 0;
	o->fd = openat(o->dirfd, fd_temporary_name(o->temporary),
		       O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0666);
	if (o->fd >= 0)
		return 0;
	o->temporary[0] = '\0';
	return error_sys(err, "make '%s'", o->path);
}

static int output_open(struct output *o, struct error *err)
{
	struct stat st;

	if (!o->path) {
		o->fd = fcntl(STDOUT_FILENO, F_DUPFD_CLOEXEC, STDERR_FILENO + 1);
		if (o->fd < 0)
			return error_sys(err, "standard output");
		if (!isatty(o->fd))
			return 0;
		error_set(err, ERR_USAGE, "an archive is not written to a terminal");
		return error_hint(err, "give it a file with -o");
	}
	if (stat(o->path, &st) == 0 && !S_ISREG(st.st_mode)) {	/* host path */
		o->fd = open(o->path, O_WRONLY | O_CLOEXEC | O_NOCTTY);	/* host path */
		return o->fd < 0 ? error_sys(err, "open '%s'", o->path) : 0;
	}
	return directory_open(o, err) < 0 ? -1 : temporary_open(o, err);
}

/* Gives the file its name, in place of one that is there. */
static int output_commit(struct output *o, struct error *err)
{
	char link[32];

	if (o->dirfd < 0)
		return 0;
	if (fsync(o->fd) < 0)
		return error_sys(err, "write '%s'", o->path);
	snprintf(link, sizeof(link), "/proc/self/fd/%d", o->fd);
	if (!o->temporary[0] && linkat(AT_FDCWD, link, o->dirfd,
				       fd_temporary_name(o->temporary), AT_SYMLINK_FOLLOW) < 0) {
		o->temporary[0] = '\0';
		return error_sys(err, "name '%s'", o->path);
	}
	if (renameat(o->dirfd, o->temporary, o->dirfd, o->name) < 0)
		return error_sys(err, "name '%s'", o->path);
	o->temporary[0] = '\0';
	return fsync(o->dirfd) < 0 ? error_sys(err, "sync the directory of '%s'", o->path) : 0;
}

static int write_out(struct output *o, int storefd, const struct template *t,
		     enum export_packing packing, struct error *err)
{
	AUTO_CLOSE int holdfd = store_hold(storefd, t->digest, err);
	AUTO_CLOSE int rootfd = holdfd < 0 ? -1 : store_rootfs(storefd, t->digest, err);
	AUTO_CLOSE int readfd = rootfd < 0 ? -1 : openat(rootfd, ".", O_RDONLY | O_DIRECTORY |
							 O_CLOEXEC);

	if (rootfd < 0)
		return -1;
	if (readfd < 0)
		return error_sys(err, "open its files");
	if (output_open(o, err) < 0 || export_tree(readfd, o->fd, packing, err) < 0)
		return -1;
	return output_commit(o, err);
}

int verb_template_export(struct cli *cli, struct error *err)
{
	const char *path = opts_value(&cli->opts, "output");
	const char *compress = opts_value(&cli->opts, "compress");
	struct output o = { .path = path, .dirfd = -1, .fd = -1 };
	enum export_packing packing = EXPORT_PLAIN;
	AUTO_TEMPLATE struct template t = { 0 };
	AUTO_CLOSE int storefd = template_store(cli, err);
	int status;

	cli->subject = cli->opts.operands[0];
	if (path && strcmp(path, "-") == 0)
		o.path = NULL;
	if (compress && export_packing_find(compress, &packing, err) < 0)
		return -1;
	if (!compress && o.path)
		packing = export_packing_of_file(o.path);
	if (storefd < 0 || store_find(storefd, cli->subject, &t, err) < 0)
		return -1;
	status = write_out(&o, storefd, &t, packing, err);
	output_close(&o);
	return status;
}
