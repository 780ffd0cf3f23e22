# SPDX-License-Identifier: GPL-2.0-or-later
# shellcheck shell=bash disable=SC2154	# what lib.bash sets
# For the hostile tests of zone-oci, after lib.bash: a bundle, its image, and the runtime as an engine has it.

bundle=$box/bundle
rootfs=$bundle/rootfs

oci() {
	timeout -k 2 "${LIMIT:-60}" "$ZONE_BUILDDIR/zone-oci" --root "$box/run" "$@" 3>&-
}

oci_open() {
	mkdir -p "$bundle"
	image_new
}

# A fresh copy of the image, with the attacker's program in it.
image_new() {
	rm -rf --one-file-system "$rootfs"
	cp -a "$(realpath "$template")" "$rootfs"
	cp "$inside" "$rootfs/inside"
}

# config LINE...: what an engine would write, changed by lines of Python on "c", its process "p" and
# its linux "l". Every container's groups are below this store's.
config() {
	python3 - "$bundle/config.json" "zonectl-$id" "$@" <<'PYTHON'
import json, sys
caps_of = lambda names: {k: names for k in ("bounding", "permitted", "effective")}
c = {
    "ociVersion": "1.0.2",
    "process": {"cwd": "/", "args": ["true"], "env": ["PATH=/bin:/sbin:/usr/bin:/usr/sbin"],
                "user": {"uid": 0, "gid": 0},
                "capabilities": caps_of(["CAP_" + n for n in (
                    "CHOWN", "DAC_OVERRIDE", "FSETID", "FOWNER", "MKNOD", "NET_RAW", "SETGID", "SETUID", "SETFCAP",
                    "SETPCAP", "NET_BIND_SERVICE", "SYS_CHROOT", "KILL", "AUDIT_WRITE")])},
    "root": {"path": "rootfs"}, "hostname": "box",
    "mounts": [
        {"destination": "/proc", "type": "proc", "source": "proc", "options": ["nosuid", "noexec", "nodev"]},
        {"destination": "/dev", "type": "tmpfs", "source": "tmpfs",
         "options": ["nosuid", "strictatime", "mode=755", "size=65536k"]},
        {"destination": "/dev/pts", "type": "devpts", "source": "devpts",
         "options": ["nosuid", "noexec", "newinstance", "ptmxmode=0666", "mode=0620"]},
        {"destination": "/dev/shm", "type": "tmpfs", "source": "shm", "options": ["nosuid", "noexec", "nodev", "size=64k"]},
        {"destination": "/sys", "type": "sysfs", "source": "sysfs", "options": ["nosuid", "noexec", "nodev", "ro"]}],
    "linux": {
        "cgroupsPath": "/" + sys.argv[2] + "/oci",
        "resources": {"devices": [{"allow": False, "access": "rwm"}]},
        "namespaces": [{"type": t} for t in ("pid", "network", "ipc", "uts", "mount", "cgroup")],
        "maskedPaths": ["/proc/kcore", "/proc/keys", "/proc/timer_list", "/proc/sched_debug", "/sys/firmware"],
        "readonlyPaths": ["/proc/bus", "/proc/fs", "/proc/irq", "/proc/sys", "/proc/sysrq-trigger"]},
}
p, l = c["process"], c["linux"]
def sh(text): p["args"] = ["sh", "-c", text]
def sleeps(): p["args"] = ["sleep", "1000"]
def caps(*names): p["capabilities"] = caps_of(list(names))
for line in sys.argv[3:]:
    exec(line)
json.dump(c, open(sys.argv[1], "w"))
PYTHON
}

target_of() {
	case $1 in
	dev/null|dev/tty|dev/ptmx|dev/stdin) echo "$canary/file" ;;
	*)                                   echo "$canary/dir" ;;
	esac
}

# Of a container: its directory, its groups, its processes.
oci_nothing_left() {
	local left

	left=$(ls "$box/run" 2>/dev/null
		groups_of_store '/oci*'
		pgrep -x zone-oci)
	[ -z "$left" ] || { echo "# left: $left"; return 1; }
}
