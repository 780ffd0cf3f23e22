/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "cgroups/host.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/magic.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/vfs.h>

#include "base/cleanup.h"
#include "base/fd.h"
#include "base/sys.h"

#define CGROUP_ROOT "/sys/fs/cgroup"

enum { OWN_CGROUP_MAX = 16 << 10, MOUNTINFO_MAX = 4 << 20, STORE_MAX = 16 };

static const struct {
	const char *v2, *v1;
} names[CGROUP_CONTROLLERS] = {
	[CGROUP_CPU]     = { "cpu",     "cpu" },
	[CGROUP_CPUSET]  = { "cpuset",  "cpuset" },
	[CGROUP_MEMORY]  = { "memory",  "memory" },
	[CGROUP_PIDS]    = { "pids",    "pids" },
	[CGROUP_IO]      = { "io",      "blkio" },
	[CGROUP_HUGETLB] = { "hugetlb", "hugetlb" },
	/* Found only where systemd tells units apart by it: see open_all_v1(). */
	[CGROUP_SYSTEMD] = { "systemd", "name=systemd" },
};

/* What is learned on the way. Both texts are read at most once. */
struct search {
	char *own;		/* /proc/self/cgroup; its lines get cut apart */
	char *mounts;		/* /proc/self/mountinfo, NULL until it is needed */
	bool v2_is_own;		/* mounted by us, so that nobody else sees it */
	bool v2_is_usual;	/* mounted where systemd would do it */
};

static void search_clear(struct search *search)
{
	free(search->own);
	free(search->mounts);
}

static int read_host_file(const char *path, size_t max, char **out, struct error *err)
{
	AUTO_CLOSE int fd = open(path, O_RDONLY | O_CLOEXEC);

	if (fd < 0)
		return error_sys(err, "open '%s'", path);
	if (fd_read_all(fd, max, out, NULL, err) < 0)
		return error_wrap(err, "read '%s'", path);
	return 0;
}

/* The directory's descriptor if it lies on a filesystem of that kind, else -1. */
static int open_root(const char *path, long magic)
{
	AUTO_CLOSE int fd = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	struct statfs fs;

	if (fd < 0 || fstatfs(fd, &fs) < 0 || fs.f_type != magic)
		return -1;
	return TAKE_FD(fd);
}

/* True if word is one of the parts of list, which ends at a NUL, a space or a newline. */
static bool list_has(const char *list, const char *word, char separator)
{
	size_t len = strlen(word);

	for (const char *at = list; *at;) {
		size_t n = strcspn(at, separator == ',' ? ", \n" : " \n");

		if (n == len && memcmp(at, word, len) == 0)
			return true;
		at += n;
		if (*at != separator)
			return false;
		at++;
	}
	return false;
}

/* proc_pid_mountinfo(5): space, tab, newline and backslash stand as \ooo. */
static void unescape(char *text)
{
	char *to = text;

	for (const char *from = text; *from; to++) {
		unsigned int code;

		if (from[0] == '\\' && sscanf(from + 1, "%3o", &code) == 1) {
			*to = (char)code;
			from += 4;
		} else {
			*to = *from++;
		}
	}
	*to = '\0';
}

/* Looks for a whole hierarchy (one mounted from its root) in mountinfo; option is the v1
 * controller, or NULL. Returns a descriptor or -1. */
static int find_mount(const char *mounts, const char *type, const char *option, long magic)
{
	for (const char *line = mounts; line && *line; line = strchr(line, '\n')) {
		char root[8], path[1024], kind[16];
		const char *tail;
		int at = 0;

		line += *line == '\n';
		tail = strstr(line, " - ");
		if (!tail || sscanf(line, "%*s %*s %*s %7s %1023s", root, path) != 2)
			continue;
		if (sscanf(tail, " - %15s %*s %n", kind, &at) != 1 || at == 0)
			continue;
		if (strcmp(root, "/") != 0 || strcmp(kind, type) != 0)
			continue;
		if (option && !list_has(tail + at, option, ','))
			continue;
		unescape(path);
		at = open_root(path, magic);
		if (at >= 0)
			return at;
	}
	return -1;
}

static int find_elsewhere(struct search *search, const char *type, const char *option, long magic,
			  int *out, struct error *err)
{
	if (!search->mounts &&
	    read_host_file("/proc/self/mountinfo", MOUNTINFO_MAX, &search->mounts, err) < 0)
		return -1;
	*out = find_mount(search->mounts, type, option, magic);
	return 0;
}

/* A v2 hierarchy of our own that is mounted nowhere. The kernel takes the options of the newest
 * mount for the whole hierarchy; as nobody else uses it here, the stricter one is chosen. */
