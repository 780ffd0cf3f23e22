# SPDX-License-Identifier: GPL-2.0-or-later
# shellcheck shell=bash
# zonectl.service, and when zones that it boots and ends did so.

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

service_is() {
	[ "$(systemctl show -P ActiveState zonectl.service)" = "$1" ]
}

running_are() {
	says "$1" sh -c "zonectl list -H -o name | xargs"
}

# A zone's own scripts note when its init ends it.
notes_its_end() {
	zonectl exec "$1" -- sh -c 'printf "#!/bin/sh\n[ \$1 = start ] || cat /proc/uptime >/var/log/stopped\n" >/etc/init.d/S10x; chmod +x /etc/init.d/S10x'
}

# Hundredths of a second after that boot of the host.
stopped() {
	zonectl exec "$1" -- cat /var/log/stopped | cut -d' ' -f1 | tr -d .
}

# The start of the zone's first process, in ticks since the host's boot.
started() {
	sed 's/.*) //' "/proc/$(pid_of "$1" init)/stat" | cut -d' ' -f20
}

# This power-on's number.
power_on() {
	echo $(($(cat /etc/power-ons 2>/dev/null) + 1)) | tee /run/power-ons
	cp /run/power-ons /etc/power-ons
}

# The way a user turns the host off.
power_off() {
	touch /run/vm-stay
	systemctl --no-block poweroff
}
