#!/usr/bin/env bats
# SPDX-License-Identifier: GPL-2.0-or-later
# zonectl info

load ../lib/zone

setup_file() { store_open; }
teardown_file() { store_close; }
setup() { zone_setup; }

@test "info shows everything about a zone" {
	installed i1 --memory 64M
	run --separate-stderr zonectl info i1
	[ "$status" -eq 0 ]
	grep -qE '^name +i1$' <<<"$output"
	grep -qE '^state +installed$' <<<"$output"
	grep -qE '^template +minimal$' <<<"$output"
	grep -qE '^  memory +64M$' <<<"$output"
	grep -qE '^  cpus +no limit  \(default\)$' <<<"$output"
}

@test "info --json of one zone is an object, of several an array" {
	installed i1
	installed i2
	[ "$(zonectl info i1 --json | json "d['name']")" = i1 ]
	[ "$(zonectl info i1 i2 --json | json "[z['name'] for z in d]")" = '["i1", "i2"]' ]
	[ "$(zonectl info 'i1*' --json | json "len(d)")" = 1 ]
}

@test "info of a running zone has its uptime, use and processes" {
	running i3
	run --separate-stderr zonectl info i3 --json
	[ "$(json "d['state']" <<<"$output")" = running ]
	[ "$(json "d['uptime_seconds'] >= 0" <<<"$output")" = true ]
	[ "$(json "d['pids'] >= 1" <<<"$output")" = true ]
	[ "$(json "d['memory_bytes'] > 0" <<<"$output")" = true ]
	kill -0 "$(json "d['init_pid']" <<<"$output")"
	kill -0 "$(json "d['keeper_pid']" <<<"$output")"
}

@test "info names every property of the table" {
	installed i1
	[ "$(zonectl info i1 --json | json "sorted(d['properties'])")" = \
		"$(zonectl features --json | json "sorted(d['properties'])")" ]
}

@test "info of a zone that is not there fails" {
	fails 3 "zonectl: info nosuch: no zone \"nosuch\"
  try: zonectl list -a" zonectl info nosuch
}

@test "a zone with an ssh server has a host key of its own from its first boot on, and info shows it" {
	local dir=$BATS_TEST_TMPDIR key zone

	for zone in k1 k2; do
		zonectl create -q "$zone" -t minimal
		[ "$(fact "$zone" host_keys)" = "[]" ]
		: | zonectl push - "$zone:/usr/sbin/sshd"
		zonectl boot "$zone"
	done
	zonectl pull k1:/etc/ssh/ssh_host_ed25519_key k1:/etc/ssh/ssh_host_ed25519_key.pub "$dir"
	prints "600 0" zonectl exec k1 -- stat -c '%a %u' /etc/ssh/ssh_host_ed25519_key
	[ "$(ssh-keygen -y -f "$dir/ssh_host_ed25519_key")" = "$(cat "$dir/ssh_host_ed25519_key.pub")" ]
	key=$(ssh-keygen -l -f "$dir/ssh_host_ed25519_key.pub" | cut -d ' ' -f 2)
	[ "$(fact k1 host_keys)" = '[{"type": "ssh-ed25519", "fingerprint": "'"$key"'"}]' ]
	[ "$(fact k1 host_keys)" != "$(fact k2 host_keys)" ]
	zonectl info k1 | grep -qxF "host key         $key ssh-ed25519"
	zonectl freeze k1
	zonectl info k1 | grep -qF "$key"
	zonectl thaw k1
	zonectl reboot -q k1 --timeout 1
	zonectl info k1 | grep -qF "$key"
	zonectl halt k1
	zonectl info k1 | grep -qF "$key"
	zonectl destroy -q -y --force k1 k2
}
