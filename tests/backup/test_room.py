# SPDX-License-Identifier: LGPL-2.1-or-later
"""The room that a backup needs is known before its first byte, also for images on block devices."""

import contextlib
import os

from lib.checks import has, same

from machine import run

MIB = 1 << 20


@contextlib.contextmanager
def loop_device(bench, size):
    """A block device with a new qcow2 image of 8 MiB in it."""
    path = bench.path("device")
    with open(path, "wb") as file:
        file.truncate(size)
    device = run("losetup", "-f", "--show", path).strip()
    try:
        run("qemu-img", "create", "-q", "-f", "qcow2", device, "8M")
        yield device
    finally:
        run("losetup", "-d", device)


@contextlib.contextmanager
def small_store(bench, size):
    place = bench.path("small")
    os.mkdir(place)
    run("mount", "-t", "tmpfs", "-o", f"size={size}", "tmpfs", place)
    try:
        yield os.path.join(place, "backups")
    finally:
        run("umount", place)


def test_block_device(make, bench):
    """{make}: the image is on a block device -> what is in it is needed, not 0 bytes and not its size"""
    with loop_device(bench, 32 * MIB) as device, small_store(bench, "4M") as store:
        vm = make({"vda": "qcow2"}, images={"vda": device})
        try:
            vm.io("vda", "write -P 1 0 1M", "flush")
            vm.store = store
            vm.backup()
            vm.io("vda", "write -P 1 0 6M", "flush")
            files, bitmaps = vm.files(), vm.bitmaps()
            has(vm.backup("--level", "full", status=1), "are needed; free some space")
            vm.check_clean(bitmaps, files)
            same(len(vm.files()), 2)
        finally:
            vm.quit()
