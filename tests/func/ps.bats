#!/usr/bin/env bats
# SPDX-License-Identifier: GPL-2.0-or-later
# The processes of zones, as the host sees them; and the zone of a process.

load ../lib/zone

setup_file() {
	store_open
}

teardown_file() {
	store_close
}

setup() {
	zone_setup
}

# process NAME TEXT: the row of a process whose command holds TEXT, once it is there.
process() {
	zonectl ps "$1" --json | json "[r for r in d if '$2' in r['command']][0]" 2>/dev/null
}

@test "ps shows the processes of running zones with both their pids" {
	running w1
	running w2
	installed w3
	init=$(fact w1 init_pid)
	run zonectl ps -H -o zone,pid,vpid,user w1
	[ "$(xargs <<<"${lines[0]}")" = "w1 $init 1 root" ]
	run zonectl ps --json
	[ "$(json "sorted({r['zone'] for r in d})" <<<"$output")" = '["w1", "w2"]' ]
}

@test "ps shows a process in a group of the zone's own making" {
	running w1
	zonectl exec w1 -- sh -c 'mkdir -p /sys/fs/cgroup/a/b && echo $$ >/sys/fs/cgroup/a/b/cgroup.procs && exec sleep 61' &
	job=$!
	deadline 5 process w1 'sleep 61'
	pid=$(process w1 'sleep 61' | json "d['pid']")
	[ "$(zonectl whose "$pid" --json | json "d[0]['zone']")" = w1 ]
	kill "$pid"
	wait "$job" || :
}

@test "ps shows who runs a process, by the number inside" {
	running w1
	zonectl exec w1 -u 1234 -- sleep 62 &
	job=$!
	deadline 5 process w1 'sleep 62'
	[ "$(process w1 'sleep 62' | json "d['uid']")" -eq 1234 ]
	kill "$(process w1 'sleep 62' | json "d['pid']")"
	wait "$job" || :
}

@test "names and arguments of a zone's processes don't drive the terminal" {
	running w1
	static_program "$BATS_TEST_TMPDIR/evil" <<-'END'
		#include <sys/prctl.h>
		#include <unistd.h>
		int main(int argc, char **argv)
		{
			char *const args[] = { "\033[2Jred\n99999 root ) S 1", "a\tb", 0 };
			if (argc < 2 || argv[1][0] != 'a')
				execv("/evil", args);
			prctl(PR_SET_NAME, "x) Z 1\n\033[1m");
			pause();
		}
	END
	put w1 "$BATS_TEST_TMPDIR/evil" /evil
	zonectl exec w1 -- /evil x &
	job=$!
	deadline 5 eval 'zonectl ps w1 -H -o name | grep -qF "x) Z 1"'
	run zonectl ps w1 -H -o state,command,name
	not grep -q $'\033' <<<"$output"
	holds '\x1b[2Jred\x0a99999 root ) S 1 a\x09b'
	[ "${#lines[@]}" -eq "$(zonectl ps w1 --json | json "len(d)")" ]
	pid=$(process w1 99999 | json "d['pid']")
	[ "$(process w1 99999 | json "d['state']")" = S ]
	kill "$pid"
	wait "$job" || :
}

@test "a process without arguments is shown by its name in brackets" {
	running w1
	static_program "$BATS_TEST_TMPDIR/bare" <<-'END'
		#include <string.h>
		#include <unistd.h>
		int main(int argc, char **argv)
		{
			memset(argv[0], 0, strlen(argv[0]));
			pause();
		}
	END
	put w1 "$BATS_TEST_TMPDIR/bare" /bare
	zonectl exec w1 -- /bare &
	job=$!
	deadline 5 process w1 '[bare]'
	kill "$(process w1 '[bare]' | json "d['pid']")"
	wait "$job" || :
}

@test "whose names the zone of a process, and its pid inside" {
	running w1
	init=$(fact w1 init_pid)
	run zonectl whose "$init"
	[ "$(xargs <<<"${lines[1]}")" = "$init w1 1 init" ]
}

@test "whose exits 3 for a process of no zone, and for one that is not there" {
	fails 3 "zonectl: whose: process $$ is of no zone" zonectl whose $$
	fails 3 "zonectl: whose: no process 4194303" zonectl whose 4194303
	fails 2 "zonectl: whose: 'init' is no whole number" zonectl whose init
	fails 2 "zonectl: whose: no process named
  usage: zonectl whose PID..." zonectl whose
}

@test "whose tells those of several that are of a zone" {
	running w1
	init=$(fact w1 init_pid)
	run --separate-stderr zonectl whose $$ "$init"
	[ "$status" -eq 9 ]
	holds "process $$ is of no zone"
	holds "$init  w1"
}

@test "ps refuses a zone that is not there" {
	fails 3 'zonectl: ps: no zone "nope"
  try: zonectl list -a' zonectl ps nope
}
