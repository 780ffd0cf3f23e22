# SPDX-License-Identifier: GPL-2.0-or-later
"""The positive control of the archive tests: it does what the archive says, as tools did that fell.

Names are joined to the root as text, links are followed, every kind of node, owner, mode and xattr
is made, and nothing is counted. It runs in a root directory of its own.
"""

import os
import signal
import tarfile

import corpus_readers   # pylint: disable=unused-import # everything is loaded before chroot(2)


def _xattrs(member, path):
    for key, value in member.pax_headers.items():
        if key.startswith("SCHILY.xattr."):
            try:
                os.setxattr(path, key[len("SCHILY.xattr."):], value.encode("utf-8", "surrogateescape"))
            except OSError:
                pass


def _extract(path, where):
    with tarfile.open(path, errors="surrogateescape") as t:
        t.errorlevel = 0
        if hasattr(tarfile, "fully_trusted_filter"):
            t.extraction_filter = staticmethod(tarfile.fully_trusted_filter)
        for member in t:
            t.extract(member, where, numeric_owner=True)
            _xattrs(member, os.path.join(where, member.name))


def unpack(top):
    """Unpacks top/archive to top/in/root, seen from inside top; a result like a report's."""
    pid = os.fork()
    if pid == 0:
        try:
            signal.alarm(2)         # it waits for the other end of a FIFO without end
            os.chroot(top)
            os.chdir("/in/root")
            _extract("/archive", "/in/root")
            os._exit(0)
        except BaseException:       # pylint: disable=broad-except
            os._exit(2)
    status = os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1])
    return {"status": status, "kind": abs(status), "text": b"damaged" if status else b"", "hint": b""}
