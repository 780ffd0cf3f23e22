#!/usr/bin/env bats
# SPDX-License-Identifier: GPL-2.0-or-later
# Docker with zone-oci as its runtime: what users and scripts do with docker(1). The image is the template minimal.

load ../lib/zone
load engine
load docker

setup_file() { docker_open; }

teardown_file() { docker_close; }

setup() { BOX=box-$BATS_TEST_NUMBER; }

teardown() { docker_clear; }

#
# A container's life
#

@test "the runtime is the default one, and containers are of it" {
	prints "zone-oci" docker info -f '{{.DefaultRuntime}}'
	box
	is '{{.HostConfig.Runtime}}' zone-oci
}

@test "what it prints comes back, and how it ended" {
	exits 7 once 'echo out; echo err >&2; exit 7'
	holds "out"
	holds "err"
}

@test "standard input reaches it" {
	prints "typed" docker run --rm -i --network none minimal cat <<<typed
}

@test "run -it gives it a terminal, of the size that is said" {
	on_terminal <<-'END'
		spawn -noecho nsenter --target $env(ENGINE_INIT) --mount --pid -- /usr/bin/docker run --rm -it \
			--network none minimal sh
		type "tty; test -t 0 && echo is-\$((6 * 7))"
		see "/dev/pts/0"
		see "is-42"
		type "exit 5"
		ends 5
	END
}

@test "logs hold what a detached one says" {
	does 'echo one; echo two >&2; sleep 1000'
	deadline 10 has_said 2
	run docker logs "$BOX"
	holds "one"
	holds "two"
}

@test "logs -f ends with it" {
	docker run -d --name "$BOX" --network none minimal sh -c 'read x </proc/1/stat; echo first; echo last'
	prints $'first\nlast' docker logs -f "$BOX"
}

@test "attach brings input and output, and its end" {
	local status=0

	docker run -d -i --name "$BOX" --network none minimal sh -c 'read x; echo "got $x"; exit 4'
	# Its input stays open until it has ended: at the end of input the client may stop listening.
	output=$({ echo here; deadline 10 is '{{.State.Running}}' false; } | docker attach "$BOX") || status=$?
	[ "$status" -eq 4 ]
	holds "got here"
}

@test "wait tells the exit code" {
	box
	docker kill -s KILL "$BOX"
	prints 137 docker wait "$BOX"
}

@test "stop asks first, and waits for what it does" {
	does 'trap "exit 3" TERM; echo set; while :; do sleep 0.1; done'
	docker stop "$BOX"
	is '{{.State.ExitCode}} {{.State.Status}}' '3 exited'
}

@test "stop ends what does not listen; --stop-signal is used" {
	box
	docker stop -t 1 "$BOX"
	is '{{.State.ExitCode}}' 137
	docker rm "$BOX"
	does --stop-signal USR1 'trap "exit 6" USR1; echo set; while :; do sleep 0.1; done'
	docker stop "$BOX"
	is '{{.State.ExitCode}}' 6
}

@test "kill sends the signal that is named" {
	does 'trap "echo usr" USR1; echo set; while :; do sleep 0.1; done'
	docker kill -s USR1 "$BOX"
	deadline 10 has_said 2
	is '{{.State.Running}}' true
	docker kill "$BOX"
	prints 137 docker wait "$BOX"
	exits 1 docker kill "$BOX"
	holds "is not running"
}

@test "pause and unpause" {
	box
	docker pause "$BOX"
	is '{{.State.Status}}' paused
	exits 1 docker exec "$BOX" true
	holds "is paused"
	docker unpause "$BOX"
	is '{{.State.Status}}' running
	docker exec "$BOX" true
}

@test "top lists its processes" {
	box
	docker exec -d "$BOX" sleep 77
	run docker top "$BOX" -o pid,args
	holds "sleep 1000"
	holds "sleep 77"
}

@test "stats knows what it uses" {
	box
	run docker stats --no-stream --format '{{.MemUsage}} {{.PIDs}}' "$BOX"
	[[ $output == *"iB / "*" 1" && $output != 0B* ]]
}

@test "start again and restart: the files stay, the process is another" {
	local pid

	docker run --name "$BOX" --network none minimal sh -c 'date >>/count; wc -l </count; exit 2' || :
	exits 2 docker start -a "$BOX"
	holds "2"
	docker rm "$BOX"
	box
	pid=$(pid_of "$BOX")
	docker exec "$BOX" touch /kept
	docker restart -t 0 "$BOX"
	[ "$(pid_of "$BOX")" -ne "$pid" ]
	docker exec "$BOX" test -e /kept
}

