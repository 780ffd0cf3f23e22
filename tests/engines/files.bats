#!/usr/bin/env bats
# SPDX-License-Identifier: GPL-2.0-or-later
# The files of contrib/engines, each read by the engine it is for, with the path of the runtime under test. Where the
# engine is not in the distribution, what it would read is compared with one that is.

load ../lib/zone
load engine
load docker

setup_file() {
	store_open
	engine_open podman containerd dockerd docker || return
}

teardown_file() {
	engine_close && store_close
}

# copy NAME: the file of contrib/engines as a user would change it.
copy() {
	sed "s,/usr/local/bin/zone-oci,$ENGINE_RUNTIME," "$ZONE_SRCDIR/contrib/engines/$1" >"$ENGINE/$1"
	grep -F "$ENGINE_RUNTIME" "$ENGINE/$1" >/dev/null && echo "$ENGINE/$1"
}

# toml FILE EXPRESSION: of the document d.
toml() {
	python3 -c 'import sys, tomllib
d = tomllib.load(open(sys.argv[1], "rb"))
print(eval(sys.argv[2]))' "$@"
}

# yaml EXPRESSION: of the documents d.
yaml() {
	python3 -c 'import sys, yaml
d = list(yaml.safe_load_all(open(sys.argv[1])))
print(eval(sys.argv[2]))' "$ZONE_SRCDIR/contrib/engines/kubernetes.yaml" "$1"
}

# hcl NAME EXPRESSION: of the file's document d.
hcl() {
	/usr/bin/python3 -c 'import sys, hcl
d = hcl.load(open(sys.argv[1]))
print(eval(sys.argv[2]))' "$ZONE_SRCDIR/contrib/engines/$1" "$2"
}

podman() {
	engine env CONTAINERS_CONF="$(copy podman.conf)" podman --root "$ENGINE/pods" --runroot "$ENGINE/pods-run" \
		--tmpdir "$ENGINE/pods-tmp" "$@"
}

@test "Podman takes podman.conf, every key of it" {
	prints "zone-oci $ENGINE_RUNTIME" podman info --format '{{.Host.OCIRuntime.Name}} {{.Host.OCIRuntime.Path}}'
	podman --log-level debug info >"$ENGINE/podman.log" 2>&1
	not grep -i "failed to decode" "$ENGINE/podman.log"
}

@test "podman.conf leaves out none of the runtimes that Podman has of its own" {
	local file=/usr/share/containers/containers.conf ours name

	[ -e "$file" ] || skip "this distribution has no $file"
	ours=$(toml "$(copy podman.conf)" "d['engine']['runtime_supports_json']")
	for name in $(sed -nE 's/^#? *runtime_supports_json = \[(.*)\]/\1/p' "$file" | tr -d '",'); do
		grep -F "'$name'" <<<"$ours" >/dev/null
	done
}

@test "Podman is told that zone-oci does without groups" {
	mkdir "$ENGINE/rootfs"
	podman create --cgroups=disabled --network none --rootfs "$ENGINE/rootfs" true
}

@test "containerd 1 takes containerd-1.toml" {
	engine containerd --config "$(copy containerd-1.toml)" config dump >"$ENGINE/dump.toml"
	prints "io.containerd.runc.v2 $ENGINE_RUNTIME True" toml "$ENGINE/dump.toml" \
		'"{runtime_type} {options[BinaryName]} {options[SystemdCgroup]}".format(
		**d["plugins"]["io.containerd.grpc.v1.cri"]["containerd"]["runtimes"]["zone-oci"])'
}

@test "containerd-2.toml says the same where version 3 has it" {
	local table='["containerd"]["runtimes"]' one

	one=$(toml "$(copy containerd-1.toml)" "d['plugins']['io.containerd.grpc.v1.cri']$table")
	prints "$one" toml "$(copy containerd-2.toml)" "d['plugins']['io.containerd.cri.v1.runtime']$table"
	prints 3 toml "$(copy containerd-2.toml)" 'd["version"]'
}

@test "dockerd takes docker-daemon.json" {
	cp "$(copy docker-daemon.json)" "$ENGINE/plain.json"
	containerd_start
	export DOCKER_HOST=unix://$ENGINE/plain.sock
	engine_daemon plain dockerd --containerd "$ENGINE/containerd.sock" --config-file "$ENGINE/plain.json" \
		--data-root "$ENGINE/plain-data" --exec-root "$ENGINE/plain-exec" --pidfile "$ENGINE/plain.pid" \
		-H "$DOCKER_HOST" --oom-score-adjust 0 --bridge none --iptables=false
	deadline 30 docker_answers
	prints "zone-oci $ENGINE_RUNTIME" docker info -f '{{.DefaultRuntime}} {{(index .Runtimes "zone-oci").Path}}'
}

@test "CRI-O's handler, the RuntimeClass and the pod name the same" {
	prints "oci $ENGINE_RUNTIME" toml "$(copy crio.conf)" \
		'"{runtime_type} {runtime_path}".format(**d["crio"]["runtime"]["runtimes"]["zone-oci"])'
	prints "RuntimeClass zone-oci zone-oci" yaml '" ".join([d[0]["kind"], d[0]["metadata"]["name"], d[0]["handler"]])'
	prints "Pod zone-oci False" yaml '"%s %s %s" % (d[1]["kind"], d[1]["spec"]["runtimeClassName"], d[1]["spec"]["hostUsers"])'
}

@test "Nomad's client allows what its job names" {
	/usr/bin/python3 -c 'import hcl' || skip "needs python3-pyhcl (see tests/engines/setup)"
	prints "docker zone-oci" hcl nomad-job.hcl \
		'"{driver} {config[runtime]}".format(**d["job"]["box"]["group"]["box"]["task"]["box"])'
	prints "['runc', 'zone-oci']" hcl nomad-client.hcl 'd["plugin"]["docker"]["config"]["allow_runtimes"]'
	prints zone-oci json 'list(d["runtimes"])[0]' <"$ZONE_SRCDIR/contrib/engines/docker-daemon.json"
}

@test "docs/engines.md names every file, and each is installed" {
	local file

	for file in "$ZONE_SRCDIR"/contrib/engines/*.*; do
		grep -F "\`${file##*/}\`" "$ZONE_SRCDIR/docs/engines.md" >/dev/null
		grep -F "%D%/engines/${file##*/}" "$ZONE_SRCDIR/contrib/local.mk" >/dev/null
	done
}
