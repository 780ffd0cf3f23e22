#!/usr/bin/env bats
# SPDX-License-Identifier: GPL-2.0-or-later
# zonectl template list

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

@test "template list shows name, version, digest, size, init, zones and age" {
	run --separate-stderr zonectl template list
	[ "$status" -eq 0 ]
	[[ ${lines[0]} =~ ^NAME\ +VERSION\ +CURRENT\ +DIGEST\ +SIZE\ +FILES\ +INIT\ +ZONES\ +AGE$ ]]
	[[ ${lines[1]} =~ ^minimal\ +1\ +yes\ +[0-9a-f]{12}\ .*busybox\ +0\ +[0-9]+m?s$ ]]
	prints minimal zonectl template list -H -o name 'min*'
}

@test "template list shows every version, the newest first, and marks the current one" {
	version lv 1
	version lv 2
	version lv 3
	prints "3  yes
2  no
1  no" zonectl template list -H -o version,current lv
	version lv 1
	prints "3  no
2  no
1  yes" zonectl template list -H -o version,current lv
	zonectl template remove lv
}

@test "template list counts the zones of each version" {
	installed lz1
	installed lz2
	prints "minimal  2" zonectl template list -H -o name,zones minimal
	zonectl destroy -y lz1 lz2
	prints "minimal  0" zonectl template list -H -o name,zones minimal
}

@test "template list --json has the same rows with stable keys" {
	run zonectl template list --json minimal
	[ "$(json "sorted(d[0])" <<<"$output")" = '["age_seconds", "architecture", "current", "digest", "files", "format", "imported", "init_kind", "name", "os", "size_bytes", "source", "version", "zone_count"]' ]
	[ "$(json "len(d[0]['digest'])" <<<"$output")" -eq 64 ]
	[ "$(json "[d[0][k] for k in ('name', 'version', 'current', 'zone_count')]" <<<"$output")" = '["minimal", 1, true, 0]' ]
	prints '[]' zonectl template list --json nosuch
}

@test "template list sorts and refuses a column that there is not" {
	version ls 1
	prints "minimal
ls" zonectl template list -H -o name -s -name
	exits 2 zonectl template list -o colour
	zonectl template remove ls
}

@test "template needs a second word" {
	fails 2 "zonectl: 'template' needs a second word
  try: zonectl help template" zonectl template
}
