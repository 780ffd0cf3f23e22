#!/usr/bin/env bats
# SPDX-License-Identifier: GPL-2.0-or-later
# A Docker Swarm of three managers with zone-oci as their runtime. The tests follow each other: a node that one of them
# kills is brought back by the next.

load ../lib/zone
load engine
load swarm

# Ends at once when asked to, and has V in its environment.
LOOP='trap exit TERM; while :; do sleep 1 & wait; done'

setup_file() {
	local n token

	store_open
	engine_open dockerd containerd docker iptables || return
	bridge_open
	zonectl template export minimal >"$ENGINE/minimal.tar"
	for n in 1 2 3; do
		node_open "$n" && dockerd_open "$n" || return
		docker_of "$n" import -c 'CMD ["sh"]' "$ENGINE/minimal.tar" minimal:1 >/dev/null
		docker_of "$n" tag minimal:1 minimal:2
	done
	docker_of 1 swarm init --advertise-addr 10.98.0.1 --dispatcher-heartbeat 1s --task-history-limit 3 >/dev/null
	token=$(docker_of 1 swarm join-token -q manager)
	for n in 2 3; do
		docker_of "$n" swarm join --advertise-addr "10.98.0.$n" --token "$token" 10.98.0.1:2377 >/dev/null
	done
	docker_of 1 network create -d overlay --attachable mesh >/dev/null
}

teardown_file() {
	local status=0

	engine_close || status=1
	ip link del swarm0
	store_close || status=1
	return "$status"
}

# service NAME OPTION... : made of the image, and runs what LOOP says.
service() {
	docker_of 1 service create --detach --no-resolve-image --name "$1" "${@:2}" minimal:1 sh -c "$LOOP" >/dev/null
}

nodes() {
	docker_of 1 node ls --format '{{.Hostname}} {{.Status}} {{.ManagerStatus}}' | sort
}

nodes_are() {
	[ "$(nodes)" = "$1" ]
}

ALL_READY='node1 Ready Leader
node2 Ready Reachable
node3 Ready Reachable'

@test "three managers are one swarm" {
	deadline 20 nodes_are "$ALL_READY"
	prints "zone-oci" docker_of 2 info -f '{{.DefaultRuntime}}'
}

@test "a service of 30 replicas runs on three nodes, by zone-oci" {
	local id n

	service web --replicas 30 --network mesh --endpoint-mode dnsrr --env V=1 \
		--update-parallelism 10 --rollback-parallelism 10
	deadline 60 replicas web 30/30
	for n in 1 2 3; do
		[ "$(running web "$n" | wc -l)" -eq 10 ]
	done
	id=$(task web 2)
	prints "zone-oci running" docker_of 2 inspect -f '{{.HostConfig.Runtime}} {{.State.Status}}' "$id"
	node 2 "$ENGINE_RUNTIME" --root /run/docker/runtime-runc/moby state "$id" | json "d['status']" | grep -x running
}

@test "tasks find and reach each other across nodes" {
	local there

	there=$(docker_of 3 inspect -f '{{.NetworkSettings.Networks.mesh.IPAddress}}' "$(task web 3)")
	inside web 1 ping -c 1 -W 5 "$there"
	inside web 1 ping -c 1 -W 5 tasks.web
}

@test "kernel: the virtual address of a service, by ip_vs" {
	[ -e /proc/net/ip_vs ] || skip "kernel: has no ip_vs, services need --endpoint-mode dnsrr or ports of mode=host"
	service vip --replicas 2 --network mesh
	deadline 30 replicas vip 2/2
	inside web 1 ping -c 1 -W 5 vip
}

@test "a task that dies is started again" {
	local id

	id=$(task web 1)
	docker_of 1 kill "$id" >/dev/null
	deadline 30 another_than "$id"
}

another_than() {
	[ "$(running web 1 2 3 | wc -l)" -eq 30 ] && not grep -q "$1" <<<"$(running web 1)" >/dev/null
}

@test "scale goes up and down" {
	docker_of 1 service scale --detach web=36 >/dev/null
	deadline 30 replicas web 36/36
	docker_of 1 service scale --detach web=30 >/dev/null
	deadline 30 count_is 30 web 1 2 3
}

