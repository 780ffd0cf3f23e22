# SPDX-License-Identifier: GPL-2.0-or-later
"""Bombs without end, fed through a pipe: how soon after a limit the unpacking stops, and what it holds (C8).

A row is a generator of packed bytes that yields None where the limit is passed. From there on the
unpacker has a second; what it wrote is then removed. The kernel's own figures of every process of it stay within 64 MiB.
"""

import gzip
import os
import re
import signal
import subprocess
import threading
import time

from corpus import packed
from corpus_bombs import MIB, old_sparse, sparse
from tarraw import header

PEAK = 64 << 10         # KiB
FRAME = ("naive", "timeout", "zonectl")     # all others read the archive
AFTER = 1.0             # seconds
FIRST = header("zeros", size=60 << 30)


def compressed_zeros(pack):
    """A file of zeros that never ends: the ratio is looked at from 64 MiB on."""
    def feed():
        yield pack(FIRST + b"\0" * (64 * MIB))
        yield None
        more = pack(b"\0" * (64 * MIB))
        while True:
            yield more
    return feed


def entries(one, limit):
    def feed():
        block = one * 1000
        for _i in range(limit // 1000 + 1):
            yield block
        yield None
        while True:
            yield block
    return feed


def numbered(limit):
    """Entries of different names, so that each is made."""
    def feed():
        for i in range(limit + 1):
            yield header(f"d{i // 1000}/f{i}")
        yield None
        while True:
            yield header("more")
    return feed


def files(limit):
    """Files of a mebibyte that cannot be packed, more than the limit of bytes."""
    def feed():
        text = os.urandom(MIB)
        for i in range(limit // MIB + 1):
            yield header(f"f{i}", size=MIB) + text
        yield None
        while True:
            yield text
    return feed


def busy(seconds):
    """Work without end that breaks no other limit: the limit of processor time is passed."""
    def feed():
        more = packed("bzip2", os.urandom(900000) + b"\0" * 900000, "-9")
        yield packed("bzip2", FIRST)
        end = time.monotonic() + seconds
        while time.monotonic() < end:
            yield more
        yield None
        while True:
            yield more
    return feed


def whole(make):
    """An archive that ends, refused at the latest where it does."""
    def feed():
        data = make()
        for at in range(0, len(data), MIB):
            yield data[at:at + MIB]
        yield None
    return feed


def million_extents(form):
    """The map of a file of a million holes."""
    return lambda: form("f", 10 ** 7 + 5, [(10 * i, 0) for i in range(10 ** 6)]).end()


def pack_with(program, *options):
    return lambda data: packed(program, data, *options)


# name, limits, feeder, exit status, words, in the short run too
ROWS = [
    ("gzip of zeros", {}, compressed_zeros(lambda d: gzip.compress(d, 9)), 2, "times its size", True),
    ("zstd of zeros", {}, compressed_zeros(pack_with("zstd", "-1")), 2, "times its size", False),
    ("xz of zeros", {}, compressed_zeros(pack_with("xz", "-0")), 2, "times its size", False),
    ("lz4 of zeros", {}, compressed_zeros(pack_with("lz4", "-9")), 2, "times its size", False),
    ("bzip2 of zeros", {}, compressed_zeros(pack_with("bzip2")), 2, "times its size", False),
    ("files of random bytes", {"bytes": 200 * MIB}, files(200 * MIB), 2, "more than 209715200 bytes", True),
    ("empty files", {"entries": 50000}, numbered(50000), 2, "more than 50000 entries", False),
    ("the same file", {"entries": 50000}, entries(header("f"), 50000), 2, "more than 50000 entries", False),
    ("5,000,000 devices", {}, entries(header("null", "3"), 2000000), 2, "more than 2000000 entries", True),
    ("200,000 empty files", {"entries": 200000}, numbered(200000), 2, "more than 200000 entries", False),
    ("bzip2 of anything", {"seconds": 3}, busy(3), 2, "limit of 3 s", False),
    ("a million extents", {}, whole(million_extents(sparse)), 2, "more than 65536 parts", False),
    ("a million extents of old", {}, whole(million_extents(old_sparse)), 2, "more than 65536 parts", False),
    ("a gigabyte of one name", {}, entries(header("x", "L", size=1 << 30), 1), 2, "too large", True),
    ("a pax header without end", {}, entries(header("x", "x", size=1 << 33), 1), 2, "too large", True),
]


class Watch(threading.Thread):
    """The peak of every process that was not there before, by the kernel's word."""
    def __init__(self):
        super().__init__(daemon=True)
        self.others, self.peaks, self.is_over = set(os.listdir("/proc")), {}, False
        self.last = 0.0         # when an unpacker was seen last
        self.ticks = {}         # what each had of the processors

    def run(self):
        while not self.is_over:
            for pid in filter(str.isdigit, set(os.listdir("/proc")) - self.others):
                self.look(pid)
            time.sleep(0.005)

    def look(self, pid):
        try:
            with open(f"/proc/{pid}/status", encoding="utf-8") as f:
                facts = dict(line.strip().split(":\t", 1) for line in f if ":\t" in line.strip())
            if facts["Name"] not in FRAME and "VmHWM" in facts:
                self.last = time.monotonic()
                with open(f"/proc/{pid}/stat", encoding="utf-8") as f:
                    self.ticks[pid] = sum(map(int, f.read().rpartition(")")[2].split()[11:13]))
            if "VmHWM" in facts:
                self.peaks[pid] = int(facts["VmHWM"].split()[0])
        except OSError:
            pass


class Feeder(threading.Thread):
    """Writes what the generator yields until nobody reads; notes when the limit was passed."""
    def __init__(self, feed, fd, watch):
        super().__init__(daemon=True)
        self.feed, self.fd, self.watch, self.passed, self.ticks = feed, fd, watch, None, 0

    def run(self):
        try:
            for data in self.feed():
                if data is None:
                    self.passed = time.monotonic()
                    self.ticks = sum(self.watch.ticks.values())
                    continue
                view = memoryview(data)
                while view:
                    view = view[os.write(self.fd, view):]
        except BrokenPipeError:
            pass
        finally:
            os.close(self.fd)


def explode(cost, command, feed, most=600):
    """Feeds a bomb to a command, for at most so many seconds. cost is the program that runs it and
    says what it took ("cost MS KIB STATUS"): wait4(2) would tell this program's own size."""
    readfd, writefd = os.pipe()
    watch = Watch()
    feeder = Feeder(feed, writefd, watch)
    with subprocess.Popen([cost, "cost", "timeout", "-s", "KILL", str(most), *command], stdin=readfd,
                          stdout=subprocess.DEVNULL, stderr=subprocess.PIPE) as p:
        os.close(readfd)
        watch.start()
        feeder.start()
        said = p.stderr.read().decode()
        ended = time.monotonic()
    feeder.join()
    watch.is_over = True
    watch.join()
    said, _word, figures = said.rpartition("cost ")
    _ms, largest, status = map(int, figures.split())
    return {"status": status, "said": said, "peaks": watch.peaks, "largest": largest,
            "processor": max(0.0, sum(watch.ticks.values()) - feeder.ticks) / os.sysconf("SC_CLK_TCK"),
            "after": max(0.0, watch.last - feeder.passed) if feeder.passed else 0.0,
            "gone": max(0.0, ended - feeder.passed) if feeder.passed else 0.0}


def tried(cost, command, row):
    """The figures of the best of three: another test may have had the processors."""
    for last in (False, False, True):
        try:
            return verdict(row, explode(cost, command, row[2]))
        except AssertionError:
            if last:
                raise
    return ""


def verdict(row, got):
    """Raises what is too late, too large or said otherwise; else the figures."""
    _name, _limits, _feed, status, words, _quick = row
    together = sum(got["peaks"].values())
    figures = (f"stopped {got['after']:.2f} s after, {got['processor']:.2f} s of them at work, removed at {got['gone']:.2f} s; peak {together >> 10} MiB in all, "
               f"{max(got['largest'], 0, *got['peaks'].values()) >> 10} MiB the largest")
    assert got["status"] == status, f"exit {got['status']}: {got['said']!r}"
    assert re.search(words, got["said"]), f"it says {got['said']!r}"
    assert min(got["after"], got["processor"]) <= AFTER, figures
    assert together <= PEAK and got["largest"] <= PEAK, figures
    return figures


def ends_by_itself(cost, command, feed, seconds):
    """The control: with its limit lifted, the same bomb goes on until it is killed."""
    return explode(cost, command, feed, most=seconds)["status"] != 128 + signal.SIGKILL
