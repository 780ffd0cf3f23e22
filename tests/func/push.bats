#!/usr/bin/env bats
# SPDX-License-Identifier: GPL-2.0-or-later
# zonectl push, zonectl pull

load ../lib/zone

setup_file() {
	store_open
	zonectl create -q --boot -t minimal p1
	zonectl create -q -t minimal p2
}
teardown_file() { store_close; }
setup() {
	zone_setup
	cd "$BATS_TEST_TMPDIR" || return
}

# A tree with all that is kept.
make_tree() {
	mkdir -p tree/sub/deep tree/empty
	echo text >tree/file
	ln tree/file tree/sub/same
	ln -s ../file tree/sub/link
	chmod 4751 tree/file
	chmod 1777 tree/empty
	chown 33:44 tree/sub/deep
	truncate -s 64M tree/sparse
	touch -h -d @1234567890 tree/sub/link tree/file
}

facts() {
	(cd "$1" && find . -printf '%p %y %m %U:%G %T@ %n %s %l\n' | grep -v '^\. d' | sort)
}

@test "push and pull keep modes, owners, times, links, hard links and holes" {
	make_tree
	prints "" zonectl push tree p1:/srv
	says_inside p1 "hidden:x" sh -c 'echo hidden:x'
	prints "" zonectl pull p1:/srv/tree back
	# The way out takes set-id bits away.
	chmod 751 tree/file
	touch -d @1234567890 tree/file
	diff <(facts tree | sed 's/^\(\.[^ ]* d [^ ]* [^ ]*\) [^ ]* [^ ]* [^ ]*/\1/') \
		<(facts back | sed 's/^\(\.[^ ]* d [^ ]* [^ ]*\) [^ ]* [^ ]* [^ ]*/\1/')
	[ "$(stat -c %b back/sparse)" -lt 64 ]
	[ "$(stat -c %i back/file)" = "$(stat -c %i back/sub/same)" ]
	prints "4751 root" zonectl exec p1 -- stat -c '%a %U' /srv/tree/file
}

says_inside() {
	local zone=$1 want=$2

	shift 2
	[ "$(zonectl exec "$zone" -- "$@")" = "$want" ]
}

@test "a stopped zone takes and gives files too, and is stopped afterwards" {
	echo for-p2 >f
	prints "" zonectl push f p2:/root/
	state_is p2 installed
	prints "" zonectl pull p2:/root/f back
	[ "$(cat back)" = for-p2 ]
	state_is p2 installed
	nothing_left p2
	[ ! -e "$ZONECTL_ROOT/run/zonectl/p2" ]
}

@test "what a stopped zone takes is root's inside" {
	echo x >f
	zonectl push f p2:/root/owned
	zonectl boot p2
	prints "0 0" zonectl exec p2 -- stat -c '%u %g' /root/owned
	zonectl halt p2
}

@test "- is standard input and standard output, byte for byte" {
	head -c 1000000 /dev/urandom >bytes
	zonectl push - p1:/root/bytes <bytes
	zonectl pull p1:/root/bytes - | cmp - bytes
}

@test "several sources need a directory, one makes a name" {
	echo a >a
	echo b >b
	fails 3 "zonectl: push p1: '/root/new' is no directory" zonectl push a b p1:/root/new
	zonectl push a b p1:/root/
	prints "a" zonectl pull p1:/root/a -
	zonectl push b p1:/root/a
	prints "b" zonectl pull p1:/root/a -
}

@test "a source that ends in . is its contents" {
	mkdir d
	echo x >d/x
	zonectl push d/. p1:/opt
	prints "x" zonectl pull p1:/opt/x -
	zonectl push d/. p1:/var/app
	prints "x" zonectl pull p1:/var/app/x -
	zonectl pull p1:/var/app/. into
	[ "$(cat into/x)" = x ]
}

@test "push goes to every zone of a pattern" {
	echo all >f
	prints "" zonectl push f 'p*:/root/all'
	prints "all" zonectl pull p1:/root/all -
	prints "all" zonectl pull p2:/root/all -
	fails 2 "zonectl: push: standard input can go to one zone only" zonectl push - 'p*:/root/all' </dev/null
}

@test "a user owns what comes and sees what a user sees" {
	echo x >f
	zonectl push -u nobody f p1:/tmp/of-nobody
	prints "nobody" zonectl exec p1 -- stat -c %U /tmp/of-nobody
	exits 1 zonectl push -u nobody f p1:/root/
	holds "Permission denied"
	zonectl exec p1 -- sh -c 'echo secret >/root/secret; chmod 600 /root/secret; chmod 700 /root'
	exits 1 zonectl pull -u nobody p1:/root/secret -
	holds "Permission denied"
}

