# SPDX-License-Identifier: LGPL-2.1-or-later
"""Filesystems of each kind, as a guest that was not stopped leaves them."""

import json
import os

import pytest
from lib.checks import same

from images import (UUID, dirty, ext4, filesystem, need_mounts, partition, qcow2, rewrite, run,
                    tree, volume, write)

SIZES = {"ext4": 64, "xfs": 320, "btrfs": 128}


def systems(bench, vm):
    return json.loads(bench.files(vm.store, "--json", "ls"))


@pytest.mark.parametrize("kind", SIZES)
def test_journal(bench, make, kind):
    """{kind}: the last file is in the journal alone -> it is there, and the store unchanged"""
    need_mounts()
    image = dirty(filesystem(bench.path("disk"), kind, SIZES[kind]),
                  "mkdir etc dev; touch etc/fstab; sync; echo late >etc/late; sync etc/late")
    vm = make(vda=qcow2(image))
    vm.backup()
    before = vm.files()
    same(bench.files(vm.store, "cat", "/etc/late"), "late\n")
    row = systems(bench, vm)[0]
    same((row["device"], row["type"], row["mountpoint"]), ("vda", kind, "/"), row)
    same(vm.files(), before, "the store")


def test_chain(bench, make):
    """a chain of ten backups -> each point shows its own state, all at once"""
    raw = [ext4(bench.path("0.raw"), tree(bench.path("0"), {"etc/version": "0\n"}))]
    vm = make(vda=qcow2(raw[0]))
    points = [vm.backup()["id"]]
    for step in range(1, 10):
        raw.append(ext4(bench.path(f"{step}.raw"),
                        tree(bench.path(f"{step}"), {"etc/version": f"{step}\n"})))
        rewrite(vm, "vda", raw[-2], raw[-1])
        points.append(vm.backup("--level", "incremental")["id"])
    for step in (0, 4, 9):
        same(bench.files(vm.store, "--at", points[step], "cat", "/etc/version"), f"{step}\n")
    same(bench.files(vm.store, "end"), "3 appliances ended\n")


def test_volumes(bench, make):
    """the root is on a logical volume, /boot a partition of another disk -> both have their paths"""
    need_mounts()
    boot = "22222222-2222-3333-4444-555555555555"
    source = tree(bench.path("root"), {"etc/motd": "volume\n", "boot/below": "hidden\n"},
                  fstab=f"/dev/mapper/my--group-root / ext4 defaults 0 1\n"
                        f"UUID={boot} /boot ext4 ro 0 2\n")
    write(bench.path("boot", "vmlinuz"), "kernel\n")
    vm = make(vda=qcow2(volume(bench.path("vda"), source, "my-group", "root")),
              vdb=qcow2(partition(bench.path("vdb"),
                                  ext4(bench.path("part"), bench.path("boot"), 16, boot, "boot"))))
    vm.backup()
    rows = {row["device"]: row for row in systems(bench, vm)}
    same(rows["mapper/my--group-root"]["mountpoint"], "/", rows)
    same((rows["vdb1"]["mountpoint"], rows["vdb1"]["disk"]), ("/boot", "vdb"), rows)
    same(rows["vda"]["problem"], "physical volume of LVM", rows)
    same(bench.files(vm.store, "cat", "/boot/vmlinuz"), "kernel\n")
    same(bench.files(vm.store, "find", "/boot"), "/boot\n/boot/lost+found\n/boot/vmlinuz\n")


