# SPDX-License-Identifier: GPL-2.0-or-later
# shellcheck shell=bash
# Machines for a swarm: each has mounts, processes, /run and a network of its own in the place of engine.bash, and a
# dockerd, which brings its own containerd. A bridge of the test's namespace joins them; no route leads further, so that
# nodes that look for an image in a registry first are told at once that there is none.

# bridge_open: 10.98.0.N is node N.
bridge_open() {
	ip link add swarm0 type bridge && ip addr add 10.98.0.254/24 dev swarm0 && ip link set swarm0 up
}

# node_open N: powers it on. Its files are $ENGINE/nodeN*; those of its containers survive node_cut.
node_open() {
	local dir=$ENGINE/node$1 init

	rm -f "$dir.ready"
	engine_daemon "node$1" unshare --mount --propagation private --net --uts --pid --fork --mount-proc --kill-child \
		-- bash -c '
		mount -t tmpfs tmpfs /run && mount -t tmpfs tmpfs /etc/docker && ip link set lo up &&
			hostname "${1##*/}" && echo yes >"$1.ready"
		while :; do sleep infinity & wait; done' node-init "$dir"
	deadline 10 test -s "$dir.ready" || { cat "$dir.log" >&2; return 1; }
	init=$(node_init "$1")
	ip link add "swarm$1" master swarm0 type veth peer name eth0 netns "/proc/$init/ns/net" || return
	ip link set "swarm$1" up
	node "$1" ip addr add "10.98.0.$1/24" dev eth0 && node "$1" ip link set eth0 up
}

# The first process of a node, by this namespace's number.
node_init() {
	pgrep -n -f "^bash -c .*node-init $ENGINE/node$1\$"
}

# node_cut N: the power fails. Groups, which a machine has none of when it boots, go too.
node_cut() {
	kill -KILL "$(node_init "$1")" && deadline 10 not node_init "$1" >/dev/null && deadline 10 groups_are_gone "$1"
}

groups_are_gone() {
	find /sys/fs/cgroup -depth -type d -path "*/$ENGINE_GROUP/node$1/*" -exec rmdir {} + 2>/dev/null
	[ -z "$(find /sys/fs/cgroup -type d -path "*/$ENGINE_GROUP/node$1/*" -print -quit 2>/dev/null)" ]
}

# node N COMMAND...: on it.
node() {
	local init

	init=$(node_init "$1")
	shift
	timeout "${ENGINE_SECONDS:-120}" nsenter --target "$init" --mount --pid --net --uts -- "$@" 3>&- 4>&-
}

# dockerd_open N: with the runtime under test as the one that services get.
dockerd_open() {
	local dir=$ENGINE/node$1 init

	init=$(node_init "$1")
	(nsenter --target "$init" --mount --pid --net --uts -- dockerd -H "unix://$dir.sock" \
		--data-root "$dir-data" --pidfile /run/docker.pid --oom-score-adjust 0 --storage-driver overlay2 \
		--exec-opt native.cgroupdriver=cgroupfs --cgroup-parent "/$ENGINE_GROUP/node$1" \
		--add-runtime "zone-oci=$ENGINE_RUNTIME" --default-runtime zone-oci \
		</dev/null >>"$dir.log" 2>&1 3>&- 4>&- &)
	deadline 30 node_answers "$1" || { tail "$dir.log" >&2; return 1; }
}

node_answers() {
	docker_of "$1" version >/dev/null 2>&1
}

# docker_of N ARGUMENT...: the client that came with the daemon, on node N.
docker_of() {
	local n=$1

	shift
	timeout "${ENGINE_SECONDS:-120}" env PATH="/usr/bin:$PATH" docker -H "unix://$ENGINE/node$n.sock" "$@" 3>&- 4>&-
}

# dockerd_kill N: kill -9 of the daemons and every shim. The containers go on, and nobody knows them.
dockerd_kill() {
	node "$1" pkill -KILL '^(dockerd|containerd|containerd-shim)'
}

# running SERVICE N...: its tasks that each of these nodes has, by the daemons' own word.
running() {
	local service=$1 n

	shift
	for n; do
		docker_of "$n" ps -q --no-trunc -f "label=com.docker.swarm.service.name=$service"
	done
}

# task SERVICE N: one of its tasks on node N.
task() {
	running "$1" "$2" | head -n 1
}

# inside SERVICE N COMMAND...: in one of its tasks.
inside() {
	docker_of "$2" exec "$(task "$1" "$2")" "${@:3}"
}

# replicas SERVICE TEXT: as the managers see it.
replicas() {
	[ "$(docker_of 1 service ls -f "name=$1" --format '{{.Replicas}}')" = "$2" ]
}

# update_is SERVICE STATE
update_is() {
	[ "$(docker_of 1 service inspect -f '{{.UpdateStatus.State}}' "$1")" = "$2" ]
}

# values SERVICE: which values V has in its tasks, how often, on nodes 1 to 3.
values() {
	local n id

	for n in 1 2 3; do
		for id in $(running "$1" "$n"); do
			docker_of "$n" inspect -f '{{range .Config.Env}}{{println .}}{{end}}' "$id" | grep '^V='
		done
	done | sort | uniq -c | awk '{ print $2, $1 }'
}
