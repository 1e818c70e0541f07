# SPDX-License-Identifier: LGPL-2.1-or-later
"""A guest with every arrangement of filesystems that a freeze has to cope with."""

import contextlib
import os
import shutil
import struct

from lib.programs import made, program
from lib.wire import Deadline

from .nfs import NfsServer

MIB = 1 << 20
PARTITION_START = MIB
XFS_SIZE = 320 * MIB

# Programs of the guest that busybox has not; with their libraries.
PROGRAMS = ("lvm", "dmsetup", "mkfs.ext4", "btrfs")
MODULES = ("ata_piix", "sd_mod", "nfsv3", "autofs4")

# Where the writers work: all that can be written to.
WRITERS = ("/mnt/ext4/work", "/mnt/loop/work", "/mnt/inner", "/mnt/xfs", "/mnt/btrfs",
           "/mnt/btrfs-b", "/mnt/lvm", "/mnt/part", "/mnt/tmpfs")
WRITERS_FILE = "/run/writers"
WRITERS_PAUSE_US = 50000


def image_arguments():
    """What initramfs has to put into the guest."""
    arguments = []
    for name in PROGRAMS:
        if program(name):
            arguments += ["--add", f"{program(name)}:/sbin/{name}"]
    for name in MODULES:
        arguments += ["--module", name]
    return tuple(arguments)


def empty(path, size):
    with open(path, "wb") as file:
        file.truncate(size)
    return path


def ext4(path, size, content=None):
    """An ext4 image that holds what is in the directory @content."""
    made("mkfs.ext4", "-q", "-F", *(["-d", content] if content else []), empty(path, size))


