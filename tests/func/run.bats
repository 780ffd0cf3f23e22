#!/usr/bin/env bats
# SPDX-License-Identifier: GPL-2.0-or-later
# zonectl run

load ../lib/zone

setup_file() { store_open; }
teardown_file() { store_close; }
setup() { zone_setup; }

@test "run --rm runs one command in a new zone and leaves nothing" {
	prints hello zonectl run -t minimal --rm -- echo hello
	[ -z "$(zonectl list -a -H)" ]
}

@test "run exits with the command's code" {
	exits 42 zonectl run -t minimal --rm -- sh -c 'exit 42'
	exits 137 zonectl run -t minimal --rm -- sh -c 'sh -c "kill -9 \$\$"; exit $?'
	exits 127 zonectl run -t minimal --rm -- nosuch
	exits 126 zonectl run -t minimal --rm -- /etc/passwd
	fails 125 "zonectl: run: no template \"nosuch\"
  try: zonectl template list" zonectl run -t nosuch --rm -- true
	[ -z "$(zonectl list -a -H)" ]
}

@test "run passes binary byte for byte" {
	head -c 1048576 /dev/urandom >"$BATS_TEST_TMPDIR/random"
	zonectl run -t minimal --rm -- cat <"$BATS_TEST_TMPDIR/random" | cmp - "$BATS_TEST_TMPDIR/random"
}

@test "run's command is the first process of a zone of its own" {
	prints "1" zonectl run -t minimal --rm -- sh -c 'echo $$'
	run zonectl run -t minimal --rm -- hostname
	[[ $output == run-* ]]
	prints job7 zonectl run -t minimal --rm --name job7 -- hostname
}

@test "run takes properties" {
	prints front zonectl run -t minimal --rm --hostname front -- hostname
	prints hello zonectl run -t minimal --rm --env WORD=hello -- sh -c 'echo $WORD'
	mkdir "$BATS_TEST_TMPDIR/shared"
	echo inside >"$BATS_TEST_TMPDIR/shared/file"
	chmod 755 "$BATS_TEST_TMPDIR" "$BATS_TEST_TMPDIR/shared"
	prints inside zonectl run -t minimal --rm --mount "$BATS_TEST_TMPDIR/shared:/mnt:ro" -- cat /mnt/file
}

@test "run without --rm keeps the zone, stopped" {
	prints "" zonectl run -t minimal --name kept -- touch /root/file
	state_is kept installed
	zonectl boot kept
	exits 0 zonectl exec kept -- test -e /root/file
	zonectl destroy --force -y kept
}

@test "what the command left running ends with it" {
	prints started zonectl run -t minimal --rm -- sh -c 'sleep 1234 & echo started'
	not pgrep -f 'sleep 1234'
	[ -z "$(zonectl list -a -H)" ]
}

@test "run without a command or a template is a mistake in its use" {
	fails 125 "zonectl: run: no command given, and template \"minimal\" has none of its own
  name one: zonectl run -t minimal -- COMMAND" zonectl run -t minimal --rm
	[ -z "$(zonectl list -a -H)" ]
	fails 125 "zonectl: run: no template given
  usage: zonectl run -t TEMPLATE [--PROPERTY VALUE]... [-- COMMAND...]" zonectl run -- true
}

@test "a signal ends run and its zone" {
	zonectl run -t minimal --rm --name sig -- sh -c 'trap "exit 9" TERM; echo up; while :; do sleep 0.05; done' \
		>"$BATS_TEST_TMPDIR/out" &
	deadline 5 grep -q up "$BATS_TEST_TMPDIR/out"
	kill -TERM "$(pgrep -P "$!" -x zonectl || echo "$!")"
	status=0
	wait "$!" || status=$?
	[ "$status" -eq 9 ]
	[ -z "$(zonectl list -a -H)" ]
}

@test "eight runs at once do not meet" {
	for i in 1 2 3 4 5 6 7 8; do
		zonectl run -t minimal --rm -- sh -c "echo $i >/tmp/f; cat /tmp/f" >"$BATS_TEST_TMPDIR/$i" &
	done
	wait
	for i in 1 2 3 4 5 6 7 8; do [ "$(cat "$BATS_TEST_TMPDIR/$i")" = "$i" ]; done
	[ -z "$(zonectl list -a -H)" ]
}

@test "run on a terminal gives the command one" {
	on_terminal <(cat <<-'END'
		zonectl run -t minimal --rm -- sh -c {tty; stty size}
		see "/dev/console"
		see "24 80"
		ends 0
	END
	)
}
