#!/usr/bin/env bats
# SPDX-License-Identifier: GPL-2.0-or-later
# What zonectl says and how it behaves, whatever the verb

load ../lib/zone

setup_file() { store_open; }
teardown_file() { store_close; }
setup() { zone_setup; }

# damaged NAME: its zone.json can't be read until mended NAME.
damaged() {
	json=$ZONECTL_ROOT/var/lib/zonectl/zones/$1/zone.json
	cp "$json" "$BATS_TEST_TMPDIR/zone.json"
	echo '{' >"$json"
}

mended() {
	cp "$BATS_TEST_TMPDIR/zone.json" "$ZONECTL_ROOT/var/lib/zonectl/zones/$1/zone.json"
}

# staged: what an import has begun.
staged() {
	find "$ZONECTL_ROOT/var/lib/zonectl/templates/.objects" -maxdepth 1 -name '.new-*' | grep .
}

#
# A damaged zone.json
#

@test "halt ends a zone whose zone.json is damaged" {
	running m1
	damaged m1
	prints "" zonectl halt m1
	state_is m1 installed 2>/dev/null || [ "$(zonectl list -a -H -o state m1)" = installed ]
	mended m1
}

@test "shutdown ends a zone whose zone.json is damaged" {
	running m1
	damaged m1
	prints "m1: its init shut it down" zonectl shutdown m1
	mended m1
}

@test "reboot of a zone whose zone.json is damaged leaves it running and names the file" {
	running m1
	damaged m1
	exits 2 zonectl reboot m1
	holds "  mend or restore $json"
	[ "$(zonectl list -H -o name,state m1)" = "m1  running" ]
	mended m1
}

@test "verify of a damaged zone.json names the file, and no repair" {
	installed m2
	damaged m2
	exits 1 zonectl verify m2
	holds "  mend or restore $json"
	! holds repair || false
	mended m2
}