@test "bad input is refused with the remedy" {
	fails 2 "zonectl: push: 'p1' is no ZONE:PATH
  usage: zonectl push SOURCE... ZONE:TARGET" zonectl push f p1
	fails 3 "zonectl: push p1: no file '/no/such'" zonectl push /no/such p1:/ || fails 3 \
		"zonectl: push p1: open '/no/': No such file or directory" zonectl push /no/such p1:/
	fails 3 "zonectl: pull p1: no file '/root/nosuch'" zonectl pull p1:/root/nosuch .
	fails 2 "zonectl: pull p1: is no regular file, and only one goes to '-'" zonectl pull p1:/root -
	fails 2 "zonectl: pull: files of one zone at a time" zonectl pull p1:/etc p2:/etc .
	exits 3 zonectl push /etc/hostname nosuch:/
	fails 2 "zonectl: push p1: '/root' is a directory
  try: name the file that standard input becomes" zonectl push - p1:/root </dev/null || holds "is a directory"
}

@test "a full disk inside fails the push and leaves no part of the file" {
	zonectl exec p1 -- sh -c 'mkdir -p /run/small && mount -t tmpfs -o size=1M none /run/small'
	head -c 4M /dev/zero | tr '\0' x >big
	exits 7 zonectl push big p1:/run/small/
	holds "No space left on device"
	prints "" zonectl exec p1 -- ls -A /run/small
	mkdir t
	mv big t/
	exits 7 zonectl push t p1:/run/small/
	prints "" zonectl exec p1 -- ls -A /run/small
	zonectl exec p1 -- umount /run/small
}

# What a hostile zone does to names while files go in and out; the host's file must stay as it is.
@test "a zone that swaps names under push and pull reaches nothing of the host" {
	local victim=$BATS_TEST_TMPDIR/victim

	mkdir victim
	echo host >victim/file
	zonectl exec p1 -- sh -c "mkdir -p /root/real /root/other && echo mine >/root/real/file &&
		while :; do ln -sfn $victim /root/way; rm -f /root/way; mkdir /root/way 2>/dev/null
			echo zone >/root/way/file; rm -rf /root/way; done" &
	swapper=$!
	echo new >file
	for _ in $(seq 20); do
		zonectl push -q file p1:/root/way/file 2>/dev/null || :
		zonectl pull -q p1:/root/way/file got 2>/dev/null || :
		[ ! -e got ] || [ "$(cat got)" != host ]
		rm -f got
	done
	kill "$swapper"
	wait "$swapper" || :
	[ "$(cat victim/file)" = host ]
	[ "$(ls victim)" = file ]
}

@test "links of a zone are links of the host's copy, not followed" {
	echo host >secret
	zonectl exec p1 -- sh -c "mkdir -p /root/t && ln -sfn $PWD/secret /root/t/link && ln -sfn / /root/t/dir"
	zonectl pull p1:/root/t back
	[ -L back/link ] && [ -L back/dir ]
	# A link that is there already is no way either.
	mkdir into
	ln -s "$PWD" into/t
	exits 1 zonectl pull p1:/root/t into
	[ ! -e dir ] && [ ! -L link ]
}

@test "Ctrl-C leaves nothing half copied" {
	mkfifo pipe
	exec 8<>pipe
	echo begin >&8
	# As a job of a shell with job control, so that the signal is not ignored.
	bash -c 'set -m; "$0" push - p1:/root/half <pipe & echo $! >pid; wait $!' "$ZONECTL" &
	deadline 5 grep -q . pid
	deadline 5 sh -c "[ -n \"\$(\"$ZONECTL\" exec p1 -- sh -c 'ls -A /root | grep zonectl-')\" ]"
	kill -INT "$(cat pid)"
	wait || :
	exec 8>&-
	deadline 5 sh -c "[ -z \"\$(\"$ZONECTL\" exec p1 -- sh -c 'ls -A /root | grep -e half -e zonectl-')\" ]"
}

@test "a zone that stops whatever enters it holds nothing up for ever" {
	zonectl create -q --boot -t minimal h1
	# Seen by its name, before it is let go; the shell that looks has another by then.
	zonectl exec h1 -- sh -c 'while :; do for p in /proc/[0-9]*; do
		read -r name <$p/comm && [ "$name" = zonectl ] && kill -STOP ${p#/proc/}; done; done' 2>/dev/null &
	stopper=$!
	SECONDS=0
	for _ in {1..30}; do
		timeout -k 1 50 "$ZONECTL" passwd h1 --hash '!' 2>stderr || break
	done
	[ "$SECONDS" -lt 45 ]
	zonectl halt h1
	wait "$stopper" || :
	grep -q "stops what enters it\|was killed" stderr
	zonectl destroy -y h1
	nothing_left h1
}
