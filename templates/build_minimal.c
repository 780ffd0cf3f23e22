/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <elf.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "base/fd.h"
#include "base/mem.h"
#include "base/path.h"
#include "base/proc.h"
#include "base/strv.h"
#include "templates/build.h"
#include "templates/walk.h"

/*
 * A system of one program: the host's static busybox, its names, and the few
 * files an init and a login need. The same busybox gives the same tree, times
 * included, so it is one template however often it is built.
 */

enum { BUSYBOX_MAX = 16 << 20, LIST_MAX = 256 * 1024 };

static const char *const busybox_paths[] = { "/bin/busybox", "/usr/bin/busybox",
					     "/bin/busybox.static" };

/* clang-format off */
static const struct { const char *path; mode_t mode; } directories[] = {
	{ "bin",           0755 },
	{ "dev",           0755 },
	{ "etc/init.d",    0755 },
	{ "etc/profile.d", 0755 },
	{ "home",          0755 },
	{ "lib",           0755 },
	{ "mnt",           0755 },
	{ "opt",           0755 },
	{ "proc",          0555 },
	{ "root",          0700 },
	{ "run",           0755 },
	{ "sbin",          0755 },
	{ "srv",           0755 },
	{ "sys",           0555 },
	{ "tmp",           01777 },
	{ "usr/bin",       0755 },
	{ "usr/sbin",      0755 },
	{ "usr/share",     0755 },
	{ "var/cache",     0755 },
	{ "var/lib",       0755 },
	{ "var/log",       0755 },
	{ "var/spool",     0755 },
	{ "var/tmp",       01777 },
};

static const struct { const char *path, *target; } links[] = {
	{ "var/run",     "/run" },
	{ "etc/mtab",    "/proc/self/mounts" },
};

/* askfirst: init waits for Enter in a copy of itself and only then executes getty. The pages that
 * an idle getty has for itself are a twentieth of an idle zone. */
static const char inittab[] =
	"# id is the terminal, action when it is run (busybox init)\n"
	"::sysinit:/etc/init.d/rcS\n"
	"console::askfirst:/sbin/getty 0 console\n"
	"::ctrlaltdel:/etc/init.d/off\n"
	"::shutdown:/etc/init.d/rcK\n";

static const char rc_start[] =
	"#!/bin/sh\n"
	"# Runs once at boot: the name, the mounts of /etc/fstab, then /etc/init.d/S* start.\n"
	"umask 022\n"
	"[ ! -s /etc/hostname ] || hostname -F /etc/hostname\n"
	"[ ! -s /etc/fstab ] || mount -a\n"
	"mkdir -p /run/lock\n"
	": >/run/utmp\n"
	"for script in /etc/init.d/S[0-9]*; do\n"
	"\t[ ! -x \"$script\" ] || \"$script\" start\n"
	"done\n";

static const char rc_stop[] =
	"#!/bin/sh\n"
	"# Runs once at shutdown: /etc/init.d/S* stop, the last started first.\n"
	"for script in $(ls -r /etc/init.d/S[0-9]* 2>/dev/null); do\n"
	"\t[ ! -x \"$script\" ] || \"$script\" stop\n"
	"done\n";

/* Busybox init sleeps a second after each of its two signals, however soon all have ended; osinfo.c
 * knows the line of inittab that has the zone asked by the signal that runs this instead. */
static const char power_off[] =
	"#!/bin/sh\n"
	"# Powers off as init does on SIGUSR2, but waits only while there is somebody left.\n"
	"set -- /etc/init.d/S[0-9]*\n"
	"[ ! -e \"$1\" ] || /etc/init.d/rcK\n"
	"kill -TERM -1\n"
	"i=0\n"
	"set -- /proc/[0-9]*\n"
	"while [ $# -gt 2 ] && [ $i -lt 100 ]; do\n"
	"\tusleep 10000\n"
	"\ti=$((i + 1))\n"
	"\tset -- /proc/[0-9]*\n"
	"done\n"
	"poweroff -n -f\n";		/* the end of the zone's mounts writes what is left */

