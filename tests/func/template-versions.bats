#!/usr/bin/env bats
# SPDX-License-Identifier: GPL-2.0-or-later
# The versions of a template: how they come, how they are named, who stands on which.

load ../lib/zone

setup_file() { store_open; }
teardown_file() { store_close; }
setup() { zone_setup; }

# minimal_version NAME TEXT: the template minimal with a file /version that holds this text.
minimal_version() {
	local tree

	tree=$(mktemp -d "$BATS_TEST_TMPDIR/tree.XXXXXX")
	cp -a "$ZONECTL_ROOT/var/lib/zonectl/templates/minimal/rootfs/." "$tree"
	echo "$2" >"$tree/version"
	touch -d @1000000000 "$tree/version" "$tree"
	tar -C "$tree" --numeric-owner -c . | zonectl template import - --name "$1" -q
}

says() {
	prints "$2" zonectl exec "$1" -- cat /version
}

@test "an import under a name that exists makes a new version; zones stay on theirs" {
	minimal_version v one
	zonectl create old -t v --boot
	minimal_version v two
	zonectl create new -t v --boot
	says old one
	says new two
	zonectl reboot -q old 2>/dev/null
	says old one
	zonectl destroy --force -y old new
	zonectl template remove v
}

@test "create takes a version by number or by digest" {
	minimal_version v one
	first=$(zonectl template info v --json | json "d['digest']")
	minimal_version v two
	zonectl create a -t v:1 --boot
	zonectl create b -t "v@${first:0:8}" --boot
	says a one
	says b one
	[ "$(fact a template)$(fact b template)" = vv ]
	fails 3 "zonectl: create c: no template \"v:3\"
  try: zonectl template list" zonectl create c -t v:3
	fails 2 "zonectl: create c: digest '${first:0:7}' has less than 8 digits" zonectl create c -t "v@${first:0:7}"
	exits 2 zonectl create c -t v:0
	exits 2 zonectl create c -t v:01
	exits 2 zonectl create c -t v:1:1
	zonectl destroy --force -y a b
	zonectl template remove v
}

@test "files that a version has already make that version the current one again" {
	minimal_version v one
	minimal_version v two
	minimal_version v one 2>/dev/null
	[ "$(zonectl template info v --json | json "[d['version'], d['current']]")" = '[1, true]' ]
	minimal_version v three
	[ "$(zonectl template info v --json | json "d['version']")" = 3 ]
	zonectl template remove v
}

@test "imports of one name at the same time each get a number of their own" {
	for i in 1 2 3 4 5 6 7 8; do
		minimal_version v "$i" &
	done
	wait
	[ "$(zonectl template list -H -o version v | sort -n | tr '\n' ' ')" = "1 2 3 4 5 6 7 8 " ]
	[ "$(zonectl template list -H -o current v | grep -c yes)" -eq 1 ]
	[ "$(zonectl template list -H -o digest v | sort -u | wc -l)" -eq 8 ]
	zonectl template remove v
	[ -z "$(find "$ZONECTL_ROOT/var/lib/zonectl/templates" -maxdepth 1 -name 'v*')" ]
}

@test "a store from before versions had numbers is read and numbered by the next import" {
	store=$ZONECTL_ROOT/var/lib/zonectl/templates
	minimal_version v one
	minimal_version v two
	rm "$store/v:1" "$store/v:2"
	[ "$(zonectl template list -H -o version,current v | tr -s ' ' | tr '\n' ' ')" = "1 yes - no " ]
	zonectl create o -t v --boot
	says o two
	minimal_version v three
	[ "$(zonectl template list -H -o version,current v | tr -s ' ' | tr '\n' ' ')" = "2 yes 1 no - no " ]
	zonectl destroy --force -y o
	zonectl template remove v
	prints "" zonectl template list -H v
}

@test "template info shows one by name, number, digest, and its other versions and zones" {
	minimal_version v one
	minimal_version v two
	installed i1 -t v:1
	run zonectl template info v:1
	grep -qE '^version +1$' <<<"$output"
	grep -qE '^zone +i1$' <<<"$output"
	grep -qE '^also version +2 \(current\), [0-9a-f]{12}, imported 2' <<<"$output"
	grep -qE '^os +zonectl minimal' <<<"$output"
	run zonectl template info v:1 --json
	[ "$(json "[d['zones'], [v['version'] for v in d['versions']], d['format']]" <<<"$output")" = '[["i1"], [2, 1], "tar"]' ]
	digest=$(json "d['digest']" <<<"$output")
	[ "$(zonectl template info "$digest" --json | json "d['version']")" = 1 ]
	[ "$(zonectl template info "v@${digest:0:12}" --json | json "d['version']")" = 1 ]
	fails 3 "zonectl: template info nosuch: no template \"nosuch\"
  try: zonectl template list" zonectl template info nosuch
	zonectl destroy -y i1
	zonectl template remove v
}

@test "imports and removals that are killed at any moment leave whole versions and no stage" {
	minimal_version v base
	tar -C "$ZONECTL_ROOT/var/lib/zonectl/templates/minimal/rootfs" --numeric-owner -cf "$BATS_TEST_TMPDIR/other.tar" ./etc ./bin
	for ms in 002 005 010 020 030 040 060 080 120; do
		timeout -s KILL "0.$ms" "$ZONECTL" template import "$BATS_TEST_TMPDIR/other.tar" --name v -q 2>/dev/null || :
		exits 0 zonectl template verify
		timeout -s KILL "0.$ms" "$ZONECTL" template remove v 2>/dev/null || :
		exits 0 zonectl template verify
		[ "$(zonectl template list -H -o current v | grep -c yes)" -le 1 ]
	done
	minimal_version v last
	[ "$(zonectl template list -H -o current v | grep -c yes)" -eq 1 ]
	zonectl template prune -q 'v*' >/dev/null
	zonectl template remove v
	[ -z "$(find "$ZONECTL_ROOT/var/lib/zonectl/templates/.objects" -maxdepth 1 -name '.*' ! -name .objects)" ]
	[ "$(find "$ZONECTL_ROOT/var/lib/zonectl/templates/.objects" -mindepth 1 -maxdepth 1 | wc -l)" -eq 1 ]
}
