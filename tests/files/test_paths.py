# SPDX-License-Identifier: LGPL-2.1-or-later
"""A root filesystem in a partition: its files have the paths that they had in the guest."""

import json
import os

from lib.checks import has, same

from images import UUID, ext4, partition, qcow2, tree, write


def root_disk(bench, files):
    source = tree(bench.path("source"), files)
    return qcow2(partition(bench.path("disk"), ext4(bench.path("part"), source)))


def test_words(bench, make):
    """a partition with ext4 -> each word shows its files, and no file of the store changes"""
    data = os.urandom(3 << 20)
    vm = make(vda=root_disk(bench, {"etc/motd": "hello\n", "srv/data": data}))
    vm.backup()
    before = vm.files()
    row = json.loads(bench.files(vm.store, "--json", "ls"))
    same(row, [{"device": "vda1", "disk": "vda", "type": "ext4", "label": "root", "uuid": UUID,
                "mountpoint": "/"}])
    same([entry["name"] for entry in json.loads(bench.files(vm.store, "--json", "ls", "/"))],
         ["dev", "etc", "lost+found", "srv"])
    same(bench.files(vm.store, "cat", "/etc/motd"), "hello\n")
    entry = json.loads(bench.files(vm.store, "--json", "stat", "/srv/data"))
    same((entry["type"], entry["size"]), ("regular", len(data)), entry)
    same(bench.files(vm.store, "find", "/", "mo*"), "/etc/motd\n")
    has(bench.files(vm.store, "cp", "/srv/data", bench.path("copy")), "copied 3.0")
    with open(bench.path("copy"), "rb") as file:
        same(file.read() == data, True, "the copy")
    same(vm.files(), before, "the store")
    same(bench.files(vm.store, "end"), "1 appliance ended\n")
    same(bench.files(vm.store, "end"), "no appliance runs\n")


def test_links(bench, make):
    """symbolic links that lead out of the root -> they stay in the guest's"""
    vm = make(vda=root_disk(bench, {"etc/motd": "guest\n", "abs": ("/etc/motd",),
                                    "etc/up": ("../../../../../etc/motd",)}))
    vm.backup()
    for name in ("/abs", "/etc/up", "/etc/../../../etc/motd"):
        same(bench.files(vm.store, "cat", name), "guest\n", name)


def test_refused(bench, make):
    """a file that is missing or is a directory -> refused, and the host's file stays"""
    vm = make(vda=root_disk(bench, {"etc/motd": "hello\n"}))
    vm.backup()
    write(bench.path("copy"), "before")
    for path, text in (("/nope", "no file /nope in the "), ("/etc", "/etc is not a regular file")):
        has(bench.files(vm.store, "cat", path, status=1), text)
        has(bench.files(vm.store, "cp", path, bench.path("copy"), status=1), text)
    with open(bench.path("copy"), encoding="utf-8") as file:
        same(file.read(), "before")
    has(bench.files(vm.store, "ls", "/nope", status=1), "/nope: No such file or directory")


def test_usage(bench, make):
    """a word or disk that does not exist -> usage error, and no appliance"""
    vm = make(vda=root_disk(bench, {}))
    vm.backup()
    for words, text in ((("rm", "/etc"), "must be one of: ls, cat, cp, find, stat, keep, end"),
                        (("cat",), "wrong number of arguments"),
                        (("--disk", "vdx", "ls"), "no disk vdx in the backup")):
        has(bench.files(vm.store, *words, status=2), text)
    same(os.path.exists(os.path.join(bench.runtime, "guestctl-files")), False)


def test_names(bench, make):
    """names with control characters -> printed without them, in JSON as they are"""
    name = "a\x1b[31m\nb\tc"
    vm = make(vda=root_disk(bench, {f"srv/{name}": "x", "srv/link": ("to\x1b[0m",)}))
    vm.backup()
    for words in (("ls", "/srv"), ("find", "/srv"), ("stat", f"/srv/{name}"), ("stat", "/srv/link")):
        said = bench.files(vm.store, *words)
        same([char for char in said if ord(char) < 32 and char != "\n"], [], said)
    rows = json.loads(bench.files(vm.store, "--json", "ls", "/srv"))
    same([row["name"] for row in rows], [name, "link"])
    same(rows[1]["target"], "to\x1b[0m")
    same(bench.files(vm.store, "cat", f"/srv/{name}"), "x")
