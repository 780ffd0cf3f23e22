#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# What one more idle zone takes of a host that was just booted, where the kernel keeps nothing for what
# once ran (NOTES.md): parts/memory.sh in guests, by tests/vm/memory.sh. Writes MEMORY.md and MEMORY.json.
# "make bench-memory" sets ZONECTL, ZONE_SRCDIR and ZONE_BUILDDIR.
set -euo pipefail

. "$ZONE_SRCDIR/bench/lib.bash"

export ZONE_VM_ZONES=${BENCH_ZONES:-500}
SUITES=${BENCH_SUITES:-bookworm trixie}	# of Debian: Linux 6.1 and 6.12
FIELDS='AnonPages PageTables KernelStack Percpu SUnreclaim SReclaimable'

# guest NAME SUITE KERNEL-ARGUMENT: what it said, in $work/NAME. That a claim fails is a figure here.
guest() {
	ZONE_VM_SUITE=$2 ZONE_VM_LAYOUT=$3 bash "$ZONE_SRCDIR/tests/vm/memory.sh" >"$work/$1" || :
}

# field NAME FIELD: KiB for each zone.
field() {
	awk -v field="$2" '$2 == "figure:" && $3 == field { print $4 }' "$work/$1"
}

mib() {
	awk -v kib="$(field "$1" MemAvailable)" 'BEGIN { if (kib) printf "%.2f", kib / 1024; else print "-" }'
}

# row NAME WORDS
row() {
	local f parts=

	for f in $FIELDS; do parts+=", $f $(field "$1" "$f")"; done
	figure "$2" "$(mib "$1")" '<= 0.75' "MiB; of it in KiB:${parts#,}"
}

report() {
	local suite

	cat <<-END
		# Memory of an idle zone

		Written by \`make bench-memory\` (bench/README.md says how to read it), in guests of two processors and
		1.5 GiB that were just booted. $("$ZONECTL" --version).
	END
	for suite in $SUITES; do
		guest "$suite.hybrid" "$suite" systemd.unified_cgroup_hierarchy=0
		guest "$suite.v2" "$suite" ''
	done
	figures "MemAvailable before and after $ZONE_VM_ZONES idle zones of minimal were booted beside one, divided."
	for suite in $SUITES; do
		row "$suite.hybrid" "one more idle zone, routed: kernel of $suite, controllers on v1"
		row "$suite.v2" "the same: kernel of $suite, pure v2"
	done
}

work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
publish MEMORY
