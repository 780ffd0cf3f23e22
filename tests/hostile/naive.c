/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The positive controls: each word does what zonectl must do, in the way in which
 * real tools did it when they fell. A hostile test runs its check against this
 * too; a check that does not catch it proves nothing.
 */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <pwd.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

static char *join(const char *root, const char *path)
{
	char *text;

	return asprintf(&text, "%s/%s", root, path) < 0 ? NULL : text;
}

static int fail(const char *what)
{
	fprintf(stderr, "naive: %s: %s\n", what, strerror(errno));
	return 1;
}

/* mount ROOT PATH: looks first, then uses the string (CVE-2015-1335). */
static int do_mount(char **argv)
{
	const char *path = join(argv[0], argv[1]);
	struct stat st;

	if (stat(path, &st) < 0 || !S_ISDIR(st.st_mode))
		return fail(path);
	return mount("naive", path, "tmpfs", 0, "size=4k") < 0 ? fail(path) : 0;
}

/* mount-checked ROOT PATH TRIES: it even refuses links, and still loses the race. */
static int do_mount_checked(char **argv)
{
	const char *path = join(argv[0], argv[1]);

	for (int i = 0; i < atoi(argv[2]); i++) {
		struct stat st;

		if (lstat(path, &st) == 0 && S_ISDIR(st.st_mode))
			(void)!mount("naive", path, "tmpfs", 0, "size=4k");
	}
	return 0;
}

/* write ROOT PATH: a file of the zone, written by host root. */
static int do_write(char **argv)
{
	const char *path = join(argv[0], argv[1]);
	int fd = open(path, O_WRONLY | O_CREAT | O_TRUNC, 0644);

	return fd < 0 || write(fd, "naive\n", 6) != 6 ? fail(path) : 0;
}

static int do_read(char **argv)
{
	const char *path = join(argv[0], argv[1]);
	int fd = open(path, O_RDONLY);
	char buf[4096];
	ssize_t n = fd < 0 ? -1 : read(fd, buf, sizeof(buf));

	return n < 0 ? fail(path) : write(1, buf, (size_t)n) != n;
}

/* slurp FILE: all of it, whatever it is. */
static int do_slurp(char **argv)
{
	int fd = open(argv[0], O_RDONLY);
	size_t size = 0, room = 1 << 20;
	char *text = malloc(room);
	ssize_t n;

	while (size < (64 << 20) && (n = read(fd, text + size, room - size)) > 0) {
		size += (size_t)n;
		if (size == room)
			text = realloc(text, room *= 2);
	}
	return 0;
}

/* rm ROOT: follows what it finds (CVE-2021-3997 and older). */
static void remove_below(const char *path)
{
	DIR *dir = opendir(path);
	struct dirent *e;

	while (dir && (e = readdir(dir))) {
		char *name = join(path, e->d_name);
		struct stat st;

		if (strcmp(e->d_name, ".") == 0 || strcmp(e->d_name, "..") == 0)
			continue;
		if (stat(name, &st) == 0 && S_ISDIR(st.st_mode))
			remove_below(name);
		else
			unlink(name);
		free(name);
	}
	if (dir)
		closedir(dir);
	rmdir(path);
}

static int do_rm(char **argv)
{
	remove_below(argv[0]);
	return 0;
}

/* leak-mount DIR: a mount namespace that is still a peer of the host's. */
static int do_leak_mount(char **argv)
{
	if (unshare(CLONE_NEWNS) < 0)
		return fail("unshare");
	return mount("naive", argv[0], "tmpfs", 0, "size=4k") < 0 ? fail(argv[0]) : 0;
}

/* enter PID COMMAND...: joins a zone with everything it has: descriptors, directory, environment,
 * capabilities, no filter, dumpable. Without a command it stays there for three seconds. */
static int do_enter(char **argv)
{
	int pidfd = (int)syscall(SYS_pidfd_open, atoi(argv[0]), 0);

	(void)!open("/", O_RDONLY | O_DIRECTORY);
	if (pidfd < 0 || setns(pidfd, CLONE_NEWUSER | CLONE_NEWPID | CLONE_NEWNS | CLONE_NEWNET |
			       CLONE_NEWIPC | CLONE_NEWUTS) < 0)
		return fail("setns");
	if (fork() == 0) {
		if (setresgid(0, 0, 0) < 0 || setresuid(0, 0, 0) < 0)
			_exit(fail("setuid"));
		prctl(PR_SET_DUMPABLE, 1);
		if (argv[1])
			execvp(argv[1], argv + 1);
		else
			sleep(60);	/* or until the zone ends */
		_exit(127);
	}
	while (wait(NULL) < 0 && errno == EINTR)
		;
	return 0;
}

