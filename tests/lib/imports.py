#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""Every archive of the corpus through "zonectl template import", with a look at everything afterwards.

  imports.py quick|full     one line of TAP a class: cases, blocked, control

It expects a mount and a pid namespace of its own, ZONECTL, and ZONECTL_ROOT below a directory that
also holds "canary"; tests/hostile/archives.sh gives it these.
"""

import sys

sys.dont_write_bytecode = True

# pylint: disable=wrong-import-position
import hashlib
import json
import os
import shutil
import subprocess
import time

import archives
import bombs
import naive_untar
from corpus import ARCHIVES, GROUPS

ZONECTL = os.environ["ZONECTL"]
ROOT = os.environ["ZONECTL_ROOT"]
BOX = os.path.dirname(ROOT)
STORE = ROOT + "/var/lib/zonectl"
OBJECTS = STORE + "/templates/.objects"
COST = os.environ["ZONE_BUILDDIR"] + "/tests/hostile/naive"
# What archives of the corpus name; none of them is of this host.
NAMES_OF_NOBODY = ("/x", "/escaped", "/canary", "/smuggled", "/new", "/file", "/tmp/escaped")
LIMIT = 60


def facts(top):
    """The files below top, with what would tell a change, by path."""
    out = {}
    for where, dirs, names in os.walk(top):
        for name in dirs + names:
            path = os.path.join(where, name)
            try:
                st = os.lstat(path)
            except FileNotFoundError:
                continue
            out[path] = (st.st_mode, st.st_uid, st.st_gid, st.st_size, st.st_mtime_ns, st.st_ctime_ns, st.st_ino)
    return out


def names(top):
    """What a store holds: names and kinds, and what is in its small files."""
    out = {}
    for where, dirs, files in os.walk(top):
        for name in dirs + files:
            path = os.path.join(where, name)
            st = os.lstat(path)
            out[path] = (st.st_mode, st.st_uid, os.readlink(path) if os.path.islink(path) else "")
    return out


def digest(top):
    out = hashlib.sha256()
    for path in sorted(facts(top)):
        if os.path.isfile(path) and not os.path.islink(path):
            with open(path, "rb") as f:
                out.update(path.encode("utf-8", "surrogateescape") + b"\0" + hashlib.sha256(f.read()).digest())
    return out.hexdigest()


def processes():
    """All that there are: the pid namespace is the test's own."""
    return [pid for pid in os.listdir("/proc") if pid.isdigit()]


def mounts():
    with open("/proc/self/mountinfo", encoding="utf-8") as f:
        return sorted(line.split(" ", 2)[2] for line in f)


class World:
    """Everything that an import may not change."""
    def __init__(self):
        self.was = self.state()

    @staticmethod
    def state():
        return {"the store": names(ROOT), "the canary": facts(BOX + "/canary"), "/etc": facts("/etc"),
                "TMPDIR": names(BOX + "/tmp"), "mounts": mounts(), "processes": processes(),
                "names of nobody": [n for n in NAMES_OF_NOBODY if os.path.lexists(n)]}

    def assert_same(self):
        now = self.state()
        for what, was in self.was.items():
            if now[what] == was:
                continue
            change = now[what]
            if isinstance(was, dict):
                change = sorted(k for k in set(was) | set(change) if was.get(k) != change.get(k))[:5]
            raise AssertionError(f"{what} changed: {change}")


def zonectl(*args, stdin=subprocess.DEVNULL):
    began = time.monotonic()
    p = subprocess.run([ZONECTL, *args], stdin=stdin, stdout=subprocess.PIPE, stderr=subprocess.PIPE,
                       timeout=LIMIT, check=False)
    for line in (p.stdout + p.stderr).split(b"\n"):
        archives.assert_shown(line)
    return p.returncode, p.stdout, p.stderr.decode(), time.monotonic() - began


def do_import(path, *options, name="t"):
    """What it ends with, as a report of zone-unpack has it."""
    status, _out, err, seconds = zonectl("template", "import", path, "--name", name, *options)
    lines = err.splitlines()
    got = {"status": status, "kind": status, "text": b"", "hint": b"", "seconds": seconds, "stderr": err}
    if status != 0:
        start = "zonectl: template import "
        assert lines and lines[0].startswith(start), f"it says {err!r}"
        assert len(lines) == 1 or (len(lines) == 2 and lines[1].startswith("  ")), f"it says {err!r}"
        got["text"] = lines[0][len(start):].encode()
        got["hint"] = lines[1].encode() if len(lines) == 2 else b""
    return got


def limits_write(limits):
    path = ROOT + "/etc/zonectl/zonectl.json"
    if not limits:
        if os.path.exists(path):
            os.unlink(path)
        return
    with open(path, "w", encoding="ascii") as f:
        json.dump({"unpack-limits": {k: int(v) for k, v in (part.split("=") for part in limits)}}, f)


