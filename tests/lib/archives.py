#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""Archives, good and hostile, each with what must become of it.

  archives.py run ZONE-UNPACK [NAME...]   unpack each, speak TAP
  archives.py list                        their names
  archives.py make NAME FILE              write one to a file

An archive is a function with a name, a sentence that could stand in the manual,
and an outcome: taken(check) or refused(kind, words). Nothing outside the root
may change in any case, and what the unpacker says is printable.
"""

import gzip
import io
import json
import os
import re
import shutil
import stat
import struct
import subprocess
import sys
import tempfile

BLOCK = 512
USAGE, UNSUPPORTED = 2, 8


# Writing tar by hand: what is wrong in these archives no library would write.

def number(value, width):
    """Octal with a NUL, or base-256 where octal has no room or the value is negative."""
    if 0 <= value < 8 ** (width - 1):
        return b"%0*o\0" % (width - 1, value)
    return bytes([0xff if value < 0 else 0x80]) + value.to_bytes(width - 1, "big", signed=value < 0)


def raw(text):
    return text if isinstance(text, bytes) else text.encode("utf-8", "surrogateescape")


def header(name, kind=b"0", size=0, mode=0o644, uid=0, gid=0, mtime=1000000000, link=b"",
           magic=b"ustar\00000", device=(0, 0)):
    name, link = raw(name), raw(link)
    prefix = b""
    h = bytearray(BLOCK)
    h[0:100] = name[:100].ljust(100, b"\0")
    h[100:108] = number(mode, 8)
    h[108:116] = number(uid, 8)
    h[116:124] = number(gid, 8)
    h[124:136] = number(size, 12)
    h[136:148] = number(mtime, 12)
    h[148:156] = b" " * 8
    h[156:157] = kind
    h[157:257] = link[:100].ljust(100, b"\0")
    h[257:265] = magic
    h[329:337] = number(device[0], 8)
    h[337:345] = number(device[1], 8)
    h[345:500] = prefix.ljust(155, b"\0")
    h[148:156] = b"%06o\0 " % sum(h)
    return bytes(h)


def padded(data):
    return data + b"\0" * (-len(data) % BLOCK)


def pax_records(records):
    out = b""
    for key, value in records.items():
        rest = b" " + raw(key) + b"=" + raw(value) + b"\n"
        length = len(rest)
        while len(str(length)) + len(rest) != length:
            length = len(str(length)) + len(rest)
        out += str(length).encode() + rest
    return out


class Tar:
    def __init__(self):
        self.data = b""

    def add(self, name, kind="0", data=b"", pax=None, **fields):
        data = raw(data)
        if pax is None:
            pax = {}
        if len(raw(name)) > 100:
            pax = dict(pax, path=name)
        if len(raw(fields.get("link", ""))) > 100:
            pax = dict(pax, linkpath=fields["link"])
        if pax:
            records = pax_records(pax)
            self.data += header("PaxHeaders/x", b"x", len(records)) + padded(records)
        size = fields.pop("size", len(data))
        self.data += header(name, kind.encode(), size, **fields) + padded(data)
        return self

    def file(self, name, data="text\n", **fields):
        return self.add(name, "0", data, **fields)

    def dir(self, name, **fields):
        return self.add(name, "5", mode=fields.pop("mode", 0o755), **fields)

    def symlink(self, name, target, **fields):
        return self.add(name, "2", link=target, mode=0o777, **fields)

    def link(self, name, target, **fields):
        return self.add(name, "1", link=target, **fields)

    def end(self):
        return self.data + b"\0" * (2 * BLOCK)


# Outcomes.

class Outcome:
    def __init__(self, kind=0, words="", check=None, limits=()):
        self.kind, self.words, self.check, self.limits = kind, words, check, limits


def taken(check=None, limits=()):
    return Outcome(0, check=check, limits=limits)


def refused(words, kind=USAGE, limits=()):
    return Outcome(kind, words, limits=limits)


ARCHIVES = {}


def archive(name, outcome):
    def register(make):
        assert name not in ARCHIVES, name
        ARCHIVES[name] = (make, outcome)
        return make
    return register


def add(name, outcome, data):
    archive(name, outcome)(lambda: data.end() if isinstance(data, Tar) else data)


# What must be true of a tree: lambdas over its root.

def contents(path, text):
    def check(root):
        with open(os.path.join(raw(root), raw(path)), "rb") as f:
            got = f.read()
        assert got == raw(text), f"{path!r} holds {got!r}"
    return check


def is_absent(path):
    def check(root):
        assert not os.path.lexists(os.path.join(raw(root), raw(path))), f"{path!r} exists"
    return check


def has(path, **want):
    """kind, mode, uid, gid, mtime, size, nlink as lstat tells them."""
    def check(root):
        st = os.lstat(os.path.join(raw(root), raw(path)))
        got = {"kind": stat.filemode(st.st_mode)[0], "mode": stat.S_IMODE(st.st_mode),
               "uid": st.st_uid, "gid": st.st_gid, "mtime": int(st.st_mtime),
               "size": st.st_size, "nlink": st.st_nlink, "blocks": st.st_blocks}
        for key, value in want.items():
            assert got[key] == value, f"{path!r}: {key} is {got[key]!r}, not {value!r}"
    return check


def xattrs(path, want):
    def check(root):
        p = os.path.join(root, path)
        got = {n: os.getxattr(p, n, follow_symlinks=False)
               for n in os.listxattr(p, follow_symlinks=False)}
        assert got == want, f"{path!r}: xattrs are {got!r}"
    return check


def points_to(path, target):
    def check(root):
        got = os.readlink(os.path.join(root, path))
        assert got == target, f"{path!r} points to {got!r}"
    return check


def same_file(a, b):
    def check(root):
        assert os.path.samestat(os.lstat(os.path.join(root, a)), os.lstat(os.path.join(root, b)))
    return check


def every(*checks):
    def check(root):
        for c in checks:
            c(root)
    return check


# C1: names that are no names. Refused, whatever the entry is; never corrected.

BAD_NAMES = {
    "..": "'\\.\\.'", "../x": "'\\.\\.'", "a/../x": "'\\.\\.'", "a/..": "'\\.\\.'",
    "./../x": "'\\.\\.'", "a/../../x": "'\\.\\.'", "../": "'\\.\\.'", "/x": "absolute",
    "//x": "absolute", "/": "absolute", "a//b": "empty component", ".//x": "empty component",
    "././x": "component '\\.'", "a/./b": "component '\\.'", "a/.": "component '\\.'",
}

for bad, why in BAD_NAMES.items():
    add(f"a file named '{bad}' is refused", refused(why), Tar().file(bad))
    add(f"a directory named '{bad}' is refused", refused(why), Tar().dir(bad))
    other = why + "|ends in '/'"
    add(f"a link named '{bad}' is refused", refused(other), Tar().symlink(bad, "x"))
    add(f"a hard link named '{bad}' is refused", refused(other), Tar().file("t").link(bad, "t"))
    add(f"a hard link to '{bad}' is refused", refused(other),
        Tar().file("t").link("l", bad))

add("a file named '.' is refused", refused("the root is no directory"), Tar().file("."))
add("a link named './' is refused", refused("ends in|root is no directory"), Tar().symlink("./", "/"))
add("a name of 4096 bytes is refused", refused("has 4096 bytes"),
    Tar().file("/".join(["d" * 200] * 20) + "/" + "x" * 76))
add("a component of 256 bytes is refused", refused("256 bytes"), Tar().file("x" * 256))
add("a component of 255 bytes is taken", taken(contents("x" * 255, "text\n")), Tar().file("x" * 255))
add("256 levels are refused", refused("levels deep"), Tar().file("/".join(["d"] * 256)))
add("255 levels are taken", taken(contents("/".join(["d"] * 255), "text\n")),
    Tar().file("/".join(["d"] * 255)))

# C2, C4: a link is never walked through.

add("a name through a link to the host's root is refused", refused("parent 'a' is a link"),
    Tar().symlink("a", "/").file("a/escaped"))
add("a name through a link to the parent is refused", refused("is a link"),
    Tar().symlink("a", "..").file("a/escaped"))
add("a name through a link inside the tree is refused", refused("is a link"),
    Tar().dir("d").symlink("a", "d").file("a/x"))
add("a directory through a link is refused", refused("is a link"),
    Tar().symlink("a", "/tmp").dir("a/escaped"))
add("a hard link made through a link is refused", refused("is a link"),
    Tar().file("t").symlink("a", "..").link("a/escaped", "t"))
add("a name through a file is refused", refused("or a file"), Tar().file("a").file("a/x"))


@archive("a chain of 40 links is refused at the first", refused("is a link"))
def _():
    t = Tar().symlink("l0", "/")
    for i in range(1, 40):
        t.symlink(f"l{i}", f"l{i - 1}")
    return t.file("l39/escaped").end()


add("a directory replaced by a link is not walked through", refused("is a link"),
    Tar().dir("d").symlink("d", "..").file("d/escaped"))
add("a directory in place of a link is a directory", taken(every(has("d", kind="d"),
                                                                  contents("d/x", "text\n"))),
    Tar().symlink("d", "..").dir("d").file("d/x"))
add("a file in place of a link does not write through it",
    taken(every(has("l", kind="-"), contents("l", "mine"), contents("t", "text\n"))),
    Tar().file("t").symlink("l", "t").file("l", "mine"))
add("a link may point anywhere, it is only a link", taken(points_to("l", "/etc/passwd")),
    Tar().symlink("l", "/etc/passwd"))
add("an ACL on a link touches nothing", taken(every(points_to("l", "t"), xattrs("t", {}))),
    Tar().file("t").symlink("l", "t", pax={"SCHILY.acl.access": "user::rwx,user:1:rwx:1,group::r--,"
                                                                  "mask::rwx,other::r--"}))

# C3: hard links.

add("a hard link is the same file", taken(every(same_file("a", "d/b"), has("a", nlink=2))),
    Tar().file("a").dir("d").link("d/b", "a"))
add("a hard link may say './'", taken(same_file("a", "b")), Tar().file("./a").link("./b", "./a"))
add("a hard link to itself is refused", refused("itself"), Tar().file("a").link("a", "a"))
add("a hard link before its file is refused", refused("no 'a' before"), Tar().link("b", "a").file("a"))
add("a hard link to a directory is refused", refused("directory"), Tar().dir("d").link("l", "d"))
add("a hard link to the root is refused", refused("root"), Tar().link("l", "."))
add("a hard link to a link is the link itself",
    taken(every(points_to("b", "/etc/passwd"), same_file("a", "b"))),
    Tar().symlink("a", "/etc/passwd").link("b", "a"))
add("a hard link through a link is refused", refused("no 'etc/passwd' before|no 'passwd' before|before it"),
    Tar().symlink("l", "/").link("x", "l/etc/passwd"))
add("a hard link again is no change", taken(every(same_file("a", "b"), has("a", nlink=2))),
    Tar().file("a").link("b", "a").link("b", "a"))
add("a hard link takes the place of a file", taken(same_file("a", "b")),
    Tar().file("a").file("b", "old").link("b", "a"))

# C5, C6: kinds and modes.

add("device nodes are left out", taken(every(is_absent("c"), is_absent("b"), contents("x", "text\n"))),
    Tar().add("c", "3", device=(1, 0)).add("b", "4", device=(8, 0)).file("x"))
add("a FIFO is kept", taken(has("p", kind="p", mode=0o640, uid=5, gid=6)),
    Tar().add("p", "6", mode=0o640, uid=5, gid=6))
add("setuid, setgid and sticky bits are kept",
    taken(every(has("su", mode=0o4755, uid=7), has("sg", mode=0o2755, gid=8), has("d", mode=0o1777))),
    Tar().file("su", mode=0o4755, uid=7).file("sg", mode=0o2755, gid=8).dir("d", mode=0o1777))
add("files in a setgid directory keep their own group",
    taken(every(has("d", mode=0o2775, gid=50), has("d/f", gid=0), has("d/s", mode=0o755, gid=0))),
    Tar().dir("d", mode=0o2775, gid=50).file("d/f").dir("d/s"))
add("a directory that nobody may enter is filled", taken(contents("d/e/x", "text\n")),
    Tar().dir("d", mode=0, uid=5).dir("d/e", mode=0).file("d/e/x"))
add("parents that have no entry are root's, 0755, of time 0",
    taken(every(has("a/b", kind="d", mode=0o755, uid=0, mtime=0), has("a", mtime=0))),
    Tar().file("a/b/c", uid=9))
add("times of directories are those of the archive",
    taken(every(has("d", mtime=12345), has("d/e", mtime=777), has("d/e/x", mtime=1000000000))),
    Tar().dir("d", mtime=12345).dir("d/e", mtime=777).file("d/e/x").file("y").file("d/z"))
add("the root takes its own entry", taken(has(".", mode=0o750, mtime=99)),
    Tar().dir("./", mode=0o750, mtime=99).file("./x"))
add("a link keeps owner and time", taken(has("l", kind="l", uid=3, gid=4, mtime=55)),
    Tar().symlink("l", "x", uid=3, gid=4, mtime=55))

# C7: extended attributes.

CAP = struct.pack("<5I", 0x02000001, 0x2000, 0, 0, 0)
CAP3 = struct.pack("<6I", 0x03000001, 0x2000, 0, 0, 0, 100000)

add("file capabilities are kept", taken(xattrs("p", {"security.capability": CAP})),
    Tar().file("p", pax={"SCHILY.xattr.security.capability": CAP.decode("latin-1").encode("latin-1")}))
add("capabilities of another namespace become the template's own",
    taken(xattrs("p", {"security.capability": CAP})),
    Tar().file("p", pax={"SCHILY.xattr.security.capability": CAP3}))
add("damaged capabilities are refused", refused("security.capability' is damaged"),
    Tar().file("p", pax={"SCHILY.xattr.security.capability": b"\1\2\3"}))
add("user xattrs are kept", taken(xattrs("f", {"user.x": b"y"})),
    Tar().file("f", pax={"SCHILY.xattr.user.x": "y"}))
add("xattrs that steer overlayfs, labels and seals are left out", taken(every(xattrs("d", {}), xattrs("f", {}))),
    Tar().dir("d", pax={"SCHILY.xattr.trusted.overlay.opaque": "y"})
    .file("f", pax={"SCHILY.xattr.trusted.overlay.redirect": "/etc", "SCHILY.xattr.security.selinux": "x",
                    "SCHILY.xattr.security.ima": "x"}))
add("129 xattrs are refused", refused("more than 128 xattrs"),
    Tar().file("f", pax={f"SCHILY.xattr.user.x{i}": "y" for i in range(129)}))


def acl(*entries):
    return struct.pack("<I", 2) + b"".join(struct.pack("<HHI", *e) for e in entries)


NOBODY = 0xffffffff
ACCESS = "user::rw-,user:1000:r--:1000,group::r--,mask::r--,other::---"
ACCESS_RAW = acl((1, 6, NOBODY), (2, 4, 1000), (4, 4, NOBODY), (16, 4, NOBODY), (32, 0, NOBODY))
DEFAULT = "user::rwx,group::r-x,group:50:rwx:50,mask::rwx,other::---"
DEFAULT_RAW = acl((1, 7, NOBODY), (4, 5, NOBODY), (8, 7, 50), (16, 7, NOBODY), (32, 0, NOBODY))

add("ACLs are kept", taken(xattrs("f", {"system.posix_acl_access": ACCESS_RAW})),
    Tar().file("f", mode=0o640, pax={"SCHILY.acl.access": ACCESS}))
add("a default ACL is kept, and given to no file of the archive",
    taken(every(xattrs("d", {"system.posix_acl_default": DEFAULT_RAW}), xattrs("d/f", {}), xattrs("d/e", {}),
                xattrs("d/p", {}), has("d/f", mode=0o644), has("d/e", mode=0o755))),
    Tar().dir("d", pax={"SCHILY.acl.default": DEFAULT}).file("d/f").dir("d/e").add("d/p", "6").file("x")
    .file("d/g", mode=0o600))
add("an ACL that names a user without a number is left out", taken(xattrs("f", {})),
    Tar().file("f", pax={"SCHILY.acl.access": "user::rw-,user:mallory:rwx,group::r--,mask::r--,other::r--"}))

# C8: bombs.

add("a second gzip inside the first is refused", refused("more than once"),
    gzip.compress(gzip.compress(Tar().file("x").end())))
add("a sparse file of 8 EiB is refused", refused("more than"),
    Tar().file("f", b"0\n".ljust(BLOCK, b"\0"), pax={"GNU.sparse.major": "1", "GNU.sparse.minor": "0", "GNU.sparse.name": "f",
                               "GNU.sparse.realsize": str(2 ** 63 - 1)}))
add("more entries than the limit are refused", refused("more than 10 entries", limits=["entries=10"]),
    b"".join(Tar().file(f"f{i}").data for i in range(11)) + b"\0" * 1024)
add("more bytes than the limit are refused", refused("more than 100 bytes", limits=["bytes=100"]),
    Tar().file("f", "x" * 101))


@archive("an archive that unpacks to 800 times its size is refused", refused("times its size"))
def _():
    return gzip.compress(header("zeros", size=128 << 20) + b"\0" * (128 << 20) + b"\0" * 1024, 9)


if shutil.which("zstd"):
    @archive("a zstd window of 128 MiB is refused", refused("more memory"))
    def _():
        return subprocess.run(["zstd", "--ultra", "-1", "--long=27", "-c"], input=b"\0" * (1 << 20) + SMALL,
                              stdout=subprocess.PIPE, check=True).stdout


# C9: two readers, two meanings.

add("a size that is larger than the archive is refused", refused("truncated|Truncated|damaged"),
    Tar().add("f", "0", b"x", size=100000))
add("a wrong checksum is refused", refused("damaged|known"),
    bytes(b ^ 1 if i == 0 else b for i, b in enumerate(Tar().file("f").end())))

# C10: bytes.

NAMES = {"a newline": b"a\nb", "an escape sequence": b"\x1b]0;x\x07", "bytes that are no UTF-8": b"\xff\xfe",
         "a backslash": b"a\\b", "accents in two codings": "e\u0301\u00e9".encode(), "a blank": b" ", "-rf": b"-rf"}
for what, name in NAMES.items():
    add(f"a name with {what} is kept to the byte", taken(contents(name, "text\n")), Tar().file(name))
    add(f"a long name with {what} is kept to the byte", taken(contents(b"d" * 120 + name, "text\n")),
        Tar().file(b"d" * 120 + name))
add("what is refused is named in printable characters", refused("\\\\x1b|\\\\e|\\\\033"),
    Tar().file(b"\x1b]0;evil\x07/../x"))

# C11: the same name twice.

add("the later file wins", taken(every(contents("f", "new"), has("f", mode=0o600, nlink=1))),
    Tar().file("f", "old", mode=0o755).file("f", "new", mode=0o600))
add("the later file does not write into the other name of the earlier",
    taken(every(contents("b", "old"), contents("a", "new"))),
    Tar().file("a", "old").link("b", "a").file("a", "new"))
add("a file takes the place of an empty directory", taken(has("d", kind="-")), Tar().dir("d").file("d"))
add("a file does not take the place of a directory with files", refused("not empty"),
    Tar().dir("d").file("d/x").file("d"))
add("a later entry of a directory changes its mode, not its files",
    taken(every(has("d", mode=0o700, mtime=5), contents("d/x", "text\n"))),
    Tar().dir("d").file("d/x").dir("d", mode=0o700, mtime=5))


@archive("file and directory by turns, a thousand times", taken(has("f", kind="d")))
def _():
    t = Tar()
    for _i in range(1000):
        t.file("f").dir("f")
    return t.end()


# C12: numbers.

for uid in (-1, 65536, 2 ** 31, 2 ** 32, 2 ** 63 - 1):
    if uid < 2 ** 55:
        add(f"owner {uid} is refused", refused("outside 0..65535"), Tar().file("f", uid=uid))
        add(f"group {uid} is refused", refused("outside 0..65535"), Tar().file("f", gid=uid))
    if uid > 0:
        add(f"owner {uid} out of an extended header is refused", refused("outside 0..65535"),
            Tar().file("f", pax={"uid": str(uid)}))
add("owner 65535 is taken", taken(has("f", uid=65535, gid=65535)), Tar().file("f", uid=65535, gid=65535))
add("a time before 1970 becomes 1970", taken(has("f", mtime=0)), Tar().file("f", mtime=-1000))
add("a time at the end of the universe is taken", taken(has("f", kind="-")),
    Tar().file("f", pax={"mtime": str(2 ** 62)}))

# C13: whole or not at all.

SMALL = (Tar().dir("d").file("d/a", "x" * 700).symlink("d/l", "a").link("d/h", "d/a").file("z", "y" * 100)).end()

for cut in range(0, len(SMALL) - 512, BLOCK):
    add(f"a tar cut at byte {cut} is refused", refused("empty|runcated|damaged"), SMALL[:cut])
PACKED = gzip.compress(SMALL)
for cut in (1, 5, 20, len(PACKED) // 2, len(PACKED) - 9, len(PACKED) - 4, len(PACKED) - 1):
    add(f"a gzip cut at byte {cut} of {len(PACKED)} is refused", refused("."), PACKED[:cut])
add("junk behind the end mark is refused", refused("behind the archive's end"), SMALL + b"junk" * 128)
add("a second archive behind the end mark is refused", refused("behind the archive's end"),
    SMALL + Tar().file("smuggled").end())
add("zeros behind the end mark are padding", taken(contents("z", "y" * 100)), SMALL + b"\0" * 10240)
add("junk behind the compressed data is refused", refused("behind the archive"), PACKED + b"junk" * 100)
add("a flipped bit in compressed data is refused", refused("."),
    PACKED[:-6] + bytes([PACKED[-6] ^ 1]) + PACKED[-5:])

# Formats, told by content.

for program, label in (("gzip", "gzip"), ("bzip2", "bzip2"), ("xz", "xz"), ("zstd", "zstd"), ("lz4", "lz4")):
    if shutil.which(program):
        def pack(program=program):
            return subprocess.run([program, "-c"], input=SMALL, stdout=subprocess.PIPE, check=True).stdout
        archive(f"{label} is taken", taken(every(contents("d/a", "x" * 700), same_file("d/a", "d/h"))))(pack)
        archive(f"a truncated {label} is refused", refused("."))(lambda pack=pack: pack()[:-3])

add("plain tar is taken", taken(points_to("d/l", "a")), SMALL)
add("an old tar without a mark is taken", taken(contents("f", "x")), Tar().file("f", "x", magic=b"\0" * 8))
add("an empty file is refused", refused("empty"), b"")
add("an archive without entries is refused", refused("no archive|empty"), b"\0" * 1024)
add("a gzip of an archive without entries is refused", refused("empty"), gzip.compress(b"\0" * 10240))
add("text is no archive", refused("no archive"), b"hello\n" * 1000)
add("a gzip of text is no archive", refused("damaged|no archive"), gzip.compress(b"hello\n" * 1000))
add("a qcow2 image is not supported", refused("disk image \\(qcow2\\)", UNSUPPORTED), b"QFI\xfb" + b"\0" * 600)
add("a ploop image is not supported", refused("ploop", UNSUPPORTED), b"WithoutFreeSpace" + b"\0" * 600)
add("a squashfs image is not supported", refused("squashfs", UNSUPPORTED), b"hsqs" + b"\0" * 600)
add("a partitioned disk is not supported", refused("disk image", UNSUPPORTED), b"\0" * 510 + b"\x55\xaa" + b"\0" * 600)
add("a zip file is not supported", refused("zip", UNSUPPORTED), b"PK\x03\x04" + b"\0" * 600)


@archive("a sparse file keeps its holes", taken(every(has("s", size=1 << 30),
                                                       lambda root: _few_blocks(root + "/s"))))
def _():
    with tempfile.TemporaryDirectory() as d:
        with open(d + "/s", "wb") as f:
            f.seek(1 << 20)
            f.write(b"data")
            f.truncate(1 << 30)
        return subprocess.run(["tar", "-C", d, "-c", "--sparse", "-f", "-", "s"],
                              stdout=subprocess.PIPE, check=True).stdout


def _few_blocks(path):
    assert os.stat(path).st_blocks < 1000, "the holes were filled"
    with open(path, "rb") as f:
        f.seek(1 << 20)
        assert f.read(4) == b"data"


# Running one.

REPORT = struct.Struct("ii500s160s4x6Q")


def unpack(program, archive_path, root, limits=()):
    rootfd = os.open(root, os.O_RDONLY | os.O_DIRECTORY)
    readfd, writefd = os.pipe()
    try:
        with open(archive_path, "rb") as f:
            p = subprocess.Popen([program, str(rootfd), str(writefd), *limits], stdin=f,
                                 stdout=subprocess.DEVNULL, pass_fds=(rootfd, writefd))
        os.close(writefd)
        data = b""
        while True:
            part = os.read(readfd, 4096)
            if not part:
                break
            data += part
        status = p.wait()
    finally:
        os.close(readfd)
        os.close(rootfd)
    if len(data) != REPORT.size:
        raise AssertionError(f"no report, status {status}: {data!r}")
    kind, _sys, text, hint, *counts = REPORT.unpack(data)
    return {"status": status, "kind": kind, "text": text.split(b"\0")[0], "hint": hint.split(b"\0")[0],
            "counts": counts}


def listing(top):
    """All below top with what would tell a change."""
    out = {}
    for path, dirs, names in os.walk(top):
        for name in dirs + names:
            p = os.path.join(path, name)
            st = os.lstat(p)
            out[p] = (st.st_mode, st.st_uid, st.st_gid, st.st_size, st.st_mtime_ns, st.st_ino)
    return out


def run_one(program, top, name):
    make, outcome = ARCHIVES[name]
    root = os.path.join(top, "in", "root")
    os.makedirs(root)
    with open(os.path.join(top, "archive"), "wb") as f:
        f.write(make())
    os.makedirs(os.path.join(top, "canary"))
    with open(os.path.join(top, "canary", "file"), "w") as f:
        f.write("untouched\n")
    before = {k: v for k, v in listing(top).items() if k != root}
    got = unpack(program, os.path.join(top, "archive"), root, outcome.limits)
    after = {k: v for k, v in listing(top).items() if k != root and not k.startswith(root + "/")}
    assert before == after, "something outside the root changed"
    said = got["text"] + got["hint"]
    assert all(0x20 <= b < 0x7f or b >= 0x80 for b in said), f"unprintable words: {said!r}"
    said.decode("utf-8")
    assert got["kind"] == outcome.kind, f"kind {got['kind']}, not {outcome.kind}: {got['text']!r}"
    assert (got["status"] == 0) == (outcome.kind == 0), f"status {got['status']}"
    assert re.search(outcome.words, got["text"].decode()), f"it says {got['text']!r}"
    if outcome.check:
        outcome.check(root)


def main(argv):
    if argv[:1] == ["list"]:
        print("\n".join(ARCHIVES))
        return 0
    if argv[:1] == ["make"] and len(argv) == 3:
        with open(argv[2], "wb") as f:
            f.write(ARCHIVES[argv[1]][0]())
        return 0
    if argv[:1] != ["run"] or len(argv) < 2:
        print(__doc__, file=sys.stderr)
        return 2
    names = argv[2:] or list(ARCHIVES)
    if os.geteuid() != 0:
        print("1..0 # SKIP needs root: owners are written as the archive says")
        return 0
    failed = 0
    print(f"1..{len(names)}", flush=True)
    for i, name in enumerate(names, 1):
        title = name.replace("#", "\\#")
        with tempfile.TemporaryDirectory(prefix="zone-archives-") as top:
            try:
                run_one(argv[1], top, name)
                print(f"ok {i} - {title}")
            except Exception as e:      # pylint: disable=broad-except
                failed += 1
                print(f"not ok {i} - {title}\n# {json.dumps(str(e) or repr(e))}")
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
