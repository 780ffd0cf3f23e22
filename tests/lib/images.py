#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""Images in the formats that people have, good and hostile.

  images.py NAME FILE [OTHER]     write one; OTHER is the second half of a pair
  images.py list                  their names

Each image holds a small system: /bin/busybox of this host and a few files, in
layers where the format has layers. A good one of layers ends as the tree that
"merged" says; a hostile one is wrong in one thing, which its name tells.
"""

import copy
import gzip
import hashlib
import io
import json
import os
import platform
import subprocess
import sys
import tarfile

GOARCH = {"x86_64": "amd64", "aarch64": "arm64"}.get(platform.machine(), platform.machine())
OTHER = "s390x" if GOARCH != "s390x" else "amd64"
TIME = 1000000000


# Trees: a list of (name, kind, content); the content of a link is its target.

def busybox():
    path = subprocess.run(["sh", "-c", "command -v busybox"], capture_output=True, text=True).stdout.strip()
    with open(path, "rb") as f:
        return f.read()


def system():
    tree = [("bin", "d", ""), ("etc", "d", ""), ("usr", "d", ""), ("usr/share", "d", ""),
            ("sbin", "d", ""), ("proc", "d", ""), ("sys", "d", ""), ("dev", "d", ""), ("tmp", "d", ""),
            ("run", "d", ""), ("root", "d", ""),
            ("bin/busybox", "x", busybox()), ("etc/passwd", "f", "root:x:0:0::/root:/bin/sh\nweb:x:33:44::/srv:/bin/sh\n"),
            ("etc/group", "f", "root:x:0:\nweb:x:44:\n"), ("etc/hostname", "f", "image\n"),
            ("etc/os-release", "f", 'ID=tiny\nVERSION_ID=7\nPRETTY_NAME="Tiny 7"\n')]
    for applet in ("sh", "cat", "id", "env", "pwd", "sleep", "echo", "ls", "stat", "httpd", "kill", "test"):
        tree.append((f"bin/{applet}", "l", "busybox"))
    return sorted(tree)     # GNU tar leaves the time alone of a directory that it has left


INIT = [("sbin", "d", ""), ("sbin/init", "l", "../bin/busybox")]


def add(tar, name, kind, content, base=0, root="./"):
    info = tarfile.TarInfo(root + name if name else root.rstrip("/") or ".")
    info.mtime = TIME
    info.uid = info.gid = base
    info.uname = info.gname = ""
    info.mode = {"d": 0o755, "f": 0o644, "x": 0o755, "l": 0o777, "h": 0o644}[kind]
    info.type = {"d": tarfile.DIRTYPE, "l": tarfile.SYMTYPE, "h": tarfile.LNKTYPE}.get(kind, tarfile.REGTYPE)
    data = b""
    if kind == "h":
        info.linkname = root + content
    elif kind == "l":
        info.linkname = content
    elif kind != "d":
        data = content if isinstance(content, bytes) else content.encode()
        info.size = len(data)
    tar.addfile(info, io.BytesIO(data))


def tar_of(tree, base=0, root="./", top=True):
    out = io.BytesIO()
    with tarfile.open(fileobj=out, mode="w", format=tarfile.PAX_FORMAT) as tar:
        if top:
            add(tar, "", "d", "", base, root)
        for name, kind, content in tree:
            add(tar, name, kind, content, base, root)
    return out.getvalue()


def archive_of(files):
    """A tar of files by name, of which the value is bytes or ("l", target)."""
    out = io.BytesIO()
    with tarfile.open(fileobj=out, mode="w", format=tarfile.PAX_FORMAT) as tar:
        for name, data in files.items():
            if isinstance(data, tuple):
                add(tar, name, data[0], data[1], root="")
            else:
                add(tar, name, "f", data, root="")
    return out.getvalue()


def write(path, data):
    with open(path, "wb") as f:
        f.write(data)


def packed(data, how):
    if how == "gzip":
        return gzip.compress(data, 6, mtime=0)
    if how == "plain":
        return data
    return subprocess.run([how, "-q", "-c"], input=data, capture_output=True, check=True).stdout


def sha(data):
    return hashlib.sha256(data).hexdigest()


# Layers, and what they make.

LOWER = system() + [
    ("etc/gone", "f", "lower\n"), ("etc/kept", "f", "lower\n"), ("etc/changed", "f", "lower\n"),
    ("opaque", "d", ""), ("opaque/old", "f", "old\n"), ("opaque/sub", "d", ""), ("opaque/sub/old", "f", "old\n"),
    ("dir", "d", ""), ("dir/a", "f", "a\n"), ("dir/sub", "d", ""), ("dir/sub/b", "f", "b\n"),
    ("becomes-file", "d", ""), ("becomes-file/x", "f", "x\n"),
    ("becomes-dir", "f", "file\n"), ("link-to-etc", "l", "etc"),
    ("both", "f", "lower\n"), ("again", "d", ""), ("again/lower", "f", "lower\n"),
]
MIDDLE = [
    ("etc/.wh.gone", "f", ""), ("etc/changed", "f", "middle\n"),
    ("opaque", "d", ""), ("opaque/new", "f", "new\n"), ("opaque/.wh..wh..opq", "f", ""), ("opaque/late", "f", "late\n"),
    (".wh.dir", "f", ""),
    ("becomes-file", "f", "now a file\n"), ("becomes-dir", "d", ""), ("becomes-dir/in", "f", "in\n"),
    ("etc/hard", "h", "etc/kept"),
    ("both", "f", "middle\n"), (".wh.both", "f", ""),
    ("again", "d", ""), ("again/upper", "f", "upper\n"), (".wh.again", "f", ""),
]
UPPER = [("etc/.wh.not-there", "f", ""), ("etc/top", "f", "top\n"), ("etc/.wh.kept", "f", "")]
EMPTY = []

MERGED = {
    "etc/gone": None, "etc/changed": "middle\n", "etc/top": "top\n", "etc/kept": None, "etc/hard": "lower\n",
    "opaque/old": None, "opaque/sub": None, "opaque/new": "new\n", "opaque/late": "late\n", "dir": None,
    "becomes-file": "now a file\n", "becomes-dir/in": "in\n", "both": "middle\n", "again/lower": None,
    "again/upper": "upper\n", ".wh.dir": None, "etc/.wh.gone": None, "opaque/.wh..wh..opq": None,
}


class Image:
    """An image of layers, as data that can be made wrong before it is written."""

    def __init__(self, layers=(LOWER, MIDDLE, UPPER, EMPTY), how=("plain", "gzip", "zstd", "gzip")):
        self.tars = [tar_of(layer, top=i == 0) for i, layer in enumerate(layers)]
        self.how = list(how)
        self.blobs = {}
        self.platform = {"architecture": GOARCH, "os": "linux"}
        self.process = {"Entrypoint": ["/bin/echo"], "Cmd": ["hello", "world"],
                        "Env": ["PATH=/bin:/opt/bin", "COLOR=blue", "container=oci"], "User": "web",
                        "WorkingDir": "/usr/share", "StopSignal": "SIGQUIT", "ExposedPorts": {"80/tcp": {}},
                        "Labels": {"a": "b"}}
        self.names = {"org.opencontainers.image.ref.name": "registry.test/lib/tiny:7"}
        self.diff_ids = ["sha256:" + sha(t) for t in self.tars]

    def blob(self, data, kind, **more):
        digest = sha(data)
        self.blobs[digest] = data
        return dict({"mediaType": kind, "digest": "sha256:" + digest, "size": len(data)}, **more)

    def json(self, value, kind, **more):
        return self.blob(json.dumps(value).encode(), kind, **more)

    def config(self):
        return dict(self.platform, config=self.process, history=[{"created_by": "a test"}],
                    rootfs={"type": "layers", "diff_ids": self.diff_ids})

    def layers(self):
        suffix = {"plain": "", "gzip": "+gzip", "zstd": "+zstd"}
        return [self.blob(packed(t, how), "application/vnd.oci.image.layer.v1.tar" + suffix[how])
                for t, how in zip(self.tars, self.how)]

    def manifest(self, **changes):
        value = {"schemaVersion": 2, "mediaType": "application/vnd.oci.image.manifest.v1+json",
                 "config": self.json(self.config(), "application/vnd.oci.image.config.v1+json"),
                 "layers": self.layers()}
        value.update(changes)
        return value

    def described(self, **changes):
        return self.json(self.manifest(**changes), "application/vnd.oci.image.manifest.v1+json",
                         platform=self.platform, annotations=self.names)

    def files(self, manifests=None):
        if manifests is None:
            manifests = [self.described()]
        out = {"oci-layout": b'{"imageLayoutVersion": "1.0.0"}',
               "index.json": json.dumps({"schemaVersion": 2, "manifests": manifests}).encode()}
        for digest, data in self.blobs.items():
            out["blobs/sha256/" + digest] = data
        return out

    def nested(self):
        """An index in an index, with other machines' images, an attestation, and ours."""
        other = copy.copy(self)
        other.blobs, other.platform = self.blobs, {"architecture": OTHER, "os": "linux"}
        other.tars, other.diff_ids = self.tars[:1], self.diff_ids[:1]
        windows = copy.copy(other)
        windows.platform = {"architecture": GOARCH, "os": "windows"}
        attestation = self.json({"schemaVersion": 2, "layers": []}, "application/vnd.oci.image.manifest.v1+json",
                                platform={"architecture": "unknown", "os": "unknown"})
        index = {"schemaVersion": 2, "mediaType": "application/vnd.oci.image.index.v1+json",
                 "manifests": [other.described(), windows.described(), attestation, self.described()]}
        return [self.json(index, "application/vnd.oci.image.index.v1+json", annotations=self.names)]


