# SPDX-License-Identifier: GPL-2.0-or-later
# shellcheck shell=bash disable=SC2154	# what lib.bash sets
# The bare limit (limit.c) for scripts that load this after lib.bash. limit_open prepares it and checks
# that it makes what zonectl makes; then these are commands for timer:
#
#   limit_none COMMAND...	the array "limit": "${limit_none[@]}" /bin/true
#   limit_routed		the same with a network, made and let go with the nft table itself
#   limit_boot N, limit_end N	set the array "limit_command" for the Nth of several that stay, N from 1;
#				with a network whose table stays; "none" behind N for one without.
#				N may be {}, for timer

FILTER_HEADER=40	# struct cache_header of runtime/filter.c
LIMITS_MAX=300
limit_none=()
limit_routed=()
limit_tail=()
limit_command=()

limit_open() {
	local v2 v1 controllers='' rootfs

	# Compiles the filter, too.
	zonectl run -t minimal --rm --net none -- /bin/true
	rootfs=$(find "$store" -path '*/templates/*' -type d -name rootfs -print -quit)
	tail -c +$((FILTER_HEADER + 1)) "$(find "$store" -path '*/.filters/*' -print -quit)" >"$work/filter"
	v2=$(cgroup_mount cgroup2 '')
	v1=$(cgroup_mount cgroup memory):$(cgroup_mount cgroup pids)
	v1=${v1#:}
	v1=${v1%:}
	[ -n "$v1" ] || controllers=$(sed 's/\</+/g' "$v2/cgroup.subtree_control")
	mkdir "$work/limit" "$work/limit.none" "$work/tapes"
	unshare -n "$tools/net_limit" record "$work/tapes" $((LIMITS_MAX + 1))
	limit_tail=("$rootfs" "$work/filter" "$work/limit" "$v2" "$controllers" "$v1")
	limit_none=("$tools/limit" "${limit_tail[@]}")
	limit_routed=("$tools/limit" -t "$work/tapes" "${limit_tail[@]}")
	after limit_close
	limit_check
}

# Each kind has a directory of its own: what a volatile overlay leaves, the next one of that number would
# be refused for.
limit_args() {
	local last=("${limit_tail[@]}")

	limit_command=("$tools/limit" "$1" -n "$2")
	if [ "${3:-}" = none ]; then
		last[2]=$work/limit.none
	else
		limit_command+=(-t "$work/tapes")
	fi
	limit_command+=("${last[@]}" /sbin/init)
}

limit_boot() {
	limit_args -b "$@"
}

limit_end() {
	limit_args -e "$@"
}

# The table that limits which are booted add to; one zone in it stays.
limit_open_table() {
	"$tools/net_limit" play "$work/tapes/open.add"
}

# What was not ended, at the end.
limit_close() {
	local group

	for group in "$(cgroup_mount cgroup2 '')"/limit-[0-9]*; do
		[ ! -d "$group/zone" ] || { limit_end "${group##*-}" none && "${limit_command[@]}"; }
	done
}

mounts_of() {
	"$@" /bin/cat /proc/self/mountinfo | awk '{ print $4, $5, $6, $9 }' | sort
}

rights_of() {
	"$@" /bin/grep -E '^(Uid|Gid|Groups|Cap|NoNewPrivs|Seccomp)' /proc/self/status
}

# Without what differs between any two zones, and what only the kernel's workers fill in.
network_of() {
	"$@" /bin/sh -c 'ip addr; ip route; ip -6 route; ip neigh' | sed -E '
		s/10\.[0-9]+\.[0-9]+\.[0-9]+|fd[0-9a-f]{2}:[0-9a-f:]+/ADDRESS/g; s/,M-DOWN//; /link\/ether/d; s/eth0@[a-z0-9]*/eth0/
		s/[[:space:]]+/ /g; / used /s/ used.*probes [0-9]*//'
}

# The limit checks nothing, so it is checked here that it makes what zonectl makes.
limit_check() {
	local run=("$ZONECTL" --root "$store" run -t minimal --rm)

	diff <(mounts_of "${limit_none[@]}") <(mounts_of "${run[@]}" --net none --) ||
		die "the limit and zonectl do not make the same mounts"
	diff <(rights_of "${limit_none[@]}") <(rights_of "${run[@]}" --net none --) ||
		die "the limit and zonectl do not confine alike"
	diff <(network_of "${limit_routed[@]}") <(network_of "${run[@]}" --) ||
		die "the limit and zonectl do not make the same network"
}
