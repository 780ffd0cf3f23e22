#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-2.0-or-later
# B: what a zone can get from, and do to, whoever enters it.

. "$(dirname "${BASH_SOURCE[0]}")/lib.bash"

entries=200
[ "$mode" = quick ] && entries=20

# The program and the libraries it is linked with, as they stand on the host.
own_files() {
	realpath "$ZONECTL"
	{ ldd "$ZONECTL" || :; } 2>&1 | grep -oE '/[^ ]+' | xargs -r realpath
}

files_state() {
	own_files | xargs stat -c '%n %d:%i %s %Y %Z'
	own_files | xargs sha256sum
}

b1() {
	local i was spinner said init

	running v
	was=$(files_state)
	printf '#!/proc/self/exe\n' >"$zones/v/data/upper/self"
	chmod 755 "$zones/v/data/upper/self"
	z exec v -- /inside exe "$(stat -Lc %d:%i "$ZONECTL")" 600 >"$box/exe" 2>&1 &
	spinner=$!
	for ((i = 0; i < entries; i++)); do
		z exec v -- true
		attempt "entry $i" $?
	done
	for i in /proc/self/exe /self /proc/1/exe; do
		LIMIT=2 z exec v -- "$i" </dev/null >/dev/null 2>&1
		attempt "command $i" $((0 * $?))
	done
	z exec v -- killall inside
	wait "$spinner"
	try "no process shows the host's program" no_hit cat "$box/exe"
	try "program and libraries are as they were" test "$was" = "$(files_state)"
	# The naive one stays in the zone as itself, for all to open.
	init=$(init_of v)
	"$naive" enter "$init" &
	wait_for 10 pgrep -x -P $! naive >/dev/null
	hit z exec v -- /inside exe "$(stat -Lc %d:%i "$naive")" 2 && control=caught
	z destroy -q --force -y v
	wait
	score B1 "nobody in a zone opens the program that enters it"
}

b2() {
	local n gone=$box/gone

	running v
	try "50 stray directories" no_hit "$naive" with-dirs 50 "$ZONECTL" exec v -- /inside fds
	try "50 stray directories, with a terminal" no_hit on_pty "$naive with-dirs 50 $ZONECTL exec v -t -- /inside fds"
	try "boot among them" "$naive" with-dirs 50 bash -c 'exec 3>&-; "$0" reboot -q v --timeout 1' "$ZONECTL"
	try "no directory in init" bash -c '! for f in /proc/'"$(init_of v)"'/fd/*; do [ -d "$f" ] && echo "$f"; done | grep .'
	for n in 0 1 2; do
		try "a directory of the host as descriptor $n" bash -c 'exec '$n'</; "$0" exec v -- /inside fds '"$(
			[ "$n" = 1 ] && echo '>/dev/null')"' 2>&1 | { ! grep HIT; }' "$ZONECTL"
	done
	for n in $(seq 3 20); do
		try "-w /proc/self/fd/$n" outside_refused z exec v -w "/proc/self/fd/$n" -- /inside cwd "$canary/file"
	done
	try "-w /proc/self/cwd" outside_refused z exec v -w /proc/self/cwd -- /inside cwd "$canary/file"
	try "-w /proc/1/root" outside_refused z exec v -w /proc/1/root -- /inside cwd "$canary/file"
	mkdir "$gone"
	try "from a directory that is gone" bash -c 'cd "$1" && rmdir "$1" && "$0" exec v -- /inside cwd "$2" |
		{ ! grep HIT; }' "$ZONECTL" "$gone" "$canary/file"
	try "a deleted directory of the zone" outside_refused z exec v -- sh -c \
		"mkdir /tmp/d && cd /tmp/d && rmdir /tmp/d && /inside cwd $canary/file"
	hit "$naive" with-dirs 5 "$naive" enter "$(init_of v)" /inside fds && control=caught
	z destroy -q --force -y v
	score B2 "descriptors 0, 1, 2 and no directory of the host come along"
}

# Refused by zonectl, or inside the root after all.
outside_refused() {
	! "$@" 2>&1 </dev/null | grep '^HIT' | sed 's/^/# /' | grep .
}

# same_power PID PID: what the kernel says of two processes, line by line.
power() {
	grep -E '^(Cap...|NoNewPrivs|Seccomp|Seccomp_filters|Groups|Uid|Gid|Umask|SigIgn|SigBlk):' "/proc/$1/status"
	(cd "/proc/$1/ns" && for n in *; do echo "$n $(readlink "$n")"; done)
	cat "/proc/$1/oom_score_adj" "/proc/$1/limits"
	# On v2 an entered process stands in a group of its own below the zone's.
	sed -E "s|(zonectl-$id/v).*|\1|" "/proc/$1/cgroup"
	readlink "/proc/$1/root"
}

