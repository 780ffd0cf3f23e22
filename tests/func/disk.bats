#!/usr/bin/env bats
# SPDX-License-Identifier: GPL-2.0-or-later
# the properties disk and inodes, on a store whose filesystem has no project quotas
# shellcheck disable=SC2154	# run --separate-stderr sets stderr

load ../lib/zone

setup_file() { store_open; }
teardown_file() { store_close; }
setup() { zone_setup; }

zones() { echo "$ZONECTL_ROOT/var/lib/zonectl/zones"; }

# df_of NAME FIELD [OPTION]: what df inside says of the root: 2 size, 3 used, 4 available (1K or files).
df_of() {
	zonectl exec "$1" -- df ${3:+"$3"} -P / | awk -v f="$2" 'END { print $f }'
}

# fills NAME FILE: writes until it fails; $output is why.
fills() {
	run zonectl exec "$1" -- dd if=/dev/zero of="$2" bs=64k
	[ "$status" -eq 1 ]
}

# What the image of a zone takes of the host, in KiB.
taken() {
	du -k "$(zones)/$1/disk.img" | cut -f 1
}

takes_less() {
	[ "$(taken "$1")" -lt "$2" ]
}

# can_grow: zonectl may grow a filesystem that is mounted (CAP_SYS_RESOURCE, bit 24).
can_grow() {
	local caps

	caps=$(sed -n 's/^CapEff:\t//p' /proc/self/status)
	((0x$caps & 1 << 24))
}

# no_loop NAME: nothing has its image.
no_loop() {
	! losetup -a | grep -F "$(zones)/$1/" >/dev/null
}

@test "df inside shows disk as the size" {
	installed d1 --disk 64M
	zonectl boot d1
	[ "$(df_of d1 2)" -eq 65536 ]
	[ "$(df_of d1 4)" -gt 50000 ]
	[ "$(df_of d1 2 -i)" -eq 4096 ]
}

@test "a full disk is ENOSPC in that zone, and nowhere else" {
	installed d2 --disk 32M
	installed d3 --disk 32M
	zonectl boot d2 d3
	fills d2 /big
	holds "No space left on device"
	[ "$(df_of d2 4)" -lt 128 ]
	zonectl exec d3 -- dd if=/dev/zero of=/some bs=1M count=10
	zonectl exec d2 -- rm /big
	zonectl exec d2 -- dd if=/dev/zero of=/some bs=1M count=10
}

@test "inodes bounds how many files there are" {
	installed d4 --disk 32M --inodes 1k
	zonectl boot d4
	[ "$(df_of d4 2 -i)" -ge 1000 ]
	[ "$(df_of d4 2 -i)" -lt 1100 ]
	# shellcheck disable=SC2016	# of the zone's shell
	run zonectl exec d4 -- sh -c 'mkdir /m; i=0; while [ $i -lt 1100 ]; do : >/m/$i || exit 1; i=$((i+1)); done'
	[ "$status" -eq 1 ]
	holds "No space left on device"
}

@test "nothing of an image shows in the host's mounts, and its device goes with the zone" {
	installed d1 --disk 64M
	[ "$(stat -c %a "$(zones)/d1/disk.img")" = 600 ]
	no_loop d1
	zonectl boot d1
	not grep -F "$ZONECTL_ROOT" /proc/self/mountinfo
	losetup -a | grep -F "$(zones)/d1/disk.img"
	zonectl halt d1
	deadline 10 no_loop d1
}

@test "info tells what is in use and what is the limit, running and stopped" {
	installed d1 --disk 64M
	[ "$(fact d1 disk_limit_bytes)" -eq 67108864 ]
	[ "$(fact d1 disk_bytes)" -lt 12000000 ]
	zonectl boot d1
	zonectl exec d1 -- dd if=/dev/zero of=/some bs=1M count=20 conv=fsync
	[ "$(fact d1 disk_bytes)" -gt 20971520 ]
	[ "$(fact d1 inodes)" -gt 10 ]
	[ "$(fact d1 inodes_limit)" -eq 4096 ]
	zonectl halt d1
	[ "$(fact d1 disk_bytes)" -gt 20971520 ]
	installed d5
	[ "$(fact d5 disk_bytes)" = null ]
	[ "$(fact d5 disk_limit_bytes)" = null ]
}

