#!/usr/bin/env bats
# SPDX-License-Identifier: GPL-2.0-or-later
# Alpine's small root filesystem, unchanged: musl, BusyBox as its init, no OpenRC.

load ../lib/zone

setup_file() {
	store_open || return
	[ "$EUID" -eq 0 ] || return 0
	zonectl template import -q "$ZONE_SRCDIR/tests/data/alpine-minirootfs-3.19.4-x86_64.tar.gz" --name alpine
	zonectl create al -t alpine
}

teardown_file() { store_close; }

setup() {
	zone_setup
	state_is al running || zonectl boot al --wait=90
}

@test "Alpine boots until its console asks who logs in" {
	state_is al running
	prints al zonectl exec al -- hostname
	prints init zonectl exec al -- cat /proc/1/comm
	deadline 10 zonectl exec al -- pgrep -f 'getty 38400 console'
}

@test "login to Alpine is a session on a terminal, with job control" {
	on_terminal <(cat <<-'END'
		set timeout 30
		zonectl login al
		see "al:~#"
		type {echo "on $(tty) is $(whoami)"}
		see "on /dev/pts/"
		see "is root"
		type {sleep 1000}
		exec timeout 20 sh -c {until "$ZONECTL" exec al -- pgrep -x sleep; do :; done}
		send "\032"
		see "Stopped"
		type {kill %1; wait; exit}
		expect eof
	END
	)
}

@test "users are added to Alpine and own what they make" {
	exits 0 zonectl exec al -- adduser -D -s /bin/sh ann
	prints "uid=1000(ann) gid=1000(ann) groups=1000(ann)" zonectl exec al -u ann -- id
	exits 0 zonectl exec al -- su - ann -c 'touch ~/file'
	prints "ann ann" zonectl exec al -- stat -c '%U %G' /home/ann/file
}

@test "apk of Alpine knows its packages and finds them whole" {
	exits 0 zonectl exec al -- sh -c 'apk info -q | grep -qx busybox'
	prints "" zonectl exec al -- apk audit --system
}

@test "Alpine reboots from inside" {
	init=$(fact al init_pid)
	zonectl exec al -- reboot || :	# may end with the zone
	is_new() { local pid; pid=$(fact al init_pid) && [ "$pid" != None ] && [ "$pid" != null ] && [ "$pid" != "$init" ]; }
	deadline 60 is_new
	deadline 10 zonectl exec al -- pgrep -f 'getty 38400 console'
	[ "$(keeper_pids al | wc -l)" -eq 1 ]
}

@test "Alpine is shut down by its init in less than 5 s" {
	local start=${EPOCHREALTIME/[^0-9]/} end

	prints "al: its init shut it down" zonectl shutdown al
	end=${EPOCHREALTIME/[^0-9]/}
	echo "$(((end - start) / 1000)) ms"
	[ $((end - start)) -lt 5000000 ]
	state_is al installed
	nothing_left al
}
