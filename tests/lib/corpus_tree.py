# SPDX-License-Identifier: GPL-2.0-or-later
"""Kinds, modes, xattrs, numbers, damage and formats: classes C5 to C7, C12 and C13."""

import gzip
import shutil
import struct
import subprocess
import tempfile

from corpus import (UNSUPPORTED, add, archive, contents, every, few_blocks, group, has, is_absent, packed, points_to,
                    refused, same_file, taken, xattrs)
from tarraw import BLOCK, Tar, header, number, padded, patched

group("C5", "devices, FIFOs, sockets")

add("device nodes are left out", taken(every(is_absent("c"), is_absent("b"), contents("x", "text\n"))),
    Tar().add("c", "3", device=(1, 0)).add("b", "4", device=(8, 0)).file("x"))
add("a FIFO is kept", taken(has("p", kind="p", mode=0o640, uid=5, gid=6)),
    Tar().add("p", "6", mode=0o640, uid=5, gid=6))
add("a device of every kind is left out", taken(is_absent("null", "kvm", "sda", "d/mem", "l"), contents("x", "text\n")),
    Tar().add("null", "3", device=(1, 3)).add("kvm", "3", device=(10, 232), mode=0o666)
    .add("sda", "4", device=(8, 0), uid=5).dir("d").add("d/mem", "3", device=(1, 1)).file("x"))
add("a device does not take the place of a file", taken(contents("f", "text\n")),
    Tar().file("f").add("f", "3", device=(1, 3)))
add("a device with numbers out of range is left out", taken(is_absent("c")),
    Tar().add("c", "3", device=(2 ** 31, 2 ** 40)).file("x"))
add("a device that has data is refused", refused("is no file and has data"),
    Tar().add("c", "3", device=(1, 3), size=512).bytes(b"x" * 512))
add("a whiteout of overlayfs is left out", taken(is_absent("d/passwd")),
    Tar().dir("d").add("d/passwd", "3", device=(0, 0)).file("x"))
add("a FIFO that has data is refused", refused("is no file and has data"),
    Tar().add("p", "6", size=512).bytes(b"x" * 512))

group("C6", "modes and times")

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

add("mode bits beyond 07777 are not set", taken(has("f", kind="-", mode=0o644), has("d", kind="d", mode=0o755)),
    Tar().file("f", mode=0o2000644).dir("d", mode=0o7770755))
add("setuid goes with the file it was on", taken(has("f", mode=0o755), has("g", mode=0o4755, nlink=1)),
    Tar().file("f", mode=0o4755, uid=0).link("g", "f").file("f", mode=0o755))
add("a file that nobody may read has its data", taken(has("f", mode=0, size=5)), Tar().file("f", mode=0))

