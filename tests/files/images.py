# SPDX-License-Identifier: LGPL-2.1-or-later
"""Disks with filesystems, made without mounting anything."""

import os
import shutil
import struct

from lib.checks import Skip
from machine import run

MIB = 1 << 20
UUID = "11111111-2222-3333-4444-555555555555"


def write(path, text):
    os.makedirs(os.path.dirname(path), exist_ok=True)
    with open(path, "wb") as file:
        file.write(text if isinstance(text, bytes) else text.encode())


def tree(place, files, fstab=f"UUID={UUID} / ext4 defaults 0 1\n"):
    """A directory that looks like a system's root. @files: path -> content, or a link's target."""
    os.makedirs(os.path.join(place, "dev"))
    if fstab:
        write(os.path.join(place, "etc/fstab"), fstab)
    for name, content in files.items():
        path = os.path.join(place, name)
        if isinstance(content, tuple):
            os.makedirs(os.path.dirname(path), exist_ok=True)
            os.symlink(content[0], path)
        else:
            write(path, content)
    return place


def ext4(path, source, size=64, uuid=UUID, label="root"):
    """A filesystem of @size MiB with what is in the directory @source."""
    with open(path, "wb") as file:
        file.truncate(size * MIB)
    run("mkfs.ext4", "-q", "-F", "-U", uuid, "-L", label, "-d", source, path)
    return path


def partition(path, *parts):
    """A disk with the images @parts in partitions, and an MBR."""
    entries, at = b"", 1
    with open(path, "wb") as disk:
        for part in parts:
            with open(part, "rb") as file:
                content = file.read()
            disk.seek(at * MIB)
            disk.write(content)
            entries += struct.pack("<B3sB3sII", 0, bytes(3), 0x83, bytes(3), at * MIB // 512,
                                   len(content) // 512)
            at += len(content) // MIB + 1
        disk.truncate(at * MIB)
        disk.seek(440)
        disk.write(b"\x12\x34\x56\x78\0\0" + entries.ljust(64, b"\0") + b"\x55\xaa")
    return path


def qcow2(path):
    """The raw image @path as one that keeps bitmaps; its name."""
    run("qemu-img", "convert", "-f", "raw", "-O", "qcow2", path, path + ".qcow2")
    return path + ".qcow2"


def rewrite(vm, disk, before, after):
    """Writes to the VM's disk what differs between the raw images @before and @after."""
    piece = 64 * 1024
    with open(before, "rb") as old, open(after, "rb") as new:
        at = 0
        while data := new.read(piece):
            if data != old.read(piece):
                part = vm.bench.path("piece")
                write(part, data)
                vm.io(disk, f"write -s {part} {at} {len(data)}")
            at += len(data)
    vm.io(disk, "flush")


def filesystem(path, kind, size, *options):
    """An empty filesystem of @size MiB."""
    with open(path, "wb") as file:
        file.truncate(size * MIB)
    run(*{"ext4": ("mkfs.ext4", "-q", "-F"), "xfs": ("mkfs.xfs", "-q"),
          "btrfs": ("mkfs.btrfs", "-q"), "vfat": ("mkfs.vfat",)}[kind], *options, path)
    return path


def need_mounts():
    """Skips a test that has to mount its filesystems."""
    if os.geteuid() or not shutil.which("losetup"):
        raise Skip("root and loop devices are needed")


def dirty(path, commands):
    """
    Runs the shell's @commands in the mounted filesystem of the image @path, and returns the name of
    a copy that is made before the filesystem is unmounted: its last changes are in the journal.
    """
    point, copy = path + ".point", path + ".dirty"
    os.mkdir(point)
    run("unshare", "-m", "sh", "-euc",
        f"mount -o loop {path} {point}; (cd {point}; {commands}); "
        f"cp --sparse=always {path} {copy}; umount {point}")
    return copy


VOLUME = """
logical_volumes {
    NAME {
        id = "0000aa-bbbb-cccc-dddd-eeee-ffff-000001"
        status = ["READ", "WRITE", "VISIBLE"]
        flags = []
        segment_count = 1
        segment1 {
            start_extent = 0
            extent_count = EXTENTS
            type = "striped"
            stripe_count = 1
            stripes = ["pv0", 0]
        }
    }
}
"""


def volume(path, source, group, name, size=64):
    """A disk that is a physical volume, with an ext4 of @size MiB on the logical volume @name."""
    part = ext4(path + ".part", source, size)
    with open(path, "wb") as file:
        file.truncate((size + 16) * MIB)
    device = run("losetup", "-f", "--show", path).strip()
    only = ("--config", f'devices {{ filter=["a|^{device}$|","r|.*|"] '
                        f'global_filter=["a|^{device}$|","r|.*|"] use_devicesfile=0 }} '
                        "activation { udev_sync=0 udev_rules=0 } backup { backup=0 archive=0 }")
    try:
        run("pvcreate", "-q", *only, "--dataalignment", "1m", device)
        run("vgcreate", "-q", *only, "-s", "4m", group, device)
        # lvcreate would need the host's device mapper, which is not to know the volume.
        run("vgcfgbackup", "-q", *only, "-f", path + ".cfg", group)
        with open(path + ".cfg", encoding="utf-8") as file:
            text = file.read()
        volumes = VOLUME.replace("NAME", name).replace("EXTENTS", str(size // 4))
        write(path + ".cfg", text.rstrip()[:-1] + volumes + "}\n")
        run("vgcfgrestore", "-q", *only, "-f", path + ".cfg", group)
    finally:
        run("losetup", "-d", device)
    with open(part, "rb") as file, open(path, "r+b") as disk:
        disk.seek(MIB)
        disk.write(file.read())
    return path
