# SPDX-License-Identifier: GPL-2.0-or-later
# shellcheck shell=bash
# What the benchmarks share: namespaces and a store of their own, that nothing is left behind, facts of
# the machine, and tables. A script loads this, calls bench_alone "$@" and bench_open. The makefile sets
# ZONECTL, ZONE_SRCDIR and ZONE_BUILDDIR.

export LC_ALL=C.UTF-8
# shellcheck disable=SC2034	# for those that load this
tools=$ZONE_BUILDDIR/bench
work=
store=
bench_pids=()
bench_afters=()

die() {
	echo "bench: $*" >&2
	exit 1
}

# Begins the script again in a mount namespace, for the tmpfs below, and a network namespace, for the
# zones' links. BENCH_OUTSIDE is the network namespace that it comes from.
bench_alone() {
	[ "$(id -u)" -eq 0 ] || die "needs root"
	if [ -z "${BENCH_OUTSIDE:-}" ]; then
		# The file stays open: the process that has this namespace may be gone soon.
		exec 8</proc/self/ns/net
		export BENCH_OUTSIDE=/proc/$$/fd/8
		exec unshare -m -n --propagation private bash "$0" "$@"
	fi
	ip link set lo up
	# Else the first zone's boot would do it, and say so.
	sysctl -q -w net.ipv4.ip_forward=1 net.ipv6.conf.all.forwarding=1
}

# For what needs packages.
outside() {
	nsenter --net="$BENCH_OUTSIDE" -- "$@"
}

zonectl() {
	"$ZONECTL" --root "$store" "$@"
}

store_id() {
	printf %s "$(realpath "$store")" | sha256sum | cut -c 1-8
}

# after COMMAND: to be done at the end, the last one first.
after() {
	bench_afters=("$1" "${bench_afters[@]}")
}

