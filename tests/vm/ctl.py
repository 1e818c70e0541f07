# SPDX-License-Identifier: LGPL-2.1-or-later
"""guestctl and a small guest with two disks that are written to."""

import contextlib
import glob
import os
import subprocess

from lib.programs import guestctl_path, host, made
from lib.vm.case import Case
from lib.vm.quiesce_guest import MIB, ext4

GUESTCTL_TIMEOUT = 200
DISKS = ("one", "two")
FIGURES = "/run/ctl-writers"
PLACES = tuple(f"/mnt/{name}" for name in DISKS)
PAUSE_US = 5000


def make_disks(directory):
    """Two qcow2 disks, and a monitor besides that of the tests."""
    arguments = ["-chardev", f"socket,id=ctl,path={directory}/ctl,server=on,wait=off",
                 "-mon", "chardev=ctl,mode=control"]
    for name in DISKS:
        raw, path = (os.path.join(directory, name + end) for end in (".raw", ".qcow2"))
        ext4(raw, 96 * MIB)
        made("qemu-img", "convert", "-O", "qcow2", raw, path)
        os.unlink(raw)
        arguments += ["-blockdev", f"driver=qcow2,node-name={name},file.driver=file,"
                      f"file.filename={path}",
                      "-device", f"virtio-blk-pci,id={name},drive={name},serial={name}"]
    return arguments + empty_disk(directory)


def empty_disk(directory):
    """A disk that the guest makes no use of, for what takes long."""
    path = os.path.join(directory, "big.qcow2")
    made("qemu-img", "create", "-q", "-f", "qcow2", path, str(256 * MIB))
    return ["-blockdev", f"driver=qcow2,node-name=big,file.driver=file,file.filename={path}",
            "-device", "virtio-blk-pci,id=big,drive=big,serial=big"]


class Ctl(Case):
    machine = {"words": {"respawn": 1}, "disks": make_disks, "apart": True}

    def __init__(self, vm, tools):
        super().__init__(vm, tools)
        self.put_tool("writers")
        if not hasattr(vm, "snapshot_disks"):
            self.mount()
            vm.snapshot_disks = True

    def mount(self):
        self.guest.sh("modprobe virtio_blk")
        for name in DISKS:
            self.guest.wait_for(f"grep -qx {name} /sys/block/vd*/serial")
            device = self.guest.sh(f"grep -lx {name} /sys/block/vd*/serial").split("/")[3]
            self.guest.sh(f"mkdir -p /mnt/{name} && mount -t ext4 /dev/{device} /mnt/{name}", 60)

    def command(self, *words, door=None):
        """@door: the monitor's socket, if it is not QEMU's own."""
        return [guestctl_path(), "--agent", self.vm.path("agent"),
                "--qmp", door or self.vm.path("ctl"), "--timeout", "60", *words]

    def ctl(self, *words, status=0, door=None, enter=()):
        done = subprocess.run([*enter, *self.command(*words, door=door)],
                              stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                              stderr=subprocess.PIPE, text=True, timeout=GUESTCTL_TIMEOUT)
        self.equal(done.returncode, status, f"{words}: {done.stdout}{done.stderr}")
        return done.stdout + (done.stderr if status else "")

    @contextlib.contextmanager
    def writing(self):
        self.guest.sh(f"rm -f {FIGURES}")
        self.guest.sh(f"writers {FIGURES} {PAUSE_US} {' '.join(PLACES)} </dev/null >/dev/null 2>&1 "
                      "& echo $! >/run/ctl-writers.pid")
        self.guest.wait_for(f"[ -s {FIGURES} ]")
        try:
            self.goes_on()
            yield
        finally:
            self.guest.sh("kill $(cat /run/ctl-writers.pid); "
                          "while pidof writers >/dev/null; do usleep 20000; done")

    def figures(self):
        rows = self.guest.sh(f"od -An -v -t u8 -w16 {FIGURES}").splitlines()
        writes, errors = zip(*(map(int, row.split()) for row in rows))
        self.equal(errors, (0,) * len(DISKS), "errors of the writers")
        return writes

    def goes_on(self):
        """The guest writes to both disks, and may go on with that."""
        before, after = self.figures(), ()
        deadline = self.deadline()
        while not after or any(a <= b for a, b in zip(after, before)):
            self.check(not deadline.passed(), f"writes: {before}, {after}")
            self.guest.sh("usleep 50000")
            after = self.figures()

    def enter(self, *command):
        """The command that does it where QEMU's mounts are."""
        return ("nsenter", "-m", "-t", str(self.vm.process.pid), *command)

    def told(self, *command):
        done = host(*command)
        self.equal(done.returncode, 0, done.stdout)
        return done.stdout

    def overlays(self):
        return glob.glob(self.vm.path("*-*Z.qcow2")) + glob.glob(self.vm.path("*.snapshot.json"))

    def image_of(self, disk):
        """(node, file) that the disk is written to now."""
        row = next(row for row in self.vm.qmp.call("query-block")
                   if disk in row["inserted"]["node-name"])
        return row["inserted"]["node-name"], row["inserted"]["file"]
