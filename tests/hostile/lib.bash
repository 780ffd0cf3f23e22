# SPDX-License-Identifier: GPL-2.0-or-later
# shellcheck shell=bash
# What the hostile tests share. A script that reads this runs in mount, pid and
# network namespaces of its own, so that what it sees of mounts, processes and
# links is its own doing, whatever else runs on the host, and so that nothing of
# it survives it.
#
# A script is a list of classes of docs/security.md, section 2. Each ends with one
# TAP line: "A1 hostile paths: cases 96, blocked 96, control caught". The control is
# the same check made against something that falls for it; uncaught, the class fails.

set -u
export LC_ALL=C.UTF-8 TERM=xterm
unset ZONECTL_ROOT NO_COLOR

if [ "$EUID" -ne 0 ]; then
	echo "1..0 # SKIP needs root"
	exit 0
fi
if [ -z "${HOSTILE_BOXED:-}" ]; then
	HOSTILE_BOXED=1 exec unshare --mount --pid --net --fork --kill-child --mount-proc --propagation private \
		bash "$0" "$@"
fi

# What others have mounted for themselves goes with them at any moment, so that it is not here.
leave_mounts_of_others() {
	local at

	awk '$5 ~ "^/(tmp|var/tmp|var/lib|run)/" { print $5 }' /proc/self/mountinfo | tac | while read -r at; do
		at=$(printf %b "$at")
		[[ $ZONE_BUILDDIR/ == "$at"/* || $(realpath "$0") == "$at"/* ]] || umount -q -l "$at"
	done
}

ip link set lo up
# Else the first zone's boot would do it, and say so.
sysctl -q -w net.ipv4.ip_forward=1 net.ipv6.conf.all.forwarding=1
# shellcheck disable=SC2034	# for those who read this
# "quick" for make check, "full" for make check-hostile.
mode=${1:-${HOSTILE:-quick}}
ZONE_BUILDDIR=${ZONE_BUILDDIR:-$PWD}
ZONECTL=${ZONECTL:-$ZONE_BUILDDIR/zonectl}
tools=$ZONE_BUILDDIR/tests/hostile
# shellcheck disable=SC2034	# likewise
naive=$tools/naive
inside=$tools/inside
export ZONECTL
leave_mounts_of_others

# Beside /tmp, which may be a tmpfs: kernel 6.1 can't idmap one.
box=$(mktemp -d /var/tmp/zonectl-hostile.XXXXXX) || exit 1
canary=$box/canary
export ZONECTL_ROOT=$box/root
zones=$ZONECTL_ROOT/var/lib/zonectl/zones
# shellcheck disable=SC2034	# likewise
template=$ZONECTL_ROOT/var/lib/zonectl/templates/minimal/rootfs

classes=0 cases=0 blocked=0 control=missed
id=

# Zones and groups of this store; everything else ends with the namespaces.
sweep() {
	"$ZONECTL" destroy -q --force -y --all >/dev/null 2>&1
	groups_of_store '' | sort -r | xargs -r rmdir 2>/dev/null
	umount -q /etc
	awk -v box="$box/" 'index($5, box) == 1 { print $5 }' /proc/self/mountinfo | tac | while read -r at; do
		umount -q "$(printf %b "$at")"
	done
	rm -rf --one-file-system "$box"
}

# groups_of_store PATTERN: the groups of this store whose path ends so, without a look into those of others,
# of which there may be thousands.
groups_of_store() {
	find /sys/fs/cgroup -name 'zonectl-*' ! -name "zonectl-$id*" -prune -o -type d -path "*/zonectl-$id*$1" -print 2>/dev/null
}

# zonectl as an operator has it, ended when it hangs: that counts as a fault everywhere.
z() {
	timeout -k 2 "${LIMIT:-60}" "$ZONECTL" "$@" 3>&-
}

store_open() {
	mkdir -p "$canary/dir/sub" "$ZONECTL_ROOT"
	echo precious >"$canary/file"
	echo precious >"$canary/dir/sub/file"
	touch -d @1000000000 "$canary/file" "$canary/dir/sub/file" "$canary/dir/sub" "$canary/dir" "$canary"
	id=$(printf %s "$(realpath "$ZONECTL_ROOT")" | sha256sum | cut -c 1-8)
	trap sweep EXIT
	# A copy, in this mount namespace alone: what is done to the host meanwhile is not seen, and a hit
	# does no harm.
	cp -a /etc "$box/etc" && mount --bind "$box/etc" /etc || exit 1
	z template build -q minimal || exit 1
}

# install NAME [OPTION...]: a stopped zone, made anew.
installed() {
	[ ! -d "$zones/$1" ] || z destroy -q --force -y "$1"
	z create -q -t minimal "$@"
}

# arm NAME: puts the attacker's program where the zone finds it, as the zone's own root would.
arm() {
	local top=$zones/$1/data/upper

	[ -d "$top" ] || top=$zones/$1/data/root
	mkdir -p "$top/tmp" && chmod 1777 "$top/tmp"
	cp "$inside" "$top/inside" && chmod 755 "$top/inside" && chown "$(uid_of "$1")" "$top/inside"
}

uid_of() {
	stat -c %u "$zones/$1/data/upper" 2>/dev/null || stat -c %u "$zones/$1/data/root"
}

# running NAME [OPTION...]: an armed zone whose init runs.
running() {
	installed "$@" && arm "$1" && z boot -q "$1"
}

# The init of a zone as this script's pid namespace knows it.
init_of() {
	python3 -c 'import json, sys; print(json.load(open(sys.argv[1]))["init"]["pid"])' \
		"$ZONECTL_ROOT/run/zonectl/$1/state.json"
}

keeper_of() {
	python3 -c 'import json, sys; print(json.load(open(sys.argv[1]))["keeper"]["pid"])' \
		"$ZONECTL_ROOT/run/zonectl/$1/state.json"
}

# Everything that must be the same afterwards: the canary's files, what the kernel was told, mounts.
canary_state() {
	find "$canary" -printf '%P %y %m %U:%G %s %T@ %l\n' | sort
	find "$canary" -type f -exec sha256sum {} +
	(cd /proc/sys && head -c 200 kernel/core_pattern kernel/modprobe kernel/hostname kernel/sysrq \
		vm/overcommit_memory kernel/panic net/ipv4/ip_forward fs/protected_symlinks 2>/dev/null)
	# What a destroy that was refused has renamed is still the same mount.
	sed -E 's/^[0-9]+ [0-9]+ //; s|/zones/\.old-|/zones/|' /proc/self/mountinfo | sort
	stat -c '%n %d:%i %a %U %s %Y %Z' /etc/passwd /etc/shadow /etc/hostname /etc/resolv.conf
	# Not when: others may do the same to these once more.
	stat -c '%n %d:%i %t:%T %a %U %s' /bin /dev/null
}

canary_take() {
	canary_state >"$box/canary.was"
}

canary_same() {
	canary_state | cmp -s "$box/canary.was" - && return
	canary_state | diff "$box/canary.was" - | sed 's/^/# /'
	return 1
}

up=../../../../../../../../../../../../../..

# plant TREE PATH SHAPE TARGET: replaces it.
plant() {
	local at=$1/$2

	[ -d "${at%/*}" ] && [ ! -L "${at%/*}" ] || { rm -rf "${at%/*}"; mkdir -p "${at%/*}"; }
	rm -rf --one-file-system "$at"
	case $3 in
	absolute) ln -s "$4" "$at" ;;
	dots)     ln -s "$up$4" "$at" ;;
	dangling) ln -s "/nowhere/$RANDOM" "$at" ;;
	loop)     ln -s "${at##*/}" "$at" ;;
	file)     echo hostile >"$at" ;;
	fifo)     mkfifo "$at" ;;
	socket)   python3 -c 'import os, socket, sys; os.chdir(sys.argv[1]); socket.socket(socket.AF_UNIX).bind(sys.argv[2])' \
			"${at%/*}" "${at##*/}" ;;
	mount)    if [ -d "$4" ]; then mkdir "$at"; else : >"$at"; fi; mount --bind "$4" "$at" ;;
	esac
}

