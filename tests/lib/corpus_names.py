# SPDX-License-Identifier: GPL-2.0-or-later
"""Names that lead elsewhere, links, the same name twice: classes C1 to C4, C10 and C11."""

from corpus import add, archive, contents, every, group, has, points_to, refused, same_file, taken, xattrs
from tarraw import Tar, longname, pax

group("C1", "names that are no names")

BAD_NAMES = {
    "..": "'\\.\\.'", "../x": "'\\.\\.'", "a/../x": "'\\.\\.'", "a/..": "'\\.\\.'",
    "./../x": "'\\.\\.'", "a/../../x": "'\\.\\.'", "../": "'\\.\\.'", "/x": "absolute",
    "//x": "absolute", "/": "absolute", "a//b": "empty component", ".//x": "empty component",
    "././x": "component '\\.'", "a/./b": "component '\\.'", "a/.": "component '\\.'",
}

for bad, why in BAD_NAMES.items():
    add(f"a file named '{bad}' is refused", refused(why), Tar().file(bad, ""))
    add(f"a directory named '{bad}' is refused", refused(why), Tar().dir(bad))
    other = why + "|ends in '/'"
    add(f"a link named '{bad}' is refused", refused(other), Tar().symlink(bad, "x"))
    add(f"a hard link named '{bad}' is refused", refused(other), Tar().file("t").link(bad, "t"))
    add(f"a hard link to '{bad}' is refused", refused(other), Tar().file("t").link("l", bad))

# What these aim at stands beside the place where archives are unpacked in the tests.
for steps in (1, 2, 3, 4, 8, 16):
    up = "../" * steps
    add(f"a file {steps} steps above the root is refused", refused("'\\.\\.'"), Tar().file(up + "canary/file", "evil"))
    add(f"a new file {steps} steps above the root is refused", refused("'\\.\\.'"), Tar().file(up + "canary/new", "evil"))
add("a FIFO above the root is refused", refused("'\\.\\.'"), Tar().add("../../canary/fifo", "6"))
add("a device above the root is refused", refused("'\\.\\.'"), Tar().add("../../canary/null", "3", device=(1, 3)))
add("an absolute name of the canary is refused", refused("absolute"), Tar().file("/canary/file", "evil"))
add("a bad name out of an extended header is refused", refused("'\\.\\.'"),
    Tar().file("good", "evil", pax={"path": "../../canary/file"}))
add("a bad name out of a GNU long name is refused", refused("'\\.\\.'"),
    Tar().bytes(longname("../../canary/" + "/".join(["x"] * 60))).file("good"))
add("a bad link target out of a GNU long name is refused", refused("'\\.\\.'"),
    Tar().file("t").bytes(longname("../../canary/" + "/".join(["x"] * 60), "K")).link("l", "t"))
add("a bad name out of a sparse file's header is refused", refused("'\\.\\.'"),
    Tar().file("good", "evil", pax={"GNU.sparse.name": "../../canary/file"}))

add("a file named '.' is refused", refused("the root is no directory"), Tar().file("."))
add("a link named './' is refused", refused("ends in|root is no directory"), Tar().symlink("./", "/"))
add("a hard link named '.' is refused", refused("the root is no directory"), Tar().file("t").link(".", "t"))
add("an empty name is refused", refused("an empty name"), Tar().file(""))
add("a name of 4096 bytes is refused", refused("has 4096 bytes"),
    Tar().file("/".join(["d" * 200] * 20) + "/" + "x" * 76))
add("a name of a mebibyte is refused", refused("bytes, more than 4095|too large"), Tar().file("d/" * (1 << 19) + "x"))
add("a component of 256 bytes is refused", refused("256 bytes"), Tar().file("x" * 256))
add("a component of 255 bytes is taken", taken(contents("x" * 255, "text\n")), Tar().file("x" * 255))
add("256 levels are refused", refused("levels deep"), Tar().file("/".join(["d"] * 256)))
add("255 levels are taken", taken(contents("/".join(["d"] * 255), "text\n")),
    Tar().file("/".join(["d"] * 255)))

group("C2", "names that lead through links")