same_power() {
	diff <(power "$1") <(power "$2") | sed 's/^/# /' >"$box/power"
	[ ! -s "$box/power" ]
}

b3() {
	local pid way init

	running v --memory 256M --pids 100
	z exec v -- sleep 97 &
	script -qec "$ZONECTL login v -- sleep 96" /dev/null >/dev/null &
	for way in 97 96; do
		wait_for 10 pgrep -xf "sleep $way" >/dev/null
		pid=$(pgrep -xf "sleep $way")
		same_power "$(init_of v)" "$pid"
		attempt "sleep $way against init: $(head -n 8 "$box/power")" $?
	done
	init=$(init_of v)
	"$naive" enter "$init" &
	wait_for 10 pgrep -x -P $! naive >/dev/null && pid=$(pgrep -P $!) && ! same_power "$init" "$pid" && control=caught
	z destroy -q --force -y v
	wait
	score B3 "who enters has exactly the power of init"
}

# A root filesystem that offers a library wherever one is looked for.
bait() {
	local top=$1

	mkdir -p "$top"/{lib,lib64,usr/lib,etc,lib/x86_64-linux-gnu,usr/lib/x86_64-linux-gnu/gconv,usr/lib/locale}
	for f in lib/libnss_evil.so.2 lib64/libnss_evil.so.2 lib/libnss_files.so.2 lib/x86_64-linux-gnu/libnss_evil.so.2 \
		lib/x86_64-linux-gnu/libnss_files.so.2 usr/lib/libnss_evil.so.2 lib/x86_64-linux-gnu/libnss_compat.so.2 \
		usr/lib/x86_64-linux-gnu/gconv/UTF-7.so evil.so; do
		cp "$tools/evil.so" "$top/$f"
	done
	for f in passwd group shadow hosts initgroups networks; do echo "$f: evil files"; done >"$top/etc/nsswitch.conf"
	echo /evil.so >"$top/etc/ld.so.preload"
	echo 'module UTF-7// INTERNAL ../../../../evil 1' >"$top/usr/lib/x86_64-linux-gnu/gconv/gconv-modules"
	head -c 4096 /dev/urandom >"$top/usr/lib/locale/locale-archive"
	chmod 1777 "$top"
}

# Only those of the zone may have left it, and never one called zonectl.
marker_is_harmless() {
	local m

	for m in "$zones/v/data/upper/marker" "$template/marker" /marker; do
		[ -e "$m" ] || continue
		[ "$(stat -c %u "$m")" -ge 65536 ] || return 1
		! grep -E 'zone' "$m" || return 1
	done
}

b5() {
	local verb

	running v
	export LANGUAGE=tr CHARSET=UTF-7
	bait "$zones/v/data/upper"
	for verb in "exec v -- true" "exec v -u root -- id" "exec v -u nobody -- id" "login v -- true" "info v" \
		"list -a" "set v description=x" "verify v" "log v" "repair v" "freeze v" "thaw v" \
		"exec v -e LANG=x.UTF-7 -e LD_PRELOAD=/evil.so -- true" "reboot v" "shutdown v --timeout 2" "boot v" "halt v"; do
		# shellcheck disable=SC2086	# words of a command
		LIMIT=30 z $verb >/dev/null 2>&1 </dev/null
		marker_is_harmless
		attempt "$verb" $?
	done
	z destroy -q --force -y v
	mkdir -p "$box/bait" && bait "$box/bait"
	"$naive" nss "$box/bait" somebody
	[ "$(stat -c %u "$box/bait/marker" 2>/dev/null)" = 0 ] && control=caught
	score B5 "nothing of the zone is loaded by who enters"
}

# cheap COMMAND...: it took less than two seconds and 16 MiB.
cheap() {
	local ms kib status

	read -r _ ms kib status < <("$naive" cost "$@" 2>&1 >/dev/null </dev/null | grep -a '^cost ')
	[ "$ms" -lt 2000 ] && [ "$kib" -lt 16384 ] && sane "$status" && return
	echo "# $ms ms, $kib KiB, status $status: $*"
	return 1
}

passwd_shapes="fifo zero sparse groups nul overflow huge-line directory"

