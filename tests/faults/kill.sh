#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-2.0-or-later
# J4: a verb and everything that it started is killed at each system call that
# changes something, one by one; then the next command finds a state that has a
# name, repair goes on or back, and destroy leaves nothing.
# STRIDE=N in the environment tries every Nth call only.

. "$(dirname "${BASH_SOURCE[0]}")/../hostile/lib.bash"

walk=$ZONE_BUILDDIR/tests/faults/faultwalk
# "after:" for what goes on when the command has ended.
when=
stride=${STRIDE:-1}

state_of() {
	z list -a -H -o state v 2>/dev/null
}

has_name() {
	[[ " incomplete configured installed ready running frozen shutting_down down absent " == *" ${1% (no keeper)} "* ]]
}

is_through() {
	[ "$(state_of)" != shutting_down ]
}

# What the kill left, mended; says why not.
mended() {
	local state said

	state=$(state_of)
	has_name "${state:-absent}" || { echo "state '$state'"; return; }
	said=$(z repair v 2>&1) || [[ "$said" == *'no zone "v"'* ]] || { echo "from '$state', repair: $said"; return; }
	# A keeper that lives ends what it has begun by itself.
	wait_for 30 is_through
	state=$(state_of)
	[[ " absent installed running frozen " == *" ${state:-absent} "* ]] || { echo "repaired to '$state'"; return; }
	[ -z "$state" ] || said=$(z verify v 2>&1) || { echo "repaired to '$state', verify: $said"; return; }
	[ "$state" != installed ] || said=$(z boot v 2>&1) || { echo "repaired, boot: $said"; return; }
	[ -z "$state" ] || z exec v -- true 2>/dev/null || { echo "repaired, exec: $(z exec v -- true 2>&1)"; return; }
}

# The root that a zone had before a reinstall is it still, or kept, but for a purge.
root_is_whole() {
	case $1 in
	reinstall*|back*)  z pull v:/etc/mark - >/dev/null 2>&1 || z pull v.old:/etc/mark - >/dev/null 2>&1 ;;
	esac
}

destroy_all() {
	[ -z "$(state_of)" ] || z destroy -q --force -y v || return
	[ -z "$(z list -a -H -o name v.old 2>/dev/null)" ] || z destroy -q -y v.old
}

# What is left of a zone that was destroyed.
remains() {
	find "$zones" "$ZONECTL_ROOT"/var/lib/zonectl/{uids,addresses,ports,pool/zones} "$ZONECTL_ROOT/run/zonectl" -mindepth 1 \
		! -path '*/.filters*' ! -path '*/.flows' ! -path '*/.names*' 2>/dev/null
	groups_of_store '/*'
	grep -F "$zones" /proc/self/mountinfo
	# What tells zones of each other's names ends by itself.
	wait_for 5 no_processes || pgrep '^zone|^init$'
	# Links whose namespace is ending go by themselves, a moment later.
	wait_for 5 no_links || ip -o link
	wait_for 5 no_loops || losetup -a
	nft list tables
}

no_links() {
	[ "$(ip -o link | wc -l)" -eq 1 ]
}

no_processes() {
	! pgrep '^zone|^init$' >/dev/null
}

no_loops() {
	! losetup -a | grep -F "$zones" >/dev/null
}