for target in ("/", "/canary", "..", "../..", "../../canary", "/proc/self/root", "/proc/self/cwd", "."):
    add(f"a file through a link to '{target}' is refused", refused("parent 'a' is a link"),
        Tar().symlink("a", target).file("a/file", "evil"))
    add(f"a link through a link to '{target}' is refused", refused("parent 'a' is a link"),
        Tar().symlink("a", target).symlink("a/link", "x"))
add("a name through a link inside the tree is refused", refused("is a link"),
    Tar().dir("d").symlink("a", "d").file("a/x"))
add("a directory through a link is refused", refused("is a link"), Tar().symlink("a", "../../canary").dir("a/dir"))
add("a FIFO through a link is refused", refused("is a link"), Tar().symlink("a", "../../canary").add("a/fifo", "6"))
add("a hard link made through a link is refused", refused("is a link"),
    Tar().file("t").symlink("a", "..").link("a/escaped", "t"))
add("a name through a file is refused", refused("or a file"), Tar().file("a").file("a/x"))
add("a name through a FIFO is refused", refused("or a file"), Tar().add("a", "6").file("a/x"))
add("a name through a hard link to a link is refused", refused("is a link"),
    Tar().symlink("l", "../../canary").link("a", "l").file("a/file", "evil"))
add("a deeper link is not walked through", refused("parent 'l' is a link"),
    Tar().dir("d").dir("d/e").symlink("d/e/l", "../../../../canary").file("d/e/l/file", "evil"))

@archive("a chain of 40 links is refused at the first", refused("is a link"))
def _():
    t = Tar().symlink("l0", "/")
    for i in range(1, 40):
        t.symlink(f"l{i}", f"l{i - 1}")
    return t.file("l39/escaped").end()


add("a directory replaced by a link is not walked through", refused("is a link"),
    Tar().dir("d").symlink("d", "../../canary").file("d/file", "evil"))
add("a directory in place of a link is a directory", taken(every(has("d", kind="d"),
                                                                  contents("d/x", "text\n"))),
    Tar().symlink("d", "..").dir("d").file("d/x"))
add("a directory in place of a link changes nothing where the link points", taken(has("d", kind="d", mode=0o777, uid=5)),
    Tar().symlink("d", "../../canary").dir("d", mode=0o777, uid=5))
add("a file in place of a link does not write through it",
    taken(every(has("l", kind="-"), contents("l", "mine"), contents("t", "text\n"))),
    Tar().file("t").symlink("l", "t").file("l", "mine"))
add("a file in place of a link out of the tree does not write through it",
    taken(has("l", kind="-"), contents("l", "evil")), Tar().symlink("l", "../../canary/file").file("l", "evil"))
add("a link may point anywhere, it is only a link", taken(points_to("l", "/etc/passwd")),
    Tar().symlink("l", "/etc/passwd"))
add("a link without a target is refused", refused("bad target"), Tar().symlink("l", ""))
add("a link target of 4096 bytes is refused", refused("bad target|too long|File name too long"),
    Tar().symlink("l", "x" * 4096))

group("C3", "hard links")

add("a hard link is the same file", taken(every(same_file("a", "d/b"), has("a", nlink=2))),
    Tar().file("a").dir("d").link("d/b", "a"))
add("a hard link may say './'", taken(same_file("a", "b")), Tar().file("./a").link("./b", "./a"))
add("a hard link to itself is refused", refused("itself"), Tar().file("a").link("a", "a"))
add("a hard link before its file is refused", refused("no 'a' before"), Tar().link("b", "a").file("a"))
add("a hard link to a directory is refused", refused("directory"), Tar().dir("d").link("l", "d"))
add("a hard link to the root is refused", refused("root"), Tar().link("l", "."))
add("a hard link to a file out of the tree is refused", refused("'\\.\\.'"), Tar().link("l", "../../canary/file"))
add("a hard link to an absolute file is refused", refused("absolute"), Tar().link("l", "/canary/file"))
add("a hard link to a link is the link itself",
    taken(every(points_to("b", "/etc/passwd"), same_file("a", "b"))),
    Tar().symlink("a", "/etc/passwd").link("b", "a"))
add("a file in place of a hard link to a link does not write through it",
    taken(contents("b", "evil"), points_to("a", "../../canary/file")),
    Tar().symlink("a", "../../canary/file").link("b", "a").file("b", "evil"))