bad_passwd() {
	local etc=$1/etc

	rm -rf "$etc/passwd" "$etc/group"
	cp "$box/passwd" "$etc/passwd"
	cp "$box/group" "$etc/group"
	case $2 in
	fifo)      rm "$etc/passwd" && mkfifo "$etc/passwd" ;;
	zero)      ln -sf /dev/zero "$etc/passwd" ;;
	sparse)    truncate -s 4G "$etc/passwd" ;;
	groups)    awk 'BEGIN { for (i = 0; i < 10000000; i++) print "g:x:1:u" }' >"$etc/group" ;;
	nul)       printf 'u:x\0:0:0::/:/bin/sh\nu\0:x:0:0::/:/bin/sh\n' >"$etc/passwd" ;;
	overflow)  printf 'u:x:4294967296:4294967296::/:/bin/sh\nw:x:-1:-1::/:/bin/sh\ny::0x0:0::/:\nroot2:x:4294967296:0::/:/bin/sh\n' \
			>"$etc/passwd" ;;
	huge-line) { printf 'u:x:'; head -c 900000 /dev/zero | tr '\0' 0; printf ':0::/:/bin/sh\n'; } >"$etc/passwd" ;;
	directory) rm "$etc/passwd" && mkdir "$etc/passwd" ;;
	esac
}

b6() {
	local shape user said top

	running v
	top=$zones/v/data/upper
	mkdir -p "$top/etc"
	cp "$template/etc/passwd" "$box/passwd"
	cp "$template/etc/group" "$box/group"
	for shape in $passwd_shapes; do
		bad_passwd "$top" "$shape"
		for user in u w y root2 nobody; do
			try "$shape, as $user: cost" cheap "$ZONECTL" exec v -u "$user" -- true
			said=$(z exec v -u "$user" -- id -u 2>/dev/null </dev/null)
			[ "$said" != 0 ]
			attempt "$shape, as $user: is root" $?
		done
	done
	cp "$box/passwd" "$top/etc/passwd.new" && rm -rf "$top/etc/passwd" && mv "$top/etc/passwd.new" "$top/etc/passwd"
	cp "$box/group" "$top/etc/group"
	for user in 2147483648 4294967295 4294967296 18446744073709551616 -1 '' 0x0 ' 0' '0 ' +0 65536 root2 $'root\n' \
		'root:' ':0' ':' 'nobody:4294967296' '*' '%n'; do
		said=$(z exec v -u "$user" -- id -u 2>/dev/null </dev/null)
		[ "$said" != 0 ] || [ "$user" = 'root:' ]
		attempt "-u '$user'" $?
	done
	z destroy -q --force -y v
	{ [ "$("$naive" uid 0x0)" = 0 ] && [ "$("$naive" uid 4294967296)" = 0 ]; } &&
		! cheap "$naive" slurp /dev/zero >/dev/null && control=caught
	score B6 "users that cannot be read are refused, soon and cheaply"
}

# foreign_env: names in an environment, on standard input, that are no one's business inside.
foreign_env() {
	grep -aoE '^[A-Za-z_0-9]+=' | grep -vxE '(TERM|COLORTERM|HOME|USER|LOGNAME|SHELL|PATH|LANG|PWD|SHLVL|_|OLDPWD|MAIL|HUSHLOGIN|container|container_[a-z]+)='
}

b7() {
	local way said

	running v
	export LD_PRELOAD_X=1 SSH_AUTH_SOCK=/x LD_LIBRARY_PATH='' BASH_ENV=/x AWS_SECRET=x PYTHONPATH=/x IFS_X=1 \
		TERM=$'x\e]0;owned\a'
	for way in "exec v" "exec v -t" "login v" "exec v -u nobody"; do
		said=$(on_pty "$ZONECTL $way -- env" | tr -d '\r')
		[ -z "$(foreign_env <<<"$said")" ] && grep -q '^PATH=' <<<"$said" && ! grep -aq $'\e' <<<"$said"
		attempt "$way: $(foreign_env <<<"$said" | tr '\n' ' ')" $?
	done
	said=$(tr '\0' '\n' <"/proc/$(init_of v)/environ")
	[ -z "$(foreign_env <<<"$said")" ]
	attempt "init: $(foreign_env <<<"$said" | tr '\n' ' ')" $?
	[ -n "$("$naive" enter "$(init_of v)" /bin/busybox env | foreign_env)" ] && control=caught
	z destroy -q --force -y v
	score B7 "the environment inside is made, not inherited"
}

store_open
b1
b2
b3
b7
if [ "$mode" != quick ]; then
	b5
	b6
fi
done_scores
