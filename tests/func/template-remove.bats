#!/usr/bin/env bats
# SPDX-License-Identifier: GPL-2.0-or-later
# zonectl template remove, prune
# shellcheck disable=SC2154	# run --separate-stderr sets stderr

load ../lib/zone

setup_file() { store_open; }
teardown_file() { store_close; }
setup() { zone_setup; }

# version NAME TEXT: imports a tree whose one file holds this text.
version() {
	local tree

	tree=$(mktemp -d "$BATS_TEST_TMPDIR/tree.XXXXXX")
	echo "$2" >"$tree/file"
	touch -d @1000000000 "$tree/file" "$tree"
	tar -C "$tree" -c . | zonectl template import - --name "$1" -q 2>/dev/null
}

versions() {
	zonectl template list -H -o version "$1" | tr '\n' ' '
}

@test "template remove refuses a template that zones use, and names them" {
	installed u1
	fails 4 "zonectl: template remove minimal: zone 'u1' uses it" zonectl template remove minimal
	installed u2
	fails 4 "zonectl: template remove minimal:1: zones 'u1', 'u2' use it" zonectl template remove minimal:1
	exits 0 zonectl template info minimal
	zonectl destroy -y u1 u2
}

@test "template remove of one version leaves the others, and of the current one makes the newest current" {
	version v 1
	version v 2
	version v 3
	zonectl template remove v:2
	[ "$(versions v)" = "3 1 " ]
	zonectl template remove v:3
	[ "$(zonectl template info v --json | json "d['version']")" = 1 ]
	version v 4
	[ "$(versions v)" = "4 1 " ]
	zonectl template remove "v@$(zonectl template info v:1 --json | json "d['digest'][:12]")"
	[ "$(versions v)" = "4 " ]
	zonectl template remove v
	exits 3 zonectl template remove v
}

@test "template remove of a name takes all versions, or none when a zone uses any" {
	version v 1
	version v 2
	zonectl create u3 -t v:1
	fails 4 "zonectl: template remove v: zone 'u3' uses it" zonectl template remove v
	[ "$(versions v)" = "2 1 " ]
	zonectl destroy -y u3
	zonectl template remove v
	[ -z "$(find "$ZONECTL_ROOT/var/lib/zonectl/templates" -maxdepth 1 -name 'v*')" ]
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

@test "template remove of several goes on after a failure" {
	version v 1
	run --separate-stderr zonectl template remove nosuch v
	[ "$status" -eq 9 ]
	[ "$stderr" = "zonectl: template remove nosuch: no template \"nosuch\"
  try: zonectl template list
zonectl: template remove: 1 of 2 failed" ]
	exits 3 zonectl template info v
}

@test "template remove --dry-run removes nothing" {
	prints "would template remove minimal" zonectl template remove -n minimal
	exits 0 zonectl template info minimal
}

@test "template remove asks on a terminal" {
	version v 1
	on_terminal /dev/stdin <<-'END'
		zonectl template remove v
		see "remove v?"
		type n
		see "nothing was removed"
		ends 1
		zonectl template remove -y v
		ends 0
	END
	exits 3 zonectl template info v
}

@test "template remove takes a version whose description is damaged" {
	version v 1
	echo '{' >"$ZONECTL_ROOT/var/lib/zonectl/templates/v/template.json"
	zonectl template remove v
	exits 3 zonectl template info v
}

@test "template prune removes versions that are neither current nor used, and says what it freed" {
	version v 1
	version v 2
	version v 3
	version v 4
	zonectl create u4 -t v:2
	run --separate-stderr zonectl template prune --dry-run
	[ "${#lines[@]}" -eq 2 ]
	[[ ${lines[0]} =~ ^would\ remove\ v:3\ [0-9a-f]{12}\ 2B$ ]]
	[ "$stderr" = "zonectl: 2 versions, 4B would be freed" ]
	[ "$(versions v)" = "4 3 2 1 " ]
	run --separate-stderr zonectl template prune
	[[ ${lines[0]} =~ ^v:3\ [0-9a-f]{12}\ 2B$ ]]
	[ "$stderr" = "zonectl: 2 versions, 4B freed" ]
	[ "$(versions v)" = "4 2 " ]
	zonectl destroy -y u4
	[ "$(zonectl template prune --json | json "[d['name'], d['version'], d['freed_bytes']]")" = '["v", 2, 2]' ]
	prints "" zonectl template prune
	exits 0 zonectl template info minimal
	zonectl template remove v
}

@test "template prune --keep leaves the newest, and a pattern all other templates" {
	for i in 1 2 3; do
		version v "$i"
		version w "w$i"
	done
	zonectl template prune -q --keep 2 'v*' >/dev/null
	[ "$(versions v)$(versions w)" = "3 2 3 2 1 " ]
	exits 2 zonectl template prune --keep x
	zonectl template remove v w
}

@test "a version that is being used while it is removed stays" {
	version v 1
	# As create does until the zone can be seen.
	exec 5<"$ZONECTL_ROOT/var/lib/zonectl/templates/v"
	flock -s 5
	exits 5 zonectl template remove v
	exec 5<&-
	zonectl template remove v
}
