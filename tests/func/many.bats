#!/usr/bin/env bats
# SPDX-License-Identifier: GPL-2.0-or-later
# Many zones in one command: workers, batches, exec in all of them, what is told of them, hard days.
# shellcheck disable=SC2154,SC2016	# run --separate-stderr sets stderr; some is for shells of zones

load ../lib/zone

setup_file() {
	store_open || return
	[ "$EUID" -eq 0 ] || return 0
	# x4 is stopped.
	zonectl create 'x{1..4}' -t minimal --net none --tags crew
	zonectl boot 'x{1..3}'
}
teardown_file() { store_close; }
setup() { zone_setup; }

# create NAMES [OPTION...]: the cheapest zones there are.
create() {
	zonectl create "$@" -t minimal --net none
}

how_many() {
	zonectl list -a -H -o name "$1" 2>/dev/null | wc -l
}

# What a create that was interrupted leaves, which the next command sweeps.
begun() {
	find "$ZONECTL_ROOT/var/lib/zonectl/zones" -maxdepth 1 -name '.*-*' -printf '%f\n'
}

#
# exec
#

@test "exec in several zones puts the zone's name in front of each line" {
	run --separate-stderr zonectl exec 'x{1..3}' -- sh -c 'echo one; echo two of $(hostname); echo three >&2'
	[ "$status" -eq 0 ]
	[ "$(sort <<<"$output")" = "$(printf '%s\n' 'x1: one' 'x1: two of x1' 'x2: one' 'x2: two of x2' 'x3: one' 'x3: two of x3')" ]
	[ "$(sort <<<"$stderr")" = "$(printf '%s\n' 'x1: three' 'x2: three' 'x3: three')" ]
}

@test "a pattern that means one zone is several, a name is not" {
	prints "x1: hi" zonectl exec 'x[1]' -- echo hi
	prints "hi" zonectl exec x1 -- echo hi
}

