# SPDX-License-Identifier: GPL-2.0-or-later
# shellcheck shell=bash
# Podman in the place of engine.bash: storage, state, networks and settings of its own, the runtime under test as the
# default one, and runc beside it where a claim is that both do the same.

# podman_open: a store, an engine, and the template minimal as an image.
podman_open() {
	store_open
	engine_open podman conmon || return
	podman_conf >"$ENGINE/containers.conf"
	# A cache of what registries have.
	engine sh -c 'mkdir -p /var/lib/containers && mount -t tmpfs tmpfs /var/lib/containers'
	zonectl template export minimal >"$ENGINE/minimal.tar"
	podman import -q -c 'ENV PATH=/bin:/sbin:/usr/bin:/usr/sbin' -c 'CMD ["sh"]' "$ENGINE/minimal.tar" minimal
	podman import -q -c 'ENTRYPOINT ["/bin/sleep", "1000000"]' "$ENGINE/minimal.tar" infra
}

podman_conf() {
	cat <<-END
		[containers]
		default_ulimits = ["nofile=20000:20000", "nproc=4096:4096"]
		log_driver = "k8s-file"
		[engine]
		cgroup_manager = "cgroupfs"
		events_logger = "file"
		lock_type = "file"
		runtime_supports_json = ["crun", "runc", "zone-oci"]
		runtime_supports_nocgroup = ["crun", "zone-oci"]
		infra_image = "localhost/infra:latest"
		[engine.runtimes]
		zone-oci = ["$ENGINE_RUNTIME"]
		runc = ["$(command -v runc || echo /usr/sbin/runc)"]
		[network]
		network_backend = "netavark"
		network_config_dir = "$ENGINE/networks"
	END
}

# Engines and what they started end with the place; their groups have names of Podman's choice.
podman_close() {
	[ -n "${ENGINE:-}" ] || return 0
	podman pod rm -f -a -t 0 >/dev/null
	podman rm -f -a -t 0 >/dev/null
	engine_close || return
	find /sys/fs/cgroup -depth -type d -path '*/libpod_parent*' -exec rmdir {} + 2>/dev/null
	podman_network_close
	store_close
}

# A bridge and its rules stay after the last container.
podman_network_close() {
	local link

	for link in $(ip -o link show type bridge | awk -F': ' '{ print $2 }'); do
		ip link del "$link"
	done
	nft flush ruleset
}

podman() {
	engine env CONTAINERS_CONF="$ENGINE/containers.conf" podman --root "$ENGINE/root" --runroot "$ENGINE/runroot" \
		--tmpdir "$ENGINE/tmp" --storage-driver overlay --runtime "${PODMAN_RUNTIME:-zone-oci}" "$@"
}

# As on_terminal, which then knows podman as a command.
podman_on_terminal() {
	on_terminal <(cat <<-END
		proc podman {args} {
			uplevel 1 [list spawn -noecho nsenter --target $ENGINE_INIT --mount --pid -- env \
				CONTAINERS_CONF=$ENGINE/containers.conf podman --root $ENGINE/root --runroot $ENGINE/runroot \
				--tmpdir $ENGINE/tmp --storage-driver overlay --runtime zone-oci] \$args
		}
	END
	cat) 3>&- 4>&-
}

# Podman's rm and the "container cleanup" that conmon starts unmount the same shm: whoever of the two
# comes between finds it busy (Podman issue 11594), and its next rm removes the container.
podman_clear() {
	podman pod rm -f -a -t 0 >/dev/null 2>&1
	podman rm -f -a -v -t 0 >/dev/null 2>&1 || podman rm -f -a -v -t 0 >/dev/null
}

# once OPTION... COMMAND: what a container that goes at once prints.
once() {
	podman run --rm --network none "${@:1:$#-1}" minimal sh -c "${!#}"
}

# alike OPTION... COMMAND: it prints and ends as with runc. What it prints is in $output.
alike() {
	local want want_status=0

	run once "$@"
	# shellcheck disable=SC2154	# of run
	[ "$status" -ne 125 ] || { echo "$output"; return 1; }
	command -v runc >/dev/null || return 0
	want=$(PODMAN_RUNTIME=runc once "$@" 2>&1) || want_status=$?
	[ "$output" = "$want" ] && [ "$status" -eq "$want_status" ] && return
	printf '%s\n' "-- status $status:" "$output" "-- runc's, $want_status:" "$want"
	return 1
}

# box [OPTION...]: one that stays, named $BOX.
box() {
	podman run -d --network none --name "$BOX" "$@" minimal sleep 1000 >/dev/null
}

# does [OPTION...] COMMAND: one that does this, named $BOX.
does() {
	podman run -d --network none --name "$BOX" "${@:1:$#-1}" minimal sh -c "${!#}" >/dev/null
}

# says TEXT: it is in what the box said.
says() {
	podman logs "$BOX" 2>&1 | grep -F -e "$1" >/dev/null
}

# is FORMAT VALUE: what inspect says of the box.
is() {
	local value

	value=$(podman inspect -f "$1" "$BOX")
	[ "$value" = "$2" ] || { echo "$1: $value, want $2"; return 1; }
}

# The first process of the box, as its engine numbers it.
pid_of() {
	podman inspect -f '{{.State.Pid}}' "$1"
}

# limit CONTROLLER FILE-OF-V1 FILE-OF-V2: what the box's group has there.
limit() {
	local group where=/sys/fs/cgroup/$1

	[ -d "$where" ] || where=/sys/fs/cgroup
	group=$where/libpod_parent/libpod-$(podman inspect -f '{{.Id}}' "$BOX")
	if [ -e "$group/$2" ]; then cat "$group/$2"; else cat "$group/$3"; fi
}

# no_trace ID...: no group, mount, state or process of these containers.
no_trace() {
	local id

	for id; do
		find /sys/fs/cgroup -type d -name "libpod-$id*" | { ! grep .; } || return 1
		engine grep -F "$id" /proc/self/mountinfo | { ! grep .; } || return 1
		engine ls /run/zone-oci | { ! grep -F "$id"; } || return 1
		pgrep -f "$id" | { ! grep .; } || return 1
	done
}
