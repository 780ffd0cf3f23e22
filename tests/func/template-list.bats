#!/usr/bin/env bats
# SPDX-License-Identifier: GPL-2.0-or-later
# zonectl template list, info, verify, remove

load ../lib/zone

setup_file() { store_open; }
teardown_file() { store_close; }
setup() { zone_setup; }

@test "template list shows name, digest, distribution and init" {
	run --separate-stderr zonectl template list
	[ "$status" -eq 0 ]
	[[ ${lines[0]} =~ ^NAME\ +DIGEST\ +OS\ +INIT\ +SIZE\ +IMPORTED$ ]]
	[[ ${lines[1]} =~ ^minimal\ +[0-9a-f]{12}\ .*busybox ]]
	[ "$(zonectl template list --json | json "d[0]['name']")" = minimal ]
	prints minimal zonectl template list -H -o name 'min*'
}

@test "template info shows one, by name, by name and digest, by digest" {
	digest=$(zonectl template info minimal --json | json "d['digest']")
	[ "${#digest}" -eq 64 ]
	run zonectl template info "minimal@${digest:0:12}"
	grep -qE '^name +minimal$' <<<"$output"
	exits 0 zonectl template info "$digest"
	fails 3 "zonectl: template info nosuch: no template \"nosuch\"
  try: zonectl template list" zonectl template info nosuch
}

@test "template remove refuses a template that a zone uses" {
	installed u1
	fails 4 "zonectl: template remove minimal: zone 'u1' uses it" zonectl template remove minimal
	exits 0 zonectl template info minimal
	zonectl destroy -y u1
}

@test "template remove takes the files away with the last name" {
	zonectl template build minimal --name other -q
	zonectl template remove other
	exits 0 zonectl run -t minimal --rm -- true
	zonectl template remove minimal
	[ -z "$(find "$ZONECTL_ROOT/var/lib/zonectl/templates" -mindepth 2)" ]
	exits 3 zonectl template remove minimal
	zonectl template build minimal -q
}

@test "template verify tells files that have changed" {
	prints "" zonectl template verify minimal
	echo x >>"$ZONECTL_ROOT/var/lib/zonectl/templates/minimal/rootfs/etc/issue"
	exits 1 zonectl template verify minimal
	holds "zonectl: template verify minimal: its files have changed"
	zonectl template remove minimal
	zonectl template build minimal -q
	prints "" zonectl template verify minimal
}

@test "template needs a second word" {
	fails 2 "zonectl: 'template' needs a second word
  try: zonectl help template" zonectl template
}
