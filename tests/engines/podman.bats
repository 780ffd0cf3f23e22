#!/usr/bin/env bats
# SPDX-License-Identifier: GPL-2.0-or-later
# Podman with zone-oci as its runtime: a container's life. The image is the template minimal.

load ../lib/zone
load engine
load podman

setup_file() { podman_open; }

teardown_file() { podman_close; }

setup() { BOX=box-$BATS_TEST_NUMBER; }

teardown() { podman_clear; }

#
# run
#

@test "the runtime is the one that was asked for" {
	prints "zone-oci" podman info -f '{{.Host.OCIRuntime.Name}}'
	podman info -f '{{.Host.OCIRuntime.Version}}' | grep -E '^zone-oci version [0-9]'
	box
	is '{{.OCIRuntime}}' zone-oci
}

@test "what it prints comes back, and how it ended" {
	run --separate-stderr once 'echo out; echo err >&2; exit 7'
	[ "$status" -eq 7 ] && [ "$output" = out ] && [ "${stderr:-}" = err ]
}

@test "a program that is not there ends in 127" {
	exits 127 podman run --rm --network none minimal nonesuch
	holds 'exec: "nonesuch": executable file not found in $PATH'
	exits 127 podman run --rm --network none minimal /none
	holds 'exec: "/none": stat /none: no such file or directory'
}

@test "a program that can't be executed ends in 126" {
	exits 126 podman run --rm --network none minimal /etc/passwd
	holds 'exec: "/etc/passwd": permission denied'
	exits 126 podman run --rm --network none minimal /etc
}

@test "what Podman itself refuses ends in 125" {
	exits 125 podman run --rm --network none --no-such-option minimal true
	exits 125 podman run --rm --network none --memory 1q minimal true
}

@test "a program that was not found leaves nothing" {
	exits 127 podman run --name "$BOX" --network none minimal nonesuch
	is '{{.State.Status}}' created
	no_trace "$(podman inspect -f '{{.Id}}' "$BOX")"
}

@test "standard input reaches it, whole" {
	prints "typed" podman run --rm -i --network none minimal cat <<<typed
	prints "300000" podman run --rm -i --network none minimal wc -c < <(head -c 300000 /dev/zero)
}

@test "run -it gives it a terminal" {
	podman_on_terminal <<-'END'
		podman run --rm -it --network none minimal sh
		type {tty; stty size; test -t 0 && echo is-$((6 * 7))}
		see "/dev/pts/0"
		see "24 80"
		see "is-42"
		type {sleep 7654}
		exec timeout 20 sh -c {until pgrep -f "^sleep 7654$" >/dev/null; do sleep 0.05; done}
		send "\003"
		type {echo status-$?}
		see "status-130"
		type "exit 5"
		ends 5
	END
}

@test "run -d, logs, logs -f and wait" {
	does 'echo one; echo two >&2; read x </dev/stdin; exit 6'
	prints 6 podman wait "$BOX"
	says one
	says two
	podman logs -f "$BOX" 2>&1 | grep -x two
	is '{{.State.ExitCode}}' 6
}

@test "create, start and start -a" {
	podman create --name "$BOX" --network none minimal sh -c 'echo ran; exit 3' >/dev/null
	is '{{.State.Status}}' created
	podman init "$BOX"
	is '{{.State.Status}}' initialized
	exits 3 podman start -a "$BOX"
	holds ran
}

@test "--rm leaves nothing" {
	local id

	id=$(podman run -d --rm --network none --name "$BOX" minimal sh -c 'read x; exit')
	podman wait --ignore "$BOX" >/dev/null 2>&1 || :
	deadline 10 not podman container exists "$BOX"
	deadline 10 no_trace "$id"
}

@test "attach brings input and output, and its end" {
	podman run -d -i --network none --name "$BOX" minimal sh -c 'read x; echo got $x; exit 4' >/dev/null
	exits 0 podman attach "$BOX" <<<word
	holds "got word"
	prints 4 podman wait "$BOX"
}

#
# Signals
#

@test "stop asks first, and waits for what it does" {
	does 'trap "echo bye; exit 3" TERM; echo set; while :; do sleep 0.05; done'
	deadline 10 says set
	podman stop -t 30 "$BOX"
	says bye
	is '{{.State.ExitCode}}' 3
}

@test "stop ends what does not listen; --stop-signal and --stop-timeout are used" {
	does --stop-signal USR1 'trap "exit 9" USR1; trap "" TERM; echo set; while :; do sleep 0.05; done'
	deadline 10 says set
	podman stop "$BOX"
	is '{{.State.ExitCode}}' 9
	podman rm "$BOX"
	does --stop-timeout 0 'trap "" TERM; echo set; while :; do sleep 0.05; done'
	deadline 10 says set
	podman stop "$BOX"
	is '{{.State.ExitCode}}' 137
}

