#!/usr/bin/env bats
# SPDX-License-Identifier: GPL-2.0-or-later
# bad input: the right words, the right exit code, nothing left
# shellcheck disable=SC2154	# run --separate-stderr sets stderr

load ../lib/zone

setup_file() { store_open; }
teardown_file() { store_close; }
setup() { zone_setup; }

setup_file() {
	store_open || return
	[ "$EUID" -eq 0 ] || return 0
	tree=$BATS_FILE_TMPDIR/tree
	mkdir -p "$tree"/{bin,etc,proc,sys,dev,tmp,run}
	head -c 200000 /dev/urandom >"$tree/bin/data"
	tar -C "$tree" -czf "$BATS_FILE_TMPDIR/noinit.tar.gz" .
}

# refused STATUS WORDS COMMAND...: and the store is as it was.
refused() {
	local before

	before=$(find "$ZONECTL_ROOT" | sort)
	exits "$1" "${@:3}"
	holds "$2"
	[ "$(find "$ZONECTL_ROOT" | sort)" = "$before" ]
}

@test "a truncated archive is refused" {
	head -c 100000 "$BATS_FILE_TMPDIR/noinit.tar.gz" >"$BATS_TEST_TMPDIR/cut.tar.gz"
	refused 2 "truncated: " zonectl template import "$BATS_TEST_TMPDIR/cut.tar.gz"
	zcat "$BATS_FILE_TMPDIR/noinit.tar.gz" | head -c 150000 >"$BATS_TEST_TMPDIR/cut.tar"
	refused 2 "zonectl: template import" zonectl template import "$BATS_TEST_TMPDIR/cut.tar"
}

@test "a corrupt archive is refused" {
	cp "$BATS_FILE_TMPDIR/noinit.tar.gz" "$BATS_TEST_TMPDIR/bad.tar.gz"
	printf 'damage!!' | dd of="$BATS_TEST_TMPDIR/bad.tar.gz" bs=1 seek=90000 conv=notrunc status=none
	refused 2 "damaged archive" zonectl template import "$BATS_TEST_TMPDIR/bad.tar.gz"
}

@test "what is no archive is refused" {
	echo "just text" >"$BATS_TEST_TMPDIR/text.tar"
	refused 2 "it is no archive that is known here" zonectl template import "$BATS_TEST_TMPDIR/text.tar"
	: >"$BATS_TEST_TMPDIR/empty.tar"
	refused 2 "the file is empty" zonectl template import "$BATS_TEST_TMPDIR/empty.tar"
	refused 1 "No such file or directory" zonectl template import "$BATS_TEST_TMPDIR/nosuch.tar"
	refused 2 "it is no root filesystem" zonectl template import "$BATS_TEST_TMPDIR" --name dir
}

@test "an archive without an init is imported with a warning; boot then names the remedy" {
	run --separate-stderr zonectl template import "$BATS_FILE_TMPDIR/noinit.tar.gz" --name noinit
	[ "$status" -eq 0 ]
	[[ $stderr == *"noinit: no init: /sbin/init is missing; 'zonectl boot' will refuse it (exit 8)" ]]
	zonectl create n1 -t noinit
	fails 8 "zonectl: boot n1: template \"noinit\" has no init
  name a program: zonectl set n1 init=/bin/sh" zonectl boot n1
	state_is n1 installed
	nothing_left n1
	zonectl destroy -y n1
	zonectl template remove noinit
}

@test "an unknown template is refused" {
	refused 3 'no template "debian-99"' zonectl create b1 -t debian-99
	fails 3 "zonectl: create b1: no template \"debian-99\"
  try: zonectl template list" zonectl create b1 -t debian-99
}

@test "a bad property value is refused, and so is an unknown property" {
	refused 2 "memory: " zonectl create b1 -t minimal --memory lots
	refused 2 "cpus: " zonectl create b1 -t minimal --cpus -1
	refused 2 "hostname: " zonectl create b1 -t minimal --hostname 'a b'
	refused 2 "unknown option '--memmory'" zonectl create b1 -t minimal --memmory 1G
}

@test "a bad name is refused before anything is touched" {
	for name in A '.x' '-x' 'a/b' '../x' '..' 'a b' "$(printf 'a\nb')" "$(printf 'x%.0s' {1..64})" 'ä'; do
		refused 2 "name" zonectl create -t minimal -- "$name"
	done
	exits 0 zonectl create -n -t minimal "$(printf 'x%.0s' {1..63})"
}