@test "list shows a zone whose zone.json is damaged with the others and exits 9" {
	installed m2
	installed m3
	damaged m2
	run --separate-stderr zonectl list -a -H -o name,state,template m2 m3
	[ "$status" -eq 9 ]
	[ "$output" = "m2  installed  -
m3  installed  minimal" ]
	[[ ${stderr:-} == *"zonectl: list m2: zone.json"*"zonectl: list: 1 of 2 failed" ]]
	mended m2
}

@test "list of one zone whose zone.json is damaged shows it and exits 2" {
	installed m2
	damaged m2
	run --separate-stderr zonectl list -H -o name,template m2
	[ "$status" -eq 2 ]
	[ "$output" = "m2  -" ]
	mended m2
}

#
# Words
#

@test "log shows UTF-8 as it is, also where a read cuts it, and escapes what drives a terminal" {
	installed m4
	log=$ZONECTL_ROOT/var/lib/zonectl/zones/m4/console.log
	# Reads are of 16 KiB: one byte before that, and three bytes a letter.
	{ printf 'x'; printf '…%.0s' {1..6000}; printf '\n'; } >"$log"
	cp "$log" "$BATS_TEST_TMPDIR/want"
	printf 'über \033[2J\302\233 \342\200\256 \377 \\ end\n' >>"$log"
	printf '%s\n' 'über \x1b[2J\xc2\x9b \xe2\x80\xae \xff \ end' >>"$BATS_TEST_TMPDIR/want"
	zonectl log m4 | cmp - "$BATS_TEST_TMPDIR/want"
}

@test "list pads by characters, not bytes" {
	installed m5
	zonectl set m5 description=über
	prints "über  m5" zonectl list -H -o description,name m5
}

@test "template list gives the kind of init under init_kind, as template info does" {
	[ "$(zonectl template list --json | json "d[0]['init_kind'], 'init' in d[0]")" = "('busybox', False)" ]
	[ "$(zonectl template info minimal --json | json "d['init_kind'], d['init']")" = "('busybox', '/sbin/init')" ]
}

@test "a command without -- is told where it stands" {
	fails 125 "zonectl: exec: the command stands after '--'
  usage: zonectl exec NAME... -- COMMAND..." zonectl exec m1 ls
}

@test "what is not named is told" {
	fails 2 "zonectl: halt: no zone named
  usage: zonectl halt NAME..." zonectl halt
	fails 2 "zonectl: template info: no template named
  usage: zonectl template info NAME" zonectl template info
	fails 2 "zonectl: template build: no recipe named
  usage: zonectl template build RECIPE..." zonectl template build
}

@test "template --help is the help of its verbs" {
	[ "$(zonectl template --help)" = "$(zonectl help template)" ]
	[ "$(zonectl --help template)" = "$(zonectl help template)" ]
}

@test "help set names properties as set takes them, and when a change applies" {
	zonectl help set | grep -q '^  memory=SIZE .* (no limit)$'
	zonectl help set | grep -q '^  hostname=NAME .*; next boot)$'
	zonectl help set | grep -q '^  storage=.*; fixed)$'
	zonectl help create | grep -q '^  --memory SIZE '
}

@test "info gives the peak of memory beside its use" {
	running m1
	[[ $(zonectl info m1) =~ memory\ in\ use\ +[0-9.]+[KMG]\ \(peak\ [0-9.]+[KMG]\) ]]
}

#
# Terminals
#

@test "destroy does not ask about a zone that runs" {
	running m1
	on_terminal /dev/stdin <<-'END'
		zonectl destroy m1
		see "is running"
		ends 4
	END
	! holds "y/N" || false
}

@test "the console tells its escapes with the character in use" {
	running m1
	on_terminal /dev/stdin <<-'END'
		zonectl console m1 -e %
		see "leaves"
		send "\r%?"
		see "zonectl: %. leaves, %? shows this, %% sends %"
		send "\r%."
		ends 0
	END
}

@test "several zones have a bar on a terminal, and none in a pipe" {
	on_terminal /dev/stdin <<-'END'
		zonectl create m{6..8} -t minimal
		see "] 0/3"
		ends 0
	END
	prints "" zonectl destroy -y 'm{6..8}'
}

#
# Interrupted
#

@test "an import that is interrupted leaves nothing" {
	for signal in INT TERM; do
		mkfifo "$BATS_TEST_TMPDIR/$signal"
		"$ZONECTL" template import - --name cut <"$BATS_TEST_TMPDIR/$signal" 3>&- 4>&- &
		pid=$!
		exec 5>"$BATS_TEST_TMPDIR/$signal"
		head -c 100000 "$ZONE_SRCDIR/tests/data/alpine-minirootfs-3.19.4-x86_64.tar.gz" >&5
		deadline 5 staged
		# A background job of a script ignores SIGINT; zonectl takes it all the same.
		kill "-$signal" "$pid"
		status=0
		wait "$pid" || status=$?
		exec 5>&-
		[ "$status" -eq $((128 + $(kill -l "$signal"))) ]
		! staged
		[ -z "$(pids_of zonectl zone-unpack)" ]
	done
}

@test "a build removes what builds that were killed left, and nobody else's" {
	export TMPDIR=$BATS_TEST_TMPDIR
	mkdir "$TMPDIR/zonectl-build.killed" "$TMPDIR/zonectl-build.user" "$TMPDIR/zonectl-build.held"
	echo x >"$TMPDIR/zonectl-build.killed/file"
	chown nobody "$TMPDIR/zonectl-build.user"
	exec 8<"$TMPDIR/zonectl-build.held"
	flock -x 8
	zonectl template build -q minimal --name tidy 8>&-
	[ "$(ls "$TMPDIR")" = "$(printf 'zonectl-build.%s\n' held user)" ]
	exec 8<&-
	zonectl template remove -y tidy
}

# A builder that mounts, leaves files and does not end by itself.
@test "a build that is interrupted leaves no process, no mount, no file" {
	[ -e /usr/share/keyrings/debian-archive-keyring.gpg ] || skip "needs debian-archive-keyring"
	command -v mmdebstrap >/dev/null || skip "needs mmdebstrap"
	export TMPDIR=$BATS_TEST_TMPDIR
	"$ZONECTL" template build debian-12 --mirror "file:$BATS_TEST_TMPDIR/nothing" --name cut 3>&- 4>&- 2>/dev/null &
	pid=$!
	begun() { staged && find "$TMPDIR" -path '*/zonectl-build.*/*' | grep .; }
	deadline 10 begun
	kill -TERM "$pid"
	status=0
	wait "$pid" || status=$?
	[ "$status" -eq 143 ] || [ "$status" -eq 1 ]	# 1: it had failed by itself a moment before
	! staged || false
	! find "$TMPDIR" -name 'zonectl-build.*' | grep . || false
	! grep -F "$TMPDIR" /proc/self/mountinfo || false
	[ -z "$(pids_of zonectl zone-unpack mmdebstrap)" ]
}