def docker_modern():
    image = Image()
    files = image.files()
    config = image.config()
    files["manifest.json"] = json.dumps([{
        "Config": "blobs/sha256/" + sha(json.dumps(config).encode()), "RepoTags": ["lib/tiny:7"],
        "Layers": ["blobs/sha256/" + sha(packed(t, h)) for t, h in zip(image.tars, image.how)]}]).encode()
    return files


def docker_legacy(images=1, link=False):
    image = Image(layers=(LOWER, MIDDLE, EMPTY, EMPTY) if link else (LOWER, MIDDLE, UPPER))
    config = json.dumps(image.config()).encode()
    files, names = {}, []
    for i, data in enumerate(image.tars):
        name = sha(b"layer %d" % i)
        names.append(name + "/layer.tar")
        if link and i == 3:
            files[name + "/layer.tar"] = ("l", "../" + names[2])
        else:
            files[name + "/layer.tar"] = data
        files[name + "/VERSION"] = b"1.0"
    files[sha(config) + ".json"] = config
    one = {"Config": sha(config) + ".json", "RepoTags": ["lib/tiny:7"], "Layers": names}
    files["manifest.json"] = json.dumps([one] * images).encode()
    files["repositories"] = b"{}"
    return files


METADATA = f"""architecture: {platform.machine()}
creation_date: 1700000000
properties:
  description: "Tiny 7 (20240101_00:00)"
  os: Tiny
  release: seven
  variant: default
templates:
  /etc/hostname:
    when:
    - create
    - copy
    template: hostname.tpl
  /etc/strange:
    when:
    - create
    template: strange.tpl
""".encode()


