#!/usr/bin/env bats
# SPDX-License-Identifier: GPL-2.0-or-later
# containerd with zone-oci as the binary of its runtime io.containerd.runc.v2, by way of ctr(8). The image is the
# template minimal.

load ../lib/zone
load engine
load docker

IMAGE=docker.io/library/minimal:latest

setup_file() {
	store_open
	engine_open containerd ctr || return
	containerd_start || return
	cp -a "$ZONECTL_ROOT/var/lib/zonectl/templates/minimal/rootfs" "$ENGINE/rootfs"
	echo mine >"$ENGINE/rootfs/mine"
	mkdir "$ENGINE/image"
	zonectl template export minimal >"$ENGINE/image/layer.tar"
	docker_archive minimal:latest "$ENGINE/image"
	containers images import "$ENGINE/image/image.tar" >/dev/null
}

teardown_file() {
	engine_close && store_close
}

setup() { BOX=box-$BATS_TEST_NUMBER; }

teardown() {
	local id

	for id in $(containers containers ls -q); do
		drop "$id"
	done
}

# docker_archive NAME DIRECTORY: makes image.tar of the layer.tar there, as docker save writes it.
docker_archive() {
	python3 - "$@" <<-'END'
		import hashlib, json, os, platform, sys
		name, where = sys.argv[1:]
		os.chdir(where)
		layer = hashlib.sha256(open("layer.tar", "rb").read()).hexdigest()
		machine = {"x86_64": "amd64", "aarch64": "arm64"}.get(platform.machine(), platform.machine())
		json.dump({"architecture": machine, "os": "linux", "config": {"Cmd": ["sh"], "Env": ["PATH=/bin:/sbin:/usr/bin:/usr/sbin"]},
		           "rootfs": {"type": "layers", "diff_ids": ["sha256:" + layer]}, "history": []}, open("config.json", "w"))
		json.dump([{"Config": "config.json", "RepoTags": [name], "Layers": ["layer.tar"]}], open("manifest.json", "w"))
	END
	tar -C "$2" -cf "$2/image.tar" manifest.json config.json layer.tar
}

# Its namespace names the groups of its containers.
containers() {
	engine ctr -a "$ENGINE/containerd.sock" -n "$ENGINE_GROUP" "$@"
}

runs() {
	containers run --runc-binary "$ENGINE_RUNTIME" "$@"
}

# once OPTION... COMMAND: what a container that goes at once prints.
once() {
	runs --rm "${@:1:$#-1}" "$IMAGE" "$BOX" sh -c "${!#}" </dev/null
}

# box [OPTION...]: one that stays, named $BOX.
box() {
	runs -d --null-io "$@" "$IMAGE" "$BOX" sleep 1000
}

drop() {
	containers tasks delete -f "$1" >/dev/null 2>&1 || :
	containers containers rm "$1"
}

# in_box OPTION... PROGRAM ARG...: as another process of it.
in_box() {
	containers tasks exec --exec-id "$RANDOM$RANDOM" "$@" </dev/null
}

task_is() {
	containers tasks ls | awk -v id="$BOX" -v want="$1" '$1 == id { found = ($3 == want) } END { exit !found }'
}

pid_of() {
	containers tasks ls | awk -v id="$1" '$1 == id { print $2 }'
}

# limit CONTROLLER FILE-OF-V1 FILE-OF-V2: what is written there.
limit() {
	local group=/sys/fs/cgroup/$1/$ENGINE_GROUP/$BOX

	[ -d "$group" ] || group=/sys/fs/cgroup/$ENGINE_GROUP/$BOX
	if [ -e "$group/$2" ]; then cat "$group/$2"; else cat "$group/$3"; fi
}

#
# A container's life
#

@test "what it prints comes back, and how it ended" {
	prints "out" once 'echo out'
	exits 7 once 'echo err >&2; exit 7'
	holds "err"
}

@test "standard input reaches it" {
	# This ctr closes nobody's input, with any runtime.
	prints "typed" runs --rm "$IMAGE" "$BOX" head -n 1 <<<typed
}

@test "-t gives it a terminal" {
	BOX=$BOX IMAGE=$IMAGE on_terminal <<-'END'
		spawn -noecho nsenter --target $env(ENGINE_INIT) --mount --pid -- ctr -a $env(ENGINE)/containerd.sock \
			-n $env(ENGINE_GROUP) run --runc-binary $env(ENGINE_RUNTIME) --rm -t $env(IMAGE) $env(BOX) sh
		type "tty; stty size; echo is-\$((6 * 7))"
		see "/dev/pts/0"
		see "24 80"
		see "is-42"
		type "exit 5"
		ends 5
	END
}

