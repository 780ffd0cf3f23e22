#!/usr/bin/env bats
# SPDX-License-Identifier: GPL-2.0-or-later
# The OCI front: what config.json asks for a process is so inside, property by property.

load ../lib/zone
load ../lib/oci

setup_file() { oci_setup_file; }

teardown_file() { store_close; }

setup() { ID=ocip-$BATS_TEST_NUMBER-$$; }

teardown() { oci delete --force "$ID"; }

@test "the user has the ids, groups and umask asked for" {
	prints "5:6 0007" inside 'echo $(id -u):$(id -g) $(umask)' "p['user'] = {'uid': 5, 'gid': 6, 'umask': 7}"
	prints "6 7 1000" inside "sed -n \"s/^Groups:.//p\" /proc/self/status | sed \"s/ *$//\"" \
		"p['user'] = {'uid': 5, 'gid': 6, 'additionalGids': [7, 6, 1000]}"
}

@test "all five sets of capabilities are as asked, and unknown names are passed over" {
	inside 'grep Cap /proc/self/status' \
		"p['capabilities'] = {'bounding': ['CAP_CHOWN', 'CAP_KILL', 'CAP_NEW_IN_2099'], 'permitted': ['CAP_CHOWN', 'CAP_KILL'], 'effective': ['CAP_CHOWN'], 'inheritable': ['CAP_KILL'], 'ambient': ['CAP_KILL']}" \
		"p['user'] = {'uid': 5, 'gid': 5}" >"$BATS_TEST_TMPDIR/caps"
	# After execve(2) an ordinary user has what is ambient (capabilities(7)).
	grep -qx "CapInh:.0000000000000020" "$BATS_TEST_TMPDIR/caps"
	grep -qx "CapPrm:.0000000000000020" "$BATS_TEST_TMPDIR/caps"
	grep -qx "CapEff:.0000000000000020" "$BATS_TEST_TMPDIR/caps"
	grep -qx "CapBnd:.0000000000000021" "$BATS_TEST_TMPDIR/caps"
	grep -qx "CapAmb:.0000000000000020" "$BATS_TEST_TMPDIR/caps"
	prints "0000000000000000" inside "sed -n \"s/^CapBnd:.//p\" /proc/self/status" ""
}

@test "limits, oom_score_adj and no_new_privs are as asked" {
	prints "77 99 33" inside 'echo $(ulimit -Sn) $(ulimit -Hn) $(ulimit -Hu)' \
		"p['rlimits'] = [{'type': 'RLIMIT_NOFILE', 'soft': 77, 'hard': 99}, {'type': 'RLIMIT_NPROC', 'soft': 33, 'hard': 33}]"
	prints "500" inside 'cat /proc/self/oom_score_adj' "p['oomScoreAdj'] = 500"
	prints "1" inside "sed -n \"s/^NoNewPrivs:.//p\" /proc/self/status" "p['noNewPrivileges'] = True"
	fails 1 "process.rlimits: invalid rlimit type: RLIMIT_NEVER" inside true \
		"p['rlimits'] = [{'type': 'RLIMIT_NEVER', 'soft': 1, 'hard': 1}]"
	fails 1 "process.rlimits: 'RLIMIT_CORE' twice" inside true \
		"p['rlimits'] = [{'type': 'RLIMIT_CORE', 'soft': 1, 'hard': 1}] * 2"
}

# The fields of a shell inside: 18 priority, 19 nice, 40 real-time priority, 41 policy (proc_pid_stat(5)).
fields() { echo "cut -d\" \" -f$1 /proc/self/stat"; }

# A group of cgroup v1 has no time for real-time processes of its own accord.
budget() {
	[ ! -e /sys/fs/cgroup/cpu/cpu.rt_runtime_us ] ||
		echo "l['resources'] = {'cpu': {'realtimePeriod': 1000000, 'realtimeRuntime': 10000}}"
}

