#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""In place of criu: "criu swrk FD" takes a request, keeps what it said beside itself in
request.json, and answers as the file "answer" beside itself says; never with success but for its
version. What criu itself does is shown where it knows the kernel (tests/vm/oci-checkpoint.sh)."""

import json
import os
import socket
import struct
import sys

here = os.path.dirname(os.path.abspath(sys.argv[0]))


def varint(text, at):
    value = shift = 0
    while True:
        byte = text[at]
        value |= (byte & 0x7F) << shift
        at, shift = at + 1, shift + 7
        if byte < 0x80:
            return value, at


def fields(text):
    """{field: [numbers or bytes]}"""
    found, at = {}, 0
    while at < len(text):
        tag, at = varint(text, at)
        value, at = varint(text, at)
        if tag & 7 == 2:
            value, at = text[at:at + value], at + value
        found.setdefault(tag >> 3, []).append(value)
    return found


def put(field, value):
    if isinstance(value, bytes):
        return put_varint(field << 3 | 2) + put_varint(len(value)) + value
    return put_varint(field << 3) + put_varint(value)


def put_varint(value):
    out = b""
    while value > 0x7F:
        out += bytes([value & 0x7F | 0x80])
        value >>= 7
    return out + bytes([value])


def keep(kind, opts):
    said = {str(k): [v.decode("latin-1") if isinstance(v, bytes) else v for v in vs]
            for k, vs in opts.items()}
    for name, field in (("images", 1), ("work", 17)):
        said[name] = os.readlink(f"/proc/self/fd/{opts[field][0]}")
    said["type"] = kind
    said["cgroup"] = open("/proc/self/cgroup").read()
    said["mounts"] = open("/proc/self/mountinfo").read()
    with open(here + "/request.json", "w") as out:
        json.dump(said, out)
    log = os.open(opts[10][0], os.O_WRONLY | os.O_CREAT, 0o600, dir_fd=opts[17][0])
    os.write(log, b"(00.000001) Error (criu/here.c:1): cause: it is \x1b[1mso\n"
             b"(00.000002) Error (criu/cr-dump.c:2): Dumping FAILED.\n")
    image = os.open("core-1.img", os.O_WRONLY | os.O_CREAT, 0o600, dir_fd=opts[1][0])
    os.write(image, b"half")


def notice(sock, script, pid):
    sock.send(put(1, 6) + put(2, 1) + put(5, put(1, script) + put(2, pid)))
    return fields(sock.recv(1 << 16)).get(3, [0])[0]


sock = socket.socket(fileno=int(sys.argv[2]))
peer = struct.unpack("3i", sock.getsockopt(socket.SOL_SOCKET, socket.SO_PEERCRED, 12))[0]
request = fields(sock.recv(1 << 16))
kind = request[1][0]
answer = open(here + "/answer").read().strip()
if kind == 10:
    sock.send(put(1, 10) + put(2, 1) + put(10, put(1, 4) + put(2, 1) + put(4, 2)))
    sys.exit(0)
assert peer == os.getpid(), "descriptors are looked for in the process that made the socket"
keep(kind, fields(request[2][0]))
if answer == "refuses":
    sock.send(put(1, kind) + put(2, 0) + put(7, 3))
elif answer == "explains":
    sock.send(put(1, kind) + put(2, 0) + put(7, 3) + put(9, b"Error (criu/there.c:1): \x1bfirst"))
elif answer == "garbage":
    sock.send(b"\x08\x01\x12\x7f")
elif answer == "another":
    sock.send(put(1, 5) + put(2, 1))
elif answer == "notices":
    said = [notice(sock, s, os.getpid()) for s in (b"network-lock", b"setup-namespaces")]
    sock.send(put(1, kind) + put(2, 0) + put(7, sum(said)))
elif answer == "killed":
    os.kill(os.getpid(), 9)
