# SPDX-License-Identifier: GPL-2.0-or-later
# What one more idle zone takes, measured as bench/parts/memory.sh does, of a host on which no other
# zone ever ran. bench/memory.sh reads the figures, "# figure: NAME KiB".

. /vm/tap.bash

ZONES=$(sed -n 's/.*vm\.zones=\([0-9]*\).*/\1/p' /proc/cmdline)
most=1280	# KiB, of any kernel and layout; bench/memory.sh says what it must be

look() {
	sync
	# What is freed comes back in the background.
	sleep 5
	cat /proc/meminfo
}

one_runs() {
	zonectl template build minimal
	zonectl create -q "m{1..$((ZONES + 1))}" -t minimal -j 2
	zonectl boot -q m1 --wait=60s
	look >/run/before
}

# Each has its init and what that starts.
others_run() {
	zonectl boot -q "m{2..$((ZONES + 1))}" -j 2
	within 120 all_are_up
	look >/run/after
	says $((ZONES + 1)) sh -c 'zonectl list -H -o state | grep -c running'
}

all_are_up() {
	[ "$(zonectl stat -H -o pids | awk '{ n += $1 >= 2 } END { print n }')" -gt "$ZONES" ]
}

# each FIELD: KiB for each zone; MemAvailable sinks, the others grow.
each() {
	awk -v field="$1:" -v n="$ZONES" '$1 == field { v[FILENAME] = $2 }
		END { d = (v["/run/after"] - v["/run/before"]) / n; print int(d < 0 ? -d : d) }' /run/before /run/after
}

is_little() {
	echo "$(each MemAvailable) KiB"
	[ "$(each MemAvailable)" -lt "$most" ]
}

figures() {
	local field

	for field in MemAvailable SUnreclaim SReclaimable AnonPages PageTables KernelStack Percpu; do
		echo "# figure: $field $(each "$field")"
	done
}

ends() {
	zonectl destroy -q --force -y --all -j 2
	says "" zonectl list -a -H
}

claim "one zone runs" one_runs
claim "$ZONES more run" others_run
claim "each of them takes less than 1.25 MiB" is_little
figures
claim "they are destroyed" ends
done_claims
