#!/usr/bin/env bats
# SPDX-License-Identifier: GPL-2.0-or-later
# What zones get beside each other: short forms of make bench-resources
# shellcheck disable=SC2016	# some is for shells of zones

load ../lib/zone

setup_file() { store_open; }
teardown_file() { store_close; }
setup() { zone_setup; }

# busy NAME SECONDS N: N processes of the zone compute for so long.
busy() {
	zonectl exec "$1" -- timeout "$2" sh -c 'i=1; while [ "$i" -lt "$0" ]; do
		(while :; do :; done) & i=$((i + 1)); done; while :; do :; done' "$3" || [ "$?" -eq 143 ]
	zonectl exec "$1" -- killall -q -9 sh || :
}

# between LOW HIGH A / B
between() {
	python3 -c "import sys
v = $3
print('$3 =', round(v, 3))
sys.exit(not $1 <= v <= $2)"
}

@test "zones with the weights 100 and 300 share a processor 1 to 3" {
	installed light --cpuset 0 --cpu-weight 100 --boot
	installed heavy --cpuset 0 --cpu-weight 300 --boot
	busy light 3 2 3>&- &
	busy heavy 3 2 3>&-
	wait
	between 2.2 4 "$(fact heavy cpu_seconds) / $(fact light cpu_seconds)"
}

@test "eight busy processes have no more of cpus=0.5 than half a processor" {
	local before from

	installed half --cpus 0.5 --boot
	before=$(fact half cpu_seconds)
	from=$(date +%s.%N)
	busy half 2 8
	# What stands below a processor that others have is no fault of ours, what stands above is.
	between 0.2 0.56 "($(fact half cpu_seconds) - $before) / ($(date +%s.%N) - $from)"
}

@test "a zone that takes ten times its memory is ended inside, and its neighbour goes on" {
	static_program "$BATS_TEST_TMPDIR/neighbour" <"$ZONE_SRCDIR/bench/neighbour.c"
	installed hog --memory 16M --boot
	running calm
	put hog "$BATS_TEST_TMPDIR/neighbour" /bin/neighbour
	put calm "$BATS_TEST_TMPDIR/neighbour" /bin/neighbour
	zonectl exec hog -- neighbour 3 memory 160 3>&- &
	run zonectl exec calm -- neighbour 2 task
	[ "$status" -eq 0 ]
	wait
	[ "$(fact hog oom_kills)" -gt 0 ]
	[ "$(fact calm oom_kills)" -eq 0 ]
	state_is calm running
	state_is hog running
}

@test "a fork bomb stays within its zone's pids, and its neighbour goes on" {
	static_program "$BATS_TEST_TMPDIR/neighbour" <"$ZONE_SRCDIR/bench/neighbour.c"
	installed bomb --pids 200 --boot
	running calm
	put bomb "$BATS_TEST_TMPDIR/neighbour" /bin/neighbour
	put calm "$BATS_TEST_TMPDIR/neighbour" /bin/neighbour
	zonectl exec bomb -- neighbour 3 bomb 3>&- &
	run zonectl exec calm -- neighbour 2 task
	[ "$status" -eq 0 ]
	[ "$(fact bomb pids)" -le 200 ]
	zonectl halt bomb
	wait
	state_is calm running
}
