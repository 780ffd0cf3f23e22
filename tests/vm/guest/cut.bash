# SPDX-License-Identifier: GPL-2.0-or-later
# Zones are created and destroyed until the power fails. What was said to be done is done after that,
# the rest can be repaired, and nothing is left of what was neither.

. /vm/tap.bash

turn=$(($(cat /etc/power-ons 2>/dev/null) + 1))
echo "$turn" >/etc/power-ons

var=/var/lib/zonectl
done_log=/etc/done			# "+zone", "-zone": as zonectl said it

# Says it to the disk, so that it is not lost where the zone is not.
note() {
	(
		flock 9
		echo "$1" >>"$done_log"
		sync "$done_log"
	) 9>/run/note.lock
}

# Creates zones, and destroys every second one, until the power is cut.
churn() {
	local storage=$1 i name

	for ((i = 0; ; i++)); do
		name=$storage$turn-$i
		zonectl create "$name" -t minimal --storage "$storage" && note "+$name"
		[ $((i % 2)) -eq 0 ] && zonectl destroy -y "$name" && note "-$name"
	done
}

cut_power() {
	churn overlay >/run/overlay.log 2>&1 &
	churn copy >/run/copy.log 2>&1 &
	within 30 enough
	sleep "0.$((RANDOM % 900 + 100))"
	echo b >/proc/sysrq-trigger
	sleep 60
}

# At least three creates are noted in this turn.
enough() {
	[ "$(grep -c "^+[a-z]*$turn-" "$done_log")" -ge 3 ]
}

names() {
	zonectl list -a -H -o name | sort
}

# By what was noted: "created".
noted() {
	sed -n 's/^+//p' "$done_log" | sort >/run/made
	sed -n 's/^-//p' "$done_log" | sort >/run/gone
	comm -23 /run/made /run/gone
}

# Destroyed without being noted yet is what the last destroys of a turn may be.
nothing_is_lost() {
	cat "$done_log"
	names
	ls -A "$var/zones"
	zonectl list -a -H -o name,state | tee /dev/stderr | awk '$2 != "installed" && $2 != "incomplete" { bad = 1 } END { exit bad }'
	names >/run/now
	noted >/run/noted
	# Each that is missing was being destroyed: it is its churn's last, and would be next to go.
	comm -23 /run/noted /run/now >/run/missing
	for name in $(cat /run/missing); do
		[ $((${name##*-} % 2)) -eq 0 ]
		! grep -q "^+${name%-*}-$((${name##*-} + 1))\$" "$done_log"
	done
	# What was destroyed is not there again.
	says "" comm -12 /run/gone /run/now
}

repaired() {
	zonectl repair --all
	says "" find "$var/zones" -maxdepth 1 -name '.*' ! -name zones
	zonectl verify --all
	zonectl template verify minimal
	says "$(names)" sh -c "ls $var/zones"
}

boots() {
	local name
	name=$(names | head -n 1)
	zonectl boot "$name" --wait="$(secs 60)"
	says "$name" zonectl exec "$name" -- hostname
	zonectl halt "$name"
}

ends() {
	zonectl destroy -y --all
	says "" ls -A "$var/zones"
}

if [ "$turn" -eq 1 ]; then
	claim "a template is built" zonectl template build minimal
else
	claim "cut $((turn - 1)): what was created is there, what was destroyed is not" nothing_is_lost
	claim "cut $((turn - 1)): repair makes the store whole" repaired
	claim "cut $((turn - 1)): a zone boots" boots
fi
if [ "$turn" -lt 4 ]; then
	touch "$done_log"
	sync
	cut_power
fi
claim "destroy leaves nothing" ends
done_claims
