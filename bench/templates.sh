#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# What it costs to import a template, and to make a zone of one: Debian 12 as plain tar, gzip, zstd
# and xz, zonectl and GNU tar in turn, each on a fresh filesystem. Prints tables and writes them to
# TEMPLATES.md and TEMPLATES.json. "make bench-templates" sets ZONECTL, ZONE_SRCDIR, ZONE_BUILDDIR.
set -euo pipefail

# In a mount namespace of its own: nobody else holds the filesystems made here.
[ -n "${BENCH_IS_PRIVATE:-}" ] ||
	BENCH_IS_PRIVATE=1 exec unshare -m --propagation private bash "$0"

ROUNDS=${BENCH_ROUNDS:-7}
# Archives are kept between runs here; remove the directory to have them made anew.
CACHE=${BENCH_CACHE:-/var/tmp/zonectl-bench-cache}
IMAGE_SIZE=4G
PACKAGES=systemd,systemd-sysv,libpam-systemd,dbus,openssh-server,iproute2,iputils-ping,procps,sudo,ca-certificates,netbase,less
results=$ZONE_SRCDIR/bench/TEMPLATES
timer=$ZONE_BUILDDIR/bench/timer

work=$(mktemp -d "${BENCH_DIR:-/var/tmp}/zone-bench.XXXXXX")
here=$work/mnt

unmount() {
	! mountpoint -q "$here" || umount "$here"
}

cleanup() {
	unmount
	rm -rf --one-file-system "$work"
}
trap cleanup EXIT

die() {
	echo "bench: $*" >&2
	exit 1
}

# The archives. One at a time appears under its name, complete.

make_tar() {
	mmdebstrap --variant=minbase --include="$PACKAGES" bookworm "$1" 2>"$work/mmdebstrap.log" ||
		die "mmdebstrap: $(tail -n 1 "$work/mmdebstrap.log")"
}

# cached NAME COMMAND...: makes $CACHE/NAME from the plain tar by a filter.
cached() {
	local name=$1
	shift
	[ -e "$CACHE/$name" ] || "$@" <"$CACHE/debian-12.tar" >"$work/made"
	[ -e "$CACHE/$name" ] || mv "$work/made" "$CACHE/$name"
}

prepare_archives() {
	mkdir -p "$CACHE"
	if [ ! -e "$CACHE/debian-12.tar" ]; then
		make_tar "$work/debian-12.tar"
		mv "$work/debian-12.tar" "$CACHE/"
	fi
	cached debian-12.tar.gz gzip -6 -n
	cached debian-12.tar.zst zstd -q -19
	cached debian-12.tar.xz xz -6 -T1
	cached debian-12-9.tar.xz xz -9 -T1
	cat "$CACHE"/debian-12* >/dev/null	# into the page cache
}

# Where they are unpacked. A filesystem that has seen deletions is another one: ext4 without a
# journal passes over recently deleted inodes one by one, for five minutes (NOTES.md).

fresh_disk() {
	unmount
	rm -f "$work/image"
	truncate -s "$IMAGE_SIZE" "$work/image"
	mkfs.ext4 -q -F "$work/image"
	mount -o loop,noinit_itable "$work/image" "$here"
	losetup --direct-io=on "$(findmnt -n -o SOURCE "$here")"
	mkdir "$here/to"
	sync -f "$here"
}

fresh_memory() {
	unmount
	mount -t tmpfs -o mode=755,size="$IMAGE_SIZE" tmpfs "$here"
	mkdir "$here/to"
}

# The contestants: into directory $1, from archive $2.
# shellcheck disable=SC2016	# for the shell that runs them
declare -A commands=(
	[tar]='exec tar -C "$1" -xf "$2"'
	[tar+sync]='tar -C "$1" -xf "$2" && exec sync -f "$1"'
	[zonectl]='exec "$ZONECTL" --root "$1" template import --name debian "$2"'
)