add("a hard link through a link is refused", refused("no 'etc/passwd' before|no 'passwd' before|before it"),
    Tar().symlink("l", "/").link("x", "l/etc/passwd"))
add("a hard link through a link to the canary is refused", refused("before it"),
    Tar().symlink("l", "../../canary").link("x", "l/file"))
add("a hard link to what was left out is refused", refused("no 'n' before"),
    Tar().add("n", "3", device=(1, 3)).link("l", "n"))
add("a hard link to what was replaced is the later one", taken(contents("l", "new"), same_file("a", "l")),
    Tar().file("a", "old").file("a", "new").link("l", "a"))
add("a hard link again is no change", taken(every(same_file("a", "b"), has("a", nlink=2))),
    Tar().file("a").link("b", "a").link("b", "a"))
add("a hard link takes the place of a file", taken(same_file("a", "b")),
    Tar().file("a").file("b", "old").link("b", "a"))
add("a hard link takes no directory's place", refused("not empty"),
    Tar().file("a").dir("b").file("b/x").link("b", "a"))
add("a hard link to a FIFO is the FIFO", taken(same_file("p", "q"), has("q", kind="p")),
    Tar().add("p", "6").link("q", "p"))
add("a hard link that has data is refused", refused("is no file and has data"),
    Tar().file("a").link("b", "a", size=5).bytes(b"evil\n".ljust(512, b"\0")))

group("C4", "metadata through links")

ACL = {"SCHILY.acl.access": "user::rwx,user:1:rwx:1,group::r--,mask::rwx,other::r--"}
add("an ACL on a link touches nothing", taken(every(points_to("l", "t"), xattrs("t", {}))),
    Tar().file("t").symlink("l", "t", pax=ACL))
add("an xattr on a link touches nothing", taken(points_to("l", "t"), xattrs("t", {})),
    Tar().file("t").symlink("l", "t", pax={"SCHILY.xattr.user.x": "y"}))
add("an xattr on a link out of the tree touches nothing", taken(points_to("l", "../../canary/file")),
    Tar().symlink("l", "../../canary/file", pax={"SCHILY.xattr.user.x": "y", **ACL}))
add("an xattr on a hard link to a link out of the tree touches nothing", taken(points_to("m", "../../canary/file")),
    Tar().symlink("l", "../../canary/file").link("m", "l", pax={"SCHILY.xattr.user.x": "y"}))
add("a mode on a link touches nothing", taken(has("t", mode=0o644, uid=0)),
    Tar().file("t").add("l", "2", link="t", mode=0o4777, uid=5))
add("a time on a link touches nothing", taken(has("t", mtime=1000000000), has("l", mtime=5)),
    Tar().file("t").symlink("l", "t", mtime=5))
add("a directory's late metadata do not go through a link that took its place",
    taken(has("d", kind="l"), has("t", mode=0o755, mtime=1000000000)),
    Tar().dir("t").dir("d", mode=0o777, mtime=5).symlink("d", "t"))
add("a directory's late time does not go through a link out of the tree", taken(points_to("d", "../../canary")),
    Tar().dir("d", mode=0o777, mtime=5).symlink("d", "../../canary"))
add("file flags are not set", taken(contents("f", "text\n")),
    Tar().file("f", pax={"SCHILY.fflags": "immutable,append,nodump"}))
add("file flags on a link touch nothing", taken(contents("t", "text\n")),
    Tar().file("t").symlink("l", "t", pax={"SCHILY.fflags": "immutable"}))

group("C10", "bytes of names")

NAMES = {
    "a newline": b"a\nb", "an escape sequence": b"\x1b]0;x\x07", "bytes that are no UTF-8": b"\xff\xfe",
    "a backslash": b"a\\b", "accents in two codings": "e\u0301\u00e9".encode(), "a blank": b" ", "-rf": b"-rf",
    "a carriage return": b"good\rbad", "a backspace": b"a\bb", "a tab": b"a\tb", "a delete": b"a\x7fb",
    "a C1 control": "a\u009b31mb".encode(), "a direction mark": "a\u202eb".encode(), "a line separator": "a\u2028b".encode(),
    "an overlong slash": b"a\xc0\xafb", "a surrogate": b"a\xed\xa0\x80b", "conversions": b"%s%n%99999d",
    "a command": b"$(id);`id`|id", "quotes": b"'\"", "a wildcard": b"*?[a]", "'=' and ','": b"a=b,c", "...": b"...",
}
for what, name in NAMES.items():
    add(f"a name with {what} is kept to the byte", taken(contents(name, "text\n")), Tar().file(name))
    add(f"a long name with {what} is kept to the byte", taken(contents(b"d" * 120 + name, "text\n")),
        Tar().file(b"d" * 120 + name))
    add(f"a link to a name with {what} is kept to the byte", taken(points_to("l", name)), Tar().symlink("l", name))
    add(f"a name with {what} is named in printable characters", refused("'\\.\\.'"), Tar().file(name + b"/../x"))
