#!/usr/bin/env bats
# SPDX-License-Identifier: GPL-2.0-or-later
# Podman of an ordinary user, who has subordinate ids, with zone-oci as its runtime. The image is the template minimal.

load ../lib/zone

# Only in a mount namespace of its own does the machine know that user.
setup_file() {
	store_open
	export BOXES=$ZONECTL_ROOT/boxes
	mkdir -p "$BOXES"/{home,xdg}
	zonectl template export minimal >"$BOXES/minimal.tar"
	install -m 755 "$ZONE_BUILDDIR/zone-oci" "$BOXES/zone-oci"
	{ cat /etc/passwd; echo "tester:x:4242:4242::/:/bin/sh"; } >"$BOXES/passwd"
	{ cat /etc/group; echo "tester:x:4242:"; } >"$BOXES/group"
	echo "tester:300000:65536" >"$BOXES/ids"
	cat >"$BOXES/containers.conf" <<-END
		[containers]
		default_ulimits = []
		log_driver = "k8s-file"
		[engine]
		cgroup_manager = "cgroupfs"
		events_logger = "file"
		runtime_supports_json = ["zone-oci"]
		runtime_supports_nocgroups = ["zone-oci"]
		[engine.runtimes]
		zone-oci = ["$BOXES/zone-oci"]
	END
	chown -R 4242:4242 "$BOXES"
	chmod 700 "$BOXES/xdg"
	chmod 711 "$ZONECTL_ROOT"
	podman import -q "$BOXES/minimal.tar" minimal >/dev/null
}

# What Podman leaves to keep its namespaces ends by "system migrate".
teardown_file() {
	[ -z "${BOXES:-}" ] || podman system migrate
	store_close
}

teardown() { podman rm -f -t 0 --all >/dev/null 2>&1; }

podman() {
	timeout 120 unshare --mount bash -c '
		for file in passwd group; do mount --bind "$BOXES/$file" "/etc/$file"; done
		for file in subuid subgid; do mount --bind "$BOXES/ids" "/etc/$file"; done
		cd / && exec setpriv --reuid 4242 --regid 4242 --clear-groups -- env HOME="$BOXES/home" \
			XDG_RUNTIME_DIR="$BOXES/xdg" CONTAINERS_CONF="$BOXES/containers.conf" podman \
			--root "$BOXES/root" --runroot "$BOXES/run" --tmpdir "$BOXES/tmp" --storage-driver vfs \
			--runtime zone-oci "$@"' bash "$@" </dev/null 3>&- 4>&-
}

once() { podman run --rm --network none "$@"; }

@test "root inside is the user, and further ids are subordinate ones" {
	[ "$(once minimal sh -c 'id -u; cat /proc/self/uid_map' 2>/dev/null | tr -s ' \n' ' ')" = "0 0 4242 1 1 300000 65536 " ]
	[ "$(once --user 5:6 minimal id -u 2>/dev/null)" = 5 ]
	[ "$(once --userns keep-id minimal id -u 2>/dev/null)" = 4242 ]
	run --separate-stderr once --userns auto:size=1000 minimal cat /proc/self/uid_map
	[[ $status -eq 0 && $output =~ ^\ +0\ +[0-9]+\ +1000$ ]] || { echo "$output ${stderr:-}"; return 1; }
}

@test "devices, read-only roots and exit codes are as with the host's root" {
	exits 7 once minimal sh -c 'exit 7'
	[ "$(once --read-only --tmpfs /x minimal sh -c 'touch /y 2>/dev/null || touch /x/y && ls /x' 2>/dev/null)" = y ]
	once minimal sh -c 'echo x >/dev/null && head -c 4 /dev/zero | wc -c' 2>/dev/null | grep -qx 4
	once --privileged minimal test -c /dev/fuse
	exits 127 once minimal nonesuch
	holds "executable file not found"
}

@test "one that runs is entered, listed, stopped and removed" {
	podman run -d --name box --network none minimal sh -c 'trap "exit 3" TERM; while :; do sleep 0.1; done' >/dev/null
	[ "$(podman exec box id -u 2>/dev/null)" = 0 ]
	[ "$(podman ps -q 2>/dev/null | wc -l)" -eq 1 ]
	podman stop box >/dev/null
	[ "$(podman inspect -f '{{.State.ExitCode}}' box 2>/dev/null)" = 3 ]
	podman rm box >/dev/null
}