@test "the scheduler is the one asked for" {
	prints "7 0" inside "$(fields 19,41)" "p['scheduler'] = {'policy': 'SCHED_OTHER', 'nice': 7}"
	prints "9 3" inside "$(fields 19,41)" "p['scheduler'] = {'policy': 'SCHED_BATCH', 'nice': 9}"
	prints "0 5" inside "$(fields 40,41)" "p['scheduler'] = {'policy': 'SCHED_IDLE'}"
	prints "11 1" inside "$(fields 40,41)" "p['scheduler'] = {'policy': 'SCHED_FIFO', 'priority': 11}" "$(budget)"
	# The shell is of the policy, what it starts is not.
	prints "2 0" inside "read -r a </proc/self/stat; set -- \$a; shift 40; echo \$1 \$($(fields 41))" \
		"p['scheduler'] = {'policy': 'SCHED_RR', 'priority': 12, 'flags': ['SCHED_FLAG_RESET_ON_FORK']}" "$(budget)"
	prints "6" inside "read -r a </proc/self/stat; set -- \$a; shift 40; echo \$1" \
		"p['scheduler'] = {'policy': 'SCHED_DEADLINE', 'runtime': 1000000, 'deadline': 20000000, 'period': 20000000}"
	fails 1 "process.scheduler.priority: it can only be specified for SCHED_FIFO and SCHED_RR" inside true \
		"p['scheduler'] = {'policy': 'SCHED_OTHER', 'priority': 1}"
	fails 1 "process.scheduler.nice: 20 is not within -20 and 19" inside true \
		"p['scheduler'] = {'policy': 'SCHED_OTHER', 'nice': 20}"
	fails 1 "process.scheduler: runtime, deadline and period can only be specified for SCHED_DEADLINE" inside true \
		"p['scheduler'] = {'policy': 'SCHED_BATCH', 'runtime': 1000000}"
	fails 1 "set process.scheduler: Invalid argument" inside true "p['scheduler'] = {'policy': 'SCHED_ISO'}"
}

@test "the priority of I/O is the one asked for" {
	config "p['args'] = ['sleep', '1000']" "p['ioPriority'] = {'class': 'IOPRIO_CLASS_BE', 'priority': 6}"
	oci create --bundle "$BUNDLE" --pid-file "$BATS_TEST_TMPDIR/pid" "$ID" </dev/null >/dev/null 2>&1
	prints "best-effort: prio 6" ionice -p "$(cat "$BATS_TEST_TMPDIR/pid")"
	oci delete --force "$ID"
	config "p['args'] = ['sleep', '1000']" "p['ioPriority'] = {'class': 'IOPRIO_CLASS_IDLE'}"
	oci create --bundle "$BUNDLE" --pid-file "$BATS_TEST_TMPDIR/pid" "$ID" </dev/null >/dev/null 2>&1
	prints "idle" ionice -p "$(cat "$BATS_TEST_TMPDIR/pid")"
	oci delete --force "$ID"
	fails 1 "process.ioPriority.priority: 8 is not within 0 and 7" inside true \
		"p['ioPriority'] = {'class': 'IOPRIO_CLASS_RT', 'priority': 8}"
}

@test "personality and memory policy are those asked for" {
	[ "$(uname -m)" != x86_64 ] || prints "i686" inside 'uname -m' "l['personality'] = {'domain': 'LINUX32'}"
	prints "$(uname -m)" inside 'uname -m' "l['personality'] = {'domain': 'LINUX'}"
	fails 1 "linux.personality.flags: 'ADDR_NO_RANDOMIZE' is not supported: the specification has none yet" inside true \
		"l['personality'] = {'domain': 'LINUX', 'flags': ['ADDR_NO_RANDOMIZE']}"
	inside 'cat /proc/self/numa_maps' "l['memoryPolicy'] = {'mode': 'MPOL_BIND', 'nodes': '0', 'flags': ['MPOL_F_STATIC_NODES']}" |
		grep -q " bind=static:0 "
	inside 'cat /proc/self/numa_maps' "l['memoryPolicy'] = {'mode': 'MPOL_LOCAL', 'nodes': ''}" | grep -q " local "
	fails 1 "set linux.memoryPolicy MPOL_BIND of nodes '': Invalid argument" inside true \
		"l['memoryPolicy'] = {'mode': 'MPOL_BIND'}"
	fails 1 "linux.memoryPolicy.nodes: '0-x': 'x' is no whole number" inside true \
		"l['memoryPolicy'] = {'mode': 'MPOL_BIND', 'nodes': '0-x'}"
}

