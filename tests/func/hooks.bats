#!/usr/bin/env bats
# SPDX-License-Identifier: GPL-2.0-or-later
# hook-pre-boot, hook-post-boot, hook-pre-stop, hook-post-stop
# shellcheck disable=SC2154	# run --separate-stderr sets stderr

load ../lib/zone

setup_file() {
	store_open
	export HOOK=$BATS_FILE_TMPDIR/hook SAID=$BATS_FILE_TMPDIR/said
	cat >"$HOOK" <<-EOF
	#!/bin/sh
	echo "\$ZONE_HOOK \$ZONE_NAME" >>$SAID
	EOF
	chmod 755 "$HOOK"
}

teardown_file() { store_close; }

setup() {
	zone_setup
	: >"$SAID"
}

hooked() {
	zonectl create -q "$1" -t minimal --net none --hook-pre-boot "$HOOK" --hook-post-boot "$HOOK" \
		--hook-pre-stop "$HOOK" --hook-post-stop "$HOOK"
}

said_is() { [ "$(paste -sd, "$SAID")" = "$1" ]; }

@test "hooks run once each as a zone boots and is shut down" {
	hooked h1
	zonectl boot h1
	said_is "pre-boot h1,post-boot h1"
	zonectl shutdown -q h1
	said_is "pre-boot h1,post-boot h1,pre-stop h1,post-stop h1"
}

@test "hooks run once each as a zone is halted" {
	zonectl boot h1
	: >"$SAID"
	zonectl halt h1
	said_is "pre-stop h1,post-stop h1"
	zonectl halt h1 || :
	said_is "pre-stop h1,post-stop h1"
}

@test "a zone that ends by itself runs the last hook" {
	zonectl boot h1
	: >"$SAID"
	zonectl exec h1 -- poweroff -f || :
	zonectl wait h1 --state installed --timeout 20s
	deadline 10 said_is "post-stop h1"
}

@test "a hook whose keeper was killed runs when the zone is cleaned up" {
	zonectl boot h1
	: >"$SAID"
	kill -9 "$(keeper_pids h1)"
	zonectl halt h1
	said_is "pre-stop h1,post-stop h1"
}

@test "a boot whose first hook fails does not happen" {
	fails 1 "zonectl: boot h1: hook-pre-boot '/bin/false': exit status 1" \
		env ZONECTL="$ZONECTL" bash -c '"$ZONECTL" set -q h1 hook-pre-boot=/bin/false; "$ZONECTL" boot h1'
	[ "$(zonectl list -a -H -o state h1)" = installed ]
	zonectl set -q h1 hook-pre-boot=
	is_nothing_left h1
}

@test "a boot that fails later runs the last hook too" {
	zonectl set -q h1 hook-pre-boot="$HOOK"
	not zonectl boot h1 --init /no/such/program
	said_is "pre-boot h1,post-stop h1"
	is_nothing_left h1
}

@test "a hook is not taken from where zones have their files" {
	local inside=$ZONECTL_ROOT/var/lib/zonectl/zones/h1/hook

	cp "$HOOK" "$inside"
	zonectl set -q h1 hook-pre-boot="$inside"
	fails 2 "zonectl: boot h1: hook-pre-boot '$inside': '$inside' lies where zones have their files" \
		zonectl boot h1
	ln -s "$inside" "$BATS_TEST_TMPDIR/link"
	zonectl set -q h1 hook-pre-boot="$BATS_TEST_TMPDIR/link"
	exits 2 zonectl boot h1
	said_is ""
	zonectl set -q h1 hook-pre-boot=
	rm "$inside"
}

@test "a later hook that fails is a warning" {
	zonectl set -q h1 hook-post-boot=/bin/false hook-pre-stop=
	run --separate-stderr zonectl boot h1
	[ "$status" -eq 0 ]
	[[ $stderr == *"hook-post-boot '/bin/false': exit status 1"* ]]
	zonectl set -q h1 hook-post-boot= hook-pre-stop=/bin/false
	run --separate-stderr zonectl halt h1
	[ "$status" -eq 0 ]
	[[ $stderr == *"hook-pre-stop '/bin/false': exit status 1"* ]]
	zonectl set -q h1 hook-pre-stop=
}

@test "a hook that others may write is not run" {
	cp "$HOOK" "$HOOK.open"
	chmod 777 "$HOOK.open"
	zonectl set -q h1 hook-pre-boot="$HOOK.open" hook-post-boot=
	fails 2 "zonectl: boot h1: hook-pre-boot '$HOOK.open': '$HOOK.open' may be written by others than root
  chown root and chmod go-w '$HOOK.open'" zonectl boot h1
	said_is ""
	exits 2 zonectl set h1 hook-pre-boot=hook
	zonectl destroy -q -y h1
}

@test "a hook knows the zone" {
	cat >"$HOOK.facts" <<-EOF
	#!/bin/sh
	echo "\$ZONE_NAME \$ZONE_HOSTNAME \$ZONE_TEMPLATE \$ZONE_TAGS \$ZONE_IP" >>$SAID
	EOF
	chmod 755 "$HOOK.facts"
	zonectl create -q h2 -t minimal --hostname box --tags a,b --ip 10.77.0.9 --hook-post-boot "$HOOK.facts" --boot
	said_is "h2 box minimal a,b 10.77.0.9"
	zonectl destroy -q -y --force h2
}
