#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# What a zone's network costs beside the bare limit: to make, with few zones and with many, in a whole
# run, and in throughput beside a bare veth pair. Prints tables and writes them to NET.md.
# "make bench-net" sets ZONECTL, ZONE_SRCDIR and ZONE_BUILDDIR; needs iperf3 (bench/setup).
set -euo pipefail

. "$ZONE_SRCDIR/bench/lib.bash"
bench_alone "$@"
. "$ZONE_SRCDIR/bench/streams.bash"

ZONES=${BENCH_ZONES:-1000}
ROUNDS=${BENCH_ROUNDS:-40}
STREAM_ROUNDS=${BENCH_STREAM_ROUNDS:-15}
PACKET_ROUNDS=7
WARMUPS=3
results=$ZONE_SRCDIR/bench/NET.md

congestion=
bare_near='' bare_far='' router='' one='' two=''	# place() sets them

# hold NAME N [limit]: N networks in a namespace of their own until the end; $work/NAME.host and
# $work/NAME.zones say where they are.
hold() {
	local name=$1 line
	shift

	mkfifo "$work/$name.out"
	unshare --net "$tools/net_limit" hold "$@" <"$held" >"$work/$name.out" &
	bench_pids+=($!)
	echo "/proc/$!/ns/net" >"$work/$name.host"
	: >"$work/$name.zones"
	while read -r line && [ "$line" != ready ]; do
		echo "$line" >>"$work/$name.zones"
	done <"$work/$name.out"
	[ "${line:-}" = ready ] || die "$name: no networks"
}

# zone NAME NUMBER: where it is.
zone() {
	sed -n "$(($2 + 1))p" "$work/$1.zones"
}

#
# The limit makes what net_up() makes
#

# Addresses, routes and neighbours, names and numbers of links left out.
objects() {
	{
		in_net "$1" ip -o -d addr show
		in_net "$1" ip -d route show table all
		in_net "$1" ip -d -6 route show table all
		in_net "$1" ip neigh
		in_net "$1" ip -o -d link show
	} | sed -E 's/zn[0-9a-z]{13}/HOSTEND/g; s/^[0-9]+: //; s/@if[0-9]+/@IF/g
		s/link-netnsid [0-9]+//; s/[[:space:]]+/ /g; s/qlen [0-9]+//' | sort
}

check_limit() {
	hold checked-limit 1 limit
	hold checked-ours 1
	diff <(objects "$(zone checked-limit 0)") <(objects "$(zone checked-ours 0)") ||
		die "the limit and net_up() do not make the same inside"
	diff <(objects "$(<"$work/checked-limit.host")") <(objects "$(<"$work/checked-ours.host")") ||
		die "the limit and net_up() do not make the same on the host"
}

#
# Making one
#

