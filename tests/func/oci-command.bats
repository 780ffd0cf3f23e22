#!/usr/bin/env bats
# SPDX-License-Identifier: GPL-2.0-or-later
# The OCI front: its command line as runc's and crun's: options, logs, terminals, exec, lists.
# shellcheck disable=SC2016	# what is in single quotes runs in a container

load ../lib/zone
load ../lib/oci

setup_file() {
	oci_setup_file
	export ID=ocic-$$
	config "p['args'] = ['sh', '-c', 'trap \"exit 9\" USR1; while :; do sleep 0.05; done']"
	oci run -d --bundle "$BUNDLE" "$ID" </dev/null >/dev/null 2>&1
}

teardown_file() {
	oci delete --force "$ID"
	store_close
}

setup() { OTHER=ocic-$BATS_TEST_NUMBER-$$; }

teardown() { oci delete --force "$OTHER"; }

# Python on standard input, with tests/lib/terminal.py; OCI is how every command begins.
on_terminals() {
	run env PYTHONPATH="$ZONE_SRCDIR/tests/lib" PYTHONDONTWRITEBYTECODE=1 OTHER="$OTHER" timeout 120 \
		python3 -c "from terminal import *
PROGRAM = os.environ['ZONE_BUILDDIR'] + '/zone-oci'
ID, OTHER = os.environ['ID'], os.environ['OTHER']
def on_terminal(*args, **more):
    return Terminal('--root', os.environ['OCI_ROOT'], *args, program=PROGRAM, **more)
$(cat)" 3>&- 4>&-
	[ "$status" -eq 0 ] || { echo "$output"; return 1; }
}

# Of the last line of the log, which is JSON.
logged() { tail -n 1 "$BATS_TEST_TMPDIR/log" | json "d['$1']"; }

@test "options stand before and after the id, with = and without, and flags take false" {
	prints "$ID" oci list --quiet=true
	prints "$ID" oci list -q -f=table
	oci ps "$ID" | grep -q "sleep"
	oci ps --format=json "$ID" | json 'len(d) >= 1'
	prints "$ID" oci -root "$OCI_ROOT" list -q
	oci delete "$OTHER" --force
	fails 1 'invalid boolean value "maybe" for -quiet' oci list --quiet=maybe
	fails 1 'flag provided but not defined: -nonesuch' oci list --nonesuch
	fails 1 'flag needs an argument: -format' oci list --format
	fails 1 '"state" requires exactly 1 argument(s)' oci state
	fails 1 '"exec" requires a minimum of 1 argument(s)' oci exec
	fails 1 "no such command: 'nonesuch'" oci nonesuch
	fails 1 "invalid format option: 'xml'" oci list -f xml
	oci help exec | grep -q -- --ignore-paused
	oci help | grep -q features
}

@test "the version is told as engines read it" {
	oci --version | python3 -c 'import sys
lines = sys.stdin.read().splitlines()
assert lines[0].startswith("zone-oci version "), lines
assert lines[1].startswith("commit: ") and lines[2] == "spec: 1.3.0", lines'
	cmp <(oci -v) <(oci --version)
}

@test "where nobody says, containers are remembered in /run, or in the user's own directory" {
	local zone_oci=$ZONE_BUILDDIR/zone-oci dir=$BATS_TEST_TMPDIR/xdg

	mkdir -p "$dir/zone-oci/there"
	install -m 755 "$zone_oci" "$dir/program"
	chmod 711 "$BATS_RUN_TMPDIR" "$(dirname "$BATS_TEST_TMPDIR")" "$BATS_TEST_TMPDIR" "$dir"
	fails 1 "container does not exist: 'nonesuch'" env XDG_RUNTIME_DIR="$dir" "$zone_oci" delete nonesuch
	chmod 000 "$dir/zone-oci"
	fails 1 "open '$dir/zone-oci': Permission denied (other users than root need XDG_RUNTIME_DIR, or a --root of their own)" \
		setpriv --reuid 4242 --clear-groups env XDG_RUNTIME_DIR="$dir" "$dir/program" list
	chmod 755 "$dir/zone-oci"
	prints "" env -u USER XDG_RUNTIME_DIR="$dir" unshare --user --map-root-user "$zone_oci" list -q
}

