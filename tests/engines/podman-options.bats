#!/usr/bin/env bats
# SPDX-License-Identifier: GPL-2.0-or-later
# Podman with zone-oci as its runtime: what the options of podman run do, seen from inside, as with runc.

load ../lib/zone
load engine
load podman

setup_file() { podman_open; }

teardown_file() { podman_close; }

setup() { BOX=box-$BATS_TEST_NUMBER; }

teardown() { podman_clear; }

#
# The process
#

@test "--user by number, by name, with a group, and --group-add" {
	prints "5:6 6" once --user 5:6 'echo "$(id -u):$(id -g) $(id -G)"'
	prints $'nobody\nnogroup' once --user nobody 'id -un; id -gn'
	prints "0 33" once --group-add 33 'id -G'
	alike --user 5:6 --group-add 33,44 'grep -E "^(Uid|Gid|Groups)" /proc/self/status'
}

@test "--env, --workdir, --entrypoint, --umask and --hostname" {
	prints "b /tmp 0077 there" once --env A=b --workdir /tmp --umask 077 --hostname there \
		'echo $A $PWD $(umask) $(hostname)'
	prints "arg" podman run --rm --network none --entrypoint '["sh","-c","echo $0"]' minimal arg
	alike --hostname there env
}

@test "without options it has Podman's usual powers, limits and filter" {
	alike 'grep -E "^(Cap|NoNewPrivs|Seccomp|Uid|Gid|Groups|SigBlk|SigIgn|Cpus_allowed|Mems_allowed|CoreDumping|Umask)" /proc/self/status'
	alike 'cat /proc/self/limits /proc/self/oom_score_adj'
	alike 'cat /proc/self/cgroup | wc -l; ls /proc/self/fd | wc -l'
}

@test "--cap-drop and --cap-add" {
	local caps='grep Cap /proc/self/status'

	once --cap-drop all "$caps" | { not grep -v ':.0000000000000000$'; }
	alike --cap-drop all --cap-add net_admin,sys_time "$caps"
	alike --cap-add all --cap-drop sys_admin "$caps"
	alike --user 5 --cap-add net_bind_service "$caps"
}

@test "--privileged: all powers, no filter, the host's devices" {
	alike --privileged 'grep -E "Cap|Seccomp:" /proc/self/status; ls /dev | sort'
	once --privileged 'mount -t tmpfs x /mnt && grep -q " /mnt " /proc/mounts'
	not once 'mount -t tmpfs x /mnt'
}

@test "--ulimit and --oom-score-adj" {
	prints "100 200 123" once --ulimit nofile=100:200 --ulimit nproc=4096:4096 --oom-score-adj 123 \
		'echo $(ulimit -n) $(ulimit -Hn) $(cat /proc/self/oom_score_adj)'
	alike --ulimit core=0 --ulimit nofile=99:99 --ulimit nproc=4096:4096 --ulimit memlock=1000:1000 'cat /proc/self/limits'
}

@test "--init: a first process that reaps" {
	command -v /usr/libexec/podman/catatonit >/dev/null || skip "needs catatonit"
	once --init 'cat /proc/1/comm' | grep -E 'catatonit|podman-init'
	exits 5 once --init 'exit 5'
}

@test "--security-opt no-new-privileges and seccomp" {
	once --security-opt no-new-privileges 'grep NoNew /proc/self/status' | grep 1
	once --security-opt seccomp=unconfined 'grep Seccomp: /proc/self/status' | grep 0
	cat >"$ENGINE/seccomp.json" <<-'END'
		{"defaultAction": "SCMP_ACT_ALLOW", "architectures": ["SCMP_ARCH_X86_64"],
		 "syscalls": [{"names": ["mkdir", "mkdirat"], "action": "SCMP_ACT_ERRNO", "errnoRet": 28},
			      {"names": ["personality"], "action": "SCMP_ACT_ERRNO",
			       "args": [{"index": 0, "value": 8, "op": "SCMP_CMP_EQ"}]}]}
	END
	alike --security-opt "seccomp=$ENGINE/seccomp.json" 'mkdir /d; touch /f && echo made'
	holds "No space left"
	holds "made"
}

