# SPDX-License-Identifier: GPL-2.0-or-later
"""Where readers of tar differ (C9): what is taken, all take alike. And what archivers write."""

import io
import os
import socket
import subprocess
import tarfile
import tempfile

from corpus import add, agreed, archive, contents, group, refused
from tarraw import BLOCK, Tar, header, longname, padded, patched, pax

group("C9", "archives that readers take differently")

INNER = Tar().file("smuggled", "evil\n").data
TWICE = "says twice"
SIZES = "different sizes"


def nested(records, **fields):
    """A file that holds an archive, with a pax header before it."""
    return Tar().bytes(pax(records)).file("outer", INNER, **fields)


add("a smaller size in the pax header is refused", refused(SIZES), nested({"size": "0"}))
add("a size in the pax header that ends within the data is refused", refused(SIZES), nested({"size": "512"}))
add("a larger size in the pax header is refused", refused(SIZES),
    Tar().bytes(pax({"size": str(len(INNER))})).file("outer", "").bytes(INNER))
add("the same size in the pax header is taken", agreed(contents("f", "text\n")), Tar().file("f", pax={"size": "5"}))
add("a pax size for a field of zeros is refused", refused(SIZES), Tar().bytes(pax({"size": "5"})).file("f", size=0))
add("two sizes in one pax header are refused", refused(TWICE + "|damaged"), nested([("size", str(len(INNER))), ("size", "0")]))
add("two names in one pax header are refused", refused(TWICE), nested([("path", "a"), ("path", "b")]))
add("two link targets in one pax header are refused", refused(TWICE),
    Tar().bytes(pax([("linkpath", "a"), ("linkpath", "b")])).symlink("l", "x"))
add("two owners in one pax header are refused", refused(TWICE), nested([("uid", "1"), ("uid", "2")]))
add("two pax headers before one entry are refused", refused("two extended|damaged"),
    Tar().bytes(pax({"path": "a"})).bytes(pax({"path": "b"})).file("c"))
add("two pax headers with other keys are refused", refused("two extended|damaged"),
    Tar().bytes(pax({"path": "a"})).bytes(pax({"mtime": "5"})).file("c"))
for key, value in (("path", "g"), ("linkpath", "/etc/passwd"), ("size", "0"), ("uid", "5"), ("gid", "5"),
                   ("mtime", "5"), ("uname", "x"), ("SCHILY.xattr.user.x", "y"), ("GNU.sparse.major", "1")):
    add(f"a global header that sets '{key}' is refused", refused(f"must not set '{key}'"),
        Tar().bytes(pax({key: value}, "g")).file("outer", INNER).symlink("l", "x"))
add("a pax header, then a global one that names is refused", refused("must not set"),
    Tar().bytes(pax({"path": "x"})).bytes(pax({"path": "g"}, "g")).file("c"))
add("a global header that comments is taken", agreed(contents("c", "text\n")),
    Tar().bytes(pax({"comment": "0123456789abcdef" * 2}, "g")).file("c"))
add("a global header that names a volume is taken", agreed(contents("c", "text\n")),
    Tar().bytes(pax({"GNU.volume.label": "backup"}, "g")).file("c"))
add("a GNU long name, then a pax name is refused", refused("two kinds"),
    Tar().bytes(longname("long")).bytes(pax({"path": "pax"})).file("c"))
add("a pax name, then a GNU long name is refused", refused("two kinds"),
    Tar().bytes(pax({"path": "pax"})).bytes(longname("long")).file("c"))
add("a GNU long target and a pax target are refused", refused("two kinds"),
    Tar().bytes(longname("long", "K")).bytes(pax({"linkpath": "pax"})).symlink("l", "x"))
add("a GNU long name and a sparse file's name are refused", refused("two kinds"),
    Tar().bytes(longname("long")).bytes(pax({"GNU.sparse.name": "sparse"})).file("c"))
