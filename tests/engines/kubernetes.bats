#!/usr/bin/env bats
# SPDX-License-Identifier: GPL-2.0-or-later
# What a kubelet does with a RuntimeClass of the handler zone-oci: pods and containers through containerd's CRI, with
# contrib/engines/containerd-1.toml as its configuration. Pods without a handler have runc.

load ../lib/zone
load engine

LOOP='trap "exit 5" TERM; while :; do sleep 1 & wait; done'

setup_file() {
	store_open
	engine_open containerd ctr runc || return
	/usr/bin/python3 -c 'import grpc' || skip "needs python3-grpcio (see tests/engines/setup)"
	configure && engine_daemon containerd containerd --config "$ENGINE/config.toml"
	deadline 20 kubelet Version '{}' >/dev/null 2>&1 || { tail "$ENGINE/containerd.log" >&2; return 1; }
	zonectl template export minimal >"$ENGINE/minimal.tar"
	/usr/bin/python3 "$BATS_TEST_DIRNAME/cri.py" image "$ENGINE/minimal.tar" minimal:1 "$ENGINE/image.tar" sleep 100000
	engine ctr -a "$ENGINE/containerd.sock" -n k8s.io images import "$ENGINE/image.tar" >/dev/null
}

# As docs/engines.md says, with what this host needs: no systemd, and no right to lower oom_score_adj.
configure() {
	cat >"$ENGINE/config.toml" <<-END
		version = 2
		root = "$ENGINE/containerd-root"
		state = "$ENGINE/containerd-state"
		[grpc]
		address = "$ENGINE/containerd.sock"
		[ttrpc]
		address = "$ENGINE/ttrpc.sock"
		[plugins."io.containerd.grpc.v1.cri"]
		sandbox_image = "docker.io/library/minimal:1"
		restrict_oom_score_adj = true
		[plugins."io.containerd.grpc.v1.cri".cni]
		bin_dir = "/usr/lib/cni"
		conf_dir = "$ENGINE/cni"
	END
	sed "/^version/d; s,/usr/local/bin/zone-oci,$ENGINE_RUNTIME,; s/SystemdCgroup = true/SystemdCgroup = false/" \
		"$ZONE_SRCDIR/contrib/engines/containerd-1.toml" >>"$ENGINE/config.toml"
	mkdir "$ENGINE/cni" "$ENGINE/logs"
	cat >"$ENGINE/cni/10-pods.conflist" <<-END
		{"cniVersion": "0.4.0", "name": "pods", "plugins": [{"type": "bridge", "bridge": "pods0", "isGateway": true,
		 "ipam": {"type": "host-local", "dataDir": "$ENGINE/ipam", "ranges": [[{"subnet": "10.97.0.0/24"}]]}}]}
	END
}

teardown_file() {
	local status=0

	engine_close || status=1
	! ip link show pods0 >/dev/null 2>&1 || ip link del pods0
	store_close || status=1
	return "$status"
}

setup() { POD=; }

teardown() {
	[ -z "$POD" ] || { kubelet StopPodSandbox "$(pod_id)" && kubelet RemovePodSandbox "$(pod_id)"; } >/dev/null
}

# kubelet METHOD REQUEST: JSON for JSON.
kubelet() {
	timeout 90 /usr/bin/python3 "$BATS_TEST_DIRNAME/cri.py" "$ENGINE/containerd.sock" "$1" <<<"$2" 3>&- 4>&-
}

pod_id() {
	printf '{"pod_sandbox_id": "%s"}' "$POD"
}

# pod_config [host]: of this test's pod. One of the host's network, whose containers share pids, has no name of its own.
pod_config() {
	local name=pod-$BATS_TEST_NUMBER modes='"pid": 1' hostname="\"hostname\": \"pod-$BATS_TEST_NUMBER\","

	[ "${1:-}" != host ] || { modes='"pid": 0, "network": 2' hostname=; }
	printf '{"metadata": {"name": "%s", "uid": "%s", "namespace": "default"}, %s "log_directory": "%s",
		"linux": {"cgroup_parent": "/%s/%s", "security_context": {"namespace_options": {%s}}}}' \
		"$name" "$name" "$hostname" "$ENGINE/logs" "$ENGINE_GROUP" "$name" "$modes"
}

