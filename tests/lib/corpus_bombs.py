# SPDX-License-Identifier: GPL-2.0-or-later
"""Little that becomes much: class C8. The large ones are made while they are read, by bombs.py."""

import gzip
import struct
import zlib

from corpus import UNSUPPORTED, add, archive, contents, few_blocks, group, has, packed, refused, taken
from tarraw import BLOCK, Tar, header, longname, number, padded, patched, pax

group("C8", "bombs")

MIB = 1 << 20
SMALL = Tar().file("x").end()


def zeros(size):
    return header("zeros", size=size) + b"\0" * size + b"\0" * (2 * BLOCK)


PROGRAMS = {"gzip": ["-9"], "bzip2": [], "xz": ["-0"], "zstd": ["-1"], "lz4": ["-9"]}
for program, options in PROGRAMS.items():
    archive(f"zeros that {program} made 200 times smaller are refused", refused("times its size"))(
        lambda program=program, options=options: packed(program, zeros(96 * MIB), *options))
    archive(f"{program} of {program} is refused", refused("more than once"))(
        lambda program=program: packed(program, packed(program, SMALL)))
    archive(f"a gzip inside {program} is no archive", refused("more than once"))(
        lambda program=program: packed(program, gzip.compress(SMALL)))


@archive("a gzip of a gzip, ten deep, is refused at the second", refused("more than once"))
def _():
    data = SMALL
    for _i in range(10):
        data = gzip.compress(data)
    return data


@archive("archives in an archive stay packed", taken(has("5.tar.gz", kind="-"), has("d/5.tar.gz", kind="-")))
def _():
    data = zeros(16 * MIB)
    for depth in range(6):
        inner = gzip.compress(data, 9)
        data = Tar().file(f"{depth}.tar.gz", inner).dir("d").file(f"d/{depth}.tar.gz", inner).end()
    return gzip.compress(data, 9)


def xz_dictionary(coded):
    """An xz file that asks for another dictionary: 29 is 64 MiB and more by halves, 40 is 4 GiB."""
    data = packed("xz", SMALL, "-0", "-T1")
    end = 12 + (data[12] + 1) * 4
    assert data[14] == 0x21
    head = data[12:16] + bytes([coded]) + data[17:end - 4]
    return data[:12] + head + struct.pack("<I", zlib.crc32(head)) + data[end:]


add("an xz dictionary of 192 MiB is refused", refused("more memory"), xz_dictionary(31))
add("an xz dictionary of 4 GiB is refused", refused("more memory"), xz_dictionary(40))
add("an xz dictionary beyond 4 GiB is refused", refused("more memory|damaged|upported"), xz_dictionary(41))
for window in (27, 31):
    archive(f"a zstd window of 2^{window} is refused", refused("more memory|[Ww]indow|too large"))(
        lambda window=window: packed("zstd", b"\0" * MIB + SMALL, "--ultra", "-1", f"--long={window}"))

# Holes.


def sparse(name, size, extents, data=b"", **pax_keys):
    """A file in GNU's pax format 1.0: the map of what is no hole comes before the data."""
    text = "".join(f"{n}\n" for n in [len(extents)] + [n for e in extents for n in e])
    keys = {"GNU.sparse.major": "1", "GNU.sparse.minor": "0", "GNU.sparse.name": name,
            "GNU.sparse.realsize": str(size), **pax_keys}
    return Tar().file(f"GNUSparseFile.0/{name}", padded(text.encode()) + data, pax=keys)


def old_sparse(name, size, extents, data=b"", goes_on=0):
    """The same in GNU's format of old: four extents in the header, then 21 a block."""
    def table(part, width):
        return b"".join(number(n, 12) for e in part for n in e).ljust(width, b"\0")
    head = patched(header(name, "S", len(data), magic=b"ustar  \0"), 386, table(extents[:4], 96))
    head = patched(patched(head, 482, bytes([len(extents) > 4 or goes_on > 0])), 483, number(size, 12))
    parts = [extents[i:i + 21] for i in range(4, len(extents), 21)] + [[]] * goes_on
    maps = [table(part, 504) + bytes([i + 1 < len(parts)]) + b"\0" * 7 for i, part in enumerate(parts)]
    return Tar(head + b"".join(maps) + padded(data))


EXA = 2 ** 63 - 1
add("a sparse file of 8 EiB is refused", refused("more than"), sparse("f", EXA, []))
add("a sparse file of 1 EiB with data at its end is refused", refused("more than"),
    sparse("f", 2 ** 60, [(2 ** 60 - 5, 5)], b"text\n"))
add("an old sparse file of 8 EiB is refused", refused("more than|damaged"), old_sparse("f", EXA, []))
add("an old sparse file of 1 EiB with data at its end is refused", refused("more than"),
    old_sparse("f", 2 ** 60, [(2 ** 60 - 5, 5)], b"text\n"))