@test "-d leaves it running, and the task is listed" {
	box
	task_is RUNNING
	prints sleep engine cat "/proc/$(pid_of "$BOX")/comm"
}

@test "--pid-file has its number" {
	box --pid-file "$ENGINE/pid"
	[ "$(<"$ENGINE/pid")" = "$(pid_of "$BOX")" ]
}

@test "create, start, and a second start is refused" {
	containers containers create "$IMAGE" "$BOX" sleep 1000
	containers tasks start -d --null-io "$BOX"
	task_is RUNNING
	exits 1 containers tasks start -d --null-io "$BOX"
	holds "already exists"
	task_is RUNNING
}

@test "kill sends the signal that is named, and a task that has ended is deleted" {
	runs -d --log-uri "file://$ENGINE/$BOX.log" "$IMAGE" "$BOX" \
		sh -c 'trap "echo usr" USR1; trap "exit 9" TERM; echo set; while :; do sleep 0.1; done'
	deadline 10 grep -qs set "$ENGINE/$BOX.log"
	containers tasks kill -s USR1 "$BOX"
	deadline 10 grep -q usr "$ENGINE/$BOX.log"
	containers tasks kill "$BOX"
	deadline 10 task_is STOPPED
	run containers tasks delete "$BOX"
	holds "exit code 9"
	containers containers rm "$BOX"
}

@test "kill -a reaches every process" {
	box
	in_box -d "$BOX" sleep 77
	containers tasks kill -a -s KILL "$BOX"
	deadline 10 task_is STOPPED
	not engine pgrep -xf 'sleep 77'
}

@test "kill of a task that has ended is told" {
	runs -d --null-io "$IMAGE" "$BOX" true
	deadline 10 task_is STOPPED
	exits 1 containers tasks kill "$BOX"
	holds "not found"
}

@test "a task that runs is not deleted, its container not removed" {
	box
	exits 1 containers tasks delete "$BOX"
	exits 1 containers containers rm "$BOX"
	task_is RUNNING
	containers tasks delete -f "$BOX"
	containers containers rm "$BOX"
}

@test "after its task is deleted a container is started again" {
	box
	containers tasks delete -f "$BOX"
	containers tasks start -d --null-io "$BOX"
	task_is RUNNING
}

@test "pause and resume" {
	box
	containers tasks pause "$BOX"
	task_is PAUSED
	exits 1 in_box "$BOX" true
	containers tasks resume "$BOX"
	task_is RUNNING
	in_box "$BOX" true
}

@test "exec: output, exit code, directory, user, terminal" {
	box
	prints "5:6 /tmp" in_box --user 5:6 --cwd /tmp "$BOX" sh -c 'echo $(id -u):$(id -g) $PWD'
	exits 9 in_box "$BOX" sh -c 'exit 9'
	prints "typed" containers tasks exec --exec-id typed "$BOX" head -n 1 <<<typed
	BOX=$BOX on_terminal <<-'END'
		spawn -noecho nsenter --target $env(ENGINE_INIT) --mount --pid -- ctr -a $env(ENGINE)/containerd.sock \
			-n $env(ENGINE_GROUP) tasks exec --exec-id tty -t $env(BOX) sh
		type "tty; echo is-\$((6 * 7))"
		see "/dev/pts/0"
		see "is-42"
		type "exit 4"
		ends 4
	END
}

@test "exec of what is not there says so, and the container runs on" {
	box
	exits 1 in_box "$BOX" nonesuch
	holds 'exec: "nonesuch": executable file not found in $PATH'
	in_box "$BOX" true
}

@test "ps lists the processes, metrics what they use" {
	box
	in_box -d "$BOX" sleep 77
	[ "$(containers tasks ps "$BOX" | wc -l)" -eq 3 ]
	run containers tasks metrics "$BOX"
	holds "memory."
	run containers tasks metrics --format json "$BOX"
	json 'd["pids"]["current"]' <<<"$output" | grep -qx 2
}

@test "a program that can't be executed is told, and nothing is left" {
	exits 1 runs --rm "$IMAGE" "$BOX" nonesuch
	holds 'exec: "nonesuch": executable file not found in $PATH'
	exits 1 runs --rm "$IMAGE" "$BOX-2" /etc/passwd
	holds "permission denied"
	exits 1 runs --rm "$IMAGE" "$BOX-3" /none/such
	holds "no such file or directory"
	prints "" containers containers ls -q
	[ -z "$(find /sys/fs/cgroup -type d -path "*/$ENGINE_GROUP/$BOX*" -print -quit 2>/dev/null)" ]
}

