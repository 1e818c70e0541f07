# SPDX-License-Identifier: LGPL-2.1-or-later
"""A world of the test's own: mounts and processes that end with it.

An agent's thaw without a freeze drains every filesystem that it sees, and a freeze
that goes wrong must not outlive the test. So all runs in a mount and a PID namespace
of its own, in which no loop mount but the test's is left; the kernel ends what is in
it when the test ends, however that comes about. Outside remains only a process that
thaws and detaches what the end left behind.
"""

import ctypes
import os
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from .processes import end_in_order
from .programs import run

INSIDE = "GUESTD_QUIESCE_WORK"
MNT_DETACH = 2

libc = ctypes.CDLL(None, use_errno=True)


def why_impossible():
    """Why these tests cannot be run here, or nothing."""
    if os.geteuid():
        return "not root"
    for name in ("unshare", "losetup", "mount", "fsfreeze", "mkfs.ext4"):
        if not shutil.which(name):
            return f"there is no {name}"
    if subprocess.run(["losetup", "-f"], capture_output=True, check=False).returncode:
        return "there are no loop devices"
    if subprocess.run(["unshare", "-mpf", "true"], capture_output=True, check=False).returncode:
        return "namespaces are not allowed"
    return ""


def mounts():
    """(major:minor, mount point, type, source) of each line of mountinfo."""
    for line in Path("/proc/self/mountinfo").read_text().splitlines():
        left, right = line.split(" - ", 1)
        fields, more = left.split(" "), right.split(" ")
        yield fields[2], fields[4], more[0], more[1]


def umount_lazily(path):
    return libc.umount2(os.fsencode(path), MNT_DETACH) == 0


def _leave_foreign_mounts():
    for _device, point, _kind, source in reversed(list(mounts())):
        if source.startswith("/dev/loop") and point != "/":
            umount_lazily(point)


def _loops_below(work):
    listing = run("losetup", "-l", "-n", "-O", "NAME,BACK-FILE", check=False)
    for line in listing.splitlines():
        name, _, backing = line.partition(" ")
        if backing.strip().startswith(work + "/"):
            yield name


def _sweep(work):
    """Thaws and detaches what still uses images in the directory; then removes it."""
    for _ in range(5):
        left = list(_loops_below(work))
        if not left:
            break
        for device in left:
            # A frozen filesystem stays in the kernel without its mounts; a new one reaches it.
            point = tempfile.mkdtemp(prefix="sweep-", dir=work)
            if run("mount", device, point, check=False) == "":
                run("fsfreeze", "-u", point, check=False)
                umount_lazily(point)
            run("losetup", "-d", device, check=False)
        time.sleep(0.2)
    shutil.rmtree(work, ignore_errors=True)


def work_dir():
    return os.environ[INSIDE]


def enter(parent=None):
    """
    Returns in a private world, with work_dir() made below @parent; the process that
    called it stays outside until the end, and exits with the inner one's status.
    """
    if os.environ.get(INSIDE):
        _leave_foreign_mounts()
        return
    work = tempfile.mkdtemp(prefix="guestd-quiesce-", dir=parent)
    child = None
    status = 1
    try:
        child = subprocess.Popen(
            ["unshare", "--mount", "--propagation", "private", "--pid", "--fork",
             "--kill-child", "--mount-proc", sys.executable, *sys.argv],
            env=dict(os.environ, **{INSIDE: work}))
        end_in_order()
        status = child.wait()
    finally:
        signal.signal(signal.SIGTERM, signal.SIG_IGN)
        signal.signal(signal.SIGINT, signal.SIG_IGN)
        if child and child.poll() is None:
            child.terminate()
            child.wait()
        _sweep(work)
    sys.exit(status)
