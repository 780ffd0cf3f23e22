# SPDX-License-Identifier: GPL-2.0-or-later
# shellcheck shell=bash
# A place for container engines: mounts, processes and /run of its own, so that daemons, their shims and containers end
# with it and meet nothing of the machine's. Only control groups no namespace holds: they are below $ENGINE_GROUP.
# ENGINE_RUNTIME is the runtime under test; with another one's path the same tests show where that one differs.

ENGINE_RUNTIME=${ENGINE_RUNTIME:-$ZONE_BUILDDIR/zone-oci}
export ENGINE_RUNTIME

# engine_open PROGRAM...: $ENGINE is its directory. Skips where one of the programs is missing.
engine_open() {
	local program

	[ "$EUID" -eq 0 ] || skip "needs root"
	for program; do
		command -v "$program" >/dev/null || skip "needs $program"
	done
	is_alone || return
	ENGINE=$(mktemp -d /var/tmp/zone-engine.XXXXXX) || return
	chmod 711 "$ENGINE"	# for root of a user namespace
	ENGINE_GROUP=zone-engine-${ENGINE##*.}
	# Bash reaps whatever is handed to it.
	unshare --mount --propagation private --pid --fork --mount-proc --kill-child -- bash -c '
		mount -t tmpfs tmpfs /run && mkdir -p /etc/docker && mount -t tmpfs tmpfs /etc/docker &&
			echo $PPID >"$1/ready" && exec 2>/dev/null
		while :; do sleep infinity & wait; done' engine "$ENGINE" \
		</dev/null >"$ENGINE/place.log" 2>&1 3>&- 4>&- &
	ENGINE_UNSHARE=$!
	export ENGINE ENGINE_GROUP ENGINE_UNSHARE
	deadline 10 test -s "$ENGINE/ready" || { cat "$ENGINE/place.log" >&2; return 1; }
	ENGINE_INIT=$(pgrep -P "$ENGINE_UNSHARE")
	export ENGINE_INIT
}

# engine COMMAND...: in its place.
engine() {
	nsenter --target "$ENGINE_INIT" --mount --pid -- timeout -k 5 "${ENGINE_SECONDS:-120}" "$@" 3>&- 4>&-
}

# engine_daemon NAME COMMAND...: one that stays, and writes to NAME.log.
engine_daemon() {
	local name=$1

	shift
	nsenter --target "$ENGINE_INIT" --mount --pid -- "$@" </dev/null >>"$ENGINE/$name.log" 2>&1 3>&- 4>&- &
	disown
}

# Ends everything in the place. Groups with a process in them, or mounts below its directory, fail.
engine_close() {
	[ -n "${ENGINE:-}" ] || return 0
	kill -KILL "$ENGINE_INIT"
	wait "$ENGINE_UNSHARE" 2>/dev/null
	deadline 10 engine_groups_removed || return
	not grep -F "$ENGINE" /proc/self/mountinfo || return
	rm -rf --one-file-system "$ENGINE"
}

engine_groups_removed() {
	find /sys/fs/cgroup -depth -type d -path "*/$ENGINE_GROUP*" -exec rmdir {} + 2>/dev/null
	[ -z "$(find /sys/fs/cgroup -type d -path "*/$ENGINE_GROUP*" -print -quit 2>/dev/null)" ]
}