@test "an error is a line of the log, as JSON or as runc's text, and stands on standard error too" {
	local log=$BATS_TEST_TMPDIR/log

	fails 1 "container does not exist: 'none'" oci --log "$log" --log-format json state none
	[ "$(logged level):$(logged msg)" = "error:container does not exist: 'none'" ]
	logged time | grep -qE '^[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9:]{8}Z$'
	not oci --log="file:$log.text" --log-format=text state 'a"b'
	grep -qxE 'time="[^"]*" level=error msg="invalid container ID format: .a\\"b."' "$log.text"
	fails 1 "open log '/nonesuch/log': No such file or directory" oci --log /nonesuch/log list
	fails 1 'unknown log-format "xml"' oci --log-format xml list
	fails 1 "container does not exist: 'none'" oci --log syslog: state none
	fails 1 "container does not exist: 'none'" oci --log journald:name state none
}

@test "a hook that fails when all is over is a warning" {
	config "c['hooks'] = {'poststop': [{'path': '/bin/false'}]}"
	oci --log "$BATS_TEST_TMPDIR/log" --log-format json run --bundle "$BUNDLE" "$OTHER" </dev/null
	[ "$(logged level)" = warning ]
	logged msg | grep -q "poststop hook #0 '/bin/false'"
	run --separate-stderr oci run --bundle "$BUNDLE" "$OTHER" </dev/null
	[ "$status" -eq 0 ]
	[ "${stderr:-}" = "warning: error running poststop hook #0 '/bin/false': exit status 1" ]
}

@test "lists are laid out as runc's, and ps takes the options of ps" {
	oci list | python3 -c 'import sys
head, row = sys.stdin.read().splitlines()
assert head.split() == "ID PID STATUS BUNDLE CREATED OWNER".split(), head
assert row[head.index("STATUS"):].startswith("running "), row
assert head.index("STATUS") - head.index("PID") == 12, head
assert row.endswith("root"), row'
	[ "$(oci list -f json | json 'd[0]["status"]')" = running ]
	oci ps "$ID" -o pid,comm | grep -qE "^ *$(oci state "$ID" | json 'd["pid"]') sh$"
	fails 1 "couldn't find PID field in ps output" oci ps "$ID" -o comm
}

@test "kill takes numbers and names of signals, and 0 asks whether it lives" {
	oci kill "$ID" 0
	oci kill "$ID" WINCH
	oci kill "$ID" SIGCONT
	oci kill "$ID" 28
	fails 1 'unknown signal "NOPE"' oci kill "$ID" NOPE
	fails 1 "container does not exist: 'none'" oci kill none
}

@test "exec runs as its options say" {
	prints "5:6" oci exec -u 5:6 "$ID" sh -c 'echo $(id -u):$(id -g)'
	prints "7 8 9" oci exec --user=5:6 -g 7 --additional-gids 8,9 "$ID" sh -c \
		'sed -n "s/^Groups:.//p" /proc/self/status | sed "s/ *$//"'
	prints "/tmp" oci exec --cwd /tmp "$ID" pwd
	prints "a=b " oci exec -e X=a=b -e Y "$ID" sh -c 'echo "$X $Y"'
	prints "0000000000000021" oci exec -c CAP_CHOWN --cap KILL "$ID" sh -c \
		'sed -n "s/^CapEff:.//p" /proc/self/status'
	prints "1" oci exec --no-new-privs "$ID" sh -c 'sed -n "s/^NoNewPrivs:.//p" /proc/self/status'
	prints "-x" oci exec "$ID" echo -x
	fails 255 "--cap: unknown capability 'CAP_NOPE'" oci exec --cap CAP_NOPE "$ID" true
	fails 255 "process args cannot be empty" oci exec "$ID"
	fails 255 "--user: 'root' is no whole number" oci exec -u root "$ID" true
	exits 7 oci exec "$ID" sh -c 'exit 7'
	exits 143 oci exec "$ID" sh -c 'kill $$'
}

