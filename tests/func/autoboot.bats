#!/usr/bin/env bats
# SPDX-License-Identifier: GPL-2.0-or-later
# zonectl boot --autoboot, zonectl shutdown --all: what the host's own boot and shutdown do

load ../lib/zone

setup_file() { store_open; }
teardown_file() { store_close; }
setup() { zone_setup; }
teardown() { zonectl destroy -q --force -y --all 2>/dev/null || :; }

# What a power cut leaves: the zone's processes and everything in memory are gone.
cut_power() {
	local zones=$ZONECTL_ROOT/var/lib/zonectl/zones name

	for name; do
		cp -a "$zones/$name" "$BATS_TEST_TMPDIR/$name"
		zonectl halt "$name"
		find "$BATS_TEST_TMPDIR/$name" -maxdepth 1 -name 'was-up' -exec cp -a {} "$zones/$name/" \;
	done
}

running_names() {
	zonectl list -H -o name | xargs
}

# An init that notes when it was started and asked to end, and ends then. $1: zone, $2: file of the host
noting() {
	zonectl create "$1" -t minimal --mount "$2:/notes" "${@:3}"
	zonectl boot "$1" --init /bin/sh -- -c \
		"echo up $1 >>/notes/log; trap 'echo down $1 >>/notes/log; exit' USR2 TERM; while :; do sleep 0.02; done"
}

@test "boot --autoboot boots those with autoboot=yes, and no other" {
	zonectl create a1 -t minimal --autoboot yes
	zonectl create a2 a3 -t minimal
	prints "" zonectl boot --autoboot
	[ "$(running_names)" = a1 ]
}

@test "boot --autoboot ends at its deadline, and says what was not begun" {
	zonectl create d1 -t minimal --autoboot yes --init /bin/sh --init-args -c --init-args 'while :; do :; done'
	zonectl create d2 d3 -t minimal --autoboot yes --boot-order 2000
	exits 2 zonectl boot --autoboot --deadline soon
	exits 9 zonectl boot --autoboot --wait --deadline 1s
	holds "boot d1: not up after 1 s"
	holds "boot d{2,3} (2 zones): not tried"
	[ "$(running_names)" = d1 ]
	prints "" zonectl boot --autoboot --deadline 1m
	[ "$(running_names)" = "d1 d2 d3" ]
}

@test "boot --autoboot with nothing to boot does nothing" {
	zonectl create a1 -t minimal
	prints "" zonectl boot --autoboot
	[ "$(running_names)" = "" ]
}

@test "autoboot=last boots what the host's shutdown ended, not what its user ended" {
	zonectl create b1 b2 b3 b4 b5 -t minimal --autoboot last
	zonectl boot b1 b2 b3 b4 --wait
	zonectl shutdown b2
	zonectl halt b3
	zonectl exec b4 -- poweroff
	zonectl wait b4 --timeout 20s
	zonectl shutdown --all --host-down
	[ "$(running_names)" = "" ]
	zonectl boot --autoboot
	[ "$(running_names)" = b1 ]
}

@test "shutdown --all without --host-down is a user's" {
	zonectl create b6 -t minimal --autoboot last
	zonectl boot b6 --wait
	zonectl shutdown --all
	zonectl boot --autoboot
	[ "$(running_names)" = "" ]
}

@test "a zone that its user boots and ends after the host's shutdown does not come back" {
	zonectl create b7 -t minimal --autoboot last --boot
	zonectl shutdown --all --host-down
	zonectl boot b7
	zonectl halt b7
	zonectl boot --autoboot
	[ "$(running_names)" = "" ]
}

@test "a shutdown with the host that did not get far is taken back by a user's" {
	zonectl create b8 -t minimal --autoboot last --boot
	mv "$ZONECTL_ROOT/var/lib/zonectl/zones/b8/was-up" "$ZONECTL_ROOT/var/lib/zonectl/zones/b8/comes-back"
	zonectl halt b8
	zonectl boot --autoboot
	[ "$(running_names)" = "" ]
}

@test "autoboot=last boots what ran when the power failed, also when it was set while it ran" {
	zonectl create c1 c2 c3 -t minimal
	zonectl boot c1 c2
	zonectl set c1 c3 autoboot=last
	cut_power c1 c2
	zonectl boot --autoboot
	[ "$(running_names)" = c1 ]
}

@test "a reboot typed inside keeps the zone among those that ran" {
	zonectl create c4 -t minimal --autoboot last --boot
	init=$(fact c4 init_pid)
	zonectl wait c4 --state running
	deadline 10 zonectl exec c4 -- reboot
	deadline 20 is_other_init c4 "$init"
	cut_power c4
	zonectl boot --autoboot
	[ "$(running_names)" = c4 ]
}

is_other_init() {
	[ "$(fact "$1" init_pid)" != "$2" ] && state_is "$1" running
}

