#!/usr/bin/env bats
# SPDX-License-Identifier: GPL-2.0-or-later
# zonectl template build --customize
# shellcheck disable=SC2154	# run --separate-stderr sets stderr

load ../lib/zone

setup_file() { store_open; }
teardown_file() { store_close; }
setup() {
	zone_setup
	program=$BATS_TEST_TMPDIR/program
}

teardown() {
	zonectl template remove custom >/dev/null 2>&1 || :
}

# program LINE...: a script of these lines.
program() {
	printf '%s\n' '#!/bin/sh' 'set -e' "$@" >"$program"
	chmod 755 "$program"
}

custom() {
	echo "$ZONECTL_ROOT/var/lib/zonectl/templates/custom/rootfs/$1"
}

nothing_begun() {
	[ -z "$(zonectl list -a -H)" ]
	[ -z "$(find "$ZONECTL_ROOT"/var/lib/zonectl/{zones,uids} -mindepth 1)" ]
	[ -z "$(find "$ZONECTL_ROOT/var/lib/zonectl/templates/.objects" -maxdepth 1 -name '.*' ! -name .objects)" ]
	exits 3 zonectl template info custom
}

@test "--customize runs a program inside what was built, and what it changes is in the template" {
	program 'echo hello >/etc/greeting' 'mkdir /srv/app' 'chown 1000:1001 /srv/app' 'rm /etc/issue'
	run --separate-stderr zonectl template build minimal --name custom --customize "$program"
	[ "$status" -eq 0 ]
	[[ $output =~ ^custom\ [0-9a-f]{12}$ ]]
	[ "$(cat "$(custom etc/greeting)")" = hello ]
	[ "$(stat -c %u:%g "$(custom srv/app)")" = 1000:1001 ]
	[ ! -e "$(custom etc/issue)" ]
	[ "$(zonectl template info custom --json | json "d['source']")" = "build minimal" ]
	prints hello zonectl run -t custom --rm -- cat /etc/greeting
	prints "" zonectl template verify custom
}

@test "the program is in a zone of its own: not on the host, with no network, and leaves no trace" {
	program "echo x >$BATS_TEST_TMPDIR/host && exit 7 || true" 'ls /sys/class/net >/etc/links' 'ls -l "$0" >/etc/self' \
		'cut -c 12-22 /proc/self/uid_map | tr -d " " >/etc/base' 'echo log >/var/log/log' 'echo t >/tmp/t' 'hostname >/etc/name'
	zonectl template build minimal --name custom --customize "$program" -q
	[ ! -e "$BATS_TEST_TMPDIR/host" ]
	[ "$(cat "$(custom etc/links)")" = lo ]
	grep -q '^-r-xr-xr-x .*/dev/customize$' "$(custom etc/self)"
	[ "$(cat "$(custom etc/base)")" -ge 65536 ]
	[[ $(cat "$(custom etc/name)") == build-* ]]
	[ -z "$(ls -A "$(custom dev)")$(ls -A "$(custom tmp)")" ]
	[ ! -e "$(custom var/log/log)" ]
	[ ! -s "$(custom etc/hostname)" ]
	zonectl template remove custom
	nothing_begun
}

@test "a program that fails is told with its last words, and nothing is stored" {
	program 'echo working' 'echo "no such thing" >&2' 'exit 3'
	fails 1 "zonectl: template build minimal: customize: $program failed (status 3): working no such thing" \
		zonectl template build minimal --name custom --customize "$program"
	nothing_begun
}

@test "a program that can't run is refused" {
	echo text >"$BATS_TEST_TMPDIR/text"
	exits 2 zonectl template build minimal --name custom --customize "$BATS_TEST_TMPDIR/text"
	holds "zonectl: template build minimal: '$BATS_TEST_TMPDIR/text' is no program"
	exits 1 zonectl template build minimal --name custom --customize "$BATS_TEST_TMPDIR/none"
	holds "No such file or directory"
	exits 2 zonectl template build minimal --name custom --customize "$BATS_TEST_TMPDIR"
	program 'true'
	sed -i '1s|.*|#!/no/such/shell|' "$program"
	exits 1 zonectl template build minimal --name custom --customize "$program"
	nothing_begun
}

@test "a build that is interrupted while its program runs leaves nothing" {
	program 'mkfifo /tmp/wait' 'echo waiting' 'cat /tmp/wait'
	"$ZONECTL" template build minimal --name custom --customize "$program" 2>/dev/null 3>&- 4>&- &
	pid=$!
	deadline 10 waits_in_program
	kill -TERM "$pid"
	status=0
	wait "$pid" || status=$?
	[ "$status" -eq 143 ]
	nothing_begun
	exits 1 grep -F "$ZONECTL_ROOT" /proc/self/mountinfo
}

# The program has got so far.
waits_in_program() {
	find "$ZONECTL_ROOT/var/lib/zonectl/zones/"*/data/root/tmp -name wait 2>/dev/null | grep -q .
}

@test "what a killed build leaves, destroy and the next build take away" {
	program 'mkfifo /tmp/wait' 'cat /tmp/wait'
	"$ZONECTL" template build minimal --name custom --customize "$program" 2>/dev/null 3>&- 4>&- &
	pid=$!
	deadline 10 waits_in_program
	kill -KILL "$pid"
	wait "$pid" 2>/dev/null || :
	zonectl repair --all -q >/dev/null 2>&1 || :
	[ -z "$(zonectl list -a -H -o name)" ] || zonectl destroy -q --force -y --all
	program 'true'
	zonectl template build minimal --name custom --customize "$program" -q
	zonectl template remove custom
	nothing_begun
}

@test "several recipes are each customized" {
	program 'echo yes >/etc/custom'
	zonectl template build minimal minimal --customize "$program" -q 2>/dev/null
	[ "$(cat "$ZONECTL_ROOT/var/lib/zonectl/templates/minimal/rootfs/etc/custom")" = yes ]
	[ "$(zonectl template list -H -o version minimal | wc -l)" -le 3 ]
}