# What a zone leaves: groups, processes, run-time files. The process that tells the others is no zone's, and ends
# by itself a moment later.
nothing_left() {
	local left

	left=$(groups_of_store "/$1"
		ls -d "$ZONECTL_ROOT/run/zonectl/$1" "$zones/$1" "$zones"/.*-"$1" 2>/dev/null
		pgrep -f 'zonekeeper|zonectl' | grep -vx "$$" | while read -r p; do
			[[ "$(cat /proc/"$p"/comm 2>/dev/null)" == zone!(names) ]] && echo "process $p"
		done)
	[ -z "$left" ] || { echo "# left of $1: $left"; return 1; }
}

# case_ok DESCRIPTION STATUS: counts one attempt.
attempt() {
	cases=$((cases + 1))
	if [ "$2" -eq 0 ]; then
		blocked=$((blocked + 1))
	else
		echo "# not blocked: $1"
	fi
}

# try DESCRIPTION COMMAND...: an attempt that is blocked when the command succeeds.
try() {
	local what=$1

	shift
	"$@"
	attempt "$what" $?
}

# refused COMMAND...: zonectl ended by itself with an error of its own, and said why.
refused() {
	local said status

	said=$("$@" 2>&1 </dev/null)
	status=$?
	[ "$status" -ge 1 ] && [ "$status" -le 9 ] && [ -n "$said" ] && return
	echo "# status $status: $said"
	return 1
}