@test "a zone that fails to boot does not stop the others, and is tried again" {
	zonectl create d1 d2 -t minimal --autoboot last --boot
	zonectl create d3 -t minimal --autoboot yes
	mkdir "$BATS_TEST_TMPDIR/there"
	zonectl shutdown --all --host-down
	zonectl set d1 "mount=$BATS_TEST_TMPDIR/there:/mnt"
	rmdir "$BATS_TEST_TMPDIR/there"
	exits 9 zonectl boot --autoboot
	holds "zonectl: boot d1: "
	holds "1 of 3 failed"
	[ "$(running_names)" = "d2 d3" ]
	mkdir "$BATS_TEST_TMPDIR/there"
	prints "" zonectl boot --autoboot
	[ "$(running_names)" = "d1 d2 d3" ]
}

@test "a zone.json that can't be read is told and does not stop the others" {
	zonectl create d4 d5 -t minimal --autoboot yes
	echo '{' >"$ZONECTL_ROOT/var/lib/zonectl/zones/d4/zone.json"
	exits 9 zonectl boot --autoboot
	holds "zonectl: boot d4: "
	[ "$(running_names)" = d5 ]
}

@test "zones boot by boot-order, lower first, and end the other way round" {
	notes=$BATS_TEST_TMPDIR/notes
	mkdir -m 755 "$notes"
	(umask 0 && : >"$notes/log")
	noting e1 "$notes" --boot-order 20 --autoboot last
	noting e2 "$notes" --boot-order 10 --autoboot last
	noting e3 "$notes" --boot-order 30 --autoboot last
	deadline 10 has_lines 3 "$notes/log"
	: >"$notes/log"
	zonectl shutdown --all --host-down -j 4
	[ "$(cat "$notes/log")" = "down e3
down e1
down e2" ]
	prints "would boot e2
would boot e1
would boot e3" zonectl boot --autoboot --dry-run
	run --separate-stderr zonectl boot --all --dry-run
	[ "$output" = "would boot e2
would boot e1
would boot e3" ]
}

has_lines() {
	[ "$(wc -l <"$2")" -eq "$1" ]
}

@test "one deadline holds for all: an init that hangs takes no other's time" {
	local start
	zonectl create f1 f2 f3 -t minimal
	zonectl create f4 -t minimal --boot-order 5
	zonectl boot f1 f2 f4 --init /bin/sh -- -c 'trap : TERM USR2; while :; do sleep 1; done'
	zonectl boot f3 --wait
	start=$SECONDS
	run --separate-stderr zonectl shutdown --all --timeout 6s
	[ "$status" -eq 0 ]
	[ $((SECONDS - start)) -le 10 ]
	holds "f3: its init shut it down"
	for name in f1 f2 f4; do
		holds "$name: halted, its init did not shut it down"
	done
	[ "$(running_names)" = "" ]
}

@test "names and --autoboot exclude each other" {
	zonectl create g1 -t minimal
	fails 2 "zonectl: boot: names and '--autoboot' exclude each other
  usage: zonectl boot NAME... [-- INIT-ARGS...]" zonectl boot g1 --autoboot
}

# A script of contrib/ as this build installs it, but that it runs the zonectl of the test.
script() {
	sed "s,^zonectl=.*,zonectl=$ZONECTL," "$ZONE_BUILDDIR/contrib/$1/zonectl" >"$BATS_TEST_TMPDIR/$1"
	chmod 755 "$BATS_TEST_TMPDIR/$1"
}

@test "the sysvinit script boots zones with the host and shuts them down with it" {
	script sysvinit
	zonectl create h1 -t minimal --autoboot last --boot
	zonectl create h2 -t minimal --autoboot yes
	prints "Shutting down zones
h1: its init shut it down" "$BATS_TEST_TMPDIR/sysvinit" stop
	prints "Booting zones" "$BATS_TEST_TMPDIR/sysvinit" start
	[ "$(running_names)" = "h1 h2" ]
	"$BATS_TEST_TMPDIR/sysvinit" restart
	[ "$(running_names)" = "h1 h2" ]
	exits 2 "$BATS_TEST_TMPDIR/sysvinit" begin
}

@test "the OpenRC script does so too, also when a zone fails" {
	script openrc
	ebegin() { :; }
	ewarn() { echo "warning: $1"; }
	eend() { return "$1"; }
	. "$BATS_TEST_TMPDIR/openrc"
	zonectl create h3 -t minimal --autoboot last --boot
	zonectl create h4 -t minimal --autoboot yes
	echo '{' >"$ZONECTL_ROOT/var/lib/zonectl/zones/h4/zone.json"
	stop
	exits 0 start
	holds "warning: not all zones are up"
	[ "$(running_names)" = h3 ]
}
