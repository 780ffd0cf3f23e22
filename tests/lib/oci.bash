# SPDX-License-Identifier: GPL-2.0-or-later
# shellcheck shell=bash
# Containers of zone-oci in a test: a bundle a file, a configuration changed by lines of Python.

oci_setup_file() {
	store_open
	export BUNDLE=$BATS_FILE_TMPDIR/bundle OCI_ROOT=$BATS_FILE_TMPDIR/run
	mkdir -p "$BUNDLE"
	cp -a "$ZONECTL_ROOT"/var/lib/zonectl/templates/minimal/rootfs "$BUNDLE/rootfs"
}

# A tree of its own for a claim that changes it.
own_rootfs() {
	cp -a "$BUNDLE/rootfs" "$BATS_TEST_TMPDIR/rootfs"
	echo "$BATS_TEST_TMPDIR/rootfs"
}

oci() {
	timeout 60 "$ZONE_BUILDDIR/zone-oci" --root "$OCI_ROOT" "$@" 3>&- 4>&-
}

# config LINE...: a container that runs nothing yet, changed by lines of Python on "c".
config() {
	python3 - "$BUNDLE/config.json" "$@" <<'PYTHON'
import json, sys
c = {
    "ociVersion": "1.3.0",
    "process": {"cwd": "/", "args": ["true"], "env": ["PATH=/bin:/sbin:/usr/bin:/usr/sbin"],
                "user": {"uid": 0, "gid": 0}},
    "root": {"path": "rootfs"}, "hostname": "box",
    "mounts": [
        {"destination": "/proc", "type": "proc", "source": "proc"},
        {"destination": "/dev", "type": "tmpfs", "source": "tmpfs",
         "options": ["nosuid", "strictatime", "mode=755", "size=65536k"]},
        {"destination": "/dev/pts", "type": "devpts", "source": "devpts",
         "options": ["nosuid", "noexec", "newinstance", "ptmxmode=0666", "mode=0620"]},
        {"destination": "/sys", "type": "sysfs", "source": "sysfs",
         "options": ["nosuid", "noexec", "nodev", "ro"]}],
    "linux": {"namespaces": [{"type": t} for t in
              ("pid", "network", "ipc", "uts", "mount", "cgroup")],
              "maskedPaths": ["/proc/version"], "readonlyPaths": ["/proc/sys"]},
}
p, l = c["process"], c["linux"]
every = ("bounding", "permitted", "effective", "inheritable", "ambient")
def mount(destination, source=None, type=None, options=(), **more):
    m = {"destination": destination, "options": list(options), **more}
    if source: m["source"] = source
    if type: m["type"] = type
    c["mounts"].append(m)
def capable(*names):
    p["capabilities"] = {s: ["CAP_" + n for n in names] for s in every}
def filter(action, *names, **more):
    l["seccomp"] = {"defaultAction": "SCMP_ACT_ALLOW",
                    "syscalls": [{"names": list(names), "action": "SCMP_ACT_" + action, **more}]}
def without(type):
    l["namespaces"] = [n for n in l["namespaces"] if n["type"] != type]
for line in sys.argv[2:]:
    exec(line)
json.dump(c, open(sys.argv[1], "w"))
PYTHON
}

# inside COMMAND LINE...: what a shell in the container of this configuration says.
inside() {
	config "p['args'] = ['sh', '-c', '''$1''']" "${@:2}"
	oci run --bundle "$BUNDLE" "$ID" </dev/null
}
