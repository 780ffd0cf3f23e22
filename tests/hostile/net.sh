#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-2.0-or-later
# Class H of docs/security.md: what a zone does to the network. All of it happens in the network
# namespace of this script, whose uplink leads to a world that is one process of ours.

. "$(dirname "${BASH_SOURCE[0]}")/lib.bash"

spoof=$tools/spoof
world='' server=''

# The world: 192.0.2.254 behind the link "up0" of the host, 192.0.2.1.
world_open() {
	unshare --net sleep infinity &
	world=$!
	wait_for 10 other_netns "$world"
	ip link add up0 type veth peer name wan netns "$world"
	ip addr add 192.0.2.1/24 dev up0
	# No address that comes by itself, seconds later.
	ip link set up0 addrgenmode none up
	out ip link set lo up
	out ip addr add 192.0.2.254/24 dev wan
	out ip link set wan addrgenmode none up
	ip route add default via 192.0.2.254
}

other_netns() {
	[ "$(readlink "/proc/$1/ns/net")" != "$(readlink /proc/self/ns/net)" ]
}

out() {
	nsenter --net="/proc/$world/ns/net" -- "$@"
}

# as_root_of NAME COMMAND...: the host's programs with the power of the zone's root over its network.
as_root_of() {
	local init

	init=$(init_of "$1")
	shift
	nsenter --user="/proc/$init/ns/user" --net="/proc/$init/ns/net" --setuid 0 --setgid 0 -- "$@"
}

# fact NAME KEY: of the zone's first interface, as "net info" says it.
fact() {
	z net info "$1" --json | python3 -c '
import json, sys
zone = json.load(sys.stdin)[0]
nic = zone["interfaces"][0]
facts = {"ip4": [a for a in nic["addresses"] if ":" not in a], "ip6": [a for a in nic["addresses"] if ":" in a],
	"link": [nic["host_link"]], "mac": [nic["mac"]], "dropped": [zone["counters"]["dropped_packets"]]}
print(str(facts[sys.argv[1]][0]).split("/")[0])' "$2"
}

# link_says NAME KEY: of a link of the host. What is in /sys is of the namespace that it was mounted in.
link_says() {
	ip -j link show dev "$1" | python3 -c 'import json, sys; print(json.load(sys.stdin)[0][sys.argv[1]])' "$2"
}

# Two zones: m, who forges, and v, his neighbour. $1 is routed or bridged.
pair() {
	local name net number=0

	for name in m v; do
		number=$((number + 1))
		net=(--net routed)
		[ "$1" = routed ] || net=(--net bridge:zn-stage --ip "10.66.0.$number/24" --ip "fd66::$number/64")
		running "$name" "${net[@]}" || return
		cp "$spoof" "$zones/$name/data/upper/spoof" && chmod 755 "$zones/$name/data/upper/spoof"
	done
	# Ports of a bridge are kept apart by default, which hides what the rules do.
	for name in m v; do
		[ "$1" = routed ] || bridge link set dev "$(fact "$name" link)" isolated off
	done
	own4=$(fact m ip4) own6=$(fact m ip6) other4=$(fact v ip4) other6=$(fact v ip6)
	to=$(link_says "$(fact m link)" address)
	[ "$1" = routed ] || to=$(fact v mac)
}

both_ended() {
	grep -q '^forged' "$1" && grep -q '^forged' "$2"
}

# forge: lets m send one of each kind; prints what his neighbour and the world got.
forge() {
	local at_v=$box/at-v at_world=$box/at-world

	rm -f "$at_v" "$at_world"
	z exec v -- /spoof catch eth0 >"$at_v" &
	local catcher=$!
	out "$spoof" catch wan >"$at_world" &
	local far=$!
	wait_for 10 grep -qs ready "$at_v"
	wait_for 10 grep -qs ready "$at_world"
	z exec m -- /spoof forge eth0 "$to" "$own4" "$own6" "$other4" "$other6" 192.0.2.254 >"$box/said" 2>&1 ||
		sed 's/^/# /' "$box/said"
	# Who got an honest frame has ended; others take what has come.
	wait_for 1 both_ended "$at_v" "$at_world"
	pkill -TERM -x spoof
	wait "$catcher" "$far"
	forged_at_v=$(sed -n 's/^forged \([0-9]*\) honest .*/\1/p' "$at_v")
	honest_at_v=$(sed -n 's/^forged .* honest //p' "$at_v")
	forged_at_world=$(sed -n 's/^forged \([0-9]*\) .*/\1/p' "$at_world")
}

