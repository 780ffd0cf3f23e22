#!/usr/bin/env bats
# SPDX-License-Identifier: GPL-2.0-or-later
# zonectl exec

load ../lib/zone

setup_file() { store_open; }
teardown_file() { store_close; }
setup() { zone_setup; }

setup() {
	zone_setup
	running e1
}

# Random bytes, so also those that a terminal would change.
random() { head -c "$1" /dev/urandom >"$BATS_TEST_TMPDIR/random"; }

@test "exec passes binary through standard input and output byte for byte" {
	random 1048576
	zonectl exec e1 -- cat <"$BATS_TEST_TMPDIR/random" >"$BATS_TEST_TMPDIR/copy"
	cmp "$BATS_TEST_TMPDIR/random" "$BATS_TEST_TMPDIR/copy"
}

@test "exec passes binary through pipes byte for byte" {
	random 1048576
	sum=$(sha256sum <"$BATS_TEST_TMPDIR/random")
	[ "$(cat "$BATS_TEST_TMPDIR/random" | zonectl exec e1 -- cat | sha256sum)" = "$sum" ]
	[ "$(cat "$BATS_TEST_TMPDIR/random" | zonectl exec e1 -- sha256sum)" = "$sum" ]
}

@test "exec keeps standard output and standard error apart" {
	random 300000
	zonectl exec e1 -- sh -c 'tee /tmp/both; cat /tmp/both >&2' \
		<"$BATS_TEST_TMPDIR/random" >"$BATS_TEST_TMPDIR/out" 2>"$BATS_TEST_TMPDIR/err"
	cmp "$BATS_TEST_TMPDIR/random" "$BATS_TEST_TMPDIR/out"
	cmp "$BATS_TEST_TMPDIR/random" "$BATS_TEST_TMPDIR/err"
}

@test "exec gives the command the end of its standard input" {
	prints 3 zonectl exec e1 -- wc -c < <(printf abc)
	prints 0 zonectl exec e1 -- wc -c </dev/null
}

@test "exec reads from and writes to devices of the host" {
	[ "$(zonectl exec e1 -- head -c 1000 </dev/zero | wc -c)" -eq 1000 ]
	zonectl exec e1 -- echo x >/dev/null
}

@test "exec ends when the reader of its output goes away" {
	[ "$(timeout 20 "$ZONECTL" exec e1 -- yes | head -n 1)" = y ]
}

@test "exec exits with the command's code, each from 0 to 255" {
	for code in {0..255}; do
		status=0
		zonectl exec e1 -- sh -c "exit $code" || status=$?
		[ "$status" -eq "$code" ] || { echo "$status, want $code"; return 1; }
	done
}

@test "exec exits with 128 and the signal's number when one killed the command" {
	exits 137 zonectl exec e1 -- sh -c 'kill -9 $$'
	exits 143 zonectl exec e1 -- sh -c 'kill -TERM $$'
}

@test "exec exits with 127 when there is no such command" {
	fails 127 "zonectl: exec e1: execute 'nosuch': No such file or directory" zonectl exec e1 -- nosuch
	exits 127 zonectl exec e1 -- /no/such
}

@test "exec exits with 126 when the command can't be executed" {
	exits 126 zonectl exec e1 -- /etc/passwd
	holds "/etc/passwd"
	exits 126 zonectl exec e1 -- /etc
}

@test "exec exits with 125 when zonectl itself failed" {
	fails 125 "zonectl: exec nosuch: no zone \"nosuch\"
  try: zonectl list -a" zonectl exec nosuch -- true
	fails 125 "zonectl: exec e1: no user 'nobodyknows'" zonectl exec e1 -u nobodyknows -- true
	installed e2
	fails 125 "zonectl: exec e2: is not running
  try: zonectl boot e2" zonectl exec e2 -- true
}

@test "exec without a command is a mistake in its use" {
	exits 125 zonectl exec e1
	holds "usage: zonectl exec"
	exits 125 zonectl exec e1 --
}

@test "exec -u runs the command as a user, by name, number, or number and group" {
	prints "uid=33(www-data) gid=33(www-data) groups=33(www-data)" zonectl exec e1 -u www-data -- id
	prints "1234" zonectl exec e1 -u 1234 -- id -u
	prints "77" zonectl exec e1 -u 1234:77 -- id -g
	prints "uid=0(root) gid=0(root)" zonectl exec e1 -- id
}

