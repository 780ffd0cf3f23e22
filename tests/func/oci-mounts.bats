#!/usr/bin/env bats
# SPDX-License-Identifier: GPL-2.0-or-later
# The OCI front: what config.json asks for mounts and paths is so inside, option by option.

load ../lib/zone
load ../lib/oci

setup_file() {
	oci_setup_file
	# Somewhere that files are bound from, with a mount below it.
	export SOURCE=$BATS_FILE_TMPDIR/source
	mkdir "$SOURCE"
	mount -t tmpfs tmpfs "$SOURCE"
	mkdir "$SOURCE/below" "$SOURCE/plain"
	mount -t tmpfs tmpfs "$SOURCE/below"
	echo here >"$SOURCE/file"
	ln -s file "$SOURCE/link"
	cp "$BUNDLE/rootfs/bin/busybox" "$SOURCE/program"
}

teardown_file() {
	umount "$SOURCE/below" "$SOURCE"
	store_close
}

setup() { ID=ocim-$BATS_TEST_NUMBER-$$; }

teardown() { oci delete --force "$ID"; }

# options MOUNTPOINT: its options and those of its filesystem as a container sees them.
options() { echo "while read -r a b c d e f g; do [ \"\$e\" != $1 ] || echo \"\$f \$g\"; done </proc/self/mountinfo"; }

@test "flags of a mount are set and cleared" {
	inside "$(options /m)" "mount('/m', 'tmpfs', 'tmpfs', ['ro', 'nosuid', 'nodev', 'noexec', 'noatime', 'nosymfollow', 'size=1m', 'mode=711'])" >"$BATS_TEST_TMPDIR/said"
	grep -q "^ro,nosuid,nodev,noexec,noatime,nosymfollow " "$BATS_TEST_TMPDIR/said"
	grep -q "size=1024k,mode=711" "$BATS_TEST_TMPDIR/said"
	inside "$(options /m)" "mount('/m', '$SOURCE', 'bind', ['bind', 'ro', 'nosuid', 'suid', 'noexec', 'exec', 'nodiratime'])" | grep -q "^ro,nodiratime,relatime "
	inside "$(options /m)" "mount('/m', 'tmpfs', 'tmpfs', ['sync', 'dirsync'])" | grep -q "sync,dirsync"
	not inside true "mount('/m', 'tmpfs', 'tmpfs', ['nonsense'])"
}

# Written to the mount and to the one below it.
tries() { echo "for f in $1/x $1/below/x; do (: >\$f) 2>/dev/null && echo yes || echo no; done | tr \"\\n\" \" \""; }

@test "bind takes one mount, rbind all, and recursive flags are of all of them" {
	prints "no" inside 'grep -q " /m/below " /proc/self/mountinfo && echo yes || echo no' "mount('/m', '$SOURCE', options=['bind'])"
	prints "yes" inside 'grep -q " /m/below " /proc/self/mountinfo && echo yes || echo no' "mount('/m', '$SOURCE', options=['rbind'])"
	prints "no yes " inside "$(tries /m)" "mount('/m', '$SOURCE', options=['rbind', 'ro'])"
	prints "no no " inside "$(tries /m)" "mount('/m', '$SOURCE', options=['rbind', 'rro'])"
	prints "no no " inside "$(tries /m)" "mount('/m', '$SOURCE', options=['rbind', 'rrw', 'rro'])"
	prints "yes yes " inside "$(tries /m)" "mount('/m', '$SOURCE', options=['rbind', 'rro', 'rrw'])"
	inside "$(options /m/below)" "mount('/m', '$SOURCE', options=['rbind', 'rnosuid', 'rnodev', 'rnoexec', 'rnoatime', 'rnodiratime', 'rnosymfollow'])" |
		grep -q "^rw,nosuid,nodev,noexec,noatime,nodiratime,nosymfollow "
}

@test "propagation is the one asked for" {
	inside "$(options /m)" "mount('/m', '$SOURCE', options=['rbind', 'shared'])" | grep -q "shared:"
	inside "$(options /m)" "mount('/m', '$SOURCE', options=['rbind', 'unbindable'])" | grep -q "unbindable"
	not grep -q "shared:\|master:\|unbindable" <(inside "$(options /m)" "mount('/m', '$SOURCE', options=['rbind', 'rprivate'])")
	inside "$(options /)" "l['rootfsPropagation'] = 'shared'" | grep -q "shared:"
	inside "$(options /)" "l['rootfsPropagation'] = 'unbindable'" | grep -q "unbindable"
}

