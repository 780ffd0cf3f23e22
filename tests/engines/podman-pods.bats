#!/usr/bin/env bats
# SPDX-License-Identifier: GPL-2.0-or-later
# Podman with zone-oci as its runtime: pods, files of Kubernetes, networks, images that are built.

load ../lib/zone
load engine
load podman

setup_file() { podman_open; }

teardown_file() { podman_close; }

setup() {
	BOX=box-$BATS_TEST_NUMBER
	POD=pod-$BATS_TEST_NUMBER
}

teardown() { podman_clear; }

# member NAME: of the pod, one that stays.
member() {
	podman run -d --pod "$POD" --name "$1" minimal sleep 1000 >/dev/null
}

pod_is() {
	[ "$(podman pod inspect -f '{{.State}}' "$POD")" = "$1" ]
}

#
# Pods
#

@test "what is in a pod shares its network, names and IPC, and nothing else" {
	local ns

	podman pod create --name "$POD" --network none >/dev/null
	pod_is Created
	member "$BOX-a"
	member "$BOX-b"
	pod_is Running
	for ns in net uts ipc; do
		[ "$(podman exec "$BOX-a" readlink /proc/self/ns/$ns)" = "$(podman exec "$BOX-b" readlink /proc/self/ns/$ns)" ]
	done
	for ns in mnt pid; do
		[ "$(podman exec "$BOX-a" readlink /proc/self/ns/$ns)" != "$(podman exec "$BOX-b" readlink /proc/self/ns/$ns)" ]
	done
	prints "$POD" podman exec "$BOX-a" hostname
}

@test "a pod with --share pid has one set of processes" {
	podman pod create --name "$POD" --network none --share pid,net >/dev/null
	member "$BOX-a"
	podman run --rm --pod "$POD" minimal sh -c 'cat /proc/[0-9]*/comm' | grep -c sleep | grep -x 2
}

@test "a pod pauses, goes on, stops, starts, is killed and removed as a whole" {
	local id

	podman pod create --name "$POD" --network none >/dev/null
	member "$BOX-a"
	id=$(podman inspect -f '{{.Id}}' "$BOX-a")
	podman pod pause "$POD" >/dev/null
	pod_is Paused
	podman pod unpause "$POD" >/dev/null
	pod_is Running
	podman pod top "$POD" | grep 'sleep 1000 '
	podman pod stats --no-stream --format '{{.Name}} {{.PIDS}}' "$POD" | grep -x "$BOX-a 1"
	podman pod stop -t 0 "$POD" >/dev/null
	pod_is Exited
	podman pod start "$POD" >/dev/null
	pod_is Running
	podman pod kill "$POD" >/dev/null
	podman pod rm -f -t 0 "$POD" >/dev/null
	deadline 10 no_trace "$id"
}

@test "play kube makes what the file says, and play kube --down takes it away" {
	cat >"$BATS_TEST_TMPDIR/pod.yaml" <<-'END'
		apiVersion: v1
		kind: Pod
		metadata:
		  name: kube
		spec:
		  volumes:
		  - name: scratch
		    emptyDir: {}
		  containers:
		  - name: one
		    image: localhost/minimal:latest
		    imagePullPolicy: Never
		    command: ["/bin/sleep", "1000"]
		    env: [{name: PATH, value: "/bin:/usr/bin"}, {name: A, value: b}]
		    securityContext: {runAsUser: 7, readOnlyRootFilesystem: true}
		    resources: {limits: {memory: 64Mi, cpu: 500m}}
		    volumeMounts: [{name: scratch, mountPath: /scratch}]
	END
	podman play kube --network none "$BATS_TEST_TMPDIR/pod.yaml" >/dev/null
	prints "7 b" podman exec kube-one sh -c 'echo $(id -u) $A'
	exits 1 podman exec -u 0 kube-one touch /x
	holds "Read-only"
	podman exec -u 0 kube-one touch /scratch/x
	podman generate kube kube | grep 'name: kube'
	podman inspect -f '{{.HostConfig.Memory}}' kube-one | grep -x 67108864
	podman play kube --down "$BATS_TEST_TMPDIR/pod.yaml" >/dev/null
	not podman container exists kube-one
}