def below(prefix, tree):
    return [(prefix + "/" + name, kind, content) for name, kind, content in tree]


def incus(metadata=METADATA, rootfs=None):
    if rootfs is None:
        rootfs = [("rootfs", "d", "")] + below("rootfs", system() + INIT)
    return tar_of([("metadata.yaml", "f", metadata)] + rootfs +
                  [("templates", "d", ""), ("templates/hostname.tpl", "f", "{{ container.name }}\n"),
                   ("templates/strange.tpl", "f", "{{ config.x }}\n")], root="", top=False)


def incus_meta(metadata=METADATA):
    return incus(metadata, [])


def lxc_meta():
    return tar_of([("config", "f", "lxc.include = x\n"), ("create-message", "f", "hello\n"),
                   ("expiry", "f", "1\n"), ("templates", "f", "/etc/hostname\n")], root="", top=False)


def export(index=b"name: c1\nbackend: dir\npool: default\noptimized: false\ntype: container\n", more=()):
    return tar_of([("backup", "d", ""), ("backup/index.yaml", "f", index), ("backup/container", "d", ""),
                   ("backup/container/backup.yaml", "f", "x: y\n"), ("backup/container/rootfs", "d", "")] +
                  below("backup/container/rootfs", system() + INIT) + list(more), root="", top=False)


