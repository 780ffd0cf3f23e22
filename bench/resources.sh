#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# Whether zones get what they were promised and no more: processor quotas and weights, what a zone
# notices of one that takes all it can, and how long it takes to look at a thousand. Prints tables and
# writes them to RESOURCES.md, the figures to RESOURCES.json. "make bench-resources" sets ZONECTL,
# ZONE_SRCDIR and ZONE_BUILDDIR.
set -euo pipefail

. "$ZONE_SRCDIR/bench/lib.bash"
bench_alone "$@"

SECONDS_EACH=${BENCH_SECONDS:-5}	# of each round beside a neighbour
ROUNDS=${BENCH_ROUNDS:-12}		# 60 s of each neighbour in all
QUOTA_SECONDS=${BENCH_QUOTA_SECONDS:-10}
RUNNING=${BENCH_RUNNING:-1000}
ZONES=${BENCH_ZONES:-2000}
PARTS=${BENCH_PARTS:-quotas weights neighbours looks}
SLACK=2					# s that a load begins before and ends after what is measured
HOG_MEMORY=128				# MiB; the hog takes ten times that

# zone NAME [OPTION...]: a running one with the program in it.
zone() {
	zonectl create "$@" -t minimal --boot
	zonectl exec "$1" -- sh -c 'cat >/bin/neighbour && chmod 755 /bin/neighbour' <"$tools/neighbour"
}

fact() {
	zonectl info "$1" --json | awk -F '[:,]' -v key="\"$2\"" '$1 ~ key { print $2 + 0; exit }'
}

#
# Processor time
#

# used NAME...: processors that each used, over QUOTA_SECONDS.
used() {
	local name from

	from=$(date +%s.%N)
	for name; do fact "$name" cpu_seconds; done >"$work/before"
	sleep "$QUOTA_SECONDS"
	for name; do fact "$name" cpu_seconds; done >"$work/after"
	paste "$work/before" "$work/after" |
		awk -v time="$(echo "$(date +%s.%N) $from" | awk '{ print $1 - $2 }')" '{ printf "%.3f\n", ($2 - $1) / time }'
}

# spinning NAME N: N busy processes in the zone, for as long as used() takes and a little more.
spinning() {
	zonectl exec "$1" -- neighbour $((QUOTA_SECONDS + 2 * SLACK)) spin "$2" >/dev/null &
}

quotas() {
	local n

	heading "cpus=0.5" "Processors used by that many busy processes, over $QUOTA_SECONDS s."
	zone quota --cpus 0.5
	for n in 1 2 8; do
		spinning quota "$n"
		sleep "$SLACK"
		figure "$n busy" "$(used quota)" "0.475 to 0.525" ""
		wait
	done
	zonectl destroy -q --force -y quota
}

weights() {
	local where

	heading "cpu-weight 100 and 300" "What the second used to what the first used, each with eight busy processes."
	for where in 0 ""; do
		zone light --cpu-weight 100 --cpuset "$where"
		zone heavy --cpu-weight 300 --cpuset "$where"
		spinning light 8
		spinning heavy 8
		sleep "$SLACK"
		used light heavy >"$work/used"
		figure "$([ -n "$where" ] && echo one processor || echo all processors)" \
			"$(awk 'NR == 1 { a = $1 } NR == 2 { printf "%.2f", $1 / a }' "$work/used")" "2.7 to 3.3" \
			"$(paste -s -d / "$work/used")"
		wait
		zonectl destroy -q --force -y light heavy
	done
}

#
# Neighbours
#

killed_on_host() {
	awk '$1 == "oom_kill" { print $2 }' /proc/vmstat
}

# beside NAME TASK LOAD...: ROUNDS times the task in a zone alone, and with the load in another. The lines
# that it prints go to $work/NAME.quiet and $work/NAME.loaded.
beside() {
	local name=$1 task=$2 round
	shift 2

	for ((round = 0; round < ROUNDS; round++)); do
		# shellcheck disable=SC2086	# words
		zonectl exec calm -- neighbour "$SECONDS_EACH" $task >>"$work/$name.quiet"
		zonectl exec hog -- neighbour $((SECONDS_EACH + 2 * SLACK)) "$@" >>"$work/$name.hog" 2>/dev/null &
		sleep "$SLACK"
		# shellcheck disable=SC2086
		zonectl exec calm -- neighbour "$SECONDS_EACH" $task >>"$work/$name.loaded"
		wait
	done
}

