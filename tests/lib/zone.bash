# SPDX-License-Identifier: GPL-2.0-or-later
# shellcheck shell=bash
# shellcheck disable=SC2034	# some of what is set here is for the files that load it
# What the functional tests share: a store of their own, real zones in it, and a
# look at the host afterwards. A file loads this and names store_open in
# setup_file, store_close in teardown_file and zone_setup in setup.

bats_require_minimum_version 1.5.0
export LC_ALL=C.UTF-8
export ZONE_SRCDIR=${ZONE_SRCDIR:-$(cd "$BATS_TEST_DIRNAME/../.." && pwd -P)}
export ZONE_BUILDDIR=${ZONE_BUILDDIR:-$PWD}
export ZONECTL=${ZONECTL:-$ZONE_BUILDDIR/zonectl}
unset NO_COLOR

# The zones of one store: "zonectl boot w1" as a user would type it.
zonectl() {
	"$ZONECTL" "$@" 3>&- 4>&-	# what bats itself holds
}

#
# The store
#

# outside COMMAND...: in the network namespace that the test was started from, where packages come from.
outside() {
	nsenter --net="$ZONE_TEST_OUTSIDE" -- "$@"
}

# Booting changes links, routes and nft tables: of a namespace of the file's own, never the machine's.
is_alone() {
	[ -n "${ZONE_TEST_OUTSIDE:-}" ] && [ "$(outside readlink /proc/self/ns/net)" != "$(readlink /proc/self/ns/net)" ] &&
		return
	echo "in the machine's network namespace; run it as: tests/lib/alone.sh bats ${BATS_TEST_FILENAME##*/}" >&2
	return 1
}

# A store with the template minimal, which takes a tenth of a second to make.
store_open() {
	[ "$EUID" -eq 0 ] || return 0
	is_alone || return
	# Beside /tmp, which may be a tmpfs: kernel 6.1 can't idmap one.
	ZONECTL_ROOT=$(mktemp -d /var/tmp/zonectl-test.XXXXXX) || return
	export ZONECTL_ROOT
	census >"$ZONECTL_ROOT/census"
	zonectl template build -q minimal && return
	rm -rf --one-file-system "$ZONECTL_ROOT"
	return 1
}

# Destroys what the file left and compares the host with what it was. Any difference fails.
store_close() {
	local status=0

	[ -n "${ZONECTL_ROOT:-}" ] || return 0
	if [ -n "$(zonectl list -a -H -o name)" ]; then
		zonectl destroy -q --force -y --all || status=1
	fi
	deadline 10 subtree_is_removed || status=1
	deadline 5 census_is_same || status=1
	[ "$status" -ne 0 ] || rm -rf --one-file-system "$ZONECTL_ROOT" || status=1
	if [ "$status" -ne 0 ]; then
		echo "left behind in $ZONECTL_ROOT (- before, + after):"
		census | diff -u "$ZONECTL_ROOT/census" - | sed 1,2d
	fi >&2
	return "$status"
}

# Eight digits of the store's path, as cgroups and host interfaces are named by.
store_id() {
	printf %s "$(realpath "$ZONECTL_ROOT")" | sha256sum | cut -c 1-8
}

# The groups above the zones stay for the next zone; with one in them, or a keeper that is about to
# end, this fails. Where systemd runs the host they are its slice.
subtree_is_removed() {
	local slice

	slice=zonectl-$(store_id).slice
	[ -z "$(pids_of zonekeeper)" ] || return
	if [ -d "/run/systemd/system.control/$slice.d" ]; then
		systemctl stop "$slice" && rm -rf "/run/systemd/system.control/$slice.d" && systemctl daemon-reload
	fi
	find /sys/fs/cgroup -depth -maxdepth 4 -type d -path "*/zonectl-$(store_id)*" -exec rmdir {} + 2>/dev/null || :
	! find /sys/fs/cgroup -maxdepth 3 -type d -name "zonectl-$(store_id)*" | grep . >/dev/null
}

