# SPDX-License-Identifier: GPL-2.0-or-later
# shellcheck disable=SC2154,SC2016 # bundle is container.bash's; expressions of other shells
# Containers of an ordinary user, whose groups are below those that systemd has given to him.

. /vm/tap.bash
. /vm/container.bash

manager=/user.slice/user-1000.slice/user@1000.service

# A user whose systemd has every controller, as for who lingers.
user_is_made() {
	local dir=/etc/systemd/system/user@.service.d

	useradd -m -u 1000 user
	echo user:100000:65536 | tee /etc/subuid >/etc/subgid
	mkdir -p "$dir"
	printf '[Service]\nDelegate=cpu cpuset io memory pids\n' >"$dir/delegate.conf"
	systemctl daemon-reload
	loginctl enable-linger user
	within 60 test -S /run/user/1000/bus
	within 60 systemctl is-active user@1000.service
	says "$manager" systemctl show -P ControlGroup user@1000.service
}

# As in a shell of his login: below his systemd, with its bus.
as_user() {
	local group=/sys/fs/cgroup$manager/login

	mkdir -p "$group"
	(
		echo "$BASHPID" >"$group/cgroup.procs"
		cd /home/user || exit
		exec setpriv --reuid 1000 --regid 1000 --clear-groups env -i HOME=/home/user USER=user PATH="$PATH" \
			XDG_RUNTIME_DIR=/run/user/1000 DBUS_SESSION_BUS_ADDRESS=unix:path=/run/user/1000/bus \
			timeout "$(secs 60)" "$@"
	)
}

# delegated SCRIPT: in a scope of his own, of which it leaves the root to groups of containers.
delegated() {
	as_user systemd-run --user --scope -q -p Delegate=yes --unit=hand --slice=app.slice sh -ec '
		here=/sys/fs/cgroup$(cut -d: -f3 /proc/self/cgroup)
		mkdir "$here/me"
		echo $$ >"$here/me/cgroup.procs"
		'"$1"
}

# $1: uidMappings
by_hand_with() {
	configure cgroups=rw cgroupsPath="\"$manager/app.slice/hand.scope/box\"" uidMappings="$1" \
		resources='{ "pids": { "limit": 44 }, "memory": { "limit": 67108864 }, "cpu": { "quota": 30000, "period": 60000 } }'
	chmod 755 /srv "$bundle"
	chmod 644 "$bundle/config.json"
}

by_hand() {
	by_hand_with '[ { "containerID": 0, "hostID": 1000, "size": 1 } ]'
	delegated '
		zone-oci run -d --bundle /srv/bundle box </dev/null >/tmp/box.out 2>&1 || { cat /tmp/box.out; exit 1; }
		cat "$here/box/pids.max" "$here/box/memory.max" "$here/box/cpu.max"
		zone-oci exec box cat /proc/self/cgroup
		zone-oci exec box mkdir /sys/fs/cgroup/mine
		zone-oci update --pids-limit 33 box
		cat "$here/box/pids.max"
		zone-oci pause box
		cat "$here/box/cgroup.freeze"
		zone-oci resume box
		zone-oci list -q
		zone-oci kill box KILL
		until zone-oci state box | grep -q stopped; do sleep 0.1; done
		zone-oci delete box
		zone-oci list -q
		! test -e "$here/box"' >/run/said
	diff - /run/said <<-END
		44
		67108864
		30000 60000
		0::/
		33
		1
		box
	END
}

beside() {
	configure cgroups=rw cgroupsPath='""' uidMappings='[ { "containerID": 0, "hostID": 1000, "size": 1 } ]' \
		resources='{ "pids": { "limit": 45 } }'
	chmod 644 "$bundle/config.json"
	delegated '
		zone-oci run -d --bundle /srv/bundle box </dev/null >/tmp/box.out 2>&1 || { cat /tmp/box.out; exit 1; }
		cat "$here/box/pids.max"
		zone-oci delete --force box
		! test -e "$here/box"' >/run/said
	says 45 cat /run/said
}