#
# Networks
#

@test "a bridge of Podman's own: an address, other containers, a published port" {
	local address

	podman run -d --name "$BOX" -p 18080:80 minimal sh -c 'echo hello >/index.html; exec httpd -f -p 80 -h /' >/dev/null
	address=$(podman inspect -f '{{.NetworkSettings.IPAddress}}' "$BOX")
	podman exec "$BOX" ip addr show eth0 | grep -F "inet $address/"
	prints hello podman run --rm minimal wget -q -O - "http://$address/"
	takes_calls() { (exec 5<>/dev/tcp/127.0.0.1/18080) 2>/dev/null; }
	deadline 10 takes_calls
	prints hello python3 -c 'import urllib.request as u; print(u.urlopen("http://127.0.0.1:18080/").read().decode().strip())'
}

@test "a network that is made, joined while it runs, and left" {
	podman network create --disable-dns --subnet 10.77.3.0/24 "$BOX-net" >/dev/null
	podman run -d --name "$BOX" --network "$BOX-net" --ip 10.77.3.9 minimal sleep 1000 >/dev/null
	podman exec "$BOX" ip addr | grep -F 10.77.3.9/24
	podman network create --disable-dns --subnet 10.77.4.0/24 "$BOX-more" >/dev/null
	podman network connect "$BOX-more" "$BOX"
	podman exec "$BOX" ip addr | grep -F 10.77.4.
	podman network disconnect "$BOX-more" "$BOX"
	podman exec "$BOX" ip addr | { not grep -F 10.77.4.; }
	podman rm -f -t 0 "$BOX"
	podman network rm "$BOX-net" "$BOX-more"
}

@test "a network in a container with a root of its own" {
	podman run --rm --uidmap 0:100000:65536 --gidmap 0:100000:65536 minimal ip addr show eth0 | grep inet
}

#
# Images
#

@test "build runs its steps in containers of ours" {
	mkdir "$BATS_TEST_TMPDIR/build"
	cat >"$BATS_TEST_TMPDIR/build/Dockerfile" <<-'END'
		FROM localhost/minimal
		RUN echo built >/built && echo web:x:1000:1000::/:/bin/sh >>/etc/passwd && chmod 1777 /tmp
		RUN --mount=type=tmpfs,destination=/t touch /t/x && ls /t
		WORKDIR /work
		COPY Dockerfile .
		USER web
		RUN id -un >/tmp/who
		CMD ["sh", "-c", "cat /built /tmp/who; pwd; ls"]
	END
	podman build --network none -q -t built "$BATS_TEST_TMPDIR/build"
	prints $'built\nweb\n/work\nDockerfile' podman run --rm --network none built
	printf 'FROM localhost/minimal\nRUN exit 3\n' >"$BATS_TEST_TMPDIR/build/Dockerfile"
	not podman build --network none "$BATS_TEST_TMPDIR/build"
}

@test "build is by zone-oci, isolated as containers are" {
	mkdir "$BATS_TEST_TMPDIR/build"
	cat >"$ENGINE/noted" <<-END
		#!/bin/sh
		echo "\$*" >>"$ENGINE/noted.log"
		exec "$ENGINE_RUNTIME" "\$@"
	END
	chmod 755 "$ENGINE/noted"
	printf 'FROM localhost/minimal\nRUN readlink /proc/self/ns/pid\n' >"$BATS_TEST_TMPDIR/build/Dockerfile"
	PODMAN_RUNTIME=$ENGINE/noted podman build --no-cache --isolation oci --network none \
		"$BATS_TEST_TMPDIR/build" >"$BATS_TEST_TMPDIR/out"
	grep -E 'create|run' "$ENGINE/noted.log"
	grep 'pid:' "$BATS_TEST_TMPDIR/out" | { not grep -F "$(engine readlink /proc/self/ns/pid)"; }
}

@test "save and load keep what an image runs" {
	podman save -q -o "$ENGINE/saved.tar" minimal
	podman tag minimal minimal:old
	podman load -q -i "$ENGINE/saved.tar" >/dev/null
	prints hi podman run --rm --network none minimal echo hi
}
