#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-2.0-or-later
# What a container's root gets from whoever enters it with zone-oci, and what commands that meet or are
# killed leave behind: B, J, K.

. "$(dirname "${BASH_SOURCE[0]}")/lib.bash"
# shellcheck source=tests/hostile/oci.bash
. "$(dirname "${BASH_SOURCE[0]}")/oci.bash"

entries=200 kills=60 meetings=30
[ "$mode" = quick ] && entries=15 kills=10 meetings=5

oci_files_state() {
	stat -c '%n %d:%i %s %Y %Z' "$(realpath "$ZONE_BUILDDIR/zone-oci")"
	sha256sum "$ZONE_BUILDDIR/zone-oci"
}

sleeper() {
	config "sleeps()" "${@:2}"
	oci run -d -b "$bundle" "$1" </dev/null >/dev/null 2>"$box/said" || { echo "# $(<"$box/said")"; return 1; }
}

b1() {
	local i spinner was init

	sleeper x
	was=$(oci_files_state)
	printf '#!/proc/self/exe\n' >"$rootfs/self"
	chmod 755 "$rootfs/self"
	oci exec x /inside exe "$(stat -Lc %d:%i "$ZONE_BUILDDIR/zone-oci")" 600 </dev/null >"$box/exe" 2>&1 &
	spinner=$!
	for ((i = 0; i < entries; i++)); do
		oci exec x true </dev/null
		attempt "entry $i" $?
	done
	for i in /proc/self/exe /self /proc/1/exe; do
		LIMIT=2 oci exec x "$i" </dev/null >/dev/null 2>&1
		attempt "command $i" $((0 * $?))
	done
	oci exec x killall inside
	wait "$spinner"
	try "no process shows the host's program" no_hit cat "$box/exe"
	for i in /proc/self/exe /self; do
		config "p['args'] = ['$i']"
		LIMIT=2 oci run -b "$bundle" y </dev/null >/dev/null 2>&1
		oci delete -f y
		try "the program is as it was after $i as init" test "$was" = "$(oci_files_state)"
	done
	oci delete -f x
	# The naive one stays inside as itself. It has more power than they, so it takes some to open it.
	sleeper x "caps('CAP_SYS_PTRACE')"
	init=$(oci_pid x)
	"$naive" stay "$init" &
	wait_for 10 pgrep -x -P $! naive >/dev/null
	hit oci exec x /inside exe "$(stat -Lc %d:%i "$naive")" 0.5 && control=caught
	oci delete -f x
	wait
	score B1 "nobody in a container opens the program that enters it"
}

# With the power to trace: whoever enters is born in the container with no more than its root has.
b2_traced() {
	local i spinner dev

	dev=$(stat -Lc %d:%i "$ZONE_BUILDDIR/zone-oci")
	sleeper x "caps('CAP_SYS_PTRACE', 'CAP_KILL', 'CAP_DAC_OVERRIDE')" "p['noNewPrivileges'] = $1" \
		"l['seccomp'] = {'defaultAction': 'SCMP_ACT_ALLOW', 'syscalls': [{'names': ['chmod'], 'action': 'SCMP_ACT_ERRNO'}]}"
	oci exec x /inside trace "$dev" 600 </dev/null >"$box/traced" 2>&1 &
	spinner=$!
	for ((i = 0; i < entries; i++)); do
		oci exec x true </dev/null
		attempt "entry $i under a tracer" $?
	done
	# From outside: killall has a directory open, too.
	kill "$(pgrep -xf "/inside trace $dev 600")"
	wait "$spinner"
	try "the tracer saw some of them" grep -qE '^tries [1-9]' "$box/traced"
	try "no power, program or directory of the host" no_hit cat "$box/traced"
	oci delete -f x
}

oci_pid() {
	oci state "$1" | sed -n 's/.*"pid": *\([0-9]*\).*/\1/p'
}

b2() {
	local n dirs=("$naive" with-dirs 50)
	local o=("$ZONE_BUILDDIR/zone-oci" --root "$box/run")

	config "p['args'] = ['/inside', 'fds']"
	try "50 stray directories, run" no_hit timeout 20 "${dirs[@]}" "${o[@]}" run -b "$bundle" f
	config "sleeps()" "c['hooks'] = {k: [{'path': '$inside', 'args': ['inside', 'fds']}] for k in ('createRuntime', 'createContainer', 'poststart')}"
	try "50 stray directories, create and start" timeout 20 "${dirs[@]}" bash -c 'exec 3>&-
		"$@" create -b "$0" f && "$@" start f' "$bundle" "${o[@]}" </dev/null >/dev/null 2>&1
	try "no directory in init" bash -c '! for f in /proc/'"$(oci_pid f)"'/fd/*; do [ -d "$f" ] && echo "$f"; done | grep .'
	try "50 stray directories, exec" no_hit timeout 20 "${dirs[@]}" "${o[@]}" exec f /inside fds
	for n in 0 1 2; do
		try "a directory of the host as descriptor $n" bash -c 'exec '$n'</; timeout 20 "$@" exec f /inside fds '"$(
			[ "$n" = 1 ] && echo '>/dev/null')"' 2>&1 | { ! grep HIT; }' x "${o[@]}"
	done
	for n in $(seq 3 20) cwd root; do
		[[ $n == [0-9]* ]] && n=fd/$n
		try "--cwd /proc/self/$n" outside_refused "${o[@]}" exec --cwd "/proc/self/$n" f /inside cwd "$canary/file"
		config "p['args'] = ['/inside', 'cwd', '$canary/file']" "p['cwd'] = '/proc/self/$n'"
		try "cwd /proc/self/$n" outside_refused "${o[@]}" run -b "$bundle" g
	done
	oci exec f ln -s /proc/self/fd/7 /link </dev/null
	try "--cwd a link to a descriptor" outside_refused "${o[@]}" exec --cwd /link f /inside cwd "$canary/file"
	oci delete -f f
	sleeper f
	hit "$naive" with-dirs 5 "$naive" stay "$(oci_pid f)" /inside fds && control=caught
	oci delete -f f
	b2_traced False
	b2_traced True
	b2_control
	score B2 "descriptors 0, 1, 2 and no directory of the host come along"
}

