# SPDX-License-Identifier: LGPL-2.1-or-later
"""Other machines' /proc, /sys and /run/udev: tests/unit/data/machines."""

import os
import re
import stat
from pathlib import Path

from lib import mountspace

MACHINES = Path(__file__).resolve().parents[2] / "unit/data/machines"


def names(among=MACHINES):
    return sorted(path.name for path in among.iterdir())


def entries(tree):
    """(path, link target or None, lines of the file or None)"""
    found = []
    for line in tree.read_text("utf-8").split("\n"):
        if line.startswith("|"):
            found[-1][2].append(line[2:])
        elif line and not line.startswith("#"):
            path, arrow, target = line.partition(" -> ")
            lines = None if arrow or path.endswith("/") else []
            found.append((path, target if arrow else None, lines))
    return found


def unpack(directory, top):
    # A tmpfs lists what was made last first: so directories come out sorted.
    for path, target, lines in sorted(entries(directory / "tree"),
                                      reverse=True):
        full = Path(top + path)
        full.parent.mkdir(parents=True, exist_ok=True)
        if target is not None:
            full.symlink_to(target)
        elif lines is None:
            full.mkdir(exist_ok=True)
        else:
            full.write_text("".join(line + "\n" for line in lines))


def make_nodes(top):
    """A node below @top/dev for each block device, as the kernel would."""
    for uevent in Path(top, "sys").rglob("uevent"):
        known = dict(re.findall(r"^(\w+)=(.*)$", uevent.read_text(), re.M))
        node = Path(top, "dev", known["DEVNAME"])
        node.parent.mkdir(parents=True, exist_ok=True)
        os.mknod(node, stat.S_IFBLK | 0o600,
                 os.makedev(int(known["MAJOR"]), int(known["MINOR"])))


def become(name, among=MACHINES):
    """From here on, files of this process are those of the machine.

    To be called in a mount namespace. Nodes cannot be opened: they would be
    devices of the machine that this runs on.
    """
    top = "/mnt"
    mountspace.tmpfs(top, mountspace.MS_NODEV)
    for part in ("/dev", "/run/udev/data"):
        os.makedirs(top + part)
    unpack(among / name, top)
    make_nodes(top)
    os.makedirs(top + "/proc", exist_ok=True)
    for part in ("/dev", "/run", "/sys", "/proc"):
        mountspace.bind(top + part, part)


def leave():
    mountspace.detach("/proc")