# once FRESH WHO ARCHIVE: appends "FRESH ARCHIVE WHO elapsed-ms cpu-ms kib".
once() {
	"fresh_$1"
	"$timer" 1 0 "$2" /bin/bash -c "${commands[$2]}" - "$here/to" "$CACHE/$3" >"$work/time"
	! grep -q failed "$work/time" || die "$2 failed on $3"
	awk -F '\t' -v fresh="$1" -v archive="$3" '{ print fresh, archive, $1, $3, $5, $8 }' \
		"$work/time" >>"$work/times"
}

run_rounds() {
	local archive who round
	for archive in debian-12.tar debian-12.tar.gz debian-12.tar.zst debian-12.tar.xz; do
		echo "bench: $archive" >&2
		for ((round = 0; round < ROUNDS; round++)); do
			for who in tar tar+sync zonectl; do
				once disk "$who" "$archive"
			done
			for who in tar zonectl; do
				once memory "$who" "$archive"
			done
		done
	done
}

# The peak of every process of one import, largest first, in KiB: VmHWM only grows, so that looking
# now and then is enough.
descendants() {
	local pid
	while read -r -d ' ' pid; do
		echo "$pid"
		descendants "$pid"
	done < <(cat "/proc/$1/task/"*/children 2>/dev/null)
}

peaks() {
	local archive=$1 top pid kib
	local -A peak=()
	fresh_disk
	ZONECTL=$ZONECTL bash -c "${commands[zonectl]}" - "$here/to" "$CACHE/$archive" >/dev/null &
	top=$!
	while kill -0 "$top" 2>/dev/null; do
		for pid in "$top" $(descendants "$top"); do
			kib=$(awk '/^VmHWM/ { print $2 }' "/proc/$pid/status" 2>/dev/null || :)
			[ -z "$kib" ] || peak[$pid]=$kib
		done
	done
	wait "$top"
	printf '%s\n' "${peak[@]}" | sort -rn | tr '\n' ' '
}

# Zones of a small and of a large template.

make_template() {
	local name=$1 files=$2 i
	mkdir -p "$here/$name/sbin" "$here/$name/data"
	echo '#!/bin/sh' >"$here/$name/sbin/init"
	chmod 755 "$here/$name/sbin/init"
	for ((i = 0; i < files; i++)); do
		head -c 40960 /dev/urandom >"$here/$name/data/$i"
	done
	tar -C "$here/$name" -cf "$here/$name.tar" .
	"$ZONECTL" --root "$here/to" template import --name "$name" "$here/$name.tar" >/dev/null
}

run_creates() {
	local round size zone=0
	fresh_disk
	make_template small 102
	make_template large 10240
	for ((round = 0; round < 5 * ROUNDS; round++)); do
		for size in small large; do
			zone=$((zone + 1))
			"$timer" 1 0 "$size" "$ZONECTL" --root "$here/to" create "z$zone" -t "$size" \
				>"$work/time"
			awk -F '\t' '{ print "create", $1, "zonectl", $3, $5, $8 }' "$work/time" \
				>>"$work/times"
		done
	done
}

# median, minimum and maximum of column $2 of what $1 (the first three columns) did.
figures() {
	awk -v key="$1" -v column="$2" '$1 " " $2 " " $3 == key { print $column }' "$work/times" |
		sort -g | awk '{ v[NR] = $1 }
			END { print (v[int((NR + 1) / 2)] + v[int(NR / 2) + 1]) / 2, v[1], v[NR] }'
}

ratio() {
	awk -v a="$1" -v b="$2" 'BEGIN { printf "%.2f", a / b }'
}

seconds() {
	awk -v ms="$1" 'BEGIN { printf "%.3f", ms / 1000 }'
}