@test "what a zone frees goes back to the host" {
	installed d1 --disk 256M
	zonectl boot d1
	zonectl exec d1 -- dd if=/dev/zero of=/big bs=1M count=100 conv=fsync
	[ "$(taken d1)" -gt 100000 ]
	zonectl exec d1 -- sh -c 'rm /big; sync'
	deadline 10 takes_less d1 20000
}

@test "a zone with storage=copy has its limit too" {
	installed d1 --storage copy --disk 64M
	zonectl boot d1
	[ "$(df_of d1 2)" -eq 65536 ]
	fills d1 /big
	holds "No space left on device"
	zonectl halt d1
	prints "" zonectl verify d1
}

@test "run takes disk as a property" {
	run zonectl run -t minimal --rm --disk 32M -- df -P /
	[ "$status" -eq 0 ]
	holds " 32768 "
}

# What must come over with a zone's files. The first is hidden of the template, the second replaced by another.
make_files() {
	zonectl exec "$1" -- sh -c 'rm /etc/profile 2>/dev/null; rm -r /etc/init.d 2>/dev/null; mkdir /etc/init.d
		mkdir /d && cd /d && echo text >file && ln file hard && ln -s file soft && mkfifo fifo &&
		chmod 4711 file && chown 7:8 fifo && mkdir -m 1777 sticky && touch -d "2001-02-03 04:05:06" sticky'
}

tree_of() {
	zonectl exec "$1" -- find /d /etc /root -exec stat -c '%n %F %a %u:%g %h %Y' {} + | grep -v '^/etc directory' | sort
}

@test "disk is set, changed and unset of a stopped zone, and its files stay" {
	installed d6
	zonectl boot d6
	make_files d6
	tree_of d6 >"$BATS_TEST_TMPDIR/tree"
	[ -s "$BATS_TEST_TMPDIR/tree" ]
	for disk in 64M 128M 48M ""; do
		zonectl halt d6
		prints "" zonectl set d6 disk="$disk"
		[ -e "$(zones)/d6/disk.img" ] || [ -z "$disk" ]
		prints "" zonectl verify d6
		zonectl boot d6
		diff -u "$BATS_TEST_TMPDIR/tree" <(tree_of d6)
		[ -z "$disk" ] || [ "$(df_of d6 2)" -eq $((${disk%M} * 1024)) ]
	done
	[ ! -e "$(zones)/d6/disk.img" ]
}

@test "inodes is changed of a stopped zone" {
	installed d6 --disk 64M
	zonectl set d6 inodes=2k
	zonectl boot d6
	[ "$(df_of d6 2 -i)" -lt 2100 ]
	zonectl halt d6
	zonectl set d6 inodes=
	zonectl boot d6
	[ "$(df_of d6 2 -i)" -eq 4096 ]
}

@test "a size below what is in use is refused with both numbers, and all is as it was" {
	installed d7 --disk 64M
	zonectl boot d7
	zonectl exec d7 -- dd if=/dev/zero of=/some bs=1M count=30 conv=fsync
	exits 7 zonectl set d7 disk=20M
	[[ $output == "zonectl: set d7: disk: 20M is below the 3"?"M in use" ]]
	zonectl halt d7
	exits 7 zonectl set d7 disk=20M
	[[ $output == "zonectl: set d7: disk: 20M is below the 3"?"M in use" ]]
	zonectl boot d7
	[ "$(df_of d7 2)" -eq 65536 ]
	[ "$(fact d7 disk_limit_bytes)" -eq 67108864 ]
}