@test "rename" {
	box
	docker rename "$BOX" "$BOX-other"
	docker exec "$BOX-other" true
}

@test "nothing of it is left once it is gone" {
	local group

	box
	group=$(group_of memory)
	[ -d "$group" ]
	docker rm -f "$BOX"
	[ ! -e "$group" ]
	prints "" engine find "$ENGINE/docker-exec/runtime-runc/moby" -mindepth 1
}

#
# What docker says when it fails
#

@test "a program that is not there ends in 127, as docker words it" {
	exits 127 docker run --rm --network none minimal nonesuch
	holds 'exec: "nonesuch": executable file not found in $PATH'
	exits 127 docker run --rm --network none minimal /none/such
	holds 'no such file or directory'
}

@test "a program that can't be executed ends in 126" {
	exits 126 docker run --rm --network none minimal /etc/passwd
	holds 'permission denied'
	exits 126 docker run --rm --network none minimal /etc
	holds 'exec: "/etc":'
}

@test "what docker itself refuses ends in 125" {
	exits 125 docker run --rm --nonesuch minimal true
	exits 125 docker run --rm --network none -v relative/dir:relative minimal true
}

@test "a working directory is made, one that is a file is told" {
	prints /not/there once -w /not/there pwd
	exits 125 once -w /etc/passwd pwd
	holds "not a directory"
}

@test "a user that is not in the image is told" {
	exits 125 once -u nonesuch true
	holds "unable to find user nonesuch"
}

#
# Into one that runs, and out of it
#

@test "exec: output, exit code, input, variables, directory, user" {
	box
	exits 9 docker exec "$BOX" sh -c 'exit 9'
	prints "typed" docker exec -i "$BOX" cat <<<typed
	prints "value /tmp 5:6" docker exec -e NAME=value -w /tmp -u 5:6 "$BOX" sh -c 'echo $NAME $PWD $(id -u):$(id -g)'
	docker exec -d "$BOX" touch /made
	deadline 10 docker exec "$BOX" test -e /made
}

@test "exec -it gives it a terminal of its own" {
	box
	BOX=$BOX on_terminal <<-'END'
		spawn -noecho nsenter --target $env(ENGINE_INIT) --mount --pid -- /usr/bin/docker exec -it $env(BOX) sh
		type "tty; stty size; echo is-\$((6 * 7))"
		see "/dev/pts/0"
		see "24 80"
		see "is-42"
		type "exit 5"
		ends 5
	END
}

@test "exec of what is not there and of what can't be executed" {
	box
	exits 126 docker exec "$BOX" /etc/passwd
	holds 'permission denied'
	run -126 docker exec "$BOX" nonesuch
	holds 'exec: "nonesuch": executable file not found in $PATH'
}

@test "what is executed is within the container's limits and powers" {
	box --cap-drop ALL --security-opt no-new-privileges --pids-limit 20
	prints "0000000000000000 1 2" docker exec "$BOX" \
		sh -c 'set -- $(grep -E "CapEff|NoNewPrivs|Seccomp:" /proc/self/status); echo $2 $4 $6'
	docker exec -d "$BOX" sleep 55
	[ "$(limit pids pids.current pids.current)" -ge 2 ]
}

@test "cp brings files in and out" {
	box
	echo there >"$BATS_TEST_TMPDIR/file"
	docker cp "$BATS_TEST_TMPDIR/file" "$BOX:/tmp/file"
	prints there docker exec "$BOX" cat /tmp/file
	docker cp "$BOX:/etc/passwd" "$BATS_TEST_TMPDIR/passwd"
	grep -q ^root: "$BATS_TEST_TMPDIR/passwd"
}

@test "commit, diff and export" {
	box
	docker exec "$BOX" sh -c 'echo new >/new'
	run docker diff "$BOX"
	holds "A /new"
	docker commit "$BOX" changed-image
	prints new docker run --rm --network none changed-image cat /new
	docker rmi changed-image
	docker export "$BOX" | tar -xO new | grep -qx new
}

@test "inspect tells the process and its group" {
	local group

	box
	prints sleep engine sh -c 'cat "/proc/$1/comm"' sh "$(pid_of "$BOX")"
	group=$(group_of pids)
	prints 1 sh -c 'wc -l <"$1/cgroup.procs"' sh "$group"
}

