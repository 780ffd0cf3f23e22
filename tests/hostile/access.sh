#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-2.0-or-later
# B: ssh into a zone whose server, users and files are hostile, and strangers at its door.

. "$(dirname "${BASH_SOURCE[0]}")/lib.bash"

server=$(command -v dropbear) || server=/usr/sbin/dropbear
if [ ! -x "$server" ] || ! command -v ssh >/dev/null; then
	echo "1..0 # SKIP needs dropbear-bin and openssh-client"
	exit 0
fi

# The template minimal with the host's dropbear in it: an ssh server in a tenth of a second.
template_with_server() {
	local file

	for file in "$server" $(ldd "$server" | grep -oE '/[^ )]+'); do
		mkdir -p "$template${file%/*}"
		cp -L "$file" "$template$file"
	done
	mkdir -p "$template/etc/dropbear"
	echo /bin/sh >"$template/etc/shells"
	ssh-keygen -q -t ed25519 -N '' -f "$box/key"
	ssh-keygen -q -t ed25519 -N '' -f "$box/other"
}

zssh() {
	z ssh "$1" -i "${KEY:-$box/key}" -o IdentitiesOnly=yes -o PasswordAuthentication=no "${@:2}" </dev/null
}

# server NAME [OPTION...]: a running zone that answers ssh on demand.
server() {
	running "$@" --ssh on-demand --ssh-key "$box/key.pub"
}

# contained ZONE: every process that has an id or the user namespace of the zone is in its groups, has no
# more power than its init, and no file of the host's open. What is just entering is looked at again.
contained() {
	local said

	for _ in 1 2 3; do
		said=$(outsiders "$1") && return
		sleep 0.1
	done
	echo "$said" | sed 's/^/# /' | head
	return 1
}

outsiders() {
	python3 - "$(init_of "$1")" "$(uid_of "$1")" "zonectl-$id" "/$1" <<'END'
import os, stat, sys
init, base, store, name = sys.argv[1], int(sys.argv[2]), sys.argv[3], sys.argv[4]
def status(pid):
    with open(f"/proc/{pid}/status") as f:
        return dict(l.split(":\t", 1) for l in f.read().splitlines() if ":\t" in l)
def faults(pid, s, home):
    if os.readlink(f"/proc/{pid}/ns/user") != home:
        yield "is in another user namespace"
    if not all(base <= int(u) < base + 65536 for u in (s["Uid"] + "\t" + s["Gid"]).split()):
        yield "has ids " + s["Uid"]
    with open(f"/proc/{pid}/cgroup") as f:
        if not any(store in l and name in l for l in f):
            yield "is in no group of the zone"
    if int(s["CapEff"], 16) & ~int(bound, 16) or s["CapBnd"] != bound:
        yield "has capabilities " + s["CapEff"]
    for fd in os.listdir(f"/proc/{pid}/fd"):
        st = os.stat(f"/proc/{pid}/fd/{fd}")
        if st.st_dev in host and (stat.S_ISREG(st.st_mode) or stat.S_ISDIR(st.st_mode)):
            yield "has open " + os.readlink(f"/proc/{pid}/fd/{fd}")
host = {os.stat(d).st_dev for d in ("/", "/var/tmp", "/etc")}
home, bound = os.readlink(f"/proc/{init}/ns/user"), status(init)["CapBnd"]
bad = False
for pid in filter(str.isdigit, os.listdir("/proc")):
    try:
        s = status(pid)
        mine = any(base <= int(u) < base + 65536 for u in s["Uid"].split())
        if mine or os.readlink(f"/proc/{pid}/ns/user") == home:
            for fault in faults(pid, s, home):
                bad = True
                print(pid, s["Name"], fault)
    except (FileNotFoundError, ProcessLookupError, PermissionError):
        pass
sys.exit(bad)
END
}

