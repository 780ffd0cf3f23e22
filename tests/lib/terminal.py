# SPDX-License-Identifier: GPL-2.0-or-later
# A terminal that a test holds: it reads when the test says so and answers nothing.

import fcntl
import hashlib
import json
import os
import re
import select
import signal
import struct
import subprocess
import sys
import termios
import time

ZONECTL = os.environ["ZONECTL"]
PATIENCE = 30.0


def zonectl(*args):
    """Outside of any terminal; its exit status."""
    null = os.open(os.devnull, os.O_RDWR)
    actions = [(os.POSIX_SPAWN_DUP2, null, fd) for fd in (0, 1, 2)]
    pid = os.posix_spawn(ZONECTL, ["zonectl", *args], os.environ, file_actions=actions)
    os.close(null)
    return os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1])


def fail(text):
    sys.exit(text)


def check(what, want):
    if what != want:
        fail(f"{what!r}, want {want!r}")


def digest(data):
    return hashlib.sha256(data).hexdigest()


class Terminal:
    """zonectl with these arguments on a terminal of its own, or another program."""

    def __init__(self, *args, rows=24, columns=80, program=ZONECTL):
        self.master, self.slave = os.openpty()
        os.set_blocking(self.master, False)
        self.resize(rows, columns)
        # Unlike any default, so that what is passed on and put back shows.
        modes = termios.tcgetattr(self.slave)
        modes[6][termios.VERASE] = b"\x08"
        modes[0] |= termios.IUTF8 if hasattr(termios, "IUTF8") else 0o40000
        termios.tcsetattr(self.slave, termios.TCSANOW, modes)
        self.before = termios.tcgetattr(self.slave)
        self.got = bytearray()
        self.pid = os.fork()
        if self.pid == 0:
            self._run(program, args)

    def _run(self, program, args):
        os.setsid()
        fcntl.ioctl(self.slave, termios.TIOCSCTTY, 0)
        for fd in (0, 1, 2):
            os.dup2(self.slave, fd)
        os.closerange(3, 256)
        os.execv(program, [os.path.basename(program), *args])

    def resize(self, rows, columns):
        fcntl.ioctl(self.master, termios.TIOCSWINSZ, struct.pack("HHHH", rows, columns, 0, 0))

    def type(self, data):
        """All of it; what is shown meanwhile is kept."""
        self.talk(data.encode() if isinstance(data, str) else data)

    def talk(self, data=b"", until=None):
        """Types, and reads until then; whichever of both is possible goes on."""
        end = time.monotonic() + PATIENCE
        data = memoryview(data)
        while len(data) or (until and not until(self.got)):
            left = end - time.monotonic()
            if left <= 0:
                fail(f"still {len(data)} bytes to type; the end of what is shown: {self.got[-2000:]!r}")
            readable, writable, _ = select.select([self.master], [self.master] if len(data) else [], [], left)
            if readable:
                self.got += os.read(self.master, 1 << 16)
            if writable:
                data = data[os.write(self.master, data[: 1 << 16]):]

    def see(self, what):
        """Waits until it is shown, and forgets all before."""
        what = what.encode() if isinstance(what, str) else what
        self.talk(until=lambda got: what in got)
        del self.got[: self.got.index(what) + len(what)]

    def ends(self, status, within=PATIENCE, reads=True):
        """Waits for the end, as whoever reads what is shown, or does not."""
        pidfd = os.pidfd_open(self.pid)
        end = time.monotonic() + within
        while not select.select([pidfd], [], [], 0)[0]:
            left = end - time.monotonic()
            if left <= 0:
                fail(f"not ended within {within} s; the end of what is shown: {self.got[-2000:]!r}")
            ready = select.select([pidfd, self.master] if reads else [pidfd], [], [], left)[0]
            if self.master in ready:
                self.got += os.read(self.master, 1 << 16)
        os.close(pidfd)
        got = os.waitstatus_to_exitcode(os.waitpid(self.pid, 0)[1])
        while select.select([self.master], [], [], 0)[0]:
            self.got += os.read(self.master, 1 << 16)
        if got != status:
            fail(f"status {got}, want {status}; the end of what is shown: {self.got[-2000:]!r}")

    def leave(self, status):
        """As who typed it too soon would: again, until it is seen not to be of a paste."""
        pidfd = os.pidfd_open(self.pid)
        for _ in range(50):
            self.type("\r~.")
            if select.select([pidfd], [], [], 0.1)[0]:
                break
        os.close(pidfd)
        self.ends(status, within=1)

    def is_restored(self):
        """The line discipline is as it was before."""
        after = termios.tcgetattr(self.slave)
        if after != self.before:
            fail(f"before {self.before}\nafter  {after}")

    def says_last(self, text):
        """That is the last line, and a line of its own."""
        shown = self.got.decode(errors="replace").replace("\r", "")
        lines = re.sub("\x1b(\\[[0-9;?>=]*[a-zA-Z]|[78\\\\>])", "", shown).rstrip("\n").split("\n")
        if lines[-1] != text:
            fail(f"want {text!r}, the last lines are {lines[-5:]!r}")

    def hang_up(self):
        """As a connection that breaks."""
        os.close(self.slave)
        os.close(self.master)
        return os.waitstatus_to_exitcode(os.waitpid(self.pid, 0)[1])

    def kill(self, number):
        os.kill(self.pid, number)

    def memory_kib(self):
        with open(f"/proc/{self.pid}/status") as f:
            return next(int(line.split()[1]) for line in f if line.startswith("VmHWM:"))


def fact(zone, key):
    return json.loads(subprocess.check_output([ZONECTL, "info", zone, "--json"]))[key]


def kill(pid, number=signal.SIGKILL):
    os.kill(pid, number)