@test "what needs a stopped zone is done at its next boot, and set says so" {
	installed d8 --disk 64M
	zonectl boot d8
	make_files d8
	tree_of d8 >"$BATS_TEST_TMPDIR/tree"
	run --separate-stderr zonectl set d8 disk=32M
	[ "$status" -eq 0 ]
	[ "$stderr" = "zonectl: set d8: disk applies at the next boot" ]
	[ "$(df_of d8 2)" -eq 65536 ]
	zonectl halt d8
	zonectl boot d8
	[ "$(df_of d8 2)" -eq 32768 ]
	diff -u "$BATS_TEST_TMPDIR/tree" <(tree_of d8)
}

@test "disk grows while the zone runs, or at its next boot where the host can't" {
	installed d9 --disk 64M
	zonectl boot d9
	run --separate-stderr zonectl set d9 disk=1G
	[ "$status" -eq 0 ]
	if can_grow; then
		[ -z "$stderr" ]
	else
		[ "$stderr" = "zonectl: set d9: disk applies at the next boot" ]
		zonectl reboot d9
	fi
	[ "$(df_of d9 2)" -eq 1048576 ]
}

@test "a disk that does not fit at the next boot is told there" {
	installed d10 --disk 64M
	zonectl boot d10
	zonectl set d10 disk=20M 2>/dev/null
	zonectl exec d10 -- dd if=/dev/zero of=/some bs=1M count=30 conv=fsync
	zonectl halt d10
	exits 7 zonectl boot d10
	[[ $output == "zonectl: boot d10: disk: 20M is below the 3"?"M in use"* ]]
	zonectl set d10 disk=64M
	zonectl boot d10
}

@test "values that can't be are refused, each by its reason" {
	installed d5
	fails 2 "zonectl: create d11: disk: 1M is below 16M" zonectl create d11 -t minimal --disk 1M
	fails 2 "zonectl: set d5: disk: 'banana' is no size (a number with K, M, G or T, as 512M)" zonectl set d5 disk=banana
	exits 2 zonectl set d5 disk=-1G
	exits 2 zonectl set d5 inodes=10
	holds "inodes: 10 is below 1000"
	exits 2 zonectl create d11 -t minimal --disk 16M --inodes 1M
	holds "inodes: 1000000 do not fit into disk, 16M"
	exits 8 zonectl create d11 -t minimal --inodes 10k
	holds "set disk too"
	exits 4 zonectl set d5 --runtime-only disk=1G
	zonectl boot d5
	exits 2 zonectl set d5 --runtime-only disk=1G
	[ ! -e "$(zones)/d11" ]
	[ ! -e "$(zones)/.new-d11" ]
}

@test "a template is made of a zone with an image, and such a zone is renamed" {
	installed d12 --disk 64M
	zonectl boot d12
	zonectl exec d12 -- sh -c 'echo mine >/etc/mine'
	zonectl halt d12
	zonectl template make -q d12 --name golden
	zonectl rename d12 d13
	zonectl boot d13
	prints mine zonectl exec d13 -- cat /etc/mine
	zonectl create d14 -t golden --boot
	prints mine zonectl exec d14 -- cat /etc/mine
	zonectl destroy -y --force d13 d14
	zonectl template remove -y golden
}

@test "a zone whose init and keeper were killed leaves no device" {
	installed d15 --disk 64M
	zonectl boot d15
	kill -9 "$(keeper_pids d15)" "$(fact d15 init_pid)"
	zonectl halt d15
	deadline 10 no_loop d15
	zonectl boot d15
	[ "$(df_of d15 2)" -eq 65536 ]
}

# killed_at MICROSECONDS COMMAND...: returns when nothing of it is left.
killed_at() {
	local wait pid

	wait=$(printf '0.%06d' "$1")
	shift
	"$ZONECTL" "$@" >/dev/null 2>&1 3>&- 4>&- &
	pid=$!
	sleep "$wait"
	kill -9 "$pid" 2>/dev/null || :
	wait "$pid" 2>/dev/null || :
}

