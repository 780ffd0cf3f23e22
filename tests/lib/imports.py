#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""Hostile archives and images through "zonectl template import", with a look at everything afterwards.

  imports.py quick|full     one line of TAP a class: cases, blocked, control
"""

import sys

sys.dont_write_bytecode = True

# pylint: disable=wrong-import-position
import json
import os
import random
import signal
import subprocess

import archives
import bombs
import naive_untar
import sweep
from corpus import ARCHIVES, GROUPS, listing
from tarraw import header
from world import BOX, COST, LIMIT, ZONECTL, World, digest, do_import, limits_write, store_reset, the_object, zonectl

HERE = os.path.dirname(os.path.abspath(__file__))
UNPACK = os.environ["ZONE_BUILDDIR"] + "/zone-unpack"
GOOD_STATUS = (1, 2, 3, 5, 7, 8)        # refusals; a crash or a hang is none


def remove():
    status, _out, err, _s = zonectl("template", "remove", "-y", "t")
    assert status == 0, err


def attempt(world, archive):
    path = BOX + "/archive"
    with open(path, "wb") as f:
        f.write(archive.make())
    limits_write(archive.outcome.limits)
    got = do_import(path)
    limits_write(())
    if archive.outcome.kind == 0 and got["kind"] == 0:
        archives.judge(archive, got, the_object())
        remove()
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
            limits_write(())
            world.assert_same()
            blocked += 1
        except (AssertionError, OSError) as e:
            print(f"# {row[0]}: {json.dumps((str(e) or repr(e))[:300])}")
    limits_write([f"ratio={2 ** 32 - 1}"])
    is_caught = not bombs.ends_by_itself(COST, command, bombs.ROWS[0][2], 3)
    limits_write(())
    print(f"{'ok' if blocked == len(rows) and is_caught else 'not ok'} {number} - C8 bombs without end: cases {len(rows)}, "
          f"blocked {blocked}, control {'caught' if is_caught else 'missed'}", flush=True)
    store_reset()
    return blocked == len(rows) and is_caught


class Tally:
    """Cases of one line, each a function that raises."""
    def __init__(self):
        self.cases = self.blocked = 0
        self.world = store_reset()

    def case(self, name, work):
        self.cases += 1
        try:
            work()
            self.world.assert_same()
            self.blocked += 1
        except (AssertionError, OSError, subprocess.SubprocessError) as e:
            print(f"# {name}: {json.dumps((str(e) or repr(e))[:300])}", flush=True)
            self.world = store_reset()

    def score(self, number, title, is_caught):
        is_ok = self.cases == self.blocked and is_caught
        print(f"{'ok' if is_ok else 'not ok'} {number} - {title}: cases {self.cases}, blocked {self.blocked}, "
              f"control {'caught' if is_caught else 'missed'}", flush=True)
        return is_ok


def image(name):
    """An image of images.py as files: one, or the two of a pair."""
    paths = [f"{BOX}/image", f"{BOX}/image.other"]
    subprocess.run(["rm", "-rf", *paths], check=True)
    for n in (1, 2):
        if subprocess.run([sys.executable, HERE + "/images.py", name, *paths[:n]], stderr=subprocess.DEVNULL,
                          check=False).returncode == 0:
            return paths[:n]
    raise AssertionError(f"images.py makes no {name}")


def taken_or_refused(paths, *options):
    """Whatever it is: taken whole, or refused in words; nothing else."""
    status, _out, err, _s = zonectl("template", "import", *paths, "--name", "t", *options)
    assert status == 0 or (status in GOOD_STATUS and err), f"exit {status}: {err!r}"
    if status == 0:
        the_object()
        remove()
    return status


def images_run(number, is_full):
    """Images of every format, good and hostile; what becomes of each is for template-formats.bats."""
    names = subprocess.run([sys.executable, HERE + "/images.py", "list"], stdout=subprocess.PIPE, check=True,
                           text=True).stdout.split()
    tally, seen = Tally(), set()
    for name in names if is_full else names[::8]:
        tally.case(name, lambda name=name: seen.add(taken_or_refused(image(name))))
    # The control: both ways were gone, so neither word is given blindly.
    return tally.score(number, "A10 images of every format", 0 in seen and len(seen) > 1)


def damage_run(number, is_full):
    """A good archive, then a squashfs, with flipped bits: with its digest asked for, none is taken."""
    tally, path = Tally(), BOX + "/archive"
    random.seed(7)
    for form in ("tar", "gzip", "zstd"):
        data = sweep.FORMS[form](sweep.GOOD)
        wanted = "--digest=sha256:" + archives.sha256(data)
        archives.write(path, data)
        assert taken_or_refused([path], wanted) == 0, "the control: the good one is taken"
        for bit in random.sample(range(8 * len(data)), 60 if is_full else 3):
            archives.write(path, sweep.flipped(data, bit))
            tally.case(f"{form}, bit {bit}", lambda: expect(2, taken_or_refused([path], wanted)))
    tree, squash = BOX + "/tree", BOX + "/image"
    os.makedirs(tree + "/etc")
    archives.write(tree + "/etc/random", random.randbytes(20000))
    subprocess.run(["mksquashfs", tree, squash, "-noappend", "-quiet", "-no-progress"], check=True,
                   stdout=subprocess.DEVNULL)
    with open(squash, "rb") as f:
        data = f.read()
    assert taken_or_refused([squash]) == 0, "the control: the good one is taken"
    for bit in random.sample(range(8 * len(data)), 60 if is_full else 3):
        archives.write(squash, sweep.flipped(data, bit))
        tally.case(f"squashfs, bit {bit}", lambda: taken_or_refused([squash]))
    for cut in random.sample(range(len(data) - 4096), 30 if is_full else 2):
        archives.write(squash, data[:cut])
        tally.case(f"squashfs, cut at {cut}", lambda: expect_not(0, taken_or_refused([squash])))
    subprocess.run(["rm", "-rf", tree], check=True)
    # The control: where no digest is asked for, a flipped bit of a file in a plain tar is not seen.
    archives.write(path, sweep.flipped(sweep.GOOD, 8 * 1500))
    return tally.score(number, "C13 flipped bits with a digest, damaged squashfs", taken_or_refused([path]) == 0)


def expect(want, got):
    assert want == got, f"exit {got}, not {want}"


def expect_not(unwanted, got):
    assert unwanted != got, f"exit {got}"


def reader_at(path, offset):
    """True when a process has read the file up to there."""
    for pid in filter(str.isdigit, os.listdir("/proc")):
        try:
            for fd in os.listdir(f"/proc/{pid}/fd"):
                if os.readlink(f"/proc/{pid}/fd/{fd}") == path and int(pid) != os.getpid():
                    with open(f"/proc/{pid}/fdinfo/{fd}", encoding="ascii") as f:
                        if int(f.readline().split()[1]) >= offset:
                            return True
        except OSError:
            pass
    return False


def changed_under(data, offset, change, *options):
    """Imports a file; all that read it are stopped at the offset, the file is changed, they go on."""
    path = BOX + "/archive"
    archives.write(path, data)
    before = set(os.listdir("/proc"))
    with subprocess.Popen([ZONECTL, "template", "import", path, "--name", "t", *options], stdin=subprocess.DEVNULL,
                          stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True) as p:
        while not reader_at(path, offset):
            assert p.poll() is None, "it ended before it was half way"
        ours = [int(n) for n in set(os.listdir("/proc")) - before if n.isdigit()]
        for pid in ours:
            signal_send(pid, signal.SIGSTOP)
        change(path)
        for pid in ours:
            signal_send(pid, signal.SIGCONT)
        said = p.stderr.read()
        return p.wait(LIMIT), said


def signal_send(pid, number):
    try:
        os.kill(pid, number)
    except ProcessLookupError:
        pass


def overwrite(at, data):
    def change(path):
        with open(path, "r+b") as f:
            f.seek(at)
            f.write(data)
    return change


def changing_run(number):
    """C14: the file changes while it is read. What was asked for by digest is what was read, or nothing."""
    tally = Tally()
    size, rounds = 48 << 20, 3
    body = random.randbytes(size)
    data = header("big", size=size) + body + sweep.GOOD
    wanted = "--digest=sha256:" + archives.sha256(data)
    after = len(data) - len(sweep.GOOD) - 100

    def refused_by_digest():
        status, said = changed_under(data, size // 3, overwrite(after, b"evil"), wanted)
        assert status == 2 and "digest" in said, f"exit {status}: {said!r}"

    def refused_as_cut():
        status, said = changed_under(data, size // 3, lambda path: os.truncate(path, size // 2))
        assert status == 2 and ("runcated" in said or "damaged" in said), f"exit {status}: {said!r}"

    def was_read_before():
        status, said = changed_under(data, size // 3, overwrite(600, b"evil"), wanted)
        assert status == 0, f"exit {status}: {said!r}"
        assert listing(the_object())[b"big"][6] == archives.sha256(body), "bytes that were not digested"
        remove()

    def is_what_was_read():
        status, said = changed_under(data, size // 3, overwrite(after, b"evil"))
        assert status == 0, f"exit {status}: {said!r}"
        assert zonectl("template", "verify", "t")[0] == 0, "the store is not what it says"
        remove()

    for _round in range(rounds):
        for work in (refused_by_digest, refused_as_cut, was_read_before, is_what_was_read):
            tally.case(work.__name__, work)
    # The control: a digest taken first, of a file that is then opened again, says nothing.
    archives.write(BOX + "/archive", data)
    naive = archives.file_sha256(BOX + "/archive")
    overwrite(after, b"evil")(BOX + "/archive")
    return tally.score(number, "C14 a file that changes while it is read",
                       wanted.endswith(naive) and archives.file_sha256(BOX + "/archive") != naive)


def sweeps_run(number):
    """A good archive cut at every byte of its ends, in every compression, and with 2,000 bits flipped."""
    tally = Tally()
    for title, claim in sweep.rows(lambda path, root: archives.unpack(UNPACK, path, root), True):
        tally.case(title, lambda claim=claim, title=title: print(f"# {title}: {archives.in_box(claim)}", flush=True))
    # The control: each of them takes the archive as it is first (sweep.Sweep.intact).
    return tally.score(number, "C13 cuts and flips", tally.blocked > 0)


def run(is_full):
    groups = [g for g in GROUPS if g != "benign"]
    others = [lambda n: bombs_run(n, is_full), lambda n: images_run(n, is_full), lambda n: damage_run(n, is_full)]
    if is_full:
        others += [changing_run, sweeps_run]
    print(f"1..{len(groups) + len(others)}", flush=True)
    bad = 0
    before = digest("/etc")
    for number, group in enumerate(groups, 1):
        chosen = [a for a in ARCHIVES.values() if a.group == group]
        step = 1 if is_full else max(1, len(chosen) // 6)
        bad += not group_run(number, group, chosen[::step], step)
    for number, work in enumerate(others, len(groups) + 1):
        bad += not work(number)
    assert digest("/etc") == before, "/etc changed"
    return bad


def main(argv):
    if len(argv) != 1 or argv[0] not in ("quick", "full"):
        print(__doc__, file=sys.stderr)
        return 2
    return 1 if run(argv[0] == "full") else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