# Everything on this host that could be of this store, whatever else runs beside it.
census() {
	local pid

	awk -v root="$ZONECTL_ROOT" 'index($0, root) { print "mount", $5, $9, $10 }' /proc/self/mountinfo
	# Groups of other stores come and go meanwhile.
	{ find /sys/fs/cgroup -type d -name "zonectl-$(store_id)*" -printf 'cgroup %p\n' || :; } 2>/dev/null
	network_census
	{ losetup -a || :; } 2>/dev/null | awk -v root="$ZONECTL_ROOT" 'index($0, root) { print "loop", $0 }'
	for pid in $(pids_of zonectl zonekeeper zonenames zone-unpack zone-pack zone-top); do
		echo "process $pid"
	done
	# Locks are held on directories, so nothing of theirs can be left but these.
	# The compiled filters under run/ are a cache of the store's, no zone's; so is the directory of names.
	find "$ZONECTL_ROOT/run" "$ZONECTL_ROOT"/var/lib/zonectl/{zones,uids,addresses} -mindepth 1 \
		! -path "$ZONECTL_ROOT/run/zonectl" ! -path '*/run/zonectl/.filters*' ! -path '*/run/zonectl/.names' ! -name .text ! -name .flows \
		-printf 'file %p\n' 2>/dev/null || :
	find "$ZONECTL_ROOT/var/lib/zonectl/templates/.objects" -maxdepth 1 -name '.*' ! -name .objects \
		-printf 'file %p\n' 2>/dev/null || :
}

# Of the file's own network namespace all but the loopback, and of the machine's what names this store.
network_census() {
	{ ip -o link || :; } 2>/dev/null | awk -F': ' '$2 != "lo" { print "link", $2 }'
	{ ip -o route && ip -o -6 route; } 2>/dev/null | sed 's/^/route /'
	{ ip -o neigh show proxy || :; } 2>/dev/null | sed 's/^/proxy /'
	{ nft list tables || :; } 2>/dev/null
	{ outside ip -o -d link || :; } 2>/dev/null | grep -F "zonectl $(store_id)" || :
}

# pids_of COMM...: the processes of this store that have one of these names. One grep for all of them:
# thousands of zones of other stores may run beside.
pids_of() {
	local environ comm

	{ grep -lzxF "ZONECTL_ROOT=$ZONECTL_ROOT" /proc/[0-9]*/environ || :; } 2>/dev/null | while read -r environ; do
		{ read -r comm <"${environ%environ}comm"; } 2>/dev/null || continue
		[[ " $* " != *" $comm "* ]] || basename "${environ%/environ}"
	done
}

census_is_same() {
	cmp -s "$ZONECTL_ROOT/census" <(census)
}

# nothing_left NAME...: no process, group, mount, link, nft element, run-time file of these zones. A keeper that cleaned
# up after a zone's own end needs a moment to end itself.
nothing_left() {
	deadline 5 is_nothing_left "$@"
}

is_nothing_left() {
	local name

	for name in "$@"; do
		[ ! -e "$ZONECTL_ROOT/run/zonectl/$name" ] || { echo "left: run/zonectl/$name"; return 1; }
		! grep -F "$ZONECTL_ROOT/var/lib/zonectl/zones/$name/" /proc/self/mountinfo || return 1
		find /sys/fs/cgroup -type d -path "*/zonectl-$(store_id)*/$name" | { ! grep .; } || return 1
		keeper_pids "$name" | { ! grep .; } || { echo "left: a keeper"; return 1; }
		{ ip -o -d link || :; } 2>/dev/null | { ! grep -E "alias zonectl-$(store_id) $name\b"; } || return 1
		{ nft list ruleset || :; } 2>/dev/null | { ! grep -F "comment \"$name\""; } || return 1
	done
}

zone_setup() {
	[ "$EUID" -eq 0 ] || skip "needs root"
}

#
# Claims
#

# fails STATUS STDERR COMMAND...: it exits with STATUS, says exactly this and prints no result.
fails() {
	local want=$1 words=$2 expected=()

	shift 2
	[ "$want" -ne 127 ] || expected=(-127)	# bats warns of one that it was not told of
	run "${expected[@]}" --separate-stderr "$@"
	if [ "$status" -ne "$want" ] || [ "${stderr:-}" != "$words" ] || [ -n "$output" ]; then
		printf '%s\n' "$*" "-- status $status, want $want" "-- stderr:" "${stderr:-}" "-- want:" "$words" \
			"-- stdout:" "$output"
		return 1
	fi
}