IMAGES = {}


def image(make):
    IMAGES[make.__name__.replace("_", "-")] = make
    return make


# Good ones.

@image
def flat(path):
    write(path, tar_of(system() + INIT))


@image
def flat_without_dots(path):
    write(path, tar_of(system() + INIT, root="", top=False))


@image
def strip_one(path):
    files = [("pkglist.txt", "f", "x\n"), ("root.x86_64", "d", "")] + below("root.x86_64", system() + INIT)
    write(path, packed(tar_of(files, root="", top=False), "zstd"))


@image
def shifted(path):
    write(path, tar_of(system() + INIT, base=5 * 65536))


@image
def oci(path):
    write(path, archive_of(Image().files()))


@image
def oci_directory(path):
    for name, data in Image().files().items():
        where = os.path.join(path, name)
        os.makedirs(os.path.dirname(where), exist_ok=True)
        write(where, data)


@image
def oci_nested(path):
    it = Image()
    write(path, archive_of(it.files(it.nested())))


@image
def oci_tag(path):
    it = Image()
    it.names = {"org.opencontainers.image.ref.name": "edge"}
    write(path, archive_of(it.files()))


@image
def oci_init(path):
    """With an init of its own: what the image says to run is not what a zone of it boots."""
    it = Image(layers=(LOWER + INIT,), how=("gzip",))
    write(path, archive_of(it.files()))


@image
def oci_server(path):
    """No init, but a program that says that it runs and ends by its own signal alone."""
    script = ("#!/bin/sh\ntrap 'echo stopped by quit; exit 0' QUIT\n"
              "echo up as $(id -u) in $(pwd) with $COLOR\nwhile :; do sleep 1 & wait $!; done\n")
    it = Image(layers=(LOWER + [("server", "x", script)],), how=("gzip",))
    it.process.update(Entrypoint=["/server"], Cmd=None)
    write(path, archive_of(it.files()))


@image
def oci_no_user(path):
    it = Image()
    it.process["User"] = "nobody-here"
    write(path, archive_of(it.files()))


@image
def oci_no_directory(path):
    it = Image()
    it.process["WorkingDir"] = "not/here"
    write(path, archive_of(it.files()))


@image
def oci_opaque_root(path):
    it = Image(layers=(LOWER, [(".wh..wh..opq", "f", "")] + system()), how=("gzip", "gzip"))
    write(path, archive_of(it.files()))


@image
def oci_other_process(path):
    it = Image()
    it.process["Cmd"] = ["another"]
    write(path, archive_of(it.files()))


@image
def docker(path):
    write(path, archive_of(docker_modern()))


@image
def docker_old(path):
    write(path, archive_of(docker_legacy()))


@image
def docker_old_link(path):
    write(path, archive_of(docker_legacy(link=True)))


@image
def incus_unified(path):
    write(path, packed(incus(), "xz"))


@image
def incus_unique(path):
    write(path, incus(rootfs=[("rootfs", "d", "")] + below("rootfs", system() + [("etc/unique", "f", "incus")])))


@image
def vzdump_unique(path):
    write(path, tar_of(system() + [("etc/unique", "f", "vz"), ("etc/vzdump", "d", ""),
                                   ("etc/vzdump/vps.conf", "f", "x=y\n")]))