def the_object():
    """The root filesystem of the one template that the store has now."""
    found = [n for n in os.listdir(OBJECTS) if not n.startswith(".")]
    assert len(found) == 1, f"{len(found)} objects"
    return f"{OBJECTS}/{found[0]}/rootfs"


def attempt(world, archive):
    path = BOX + "/archive"
    with open(path, "wb") as f:
        f.write(archive.make())
    limits_write(archive.outcome.limits)
    got = do_import(path)
    limits_write(())
    if archive.outcome.kind == 0 and got["kind"] == 0:
        archives.judge(archive, got, the_object())
        status, _out, err, _s = zonectl("template", "remove", "-y", "t")
        assert status == 0, err
    else:
        archives.judge(archive, got, "/nonexistent")
    world.assert_same()


def control(archive):
    """What the same checks say of the naive way: "" if they see nothing, else "outside" or "tree"."""
    def work(top):
        archives.stage(top, archive.make())
        before = archives.surroundings(top)
        got = naive_untar.unpack(top)
        if before != archives.surroundings(top):
            return "outside"
        try:
            archives.judge(archive, got, os.path.join(top, "in", "root"))
        except (AssertionError, OSError):
            return "tree"
        return ""
    return archives.in_box(work)


# Classes whose archives aim at what is outside the tree: there the canary itself must catch the control.
AIMED = ("C1", "C2", "C3", "C4")


def store_reset():
    """An empty store again, after a case that left something."""
    shutil.rmtree(ROOT)
    os.makedirs(ROOT + "/etc/zonectl")
    assert zonectl("template", "list")[0] == 0
    return World()


def group_run(number, group, chosen, step):
    world = World()
    blocked, caught = 0, {"outside": 0, "tree": 0, "": 0}
    for archive in chosen:
        try:
            attempt(world, archive)
            blocked += 1
        except (AssertionError, OSError, subprocess.TimeoutExpired) as e:
            print(f"# {archive.name}: {json.dumps((str(e) or repr(e))[:300])}")
            world = store_reset()
    for archive in chosen:
        caught[control(archive)] += 1
    is_caught = caught["outside"] > 0 if group in AIMED else caught["outside"] + caught["tree"] > 0
    is_ok = blocked == len(chosen) and is_caught
    print(f"{'ok' if is_ok else 'not ok'} {number} - {group} {GROUPS[group]}: cases {len(chosen)}, blocked {blocked}, "
          f"control {'caught' if is_caught else 'missed'} ({caught['outside']} by the canary, {caught['tree']} by the "
          f"tree){'' if step == 1 else ', every ' + str(step) + 'th'}", flush=True)
    return is_ok


def bombs_run(number, is_full):
    """Bombs without end, each stopped in time and in little memory; one with its limit lifted is not."""
    rows = [r for r in bombs.ROWS if is_full or r[5]]
    command = [ZONECTL, "template", "import", "-", "--name", "t"]
    world, blocked = store_reset(), 0
    for row in rows:
        limits_write([f"{k}={v}" for k, v in row[1].items()])
        try:
            print(f"# {row[0]}: {bombs.tried(COST, command, row)}", flush=True)
            if row[3] is not None:
                limits_write(())
                world.assert_same()
            blocked += 1
        except (AssertionError, OSError) as e:
            print(f"# {row[0]}: {json.dumps((str(e) or repr(e))[:300])}")
        world = store_reset() if row[3] is None else world
    limits_write([f"ratio={2 ** 32 - 1}"])
    is_caught = not bombs.ends_by_itself(COST, command, bombs.ROWS[0][2], 3)
    limits_write(())
    print(f"{'ok' if blocked == len(rows) and is_caught else 'not ok'} {number} - C8 bombs without end: cases {len(rows)}, "
          f"blocked {blocked}, control {'caught' if is_caught else 'missed'}", flush=True)
    store_reset()
    return blocked == len(rows) and is_caught


def run(is_full):
    groups = [g for g in GROUPS if g != "benign"]
    print(f"1..{len(groups) + 1}", flush=True)
    bad = not bombs_run(len(groups) + 1, is_full)
    before = digest("/etc")
    for number, group in enumerate(groups, 1):
        chosen = [a for a in ARCHIVES.values() if a.group == group]
        step = 1 if is_full else max(1, len(chosen) // 6)
        bad += not group_run(number, group, chosen[::step], step)
    assert digest("/etc") == before, "/etc changed"
    return bad


def main(argv):
    if len(argv) != 1 or argv[0] not in ("quick", "full"):
        print(__doc__, file=sys.stderr)
        return 2
    return 1 if run(argv[0] == "full") else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
