# SPDX-License-Identifier: GPL-2.0-or-later
# Zones that boot with the host and end with it, by zonectl.service. A power-on each; which one it is
# stands in a file.

. /vm/tap.bash

turn=$(($(cat /etc/power-ons 2>/dev/null) + 1))
echo "$turn" >/etc/power-ons

# As make install does.
install_it() {
	local unit
	install -m 755 /vm/zonectl /usr/local/sbin/zonectl
	mkdir -p /usr/local/lib/systemd/system
	for unit in zonectl.service zonectl.slice; do
		sed 's,=\(-\?\)[^ ]*/zonectl ,=\1/usr/local/sbin/zonectl ,' "/vm/$unit" >"/usr/local/lib/systemd/system/$unit"
	done
	systemctl daemon-reload
	systemctl enable zonectl.service
}

# Its init's own scripts note when they end it.
zone() {
	zonectl create "$@" -t minimal
	zonectl boot "$1" --wait=60s
	zonectl exec "$1" -- sh -c 'printf "#!/bin/sh\n[ \$1 = start ] || cat /proc/uptime >/var/log/stopped\n" >/etc/init.d/S10x; chmod +x /etc/init.d/S10x; echo before >/root/note'
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

running_are() {
	says "$1" sh -c "zonectl list -H -o name | xargs"
}

# Until the service has done what it does when the host boots.
booted() {
	within 90 service_is active
	running_are "$1"
}

service_is() {
	[ "$(systemctl show -P ActiveState zonectl.service)" = "$1" ]
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

# Hundredths of a second after that boot of the host.
stopped() {
	zonectl exec "$1" -- cat /var/log/stopped | cut -d' ' -f1 | tr -d .
}

# The start of the zone's first process, in ticks since the host's boot.
started() {
	sed 's/.*) //' "/proc/$(pid_of "$1" init)/stat" | cut -d' ' -f20
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

case $turn in
1)
	claim "the units can be enabled" install_it
	claim "the service boots zones" zones
	claim "zones run in the slice that was installed" slice
	touch /run/vm-stay
	systemctl --no-block poweroff
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