@test "events tell its life" {
	engine_daemon events ctr -a "$ENGINE/containerd.sock" -n "$ENGINE_GROUP" events
	deadline 10 events_arrive
	once 'exit 0'
	deadline 10 grep -q "tasks/delete.*$BOX" "$ENGINE/events.log"
	[ "$(grep "\"$BOX\"" "$ENGINE/events.log" | grep -o '/tasks/[a-z]*' | tr -d '\n')" = \
		/tasks/create/tasks/start/tasks/exit/tasks/delete ]
}

# It prints nothing of its own when it begins to listen.
events_arrive() {
	containers images label "$IMAGE" tried="$RANDOM" >/dev/null && [ -s "$ENGINE/events.log" ]
}

@test "a checkpoint that can't be had is refused, and the container runs on" {
	box
	if containers tasks checkpoint --checkpoint-path "$ENGINE/checkpoint" "$BOX" >"$ENGINE/said" 2>&1; then
		[ -e "$ENGINE/checkpoint/inventory.img" ]
	else
		grep -E 'criu|checkpoint' "$ENGINE/said"
		task_is RUNNING
	fi
	in_box "$BOX" true
}

#
# What the options are inside
#

@test "--cwd, --env, --env-file" {
	echo OTHER=more >"$ENGINE/env"
	prints "/tmp value more" once --cwd /tmp --env NAME=value --env-file "$ENGINE/env" 'echo $PWD $NAME $OTHER'
}

@test "--cap-add, --cap-drop, new privileges" {
	prints "1" once --cap-add CAP_NET_ADMIN 'echo $((0x$(grep CapEff /proc/self/status | cut -f 2) >> 12 & 1))'
	prints "0" once --cap-drop CAP_CHOWN 'echo $((0x$(grep CapEff /proc/self/status | cut -f 2) & 1))'
	prints "1" once 'grep NoNewPrivs /proc/self/status | cut -f 2'
	prints "0" once --allow-new-privs 'grep NoNewPrivs /proc/self/status | cut -f 2'
}

@test "--privileged: every power, nothing covered" {
	[ $((0x$(awk '/CapBnd/ { print $2 }' /proc/self/status) >> 24 & 1)) -eq 1 ] ||
		skip "kernel: root lacks CAP_SYS_RESOURCE here"
	prints "$(awk '/CapBnd/ { print $2 }' /proc/self/status)" once --privileged 'grep CapEff /proc/self/status | cut -f 2'
	once --privileged 'echo 1 >/proc/sys/net/ipv4/ip_forward'
}

@test "--read-only, and the mounts that are asked for" {
	exits 1 once --read-only 'touch /x'
	holds "Read-only"
	echo here >"$ENGINE/file"
	prints here once --mount "type=bind,src=$ENGINE/file,dst=/etc/deep/down,options=rbind:ro" 'cat /etc/deep/down'
	exits 1 once --mount "type=bind,src=$ENGINE/file,dst=/mnt/file,options=rbind:ro" 'echo x >/mnt/file'
	prints tmpfs once --mount type=tmpfs,src=tmpfs,dst=/t,options=size=1m 'grep " /t " /proc/mounts | cut -d" " -f 1'
}

@test "--memory-limit, --cpus, --cpu-shares" {
	box --memory-limit 67108864 --cpus 0.5 --cpu-shares 512
	[ "$(limit memory memory.limit_in_bytes memory.max)" = 67108864 ]
	[[ $(limit cpu cpu.cfs_quota_us cpu.max) =~ ^50000( 100000)?$ ]]
	[[ $(limit cpu cpu.shares cpu.weight) =~ ^(512|20)$ ]]
}

@test "going over --memory-limit ends it and is told in an event" {
	engine_daemon oom ctr -a "$ENGINE/containerd.sock" -n "$ENGINE_GROUP" events
	exits 137 once --memory-limit 16777216 'exec tail -c 100m /dev/zero'
	deadline 10 grep -q "tasks/oom.*$BOX" "$ENGINE/oom.log"
}

@test "--seccomp and a profile" {
	prints "2" once --seccomp 'grep Seccomp: /proc/self/status | cut -f 2'
	prints "0" once 'grep Seccomp: /proc/self/status | cut -f 2'
	cat >"$ENGINE/filter.json" <<-'END'
		{ "defaultAction": "SCMP_ACT_ALLOW",
		  "syscalls": [ { "names": [ "chmod", "fchmodat", "fchmodat2" ], "action": "SCMP_ACT_ERRNO" } ] }
	END
	exits 1 once --seccomp --seccomp-profile "$ENGINE/filter.json" 'chmod 600 /etc/passwd'
	holds "not permitted"
}

