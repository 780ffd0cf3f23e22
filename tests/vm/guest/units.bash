# SPDX-License-Identifier: GPL-2.0-or-later
# shellcheck shell=bash
# Claims on a host that systemd runs: it and the zones leave each other alone.

slice_is_known() {
	says active systemctl is-active zonectl.slice
}

# What a zone runs in, in all hierarchies.
places() {
	local pid
	for pid in $(pid_of web init) $(pid_of web keeper); do
		cat "/proc/$pid/cgroup"
	done
}

reload() {
	places >/run/before
	systemctl daemon-reload
	systemctl set-property --runtime system.slice MemoryHigh=1G CPUWeight=50 IOWeight=50
	systemctl set-property --runtime zonectl.slice MemoryMax=1G CPUQuota=190% TasksMax=900
	systemctl daemon-reexec
	places >/run/after
	diff /run/before /run/after
	zonectl exec web -- true
}

# A unit boots the zone and is then stopped as systemd stops units: all that is in it is killed.
unit_ends() {
	local init keeper
	within 20 state_is web running
	init=$(pid_of web init) keeper=$(pid_of web keeper)
	places
	systemctl stop "$1"
	says "$init" pid_of web init
	says "$keeper" pid_of web keeper
	state_is web running
	says web zonectl exec web -- hostname
	zonectl halt web
	within 5 gone "$keeper"
}

gone() {
	[ ! -e "/proc/$1" ]
}

scope_ends() {
	zonectl halt web
	# As a shell of a login does, something waits in the scope until it is stopped.
	systemd-run -q --scope --unit=login.scope sh -c 'zonectl boot web && exec sleep 300' \
		>/dev/null 2>&1 &
	unit_ends login.scope
}

service_ends() {
	systemd-run -q --unit=booter.service -p Type=oneshot -p RemainAfterExit=yes /vm/zonectl boot web
	unit_ends booter.service
}

# A daemon that a user started inside, with exec, is the zone's, not the user's session's.
entered_stays() {
	zonectl boot web
	systemd-run -q --unit=enterer.service -p Type=oneshot -p RemainAfterExit=yes \
		/vm/zonectl exec web -- sh -c 'sleep 1234 </dev/null >/dev/null 2>&1 &'
	zonectl exec web -- pidof sleep
	systemctl stop enterer.service
	zonectl exec web -- pidof sleep
	zonectl exec web -- killall sleep
}

# Each store has a slice of its own, inside that of all.
other_store() {
	local slice
	export ZONECTL_ROOT=/srv/other
	mkdir -m 700 "$ZONECTL_ROOT"
	slice=$(zonectl features --json | sed -n 's/.*"subtree": "\(.*\)".*/\1/p')
	[[ $slice == zonectl.slice/zonectl-*.slice ]]
	zonectl template build minimal
	zonectl create web -t minimal --boot
	says active systemctl is-active "${slice#*/}"
	zonectl exec web -- true
	zonectl destroy --force -y web
}

units() {
	claim "systemd moves no zone when it reloads" reload
	claim "another store has its own slice" other_store
	claim "a zone and its keeper survive the login that booted them" scope_ends
	claim "a zone and its keeper survive the service that booted them" service_ends
	claim "what exec left running survives the unit it was run from" entered_stays
}
