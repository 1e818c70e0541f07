# SPDX-License-Identifier: LGPL-2.1-or-later
"""Files of a chain that are not what they were: verify and restore name them."""

import os
import shutil

from lib.checks import has, same

from machine import run
from test_backup import change


def chain(make):
    """A VM with three backups, and the path of each backup's file."""
    vm = make({"vda": "qcow2"})
    points = []
    for step in range(3):
        change(vm, step)
        points.append(vm.backup())
    paths = [os.path.join(vm.store, point["disks"][0]["file"]) for point in points]
    return vm, points, paths


def refused(vm, points, damaged, text):
    """From the backup with the number @damaged on, nothing is good; before it all is."""
    result = vm.bench.ctl("backup", "verify", "--to", vm.store)
    same(result.status, 1, result)
    has(result.out, text)
    for number, point in enumerate(points):
        has(result.out, f"{point['id']} {'ok' if number < damaged else 'is damaged'}")
        restored = vm.bench.ctl("restore", "--from", vm.store, "--at", point["id"], "--to",
                                vm.bench.path("never"))
        same(restored.status, 0 if number < damaged else 1, restored)
        if number < damaged:
            os.unlink(vm.bench.path("never"))
        same(os.path.exists(vm.bench.path("never")), False)


def test_edited(make):
    """{make}: a byte in the middle of a file is changed -> the range is named"""
    vm, points, paths = chain(make)
    with open(paths[1], "r+b") as file:
        file.seek(400000)
        before = file.read(1)
        file.seek(400000)
        file.write(bytes([before[0] ^ 1]))
    refused(vm, points, 1, f"the file {os.path.basename(paths[1])} was altered: the checksum of its "
                           "bytes 0 to ")


def test_other_backing_file(make):
    """{make}: a member has another backing file -> named, although the image is well-formed"""
    vm, points, paths = chain(make)
    run("qemu-img", "rebase", "-u", "-f", "qcow2", "-F", "qcow2", "-b", os.path.basename(paths[0]),
        paths[2])
    refused(vm, points, 2, os.path.basename(paths[2]))


def test_swapped(make):
    """{make}: two members are swapped -> both are named"""
    vm, points, paths = chain(make)
    shutil.move(paths[1], paths[1] + ".tmp")
    shutil.move(paths[2], paths[1])
    shutil.move(paths[1] + ".tmp", paths[2])
    refused(vm, points, 1, os.path.basename(paths[1]))


def test_cut(make):
    """{make}: the end of a file is missing -> its length is named"""
    vm, points, paths = chain(make)
    os.truncate(paths[0], os.path.getsize(paths[0]) - 65536)
    refused(vm, points, 0, f"the file {os.path.basename(paths[0])} was altered: it has ")


def test_wrong_when_made(make):
    """{make}: the manifest has the checksums of a file that is on another backing file -> named"""
    vm, points, paths = chain(make)
    run("qemu-img", "rebase", "-u", "-f", "qcow2", "-F", "qcow2", "-b", os.path.basename(paths[0]),
        paths[2])
    manifest = os.path.join(vm.store, points[2]["id"] + ".json")
    with open(manifest, encoding="utf-8") as file:
        text = file.read()
    sums = points[2]["disks"][0]["sha256"]
    with open(manifest, "w", encoding="utf-8") as file:
        file.write(text.replace(sums, run("sha256sum", paths[2]).split()[0]))
    name = os.path.basename
    refused(vm, points, 2, f"the file {name(paths[2])} has the backing file {name(paths[0])} instead "
                           f"of {name(paths[1])}")
