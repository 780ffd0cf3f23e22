#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-2.0-or-later
# bounded.sh COMMAND...: runs a test and shows what it printed once it ended. One that does not end
# within ZONE_TEST_SECONDS (600) fails with what stood in its way; a process that it left behind and that holds its
# output, which would keep a pipe open, holds up nobody.

seconds=${ZONE_TEST_SECONDS:-600}
out=$(mktemp) || exit 1
trap 'rm -f "$out"' EXIT
trap 'kill -TERM -- "-$test"; exit 1' INT TERM

setsid "$@" >"$out" 2>&1 &
test=$!
sleep "$seconds" &
timer=$!
wait -n -p ended "$test" "$timer"
status=$?
cat "$out"
if [ "$ended" = "$test" ]; then
	kill "$timer"
	exit "$status"
fi
echo "not ok - ended within $seconds seconds: ${*: -1}"
ps -e --forest -o pid,ppid,stat,wchan:24,etimes,args |
	awk '$1 != 2 && $2 != 2 { print "# " $0 }'
kill -TERM -- "-$test"	# it takes away what it made, if it still can
for _ in {1..60}; do
	kill -0 -- "-$test" 2>/dev/null || break
	sleep 1
done
kill -KILL -- "-$test" 2>/dev/null
wait "$test" 2>/dev/null
exit 1
