#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# How many zones one machine holds: BENCH_ZONES (5000) of minimal with routed network, each of which
# answers a ping; then BENCH_TRY (10000), or what gave way before; and a hundred of Debian 12 with systemd.
set -euo pipefail

. "$ZONE_SRCDIR/bench/lib.bash"
bench_alone "$@"
. "$ZONE_SRCDIR/bench/limit.bash"
. "$ZONE_SRCDIR/bench/grow.bash"
. "$ZONE_SRCDIR/bench/debian.bash"

ZONES=${BENCH_ZONES:-5000}
TRY=${BENCH_TRY:-10000}
DEBIANS=${BENCH_DEBIANS:-100}
RIVALS=${BENCH_RIVALS:-10}	# containers of LXC, of nspawn, whose memory is measured
RESERVE=${BENCH_RESERVE:-2048}	# MiB that are left to the machine: the kernel would end just any process
MINUTES=${BENCH_MINUTES:-20}	# after which no more zones are made: to remove them takes as long again
STEP=500

mib() {
	awk '$1 == "MemAvailable:" { printf "%.0f", $2 / 1024 }' /proc/meminfo
}

# each BEFORE AFTER N
each() {
	awk -v a="$1" -v b="$2" -v n="$3" 'BEGIN { printf "%.2f", (a - b) / n }'
}

running() {
	zonectl list -H -o name | wc -l
}

# How many addresses answer, of each zone's the first.
answering() {
	zonectl list -H -o ip | cut -d, -f1 |
		xargs -P 4 -I '{}' sh -c 'ping -q -c 1 -W 3 "$1" >/dev/null 2>&1 && echo answers' - '{}' | wc -l
}

look() {
	"$tools/timer" 7 2 list "$ZONECTL" --root "$store" list ::: >"$work/look"
	column "$work/look" list 3
}

held() {
	local before=$1 median min max

	figure "zones running" "$(running)" ">= $ZONES" ""
	figure "zones that answer a ping" "$(answering)" ">= $ZONES" ""
	[ ! -s "$work/gave-way" ] || figure "what gave way" "$(cat "$work/gave-way")" - ''
	figure "list of $grown running" "$(look)" "<= 100" ms
	figure "memory for each" "$(each "$before" "$(mib)" "$grown")" - "MiB of MemAvailable"
	read -r median min max < <(keepers_kib 'g1*')
	figure "a keeper's private memory" "$median" '<= 200' "KiB, $min to $max"
}

# Fails, and says in $work/gave-way why, where there should be no more zones.
may_grow() {
	[ "$(mib)" -gt "$RESERVE" ] || { echo "memory: $(mib) MiB available" >"$work/gave-way"; return 1; }
	[ "$SECONDS" -lt $((MINUTES * 60)) ] || { echo "time: $MINUTES minutes are over" >"$work/gave-way"; return 1; }
}

# More, until a step does not succeed; $work/gave-way says why.
try_more() {
	local n=$grown

	: >"$work/gave-way"
	while [ "$n" -lt "$TRY" ] && may_grow; do
		n=$((n + STEP < TRY ? n + STEP : TRY))
		if ! { zonectl create -q "g{$((grown + 1))..$n}" -t minimal -j 2 &&
			zonectl boot -q "g{$((grown + 1))..$n}" -j 2; } 2>"$work/failed"; then
			grep -v '^ *try:' "$work/failed" | head -n 1 >"$work/gave-way"
			break
		fi
		grown=$n
		echo "bench: $n zones, $(mib) MiB left" >&2
	done
}

more() {
	local reached

	try_more
	reached=$(running)
	figure "zones running, $TRY tried" "$reached" - \
		"$([ -s "$work/gave-way" ] && cat "$work/gave-way" || echo "none gave way; $(mib) MiB available")"
	figure "zones that answer a ping then" "$(answering)" - ""
	figure "list of them" "$(look)" - ms
}

