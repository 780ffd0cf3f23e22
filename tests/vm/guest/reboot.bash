# SPDX-License-Identifier: GPL-2.0-or-later
# Zones that boot with the host and end with it, by zonectl.service. A power-on each; which one it is
# stands in a file.

. /vm/tap.bash
. /vm/service.bash

zone() {
	zonectl create "$@" -t minimal
	zonectl boot "$1" --wait="$(secs 60)"
	notes_its_end "$1"
	zonectl exec "$1" -- sh -c 'echo before >/root/note'
}

zones() {
	zonectl template build minimal
	zone db --autoboot yes --boot-order 10
	zone web --autoboot last --boot-order 20
	zone ended --autoboot last
	zone off
	zonectl shutdown ended db
	systemctl start zonectl.service
	running_are "db off web"
}

slice() {
	says active systemctl is-active zonectl.slice
	says "/usr/local/lib/systemd/system/zonectl.slice" systemctl show -P FragmentPath zonectl.slice
	says yes systemctl show -P MemoryAccounting zonectl.slice
	grep -qw memory /sys/fs/cgroup/zonectl.slice/cgroup.controllers
	[ ! -e /sys/fs/cgroup/system.slice/zonectl.service ]
}

# Until the service has done what it does when the host boots.
booted() {
	within 90 service_is active
	running_are "$1"
}

# Of the life before. A zone's first process writes to its log when it has been asked to end.
was_shut_down() {
	local name
	for name in db web; do
		says before zonectl exec "$name" -- cat /root/note
		zonectl exec "$name" -- test -s /var/log/stopped
	done
	zonectl boot off
	zonectl exec off -- test -s /var/log/stopped
}

in_order() {
	local db web
	web=$(stopped web) db=$(stopped db)
	echo "web ended at $web, db at $db"
	[ "$web" -lt "$db" ]
	[ "$(started db)" -lt "$(started web)" ]
}

user_ends_web() {
	zonectl shutdown web
	running_are "$1"
}

whole() {
	zonectl verify --all
	zonectl template verify minimal
	zonectl destroy --force -y --all
	says "" ls /var/lib/zonectl/zones
}

cut_power() {
	sync
	sleep 0.5	# for the serial line
	echo o >/proc/sysrq-trigger
	sleep 60
}

case $(power_on) in
1)
	claim "the units can be enabled" install_it
	claim "the service boots zones" zones
	claim "zones run in the slice that was installed" slice
	power_off
	;;
2)
	claim "after a shutdown of the host: yes and last, nothing that was down or has autoboot=no" booted "db web"
	claim "their inits had ended them, also the zone with autoboot=no" was_shut_down
	claim "by boot-order, last ones first, and booted the other way round" in_order
	claim "a zone with autoboot=last is shut down by its user" user_ends_web "db off"
	cut_power
	;;
3)
	claim "after a power cut what its user ended stays down" booted db
	claim "it is booted again" zonectl boot web ended
	cut_power
	;;
*)
	claim "after a power cut what ran comes back" booted "db ended web"
	claim "zones and templates are whole" whole
	done_claims
	;;
esac