# Nothing of the host or of the zone w is another than before.
others_same() {
	local said

	canary_same && contained v || return
	said=$(z exec w -- cat /tmp/mark 2>&1)
	[ "$said" = mine ] || { echo "# w says: $said"; return 1; }
}

others_take() {
	canary_take
	[ "$(z exec w -- cat /tmp/mark 2>/dev/null)" = mine ] || z exec w -- sh -c 'echo mine >/tmp/mark'
}

# A process with an id of the zone's that stands outside: what contained() is there to see.
contained_sees() {
	local uid pid

	uid=$(uid_of v)
	setpriv --reuid="$uid" --regid="$uid" --clear-groups sleep 60 &
	pid=$!
	wait_for 10 grep -q "^Uid:.$uid" "/proc/$pid/status"
	! contained v >/dev/null
	local status=$?
	kill "$pid"
	wait "$pid" 2>/dev/null
	return $status
}

# soon SECONDS COMMAND...: it ends in time, whatever it says.
soon() {
	local start=$SECONDS limit=$1

	shift
	"$@" >"$box/said" 2>&1 </dev/null
	local status=$?
	[ $((SECONDS - start)) -le "$limit" ] && [ "$status" -ne 124 ] && [ "$status" -ne 137 ] && return
	echo "# $((SECONDS - start)) s, status $status: $*: $(head -c 200 "$box/said")"
	return 1
}

# refused_soon TEXT COMMAND...: it ends in time with an error that holds the text.
refused_soon() {
	local text=$1

	shift
	soon 10 "$@" || return
	! "$@" >"$box/said" 2>&1 </dev/null && grep -qF -- "$text" "$box/said" && return
	echo "# $*: $(head -c 300 "$box/said")"
	return 1
}

b9() {
	server v
	others_take
	try "the right key" zssh v true
	KEY=$box/other try "a wrong key" refused_soon "Permission denied" zssh v true
	try "no such user" refused_soon "Permission denied" zssh v -u nosuch true
	try "a user that is an option" refused_soon "" zssh v -u "-oProxyCommand=touch $canary/pwned" true
	try "a user that is a command" refused_soon "" zssh v -u "\$(touch $canary/pwned)" true
	z exec v -- sed -i 's|^root:\(.*\):/bin/sh|root:\1:/no/shell|' /etc/passwd
	try "no such shell" refused_soon "" zssh v true
	z exec v -- sed -i 's|:/no/shell|:/bin/sh|' /etc/passwd
	z exec v -- mv "$server" /tmp/server
	try "no server" refused_soon "the zone has no ssh server" zssh v true
	z exec v -- mv /tmp/server "$server"
	try "and again with all" zssh v true
	z set -q v ssh=no && z reboot -q v --timeout 1
	try "nobody listens" refused_soon "Connection refused" zssh v true
	z halt -q v
	try "a zone that is down" refused_soon "is not running" z ssh v true
	try "the host is as it was" canary_same
	z set -q v ssh=on-demand && z boot -q v
	caught zssh v true
	z destroy -q --force -y v
	score B9 "without server, user, shell or key nobody gets in, and is told why"
}

