# SPDX-License-Identifier: LGPL-2.1-or-later
"""Which disk is which: an increment is based on a copy of the same disk, or the disk is copied in full."""

import json
import os
import shutil

from lib.checks import has, same

from machine import Machine
from test_backup import INCREMENTAL, change, check_restored, levels


def test_exchanged_images(bench):
    """two disks exchange their images -> both are copied in full, with the reason in the manifest"""
    vm = Machine(bench)
    change(vm, 1)
    vm.backup()
    vm.quit()
    os.rename(vm.image("d0"), vm.image("d0") + ".tmp")
    os.rename(vm.image("d1"), vm.image("d0"))
    os.rename(vm.image("d0") + ".tmp", vm.image("d1"))
    vm.start()
    change(vm, 2)
    has(vm.backup(*INCREMENTAL, status=1), "cannot make an incremental backup: ")
    point, wanted = vm.backup(), vm.contents()
    same(levels(point), {"d0": "full", "d1": "full"})
    for disk in point["disks"]:
        has(disk["reason"], f"disk {disk['name']} ")
    check_restored(vm, point, wanted, "exchanged")
    change(vm, 3)
    point, wanted = vm.backup(), vm.contents()
    same(point["level"], "incremental")
    check_restored(vm, point, wanted, "after the exchange")


def test_exchanged_names(bench):
    """two disks exchange their names in QEMU's command line -> both are copied in full"""
    vm = Machine(bench)
    change(vm, 1)
    vm.backup()
    vm.quit()
    vm.image = lambda disk: os.path.join(vm.dir, {"d0": "d1.img", "d1": "d0.img"}[disk])
    vm.start()
    change(vm, 2)
    point, wanted = vm.backup(), vm.contents()
    same(levels(point), {"d0": "full", "d1": "full"})
    check_restored(vm, point, wanted, "exchanged")


def test_copy_of_another_disk(bench):
    """the image becomes a copy of another disk's, with its bitmaps -> that disk is copied in full"""
    vm = Machine(bench)
    change(vm, 1)
    vm.backup()
    vm.quit()
    # In place: same path, same inode.
    with open(vm.image("d0"), "rb") as source, open(vm.image("d1"), "r+b") as target:
        target.truncate(0)
        shutil.copyfileobj(source, target)
    vm.start()
    vm.io("d1", "write -P 9 0 64k")
    point, wanted = vm.backup(), vm.contents()
    same(levels(point), {"d0": "incremental", "d1": "full"})
    check_restored(vm, point, wanted, "a copy of another disk")


def test_moved_image(bench):
    """the image is moved to another directory, by copying -> the next backup is incremental"""
    vm = Machine(bench, {"d0": "qcow2"})
    change(vm, 1)
    vm.backup()
    vm.quit()
    place = bench.path("elsewhere")
    os.mkdir(place)
    shutil.copy(vm.image("d0"), place)
    os.unlink(vm.image("d0"))
    vm.image = lambda disk: os.path.join(place, f"{disk}.img")
    vm.start()
    change(vm, 2)
    point, wanted = vm.backup(*INCREMENTAL), vm.contents()
    check_restored(vm, point, wanted, "moved")


def test_old_copy_put_back(bench):
    """a copy of the image from before the last backup is put back -> the disk is copied in full"""
    vm = Machine(bench, {"d0": "qcow2"})
    change(vm, 1)
    vm.backup()
    vm.quit()
    shutil.copy(vm.image("d0"), vm.image("d0") + ".old")
    vm.start()
    change(vm, 2)
    vm.backup()
    vm.quit()
    os.rename(vm.image("d0") + ".old", vm.image("d0"))
    vm.start()
    point, wanted = vm.backup(), vm.contents()
    same(levels(point), {"d0": "full"})
    has(point["disks"][0]["reason"], "the image of disk d0 was replaced")
    check_restored(vm, point, wanted, "put back")


def test_restored_in_place(bench):
    """the image is replaced by a restored one -> the disk is copied in full"""
    vm = Machine(bench, {"d0": "qcow2"})
    change(vm, 1)
    first = vm.backup()
    change(vm, 2)
    vm.backup()
    vm.quit()
    os.unlink(vm.image("d0"))
    result = bench.ctl("restore", "--from", vm.store, "--at", first["id"], "--to", vm.image("d0"))
    same(result.status, 0, result)
    vm.start()
    change(vm, 3)
    point, wanted = vm.backup(), vm.contents()
    same(levels(point), {"d0": "full"})
    check_restored(vm, point, wanted, "restored in place")


class TwoOverOne(Machine):
    """Both drives have the image of d0, without locks."""

    drive_options = ",file.locking=off"

    def __init__(self, bench):
        super().__init__(bench, {"d0": "raw", "d1": "raw"})

    def image(self, disk):
        return os.path.join(self.dir, "d0.img")


def test_two_disks_over_one_image(bench):
    """two disks over one image -> both are copied in full each time, and have no bitmap"""
    vm = TwoOverOne(bench)
    vm.io("d0", "write -P 5 0 1M", "flush")
    vm.backup()
    same(vm.bitmaps(), {"d0": {}, "d1": {}})
    vm.io("d0", "write -P 6 0 1M", "flush")
    has(vm.backup(*INCREMENTAL, status=1), "have the same image")
    point = vm.backup()
    same(levels(point), {"d0": "full", "d1": "full"})
    has(point["disks"][1]["reason"], "disks d1 and d0 have the same image")
    with open(vm.image("d0"), "rb") as file:
        same(vm.restore("d1", point["id"]) == file.read(), True, "what d0 wrote is missing")


def as_first_format(path):
    """Makes the manifest one of the first format."""
    with open(path, encoding="utf-8") as file:
        point = json.load(file)
    point["format"] = "guestctl-backup-1"
    for disk in point["disks"]:
        for name in ("level", "parent", "reason", "bitmap", "image", "image-id", "serial"):
            del disk[name]
    with open(path, "w", encoding="utf-8") as file:
        json.dump(point, file)


def test_first_format(bench):
    """the last backup was made by a guestctl that recorded no images -> everything in full, then incremental"""
    vm = Machine(bench, {"d0": "qcow2"})
    change(vm, 1)
    vm.backup()
    path = os.path.join(vm.store, next(name for name in os.listdir(vm.store)
                                       if name.endswith(".json")))
    as_first_format(path)
    change(vm, 2)
    point, wanted = vm.backup(), vm.contents()
    same(levels(point), {"d0": "full"})
    has(point["disks"][0]["reason"], "does not record which image")
    check_restored(vm, point, wanted, "after the first format")
    same(vm.backup()["level"], "incremental")
    result = bench.ctl("backup", "verify", "--to", vm.store)
    same(result.status, 0, result)
