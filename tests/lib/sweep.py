# SPDX-License-Identifier: GPL-2.0-or-later
"""A good archive cut at every byte and with every kind of bit flipped: whole or not at all (C13)."""

import os
import random
import shutil

from corpus import listing, packed
from tarraw import Tar

random.seed(20261122)

# More than 1,200 bytes however it is packed, so that both ends of it are apart.
GOOD = (Tar().dir("d").file("d/random", random.randbytes(2500)).symlink("d/l", "random").link("d/h", "d/random")
        .file("d/long/" + "n" * 150, "x" * 1000, uid=5, gid=6, pax={"SCHILY.xattr.user.x": "y"})
        .dir("e", mode=0o700).add("e/p", "6").file("z", random.randbytes(513))).end()
END = len(GOOD) - 1024

FORMS = {"tar": lambda data: data}
for _program in ("gzip", "bzip2", "xz", "zstd", "lz4"):
    # Each with a sum of the contents, which lz4 and zstd have by default.
    FORMS[_program] = lambda data, program=_program: packed(program, data)

ENDS = 600


def flipped(data, bit):
    out = bytearray(data)
    out[bit // 8] ^= 1 << bit % 8
    return bytes(out)


class Sweep:
    """take(path, root) unpacks; the tree that the good archive becomes is what all are held against."""
    def __init__(self, take):
        self.take, self.good = take, None

    def once(self, top, data):
        """What the unpacker says of data, and what is in the root then."""
        root, path = os.path.join(top, "root"), os.path.join(top, "archive")
        os.mkdir(root)
        try:
            with open(path, "wb") as f:
                f.write(data)
            got = self.take(path, root)
            return got, listing(root) if got["kind"] == 0 else None
        finally:
            shutil.rmtree(root)

    def intact(self, top, data):
        """The tree of the archive as it is; the control of all that follows."""
        got, tree = self.once(top, data)
        assert got["kind"] == 0, f"the good archive: {got['text']!r}"
        assert "d/random" in {os.fsdecode(p) for p in tree}
        return tree

    def cuts(self, top, data, places, harmless=()):
        """Each cut is refused as a damaged archive (exit 2) and in words."""
        self.intact(top, data)
        for cut in places:
            got, _tree = self.once(top, data[:cut])
            assert cut in harmless or (got["kind"] in (2, 8) and got["text"]), f"cut at {cut}: {got}"
        return f"{len(places)} cuts, 0 taken"

    def flips(self, top, data, places, is_summed):
        """Each flip is refused, or, where the format sums its contents, the tree is the same."""
        good = self.intact(top, data)
        refused = 0
        for bit in places:
            got, tree = self.once(top, flipped(data, bit))
            assert got["kind"] in (0, 1, 2, 8), f"bit {bit}: {got}"
            assert got["text"] or got["kind"] == 0, f"bit {bit}: {got}"
            assert not is_summed or tree is None or tree == good, f"bit {bit} made another tree"
            refused += got["kind"] != 0
        assert refused, "no flip was noticed"
        return f"{len(places)} flips, {refused} refused"


def spread(places, is_full, most):
    """All of them, or so many of them in a short run."""
    places = list(places)
    if is_full or len(places) <= most:
        return places
    return sorted(random.sample(places, most))


def rows(take, is_full):
    """(title, claim) of each sweep; a claim takes a directory of its own."""
    s = Sweep(take)
    out = [("a tar cut at every 512 bytes is refused",
            lambda top: s.cuts(top, GOOD, range(0, END + 1, 512))),
           ("a tar cut at every byte of its first and last 600 is refused",
            lambda top: s.cuts(top, GOOD, spread([*range(ENDS), *range(END - ENDS, END + 1)], is_full, 40)))]
    for name, pack in FORMS.items():
        data = pack(GOOD)
        if name != "tar":
            places = [*range(min(ENDS, len(data))), *range(max(ENDS, len(data) - ENDS), len(data))]
            out.append((f"{name} cut at every byte of its first and last 600 is refused",
                        lambda top, data=data, p=places: s.cuts(top, data, spread(p, is_full, 40))))
        bits = random.sample(range(8 * len(data)), 2000 if is_full else 40)
        out.append((f"{name} with a flipped bit is refused or the tree is the same" if name != "tar" else
                    "a tar with a flipped bit is refused or taken without harm",
                    lambda top, data=data, b=bits, n=name: s.flips(top, data, b, n != "tar")))
    return out