@image
def incus_json(path):
    write(path, incus(json.dumps({"architecture": platform.machine(), "creation_date": 1, "properties":
                                  {"os": "Tiny", "release": "json"}}).encode()))


@image
def incus_split(path, other):
    write(path, packed(incus_meta(), "xz"))
    write(other, packed(tar_of(system() + INIT), "xz"))


@image
def incus_split_large_meta(path, other):
    """The metadata is the larger of the two: which is which is not told by the size."""
    write(path, incus_meta(METADATA + b"#" * 900000))
    write(other, packed(tar_of(system() + INIT), "xz"))


@image
def lxc_pair(path, other):
    write(path, packed(lxc_meta(), "xz"))
    write(other, packed(tar_of(system() + INIT), "xz"))


@image
def incus_export(path):
    write(path, packed(export(), "gzip"))


@image
def vzdump(path):
    files = [("etc/vzdump", "d", ""), ("etc/vzdump/pct.conf", "f", "memory: 512\n"), ("etc/vzdump/pct.fw", "f", "")]
    write(path, packed(tar_of(system() + files + INIT), "zstd"))


# Wrong ones.

@image
def oci_blob_missing(path):
    it = Image()
    files = it.files()
    del files["blobs/sha256/" + sha(packed(it.tars[1], "gzip"))]
    write(path, archive_of(files))


@image
def oci_blob_changed(path):
    it = Image()
    files = it.files()
    files["blobs/sha256/" + sha(it.tars[0])] = tar_of(LOWER + [("etc/evil", "f", "evil\n")])
    write(path, archive_of(files))


@image
def oci_blob_longer(path):
    it = Image()
    manifest = it.manifest()
    manifest["layers"][0]["size"] += 512
    write(path, archive_of(it.files([it.json(manifest, "application/vnd.oci.image.manifest.v1+json",
                                             platform=it.platform)])))


@image
def oci_diff_id(path):
    it = Image()
    it.diff_ids[1] = "sha256:" + sha(b"another")
    write(path, archive_of(it.files()))


@image
def oci_diff_ids_fewer(path):
    it = Image()
    it.diff_ids.pop()
    write(path, archive_of(it.files()))


@image
def oci_config_changed(path):
    it = Image()
    files = it.files()
    files["blobs/sha256/" + sha(json.dumps(it.config()).encode())] = b"{}"
    write(path, archive_of(files))


@image
def oci_manifest_changed(path):
    it = Image()
    manifests = [it.described()]
    files = it.files(manifests)
    files["blobs/sha256/" + manifests[0]["digest"][7:]] += b" "
    write(path, archive_of(files))


@image
def oci_blob_is_link(path):
    it = Image()
    files = it.files()
    files["blobs/sha256/" + sha(it.tars[0])] = ("l", "/etc/shadow")
    write(path, archive_of(files))


@image
def oci_blobs_are_link(path):
    files = {name: data for name, data in Image().files().items() if not name.startswith("blobs/")}
    files["blobs"] = ("l", "/")
    write(path, archive_of(files))


@image
def oci_blob_is_directory(path):
    it = Image()
    files = it.files()
    digest = "blobs/sha256/" + sha(it.tars[0])
    del files[digest]
    files[digest + "/x"] = b"x"
    write(path, archive_of(files))


@image
def oci_directory_link(path):
    """A directory of the host's, in which a blob leads to a file of the host's."""
    it = Image()
    files = it.files()
    for name, data in files.items():
        where = os.path.join(path, name)
        os.makedirs(os.path.dirname(where), exist_ok=True)
        if name.endswith(sha(it.tars[0])):
            write(os.path.join(path, "..", "outside.tar"), data)
            os.symlink("../../../outside.tar", where)
        else:
            write(where, data)


@image
def oci_digest_is_path(path):
    it = Image()
    manifest = it.manifest()
    manifest["layers"][0]["digest"] = "sha256:../../../etc/shadow"
    write(path, archive_of(it.files([it.json(manifest, "application/vnd.oci.image.manifest.v1+json")])))


