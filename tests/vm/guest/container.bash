# SPDX-License-Identifier: GPL-2.0-or-later
# shellcheck shell=bash
# A container of zone-oci, made from what a claim says of it.

bundle=/srv/bundle
oci_options=

bundle_is_made() {
	mkdir -p "$bundle/rootfs"
	zonectl template build minimal
	cp -a /var/lib/zonectl/templates/minimal*/rootfs/. "$bundle/rootfs/"
	zone-oci list -q
}

# configure NAME=JSON...: config.json, of "args" and what stands in "linux", one member each, with
# "annotations" and "mounts" (more of them) beside.
configure() {
	local args='["sleep", "1000"]' cgroupsPath='"/oci/box"' resources='{}' annotations='{}' mounts=''
	local uidMappings='[]' user='' cgroups=ro rootfs='"rootfs"' env='["PATH=/bin:/sbin:/usr/bin:/usr/sbin"]'
	local terminal=false noNewPrivileges=false readonly=false network='' linux='' hooks='{}'
	local setting caps='["CAP_SYS_ADMIN", "CAP_MKNOD", "CAP_KILL", "CAP_SETUID", "CAP_SETGID", "CAP_CHOWN", "CAP_DAC_OVERRIDE", "CAP_FOWNER", "CAP_SETPCAP", "CAP_NET_ADMIN", "CAP_SYS_CHROOT"]'

	for setting; do
		printf -v "${setting%%=*}" %s "${setting#*=}"
	done
	[ "$uidMappings" = '[]' ] || user=', {"type": "user"}'
	cat >"$bundle/config.json" <<-JSON
	{ "ociVersion": "1.0.2",
	  "process": { "terminal": $terminal, "noNewPrivileges": $noNewPrivileges, "cwd": "/", "args": $args, "user": { "uid": 0, "gid": 0 }, "env": $env,
	    "capabilities": { "bounding": $caps, "effective": $caps, "permitted": $caps } },
	  "root": { "path": $rootfs, "readonly": $readonly }, "hooks": $hooks, "hostname": "box", "annotations": $annotations,
	  "mounts": [
	    { "destination": "/proc", "type": "proc", "source": "proc" },
	    { "destination": "/dev", "type": "tmpfs", "source": "tmpfs", "options": ["nosuid", "mode=755"] },
	    { "destination": "/dev/pts", "type": "devpts", "source": "devpts", "options": ["newinstance", "ptmxmode=0666"] },
	    { "destination": "/sys", "type": "sysfs", "source": "sysfs", "options": ["nosuid", "ro"] },
	    { "destination": "/sys/fs/cgroup", "type": "cgroup", "source": "cgroup", "options": ["nosuid", "noexec", "nodev", "$cgroups"] }
	    $mounts ],
	  "linux": { "cgroupsPath": $cgroupsPath, "resources": $resources,
	    "uidMappings": $uidMappings, "gidMappings": $uidMappings,
	    "namespaces": [ { "type": "pid" }, { "type": "network"$network }, { "type": "ipc" }, { "type": "uts" },
	      { "type": "mount" }, { "type": "cgroup" } $user ] $linux } }
	JSON
}

# oci VERB...: the runtime, with the global options in $oci_options.
oci() {
	# shellcheck disable=SC2086 # none or several words
	timeout "$(secs 60)" zone-oci $oci_options "$@"
}

# A container that waits to be started, or runs.
created() {
	oci create --bundle "$bundle" --pid-file /run/box.pid box </dev/null >/run/box.out 2>&1 || {
		cat /run/box.out
		return 1
	}
}

started() {
	created
	oci start box
	status_is running
}

status_is() {
	oci state box | grep -q "\"status\": \"$1\""
}

box_pid() {
	cat /run/box.pid
}

# No container, no unit and no group of one.
nothing_left() {
	local left

	oci delete --force box
	says "" oci list -q
	within 10 no_scope
	left=$(find /sys/fs/cgroup -type d \( -name '*box*' -o -name oci \) -not -path '*/oci')
	says "" echo "$left"
	rmdir /sys/fs/cgroup/oci /sys/fs/cgroup/*/oci 2>/dev/null || :
}

no_scope() {
	[ -z "$(systemctl list-units --all --no-legend '*box*.scope')" ]
}

property() {
	systemctl show -P "$1" box-box.scope
}