# pod [host]: sets POD.
pod() {
	POD_CONFIG=$(pod_config "${1:-}")
	POD=$(kubelet RunPodSandbox "{\"config\": $POD_CONFIG, \"runtime_handler\": \"zone-oci\"}" | json 'd["pod_sandbox_id"]')
	[ -n "$POD" ]
}

# made COMMAND [MORE]: a container of the pod that runs this in a shell; sets BOX. MORE is of its configuration.
made() {
	BOX=$(python3 - "$POD" "$POD_CONFIG" "$1" "${2:-{\}}" <<-'END' | create
		import json, sys
		pod, sandbox, command, more = sys.argv[1:]
		config = {"metadata": {"name": "box"}, "image": {"image": "docker.io/library/minimal:1"},
		          "command": ["sh", "-c", command], "log_path": pod + ".log"}
		config.update(json.loads(more))
		modes = config.setdefault("linux", {}).setdefault("security_context", {})
		modes.setdefault("namespace_options", {"pid": 1})
		print(json.dumps({"pod_sandbox_id": pod, "config": config, "sandbox_config": json.loads(sandbox)}))
	END
	)
	[ -n "$BOX" ]
}

create() {
	kubelet CreateContainer "$(cat)" | json 'd["container_id"]'
}

# started COMMAND [MORE]
started() {
	made "$@" && kubelet StartContainer "$(box)" >/dev/null
}

box() {
	printf '{"container_id": "%s"}' "$BOX"
}

# inside COMMAND: what a probe of the container says.
inside() {
	kubelet ExecSync "$(python3 -c 'import json, sys
print(json.dumps({"container_id": sys.argv[1], "cmd": ["sh", "-c", sys.argv[2]], "timeout": 20}))' "$BOX" "$1")" |
		json "d['stdout'].strip() + (' exit %d' % d['exit_code'] if d['exit_code'] else '')"
}

# status_is STATE EXIT REASON
status_is() {
	[ "$(kubelet ContainerStatus "$(box)" | json 'd["status"]' | json '("%d %d %s" % (d["state"], d["exit_code"], d["reason"])).strip()')" = "$*" ]
}

# group CONTROLLER/FILE
group() {
	cat "/sys/fs/cgroup/${1%/*}/$ENGINE_GROUP/pod-$BATS_TEST_NUMBER/$BOX/${1#*/}"
}

@test "a pod of the handler has a network, and its sandbox is zone-oci's" {
	pod
	prints "0 zone-oci True" json '"%d %s %s" % (d["status"]["state"], d["status"]["runtime_handler"], d["status"]["network"]["ip"].startswith("10.97.0."))' \
		< <(kubelet PodSandboxStatus "$(pod_id)")
	prints "running" json 'd["status"]' \
		< <(engine "$ENGINE_RUNTIME" --root /run/containerd/runc/k8s.io state "$POD")
}

@test "containers of a pod share its host name, network and ipc" {
	pod
	started "$LOOP"
	prints "pod-$BATS_TEST_NUMBER" inside hostname
	deadline 10 status_is 1 0
	[ "$(inside 'cd /proc/self/ns; for n in net ipc uts; do readlink $n; done')" = "$(namespaces "$POD" net ipc uts)" ]
	[ "$(inside 'readlink /proc/self/ns/pid')" != "$(namespaces "$POD" pid)" ]
	inside "ip address show eth0" | grep 10.97.0.
}

# namespaces ID NAME...: of a container's first process.
namespaces() {
	local pid

	pid=$(engine "$ENGINE_RUNTIME" --root /run/containerd/runc/k8s.io state "$1" | json 'd["pid"]')
	shift
	engine readlink "${@/#/"/proc/$pid/ns/"}"
}

@test "probes have an exit code, and the process one and a log" {
	pod
	started "echo said; exec sleep 1000"
	prints "out exit 3" inside 'echo out; exit 3'
	kubelet StopContainer "{\"container_id\": \"$BOX\", \"timeout\": 1}" >/dev/null
	deadline 10 status_is 2 137 Error
	grep "stdout F said" "$ENGINE/logs/$POD.log"
	started "exit 0" '{"metadata": {"name": "second"}}'
	deadline 10 status_is 2 0 Completed
}

