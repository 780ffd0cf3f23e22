#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# The benchmark suite: runs the parts named in BENCH_PARTS, each a script of parts/ that also runs alone,
# and writes what they found to BENCH_REPORT.md and .json (RESULTS), and charts. "make bench" and
# "make bench-density" set ZONECTL, ZONE_SRCDIR and ZONE_BUILDDIR.
set -euo pipefail

. "$ZONE_SRCDIR/bench/lib.bash"

PARTS=${BENCH_PARTS:-start boot debian memory fleet scaling native}
REPORT=${BENCH_REPORT:-RESULTS}
COMMAND='make bench'
[ "$REPORT" = RESULTS ] || COMMAND="make bench-${REPORT,,}"

[ "$(id -u)" -eq 0 ] || die "needs root"
BENCH_OUT=$(mktemp -d)
export BENCH_OUT
trap 'rm -rf "$BENCH_OUT"' EXIT
load=$(load_now)
began=$SECONDS
failed=()

version_of() {
	command -v "$1" >/dev/null || return 0
	printf '%s %s, ' "$1" "$("$@" 2>/dev/null | grep -oE -m 1 '[0-9]+\.[0-9.]+' | head -n 1)"
}

rivals() {
	{
		version_of bwrap --version
		version_of crun --version
		version_of runc --version
		version_of lxc-start --version
		version_of systemd-nspawn --version
		version_of podman --version
	} | sed 's/, $//'
}

processor() {
	awk -F ': ' '/^model name/ { print $2; exit }' /proc/cpuinfo
}

memory_gib() {
	awk '$1 == "MemTotal:" { printf "%.0f", $2 / 1048576 }' /proc/meminfo
}

filesystem() {
	df --output=fstype "${BENCH_DIR:-/var/tmp}" | tail -n 1
}

# Figures that must be something, of all parts.
summary() {
	printf '| | figure | must be | holds | part |\n|---|---|---|---|---|\n'
	sed -n 's/^{"part": "\([^"]*\)", "name": "\([^"]*\)", "value": \([^,]*\), "limit": "\([^"]*\)", "holds": \([^,}]*\).*/\1\t\2\t\3\t\4\t\5/p' \
		"$BENCH_OUT/figures" | awk -F '\t' '{ holds = $5 == "true" ? "yes" : $5 == "false" ? "**no**" : "not measured"
			printf "| %s | %s | %s | %s | %s |\n", $2, $3 == "null" ? "-" : $3, $4, holds, $1 }'
}

charts() {
	local name

	for name in start boot debian native fleet scaling; do
		[ ! -e "$ZONE_SRCDIR/bench/$name.svg" ] || ! grep -q "\"chart\": \"$name\"" "$BENCH_OUT/points" ||
			printf '![%s](%s.svg)\n' "$name" "$name"
	done
}

markdown() {
	local part

	cat <<-END
		# Benchmarks

		Written by \`$COMMAND\` (bench/README.md says how to read it) in $(((SECONDS - began) / 60)) min $(((SECONDS - began) % 60)) s.

		- Linux $(uname -r), $(nproc) processors ($(processor)), $(memory_gib) GiB, cgroups $(cgroup_layout)
		- $(filesystem) below the store, \`run/\` on tmpfs; load $load at the start, $(load_now) at the end
		- $("$ZONECTL" --version); $(rivals)

		$(summary)

		$(charts)
	END
	for part in $PARTS; do
		echo
		if [ -e "$BENCH_OUT/$part.report" ]; then
			cat "$BENCH_OUT/$part.report"
		else
			printf '## %s\n\nIt failed.\n' "$part"
		fi
	done
}

# A list of lines that are objects.
array() {
	echo "\"$1\": ["
	sed '$!s/$/,/' "$2"
	echo ']'
}

json() {
	cat <<-END
		{
		"machine": {"kernel": "$(uname -r)", "processors": $(nproc), "processor": "$(processor)", "memory_gib": $(memory_gib),
		  "cgroups": "$(cgroup_layout)", "filesystem": "$(filesystem)", "load_before": $load, "load_after": $(load_now),
		  "zonectl": "$("$ZONECTL" --version)", "others": "$(rivals)", "seconds": $((SECONDS - began))},
	END
	array figures "$BENCH_OUT/figures"
	echo ,
	array points "$BENCH_OUT/points"
	echo '}'
}

run_part() {
	local before=$SECONDS

	bash "$ZONE_SRCDIR/bench/parts/$1.sh" || failed+=("$1")
	echo "bench: $1 took $((SECONDS - before)) s" >&2
}

gather() {
	local part

	: >"$BENCH_OUT/figures"
	: >"$BENCH_OUT/points"
	for part in $PARTS; do
		[ -e "$BENCH_OUT/$part.report" ] || continue
		sed "s/^{/{\"part\": \"$part\", /" "$BENCH_OUT/$part.json" >>"$BENCH_OUT/figures"
		cat "$BENCH_OUT/$part.points" >>"$BENCH_OUT/points"
	done
}

for part in $PARTS; do run_part "$part"; done
gather
json >"$BENCH_OUT/out.json"
if [ -w "$ZONE_SRCDIR/bench" ]; then
	cp "$BENCH_OUT/out.json" "$ZONE_SRCDIR/bench/$REPORT.json"
	bash "$ZONE_SRCDIR/bench/charts.sh" "$ZONE_SRCDIR/bench"
fi
markdown >"$BENCH_OUT/out.md"
[ ! -w "$ZONE_SRCDIR/bench" ] || cp "$BENCH_OUT/out.md" "$ZONE_SRCDIR/bench/$REPORT.md"
sed -n '1,/^## /p' "$BENCH_OUT/out.md" | sed '$d'
[ ${#failed[@]} -eq 0 ] || die "failed: ${failed[*]}"
