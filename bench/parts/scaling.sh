#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# What the next create, boot, list and stat cost when 1, 10, 100 and 1,000 zones run.
set -euo pipefail

. "$ZONE_SRCDIR/bench/lib.bash"
bench_alone "$@"
. "$ZONE_SRCDIR/bench/limit.bash"
. "$ZONE_SRCDIR/bench/grow.bash"

POINTS=${BENCH_POINTS:-1 10 100 1000}

report() {
	local n

	printf '## The next one of many\n\n%s\n\n' "Medians of $GROW_ROUNDS, whole commands in ms, zones of minimal with routed network."
	grow_head
	for n in $POINTS; do
		grow_to "$n"
		grow_measure
	done
	grow_claims
}

bench_open
limit_open
limit_open_table
part scaling
