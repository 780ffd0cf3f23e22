#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""Both ends of what the network tests send.

net.py serve NAME PORT...            answers tcp and udp with NAME and who asked; says "ready"
net.py ask HOST PORT tcp|udp         prints that answer
net.py sink PORT                     takes one tcp connection; prints bytes a second
net.py flood HOST PORT BYTES         sends that many over tcp
net.py listen HOST PORT tcp|udp      only holds the port; says "ready"
net.py dns PORT NAME=ADDRESS...      a name server that knows these
"""
import select
import socket
import struct
import sys
import time


def plain(address):
    return address[0].removeprefix("::ffff:").split("%")[0]


def opened(kind, port, host="::"):
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    s = socket.socket(family, kind)
    if host == "::":
        s.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_V6ONLY, 0)
    s.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    s.bind((host, port))
    if kind == socket.SOCK_STREAM:
        s.listen(64)
    return s


def serve(name, *ports):
    socks = [opened(kind, int(p)) for p in ports for kind in (socket.SOCK_STREAM, socket.SOCK_DGRAM)]
    print("ready", flush=True)
    while True:
        for s in select.select(socks, [], [])[0]:
            if s.type == socket.SOCK_STREAM:
                c, who = s.accept()
                c.sendall(f"{name} {plain(who)}\n".encode())
                c.close()
            else:
                _, who = s.recvfrom(2048)
                # From the address that was asked: the socket knows it once it is connected.
                s.sendto(f"{name} {plain(who)}\n".encode(), who)


def ask(host, port, protocol):
    kind = socket.SOCK_STREAM if protocol == "tcp" else socket.SOCK_DGRAM
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    s = socket.socket(family, kind)
    s.settimeout(3)
    s.connect((host, int(port)))
    if protocol == "udp":
        s.send(b"?")
    print(s.recv(2048).decode().strip())


def sink(port):
    s = opened(socket.SOCK_STREAM, int(port))
    print("ready", flush=True)
    c, _ = s.accept()
    total, begin = 0, None
    while data := c.recv(1 << 16):
        total += len(data)
        begin = begin or time.monotonic()
    print(int(total / (time.monotonic() - begin)), flush=True)


def flood(host, port, size):
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    s = socket.socket(family, socket.SOCK_STREAM)
    s.connect((host, int(port)))
    left = int(size)
    while left > 0:
        left -= s.send(b"\0" * min(left, 1 << 16))
    s.shutdown(socket.SHUT_WR)
    s.recv(1)


def listen(host, port, protocol):
    held = opened(socket.SOCK_STREAM if protocol == "tcp" else socket.SOCK_DGRAM, int(port), host)
    print("ready", flush=True)
    while True:
        time.sleep(60)
    held.close()


def dns(port, *rows):
    known = dict(row.split("=") for row in rows)
    s = opened(socket.SOCK_DGRAM, int(port))
    print("ready", flush=True)
    while True:
        query, who = s.recvfrom(512)
        at, labels = 12, []
        while query[at]:
            labels.append(query[at + 1:at + 1 + query[at]].decode())
            at += 1 + query[at]
        kind, = struct.unpack("!H", query[at + 1:at + 3])
        address = known.get(".".join(labels)) if kind == 1 else None
        code = 0x8180 if ".".join(labels) in known else 0x8183
        answer = query[:2] + struct.pack("!HHHHH", code, 1, 1 if address else 0, 0, 0) + query[12:at + 5]
        if address:
            answer += b"\xc0\x0c" + struct.pack("!HHIH", 1, 1, 60, 4) + socket.inet_aton(address)
        s.sendto(answer, who)


if __name__ == "__main__":
    {f.__name__: f for f in (serve, ask, sink, flood, listen, dns)}[sys.argv[1]](*sys.argv[2:])
