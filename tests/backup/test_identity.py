# SPDX-License-Identifier: LGPL-2.1-or-later
"""Which disk is which: an increment is based on a copy of the same disk, or the disk is copied in full."""

import json
import os
import shutil

from lib.checks import has, same

from machine import run
from test_backup import INCREMENTAL, change, check_restored, levels


def test_exchanged_images(make):
    """{make}: two disks exchange their images -> both are copied in full, with the reason in the manifest"""
    vm = make()
    change(vm, 1)
    vm.backup()
    vm.quit()
    os.rename(vm.image("vda"), vm.image("vda") + ".tmp")
    os.rename(vm.image("vdb"), vm.image("vda"))
    os.rename(vm.image("vda") + ".tmp", vm.image("vdb"))
    vm.start()
    change(vm, 2)
    has(vm.backup(*INCREMENTAL, status=1), "cannot make an incremental backup: ")
    point, wanted = vm.backup(), vm.contents()
    same(levels(point), {"vda": "full", "vdb": "full"})
    for disk in point["disks"]:
        has(disk["reason"], f"disk {disk['name']} ")
    check_restored(vm, point, wanted, "exchanged")
    change(vm, 3)
    point, wanted = vm.backup(), vm.contents()
    same(point["level"], "incremental")
    check_restored(vm, point, wanted, "after the exchange")


def test_exchanged_names(make):
    """{make}: two disks exchange their names in QEMU's command line -> both are copied in full"""
    vm = make()
    change(vm, 1)
    vm.backup()
    vm.quit()
    vm.images = {"vda": "vdb.img", "vdb": "vda.img"}
    vm.start()
    change(vm, 2)
    point, wanted = vm.backup(), vm.contents()
    same(levels(point), {"vda": "full", "vdb": "full"})
    check_restored(vm, point, wanted, "exchanged")


def test_copy_of_another_disk(make):
    """{make}: the image becomes a copy of another disk's, with its bitmaps -> that disk is copied in full"""
    vm = make()
    change(vm, 1)
    vm.backup()
    vm.quit()
    # In place: same path, same inode.
    with open(vm.image("vda"), "rb") as source, open(vm.image("vdb"), "r+b") as target:
        target.truncate(0)
        shutil.copyfileobj(source, target)
    vm.start()
    vm.io("vdb", "write -P 9 0 64k")
    point, wanted = vm.backup(), vm.contents()
    same(levels(point), {"vda": "incremental", "vdb": "full"})
    check_restored(vm, point, wanted, "a copy of another disk")


def test_moved_image(make):
    """{make}: the image is moved to another directory, by copying -> the next backup is incremental"""
    vm = make({"vda": "qcow2"})
    change(vm, 1)
    vm.backup()
    vm.quit()
    place = vm.bench.path("elsewhere")
    os.mkdir(place)
    shutil.copy(vm.image("vda"), place)
    os.unlink(vm.image("vda"))
    vm.images = {"vda": os.path.join(place, "vda.img")}
    vm.start()
    change(vm, 2)
    point, wanted = vm.backup(*INCREMENTAL), vm.contents()
    check_restored(vm, point, wanted, "moved")


def test_old_copy_put_back(make):
    """{make}: a copy of the image from before the last backup is put back -> the disk is copied in full"""
    vm = make({"vda": "qcow2"})
    change(vm, 1)
    vm.backup()
    vm.quit()
    shutil.copy(vm.image("vda"), vm.image("vda") + ".old")
    vm.start()
    change(vm, 2)
    vm.backup()
    vm.quit()
    os.rename(vm.image("vda") + ".old", vm.image("vda"))
    vm.start()
    point, wanted = vm.backup(), vm.contents()
    same(levels(point), {"vda": "full"})
    has(point["disks"][0]["reason"], " was replaced")
    check_restored(vm, point, wanted, "put back")


def test_restored_in_place(make):
    """{make}: the image is replaced by a restored one -> the disk is copied in full"""
    vm = make({"vda": "qcow2"})
    change(vm, 1)
    first = vm.backup()
    change(vm, 2)
    vm.backup()
    vm.quit()
    os.unlink(vm.image("vda"))
    result = vm.bench.ctl("restore", "--from", vm.store, "--at", first["id"], "--to", vm.image("vda"))
    same(result.status, 0, result)
    vm.start()
    change(vm, 3)
    point, wanted = vm.backup(), vm.contents()
    same(levels(point), {"vda": "full"})
    check_restored(vm, point, wanted, "restored in place")