@test "files and directories are bound over what is missing, links and devices" {
	prints "here" inside 'cat /new/dir/file' "mount('/new/dir/file', '$SOURCE/file', options=['bind'])"
	prints "file" inside 'readlink /new/copied' "mount('/new/copied', '$SOURCE/link', options=['bind', 'copy-symlink'])"
	prints "here" inside 'cat /new/followed' "mount('/new/followed', '$SOURCE/link', options=['bind', 'copy-symlink', 'ro'])" \
		"c['mounts'][-1]['source'] = '$SOURCE/file'"
	prints "file" inside 'readlink /new/itself' "mount('/new/itself', '$SOURCE/link', options=['bind', 'src-nofollow'])"
	fails 1 "mount '/etc/passwd': 'passwd' is there and is another file" inside true \
		"mount('/etc/passwd', '$SOURCE/link', options=['bind', 'copy-symlink'])"
	local rootfs

	rootfs=$(own_rootfs)
	echo image >"$rootfs/target"
	ln -s target "$rootfs/alias"
	prints "here here link" inside 'echo $(cat /alias) $(cat /target) $([ -L /alias ] && echo link)' \
		"c['root']['path'] = '$rootfs'" "mount('/alias', '$SOURCE/file', options=['bind'])"
	prints "here image" inside 'echo $(cat /alias) $(cat /target) $([ -L /alias ] && echo link)' \
		"c['root']['path'] = '$rootfs'" "mount('/alias', '$SOURCE/file', options=['bind', 'dest-nofollow'])"
	fails 1 "mount '/m': bind mount without a source" inside true "mount('/m', type='bind')"
	not inside true "mount('/m', '$SOURCE/none', options=['bind'])"
}

@test "a tmpfs has the mode of what it covers, and with tmpcopyup its files" {
	local rootfs

	rootfs=$(own_rootfs)
	mkdir -p "$rootfs/data/sub"
	echo kept >"$rootfs/data/sub/file"
	ln -s sub/file "$rootfs/data/link"
	chown -R 7:8 "$rootfs/data"
	chmod 750 "$rootfs/data"
	prints "1777 700 1777" inside 'echo $(stat -c %a /tmp /private /made)' "c['root']['path'] = '$rootfs'" \
		"mount('/tmp', 'tmpfs', 'tmpfs')" "mount('/private', 'tmpfs', 'tmpfs', ['mode=700'])" "mount('/made', 'tmpfs', 'tmpfs')"
	prints "750 7:8 kept kept 7:8 1" inside 'cd /data; echo $(stat -c "%a %u:%g" .) $(cat link sub/file) $(stat -c "%u:%g" sub/file) $( (: >x) 2>/dev/null || echo 1)' \
		"c['root']['path'] = '$rootfs'" "mount('/data', 'tmpfs', 'tmpfs', ['tmpcopyup', 'ro'])" "capable('DAC_OVERRIDE')"
	[ ! -e "$rootfs/data/x" ]
	prints "" inside 'ls /empty' "mount('/empty', 'tmpfs', 'tmpfs', ['tmpcopyup'])"
	fails 1 "mount '/m': option tmpcopyup is of a tmpfs alone" inside true "mount('/m', 'mqueue', 'mqueue', ['tmpcopyup'])"
}

@test "an idmapped mount has the owners that its mappings make" {
	prints "1000:2000" inside 'stat -c %u:%g /m/file' "mount('/m', '$SOURCE', options=['bind'], uidMappings=[{'containerID': 0, 'hostID': 1000, 'size': 10}], gidMappings=[{'containerID': 0, 'hostID': 2000, 'size': 10}])"
	prints "1000 0" inside 'echo $(stat -c %u /m) $(stat -c %u /m/below)' \
		"mount('/m', '$SOURCE', options=['rbind', 'idmap'], uidMappings=[{'containerID': 0, 'hostID': 1000, 'size': 10}], gidMappings=[{'containerID': 0, 'hostID': 1000, 'size': 10}])"
	prints "1000 1000" inside 'echo $(stat -c %u /m) $(stat -c %u /m/below)' \
		"mount('/m', '$SOURCE', options=['rbind', 'ridmap'], uidMappings=[{'containerID': 0, 'hostID': 1000, 'size': 10}], gidMappings=[{'containerID': 0, 'hostID': 1000, 'size': 10}])"
	# Without mappings those of the container: root's files of the host are root's inside.
	chmod 755 "$BATS_FILE_TMPDIR" "$BUNDLE"
	prints "0 65534" inside 'echo $(stat -c %u /m/file) $(stat -c %u /n/file)' \
		"mount('/m', '$SOURCE', options=['bind', 'idmap'])" "mount('/n', '$SOURCE', options=['bind'])" \
		"l['namespaces'].append({'type': 'user'})" \
		"l['uidMappings'] = l['gidMappings'] = [{'containerID': 0, 'hostID': 100000, 'size': 65536}]"
	fails 1 "mount '/m': an idmapped mount needs uidMappings and gidMappings, or a user namespace" inside true \
		"mount('/m', '$SOURCE', options=['bind', 'idmap'])"
}