@test "--security-opt mask and unmask: what of /proc is hidden" {
	alike 'wc -c </proc/timer_list; ls /proc/acpi /sys/firmware; echo x >/proc/sys/kernel/core_pattern'
	holds "Read-only"
	alike --security-opt mask=/etc:/usr/none 'ls -a /etc; touch /etc/x'
	alike --security-opt unmask=ALL 'grep -c " /proc/" /proc/mounts; test -r /proc/kcore && echo read'
	alike --security-opt unmask=/proc/kcore 'grep -c " /proc/" /proc/mounts'
	alike --security-opt proc-opts=hidepid=2 'grep ^proc /proc/mounts'
}

@test "--sysctl: of the container's namespaces alone" {
	alike --sysctl net.ipv4.ip_forward=1 --sysctl kernel.msgmax=4096 \
		'cat /proc/sys/net/ipv4/ip_forward /proc/sys/kernel/msgmax'
	prints 8192 cat /proc/sys/kernel/msgmax
	not once --sysctl net.ipv4.no_such=1 true
}

@test "--personality" {
	prints 00000008 once --personality LINUX32 'cat /proc/self/personality'
}

#
# Limits
#

@test "--memory: its groups say so, and what takes more is killed" {
	box --memory 64m --memory-reservation 32m --memory-swap 128m
	prints 67108864 limit memory memory.limit_in_bytes memory.max
	prints 33554432 limit memory memory.soft_limit_in_bytes memory.low
	podman rm -f -t 0 "$BOX"
	exits 137 once --memory 20m 'tail /dev/zero'
}

@test "--pids-limit" {
	box --pids-limit 7
	prints 7 limit pids pids.max pids.max
	podman rm -f -t 0 "$BOX"
	not once --pids-limit 3 'sleep 9 & sleep 9 & sleep 9 & sleep 9 & sleep 9 & wait'
}

@test "--cpus, --cpu-shares and --cpuset-cpus" {
	box --cpus 0.5 --cpu-shares 512
	limit cpu cpu.cfs_quota_us cpu.max | grep -E '^50000( 100000)?$'
	limit cpu cpu.shares cpu.weight | grep -E '^(512|20|59)$'
	prints $'Cpus_allowed_list:\t0' once --cpuset-cpus 0 'grep Cpus_allowed_list /proc/self/status'
}

@test "--device-read-bps" {
	local disk

	disk=$(lsblk -dno NAME,MAJ:MIN | awk '$2 !~ /^(7|1|11):/ { print $1, $2; exit }')
	[ -n "$disk" ] || skip "kernel: no disk here"
	box --device-read-bps "/dev/${disk% *}:1mb"
	limit blkio blkio.throttle.read_bps_device io.max | grep -F "${disk#* }" | grep 1048576
}

@test "--cgroups=disabled: no group of its own, and still no device but those in /dev" {
	local own

	own=$(grep -c /libpod- /proc/self/cgroup || :)
	prints "$own 1" once --cgroups=disabled 'echo $(grep -c /libpod- /proc/self/cgroup) $(head -c 1 /dev/zero | wc -c)'
	once --cgroups=disabled --cap-add mknod 'mknod /dev/x c 1 5; ! head -c 1 /dev/x'
	exits 126 once --cgroups=disabled --cap-add sys_admin true
	holds "linux.resources.devices needs cgroups"
}

@test "--cgroupns private and host; --cgroup-parent" {
	alike --cgroupns private 'grep -c ":/$" /proc/self/cgroup; test -w /sys/fs/cgroup && echo writable'
	alike --cgroupns host 'grep -c libpod_parent /proc/self/cgroup'
	prints 0 once --cgroup-parent "/$ENGINE_GROUP" "grep -v ':/$ENGINE_GROUP/libpod-' /proc/self/cgroup | wc -l"
}

#
# Files
#

@test "the usual mounts are runc's, but for names of its own" {
	alike 'awk "{ print \$2 }" /proc/mounts | grep -v cgroup | sort'
	alike 'ls -l /dev /dev/pts | sed "s/... .. ..:../-/"'
	alike 'cat /etc/hosts /etc/resolv.conf /etc/hostname | wc -l; ls -la /run/.containerenv | cut -c 1-10'
}

