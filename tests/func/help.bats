#!/usr/bin/env bats
# SPDX-License-Identifier: GPL-2.0-or-later
# zonectl features, version, help

load ../lib/zone

setup_file() { store_open; }
teardown_file() { store_close; }
setup() { zone_setup; }

@test "version prints one line, --json an object" {
	run zonectl version
	[[ $output =~ ^zonectl\ [0-9]+\.[0-9]+ ]]
	[ "${#lines[@]}" -eq 1 ]
	[ "zonectl $(zonectl version --json | json "d['version']")" = "$output" ]
	prints "$output" zonectl --version
}

@test "features names layout, controllers, verbs and properties" {
	run --separate-stderr zonectl features --json
	[ "$status" -eq 0 ]
	[ "$(json "d['cgroup']['layout'] in ('v2', 'v1', 'hybrid')" <<<"$output")" = true ]
	[ "$(json "'create' in d['verbs'] and 'template build' in d['verbs']" <<<"$output")" = true ]
	[ "$(json "'memory' in d['properties']" <<<"$output")" = true ]
	[ "$(json "d['kernel']['release']" <<<"$output")" = "$(uname -r)" ]
}

@test "help lists every verb, help VERB its options, properties and an example" {
	run --separate-stderr zonectl help
	[ "$status" -eq 0 ]
	while read -r verb; do
		grep -qF "  $verb " <<<"$output"
	done < <(zonectl features --json | json "'\n'.join(d['verbs'])")
	run --separate-stderr zonectl help create
	[ "${lines[0]}" = "usage: zonectl create NAME... -t TEMPLATE [--PROPERTY VALUE]..." ]
	holds "--memory SIZE"
	holds "example:"
	prints "$output" zonectl create --help
}

@test "every verb has help" {
	while read -r verb; do
		# shellcheck disable=SC2086	# "template build" is two words
		exits 0 zonectl help $verb
		[[ ${lines[0]} == "usage: zonectl $verb"* ]]
	done < <(zonectl features --json | json "'\n'.join(d['verbs'])")
}

@test "help of a verb that there is not says what is near" {
	fails 2 "zonectl: help: unknown verb 'creat'
  did you mean \"create\"?" zonectl help creat
}

@test "every verb answers to its alias" {
	zonectl create a1 -t minimal
	zonectl start a1
	zonectl pause a1
	state_is a1 frozen
	zonectl unpause a1
	zonectl restart a1 -q
	prints a1 zonectl enter a1 -- hostname
	zonectl show a1 >/dev/null
	zonectl stop a1 -q
	zonectl delete -y a1
	zonectl template ls >/dev/null
}
