# SPDX-License-Identifier: GPL-2.0-or-later
# shellcheck shell=bash
# Other machines for the network tests: namespaces of their own, each with a wire to this file's one.
# A file names net_open in setup_file behind store_open, and net_close in teardown_file before
# store_close.

load ../lib/zone

# The file's own namespace is a host with one uplink, behind which is "world": 192.0.2.0/24 and
# 2001:db8::/64 are the wire, .1 and ::1 the host, .2 and ::2 world, which knows no way to private
# addresses.
net_open() {
	[ "$EUID" -eq 0 ] || return 0
	peer_open world up0 || return
	ip addr add 192.0.2.1/24 dev up0
	ip addr add 2001:db8::1/64 dev up0 nodad
	peer world ip addr add 192.0.2.2/24 dev wire
	peer world ip addr add 2001:db8::2/64 dev wire nodad
	ip route add default via 192.0.2.2
	ip route add default via 2001:db8::2
}

# peer_open NAME LINK: a machine whose "wire" ends in LINK here.
peer_open() {
	unshare --net -- sleep infinity 3>&- 4>&- &
	echo $! >"$BATS_FILE_TMPDIR/peer.$1"
	deadline 5 is_apart "$1" || return
	ip link add "$2" type veth peer name wire netns "$(<"$BATS_FILE_TMPDIR/peer.$1")" || return
	ip link set "$2" up
	peer "$1" ip link set lo up
	peer "$1" ip link set wire up
}

is_apart() {
	[ "$(readlink "/proc/$(<"$BATS_FILE_TMPDIR/peer.$1")/ns/net")" != "$(readlink /proc/self/ns/net)" ]
}

# peer NAME COMMAND...: as that machine.
peer() {
	${lead:-} nsenter --net="/proc/$(<"$BATS_FILE_TMPDIR/peer.$1")/ns/net" -- "${@:2}"
}

# within ZONE COMMAND...: a program of this machine in the zone's network, where zones have none.
within() {
	${lead:-} nsenter --net="/proc/$(fact "$1" init_pid)/ns/net" -- "${@:2}"
}

net_close() {
	local pid file

	[ "$EUID" -eq 0 ] || return 0
	for file in "$BATS_FILE_TMPDIR"/{serving,peer}.*; do
		[ -e "$file" ] || continue
		pid=$(<"$file")
		kill "$pid" 2>/dev/null || :
	done
	ip -o link | awk -F'[ :@]+' '$2 ~ /^up/ { print $2 }' | while read -r link; do
		ip link del "$link" 2>/dev/null || :
	done
	ip addr flush dev lo scope global 2>/dev/null || :
}

# The address of the zone's eth0: ip4 ZONE, ip6 ZONE.
ip4() { fact "$1" addresses | json "next(a for a in d if '.' in a)"; }
ip6() { fact "$1" addresses | json "next(a for a in d if ':' in a)"; }

# serve NAME [within ZONE|peer MACHINE] -- PORT...: answers there as NAME until the file ends.
serve() {
	local name=$1 where=()

	shift
	while [ "$1" != -- ]; do where+=("$1"); shift; done
	shift
	start "$name" "${where[@]}" "$ZONE_SRCDIR/tests/lib/net.py" serve "$name" "$@"
}

# start NAME COMMAND...: in the background, once it says "ready".
start() {
	local out=$BATS_FILE_TMPDIR/out.$1

	: >"$out"
	# The background shell becomes the program, so that ending one ends the other.
	{ as_program "${@:2}"; } >"$out" 2>&1 3>&- 4>&- </dev/null &
	echo $! >"$BATS_FILE_TMPDIR/serving.$1"
	deadline 5 grep -q ready "$out" || { cat "$out"; return 1; }
}

as_program() {
	local lead="exec"

	[ "$(type -t "$1")" = function ] || exec "$@"
	"$@"
}

# stop NAME: what start has started.
stop() {
	kill "$(<"$BATS_FILE_TMPDIR/serving.$1")" 2>/dev/null || :
	rm -f "$BATS_FILE_TMPDIR/serving.$1"
}

# ask HOST PORT [PROTOCOL]: the answer.
ask() {
	"$ZONE_SRCDIR/tests/lib/net.py" ask "$1" "$2" "${3:-tcp}"
}

# no_answer COMMAND...: a question that nobody answers.
no_answer() {
	local lead="timeout 5"	# a function is no program that timeout could run

	not "$@" 2>/dev/null
}
