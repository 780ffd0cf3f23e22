/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "runtime/copy.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "base/mem.h"
#include "base/path.h"
#include "base/str.h"
#include "base/strv.h"
#include "runtime/inside.h"

enum { SOCKET_BUFFER = 1 << 20, STREAM_MODE = 0644 };

/* A path as typed, taken apart. */
struct named {
	char *dir;			/* owned; where base is looked up */
	const char *base;		/* in text; "": dir itself */
	bool is_directory;		/* it ended in "/" or "." */
	char *text;			/* owned */
};

static void named_clear(struct named *n)
{
	free(n->dir);
	free(n->text);
}

#define AUTO_NAMED __attribute__((cleanup(named_clear)))

/* "/a/b" is b in /a; "/a/b/" is the same, and a directory; "/a/." and "/" are directories. */
static struct named named_of(const char *path)
{
	struct named n = { .text = xstrdup(path) };
	size_t len = strlen(n.text);
	char *slash;

	while (len > 1 && n.text[len - 1] == '/') {
		n.text[--len] = '\0';
		n.is_directory = true;
	}
	slash = strrchr(n.text, '/');
	n.base = slash ? slash + 1 : n.text;
	if (!*n.base || strcmp(n.base, ".") == 0 || strcmp(n.base, "..") == 0) {
		n.dir = xstrdup(n.text);
		n.base = "";
		n.is_directory = true;
	} else {
		n.dir = slash ? xstrndup(n.text, (size_t)(slash - n.text) + 1) : xstrdup(".");
	}
	return n;
}

/* One end of a copy: where paths are looked up. In a zone its root is the process's own. */
struct side {
	int rootfd;			/* -1: of the host, where the user's word counts as typed */
};

static int side_open(const struct side *s, const char *path, struct error *err)
{
	int fd;

	if (s->rootfd >= 0)
		return path_open(s->rootfd, path, O_RDONLY | O_DIRECTORY, err);
	fd = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC); /* host path */
	return fd >= 0 ? fd : error_sys(err, "open '%s'", path);
}

static int not_found(struct error *err)
{
	if (err->sys == ENOENT)
		err->kind = ERR_NOT_FOUND;
	return -1;
}

/* Where source n goes: into a target that is a directory, or under the target's own name. */
static int place_find(const struct side *s, const char *target, const struct named *source,
		      bool is_only, struct tree_place *out, struct error *err)
{
	AUTO_NAMED struct named n = named_of(target);
	struct error why = { 0 };
	int fd = side_open(s, target, &why);

	if (fd >= 0) {
		out->dirfd = fd;
		out->name = xstrdup(source->base);
		return 0;
	}
	if (why.sys != ENOENT && why.sys != ENOTDIR) {
		*err = why;
		return -1;
	}
	if (!is_only || n.is_directory) {
		error_set(err, ERR_NOT_FOUND, "'%s' is no directory", target);
		return -1;
	}
	out->dirfd = side_open(s, n.dir, err);
	if (out->dirfd < 0)
		return not_found(err);
	out->name = xstrdup(n.base);
	return 0;
}

static void place_clear(struct tree_place *p)
{
	cleanup_close(&p->dirfd);
	free((char *)p->name);
}

static bool is_stream(const char *path)
{
	return strcmp(path, "-") == 0;
}

static int receive_one(const struct side *s, struct tree_io *io, const char *source,
		       const char *target, bool is_only, struct tree_place *place,
		       struct error *err)
{
	AUTO_NAMED struct named n = named_of(source);
	struct tree_place there = *place;
	int ret = place_find(s, target, &n, is_only, &there, err);

	if (ret == 0 && is_stream(source) && strcmp(there.name, "-") == 0) {
		error_set(err, ERR_USAGE, "'%s' is a directory", target);
		error_hint(err, "name the file that standard input becomes");
		ret = -1;
	}
	if (ret == 0)
		ret = tree_receive(io, &there, err);
	if (ret == 0 || there.name)
		place_clear(&there);
	return ret;
}

static int send_one(const struct side *s, struct tree_io *io, const char *source,
		    struct error *err)
{
	AUTO_NAMED struct named n = named_of(source);
	const char *base = n.is_directory ? "" : n.base;
	AUTO_CLOSE int dirfd = side_open(s, *base ? n.dir : n.text, err);

	if (dirfd < 0)
		return not_found(err);
	if (*base && faccessat(dirfd, base, F_OK, AT_SYMLINK_NOFOLLOW) < 0 && errno == ENOENT)
		return error_set(err, ERR_NOT_FOUND, "no file '%s'", source);
	return tree_send(io, dirfd, base, err);
}

/* What the process in the zone works from: it is a copy of this one (confine_run()). */
struct task {
	char *const *sources;
	const char *target;
	bool has_user;
};

static int receive_all(const struct task *t, struct tree_io *io, const struct side *s,
		       struct tree_place *place, struct error *err)
{
	for (char *const *source = t->sources; *source; source++)
		if (receive_one(s, io, *source, t->target, strv_len(t->sources) == 1, place,
				err) < 0)
			return -1;
	return 0;
}

static int open_root(struct side *s, struct error *err)
{
	s->rootfd = open("/", O_RDONLY | O_DIRECTORY | O_CLOEXEC); /* host path */
	return s->rootfd >= 0 ? 0 : error_sys(err, "open the zone's root");
}

