# SPDX-License-Identifier: LGPL-2.1-or-later
"""Backups of VMs that are off: nothing starts, and the bitmaps go on."""

import json
import os
import signal

from lib.checks import has, same
from lib.libvirt.daemons import must, virsh

from domain import Domain
from machine import Machine, content, create_encrypted, run
from test_backup import FULL, INCREMENTAL, change, check_restored, levels


def write(vm, disk, *commands):
    """What another program writes to the image while the VM is off."""
    run("qemu-io", "-f", vm.disks[disk], *(word for command in commands for word in ("-c", command)),
        vm.image(disk))


def held(vm, *options):
    """What is on each disk while the VM is off."""
    return {disk: content(vm.image(disk), *options, "-f", kind) for disk, kind in vm.disks.items()}


def label(point):
    return point["consistency"]["label"]


def test_increments(make):
    """{make}: running, off and running backups in turn -> each is incremental and right"""
    vm = make()
    change(vm, 1)
    wanted, point = vm.contents(), vm.backup()
    check_restored(vm, point, wanted, "running")
    for step in range(2):
        change(vm, step)
        vm.quit()
        write(vm, "vda", f"write -P {20 + step} 3M 64k", "discard 1M 64k")
        for again in ("off", "off again"):
            wanted, point = held(vm), vm.backup(*INCREMENTAL)
            same(levels(point), {"vda": "incremental", "vdb": "incremental"})
            check_restored(vm, point, wanted, f"{again} {step}")
            write(vm, "vdb", f"write -P {30 + step} 2M 128k")
        same(held(vm)["vda"], wanted["vda"], "a backup does not change an image")
        vm.start()
        change(vm, 10 + step)
        wanted, point = vm.contents(), vm.backup(*INCREMENTAL)
        same(levels(point), {"vda": "incremental", "vdb": "incremental"})
        check_restored(vm, point, wanted, f"running {step}")
    for bitmaps in vm.bitmaps().values():
        same(len([name for name in bitmaps if "-tag-" not in name]), 1, bitmaps)
    result = vm.bench.ctl("backup", "verify", "--deep", "--to", vm.store)
    same(result.status, 0, result)


def off_from_the_start(bench, kind):
    """A VM that has had no backup while it ran, and what names its images."""
    vm = kind(bench, {"vda": "qcow2", "vdb": "raw"}, name=kind.__name__.lower())
    change(vm, 1)
    vm.quit()
    if kind is Domain:
        return vm, ()
    return vm, ("--image", f"vda={vm.image('vda')}", "--image", f"{vm.image('vdb')},format=raw")


def test_first(bench):
    """off before the first backup -> full, then incremental where the format keeps bitmaps"""
    for kind in (Machine, Domain):
        vm, images = off_from_the_start(bench, kind)
        store = ("backup", "--json", "--to", vm.store)
        result = vm.bench.ctl("--dry-run", *images, *vm.args, *store[:1], *store[2:])
        same(result.status, 0, result)
        has(result.out, "would make a full backup of 2 disks")
        result = vm.bench.ctl(*images, *vm.args, *store)
        same(result.status, 0, result)
        has(vm.bench.ctl("backup", "list", "--to", vm.store).out,
            "clean: shut off" if kind is Machine else "crash-consistent")
        write(vm, "vda", "write -P 7 5M 64k")
        wanted, point = held(vm), vm.backup()
        same(levels(point), {"vda": "incremental", "vdb": "full"})
        check_restored(vm, point, wanted, "off")
        vm.start()
        change(vm, 3)
        wanted, point = vm.contents(), vm.backup()
        same(levels(point), {"vda": "incremental", "vdb": "full"})
        check_restored(vm, point, wanted, "running")
        vm.quit()


def test_label(bench):
    """libvirt: a domain that never ran -> clean; one that was destroyed -> crash-consistent, with the reason"""
    vm = Domain(bench, {"vda": "qcow2"})
    vm.quit()
    point = vm.backup()
    same(label(point), "crash-consistent")
    has(point["consistency"]["reason"], "shut off by force")
    has(vm.backup("--quiesce", status=1), "not quiesced: shut off by force")
    same(must("undefine", vm.name, "--checkpoints-metadata"), f"Domain '{vm.name}' has been undefined")
    must("define", os.path.join(vm.dir, "domain.xml"))
    same(label(vm.backup("--quiesce")), "clean: shut off")