@test "events tell what happened, in order" {
	local since

	since=$(date +%s)
	docker run --name "$BOX" --network none minimal sh -c 'exit 3' || :
	docker rm "$BOX"
	run docker events --since "$since" --until "$(date +%s.%N)" --filter "container=$BOX" \
		--format '{{.Action}}{{if .Actor.Attributes.exitCode}} {{.Actor.Attributes.exitCode}}{{end}}'
	[ "$(grep -vE 'attach|exec' <<<"$output" | tr '\n' ,)" = "create,start,die 3,destroy," ]
}

#
# Restarts, health, builds
#

@test "restart on-failure:3 tries three times more" {
	docker run -d --name "$BOX" --restart on-failure:3 --network none minimal sh -c 'echo ran; exit 1'
	deadline 20 has_said 4
	deadline 20 is '{{.State.Status}} {{.RestartCount}}' 'exited 3'
}

@test "restart always brings it back when its process is killed; unless-stopped leaves it when it was stopped" {
	local pid

	box --restart always
	pid=$(pid_of "$BOX")
	engine kill -KILL "$pid"
	deadline 20 is '{{.RestartCount}} {{.State.Running}}' '1 true'
	[ "$(pid_of "$BOX")" -ne "$pid" ]
	docker update --restart unless-stopped "$BOX"
	docker stop -t 0 "$BOX"
	is '{{.State.Running}}' false
}

@test "a health check is run, and its result told" {
	box --health-cmd 'test -e /well' --health-interval 0.2s --health-retries 1
	deadline 20 is '{{.State.Health.Status}}' unhealthy
	docker exec "$BOX" touch /well
	deadline 20 is '{{.State.Health.Status}}' healthy
}

@test "build, by the classic builder" {
	mkdir "$BATS_TEST_TMPDIR/build"
	cat >"$BATS_TEST_TMPDIR/build/Dockerfile" <<-'END'
		FROM minimal
		RUN echo built >/built && echo 'web:x:1000:1000::/:/bin/sh' >>/etc/passwd
		WORKDIR /work
		COPY Dockerfile .
		USER web
		CMD ["sh", "-c", "cat /built; pwd; id -un; ls"]
	END
	DOCKER_BUILDKIT=0 docker build --network none -q -t built "$BATS_TEST_TMPDIR/build"
	prints $'built\n/work\nweb\nDockerfile' docker run --rm --network none built
	printf 'FROM minimal\nRUN exit 3\n' >"$BATS_TEST_TMPDIR/build/Dockerfile"
	export DOCKER_BUILDKIT=0
	exits 3 docker build --network none "$BATS_TEST_TMPDIR/build"
	holds "returned a non-zero code: 3"
}

@test "build, by BuildKit" {
	mkdir "$BATS_TEST_TMPDIR/build"
	printf 'FROM minimal\nRUN echo built >/built\nRUN --mount=type=tmpfs,target=/t touch /t/x && cat /built\n' \
		>"$BATS_TEST_TMPDIR/build/Dockerfile"
	DOCKER_BUILDKIT=1 docker build --network none -q -t kit "$BATS_TEST_TMPDIR/build"
	prints built docker run --rm --network none kit cat /built
	printf 'FROM minimal\nRUN exit 3\n' >"$BATS_TEST_TMPDIR/build/Dockerfile"
	export DOCKER_BUILDKIT=1
	exits 1 docker build --network none "$BATS_TEST_TMPDIR/build"
	holds "exit code: 3"
}

#
# When something dies
#

@test "a shim that is killed takes its container along, and nothing is left" {
	local group shim

	box
	group=$(group_of memory)
	shim=$(engine ps -o ppid= -p "$(pid_of "$BOX")" | tr -d ' ')
	engine kill -KILL "$shim"
	deadline 20 is '{{.State.Running}}' false
	deadline 10 not test -e "$group"
	docker start "$BOX"
	docker exec "$BOX" true
}

@test "the daemon is killed and comes back: what ran runs on" {
	local pid

	box
	pid=$(pid_of "$BOX")
	dockerd_end docker KILL
	dockerd_start docker --live-restore
	is '{{.State.Running}} {{.State.Pid}}' "true $pid"
	docker exec "$BOX" true
	docker stop -t 0 "$BOX"
	is '{{.State.ExitCode}}' 137
}

@test "twenty at once" {
	local i pids=()

	for i in $(seq 20); do
		docker run -d --network none --name "$BOX-$i" minimal sleep 1000 >/dev/null &
		pids+=($!)
	done
	wait "${pids[@]}"
	[ "$(docker ps -q | wc -l)" -eq 20 ]
	# shellcheck disable=SC2046	# a list
	docker rm -f $(docker ps -q)
	prints "" docker ps -aq
}