@test "filesystems of the kernel are mounted as asked" {
	prints "mqueue sysfs devpts" inside 'echo $(stat -f -c %T /dev/mqueue | sed s/UNKNOWN.*/mqueue/) $(stat -f -c %T /sys) $(stat -f -c %T /dev/pts)' \
		"mount('/dev/mqueue', 'mqueue', 'mqueue', ['nosuid', 'noexec', 'nodev'])"
	inside "$(options /sys)" | grep -q "^ro,nosuid,nodev,noexec"
	inside "$(options /proc)" "c['mounts'][0]['options'] = ['hidepid=2', 'nosuid']" | grep -q "^rw,nosuid.*hidepid=invisible"
	prints "crw-rw-rw- 666" inside 'echo $(ls -l /dev/pts/ptmx | cut -c1-10) $(stat -c %a /dev/pts/ptmx)'
	not inside true "mount('/m', 'none', 'nosuchfs')"
}

@test "paths are masked and read-only, and a read-only root is" {
	prints "0 0 no" inside 'echo $(wc -c </proc/version) $(ls /sys/kernel | wc -l) $( (: >/sys/x) 2>/dev/null || echo no)' \
		"l['maskedPaths'] = ['/proc/version', '/sys/kernel', '/none/there']"
	prints "no" inside '(echo x >/proc/sys/kernel/hostname) 2>/dev/null && echo yes || echo no'
	prints "no yes" inside 'echo $( (: >/etc/x) 2>/dev/null && echo yes || echo no) $( (: >/dev/x) && echo yes)' \
		"l['readonlyPaths'] = ['/etc']"
	prints "no" inside '(: >/x) 2>/dev/null && echo yes || echo no' "c['root']['readonly'] = True"
	rm -f "$BUNDLE/rootfs/etc/x"
}

@test "the root can be had without pivot_root, too" {
	config "p['args'] = ['sh', '-c', 'ls -d /bin $SOURCE $BUNDLE 2>/dev/null; pwd']"
	prints "/bin
/" oci run --no-pivot --bundle "$BUNDLE" "$ID" </dev/null
}

@test "a container without a mount namespace has its root, and leaves no mount behind" {
	local before

	before=$(grep -c . /proc/self/mountinfo)
	config "p['args'] = ['sleep', '1000']" "without('mount')" "l['maskedPaths'] = l['readonlyPaths'] = []"
	oci create --bundle "$BUNDLE" "$ID" </dev/null >/dev/null 2>&1
	oci start "$ID"
	prints "sleep 1000 /bin" oci exec "$ID" sh -c 'echo $(tr "\0" " " </proc/1/cmdline) $(ls -d /bin)'
	oci delete --force "$ID"
	[ "$(grep -c . /proc/self/mountinfo)" -eq "$before" ]
	not inside true "without('mount')" "l['maskedPaths'] = l['readonlyPaths'] = []" "mount('/m', 'none', 'nosuchfs')"
	[ "$(grep -c . /proc/self/mountinfo)" -eq "$before" ]
	rm -f "$BUNDLE"/rootfs/dev/* 2>/dev/null || :
	fails 1 "root.readonly: it needs a mount namespace of the container's own" inside true "without('mount')" \
		"l['maskedPaths'] = l['readonlyPaths'] = []" "c['root']['readonly'] = True"
}

@test "namespaces are entered by their paths" {
	unshare --uts --ipc sleep 1000 </dev/null >/dev/null 2>&1 3>&- 4>&- &
	local other=$!

	deadline 5 test "$(readlink /proc/self/ns/uts)" != "$(readlink /proc/$other/ns/uts)"
	prints "$(readlink /proc/$other/ns/uts)" inside 'readlink /proc/self/ns/uts' "without('uts')" \
		"l['namespaces'].append({'type': 'uts', 'path': '/proc/$other/ns/uts'})"
	prints "$(readlink /proc/self/ns/net)" inside 'readlink /proc/self/ns/net' "without('network')" "c['mounts'].pop()"
	kill "$other"
	fails 1 "open namespace '/none': No such file or directory" inside true "without('uts')" \
		"l['namespaces'].append({'type': 'uts', 'path': '/none'})"
}

@test "clocks have their offsets" {
	local up

	up=$(inside 'cut -d. -f1 /proc/uptime' "l['namespaces'].append({'type': 'time'})" \
		"l['timeOffsets'] = {'boottime': {'secs': 1000000, 'nanosecs': 5}, 'monotonic': {'secs': 2000000}}")
	[ "$up" -ge $(($(cut -d. -f1 /proc/uptime) + 999990)) ]
	prints "monotonic 2000000 0
boottime 1000000 5" inside "sed \"s/  */ /g\" /proc/self/timens_offsets" "l['namespaces'].append({'type': 'time'})" \
		"l['timeOffsets'] = {'boottime': {'secs': 1000000, 'nanosecs': 5}, 'monotonic': {'secs': 2000000}}"
}