add("what is refused is named in printable characters", refused("\\\\x1b|\\\\e|\\\\033"),
    Tar().file(b"\x1b]0;evil\x07/../x"))
add("a name with a NUL is refused", refused("no proper 'path'"), Tar().bytes(pax({"path": b"a\0/../b"})).file("f"))
add("a long name with a NUL is refused", refused("holds a NUL"), Tar().bytes(longname(b"a\0b")).file("f"))
add("an xattr's name is printable in a message", refused("xattr 'user.\\\\x1b"),
    Tar().file("f", pax={b"SCHILY.xattr.user.\x1b[31m": "x" * 65537}))
add("an owner's name is not looked at", taken(has("f", uid=7, gid=8)),
    Tar().file("f", uid=7, gid=8, pax={"uname": "\x1b[2Jroot", "gname": "../../etc"}))

group("C11", "the same name twice")

add("the later file wins", taken(every(contents("f", "new"), has("f", mode=0o600, nlink=1))),
    Tar().file("f", "old", mode=0o755).file("f", "new", mode=0o600))
add("the later file does not write into the other name of the earlier",
    taken(every(contents("b", "old"), contents("a", "new"))),
    Tar().file("a", "old").link("b", "a").file("a", "new"))
add("the later file has none of the earlier one's xattrs", taken(xattrs("f", {}), has("f", uid=0, mode=0o600)),
    Tar().file("f", uid=5, mode=0o4755, pax={"SCHILY.xattr.user.x": "y"}).file("f", "new", mode=0o600))
add("a file takes the place of an empty directory", taken(has("d", kind="-")), Tar().dir("d").file("d"))
add("a FIFO takes the place of a file", taken(has("f", kind="p")), Tar().file("f").add("f", "6"))
add("a file takes the place of a FIFO", taken(contents("f", "text\n")), Tar().add("f", "6").file("f"))
add("a link takes the place of a link", taken(points_to("l", "b")), Tar().symlink("l", "a").symlink("l", "b"))
add("a file does not take the place of a directory with files", refused("not empty"),
    Tar().dir("d").file("d/x").file("d"))
add("a link does not take the place of a directory with files", refused("not empty"),
    Tar().dir("d").file("d/x").symlink("d", "/"))
add("a later entry of a directory changes its mode, not its files",
    taken(every(has("d", mode=0o700, mtime=5), contents("d/x", "text\n"))),
    Tar().dir("d").file("d/x").dir("d", mode=0o700, mtime=5))
add("names that differ in case are two", taken(contents("README", "a"), contents("readme", "b")),
    Tar().file("README", "a").file("readme", "b"))
add("names that differ in their coding are two", taken(contents("e\u0301".encode(), "a"), contents("\u00e9".encode(), "b")),
    Tar().file("e\u0301", "a").file("\u00e9", "b"))


@archive("file and directory by turns, a thousand times", taken(has("f", kind="d")))
def _():
    t = Tar()
    for _i in range(1000):
        t.file("f").dir("f")
    return t.end()


@archive("file, link, FIFO and directory by turns, a thousand times", taken(has("f", kind="d", mode=0o755)))
def _():
    t = Tar()
    for _i in range(250):
        t.file("f").symlink("f", "../../canary").add("f", "6").dir("f")
    return t.end()


@archive("a directory that moves under the writer, a thousand times", taken(contents("d/x", "text\n")))
def _():
    t = Tar()
    for _i in range(250):
        t.dir("d").dir("e").symlink("d", "e").dir("d")
    return t.file("d/x").end()

