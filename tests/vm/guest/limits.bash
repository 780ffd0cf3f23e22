# SPDX-License-Identifier: GPL-2.0-or-later
# shellcheck shell=bash
# Claims on limits, set on the running zone "web". outer CONTROLLER prints the directory of the
# zone's group where that controller's limits stand.

# Allocates and touches as many MiB.
hog() {
	zonectl exec web -- dd if=/dev/zero of=/dev/null bs="$1"M count=1
}

memory() {
	zonectl set web oom-kill=process memory=48M swap=0
	local init
	init=$(pid_of web init)
	hog 16
	fails_with 137 "" hog 100
	# Nothing but that process.
	says "$init" pid_of web init
	state_is web running
	zonectl info web --json | grep -Eq '"oom_kills": [1-9]'
	zonectl set web memory=256M
	hog 100
}

pids() {
	zonectl set web pids=12
	fails_with 2 "fork" zonectl exec web -- \
		sh -c 'for i in 1 2 3 4 5 6 7 8 9 10 11 12 13 14; do sleep 30 & done'
	zonectl exec web -- killall sleep || true
	zonectl set web pids=
	zonectl exec web -- sh -c 'for i in 1 2 3 4 5 6 7 8 9 10 11 12 13 14; do sleep 0.1 & done; wait'
}

throttled() {
	sed -n 's/^nr_throttled //p' "$(outer cpu)/cpu.stat"
}

cpus() {
	zonectl set web cpus=0.2
	local before
	before=$(throttled)
	zonectl exec web -- timeout 3 sh -c 'while :; do :; done' || true
	[ "$(throttled)" -gt "$before" ]
	zonectl set web cpus=
}

# Sets a property and finds the value in a control file: holds PROPERTY CONTROLLER FILE VALUE.
holds() {
	zonectl set web "$1"
	says "$4" cat "$(outer "$2")/$3"
}

missing() {
	fails_with 8 "$2" zonectl set web "$1"
	fails_with 8 "$2" zonectl create other -t minimal "--${1%%=*}" "${1#*=}" --boot
	fails_with 3 "no zone" zonectl list -H other
}

limits() {
	claim "memory holds: what takes more is killed inside, and that alone" memory
	claim "pids holds: forks are refused" pids
	claim "cpus holds: a busy loop is throttled" cpus
}