# Words that a shell on the host would work out.
b10() {
	local odd word words

	server v --net none
	others_take
	words=("\$(touch $canary/pwned)" "; touch $canary/pwned" "| touch $canary/pwned" "\`touch $canary/pwned\`"
		$'a\nb' "' \"" "%h %n %%" '*' '~' "-x" "" $'\x01\xff')
	[ "$mode" != quick ] || words=("${words[0]}" "${words[1]}" "${words[5]}" "${words[6]}" "")
	for word in "${words[@]}"; do
		try "exec $(printf %q "$word")" test "$(z exec v -- printf '%s.' "$word" "a  b" | sha256sum)" = \
			"$(printf '%s.' "$word" "a  b" | sha256sum)"
		# As with ssh(1), the words are joined by blanks and told to the user's shell: inside.
		try "ssh, quoted $(printf %q "$word")" test "$(zssh v "printf %s. '${word//\'/\'\\\'\'}'" | sha256sum)" = \
			"$(printf '%s.' "$word" | sha256sum)"
		zssh v "$word" >/dev/null 2>&1
		try "ssh, unquoted $(printf %q "$word")" others_same
	done
	z destroy -q --force -y v
	# The way to the zone goes by a command that ssh(1) gives to a shell.
	odd=$box/"o d'\"\$(touch x)\`touch y\`;%h&#"
	mkdir "$odd"
	(
		cd "$canary" || exit
		export ZONECTL_ROOT=$odd
		z template build -q minimal
		cp -a "$template/." "$odd/var/lib/zonectl/templates/minimal/rootfs/"
		z create -q v -t minimal --net none --ssh on-demand --ssh-key "$box/key.pub" && z boot -q v
		[ "$(zssh v echo there)" = there ]
		status=$?
		z destroy -q --force -y v
		exit $status
	)
	attempt "a store whose name is a program" $?
	try "the host is as it was" canary_same
	# shellcheck disable=SC2016
	(cd "$canary" && sh -c "true $odd") 2>/dev/null
	sh -c ": $(printf '%s' "; touch $canary/pwned")"
	canary_same >/dev/null || control=caught
	rm -f "$canary"/{pwned,x,y}
	touch -d @1000000000 "$canary"
	score B10 "commands and names reach no shell of the host"
}

# ended STATUS PID: it ends within five seconds, and not well.
ended() {
	local status

	wait_for 5 gone "$1" || { kill -9 "$1"; echo "# still there: $(<"$box/said.$2")"; return 1; }
	wait "$1"
	status=$?
	[ "$status" -ne 0 ] && return
	echo "# status 0: $(head -c 200 "$box/said.$2")"
	return 1
}

gone() {
	local state

	state=$(sed 's/.*) //' "/proc/$1/stat" 2>/dev/null) || return 0
	[ "${state:0:1}" = Z ]
}

# Takes nothing until the zone has ended.
slow_reader() {
	wait_for 30 test -e "$box/go"
	cat >/dev/null
}

b11() {
	local way pids=() ways=(exec ssh ssh-inside push pull) i

	for way in halt "shutdown --timeout 1"; do
		[ "$mode" != quick ] || [ "$way" = halt ] || break
		server v
		server u --net none
		others_take
		z exec v -- sh -c 'head -c 20000000 /dev/zero >/tmp/big'
		pids=()
		LIMIT=60 z exec v -- sleep 100 >"$box/said.0" 2>&1 & pids+=($!)
		LIMIT=60 zssh v sleep 100 >"$box/said.1" 2>&1 & pids+=($!)
		LIMIT=60 zssh u sleep 100 >"$box/said.2" 2>&1 & pids+=($!)
		LIMIT=60 z push - v:/tmp/never < <(sleep 60) >"$box/said.3" 2>&1 & pids+=($!)
		LIMIT=60 z pull v:/tmp/big - 2>"$box/said.4" > >(slow_reader) & pids+=($!)
		wait_for 10 busy v "sleep 100" 2
		wait_for 10 busy u "sleep 100" 1
		wait_for 10 z exec v -- test -e /tmp/big
		# shellcheck disable=SC2086	# words of a command
		z $way -q v u >/dev/null 2>&1 &
		wait_for 10 gone "${pids[0]}"
		touch "$box/go"
		for i in "${!ways[@]}"; do
			try "${ways[i]}, $way" ended "${pids[i]}" "$i"
		done
		rm -f "$box/go"
		wait
		z destroy -q --force -y v u
		try "nothing is left" left_nothing v u
	done
	# A session that nobody ends goes on.
	sleep 100 &
	i=$!
	: >"$box/said.9"
	wait_for 1 gone "$i" || control=caught
	kill "$i"
	wait "$i" 2>/dev/null
	score B11 "sessions end with their zone"
}