for form, what in ((sparse, "a sparse file"), (old_sparse, "an old sparse file")):
    add(f"{what} of 60 MiB keeps its holes", taken(has("f", size=60 << 20), few_blocks("f")),
        form("f", 60 << 20, [(0, 5), (60 << 20, 0)], b"text\n"))
    add(f"{what} of 63 GiB is refused: holes are read too", refused("times its size"),
        form("f", 63 << 30, [(0, 5), (63 << 30, 0)], b"text\n"))
    add(f"{what} of 1 GiB is taken where the limit allows", taken(has("f", size=1 << 30), few_blocks("f"), limits=["ratio=4000000000"]),
        form("f", 1 << 30, [(0, 5), (1 << 30, 0)], b"text\n"))
add("two sparse files of 63 GiB are refused at the second", refused("'g': the files are more than"),
    Tar(sparse("f", 63 << 30, [(63 << 30, 0)]).data + sparse("g", 63 << 30, [(63 << 30, 0)]).data))
add("sparse data beyond the file's size are refused", refused("outside its size|damaged|runcated"),
    sparse("f", 3, [(0, 5)], b"text\n"))
add("old sparse data beyond the file's size are refused", refused("outside its size|damaged"),
    old_sparse("f", 3, [(0, 5)], b"text\n"))
add("sparse data that overlap are refused", refused("outside its size|damaged"),
    sparse("f", 20, [(5, 5), (0, 5)], b"text\ntext\n"))
add("old sparse data that overlap are refused", refused("outside its size|damaged"),
    old_sparse("f", 20, [(5, 5), (0, 5)], b"text\ntext\n"))
add("a sparse map with a negative offset is refused", refused("."), sparse("f", 20, [(-5, 5)], b"text\n"))
add("a sparse map whose sums overflow is refused", refused("."), sparse("f", 20, [(EXA, 5)], b"text\n"))
add("an old sparse map whose sums overflow is refused", refused("."), old_sparse("f", 20, [(EXA, 5)], b"text\n"))
add("a sparse map that says more than it has is refused", refused("damaged|runcated|outside"),
    Tar().file("GNUSparseFile.0/f", padded(b"1000000\n0\n5\n"), pax={
        "GNU.sparse.major": "1", "GNU.sparse.minor": "0", "GNU.sparse.name": "f", "GNU.sparse.realsize": "5"}))
add("a sparse map of many extents is taken", taken(has("f", size=10000)),
    sparse("f", 10000, [(10 * i, 5) for i in range(1000)], b"text\n" * 1000))
add("an old sparse map of many blocks is taken", taken(has("f", size=10000)),
    old_sparse("f", 10000, [(10 * i, 5) for i in range(1000)], b"text\n" * 1000))
add("an old sparse map that goes on without extents is taken", taken(has("f", size=5), contents("f", "text\n")),
    old_sparse("f", 5, [(0, 5)], b"text\n", goes_on=2000))
add("an old sparse map that ends with the archive is refused", refused("damaged|runcated|begins"),
    old_sparse("f", 5, [(0, 5)], goes_on=3).data[:-BLOCK])

# Limits, each at its edge.

add("as many entries as the limit are taken", taken(limits=["entries=10"]), Tar(b"".join(Tar().file(f"f{i}").data for i in range(10))))
add("more entries than the limit are refused", refused("more than 10 entries", limits=["entries=10"]),
    Tar(b"".join(Tar().file(f"f{i}").data for i in range(11))))
add("entries of one name are counted too", refused("more than 10 entries", limits=["entries=10"]),
    Tar(Tar().file("f").data * 11))
add("entries that are left out are counted too", refused("more than 10 entries", limits=["entries=10"]),
    Tar(Tar().add("null", "3", device=(1, 3)).data * 11))
add("as many bytes as the limit are taken", taken(limits=["bytes=100"]), Tar().file("f", "x" * 100))
add("more bytes than the limit are refused", refused("more than 100 bytes", limits=["bytes=100"]),
    Tar().file("f", "x" * 101))
add("bytes of files that were replaced are counted too", refused("more than 100 bytes", limits=["bytes=100"]),
    Tar(Tar().file("f", "x" * 60).data * 2))
add("a longer name than the limit is refused", refused("11 bytes, more than 10", limits=["path=10"]),
    Tar().file("x" * 10).file("x" * 11))
add("a deeper name than the limit is refused", refused("more than 3 levels", limits=["depth=3"]),
    Tar().file("a/b/c").file("a/b/c2/d"))
add("a pax header of 2 MiB is refused", refused("too large"), Tar().bytes(pax({"comment": "x" * 2 * MIB})).file("f"))
add("a long name of 2 MiB is refused", refused("too large"), Tar().bytes(longname("x" * 2 * MIB)).file("f"))
for what, one in (("GNU long names", longname("x")), ("GNU long targets", longname("x", "K")), ("pax headers", pax({"path": "a"})),
                  ("empty pax headers", header("x", "x")), ("global headers", pax({"comment": "a"}, "g")),
                  ("volume labels", header("v", "V"))):
    add(f"a hundred thousand {what} before one entry are refused", refused("."), Tar(one * 100000).file("f"))
add("a size of 8 GiB without data is refused", refused("runcated|damaged"), Tar(header("f", size=8 ** 11 - 1)))
add("a zip bomb is no archive", refused("zip", UNSUPPORTED), b"PK\x03\x04" + b"\0" * 600)
