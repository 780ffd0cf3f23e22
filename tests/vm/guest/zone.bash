# SPDX-License-Identifier: GPL-2.0-or-later
# shellcheck shell=bash
# Claims that hold on every host, whatever its cgroups: the life of a zone as a user sees it.

template() {
	zonectl template build minimal
	zonectl template list | grep -q minimal
}

create() {
	zonectl create web -t minimal --memory 256M
	state_is web installed
}

boot() {
	zonectl boot web --wait="$(secs 30)"
	state_is web running
	zonectl list -H | grep -q '^web '
}

exec_in() {
	says web zonectl exec web -- hostname
	says "uid=0(root) gid=0(root)" zonectl exec web -- sh -c 'id | cut -d" " -f1,2'
	fails_with 3 "" zonectl exec web -- sh -c 'exit 3'
	head -c 100000 /dev/urandom >/run/bytes
	zonectl exec web -- cat </run/bytes | cmp - /run/bytes
}

own_groups() {
	# Mounted once, cgroup2 alone, and its root is the zone's own group.
	says "cgroup2" zonectl exec web -- sh -c 'grep cgroup /proc/mounts | cut -d" " -f3'
	zonectl exec web -- cat /proc/1/cgroup | tee /dev/stderr | grep -q '^0::/$'
	zonectl exec web -- mkdir /sys/fs/cgroup/mine
	zonectl exec web -- sh -c 'echo $$ >/sys/fs/cgroup/mine/cgroup.procs; cat /proc/self/cgroup' |
		tee /dev/stderr | grep -q '^0::/mine$'
	fails_with 1 "denied" zonectl exec web -- sh -c 'echo max >/sys/fs/cgroup/cgroup.max.depth'
}

freeze() {
	zonectl exec web -- sh -c 'while :; do date +%s%N >/tmp/now; sleep 0.1; done' &
	within 5 zonectl exec web -- test -s /tmp/now
	zonectl freeze web
	state_is web frozen
	local at before
	at=/proc/$(pid_of web init)/root/tmp/now
	before=$(cat "$at")
	sleep 1
	says "$before" cat "$at"
	zonectl thaw web
	state_is web running
	within 5 changed "$before" "$at"
	zonectl exec web -- rm /tmp/now
	kill %1
	wait
}

changed() {
	[ "$(cat "$2")" != "$1" ]
}

reboot_inside() {
	local init
	init=$(pid_of web init)
	zonectl exec web -- reboot
	within 15 other_init "$init"
	state_is web running
}

other_init() {
	local now
	now=$(pid_of web init)
	[ -n "$now" ] && [ "$now" != "$1" ]
}

shut_down() {
	zonectl shutdown web --timeout "$(secs 30)" | tee /dev/stderr | grep -q "init shut it down"
	state_is web installed
}

halt_it() {
	zonectl boot web
	zonectl halt web
	state_is web installed
}

run_command() {
	says "run" zonectl run -t minimal --rm --name run -- hostname
	fails_with 7 "" zonectl run -t minimal --rm -- sh -c 'exit 7'
	fails_with 3 "no zone" zonectl list -a 'run*'
}

lost_keeper() {
	zonectl boot web
	kill -9 "$(pid_of web keeper)"
	zonectl exec web -- true
	zonectl repair web
	state_is web running
	[ -n "$(pid_of web keeper)" ]
	zonectl halt web
}

# What the default does not need: the filter's notices, idmapped mounts of the host's files, a copy
# instead of an overlay.
extras() {
	mkdir -p /srv/data
	echo text >/srv/data/file
	zonectl create extra -t minimal --storage copy --features mknod --mount /srv/data:/data:idmap
	zonectl boot extra --wait="$(secs 30)"
	zonectl exec extra -- mknod /tmp/null c 1 3
	fails_with 1 "" zonectl exec extra -- mknod /tmp/disk b 8 0
	says "0 text" zonectl exec extra -- sh -c 'echo $(stat -c %u /data/file) $(cat /data/file)'
	zonectl exec extra -- sh -c 'echo new >/data/new'
	says 0 stat -c %u /srv/data/new
	zonectl destroy --force -y extra
}

# On 6.1 tmpfs has no idmapped mounts.
no_idmap() {
	mkdir -p /run/data
	fails_with 125 "no idmapped mounts" zonectl run -t minimal --rm --mount /run/data:/data:idmap -- true
}

destroy() {
	zonectl destroy -y web
	says "" zonectl list -a -H
	says "" ls /var/lib/zonectl/zones
	says "" ls /run/zonectl
}

life() {
	claim "a template is built" template
	claim "a zone is created" create
	claim "a zone boots" boot
	claim "exec runs commands, with their codes and bytes" exec_in
	claim "the zone sees its own cgroup2 and nothing else" own_groups
	claim "a frozen zone stands still, a thawed one goes on" freeze
	claim "reboot inside boots the zone again" reboot_inside
}

end_of_life() {
	claim "shutdown asks init, which ends the zone" shut_down
	claim "halt ends a zone" halt_it
	claim "features, mounts and storage=copy do what they say" extras
	[[ $(uname -r) != 6.1.* ]] || claim "a mount that this kernel cannot map is refused" no_idmap
	claim "run makes a zone for a command and removes it" run_command
	claim "a zone survives its keeper, repair gives it another" lost_keeper
	claim "destroy leaves nothing" destroy
}
