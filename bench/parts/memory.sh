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

# How many KiB of a memory group are the kernel's lists of filesystems that it could shrink: one for
# each 64 that were ever mounted at once, until the host is booted again (NOTES.md). And how many would
# be of those that are mounted now, which the highest number of one in a zone tells: a new one gets
# the lowest that is free.
lists_kib() {
	local dir before

	dir=$(cgroup_mount cgroup memory)
	dir=${dir:-$(cgroup_mount cgroup2 '')}/zone-bench.$$
	mkdir "$dir"
	before=$(awk '$1 == "kmalloc-1k" { print $2 }' /proc/slabinfo)
	mkdir "$dir"/{1..64}
	awk -v before="$before" '$1 == "kmalloc-1k" { printf "%d ", ($2 - before) / 64 }' /proc/slabinfo
	rmdir "$dir"/{1..64} "$dir"
	zonectl info 'm*' --json | awk -F '[:,]' '/"init_pid"/ { print $2 + 0 }' | while read -r pid; do
		cut -d' ' -f3 "/proc/$pid/mountinfo"
	done | awk -F : '$1 == 0 && $2 > most { most = $2 } END { print int(most / 64) + 1 }'
}

# Of how many memory groups a zone is.
groups_each() {
	local dir

	dir=$(cgroup_mount cgroup memory)
	dir=${dir:-$(cgroup_mount cgroup2 '')}
	find "$dir" -path "*zonectl-$(store_id)*/m2*" -name memory.stat | grep -cE '/m2(/zone)?/memory.stat$'
}

# zones NET: MiB that each of ZONES takes more than the first one.
zones() {
	local before afterwards

	zonectl create -q "m{1..$((ZONES + 1))}" -t minimal --net "$1" -j 2
	zonectl boot -q m1
	before=$(available_kib)
	zonectl boot -q "m{2..$((ZONES + 1))}" -j 2
	afterwards=$(available_kib)
	[ "$1" = none ] || {
		keepers_kib 'm*' >"$work/keepers"
		lists_kib >"$work/lists"
		groups_each >"$work/groups"
	}
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
	local median min max lists needed kept

	# In this order: what was made of the slabs for one is there for the next.
	limits >"$work/limits"
	zones routed >"$work/routed"
	zones none >"$work/none"
	printf '## Memory\n'
	figures "MemAvailable before and after $ZONES idle zones of minimal were booted beside one, divided, in MiB."
	read -r lists needed <"$work/lists"
	kept=$(awk -v n="$((lists > needed ? lists - needed : 0))" -v groups="$(cat "$work/groups")" \
		'BEGIN { printf "%.3f", n * groups / 1024 }')
	figure 'one more idle zone, routed' "$(cat "$work/routed")" '<= 0.75' MiB
	figure 'the same without what the kernel kept from before' \
		"$(awk -v all="$(cat "$work/routed")" -v kept="$kept" 'BEGIN { printf "%.3f", all - kept }')" - \
		"MiB, computed: $kept less, as $lists KiB of a memory group are lists of filesystems, $needed of them of those mounted now"
	figure 'one more idle zone, net=none' "$(cat "$work/none")" - MiB
	figure 'the same of the limit, routed' "$(cat "$work/limits")" - 'MiB, with the same init, no keeper'
	read -r median min max <"$work/keepers"
	figure "a keeper's private memory" "$median" '<= 200' "KiB, $min to $max"
}

bench_open
limit_open
part memory