def test_killed(make):
    """{make}: QEMU was killed, and the VM is still off -> full with the reason, crash-consistent; then incremental"""
    vm = make()
    change(vm, 1)
    vm.backup()
    change(vm, 2)
    vm.kill()
    wanted, point = held(vm), vm.backup()
    same(levels(point), {"vda": "full", "vdb": "full"})
    for disk in point["disks"]:
        has(disk["reason"], "QEMU was killed")
    same(label(point), "crash-consistent")
    check_restored(vm, point, wanted, "killed")
    vm.start()
    change(vm, 3)
    wanted, point = vm.contents(), vm.backup(*INCREMENTAL)
    check_restored(vm, point, wanted, "started again")


def test_killed_after(make):
    """{make}: backed up while off, started, QEMU killed -> the next backup is full, with the reason"""
    vm = make({"vda": "qcow2"})
    change(vm, 1)
    vm.backup()
    vm.quit()
    vm.backup(*INCREMENTAL)
    vm.start()
    change(vm, 2)
    vm.kill()
    vm.start()
    change(vm, 3)
    wanted, point = vm.contents(), vm.backup()
    same(levels(point), {"vda": "full"})
    has(point["disks"][0]["reason"], "QEMU was killed")
    check_restored(vm, point, wanted, "killed")
    same(levels(vm.backup()), {"vda": "incremental"})


def test_image_in_use(make):
    """{make}: a QEMU has the image open, whatever the VM's state says -> refused, and nothing is left"""
    vm = make({"vda": "qcow2"})
    change(vm, 1)
    vm.backup()
    vm.quit()
    files, other = vm.files(), Machine(vm.bench, {"vda": "qcow2"}, name="other",
                                       images={"vda": vm.image("vda")})
    said = vm.backup(status=1)
    has(said, "disk vda: another program has its image open, such as a QEMU that is starting or ending: ")
    same(vm.files(), files)
    other.quit()
    wanted, point = held(vm), vm.backup(*INCREMENTAL)
    check_restored(vm, point, wanted, "free again")


def copying_off(vm):
    """A backup of the VM, which is off, that copies for as long as it is let."""
    process = vm.start_backup("--rate", "1", *FULL)
    vm.bench.wait_for(lambda: [name for name in os.listdir(vm.store) if name.endswith(".partial")]
                      and os.path.getsize(next(os.path.join(vm.store, name)
                                               for name in os.listdir(vm.store)
                                               if name.endswith(".partial"))) > 1 << 20,
                      "no copy begins")
    return process


def test_started_meanwhile(make):
    """{make}: started while its disks are copied -> QEMU refuses the image; after the end it starts"""
    vm = make({"vda": "qcow2"}, size="64M")
    vm.io("vda", "write -P 1 0 60M")
    vm.backup()
    vm.quit()
    wanted = held(vm)
    process = copying_off(vm)
    for program in (["qemu-io", "-c", "read 0 1"], ["qemu-img", "snapshot", "-c", "x"]):
        try:
            run(*program, vm.image("vda"))
        except AssertionError as error:
            has(str(error), " lock")
        else:
            raise AssertionError("the image can be opened")
    if isinstance(vm, Domain):
        good, said = virsh("start", vm.name)
        same(good, False, said)
        has(said, " lock")
    result = vm.bench.interrupt(process)
    same(result.status, 1, result)
    has(result.err, "interrupted")
    same(held(vm), wanted)
    check_restored(vm, vm.backup(*INCREMENTAL), wanted, "after Ctrl-C")
    vm.start()
    change(vm, 1)
    wanted, point = vm.contents(), vm.backup(*INCREMENTAL)
    check_restored(vm, point, wanted, "started")


def test_guestctl_killed(make):
    """{make}: guestctl is killed while it copies -> the images are free and whole, and the next backup is right"""
    vm = make({"vda": "qcow2"}, size="64M")
    vm.io("vda", "write -P 1 0 60M")
    vm.backup()
    vm.quit()
    process = copying_off(vm)
    process.send_signal(signal.SIGKILL)
    process.communicate(timeout=60)
    wanted, point = held(vm, "-U"), vm.backup(*INCREMENTAL)
    check_restored(vm, point, wanted, "killed")
    same([name for name in os.listdir(vm.store) if name.endswith(".partial")], [])


