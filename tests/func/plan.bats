#!/usr/bin/env bats
# SPDX-License-Identifier: GPL-2.0-or-later
# zonectl plan list, plan show; --plan of create, run and set
# shellcheck disable=SC2154	# run --separate-stderr sets stderr

load ../lib/zone

setup_file() { store_open; }
teardown_file() { store_close; }
setup() {
	zone_setup
	plans=$ZONECTL_ROOT/etc/zonectl/plans
	rm -rf "$ZONECTL_ROOT/etc/zonectl"
}

# plan NAME: a plan of the site from standard input.
plan() {
	install -d "$plans"
	cat >"$plans/$1.json"
}

property() { zonectl info "$1" --json | json "d['properties']['$2']"; }

@test "three plans are there without any file" {
	prints "large
medium
small" zonectl plan list -H -o name
}

@test "plan list shows limits and descriptions, sorted as asked" {
	plan tiny <<<'{ "description": "one process", "cpus": 0.25, "memory": 67108864, "pids": 8 }'
	run zonectl plan list -s memory
	[ "${lines[0]}" = "NAME    CPUS  MEMORY  PIDS  DESCRIPTION" ]
	[ "${lines[1]}" = "tiny    0.25     64M     8  one process" ]
	[ "${#lines[@]}" -eq 5 ]
	[ "$(zonectl plan list --json | json "[p['cpus'] for p in d if p['name'] == 'tiny']")" = '[0.25]' ]
}

@test "plan show tells each property and where the plan comes from" {
	plan tiny <<<'{ "description": "one process", "memory": "64M", "env": ["A=1", "B=2"], "cpus": null }'
	prints "name             tiny
description      one process
source           $plans/tiny.json

memory           64M
env              A=1 B=2
cpus             no limit" zonectl plan show tiny
	[ "$(zonectl plan show tiny --json | json "d['properties']")" = \
		'{"memory": 67108864, "env": ["A=1", "B=2"], "cpus": null}' ]
	[ "$(zonectl plan show small --json | json "d['source']")" = shipped ]
}

@test "a zone is made with the properties of a plan, which it remembers" {
	installed p1 --plan small
	[ "$(property p1 memory)" = 536870912 ]
	[ "$(property p1 cpus)" = 1 ]
	[ "$(fact p1 plan)" = small ]
	zonectl info p1 | grep -qx 'plan             small'
	prints small zonectl list -a -H -o plan p1
	installed p2
	[ "$(fact p2 plan)" = null ]
}

@test "an option overrides the plan, wherever it stands" {
	installed p3 --memory 64M --plan small --cpus ''
	[ "$(property p3 memory)" = 67108864 ]
	[ "$(property p3 cpus)" = null ]
	[ "$(property p3 pids)" = 1024 ]
}

@test "a site's plan stands for the shipped one of its name" {
	plan small <<<'{ "pids": 77 }'
	installed p4 --plan small
	[ "$(property p4 pids)" = 77 ]
	[ "$(property p4 memory)" = null ]
	[ "$(zonectl plan list -H -o name | grep -c .)" -eq 3 ]
}

@test "a plan brings people and their keys" {
	plan team <<<'{ "user": ["ann"], "ssh-key": ["ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAA team"], "ssh-key-user": "ann" }'
	zonectl create -q team1 -t minimal --net none --plan team --boot
	prints "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAA team" \
		zonectl exec team1 -u ann -- grep team /home/ann/.ssh/authorized_keys
	zonectl destroy -q -y --force team1
}

@test "run takes a plan" {
	plan few <<<'{ "pids": 3 }'
	run zonectl run -t minimal --rm --plan few -- sh -c 'for i in 1 2 3 4 5 6; do sleep 3 & done'
	[ "$status" -ne 0 ]
	exits 0 zonectl run -t minimal --rm --plan few --pids 100 -- sh -c 'for i in 1 2 3 4 5 6; do sleep 0 & done'
}

@test "set --plan gives a running zone the limits at once" {
	plan few <<<'{ "pids": 3 }'
	running p5
	prints "" zonectl set p5 --plan few
	run zonectl exec p5 -- sh -c 'for i in 1 2 3 4 5 6; do sleep 3 & done; wait'
	[ "$status" -ne 0 ]
	[ "$(fact p5 plan)" = few ]
	prints "" zonectl set p5 --plan small description='moved up'
	exits 0 zonectl exec p5 -- sh -c 'for i in 1 2 3 4 5 6; do sleep 0 & done; wait'
	[ "$(property p5 description)" = "moved up" ]
	[ "$(fact p5 plan)" = small ]
}