# A range of his, which newuidmap(1) gives him.
range() {
	by_hand_with '[ { "containerID": 0, "hostID": 1000, "size": 1 }, { "containerID": 1, "hostID": 100000, "size": 65536 } ]'
	delegated '
		zone-oci run -d --bundle /srv/bundle box </dev/null >/tmp/box.out 2>&1 || { cat /tmp/box.out; exit 1; }
		zone-oci exec box sh -c "touch /tmp/5 && chown 5:5 /tmp/5 && stat -c %u /tmp/5"
		zone-oci exec -u 7 box id -u
		zone-oci delete --force box' >/run/said
	says "5
7" cat /run/said
}

# What systemd has not given to him is refused, and leaves nothing.
foreign() {
	configure cgroupsPath='"/oci/box"' uidMappings='[ { "containerID": 0, "hostID": 1000, "size": 1 } ]' \
		resources='{ "pids": { "limit": 44 } }'
	chmod 644 "$bundle/config.json"
	fails_with 1 "ermission denied" delegated 'zone-oci run -d --bundle /srv/bundle box </dev/null'
	says "" as_user zone-oci list -q
	[ ! -e /sys/fs/cgroup/oci ]
}

podman() {
	as_user podman --log-level error --runtime /vm/zone-oci --storage-driver vfs "$@"
}

image() {
	zonectl template export minimal >/srv/minimal.tar
	podman import -q -c 'ENV PATH=/bin:/sbin:/usr/bin:/usr/sbin' /srv/minimal.tar minimal
	says "true v2 systemd" podman info -f '{{.Host.Security.Rootless}} {{.Host.CgroupsVersion}} {{.Host.CgroupManager}}'
}

# box [OPTION...]: one that stays.
box() {
	podman run -d --network none --name box "$@" minimal sleep 1000 >/dev/null
}

# of_box FILE: of its group.
of_box() {
	cat "/sys/fs/cgroup$(podman inspect -f '{{.State.CgroupPath}}' box)/$1"
}

podman_limits() {
	box --memory 64m --pids-limit 50 --cpus 0.5
	[[ $(podman inspect -f '{{.State.CgroupPath}}' box) == "$manager"/*/libpod-*.scope ]]
	says 67108864 of_box memory.max
	says 50 of_box pids.max
	says "50000 100000" of_box cpu.max
	[ "$(podman stats --no-stream --format '{{.PIDs}}' box)" -ge 1 ]
	fails_with 137 "" podman exec box sh -c 'head -c 200000000 /dev/zero | tail -n 1'
}

podman_life() {
	says 5 podman exec -u 5 box id -u
	fails_with 9 "" podman exec box sh -c 'exit 9'
	podman pause box
	says paused podman inspect -f '{{.State.Status}}' box
	says 1 of_box cgroup.freeze
	podman unpause box
	says running podman inspect -f '{{.State.Status}}' box
	podman stop -t 1 box
	podman start box
	says true podman inspect -f '{{.State.Running}}' box
	podman rm -f -t 0 box
}

cgroupfs() {
	podman --cgroup-manager cgroupfs run --rm --network none --pids-limit 40 minimal cat /sys/fs/cgroup/pids.max >/run/said ||
		{ cat /run/said; return 1; }
	says 40 cat /run/said
}

# Neither with Podman's own records nor without.
nothing_of_podman() {
	says "" podman ps -aq
	says "" as_user zone-oci --root /run/user/1000/zone-oci list -q
	within 10 no_groups
	says "" sh -c "pgrep -u 1000 -a conmon || :"
}

no_groups() {
	[ -z "$(find "/sys/fs/cgroup$manager" -type d -name 'libpod-*' ! -name 'libpod-conmon*')" ]
}

claim "a bundle is made" bundle_is_made
claim "a user's systemd has the controllers" user_is_made
claim "in a delegated scope a user's containers have groups with limits" by_hand
claim "where no group is named, it is beside the caller's" beside
claim "root of a container and others are a range of the user's" range
claim "a group that is not the user's is refused" foreign
claim "an image is made by the user's Podman" image
claim "his Podman has systemd make the scope, with the limits" podman_limits
claim "exec, pause, stop and start" podman_life
claim "with --cgroup-manager cgroupfs the limits hold too" cgroupfs
claim "nothing is left" nothing_of_podman
done_claims
