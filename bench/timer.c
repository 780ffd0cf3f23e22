/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Times whole commands, fork to reaped, in turn: one round runs each once, so that what disturbs
 * the machine disturbs all of them. No shell is started between.
 *
 *   timer ROUNDS WARMUPS [NAME [@MOUNT-NAMESPACE] COMMAND [ARGUMENT...] :::]...
 *
 * A command with a mount namespace (a file, /proc/PID/ns/mnt) is run in that one. One whose name is
 * - is run in its turn, but not reported. An argument {} is the number of the round, from 1.
 * Prints, for each, in milliseconds: minimum, median and maximum of the elapsed time, the median of
 * user and system time of the command and what it waited for, the ratios of both medians to the
 * first command's, and, in KiB, the most memory that any one of its processes ever had at once. A
 * command that fails is named with its status, and is out from then on.
 */
#include <fcntl.h>
#include <sched.h>
#include <spawn.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "base/mem.h"

enum { COMMANDS_MAX = 32, ARGUMENTS_MAX = 64 };

struct command {
	const char *name;
	char **argv;
	int mntfd;			/* of its mount namespace, -1: the timer's own */
	double *elapsed, *used;		/* milliseconds, one each round */
	long resident;			/* KiB, the most of all rounds */
	bool has_failed;
};

extern char **environ;

static double ms_of(struct timeval t)
{
	return (double)t.tv_sec * 1e3 + (double)t.tv_usec / 1e3;
}

static double now(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return (double)t.tv_sec * 1e3 + (double)t.tv_nsec / 1e6;
}

static int by_value(const void *a, const void *b)
{
	double x = *(const double *)a, y = *(const double *)b;

	return (x > y) - (x < y);
}

static double median(const double *sorted, size_t n)
{
	return (sorted[(n - 1) / 2] + sorted[n / 2]) / 2;
}

static void numbered(char **from, char **to, char *number)
{
	size_t i = 0;

	for (; from[i] && i < ARGUMENTS_MAX - 1; i++)
		to[i] = strcmp(from[i], "{}") == 0 ? number : from[i];
	to[i] = NULL;
}

static int timed(struct command *c, const posix_spawn_file_actions_t *quiet, size_t number,
		 size_t round)
{
	struct rusage usage = { .ru_maxrss = 0 };
	char *argv[ARGUMENTS_MAX], text[24];
	int status = -1;
	double start;
	pid_t pid;

	snprintf(text, sizeof(text), "%zu", number);
	numbered(c->argv, argv, text);
	start = now();
	if (posix_spawn(&pid, argv[0], quiet, NULL, argv, environ) == 0)
		wait4(pid, &status, 0, &usage);
	c->elapsed[round] = now() - start;
	c->used[round] = ms_of(usage.ru_utime) + ms_of(usage.ru_stime);
	if (usage.ru_maxrss > c->resident)
		c->resident = usage.ru_maxrss;
	return status;
}

static void run(struct command *c, const posix_spawn_file_actions_t *quiet, int ownfd,
		size_t number, size_t round)
{
	int status;

	if (c->mntfd >= 0 && setns(c->mntfd, CLONE_NEWNS) < 0)
		perror("timer: setns");
	status = timed(c, quiet, number, round);
	if (c->mntfd >= 0 && setns(ownfd, CLONE_NEWNS) < 0)
		perror("timer: setns");
	if (status == 0)
		return;
	fprintf(stderr, "timer: %s: status 0x%x\n", c->name, (unsigned int)status);
	c->has_failed = true;
}

/* Cuts argv into commands at ":::". */
static size_t parse(struct command *commands, char **argv)
{
	size_t n = 0;

	while (n < COMMANDS_MAX && argv[0] && argv[1]) {
		struct command *c = &commands[n++];

		*c = (struct command){ .name = argv[0], .argv = argv + 1, .mntfd = -1 };
		if (argv[1][0] == '@')
			c->mntfd = open(c->argv++[0] + 1, O_RDONLY | O_CLOEXEC);
		while (*argv && strcmp(*argv, ":::") != 0)
			argv++;
		if (*argv)
			*argv++ = NULL;
	}
	return n;
}

static void print(struct command *c, const struct command *first, size_t n)
{
	if (c->has_failed) {
		printf("%s\tfailed\n", c->name);
		return;
	}
	qsort(c->elapsed, n, sizeof(*c->elapsed), by_value);
	qsort(c->used, n, sizeof(*c->used), by_value);
	printf("%s\t%.2f\t%.2f\t%.2f\t%.2f", c->name, c->elapsed[0], median(c->elapsed, n),
	       c->elapsed[n - 1], median(c->used, n));
	if (first->has_failed)
		printf("\t-\t-");
	else
		printf("\t%.2f\t%.2f", median(c->elapsed, n) / median(first->elapsed, n),
		       median(c->used, n) / median(first->used, n));
	printf("\t%ld\n", c->resident);
}

int main(int argc, char **argv)
{
	struct command commands[COMMANDS_MAX];
	posix_spawn_file_actions_t quiet;
	int ownfd = open("/proc/self/ns/mnt", O_RDONLY | O_CLOEXEC);
	size_t rounds, warmups, n;

	if (argc < 5) {
		fputs("usage: timer ROUNDS WARMUPS [NAME [@NS] COMMAND [ARG...] :::]...\n", stderr);
		return 2;
	}
	rounds = strtoul(argv[1], NULL, 10);
	warmups = strtoul(argv[2], NULL, 10);
	n = parse(commands, argv + 3);
	for (size_t i = 0; i < n; i++) {
		commands[i].elapsed = xcalloc(rounds + 1, sizeof(double));
		commands[i].used = xcalloc(rounds + 1, sizeof(double));
	}
	posix_spawn_file_actions_init(&quiet);
	posix_spawn_file_actions_addopen(&quiet, 1, "/dev/null", O_WRONLY, 0);
	for (size_t round = 0; round < warmups + rounds; round++)
		for (size_t i = 0; i < n; i++)
			if (!commands[i].has_failed)
				run(&commands[i], &quiet, ownfd, round + 1,
				    round < warmups ? 0 : round - warmups);
	for (size_t i = 0; i < n; i++)
		if (strcmp(commands[i].name, "-") != 0)
			print(&commands[i], &commands[0], rounds);
	return 0;
}
