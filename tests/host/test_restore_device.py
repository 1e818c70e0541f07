# SPDX-License-Identifier: LGPL-2.1-or-later
"""restore to block devices: what is refused, what is written, and what stays as it was."""

import contextlib
import json
import os
import subprocess

from lib.checks import Skip, has, same

from machine import Machine, content, run
from test_backup import change

MIB = 1 << 20
SIZE = 8 * MIB


@contextlib.contextmanager
def device(bench, size, fill=0):
    """A loop device of @size bytes, and its file, which is full of the byte @fill."""
    path = bench.path("device")
    with open(path, "wb") as file:
        if fill:
            file.write(bytes([fill]) * size)
        file.truncate(size)
    made = subprocess.run(["losetup", "--find", "--show", path], stdout=subprocess.PIPE,
                          stderr=subprocess.PIPE, text=True, check=False)
    if made.returncode:
        raise Skip(f"no loop devices: {made.stderr.strip()}")
    name = made.stdout.strip()
    try:
        yield name, path
    finally:
        run("losetup", "-d", name)


def backed_up(bench):
    """A machine with a full and an incremental backup, and what its disk was then."""
    vm = Machine(bench)
    disk = next(iter(vm.disks))
    for step in range(2):
        change(vm, step)
        vm.backup()
    return vm, disk, vm.contents()[disk]


def restore(bench, vm, disk, to, *args):
    return bench.ctl("restore", "--from", vm.store, "--disk", disk, "--to", to, *args)


def read(path):
    with open(path, "rb") as file:
        return file.read()


def refused(result, text):
    same(result.status, 1, result)
    has(result.err, text)


def test_empty_device(bench):
    """an empty device that is larger -> the disk's bytes, its rest as it was, and that is reported"""
    vm, disk, _ = backed_up(bench)
    size = SIZE + 9 * MIB
    with device(bench, size) as (name, path):
        image = bench.path("image")
        same(restore(bench, vm, disk, image, "--format", "raw").status, 0)
        wanted = read(image)
        with open(path, "r+b") as file:
            file.seek(len(wanted))
            file.write(b"rest")
        result = restore(bench, vm, disk, name)
        same(result.status, 0, result)
        rest = size - len(wanted)
        has(result.out, f"its last {rest} bytes stay as they were")
        got = read(name)
        same(got[:len(wanted)] == wanted, True, "the disk's bytes")
        same(got[len(wanted):] == b"rest" + bytes(rest - 4), True, "the rest")


def test_content(bench):
    """a device with content -> refused; with --force its old bytes are zeros where the disk has holes"""
    vm, disk, _ = backed_up(bench)
    with device(bench, SIZE, fill=0xff) as (name, path):
        refused(restore(bench, vm, disk, name),
                f"{name} has content (at byte 0); use --force to overwrite it")
        same(read(path), b"\xff" * SIZE)
        same(restore(bench, vm, disk, name, "--force", "--dry-run").status, 0)
        same(read(path), b"\xff" * SIZE)
        result = bench.ctl("--json", "restore", "--from", vm.store, "--disk", disk, "--to", name,
                           "--force")
        same((result.status, json.loads(result.out)["device-size"]), (0, SIZE), result)
        image = bench.path("image")
        same(restore(bench, vm, disk, image, "--format", "raw").status, 0)
        same(read(name) == read(image), True, "the device is not what the image is")


def test_content_at_end(bench):
    """a device whose last byte only is not zero -> refused"""
    vm, disk, _ = backed_up(bench)
    with device(bench, 3 * SIZE) as (name, path):
        with open(path, "r+b") as file:
            file.seek(3 * SIZE - 1)
            file.write(b"x")
        refused(restore(bench, vm, disk, name), f"has content (at byte {3 * SIZE - 1})")


def test_format(bench):
    """--format qcow2 -> an image in the device that reads as the disk"""
    vm, disk, wanted = backed_up(bench)
    with device(bench, 4 * SIZE) as (name, _):
        result = restore(bench, vm, disk, name, "--format", "qcow2")
        same(result.status, 0, result)
        same(content(name), wanted)


def test_small(bench):
    """a device smaller than the disk -> refused, also with --force, and unchanged"""
    vm, disk, _ = backed_up(bench)
    with device(bench, SIZE - 4096, fill=1) as (name, path):
        refused(restore(bench, vm, disk, name, "--force"), f"{name} is too small")
        same(read(path), b"\x01" * (SIZE - 4096))


def test_in_use(bench):
    """a device that another program has opened for itself -> refused, also with --force"""
    vm, disk, _ = backed_up(bench)
    with device(bench, SIZE) as (name, path):
        fd = os.open(name, os.O_RDONLY | os.O_EXCL)
        try:
            refused(restore(bench, vm, disk, name, "--force"), f"{name} is in use")
        finally:
            os.close(fd)
        same(read(path), bytes(SIZE))


def test_mistyped(bench):
    """a name in /dev that does not exist -> refused, and no file is made"""
    vm, disk, _ = backed_up(bench)
    name = f"/dev/guestctl-no-such-device-{os.getpid()}"
    try:
        refused(restore(bench, vm, disk, name), f"{name} is not a block device")
        same(os.path.lexists(name), False)
    finally:
        with contextlib.suppress(FileNotFoundError):
            os.unlink(name)


def test_damaged(bench):
    """a damaged backup -> refused before the first byte of the device is written"""
    vm, disk, _ = backed_up(bench)
    listed = json.loads(bench.ctl("--json", "backup", "list", "--to", vm.store).out)
    name = next(d["file"] for d in listed[0]["disks"] if d["name"] == disk)
    with open(os.path.join(vm.store, name), "r+b") as file:
        file.seek(-1, os.SEEK_END)
        last = file.read(1)
        file.seek(-1, os.SEEK_END)
        file.write(bytes([last[0] ^ 1]))
    with device(bench, SIZE) as (loop, path):
        same(restore(bench, vm, disk, loop).status, 1)
        same(read(path), bytes(SIZE))


def test_force_without_device(bench):
    """--force with a file -> usage error"""
    vm, disk, _ = backed_up(bench)
    result = restore(bench, vm, disk, bench.path("image"), "--force")
    same(result.status, 2, result)
    has(result.err, "--force requires --to with a block device")