static int mount_v2(struct error *err)
{
	AUTO_CLOSE int fs = sys_fsopen("cgroup2", FSOPEN_CLOEXEC);
	int fd;

	if (fs < 0 && errno == ENODEV) {
		error_set(err, ERR_UNSUPPORTED, "this kernel has no cgroup2");
		return error_hint(err, "a kernel with CONFIG_CGROUPS, and no cgroup_disable=");
	}
	if (fs < 0)
		return error_sys(err, "open filesystem 'cgroup2'");
	if (sys_fsconfig(fs, FSCONFIG_SET_FLAG, "nsdelegate", NULL, 0) < 0 ||
	    sys_fsconfig(fs, FSCONFIG_CMD_CREATE, NULL, NULL, 0) < 0)
		return error_sys(err, "make filesystem 'cgroup2'");
	fd = sys_fsmount(fs, FSMOUNT_CLOEXEC,
			 MOUNT_ATTR_NOSUID | MOUNT_ATTR_NODEV | MOUNT_ATTR_NOEXEC);
	if (fd < 0)
		return error_sys(err, "mount 'cgroup2'");
	return fd;
}

static int open_v2(struct cgroup_host *host, struct search *search, struct error *err)
{
	host->v2fd = open_root(CGROUP_ROOT, CGROUP2_SUPER_MAGIC);
	if (host->v2fd < 0)
		host->v2fd = open_root(CGROUP_ROOT "/unified", CGROUP2_SUPER_MAGIC);
	search->v2_is_usual = host->v2fd >= 0;
	if (host->v2fd < 0 &&
	    find_elsewhere(search, "cgroup2", NULL, CGROUP2_SUPER_MAGIC, &host->v2fd, err) < 0)
		return -1;
	if (host->v2fd >= 0)
		return 0;
	search->v2_is_own = true;
	host->v2fd = mount_v2(err);
	return host->v2fd < 0 ? -1 : 0;
}

/* One hierarchy of v1; list is "cpu,cpuacct" or "name=systemd", and its usual mount point has that
 * name. One that is mounted nowhere counts as not there. */
static int open_v1(struct cgroup_host *host, struct search *search, const char *list,
		   struct error *err)
{
	enum cgroup_controller lead = CGROUP_CONTROLLERS;
	const char *equals = strchr(list, '=');

	for (size_t i = 0; i < CGROUP_CONTROLLERS; i++) {
		char path[128];

		if (!list_has(list, names[i].v1, ','))
			continue;
		lead = lead == CGROUP_CONTROLLERS ? i : lead;
		host->v1_lead[i] = lead;
		snprintf(path, sizeof(path), CGROUP_ROOT "/%s", equals ? equals + 1 : list);
		host->v1fd[i] = open_root(path, CGROUP_SUPER_MAGIC);
		if (host->v1fd[i] >= 0)
			continue;
		if (find_elsewhere(search, "cgroup", names[i].v1, CGROUP_SUPER_MAGIC,
				   &host->v1fd[i], err) < 0)
			return -1;
		host->is_hidden[i] = host->v1fd[i] < 0;
	}
	return 0;
}

/* sd_booted(3) asks the same question. */
static bool runs_systemd(void)
{
	struct stat st;

	return lstat("/run/systemd/system", &st) == 0 && S_ISDIR(st.st_mode);
}

/* Lines are "ID:CONTROLLERS:PATH"; v2 is the one without controllers (cgroups(7)). name=systemd
 * counts where systemd has no v2 tree, for which it looks at the usual places alone
 * (cg_unified_cached() in its src/basic/cgroup-util.c); else it is a copy, for old programs. */
static int open_all_v1(struct cgroup_host *host, struct search *search, struct error *err)
{
	bool is_tracked = !search->v2_is_usual && runs_systemd();
	char *save = NULL;

	for (char *line = strtok_r(search->own, "\n", &save); line;
	     line = strtok_r(NULL, "\n", &save)) {
		char *list = strchr(line, ':');
		char *end = list ? strchr(list + 1, ':') : NULL;

		if (!end || end == list + 1)
			continue;
		*end = '\0';
		if (!is_tracked && strcmp(list + 1, names[CGROUP_SYSTEMD].v1) == 0)
			continue;
		if (open_v1(host, search, list + 1, err) < 0)
			return -1;
	}
	return 0;
}

static int read_v2_controllers(struct cgroup_host *host, struct error *err)
{
	char text[256];

	if (fd_read_control(host->v2fd, "cgroup.controllers", text, sizeof(text), err) < 0)
		return -1;
	for (size_t i = 0; i < CGROUP_CONTROLLERS; i++)
		host->on_v2[i] = list_has(text, names[i].v2, ' ');
	return 0;
}

static enum cgroup_layout layout_of(const struct cgroup_host *host, bool v2_is_own)
{
	bool has_v1 = false;