making() {
	"$tools/net_limit" time "$ZONES" >"$work/made"
	cat <<-END
		## To make one

		\`net_up()\` and the limit in turn, in one process, milliseconds: medians of 20 around the 10th zone
		and of the last 20 of $ZONES. An address of each family. CPU suffers less from other work on the
		machine. The limit's own growth is the kernel's.

		| | 10th | CPU | last of $ZONES | CPU | last to 10th, CPU |
		|---|---|---|---|---|---|
	END
	awk -F '\t' '{ printf "| %s | %s | %s | %s | %s | %.2f |\n", $1, $3, $5, $7, $9, $9 / $5
		for (i = 3; i <= 9; i += 2) v[NR, i] = $i }
		END { printf "| ratio | %.2f | %.2f | %.2f | %.2f | %.2f |\n", v[2, 3] / v[1, 3], v[2, 5] / v[1, 5],
			v[2, 7] / v[1, 7], v[2, 9] / v[1, 9], v[2, 9] / v[2, 5] / (v[1, 9] / v[1, 5]) }' "$work/made"
}

#
# In a whole run
#

running() {
	local run=(/usr/bin/nice -n -20 "$ZONECTL" --root "$store" run -t minimal --rm)

	"$tools/timer" "$ROUNDS" "$WARMUPS" none "${run[@]}" --net none -- /bin/true ::: \
		routed "${run[@]}" --net routed -- /bin/true ::: >"$work/ran"
	cat <<-END

		## In a whole run

		\`zonectl run -t minimal --rm -- /bin/true\` without and with a network, in turn, $ROUNDS times,
		milliseconds from fork to reaped: a network made and let go.

		| | median | min | CPU median |
		|---|---|---|---|
	END
	awk -F '\t' '{ printf "| net=%s | %s | %s | %s |\n", $1, $3, $2, $5 }' "$work/ran"
}

#
# Throughput
#

# A pair, and two pairs with a router between them.
bare_limits() {
	local name
	for name in bare_near bare_far router one two; do place $name; done
	wire bare_near near 10.0.0.1 bare_far 10.0.0.2
	wire router to-one 10.1.0.1 one 10.1.0.2
	wire router to-two 10.2.0.1 two 10.2.0.2
	in_net "$one" ip route add default via 10.1.0.1
	in_net "$two" ip route add default via 10.2.0.1
	in_net "$router" sysctl -qw net.ipv4.ip_forward=1
}

# packets NAME FROM TO ADDRESS: a row, with what its rounds found.
packets() {
	local round
	for ((round = 0; round < PACKET_ROUNDS; round++)); do
		nice -n -20 "$tools/net_limit" packet "$2" "$3" "$4"
	done | sort -n | awk -v name="$1" '{ v[NR] = $1 }
		END { printf "| %s | %d | %d |\n", name, v[int((NR + 1) / 2)], v[1] }'
}

packet_table() {
	cat <<-END

		## A packet

		Nanoseconds of CPU from the sender's call to the receiver's queue, of a datagram of a conversation
		that both ends know; $PACKET_ROUNDS rounds. Other work on the machine hardly shows.

		| | median | min |
		|---|---|---|
	END
	packets 'bare pair' "$bare_near" "$bare_far" 10.0.0.2
	packets 'two bare pairs, routed' "$one" "$two" 10.2.0.2
	packets 'zone to host, 2 zones' "$(zone few 0)" "$(<"$work/few.host")" 169.254.1.1
	packets 'zone to zone, 2 zones' "$(zone few 0)" "$(zone few 1)" 10.9.0.1
	packets "zone to host, $ZONES zones" "$(zone many 0)" "$(<"$work/many.host")" 169.254.1.1
	packets "zone to zone, $ZONES zones" "$(zone many 0)" "$(zone many 1)" 10.9.0.1
}

streams() {
	local round n
	rm -f "$work"/{bare,routed,few.to-*,many.to-*}
	for ((round = 0; round < STREAM_ROUNDS; round++)); do
		stream "$bare_near" "$bare_far" 10.0.0.2 "$congestion" >>"$work/bare"
		stream "$one" "$two" 10.2.0.2 "$congestion" >>"$work/routed"
		for n in few many; do
			stream "$(zone $n 0)" "$(<"$work/$n.host")" 169.254.1.1 "$congestion" >>"$work/$n.to-host"
			stream "$(zone $n 0)" "$(zone $n 1)" 10.9.0.1 "$congestion" >>"$work/$n.to-zone"
		done
	done
}

# "MEDIAN MOST"
middle_and_most() {
	sort -n "$1" | awk '{ v[NR] = $1 } END { print v[int((NR + 1) / 2)], v[NR] }'
}

throughput_row() {
	awk -v name="$1" -v value="$(middle_and_most "$2")" -v bare="$(middle_and_most "$work/bare")" \
		'BEGIN { split(value, v, " "); split(bare, b, " ")
		printf "| %s | %.1f | %.2f | %.1f | %.2f |\n", name, v[1], v[1] / b[1], v[2], v[2] / b[2] }'
}

# The kernel's own congestion control, and this host's, if that is another.
throughput() {
	local host
	command -v iperf3 >/dev/null || die "needs iperf3 (bench/setup)"
	host=$(</proc/sys/net/ipv4/tcp_congestion_control)
	bare_limits
	hold few 2
	hold many "$ZONES"
	packet_table
	cat <<-END

		## TCP

		iperf3, $STREAM_ROUNDS rounds of $STREAM_SECONDS s in turn, Gbit/s, at the highest priority; bare is a veth
		pair between two namespaces, with nothing else. From zone to zone packets pass two pairs and the
		host, as from pair to pair by a router without any rules. The most that any round reached
		suffers least from other work on the machine.
	END
	congestion=cubic throughput_table
	[ "$host" = cubic ] || congestion=$host throughput_table
}

throughput_table() {
	streams
	cat <<-END

		| $congestion | median | ratio | most | ratio |
		|---|---|---|---|---|
	END
	throughput_row 'bare pair' "$work/bare"
	throughput_row 'two bare pairs, routed' "$work/routed"
	throughput_row 'zone to host, 2 zones' "$work/few.to-host"
	throughput_row 'zone to zone, 2 zones' "$work/few.to-zone"
	throughput_row "zone to host, $ZONES zones" "$work/many.to-host"
	throughput_row "zone to zone, $ZONES zones" "$work/many.to-zone"
}

report() {
	cat <<-END
		# The network of a zone

		Written by \`make bench-net\` (bench/README.md says how to read it).
		$(machine_line)

	END
	making
	running
	throughput
}

bench_open
held=$work/held
mkfifo "$held"
exec 9<>"$held"
check_limit
report >"$work/report"
cat "$work/report"
[ ! -w "$ZONE_SRCDIR/bench" ] || cp "$work/report" "$results"