# The zone w stays.
left_nothing() {
	local name

	for name in "$@"; do
		[ -z "$(groups_of_store "/$name")" ] || return
		[ ! -e "$ZONECTL_ROOT/run/zonectl/$name" ] && [ ! -e "$zones/$name" ] || return
	done
	wait_for 5 keepers_are 1
}

keepers_are() {
	[ "$(pgrep -c -x zonekeeper)" -eq "$1" ] && ! pgrep -x zonectl >/dev/null
}

# busy ZONE COMMAND COUNT: so many of them run inside.
busy() {
	[ "$(z exec "$1" -- ps 2>/dev/null | grep -c "$2")" -ge "$3" ]
}

address() {
	z list -H -o ip "$1" | cut -d, -f1
}

# flood ADDRESS SECONDS: strangers who come, say something and go, as many as there can be.
flood() {
	timeout "$(($2 + 2))" python3 - "$@" <<'END'
import socket, sys, time
address, end, n, crowd = sys.argv[1], time.monotonic() + float(sys.argv[2]), 0, []
family = socket.AF_INET6 if ":" in address else socket.AF_INET
while time.monotonic() < end:
    s = socket.socket(family)
    s.setblocking(False)
    s.connect_ex((address, 22))
    crowd.append(s)
    n += 1
    if len(crowd) >= 400:
        for s in crowd[:200]:
            try:
                s.send(b"SSH-2.0-nobody\r\n" + b"x" * 100)
            except OSError:
                pass
            s.close()
        del crowd[:200]
    time.sleep(0.0005)
print(n)
END
}

# doors ZONE: how many processes of the host answer for it.
doors() {
	pgrep -c -P "$(keeper_of "$1")"
}

cpu_ticks() {
	sed 's/.*) //' "/proc/$1/stat" | awk '{ print $12 + $13 }'
}

b12() {
	local seconds=2 most=0 n keeper ticks kib flooder

	[ "$mode" = quick ] || seconds=20
	server v && server u
	others_take
	keeper=$(keeper_of v)
	kib=$(awk '/^VmRSS/ { print $2 }' "/proc/$keeper/status")
	ticks=$(cpu_ticks "$keeper")
	flood "$(address v)" "$seconds" >"$box/flood" &
	flooder=$!
	while kill -0 "$flooder" 2>/dev/null; do
		n=$(doors v)
		[ "$n" -le "$most" ] || most=$n
		try "another zone's login" soon 10 zssh u true
		try "a command in the zone itself" soon 10 z exec v -- true
	done
	wait "$flooder"
	ticks=$(($(cpu_ticks "$keeper") - ticks))
	try "there was a flood: $(<"$box/flood")" test "$(<"$box/flood")" -ge $((100 * seconds))
	try "somebody was answered" test "$most" -ge 1
	try "$most processes of the host" test "$most" -le 64
	try "the keeper's $ticks ticks" test "$ticks" -le $((seconds * $(getconf CLK_TCK) / 4))
	try "the keeper's memory" test "$(awk '/^VmRSS/ { print $2 }' "/proc/$keeper/status")" -le $((kib + 512))
	try "the zone's own login afterwards" soon 30 zssh v true
	try "others" others_same
	z destroy -q --force -y v u
	# One that takes all who come has a process for each.
	naive_server_floods && control=caught
	score B12 "strangers at a door cost the host little"
}

many_children() {
	[ "$(pgrep -c -P "$1")" -gt 64 ]
}

naive_server_floods() {
	local pid status

	python3 - <<'END' &
import os, socket, time
s = socket.create_server(("127.0.0.1", 2222), backlog=200)
s.settimeout(3)
try:
    while True:
        c = s.accept()[0]
        if os.fork() == 0:
            time.sleep(3)
            os._exit(0)
except OSError:
    pass
END
	pid=$!
	python3 - <<'END'
import socket, time
for _ in range(50):
    try:
        socket.create_connection(("127.0.0.1", 2222)).close()
        break
    except OSError:
        time.sleep(0.1)
crowd = [socket.create_connection(("127.0.0.1", 2222)) for _ in range(80)]
END
	wait_for 3 many_children "$pid"
	status=$?
	wait "$pid"
	return $status
}