/* stay PID [COMMAND...]: the same for a container, which has no user namespace. */
static int do_stay(char **argv)
{
	int pidfd = (int)syscall(SYS_pidfd_open, atoi(argv[0]), 0);

	(void)!open("/", O_RDONLY | O_DIRECTORY);
	if (pidfd < 0 || setns(pidfd, CLONE_NEWPID | CLONE_NEWNS) < 0)
		return fail("setns");
	if (fork() == 0) {
		if (argv[1])
			execvp(argv[1], argv + 1);
		else
			sleep(60);	/* the container ends it */
		_exit(127);
	}
	while (wait(NULL) < 0 && errno == EINTR)
		;
	return 0;
}

/* nss ROOT USER: asks the C library of the host, among the files of the zone (CVE-2019-14271). */
static int do_nss(char **argv)
{
	if (chroot(argv[0]) < 0 || chdir("/") < 0)
		return fail("chroot");
	return getpwnam(argv[1]) ? 0 : 1;
}

/* uid TEXT: what atoi(3) makes of a user. */
static int do_uid(char **argv)
{
	printf("%u\n", (unsigned int)atoi(argv[0]));
	return 0;
}

/* kill FILE: the pid that stands after "pid": in a record, whoever that is by now. */
static int do_kill(char **argv)
{
	char text[4096] = "";
	int fd = open(argv[0], O_RDONLY);
	const char *at;

	if (fd < 0 || read(fd, text, sizeof(text) - 1) < 0)
		return fail(argv[0]);
	at = strstr(text, "\"pid\":");
	return at ? kill(atoi(at + 6), SIGKILL) : 1;
}

/* cost COMMAND...: milliseconds, the largest resident set in KiB and the status. */
static int do_cost(char **argv)
{
	struct timespec a, b;
	struct rusage use;
	int status = 0;
	pid_t pid;

	clock_gettime(CLOCK_MONOTONIC, &a);
	pid = fork();
	if (pid == 0) {
		execvp(argv[0], argv);
		_exit(127);
	}
	while (waitpid(pid, &status, 0) < 0 && errno == EINTR)
		;
	clock_gettime(CLOCK_MONOTONIC, &b);
	getrusage(RUSAGE_CHILDREN, &use);
	fprintf(stderr, "cost %lld %ld %d\n",
		(long long)((b.tv_sec - a.tv_sec) * 1000 + (b.tv_nsec - a.tv_nsec) / 1000000),
		use.ru_maxrss, WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status));
	return WIFEXITED(status) ? WEXITSTATUS(status) : 1;
}

/* with-dirs N COMMAND...: runs it with N open directories of the host. */
static int do_with_dirs(char **argv)
{
	for (int i = 0; i < atoi(argv[0]); i++)
		if (open("/", O_RDONLY | O_DIRECTORY) < 0)
			return fail("open");
	execvp(argv[1], argv + 1);
	return fail(argv[1]);
}

static const struct word {
	const char *name;
	int n_args;
	int (*run)(char **argv);
} words[] = {
	{ "mount", 2, do_mount },   { "mount-checked", 3, do_mount_checked },
	{ "write", 2, do_write },   { "read", 2, do_read },     { "slurp", 1, do_slurp },
	{ "rm", 1, do_rm },         { "leak-mount", 1, do_leak_mount },
	{ "enter", 1, do_enter },   { "stay", 1, do_stay },     { "nss", 2, do_nss },
	{ "uid", 1, do_uid },
	{ "kill", 1, do_kill },     { "cost", 1, do_cost },     { "with-dirs", 2, do_with_dirs },
};

int main(int argc, char **argv)
{
	for (size_t i = 0; argc > 1 && i < sizeof(words) / sizeof(*words); i++)
		if (strcmp(argv[1], words[i].name) == 0 && argc - 2 >= words[i].n_args)
			return words[i].run(argv + 2);
	fprintf(stderr, "naive: no such word\n");
	return 2;
}
