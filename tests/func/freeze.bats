#!/usr/bin/env bats
# SPDX-License-Identifier: GPL-2.0-or-later
# zonectl freeze and thaw

load ../lib/zone

setup_file() { store_open; }
teardown_file() { store_close; }
setup() { zone_setup; }

@test "freeze stops all processes where they are, thaw lets them go on" {
	running f1
	zonectl exec f1 -- sh -c 'while :; do echo x >>/tmp/ticks; sleep 0.01; done' &
	ticks=$ZONECTL_ROOT/var/lib/zonectl/zones/f1/data/upper/tmp/ticks
	deadline 5 test -s "$ticks"
	prints "" zonectl freeze f1
	state_is f1 frozen
	size=$(stat -c %s "$ticks")
	zonectl list >/dev/null
	[ "$(stat -c %s "$ticks")" -eq "$size" ]
	prints "" zonectl thaw f1
	state_is f1 running
	grows() { [ "$(stat -c %s "$ticks")" -gt "$size" ]; }
	deadline 5 grows
	zonectl halt f1
	wait "$!" || :
}

@test "freeze of a frozen, thaw of a running, both of a stopped zone are refused" {
	running f2
	fails 4 "zonectl: thaw f2: is running
  try: zonectl shutdown f2" zonectl thaw f2
	zonectl freeze f2
	fails 4 "zonectl: freeze f2: is frozen
  try: zonectl thaw f2" zonectl freeze f2
	zonectl halt f2
	fails 4 "zonectl: freeze f2: is not running
  try: zonectl boot f2" zonectl freeze f2
}

@test "exec in a frozen zone is refused, not left hanging" {
	running f3
	zonectl freeze f3
	fails 125 "zonectl: exec f3: is frozen
  try: zonectl thaw f3" timeout 10 "$ZONECTL" exec f3 -- true
	zonectl thaw f3
	exits 0 zonectl exec f3 -- true
}

@test "list and info answer about a frozen zone at once" {
	running f4
	zonectl freeze f4
	[ "$(timeout 5 "$ZONECTL" list -H -o state f4 3>&-)" = frozen ]
	timeout 5 "$ZONECTL" info f4 >/dev/null 3>&-
}