static const struct { const char *path; mode_t mode; const char *text; } files[] = {
	/* root has no password: it enters through zonectl, or gets one from it. */
	{ "etc/passwd",        0644, "root:x:0:0:root:/root:/bin/sh\n"
				     "daemon:x:1:1:daemon:/usr/sbin:/bin/false\n"
				     "bin:x:2:2:bin:/bin:/bin/false\n"
				     "mail:x:8:8:mail:/var/spool/mail:/bin/false\n"
				     "www-data:x:33:33:www-data:/var/www:/bin/false\n"
				     "nobody:x:65534:65534:nobody:/:/bin/false\n" },
	{ "etc/shadow",        0600, "root:*:19000:0:99999:7:::\n"
				     "daemon:*:19000:0:99999:7:::\n"
				     "bin:*:19000:0:99999:7:::\n"
				     "mail:*:19000:0:99999:7:::\n"
				     "www-data:*:19000:0:99999:7:::\n"
				     "nobody:*:19000:0:99999:7:::\n" },
	{ "etc/group",         0644, "root:x:0:\ndaemon:x:1:\nbin:x:2:\nsys:x:3:\nadm:x:4:\n"
				     "tty:x:5:\ndisk:x:6:\nmail:x:8:\nwheel:x:10:\nsudo:x:27:\n"
				     "www-data:x:33:\n"
				     "utmp:x:43:\nusers:x:100:\nnogroup:x:65534:\n" },
	{ "etc/inittab",       0644, inittab },
	{ "etc/init.d/rcS",    0755, rc_start },
	{ "etc/init.d/rcK",    0755, rc_stop },
	{ "etc/init.d/off",    0755, power_off },
	{ "etc/hostname",      0644, "" },	/* so the name the zone was given stands */
	{ "etc/hosts",         0644, "127.0.0.1\tlocalhost\n"
				     "::1\tlocalhost ip6-localhost ip6-loopback\n" },
	{ "etc/fstab",         0644, "" },
	{ "etc/issue",         0644, "\\n \\l\n\n" },
	{ "etc/nsswitch.conf", 0644, "passwd: files\ngroup: files\nshadow: files\n"
				     "hosts: files dns\n" },
	{ "etc/profile",       0644, "export PATH=/usr/local/sbin:/usr/local/bin:"
				     "/usr/sbin:/usr/bin:/sbin:/bin\n"
				     "export PS1='\\u@\\h:\\w\\$ '\n"
				     "umask 022\n"
				     "for script in /etc/profile.d/*.sh; do\n"
				     "\t[ ! -r \"$script\" ] || . \"$script\"\n"
				     "done\n"
				     "unset script\n" },
	{ "etc/securetty",     0644, "console\n" },
	{ "etc/shells",        0644, "/bin/sh\n/bin/ash\n" },
	{ "var/log/lastlog",   0644, "" },
	{ "var/log/wtmp",      0644, "" },
};
/* clang-format on */

static bool has_interpreter(const char *data, size_t len)
{
	Elf64_Ehdr header;

	if (len < sizeof(header) || memcmp(data, ELFMAG, SELFMAG) != 0)
		return true;
	memcpy(&header, data, sizeof(header));
	if (header.e_ident[EI_CLASS] != ELFCLASS64 || header.e_phentsize != sizeof(Elf64_Phdr))
		return true;
	for (size_t i = 0; i < header.e_phnum; i++) {
		size_t at = header.e_phoff + i * sizeof(Elf64_Phdr);
		Elf64_Phdr row;

		if (at > len || len - at < sizeof(row))
			return true;
		memcpy(&row, data + at, sizeof(row));
		if (row.p_type == PT_INTERP)
			return true;
	}
	return false;
}

/* The host's busybox, open, and its bytes. */
static int busybox_open(const char **out_path, char **out, size_t *len, struct error *err)
{
	for (size_t i = 0; i < N_ROWS(busybox_paths); i++) {
		AUTO_CLOSE int fd = openat(AT_FDCWD, busybox_paths[i], O_RDONLY | O_CLOEXEC);
		AUTO_FREE char *data = NULL;

		if (fd < 0)
			continue;
		if (fd_read_all(fd, BUSYBOX_MAX, &data, len, err) < 0)
			return error_wrap(err, "'%s'", busybox_paths[i]);
		if (has_interpreter(data, *len))
			continue;
		*out = TAKE_PTR(data);
		*out_path = busybox_paths[i];
		return TAKE_FD(fd);
	}
	error_set(err, ERR_UNSUPPORTED, "no statically linked busybox on this host");
	return error_hint(err, "apt-get install busybox-static");
}

static int list_applets(const char *busybox, char ***out, struct error *err)
{
	char *const argv[] = { (char *)busybox, (char *)"--list-full", NULL };
	struct proc_spawn spawn = { .argv = argv, .stdin_fd = -1, .stderr_fd = -1, .dirfd = -1 };
	AUTO_CLOSE int readfd = -1;
	AUTO_CLOSE int pidfd = -1;
	AUTO_FREE char *text = NULL;
	int fds[2], status;
	pid_t pid;

	if (pipe2(fds, O_CLOEXEC) < 0)
		return error_sys(err, "make a pipe");
	readfd = fds[0];
	spawn.stdout_fd = fds[1];
	pidfd = proc_spawn(&spawn, &pid, err);
	close(fds[1]);
	if (pidfd < 0)
		return -1;
	if (fd_read_all(readfd, LIST_MAX, &text, NULL, err) < 0)
		return -1;
	status = proc_reap(pidfd, err);
	if (status != 0)
		return status < 0 ? -1
				  : error_set(err, ERR_FAILED, "'%s --list-full' failed", busybox);
	*out = strv_split(text, "\n");
	return 0;
}