@test "exec -u gives the user's groups and home" {
	zonectl exec e1 -- sh -c 'grep -q ^ann: /etc/passwd || { echo ann:x:500:500::/home/ann:/bin/sh >>/etc/passwd; echo ann:x:500: >>/etc/group; sed -i "s/^users:x:100:.*/users:x:100:ann/" /etc/group; }'
	prints "uid=500(ann) gid=500(ann) groups=100(users),500(ann)" zonectl exec e1 -u ann -- id
	prints "/home/ann" zonectl exec e1 -u ann -- sh -c 'echo $HOME'
}

@test "exec -u needs no shadow entry and no shell of the user" {
	prints nobody zonectl exec e1 -u nobody -- id -un
}

@test "exec -w runs the command in a directory" {
	prints /etc zonectl exec e1 -w /etc -- pwd
	prints / zonectl exec e1 -- pwd
	exits 125 zonectl exec e1 -w /nosuch -- pwd
	holds "/nosuch"
}

@test "exec -e adds to a clean environment" {
	SECRET=1 run --separate-stderr zonectl exec e1 -e A=1 -e "B=two words" -- env
	grep -qx A=1 <<<"$output"
	grep -qx "B=two words" <<<"$output"
	grep -q ^PATH= <<<"$output"
	not grep -q SECRET <<<"$output"
	not grep -q ZONECTL <<<"$output"
	fails 125 "zonectl: exec e1: option '-e': 'A' is no NAME=VALUE" zonectl exec e1 -e A -- env
}

@test "exec gives no terminal, -t does" {
	prints "not a tty" zonectl exec e1 -- sh -c 'tty || :'
	on_terminal <(cat <<-'END'
		zonectl exec e1 -- sh -c {tty || :}
		see "not a tty"
		ends 0
		zonectl exec -t e1 -- sh -c {tty; test -c $(tty) && echo exists}
		see "/dev/pts/"
		see "exists"
		ends 0
	END
	)
}

@test "exec gives the command no descriptor but the first three" {
	run --separate-stderr zonectl exec e1 -- sh -c 'ls /proc/self/fd | tr "\n" " "' 9</etc/passwd
	# The fourth is ls reading the directory.
	[ "$output" = "0 1 2 3 " ]
}

@test "exec runs the command in the zone's cgroup, namespaces and session" {
	init=$(fact e1 init_pid)
	for ns in pid mnt uts ipc net user cgroup; do
		[ "$(zonectl exec e1 -- readlink "/proc/self/ns/$ns")" = "$(readlink "/proc/$init/ns/$ns")" ]
	done
	zonectl exec e1 -- sleep 1000 &
	deadline 5 sh -c "grep -q sleep /sys/fs/cgroup/*/zonectl-$(store_id)*/e1/cgroup.procs /dev/null || \
		find /sys/fs/cgroup -path '*zonectl-$(store_id)*/e1*' -name cgroup.procs -exec cat {} + | xargs -I@ cat /proc/@/comm | grep -q sleep"
	kill "$!"
	wait "$!" || [ $? -eq 143 ]
}

@test "a signal to exec is passed on to the command" {
	zonectl exec e1 -- sh -c 'trap "echo got it; exit 7" TERM; echo ready; while :; do sleep 0.05; done' \
		>"$BATS_TEST_TMPDIR/out" &
	deadline 5 grep -q ready "$BATS_TEST_TMPDIR/out"
	kill -TERM "$(pgrep -P "$!" -x zonectl || echo "$!")"
	status=0
	wait "$!" || status=$?
	[ "$status" -eq 7 ]
	grep -q "got it" "$BATS_TEST_TMPDIR/out"
}

@test "a command started by exec has no more power than the zone's init" {
	init=$(fact e1 init_pid)
	zonectl exec e1 -- cat /proc/self/status >"$BATS_TEST_TMPDIR/status"
	for field in CapBnd CapEff CapPrm CapInh CapAmb Seccomp NoNewPrivs; do
		[ "$(grep "^$field:" "$BATS_TEST_TMPDIR/status")" = "$(grep "^$field:" "/proc/$init/status")" ]
	done
}

@test "a hundred execs leave no process and no descriptor behind" {
	before=$(ls "/proc/$(fact e1 keeper_pid)/fd" | wc -l)
	for _ in {1..100}; do zonectl exec e1 -- true; done
	[ "$(ls "/proc/$(fact e1 keeper_pid)/fd" | wc -l)" -eq "$before" ]
	[ "$(zonectl exec e1 -- ps | grep -c '[t]rue')" -eq 0 ]
}
