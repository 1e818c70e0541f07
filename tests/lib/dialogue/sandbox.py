# SPDX-License-Identifier: LGPL-2.1-or-later
"""A place where an agent may do what it likes to the machine: nothing of it is there.

Programs of the system are hidden, and what stands in for them only notes that it was
called. There is no bus, no clock device and no right to set the clock or to reboot;
process 1 is the test itself.
"""

import ctypes
import os
import stat
from pathlib import Path

from lib import mountspace

CLONE_NEWPID, CLONE_NEWNET, CLONE_NEWIPC = 0x20000000, 0x40000000, 0x08000000
PR_CAPBSET_DROP = 24
# Of linux/capability.h: rebooting, setting the clock, loading modules, raw devices.
CAPABILITIES = {"SYS_BOOT": 22, "SYS_TIME": 25, "SYS_MODULE": 16, "SYS_RAWIO": 17}
PROGRAMS = ("systemctl", "loginctl", "busybox", "dbus-send", "busctl", "pm-is-supported",
            "pm-suspend", "pm-hibernate", "pm-suspend-hybrid")
SBIN = "/usr/sbin"
LOG = "/run/calls"

libc = ctypes.CDLL(None, use_errno=True)


def _programs_elsewhere():
    for folder in ("/bin", "/usr/bin", "/usr/local/bin", "/usr/local/sbin"):
        for name in PROGRAMS:
            if os.path.exists(os.path.join(folder, name)):
                yield os.path.join(folder, name)


def _mount_empty():
    """Each time anew and on top, so that nothing is ever deleted."""
    for folder in (SBIN, "/run", "/sys"):
        mountspace.tmpfs(folder)
    if os.path.realpath("/sbin") != SBIN:
        mountspace.bind(SBIN, "/sbin")
    os.mkdir("/sys/power")


def _hide():
    for name in list(_programs_elsewhere()):
        mountspace.bind("/dev/null", name)
    mountspace.tmpfs("/dev")
    os.mknod("/dev/null", stat.S_IFCHR | 0o666, os.makedev(1, 3))
    _mount_empty()
    if libc.mount(b"proc", b"/proc", b"proc", 0, None) < 0:
        raise OSError(ctypes.get_errno(), "cannot mount /proc")


def _give_up_rights():
    for number in CAPABILITIES.values():
        if libc.prctl(PR_CAPBSET_DROP, number, 0, 0, 0) < 0:
            raise OSError(ctypes.get_errno(), "cannot drop a capability")


def _check():
    """Rather no test than one that reaches the machine."""
    bound = next(int(line.split()[1], 16) for line in
                 Path("/proc/self/status").read_text().splitlines()
                 if line.startswith("CapBnd:"))
    assert not any(bound >> number & 1 for number in CAPABILITIES.values())
    assert os.getpid() == 1
    assert os.listdir("/run") == os.listdir(SBIN) == os.listdir("/sbin") == []
    assert os.listdir("/dev") == ["null"] and os.listdir("/sys") == ["power"]
    for name in _programs_elsewhere():
        assert stat.S_ISCHR(os.stat(name).st_mode)


def run(function):
    """
    Calls it in the sandbox, in a process of its own with which everything there ends;
    returns whether it came back with something true.
    """
    child = os.fork()
    if child:
        return os.waitpid(child, 0)[1] == 0
    status = 1
    try:
        if libc.unshare(CLONE_NEWPID | CLONE_NEWNET | CLONE_NEWIPC) < 0:
            raise OSError(ctypes.get_errno(), "unshare")
        first = os.fork()
        if first:
            status = os.waitstatus_to_exitcode(os.waitpid(first, 0)[1])
            os._exit(1 if status else 0)
        mountspace.enter()
        _hide()
        _give_up_rights()
        _check()
        os.environ["PATH"] = SBIN
        status = 0 if function() else 1
    except BaseException:
        import traceback
        traceback.print_exc()
    finally:
        os._exit(status)


def set_up(programs, files):
    """{name: (what it says, its exit status)}, {path: text}; a path of a folder ends with /"""
    assert os.getpid() == 1
    _mount_empty()
    for name, (says, status) in programs.items():
        path = os.path.join(SBIN, name)
        says = f"echo '{says}'\n" if says else ""
        Path(path).write_text(f"#!/bin/sh\necho {name} \"$@\" >>{LOG}\n{says}exit {status}\n")
        os.chmod(path, 0o755)
    for path, text in files.items():
        if path.startswith("/proc/"):
            copy = "/run/" + os.path.basename(path)
            Path(copy).write_text(text)
            mountspace.bind(copy, path)
            continue
        os.makedirs(os.path.dirname(path), exist_ok=True)
        if not path.endswith("/"):
            Path(path).write_text(text)


def calls():
    return Path(LOG).read_text().splitlines() if os.path.exists(LOG) else []
