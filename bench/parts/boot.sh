#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# What it costs to make a zone and to boot it, until its init runs, beside the bare limit and lxc-start.
set -euo pipefail

. "$ZONE_SRCDIR/bench/lib.bash"
bench_alone "$@"
. "$ZONE_SRCDIR/bench/limit.bash"
. "$ZONE_SRCDIR/bench/debian.bash"

ROUNDS=${BENCH_ROUNDS:-25}
WARMUPS=3

add_creates() {
	commands+=('create, minimal' "${z[@]}" create c1 -t minimal ::: - "${z[@]}" destroy -y c1 :::)
	commands+=('create, debian' "${z[@]}" create c2 -t debian ::: - "${z[@]}" destroy -y c2 :::)
}

# add_limit NAME [none]
add_limit() {
	limit_boot '{}' "${2:-}"
	commands+=("$1" "${limit_command[@]}" :::)
	limit_end '{}' "${2:-}"
	commands+=(- "${limit_command[@]}" :::)
}

add_zone() {
	zonectl create "$2" -t minimal --net "$3"
	commands+=("$1" "${z[@]}" boot "$2" ::: "halt, $3" "${z[@]}" halt "$2" :::)
}

# add_lxc NAME LINE...: with these lines of configuration.
add_lxc() {
	local name=$1 dir
	shift

	dir=$work/lxc.${name##* }
	mkdir "$dir"
	{
		printf '%s\n' "lxc.rootfs.path = dir:${limit_tail[0]}" 'lxc.uts.name = bench' \
			'lxc.apparmor.profile = unconfined' 'lxc.mount.auto = proc:mixed sys:ro' "$@"
	} >"$dir.conf"
	commands+=("$name" "$(command -v lxc-start)" -d -n bench -P "$dir" -f "$dir.conf" -- /sbin/init :::)
	commands+=(- "$(command -v lxc-stop)" -k -n bench -P "$dir" :::)
}

add_lxcs() {
	command -v lxc-start >/dev/null || return 0
	after lxc_close
	add_lxc 'lxc-start, routed' 'lxc.net.0.type = veth' 'lxc.net.0.veth.mode = router' 'lxc.net.0.flags = up' \
		'lxc.net.0.ipv4.address = 10.8.0.2/32' 'lxc.net.0.ipv4.gateway = dev'
	add_lxc 'lxc-start, net=none' 'lxc.net.0.type = empty'
}

# claim NAME A B LIMIT
claim() {
	figure "$1" "$(ratio "$(column "$work/times" "$2" 3)" "$(column "$work/times" "$3" 3)")" "$4" ""
}

report() {
	printf '## Making and booting a zone of minimal\n\n%s\n' "Until init runs, $ROUNDS rounds in turn. CPU is of the \
command alone, not of what it leaves running."
	"$tools/timer" "$ROUNDS" "$WARMUPS" "${commands[@]}" >"$work/times"
	times "$work/times" "create, debian|a template of $(du -sh "$debian_tree" | cut -f1)" \
		'limit, routed|the kernel objects, nothing checked or recorded; no keeper, no console' \
		'limit, net=none|the same without a network' \
		'lxc-start, routed|-d; the tree writable, no user namespace, no rules' \
		'lxc-start, net=none|-d; the tree writable, no user namespace'
	figures 'CPU in ms; ratios of medians.'
	figure 'create, minimal: CPU' "$(column "$work/times" 'create, minimal' 5)" '<= 3' ms
	figure 'create, debian: CPU' "$(column "$work/times" 'create, debian' 5)" '<= 3' ms
	claim 'boot, routed, to the limit' 'zonectl, routed' 'limit, routed' '<= 1.6'
	claim 'boot, routed, to lxc-start' 'zonectl, routed' 'lxc-start, routed' '<= 0.5'
	claim 'boot, net=none, to the limit' 'zonectl, net=none' 'limit, net=none' '<= 1.6'
	claim 'boot, net=none, to lxc-start' 'zonectl, net=none' 'lxc-start, net=none' '<= 0.5'
	point boot 'limit' 0 "$(column "$work/times" 'limit, routed' 3)"
	point boot 'zonectl' 0 "$(column "$work/times" 'zonectl, routed' 3)"
	point boot 'lxc-start' 0 "$(column "$work/times" 'lxc-start, routed' 3)"
}

bench_open
z=("$ZONECTL" --root "$store")
limit_open
debian_open
commands=()
add_creates
# Of both one runs already: the table and the groups above, which the first one makes, are there.
limit_open_table
zonectl create b0 -t minimal --net routed
zonectl boot b0
add_limit 'limit, routed'
add_zone 'zonectl, routed' b1 routed
add_limit 'limit, net=none' none
add_zone 'zonectl, net=none' b2 none
add_lxcs
part boot