# process LINE...: a process for exec --process, "q".
process() {
	python3 - "$BATS_TEST_TMPDIR/process.json" "$@" <<-'PYTHON'
	import json, sys
	q = {"cwd": "/", "args": ["true"], "env": ["PATH=/bin:/usr/bin"], "user": {"uid": 0, "gid": 0}}
	for line in sys.argv[2:]:
	    exec(line)
	json.dump(q, open(sys.argv[1], "w"))
	PYTHON
}

@test "a process that exec brings in has its own properties, and the container's personality" {
	[ "$(nproc)" -ge 2 ] || skip "kernel: one processor"
	config "p['args'] = ['sleep', '1000']" "l['personality'] = {'domain': 'LINUX32'}"
	oci run -d --bundle "$BUNDLE" "$ID" </dev/null >/dev/null 2>&1
	process "q['args'] = ['sh', '-c', 'sed -n \"s/^Cpus_allowed_list:.//p\" /proc/self/status']" \
		"q['execCPUAffinity'] = {'initial': '0', 'final': '1'}"
	prints "1" oci exec --process "$BATS_TEST_TMPDIR/process.json" "$ID" </dev/null
	process "q['args'] = ['sh', '-c', 'sed -n \"s/^Cpus_allowed_list:.//p\" /proc/self/status']" \
		"q['execCPUAffinity'] = {'initial': '1'}"
	prints "$(sed -n 's/^Cpus_allowed_list:.//p' /proc/1/status)" \
		oci exec --process "$BATS_TEST_TMPDIR/process.json" "$ID" </dev/null
	process "q['args'] = ['sh', '-c', 'cut -d\" \" -f19,41 /proc/self/stat; uname -m; ulimit -n; umask']" \
		"q['scheduler'] = {'policy': 'SCHED_BATCH', 'nice': 3}" "q['user']['umask'] = 63" \
		"q['rlimits'] = [{'type': 'RLIMIT_NOFILE', 'soft': 55, 'hard': 55}]"
	oci exec --process "$BATS_TEST_TMPDIR/process.json" "$ID" </dev/null >"$BATS_TEST_TMPDIR/said"
	local machine=i686

	[ "$(uname -m)" = x86_64 ] || machine=$(uname -m)
	printf '%s\n' "3 3" "$machine" 55 0077 | diff - "$BATS_TEST_TMPDIR/said"
}

