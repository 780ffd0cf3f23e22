# SPDX-License-Identifier: GPL-2.0-or-later
"""Writing tar by hand: what is wrong in the archives of the corpus no library would write."""

BLOCK = 512


def raw(text):
    return text if isinstance(text, bytes) else text.encode("utf-8", "surrogateescape")


def number(value, width):
    """Octal with a NUL, or base-256 where octal has no room or the value is negative."""
    if 0 <= value < 8 ** (width - 1):
        return b"%0*o\0" % (width - 1, value)
    return bytes([0xff if value < 0 else 0x80]) + value.to_bytes(width - 1, "big", signed=value < 0)


def summed(block):
    """A header with its checksum."""
    h = bytearray(block)
    h[148:156] = b" " * 8
    h[148:156] = b"%06o\0 " % sum(h)
    return bytes(h)


def patched(block, at, data):
    """A header with other bytes at an offset, and the right checksum."""
    return summed(block[:at] + raw(data) + block[at + len(raw(data)):])


def header(name, kind=b"0", size=0, mode=0o644, uid=0, gid=0, mtime=1000000000, link=b"",
           magic=b"ustar\00000", device=(0, 0)):
    h = bytearray(BLOCK)
    h[0:100] = raw(name)[:100].ljust(100, b"\0")
    h[100:108] = number(mode, 8)
    h[108:116] = number(uid, 8)
    h[116:124] = number(gid, 8)
    h[124:136] = number(size, 12)
    h[136:148] = number(mtime, 12)
    h[156:157] = raw(kind)
    h[157:257] = raw(link)[:100].ljust(100, b"\0")
    h[257:265] = magic
    h[329:337] = number(device[0], 8)
    h[337:345] = number(device[1], 8)
    return summed(bytes(h))


def padded(data):
    return data + b"\0" * (-len(data) % BLOCK)


def record(key, value):
    """One record of a pax header."""
    rest = b" " + raw(key) + b"=" + raw(value) + b"\n"
    length = len(rest)
    while len(str(length)) + len(rest) != length:
        length = len(str(length)) + len(rest)
    return str(length).encode() + rest


def pax(records, kind="x"):
    """A pax header: of a dict, of (key, value) pairs, or of bytes as they are."""
    if isinstance(records, dict):
        records = records.items()
    text = records if isinstance(records, bytes) else b"".join(record(k, v) for k, v in records)
    return header("PaxHeaders/x", kind, len(text)) + padded(text)


def longname(name, kind="L"):
    """GNU's header for a long name (L) or link target (K)."""
    text = raw(name) + b"\0"
    return header("././@LongLink", kind, len(text), magic=b"ustar  \0") + padded(text)


class Tar:
    def __init__(self, data=b""):
        self.data = data

    def bytes(self, data):
        """Whatever the caller likes, at this place."""
        self.data += data
        return self

    def add(self, name, kind="0", data=b"", pax=None, **fields):    # pylint: disable=redefined-outer-name
        data = raw(data)
        records = dict(pax or {})
        if len(raw(name)) > 100:
            records["path"] = name
        if len(raw(fields.get("link", ""))) > 100:
            records["linkpath"] = fields["link"]
        if records:
            self.data += globals()["pax"](records)
        self.data += header(name, kind, fields.pop("size", len(data)), **fields) + padded(data)
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