# The naive one has all of the host's power when it is first seen.
b2_control() {
	local init

	[ "$control" = caught ] || return
	control=missed
	sleeper x "caps('CAP_SYS_PTRACE', 'CAP_KILL', 'CAP_DAC_OVERRIDE')"
	init=$(oci_pid x)
	"$naive" stay "$init" &
	wait_for 10 pgrep -x -P $! naive >/dev/null
	oci exec x /inside trace "$(stat -Lc %d:%i "$naive")" 0.5 </dev/null >"$box/traced" 2>&1
	grep -q 'HIT traced' "$box/traced" && grep -q "HIT .* host's program" "$box/traced" && control=caught
	oci delete -f x
	wait
}

# Refused, or inside the root after all.
outside_refused() {
	! timeout 20 "$@" 2>&1 </dev/null | grep '^HIT' | sed 's/^/# /' | grep .
}

power() {
	grep -E '^(Cap...|NoNewPrivs|Seccomp|Seccomp_filters|Groups|Uid|Gid|Umask|SigIgn|SigBlk):' "/proc/$1/status"
	(cd "/proc/$1/ns" && for n in *; do echo "$n $(readlink "$n")"; done)
	cat "/proc/$1/oom_score_adj" "/proc/$1/limits" "/proc/$1/cgroup"
	readlink "/proc/$1/root"
}

same_power() {
	diff <(power "$1") <(power "$2") | sed 's/^/# /' >"$box/power"
	[ ! -s "$box/power" ]
}

b3() {
	local pid init

	sleeper p "p['noNewPrivileges'] = True" "p['oomScoreAdj'] = 77" \
		"p['user'] = {'uid': 12, 'gid': 13, 'additionalGids': [14, 15]}" \
		"p['rlimits'] = [{'type': 'RLIMIT_NOFILE', 'soft': 99, 'hard': 100}]" \
		"l['seccomp'] = {'defaultAction': 'SCMP_ACT_ALLOW', 'syscalls': [{'names': ['chmod'], 'action': 'SCMP_ACT_ERRNO'}]}" \
		"l['resources']['pids'] = {'limit': 50}"
	oci exec p sleep 97 </dev/null &
	wait_for 10 pgrep -xf "sleep 97" >/dev/null
	pid=$(pgrep -xf "sleep 97")
	same_power "$(oci_pid p)" "$pid"
	attempt "exec against init: $(head -n 8 "$box/power")" $?
	init=$(oci_pid p)
	"$naive" stay "$init" &
	wait_for 10 pgrep -x -P $! naive >/dev/null
	pid=$(pgrep -P $!)
	! same_power "$init" "$pid" && [ -d "/proc/$pid" ] && control=caught
	oci delete -f p
	wait
	score B3 "who enters has exactly the power of init"
}

as_nobody() {
	setpriv --reuid 65534 --regid 65534 --clear-groups -- "$@"
}

# With a careless umask of whoever calls.
j1() {
	local open

	rm -rf "$box/run"
	chmod 755 "$box"
	(umask 0; sleeper s)
	open=$(find "$box/run" -perm /022 ! -type l -printf '%p %m ')
	try "nothing that others may write: $open" test -z "$open"
	for f in state.json config.json start.sock; do
		! as_nobody cat "$box/run/s/$f" >/dev/null 2>&1
		attempt "others read $f" $?
	done
	! as_nobody ls "$box/run" >/dev/null 2>&1
	attempt "others list the containers" $?
	! as_nobody "$ZONE_BUILDDIR/zone-oci" --root "$box/run" kill s KILL >/dev/null 2>&1
	attempt "others kill" $?
	try "it runs" test "$(oci state s | grep -c running)" = 1
	oci delete -f s
	(umask 0; mkdir "$box/careless"; echo >"$box/careless/state.json")
	as_nobody cat "$box/careless/state.json" >/dev/null && [ -n "$(find "$box/careless" -perm /022)" ] && control=caught
	rm -rf "$box/careless"
	score J1 "the runtime's files are root's, whatever the umask"
}