@test "--net-host, --with-ns, and nothing but a loopback without them" {
	prints lo once 'ls /sys/class/net'
	prints "$(readlink /proc/self/ns/net)" once --net-host 'readlink /proc/self/ns/net'
	box
	prints "$(in_box "$BOX" readlink /proc/self/ns/net)" runs --rm --with-ns "network:/proc/$(pid_of "$BOX")/ns/net" \
		"$IMAGE" "$BOX-2" readlink /proc/self/ns/net
}

@test "--device" {
	[ -c /dev/loop-control ] || skip "kernel: no /dev/loop-control"
	prints open once --device /dev/loop-control 'exec 3<>/dev/loop-control && echo open'
	exits 1 once --cap-add CAP_MKNOD 'mknod /dev/zzz c 10 237 && exec 3</dev/zzz'
	holds "not permitted"
}

@test "--rootfs takes a directory, --no-pivot and propagation are taken" {
	prints mine runs --rm --rootfs "$ENGINE/rootfs" "$BOX" /bin/cat /mine
	prints there once --no-pivot 'echo there'
	prints there once --rootfs-propagation slave 'echo there'
}

@test "--cgroup names the group" {
	box --cgroup "/$ENGINE_GROUP/elsewhere/$BOX"
	[ -n "$(find /sys/fs/cgroup -type d -path "*/$ENGINE_GROUP/elsewhere/$BOX" -print -quit 2>/dev/null)" ]
	drop "$BOX"
	[ -z "$(find /sys/fs/cgroup -type d -path "*/$ENGINE_GROUP/elsewhere/$BOX" -print -quit 2>/dev/null)" ]
}

@test "annotations are in the runtime's state" {
	box --annotation org.example.key=value
	engine "$ENGINE_RUNTIME" --root "/run/containerd/runc/$ENGINE_GROUP" state "$BOX" |
		json '[d["annotations"]["org.example.key"], d["status"]]' | grep -qx '\["value", "running"\]'
}

@test "--config is taken as it is" {
	box
	containers containers info --spec "$BOX" >"$ENGINE/config.json" || containers containers info "$BOX" |
		json 'd["Spec"]' >"$ENGINE/config.json"
	drop "$BOX"
	python3 - "$ENGINE/config.json" "$ENGINE/rootfs" <<-'END'
		import json, sys
		c = json.load(open(sys.argv[1]))
		c["hostname"] = "said"
		c["process"]["args"] = ["hostname"]
		c["root"] = {"path": sys.argv[2]}
		json.dump(c, open(sys.argv[1], "w"))
	END
	prints said runs --rm --config "$ENGINE/config.json" "$BOX"
}

@test "--uidmap and --gidmap: root inside is nobody outside" {
	prints "0 500000 1000" once --uidmap 0:500000:1000 --gidmap 0:600000:1000 'echo $(cat /proc/self/uid_map)'
	prints "0 600000 1000" once --uidmap 0:500000:1000 --gidmap 0:600000:1000 'echo $(cat /proc/self/gid_map)'
}

#
# When something dies
#

@test "a shim that is killed: its container is ended, and nothing is left" {
	local shim pid

	box
	pid=$(pid_of "$BOX")
	shim=$(engine ps -o ppid= -p "$pid" | tr -d ' ')
	engine kill -KILL "$shim"
	deadline 20 not engine kill -0 "$pid" 2>/dev/null
	deadline 20 not test -e "/sys/fs/cgroup/pids/$ENGINE_GROUP/$BOX"
	deadline 20 task_is_gone
	containers tasks start -d --null-io "$BOX"
	task_is RUNNING
}

task_is_gone() {
	containers tasks delete -f "$BOX" >/dev/null 2>&1
	! containers tasks ls -q | grep -qx "$BOX"
}

@test "containerd is killed and comes back: what ran runs on" {
	local pid

	box
	pid=$(pid_of "$BOX")
	engine pkill -KILL -x containerd
	containerd_start
	task_is RUNNING
	[ "$(pid_of "$BOX")" = "$pid" ]
	in_box "$BOX" true
}

@test "twenty at once" {
	local i pids=()

	for i in $(seq 20); do
		runs -d --null-io "$IMAGE" "$BOX-$i" sleep 1000 &
		pids+=($!)
	done
	wait "${pids[@]}"
	[ "$(containers tasks ls | grep -c RUNNING)" -eq 20 ]
	for i in $(seq 20); do
		drop "$BOX-$i" &
	done
	wait
	prints "" containers tasks ls -q
	[ -z "$(find /sys/fs/cgroup -type d -path "*/$ENGINE_GROUP/$BOX*" -print -quit 2>/dev/null)" ]
}