bench_close() {
	local command

	set +e
	for command in "${bench_afters[@]}"; do "$command"; done
	[ ! -d "$store/var" ] || zonectl destroy -q --force -y --all -j 2
	[ ${#bench_pids[@]} -eq 0 ] || kill "${bench_pids[@]}" 2>/dev/null
	find /sys/fs/cgroup -depth -maxdepth 3 -type d -name "zonectl-$(store_id)" -exec rmdir {} + 2>/dev/null
	# A keeper that is ending holds it for a moment.
	! mountpoint -q "$store/run" || umount -l "$store/run"
	rm -rf --one-file-system "$work"
}

# LXC and nspawn mount cgroup2 with options of their own, which are those of every mount of it.
delegation_restore() {
	mount -o remount,nsdelegate "$(cgroup_mount cgroup2 '')"
}

# A directory of its own and in it a store, as under the default root: /run is a tmpfs, the rest lies on
# a disk. With the template minimal.
bench_open() {
	work=$(mktemp -d "${BENCH_DIR:-/var/tmp}/zone-bench.XXXXXX")
	store=$work/store
	trap bench_close EXIT
	trap 'exit 130' INT TERM
	mkdir -p "$store/run"
	mount -t tmpfs -o mode=755 tmpfs "$store/run"
	[ -z "$(cgroup_mount cgroup2 nsdelegate)" ] || after delegation_restore
	zonectl template build -q minimal
}

# The first mount of a cgroup hierarchy: of type $1, with option $2 ("" for any).
cgroup_mount() {
	awk -v type="$1" -v option="$2" '$3 == type && (option == "" || index("," $4 ",", "," option ",")) \
		{ print $2; exit }' /proc/self/mounts
}

cgroup_layout() {
	if [ "$(stat -f -c %T /sys/fs/cgroup)" = cgroup2fs ]; then
		echo v2
	elif [ -n "$(cgroup_mount cgroup2 '')" ]; then
		echo 'hybrid (controllers on v1)'
	else
		echo v1
	fi
}

load_now() {
	cut -d' ' -f1 /proc/loadavg
}

machine_line() {
	echo "Linux $(uname -r | cut -d. -f1-2), $(nproc) processors, cgroups $(cgroup_layout), load $(load_now) at the start."
}

#
# Tables
#

# figure NAME VALUE LIMIT WORDS: a row of the present table; LIMIT as "<= 1.1", or - for none. A VALUE that
# is no number is something that could not be measured.
figure() {
	awk -v name="$1" -v value="$2" -v limit="$3" -v words="$4" -v json="$work/json" 'BEGIN {
		n = split(limit, l, " ")
		if (value !~ /^-?[0-9.]+$/) n = 0
		if (n == 2) holds = (l[1] == "<=" ? value + 0 <= l[2] + 0 : value + 0 >= l[2] + 0) ? "yes" : "no"
		if (n == 3) holds = value + 0 >= l[1] + 0 && value + 0 <= l[3] + 0 ? "yes" : "no"
		printf "| %s | %s | %s | %s | %s |\n", name, value, words, limit == "-" ? "" : limit, holds
		gsub(/["\\]/, "", words)
		printf "{\"name\": \"%s\", \"value\": %s, \"limit\": %s, \"holds\": %s, \"words\": \"%s\"}\n", name,
			value ~ /^-?[0-9.]+$/ ? value : "null", limit == "-" ? "null" : "\"" limit "\"",
			holds == "" ? "null" : holds == "yes" ? "true" : "false", words >>json
	}'
}

heading() {
	printf '\n## %s\n\n%s\n\n| | figure | | must be | holds |\n|---|---|---|---|---|\n' "$1" "$2"
}

# publish NAME: what report() prints, also as NAME.md, and its figures as NAME.json, where they can be
# written.
publish() {
	report >"$work/report"	# in this very shell: what it starts is ended by it
	cat "$work/report"
	{ echo '['; sed '$!s/$/,/' "$work/json"; echo ']'; } >"$work/report.json"
	[ ! -w "$ZONE_SRCDIR/bench" ] || cp "$work/report" "$ZONE_SRCDIR/bench/$1.md"
	[ ! -w "$ZONE_SRCDIR/bench" ] || cp "$work/report.json" "$ZONE_SRCDIR/bench/$1.json"
}

# figures WORDS: begins a table of figures without a heading.
figures() {
	printf '\n%s\n\n| | figure | | must be | holds |\n|---|---|---|---|---|\n' "$1"
}

# times FILE [NAME|WORDS...]: a table of what timer wrote, in ms, with words on some.
times() {
	local file=$1 name words

	shift
	: >"$work/words"
	for words; do
		name=${words%%|*}
		printf '%s\t%s\n' "$name" "${words#*|}" >>"$work/words"
	done
	printf '\n| ms | median | min | max | CPU | |\n|---|---|---|---|---|---|\n'
	awk -F '\t' -v json="$work/json" '
		FILENAME == ARGV[1] { words[$1] = $2; order[++n] = $1; next }
		{ seen[$1] = 1 }
		$2 == "failed" { printf "| %s | - | - | - | - | failed: %s |\n", $1, words[$1]; next }
		{ printf "| %s | %s | %s | %s | %s | %s |\n", $1, $3, $2, $4, $5, words[$1]
		  printf "{\"name\": \"%s\", \"unit\": \"ms\", \"median\": %s, \"min\": %s, \"max\": %s, \"cpu\": %s}\n",
			$1, $3, $2, $4, $5 >>json }
		END { for (i = 1; i <= n; i++) if (!seen[order[i]])
			printf "| %s | - | - | - | - | %s |\n", order[i], words[order[i]] }' "$work/words" "$file"
}

# column FILE NAME COLUMN: 3 is the median, 5 the CPU of what timer wrote.
column() {
	awk -F '\t' -v name="$2" -v c="$3" '$1 == name && $2 != "failed" { print $c }' "$1"
}

# ratio A B: A to B, or "no figure" where one is missing.
ratio() {
	awk -v a="$1" -v b="$2" 'BEGIN { if (a == "" || b == "" || b + 0 == 0) print "no figure"
		else printf "%.2f", a / b }'
}

# median, minimum and maximum of numbers on standard input, with spaces between.
three() {
	sort -g | awk '{ v[NR] = $1 } END { if (NR) print (v[int((NR + 1) / 2)] + v[int(NR / 2) + 1]) / 2, v[1], v[NR] }'
}

# keepers_kib PATTERN: private memory of the keepers of these zones, as "median least most".
keepers_kib() {
	zonectl info "$1" --json | awk -F '[:,]' '/"keeper_pid"/ { print $2 + 0 }' | while read -r pid; do
		awk '/^Private_/ { kib += $2 } END { print kib }' "/proc/$pid/smaps_rollup"
	done | three
}

# point CHART SERIES N VALUE: of a chart that the suite draws.
point() {
	[ -z "$4" ] || printf '{"chart": "%s", "series": "%s", "n": %s, "value": %s}\n' "$@" >>"$work/points"
}

now_ms() {
	echo $((${EPOCHREALTIME/[^0-9]/} / 1000))
}

# part NAME: what report() prints, to standard output and, for the suite (run.sh), into its directory.
part() {
	: >"$work/json"
	: >"$work/points"
	echo "bench: $1" >&2
	report >"$work/report"
	cat "$work/report"
	[ -z "${BENCH_OUT:-}" ] || for kind in report json points; do
		cp "$work/$kind" "$BENCH_OUT/$1.$kind"
	done
}

# lxc-start leaves these behind; a container that was not stopped, too.
lxc_close() {
	local dir

	for dir in "$work"/lxc*/bench; do
		[ ! -d "$dir" ] || lxc-stop -k -n bench -P "${dir%/bench}" 2>/dev/null
	done
	rmdir /sys/fs/cgroup/{,*/}lxc.{pivot,monitor.bench,payload.bench} 2>/dev/null
}