@test "kill sends the signal that is named" {
	does 'trap "exit 4" USR2; echo set; while :; do sleep 0.05; done'
	deadline 10 says set
	podman kill -s USR2 "$BOX"
	prints 4 podman wait "$BOX"
	exits 125 podman kill "$BOX"
	podman start "$BOX"
	podman kill "$BOX"
	prints 137 podman wait "$BOX"
}

@test "pause and unpause" {
	does 'i=0; while :; do i=$((i + 1)); echo $i >/count; sleep 0.01; done'
	deadline 10 podman exec "$BOX" test -s /count
	podman pause "$BOX"
	is '{{.State.Status}}' paused
	exits 255 podman exec "$BOX" true
	podman unpause "$BOX"
	is '{{.State.Status}}' running
	podman exec "$BOX" true
}

@test "rm -f of a paused one" {
	local id

	box
	id=$(podman inspect -f '{{.Id}}' "$BOX")
	podman pause "$BOX"
	podman rm -f -t 0 "$BOX"
	deadline 10 no_trace "$id"
}

@test "restart and start again: the files stay, the process is another" {
	local pid

	box
	podman exec "$BOX" touch /kept
	pid=$(pid_of "$BOX")
	podman restart -t 0 "$BOX"
	[ "$(pid_of "$BOX")" -ne "$pid" ]
	podman stop -t 0 "$BOX"
	podman start "$BOX"
	podman exec "$BOX" test -e /kept
}

@test "--restart on-failure:3 tries three times more; always brings it back" {
	local pid

	does --restart on-failure:3 'echo ran; exit 1'
	deadline 20 is '{{.State.Status}} {{.RestartCount}}' 'exited 3'
	[ "$(podman logs "$BOX" | grep -c ran)" -eq 4 ]
	podman rm "$BOX"
	box --restart always
	pid=$(pid_of "$BOX")
	engine kill -KILL "$pid"
	deadline 20 is '{{.RestartCount}} {{.State.Running}}' '1 true'
}

@test "rename" {
	box
	podman rename "$BOX" "$BOX-other"
	podman exec "$BOX-other" true
}

#
# exec
#

@test "exec: output, exit code, variables, directory, user, input" {
	box
	run --separate-stderr podman exec "$BOX" sh -c 'echo out; echo err >&2; exit 9'
	[ "$status" -eq 9 ] && [ "$output" = out ] && [ "${stderr:-}" = err ]
	prints "b /tmp 5:6" podman exec -e A=b -w /tmp -u 5:6 "$BOX" sh -c 'echo $A $PWD $(id -u):$(id -g)'
	prints nobody podman exec -u nobody "$BOX" id -un
	prints typed podman exec -i "$BOX" cat <<<typed
}

@test "exec -it gives it a terminal of its own" {
	box
	podman_on_terminal <<-END
		podman exec -it $BOX sh
		type {tty; echo is-\$((6 * 7))}
		see "/dev/pts/0"
		see "is-42"
		type "exit 8"
		ends 8
	END
}

@test "exec of what is not there and of what can't be executed" {
	box
	exits 127 podman exec "$BOX" nonesuch
	holds 'executable file not found in $PATH'
	exits 126 podman exec "$BOX" /etc/passwd
	holds 'permission denied'
	exits 127 podman exec -w /none "$BOX" pwd
	holds "chdir to cwd"
}

@test "exec -d goes on by itself" {
	box
	podman exec -d "$BOX" sh -c 'echo $$ >/pid; exec sleep 999' >/dev/null
	deadline 10 podman exec "$BOX" test -s /pid
	podman exec "$BOX" sh -c 'tr "\0" " " </proc/$(cat /pid)/cmdline' | grep -x "sleep 999 "
}

@test "what is executed is within the container's limits, powers and filter; --privileged has all powers" {
	local facts='grep -hE "Cap|Seccomp:|NoNewPrivs" /proc/$0/status; cat /proc/$0/cgroup
		for ns in /proc/$0/ns/*; do readlink $ns; done'

	box --cap-drop chown --security-opt no-new-privileges --pids-limit 50
	run podman exec "$BOX" sh -c "$facts" self
	[ "$output" = "$(podman exec "$BOX" sh -c "$facts" 1)" ]
	prints "$(once --privileged 'grep CapEff /proc/self/status')" podman exec --privileged "$BOX" grep CapEff /proc/self/status
}

#
# What Podman asks and does besides
#

@test "top, in its own words and in those of ps" {
	box
	podman top "$BOX" pid args | grep -E '^1 +sleep 1000'
	podman top "$BOX" -ef | grep 'sleep 1000'
}

@test "stats knows what it uses" {
	box --memory 64m
	podman stats --no-stream --format '{{.Name}} {{.PIDs}} {{.MemLimit}}' "$BOX" | grep -E "^$BOX 1 67108864$"
	podman stats --no-stream --format '{{.MemUsage}}' "$BOX" | grep -E '^[1-9].*/ 67\.11MB$'
}