@test "set --plan changes what the plan says and leaves the rest; null is the default" {
	plan a <<<'{ "pids": 50, "cpus": null }'
	installed p6 --memory 64M --cpus 0.5
	zonectl set p6 --plan a
	[ "$(property p6 memory)" = 67108864 ]
	[ "$(property p6 pids)" = 50 ]
	[ "$(property p6 cpus)" = null ]
}

@test "set --plan passes over what the zone has already, and refuses what is fixed" {
	plan copies <<<'{ "storage": "copy", "pids": 60 }'
	installed p7 --storage copy
	prints "" zonectl set p7 --plan copies
	installed p8
	fails 2 "zonectl: set p8: plan 'copies': storage: can't be changed once the zone is made" \
		zonectl set p8 --plan copies
	[ "$(property p8 pids)" = 4096 ]
	[ "$(fact p8 plan)" = null ]
}

@test "a plan that the running zone cannot take changes nothing" {
	plan beyond <<<'{ "pids": 9, "cpuset": "8000" }'
	running p9
	run zonectl set p9 --plan beyond
	[ "$status" -eq 2 ]
	holds "cpuset: no processor 8000"
	[ "$(property p9 pids)" = 4096 ]
	[ "$(fact p9 plan)" = null ]
	exits 0 zonectl exec p9 -- sh -c 'for i in 1 2 3 4 5 6 7 8 9 10 11 12; do sleep 0.1 & done; wait'
}

@test "--like takes the plan along, --plan another" {
	installed p10 --plan small
	zonectl create p11 --like p10
	[ "$(fact p11 plan)" = small ]
	zonectl create p12 --like p10 --plan medium
	[ "$(fact p12 plan)" = medium ]
	[ "$(property p12 memory)" = 2147483648 ]
}

@test "no such plan: exit 3, and how to see which there are" {
	fails 3 "zonectl: create p13: no plan \"huge\"
  try: zonectl plan list" zonectl create p13 -t minimal --plan huge
	fails 3 "zonectl: plan show: no plan \"huge\"
  try: zonectl plan list" zonectl plan show huge
	fails 125 "zonectl: run: no plan \"huge\"
  try: zonectl plan list" zonectl run -t minimal --plan huge -- true
	installed p13
	fails 3 "zonectl: set p13: no plan \"huge\"
  try: zonectl plan list" zonectl set p13 --plan huge
	fails 2 "zonectl: plan show: plan '../small': bad name (a-z, 0-9, '.', '_' and '-', beginning with a letter or digit)" \
		zonectl plan show ../small
	fails 2 "zonectl: plan show: no plan named
  usage: zonectl plan show NAME" zonectl plan show
}

@test "a fault in a plan is named with line and column" {
	plan bad <<<'{ "pids": 5,
  "memory": "lots" }'
	fails 2 "zonectl: create p14: plans/bad.json:2:13: memory: 'lots' is no size (a number with K, M, G or T, as 512M)" \
		zonectl create p14 -t minimal --plan bad
	plan bad <<<'{ "memry": 5 }'
	fails 2 "zonectl: plan show: plans/bad.json:1:12: memry: no such key
  did you mean \"memory\"?" zonectl plan show bad
	plan bad <<<'{ "uuid": "11111111-1111-1111-1111-111111111111" }'
	fails 2 "zonectl: plan show: plans/bad.json:1:11: uuid: is of one zone alone, so no plan can set it" \
		zonectl plan show bad
	plan bad <<<'{ "memory": "1G", "memory-high": "2G" }'
	fails 2 "zonectl: plan show: plans/bad.json: memory-high: 2G is above memory, 1G" zonectl plan show bad
	plan bad <<<'[]'
	fails 2 "zonectl: plan show: plans/bad.json:1:1: expected an object" zonectl plan show bad
}

@test "plan list shows the others beside one that can't be read" {
	plan bad <<<'{'
	run --separate-stderr zonectl plan list -H -o name
	[ "$status" -eq 9 ]
	[ "$output" = "large
medium
small" ]
	holds "zonectl: plan list: plans/bad.json:"
	holds "1 of 4 failed"
}

@test "a plan that others than root may write is refused" {
	plan open <<<'{ "pids": 5 }'
	chmod 666 "$plans/open.json"
	fails 1 "zonectl: plan show: '$plans/open.json' can be written by others than root
  try: chown root '$plans/open.json'; chmod go-w '$plans/open.json'" zonectl plan show open
	chmod 644 "$plans/open.json"
	chmod 777 "$plans"
	exits 1 zonectl plan show open
}
