# SPDX-License-Identifier: GPL-2.0-or-later
# Thirty zones that boot with the host in three orders, one that cannot, and one that does not end.

. /vm/tap.bash
. /vm/service.bash

zones() {
	zonectl template build minimal
	zonectl create seed -t minimal --boot
	notes_its_end seed
	zonectl exec seed -- sh -c 'echo "[ \$1 = start ] || [ ! -e /etc/stuck ] || sleep 1000" >>/etc/init.d/S10x'
	zonectl shutdown seed
	zonectl template make seed --name notes
	zonectl destroy -y seed
	zonectl create 'n{01..30}' -t notes --autoboot yes
	zonectl set 'n{01..10}' boot-order=10
	zonectl set 'n{11..20}' boot-order=20
	zonectl set 'n{21..30}' boot-order=30
	echo | zonectl push - n30:/etc/stuck
	zonectl create bad -t minimal --autoboot yes --init /nonesuch
}

# How long a program takes to be started and to end, in microseconds, again and again.
probe() {
	local before after

	mkfifo /run/never 2>/dev/null || :
	exec 8<>/run/never
	while :; do
		before=${EPOCHREALTIME/./}
		/bin/true
		after=${EPOCHREALTIME/./}
		echo $((after - before))
		read -r -t 0.02 -u 8 || :
	done
}

# probed FILE COMMAND...
probed() {
	local probe file=$1

	shift
	probe >"$file" &
	probe=$!
	"$@"
	kill "$probe"
	wait "$probe" || :
}

# of_probe PERCENT FILE: what so many of the times are below.
of_probe() {
	sort -n "$2" | awk -v percent="$1" '{ v[NR] = $1 } END { print v[int((NR - 1) * percent / 100) + 1] }'
}

# The same host, with nothing to do and while it boots the zones.
stays_responsive() {
	local idle busy started

	probed /run/idle sleep 5
	started=${EPOCHREALTIME/./}
	probed /run/busy systemctl start zonectl.service
	echo $(((${EPOCHREALTIME/./} - started) / 1000)) >/run/boot_ms
	idle=$(of_probe 50 /run/idle) busy=$(of_probe 50 /run/busy)
	echo "fork and exec: half within $idle us idle, $busy us booting; 95% $(of_probe 95 /run/idle)," \
		"$(of_probe 95 /run/busy); all $(of_probe 100 /run/idle), $(of_probe 100 /run/busy);" \
		"$(wc -l </run/busy) times in $(cat /run/boot_ms) ms" | tee /run/figures
	[ "$(wc -l </run/busy)" -ge 20 ]
	[ "$busy" -lt $((idle * 6)) ]
}

all_run() {
	running_are "$(echo n{01..30})" && return
	journalctl -q --no-pager -o cat -u zonectl.service | tail -n 10
	return 1
}

# states_but PATTERN: the zones whose state is another.
states_but() {
	zonectl list -a -H -o name,state | sed -E "/ +($1)$/d"
}

count_running() {
	zonectl list -H -o name | wc -l
}

# of_order FIRST LAST FUNCTION: for each of these zones, sorted.
of_order() {
	local i

	for i in $(seq -w "$1" "$2"); do
		"$3" "n$i"
	done | sort -n
}

boots_in_order() {
	local a b c

	a=$(of_order 01 10 started | tail -n 1)
	b=$(of_order 11 20 started)
	c=$(of_order 21 30 started | head -n 1)
	printf 'the last of 10 at %s, of 20 from %s to %s, the first of 30 at %s\n' "$a" "${b%%$'\n'*}" "${b##*$'\n'}" "$c"
	[ "$a" -lt "${b%%$'\n'*}" ]
	[ "${b##*$'\n'}" -lt "$c" ]
}

tells_what_failed() {
	systemctl --no-pager --full status zonectl.service | tee /run/status || :
	grep -q 'Active: active (exited)' /run/status
	grep -q 'boot bad: .*/nonesuch' /run/status
}

# Those that were begun run, the others were not touched; a later call boots these.
keeps_a_deadline() {
	local n

	zonectl halt --all
	fails_with 9 "not tried" zonectl boot --autoboot --deadline "$(($(cat /run/boot_ms) / 3))ms"
	n=$(count_running)
	echo "$n booted"
	[ "$n" -gt 0 ]
	[ "$n" -lt 30 ]
	says "" states_but 'running|installed'
	fails_with 9 "boot bad:" zonectl boot --autoboot
	all_run
}

# systemd ends the command that boots, and then has every zone shut down.
stops_amid_boots() {
	zonectl halt --all
	systemctl stop zonectl.service
	systemctl --no-block start zonectl.service
	within 30 some_run
	service_is activating
	systemctl stop zonectl.service
	says 0 count_running
	says "" states_but installed
	says "" find /run/zonectl -mindepth 1 -name 'n*'
}

some_run() {
	[ "$(count_running)" -ge 3 ]
}

# The time of going down, in hundredths of a second since this boot.
goes_down() {
	systemctl start zonectl.service
	all_run
	cut -d' ' -f1 /proc/uptime | tr -d . >/etc/went-down
}

booted_again() {
	within 120 service_is active
	all_run
}

# One that takes too long is halted when its order's part of the two minutes is over; all others were
# ended by their inits, order after order.
went_down_in_order() {
	local a b c

	a=$(of_order 01 10 stopped)
	b=$(of_order 11 20 stopped)
	c=$(of_order 21 30 stopped)
	echo "down from $(cat /etc/went-down): $(xargs <<<"$c"), $(xargs <<<"$b"), $(xargs <<<"$a")"
	[ "$(wc -w <<<"$a $b $c")" -eq 30 ]
	[ "${c##*$'\n'}" -le "${b%%$'\n'*}" ]
	[ "${b##*$'\n'}" -le "${a%%$'\n'*}" ]
	[ $((${a##*$'\n'} - $(cat /etc/went-down))) -lt 12000 ]
}

case $(power_on) in
1)
	claim "thirty zones are made" zones
	claim "the units can be enabled" install_it
	claim "the host stays responsive while it boots them" stays_responsive
	sed 's/^/# /' /run/figures
	claim "all boot" all_run
	claim "those of an order begin when all of the one before have booted" boots_in_order
	claim "systemctl status says which one did not boot, and why" tells_what_failed
	claim "--deadline begins no more, what it left boots later" keeps_a_deadline
	claim "stopped amid boots, the service leaves no zone running or half booted" stops_amid_boots
	claim "the host goes down" goes_down
	power_off
	;;
*)
	claim "they boot with the host" booted_again
	claim "they had ended in time and order, though one did not end" went_down_in_order
	done_claims
	;;
esac