# Whoever looks at the zone from outside, once: each ends in time and the host is as it was.
all_look() {
	local what=$1

	LIMIT=2 zssh v true >/dev/null 2>&1	# whether it ends is up to the zone's server
	soon 10 z ssh v --host-keys
	attempt "$what: --host-keys" $?
	soon 5 z info v
	attempt "$what: info" $?
	soon 5 z info v --json
	attempt "$what: info --json" $?
	soon 15 z passwd v --hash '!'
	attempt "$what: passwd" $?
	try "$what: others" others_same
}

shapes="fifo zero sparse loop directory nul long kcore host"
key_files="/etc/passwd /root/.ssh/authorized_keys /etc/dropbear/dropbear_ed25519_host_key /etc/ssh/ssh_host_rsa_key.pub /root"
[ "$mode" != quick ] || shapes="fifo sparse host" key_files=${key_files% /etc/ssh*}

# shape PATH SHAPE: what stands in a zone's file, put there by its root.
shape() {
	z exec v -- sh -c 'rm -rf "$0"; mkdir -p "${0%/*}/"; case $1 in
		fifo) mkfifo "$0" ;;
		zero) ln -s /dev/zero "$0" ;;
		sparse) truncate -s 1G "$0" ;;
		loop) ln -s "${0##*/}" "$0" ;;
		directory) mkdir "$0" ;;
		nul) printf "root:x\0:0:0::/:/bin/sh\n\0\0" >"$0" ;;
		long) { printf root:x:0:0:; head -c 900000 /dev/zero | tr "\0" a; echo :/:/bin/sh; } >"$0" ;;
		kcore) ln -s /proc/kcore "$0" ;;
		host) ln -s "$2" "$0" ;;
		esac' "$1" "$2" "$canary/file" </dev/null
}

# By a process that is inside already, as nobody gets in while a zone's passwd can't be read.
agent() {
	z exec v -- mkfifo /orders
	LIMIT=600 z exec v -- sh -c 'while sh </orders; do :; done' >/dev/null 2>&1 </dev/null &
	mend /tmp/nothing	# it is there, and listens
}

mend() {
	local top

	top=/proc/$(init_of v)/root
	echo "rm -rf '$1' /etc/ssh /tmp/mended; mkdir -p /root; cp -a /keep/passwd /keep/dropbear /etc/
		cp -a /keep/.ssh /root/; touch /tmp/mended" | timeout 10 dd of="$top/orders" status=none conv=notrunc
	wait_for 5 test -e "$top/tmp/mended" && rm "$top/tmp/mended"
}

b13() {
	local file form

	server v --net none
	others_take
	z exec v -- sh -c 'mkdir -p /keep && cp -a /etc/passwd /etc/dropbear /root/.ssh /keep/'
	agent
	for file in $key_files; do
		for form in $shapes; do
			shape "$file" "$form"
			all_look "$file is $form"
			mend "$file"
		done
	done
	try "with its own files" zssh v true
	# What a reader of joined paths gets from the same links.
	shape /etc/ssh/ssh_host_rsa_key.pub host
	[ "$("$naive" read "$zones/v/data/upper" etc/ssh/ssh_host_rsa_key.pub 2>/dev/null)" = precious ] && control=caught
	z destroy -q --force -y v
	score B13 "users, keys and homes that are no files harm nobody who looks"
}

# hostile_program: what the zone's root would put in place of a program that others start.
hostile_program() {
	z exec v -- sh -c 'cat >"$0.new" && chmod 755 "$0.new" && mv "$0.new" "$0"' "$1"
}

