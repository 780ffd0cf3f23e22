# SPDX-License-Identifier: GPL-2.0-or-later
# shellcheck shell=bash disable=SC2154	# what lib.bash sets
# TCP and bare pairs, for scripts that load this after lib.bash.

STREAM_SECONDS=1

in_net() {
	nsenter --net="$1" -- "${@:2}"
}

# place NAME: sets NAME and NAME_pid to a network namespace of its own.
place() {
	unshare --net -- sleep infinity &
	bench_pids+=($!)
	declare -g "$1=/proc/$!/ns/net" "$1_pid=$!"
	until [ "$(readlink "/proc/$!/ns/net")" != "$(readlink /proc/self/ns/net)" ]; do :; done
}

# wire PLACE LINK ADDRESS PLACE ADDRESS: a bare veth pair.
wire() {
	local pid=$4_pid
	in_net "${!1}" ip link add name "$2" type veth peer name eth0 netns "${!pid}"
	in_net "${!1}" ip addr add "$3/24" dev "$2"
	in_net "${!1}" ip link set "$2" up
	in_net "${!4}" ip addr add "$5/24" dev eth0
	in_net "${!4}" ip link set eth0 up
}

# stream CLIENT SERVER ADDRESS CONGESTION: Gbit/s that arrive. Both are network namespaces, the client may
# be zone:NAME, with an iperf3 of its own. Before all other work on the machine.
stream() {
	local server client=(nsenter --net="$1" -- nice -n -20)

	[[ $1 != zone:* ]] || client=(nice -n -20 "$ZONECTL" --root "$store" exec "${1#zone:}" --)
	mkfifo "$work/server"
	in_net "$2" nice -n -20 iperf3 -s -1 --forceflush >"$work/server" &
	server=$!
	grep -q -m 1 listening "$work/server"
	cat "$work/server" >/dev/null &
	"${client[@]}" iperf3 -c "$3" -C "$4" -t "$STREAM_SECONDS" -J |
		awk '/"sum_received"/ { is_in = 1 } is_in && /bits_per_second/ { gsub(/[^0-9.e+]/, "", $2)
			printf "%.2f\n", $2 / 1e9; exit }'
	wait "$server" || :
	rm "$work/server"
}
