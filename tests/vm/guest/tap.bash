# SPDX-License-Identifier: GPL-2.0-or-later
# shellcheck shell=bash
# TAP from a guest, and what its tests share. A claim is a function; it holds when each of its
# commands succeeds. What it said is shown when it does not.

export PATH=/vm:$PATH
patience=$(sed -n 's/.*vm\.patience=\([0-9]*\).*/\1/p' /proc/cmdline)
claims=$(sed -n 's/.*vm\.claims=\([0-9]*\).*/\1/p' /proc/cmdline)

# claim TEXT FUNCTION [ARGUMENT...]
claim() {
	local text=$1 said status

	shift
	said=$(set -eE; trap 'echo "line $LINENO: $BASH_COMMAND: status $?"' ERR; "$@" 2>&1)
	status=$?
	claims=$((claims + 1))
	if [ "$status" -eq 0 ]; then
		echo "ok $claims - $text"
		return
	fi
	echo "not ok $claims - $text"
	printf '%s\n' "$said" | tail -n 15 | sed 's/^/#   /'
}

done_claims() {
	echo "1..$claims"
}

# fails_with STATUS TEXT COMMAND...: the status, and the text somewhere in what it said.
fails_with() {
	local wanted=$1 text=$2 status=0 said

	shift 2
	said=$("$@" 2>&1) || status=$?
	printf '%s (status %d)\n' "$said" "$status"
	[ "$status" -eq "$wanted" ] && [[ $said == *"$text"* ]]
}

says() {
	local wanted=$1 said

	shift
	said=$("$@")
	printf 'said: %s\n' "$said"
	[ "$said" = "$wanted" ]
}

# secs N: for a command that waits N seconds at most on a host that is quick: "120s".
secs() {
	echo "$(($1 * patience))s"
}

# Until the command succeeds, at most so many seconds, likewise.
within() {
	local end=$((SECONDS + $1 * patience))

	shift
	until "$@"; do
		[ "$SECONDS" -lt "$end" ] || { echo "not in time: $*"; return 1; }
		sleep 0.1
	done
}

state_is() {
	[ "$(zonectl list -a -H -o state "$1")" = "$2" ]
}

# The pid, as the host counts, of a zone's keeper or init.
pid_of() {
	zonectl info "$1" --json | sed -n "s/^ *\"$2_pid\": \([0-9]*\),*$/\1/p"
}
