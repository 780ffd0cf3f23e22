#!/usr/bin/env bats
# SPDX-License-Identifier: GPL-2.0-or-later
# What is left when a disk, or its inodes, are used up: nothing.

load ../lib/zone

setup_file() { store_open; }
teardown_file() { store_close; }
setup() { zone_setup; }

# small MKFS-OPTION...: a store on a file system of 24 MiB of its own, with the template minimal.
small() {
	command -v mkfs.ext4 >/dev/null || skip "needs mkfs.ext4"
	disk=$BATS_TEST_TMPDIR/disk
	small=$BATS_TEST_TMPDIR/small
	mkdir "$small"
	truncate -s 24M "$disk"
	mkfs.ext4 -q "$@" "$disk"
	mount -o loop "$disk" "$small" || skip "kernel: no loop device"
	mkdir "$small/root"
	zonectl --root "$small/root" template build minimal -q
	before=$(stored)
}

# The loop device goes with its mount.
teardown() {
	[ -z "${small:-}" ] || ! mountpoint -q "$small" || umount "$small"
}

# Everything in the store, and what of the file system is free (but for blocks of directories).
stored() {
	find "$small/root" -printf '%P %y %s %l\n' | sort
	df --output=iavail "$small"
}

is_as_before() {
	diff <(echo "$before") <(stored)
	exits 0 zonectl --root "$small/root" template verify
}

# random MIB: an archive with one file that does not compress.
random() {
	mkdir "$BATS_TEST_TMPDIR/tree"
	head -c "$1M" /dev/urandom >"$BATS_TEST_TMPDIR/tree/big"
	tar -C "$BATS_TEST_TMPDIR/tree" -cf "$BATS_TEST_TMPDIR/big.tar" .
}

@test "an import that does not fit on the disk fails with no-resource and leaves the store as it was" {
	small
	random 30
	exits 7 zonectl --root "$small/root" template import "$BATS_TEST_TMPDIR/big.tar" --name big
	holds "No space left on device"
	is_as_before
	exits 7 zonectl --root "$small/root" template import - --name minimal <"$BATS_TEST_TMPDIR/big.tar"
	is_as_before
}

@test "an import with more files than the disk has inodes for fails with no-resource" {
	small -N 512
	mkdir "$BATS_TEST_TMPDIR/tree"
	for i in {1..600}; do : >"$BATS_TEST_TMPDIR/tree/$i"; done
	tar -C "$BATS_TEST_TMPDIR/tree" -cf "$BATS_TEST_TMPDIR/many.tar" .
	exits 7 zonectl --root "$small/root" template import "$BATS_TEST_TMPDIR/many.tar"
	holds "No space left on device"
	is_as_before
}

@test "a disk that is full at every other moment of an import leaves the store as it was" {
	small
	random 6
	# From nothing free to enough: each time another step finds no room.
	fill=$small/fill
	head -c 24M /dev/zero >"$fill" 2>/dev/null || :
	before=$(stored)
	for free in 0 4 16 100 1000 3000 6000; do
		truncate -s -"${free}K" "$fill"
		sync -f "$fill"
		exits 7 zonectl --root "$small/root" template import "$BATS_TEST_TMPDIR/big.tar" --name big
		is_as_before_but_fill
		head -c 24M /dev/zero >>"$fill" 2>/dev/null || :
	done
	rm "$fill"
	exits 0 zonectl --root "$small/root" template import "$BATS_TEST_TMPDIR/big.tar" --name big
}

is_as_before_but_fill() {
	diff <(grep -v '^fill ' <<<"$before") <(stored)
}

@test "template make that does not fit fails with no-resource and leaves no stage" {
	small
	zonectl --root "$small/root" create z -t minimal --storage copy
	head -c 9M /dev/urandom >"$small/root/var/lib/zonectl/zones/z/data/root/srv.bin"
	before=$(stored)
	exits 7 zonectl --root "$small/root" template make z --name golden
	holds "No space left on device"
	is_as_before
	zonectl --root "$small/root" destroy -y z
}

@test "template export that does not fit fails with no-resource and leaves no file" {
	small
	rm -rf "$small/root"
	head -c 23M /dev/zero >"$small/fill" 2>/dev/null || :
	truncate -s -100K "$small/fill"
	left=$(ls -A "$small")
	for kind in none gzip zstd xz; do
		exits 7 zonectl template export minimal --compress "$kind" -o "$small/out"
		[ "$(ls -A "$small")" = "$left" ]
	done
	for kind in none gzip zstd xz; do
		exits 7 zonectl template export minimal --compress "$kind" -o /dev/full
		holds "No space left on device"
	done
	exits 7 sh -c '"$ZONECTL" template export minimal >/dev/full'
}
