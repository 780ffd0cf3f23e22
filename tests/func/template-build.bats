#!/usr/bin/env bats
# SPDX-License-Identifier: GPL-2.0-or-later
# zonectl template build
# shellcheck disable=SC2154	# run --separate-stderr sets stderr

load ../lib/zone

setup_file() { store_open; }
teardown_file() { store_close; }
setup() { zone_setup; }

@test "template build minimal makes a root filesystem of a few MiB without a network" {
	run --separate-stderr zonectl template build minimal
	[ "$status" -eq 0 ]
	[[ $output =~ ^minimal\ [0-9a-f]{12}$ ]]
	[ "$(zonectl template info minimal --json | json "d['size_bytes'] < 8 << 20")" = true ]
	[ "$(zonectl template info minimal --json | json "d['init_kind']")" = busybox ]
}

@test "the same recipe twice is one template" {
	run --separate-stderr zonectl template build minimal
	[ "$stderr" = "zonectl: minimal: the store had these files already" ]
	[ "$(find "$ZONECTL_ROOT/var/lib/zonectl/templates/.objects" -mindepth 1 -maxdepth 1 | wc -l)" -eq 1 ]
}

@test "template build --name gives it another name" {
	zonectl template build minimal --name small -q
	prints inside zonectl run -t small --rm -- echo inside
	zonectl template remove small
}

@test "template build refuses a recipe that there is not" {
	exits 2 zonectl template build nosuch
	holds "no recipe 'nosuch'"
	holds "debian-12"
}

@test "template build refuses suites and packages that are no names" {
	exits 2 zonectl template build 'debian:../x'
	exits 2 zonectl template build debian-12 --include '-o,x;y'
	prints "minimal" zonectl template list -H -o name
}

@test "template build minimal without a static busybox names the package" {
	# A mount namespace in which no busybox is found.
	run unshare -m sh -c 'for f in /bin/busybox /usr/bin/busybox /bin/busybox.static; do
		[ ! -e "$f" ] || mount --bind /bin/sh "$f"; done; exec "$ZONECTL" template build minimal --name other'
	[ "$status" -eq 8 ]
	holds "zonectl: template build minimal: build 'minimal': no statically linked busybox on this host"
	holds "apt-get install busybox-static"
}