# prints TEXT COMMAND...: it succeeds, prints exactly this and says nothing else.
prints() {
	local words=$1

	shift
	run --separate-stderr "$@"
	if [ "$status" -ne 0 ] || [ "$output" != "$words" ] || [ -n "${stderr:-}" ]; then
		printf '%s\n' "$*" "-- status $status" "-- stdout:" "$output" "-- want:" "$words" \
			"-- stderr:" "${stderr:-}"
		return 1
	fi
}

# not COMMAND...: it fails. (A bare "!" fails no test.)
not() {
	if "$@"; then
		echo "succeeded: $*"
		return 1
	fi
}

# exits STATUS COMMAND...: whatever it says is in $output.
exits() {
	local want=$1 expected=()

	shift
	[ "$want" -ne 127 ] || expected=(-127)
	run "${expected[@]}" "$@"
	[ "$status" -eq "$want" ] || { echo "$* -- status $status, want $want: $output"; return 1; }
}

# holds TEXT: the last output has it.
holds() {
	[[ ${output}${stderr:-} == *"$1"* ]] || { printf '%s\n' "no '$1' in:" "$output" "${stderr:-}"; return 1; }
}

# deadline SECONDS COMMAND...: for what gives no event to wait for. A machine that runs much else gets four times that.
deadline() {
	local end=$((SECONDS + $1 * ${ZONE_TEST_PATIENCE:-4}))

	shift
	until "$@"; do
		[ "$SECONDS" -lt "$end" ] || { echo "not within the time: $*" >&2; return 1; }
		sleep 0.02
	done
}

#
# Facts
#

# json EXPRESSION: of the document d on standard input, as Python sees it.
json() {
	python3 -c "import json, sys
d = json.load(sys.stdin)
v = $1
print(json.dumps(v) if isinstance(v, (dict, list, bool)) or v is None else v)"
}

# fact NAME KEY: a value of zonectl info --json.
fact() {
	zonectl info "$1" --json | json "d['$2']"
}

state_is() {
	[ "$(zonectl list -a -H -o state "$1")" = "$2" ]
}

# The keepers of a zone, by the kernel's word.
keeper_pids() {
	local pid

	for pid in $(pids_of zonekeeper); do
		find "/proc/$pid/fd" -lname "*/zones/$1" -print -quit 2>/dev/null | grep . >/dev/null && echo "$pid"
	done || :
}

# installed NAME [OPTION...]: a stopped zone of that name, made anew.
installed() {
	if [ -d "$ZONECTL_ROOT/var/lib/zonectl/zones/$1" ]; then
		zonectl destroy -q --force -y "$1" || return
	fi
	zonectl create -t minimal "$@"
}

# running NAME: it is there and its init runs.
running() {
	[ -d "$ZONECTL_ROOT/var/lib/zonectl/zones/$1" ] || zonectl create "$1" -t minimal || return
	state_is "$1" running || zonectl boot "$1"
}

# static_program FILE: compiles C from standard input into a program that runs in any zone.
static_program() {
	command -v cc >/dev/null || skip "needs a C compiler"
	cc -static -x c -o "$1" - || skip "needs a static libc"
}

# put NAME FILE PATH: a program into a running zone.
put() {
	zonectl exec "$1" -- sh -c 'cat >"$0" && chmod 755 "$0"' "$3" <"$2"
}

#
# Terminals
#

# on_terminal [EXPECT-COMMANDS on standard input]: drives a program with expect. There, "see PATTERN"
# waits for a glob pattern, "type TEXT" types a line, "ends STATUS" waits for the end of what was spawned.
on_terminal() {
	command -v expect >/dev/null || skip "needs expect"
	run expect -f <(cat - <<-'END'
		set timeout 15
		set stty_init "rows 24 columns 80"
		proc see {pattern} {
			expect {
				-ex $pattern { }
				timeout { puts "\nnot seen: $pattern"; exit 1 }
				eof { puts "\nended before: $pattern"; exit 1 }
			}
		}
		proc type {text} { send -- "$text\r" }
		proc ends {status} {
			expect {
				eof { }
				timeout { puts "\ndid not end"; exit 1 }
			}
			set got [lindex [wait] 3]
			if {$got != $status} { puts "\nstatus $got, want $status"; exit 1 }
		}
		proc zonectl {args} {
			uplevel 1 [list spawn -noecho $::env(ZONECTL)] $args
		}
	END
	cat "$1")
	[ "$status" -eq 0 ] || { echo "$output"; return 1; }
}
