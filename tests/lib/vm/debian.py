# SPDX-License-Identifier: LGPL-2.1-or-later
"""
The full guest: a Debian with systemd, logind, udev and D-Bus, on a disk of its own.

A group of tests that names MACHINE, or machine(...), as its `machine` runs in it. The
agent is the one under test, started by its own systemd unit; the reference is there as
/usr/bin/qemu-ga. self.guest runs commands as root, as in the small guest: "agent stop",
"agent start FILE ARGUMENTS" and self.reference_agent() work, too. What a test changes on
the disk is gone with the machine.
"""

import os
import subprocess

from lib.programs import TESTBED

MAKE = TESTBED / "debian"
LABEL = "guestd-debian"


def image():
    """The image's path; it is made when it is not there."""
    return subprocess.run([MAKE], stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, text=True,
                          check=True).stdout.strip()


def disk(directory):
    """An overlay in @directory, and QEMU's arguments for it."""
    overlay = os.path.join(directory, "debian.qcow2")
    subprocess.run(["qemu-img", "create", "-q", "-f", "qcow2", "-F", "qcow2", "-b", image(),
                    overlay], stdin=subprocess.DEVNULL, check=True)
    return ["-drive", f"file={overlay},if=none,id=debian,format=qcow2,cache=unsafe",
            "-device", "virtio-blk-pci,drive=debian,serial=debian"]


def machine(words=None, devices=(), memory=512, image=()):
    """Arguments of VM(); of @words, "args", "agent" and "method": "none" count."""
    return {"words": dict(words or {}, root=LABEL), "devices": devices, "memory": memory,
            "disks": disk, "image": image}


def pristine(devices=(), memory=512, image=()):
    """
    Arguments of VM() for a guest without anything of ours but the way in: no agent, unit
    or rule. The distribution's agent is there, masked. Files get in with @image,
    ("--add", "FILE:/debian/PATH").
    """
    return dict(machine({"pristine": 1}, devices, memory, image), method="none")


def wanted(options):
    """Whether a machine with these arguments is a full guest."""
    return "root" in options.get("words", {})


MACHINE = machine()
