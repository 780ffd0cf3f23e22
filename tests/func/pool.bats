#!/usr/bin/env bats
# SPDX-License-Identifier: GPL-2.0-or-later
# the storage pool: zones as snapshots of their template on a btrfs, with quotas
# shellcheck disable=SC2154,SC2030,SC2031	# run sets status, output and stderr, in each test

load ../lib/zone

setup_file() {
	[ "$EUID" -eq 0 ] || return 0
	modprobe -q btrfs 2>/dev/null || :
	grep -qw btrfs /proc/filesystems || return 0
	store_open && zonectl create before -t minimal && zonectl pool create --size 2G
}

# A pool is mounted and has a loop device, which a store otherwise never has.
teardown_file() {
	[ -n "${ZONECTL_ROOT:-}" ] || return 0
	zonectl destroy -q --force -y --all
	zonectl pool remove -y || :
	store_close
}

setup() {
	zone_setup
	grep -qw btrfs /proc/filesystems || skip "kernel: no btrfs"
}

teardown() {
	local at

	for at in "$BATS_TEST_TMPDIR"/*/var/lib/zonectl/pool "$BATS_TEST_TMPDIR"/mnt; do
		! mountpoint -q "$at" || umount "$at"
	done
	[ -z "${device:-}" ] || losetup -d "$device" 2>/dev/null || :
}

var() { echo "$ZONECTL_ROOT/var/lib/zonectl"; }
pool() { zonectl pool info --json | json "d['$1']"; }

# root_of NAME: its subvolume.
root_of() {
	realpath "$(var)/zones/$1/subvolume/root"
}

# writes NAME MIB FILE: into a file of the zone, to the pool's disk.
writes() {
	zonectl exec "$1" -- dd if=/dev/zero of="$3" bs=1M count="$2" conv=fsync
}

# no_pool: nothing of one in the store $other.
no_pool() {
	[ -z "$(find "$other/var/lib/zonectl" -name 'pool*')" ]
}

# loops FILE: how many loop devices have it.
loops() {
	losetup -a | grep -cF "($1)" || :
}

@test "a zone in a pool is a snapshot of the template, without the template's identity" {
	installed p1
	[ "$(fact p1 "properties']['storage")" = btrfs ]
	[ "$(stat -c %i "$(root_of p1)")" -eq 256 ]
	[ "$(pool templates)" -eq 1 ]
	[ "$(stat -f -c %T "$(root_of p1)")" = btrfs ]
	prints "" zonectl verify p1
	zonectl boot p1
	prints "" zonectl verify p1
	prints 0:0 zonectl exec p1 -- stat -c %u:%g /bin
	zonectl exec p1 -- sh -c 'echo kept >/etc/word'
	zonectl halt p1
	nothing_left p1
	zonectl boot p1
	prints kept zonectl exec p1 -- cat /etc/word
}

@test "zones that were there stay as they are, and overlay can still be had" {
	[ "$(fact before "properties']['storage")" = overlay ]
	zonectl boot before
	zonectl halt before
	installed p2 --storage overlay
	[ -d "$(var)/zones/p2/data/upper" ]
	installed p2 --storage copy
	[ -d "$(var)/zones/p2/data/root" ]
}

@test "set-user-ID programs work in a pool" {
	static_program "$BATS_TEST_TMPDIR/who" <<-'END'
		#include <stdio.h>
		#include <unistd.h>
		int main(void) { printf("%d\n", geteuid()); return 0; }
	END
	running p1
	put p1 "$BATS_TEST_TMPDIR/who" /who
	zonectl exec p1 -- sh -c 'chown 7 /who; chmod 4755 /who'
	prints 7 zonectl exec p1 -u 9 -- /who
}

@test "disk bounds what a zone writes, not what it has of its template" {
	installed p3
	zonectl boot p3
	writes p3 60 /big
	zonectl halt p3
	zonectl template make p3 --name fat -q
	zonectl create p4 -t fat --disk 30M
	[ "$(fact p4 disk_bytes)" -lt 1000000 ]
	[ "$(fact p4 disk_limit_bytes)" -eq 31457280 ]
	zonectl boot p4
	prints 62914560 zonectl exec p4 -- stat -c %s /big
	writes p4 25 /more
	zonectl destroy --force -y p3 p4
	zonectl template remove fat
	[ "$(pool templates)" -eq 1 ]
}

@test "a full quota is the zone's own, and goes up and down while it runs" {
	installed p5 --disk 20M
	installed p6
	zonectl boot p5 p6
	run writes p5 40 /big
	[ "$status" -eq 1 ]
	holds "Disk quota exceeded"
	writes p6 40 /big
	prints "" zonectl set p5 disk=60M
	writes p5 40 /big
	fails 7 "zonectl: set p5: disk: 30M is below the $(zonectl set p5 disk=30M 2>&1 | grep -o '[0-9.]*M in use')" \
		zonectl set p5 disk=30M
	[ "$(fact p5 disk_limit_bytes)" -eq 62914560 ]
	zonectl exec p5 -- sh -c 'rm /big; sync'
	is_small() { [ "$(fact p5 disk_bytes)" -lt 20000000 ]; }
	deadline 40 is_small
	prints "" zonectl set p5 disk=30M
	run writes p5 40 /big
	[ "$status" -eq 1 ]
	prints "" zonectl set p5 disk=
	[ "$(fact p5 disk_limit_bytes)" = null ]
	writes p5 40 /big
}

@test "a btrfs counts no inodes, which is said" {
	fails 8 "zonectl: create p7: inodes: a btrfs does not count them
  make the zone with storage=overlay, or limit disk alone" zonectl create p7 -t minimal --inodes 1000
	not zonectl info p7
	running p1
	fails 8 "zonectl: set p1: inodes: a btrfs does not count them
  make the zone with storage=overlay, or limit disk alone" zonectl set p1 inodes=1000
	installed p7 --storage overlay --disk 32M --inodes 1000
}

@test "a zone makes no subvolumes, but copies files by reference" {
	static_program "$BATS_TEST_TMPDIR/attack" <<-'END'
		#include <errno.h>
		#include <fcntl.h>
		#include <linux/btrfs.h>
		#include <linux/fs.h>
		#include <stdio.h>
		#include <string.h>
		#include <sys/ioctl.h>
		static void tell(const char *what, int r) { printf("%s %s\n", what, r < 0 ? strerrorname_np(errno) : "done"); }
		int main(void)
		{
			struct btrfs_ioctl_vol_args one = { 0 };
			struct btrfs_ioctl_vol_args_v2 two = { 0 };
			struct btrfs_qgroup_inherit none = { 0 };
			unsigned long long readonly = BTRFS_SUBVOL_RDONLY;
			int root = open("/", O_RDONLY), a, b;

			strcpy(one.name, "escape1");
			one.fd = root;
			tell("create", ioctl(root, BTRFS_IOC_SUBVOL_CREATE, &one));
			tell("snapshot", ioctl(root, BTRFS_IOC_SNAP_CREATE, &one));
			strcpy(two.name, "escape2");
			two.fd = root;
			two.flags = BTRFS_SUBVOL_QGROUP_INHERIT;
			two.size = sizeof(none);
			two.qgroup_inherit = &none;
			tell("create", ioctl(root, BTRFS_IOC_SUBVOL_CREATE_V2, &two));
			tell("snapshot", ioctl(root, BTRFS_IOC_SNAP_CREATE_V2, &two));
			tell("seal", ioctl(root, BTRFS_IOC_SUBVOL_SETFLAGS, &readonly));
			tell("high", ioctl(root, 0xffffffff00000000 | BTRFS_IOC_SUBVOL_CREATE, &one));
			a = open("/a", O_RDWR | O_CREAT, 0600);
			b = open("/b", O_RDWR | O_CREAT, 0600);
			write(a, "x", 1);
			tell("clone", ioctl(b, FICLONE, a));
			return 0;
		}
	END
	running p1
	put p1 "$BATS_TEST_TMPDIR/attack" /attack
	prints "create ENOTTY
snapshot ENOTTY
create ENOTTY
snapshot ENOTTY
seal ENOTTY
high ENOTTY
clone done" zonectl exec p1 -- /attack
}

@test "subvolumes that the host's root put into a zone go with it" {
	command -v btrfs >/dev/null || skip "needs btrfs"
	installed p8
	mkdir "$(root_of p8)/deep"
	btrfs -q subvolume create "$(root_of p8)/deep/one"
	btrfs -q subvolume create "$(root_of p8)/deep/one/two"
	echo x >"$(root_of p8)/deep/one/two/file"
	btrfs -q subvolume snapshot -r "$(root_of p8)" "$(root_of p8)/deep/sealed"
	before=$(pool zones)
	zonectl destroy -y p8
	[ "$(pool zones)" -eq $((before - 1)) ]
}

@test "rename, template make and export see the files of a zone in a pool" {
	installed p9
	zonectl boot p9
	zonectl exec p9 -- sh -c 'echo word >/etc/word; chown 5:6 /etc/word'
	zonectl halt p9
	zonectl rename p9 p10
	prints "" zonectl verify p10
	zonectl boot p10
	prints word zonectl exec p10 -- cat /etc/word
	zonectl halt p10
	zonectl template make p10 --name golden -q
	zonectl template verify golden
	zonectl create p11 -t golden --storage overlay
	zonectl boot p11
	prints 5:6 zonectl exec p11 -- stat -c %u:%g /etc/word
	zonectl destroy --force -y p10 p11
	zonectl template remove golden
}

@test "a command of its own needs no snapshot, and may have one" {
	# shellcheck disable=SC2016	# of awk
	prints overlay zonectl run -t minimal --rm -- awk '$2 == "/" { print $3 }' /proc/mounts
	# shellcheck disable=SC2016	# of awk
	prints btrfs zonectl run -t minimal --rm --storage btrfs -- awk '$2 == "/" { print $3 }' /proc/mounts
}

@test "several zones of a template that the pool has not yet are made at a time" {
	zonectl destroy -q --force -y --all
	installed q1 --storage overlay
	zonectl boot q1
	zonectl exec q1 -- sh -c 'echo other >/etc/word'
	zonectl halt q1
	zonectl template make q1 --name other -q
	zonectl create -j 6 't{1..6}' -t other
	[ "$(pool templates)" -eq 2 ]
	[ "$(pool zones)" -eq 6 ]
	zonectl boot -j 6 't*'
	prints other zonectl exec t6 -- cat /etc/word
	zonectl destroy -q --force -y --all
	zonectl template remove other
	[ "$(pool templates)" -eq 1 ]
}

# killed CALL N COMMAND...: ended by kill -9 at its Nth system call of that name, if there are as many.
killed() {
	command -v strace >/dev/null || skip "needs strace"
	run strace -f -qq -o /dev/null -e trace="$1" -e inject="$1":signal=KILL:when="$2" "$ZONECTL" "${@:3}"
	[ "$status" -eq 137 ] || [ "$status" -eq 0 ]
}

@test "kill -9 in the middle of create or destroy: both can be done again, and nothing stays" {
	calls=(ioctl unlinkat renameat2)
	zonectl destroy -q --force -y --all
	for n in 1 2 3 4 5 6; do
		killed ioctl "$n" create k1 -t minimal --disk 20M
		zonectl create k1 -t minimal --disk 20M 2>/dev/null || state_is k1 installed
		prints "" zonectl verify k1
		killed "${calls[n % 3]}" $((n / 3 + 1)) destroy -y k1
		zonectl destroy -q -y k1 2>/dev/null || not zonectl info k1
	done
	[ "$(pool zones)" -eq 0 ]
	[ "$(find "$(var)/pool" -mindepth 2 -maxdepth 2 | wc -l)" -eq 1 ]
}

@test "what a power cut left in the pool is shown, and swept when that is asked for" {
	zonectl destroy -q --force -y --all
	installed k2
	base=$(fact k2 uid_base)
	zonectl boot k2
	writes k2 1 /leftover
	zonectl halt k2
	# As if the pool's disk knew of a zone that the store's does not.
	rm "$(var)/zones/k2/subvolume"
	zonectl destroy -q -y k2
	[ -e "$(var)/pool/zones/$base/root/leftover" ]
	installed k3
	[ "$(pool unowned)" -eq 1 ]
	fails 4 "zonectl: pool remove: 2 zones are in the storage pool
  destroy them first (zonectl list -a -o name,storage), then: zonectl pool sweep" zonectl pool remove -y
	zonectl pool sweep -n
	[ "$(pool unowned)" -eq 1 ]
	zonectl pool sweep -y
	[ ! -e "$(var)/pool/zones/$base" ]
	[ "$(pool zones)" -eq 1 ]
	prints "" zonectl verify k3
	prints "" zonectl pool sweep -y
}

@test "destroying a copy of a zone's directory leaves the zone its files" {
	installed p1
	cp -a "$(var)/zones/p1" "$(var)/zones/p12"
	exits 1 zonectl verify p12
	zonectl destroy -q -y p12 2>/dev/null || rm -r "$(var)/zones/p12"
	[ -d "$(root_of p1)/bin" ]
	zonectl boot p1
	zonectl exec p1 -- true
	zonectl destroy --force -y p1
}

@test "after a boot of the host the first command mounts the pool" {
	installed p1
	zonectl halt -q p1 2>/dev/null || :
	umount "$(var)/pool"
	zonectl boot p1
	mountpoint -q "$(var)/pool"
	zonectl halt p1
	umount "$(var)/pool"
	# One in a mount namespace of its own takes the device that is there: two would ruin the pool.
	zonectl pool info >/dev/null
	# shellcheck disable=SC2016	# of that shell
	unshare -m sh -c 'umount "$2" && "$1" pool info >/dev/null && mountpoint -q "$2"' - "$ZONECTL" "$(var)/pool"
	[ "$(loops "$(var)/pool.img")" -eq 1 ]
}

@test "a pool with zones is not removed" {
	zonectl destroy -q --force -y --all
	installed p1
	fails 4 "zonectl: pool remove: 1 zone is in the storage pool
  destroy them first (zonectl list -a -o name,storage), then: zonectl pool sweep" zonectl pool remove -y
	prints "p1  btrfs" zonectl list -a -H -o name,storage
	zonectl boot p1
	zonectl exec p1 -- true
}

@test "a second pool is refused, and what a pool is made on is looked at first" {
	fails 6 "zonectl: pool create: the store has a storage pool, on 'pool.img'
  try: zonectl pool info" zonectl pool create --size 1G
	other=$BATS_TEST_TMPDIR/other
	fails 2 "zonectl: pool create: a file needs a size of 128M or more
  try: zonectl pool create --size 50G" zonectl --root "$other" pool create
	fails 2 "zonectl: pool create: option '--size': '1X' is no size (a number with K, M, G or T, as 512M)" \
		zonectl --root "$other" pool create --size 1X
	fails 2 "zonectl: pool create: option '--size': 1M is below 128M" zonectl --root "$other" pool create --size 1M
	fails 2 "zonectl: pool create: '$BATS_TEST_TMPDIR' is neither a file nor a block device" \
		zonectl --root "$other" pool create --size 1G --on "$BATS_TEST_TMPDIR"
	echo precious >"$BATS_TEST_TMPDIR/file"
	fails 6 "zonectl: pool create: there is a file '$BATS_TEST_TMPDIR/file' already
  remove it, or name another by --on" zonectl --root "$other" pool create --size 1G --on "$BATS_TEST_TMPDIR/file"
	[ "$(cat "$BATS_TEST_TMPDIR/file")" = precious ]
	fails 8 "zonectl: pool create: make 'pool.img': File too large
  the filesystem it is on has no files so large" \
		zonectl --root "$other" pool create --size 1000000T
	fails 3 "zonectl: pool remove: the store has no storage pool" zonectl --root "$other" pool remove -y
	fails 3 "zonectl: pool info: the store has no storage pool
  make one: zonectl pool create --size 50G" zonectl --root "$other" pool info
	[ "$(find "$other/var/lib/zonectl" -type f | wc -l)" -eq 0 ]
	[ ! -e "$other/var/lib/zonectl/pool" ]
}

@test "without a pool storage=btrfs says what is missing" {
	other=$BATS_TEST_TMPDIR/other
	zonectl --root "$other" template build -q minimal
	fails 8 "zonectl: create x: storage=btrfs needs a storage pool
  make one: zonectl pool create --size 50G" zonectl --root "$other" create x -t minimal --storage btrfs
	[ -z "$(ls -A "$other/var/lib/zonectl/zones")" ]
}

@test "without mkfs.btrfs a pool can't be made, which is said" {
	other=$BATS_TEST_TMPDIR/other
	program=$(realpath "$(command -v mkfs.btrfs)")
	# shellcheck disable=SC2016	# of that shell
	fails 8 "zonectl: pool create: no program 'mkfs.btrfs' on this host
  install btrfs-progs" unshare -m sh -c 'mount --bind /dev/null "$2" && exec "$1" --root "$3" pool create --size 1G' \
		- "$ZONECTL" "$program" "$other"
	no_pool
}

@test "a pool on a full disk is refused, and nothing stays of it" {
	mkdir "$BATS_TEST_TMPDIR/mnt"
	truncate -s 40M "$BATS_TEST_TMPDIR/disk"
	mkfs.ext4 -q "$BATS_TEST_TMPDIR/disk"
	mount -o loop "$BATS_TEST_TMPDIR/disk" "$BATS_TEST_TMPDIR/mnt"
	other=$BATS_TEST_TMPDIR/mnt/root
	head -c 20M /dev/zero >"$BATS_TEST_TMPDIR/mnt/fill"
	fails 7 "zonectl: pool create: make 'pool.img': No space left on device" zonectl --root "$other" pool create --size 1G
	no_pool
}

@test "kill -9 in the middle of pool create or pool remove: both can be done again" {
	other=$BATS_TEST_TMPDIR/other
	for n in 1 2 3; do
		killed ioctl "$n" --root "$other" pool create --size 256M
		zonectl --root "$other" pool create --size 256M 2>/dev/null || zonectl --root "$other" pool info >/dev/null
		killed unlinkat "$n" --root "$other" pool remove -y
		zonectl --root "$other" pool remove -y 2>/dev/null || not zonectl --root "$other" pool info
		no_pool
		[ "$(loops "$other/var/lib/zonectl/pool.img")" -eq 0 ]
	done
}

@test "a pool on a device keeps its hands off what the device holds" {
	other=$BATS_TEST_TMPDIR/other
	truncate -s 300M "$BATS_TEST_TMPDIR/disk"
	mkfs.ext4 -q "$BATS_TEST_TMPDIR/disk"
	device=$(losetup -f --show "$BATS_TEST_TMPDIR/disk")
	exits 6 zonectl --root "$other" pool create --on "$device"
	holds "existing filesystem (ext4)"
	holds "--force overwrites what is there"
	mkdir "$BATS_TEST_TMPDIR/mnt"
	mount "$device" "$BATS_TEST_TMPDIR/mnt"
	fails 5 "zonectl: pool create: '$device' is mounted or in use otherwise" \
		zonectl --root "$other" pool create --on "$device" --force
	umount "$BATS_TEST_TMPDIR/mnt"
	exits 2 zonectl --root "$other" pool create --on "$device" --force --size 1G
	holds "has 300M, 1.0G are needed"
	zonectl --root "$other" pool create --on "$device" --force
	zonectl --root "$other" template build -q minimal
	zonectl --root "$other" create d1 -t minimal --net none
	umount "$other/var/lib/zonectl/pool"
	zonectl --root "$other" destroy -y d1
	prints "" zonectl --root "$other" pool remove -y
	[ -b "$device" ]
	exits 6 zonectl --root "$other" pool create --on "$device"
}

@test "a pool whose file is gone is told so, and forgotten by force" {
	other=$BATS_TEST_TMPDIR/other
	zonectl --root "$other" template build -q minimal
	zonectl --root "$other" pool create --size 256M
	zonectl --root "$other" create l1 -t minimal --net none
	umount "$other/var/lib/zonectl/pool"
	rm "$other/var/lib/zonectl/pool.img"
	exits 3 zonectl --root "$other" create l2 -t minimal
	holds "storage pool on 'pool.img': there is no such file"
	zonectl --root "$other" list -a >/dev/null
	exits 3 zonectl --root "$other" pool remove -y
	holds "--force forgets a pool that is gone"
	zonectl --root "$other" pool remove --force -y
	zonectl --root "$other" destroy -y l1
	[ -z "$(ls -A "$other/var/lib/zonectl/zones")" ]
}

@test "zones are destroyed on a full pool, and the space comes back" {
	other=$BATS_TEST_TMPDIR/other
	zonectl --root "$other" template build -q minimal
	zonectl --root "$other" pool create --size 256M
	zonectl --root "$other" create f1 f2 f3 -t minimal --net none
	zonectl --root "$other" boot f1
	run zonectl --root "$other" exec f1 -- dd if=/dev/zero of=/big bs=1M
	[ "$status" -eq 1 ]
	holds "No space left on device"
	# shellcheck disable=SC2016	# of the zone's shell
	run zonectl --root "$other" exec f1 -- sh -c 'i=0; while echo x >/f$i; do i=$((i+1)); done'
	zonectl --root "$other" destroy -q --force -y f1 f2 f3
	[ "$(zonectl --root "$other" pool info --json | json "d['zones']")" -eq 0 ]
	has_space() { zonectl --root "$other" create f4 -t minimal --net none 2>/dev/null; }
	deadline 40 has_space
	zonectl --root "$other" destroy -y f4
	zonectl --root "$other" pool remove -y
}

@test "a store on btrfs needs no pool; disk wants its quotas on" {
	mkdir "$BATS_TEST_TMPDIR/mnt"
	truncate -s 300M "$BATS_TEST_TMPDIR/disk"
	mkfs.btrfs -q "$BATS_TEST_TMPDIR/disk"
	mount -o loop "$BATS_TEST_TMPDIR/disk" "$BATS_TEST_TMPDIR/mnt"
	other=$BATS_TEST_TMPDIR/mnt/root
	zonectl --root "$other" template build -q minimal
	exits 8 zonectl --root "$other" create s1 -t minimal --storage btrfs --disk 20M --net none
	holds "does not count what its subvolumes hold"
	zonectl --root "$other" create s1 -t minimal --storage btrfs --net none
	[ "$(zonectl --root "$other" pool info --json | json "[d['on'], d['quota'], d['zones']]")" = '[null, "off", 1]' ]
	btrfs quota enable "$BATS_TEST_TMPDIR/mnt"
	zonectl --root "$other" create s2 -t minimal --storage btrfs --disk 20M --net none
	[ "$(zonectl --root "$other" info s2 --json | json "d['disk_limit_bytes']")" -eq 20971520 ]
	zonectl --root "$other" boot s2
	run zonectl --root "$other" exec s2 -- dd if=/dev/zero of=/big bs=1M count=40
	holds "Disk quota exceeded"
	[ "$(zonectl --root "$other" pool info --json | json "d['quota']")" = full ]
	zonectl --root "$other" destroy -q --force -y --all
}
