#!/usr/bin/env bats
# SPDX-License-Identifier: GPL-2.0-or-later
# Podman of an ordinary user with zone-oci as its runtime. The user is in files of the place's own that lie over
# /etc/passwd and its like, and everything of his is on the place's /run.

load ../lib/zone
load engine
load podman

HOME_OF=/run/rootling

setup_file() {
	store_open
	engine_open podman conmon newuidmap || return
	zonectl template export minimal >"$ENGINE/minimal.tar"
	podman_conf | sed '/default_ulimits/d; /^\[network\]/,$d' >"$ENGINE/containers.conf"
	engine bash -c '
		set -e
		mkdir -p "$1/home" "$1/xdg" "$1/etc"
		for file in passwd group subuid subgid; do cat "/etc/$file" >"$1/etc/$file"; done
		echo "rootling:x:61234:61234::$1/home:/bin/sh" >>"$1/etc/passwd"
		echo "rootling:x:61234:" >>"$1/etc/group"
		echo rootling:3000000:65536 | tee "$1/etc/subuid" >"$1/etc/subgid"
		for file in passwd group subuid subgid; do mount --bind "$1/etc/$file" "/etc/$file"; done
		sed "s:$2:$1/zone-oci:" "$3/containers.conf" >"$1/containers.conf"
		cp "$2" "$1/zone-oci"
		cp "$3/minimal.tar" "$1/minimal.tar"
		chown -R 61234:61234 "$1/home" "$1/xdg"' bash "$HOME_OF" "$ENGINE_RUNTIME" "$ENGINE"
	podman import -q -c 'ENV PATH=/bin:/usr/bin' "$HOME_OF/minimal.tar" minimal
	podman import -q -c 'ENTRYPOINT ["/bin/sleep", "1000000"]' "$HOME_OF/minimal.tar" infra
}

teardown_file() {
	[ -n "${ENGINE:-}" ] || return 0
	podman_clear
	engine_close && store_close
}

setup() { BOX=box-$BATS_TEST_NUMBER; }

teardown() { podman_clear; }

# The user's own.
podman() {
	engine setpriv --reuid 61234 --regid 61234 --clear-groups env -i -C "$HOME_OF/home" HOME="$HOME_OF/home" \
		XDG_RUNTIME_DIR="$HOME_OF/xdg" PATH="$PATH" CONTAINERS_CONF="$HOME_OF/containers.conf" \
		podman --log-level error --cgroup-manager cgroupfs --storage-driver vfs --runtime zone-oci "$@"
}

@test "a container's root is the user, its others are the user's range" {
	prints "false" podman info -f '{{not .Host.Security.Rootless}}'
	once 'cat /proc/self/uid_map' | awk '{ print $1, $2, $3 }' | tr '\n' , | grep -x '0,61234,1,1,3000000,65536,' ||
		once 'cat /proc/self/uid_map' | awk '{ print $1, $2, $3 }' | grep -x '0 61234 1'
	prints "0" once 'touch /x && stat -c %u /x'
	box
	prints 61234 engine stat -c %u "/proc/$(pid_of "$BOX")"
}

@test "output, exit codes, input" {
	run --separate-stderr once 'echo out; echo err >&2; exit 7'
	[ "$status" -eq 7 ] && [ "$output" = out ] && [ "${stderr:-}" = err ]
	exits 127 podman run --rm --network none minimal nonesuch
	exits 126 podman run --rm --network none minimal /etc/passwd
	prints typed podman run --rm -i --network none minimal cat <<<typed
}

@test "exec, as other users too" {
	box
	prints "5" podman exec -u 5 "$BOX" id -u
	exits 9 podman exec "$BOX" sh -c 'exit 9'
	prints "/dev/pts/0" eval "podman exec -t $BOX tty | tr -d '\r'"
}

@test "keep-id: the user is himself inside" {
	prints "61234 rootling" podman run --rm --network none --userns keep-id minimal sh -c 'echo $(id -u) $(id -un)'
}

@test "--userns auto takes a part of the user's range" {
	podman run --rm --network none --userns auto:size=1000 minimal cat /proc/self/uid_map | grep -E '^ +0 +[0-9]+ +1000$'
}

@test "stop, kill, logs and restart" {
	does 'trap "echo bye; exit 3" TERM; echo set; while :; do sleep 0.05; done'
	deadline 10 says set
	podman stop -t 30 "$BOX"
	says bye
	is '{{.State.ExitCode}}' 3
	podman start "$BOX"
	podman kill "$BOX"
	prints 137 podman wait "$BOX"
}

@test "volumes belong to the user outside and to root inside" {
	podman volume create mine >/dev/null
	once -v mine:/data 'echo x >/data/file'
	prints "0 x" once -v mine:/data:ro 'echo $(stat -c %u /data/file) $(cat /data/file)'
	prints 61234 engine stat -c %u "$HOME_OF/home/.local/share/containers/storage/volumes/mine/_data/file"
	podman volume rm mine
}

@test "devices of the host are not made, the usual ones work" {
	once 'echo x >/dev/null && head -c 3 /dev/zero | wc -c' | grep -x 3
	not once --cap-add mknod 'mknod /dev/disk b 254 0'
	once 'ls /dev' | { not grep -E '^(sda|vda|mem|kmsg)'; }
}

@test "--read-only, --tmpfs, --cap-drop, --security-opt" {
	not once --read-only 'touch /x'
	once --tmpfs /t:size=1m 'touch /t/x'
	once --cap-drop all 'grep CapBnd /proc/self/status' | grep -E '0000000000000000$'
	once --security-opt no-new-privileges 'grep NoNew /proc/self/status' | grep 1
	once 'grep Seccomp: /proc/self/status' | grep 2
}

@test "a pod" {
	podman pod create --name "$BOX-pod" --network none >/dev/null
	podman run -d --pod "$BOX-pod" --name "$BOX" minimal sleep 1000 >/dev/null
	prints "$BOX-pod" podman exec "$BOX" hostname
}

@test "build" {
	engine bash -c 'mkdir -p "$1/build" && printf "FROM localhost/minimal\nRUN echo built >/built\n" >"$1/build/Dockerfile"' \
		bash "$HOME_OF"
	podman build --network none -q -t built "$HOME_OF/build"
	prints built podman run --rm --network none built cat /built
}