	for (size_t i = 0; i < CGROUP_CONTROLLERS; i++)
		has_v1 = has_v1 || (i != CGROUP_SYSTEMD && host->v1fd[i] >= 0);
	if (!has_v1)
		return CGROUP_V2;
	return v2_is_own ? CGROUP_V1 : CGROUP_HYBRID;
}

/* A slice's name spells its place: zonectl-ID.slice is inside zonectl.slice (systemd.slice(5)). */
static void name_subtree(struct cgroup_host *host, const struct search *search,
			 const char *store)
{
	const char *dash = *store ? "-" : "";

	host->is_systemd = search->v2_is_usual ? runs_systemd() : host->v1fd[CGROUP_SYSTEMD] >= 0;
	if (!host->is_systemd)
		snprintf(host->subtree, sizeof(host->subtree), "zonectl%s%s", dash, store);
	else if (*store)
		snprintf(host->subtree, sizeof(host->subtree),
			 "zonectl.slice/zonectl-%s.slice", store);
	else
		snprintf(host->subtree, sizeof(host->subtree), "zonectl.slice");
}

int cgroup_host_open(struct cgroup_host *out, const char *store, struct error *err)
{
	__attribute__((cleanup(search_clear))) struct search search = { 0 };
	AUTO_CGROUP_HOST struct cgroup_host host = CGROUP_HOST_NONE;

	if (strlen(store) > STORE_MAX || store[strspn(store, "0123456789abcdef")])
		return error_set(err, ERR_USAGE, "'%s' is no store id", store);
	if (read_host_file("/proc/self/cgroup", OWN_CGROUP_MAX, &search.own, err) < 0)
		return -1;
	if (open_v2(&host, &search, err) < 0 ||
	    open_all_v1(&host, &search, err) < 0 || read_v2_controllers(&host, err) < 0)
		return error_wrap(err, "cgroups");
	host.layout = layout_of(&host, search.v2_is_own);
	name_subtree(&host, &search, store);
	*out = host;
	host = (struct cgroup_host)CGROUP_HOST_NONE;
	return 0;
}

void cgroup_host_close(struct cgroup_host *host)
{
	cleanup_close(&host->v2fd);
	cleanup_close(&host->near_v2fd);
	for (size_t i = 0; i < CGROUP_CONTROLLERS; i++) {
		cleanup_close(&host->v1fd[i]);
		cleanup_close(&host->near_v1fd[i]);
	}
	for (size_t i = 0; i < CGROUP_POLICIES; i++)
		cleanup_close(&host->policyfd[i]);
	*host = (struct cgroup_host)CGROUP_HOST_NONE;
}

static int open_near(int rootfd, const char *subtree)
{
	return rootfd < 0 ? -1 : openat(rootfd, subtree, O_PATH | O_DIRECTORY | O_CLOEXEC);
}

void cgroup_host_near(struct cgroup_host *host)
{
	if (host->near_v2fd >= 0)
		return;
	host->near_v2fd = open_near(host->v2fd, host->subtree);
	for (size_t i = 0; i < CGROUP_CONTROLLERS; i++)
		host->near_v1fd[i] = open_near(host->v1fd[i], host->subtree);
}

static int near(const struct cgroup_host *host, int rootfd)
{
	for (size_t i = 0; i < CGROUP_CONTROLLERS; i++)
		if (host->v1fd[i] == rootfd)
			return host->near_v1fd[i];
	return host->near_v2fd;
}

ssize_t cgroup_host_read(const struct cgroup_host *host, int rootfd, const char *path,
			 struct cgroup_text *out, struct error *err)
{
	int nearfd = near(host, rootfd);
	struct error gone;
	ssize_t n = -1;

	if (nearfd >= 0)
		n = fd_read_control(nearfd, path + strlen(host->subtree) + 1, out->text, out->size,
				    &gone);
	/* The subtree goes with its last zone; there may be another one since. */
	return n >= 0 ? n : fd_read_control(rootfd, path, out->text, out->size, err);
}

bool cgroup_host_has(const struct cgroup_host *host, enum cgroup_controller controller)
{
	return controller != CGROUP_SYSTEMD &&
	       (host->v1fd[controller] >= 0 || host->on_v2[controller]);
}

const char *cgroup_controller_name(enum cgroup_controller controller)
{
	return names[controller].v2;
}

const char *cgroup_controller_v1_name(enum cgroup_controller controller)
{
	return names[controller].v1;
}

const char *cgroup_layout_name(enum cgroup_layout layout)
{
	static const char *const layouts[] = {
		[CGROUP_V2] = "v2", [CGROUP_V1] = "v1", [CGROUP_HYBRID] = "hybrid",
	};

	return layouts[layout];
}