add("two GNU long names are refused", refused("two long names"), Tar().bytes(longname("a")).bytes(longname("b")).file("c"))
add("an empty pax name is refused", refused("no proper 'path'"), Tar().bytes(pax({"path": ""})).file("c"))
add("an empty GNU long name is refused", refused("empty long name|empty name"), Tar().bytes(longname("")).file("c"))
add("a negative pax size is refused", refused("no proper 'size'|negative"), nested({"size": "-1"}))
add("a pax size with something behind is refused", refused("no proper 'size'"), nested({"size": "5x"}))
add("a pax size beyond 63 bits is refused", refused("no proper 'size'|damaged"), nested({"size": str(2 ** 63)}))
add("a pax record longer than its header is refused", refused("damaged|malformed"), nested(b"99 path=a\n"))
add("a pax record shorter than its number is refused", refused("damaged|malformed"), nested(b"0 path=a\n"))
add("a pax record without its newline is refused", refused("damaged|malformed"), nested(b"9 path=ab"))
add("a pax record without a value is refused", refused("damaged|malformed"), nested(b"9 pathxy\n"))
add("a pax record without a length is refused", refused("damaged|malformed"), nested(b"path=abc\n"))
add("a pax header without an entry is refused", refused("damaged|begins|ends"), Tar().file("c").bytes(pax({"path": "a"})))
add("a GNU long name without an entry is refused", refused("damaged|begins|ends"), Tar().file("c").bytes(longname("a")))
add("a real size that is none is refused", refused(SIZES), nested({"SCHILY.realsize": "100000"}))
for kind, what in (("1", "hard link"), ("2", "link"), ("5", "directory"), ("6", "FIFO"), ("3", "device")):
    add(f"a {what} that hides an archive in its data is refused", refused("is no file and has data"),
        Tar().file("t").add("x", kind, size=len(INNER), link="t").bytes(INNER))
    add(f"a {what} that hides an archive by a pax size is refused", refused("is no file and has data|different sizes|damaged"),
        Tar().file("t").bytes(pax({"size": str(len(INNER))})).add("x", kind, link="t").bytes(INNER))
add("a file named as a directory that hides an archive is refused", refused("named as a directory"),
    Tar().file("d/", INNER))
add("an old file named as a directory that hides an archive is refused", refused("named as a directory"),
    Tar().file("d/", INNER, magic=b"\0" * 8))
add("a pax name that makes a file a directory with data is refused", refused("named as a directory"),
    nested({"path": "d/"}))
add("an old file named as a directory is a directory", agreed(), Tar().file("d/", "", magic=b"\0" * 8, mode=0o755).file("d/x"))
for kind in "89ADEIMNXZaz":
    add(f"an entry of type '{kind}' is refused", refused("unknown kind|damaged|Malformed"),
        Tar().add("u", kind, INNER).file("f"))
add("a contiguous file is a file", agreed(contents("u", "text\n")), Tar().add("u", "7", "text\n"))
add("a volume's label is passed over", agreed(), Tar().add("label", "V").file("f"))
add("a volume's label that has data is refused", refused("."), Tar().add("label", "V", INNER).file("f"))
add("one block of zeros, then an entry is refused", refused("behind the archive's end"),
    Tar().file("a").bytes(b"\0" * BLOCK).file("b"))
add("a block of junk between entries is refused", refused("damaged"), Tar().file("a").bytes(b"X" * BLOCK).file("b"))
add("a prefix out of the tree is refused", refused("'\\.\\.'"), patched(header("name", size=5), 345, "../pre") + padded(b"text\n") + b"\0" * 1024)
add("a prefix is part of the name in ustar", agreed(contents("pre/name", "text\n")),
    Tar().dir("pre").data + patched(header("name", size=5), 345, "pre") + padded(b"text\n") + b"\0" * 1024)
add("a prefix is no part of the name in GNU's format", agreed(contents("name", "text\n")),
    patched(header("name", size=5, magic=b"ustar  \0"), 345, "pre") + padded(b"text\n") + b"\0" * 1024)
add("a size with blanks is taken", agreed(contents("name", "text\n")),
    patched(header("name"), 124, b" 5".ljust(12)) + padded(b"text\n") + b"\0" * 1024)
add("a size larger than the archive is refused", refused("runcated|damaged"), Tar().add("f", "0", b"x", size=100000))
add("a wrong checksum is refused", refused("damaged|known"),
    bytes(b ^ 1 if i == 0 else b for i, b in enumerate(Tar().file("f").end())))
add("a wrong checksum of the second entry is refused", refused("damaged"),
    bytes(b ^ 1 if i == 1024 else b for i, b in enumerate(Tar().file("f").file("g").end())))
add("equal inodes do not make hard links", agreed(),
    Tar().file("a", pax={"SCHILY.ino": "5", "SCHILY.nlink": "2"}).file("b", "x", pax={"SCHILY.ino": "5", "SCHILY.nlink": "2"}))
add("a companion of macOS is a file of its own", agreed(), Tar().file("._a", "x" * 600).file("a"))
add("a sparse file's name without a map is a name", agreed(), Tar().file("c", pax={"GNU.sparse.name": "s"}))
add("keys of nobody are passed over", agreed(), Tar().file("c", pax={"typeflag": "2", "VENDOR.path": "/x", "PATH": "/y"}))

group("benign", "what archivers write, compared with GNU tar and bsdtar")


def _touch(top):
    for where, dirs, names in os.walk(top, topdown=False):
        for i, name in enumerate(sorted(dirs + names)):
            os.utime(os.path.join(where, name), (10 ** 9 + i, 10 ** 9 + i), follow_symlinks=False)
    os.utime(top, (10 ** 9, 10 ** 9))


