# SPDX-License-Identifier: LGPL-2.1-or-later
"""The files of snapshots: which names they get, who creates them, and who may read them."""

import glob
import json
import os
import stat

from lib.checks import has, same
from machine import Machine, create_encrypted, run
from played import machine, well


def fleet(bench, *names, **more):
    """Real VMs without a guest, which guestctl knows by @names."""
    vms = [Machine(bench, {"d0": "qcow2"}, name=f"vm{i}", **more) for i in range(len(names))]
    os.makedirs(bench.path("config", "guestctl"))
    os.mkdir(bench.path("to"))
    with open(bench.path("config", "guestctl", "vms.ini"), "w", encoding="utf-8") as file:
        for name, vm in zip(names, vms):
            file.write(f"[{name}]\nqmp={vm.qmp}\n")
            vm.known_as = name
    return vms


def overlay(vm):
    return vm.monitor.call("query-block")[0]["inserted"]["file"]


def test_folded(bench):
    """VMs whose names differ in what a file name cannot have -> an overlay and a manifest each"""
    names = ("vm 1", "vm_1", "prod/db", "test/db", "db")
    vms = fleet(bench, *names)
    well(bench.ctl(",".join(names), "snapshot", "--to", bench.path("to")))
    overlays = {overlay(vm) for vm in vms}
    same(len(overlays), len(vms), overlays)
    same(sorted(glob.glob(bench.path("to", "*.qcow2"))), sorted(overlays))
    same(len(glob.glob(bench.path("to", "*.snapshot.json"))), len(vms))
    for i, vm in enumerate(vms):
        vm.io("d0", f"write -P {i + 1} 0 64k", "flush")
    well(bench.ctl(",".join(names), "snapshot", "commit"))
    same([vm.contents()["d0"][0] for vm in vms], list(range(1, len(vms) + 1)))
    same(os.listdir(bench.path("to")), [])


def test_one_file(bench):
    """VMs and disks whose names together are the same -> refused, nothing is left"""
    one, two = (Machine(bench, {disk: "qcow2"}, name=name)
                for name, disk in (("a-b", "c"), ("a", "b-c")))
    os.makedirs(bench.path("config", "guestctl"))
    os.mkdir(bench.path("to"))
    with open(bench.path("config", "guestctl", "vms.ini"), "w", encoding="utf-8") as file:
        file.write(f"[a-b]\nqmp={one.qmp}\n[a]\nqmp={two.qmp}\n")
    result = bench.ctl("a-b,a", "snapshot", "--to", bench.path("to"))
    same(result.status, 1, result)
    has(result.err, "would have the same overlay")
    same(os.listdir(bench.path("to")), [])
    well(bench.ctl("a-b", "snapshot", "--to", bench.path("to")))
    well(bench.ctl("a", "snapshot", "--to", bench.path("to")))


def test_one_image(bench):
    """an image that two VMs or two disks have in common -> refused, nothing is left"""
    one = Machine(bench, {"d0": "raw"}, name="one", shared=True)
    Machine(bench, {"d0": "raw"}, name="two", shared=True, images={"d0": one.image("d0")})
    os.makedirs(bench.path("config", "guestctl"))
    with open(bench.path("config", "guestctl", "vms.ini"), "w", encoding="utf-8") as file:
        file.write("".join(f"[{name}]\nqmp={bench.path(name, 'qmp')}\n" for name in ("one", "two")))
    result = bench.ctl("one,two", "snapshot")
    same(result.status, 1, result)
    has(result.err, "disk d0 and disk d0 of VM two have the same image")
    same(glob.glob(bench.path("one", "*.qcow2")) + glob.glob(bench.path("one", "*.json")), [])
    os.link(one.image("d0"), bench.path("link"))
    three = Machine(bench, {"d0": "raw", "d1": "raw"}, name="three", shared=True,
                    images={"d0": one.image("d0"), "d1": bench.path("link")})
    has(three.ctl("snapshot").err, "disks d0 and d1 have the same image")
    same(glob.glob(bench.path("**", "*.qcow2"), recursive=True), [])


def test_mode(bench):
    """an image with a mode and an owner -> its overlay has the same, its manifest is private"""
    before = os.umask(0)
    try:
        vm = Machine(bench, {"d0": "qcow2"})
        os.chmod(vm.image("d0"), 0o640)
        if os.geteuid() == 0:
            os.chown(vm.image("d0"), 65534, 65533)
        well(vm.ctl("snapshot"))
    finally:
        os.umask(before)
    made, base = os.stat(overlay(vm)), os.stat(vm.image("d0"))
    same((oct(stat.S_IMODE(made.st_mode)), made.st_uid, made.st_gid),
         ("0o640", base.st_uid, base.st_gid))
    (manifest,) = glob.glob(os.path.join(vm.dir, "*.snapshot.json"))
    same(oct(stat.S_IMODE(os.stat(manifest).st_mode)), "0o600")


