#!/usr/bin/python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""What a kubelet asks of a container runtime, over its socket.

  cri.py SOCKET METHOD <REQUEST     prints the answer; both are JSON, with the names of the CRI
  cri.py image TAR NAME FILE CMD... an image of one layer, as containerd imports it

Only the messages and fields that the tests speak of are here.
"""

import hashlib
import io
import json
import platform
import sys
import tarfile

# Of runtime.v1 (k8s.io/cri-api): field: (number, type). A list is a repeated field, a dict a map of strings.
INT64 = {"value": (1, int)}
MODES = {"network": (1, int), "pid": (2, int), "ipc": (3, int)}
METADATA = {"name": (1, str), "uid": (2, str), "namespace": (3, str), "attempt": (4, int)}
POD = {"metadata": (1, METADATA), "hostname": (2, str), "log_directory": (3, str), "labels": (6, dict),
       "annotations": (7, dict),
       "linux": (8, {"cgroup_parent": (1, str), "sysctls": (3, dict),
                     "security_context": (2, {"namespace_options": (1, MODES)})})}
RESOURCES = {"cpu_period": (1, int), "cpu_quota": (2, int), "cpu_shares": (3, int),
             "memory_limit_in_bytes": (4, int), "oom_score_adj": (5, int)}
SECURITY = {"capabilities": (1, {"add_capabilities": (1, [str]), "drop_capabilities": (2, [str])}),
            "privileged": (2, int), "namespace_options": (3, MODES), "run_as_user": (5, INT64),
            "readonly_rootfs": (7, int), "no_new_privs": (11, int), "run_as_group": (12, INT64)}
CONTAINER = {"metadata": (1, {"name": (1, str), "attempt": (2, int)}), "image": (2, {"image": (1, str)}),
             "command": (3, [str]), "args": (4, [str]), "working_dir": (5, str),
             "envs": (6, [{"key": (1, str), "value": (2, str)}]),
             "mounts": (7, [{"container_path": (1, str), "host_path": (2, str), "readonly": (3, int)}]),
             "log_path": (11, str), "tty": (14, int),
             "linux": (15, {"resources": (1, RESOURCES), "security_context": (2, SECURITY)})}
POD_ID = {"pod_sandbox_id": (1, str)}
ID = {"container_id": (1, str)}
STATUS = {"id": (1, str), "state": (3, int), "exit_code": (7, int), "reason": (10, str), "runtime_handler": (9, str)}
LISTED = {"id": (1, str), "state": (6, int)}

METHODS = {
    "Version": ({"version": (1, str)}, {"runtime_name": (2, str), "runtime_version": (3, str)}),
    "RunPodSandbox": ({"config": (1, POD), "runtime_handler": (2, str)}, POD_ID),
    "PodSandboxStatus": (POD_ID, {"status": (1, {"id": (1, str), "state": (3, int),
                                                 "network": (5, {"ip": (1, str)}), "runtime_handler": (9, str)})}),
    "StopPodSandbox": (POD_ID, {}),
    "RemovePodSandbox": (POD_ID, {}),
    "CreateContainer": ({**POD_ID, "config": (2, CONTAINER), "sandbox_config": (3, POD)}, ID),
    "StartContainer": (ID, {}),
    "StopContainer": ({**ID, "timeout": (2, int)}, {}),
    "RemoveContainer": (ID, {}),
    "ContainerStatus": (ID, {"status": (1, STATUS)}),
    "ListContainers": ({}, {"containers": (1, [LISTED])}),
    "UpdateContainerResources": ({**ID, "linux": (2, RESOURCES)}, {}),
    "ExecSync": ({**ID, "cmd": (2, [str]), "timeout": (3, int)},
                 {"stdout": (1, str), "stderr": (2, str), "exit_code": (3, int)}),
}


def varint(n):
    out, n = bytearray(), n & (1 << 64) - 1
    while n > 127:
        out.append(n & 127 | 128)
        n >>= 7
    return bytes(out + bytes([n]))


def field(number, kind, value):
    if isinstance(kind, list):
        return b"".join(field(number, kind[0], v) for v in value)
    if kind is dict:
        pair = {"key": (1, str), "value": (2, str)}
        return b"".join(field(number, pair, {"key": k, "value": v}) for k, v in value.items())
    if kind is int:
        return varint(number << 3) + varint(value)
    data = encode(kind, value) if isinstance(kind, dict) else value.encode()
    return varint(number << 3 | 2) + varint(len(data)) + data


def encode(message, values):
    return b"".join(field(*message[name], value) for name, value in values.items())


def take_varint(data, at):
    n = shift = 0
    while True:
        byte = data[at]
        n |= (byte & 127) << shift
        shift, at = shift + 7, at + 1
        if byte < 128:
            return n, at


def decode(message, data):
    names = {number: (name, kind) for name, (number, kind) in message.items()}
    out = {name: 0 if kind is int else "" if kind is str else [] for name, (_, kind) in message.items()
           if not isinstance(kind, dict)}
    at = 0
    while at < len(data):
        key, at = take_varint(data, at)
        if key & 7 == 0:
            value, at = take_varint(data, at)
        else:
            length, at = take_varint(data, at)
            value, at = data[at:at + length], at + length
        name, kind = names.get(key >> 3, (None, None))
        if name is None:
            continue
        inner = kind[0] if isinstance(kind, list) else kind
        value = value if inner is int else value.decode() if inner is str else decode(inner, value)
        if isinstance(kind, list):
            out[name].append(value)
        else:
            out[name] = value
    return out


def call(socket, method):
    import grpc
    request, answer = METHODS[method]
    with grpc.insecure_channel("unix://" + socket) as channel:
        ask = channel.unary_unary("/runtime.v1.RuntimeService/" + method)
        try:
            data = ask(encode(request, json.load(sys.stdin)), timeout=60)
        except grpc.RpcError as e:
            sys.exit(f"{method}: {e.details()}")
    json.dump(decode(answer, data), sys.stdout)


def image(layer, name, path, *command):
    def blob(tar, where, data):
        member = tarfile.TarInfo(where)
        member.size = len(data)
        tar.addfile(member, io.BytesIO(data))
    data = open(layer, "rb").read()
    machine = {"x86_64": "amd64", "aarch64": "arm64"}.get(platform.machine(), platform.machine())
    config = {"architecture": machine, "os": "linux", "config": {"Cmd": command, "Env": ["PATH=/bin:/sbin"]},
              "rootfs": {"type": "layers", "diff_ids": ["sha256:" + hashlib.sha256(data).hexdigest()]}}
    with tarfile.open(path, "w") as tar:
        blob(tar, "layer.tar", data)
        blob(tar, "config.json", json.dumps(config).encode())
        blob(tar, "manifest.json", json.dumps(
            [{"Config": "config.json", "RepoTags": [name], "Layers": ["layer.tar"]}]).encode())


if sys.argv[1] == "image":
    image(*sys.argv[2:])
else:
    call(*sys.argv[1:])