/* The receiver in the zone. Its answer is one byte, or a failure. */
static int push_inside(void *arg)
{
	const struct task *t = arg;
	struct tree_io io = { .fd = STDIN_FILENO, .stopfd = -1 };
	struct tree_place place = { .follows = true, .has_owner = t->has_user,
				    .owner = geteuid(), .group = getegid() };
	struct side side;
	struct error err = { 0 }, late = { 0 };
	int ret = open_root(&side, &err);

	umask(0);
	if (ret == 0)
		ret = receive_all(t, &io, &side, &place, &err);
	if (ret == 0)
		return send(io.fd, "", 1, MSG_NOSIGNAL) == 1 ? 0 : 1;
	(void)send(io.fd, "f", 1, MSG_NOSIGNAL); /* nobody to tell otherwise */
	return tree_send_failure(&io, &err, &late) < 0 ? 2 : 1;
}

/* The sender in the zone. */
static int pull_inside(void *arg)
{
	const struct task *t = arg;
	struct tree_io io = { .fd = STDIN_FILENO, .stopfd = -1 };
	struct side side;
	struct error err = { 0 }, late = { 0 };
	int ret = open_root(&side, &err);

	for (char *const *source = t->sources; *source && ret == 0; source++)
		ret = send_one(&side, &io, *source, &err);
	if (ret == 0)
		return 0;
	return tree_send_failure(&io, &err, &late) < 0 ? 2 : 1;
}

/* What the zone says of how it went; nothing, when it was killed. */
static int take_answer(struct tree_io *io, struct error *err)
{
	AUTO_CLOSE int nullfd = open("/dev/null", O_WRONLY | O_CLOEXEC); /* host path */
	struct error gone = { 0 };
	char byte = 0;

	if (recv(io->fd, &byte, 1, MSG_WAITALL) != 1)
		return error_set(err, ERR_FAILED, "the copy was ended from inside the zone");
	if (!byte)
		return 0;
	/* A stream that begins with the failure. */
	if (tree_receive_bytes(io, nullfd, &gone) == 0)
		return error_set(err, ERR_FAILED, "the zone's answer makes no sense");
	*err = gone;
	return -1;
}

static int send_all(char *const *sources, const struct copy_options *o, struct tree_io *io,
		    struct error *err)
{
	const struct side host = { .rootfd = -1 };

	for (char *const *source = sources; *source; source++) {
		int ret = is_stream(*source) ? tree_send_bytes(io, o->streamfd, STREAM_MODE, err) :
					       send_one(&host, io, *source, err);

		if (ret < 0)
			return -1;
	}
	return 0;
}

static int push_outside(char *const *sources, const char *target, struct copy_options *o,
			struct error *err)
{
	struct error why = { 0 };

	(void)target;	/* the zone's affair */
	if (send_all(sources, o, &o->io, &why) < 0 && why.sys != EPIPE) {
		*err = why;
		return -1;
	}
	return take_answer(&o->io, err);
}

static int pull_outside(char *const *sources, const char *target, struct copy_options *o,
			struct error *err)
{
	const struct task t = { .sources = sources, .target = target };
	const struct side host = { .rootfd = -1 };
	struct tree_place place = { .drops_setid = true };

	if (is_stream(target))
		return tree_receive_bytes(&o->io, o->streamfd, err);
	return receive_all(&t, &o->io, &host, &place, err);
}

typedef int outside_fn(char *const *sources, const char *target, struct copy_options *o,
		       struct error *err);

/* The socket is closed before the end of the other side is waited for, so that it comes. */
static int copy(struct zone *z, const struct task *t, int (*inside_main)(void *arg),
		outside_fn *outside, struct copy_options *o, struct error *err)
{
	struct inside_options options = {
		.task = { inside_main, (void *)t }, .user = o->user, .is_up = o->is_up,
	};
	struct inside in;
	int pair[2], size = SOCKET_BUFFER, ret;

	if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, pair) < 0)
		return error_sys(err, "make a socket pair");
	for (int i = 0; i < 2; i++)	/* it only makes it faster */
		(void)setsockopt(pair[i], SOL_SOCKET, SO_SNDBUFFORCE, &size, sizeof(size));
	options.sock = pair[1];
	ret = inside_start(&in, z, &options, err);
	close(pair[1]);
	if (ret < 0) {
		close(pair[0]);
		return -1;
	}
	if (o->is_up)
		lock_drop(z->dirfd);	/* it may take hours */
	o->io.fd = pair[0];
	ret = outside(t->sources, t->target, o, err);
	tree_io_clear(&o->io);
	close(pair[0]);
	if (inside_finish(&in, ret < 0 ? &(struct error){ 0 } : err) < 0)
		ret = -1;
	return ret;
}

int copy_push(struct zone *z, char *const *sources, const char *target,
	      struct copy_options *options, struct error *err)
{
	const struct task t = { sources, target, options->user != NULL };

	return copy(z, &t, push_inside, push_outside, options, err);
}

int copy_pull(struct zone *z, char *const *sources, const char *target,
	      struct copy_options *options, struct error *err)
{
	const struct task t = { sources, target, options->user != NULL };

	return copy(z, &t, pull_inside, pull_outside, options, err);
}