@test "inspect tells the process and its state" {
	box
	is '{{.State.Status}} {{.State.Running}} {{.State.Paused}}' 'running true false'
	[ "$(engine cat "/proc/$(pid_of "$BOX")/cmdline" | tr '\0' ' ')" = "sleep 1000 " ]
}

@test "cp brings files in and out" {
	box
	echo in >"$BATS_TEST_TMPDIR/file"
	podman cp "$BATS_TEST_TMPDIR/file" "$BOX:/tmp/file"
	prints in podman exec "$BOX" cat /tmp/file
	podman exec "$BOX" sh -c 'mkdir /d; echo out >/d/f'
	podman cp "$BOX:/d" "$BATS_TEST_TMPDIR/d"
	prints out cat "$BATS_TEST_TMPDIR/d/f"
}

@test "commit, diff and export" {
	box
	podman exec "$BOX" sh -c 'echo new >/new; rm /etc/hostname 2>/dev/null; true'
	podman diff "$BOX" | grep -x "A /new"
	podman commit -q "$BOX" committed >/dev/null
	prints new podman run --rm --network none committed cat /new
	podman export "$BOX" | tar -tf - | grep -x new
	podman rmi -f committed >/dev/null
}

@test "a health check is run, and its result told" {
	box --health-cmd 'test -e /well' --health-interval disable --health-retries 1
	exits 1 podman healthcheck run "$BOX"
	is '{{.State.Health.Status}}' unhealthy
	podman exec "$BOX" touch /well
	podman healthcheck run "$BOX"
	is '{{.State.Health.Status}}' healthy
}

@test "update changes limits of what runs" {
	box --memory 64m
	podman update --memory 32m --cpus 0.5 --cpu-shares 512 "$BOX"
	prints 33554432 limit memory memory.limit_in_bytes memory.max
	prints 512 limit cpu cpu.shares cpu.weight
	prints 50000 limit cpu cpu.cfs_quota_us cpu.max
	is '{{.State.Running}}' true
}

@test "events tell what happened" {
	podman run --rm --network none --name "$BOX" minimal true
	prints $'create\ninit\nstart\ndied\nremove' \
		eval "podman events --stream=false --filter container=$BOX --format '{{.Status}}' | grep -v attach"
}

@test "a checkpoint that can't be made is refused, and the container runs on" {
	box
	not podman container checkpoint "$BOX"
	is '{{.State.Status}}' running
	podman exec "$BOX" true
}

#
# Many, and when something dies
#

@test "twenty at once" {
	local i pids=()

	for i in {1..20}; do
		podman run -d --network none --name "$BOX-$i" minimal sleep 1000 >/dev/null &
		pids+=($!)
	done
	for i in "${pids[@]}"; do wait "$i"; done
	[ "$(podman ps -q --filter "name=$BOX-" | wc -l)" -eq 20 ]
	for i in {1..20}; do podman exec "$BOX-$i" true; done
	podman rm -f -a -t 0 >/dev/null
	[ -z "$(engine ls /run/zone-oci)" ]
}

# Podman then forgets it without asking the runtime, whichever that is.
@test "conmon is killed: the container is ended and removed, and the runtime removes what is left" {
	local id conmon

	box
	id=$(podman inspect -f '{{.Id}}' "$BOX")
	conmon=$(podman inspect -f '{{.State.ConmonPid}}' "$BOX")
	engine kill -KILL "$conmon"
	podman kill "$BOX" || :
	podman rm -f -t 0 "$BOX"
	not podman container exists "$BOX"
	not pgrep -f "$id"
	engine "$ENGINE_RUNTIME" delete --force "$id"
	deadline 10 no_trace "$id"
}

@test "the first process is killed from outside: it has exited, with 137" {
	box
	engine kill -KILL "$(pid_of "$BOX")"
	prints 137 podman wait "$BOX"
	podman start "$BOX"
	podman exec "$BOX" true
}

@test "the runtime is killed in create, at any moment: rm -f leaves nothing" {
	local i id

	cat >"$ENGINE/killed" <<-END
		#!/bin/sh
		case " \$* " in
		*" create "*) exec timeout -s KILL "\$(cat "$ENGINE/moment")" "$ENGINE_RUNTIME" "\$@" ;;
		esac
		exec "$ENGINE_RUNTIME" "\$@"
	END
	chmod 755 "$ENGINE/killed"
	for i in 1 2 4 6 8 10 15; do
		echo "0.00$i" >"$ENGINE/moment"
		PODMAN_RUNTIME=$ENGINE/killed podman create --name "$BOX" --network none minimal sleep 1000 >/dev/null
		id=$(podman inspect -f '{{.Id}}' "$BOX")
		PODMAN_RUNTIME=$ENGINE/killed podman start "$BOX" || :
		PODMAN_RUNTIME=$ENGINE/killed podman rm -f -t 0 "$BOX"
		deadline 10 no_trace "$id"
	done
}