static int applets_link(int rootfd, char *const *applets, struct error *err)
{
	for (char *const *a = applets; a && *a; a++) {
		/* The program itself, and the one name that is another init's. */
		if (strcmp(*a, "bin/busybox") == 0 || strcmp(*a, "linuxrc") == 0)
			continue;
		if (path_symlink(rootfd, *a, "/bin/busybox", err) < 0)
			return -1;
	}
	return 0;
}

static int directories_make(int rootfd, struct error *err)
{
	for (size_t i = 0; i < N_ROWS(directories); i++) {
		AUTO_CLOSE int pathfd = path_mkdirs(rootfd, directories[i].path, 0755, err);
		AUTO_CLOSE int fd = -1;

		if (pathfd < 0)
			return -1;
		fd = openat(pathfd, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
		/* By descriptor: a mode given to mkdir is cut by the umask. */
		if (fd < 0 || fchmod(fd, directories[i].mode) < 0)
			return error_sys(err, "set the mode of '%s'", directories[i].path);
	}
	return 0;
}

static int files_write(int rootfd, struct error *err)
{
	for (size_t i = 0; i < N_ROWS(files); i++) {
		if (path_write(rootfd, files[i].path, files[i].mode, files[i].text,
			       strlen(files[i].text), err) < 0)
			return -1;
	}
	for (size_t i = 0; i < N_ROWS(links); i++) {
		if (path_symlink(rootfd, links[i].path, links[i].target, err) < 0)
			return -1;
	}
	return 0;
}

/* "BusyBox v1.35.0 (Debian ...)" stands in the program. */
static int os_release_write(int rootfd, const char *data, size_t len, struct error *err)
{
	static const char mark[] = "BusyBox v";
	const char *at = memmem(data, len, mark, strlen(mark));
	AUTO_FREE char *version = NULL;
	AUTO_FREE char *text = NULL;

	version = at ? xstrndup(at + strlen(mark), strspn(at + strlen(mark), "0123456789."))
		     : xstrdup("");
	text = xasprintf("NAME=\"zonectl minimal\"\nID=minimal\nVERSION_ID=\"%s\"\n"
			 "PRETTY_NAME=\"zonectl minimal (busybox %s)\"\n", version, version);
	return path_write(rootfd, "etc/os-release", 0644, text, strlen(text), err);
}

static int time_set(void *arg, const struct walk_entry *e, struct error *err)
{
	const struct timespec *t = arg;
	const struct timespec times[2] = { *t, *t };

	if (utimensat(e->dirfd, e->name, times, AT_SYMLINK_NOFOLLOW) < 0)
		return error_sys(err, "set the time");
	return 0;
}

/* Files on the way down, directories again on the way up, when nothing changes in them any more. */
static int times_set(int rootfd, int busyboxfd, struct error *err)
{
	struct timespec t;
	struct stat st;

	if (fstat(busyboxfd, &st) < 0)
		return error_sys(err, "look at busybox");
	t = (struct timespec){ .tv_sec = st.st_mtim.tv_sec };
	return walk_tree(rootfd, time_set, time_set, &t, err);
}

int build_minimal(const struct recipe *r, const struct build_options *o,
		  const struct store_stage *stage, struct error *err)
{
	AUTO_FREE char *data = NULL;
	AUTO_STRV char **applets = NULL;
	const char *path = NULL;
	size_t len = 0;
	AUTO_CLOSE int fd = busybox_open(&path, &data, &len, err);

	(void)r;	/* there is one kind of it */
	if (fd < 0)
		return -1;
	if (o->include && *o->include)
		return error_set(err, ERR_USAGE, "it has no packages to include");
	if (list_applets(path, &applets, err) < 0 || directories_make(stage->rootfd, err) < 0 ||
	    path_write(stage->rootfd, "bin/busybox", 0755, data, len, err) < 0 ||
	    applets_link(stage->rootfd, applets, err) < 0 || files_write(stage->rootfd, err) < 0 ||
	    os_release_write(stage->rootfd, data, len, err) < 0)
		return -1;
	return times_set(stage->rootfd, fd, err);
}