@test "where the container may trace what enters it, exec is the same to whoever calls" {
	config "p['args'] = ['sleep', '1000']" "capable('SYS_PTRACE')" "filter('ERRNO', 'mkdir', 'mkdirat')"
	oci run -d --bundle "$BUNDLE" "$ID" </dev/null >/dev/null 2>&1
	local file=$BATS_TEST_TMPDIR/exec

	prints "1 0" oci exec "$ID" sh -c 'read -r pid a a a pgrp sid a </proc/self/stat; echo $((pid == pgrp && pid == sid)) \
		"$(sed -n "s/^PPid:.//p" /proc/$$/status)"'
	exits 7 oci exec "$ID" sh -c 'exit 7'
	exits 137 oci exec "$ID" sh -c 'kill -9 $$'
	fails 255 'exec: "nonesuch": executable file not found in $PATH' oci exec "$ID" nonesuch
	fails 255 "chdir to cwd ('/nonesuch') set in config.json failed: No such file or directory" oci exec --cwd /nonesuch "$ID" true
	prints "6 said" "$ZONE_BUILDDIR/zone-oci" --root "$OCI_ROOT" exec --preserve-fds 1 --user 6 "$ID" sh -c 'echo $(id -u) $(cat <&3)' 3< <(echo said)
	oci exec -d --pid-file "$file.pid" "$ID" sleep 1001 </dev/null >/dev/null 2>&1
	prints "sleep 1001 " tr '\0' ' ' <"/proc/$(cat "$file.pid")/cmdline"
	diff "/proc/$(cat "$file.pid")/cgroup" "/proc/$(oci ps -f json "$ID" | tr -d '[' | cut -d, -f1)/cgroup"
	process "q['args'] = ['sh', '-c', 'read -r a </proc/self/stat; set -- \$a; shift 40; echo \$1']" \
		"q['scheduler'] = {'policy': 'SCHED_BATCH', 'nice': 3, 'flags': ['SCHED_FLAG_RESET_ON_FORK']}"
	prints "3" oci exec --process "$BATS_TEST_TMPDIR/process.json" "$ID" </dev/null
	oci delete --force "$ID"
	config "p['args'] = ['sleep', '1000']" "capable('SYS_PTRACE')" "filter('ERRNO', 'clone')"
	oci run -d --bundle "$BUNDLE" "$ID" </dev/null >/dev/null 2>&1
	not oci exec "$ID" true 2>"$file"
	grep "make a process in the container: Operation not permitted" "$file"
	grep "its filter has to allow clone, read, write, setsid" "$file"
}

@test "a service says by itself that it is ready, through run, run -d and start" {
	config "p['args'] = ['sh', '-c', '[ -S \$NOTIFY_SOCKET ] && exec sleep 1000']"
	cat >"$BATS_TEST_TMPDIR/service" <<-'PYTHON'
	import array, json, os, select, socket, subprocess, sys, time
	program, root, bundle, id, dir = sys.argv[1:]
	host = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
	host.bind(dir + "/host")
	host.settimeout(60)
	env = dict(os.environ, NOTIFY_SOCKET=dir + "/host")
	def oci(*args, **more):
	    return subprocess.Popen([program, "--root", root, *args], env=env, stdin=subprocess.DEVNULL,
	                            stdout=subprocess.DEVNULL, **more)
	def state():
	    text = subprocess.run([program, "--root", root, "state", id], capture_output=True).stdout
	    return json.loads(text) if text else {}
	def running():
	    end = time.monotonic() + 60
	    while state().get("status") != "running":
	        assert time.monotonic() < end
	    return state()["pid"]
	def say(pid, text):
	    s = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
	    s.sendto(text, f"/proc/{pid}/root/run/notify/notify.sock")
	def ready(pid, main):
	    assert not select.select([host], [], [], 0)[0]
	    say(pid, b"STATUS=soon\nMAINPID=1")
	    say(pid, b"STATUS=now\nREADY=1\nFDSTORE=1")
	    assert host.recv(999) == b"READY=1\n"
	    assert host.recv(999) == b"MAINPID=%d\n" % main
	    text, fds, _, _ = socket.recv_fds(host, 999, 1)
	    assert text == b"BARRIER=1" and len(fds) == 1, text
	    os.close(fds[0])
	def delete():
	    subprocess.run([program, "--root", root, "delete", "--force", id], check=True)
	p = oci("run", "--bundle", bundle, id)
	ready(running(), p.pid)
	subprocess.run([program, "--root", root, "kill", id, "KILL"], check=True)
	assert p.wait(60) == 137
	p = oci("run", "-d", "--bundle", bundle, id)
	pid = running()
	assert p.poll() is None
	ready(pid, pid)
	assert p.wait(60) == 0
	delete()
	assert oci("create", "--bundle", bundle, id).wait(60) == 0
	p = oci("start", id)
	pid = running()
	ready(pid, pid)
	assert p.wait(60) == 0
	delete()
	# One that ends has said all it will.
	p = oci("run", "-d", "--bundle", bundle, id)
	running()
	subprocess.run([program, "--root", root, "kill", id, "KILL"], check=True)
	assert p.wait(60) == 0
	PYTHON
	timeout 120 python3 "$BATS_TEST_TMPDIR/service" "$ZONE_BUILDDIR/zone-oci" "$OCI_ROOT" "$BUNDLE" "$ID" "$BATS_TEST_TMPDIR" \
		</dev/null >"$BATS_TEST_TMPDIR/out" 2>&1 3>&- 4>&- || { cat "$BATS_TEST_TMPDIR/out"; return 1; }
}