# lets FROM TO: an exit status of zonectl's own, not of a crash or a timeout.
sane() {
	[ "$1" -le 9 ] || { [ "$1" -ge 125 ] && [ "$1" -le 127 ] && [ "$1" -ne 124 ]; }
}

# no_hit COMMAND...: the attacker's program got nothing, and did try.
no_hit() {
	local said

	said=$("$@" 2>&1 </dev/null)
	if grep -q '^HIT' <<<"$said" || ! grep -qE '^(tries [1-9]|done)' <<<"$said"; then
		echo "${said:-nothing said}" | sed 's/^/# /' | head -n 20
		return 1
	fi
}

# on_pty COMMAND: runs it on a fresh terminal, says what came out. The end of its own input script(1)
# types as NUL, which is then echoed.
on_pty() {
	script -qec "$1" /dev/null </dev/null 2>&1 | sed 's/\^@//g'
}

# hit COMMAND...: for controls, quietly.
hit() {
	[ "$("$@" 2>&1 </dev/null | grep -c '^HIT')" -gt 0 ]
}

# caught COMMAND...: the control; succeeds when the check sees that the naive way falls.
caught() {
	if "$@"; then control=caught; else control=missed; fi
}

# score CLASS DESCRIPTION
score() {
	local word="not ok"

	classes=$((classes + 1))
	[ "$cases" -gt 0 ] && [ "$cases" -eq "$blocked" ] && [ "$control" = caught ] && word=ok
	echo "$word $classes - $1 $2: cases $cases, blocked $blocked, control $control"
	cases=0 blocked=0 control=missed
}

done_scores() {
	echo "1..$classes"
}

# wait_for SECONDS COMMAND...
wait_for() {
	local end=$((SECONDS + $1))

	shift
	until "$@"; do
		[ "$SECONDS" -lt "$end" ] || return 1
		sleep 0.02
	done
}

# swap_start DIR NAME OTHER: two names change places as fast as they can, until swap_stop WHAT.
swapper=
swap_start() {
	"$inside" swap "$1" "$2" "$3" 0 >"$box/swaps" 2>&1 &
	swapper=$!
}

# A race without a racer proves nothing.
swap_stop() {
	local rate

	kill "$swapper"
	wait "$swapper"
	rate=$(sed -n 's/.*per second //p' "$box/swaps")
	echo "# $1: $(<"$box/swaps")"
	[ "${rate:-0}" -ge 10000 ]
	attempt "$1: only ${rate:-0} swaps per second" $?
}