def test_chosen_disks(make):
    """{make}: --disk or --exclude while off -> the others are not even opened, and go on later"""
    vm = make()
    change(vm, 1)
    vm.backup()
    vm.quit()
    os.rename(vm.image("vdb"), vm.image("vdb") + ".away")
    has(vm.backup(status=1), "disk vdb: ")
    point = vm.backup("--exclude", "vdb")
    same((levels(point), point["left-out"]), ({"vda": "incremental"}, ["vdb"]))
    os.rename(vm.image("vdb") + ".away", vm.image("vdb"))
    write(vm, "vdb", "write -P 9 1M 64k")
    wanted, point = held(vm), vm.backup(*INCREMENTAL)
    check_restored(vm, point, wanted, "both")
    vm.start()
    change(vm, 2)
    wanted, point = vm.contents(), vm.backup(*INCREMENTAL)
    check_restored(vm, point, wanted, "running")


def test_backing_without_format(make):
    """{make}: an image that does not record the format of the one below it -> refused, with the next step"""
    vm = make({"vda": "qcow2"})
    vm.backup()
    vm.quit()
    base = vm.bench.path("base")
    run("qemu-img", "create", "-q", "-f", "raw", base, "8M")
    run("qemu-img", "create", "-q", "-f", "qcow2", "-b", base, "-F", "raw", vm.image("vda"), "8M")
    with open(vm.image("vda"), "r+b") as file:
        raw = bytearray(file.read(4096))
        at = raw.index(bytes.fromhex("e2792aca"))
        raw[at:at + 4] = b"\x7f\0\0\1"
        file.seek(0)
        file.write(raw)
    has(vm.backup(status=1), "does not record the format of its backing file; \"qemu-img rebase -u")


def test_encrypted(bench):
    """off, with an encrypted image -> refused, with the next step; --exclude leaves it out"""
    vm = Machine(bench, {"vda": "qcow2"})
    vm.quit()
    create_encrypted(bench.path("secret.qcow2"))
    words = ("--image", vm.image("vda"), "--image", bench.path("secret.qcow2"), "web", "backup", "--to",
             vm.store)
    result = bench.ctl(*words)
    same(result.status, 1, result)
    has(result.err, "disk secret is encrypted, and guestctl can copy it only while the VM runs; ")
    result = bench.ctl(*words, "--exclude", "secret")
    same(result.status, 0, result)


def test_images_alone(bench):
    """images without a VM -> full and incremental; a name and a format where they are needed"""
    vm = Machine(bench, {"vda": "qcow2"})
    change(vm, 1)
    vm.quit()
    words = ("--image", vm.image("vda"), "web", "backup", "--json", "--to", vm.store)
    for level in ("full", "incremental"):
        result = bench.ctl(*words, "--level", level)
        same(result.status, 0, result)
        told = json.loads(result.out)
        same((told["vm"], told["level"], label(told)), ("web", level, "clean: shut off"))
    same(vm.restore("vda"), held(vm)["vda"])
    overlay = bench.path("top.qcow2")
    run("qemu-img", "create", "-q", "-f", "qcow2", "-b", vm.image("vda"), "-F", "qcow2", overlay)
    result = bench.ctl("--image", overlay, "web", "backup", "--to", bench.path("store2"))
    same(result.status, 1, result)
    has(result.err, "depends on another file; confirm its format")
    result = bench.ctl("--image", f"x={overlay},format=qcow2", "web", "backup", "--to",
                       bench.path("store2"))
    same(result.status, 0, result)
    result = bench.ctl("--qmp", bench.path("none"), "backup", "--to", bench.path("store3"))
    same(result.status, 1, result)
    has(result.err, "give each with --image NAME=FILE")
    vm.start()
    result = bench.ctl("--image", vm.image("vda"), "--qmp", vm.qmp, "web", "backup", "--to", vm.store)
    same(result.status, 2, result)
    has(result.err, "--image is for a VM that is off; this one is running")