# middle FILE COLUMN
middle() {
	awk -v c="$2" '{ print $c }' "$1" | sort -n | awk '{ v[NR] = $1 } END { print v[int((NR + 1) / 2)] }'
}

# ratio NAME COLUMN [inverse]
ratio() {
	local quiet loaded

	quiet=$(middle "$work/$1.quiet" "$2")
	loaded=$(middle "$work/$1.loaded" "$2")
	awk -v q="$quiet" -v l="$loaded" -v i="${3:-}" 'BEGIN { printf "%.2f", i ? q / l : l / q }'
}

# The round that other work on the machine disturbed least.
least() {
	awk -v c="$2" '{ print $c }' "$1" | sort -n | head -n 1
}

both() {
	echo "$(middle "$work/$1.quiet" "$2") alone, $(middle "$work/$1.loaded" "$2") beside it" \
		"(least $(least "$work/$1.quiet" "$2"), $(least "$work/$1.loaded" "$2"))"
}

memory_hog() {
	local before inside

	before=$(killed_on_host)
	beside memory task memory $((10 * HOG_MEMORY))
	inside=$(fact hog oom_kills)
	figure "ten times its memory: p99" "$(ratio memory 3)" "<= 1.25" "$(both memory 3) ms"
	figure "ten times its memory: median" "$(ratio memory 2)" - "$(both memory 2) ms"
	figure "killed outside of it" $(($(killed_on_host) - before - inside)) "<= 0" "$inside inside"
}

neighbours() {
	heading "Neighbours" "What a zone notices of another that takes all it can: $ROUNDS rounds of $SECONDS_EACH s alone and
as many beside it, in turn, the median of the rounds. The task (bench/neighbour.c) is a request of about a
millisecond, every 10 ms. Both zones have the default weight; the hog has memory=${HOG_MEMORY}M, pids=4096."
	zone calm
	zone hog --memory "${HOG_MEMORY}M"
	memory_hog
	if [ "$(nproc)" -gt 1 ]; then
		zonectl set calm cpuset=0
		zonectl set hog cpuset=1
		beside apart task memory $((10 * HOG_MEMORY))
		zonectl set calm hog cpuset=
		figure "ten times its memory, on another processor: p99" "$(ratio apart 3)" "<= 1.25" "$(both apart 3) ms"
	fi
	beside bomb task bomb
	figure "fork bomb: p99" "$(ratio bomb 3)" "<= 2" "$(both bomb 3) ms"
	figure "fork bomb: median" "$(ratio bomb 2)" - "$(both bomb 2) ms"
	beside spin "spin 1" spin 8
	figure "8 spinners: time of one spinner" "$(ratio spin 5 inverse)" "<= 1.1" "$(both spin 5) pieces/s"
	beside task task spin 8
	figure "8 spinners: p99 of the task" "$(ratio task 3)" - "$(both task 3) ms"
	beside disk "sync /root/file" flood /root/file
	figure "disk written all the time: p99 of fdatasync" "$(ratio disk 3)" - "$(both disk 3) ms"
	figure "disk written all the time: median of fdatasync" "$(ratio disk 2)" - "$(both disk 2) ms"
	zonectl destroy -q --force -y calm hog
}

#
# Looking at many
#

# look NAME LIMIT COMMAND...: the median of 11 runs, ms.
look() {
	local name=$1 limit=$2 median words
	shift 2

	IFS=$'\t' read -r median words < <("$tools/timer" 11 2 look "$ZONECTL" --root "$store" "$@" ::: |
		awk -F '\t' '{ printf "%s\tleast %s, CPU %s\n", $3, $2, $5 }')
	figure "$name" "$median" "$limit" "$words"
}

looks() {
	heading "Looking at many" "Whole commands, median of 11 runs, ms; $ZONES zones, of which $RUNNING run with net=none."
	zonectl create -q "z{1..$ZONES}" -t minimal --net none -j 2
	look "list -a, none running" "<= 50" list -a
	zonectl boot -q "z{1..$RUNNING}" -j 2
	look "stat" "<= 150" stat
	look "stat --json" - stat --json
	look "list" - list
	look "list -a" - list -a
	zonectl destroy -q --force -y --all -j 2
}

report() {
	local part

	cat <<-END
		# Resources of zones

		Written by \`make bench-resources\` (bench/README.md says how to read it).
		$(machine_line)
	END
	for part in $PARTS; do
		"$part"
	done
	printf '\nLoad %s at the end.\n' "$(load_now)"
}

bench_open
publish RESOURCES
