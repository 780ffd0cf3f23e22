#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# Whether work in a zone is as fast as on the host: the same programs of one Debian tree in a zone and in
# a chroot of the host, on one disk, in turn.
set -euo pipefail

. "$ZONE_SRCDIR/bench/lib.bash"
bench_alone "$@"
. "$ZONE_SRCDIR/bench/debian.bash"
. "$ZONE_SRCDIR/bench/streams.bash"

ROUNDS=${BENCH_ROUNDS:-7}
SECONDS_EACH=${BENCH_SECONDS:-1}
FILE_SIZE=256M
PACKAGES=$DEBIAN_PACKAGES,sysbench,fio,gcc,libc6-dev,libyajl-dev,libsodium-dev,iperf3
bare_near='' bare_far=''	# place() sets them

# Where a command runs: on the host, in the zone.
host() {
	chroot "$work/host" "$@"
}

zone() {
	zonectl exec n -- "$@"
}

# The source of this program, in both.
prepare_source() {
	mkdir -p "$work/host/root/src/objects"
	cp -r "$ZONE_SRCDIR/base" "$work/host/root/src/"
	tar -C "$work/host/root" -cf - src | zone tar -C /root -xf -
}

prepare() {
	debian_archive native.tar "$PACKAGES"
	mkdir "$work/host"
	tar -C "$work/host" -xf "$CACHE/native.tar"
	mount -t proc proc "$work/host/proc"
	mount --bind /dev "$work/host/dev"
	after host_close
	zonectl template import -q --name native "$CACHE/native.tar"
	zonectl create n -t native
	zonectl boot -q n --wait
	prepare_source
}

host_close() {
	umount "$work/host/dev" "$work/host/proc"
}

#
# What is measured: each prints a number, the more the better
#

cpu() {
	"$1" sysbench cpu --threads="$(nproc)" --time="$SECONDS_EACH" run | awk '/events per second/ { print $NF }'
}

memory() {
	"$1" sysbench memory --threads="$(nproc)" --time="$SECONDS_EACH" --memory-total-size=100T run |
		awk -F '[( ]+' '/transferred/ { print $4 }'
}

# Terse output, version 3: operations a second of reads are field 8, of writes 49; KiB/s 7 and 48.
disk() {
	"$1" fio --name=bench --filename=/root/file --size="$FILE_SIZE" --rw="$2" --bs="$3" --ioengine=psync --direct=1 \
		--time_based --runtime="$SECONDS_EACH" --output-format=terse --terse-version=3 |
		awk -F ';' '{ print $7 + $48 }'
}

random_read() { disk "$1" randread 4k; }
random_write() { disk "$1" randwrite 4k; }
sequential_read() { disk "$1" read 1M; }
sequential_write() { disk "$1" write 1M; }

# Files of base/ alone: all of it would take a minute, and need its libraries.
compile() {
	# shellcheck disable=SC2016	# for the shells that run it
	"$1" sh -c 'cd /root/src && ls base/*.c | xargs -P "$(nproc)" -I "{}" sh -c '\''
		exec gcc -std=gnu11 -O2 -D_GNU_SOURCE -I. -c -o "objects/${1##*/}.o" "$1"'\'' - "{}"'
}

timed_compile() {
	local from

	from=${EPOCHREALTIME/[^0-9]/}
	compile "$1"
	awk -v us=$((${EPOCHREALTIME/[^0-9]/} - from)) 'BEGIN { print 1000000 / us }'
}

# From the zone to the host, and over a bare pair.
network() {
	if [ "$1" = zone ]; then
		stream zone:n /proc/self/ns/net 169.254.1.1 cubic
	else
		stream "$bare_near" "$bare_far" 10.0.0.2 cubic
	fi
}

rows=(
	"sysbench cpu|cpu|0.98|events/s"
	"sysbench memory|memory|0.98|MiB/s"
	"fio, random reads of 4k|random_read|0.95|KiB/s"
	"fio, random writes of 4k|random_write|0.95|KiB/s"
	"fio, sequential reads|sequential_read|0.95|KiB/s"
	"fio, sequential writes|sequential_write|0.95|KiB/s"
	"compiling base/ of this program|timed_compile|0.98|a second"
	"iperf3, to the host, beside a bare pair|network|0.98|Gbit/s"
)

# Who comes first changes from round to round.
measure() {
	local round row what order who

	for ((round = 0; round < ROUNDS; round++)); do
		order=(host zone)
		[ $((round % 2)) -eq 0 ] || order=(zone host)
		for row in "${rows[@]}"; do
			IFS='|' read -r _ what _ <<<"$row"
			for who in "${order[@]}"; do "$what" "$who" >>"$work/$what.$who"; done
		done
	done
}

report() {
	local row name what limit unit host zone

	measure
	printf '## Native speed\n'
	figures "In a zone to on the host, $ROUNDS rounds in turn, medians. The host's side is a chroot of the same tree; \
both have their files on one disk, fio with direct I/O, the zone's on an overlay."
	for row in "${rows[@]}"; do
		IFS='|' read -r name what limit unit <<<"$row"
		read -r host _ < <(three <"$work/$what.host")
		read -r zone _ < <(three <"$work/$what.zone")
		figure "$name" "$(ratio "$zone" "$host")" ">= $limit" "$zone in the zone, $host on the host, $unit"
		point native "$name" 0 "$(ratio "$zone" "$host")"
	done
}

bench_open
prepare
place bare_near
place bare_far
wire bare_near near 10.0.0.1 bare_far 10.0.0.2
part native
