#!/usr/bin/env bats
# SPDX-License-Identifier: GPL-2.0-or-later
# what one zone uses up, another still has

load ../lib/zone

setup_file() { store_open; }
teardown_file() { store_close; }

setup() {
	zone_setup
	[ -x "$BATS_FILE_TMPDIR/take" ] || static_program "$BATS_FILE_TMPDIR/take" <<-'END'
	#define _GNU_SOURCE
	#include <fcntl.h>
	#include <mqueue.h>
	#include <sched.h>
	#include <stdio.h>
	#include <stdlib.h>
	#include <string.h>
	#include <sys/file.h>
	#include <sys/inotify.h>
	#include <sys/ipc.h>
	#include <sys/msg.h>
	#include <sys/resource.h>
	#include <sys/sem.h>
	#include <sys/shm.h>
	#include <sys/socket.h>
	#include <sys/syscall.h>
	#include <sys/wait.h>
	#include <unistd.h>

	/* Takes one more; -1: there is none left. Numbers count from 0. */
	static int pty(int n)      { (void)n; return open("/dev/ptmx", O_RDWR | O_NOCTTY); }
	static int instance(int n) { (void)n; return inotify_init(); }
	static int file(int n)     { (void)n; return open("/dev/null", O_RDONLY); }
	static int shm(int n)      { return shmget(0x1000 + n, 4096, IPC_CREAT | 0600); }
	static int msg(int n)      { return msgget(0x1000 + n, IPC_CREAT | 0600); }
	static int sem(int n)      { return semget(0x1000 + n, 1, IPC_CREAT | 0600); }
	static int key(int n)
	{
		char name[32];

		snprintf(name, sizeof(name), "key %d", n);
		return syscall(SYS_add_key, "user", name, "x", 1, -3);
	}
	static int watch(int n)
	{
		static int fd = -1;
		char path[64];

		if (n % 1000 == 0)
			fd = inotify_init();
		snprintf(path, sizeof(path), "/tmp/w%d", n);
		close(open(path, O_CREAT | O_WRONLY, 0600));
		return inotify_add_watch(fd, path, IN_MODIFY);
	}
	static int queue(int n)
	{
		struct mq_attr attr = { .mq_maxmsg = 1, .mq_msgsize = 1 };
		char name[32];

		snprintf(name, sizeof(name), "/q%d", n);
		return mq_open(name, O_CREAT | O_RDWR, 0600, &attr);
	}
	static int pipes(int n)
	{
		int p[2];

		(void)n;
		return pipe(p) < 0 ? -1 : fcntl(p[0], F_SETPIPE_SZ, 1 << 20);
	}
	static int namespace(const char *name, int flag, int n)
	{
		char path[64];

		(void)n;
		snprintf(path, sizeof(path), "/proc/self/ns/%s", name);
		return unshare(flag) < 0 ? -1 : open(path, O_RDONLY);
	}
	static int netns(int n) { return namespace("net", CLONE_NEWNET, n); }
	static int utsns(int n) { return namespace("uts", CLONE_NEWUTS, n); }
	static int ipcns(int n) { return namespace("ipc", CLONE_NEWIPC, n); }
	static int mntns(int n) { return namespace("mnt", CLONE_NEWNS, n); }
	static int cgroupns(int n) { return namespace("cgroup", CLONE_NEWCGROUP, n); }

	static int lock(int n)
	{
		static const char *const paths[] = {
			"/", "/etc", "/root", "/tmp", "/bin", "/bin/busybox", "/dev/null", "/dev/zero",
			"/dev/pts", "/proc/1", "/proc/1/ns/mnt", "/sys/fs/cgroup", "/run",
		};

		return n >= (int)(sizeof(paths) / sizeof(*paths)) ? -1 :
		       flock(open(paths[n], O_RDONLY), LOCK_EX | LOCK_NB);
	}

	static const struct { const char *name; int (*take)(int n); } kinds[] = {
		{ "ptys", pty }, { "instances", instance }, { "files", file }, { "shm", shm },
		{ "msg", msg }, { "sem", sem }, { "keys", key }, { "watches", watch },
		{ "queues", queue }, { "pipes", pipes }, { "net", netns }, { "uts", utsns },
		{ "ipc", ipcns }, { "mnt", mntns }, { "cgroup", cgroupns }, { "locks", lock },
	};

	/* take KIND MOST [stay] */
	int main(int argc, char **argv)
	{
		struct rlimit most = { 1 << 20, 1 << 20 };
		int n = 0;

		setrlimit(RLIMIT_NOFILE, &most);
		for (unsigned int i = 0; i < sizeof(kinds) / sizeof(*kinds); i++)
			if (strcmp(kinds[i].name, argv[1]) == 0)
				while (n < atoi(argv[2]) && kinds[i].take(n) >= 0)
					n++;
		printf("%d\n", n);
		fflush(stdout);
		if (argc > 3)
			pause();
	}
	END
	running a
	running b
	put a "$BATS_FILE_TMPDIR/take" /bin/take
	put b "$BATS_FILE_TMPDIR/take" /bin/take
}