@test "a container that is stopped gets the time to end by itself" {
	pod
	started "$LOOP"
	inside true
	kubelet StopContainer "{\"container_id\": \"$BOX\", \"timeout\": 30}" >/dev/null
	deadline 10 status_is 2 5 Error
}

@test "limits are those of the pod, and change while it runs" {
	pod
	started "$LOOP" '{"linux": {"resources": {"memory_limit_in_bytes": 67108864, "cpu_quota": 50000, "cpu_period": 100000,
		"cpu_shares": 512}}}'
	prints "67108864" group memory/memory.limit_in_bytes
	prints "50000" group cpu/cpu.cfs_quota_us
	prints "512" group cpu/cpu.shares
	kubelet UpdateContainerResources "{\"container_id\": \"$BOX\", \"linux\": {\"memory_limit_in_bytes\": 134217728, \"cpu_quota\": 20000}}"
	prints "134217728" group memory/memory.limit_in_bytes
	prints "20000" group cpu/cpu.cfs_quota_us
}

@test "more memory than the limit is OOMKilled" {
	pod
	started "head -c 64m /dev/zero | tail; exit 9" '{"linux": {"resources": {"memory_limit_in_bytes": 16777216}}}'
	deadline 20 status_is 2 9 OOMKilled
}

@test "securityContext holds" {
	pod
	echo there >"$ENGINE/file"
	started "$LOOP" "$(printf '{"mounts": [{"container_path": "/etc/file", "host_path": "%s", "readonly": 1}], "linux": {"security_context":
		{"run_as_user": {"value": 5}, "run_as_group": {"value": 6}, "readonly_rootfs": 1, "no_new_privs": 1,
		 "capabilities": {"drop_capabilities": ["ALL"], "add_capabilities": ["NET_BIND_SERVICE"]}}}}' "$ENGINE/file")"
	prints "5:6" inside 'echo $(id -u):$(id -g)'
	prints "there" inside 'cat /etc/file'
	inside 'touch /x 2>&1' | grep "Read-only"
	prints "NoNewPrivs: 1" inside 'grep NoNewPrivs /proc/1/status | tr "\t" " "'
	prints "CapBnd: 0000000000000400" inside 'grep CapBnd /proc/1/status | tr "\t" " "'
}

@test "a pod may share the pids of its containers, or the host's network" {
	pod host
	started "$LOOP" '{"linux": {"security_context": {"namespace_options": {"pid": 0, "network": 2}}}}'
	[ "$(inside 'readlink /proc/self/ns/pid')" = "$(namespaces "$POD" pid)" ]
	[ "$(inside 'readlink /proc/self/ns/net')" = "$(readlink /proc/self/ns/net)" ]
}

@test "what can't be started is said in words that kubelets show" {
	pod
	made "" '{"command": ["/no/such"]}' && exits 1 kubelet StartContainer "$(box)"
	holds 'exec: "/no/such": stat /no/such: no such file or directory'
	exits 1 kubelet RunPodSandbox "{\"config\": $(pod_config | sed 's/"pod-/"other-/g'), \"runtime_handler\": \"none\"}"
	holds 'no runtime for "none" is configured'
}

@test "ten pods at once" {
	local i

	for i in {1..10}; do
		POD_CONFIG=$(pod_config | sed "s/\"name\": \"pod/\"name\": \"$i-pod/; s/\"uid\": \"pod/\"uid\": \"$i-pod/")
		kubelet RunPodSandbox "{\"config\": $POD_CONFIG, \"runtime_handler\": \"zone-oci\"}" >"$BATS_TEST_TMPDIR/$i" &
	done
	wait
	for i in {1..10}; do
		POD=$(json 'd["pod_sandbox_id"]' <"$BATS_TEST_TMPDIR/$i")
		prints "0" json 'd["status"]["state"]' < <(kubelet PodSandboxStatus "$(pod_id)")
		kubelet StopPodSandbox "$(pod_id)" && kubelet RemovePodSandbox "$(pod_id)"
	done
	POD=
}

@test "pods that are removed leave no state, group, or process" {
	prints "" engine find /run/containerd/runc/k8s.io -mindepth 1
	# Other groups of the host may go while this looks.
	[ -z "$(find /sys/fs/cgroup -path "*/$ENGINE_GROUP/pod-*/*" -type d -print -quit 2>/dev/null)" ]
	not engine pgrep containerd-shim
}
