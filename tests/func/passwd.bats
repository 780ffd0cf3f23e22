#!/usr/bin/env bats
# SPDX-License-Identifier: GPL-2.0-or-later
# zonectl passwd

load ../lib/zone

setup_file() {
	store_open
	zonectl create -q --boot -t minimal w1
	zonectl create -q -t minimal w2
	# minimal has no shadow file; most systems do.
	for zone in w1 w2; do
		printf 'root:*:19000:0:99999:7:::\nnobody:*:19000:0:99999:7:::\n' | zonectl push - "$zone:/etc/shadow"
	done
}
teardown_file() { store_close; }
setup() { zone_setup; }

# checks ZONE USER PASSWORD: the hash in the zone's shadow file is that of the password.
checks() {
	local hash

	hash=$(zonectl pull "$1:/etc/shadow" - | sed -n "s/^$2:\([^:]*\):.*/\1/p")
	[ "$(perl -e 'print crypt($ARGV[0], $ARGV[1])' "$3" "$hash")" = "$hash" ] && [ "${#hash}" -gt 20 ]
}

@test "passwd sets the password of root and of others, in running and stopped zones" {
	prints "" zonectl passwd w1 --stdin <<<'correct horse'
	checks w1 root 'correct horse'
	not checks w1 root 'wrong horse'
	printf %s 'no newline' | zonectl passwd 'w*' -u nobody --stdin
	checks w1 nobody 'no newline'
	checks w2 nobody 'no newline'
	state_is w2 installed
}

@test "the file keeps its owner, its mode and its other lines" {
	zonectl exec w1 -- chmod 640 /etc/shadow
	zonectl passwd w1 --stdin <<<'x'
	prints "640 0 2" zonectl exec w1 -- sh -c 'echo $(stat -c "%a %u" /etc/shadow) $(wc -l </etc/shadow)'
}

@test "passwd --hash takes a hash as it is, and locks" {
	hash=$(perl -e 'print crypt("secret", "\$6\$saltsalt\$")')
	prints "" zonectl passwd w1 --hash "$hash"
	checks w1 root secret
	zonectl passwd w1 --hash '!'
	not checks w1 root secret
	exits 2 zonectl passwd w1 --hash plaintext
	[[ $output != *plaintext* ]]
}

@test "a zone whose users are in passwd alone has the hash there" {
	zonectl create -q --boot -t minimal w3
	zonectl exec w3 -- rm -f /etc/shadow
	prints "" zonectl passwd w3 --stdin <<<'elsewhere'
	hash=$(zonectl pull w3:/etc/passwd - | sed -n 's/^root:\([^:]*\):.*/\1/p')
	[ "$(perl -e 'print crypt($ARGV[0], $ARGV[1])' elsewhere "$hash")" = "$hash" ]
	zonectl destroy -y --force w3
}

@test "on a terminal the password is asked for twice and not shown" {
	on_terminal <(cat <<-'END'
		zonectl passwd w1 -u nobody
		see "New password of nobody in w1: "
		type "typed secret"
		see "Again: "
		type "typed secret"
		ends 0
	END
	)
	[[ $output != *"typed secret"* ]]
	checks w1 nobody 'typed secret'
	was=$(zonectl pull w1:/etc/shadow - | sha256sum)
	on_terminal <(cat <<-'END'
		zonectl passwd w1 w2
		see "New password of root in 2 zones: "
		type "one"
		see "Again: "
		type "two"
		see "the two passwords differ"
		ends 2
		zonectl passwd w1
		see "New password of root in w1: "
		send "\004"
		see "no password was typed"
		ends 2
	END
	)
	[ "$(zonectl pull w1:/etc/shadow - | sha256sum)" = "$was" ]
}

@test "a terminal shows again what is typed, whatever ends or stops the question" {
	on_terminal <(cat <<-'END'
		spawn -noecho env TERM=dumb bash --norc --noprofile -i
		type {PS1="ready> "; stty -a >"$BATS_TEST_TMPDIR/was"}
		see "\r\nready> "
		foreach {key status} {"\003" 130 "\034" 131} {
			type {"$ZONECTL" passwd w1}
			see "New password of root in w1: "
			send $key
			see "ready> "
			type {echo "status=$?"; stty -a | cmp - "$BATS_TEST_TMPDIR/was" && echo "sa""me"}
			see "status=$status"
			see "same"
		}
		type {"$ZONECTL" passwd w1}
		see "New password of root in w1: "
		send "\032"
		see "Stopped"
		type {stty -a | cmp - "$BATS_TEST_TMPDIR/was" && echo "is s""hown"}
		see "is shown"
		type {fg}
		see "New password of root in w1: "
		type "after a stop"
		see "Again: "
		type "after a stop"
		see "ready> "
		type {exit}
		expect eof
	END
	)
	[[ $output != *"after a stop"* ]]
	checks w1 root 'after a stop'
}

@test "create --password-stdin gives new zones a password at their first boot" {
	zonectl create -q w4 w5 -t minimal --password-stdin <<<'at first'
	zonectl boot w5
	checks w5 root 'at first'
	zonectl destroy -q -y --force w4 w5
	exits 2 zonectl create w6 -t minimal --password-stdin </dev/null
	exits 2 zonectl create w6 -t minimal --password-stdin --password-hash '!' <<<x
	exits 3 zonectl info w6
}

@test "bad input is refused" {
	fails 3 "zonectl: passwd w1: no user 'nosuch'" zonectl passwd w1 -u nosuch --stdin <<<x
	fails 2 "zonectl: passwd: give either --stdin or --hash
  a password on a command line could be seen by others" zonectl passwd w1
	fails 2 "zonectl: passwd: standard input is not a password: one line, not empty, at most 512 bytes" \
		zonectl passwd w1 --stdin </dev/null
	exits 2 zonectl passwd w1 --stdin <<<$'two\nlines'
	exits 2 zonectl passwd w1 --stdin <<<"$(head -c 600 /dev/zero | tr '\0' x)"
	exits 2 zonectl passwd w1 -u 'a:b' --stdin <<<x
}

@test "a shadow file that leads elsewhere is not written" {
	zonectl exec w1 -- sh -c 'cp /etc/shadow /tmp/real; ln -sf /tmp/elsewhere /etc/shadow; echo root:x:: >/tmp/elsewhere'
	exits 1 zonectl passwd w1 --stdin <<<x
	prints "root:x::" zonectl exec w1 -- cat /tmp/elsewhere
	zonectl exec w1 -- sh -c 'rm /etc/shadow; cp /tmp/real /etc/shadow'
}

@test "no password is seen in a process's arguments or environment" {
	local seen=$BATS_TEST_TMPDIR/seen

	strace -f -qq -e trace=execve -s 4096 -v -o "$seen" "$ZONECTL" passwd w1 --stdin <<<'hunter2secret'
	not grep -F hunter2secret "$seen"
}
