#!/usr/bin/env bats
# SPDX-License-Identifier: GPL-2.0-or-later
# zonectl template verify

load ../lib/zone

setup_file() { store_open; }
teardown_file() { store_close; }
setup() { zone_setup; }

# A template of its own for each test, and where its files are.
damaged_setup() {
	local tree

	tree=$(mktemp -d "$BATS_TEST_TMPDIR/tree.XXXXXX")
	mkdir "$tree/etc"
	echo "$BATS_TEST_NAME" >"$tree/etc/one"
	echo two >"$tree/etc/two"
	ln -s one "$tree/etc/link"
	ln "$tree/etc/two" "$tree/etc/too"
	setfattr -n user.color -v blue "$tree/etc/two"
	tar -C "$tree" --xattrs -c . | zonectl template import - --name d -q 2>/dev/null
	root=$ZONECTL_ROOT/var/lib/zonectl/templates/d/rootfs
}

teardown() {
	zonectl template remove d 2>/dev/null || :
}

# found LINE...: verify fails and these lines are among what it says.
found() {
	local line

	exits 1 zonectl template verify d || return
	for line in "$@"; do
		grep -qxF "d: $line" <<<"$output" || { echo "no '$line' in: $output"; return 1; }
	done
}

@test "template verify of whole templates says nothing, of one or of all" {
	prints "" zonectl template verify minimal
	prints "" zonectl template verify
	fails 3 "zonectl: template verify nosuch: no template \"nosuch\"
  try: zonectl template list" zonectl template verify nosuch
}

@test "template verify finds one byte that has changed" {
	damaged_setup
	mtime=$(stat -c %y "$root/etc/two")
	printf T | dd of="$root/etc/two" conv=notrunc status=none
	touch -d "$mtime" "$root/etc/two"
	found "'etc/too': contents changed"
	[[ $output == *"zonectl: template verify d: 2 faults found"* ]]
}

@test "template verify finds a mode, an owner, a time, an extended attribute that has changed" {
	damaged_setup
	chmod 4755 "$root/etc/one"
	chown -h 7:8 "$root/etc/link"
	setfattr -n user.color -v green "$root/etc/two"
	touch -d 2001-01-01 "$root/etc"
	found "'etc/one': mode changed" "'etc/link': owner, group changed" \
		"'etc/too': extended attributes changed" "'etc': time changed"
}

@test "template verify finds what is missing, what was not there, what is another kind" {
	damaged_setup
	rm "$root/etc/link" "$root/etc/one"
	mkdir "$root/etc/one"
	echo new >"$root/etc/new"
	rm "$root/etc/two"
	cp "$root/etc/too" "$root/etc/two"
	run zonectl template verify d
	[[ $output == *"d: 'etc/link': is missing"* ]]
	[[ $output == *"d: 'etc/new': was not there"* ]]
	[[ $output == *"d: 'etc/one': kind, "* ]]
	[[ $output == *"d: 'etc/two': hard links"* ]]
}

@test "template verify without a manifest still tells that files have changed" {
	damaged_setup
	rm "$root/../manifest"
	prints "" zonectl template verify d
	chmod 600 "$root/etc/one"
	exits 1 zonectl template verify d
	holds "d: its files have changed: they are"
}

@test "template verify compares template.json with the files" {
	damaged_setup
	sed -i 's/"files": 5/"files": 6/; s/"os_id": ""/"os_id": "debian"/' "$root/../template.json"
	found "template.json: files is 6, of the files 5" "template.json: os_id is 'debian', the files say ''"
	echo '{' >"$root/../template.json"
	exits 2 zonectl template verify d
	run zonectl template verify
	[[ $output == *"zonectl: template verify d:1: "*template.json* ]]
	[ "$status" -eq 9 ]
}

@test "template verify --json lists the faults" {
	damaged_setup
	chmod 600 "$root/etc/one"
	run --separate-stderr zonectl template verify d minimal --json
	[ "$status" -eq 9 ]
	[ "$(head -n 1 <<<"$output" | json "[d['name'], d['faults'][0]]")" = '["d", "'"'etc/one': mode changed"'"]' ]
	[ "$(sed -n 2p <<<"$output")" = '{"name":"minimal","faults":[]}' ]
}

@test "names in a template drive no terminal when verify shows them" {
	damaged_setup
	touch "$root/etc/$(printf 'a\033[31m\nb')"
	exits 1 zonectl template verify d
	holds "d: 'etc/a\\x1b[31m\\x0ab': was not there"
}
