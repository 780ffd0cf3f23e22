#!/usr/bin/env bats
# SPDX-License-Identifier: GPL-2.0-or-later
# what a zone sees and can't do

load ../lib/zone

setup_file() { store_open; }
teardown_file() { store_close; }
setup() { zone_setup; }

setup() {
	zone_setup
	running a
	running b
}

in_a() { zonectl exec a -- sh -c "$1"; }

@test "a zone sees its own processes only" {
	[ "$(in_a 'ls -d /proc/[0-9]* | wc -l')" -lt 10 ]
	prints init zonectl exec a -- cat /proc/1/comm
	in_a 'ls /proc' | grep -qx 1
	not grep bats <(in_a 'cat /proc/[0-9]*/cmdline' | tr '\0' ' ')
}

@test "a zone has its own host name, which it may change" {
	in_a 'hostname changed'
	prints b zonectl exec b -- hostname
	[ "$(hostname)" != changed ]
	in_a 'hostname a'
}

@test "the uids of two zones are disjoint and none is the host's" {
	map_a=$(in_a 'cat /proc/self/uid_map')
	map_b=$(zonectl exec b -- cat /proc/self/uid_map)
	read -r inside_a base_a count_a <<<"$map_a"
	read -r _ base_b count_b <<<"$map_b"
	[ "$inside_a" -eq 0 ]
	[ "$count_a" -eq 65536 ]
	[ "$count_b" -eq 65536 ]
	[ "$base_a" -ge 100000 ]
	[ $((base_a > base_b ? base_a - base_b : base_b - base_a)) -ge 65536 ]
	[ "$(stat -c %u "/proc/$(fact a init_pid)")" -eq "$base_a" ]
}

@test "a zone has namespaces of its own" {
	for ns in pid mnt uts ipc net user cgroup; do
		host=$(readlink "/proc/self/ns/$ns")
		one=$(in_a "readlink /proc/self/ns/$ns")
		two=$(zonectl exec b -- readlink "/proc/self/ns/$ns")
		[ "$one" != "$host" ]
		[ "$one" != "$two" ]
	done
}

@test "a zone sees cgroup2 alone, its own part of it" {
	[ "$(in_a 'grep -c " /sys/fs/cgroup cgroup2 " /proc/mounts')" -eq 1 ]
	[ "$(in_a 'grep -c " cgroup " /proc/mounts || :')" -eq 0 ]
	prints "0::/" zonectl exec a -- grep '^0:' /proc/self/cgroup
	not grep zonectl <(in_a 'cat /proc/self/cgroup')
	in_a 'mkdir /sys/fs/cgroup/mine && rmdir /sys/fs/cgroup/mine'
}

@test "limits sit where the zone can't write them" {
	zonectl set a pids=100
	not in_a 'for f in memory.max pids.max cpu.max; do echo max >/sys/fs/cgroup/$f && exit 0; done 2>/dev/null; exit 1'
	in_a 'i=0; while [ $i -lt 5 ]; do sleep 0 & i=$((i+1)); done; wait'
	zonectl set a pids=
}

@test "what /proc tells of the host is masked" {
	for f in kcore keys timer_list; do
		[ "$(in_a "[ ! -e /proc/$f ] || head -c 100 /proc/$f 2>/dev/null | wc -c")" = 0 ] ||
			[ -z "$(in_a "[ ! -e /proc/$f ] || head -c 100 /proc/$f 2>/dev/null")" ]
	done
	[ -z "$(in_a 'cat /proc/kallsyms 2>/dev/null')" ]
}

@test "a mask can be neither unmounted nor made writable" {
	not in_a 'umount /proc/kcore'
	not in_a 'umount -l /proc/kcore'
	not in_a 'umount /proc/sys'
	not in_a 'mount -o remount,rw /proc/sys'
	not in_a 'mount -o remount,bind,rw /proc/sys'
	not in_a 'mount -o remount,rw /sys'
	not in_a 'echo 1 >/proc/sys/vm/drop_caches'
	not in_a 'echo b >/proc/sysrq-trigger'
	not in_a 'echo core >/proc/sys/kernel/core_pattern'
}

@test "a fresh proc or sysfs shows no more than the zone's own" {
	not in_a 'mkdir -p /tmp/p && mount -t proc proc /tmp/p && echo b >/tmp/p/sysrq-trigger'
	not in_a 'mkdir -p /tmp/s && mount -t sysfs sysfs /tmp/s && touch /tmp/s/kernel/x'
	in_a 'umount /tmp/p /tmp/s 2>/dev/null || :'
}

@test "/dev has what a system needs and nothing of the host's" {
	prints "console fd full mqueue null ptmx pts random shm stderr stdin stdout tty urandom zero " \
		zonectl exec a -- sh -c 'ls /dev | tr "\n" " "'
	in_a 'echo x >/dev/null; head -c 5 /dev/zero | wc -c; head -c 5 /dev/urandom >/dev/null'
	not in_a 'mknod /dev/sda b 8 0'
	not in_a 'mknod /tmp/kmsg c 1 11 && cat /tmp/kmsg'
}

