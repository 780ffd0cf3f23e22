# SPDX-License-Identifier: GPL-2.0-or-later
# Before and after a power cut. Nothing is synced in between but by zonectl itself.

. /vm/tap.bash

before() {
	zonectl template build minimal
	zonectl create a b c -t minimal --memory 64M
	zonectl boot a b --wait="$(secs 30)"
	state_is a running
	state_is b running
	zonectl freeze b
}

cut_power() {
	touch /etc/power-was-cut
	sync /etc/power-was-cut
	sleep 0.5	# for the serial line
	echo o >/proc/sysrq-trigger
	sleep 60
}

lists() {
	says "" zonectl list -H
	says "a installed
b installed
c installed" sh -c "zonectl list -a -H -o name,state | xargs -n 2"
}

is_whole() {
	zonectl verify --all
	zonectl template verify minimal
}

boots_again() {
	zonectl boot a b c --wait="$(secs 30)"
	says a zonectl exec a -- hostname
	state_is b running
	zonectl shutdown a b c
}

ends() {
	zonectl destroy -y a b c
	zonectl template remove minimal
	says "" ls /var/lib/zonectl/zones
}

if [ ! -e /etc/power-was-cut ]; then
	claim "zones run, one of them frozen" before
	cut_power
fi
claim "after a power cut every zone is installed, none runs" lists
claim "zones and templates are whole" is_whole
claim "they boot again" boots_again
claim "they can be destroyed" ends
done_claims