def ext4_partition(path, size):
    """A disk with one partition."""
    empty(path, size)
    entry = struct.pack("<B3sB3sII", 0, b"\0\2\0", 0x83, b"\xff\xff\xff",
                        PARTITION_START // 512, (size - PARTITION_START) // 512)
    with open(path, "r+b") as file:
        file.seek(446)
        file.write(entry + bytes(48) + b"\x55\xaa")
    made("mkfs.ext4", "-q", "-F", "-E", f"offset={PARTITION_START}", path,
         str((size - PARTITION_START) // 1024))


def nested_ext4(directory):
    """ext4 with a loop file that has a loop file; returns the image."""
    inner, outer = os.path.join(directory, "inner.d"), os.path.join(directory, "outer.d")
    for name in (inner, outer):
        os.makedirs(os.path.join(name, "work"))
    ext4(os.path.join(inner, "loop.img"), 16 * MIB)
    ext4(os.path.join(outer, "loop.img"), 64 * MIB, inner)
    path = os.path.join(directory, "ext4.img")
    ext4(path, 160 * MIB, outer)
    shutil.rmtree(inner)
    shutil.rmtree(outer)


def make_disks(directory):
    """Disk images NAME.img in @directory, and the arguments of QEMU for them."""
    def path(name):
        return os.path.join(directory, name + ".img")

    nested_ext4(directory)
    made("mkfs.xfs", "-q", empty(path("xfs"), XFS_SIZE))
    made("mkfs.btrfs", "-q", empty(path("btrfs"), 128 * MIB))
    for name in ("pv1", "pv2"):
        empty(path(name), 48 * MIB)
    ext4_partition(path("part"), 32 * MIB)
    ext4(path("ro"), 16 * MIB)
    empty(path("nvme"), 16 * MIB)
    empty(path("copy"), XFS_SIZE)
    devices = {name: f"virtio-blk-pci,serial={name}" for name in
               ("ext4", "xfs", "btrfs", "pv1", "pv2", "copy")}
    devices["part"] = "scsi-hd,bus=scsi0.0,serial=part,channel=0,scsi-id=3,lun=1"
    devices["ro"] = "ide-hd,bus=ide.1,serial=ro"
    devices["nvme"] = "nvme,serial=nvme"
    arguments = ["-device", "virtio-scsi-pci,id=scsi0"]
    for name, device in devices.items():
        arguments += ["-blockdev", f"driver=raw,node-name={name},discard=unmap,file.driver=file,"
                      f"file.filename={path(name)},cache.no-flush=on,file.cache.no-flush=on",
                      "-device", f"{device},drive={name}"]
    return arguments


MACHINE = {
    "words": {"respawn": 1},
    "memory": 768,
    "image": image_arguments(),
    "disks": make_disks,
    "devices": ("-netdev", "user,id=net0", "-device", "virtio-net-pci,netdev=net0,romfile="),
}


def udev_data(guest, device, **properties):
    """What udev would have noted of a device: there is no udev in the guest."""
    number = guest.sh(f"cat /sys/class/block/{device}/dev")
    lines = "".join(f"E:{name}={value}\\n" for name, value in properties.items())
    guest.sh(f"mkdir -p /run/udev/data; printf 'I:1\\n{lines}' >/run/udev/data/b{number}")


class Setup:
    """Mounts everything, once for a machine."""

    def __init__(self, vm):
        self.guest = vm.guest
        self.sh = vm.guest.sh
        self.sh("for m in virtio_blk virtio_scsi sd_mod ata_piix virtio_net xfs btrfs loop "
                "dm-mod nfsv3 autofs4; do modprobe $m || exit 1; done")
        self.guest.wait_for("[ -b /dev/sda1 ] && [ -b /dev/sdb ] && [ -b /dev/nvme0n1 ]")
        self.disks = self.find_disks()
        self.mount_disks()
        self.mount_loops()
        self.mount_volume()
        self.mount_views()
        self.mount_remote()
        for device in [*self.disks.values(), "sda1", "dm-0"]:
            udev_data(self.guest, device, ID_SERIAL=f"serial-of-{device}",
                      **({"DM_NAME": "vg-lv"} if device == "dm-0" else {}))
        self.sh("mkdir -p " + " ".join(WRITERS))

    def find_disks(self):
        lines = self.sh("for d in /sys/block/vd*; do echo ${d##*/} $(cat $d/serial); done")
        disks = {fields[1]: fields[0] for fields in map(str.split, lines.splitlines())
                 if len(fields) == 2}
        disks.update(part="sda", ro="sdb", nvme="nvme0n1")
        return disks

    def mount(self, name, what, kind, options="rw"):
        self.sh(f"mkdir -p /mnt/{name} && mount -t {kind} -o {options} {what} /mnt/{name}", 60)

    def mount_disks(self):
        disk = {name: "/dev/" + device for name, device in self.disks.items()}
        self.mount("ext4", disk["ext4"], "ext4")
        self.mount("xfs", disk["xfs"], "xfs")
        self.mount("btrfs-top", disk["btrfs"], "btrfs")
        for name in "ab":
            self.sh(f"btrfs subvolume create /mnt/btrfs-top/{name}", 60)
        self.sh("umount /mnt/btrfs-top")
        self.mount("btrfs", disk["btrfs"], "btrfs", "subvol=a")
        self.mount("btrfs-b", disk["btrfs"], "btrfs", "subvol=b")
        self.mount("part", "/dev/sda1", "ext4")
        self.mount("ro", disk["ro"], "ext4", "ro")

    def mount_loops(self):
        for number, (name, below) in enumerate((("loop", "ext4"), ("inner", "loop"))):
            self.sh(f"losetup /dev/loop{number} /mnt/{below}/loop.img")
            self.mount(name, f"/dev/loop{number}", "ext4")

    def mount_volume(self):
        devices = f"/dev/{self.disks['pv1']} /dev/{self.disks['pv2']}"
        config = "--config 'activation{udev_sync=0 udev_rules=0} devices{use_devicesfile=0}'"
        self.sh(f"mkdir -p /run/lock /etc/lvm && lvm pvcreate -q {config} {devices}", 120)
        self.sh(f"lvm vgcreate -q {config} vg {devices}", 120)
        self.sh(f"lvm lvcreate -q -Wn -Zn -l 100%FREE -n lv vg {config}", 120)
        self.sh("mkfs.ext4 -q /dev/mapper/vg-lv", 120)
        self.mount("lvm", "/dev/mapper/vg-lv", "ext4")

    def mount_views(self):
        self.sh("mkdir -p /mnt/ext4/work /mnt/bind /mnt/bind-xfs")
        self.sh("mount --bind /mnt/ext4/work /mnt/bind && mount --bind /mnt/xfs /mnt/bind-xfs")
        self.mount("tmpfs", "tmpfs", "tmpfs", "size=32m")

    def mount_remote(self):
        """An NFS mount whose server is gone, and an automount nobody serves."""
        self.sh("ifconfig lo 127.0.0.1 && ifconfig eth0 10.0.2.15 netmask 255.255.255.0")
        with NfsServer() as server:
            self.mount("nfs", "10.0.2.2:/void", "nfs", "nolock,vers=3,proto=tcp,mountproto=tcp,"
                       f"hard,addr=10.0.2.2,mountaddr=10.0.2.2,port={server.port},"
                       f"mountport={server.port},actimeo=0")
        # Its server has to be the leader of a process group before the mount names it.
        self.sh("mkfifo /run/auto && mkdir -p /mnt/auto && "
                "setsid sh -c 'echo $$ >/run/auto.pid; exec sleep 100000' "
                "<>/run/auto >/dev/null 2>&1 &")
        self.guest.wait_for("[ -s /run/auto.pid ]")
        self.sh("exec 7<>/run/auto && mount -t autofs -o "
                "fd=7,pgrp=$(cat /run/auto.pid),minproto=5,maxproto=5,direct auto /mnt/auto")


def frozen_count(guest):
    """How many filesystems a freeze of all should find: one for each superblock."""
    found = set()
    for line in guest.sh("cat /proc/self/mountinfo").splitlines():
        fields, _dash, more = line.partition(" - ")
        number = fields.split()[2]
        kind, source = more.split()[:2]
        if kind == "btrfs":
            found.add(source)
        elif not number.startswith("0:"):
            found.add(number)
    return len(found)


class Writers:
    """Processes that write to every filesystem."""

    def __init__(self, guest):
        self.guest = guest
        guest.sh(f"rm -f {WRITERS_FILE}")
        self.pid = guest.number(f"writers {WRITERS_FILE} {WRITERS_PAUSE_US} {' '.join(WRITERS)} "
                                "</dev/null >/dev/null 2>&1 & echo $!")
        guest.wait_for(f"[ -s {WRITERS_FILE} ]")

    def figures(self):
        """{directory: how often it was written to}"""
        text = self.guest.sh(f"od -An -v -t u8 -w16 {WRITERS_FILE}")
        rows = [list(map(int, line.split())) for line in text.splitlines()]
        errors = {where: row[1] for where, row in zip(WRITERS, rows) if row[1]}
        if errors:
            raise AssertionError(f"writers have ended, with errno: {errors}")
        return dict(zip(WRITERS, (row[0] for row in rows)))

    def go_on(self, timeout=60):
        """Waits until every directory has been written to anew."""
        before, deadline = self.figures(), Deadline(timeout)
        while still := [where for where, n in self.figures().items() if n == before[where]]:
            if deadline.passed():
                raise AssertionError(f"directories that cannot be written to: {still}")
            self.guest.sh("usleep 50000")

    def stuck(self, seconds):
        """Directories that nobody could write to in an interval."""
        before = self.figures()
        self.guest.sh(f"sleep {seconds}")
        after = self.figures()
        return [where for where in WRITERS if before[where] == after[where]]

    def stop(self):
        self.guest.sh(f"kill {self.pid}; while pidof writers >/dev/null; do usleep 20000; done")


@contextlib.contextmanager
def writing(guest):
    writers = Writers(guest)
    try:
        yield writers
    finally:
        writers.stop()