# One id, many hands: nothing is had twice, nothing is left.
j3() {
	local i n

	config "p['args'] = ['sleep', '98765']"
	for ((i = 0; i < meetings; i++)); do
		for n in 1 2 3 4; do
			oci create -b "$bundle" j </dev/null >/dev/null 2>&1 &
		done
		oci delete -f j >/dev/null 2>&1 &
		oci start j >/dev/null 2>&1 &
		oci state j >/dev/null 2>&1 &
		oci kill j KILL >/dev/null 2>&1 &
		wait
		n=$(pgrep -cxf "sleep 98765")
		[ "$n" -le 1 ]
		attempt "meeting $i: $n run" $?
		try "delete after meeting $i" oci delete -f j
		try "nothing left of meeting $i" gone "sleep 98765"
	done
	sleep 98766 &
	wait_for 10 pgrep -xf "sleep 98766" >/dev/null
	gone "sleep 98766" >/dev/null || control=caught
	kill $!
	wait
	score J3 "concurrent commands on one id leave one container or none"
}

gone() {
	! pgrep -xf "$1" >/dev/null && oci_nothing_left
}

# Killed at any moment, delete --force ends what there is.
j4() {
	local i pid what

	config "p['args'] = ['sleep', '98765']" "c['hooks'] = {'createRuntime': [{'path': '/bin/true'}]}"
	for ((i = 0; i < kills; i++)); do
		what=create
		[ $((i % 3)) -ne 2 ] || what='run -d'
		# shellcheck disable=SC2086	# words of a command
		"$ZONE_BUILDDIR/zone-oci" --root "$box/run" $what -b "$bundle" k </dev/null >/dev/null 2>&1 3>&- &
		pid=$!
		# Moments, not an event: that is what the case is about.
		read -r -t "0.0$(printf %03d $((RANDOM % 200)))" <> <(:)
		kill -9 "$pid" 2>/dev/null
		wait "$pid" 2>/dev/null
		oci list >/dev/null 2>"$box/said"
		attempt "list after kill $i: $(<"$box/said")" $?
		oci delete -f k 2>"$box/said"
		attempt "delete after kill $i: $(<"$box/said")" $?
		try "nothing left of kill $i" wait_for 10 gone "sleep 98765"
	done
	sleep 98766 &
	wait_for 10 pgrep -xf "sleep 98766" >/dev/null
	gone "sleep 98766" >/dev/null || control=caught
	kill $!
	wait
	score J4 "kill -9 of create and run leaves nothing that delete does not end"
}

k6() {
	local said

	export SECRET=1 LD_LIBRARY_PATH=/x
	config "p['args'] = ['true']" "c['hooks'] = {'createRuntime': [{'path': '/bin/sh', 'args': ['sh', '-c', 'env >$box/env; ls -l /proc/self/fd >$box/fds; pwd >$box/pwd']}]}"
	oci run -b "$bundle" h </dev/null
	said=$(grep -vE '^(PWD|SHLVL|_|OLDPWD)=' "$box/env")
	try "a hook has the environment that is asked for: $said" test -z "$said"
	said=$(grep -cE ' -> /' "$box/fds")
	! grep -E ' ([3-9]|[1-9][0-9]+) -> /' "$box/fds" | grep -v '/proc/[0-9]*/fd$'
	attempt "a hook has no descriptor of ours" $?
	config "sh('env')"
	said=$(oci run -b "$bundle" h </dev/null | grep -E '^(SECRET|LD_)')
	try "nor has the container our environment: $said" test -z "$said"
	# Somebody else's link where the pid is to be written.
	canary_take
	ln -sf "$canary/file" "$box/pid"
	config "p['args'] = ['true']"
	oci run -b "$bundle" --pid-file "$box/pid" h </dev/null >/dev/null 2>&1
	try "a pid file that is a link" canary_same
	ln -sf "$canary/file" "$box/pid"
	"$naive" write "$box" pid && ! canary_same >/dev/null && control=caught
	rm -f "$box/pid"
	echo precious >"$canary/file"
	touch -d @1000000000 "$canary/file"
	unset SECRET LD_LIBRARY_PATH
	score K6 "hooks and files named on the command line give nothing away"
}

# What is closed is not given another meaning.
k7() {
	local how

	config "sh('/inside fds >/out; [ -c /dev/null ] && echo >>/dev/null')"
	for how in '<&-' '>&-' '2>&-' '<&- >&-' '<&- >&- 2>&-'; do
		rm -f "$rootfs/out"
		eval "oci run -b '$bundle' n $how" >/dev/null 2>&1
		[ ! -e "$rootfs/out" ] || ! grep -E 'descriptor ([3-9]|[1-9][0-9])|directory' "$rootfs/out"
		attempt "closed: $how" $?
		try "nothing left" oci_nothing_left
	done
	hit "$naive" with-dirs 3 "$inside" fds && control=caught
	score K7 "closed standard streams are nobody's way in"
}

store_open
oci_open
b1
b2
b3
j1
j3
j4
k6
k7
done_scores
