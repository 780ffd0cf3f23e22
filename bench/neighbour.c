/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What a zone notices of the zones beside it: the same small piece of work over and over, each
 * timed. Static, so that it runs in any root filesystem. resources.sh puts it into zones.
 *
 *   neighbour SECONDS task       every 10 ms, what a request takes: some computing, 256 KiB of
 *                                fresh memory, a file written and read again
 *   neighbour SECONDS sync FILE  4 KiB appended and fdatasync(2), every 10 ms
 *   neighbour SECONDS spin N     nothing but computing, in N processes
 *   neighbour SECONDS memory N   N MiB written and written again; killed, it begins anew
 *   neighbour SECONDS bomb       processes that make processes, as many as they can
 *   neighbour SECONDS flood FILE 64 MiB written and fdatasync(2), over and over
 *
 * The first two and spin print one line: how often, milliseconds of the median, of the 99th of a
 * hundred and of the longest, pieces of work a second, all with spaces between. Of spin a piece is
 * a millisecond or so of computing, and only the first process's are told.
 */
#include <fcntl.h>
#include <signal.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

enum {
	ROUNDS_MAX = 1 << 20, PAUSE_NS = 10 * 1000 * 1000, FRESH = 256 << 10, BLOCK = 4096,
	FLOOD_BLOCKS = 16384, COMPUTING = 400000,
};

struct timing {
	double *ms;
	size_t n;
};

static volatile uint64_t sink;

static double now_ms(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return (double)t.tv_sec * 1e3 + (double)t.tv_nsec / 1e6;
}

static void die(const char *what)
{
	perror(what);
	_exit(1);
}

/* The optimiser can't leave it out, and it needs no memory. */
static void compute(void)
{
	uint64_t x = sink + 1;

	for (int i = 0; i < COMPUTING; i++)
		x = x * 6364136223846793005ULL + 1442695040888963407ULL;
	sink = x;
}

static void touch(size_t bytes)
{
	char *at = mmap(NULL, bytes, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

	if (at == MAP_FAILED)
		die("mmap");
	for (size_t i = 0; i < bytes; i += BLOCK)
		at[i] = 1;
	munmap(at, bytes);
}

static void do_task(const char *file)
{
	static char block[BLOCK];
	int fd = open(file, O_RDWR | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);

	if (fd < 0)
		die(file);
	compute();
	touch(FRESH);
	for (int i = 0; i < 8; i++)
		if (pwrite(fd, block, BLOCK, (off_t)i * BLOCK) != BLOCK ||
		    pread(fd, block, BLOCK, (off_t)i * BLOCK) != BLOCK)
			die(file);
	close(fd);
}

static void do_sync(const char *file)
{
	static const char block[BLOCK];
	static int fd = -1;

	if (fd < 0)
		fd = open(file, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
	if (fd < 0 || write(fd, block, BLOCK) != BLOCK || fdatasync(fd) < 0)
		die(file);
}

static void do_spin(const char *file)
{
	(void)file;	/* the others need one */
	compute();
}

static int by_value(const void *a, const void *b)
{
	double x = *(const double *)a, y = *(const double *)b;

	return (x > y) - (x < y);
}

static void report(struct timing *t, double elapsed_ms)
{
	if (t->n == 0)
		return;
	qsort(t->ms, t->n, sizeof(*t->ms), by_value);
	printf("%zu %.3f %.3f %.3f %.2f\n", t->n, t->ms[t->n / 2], t->ms[t->n * 99 / 100],
	       t->ms[t->n - 1], (double)t->n * 1e3 / elapsed_ms);
}

/* A piece every 10 ms, or one after the other, until the time is over. A piece that is late is not
 * followed by those that it delayed. */
static void measure(void (*piece)(const char *file), const char *file, double end, bool is_paced)
{
	struct timing t = { .ms = calloc(ROUNDS_MAX, sizeof(*t.ms)) };
	const struct timespec pause = { .tv_nsec = PAUSE_NS };
	double start = now_ms();

	if (!t.ms)
		die("memory");
	while (t.n < ROUNDS_MAX && now_ms() < end) {
		double from;

		if (is_paced)
			nanosleep(&pause, NULL);
		from = now_ms();
		piece(file);
		t.ms[t.n++] = now_ms() - from;
	}
	report(&t, now_ms() - start);
	free(t.ms);
}

static void spin(int n, double end)
{
	for (int i = 1; i < n; i++) {
		if (fork() != 0)
			continue;
		while (now_ms() < end)
			compute();
		_exit(0);
	}
	measure(do_spin, NULL, end, false);
}

/* The child takes more than its zone may have; what becomes of it is seen, then another tries. */
static void take_memory(size_t bytes, double end)
{
	size_t killed = 0;

	while (now_ms() < end) {
		int status = 0;
		pid_t pid = fork();

		if (pid == 0) {
			char *at = mmap(NULL, bytes, PROT_READ | PROT_WRITE,
					MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

			while (at != MAP_FAILED && now_ms() < end)
				for (size_t i = 0; i < bytes; i += BLOCK)
					at[i]++;
			_exit(0);
		}
		if (pid > 0 && waitpid(pid, &status, 0) == pid && WIFSIGNALED(status))
			killed++;
	}
	printf("%zu\n", killed);
}

/* Who gets no child makes room for those of others, so that it never comes to rest. */
static void bomb(double end)
{
	pid_t first = getpid();

	while (now_ms() < end)
		if (fork() < 0 && getpid() != first)
			return;
}

static void flood(const char *file, double end)
{
	static const char block[BLOCK];

	while (now_ms() < end) {
		int fd = open(file, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);

		if (fd < 0)
			die(file);
		for (int i = 0; i < FLOOD_BLOCKS && now_ms() < end; i++)
			if (write(fd, block, BLOCK) != BLOCK)
				die(file);
		if (fdatasync(fd) < 0)
			die(file);
		close(fd);
	}
}

int main(int argc, char **argv)
{
	const char *what = argc > 2 ? argv[2] : "";
	const char *last = argc > 3 ? argv[3] : "/tmp/neighbour";
	double end = now_ms() + (argc > 1 ? strtod(argv[1], NULL) : 0) * 1e3;
	int n = argc > 3 ? atoi(argv[3]) : 1;

	prctl(PR_SET_PDEATHSIG, SIGKILL);
	signal(SIGCHLD, strcmp(what, "bomb") == 0 ? SIG_IGN : SIG_DFL);
	if (strcmp(what, "task") == 0)
		measure(do_task, last, end, true);
	else if (strcmp(what, "sync") == 0)
		measure(do_sync, last, end, true);
	else if (strcmp(what, "spin") == 0)
		spin(n, end);
	else if (strcmp(what, "memory") == 0)
		take_memory((size_t)n << 20, end);
	else if (strcmp(what, "bomb") == 0)
		bomb(end);
	else if (strcmp(what, "flood") == 0)
		flood(last, end);
	else
		return fprintf(stderr, "neighbour: no '%s'\n", what), 2;
	return 0;
}