@test "exec in a group below the container's needs that group" {
	fails 255 "--cgroup: '../x' goes up by '..'" oci exec --cgroup ../x "$ID" true
	fails 255 "invalid --cgroup argument: cpu:x:y" oci exec --cgroup cpu:x:y "$ID" true
	fails 255 "invalid --cgroup argument: x (missing <controller>: prefix)" oci exec --cgroup x --cgroup pids:x "$ID" true
	fails 255 "--cgroup: unknown controller nonesuch" oci exec --cgroup nonesuch:x "$ID" true
	exits 255 oci exec --cgroup nonesuch "$ID" true
	holds "--cgroup: there is no group '/sys/fs/cgroup"
	find /sys/fs/cgroup -maxdepth 2 -type d -name "$ID" -exec mkdir {}/below \;
	oci exec --cgroup below "$ID" cat /proc/self/cgroup >"$BATS_TEST_TMPDIR/groups"
	grep -q "/below$" "$BATS_TEST_TMPDIR/groups"
	not grep -v "/below$" "$BATS_TEST_TMPDIR/groups"
	if [ -d "/sys/fs/cgroup/pids/$ID" ]; then
		oci exec --cgroup pids,memory:below "$ID" cat /proc/self/cgroup >"$BATS_TEST_TMPDIR/groups"
		[ "$(grep "/below$" "$BATS_TEST_TMPDIR/groups" | cut -d: -f2 | sort | tr '\n' ' ')" = "memory pids " ]
	fi
	rmdir /sys/fs/cgroup/{,*/}"$ID"/below 2>/dev/null || :
}

@test "exec takes a whole process from a file, alone" {
	local file=$BATS_TEST_TMPDIR/process.json

	echo '{"args": ["sh", "-c", "echo $(id -u) $A $(pwd) $(ulimit -n)"], "cwd": "/etc", "env": ["PATH=/bin", "A=b"],
		"user": {"uid": 3, "gid": 3}, "rlimits": [{"type": "RLIMIT_NOFILE", "soft": 44, "hard": 44}]}' >"$file"
	prints "3 b /etc 44" oci exec --process "$file" "$ID"
	oci exec -d --pid-file "$file.pid" -p "$file" "$ID" >"$file.out"
	deadline 5 grep -qx "3 b /etc 44" "$file.out"
	[ "$(wc -l <"$file.pid")" -eq 0 ]
	echo '{"args": ["true"]}' >"$file"
	not oci exec --process "$file" "$ID"
	fails 255 "open '$file.none': No such file or directory" oci exec --process "$file.none" "$ID"
}

@test "descriptors beside the three are passed only when they are asked for" {
	prints "said" "$ZONE_BUILDDIR/zone-oci" --root "$OCI_ROOT" exec --preserve-fds 1 "$ID" sh -c 'cat <&3' 3< <(echo said)
	prints "" oci exec "$ID" sh -c 'ls /proc/self/fd/3 2>/dev/null; true'
	fails 255 "unable to stat preserved-fd 3 (of 200)" oci exec --preserve-fds 200 "$ID" true
	config "p['args'] = ['sh', '-c', 'cat <&3 <&4; echo \$LISTEN_FDS \$LISTEN_PID']"
	# What systemd does for a service with a socket: one descriptor, and the pid of whoever takes it.
	prints "one
1 1" bash -c 'exec env LISTEN_FDS=1 LISTEN_PID=$$ "$0" "$@" 3< <(echo one) 4< <(echo one)' \
		"$ZONE_BUILDDIR/zone-oci" --root "$OCI_ROOT" run --preserve-fds 1 --bundle "$BUNDLE" "$OTHER"
}

@test "a terminal in the foreground is the user's own" {
	config "p['terminal'] = True" "p['args'] = ['sh', '-c', 'trap \"stty size\" WINCH; stty size; until read A; do :; done; echo got \$A; exit 5']"
	on_terminals <<-'END'
		t = on_terminal("run", "--bundle", os.environ["BUNDLE"], OTHER, rows=31, columns=97)
		t.see("31 97")
		t.resize(40, 120)
		t.see("40 120")
		t.type("x\r")
		t.see("got x")
		t.ends(5)
		t.is_restored()
		t = on_terminal("exec", "-t", ID, "sh", "-c", "tty; sleep 100", rows=31, columns=97)
		t.see("/dev/pts/0")
		t.type(b"\x03")
		t.ends(130)
		t.is_restored()
		t = on_terminal("exec", "-t", ID, "sh", "-c", "trap 'exit 8' USR1; echo here; while :; do sleep 0.05; done")
		t.see("here")
		os.kill(t.pid, signal.SIGUSR1)
		t.ends(8)
		t.is_restored()
	END
	[ "$(oci list -q)" = "$ID" ]
	config "p['args'] = ['sleep', '1000']" "capable('SYS_PTRACE')"
	oci run -d --bundle "$BUNDLE" "$OTHER" </dev/null >/dev/null 2>&1
	on_terminals <<-'END'
		t = on_terminal("exec", "-t", OTHER, "sh", "-c", "tty; stty size; sleep 100 </dev/tty", rows=31, columns=97)
		t.see("/dev/pts/0")
		t.type(b"\x03")
		t.ends(130)
		t.is_restored()
	END
}