teardown() {
	zonectl halt -q a || :
	[ -z "${taker:-}" ] || wait "$taker" || :
}

# exhausts KIND: zone a takes all that it gets, at most 20,000, and keeps it.
exhausts() {
	zonectl exec a -- take "$1" 20000 stay >"$BATS_TEST_TMPDIR/$1" 3>&- &
	taker=$!
	deadline 60 test -s "$BATS_TEST_TMPDIR/$1"
	echo "a has $(<"$BATS_TEST_TMPDIR/$1") $1"
	[ "$(<"$BATS_TEST_TMPDIR/$1")" -gt 10 ]
}

still() {
	local kind

	for kind in "$@"; do
		exhausts "$kind"
		prints 10 zonectl exec b -- take "$kind" 10
		zonectl exec a -- killall take
		wait "$taker" || :
	done
}

@test "terminals: one zone has all it can get, others log in" {
	exhausts ptys
	[ "$(<"$BATS_TEST_TMPDIR/ptys")" -le 256 ]
	prints 10 zonectl exec b -- take ptys 10
	zonectl exec -t b -- tty </dev/null | grep /dev/pts/
}

@test "inotify: instances and watches" { still instances watches; }

@test "open files" { still files; }

@test "System V and POSIX queues, semaphores, shared memory" { still shm msg sem queues; }

@test "pipes of a megabyte" { still pipes; }

@test "namespaces of each kind" { still net uts ipc mnt cgroup; }

@test "keys, where a feature allows them" {
	for zone in k1 k2; do
		installed "$zone" --features keyctl
		zonectl boot "$zone"
		put "$zone" "$BATS_FILE_TMPDIR/take" /bin/take
	done
	n=$(zonectl exec k1 -- take keys 20000)
	echo "k1 has $n keys"
	[ "$n" -gt 10 ]
	prints 10 zonectl exec k2 -- take keys 10
}

# took_ms COMMAND...
took_ms() {
	local start

	start=$(date +%s%N)
	"$@" >/dev/null
	echo $((($(date +%s%N) - start) / 1000000))
}

@test "a zone that is frozen, or has a thousand groups, holds up no look at it" {
	zonectl exec a -- sh -c 'cd /sys/fs/cgroup && i=0; while [ $i -lt 1000 ]; do mkdir g$i; i=$((i + 1)); done'
	zonectl freeze a
	for look in "list -a" "info a" "stat a" "list -a --json" "ps a" "verify a"; do
		ms=$(took_ms zonectl $look)
		echo "$look: $ms ms"
		[ "$ms" -lt 2000 ]
	done
	zonectl thaw a
	[ "$(took_ms timeout 20 "$ZONECTL" halt a)" -lt 10000 ]
	nothing_left a
}

@test "locks that a zone takes, on whatever it sees, hold up nobody" {
	exhausts locks
	for work in "set a description=locked" "info a" "exec a -- true" "exec b -- true" "verify a" "reboot a --timeout 1" \
		"halt a" "boot a"; do
		timeout 20 "$ZONECTL" $work 3>&-
	done
}