@test "labels of security modules that are off are refused by name" {
	[ ! -e /sys/fs/selinux/policyvers ] || skip "kernel: SELinux is on"
	fails 1 "process.selinuxLabel: selinux label is specified in config, but selinux is disabled or not supported" \
		inside true "p['selinuxLabel'] = 'system_u:system_r:container_t:s0'"
	fails 1 "linux.mountLabel: selinux label is specified in config, but selinux is disabled or not supported" \
		inside true "l['mountLabel'] = 'system_u:object_r:container_file_t:s0'"
	[ "$(cat /sys/module/apparmor/parameters/enabled 2>/dev/null)" != Y ] || skip "kernel: AppArmor is on"
	fails 1 "process.apparmorProfile: 'box': AppArmor is disabled or not supported by this kernel" \
		inside true "p['apparmorProfile'] = 'box'"
	inside true "p['apparmorProfile'] = 'unconfined'"
}

@test "every action of the filter does what it says" {
	fails 28 "" inside 'mkdir /dev/x 2>/dev/null; exit $(($? == 1 ? 28 : 0))' "filter('ERRNO', 'mkdir', 'mkdirat', errnoRet=28)"
	inside 'mkdir /dev/x 2>&1; true' "filter('ERRNO', 'mkdir', 'mkdirat', errnoRet=28)" | grep -q "No space left"
	inside 'mkdir /dev/x 2>&1; true' "filter('ERRNO', 'mkdir', 'mkdirat')" | grep -q "Operation not permitted"
	prints "159" inside 'mkdir /dev/x 2>/dev/null; echo $?' "filter('KILL_PROCESS', 'mkdir', 'mkdirat')"
	prints "159" inside 'mkdir /dev/x 2>/dev/null; echo $?' "filter('KILL', 'mkdir', 'mkdirat')"
	prints "159" inside 'mkdir /dev/x 2>/dev/null; echo $?' "filter('TRAP', 'mkdir', 'mkdirat')"
	# Nobody traces it.
	inside 'mkdir /dev/x 2>&1; true' "filter('TRACE', 'mkdir', 'mkdirat')" | grep -q "not implemented"
	prints "0" inside 'mkdir /dev/x; echo $?' "filter('LOG', 'mkdir', 'mkdirat')"
	prints "1 0" inside 'touch /dev/x; chmod 700 /dev/x 2>/dev/null; a=$?; chmod 600 /dev/x; echo $a $?' \
		"filter('ERRNO', 'chmod', args=[{'index': 1, 'value': 0o700, 'op': 'SCMP_CMP_EQ'}])" \
		"l['seccomp']['syscalls'].append({'names': ['fchmodat', 'fchmodat2'], 'action': 'SCMP_ACT_ERRNO', 'args': [{'index': 2, 'value': 0o777, 'valueTwo': 0o700, 'op': 'SCMP_CMP_MASKED_EQ'}]})"
	prints "2" inside "sed -n \"s/^Seccomp:.//p\" /proc/self/status" "filter('ERRNO', 'mkdir')" \
		"l['seccomp']['flags'] = ['SECCOMP_FILTER_FLAG_LOG', 'SECCOMP_FILTER_FLAG_SPEC_ALLOW', 'SECCOMP_FILTER_FLAG_TSYNC']" \
		"l['seccomp']['architectures'] = ['SCMP_ARCH_X86', 'SCMP_ARCH_X86_64', 'SCMP_ARCH_AARCH64', 'SCMP_ARCH_S390X']"
}