def test_two_disks_over_one_image(make):
    """
    {make}: two disks over one image -> both are copied in full each time, without a bitmap, or not at all
    """
    vm = make({"vda": "raw", "vdb": "raw"}, images={"vdb": "vda.img"}, shared=True)
    vm.io("vda", "write -P 5 0 1M", "flush")
    if vm.ctl("backup", "--to", vm.store).status != 0:
        # QEMU's lock of the image, which libvirt always has it take.
        has(vm.backup(status=1), 'Failed to get shared "write" lock')
        same([name for name in os.listdir(vm.store) if not name.startswith(".")], [])
        return
    same(vm.bitmaps(), {"vda": {}, "vdb": {}})
    vm.io("vda", "write -P 6 0 1M", "flush")
    has(vm.backup(*INCREMENTAL, status=1), "have the same image")
    point = vm.backup()
    same(levels(point), {"vda": "full", "vdb": "full"})
    has(point["disks"][1]["reason"], "disks vdb and vda have the same image")
    with open(vm.image("vda"), "rb") as file:
        same(vm.restore("vdb", point["id"]) == file.read(), True, "what vda wrote is missing")


def as_first_format(path):
    """Makes the manifest one of the first format."""
    with open(path, encoding="utf-8") as file:
        point = json.load(file)
    point["format"] = "guestctl-backup-1"
    for disk in point["disks"]:
        for name in ("level", "parent", "reason", "bitmap", "image", "image-id", "serial", "tag"):
            del disk[name]
    with open(path, "w", encoding="utf-8") as file:
        json.dump(point, file)


def test_first_format(make):
    """{make}: the last backup was made by a guestctl that recorded no images -> everything in full, then incremental"""
    vm = make({"vda": "qcow2"})
    change(vm, 1)
    vm.backup()
    path = os.path.join(vm.store, next(name for name in os.listdir(vm.store)
                                       if name.endswith(".json")))
    as_first_format(path)
    change(vm, 2)
    point, wanted = vm.backup(), vm.contents()
    same(levels(point), {"vda": "full"})
    has(point["disks"][0]["reason"], "does not record which image")
    check_restored(vm, point, wanted, "after the first format")
    same(vm.backup()["level"], "incremental")
    result = vm.bench.ctl("backup", "verify", "--to", vm.store)
    same(result.status, 0, result)


def test_mixed_levels(make):
    """{make}: one disk was replaced -> it is copied in full, the other one incrementally, in one backup"""
    vm = make()
    change(vm, 1)
    vm.backup()
    vm.quit()
    os.unlink(vm.image("vdb"))
    run("qemu-img", "create", "-q", "-f", "qcow2", vm.image("vdb"), "8M")
    vm.start()
    for step in range(3):
        change(vm, step)
        point, wanted = vm.backup(), vm.contents()
        same(levels(point), {"vda": "incremental", "vdb": "incremental" if step else "full"})
        check_restored(vm, point, wanted, point["id"])


def test_killed(make):
    """{make}: QEMU was killed after the last backup -> everything in full, with the reason"""
    vm = make()
    change(vm, 1)
    vm.backup()
    change(vm, 2)
    vm.kill()
    vm.start()
    change(vm, 3)
    point, wanted = vm.backup(), vm.contents()
    same(levels(point), {"vda": "full", "vdb": "full"})
    for disk in point["disks"]:
        has(disk["reason"], "QEMU was killed")
    check_restored(vm, point, wanted, "killed")
    change(vm, 4)
    point, wanted = vm.backup(*INCREMENTAL), vm.contents()
    check_restored(vm, point, wanted, "after that")


def test_old_qcow2(make):
    """{make}: an image of qcow2 version 2, which keeps no bitmaps -> full each time, with the advice"""
    vm = make()
    vm.quit()
    run("qemu-img", "amend", "-f", "qcow2", "-o", "compat=0.10", vm.image("vdb"))
    vm.start()
    for step in range(2):
        change(vm, step)
        point, wanted = vm.backup(), vm.contents()
        same(levels(point), {"vda": "incremental" if step else "full", "vdb": "full"})
        check_restored(vm, point, wanted, point["id"])
    has(point["disks"][1]["reason"], 'qemu-img amend -f qcow2 -o compat=1.1 IMAGE" converts it')
    vm.quit()
    run("qemu-img", "amend", "-f", "qcow2", "-o", "compat=1.1", vm.image("vdb"))
    vm.start()
    same(levels(vm.backup()), {"vda": "incremental", "vdb": "full"})
    same(levels(vm.backup()), {"vda": "incremental", "vdb": "incremental"})