count_is() {
	[ "$(running "${@:2}" | wc -l)" -eq "$1" ]
}

@test "a rolling update brings a new image and environment, without a gap" {
	docker_of 1 service update --detach --no-resolve-image --image minimal:2 --env-add V=2 \
		--update-parallelism 10 --update-order start-first web >/dev/null
	deadline 30 update_is web updating
	while not update_is web completed >/dev/null; do
		[ "$(running web 1 2 3 | wc -l)" -ge 30 ]
	done
	deadline 30 count_is 30 web 1 2 3
	prints "V=2 30" values web
	prints "minimal:2" docker_of 2 inspect -f '{{.Config.Image}}' "$(task web 2)"
}

@test "rollback brings back what was before" {
	docker_of 1 service rollback --detach web >/dev/null
	deadline 60 update_is web rollback_completed
	deadline 30 count_is 30 web 1 2 3
	prints "V=1 30" values web
}

@test "an update to a program that is not there says so, and rolls back by itself" {
	docker_of 1 service update --detach --no-resolve-image --args '/no/such/program' --update-failure-action rollback \
		--update-monitor 2s --update-parallelism 1 web >/dev/null
	deadline 60 task_says web 'exec: "/no/such/program": stat /no/such/program: no such file or directory'
	deadline 60 update_is web rollback_completed
	deadline 30 replicas web 30/30
}

@test "a global service has a task on each node, with secrets and configs" {
	printf hush | docker_of 1 secret create key -
	printf 'a=1' | docker_of 1 config create conf -
	service all --mode global --network host --secret source=key,target=key,uid=5,mode=0400 \
		--config source=conf,target=/etc/app.conf,mode=0444 --user 5:6 --hostname '{{.Node.Hostname}}-task'
	deadline 30 replicas all 3/3
	for n in 1 2 3; do
		prints "hush a=1" inside all "$n" sh -c 'echo "$(cat /run/secrets/key) $(cat /etc/app.conf)"'
		prints "node$n-task" inside all "$n" hostname
	done
	prints "5 400" inside all 2 stat -c '%u %a' /run/secrets/key
	[ "$(inside all 3 readlink /proc/self/ns/net)" = "$(node 3 readlink /proc/self/ns/net)" ]
}

@test "limits and reservations of a service hold" {
	service tight --replicas 1 --constraint node.hostname==node2 --limit-memory 32M --limit-cpu 0.5 --limit-pids 50 \
		--reserve-memory 8M --reserve-cpu 0.1 --read-only --cap-drop CHOWN --ulimit nofile=500:500 --init \
		--mount type=tmpfs,target=/scratch,tmpfs-size=1M --network host
	deadline 30 replicas tight 1/1
	prints "33554432" limit_of memory/memory.limit_in_bytes
	prints "50000" limit_of cpu/cpu.cfs_quota_us
	prints "50" limit_of pids/pids.max
	prints "500 docker-init" inside tight 2 sh -c 'echo "$(ulimit -n) $(cat /proc/1/comm)"'
	inside tight 2 touch /scratch/file
	exits 1 inside tight 2 touch /file
	exits 1 inside tight 2 chown 5 /scratch/file
	service wide --replicas 1 --reserve-memory 1000G
	deadline 20 task_says wide "insufficient resources on 3 nodes"
}

# limit_of CONTROLLER/FILE: of the task that is limited.
limit_of() {
	cat "/sys/fs/cgroup/${1%/*}/$ENGINE_GROUP/node2/$(task tight 2)/${1#*/}"
}

task_says() {
	docker_of 1 service ps --no-trunc --format '{{.Error}}' "$1" | grep -F "$2" >/dev/null
}

@test "one that takes more memory than its limit is killed" {
	docker_of 1 service create --detach --no-resolve-image --name greedy --limit-memory 16M --network host \
		--restart-condition none minimal:1 sh -c 'head -c 64m /dev/zero | tail' >/dev/null
	deadline 30 task_says greedy "non-zero exit (137)"
}