@test "with no_new_privs the filter sees none of the runtime's own calls" {
	# What the shell itself needs, and two calls that execute it: no accept, openat2, dup or capset.
	prints "here" inside 'echo here' "p['noNewPrivileges'] = True" \
		"l['seccomp'] = {'defaultAction': 'SCMP_ACT_ERRNO', 'defaultErrnoRet': 1, 'syscalls': [{'action': 'SCMP_ACT_ALLOW', 'names': 'execve execveat exit exit_group write read brk mmap munmap mprotect arch_prctl set_tid_address set_robust_list rseq prlimit64 getrandom readlink readlinkat newfstatat fstat stat getuid geteuid getgid getegid getpid getppid rt_sigaction rt_sigprocmask rt_sigreturn ioctl fcntl openat close pread64 access getcwd'.split()}]}"
}

@test "a supervisor gets the filter's notices with the state of the process" {
	cat >"$BATS_TEST_TMPDIR/supervisor" <<-'PYTHON'
	import array, fcntl, json, os, socket, struct, sys
	path, said = sys.argv[1:]
	s = socket.socket(socket.AF_UNIX)
	s.bind(path)
	s.listen(2)
	open(said + ".ready", "w").close()
	for n in range(2):
	    c = s.accept()[0]
	    text, control, _, _ = c.recvmsg(65536, 64)
	    fd = array.array("i", control[0][2])[0]
	    state = json.loads(text)
	    json.dump(state, open(said + str(n), "w"))
	    # struct seccomp_notif: id, pid, flags, data; the answer: id, val, error, flags
	    buf = bytearray(80)
	    fcntl.ioctl(fd, 0xc0502100, buf)
	    id, pid = struct.unpack_from("QI", buf)
	    open(said + str(n) + ".pid", "w").write(str(pid))
	    fcntl.ioctl(fd, 0xc0182101, struct.pack("QqiI", id, 0, -17, 0))
	PYTHON
	python3 "$BATS_TEST_TMPDIR/supervisor" "$BATS_TEST_TMPDIR/sock" "$BATS_TEST_TMPDIR/said" </dev/null >"$BATS_TEST_TMPDIR/out" 2>&1 3>&- 4>&- &
	deadline 10 test -e "$BATS_TEST_TMPDIR/said.ready"
	config "p['args'] = ['sh', '-c', 'mkdir /dev/x 2>/dev/shm-said; exec sleep 1000']" "filter('NOTIFY', 'mkdir', 'mkdirat')" \
		"l['seccomp'].update(listenerPath='$BATS_TEST_TMPDIR/sock', listenerMetadata='\"meta\"')" "c['annotations'] = {'a': 'b'}"
	oci create --bundle "$BUNDLE" --pid-file "$BATS_TEST_TMPDIR/pid" "$ID" </dev/null >/dev/null 2>&1
	oci start "$ID"
	deadline 10 test -e "$BATS_TEST_TMPDIR/said0.pid"
	deadline 10 oci exec "$ID" grep -q "File exists" /dev/shm-said
	python3 - "$BATS_TEST_TMPDIR/said" "$(cat "$BATS_TEST_TMPDIR/pid")" "$ID" <<-'PYTHON'
	import json, sys
	said, pid, id = sys.argv[1:]
	s = json.load(open(said + "0"))
	assert s["fds"] == ["seccompFd"] and s["pid"] == int(pid) and s["metadata"] == '"meta"', s
	assert s["state"]["id"] == id and s["state"]["pid"] == int(pid) and s["state"]["status"] == "creating", s
	assert s["state"]["annotations"] == {"a": "b"} and s["ociVersion"], s
	PYTHON
	wait
}
