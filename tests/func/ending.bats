#!/usr/bin/env bats
# SPDX-License-Identifier: GPL-2.0-or-later
# a zone that ended by accident says why

load ../lib/zone

setup_file() { store_open; }
teardown_file() { store_close; }
setup() { zone_setup; }

limits_memory() {
	[ "$(zonectl features --json | json "'memory' in d['cgroup']['controllers']")" = true ] ||
		skip "kernel: no memory controller"
}

# hog NAME: boots it with an init that takes 64 MiB, and waits for it to be up.
hog() {
	zonectl boot "$1" --wait=30s --init /bin/dd -- if=/dev/zero of=/dev/null bs=64M count=1
}

@test "boot --wait says that init was killed for want of memory, and how much it had" {
	limits_memory
	installed e1 --memory 16M --swap 0
	fails 4 "zonectl: boot e1: ended before it was up: init was killed: out of memory (memory is 16M)
  try: zonectl log e1" hog e1
	nothing_left e1
}

@test "the reason stands in info and in the log, until the zone is booted again" {
	limits_memory
	installed e2 --memory 16M --swap 0
	exits 4 hog e2
	[ "$(fact e2 ended)" = "init was killed: out of memory (memory is 16M)" ]
	zonectl log e2 | grep -F "zonectl: init was killed: out of memory (memory is 16M)"
	zonectl boot e2 --wait
	[ "$(fact e2 ended)" = null ]
}

@test "boot fails when init is killed before it runs a single instruction" {
	limits_memory
	installed e3 --memory 1500K --swap 0
	words=$(head -c 32000 /dev/zero | tr '\0' x)
	set --
	for i in {1..31}; do set -- "$@" "env+=V$i=$words"; done
	zonectl set e3 "$@"
	exits 1 zonectl boot e3
	holds "out of memory (memory is 1500K)"
	holds "give it more: zonectl set e3 memory=SIZE"
	state_is e3 installed
	nothing_left e3
}

@test "a boot that pids has no room for says so" {
	[ -d /sys/fs/cgroup/pids ] || skip "kernel: on cgroup v2 an init that makes no process has room"
	installed e4 --pids 1
	fails 7 "zonectl: boot e4: clone into new namespaces: Resource temporarily unavailable: no more processes (pids is 1)
  give it more: zonectl set e4 pids=N" zonectl boot e4
	nothing_left e4
}

@test "an init that ends with an error, or that somebody kills, is told" {
	installed e6
	exits 4 zonectl boot e6 --wait --init /bin/sh -- -c 'exit 3'
	holds "ended before it was up: init ended with status 3"
	zonectl boot e6
	kill -9 "$(fact e6 init_pid)"
	deadline 5 state_is e6 installed
	[ "$(fact e6 ended)" = "init was killed from outside" ]
}

@test "an end that was asked for is no accident: halt, shutdown, poweroff inside" {
	installed e7
	for how in "zonectl halt e7" "zonectl shutdown e7" "zonectl exec e7 -- poweroff" "zonectl exec e7 -- poweroff -f"; do
		zonectl boot e7 --wait
		run $how
		deadline 10 state_is e7 installed
		[ "$(fact e7 ended)" = null ] || { echo "$how: $(fact e7 ended)"; return 1; }
	done
}