@test "--read-only, with and without places to write" {
	exits 1 once --read-only 'touch /x'
	holds "Read-only file system"
	once --read-only 'touch /tmp/x /run/x /dev/shm/x'
	not once --read-only --read-only-tmpfs=false 'touch /tmp/x'
}

@test "--tmpfs: options, and what was there is copied into it" {
	alike --tmpfs /t:size=1m,mode=700,noexec 'grep " /t " /proc/mounts; stat -c %a /t'
	alike --tmpfs /etc 'ls /etc | head -3; touch /etc/new; grep -c " /etc " /proc/mounts'
	alike --mount type=tmpfs,destination=/m,tmpfs-size=1m 'grep " /m " /proc/mounts'
}

@test "--shm-size and --ipc" {
	once --shm-size 2m 'df -k /dev/shm' | grep -E ' 2048 '
	box --ipc shareable
	podman exec "$BOX" touch /dev/shm/seen
	once --ipc "container:$BOX" 'test -e /dev/shm/seen'
	not once 'test -e /dev/shm/seen'
	[ "$(once --ipc host 'readlink /proc/self/ns/ipc')" = "$(readlink /proc/self/ns/ipc)" ]
}

@test "--device: a node, its rights, another name" {
	alike --device /dev/null:/dev/mine:rw 'echo x >/dev/mine; stat -c "%t:%T %F" /dev/mine'
	[ -e /dev/fuse ] || skip "kernel: no /dev/fuse"
	once --device /dev/fuse:/dev/fuse:r 'exec 3</dev/fuse'
	exits 1 once --device /dev/fuse:/dev/fuse:r 'exec 3>/dev/fuse'
	holds "Operation not permitted"
	exits 1 once --cap-add mknod 'mknod /dev/f c 10 229 && exec 3</dev/f'
	once --cap-add mknod --device-cgroup-rule 'c 10:229 rwm' 'mknod /dev/f c 10 229 && exec 3</dev/f'
}

@test "-v: read-only, flags, and a file" {
	mkdir "$BATS_TEST_TMPDIR/dir"
	echo here >"$BATS_TEST_TMPDIR/dir/file"
	alike -v "$BATS_TEST_TMPDIR/dir:/m:ro" 'cat /m/file; touch /m/x 2>&1; grep " /m " /proc/mounts'
	alike -v "$BATS_TEST_TMPDIR/dir:/m:noexec,nosuid,nodev" 'grep " /m " /proc/mounts'
	prints here once -v "$BATS_TEST_TMPDIR/dir/file:/made/for/it:ro" 'cat /made/for/it'
	once -v "$BATS_TEST_TMPDIR/dir:/m:O" 'touch /m/over; test -e /m/file'
	not ls "$BATS_TEST_TMPDIR/dir/over"
	once -v "$BATS_TEST_TMPDIR/dir:/m" 'echo back >/m/back'
	prints back cat "$BATS_TEST_TMPDIR/dir/back"
}

@test "-v with rshared: what is mounted inside is mounted outside; with rslave, only the other way" {
	local dir=$ENGINE/shared

	mkdir "$dir"
	engine mount -t tmpfs outer "$dir"
	engine mount --make-shared "$dir"
	engine mkdir "$dir/in" "$dir/out"
	once --privileged -v "$dir:/m:rslave" 'mount -t tmpfs in /m/in'
	not engine mountpoint -q "$dir/in"
	once --privileged -v "$dir:/m:rshared" 'mount -t tmpfs in /m/in && touch /m/in/file'
	engine test -e "$dir/in/file"
	box -v "$dir:/m:rslave"
	engine mount -t tmpfs out "$dir/out"
	podman exec "$BOX" grep ' /m/out ' /proc/mounts
	engine umount "$dir/in" "$dir/out" "$dir"
}

@test "volumes are kept, and belong to whom they are given" {
	podman volume create kept >/dev/null
	once -v kept:/data:U -u 5:5 'echo x >/data/file'
	prints "5 x" once -v kept:/data:ro 'echo $(stat -c %u /data/file) $(cat /data/file)'
	exits 1 once -v kept:/data:ro 'touch /data/other'
	podman volume export kept | tar -tf - | grep file
	podman volume rm kept
}

