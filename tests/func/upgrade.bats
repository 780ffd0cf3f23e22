#!/usr/bin/env bats
# SPDX-License-Identifier: GPL-2.0-or-later
# zonectl upgrade

load ../lib/zone

setup_file() {
	store_open
	[ "$EUID" -eq 0 ] || return 0
	# Another version of minimal: one with a file more.
	zonectl create seed -t minimal
	echo 2 >"$BATS_FILE_TMPDIR/release"
	zonectl push "$BATS_FILE_TMPDIR/release" seed:/etc/release
	zonectl template make -q seed --name second
	zonectl destroy -y seed
}

teardown_file() { store_close; }
setup() { zone_setup; }

teardown() {
	[ "$EUID" -ne 0 ] || [ -z "$(zonectl list -a -H -o name)" ] || zonectl destroy -q --force -y --all
}

# Zones with a tag and a file each: fleet NAME...
fleet() {
	local name

	echo data >"$BATS_TEST_TMPDIR/data"
	for name in "$@"; do
		zonectl create "$name" -t minimal --tags web || return
		zonectl push "$BATS_TEST_TMPDIR/data" "$name:/srv/data" || return
	done
}

templates() {
	zonectl list -a -H -o name,template,state | tr -s ' ' | sed 's/ *$//'
}

@test "upgrade gives the zones of a tag new roots that pass the check, and keeps what is to stay" {
	fleet w1 w2 w3
	zonectl boot w1
	prints "" zonectl upgrade @web -t second --keep /srv/data --canary 1 --timeout 5s -j 2 \
		--check 'grep -q 2 /etc/release && grep -q data /srv/data'
	[ "$(templates)" = "w1 second running
w1.old minimal installed
w2 second installed
w2.old minimal installed
w3 second installed
w3.old minimal installed" ]
	# What is done is passed over.
	init=$(fact w1 init_pid)
	prints "" zonectl upgrade @web -t second --check false
	[ "$(fact w1 init_pid)" = "$init" ]
	zonectl reinstall @web --purge
	[ "$(zonectl list -a -H -o name | wc -l)" -eq 3 ]
	prints "" zonectl verify --all
}

@test "a canary that fails the check is back on its old root, and no other zone is touched" {
	fleet w1 w2
	zonectl boot w1
	before=$(fact w1 uuid)
	fails 1 'zonectl: upgrade w1: the zones after it were not touched: its old root is back: check: exit status 3: no good' \
		zonectl upgrade @web -t second --canary 1 --timeout 5s --check 'echo never mind; echo no good >&2; exit 3'
	[ "$(templates)" = "w1 minimal running
w2 minimal installed" ]
	[ "$(fact w1 uuid)" = "$before" ]
	zonectl exec w1 -- grep data /srv/data
	prints "" zonectl verify --all
}

@test "of several zones those that fail are back, the others go on" {
	fleet w1 w2 w3
	echo bad >"$BATS_TEST_TMPDIR/data"
	zonectl push "$BATS_TEST_TMPDIR/data" w2:/srv/data
	run --separate-stderr zonectl upgrade @web -t second --keep /srv/data --timeout 5s -- grep data /srv/data
	[ "$status" -eq 9 ]
	holds 'zonectl: upgrade w2: its old root is back: check: exit status 1'
	[ "$(templates)" = "w1 second installed
w1.old minimal installed
w2 minimal installed
w3 second installed
w3.old minimal installed" ]
}

@test "a check that takes too long, or can't be run, has failed" {
	fleet w1
	fails 1 'zonectl: upgrade w1: its old root is back: check: did not end in time' \
		zonectl upgrade w1 -t second --timeout 2s --check 'sleep 100'
	exits 1 zonectl upgrade w1 -t second --timeout 5s -- /nosuch
	holds 'its old root is back: check: '
	[ "$(templates)" = "w1 minimal installed" ]
}

@test "a root that does not boot is taken back" {
	fleet w1
	zonectl set w1 init=/srv/data
	exits 1 zonectl upgrade w1 -t second --timeout 5s
	holds 'its old root is back: boot: '
	[ "$(templates)" = "w1 minimal installed" ]
	nothing_left w1
}

@test "what can't be upgraded is told before any zone is touched" {
	fleet w1 w2
	zonectl reinstall w2
	exits 1 zonectl upgrade @web -t second
	holds 'zonectl: upgrade w2: zone "w2.old" exists already'
	holds 'zonectl: upgrade: nothing was upgraded: 1 of 2 can'
	exits 6 zonectl upgrade w2 -t second
	exits 3 zonectl upgrade w1 -t nosuch
	exits 3 zonectl upgrade w1 -t second --keep /nosuch
	exits 2 zonectl upgrade w1
	exits 2 zonectl upgrade w1 -t second --canary 0
	exits 2 zonectl upgrade w1 -t second --check true -- true
	run zonectl upgrade -n w1 -t second
	[ "$status $output" = "0 would upgrade w1" ]
	[ "$(templates)" = "w1 minimal installed
w2 minimal installed
w2.old minimal installed" ]
}