@test "a terminal that nobody takes, or a taker without a terminal, is refused in runc's words" {
	config "p['terminal'] = True"
	fails 1 "cannot allocate tty if runc will detach without setting console socket" \
		oci run -d --bundle "$BUNDLE" "$OTHER"
	fails 1 "cannot allocate tty if runc will detach without setting console socket" \
		oci create --bundle "$BUNDLE" "$OTHER"
	fails 255 "cannot allocate tty if runc will detach without setting console socket" oci exec -t -d "$ID" true
	config
	fails 1 "cannot use console socket if runc will not detach or allocate tty" \
		oci run -d --console-socket /nonesuch --bundle "$BUNDLE" "$OTHER"
	[ "$(oci list -q)" = "$ID" ]
}

@test "without a terminal, signals go to the process, and its end is ours" {
	config "p['args'] = ['sh', '-c', 'trap \"echo usr2; exit 6\" USR2; echo up; while :; do sleep 0.05; done']"
	"$ZONE_BUILDDIR/zone-oci" --root "$OCI_ROOT" run --bundle "$BUNDLE" "$OTHER" \
		</dev/null >"$BATS_TEST_TMPDIR/out" 2>&1 3>&- 4>&- &
	deadline 5 grep -q up "$BATS_TEST_TMPDIR/out"
	kill -USR2 $!
	local status=0
	wait $! || status=$?
	[ "$status" -eq 6 ]
	grep -q usr2 "$BATS_TEST_TMPDIR/out"
	[ "$(oci list -q)" = "$ID" ]
}

@test "a container that is kept stays when it has ended" {
	config
	oci run --keep --no-subreaper --bundle "$BUNDLE" "$OTHER" </dev/null
	[ "$(oci state "$OTHER" | json "d['status'] + str(d['pid'])")" = stopped0 ]
	oci delete "$OTHER"
}

@test "the pid file and the pidfd are the first process'" {
	local dir=$BATS_TEST_TMPDIR

	config "p['args'] = ['sleep', '1000']"
	python3 - "$dir/sock" >"$dir/pid-of-pidfd" 3>&- 4>&- <<-'PYTHON' &
	import array, re, socket, sys
	s = socket.socket(socket.AF_UNIX)
	s.bind(sys.argv[1])
	s.listen()
	data, fds, _, _ = socket.recv_fds(s.accept()[0], 64, 1)
	print(re.search(r"Pid:\s*(\d+)", open(f"/proc/self/fdinfo/{fds[0]}").read()).group(1))
	PYTHON
	deadline 5 test -S "$dir/sock"
	oci create --pid-file "$dir/pid" --pidfd-socket "$dir/sock" --bundle "$BUNDLE" "$OTHER" </dev/null >/dev/null 2>&1
	wait $!
	[ "$(cat "$dir/pid")" = "$(cat "$dir/pid-of-pidfd")" ]
	[ "$(cat "$dir/pid")" = "$(oci state "$OTHER" | json 'd["pid"]')" ]
}

@test "a working directory that is not there is made" {
	ID=$OTHER
	prints "/srv/deep/er 0" inside 'echo $(pwd) $(stat -c %u .)' "p['cwd'] = '/srv/deep/er'"
	fails 1 "chdir to cwd ('/etc/passwd') set in config.json failed: Not a directory" \
		inside pwd "p['cwd'] = '/etc/passwd'"
	fails 1 "process.cwd: open '/etc/passwd/x': Not a directory" inside pwd "p['cwd'] = '/etc/passwd/x'"
}