# The verb, or what is special about it behind a "-".
prepare() {
	case $1 in
	create|create-image)  ;;
	create-btrfs)      ;;
	create-copy)       btrfs -q subvolume delete "$ZONECTL_ROOT"/var/lib/zonectl/pool/templates/* 2>/dev/null ;;
	*-btrfs)           z create -q v -t minimal --publish 80:80 --storage btrfs --disk 32M ;;&
	*-btrfs)           [ "$1" != reinstall-btrfs ] || echo mark | z push - v:/etc/mark ;;
	*-image)           z create -q v -t minimal --publish 80:80 --disk 32M ;;
	reinstall|back|purge)
		z create -q v -t minimal --publish 80:80
		echo mark | z push - v:/etc/mark
		[ "$1" = reinstall ] || z reinstall v
		;;
	boot|booted|set|set-net|set-disk|destroy)  z create -q v -t minimal --publish 80:80 ;;
	*)                 z create -q v -t minimal --publish 80:80 --boot ;;
	esac
}

# point VERB K COMMAND...: one kill and what comes of it.
point() {
	local verb=$1 k=$2 why

	shift 2
	prepare "$verb"
	timeout -k 1 30 "$walk" "$when$k" "$ZONECTL" "$@" >"$box/walk" 2>&1 </dev/null
	grep -q '^killed' "$box/walk" && killed=$((killed + 1))
	why=$(mended)
	[ -z "$why" ]
	attempt "$verb, $(<"$box/walk"): $why" $?
	root_is_whole "$verb" || attempt "$verb, $(<"$box/walk"): the old root is lost" 1
	destroy_all 2>"$box/said" || attempt "$verb, call $k, destroy: $(<"$box/said")" 1
	why=$(remains)
	[ -z "$why" ] || { attempt "$verb, $(<"$box/walk"), left: $why" 1; clean_up; }
}

# After a failure the next point begins with nothing all the same.
clean_up() {
	pkill -KILL '^zone|^init$' 2>/dev/null
	z destroy -q --force -y --all >/dev/null 2>&1
	groups_of_store '/*' | sort -r | xargs -r rmdir 2>/dev/null
	rm -rf --one-file-system "${zones:?}"/* "$zones"/.new-* "$zones"/.old-* "$ZONECTL_ROOT"/run/zonectl/v \
		"$ZONECTL_ROOT"/var/lib/zonectl/{uids,addresses,ports}/*
}

calls_of() {
	local verb=$1

	shift
	prepare "$verb"
	timeout -k 1 30 "$walk" "${when}0" "$ZONECTL" "$@" 2>/dev/null </dev/null | sed -n 's/^calls //p'
	clean_up >/dev/null 2>&1
}

# A tool that makes its directory in place leaves half of it.
naive_tears() {
	local k

	for ((k = 1; k < 200; k++)); do
		timeout -k 1 10 "$walk" "$k" busybox sh -c 'mkdir "$0"; : >"$0/data"; : >"$0/zone.json"' "$zones/w" >/dev/null 2>&1
		[ ! -d "$zones/w" ] || [ -e "$zones/w/zone.json" ] || break
		rm -rf "${zones:?}/w"
	done
	! z verify w >/dev/null 2>&1 && [ -n "$(remains)" ]
	local status=$?
	rm -rf "${zones:?}/w"
	return $status
}

verb_walk() {
	local verb=$1 n k killed=0

	shift
	n=$(calls_of "$verb" "$@")
	for ((k = 1; k <= ${n:-0}; k += stride)); do
		point "$verb" "$k" "$@"
	done
	# The number of calls varies a little from run to run, so some late points are not reached.
	[ "$killed" -gt $((cases / 2)) ] || attempt "only $killed of $cases were killed" 1
	caught naive_tears
	score J4 "$verb killed at every $([ "$stride" -eq 1 ] || echo "${stride}th ")call: $n calls, $killed kills"
}

import_walk() {
	local n k killed=0 tar=$box/t.tar before

	cp -a "$template" "$box/tree" && echo other >"$box/tree/etc/other"
	tar -C "$box/tree" --numeric-owner -cf "$tar" .
	before=$(find "$ZONECTL_ROOT/var/lib/zonectl/templates" -maxdepth 2 | sort)
	n=$(timeout -k 1 60 "$walk" 0 "$ZONECTL" template import -q "$tar" --name t 2>/dev/null </dev/null | sed -n 's/^calls //p')
	z template remove -q t
	# An archive is hundreds of files, all made alike.
	for ((k = 1; k <= ${n:-0}; k += 17 * stride)); do
		timeout -k 1 60 "$walk" "$k" "$ZONECTL" template import -q "$tar" --name t >"$box/walk" 2>&1 </dev/null
		grep -q '^killed' "$box/walk" && killed=$((killed + 1))
		[ -z "$(z template list -H -o name t 2>/dev/null)" ] || z template verify t >"$box/said" 2>&1
		attempt "$(<"$box/walk"): half a template is seen: $(<"$box/said")" $?
		z template import -q "$tar" --name t 2>"$box/said" >&2
		attempt "$(<"$box/walk"): again: $(<"$box/said")" $?
		z template remove -q t 2>"$box/said"
		attempt "$(<"$box/walk"): remove: $(<"$box/said")" $?
		try "$(<"$box/walk"): nothing is left" test "$before" = "$(find "$ZONECTL_ROOT/var/lib/zonectl/templates" -maxdepth 2 | sort)"
	done
	[ "$killed" -gt 0 ] && control=caught
	score J4 "template import killed at every 17th call: $n calls, $killed kills"
}

pool_remains() {
	find "$ZONECTL_ROOT/var/lib/zonectl" -maxdepth 1 -name 'pool*'
	grep -F "$ZONECTL_ROOT/var/lib/zonectl/pool" /proc/self/mountinfo
	losetup -a | grep -F "$ZONECTL_ROOT/var/lib/zonectl/pool"
}

# pool_point K COMMAND...: a kill of pool create, or of pool remove, and both of them again.
pool_point() {
	local k=$1 why

	shift
	[ "$1" = create ] || z pool create -q --size 256M
	timeout -k 1 60 "$walk" "$k" "$ZONECTL" pool "$@" >"$box/walk" 2>&1 </dev/null
	grep -q '^killed' "$box/walk" && killed=$((killed + 1))
	z pool info >/dev/null 2>&1 || z pool create --size 256M 2>"$box/said"
	attempt "pool $1, $(<"$box/walk"): again: $(<"$box/said")" $?
	z pool remove -y 2>"$box/said"
	attempt "pool $1, $(<"$box/walk"): remove: $(<"$box/said")" $?
	why=$(pool_remains)
	[ -z "$why" ]
	attempt "pool $1, $(<"$box/walk"), left: $why" $?
}

pool_walk() {
	local n k killed=0

	[ "$1" = create ] || z pool create -q --size 256M
	n=$(timeout -k 1 60 "$walk" 0 "$ZONECTL" pool "$@" 2>/dev/null </dev/null | sed -n 's/^calls //p')
	[ "$1" != create ] || z pool remove -y
	for ((k = 1; k <= ${n:-0}; k += stride)); do
		pool_point "$k" "$@"
	done
	[ "$killed" -gt 0 ] && control=caught
	score J4 "pool $1 killed at every $([ "$stride" -eq 1 ] || echo "${stride}th ")call: $n calls, $killed kills"
}

# Zones in a storage pool.
pool_walks() {
	grep -qw btrfs /proc/filesystems && command -v mkfs.btrfs >/dev/null || return 0
	# mkfs.btrfs makes hundreds of calls, and all but its last ones leave the same.
	stride=$((8 * stride)) pool_walk create --size 256M
	pool_walk remove -y
	z pool create -q --size 1G
	# By hundreds of calls, alike for each file.
	stride=$((32 * stride)) verb_walk create-copy create v -t minimal --storage btrfs
	z create -q v -t minimal --storage btrfs && z destroy -q -y v
	verb_walk create-btrfs create v -t minimal --publish 80:80 --storage btrfs --disk 32M
	stride=$((4 * stride)) verb_walk boot-btrfs boot v
	verb_walk destroy-btrfs destroy -y v
	stride=$((4 * stride)) verb_walk reinstall-btrfs reinstall v
	z pool remove -y
}

store_open
: >"$box/said"
verb_walk create create v -t minimal --publish 80:80
verb_walk boot boot v
when=after: verb_walk booted boot v
verb_walk set set v memory=100M description=other
verb_walk set-running set v memory=100M pids=100 description=other
verb_walk set-net set v ip=10.9.8.7 publish+=81:81
verb_walk halt halt v
verb_walk shutdown shutdown v --timeout 1
verb_walk destroy destroy -y v
verb_walk reinstall reinstall v --keep /etc/mark
verb_walk back reinstall v --back
verb_walk purge reinstall v --purge
verb_walk create-image create v -t minimal --publish 80:80 --disk 32M
# Of which most is what boot is walked for above.
stride=$((4 * stride)) verb_walk boot-image boot v
verb_walk set-disk set v disk=32M
verb_walk grow-image set v disk=64M
verb_walk unset-image set v disk=
verb_walk destroy-image destroy -y v
verb_walk destroy-running destroy --force -y v
pool_walks
import_walk
done_scores
