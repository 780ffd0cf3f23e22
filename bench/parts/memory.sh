#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# What one more idle zone takes of the machine's memory: keeper, init and kernel objects.
set -euo pipefail

. "$ZONE_SRCDIR/bench/lib.bash"
bench_alone "$@"
. "$ZONE_SRCDIR/bench/limit.bash"

ZONES=${BENCH_ZONES:-500}
LIMITS=$((LIMITS_MAX < ZONES ? LIMITS_MAX : ZONES))

available_kib() {
	sync
	# What is freed comes back in the background.
	sleep 2
	awk '$1 == "MemAvailable:" { print $2 }' /proc/meminfo
}

# each BEFORE AFTER N: MiB.
each() {
	awk -v a="$1" -v b="$2" -v n="$3" 'BEGIN { printf "%.3f", (a - b) / n / 1024 }'
}

# zones NET: MiB that each of ZONES takes more than the first one.
zones() {
	local before afterwards

	zonectl create -q "m{1..$((ZONES + 1))}" -t minimal --net "$1" -j 2
	zonectl boot -q m1
	before=$(available_kib)
	zonectl boot -q "m{2..$((ZONES + 1))}" -j 2
	afterwards=$(available_kib)
	[ "$1" = none ] || keepers_kib 'm*' >"$work/keepers"
	zonectl destroy -q --force -y --all -j 2
	each "$before" "$afterwards" "$ZONES"
}

limits() {
	local before i

	limit_open_table
	limit_boot "$LIMITS" && "${limit_command[@]}"
	before=$(available_kib)
	for ((i = 1; i < LIMITS; i++)); do limit_boot "$i" && "${limit_command[@]}"; done
	each "$before" "$(available_kib)" "$((LIMITS - 1))"
	for ((i = 1; i <= LIMITS; i++)); do limit_end "$i" && "${limit_command[@]}"; done
}

report() {
	local median min max

	# In this order: what was made of the slabs for one is there for the next.
	limits >"$work/limits"
	zones routed >"$work/routed"
	zones none >"$work/none"
	printf '## Memory\n'
	figures "MemAvailable before and after $ZONES idle zones of minimal were booted beside one, divided, in MiB."
	figure 'one more idle zone, routed' "$(cat "$work/routed")" '<= 0.75' MiB
	figure 'one more idle zone, net=none' "$(cat "$work/none")" - MiB
	figure 'the same of the limit, routed' "$(cat "$work/limits")" - 'MiB, with the same init, no keeper'
	read -r median min max <"$work/keepers"
	figure "a keeper's private memory" "$median" '<= 200' "KiB, $min to $max"
}

bench_open
limit_open
part memory