@test "a job runs to its end as often as asked" {
	docker_of 1 service create --detach --no-resolve-image --name job --mode replicated-job --replicas 9 \
		--max-concurrent 3 --network host minimal:1 sh -c 'exit 0' >/dev/null
	deadline 60 replicas job "0/3 (9/9 completed)"
}

@test "a service that is unhealthy is replaced" {
	docker_of 1 service create --detach --no-resolve-image --name sick --network host --health-cmd 'test ! -e /ill' \
		--health-interval 1s --health-retries 1 --constraint node.hostname==node1 minimal:1 sh -c "$LOOP" >/dev/null
	deadline 30 replicas sick 1/1
	inside sick 1 touch /ill
	deadline 30 task_says sick "unhealthy"
	deadline 30 replicas sick 1/1
}

@test "a port of mode=host is served, and logs are one stream" {
	docker_of 1 service create --detach --no-resolve-image --name http --mode global \
		--network mesh --endpoint-mode dnsrr --publish published=8080,target=80,mode=host \
		minimal:1 sh -c 'echo began; hostname >/tmp/index.html; exec httpd -f -h /tmp' >/dev/null
	deadline 30 replicas http 3/3
	for n in 1 2 3; do
		[ "$(python3 -c 'import sys, urllib.request
print(urllib.request.urlopen(sys.argv[1], timeout=10).read().decode().strip())' "http://10.98.0.$n:8080/")" = \
			"$(inside http "$n" hostname)" ]
	done
	[ "$(docker_of 1 service logs --raw http | grep -c began)" -eq 3 ]
}

@test "a drained node is emptied, and used again" {
	docker_of 1 node update --availability drain node2 >/dev/null
	deadline 60 count_is 0 web 2
	deadline 30 count_is 30 web 1 3
	docker_of 1 node update --availability active node2 >/dev/null
	docker_of 1 service update --detach --no-resolve-image --force --update-parallelism 30 web >/dev/null
	deadline 60 count_is 10 web 2
}

@test "kill -9 of a node's daemons and shims: its replicas run elsewhere" {
	dockerd_kill 3
	deadline 60 count_is 30 web 1 2
	prints 'node1 Ready Leader
node2 Ready Reachable
node3 Down Unreachable' nodes
	[ "$(node 3 pgrep -c -f 'sleep')" -ge 10 ]
}

@test "the node comes back, ends what it no longer has to run, and takes part" {
	dockerd_open 3
	deadline 30 nodes_are "$ALL_READY"
	deadline 30 replicas all 3/3
	deadline 30 count_is 0 web 3
	[ "$(groups_of 3)" -eq "$(docker_of 3 ps -q | wc -l)" ]
	docker_of 1 service update --detach --no-resolve-image --force --update-parallelism 30 web >/dev/null
	deadline 60 count_is 10 web 3
}

# groups_of N: how many containers of a node have a group.
groups_of() {
	find "/sys/fs/cgroup/pids/$ENGINE_GROUP/node$1" -mindepth 1 -maxdepth 1 -type d | wc -l
}

@test "a node without power: its replicas run elsewhere, and it boots into the swarm again" {
	node_cut 2
	deadline 60 count_is 30 web 1 3
	node_open 2 && dockerd_open 2
	deadline 30 nodes_are "$ALL_READY"
	deadline 30 replicas all 3/3
	[ "$(docker_of 2 ps -q -f status=running | wc -l)" -eq "$(docker_of 2 ps -q | wc -l)" ]
}

@test "services that are removed leave no process, group or state of the runtime" {
	local names

	names=$(docker_of 1 service ls -q)
	# shellcheck disable=SC2086	# a list
	docker_of 1 service rm $names >/dev/null
	for n in 1 2 3; do
		deadline 60 nothing_runs "$n"
		# A node that was cut may have had no container since.
		prints "" node "$n" find /run/docker -path '*/runtime-runc/*' -name state.json
	done
}

nothing_runs() {
	[ -z "$(docker_of "$1" ps -q)" ] && [ "$(groups_of "$1")" -eq 0 ] && not node "$1" pgrep containerd-shim >/dev/null
}