row() {
	local fresh=$1 archive=$2 who=$3 wall cpu most to_tar to_synced
	read -ra wall <<<"$(figures "$fresh $archive $who" 4)"
	read -ra cpu <<<"$(figures "$fresh $archive $who" 5)"
	read -ra most <<<"$(figures "$fresh $archive $who" 6)"
	to_tar=$(ratio "${wall[0]}" "$(figures "$fresh $archive tar" 4 | cut -d' ' -f1)")
	to_synced=-
	[ "$fresh" = memory ] ||
		to_synced=$(ratio "${wall[0]}" "$(figures "$fresh $archive tar+sync" 4 | cut -d' ' -f1)")
	printf '| %s | %s | %s | %s | %s | %s | %s | %s | %s | %s |\n' "$archive" "$who" \
		"$(seconds "${wall[0]}")" "$(seconds "${wall[1]}")" "$(seconds "${wall[2]}")" \
		"$to_tar" "$to_synced" "$(seconds "${cpu[0]}")" \
		"$(ratio "${cpu[0]}" "$(figures "$fresh $archive tar" 5 | cut -d' ' -f1)")" \
		"$((${most[2]%.*} / 1024))"
	jq_row "$fresh" "$archive" "$who" "${wall[@]}" "${cpu[0]}" "${most[2]}"
}

jq_row() {
	printf '{"where":"%s","what":"%s","who":"%s","wall_ms":{"median":%s,"min":%s,"max":%s},"cpu_ms":%s,"peak_kib":%s}\n' \
		"$@" >>"$work/json"
}

table() {
	local fresh=$1 archive who
	shift
	echo '| archive | | median s | min | max | to tar | to tar+sync | CPU s | CPU to tar | peak MiB |'
	echo '|---|---|---|---|---|---|---|---|---|---|'
	for archive in debian-12.tar debian-12.tar.gz debian-12.tar.zst debian-12.tar.xz; do
		for who in "$@"; do
			row "$fresh" "$archive" "$who"
		done
	done
}

creates_table() {
	local size wall cpu
	echo '| template | median ms | min | max | CPU ms |'
	echo '|---|---|---|---|---|'
	for size in small large; do
		read -ra wall <<<"$(figures "create $size zonectl" 4)"
		read -ra cpu <<<"$(figures "create $size zonectl" 5)"
		printf '| %s | %s | %s | %s | %s |\n' "$size" "${wall[@]}" "${cpu[0]}"
		jq_row create "$size" zonectl "${wall[@]}" "${cpu[0]}" 0
	done
}

peaks_table() {
	local archive
	echo '| archive | KiB of each process, the largest first |'
	echo '|---|---|'
	for archive in debian-12.tar debian-12.tar.gz debian-12.tar.zst debian-12.tar.xz debian-12-9.tar.xz; do
		echo "| $archive | $(peaks "$archive")|"
	done
}

report() {
	cat <<-END
		# Importing a template

		Written by \`make bench-templates\` (bench/README.md says how to read it).

		Linux $(uname -r | cut -d. -f1-2), $(nproc) processors ($(awk -F ': ' '/^model name/ { print $2; exit }' /proc/cpuinfo)), $(tar --version | head -n 1),
		$ROUNDS rounds in turn, load $(cut -d' ' -f1 /proc/loadavg) at the end. Debian 12 with systemd: $(stat -c %s "$CACHE/debian-12.tar") bytes,
		$(tar -tf "$CACHE/debian-12.tar" | wc -l) entries. zonectl's time has in it the sandbox, the digest of the file, the digest of the
		tree and the sync to disk.

		## On ext4, made anew for every run

		$(table disk tar tar+sync zonectl)

		## In memory (tmpfs): without any disk

		$(table memory tar zonectl)

		## Memory of one import

		$(peaks_table)

		## Making a zone: \`zonectl create\` of a template of 4 MiB and of 400 MiB

		$(creates_table)
	END
}

[ "$(id -u)" -eq 0 ] || die "needs root"
for program in mmdebstrap tar gzip zstd xz mkfs.ext4; do
	command -v "$program" >/dev/null || die "no $program"
done
export ZONECTL
mkdir "$here"
prepare_archives
run_rounds
run_creates
report | tee "$work/report"
if [ -w "$ZONE_SRCDIR/bench" ]; then
	cp "$work/report" "$results.md"
	{ echo '['; sed '$!s/$/,/' "$work/json"; echo ']'; } >"$results.json"
fi