@test "no free range of uids ends with what to do" {
	mkdir -p "$ZONECTL_ROOT/etc/zonectl"
	echo '{ "uid-range": { "start": 655360, "count": 65536 } }' >"$ZONECTL_ROOT/etc/zonectl/zonectl.json"
	installed only
	fails 7 "zonectl: create second: no free range of uids: all 1 are taken
  enlarge uid-range in zonectl.json" zonectl create second -t minimal
	exits 3 zonectl info second
	zonectl destroy -y only
	exits 0 zonectl create second -t minimal
	zonectl destroy -y second
	rm -r "${ZONECTL_ROOT:?}/etc"
}

@test "a bad key of zonectl.json is named with line and column" {
	mkdir -p "$ZONECTL_ROOT/etc/zonectl"
	printf '{\n  "uid-rnage": {}\n}\n' >"$ZONECTL_ROOT/etc/zonectl/zonectl.json"
	run zonectl list
	rm -r "${ZONECTL_ROOT:?}/etc"
	[ "$status" -eq 2 ]
	[[ $output =~ zonectl.json.*2:.*uid-rnage|zonectl.json.*uid-rnage.*2: ]]
}

@test "booting what runs and destroying what runs changes nothing" {
	running up
	init=$(fact up init_pid)
	exits 4 zonectl boot up
	exits 4 zonectl destroy -y up
	[ "$(fact up init_pid)" = "$init" ]
	zonectl destroy --force -y up
}

# A store on a filesystem that is too small.
small_store() {
	export ZONECTL_ROOT=$ZONECTL_ROOT/small
	mkdir -m 700 "$ZONECTL_ROOT"
	truncate -s "$1" "$BATS_TEST_TMPDIR/disk"
	mkfs.ext4 -q -m 0 "$BATS_TEST_TMPDIR/disk"
	mount -o loop "$BATS_TEST_TMPDIR/disk" "$ZONECTL_ROOT" || skip "kernel: no loop devices"
	rmdir "$ZONECTL_ROOT/lost+found"
	chmod 700 "$ZONECTL_ROOT"
}

teardown() {
	[ "$(basename "${ZONECTL_ROOT:-}")" = small ] || return 0
	zonectl destroy --force -y -q --all
	# What brings the zones' names to each other lives on for a moment.
	deadline 15 umount -q "$ZONECTL_ROOT"
	rmdir "$ZONECTL_ROOT"
}

@test "a disk that fills up in the middle of an import leaves nothing of it" {
	small_store 8M
	head -c 20000000 /dev/zero >"$BATS_TEST_TMPDIR/big"
	tar -C "$BATS_TEST_TMPDIR" -cf "$BATS_TEST_TMPDIR/big.tar" big
	exits 7 zonectl template import "$BATS_TEST_TMPDIR/big.tar"
	holds "No space left on device"
	[ -z "$(find "$ZONECTL_ROOT/var/lib/zonectl/templates/.objects" -mindepth 1)" ]
	exits 0 zonectl template build minimal
}

@test "a disk that fills up in the middle of a create leaves nothing of it" {
	small_store 8M
	zonectl template build minimal -q
	# All but a little is taken: a copy has no room.
	free=$(stat -f -c '%a * %S / 1024 - 1000' "$ZONECTL_ROOT")
	dd if=/dev/zero of="$ZONECTL_ROOT/fill" bs=1k count=$((free)) status=none
	exits 7 zonectl create c1 -t minimal --storage copy
	holds "No space left on device"
	exits 3 zonectl info c1
	[ -z "$(find "$ZONECTL_ROOT"/var/lib/zonectl/{zones,uids} -mindepth 1)" ]
}

@test "a zone can be destroyed on a full disk" {
	small_store 8M
	zonectl template build minimal -q
	zonectl create c2 -t minimal --boot
	dd if=/dev/zero of="$ZONECTL_ROOT/fill" bs=1k status=none 2>/dev/null || :
	exits 0 zonectl destroy --force -y c2
	[ -z "$(find "$ZONECTL_ROOT"/var/lib/zonectl/{zones,uids} -mindepth 1)" ]
}