told() {
	z exec v -- cat /tmp/told 2>/dev/null
}

no_hit_told() {
	wait_for 5 told_all && ! told | grep '^HIT' | sed 's/^/# /' | grep .
}

told_all() {
	told | grep -qE '^(tries [1-9]|done)'
}

b14() {
	local file what tries=(fds tiocsti "cwd $canary/file" "exe $(stat -Lc %d:%i "$ZONECTL") 1")
	local looks=("ssh v -i $box/key true" "login v -- true" "info v" "passwd v --hash !" "ssh v --host-keys")

	[ "$mode" != quick ] || tries=(fds tiocsti) looks=("${looks[@]:0:3}")
	server v --net none
	others_take
	for what in "${tries[@]}"; do
		z exec v -- rm -f /tmp/told
		printf '#!/bin/sh\n/inside %s >/tmp/told 2>&1\n' "$what" | hostile_program "$server"
		soon 10 zssh v true
		attempt "a server that tries ${what%% *}: it ends" $?
		try "a server that tries ${what%% *}" no_hit_told
		try "others" others_same
	done
	printf '#!/proc/self/exe\n' | hostile_program "$server"
	LIMIT=3 zssh v true >/dev/null 2>&1
	try "a server that is whoever starts it" others_same
	printf '#!/bin/sh\nkill -STOP $PPID $$\nkill -STOP -1\n' | hostile_program "$server"
	LIMIT=3 zssh v true >/dev/null 2>&1
	try "a server that stops all" soon 5 z info v
	try "others" others_same
	try "and the zone goes down" soon 15 z halt -q v
	z destroy -q --force -y v

	server v --net none
	others_take
	cp "$tools/evil.so" "$zones/v/data/upper/evil.so"
	for file in /lib/libnss_evil.so.2 /lib/x86_64-linux-gnu/libnss_evil.so.2; do
		z exec v -- sh -c 'mkdir -p "${0%/*}"; cp /evil.so "$0"' "$file"
	done
	z exec v -- sh -c 'for d in passwd group shadow hosts; do echo "$d: evil files"; done >/etc/nsswitch.conf
		for f in /root/.bashrc /root/.profile /etc/profile /root/.ssh/rc; do
			echo "/inside fds >/tmp/told 2>&1; touch '"$canary"'/pwned" >"$f"; done
		printf "command=\"/inside fds >/tmp/told 2>&1\" " >/tmp/k
		cat /tmp/k /root/.ssh/authorized_keys >/tmp/k2; cp /tmp/k2 /root/.ssh/authorized_keys'
	for what in "ssh v -i $box/key" "${looks[@]}"; do
		# shellcheck disable=SC2086	# words of a command
		try "NSS, rc: $what: ends" soon 15 z $what
		try "NSS, rc: $what: others" others_same
		try "NSS, rc: $what: marker" marker_is_harmless
	done
	try "what a login ran" no_hit_told
	echo /evil.so | z exec v -- sh -c 'cat >/etc/ld.so.preload'
	for what in "${looks[@]}"; do
		# shellcheck disable=SC2086	# likewise
		try "preload: $what: ends" soon 15 z $what
		try "preload: $what: others" others_same
		try "preload: $what: marker" marker_is_harmless
	done
	try "it was loaded at all" test -e "$zones/v/data/upper/marker"
	contained_sees && control=caught
	z destroy -q --force -y v
	score B14 "a hostile server, library or rc file is the zone's and no more"
}

marker_is_harmless() {
	local m

	for m in "$zones/v/data/upper/marker" "$template/marker" /marker; do
		[ -e "$m" ] || continue
		[ "$(stat -c %u "$m")" -ge 65536 ] || return 1
		! grep -E 'zone(ctl|keep)' "$m" || return 1
	done
}

store_open
template_with_server
installed w && z boot -q w
b9
b10
b11
b12
b13
b14
done_scores
