# SPDX-License-Identifier: GPL-2.0-or-later
# shellcheck shell=bash
# A containerd and a dockerd in the place of engine.bash, with the runtime under test as the default one.

# containerd_start: its socket is $ENGINE/containerd.sock.
containerd_start() {
	cat >"$ENGINE/containerd.toml" <<-END
		version = 2
		root = "$ENGINE/containerd-root"
		state = "$ENGINE/containerd-state"
		disabled_plugins = ["io.containerd.grpc.v1.cri"]
		[grpc]
		address = "$ENGINE/containerd.sock"
		[ttrpc]
		address = "$ENGINE/ttrpc.sock"
	END
	mkdir -p "$ENGINE/bin"
	ln -sf "$ENGINE_RUNTIME" "$ENGINE/bin/runc"	# the name that shims and BuildKit look for
	engine_daemon containerd env PATH="$ENGINE/bin:$PATH" containerd --config "$ENGINE/containerd.toml"
	deadline 20 containerd_answers || { tail "$ENGINE/containerd.log" >&2; return 1; }
}

containerd_answers() {
	engine ctr -a "$ENGINE/containerd.sock" version >/dev/null 2>&1
}

# dockerd_start NAME OPTION...: its files are $ENGINE/NAME*, and it is the one that docker then speaks to.
dockerd_start() {
	local name=$1

	shift
	export DOCKER_HOST=unix://$ENGINE/$name.sock
	[ -e "$ENGINE/$name.json" ] || echo '{}' >"$ENGINE/$name.json"
	engine_daemon "$name" env PATH="$ENGINE/bin:$PATH" dockerd --containerd "$ENGINE/containerd.sock" \
		--config-file "$ENGINE/$name.json" --data-root "$ENGINE/$name-data" --exec-root "$ENGINE/$name-exec" \
		--pidfile "$ENGINE/$name.pid" -H "$DOCKER_HOST" --oom-score-adjust 0 --storage-driver overlay2 \
		--exec-opt native.cgroupdriver=cgroupfs --cgroup-parent "/$ENGINE_GROUP" \
		--add-runtime "zone-oci=$ENGINE_RUNTIME" --default-runtime zone-oci "$@"
	deadline 30 docker_answers || { tail "$ENGINE/$name.log" >&2; return 1; }
}

docker_answers() {
	docker version >/dev/null 2>&1
}

# The client that came with the daemon.
docker() {
	engine env PATH="/usr/bin:$PATH" docker "$@"
}

# dockerd_end NAME SIGNAL: in the place its processes have numbers of their own.
dockerd_end() {
	local pid

	pid=$(<"$ENGINE/$1.pid")
	engine kill -s "$2" "$pid" && deadline 20 not engine kill -0 "$pid" >/dev/null 2>&1
}

#
# For a file of tests
#

# docker_open: a store, an engine, and the template minimal as an image.
docker_open() {
	store_open
	engine_open dockerd containerd docker || return
	containerd_start && dockerd_start docker --live-restore || return
	zonectl template export minimal >"$ENGINE/minimal.tar"
	docker import -c 'CMD ["sh"]' "$ENGINE/minimal.tar" minimal >/dev/null
}

docker_close() {
	[ -n "${ENGINE:-}" ] || return 0
	docker network prune -f >/dev/null
	engine_close || return
	ip link del docker0
	nft flush ruleset
	store_close
}

docker_clear() {
	local all

	all=$(docker ps -aq)
	# shellcheck disable=SC2086	# a list
	[ -z "$all" ] || docker rm -f -v $all >/dev/null
}

# once OPTION... COMMAND: what a container that goes at once prints.
once() {
	docker run --rm --network none "${@:1:$#-1}" minimal sh -c "${!#}"
}

# box [OPTION...]: one that stays, named $BOX.
box() {
	docker run -d --network none --name "$BOX" "$@" minimal sleep 1000 >/dev/null
}

# does COMMAND: one that does this, named $BOX, and has printed "set" by now.
does() {
	docker run -d --name "$BOX" --network none "${@:1:$#-1}" minimal sh -c "${!#}" >/dev/null &&
		deadline 10 has_said 1
}

has_said() {
	[ "$(docker logs "$BOX" 2>&1 | wc -l)" -ge "$1" ]
}

# is FORMAT VALUE: what inspect says of the box.
is() {
	[ "$(docker inspect -f "$1" "$BOX")" = "$2" ]
}

# pid_of NAME: of a container's first process, as its engine numbers it.
pid_of() {
	docker inspect -f '{{.State.Pid}}' "$1"
}

# The box's directory in a hierarchy of version 1, or in that of version 2.
group_of() {
	local where=/sys/fs/cgroup/$1

	[ -d "$where" ] || where=/sys/fs/cgroup
	echo "$where/$ENGINE_GROUP/$(docker inspect -f '{{.Id}}' "$BOX")"
}

# limit CONTROLLER FILE-OF-V1 FILE-OF-V2: what is written there.
limit() {
	local group

	group=$(group_of "$1")
	if [ -e "$group/$2" ]; then cat "$group/$2"; else cat "$group/$3"; fi
}
