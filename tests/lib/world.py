# SPDX-License-Identifier: GPL-2.0-or-later
"""A store, "zonectl template import" into it, and everything that an import may not change.

ZONECTL_ROOT lies in a directory that also holds "canary" and "tmp" ($TMPDIR); the mount and the pid
namespace are the test's own, and so is /etc: tests/hostile/archives.sh makes them.
"""

import hashlib
import json
import os
import shutil
import subprocess
import time

import archives

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
            else:
                # What others remove meanwhile with the directory below it goes from here too.
                change = [x for x in change if x not in was]
            if not change:
                continue
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


def store_reset():
    """An empty store again, after a case that left something."""
    shutil.rmtree(ROOT)
    os.makedirs(ROOT + "/etc/zonectl")
    assert zonectl("template", "list")[0] == 0
    return World()