def _write(path, text):
    with open(path, "w", encoding="utf-8", errors="surrogateescape") as f:
        f.write(text)


def tree_plain(top):
    os.makedirs(top + "/etc/empty")
    _write(top + "/etc/passwd", "root:x:0:0::/:/bin/sh\n" * 50)
    _write(top + "/etc/none", "")
    _write(top + "/su", "x" * 511)
    os.chmod(top + "/su", 0o4711)
    os.chmod(top + "/etc/empty", 0o1777)
    os.symlink("etc/passwd", top + "/link")
    os.symlink("/nowhere", top + "/dangling")


def tree_links(top):
    tree_plain(top)
    os.link(top + "/etc/passwd", top + "/etc/other")
    os.link(top + "/etc/passwd", top + "/third")
    os.link(top + "/su", top + "/etc/su")


def tree_long(top):
    for n in (90, 99, 100, 101, 120, 156, 200, 255):
        os.makedirs(f"{top}/{'d' * n}", exist_ok=True)
        _write(f"{top}/{'d' * n}/{'f' * n}", str(n))
    os.link(f"{top}/{'d' * 200}/{'f' * 200}", top + "/hard")
    os.symlink("t" * 150, top + "/soft")


def tree_ustar_long(top):
    for n in (50, 90, 99):
        os.makedirs(f"{top}/{'d' * n}/{'e' * 50}")
        _write(f"{top}/{'d' * n}/{'e' * 50}/{'f' * 90}", str(n))


def tree_utf8(top):
    for name in ("\u00fcml\u00e4ut", "\u65e5\u672c\u8a9e", "\U0001f600", "with blank", "back\\slash", "new\nline"):
        os.makedirs(f"{top}/{name}.d")
        _write(f"{top}/{name}.d/{name}", name)
    os.symlink("\u65e5\u672c\u8a9e.d", top + "/l")


def tree_owners(top):
    tree_plain(top)
    for i, name in enumerate(("etc", "etc/passwd", "link", "su", "etc/empty")):
        os.chown(f"{top}/{name}", (1, 1000, 65534, 65535, 12345)[i], (65535, 4, 100, 7, 8)[i], follow_symlinks=False)
    os.chmod(top + "/su", 0o6711)


def tree_fifo(top):
    tree_plain(top)
    os.mkfifo(top + "/etc/fifo", 0o640)
    os.chmod(top + "/etc/fifo", 0o622)


def tree_sparse(top):
    for name, chunks, size in (("ends", ((0, 5), (1 << 20, 4096)), 2 << 20), ("hole", (), 1 << 20),
                               ("many", tuple((i << 16, 10) for i in range(50)), 4 << 20), ("data", ((0, 70000),), 70000)):
        with open(f"{top}/{name}", "wb") as f:
            for start, n in chunks:
                f.seek(start)
                f.write(b"x" * n)
            f.truncate(size)


def tree_xattrs(top):
    tree_plain(top)
    os.setxattr(top + "/etc/passwd", "user.color", b"blue\0\xff=\n")
    os.setxattr(top + "/etc", "user.dir", b"x" * 1000)
    os.setxattr(top + "/su", "security.capability", bytes.fromhex("0000000200200000000000000000000000000000"))
    subprocess.run(["setfacl", "-n", "-m", "u:1000:rw,g:50:r,m:rwx", top + "/etc/none"], check=True)
    subprocess.run(["setfacl", "-d", "-m", "u:1000:rwx,m:rwx", top + "/etc/empty"], check=True)


def tree_times(top):
    tree_plain(top)
    os.utime(top + "/su", ns=(0, 1234567890123456789))
    os.utime(top + "/link", ns=(0, 999999999), follow_symlinks=False)


def tree_sizes(top):
    for n in (0, 1, 511, 512, 513, 10239, 10240, 10241, 262144, 262145):
        _write(f"{top}/{n}", "s" * n)


def by_gnu(*options):
    return lambda top: subprocess.run(["tar", "-C", top, "--numeric-owner", "--sort=name", *options, "-cf", "-", "."],
                                      stdout=subprocess.PIPE, check=True).stdout


def by_bsd(*options):
    return lambda top: subprocess.run(["bsdtar", "-C", top, "--numeric-owner", *options, "-cf", "-", "."],
                                      stdout=subprocess.PIPE, check=True).stdout


def by_busybox(top):
    return subprocess.run(["busybox", "tar", "-C", top, "-cf", "-", "."], stdout=subprocess.PIPE, check=True).stdout


def by_python(form):
    def pack(top):
        out = io.BytesIO()
        with tarfile.open(fileobj=out, mode="w", format=form) as t:
            for name in sorted(os.listdir(top)):
                t.add(os.path.join(top, name), name)
        return out.getvalue()
    return pack


