# SPDX-License-Identifier: LGPL-2.1-or-later
"""Filesystems on loop devices, and whether they can be written to."""

import os
import shutil
import subprocess
from pathlib import Path

from .private import run, umount_lazily, work_dir

MIB = 1 << 20
# Smallest images on which each can be made and used.
SIZES = {"ext4": 16 * MIB, "xfs": 320 * MIB, "btrfs": 128 * MIB}
MAKERS = {"ext4": ("mkfs.ext4", "-q", "-F", "-E", "lazy_itable_init=0,nodiscard"),
          "xfs": ("mkfs.xfs", "-q", "-f", "-K"),
          "btrfs": ("mkfs.btrfs", "-q", "-f")}

# A write that a frozen filesystem holds up cannot be taken back, so a program tries it.
WRITE_PATIENCE = 10
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
        device = run("losetup", "-f", "--show", self.path(name + ".img"))
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


def is_frozen(point, patience=WRITE_PATIENCE):
    """Whether a write does not get through within the time."""
    writer = subprocess.Popen(["/usr/bin/env", "python3", "-Sc", WRITER,
                               os.path.join(point, ".written")])
    try:
        if writer.wait(patience):
            raise RuntimeError(f"a write to {point} failed")
        return False
    except subprocess.TimeoutExpired:
        return True
    finally:
        # Without waiting: a held-up writer ends only after the thaw.
        writer.kill()


def frozen_among(points, patience=WRITE_PATIENCE):
    """Those of the mount points that do not take a write."""
    writers = {point: subprocess.Popen(["/usr/bin/env", "python3", "-Sc", WRITER,
                                        os.path.join(point, ".written")]) for point in points}
    held = []
    for point, writer in writers.items():
        try:
            if writer.wait(patience):
                raise RuntimeError(f"a write to {point} failed")
        except subprocess.TimeoutExpired:
            held.append(point)
            writer.kill()
    return held