@test "exec in several zones exits with 9 when one fails, and tells which with which status" {
	run --separate-stderr zonectl exec 'x{1..3}' -- sh -c 'case $(hostname) in x2) exit 3;; *) exit 0;; esac'
	[ "$status" -eq 9 ]
	[ "$stderr" = "zonectl: exec x2: exited with status 3
zonectl: exec: 1 of 3 failed" ]
	fails 9 "zonectl: exec x{1..3} (3 zones): execute 'nosuch': No such file or directory
zonectl: exec: 3 of 3 failed" zonectl exec 'x{1..3}' -- nosuch
	fails 9 "zonectl: exec x{1..3} (3 zones): exited with status 7
zonectl: exec x4: is not running
  try: zonectl boot x4
zonectl: exec: 4 of 4 failed" zonectl exec @crew -- sh -c 'exit 7'
}

@test "exec --all means the zones that run" {
	[ "$(zonectl exec --all -- hostname | sort | xargs)" = "x1: x1 x2: x2 x3: x3" ]
}

@test "commands in several zones have nothing to read" {
	[ "$(echo secret | zonectl exec 'x*[1-3]' -- wc -c | sort | xargs)" = "x1: 0 x2: 0 x3: 0" ]
	fails 125 "zonectl: exec: standard input (-i) is for one zone" zonectl exec -i x1 x2 -- cat
	fails 125 "zonectl: exec: a terminal (-t) is for one zone" zonectl exec -t x1 x2 -- sh
	fails 125 "zonectl: exec: no command given
  usage: zonectl exec NAME... [options] -- COMMAND..." zonectl exec 'x*'
}

@test "the last line needs no end, and a long one is broken" {
	prints "x1: a
x1: b" zonectl exec 'x[1]' -- printf 'a\nb'
	run zonectl exec 'x[1]' -- sh -c 'head -c 40000 /dev/zero | tr "\0" y'
	[ "$(tr -d '\n' <<<"$output" | sed 's/x1: //g' | wc -c)" -eq 40000 ]
	[ "$(wc -l <<<"$output")" -eq 3 ]
}

@test "lines of several zones are never mixed" {
	zonectl exec 'x{1..3}' -- sh -c 'for i in 1 2 3 4 5 6 7 8 9; do head -c 9000 /dev/zero | tr "\0" "${HOSTNAME:-$(hostname)}"; echo; done' \
		>"$BATS_TEST_TMPDIR/out"
	[ "$(wc -l <"$BATS_TEST_TMPDIR/out")" -eq 27 ]
	not grep -vE '^x[1-3]: x{9000}$' "$BATS_TEST_TMPDIR/out"
}

@test "what a zone says does not steer the terminal, and passes a pipe as it is" {
	prints $'x1: a\e[2Jb\tc' zonectl exec 'x[1]' -- printf 'a\033[2Jb\tc\n'
	on_terminal /dev/stdin <<-'END'
		zonectl exec {x[1]} --no-color -- printf {a\033[2Jb\tc\n}
		see "x1: a\\x1b\[2Jb"
		ends 0
		zonectl exec {x[1]} --collate -- printf {a\033[2Jb\n}
		see "a\\x1b\[2Jb"
		ends 0
	END
}

@test "--collate prints equal outputs once" {
	run --separate-stderr zonectl exec --collate @crew -- sh -c \
		'echo same; case $(hostname) in x2) echo other >&2; exit 4;; esac'
	[ "$status" -eq 9 ]
	[ "$output" = "x{1,3} (2 zones):
same
x2 (1 zone), status 4:
same
other" ]
	[ "$stderr" = "zonectl: exec x2: exited with status 4
zonectl: exec x4: is not running
  try: zonectl boot x4
zonectl: exec: 2 of 4 failed" ]
}

@test "what --collate keeps of a zone is bounded" {
	zonectl exec --collate 'x{1..2}' -- sh -c 'head -c 1000000 /dev/zero | tr "\0" y' >"$BATS_TEST_TMPDIR/out"
	[ "$(head -n 1 "$BATS_TEST_TMPDIR/out")" = "x{1,2} (2 zones), cut:" ]
	[ "$(sed -n 2p "$BATS_TEST_TMPDIR/out" | tr -d '\n' | wc -c)" -eq 262144 ]
}

@test "exec --json gives an object a line, also of zones that can't" {
	run --separate-stderr zonectl exec --json x1 x4 -- sh -c 'printf "a\377\000b\n"; echo e >&2; exit 2'
	[ "$status" -eq 9 ]
	line() { grep -F "\"zone\":\"$1\"" <<<"$output" | json "$2"; }
	[ "$(line x1 "[d['exit'], d['stdout'], d['stderr'], d['cut'], 'error' in d]")" = '[2, "a\ufffd\ufffdb\n", "e\n", false, false]' ]
	[ "$(line x4 "[d['exit'], d['stdout'], d['error']['code']]")" = '[125, "", "wrong-state"]' ]
	[ "$(json "d['error']['message']" <<<"$stderr")" = "2 of 2 failed" ]
}

@test "a reader of exec that goes away ends it in all zones" {
	[ "$(timeout 20 "$ZONECTL" exec -j 1 'x{1..3}' -- yes 2>/dev/null | head -n 1)" = "x1: y" ]
	deadline 5 is_idle
}

# No command of exec's is left in x1, x2, x3.
is_idle() {
	[ -z "$(zonectl exec 'x{1..3}' -- pidof yes sleep)" ]
}

@test "a signal to exec ends the commands, and begins no more" {
	"$ZONECTL" exec -j 2 'x{1..3}' -- sh -c 'echo up; exec sleep 1000' >"$BATS_TEST_TMPDIR/out" 2>"$BATS_TEST_TMPDIR/err" 3>&- 4>&- &
	pid=$!
	deadline 10 has_lines 2 "$BATS_TEST_TMPDIR/out"
	kill -TERM "$pid"
	status=0
	wait "$pid" || status=$?
	[ "$status" -eq 143 ]
	grep -qxF "zonectl: exec x{1,2} (2 zones): interrupted" "$BATS_TEST_TMPDIR/err"
	grep -qxF "zonectl: exec x3: not tried" "$BATS_TEST_TMPDIR/err"
	[ "$(tail -n 1 "$BATS_TEST_TMPDIR/err")" = "zonectl: exec: interrupted: 0 of 3 done, 2 failed, 1 not tried" ]
	is_idle
}

has_lines() {
	[ "$(wc -l <"$2")" -ge "$1" ]
}

#
# Several at a time
#

@test "--max-fail begins no more, and tells what was not tried" {
	fails 9 "zonectl: boot x{1..3} (3 zones): is running
  try: zonectl shutdown 'x{1..3}'
zonectl: boot x4: not tried
zonectl: boot: 3 of 4 failed, 1 not tried" zonectl boot -j 1 --max-fail 3 'x{1..4}'
	fails 9 "zonectl: boot x1: is running
  try: zonectl shutdown x1
zonectl: boot x{2..4} (3 zones): not tried
zonectl: boot: 1 of 4 failed, 3 not tried" zonectl boot -j 1 --max-fail 25% 'x{1..4}'
	state_is x4 installed
	for bad in 0 101% x % -1; do
		exits 2 zonectl boot x4 --max-fail "$bad"
	done
}

@test "--serial begins the next batch when one is done, and not after one that failed whole" {
	zonectl exec -j 4 --serial 1 'x{1..3}' -- sh -c 'echo begin; sleep 0.1; echo end' >"$BATS_TEST_TMPDIR/out"
	[ "$(xargs <"$BATS_TEST_TMPDIR/out")" = "x1: begin x1: end x2: begin x2: end x3: begin x3: end" ]
	run --separate-stderr zonectl exec --serial 50% 'x{1..4}' -- sh -c 'echo run; exit 1'
	[ "$(sort <<<"$output")" = "x1: run
x2: run" ]
	[ "$stderr" = "zonectl: exec x{1,2} (2 zones): exited with status 1
zonectl: exec x{3,4} (2 zones): not tried
zonectl: exec: 2 of 4 failed, 2 not tried" ]
}

@test "--json tells of each zone that was changed, or not" {
	run --separate-stderr zonectl boot --json -j 1 --max-fail 1 x1 x4
	[ "$status" -eq 9 ]
	[ "$(head -n 1 <<<"$output" | json "[d['zone'], d['verb'], d['result'], d['error']['code']]")" = '["x1", "boot", "failed", "wrong-state"]' ]
	[ "$(tail -n 1 <<<"$output" | json "[d['zone'], d['result'], len(d)]")" = '["x4", "untried", 3]' ]
	[ "$(head -n 1 <<<"$stderr" | json "d['error']['zone']")" = x1 ]
	run --separate-stderr zonectl shutdown --json x2 x3 --timeout 10s
	[ "$(sort <<<"$output" | head -n 1 | json "[d['name'], d['zone'], d['stopped_by'], d['result'], d['seconds'] < 10]")" = '["x2", "x2", "init", "done", true]' ]
	zonectl boot x2 x3
}

@test "there are no more workers than -j says, whatever the number of zones" {
	command -v strace >/dev/null || skip "needs strace"
	strace -f -qq -o "$BATS_TEST_TMPDIR/trace" -e trace=prctl "$ZONECTL" set -j 3 'x{1..4}' description=new
	[ "$(grep -c PR_SET_PDEATHSIG "$BATS_TEST_TMPDIR/trace")" -le 3 ]
	[ "$(zonectl info 'x*' --json | json "[z['properties']['description'] for z in d]")" = '["new", "new", "new", "new"]' ]
}

# How many descriptors the keeper of $1 has.
held() {
	find "/proc/$(fact "$1" keeper_pid)/fd" -mindepth 1 | wc -l
}

@test "a keeper holds nothing of the worker that started it" {
	zonectl halt x1 x2
	zonectl boot x1
	zonectl boot x2 x4
	[ "$(held x2)" -eq "$(held x1)" ]
	zonectl halt x4
}

# The workers of the command $1.
workers() {
	cat "/proc/$1/task/$1/children"
}

@test "a worker that is killed is one zone's failure; the others are done" {
	"$ZONECTL" exec -j 1 'x{1..3}' -- sh -c '[ "$(hostname)" != x1 ] || sleep 1000; echo done' \
		>"$BATS_TEST_TMPDIR/out" 2>"$BATS_TEST_TMPDIR/err" 3>&- 4>&- &
	pid=$!
	deadline 10 sleeps x1
	workers "$pid" | xargs kill -KILL
	status=0
	wait "$pid" || status=$?
	[ "$status" -eq 9 ]
	[ "$(xargs <"$BATS_TEST_TMPDIR/out")" = "x2: done x3: done" ]
	[ "$(cat "$BATS_TEST_TMPDIR/err")" = "zonectl: exec x1: the worker was killed by signal 9
zonectl: exec: 1 of 3 failed" ]
	zonectl exec x1 -- killall sleep
}

sleeps() {
	zonectl exec "$1" -- pidof sleep >/dev/null
}

#
# create
#

@test "create --skip-existing makes what is missing, and says what it passed over" {
	create 'c{1..2}'
	id=$(fact c1 uuid)
	run --separate-stderr create 'c{1..4}' --skip-existing
	[ "$status" -eq 0 ]
	[ "$stderr" = "zonectl: create c{1,2} (2 zones): exists already, skipped" ]
	[ "$(fact c1 uuid)" = "$id" ]
	[ "$(how_many 'c*')" -eq 4 ]
	run --separate-stderr create c1 --skip-existing
	[ "$status" -eq 0 ]
	[ "$stderr" = "zonectl: create c1: exists already, skipped" ]
	[ "$(create c1 c5 --skip-existing --json | sort | json_lines "d['zone'] + d['result']")" = "c1skipped c5done" ]
	fails 9 "zonectl: create c{1..5} (5 zones): exists already
zonectl: create: 5 of 5 failed" create 'c{1..5}'
	zonectl destroy -y 'c*'
}

json_lines() {
	while read -r line; do
		json "$1" <<<"$line"
	done | xargs
}

@test "create --skip-existing --boot boots what is stopped, and removes no zone that was there" {
	create 'c{1..2}'
	create 'c{1..3}' --skip-existing --boot
	[ "$(zonectl list -H -o name 'c*' | xargs)" = "c1 c2 c3" ]
	prints "" zonectl create -q 'c{1..3}' -t minimal --skip-existing --boot
	zonectl halt 'c*'
	mkdir "$BATS_TEST_TMPDIR/gone"
	zonectl set c1 mount="$BATS_TEST_TMPDIR/gone:/mnt"
	rmdir "$BATS_TEST_TMPDIR/gone"
	exits 9 create 'c{1..2}' --skip-existing --boot
	holds "1 of 2 failed"
	state_is c1 installed
	state_is c2 running
	zonectl destroy --force -y 'c*'
}

# Every zone k1, k2, ... is whole; what was begun is no more.
are_whole() {
	[ -z "$(zonectl list -a -H -o name,state 'k*' | grep -v ' installed$')" ]
}

# interrupted SIGNAL [GROUP]: a create of 300 zones that gets it when some are made.
interrupted() {
	local to

	setsid "$ZONECTL" create 'k{1..300}' -t minimal --net none >"$BATS_TEST_TMPDIR/out" 2>"$BATS_TEST_TMPDIR/err" 3>&- 4>&- &
	pid=$!
	deadline 20 is_under_way
	to=$pid
	[ -z "${2:-}" ] || to=-$pid
	kill "-$1" -- "$to"
	status=0
	wait "$pid" || status=$?
}

# How many ranges of uids are taken in a store.
ranges() {
	find "$1/var/lib/zonectl/uids" -mindepth 1 ! -name '.*' | wc -l
}

is_under_way() {
	[ -e "$ZONECTL_ROOT/var/lib/zonectl/zones/k5" ]
}

@test "a signal in the middle of many creates: what is done is done, the rest never happened" {
	interrupted INT
	[ "$status" -eq 130 ]
	[ -z "$(begun)" ]
	are_whole
	n=$(how_many 'k*')
	[ "$n" -lt 300 ]
	tail -n 1 "$BATS_TEST_TMPDIR/err" | grep -qxF "zonectl: create: interrupted: $n of 300 done, 0 failed, $((300 - n)) not tried"
	[ "$(ranges "$ZONECTL_ROOT")" -eq $((n + 4)) ]
	zonectl destroy -y 'k*'
}

@test "kill -9 of all of it in the middle, and the same command again does what is missing" {
	interrupted KILL group
	[ "$status" -eq 137 ]
	deadline 5 no_process
	zonectl create 'k{1..60}' -t minimal --net none --skip-existing -q
	zonectl destroy -q -y 'k{61..300}' 2>/dev/null || :
	[ "$(how_many 'k*')" -eq 60 ]
	are_whole
	[ -z "$(begun)" ]
	prints "" sh -c '"$ZONECTL" verify "k*"'
	zonectl destroy -y 'k*'
}

no_process() {
	[ -z "$(pids_of zonectl)" ]
}

@test "a killed command's workers finish what they do and end" {
	interrupted KILL
	deadline 10 no_process
	[ -z "$(begun)" ]
	are_whole
	zonectl destroy -y 'k*'
}

#
# What runs out
#

# small: a store on a file system of 8 MiB of its own.
small() {
	command -v mkfs.ext4 >/dev/null || skip "needs mkfs.ext4"
	disk=$BATS_TEST_TMPDIR/disk
	small=$BATS_TEST_TMPDIR/small
	mkdir "$small"
	truncate -s 16M "$disk"
	mkfs.ext4 -q "$disk"
	mount -o loop "$disk" "$small" || skip "kernel: no loop device"
	mkdir "$small/root"
}

teardown() {
	[ -z "${small:-}" ] || ! mountpoint -q "$small" || umount "$small"
	[ -z "${limited:-}" ] || echo max >"$limited"
}

@test "a disk that fills: the zones that fit are whole, the others leave nothing, one line tells" {
	small
	zonectl --root "$small/root" template build minimal -q
	run --separate-stderr zonectl --root "$small/root" create 'd{1..30}' -t minimal --net none --storage copy
	[ "$status" -eq 9 ]
	holds "No space left on device"
	n=$(zonectl --root "$small/root" list -a -H -o name | wc -l)
	[ "$n" -gt 0 ] && [ "$n" -lt 30 ]
	holds "zonectl: create: $((30 - n)) of 30 failed"
	[ "$(wc -l <<<"$stderr")" -le 6 ]
	[ -z "$(zonectl --root "$small/root" list -a -H -o state | grep -vx installed)" ]
	[ -z "$(find "$small/root/var/lib/zonectl/zones" -maxdepth 1 -name '.*-*')" ]
	[ "$(ranges "$small/root")" -eq "$n" ]
	zonectl --root "$small/root" destroy -y --all
}

# The group that all of the store's zones are in, where this host counts processes.
pids_max() {
	find /sys/fs/cgroup -maxdepth 4 -path "*zonectl-$(store_id)*" -name pids.max | awk -F/ '{ print NF, $0 }' |
		sort -n | head -n 1 | cut -d ' ' -f 2
}

@test "processes that run out: zones that have none are as before, the others run" {
	limited=$(pids_max)
	[ -n "$limited" ] || skip "kernel: no group of the store counts processes"
	create 'p{1..12}'
	echo $(($(cat "${limited%max}current") + 12)) >"$limited"
	run --separate-stderr zonectl boot 'p{1..12}'
	[ "$status" -eq 9 ]
	holds "Resource temporarily unavailable"
	n=$(zonectl list -H -o name 'p*' | wc -l)
	[ "$n" -gt 0 ] && [ "$n" -lt 12 ]
	holds "zonectl: boot: $((12 - n)) of 12 failed"
	[ "$(zonectl list -a -H -o state 'p*' | sort | uniq -c | xargs)" = "$((12 - n)) installed $n running" ]
	echo max >"$limited"
	zonectl boot 'p{1..12}' 2>/dev/null || :
	[ "$(zonectl list -H -o name 'p*' | wc -l)" -eq 12 ]
	zonectl destroy --force -y 'p*'
}