group("C7", "extended attributes and ACLs")

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
add("xattrs that steer overlayfs, labels and seals are left out", taken(xattrs("d", {}), xattrs("f", {})),
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


KEPT_OUT = ("trusted.overlay.opaque", "trusted.overlay.redirect", "trusted.overlay.metacopy", "trusted.overlay.origin",
            "trusted.anything", "security.selinux", "security.ima", "security.evm", "security.apparmor",
            "security.SMACK64", "system.nfs4_acl", "btrfs.compression", "os2.anything", "noprefix", "", "user.", "security.capability ", "USER.x")
for name in KEPT_OUT:
    add(f"the xattr '{name}' is left out of files and directories", taken(xattrs("f", {}), xattrs("d", {})),
        Tar().file("f", pax={f"SCHILY.xattr.{name}": "y"}).dir("d", pax={f"SCHILY.xattr.{name}": "y"}))
add("xattrs in libarchive's own coding obey the same list", taken(xattrs("d", {"user.x": b"y"})),
    Tar().dir("d", pax={"LIBARCHIVE.xattr.trusted.overlay.opaque": "eQ==", "LIBARCHIVE.xattr.user.x": "eQ=="}))
add("labels of SELinux are left out", taken(xattrs("f", {})), Tar().file("f", pax={"RHT.security.selinux": "label"}))
add("an xattr of 65537 bytes is refused", refused("has 65537 bytes"),
    Tar().file("f", pax={"SCHILY.xattr.user.x": "y" * 65537}))
add("capabilities of a version that is not known are refused", refused("security.capability' is damaged"),
    Tar().file("f", pax={"SCHILY.xattr.security.capability": struct.pack("<5I", 0x04000001, 0x2000, 0, 0, 0)}))
add("capabilities longer than their version are refused", refused("security.capability' is damaged"),
    Tar().file("f", pax={"SCHILY.xattr.security.capability": CAP + b"\0" * 4}))
add("an ACL of 1025 users is left out", taken(xattrs("f", {})),
    Tar().file("f", pax={"SCHILY.acl.access": "user::rw-," + ",".join(f"user:{i}:r--:{i}" for i in range(1, 1026))
                         + ",group::r--,mask::r--,other::r--"}))
add("an ACL of a user out of range is left out", taken(xattrs("f", {})),
    Tar().file("f", pax={"SCHILY.acl.access": "user::rw-,user:70000:r--:70000,group::r--,mask::r--,other::r--"}))
add("an ACL of a negative user is left out or refused", taken(xattrs("f", {})),
    Tar().file("f", pax={"SCHILY.acl.access": "user::rw-,user:x:r--:-1,group::r--,mask::r--,other::r--"}))
add("an ACL without a mask is refused", refused("set the ACL", 1),
    Tar().file("f", pax={"SCHILY.acl.access": "user::rw-,user:5:r--:5,group::r--,other::r--"}))
add("an ACL that is no ACL is left out", taken(xattrs("f", {})), Tar().file("f", pax={"SCHILY.acl.access": "u:\x1b:::,,7"}))
add("a raw ACL is kept", taken(xattrs("f", {"system.posix_acl_access": ACCESS_RAW})),
    Tar().file("f", mode=0o640, pax={"SCHILY.xattr.system.posix_acl_access": ACCESS_RAW}))
for what, value in (("is none", b"y"), ("is cut short", ACCESS_RAW[:-4]), ("has a wrong version", b"\3" + ACCESS_RAW[1:]),
                    ("names a user out of range", acl((1, 6, NOBODY), (2, 4, 70000), (4, 4, NOBODY), (16, 4, NOBODY), (32, 0, NOBODY)))):
    add(f"a raw ACL that {what} is refused", refused("ACL|posix_acl_access", 1),
        Tar().file("f", pax={"SCHILY.xattr.system.posix_acl_access": value}))

group("C12", "owners, times and sizes")

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

add("an owner of -2, as nobody was once, is refused", refused("outside 0..65535"), Tar().file("f", uid=-2))
add("a negative owner out of an extended header is refused", refused("no proper 'uid'|outside"),
    Tar().file("f", pax={"uid": "-1"}))
add("an owner that is no number is refused", refused("no proper 'gid'"), Tar().file("f", pax={"gid": "0x10"}))
add("an owner beyond 64 bits is refused", refused("no proper 'uid'"), Tar().file("f", pax={"uid": str(2 ** 64)}))
add("the owner of a directory is checked", refused("outside 0..65535"), Tar().dir("d", uid=2 ** 32 + 7).file("d/x"))
add("the owner of a link is checked", refused("outside 0..65535"), Tar().symlink("l", "x", gid=2 ** 31))
add("a time out of base 256 is taken", taken(has("f", mtime=2 ** 33)), Tar().file("f", mtime=2 ** 33))
add("a time of -2^62 becomes 1970", taken(has("f", mtime=0)), Tar().file("f", pax={"mtime": str(-2 ** 62)}))
add("a time with nine places is kept", taken(has("f", mtime=12)), Tar().file("f", pax={"mtime": "12.123456789"}))
add("a time that is no number does no harm", taken(contents("f", "text\n")), Tar().file("f", pax={"mtime": "never"}))
add("a negative size is refused", refused("damaged"), patched(header("f"), 124, b"\xff" * 12) + b"\0" * 1024)
add("a size beyond 63 bits is refused", refused("damaged"),
    patched(header("f"), 124, b"\x80\x01" + b"\0" * 10) + b"\0" * 1024)
add("a size that is no number is refused", refused("damaged|no archive"),
    patched(header("f"), 124, b"5x".ljust(12, b"\0")) + padded(b"text\n") + b"\0" * 1024)
add("a size in base 256 is taken", taken(contents("f", "text\n")),
    patched(header("f"), 124, b"\x80" + number(5, 12)[:0] + b"\0" * 10 + b"\5") + padded(b"text\n") + b"\0" * 1024)
add("a checksum of signed bytes, as old programs wrote it, is taken", taken(contents(b"n\xe4me", "text\n")),
    (lambda h: h[:148] + b"%06o\0 " % sum(b - 256 * (b > 127) for b in h[:148] + b" " * 8 + h[156:]) + h[156:])(
        header(b"n\xe4me", size=5)) + padded(b"text\n") + b"\0" * 1024)

group("C13", "damage: whole or not at all")

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

group("formats", "formats, told by content")

for program, label in (("gzip", "gzip"), ("bzip2", "bzip2"), ("xz", "xz"), ("zstd", "zstd"), ("lz4", "lz4")):
    if shutil.which(program):
        def pack(program=program):
            return packed(program, SMALL)
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
add("a partitioned disk is not supported", refused("disk image", UNSUPPORTED), b"\0" * 510 + b"\x55\xaa" + b"\0" * 600)
add("a zip file is not supported", refused("zip", UNSUPPORTED), b"PK\x03\x04" + b"\0" * 600)


UNKNOWN = {"a qcow2 image": b"QFI\xfb", "a VMDK image": b"KDMV", "a VHDX image": b"vhdxfile", "a VHD image": b"conectix",
           "an xfs image": b"XFSB", "a 7z file": b"7z\xbc\xaf\x27\x1c", "an rpm package": b"\xed\xab\xee\xdb",
           "a deb package": b"!<arch>\n", "a cpio archive": b"070701", "an lzop file": b"\x89LZO"}
for what, mark in UNKNOWN.items():
    add(f"the mark of {what} alone is refused", refused(".", UNSUPPORTED), mark.ljust(600, b"\0"))
add("an ext4 image is not supported", refused("ext", UNSUPPORTED), b"\0" * 1080 + b"\x53\xef" + b"\0" * 3000)
add("a GPT disk is not supported", refused("disk image", UNSUPPORTED), b"\0" * 512 + b"EFI PART" + b"\0" * 3000)
add("a CD image is not supported", refused("CD image", UNSUPPORTED), b"\0" * 32769 + b"CD001" + b"\0" * 3000)
add("an ELF program is no archive", refused("no archive"), b"\x7fELF" + b"\2\1\1" + b"\0" * 3000)
add("a byte is no archive", refused("no archive|damaged"), b"x")
add("a mark of gzip alone is refused", refused("truncated|damaged"), b"\x1f\x8b")
add("a mark of xz alone is refused", refused("."), b"\xfd7zXZ\0")
add("a mark of zstd alone is refused", refused("."), b"\x28\xb5\x2f\xfd")
add("a mark of bzip2 alone is refused", refused("."), b"BZh9")
add("a mark of lz4 alone is refused", refused("."), b"\x04\x22\x4d\x18")
add("several gzip members are one archive", taken(contents("d/a", "x" * 700)),
    gzip.compress(SMALL[:700]) + gzip.compress(SMALL[700:]))


@archive("a sparse file of GNU tar keeps its holes", taken(has("s", size=1 << 30), few_blocks("s"), limits=["ratio=4000000000"]))
def _():
    with tempfile.TemporaryDirectory() as d:
        with open(d + "/s", "wb") as f:
            f.seek(1 << 20)
            f.write(b"data")
            f.truncate(1 << 30)
        return subprocess.run(["tar", "-C", d, "-c", "--sparse", "-f", "-", "s"],
                              stdout=subprocess.PIPE, check=True).stdout
