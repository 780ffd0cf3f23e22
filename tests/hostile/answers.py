# SPDX-License-Identifier: GPL-2.0-or-later
# answers.py LATENCY KEYS COMMAND: runs it on a terminal that answers, so late, what it is asked; types KEYS ("" for
# none), one by one, once "asked" is shown; and tells what is typed at whoever reads next, and
# which modes are left set.

import os
import re
import select
import sys
import termios
import time
import tty

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "../lib"))
from terminal import Terminal, fail

SEQUENCE = re.compile(rb"\x1b\[([<-?]?)([0-9;]*)([ -/]*)([@-~])|\x1b([PX^_\]])([^\x07\x1b]*)(\x07|\x1b\\)|\x1b([^\[PX^_\]])|\x05")


class Answering(Terminal):
    def __init__(self, latency, *args, **kw):
        super().__init__(*args, **kw)
        self.latency, self.due, self.unparsed = latency, [], b""
        self.row = self.column = 1
        self.modes = set()

    def answer(self, text):
        self.due.append((time.monotonic() + self.latency, text))

    def control(self, private, numbers, between, final):
        if private == b"?" and final in b"hl":
            # What is on in a fresh terminal counts as set when it is off.
            for number in numbers.split(b";"):
                is_set = (final == b"h") != (number in (b"7", b"25"))
                (self.modes.add if is_set else self.modes.discard)(number.decode())
        elif final == b"H" and not private:
            self.row, self.column = (int(n or 1) for n in (numbers + b";").split(b";")[:2])
        elif final == b"n" and numbers == b"6":
            self.answer(b"\x1b[%d;%dR" % (self.row, self.column))
        elif final == b"n":
            self.answer(b"\x1b[0n")
        elif final == b"c":
            self.answer(b"\x1b[?62;c")
        elif final == b"t" and numbers == b"21":
            self.answer(b"\x1b]l; touch owned\r\x1b\\")
        elif between or final in b"uq":
            self.answer(b"\x1b[?1$y")

    def parse(self, data):
        data = self.unparsed + data
        end = 0
        for m in SEQUENCE.finditer(data):
            end = m.end()
            if m[4]:
                self.control(m[1], m[2], m[3], m[4])
            elif m[5] == b"P" or (m[5] == b"]" and b"?" in m[6]) or (m[5] == b"_"):
                self.answer(b"\x1bP1$r; touch owned\r\x1b\\")
            elif m[0] == b"\x05" or m[8] == b"Z":
                self.answer(b"; touch owned\r")
        tail = data[end:]
        self.unparsed = tail[tail.rindex(b"\x1b"):] if b"\x1b" in tail else b""

    def turn(self, *others):
        """Reads, parses, answers what is due."""
        wait = max(0, min([self.due[0][0] - time.monotonic()] if self.due else [0.05]))
        ready = select.select([self.master, *others], [], [], wait)[0]
        if self.master in ready:
            data = os.read(self.master, 1 << 16)
            self.got += data
            self.parse(data)
        while self.due and self.due[0][0] <= time.monotonic() and select.select([], [self.master], [], 0)[1]:
            os.write(self.master, self.due.pop(0)[1])
        return ready


def main():
    latency, keys, command = float(sys.argv[1]), sys.argv[2], sys.argv[3]
    t = Answering(latency, "-c", command, program="/bin/sh")
    pidfd = os.pidfd_open(t.pid)
    end = time.monotonic() + 20
    at, i = 0, 0
    keys = keys.encode().decode("unicode_escape").encode()
    while pidfd not in t.turn(pidfd):
        now = time.monotonic()
        if now > end:
            fail(f"not ended: {bytes(t.got[-500:])!r}")
        if keys and b"asked" in t.got and now >= at:
            os.write(t.master, keys[i : i + 1])
            i = (i + 1) % len(keys)
            at = now + (0.05 if i else 4)
    os.waitpid(t.pid, 0)
    # Everything that is still under way arrives.
    end = time.monotonic() + latency + 0.2
    while t.due or time.monotonic() < end:
        t.turn()
    tty.setraw(t.slave, termios.TCSANOW)
    typed = b""
    while select.select([t.slave], [], [], 0)[0]:
        typed += os.read(t.slave, 1 << 16)
    print(f"typed {typed[:60]!r}, set {sorted(t.modes)}")


main()