@test "kill -9 of create at any moment leaves what repair or destroy finish" {
	for ((at = 2000; at < 80000; at += 6000)); do
		killed_at "$at" create d16 -t minimal --disk 64M --storage copy
		if [ -e "$(zones)/d16" ]; then
			zonectl destroy -q -y d16
		else
			run zonectl repair d16
		fi
		[ -z "$(find "$(zones)" -maxdepth 1 -name '*d16*')" ]
		deadline 10 no_loop .new-d16
	done
}

@test "kill -9 of a change of the disk at any moment leaves the old one or the new one, whole" {
	local disk=64M

	installed d17 --disk 64M
	zonectl boot d17
	make_files d17
	zonectl exec d17 -- dd if=/dev/urandom of=/d/random bs=1M count=10
	tree_of d17 >"$BATS_TEST_TMPDIR/tree"
	zonectl exec d17 -- sha256sum /d/random >"$BATS_TEST_TMPDIR/sum"
	for ((at = 4000; at < 200000; at += 14000)); do
		zonectl halt d17
		disk=$([ "$disk" = 64M ] && echo 48M || echo 64M)
		[ $((at % 3)) -ne 0 ] || disk=
		killed_at "$at" set d17 disk="$disk"
		run zonectl repair d17
		[ "$status" -eq 0 ]
		prints "" zonectl verify d17
		zonectl boot d17
		diff -u "$BATS_TEST_TMPDIR/tree" <(tree_of d17)
		zonectl exec d17 -- sha256sum /d/random | diff "$BATS_TEST_TMPDIR/sum" -
	done
}

@test "a filesystem with errors is told by verify and mended by repair" {
	installed d18 --disk 64M
	debugfs -w -R 'ssv state 2' "$(zones)/d18/disk.img" 2>/dev/null
	exits 1 zonectl verify d18
	holds "d18: disk: its filesystem has errors"
	holds "try: zonectl repair d18"
	prints "d18: had its filesystem checked and mended" zonectl repair d18
	prints "" zonectl verify d18
}

@test "a host without mke2fs is told what to install" {
	mkdir "$BATS_TEST_TMPDIR/empty"
	# shellcheck disable=SC2016	# of the other shell
	exits 8 unshare -m sh -c 'for d in /usr/sbin /sbin; do mount --bind "$1" "$d" 2>/dev/null; done
		exec "$ZONECTL" create d19 -t minimal --disk 64M' sh "$BATS_TEST_TMPDIR/empty"
	holds "install e2fsprogs"
	[ ! -e "$(zones)/d19" ]
}

# with_small_store SIZE: a store of its own on an ext4 of that size; what follows runs in it.
with_small_store() {
	small=$BATS_TEST_TMPDIR/small
	truncate -s "$1" "$small.img"
	mke2fs -q -F -m 0 "$small.img"
	mkdir "$small"
	mount -o loop "$small.img" "$small"
	zonectl --root "$small" template build -q minimal
}

teardown() {
	[ -z "${small:-}" ] || ! mountpoint -q "$small" || umount "$small"
}

@test "on a full host create fails and leaves nothing, and destroy works" {
	with_small_store 40M
	zonectl --root "$small" create f1 -t minimal --disk 1G
	zonectl --root "$small" create f2 -t minimal
	dd if=/dev/zero of="$small/fill" bs=4k 2>/dev/null || :
	exits 7 zonectl --root "$small" create f3 -t minimal --disk 1G
	holds "No space left on device"
	[ "$(find "$small/var/lib/zonectl/zones" -mindepth 1 -maxdepth 1 -name '*f3*' | wc -l)" -eq 0 ]
	zonectl --root "$small" destroy -q -y f1
	zonectl --root "$small" destroy -q -y f2
	[ -z "$(zonectl --root "$small" list -a -H)" ]
	deadline 15 umount -q "$small"	# what brings the zones' names lives on for a moment
}