@test "--mount type=image, devpts and bind" {
	alike --mount type=image,src=localhost/minimal,dst=/m 'ls /m'
	alike --mount type=devpts,destination=/m 'ls /m'
	alike --mount type=bind,src=/usr/share/doc,dst=/m,ro=true,bind-propagation=rprivate 'grep " /m " /proc/mounts'
}

@test "--rootfs: a directory, without an image" {
	mkdir "$ENGINE/rootfs"
	tar -C "$ENGINE/rootfs" -xf "$ENGINE/minimal.tar"
	prints hi podman run --rm --network none --rootfs "$ENGINE/rootfs" echo hi
}

#
# Namespaces
#

@test "--network none, host and container:X" {
	prints "lo" once 'ls /sys/class/net'
	[ "$(podman run --rm --network host minimal readlink /proc/self/ns/net)" = "$(readlink /proc/self/ns/net)" ]
	box
	[ "$(podman run --rm --network "container:$BOX" minimal readlink /proc/self/ns/net)" = \
		"$(podman exec "$BOX" readlink /proc/self/ns/net)" ]
}

@test "--pid host and container:X" {
	box
	prints sleep once --pid "container:$BOX" 'cat /proc/1/comm'
	[ "$(once --pid host 'readlink /proc/self/ns/pid')" = "$(engine readlink /proc/self/ns/pid)" ]
	once --pid host 'ls -d /proc/[0-9]* | wc -l' | grep -E '^[0-9]+$'
}

@test "--uts host and container:X" {
	[ "$(once --uts host hostname)" = "$(hostname)" ]
	box --hostname there
	podman inspect -f '{{.Config.Hostname}}' "$BOX" | grep -x there
}

@test "--uidmap: a root of its own" {
	local map=(--uidmap 0:100000:65536 --gidmap 0:100000:65536)

	once "${map[@]}" 'cat /proc/self/uid_map' | grep -E '^ +0 +100000 +65536$'
	alike "${map[@]}" 'id; touch /x; stat -c "%u %g" /x /etc; grep Cap /proc/self/status; echo x >/dev/null; ls -l /dev/tty | cut -c 1-10'
	alike "${map[@]}" --memory 64m --pids-limit 30 --sysctl net.ipv4.ip_forward=1 'cat /proc/sys/net/ipv4/ip_forward'
	box "${map[@]}"
	prints 100000 engine stat -c %u "/proc/$(pid_of "$BOX")"
	prints 0 podman exec "$BOX" id -u
	exits 9 podman exec -u 7 "$BOX" sh -c '[ "$(id -u)" = 7 ] && exit 9'
	podman exec "$BOX" sh -c 'test "$(readlink /proc/self/ns/user)" = "$(readlink /proc/1/ns/user)"'
}

@test "--userns auto: ranges that nobody else has" {
	local other

	engine sh -c 'cp /etc/subuid /run/subuid; cp /etc/subgid /run/subgid
		echo containers:2000000:1000000 | tee -a /run/subuid >>/run/subgid
		mount --bind /run/subuid /etc/subuid; mount --bind /run/subgid /etc/subgid'
	podman run -d --network none --name "$BOX" --userns auto minimal sleep 1000 >/dev/null
	podman run -d --network none --name "$BOX-2" --userns auto minimal sleep 1000 >/dev/null
	other=$(podman exec "$BOX-2" cat /proc/self/uid_map)
	[ "$(podman exec "$BOX" cat /proc/self/uid_map)" != "$other" ]
	engine umount /etc/subuid /etc/subgid
}

@test "-v with idmap: owners are the container's" {
	mkdir "$BATS_TEST_TMPDIR/dir"
	chmod 755 "$BATS_TEST_TMPDIR/dir"
	prints "0" once --uidmap 0:100000:65536 --gidmap 0:100000:65536 -v "$BATS_TEST_TMPDIR/dir:/m:idmap" 'stat -c %u /m'
}