#
# Debian
#

debians() {
	local before

	before=$(mib)
	zonectl create -q "d{1..$DEBIANS}" -t debian -j 2
	zonectl boot -q "d{1..$DEBIANS}" --wait=300 -j 4 || :
	figure "Debian 12 zones running" "$(zonectl exec -j 2 'd*' -- systemctl is-system-running 2>/dev/null |
		grep -c running)" ">= $DEBIANS" "systemd inside says running"
	sync
	sleep 5
	figure "memory for each" "$(each "$before" "$(mib)" "$DEBIANS")" - "MiB of MemAvailable"
	zonectl destroy -q --force -y --all -j 2
}

# rival NAME: RIVALS containers of it, each with a copy of the tree.
rival() {
	local i before

	for ((i = 1; i <= RIVALS; i++)); do
		mkdir -p "$work/$1.$i"
		cp -a --reflink=auto "$debian_tree" "$work/$1.$i/tree"
	done
	sync
	before=$(mib)
	for ((i = 1; i <= RIVALS; i++)); do "boot_$1" "$work/$1.$i"; done
	sleep 5
	figure "memory for each of $RIVALS, $2" "$(each "$before" "$(mib)" "$RIVALS")" - "MiB; page cache of a tree of its own is not in it"
	for ((i = 1; i <= RIVALS; i++)); do "end_$1" "$work/$1.$i"; done
}

boot_nspawn() {
	"$tools/ready" "$1/sock" systemd-nspawn -q --register=no --keep-unit --notify-ready=yes --private-network \
		--link-journal=no -b -D "$1/tree" --console=pipe | cut -d' ' -f2 >"$1/pid"
}

end_nspawn() {
	while kill -TERM "$(cat "$1/pid")" 2>/dev/null; do sleep 0.05; done
}

boot_lxc() {
	mkdir "$1/notify"
	cat >"$1/conf" <<-END
		lxc.rootfs.path = dir:$1/tree
		lxc.uts.name = bench
		lxc.net.0.type = empty
		lxc.apparmor.profile = unconfined
		lxc.mount.auto = proc:mixed sys:mixed cgroup:mixed
		lxc.environment = NOTIFY_SOCKET=/notify/sock
		lxc.mount.entry = $1/notify notify none bind,create=dir 0 0
	END
	"$tools/ready" "$1/notify/sock" lxc-start -d -n "bench-${1##*.}" -P "$1" -f "$1/conf" -- /sbin/init >/dev/null
}

end_lxc() {
	lxc-stop -k -n "bench-${1##*.}" -P "$1"
}

report() {
	local before

	printf '## %s zones\n\n%s\n\n' "$ZONES" "Of minimal with routed network, $(mib) MiB available before. \
The costs of the next zone are whole commands in ms, medians of $GROW_ROUNDS."
	before=$(mib)
	grow_head
	grow_to 1
	grow_measure
	while [ "$grown" -lt "$ZONES" ] && may_grow; do
		grow_to $((grown + STEP < ZONES ? grown + STEP : ZONES))
		echo "bench: $grown zones, $(mib) MiB left" >&2
	done
	grow_measure
	grow_claims
	held "$before"
	[ "$TRY" -le "$grown" ] || [ -s "$work/gave-way" ] || more
	zonectl destroy -q --force -y --all -j 2
	printf '\n## %s zones of Debian 12\n' "$DEBIANS"
	figures "With systemd, routed network."
	debians
	! command -v lxc-start >/dev/null || rival lxc LXC
	! command -v systemd-nspawn >/dev/null || rival nspawn systemd-nspawn
}

# Zones beyond the host's number of terminals raise that.
terminals=$(cat /proc/sys/kernel/pty/max)
terminals_back() {
	echo "$terminals" >/proc/sys/kernel/pty/max
}

bench_open
limit_open
limit_open_table
debian_open
after lxc_close
after terminals_back
part density
