# SPDX-License-Identifier: LGPL-2.1-or-later
"""Filesystems on loop devices, and whether they can be written to."""

import os
import shutil
import subprocess
import sys
import time
from pathlib import Path

from .private import umount_lazily, work_dir
from .programs import run

MIB = 1 << 20
# Smallest images on which each can be made and used.
SIZES = {"ext4": 16 * MIB, "xfs": 320 * MIB, "btrfs": 128 * MIB}
MAKERS = {"ext4": ("mkfs.ext4", "-q", "-F", "-E", "lazy_itable_init=0,nodiscard"),
          "xfs": ("mkfs.xfs", "-q", "-f", "-K"),
          "btrfs": ("mkfs.btrfs", "-q", "-f")}

# A write that a frozen filesystem holds up cannot be taken back, so a program tries it.
WRITE_PATIENCE = 60
# Where the kernel lets it wait; elsewhere only time can tell.
FROZEN_WAITS = ("percpu_rwsem_wait", "__percpu_down_read", "percpu_down_read")
WRITER = "import os,sys; f=os.open(sys.argv[1],os.O_CREAT|os.O_WRONLY); os.write(f,b'x'); os.fsync(f)"


def can_make(kind):
    known = Path("/proc/filesystems").read_text().split()
    if kind not in known:
        run("modprobe", kind, check=False)
        known = Path("/proc/filesystems").read_text().split()
    return kind in known and bool(shutil.which(MAKERS[kind][0]))


class Workshop:
    """Makes filesystems, and thaws and unmounts them all at the end."""

    def __init__(self, name):
        self.dir = os.path.join(work_dir(), name)
        os.makedirs(self.dir)
        self.points = []  # in the order of mounting

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.clear()

    def path(self, *parts):
        return os.path.join(self.dir, *parts)

    def attach(self, image, size):
        with open(image, "wb") as file:
            file.truncate(size)
        return run("losetup", "-f", "--show", image)

    def mount(self, source, name, *options):
        """Mounts @source at a new directory and returns that."""
        point = self.path(name)
        os.makedirs(point, exist_ok=True)
        run("mount", *options, source, point)
        self.points.append(point)
        return point

    def make(self, kind, name, size=None, below=None, options=()):
        """A new filesystem in an image @below (a directory); returns its mount point."""
        image = os.path.join(below or self.dir, name + ".img")
        device = self.attach(image, size or SIZES[kind])
        run(*MAKERS[kind], device)
        point = self.mount(device, name, *options)
        # From now on the device goes with its last user.
        run("losetup", "-d", device)
        return point

    def copy(self, image, name):
        """Another mount of a copy of @image, which holds a filesystem."""
        mine = self.path(name + ".img")
        shutil.copyfile(image, mine)
        device = run("losetup", "-f", "--show", mine)
        point = self.mount(device, name)
        run("losetup", "-d", device)
        return point

    def mount_again(self, name):
        """The image of an earlier make(), after its last mount went."""
        image = self.path(name + ".img")
        # The kernel's last look at it comes a moment after the last close; it then lets go
        # of the device, and two mounts of one image would spoil it.
        end = time.monotonic() + WRITE_PATIENCE
        while run("losetup", "-n", "-O", "NAME", "-j", image):
            if time.monotonic() > end:
                raise RuntimeError(f"{image} is still in use")
            time.sleep(0.002)
        device = run("losetup", "-f", "--show", image)
        point = self.mount(device, name)
        run("losetup", "-d", device)
        return point

    def bind(self, source, name):
        return self.mount(source, name, "--bind")

    def forget(self, point):
        self.points.remove(point)

    def thaw_all(self):
        """What is frozen here, by whomever; carriers first, and more than once."""
        for _ in range(3):
            for point in self.points:
                while thaw_by_hand(point):
                    pass

    def clear(self):
        self.thaw_all()
        while self.points:
            point = self.points.pop()
            if subprocess.run(["umount", point], capture_output=True, check=False).returncode:
                umount_lazily(point)
        run("sync", "-f", self.dir, check=False)
        shutil.rmtree(self.dir, ignore_errors=True)


def freeze_by_hand(point):
    run("fsfreeze", "-f", point)


def thaw_by_hand(point):
    return subprocess.run(["fsfreeze", "-u", point], capture_output=True, check=False,
                          timeout=60).returncode == 0


def _writers(points):
    return {point: subprocess.Popen([sys.executable, "-ISc", WRITER,
                                     os.path.join(point, ".written")]) for point in points}


def _may_end(point, status):
    if status:
        raise RuntimeError(f"a write to {point} failed")


def frozen_among(points, patience=WRITE_PATIENCE):
    """
    Those of the mount points that do not take a write within the time. To be asked when
    none ought to be frozen; what is about to be thawed does not count.
    """
    held = []
    for point, writer in _writers(points).items():
        try:
            _may_end(point, writer.wait(patience))
        except subprocess.TimeoutExpired:
            held.append(point)
            # Without waiting: a held-up writer ends only after the thaw.
            writer.kill()
    return held


def _waits_for_thaw(pid):
    """Whether the process waits in the kernel until a filesystem takes writes again."""
    try:
        return Path(f"/proc/{pid}/wchan").read_text() in FROZEN_WAITS
    except OSError:
        return False


def held_up(points, patience=WRITE_PATIENCE):
    """
    Those of the mount points that hold up a write by being frozen. To be asked when some
    ought to be: the kernel tells at once what a write waits for.
    """
    writers = _writers(points)
    held = set()
    end = time.monotonic() + patience
    while writers:
        for point, writer in list(writers.items()):
            status = writer.poll()
            if status is not None:
                _may_end(point, status)
                del writers[point]
            elif _waits_for_thaw(writer.pid) or time.monotonic() > end:
                held.add(point)
                writer.kill()
                del writers[point]
        time.sleep(0.002)
    return [point for point in points if point in held]