@image
def oci_two_images(path):
    it = Image()
    one = it.described()
    it.process = dict(it.process, Cmd=["other"])
    write(path, archive_of(it.files([one, it.described()])))


@image
def oci_no_image(path):
    write(path, archive_of(Image().files([])))


@image
def oci_other_machine(path):
    it = Image()
    it.platform = {"architecture": OTHER, "os": "linux"}
    write(path, archive_of(it.files()))


@image
def oci_machine_in_config(path):
    """The index does not say whom it is for, the config does."""
    it = Image()
    it.platform = {"architecture": OTHER, "os": "linux"}
    write(path, archive_of(it.files([it.json(it.manifest(), "application/vnd.oci.image.manifest.v1+json")])))


@image
def oci_many_layers(path):
    it = Image(layers=(LOWER,) + (EMPTY,) * 128, how=("plain",) * 129)
    write(path, archive_of(it.files()))


@image
def oci_most_layers(path):
    it = Image(layers=(LOWER,) + (EMPTY,) * 127, how=("plain",) * 128)
    write(path, archive_of(it.files()))


@image
def oci_loop(path):
    """Indexes as deep as they go."""
    it = Image()
    at = it.described()
    for _ in range(6):
        at = it.json({"schemaVersion": 2, "manifests": [at]}, "application/vnd.oci.image.index.v1+json")
    write(path, archive_of(it.files([at])))


@image
def oci_json_deep(path):
    files = Image().files()
    files["index.json"] = b'{"manifests":' * 1 + b"[" * 100000
    write(path, archive_of(files))


@image
def oci_json_large(path):
    files = Image().files()
    files["index.json"] = b" " * (2 << 20) + files["index.json"]
    write(path, archive_of(files))


@image
def oci_json_twice(path):
    files = Image().files()
    files["index.json"] = files["index.json"][:-1] + b', "manifests": []}'
    write(path, archive_of(files))


@image
def oci_encrypted(path):
    it = Image()
    manifest = it.manifest()
    manifest["layers"][0]["mediaType"] += "+encrypted"
    write(path, archive_of(it.files([it.json(manifest, "application/vnd.oci.image.manifest.v1+json")])))


@image
def oci_stop_signal(path):
    it = Image()
    it.process["StopSignal"] = "SIGNOTHING"
    write(path, archive_of(it.files()))


@image
def oci_layout_two(path):
    files = Image().files()
    files["oci-layout"] = b'{"imageLayoutVersion": "2.0.0"}'
    write(path, archive_of(files))


def second_layer(name):
    def register(entries):
        def make(path):
            it = Image(layers=(LOWER, entries), how=("gzip", "gzip"))
            write(path, archive_of(it.files()))
        IMAGES[name] = make
    return register


second_layer("layer-whiteout-parent")([("etc/.wh...", "f", "")])
second_layer("layer-whiteout-self")([("etc/.wh..", "f", "")])
second_layer("layer-whiteout-nothing")([("etc/.wh.", "f", "")])
second_layer("layer-whiteout-through-link")([("link-to-etc/.wh.passwd", "f", "")])
second_layer("layer-opaque-through-link")([("link-to-etc/.wh..wh..opq", "f", "")])
second_layer("layer-file-through-link")([("link-to-etc/evil", "f", "evil\n")])
second_layer("layer-below-whiteout")([(".wh.etc", "d", ""), (".wh.etc/x", "f", "")])
second_layer("layer-whiteout-of-link")([(".wh.link-to-etc", "f", "")])
second_layer("layer-hard-link-to-none")([("x", "h", "etc/not-there")])
second_layer("layer-of-aufs")([(".wh..wh.aufs", "f", ""), (".wh..wh.plnk", "d", ""), (".wh..wh.plnk/1.2", "f", "x")])


@image
def docker_two(path):
    write(path, archive_of(docker_legacy(images=2)))


@image
def docker_none(path):
    write(path, archive_of(docker_legacy(images=0)))


@image
def docker_other(path):
    """What skopeo's dir: has."""
    write(path, archive_of({"manifest.json": json.dumps(Image().manifest()).encode(), "version": b"1"}))


