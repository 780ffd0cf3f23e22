#!/usr/bin/env bats
# SPDX-License-Identifier: GPL-2.0-or-later
# zonectl reboot, and reboot typed inside

load ../lib/zone

setup_file() { store_open; }
teardown_file() { store_close; }
setup() { zone_setup; }

init_of() { fact "$1" init_pid; }
has_new_init() { local pid; pid=$(init_of "$1") && [ "$pid" != None ] && [ "$pid" != null ] && [ "$pid" != "$2" ]; }

@test "reboot shuts the zone down and boots it" {
	running r1
	before=$(init_of r1)
	prints "r1: its init shut it down" zonectl reboot r1
	state_is r1 running
	[ "$(init_of r1)" != "$before" ]
}

@test "reboot keeps the zone's files" {
	running r1
	zonectl exec r1 -- sh -c 'echo kept >/root/file'
	zonectl reboot r1
	prints kept zonectl exec r1 -- cat /root/file
}

@test "reboot of a stopped zone is refused" {
	installed r2
	fails 4 "zonectl: reboot r2: is not running
  try: zonectl boot r2" zonectl reboot r2
}

@test "a reboot typed inside boots the zone again under the same keeper" {
	running r3
	init=$(init_of r3)
	keeper=$(fact r3 keeper_pid)
	zonectl exec r3 -- reboot || [ $? -gt 128 ]	# the reboot may end it first
	deadline 20 has_new_init r3 "$init"
	[ "$(fact r3 keeper_pid)" = "$keeper" ]
	deadline 5 state_is r3 running
	prints r3 zonectl exec r3 -- hostname
}

# inits_are ZONE N
inits_are() {
	[ "$(zonectl exec "$1" -- ps | grep -c '[i]nit')" -eq "$2" ]
}

@test "twenty reboots from inside leave its processes, one keeper and no mount" {
	running r4
	deadline 5 inits_are r4 2	# and its copy that waits for Enter at the console
	for _ in {1..20}; do
		init=$(init_of r4)
		zonectl exec r4 -- reboot -f || true	# ends with the zone
		deadline 20 has_new_init r4 "$init"
		deadline 5 state_is r4 running
	done
	[ "$(keeper_pids r4 | wc -l)" -eq 1 ]
	not grep -F "$ZONECTL_ROOT/var/lib/zonectl/zones/r4/" /proc/self/mountinfo
	deadline 5 inits_are r4 2
	zonectl shutdown r4
	nothing_left r4
}

@test "what was set for the next boot applies at a reboot from inside" {
	running r5
	zonectl set r5 hostname=other 2>/dev/null
	prints r5 zonectl exec r5 -- hostname
	init=$(init_of r5)
	zonectl exec r5 -- reboot
	deadline 20 has_new_init r5 "$init"
	deadline 5 state_is r5 running
	prints other zonectl exec r5 -- hostname
}
