/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "oci/container.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "base/fd.h"
#include "base/json.h"
#include "base/mem.h"
#include "base/path.h"
#include "base/str.h"
#include "base/strv.h"
#include "cgroups/span.h"

static const char config_name[] = "config.json", state_name[] = "state.json",
		  socket_name[] = "start.sock";

int container_id_check(const char *id, struct error *err)
{
	static const char allowed[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"
				      "0123456789_+-.";
	size_t len = strlen(id);

	if (len == 0)
		return error_set(err, ERR_USAGE, "container id cannot be empty");
	if (len > CONTAINER_ID_MAX || id[strspn(id, allowed)] != '\0' || strcmp(id, ".") == 0 ||
	    strcmp(id, "..") == 0)
		return error_set(err, ERR_USAGE, "invalid container ID format: '%.64s'", id);
	return 0;
}

static int root_failed(const char *what, const char *root, struct error *err)
{
	error_sys(err, "%s '%s'", what, root);
	if (err->sys == EACCES && geteuid() != 0)
		error_hint(err, "other users than root need XDG_RUNTIME_DIR, or a --root of their"
			   " own");
	return -1;
}

static int open_root(const char *root, struct error *err)
{
	int fd = open(root, O_RDONLY | O_DIRECTORY | O_CLOEXEC); /* host path */

	return fd >= 0 ? fd : root_failed("open", root, err);
}

/* The last part, and what is missing before it. */
static int make_root(const char *root, struct error *err)
{
	AUTO_FREE char *path = xstrdup(root);

	for (char *slash = path + 1; (slash = strchr(slash, '/')); slash++) {
		*slash = '\0';
		if (mkdir(path, 0755) < 0 && errno != EEXIST) /* host path */
			return root_failed("make", path, err);
		*slash = '/';
	}
	if (mkdir(path, 0700) < 0 && errno != EEXIST) /* host path */
		return root_failed("make", path, err);
	return open_root(root, err);
}

static int begin(struct container *out, const char *id, struct error *err)
{
	*out = (struct container)CONTAINER_NONE;
	if (container_id_check(id, err) < 0)
		return -1;
	strcpy(out->id, id);
	return 0;
}

/* The lock is on a directory that may have been removed before it was had. */
static int open_dir(struct container *c, enum lock_mode mode, struct error *err)
{
	struct stat held, named;

	c->dirfd = openat(c->rootfd, c->id, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	if (c->dirfd < 0 && errno == ENOENT)
		return error_set(err, ERR_NOT_FOUND, "container does not exist: '%s'", c->id);
	if (c->dirfd < 0)
		return error_sys(err, "open container '%s'", c->id);
	if (mode == 0)
		return 0;
	if (lock_take(c->dirfd, mode, -1, err) < 0)
		return -1;
	if (fstat(c->dirfd, &held) == 0 &&
	    fstatat(c->rootfd, c->id, &named, AT_SYMLINK_NOFOLLOW) == 0 &&
	    held.st_ino == named.st_ino)
		return 0;
	return error_set(err, ERR_NOT_FOUND, "container does not exist: '%s'", c->id);
}

static int refuse_id(const struct container *c, struct error *err)
{
	return error_set(err, ERR_EXISTS, "container with given ID already exists: '%s'", c->id);
}

/* Before its lock is had, a new directory may be removed by whoever deletes the container, and be
 * another's: the id is theirs who lock a directory with nothing in it. */
int container_make(struct container *out, const char *root, const char *id, struct error *err)
{
	struct error gone = { .kind = ERR_NOT_FOUND };
	int status = -1;

	if (begin(out, id, err) < 0)
		return -1;
	out->rootfd = make_root(root, err);
	if (out->rootfd < 0)
		return -1;
	while (status < 0 && gone.kind == ERR_NOT_FOUND) {
		if (mkdirat(out->rootfd, id, 0711) < 0)
			return errno == EEXIST ? refuse_id(out, err)
					       : error_sys(err, "make container '%s'", id);
		cleanup_close(&out->dirfd);
		status = open_dir(out, LOCK_ALONE, &gone);
	}
	if (status < 0)
		*err = gone;
	else if (faccessat(out->dirfd, config_name, F_OK, AT_SYMLINK_NOFOLLOW) == 0)
		status = refuse_id(out, err);
	return status;
}

/* clang-format off */
static const struct json_field state_fields[] = {
	{ JSON_ROW(STRING, container_state, version, "ociVersion"), .is_required = true },
	{ JSON_ROW(STRING, container_state, bundle, "bundle"), .is_required = true },
	{ JSON_ROW(STRING, container_state, rootfs, "rootfs"), .is_required = true },
	{ JSON_ROW(STRING, container_state, created, "created"), .is_required = true },
	{ JSON_ROW(STRING, container_state, owner, "owner"), .is_required = true },
	{ JSON_ROW(STRING, container_state, cgroup, "cgroup"), .is_required = true },
	{ JSON_ROW(STRING, container_state, claim, "claim"), .is_required = true },
	{ JSON_ROW(BOOL, container_state, uses_systemd, "systemd") },
	{ 0 },
};
/* clang-format on */

static int read_init(const struct json *j, struct proc_id *out, struct error *err)
{
	const struct json *init = json_get(j, "init");
	const char *boot_id;
	uint64_t pid;

	if (json_u64(json_get(init, "pid"), state_name, 0, INT32_MAX, &pid, err) < 0)
		return -1;
	if (pid == 0)
		return 0;	/* it is being made */
	if (
	    json_u64(json_get(init, "start"), state_name, 0, UINT64_MAX, &out->start, err) < 0 ||
	    json_str(json_get(init, "boot"), state_name, &boot_id, err) < 0)
		return -1;
	if (strlen(boot_id) != PROC_BOOT_ID_LEN)
		return json_error(init, state_name, err, "no boot id");
	out->pid = (pid_t)pid;
	strcpy(out->boot_id, boot_id);
	return 0;
}

static int read_state(struct container *c, struct error *err)
{
	AUTO_CLOSE int fd = openat(c->dirfd, state_name, O_RDONLY | O_CLOEXEC);
	AUTO_JSON struct json *j = NULL;
	struct json_fill fill = { .name = state_name };
	struct container_state read = { 0 };
	int status;

	if (fd < 0 && errno == ENOENT)
		return 0;	/* its making has just begun */
	if (fd < 0)
		return error_sys(err, "open '%s'", state_name);
	j = json_read(fd, state_name, NULL, err);
	if (!j)
		return -1;
	status = json_fill(&fill, j, state_fields, &read, err);
	if (status == 0)
		status = read_init(j, &c->state.init, err);
	json_fill_clear(&fill);
	if (status < 0)
		return -1;
	c->state.version = xstrdup(read.version);
	c->state.bundle = xstrdup(read.bundle);
	c->state.rootfs = xstrdup(read.rootfs);
	c->state.created = xstrdup(read.created);
	c->state.owner = xstrdup(read.owner);
	c->state.cgroup = xstrdup(read.cgroup);
	c->state.claim = xstrdup(read.claim);
	c->state.uses_systemd = read.uses_systemd;
	return 0;
}

int container_open(struct container *out, const char *root, const char *id, enum lock_mode mode,
		   struct error *err)
{
	if (begin(out, id, err) < 0)
		return -1;
	out->rootfd = open(root, O_RDONLY | O_DIRECTORY | O_CLOEXEC); /* host path */
	if (out->rootfd < 0 && errno == ENOENT)
		return error_set(err, ERR_NOT_FOUND, "container does not exist: '%s'", id);
	if (out->rootfd < 0)
		return root_failed("open", root, err);
	if (open_dir(out, mode, err) < 0)
		return -1;
	return read_state(out, err) < 0 ? error_wrap(err, "container '%s'", id) : 0;
}

void container_close(struct container *c)
{
	char **owned[] = { &c->state.version, &c->state.bundle, &c->state.rootfs,
			   &c->state.created, &c->state.owner, &c->state.cgroup,
			   &c->state.claim };

	for (size_t i = 0; i < N_ROWS(owned); i++)
		free(TAKE_PTR(*owned[i]));
	spec_clear(&c->spec);
	/* Dropped and not only closed: the container's first process may have a copy yet. */
	if (c->dirfd >= 0)
		lock_drop(c->dirfd);
	if (c->dirfd >= 0)
		close(TAKE_FD(c->dirfd));
	if (c->rootfd >= 0)
		close(TAKE_FD(c->rootfd));
}

int container_remove(struct container *c, struct error *err)
{
	return path_remove(c->rootfd, c->id, err);
}

int container_save(const struct container *c, struct error *err)
{
	struct json_out out = { .compact = true };
	int status;

	json_out_object(&out, NULL);
	json_out_str(&out, "ociVersion", c->state.version);
	json_out_str(&out, "bundle", c->state.bundle);
	json_out_str(&out, "rootfs", c->state.rootfs);
	json_out_str(&out, "created", c->state.created);
	json_out_str(&out, "owner", c->state.owner);
	json_out_str(&out, "cgroup", c->state.cgroup ? c->state.cgroup : "");
	json_out_str(&out, "claim", c->state.claim ? c->state.claim : "");
	json_out_bool(&out, "systemd", c->state.uses_systemd);
	json_out_object(&out, "init");
	json_out_i64(&out, "pid", c->state.init.pid);
	json_out_u64(&out, "start", c->state.init.start);
	json_out_str(&out, "boot", c->state.init.boot_id);
	json_out_end_object(&out);
	json_out_end_object(&out);
	/* It is on a tmpfs, and of no use after a crash of the host. */
	status = fd_replace_nosync(c->dirfd, state_name, 0600, str_text(&out.text), out.text.len,
				   err);
	json_out_clear(&out);
	return status;
}

int container_keep_spec(struct container *c, int fd, struct error *err)
{
	AUTO_FREE char *text = NULL;
	size_t len = 0;

	if (lseek(fd, 0, SEEK_SET) < 0)
		return error_sys(err, "read '%s'", config_name);
	if (fd_read_all(fd, SPEC_SIZE_MAX, &text, &len, err) < 0)
		return -1;
	return fd_replace_nosync(c->dirfd, config_name, 0600, text, len, err);
}

int container_spec(struct container *c, struct error *err)
{
	AUTO_CLOSE int fd = -1;

	if (c->spec.json)
		return 0;
	fd = openat(c->dirfd, config_name, O_RDONLY | O_CLOEXEC);
	if (fd < 0 && errno == ENOENT)	/* its making has just begun */
		return error_set(err, ERR_NOT_FOUND, "container does not exist: '%s'", c->id);
	if (fd < 0)
		return error_sys(err, "open '%s' of container '%s'", config_name, c->id);
	return spec_read(&c->spec, fd, config_name, err);
}

static const char *const status_names[] = {
	[CONTAINER_CREATING] = "creating", [CONTAINER_CREATED] = "created",
	[CONTAINER_RUNNING] = "running", [CONTAINER_PAUSED] = "paused",
	[CONTAINER_STOPPED] = "stopped",
};

const char *container_status_name(enum container_status status)
{
	return status_names[status];
}

/* A zombie has ended: nobody may have reaped it yet, and its pid file tells of it. */
static int is_alive(const struct container *c, bool *out, struct error *err)
{
	char boot_id[PROC_BOOT_ID_LEN + 1];

	*out = false;
	if (proc_boot_id(boot_id, err) < 0)
		return -1;
	if (strcmp(boot_id, c->state.init.boot_id) != 0)
		return 0;
	return proc_is_alive(&c->state.init, out, err);
}

int container_status(const struct container *c, enum container_status *out, struct error *err)
{
	AUTO_SPAN struct span span = { .n = 0 };
	bool is_true = false;

	*out = CONTAINER_CREATING;
	if (c->state.init.pid == 0)
		return 0;
	*out = CONTAINER_STOPPED;
	if (is_alive(c, &is_true, err) < 0)
		return -1;
	if (!is_true)
		return 0;
	*out = CONTAINER_CREATED;
	if (faccessat(c->dirfd, socket_name, F_OK, AT_SYMLINK_NOFOLLOW) == 0)
		return 0;
	*out = CONTAINER_RUNNING;
	if (!*c->state.cgroup)
		return 0;
	if (span_host(&span, err) < 0 || span_open(&span, c->state.cgroup, err) < 0 ||
	    span_is_frozen(&span, &is_true, err) < 0)
		return -1;
	if (is_true)
		*out = CONTAINER_PAUSED;
	return 0;
}

int container_print(struct container *c, struct json_out *out, struct error *err)
{
	enum container_status status;

	if (container_spec(c, err) < 0 || container_status(c, &status, err) < 0)
		return -1;
	json_out_object(out, NULL);
	json_out_str(out, "ociVersion", c->spec.version);
	json_out_str(out, "id", c->id);
	json_out_i64(out, "pid", status == CONTAINER_STOPPED ? 0 : c->state.init.pid);
	json_out_str(out, "status", container_status_name(status));
	json_out_str(out, "bundle", c->state.bundle);
	json_out_str(out, "rootfs", c->state.rootfs);
	json_out_str(out, "created", c->state.created);
	json_out_object(out, "annotations");
	for (size_t i = 0; i < c->spec.n_annotations; i++)
		json_out_str(out, c->spec.annotations[i].key, c->spec.annotations[i].value);
	json_out_end_object(out);
	json_out_str(out, "owner", c->state.owner);
	json_out_end_object(out);
	return 0;
}

int container_each(const char *root, int (*each)(void *arg, const char *id, struct error *err),
		   void *arg, struct error *err)
{
	AUTO_CLOSEDIR DIR *dir = opendir(root); /* host path */
	AUTO_STRV char **ids = NULL;

	if (!dir && errno == ENOENT)
		return 0;
	if (!dir)
		return root_failed("open", root, err);
	for (struct dirent *e; (e = readdir(dir));) {
		struct error ignored = { 0 };

		if (container_id_check(e->d_name, &ignored) == 0)
			strv_add(&ids, e->d_name);
	}
	strv_sort_unique(ids);
	for (char **id = ids; id && *id; id++)
		if (each(arg, *id, err) < 0)
			return -1;
	return 0;
}