# holds WHAT: a round of forging gets nothing through, and what is m's own does come.
holds() {
	forge
	try "$1: forged at the neighbour: $forged_at_v" test "$forged_at_v" = 0
	try "$1: forged in the world: $forged_at_world" test "$forged_at_world" = 0
}

# What forged frames could have changed of the host. Multicast routes come with links by themselves.
host_net() {
	ip -o route show table all | grep -vE '^(multicast|anycast)' | sort
	# Whoever has m's MAC, or the one that he makes up, and is not m.
	ip -o neigh | grep -iE "$(fact m mac)|02:66:00:00:00:01" | grep -vE "^($own4|$own6|fe80::[^1])"
	sysctl -a 2>/dev/null | grep -E '^net\.ipv[46]\.conf\.(all|default|up0)\.(forwarding|accept_ra|rp_filter)'
}

h1() {
	local kind before counted

	for kind in routed bridged; do
		pair "$kind" || attempt "two $kind zones" 1
		counted=$("$spoof" kinds "$kind" | sed 's/.*counted //')
		forge			# whatever the honest frame needs is there afterwards
		host_net >"$box/host.was"
		before=$(fact m dropped)
		holds "$kind"
		try "$kind: the honest one came" test "$honest_at_v" = 1
		try "$kind: counted $(($(fact m dropped) - before)) of $counted" \
			test $(($(fact m dropped) - before)) -eq "$counted"
		host_net >"$box/host.is"
		try "$kind: routes and neighbours of the host are the same" \
			diff -u "$box/host.was" "$box/host.is"
		# Without the rules they come through, or nothing was seen here.
		nft flush ruleset
		forge
		if [ "$forged_at_v" -gt 0 ] || [ "$forged_at_world" -gt 0 ]; then control=caught; else control=missed; break; fi
		z destroy -q --force -y m v
	done
	score "H1 H3" "forged MAC, IP, ARP, ND, RA, redirects, DHCP, VLAN: none delivered, all counted"
}

# ends WHAT: a zone with such a network halts, and leaves nothing.
ends() {
	z halt -q m
	attempt "$1: halts" $?
	try "$1: nothing left" nothing_left_of_network m
}

nothing_left_of_network() {
	local left

	left=$(ip -o link show | grep -F "zonectl-$id $1" | grep -v 'of a zone that ended'
		nft list ruleset | grep -F "\"$1\""
		ip -o route show table all | grep -E " ($own4|$own6) ")
	[ -z "$left" ] || { echo "# left of $1: $left"; return 1; }
}

h5() {
	local trick link mac

	pair routed || attempt "two zones" 1
	link=$(fact m link)
	# shellcheck disable=SC2034	# a trick says it
	mac=$(fact m mac)
	# What root of a zone may do to his own link, one after the other on the same one.
	while IFS= read -r trick; do
		eval "as_root_of m $trick" >"$box/said" 2>&1
		attempt "done: $trick: $(<"$box/said")" $?
		holds "after $trick"
	done <<-'END'
		ip link set eth0 mtu 65535
		ip addr add 10.77.77.77/8 dev eth0
		ip link set eth0 address 02:de:ad:00:00:01
		ip link set eth0 address $mac
		ip link set eth0 promisc on
		ip link set eth0 txqueuelen 1000000
		ip link add mv0 link eth0 type macvlan mode bridge
		ip link set mv0 up
		ip neigh flush dev eth0 nud permanent
	END
	try "the host's end is as it was" test "$(link_says "$link" mtu) $(fact m link)" = "1500 $link"
	as_root_of m ip link set eth0 down
	as_root_of m ip link set eth0 name lan0
	as_root_of m ip link set lan0 up
	z exec m -- /spoof forge lan0 "$to" "$other4" "$other6" "$other4" "$other6" 192.0.2.254 >/dev/null 2>&1
	try "info still tells the link" test "$(fact m link)" = "$link"
	# A check that knows links by the zone's own names for them would fall for this.
	as_root_of m ip link show dev lan0 >/dev/null 2>&1 && control=caught
	ends "renamed"
	for trick in 'ip link del eth0' 'ip link set eth0 netns 1' 'ip addr flush dev eth0' 'ip route flush table all'; do
		z boot -q m || attempt "boots before $trick" 1
		eval "as_root_of m $trick" >/dev/null 2>&1
		z net list >/dev/null
		attempt "list after $trick" $?
		ends "$trick"
		try "v is reached after $trick" z exec v -- true
	done
	z destroy -q --force -y m v
	score H5 "a zone renames, moves, deletes, overlays its link: rules hold, it halts, nothing is left"
}