def test_names_of_fstab(bench, make):
    """fstab names a disk, a label and a partition's id; spaces; vfat -> all are mounted"""
    source = tree(bench.path("root"), {"srv/a b/below": "", "opt/below": "", "efi/below": ""},
                  fstab="# a comment\n\n/dev/sda1 / ext4 defaults 0 1\nLABEL=data /srv/a\\040b ext4 "
                        "defaults 0 2\nPARTUUID=78563412-02 /opt ext4 defaults 0 2\n"
                        "/dev/sdb /efi vfat umask=0077 0 1\n/dev/sdz /nowhere ext4 defaults 0 0\n"
                        "tmpfs /tmp tmpfs defaults 0 0\n")
    for name in ("data", "opt"):
        write(bench.path(name, name), name)
    disk = partition(bench.path("disk"), ext4(bench.path("1"), source),
                     ext4(bench.path("2"), bench.path("opt"), 16,
                          "33333333-2222-3333-4444-555555555555", "opt"),
                     ext4(bench.path("3"), bench.path("data"), 16,
                          "44444444-2222-3333-4444-555555555555", "data"))
    efi = filesystem(bench.path("efi"), "vfat", 40)
    write(bench.path("BOOT.CFG"), "efi")
    run("mcopy", "-i", efi, bench.path("BOOT.CFG"), "::BOOT.CFG")
    vm = make(sda=qcow2(disk), sdb=qcow2(efi))
    vm.backup()
    rows = {row["device"]: row.get("mountpoint") for row in systems(bench, vm)}
    same(rows, {"vda1": "/", "vda2": "/opt", "vda3": "/srv/a b", "vdb": "/efi"})
    for path, text in (("/srv/a b/data", "data"), ("/opt/opt", "opt"), ("/efi/BOOT.CFG", "efi")):
        same(bench.files(vm.store, "cat", path), text)


def test_subvolumes(bench, make):
    """btrfs with the root and /home in subvolumes -> both are mounted"""
    need_mounts()
    image = dirty(filesystem(bench.path("disk"), "btrfs", 128, "-U", UUID),
                  "btrfs -q subvolume create @ >/dev/null; btrfs -q subvolume create @home >/dev/null; "
                  "mkdir @/etc @/dev @/home; echo home >@home/file; "
                  f"echo 'UUID={UUID} / btrfs subvol=@ 0 0' >@/etc/fstab; "
                  f"echo 'UUID={UUID} /home btrfs defaults,subvol=/@home 0 0' >>@/etc/fstab; sync")
    vm = make(vda=qcow2(image))
    vm.backup()
    same(bench.files(vm.store, "cat", "/home/file"), "home\n")


def test_no_root(bench, make):
    """filesystems without a system -> each is a folder by its device"""
    write(bench.path("data", "file"), "data\n")
    vm = make(vda=qcow2(ext4(bench.path("disk"), bench.path("data"), 16)),
              vdb=qcow2(filesystem(bench.path("empty"), "vfat", 40)))
    vm.backup()
    same({row["device"]: row["mountpoint"] for row in systems(bench, vm)},
         {"vda": "/vda", "vdb": "/vdb"})
    same(bench.files(vm.store, "cat", "/vda/file"), "data\n")


def test_one_disk(bench, make):
    """--disk -> an appliance of this disk alone, beside that of all"""
    write(bench.path("data", "file"), "data\n")
    vm = make(vda=qcow2(ext4(bench.path("disk"), tree(bench.path("root"), {"etc/motd": "all\n"}))),
              vdb=qcow2(ext4(bench.path("second"), bench.path("data"), 16)))
    vm.backup()
    same(bench.files(vm.store, "--disk", "vdb", "cat", "/vda/file"), "data\n")
    row = json.loads(bench.files(vm.store, "--disk", "vdb", "--json", "ls"))[0]
    same((row["device"], row["disk"]), ("vda", "vdb"), row)
    same(bench.files(vm.store, "cat", "/etc/motd"), "all\n")
    same(bench.files(vm.store, "cat", "/dev/fs/vdb/file"), "data\n")
    same(os.listdir(os.path.join(bench.runtime, "guestctl-files")).__len__(), 2)


def test_broken(bench, make):
    """a filesystem that cannot be mounted -> the list says so, and the others are there"""
    write(bench.path("data", "file"), "data\n")
    broken = ext4(bench.path("broken"), bench.path("data"), 16)
    with open(broken, "r+b") as file:
        file.seek(1024 + 100)  # the incompatible features
        file.write(b"\xff\xff\xff\xff")
    vm = make(vda=qcow2(ext4(bench.path("disk"), tree(bench.path("root"), {"etc/motd": "fine\n"}))),
              vdb=qcow2(broken))
    vm.backup()
    rows = {row["device"]: row for row in systems(bench, vm)}
    same(bool(rows["vdb"].get("problem")), True, rows)
    same(bench.files(vm.store, "cat", "/etc/motd"), "fine\n")
