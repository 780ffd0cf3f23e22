#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# A life of a thousand zones: create, boot, a command in each, shutdown, destroy; and whether the last
# of them boot as fast as the first.
set -euo pipefail

. "$ZONE_SRCDIR/bench/lib.bash"
bench_alone "$@"
. "$ZONE_SRCDIR/bench/limit.bash"

ZONES=${BENCH_ZONES:-1000}
STEP=$((ZONES / 10))
LIMITS=10		# booted and ended beside the zones after each tenth
SECONDS_MAX=60
JOBS=$(nproc)
total=0			# ms of zonectl's commands

# timed NAME COMMAND...: adds its time to the total and to $work/NAME.ms.
timed() {
	local name=$1 from took
	shift

	from=$(now_ms)
	"$@"
	took=$(($(now_ms) - from))
	total=$((total + took))
	echo "$took" >>"$work/$name.ms"
}

# What is there beside it is what makes the kernel slower, for the limit as for a zone. In ms.
limit_now() {
	local i first=$1 from

	from=$(now_ms)
	for ((i = first; i < first + LIMITS; i++)); do limit_boot "$i" && "${limit_command[@]}"; done
	awk -v ms=$(($(now_ms) - from)) -v n="$LIMITS" 'BEGIN { print ms / n }'
	for ((i = first; i < first + LIMITS; i++)); do limit_end "$i" && "${limit_command[@]}"; done
}

boots() {
	local i

	for ((i = 0; i < 10; i++)); do
		limit_now $((i * 2 * LIMITS + 1)) >>"$work/limits"
		timed boot zonectl boot -q "f{$((i * STEP + 1))..$(((i + 1) * STEP))}" -j "$JOBS"
		limit_now $((i * 2 * LIMITS + LIMITS + 1)) >>"$work/limits"
		point fleet 'boot, zonectl' $(((i + 1) * STEP)) "$(awk -v n="$STEP" 'END { print $1 / n }' "$work/boot.ms")"
		point fleet 'boot, limit' $(((i + 1) * STEP)) "$(tail -n 1 "$work/limits")"
	done
}

life() {
	timed create zonectl create -q "f{1..$ZONES}" -t minimal -j "$JOBS"
	boots
	timed exec zonectl exec -j "$JOBS" 'f*' -- true
	timed shutdown zonectl shutdown -q 'f*' -j "$JOBS"
	timed destroy zonectl destroy -q -y --all -j "$JOBS"
}

row() {
	awk -v name="$1" -v n="$ZONES" '{ sum += $1 } END { printf "| %s | %.2f | %.2f |\n", name, sum / 1000, sum / n }' \
		"$work/$1.ms"
}

# The mean of the two measurements of the limit around the first and around the last tenth.
limit_growth() {
	awk '{ v[NR] = $1 } END { printf "%.2f", (v[NR] + v[NR - 1]) / (v[1] + v[2]) }' "$work/limits"
}

report() {
	local phase growth limit

	life
	printf '## %s zones\n\n%s\n\n' "$ZONES" "Of minimal, with routed network, $JOBS at a time."
	printf '| | s | ms each |\n|---|---|---|\n'
	for phase in create boot exec shutdown destroy; do row "$phase"; done
	growth=$(ratio "$(tail -n 1 "$work/boot.ms")" "$(head -n 1 "$work/boot.ms")")
	limit=$(limit_growth)
	figures "The limit is booted $LIMITS times before and after each tenth, beside the zones that are there."
	figure "create, boot, exec true, shutdown, destroy of $ZONES" "$(awk -v ms="$total" 'BEGIN { printf "%.2f", ms / 1000 }')" \
		"<= $((SECONDS_MAX * ZONES / 1000))" s
	figure 'last tenth of the boots to the first, beyond the growth of the limit' "$(ratio "$growth" "$limit")" '<= 1.3' \
		"$growth, of the limit $limit"
}

bench_open
limit_open
limit_open_table
part fleet
