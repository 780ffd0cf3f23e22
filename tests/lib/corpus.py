# SPDX-License-Identifier: GPL-2.0-or-later
"""The list of archives and what may be asked of the tree that one becomes.

An archive has a class of docs/security.md, a name that could stand in the manual,
bytes, and an outcome: taken(check) or refused(words).
"""

import hashlib
import os
import stat
import subprocess

from tarraw import Tar, raw

USAGE, RESOURCE, UNSUPPORTED = 2, 7, 8


class Outcome:
    """kind is the exit status; words a pattern of the message; check asks of the root; others
    are the programs that must make the same tree of it."""
    def __init__(self, kind=0, words="", check=None, limits=(), others=()):
        self.kind, self.words, self.check, self.limits, self.others = kind, words, check, limits, others


def agreed(*checks, others=("GNU tar", "bsdtar")):
    return Outcome(0, check=every(*checks), others=others)


def taken(*checks, limits=()):
    return Outcome(0, check=every(*checks), limits=limits)


def refused(words, kind=USAGE, limits=()):
    return Outcome(kind, words, limits=limits)


class Archive:
    def __init__(self, group, name, outcome, make):
        self.group, self.name, self.outcome, self.make = group, name, outcome, make


ARCHIVES = {}
GROUPS = {}
_group = [""]


def group(name, what):
    """What is added from here on belongs to this class."""
    GROUPS[name] = what
    _group[0] = name


def archive(name, outcome):
    def register(make):
        assert name not in ARCHIVES, name
        ARCHIVES[name] = Archive(_group[0], name, outcome, make)
        return make
    return register


def add(name, outcome, data):
    archive(name, outcome)(lambda: data.end() if isinstance(data, Tar) else data)


def packed(program, data, *options):
    return subprocess.run([program, *options, "-c"], input=data, stdout=subprocess.PIPE, check=True).stdout


# What must be true of a tree: each returns a function of its root.

def every(*checks):
    def check(root):
        for c in checks:
            c(root)
    return check


def at(root, path):
    return os.path.join(raw(root), raw(path))


def contents(path, text):
    def check(root):
        with open(at(root, path), "rb") as f:
            got = f.read()
        assert got == raw(text), f"{path!r} holds {got[:100]!r}"
    return check


def is_absent(*paths):
    def check(root):
        for path in paths:
            assert not os.path.lexists(at(root, path)), f"{path!r} exists"
    return check


def has(path, **want):
    """kind, mode, uid, gid, mtime, size, nlink, blocks as lstat tells them."""
    def check(root):
        st = os.lstat(at(root, path))
        got = {"kind": stat.filemode(st.st_mode)[0], "mode": stat.S_IMODE(st.st_mode),
               "uid": st.st_uid, "gid": st.st_gid, "mtime": int(st.st_mtime),
               "size": st.st_size, "nlink": st.st_nlink, "blocks": st.st_blocks}
        for key, value in want.items():
            assert got[key] == value, f"{path!r}: {key} is {got[key]!r}, not {value!r}"
    return check


def xattrs_of(path):
    return {n: os.getxattr(path, n, follow_symlinks=False) for n in os.listxattr(path, follow_symlinks=False)}


def xattrs(path, want):
    def check(root):
        got = xattrs_of(at(root, path))
        assert got == want, f"{path!r}: xattrs are {got!r}"
    return check


def points_to(path, target):
    def check(root):
        got = os.readlink(at(root, path))
        assert got == raw(target), f"{path!r} points to {got!r}"
    return check


def same_file(a, b):
    def check(root):
        assert os.path.samestat(os.lstat(at(root, a)), os.lstat(at(root, b))), f"{a!r} is not {b!r}"
    return check


def few_blocks(path, most=1000):
    def check(root):
        assert os.lstat(at(root, path)).st_blocks < most, f"the holes of {path!r} were filled"
    return check


def listing(root):
    """Everything below root that an archive can say of it, by path."""
    out, first = {}, {}
    top = raw(root)
    for where, dirs, names in os.walk(top):
        dirs.sort()
        for name in sorted(dirs + names):
            path = os.path.join(where, name)
            st = os.lstat(path)
            entry = [stat.filemode(st.st_mode), st.st_uid, st.st_gid, st.st_mtime_ns, xattrs_of(path)]
            if stat.S_ISREG(st.st_mode):
                with open(path, "rb") as f:
                    entry += [st.st_size, hashlib.sha256(f.read()).hexdigest()]
            if stat.S_ISLNK(st.st_mode):
                entry.append(os.readlink(path))
            relative = os.path.relpath(path, top)
            if not stat.S_ISDIR(st.st_mode):
                entry.append(first.setdefault((st.st_dev, st.st_ino), relative))
            out[relative] = entry
    return out


OTHERS = {
    "GNU tar": ["tar", "--delay-directory-restore", "--numeric-owner", "--xattrs", "--xattrs-include=*", "--acls", "-xpf", "-"],
    "bsdtar": ["bsdtar", "--numeric-owner", "--xattrs", "--acls", "-xpf", "-"],
}


def agree(root, data, others):
    """The tree is the one that each of the others makes of the same bytes."""
    ours = listing(root)
    for who in others:
        theirs = _unpacked_by(OTHERS[who], data, root + ".other")
        for path in sorted(set(ours) | set(theirs)):
            assert ours.get(path) == theirs.get(path), \
                f"{path!r} is {ours.get(path)} here and {theirs.get(path)} by {who}"


def _unpacked_by(command, data, where):
    os.mkdir(where)
    try:
        done = subprocess.run(command, input=data, cwd=where, stderr=subprocess.PIPE, check=False)
        assert done.returncode == 0, f"{command[0]}: {done.stderr[:200]!r}"
        return listing(where)
    finally:
        subprocess.run(["rm", "-rf", where], check=True)