@image
def docker_layer_changed(path):
    files = docker_legacy()
    name = [n for n in files if n.endswith("layer.tar")][1]
    files[name] = tar_of([("etc/evil", "f", "evil\n")])
    write(path, archive_of(files))


@image
def docker_config_changed(path):
    files = docker_legacy()
    name = [n for n in files if n.endswith(".json") and len(n) == 69][0]
    files[name] = files[name].replace(b"blue", b"evil")
    write(path, archive_of(files))


@image
def docker_layer_outside(path):
    files = docker_legacy()
    manifest = json.loads(files["manifest.json"])
    manifest[0]["Layers"][0] = "../../../../../../etc/passwd"
    files["manifest.json"] = json.dumps(manifest).encode()
    write(path, archive_of(files))


@image
def incus_rootfs_is_link(path):
    write(path, incus(rootfs=[("rootfs", "l", "/etc")]))


@image
def incus_with_zone_json(path):
    """Files of our own names beside the root filesystem: bytes of the image, not ours."""
    write(path, incus(rootfs=[("zone.json", "f", "{}"), ("template.json", "f", "{}"), ("rootfs", "d", "")] +
                      below("rootfs", system() + INIT)))


@image
def incus_metadata_large(path):
    write(path, incus(METADATA + b"#" * (2 << 20)))


@image
def incus_metadata_sparse(path):
    """Five GiB of metadata.yaml in an archive of a few KiB (GNU tar's own sparse format)."""
    import tempfile
    with tempfile.TemporaryDirectory() as where:
        os.makedirs(where + "/rootfs/etc")
        write(where + "/metadata.yaml", METADATA)
        os.truncate(where + "/metadata.yaml", 5 << 30)
        subprocess.run(["tar", "-C", where, "--sparse", "--format=pax", "-cf", path, "metadata.yaml", "rootfs"],
                       check=True)


@image
def incus_metadata_is_link(path):
    write(path, tar_of([("metadata.yaml", "l", "/etc/shadow"), ("rootfs", "d", "")] +
                       below("rootfs", system() + INIT), root="", top=False))


@image
def incus_other_machine(path):
    write(path, incus(METADATA.replace(platform.machine().encode(), b"s390x")))


@image
def incus_half(path):
    write(path, incus_meta())


@image
def incus_vm(path):
    write(path, incus(rootfs=[("rootfs.img", "f", "x" * 4096)]))


@image
def two_roots(path, other):
    write(path, tar_of(system() + INIT))
    write(other, tar_of(system()))


@image
def export_optimized(path):
    write(path, export(b"name: c1\noptimized: true\ntype: container\n"))


@image
def export_optimized_bin(path):
    write(path, tar_of([("backup", "d", ""), ("backup/index.yaml", "f", "name: c1\noptimized: true\n"),
                        ("backup/container.bin", "f", "x" * 4096)], root="", top=False))


@image
def shifted_beyond(path):
    out = io.BytesIO()
    with tarfile.open(fileobj=out, mode="w", format=tarfile.PAX_FORMAT) as tar:
        add(tar, "", "d", "", 5 * 65536)
        add(tar, "etc", "d", "", 6 * 65536)
    write(path, out.getvalue())


@image
def ploop(path):
    write(path, tar_of([("DiskDescriptor.xml", "f", "<x/>"), ("root.hds", "f", "x" * 4096)], root="", top=False))


@image
def other_machine(path):
    """A root filesystem whose shell is for another machine, by its ELF header."""
    header = bytearray(busybox()[:4096])
    header[5] = 2                       # big-endian
    header[18:20] = b"\x00\x16"         # EM_S390
    write(path, tar_of([("bin", "d", ""), ("etc", "d", ""), ("usr", "d", ""), ("bin/sh", "x", bytes(header))]))


def main():
    if sys.argv[1:] == ["list"]:
        print("\n".join(IMAGES))
        return
    IMAGES[sys.argv[1]](*sys.argv[2:])


if __name__ == "__main__":
    main()
