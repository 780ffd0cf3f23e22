#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""Archives, good and hostile, each with what must become of it.

  archives.py run ZONE-UNPACK [NAME...]   unpack each, speak TAP
  archives.py sweep ZONE-UNPACK [full]    cut and flip a good one everywhere
  archives.py all ZONE-UNPACK             each, then a short sweep
  archives.py list                        their classes and names
  archives.py count                       how many of each class
  archives.py make NAME FILE              write one to a file
  archives.py seeds DIR                   write the small ones, as tests/fuzz/fuzz_unpack.c takes them

Nothing outside the root may change in any case, and what the unpacker says can be
shown on a terminal. The archives are in corpus_*.py.
"""

import sys

sys.dont_write_bytecode = True      # the checkout may be read-only

# pylint: disable=wrong-import-position,unused-import
import hashlib
import json
import os
import re
import shutil
import struct
import subprocess
import tempfile

import corpus_bombs
import corpus_names
import corpus_readers
import corpus_tree
import sweep
from corpus import ARCHIVES, GROUPS, agree

REPORT = struct.Struct("ii500s160s4x6Q")    # the beginning of struct unpack_report

# A control character, or one that turns the direction of text (base/utf8.h).
UNSHOWN = re.compile("[\0-\x1f\x7f-\x9f\u061c\u200e\u200f\u2028-\u202e\u2066-\u2069]")


def assert_shown(text):
    """text, as bytes, is UTF-8 that leaves a terminal alone."""
    found = UNSHOWN.search(text.decode("utf-8"))
    assert not found, f"not for a terminal: {text!r}"


def unpack(program, archive_path, root, limits=()):
    """One run of zone-unpack: its report."""
    rootfd = os.open(root, os.O_RDONLY | os.O_DIRECTORY)
    readfd, writefd = os.pipe()
    try:
        with open(archive_path, "rb") as f, \
                subprocess.Popen([program, str(rootfd), str(writefd), *limits], stdin=f,
                                 stdout=subprocess.DEVNULL, pass_fds=(rootfd, writefd)) as p:
            os.close(writefd)
            data = b""
            while part := os.read(readfd, 4096):
                data += part
            status = p.wait()
    finally:
        os.close(readfd)
        os.close(rootfd)
    if len(data) < REPORT.size:
        raise AssertionError(f"no report, status {status}: {data!r}")
    kind, _sys, text, hint, *counts = REPORT.unpack_from(data)
    got = {"status": status, "kind": kind, "text": text.split(b"\0")[0], "hint": hint.split(b"\0")[0],
           "counts": counts}
    assert_shown(got["text"])
    assert_shown(got["hint"])
    assert (status == 0) == (kind == 0), f"status {status}, kind {kind}"
    return got


def write(path, data):
    with open(path, "wb") as f:
        f.write(data)


def sha256(data):
    return hashlib.sha256(data).hexdigest()


def file_sha256(path):
    with open(path, "rb") as f:
        return sha256(f.read())


def surroundings(top):
    """All below top but what is in the root, with what would tell a change."""
    out = {}
    root = os.path.join(top, "in", "root")
    for path, dirs, names in os.walk(top):
        if path == os.path.dirname(root):
            dirs.remove("root")
        for name in dirs + names:
            p = os.path.join(path, name)
            st = os.lstat(p)
            out[p] = (st.st_mode, st.st_uid, st.st_gid, st.st_size, st.st_mtime_ns, st.st_ctime_ns, st.st_ino,
                      st.st_nlink)
    return out


def stage(top, data):
    """An empty root, what archives aim at beside it, and the archive."""
    root = os.path.join(top, "in", "root")
    os.makedirs(root)
    os.makedirs(os.path.join(top, "canary", "dir"))
    for name in ("canary/file", "canary/dir/file"):
        with open(os.path.join(top, name), "w", encoding="ascii") as f:
            f.write("untouched\n")
    write(os.path.join(top, "archive"), data)
    return root


def judge(archive, got, root):
    """Raises what is not as the archive's outcome says."""
    outcome = archive.outcome
    assert got["kind"] == outcome.kind, f"kind {got['kind']}, not {outcome.kind}: {got['text']!r}"
    assert re.search(outcome.words, got["text"].decode()), f"it says {got['text']!r}"
    if outcome.check:
        outcome.check(root)


def run_one(program, top, archive):
    data = archive.make()
    root = stage(top, data)
    before = surroundings(top)
    got = unpack(program, os.path.join(top, "archive"), root, archive.outcome.limits)
    assert before == surroundings(top), "something outside the root changed"
    judge(archive, got, root)
    if archive.outcome.others:
        agree(root, data, archive.outcome.others)


class Tap:
    def __init__(self, planned):
        self.number = self.failed = 0
        print(f"1..{planned}", flush=True)

    def line(self, title, claim):
        """One test: fails when claim() raises; what it returns is a comment."""
        self.number += 1
        title = title.replace("\\", "\\\\").replace("#", "\\#")
        try:
            said = claim()
            print(f"ok {self.number} - {title}" + (f" ({said})" if said else ""), flush=True)
        except Exception as e:      # pylint: disable=broad-except
            self.failed += 1
            print(f"not ok {self.number} - {title}\n# {json.dumps(str(e) or repr(e))}", flush=True)


def in_box(work):
    """Calls work(top) with a directory that is gone afterwards."""
    top = tempfile.mkdtemp(prefix="zone-archives-", dir=os.environ.get("TMPDIR", "/var/tmp"))
    try:
        return work(top)
    finally:
        shutil.rmtree(top)


def named_rows(program, names):
    """(title, claim) of each archive, as sweep.rows() has them."""
    return [(name, lambda top, name=name: run_one(program, top, ARCHIVES[name])) for name in names]


def sweep_rows(program, is_full):
    return sweep.rows(lambda path, root: unpack(program, path, root), is_full)


def run(rows):
    tap = Tap(len(rows))
    for title, claim in rows:
        tap.line(title, lambda claim=claim: in_box(claim))
    return 1 if tap.failed else 0


def seeds(where):
    os.makedirs(where, exist_ok=True)
    for number, archive in enumerate(ARCHIVES.values()):
        data = archive.make()
        if len(data) <= 16384:
            for layer in range(2):
                write(f"{where}/{number}-{layer}", data + bytes([layer]))


def main(argv):
    if argv[:1] == ["list"]:
        print("\n".join(f"{a.group}\t{a.name}" for a in ARCHIVES.values()))
        return 0
    if argv[:1] == ["count"]:
        for name, what in GROUPS.items():
            print(f"{sum(a.group == name for a in ARCHIVES.values()):4} {name:8} {what}")
        print(f"{len(ARCHIVES):4} in all")
        return 0
    if argv[:1] == ["make"] and len(argv) == 3:
        write(argv[2], ARCHIVES[argv[1]].make())
        return 0
    if argv[:1] == ["seeds"] and len(argv) == 2:
        seeds(argv[1])
        return 0
    if len(argv) < 2 or argv[0] not in ("run", "sweep", "all"):
        print(__doc__, file=sys.stderr)
        return 2
    if os.geteuid() != 0:
        print("1..0 # SKIP needs root: owners are written as the archive says")
        return 0
    if argv[0] == "sweep":
        return run(sweep_rows(argv[1], argv[2:] == ["full"]))
    if argv[0] == "all":
        return run(named_rows(argv[1], list(ARCHIVES)) + sweep_rows(argv[1], False))
    return run(named_rows(argv[1], argv[2:] or list(ARCHIVES)))


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
