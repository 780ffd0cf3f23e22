#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-2.0-or-later
# A2: names of a root filesystem change places while zonectl uses them.

. "$(dirname "${BASH_SOURCE[0]}")/lib.bash"

rounds=60 paths="dev proc sys"
[ "$mode" = quick ] && rounds=6 paths=proc

# Boots of a zone whose directory and a link to the host's change places.
boot_race() {
	local storage=$1 path=$2 tree=upper i status booted=0

	[ "$storage" = overlay ] || tree=root
	installed v --storage "$storage"
	tree=$zones/v/data/$tree
	mkdir -p "$tree/${path%/*}" "$tree/$path"
	ln -s "$canary/dir" "$tree/$path.link"
	canary_take
	swap_start "$tree" "$path" "$path.link"
	for ((i = 0; i < rounds; i++)); do
		z boot -q v 2>"$box/said"
		status=$?
		[ "$status" -eq 0 ] && booted=$((booted + 1))
		sane "$status"
		attempt "$storage, $path, boot $i: $status $(<"$box/said")" $?
		z halt -q v 2>/dev/null
	done
	swap_stop "boots of $storage ($booted of $rounds came up), /$path"
	try "canary after boots of $storage, /$path" canary_same
	try "nothing runs" bash -c '! pgrep -x zonekeeper'
	z destroy -q --force -y v
}

# The zone's own root swaps, in the tree that it runs on.
enter_race() {
	local i status said

	running v
	z exec v -- sh -c "mkdir -p /etc.real /tmp/d && ln -s $canary/dir /tmp/l; ln -s /proc/self/fd/8 /tmp/m; cp -a /etc/. /etc.real"
	canary_take
	z exec v -- sh -c '/inside swap /tmp d l 0 & /inside swap /tmp d m 0 & wait' >"$box/swaps2" 2>&1 &
	for ((i = 0; i < rounds; i++)); do
		said=$(z exec v -w /tmp/d -- /inside cwd "$canary/file" 2>&1 </dev/null)
		! grep -q HIT <<<"$said"
		attempt "entry $i: $said" $?
	done
	z exec v -- killall inside
	wait
	z exec v -- sh -c '/inside swap / etc etc.real 0' >"$box/swaps2" 2>&1 &
	for ((i = 0; i < rounds / 2; i++)); do
		z exec v -u root -- true 2>/dev/null
		status=$?
		sane "$status"
		attempt "entry with /etc swapped $i: $status" $?
		z set -q v "hostname=h$i" 2>"$box/said" || attempt "set: $(<"$box/said")" 1
	done
	try "canary" canary_same
	z destroy -q --force -y v
	attempt "destroy among swaps" $?
	wait
	try "canary after destroy" canary_same
	nothing_left v
	attempt "nothing left" $?
}

# It looks before it mounts, and falls all the same.
naive_loses() {
	local lost=1

	mkdir -p "$box/tree/dev"
	ln -s "$canary/dir" "$box/tree/link"
	canary_take
	swap_start "$box/tree" dev link
	"$naive" mount-checked "$box/tree" dev 3000
	kill "$swapper"
	wait "$swapper"
	canary_same >/dev/null || lost=0
	while umount -q "$canary/dir"; do :; done 2>/dev/null
	while umount -q "$box/tree/dev" || umount -q "$box/tree/link"; do :; done 2>/dev/null
	rm -rf --one-file-system "$box/tree"
	return $lost
}

store_open
for path in $paths; do
	boot_race overlay "$path"
	boot_race copy "$path"
done
[ "$mode" = quick ] || boot_race copy sys/fs/cgroup
enter_race
caught naive_loses
score A2 "directories and links that change places under boot, exec, set, destroy"
done_scores
