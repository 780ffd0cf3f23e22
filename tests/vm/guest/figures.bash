# SPDX-License-Identifier: GPL-2.0-or-later
# shellcheck shell=bash
# Claims on what the running zone "web" used, and what its limits refused it.

# figure KEY: of stat --json.
figure() {
	zonectl stat --json web | sed -n "s/^ *\"$1\": \(.*[^,]\),*$/\1/p"
}

# failures LIMIT boot|creation
failures() {
	zonectl stat --failures --json web |
		sed -n "/\"limit\": \"$1\"/,/}/s/^ *\"since_$2\": \([0-9a-z]*\),*$/\1/p"
}

# All that this host counts, told by what it has: an argument is a key that must be a number here.
figures() {
	local key

	zonectl exec web -- dd if=/dev/zero of=/root/figures bs=1M count=8 conv=fsync
	zonectl exec web -- rm /root/figures
	for key in cpu_percent cpu_seconds cpu_user_seconds memory_bytes pids uptime_seconds "$@"; do
		echo "$key: $(figure "$key")"
		[[ $(figure "$key") =~ ^[0-9.]+$ ]]
	done
	[ "$(figure memory_bytes)" -gt 65536 ]
	[ "$(figure pids)" -ge 2 ]
}

written() {
	[ "$(figure io_written_bytes)" -ge $((8 << 20)) ]
	[ "$(figure io_writes)" -ge 1 ]
}

refused() {
	zonectl set web pids=12
	fails_with 2 "fork" zonectl exec web -- \
		sh -c 'for i in 1 2 3 4 5 6 7 8 9 10 11 12 13 14; do sleep 30 & done'
	zonectl exec web -- killall sleep || true
	zonectl set web pids=
	local before
	before=$(failures pids boot)
	echo "refused: $before"
	[ "$before" -ge 1 ]
	[ "$(failures pids creation)" -ge "$before" ]
	before=$(failures pids creation)
	zonectl reboot web
	says 0 failures pids boot
	says "$before" failures pids creation
}

processes() {
	local init
	init=$(pid_of web init)
	zonectl ps web -H -o pid,vpid | tee /dev/stderr | grep -Eq "^ *$init +1\$"
	zonectl whose "$init" | tee /dev/stderr | grep -Eq "^ *$init  web "
}