def test_replaced(bench):
    """a snapshot that fails while its file was replaced -> the other file stays"""
    vm = machine(bench)

    def replace(_connection, arguments):
        path = arguments["actions"][0]["data"]["snapshot-file"]
        os.rename(path, path + ".moved")
        with open(path, "x", encoding="ascii") as file:
            file.write("another VM's")
        return OSError("no")
    vm.on["transaction"] = replace
    same(vm.snapshot().status, 1)
    (left,) = glob.glob(bench.path("*.qcow2"))
    with open(left, encoding="ascii") as file:
        same(file.read(), "another VM's")
    has(left, "-vda-")


def test_no_tool(bench):
    """overlays that cannot be created -> the guest is not frozen, nothing is left"""
    vm = machine(bench)
    result = bench.ctl(*vm.args, "snapshot", "--quiesce", enter=("env", "PATH=/nonexistent"))
    same(result.status, 1, result)
    has(result.err, "qemu-img (package qemu-utils) is required")
    same(vm.steps(), [])
    vm.untouched()


def encrypted(bench):
    """A VM with a LUKS disk and one that is not encrypted."""
    image = bench.path("luks.qcow2")
    create_encrypted(image)
    return Machine(bench, {"d1": "qcow2"}, options=(
        "-object", "secret,id=key,data=letmein", "-drive",
        f"if=none,id=d0,format=qcow2,encrypt.key-secret=key,file={image}"))


def test_encrypted(bench):
    """an encrypted disk -> no overlay of it without --allow-plaintext"""
    vm = encrypted(bench)
    result = vm.ctl("snapshot")
    same(result.status, 1, result)
    has(result.err, "disk d0 is encrypted, and its overlay would not be; --allow-plaintext")
    same(glob.glob(vm.dir + "/*.qcow2") + glob.glob(vm.dir + "/*.json"), [])
    well(vm.ctl("snapshot", "--disk", "d1"))
    told = json.loads(well(vm.ctl("snapshot", "--json", "--disk", "d0",
                                  "--allow-plaintext")).out)
    vm.io("d0", "write -P 0x41 0 64k", "flush")
    with open(told["disks"][0]["overlay"], "rb") as file:
        has(file.read(), b"A" * 65536)
    # The image below the overlay is encrypted still.
    has(vm.backup(status=1), "disk d0 is encrypted, and its copy would not be")
    well(vm.ctl("snapshot", "commit"))
    with open(bench.path("luks.qcow2"), "rb") as file:
        same(b"A" * 512 in file.read(), False)


def test_encrypted_luks(bench):
    """a disk in the format luks -> no overlay and no copy of it without --allow-plaintext"""
    image = bench.path("disk.luks")
    create_encrypted(image, luks=True)
    vm = Machine(bench, {"d1": "qcow2"}, options=(
        "-object", "secret,id=key,data=letmein", "-drive",
        f"if=none,id=d0,format=luks,key-secret=key,file={image}"))
    has(vm.ctl("snapshot").err, "disk d0 is encrypted, and its overlay would not be")
    has(vm.backup(status=1), "disk d0 is encrypted, and its copy would not be")
    vm.backup("--allow-plaintext")


def test_shared(bench):
    """a device with share-rw -> no overlay of its disk unless it is named"""
    run("qemu-img", "create", "-q", "-f", "raw", bench.path("shared.raw"), "8M")
    vm = Machine(bench, {"d1": "qcow2"}, options=(
        "-machine", "pc", "-S", "-drive",
        f"if=none,id=d0,format=raw,file={bench.path('shared.raw')}",
        "-device", "virtio-blk-pci,id=v0,drive=d0,share-rw=on"))
    for command in ("cont", "stop"):
        vm.monitor.call(command)
    result = vm.ctl("snapshot")
    same(result.status, 1, result)
    has(result.err, "other VMs may write to the image of disk d0")
    same(glob.glob(vm.dir + "/*.qcow2") + glob.glob(vm.dir + "/*.json"), [])
    well(vm.ctl("snapshot", "--disk", "d1"))
    well(vm.ctl("snapshot", "--disk", "d0"))
    well(vm.ctl("snapshot", "commit"))


def test_backup_folded(bench):
    """backups of VMs whose names fold to one -> a directory each"""
    names = ("prod/db", "prod_db", "test/db", "..")
    vms = fleet(bench, *names)
    for i, vm in enumerate(vms):
        vm.io("d0", f"write -P {i + 1} 0 64k", "flush")
    well(bench.ctl(",".join(names), "backup", "--to", bench.path("to")))
    places = sorted(glob.glob(bench.path("to", "*")) + glob.glob(bench.path("to", ".[!.]*")))
    same((len(places), bench.path("to", "prod_db") in places), (len(names), True), places)
    same(glob.glob(bench.path("*.json")), [])
