# SPDX-License-Identifier: LGPL-2.1-or-later
"""A network namespace of a test's own; its interfaces end with the process."""

import ctypes
import os
import subprocess
from contextlib import suppress
from pathlib import Path

CLONE_NEWNET = 0x40000000

libc = ctypes.CDLL(None, use_errno=True)


def enter():
    """From here on there is one interface, lo, and it is down."""
    if libc.unshare(CLONE_NEWNET) < 0:
        number = ctypes.get_errno()
        raise OSError(number, os.strerror(number), "unshare")
    # Addresses are usable at once, and nobody looks for routers.
    for key in ("accept_dad", "router_solicitations"):
        for where in ("all", "default"):
            with suppress(FileNotFoundError):
                Path("/proc/sys/net/ipv6/conf", where, key).write_text("0")


def possible():
    """Whether this process may do that; tried in a child."""
    child = os.fork()
    if child == 0:
        try:
            enter()
            os._exit(0)
        except OSError:
            os._exit(1)
    return os.waitpid(child, 0)[1] == 0


class NotInKernel(Exception):
    """A kind of interface that this kernel has not."""


def ip(*argv):
    done = subprocess.run(["ip", *argv], stdin=subprocess.DEVNULL,
                          stdout=subprocess.PIPE, stderr=subprocess.STDOUT)
    said = done.stdout.decode(errors="replace")
    if "Unknown device type" in said or "Operation not supported" in said:
        raise NotInKernel(said.strip())
    if done.returncode:
        raise RuntimeError(f"{argv}: {said}")


def ip_all(lines):
    """Many commands of ip at once."""
    done = subprocess.run(["ip", "-batch", "-"],
                          input="\n".join(lines).encode(),
                          stdout=subprocess.PIPE, stderr=subprocess.STDOUT)
    if done.returncode:
        raise RuntimeError(done.stdout.decode(errors="replace"))