BENIGN = {
    "GNU tar, v7": (tree_plain, by_gnu("--format=v7")),
    "GNU tar, v7, owners": (tree_owners, by_gnu("--format=v7")),
    "GNU tar, ustar": (tree_links, by_gnu("--format=ustar")),
    "GNU tar, ustar, prefixes": (tree_ustar_long, by_gnu("--format=ustar")),
    "GNU tar, ustar, owners and a FIFO": (tree_owners, by_gnu("--format=ustar")),
    "GNU tar, oldgnu": (tree_links, by_gnu("--format=oldgnu")),
    "GNU tar, oldgnu, long names": (tree_long, by_gnu("--format=oldgnu")),
    "GNU tar, oldgnu, holes": (tree_sparse, by_gnu("--format=oldgnu", "--sparse")),
    "GNU tar, gnu": (tree_links, by_gnu("--format=gnu")),
    "GNU tar, gnu, long names": (tree_long, by_gnu("--format=gnu")),
    "GNU tar, gnu, FIFO": (tree_fifo, by_gnu("--format=gnu")),
    "GNU tar, gnu, holes": (tree_sparse, by_gnu("--format=gnu", "--sparse")),
    "GNU tar, gnu, names in UTF-8": (tree_utf8, by_gnu("--format=gnu")),
    "GNU tar, posix": (tree_links, by_gnu("--format=posix")),
    "GNU tar, posix, long names": (tree_long, by_gnu("--format=posix")),
    "GNU tar, posix, names in UTF-8": (tree_utf8, by_gnu("--format=posix")),
    "GNU tar, posix, times": (tree_times, by_gnu("--format=posix")),
    "GNU tar, posix, xattrs": (tree_xattrs, by_gnu("--format=posix", "--xattrs", "--xattrs-include=user.*", "--xattrs-include=security.*")),
    "GNU tar, posix, holes 0.0": (tree_sparse, by_gnu("--format=posix", "--sparse", "--sparse-version=0.0")),
    "GNU tar, posix, holes 0.1": (tree_sparse, by_gnu("--format=posix", "--sparse", "--sparse-version=0.1")),
    "GNU tar, posix, holes 1.0": (tree_sparse, by_gnu("--format=posix", "--sparse", "--sparse-version=1.0")),
    "GNU tar, posix, owners": (tree_owners, by_gnu("--format=posix")),
    "GNU tar, blocks of 1": (tree_sizes, by_gnu("--format=gnu", "--blocking-factor=1")),
    "bsdtar, pax": (tree_links, by_bsd("--format=pax")),
    "bsdtar, pax, xattrs and ACLs": (tree_xattrs, by_bsd("--format=pax", "--xattrs", "--acls")),
    "bsdtar, pax, names in UTF-8": (tree_utf8, by_bsd("--format=pax")),
    "bsdtar, pax, holes": (tree_sparse, by_bsd("--format=pax")),
    "bsdtar, restricted pax, long names": (tree_long, by_bsd("--format=paxr")),
    "bsdtar, ustar": (tree_links, by_bsd("--format=ustar")),
    "bsdtar, gnutar, long names": (tree_long, by_bsd("--format=gnutar")),
    "bsdtar, v7": (tree_plain, by_bsd("--format=v7")),
    "busybox tar": (tree_links, by_busybox),
    "busybox tar, long names": (tree_long, by_busybox),
    "Python, ustar": (tree_links, by_python(tarfile.USTAR_FORMAT)),
    "Python, gnu, long names": (tree_long, by_python(tarfile.GNU_FORMAT)),
    "Python, pax, names in UTF-8": (tree_utf8, by_python(tarfile.PAX_FORMAT)),
    "Python, pax, owners and times": (tree_owners, by_python(tarfile.PAX_FORMAT)),
}


def benign(tree, pack):
    def make():
        with tempfile.TemporaryDirectory(prefix="zone-benign-") as top:
            tree(top)
            _touch(top)
            return pack(top)
    return make


for _name, (_tree, _pack) in BENIGN.items():
    archive(f"{_name}: the tree is the same", agreed())(benign(_tree, _pack))

# bsdtar of libarchive 3.6 fails to set the ACLs that GNU tar wrote.
archive("GNU tar, posix, ACLs by number: the tree is the same", agreed(others=["GNU tar"]))(
    benign(tree_xattrs, by_gnu("--format=posix", "--xattrs", "--xattrs-include=*", "--acls")))


@archive("GNU tar, sockets are no part of it", agreed())
def _():
    with tempfile.TemporaryDirectory(prefix="zone-benign-") as top:
        tree_plain(top)
        with socket.socket(socket.AF_UNIX) as s:
            s.bind(top + "/socket")
        _touch(top)
        return by_gnu("--warning=no-file-ignored")(top)