tracked() {
	cat /proc/sys/net/netfilter/nf_conntrack_count
}

p99() {
	sed -n 's/.*p99us //p' <<<"$1"
}

h6() {
	local flood=${1:-50000} calm busy most share neighbours

	pair routed || attempt "two zones" 1
	out "$spoof" serve 80 >"$box/served" &
	server=$!
	wait_for 10 grep -q ready "$box/served"
	share=$(nft list ruleset | sed -n '/set shares_/,/}/{s/.*set shares_\([0-9]*\)k.*/\1/;T e;h;b;:e;/elements/{g;p;q}}')
	most=$((share * 1024))
	calm=$(z exec v -- /spoof connect 192.0.2.254 80 200)
	z exec m -- /spoof flows 192.0.2.254 "$flood" >/dev/null 2>&1 &
	busy=$(LIMIT=60 z exec v -- /spoof connect 192.0.2.254 80 200)
	wait $!
	try "m has its share: $(tracked) of $most" test "$(tracked)" -le $((most + 1000))
	try "v connects while m floods: $busy" grep -q '^failed 0 ' <<<"$busy"
	try "the host connects after that" grep -q '^failed 0 ' <<<"$("$spoof" connect 192.0.2.254 80 10)"
	echo "# p99 of v in us: calm $(p99 "$calm"), flooded $(p99 "$busy")"
	neighbours=$(ip -o neigh | wc -l)
	z exec m -- /spoof claim eth0 "$to" 5000 >/dev/null
	try "5,000 claims make no neighbours: $(ip -o neigh | wc -l)" test "$(ip -o neigh | wc -l)" -le "$neighbours"
	try "v connects after that" grep -q '^failed 0 ' <<<"$(z exec v -- /spoof connect 192.0.2.254 80 20)"
	kill "$server"
	[ "$(tracked)" -gt 1000 ] && control=caught		# the flood was one
	z destroy -q --force -y m v
	score H6 "connections and neighbours of one zone take none from others"
}

zone_links() {
	ip -o link show type veth | grep -c ': zn'
}

no_zone_links() {
	[ "$(zone_links)" -eq 0 ]
}

is_repaired() {
	z repair -q "$1" >/dev/null 2>&1
	[ "$(z list -a -H -o state "$1")" = installed ]
}

h8() {
	local rounds=${1:-20} i pid links

	pair routed || attempt "two zones" 1
	links=$(zone_links)
	z exec m -- /spoof churn 200 >"$box/said" &
	pid=$!
	for ((i = 0; i < 3; i++)); do
		z halt -q v && z boot -q v
		attempt "v boots while m makes namespaces" $?
	done
	wait "$pid"
	try "m was at it: $(<"$box/said")" grep -q '^done [1-9]' "$box/said"
	for ((i = 0; i < rounds; i++)); do
		[ "$(z list -H -o state m)" = running ] || z boot -q m || attempt "boots after $i kills" 1
		kill -9 "$(keeper_of m)" "$(init_of m)"
		# Until the kernel is through with what was killed, there is something to wait for.
		wait_for 10 is_repaired m
		attempt "repaired after $((i + 1)) kills" $?
	done
	z halt -q v
	try "no links left" wait_for 20 no_zone_links
	try "no rules left: $(nft list tables)" test -z "$(nft list tables)"
	[ "$links" -eq 2 ] && control=caught
	z destroy -q --force -y m v
	score H8 "namespaces and kills leave no link and no rule"
}

world_open
store_open
case $mode in
quick)
	h1
	h5
	h6 5000
	h8 3
	;;
*)
	h1
	h5
	h6
	h8 100
	;;
esac
kill "$world"
done_scores