# Beside all that, for a node that gets there in spite of it: even the host's root opens nothing from inside.
@test "the device policy of a zone opens nothing of the host's" {
	[ "$(zonectl features --json | json "d['kernel']['device_policy']")" = true ] || skip "kernel: no device policy"
	group=$(find /sys/fs/cgroup -path "*/zonectl-$(store_id)*/a/zone/cgroup.procs" ! -path "*/systemd/*")
	opens() { (echo "$BASHPID" >"$group" && exec 3<"$1"); }
	opens /dev/zero
	for node in /dev/mem /dev/kmsg /dev/console /dev/fuse /dev/net/tun /dev/loop-control /dev/loop0; do
		[ ! -e "$node" ] || not opens "$node"
	done
	installed fuse --features fuse
	zonectl boot fuse
	group=${group/\/a\//\/fuse\/}
	[ ! -e /dev/fuse ] || opens /dev/fuse
	[ ! -e /dev/kmsg ] || not opens /dev/kmsg
}

@test "a zone's root has no setuid way to the host: nodev root, uids of its own" {
	in_a 'cp /bin/busybox /tmp/suid; chmod 4755 /tmp/suid'
	file=$ZONECTL_ROOT/var/lib/zonectl/zones/a/data/upper/tmp/suid
	[ "$(stat -c %u "$file")" -eq "$(fact a uid_base)" ]
	[ "$(stat -c %a "$ZONECTL_ROOT/var/lib/zonectl/zones/a")" = 700 ]
	in_a 'grep " / " /proc/mounts' | grep -q nodev
}

@test "a zone makes no user namespace, and a bounded number of others" {
	not in_a 'unshare -U true'
	in_a 'unshare -m true'
	[ "$(in_a 'cat /proc/sys/user/max_user_namespaces')" -eq 0 ]
	[ "$(in_a 'cat /proc/sys/user/max_net_namespaces')" -le 256 ]
	not in_a 'echo 1000 >/proc/sys/user/max_user_namespaces'
}

@test "the inotify instances of one zone are not those of another" {
	static_program "$BATS_TEST_TMPDIR/watches" <<-'END'
	#include <stdio.h>
	#include <stdlib.h>
	#include <sys/inotify.h>
	#include <unistd.h>
	int main(int argc, char **argv)
	{
		int n = 0;

		while (n < atoi(argv[1]) && inotify_init() >= 0)
			n++;
		printf("%d\n", n);
		fflush(stdout);
		if (argc > 2)
			pause();
	}
	END
	put a "$BATS_TEST_TMPDIR/watches" /bin/watches
	put b "$BATS_TEST_TMPDIR/watches" /bin/watches
	zonectl exec a -- watches 100000 stay >"$BATS_TEST_TMPDIR/had" &
	deadline 10 test -s "$BATS_TEST_TMPDIR/had"
	prints 10 zonectl exec b -- watches 10
	zonectl halt a
	wait "$!" || :
}

@test "host programs, modules, clocks and kernels are out of reach" {
	grep "not permitted" <(in_a 'date -s 2001-01-01 2>&1')
	not in_a 'dmesg 2>/dev/null | grep .'
	not in_a 'swapon /tmp/suid'
	not in_a 'chroot /proc/1/root/../../../.. true && ls /proc/1/root/../../../../var/tmp/zonectl-test*'
	[ "$(date +%Y)" -gt 2001 ]
}

@test "a zone sees no mount of the host" {
	not grep -F "$BATS_FILE_TMPDIR" <(in_a 'cat /proc/self/mountinfo')
	not grep -E "^/dev/(sd|vd|nvme|loop)" <(in_a 'cat /proc/mounts')
}

@test "loopback is up, and a zone sees its own interface beside it and no other" {
	in_a 'ping -c 1 -W 2 127.0.0.1 >/dev/null'
	[ "$(in_a 'ls /sys/class/net' | xargs)" = "eth0 lo" ]
}

@test "a zone without a network has its loopback alone" {
	zonectl create none -t minimal --net none --boot
	[ "$(zonectl exec none -- ls /sys/class/net)" = lo ]
	zonectl exec none -- ping -c 1 -W 2 127.0.0.1
	[ "$(zonectl list -H -o ip none)" = - ]
}

@test "a zone has the capabilities of the default policy and no others" {
	caps=$((0x$(in_a 'grep CapBnd /proc/self/status' | awk '{ print $2 }')))
	for n in 16 17 24 25 32 33 35 38 39 40; do	# sys_module sys_rawio sys_resource sys_time mac_* wake_alarm perfmon bpf checkpoint
		[ $((caps >> n & 1)) -eq 0 ] || { echo "capability $n is there"; return 1; }
	done
	for n in 0 1 5 6 7 12 18 21 22; do	# chown dac_override kill setgid setuid net_admin sys_chroot sys_admin sys_boot
		[ $((caps >> n & 1)) -eq 1 ] || { echo "capability $n is missing"; return 1; }
	done
}
