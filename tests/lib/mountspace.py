# SPDX-License-Identifier: LGPL-2.1-or-later
"""A mount namespace of a test's own, whose mounts end with the process."""

import ctypes
import json
import os
import traceback

CLONE_NEWNS = 0x00020000
MS_NODEV, MS_BIND, MS_REC, MS_PRIVATE = 4, 4096, 16384, 1 << 18
MNT_DETACH = 2

libc = ctypes.CDLL(None, use_errno=True)


def _checked(result, what):
    if result < 0:
        number = ctypes.get_errno()
        raise OSError(number, os.strerror(number), what)


def enter():
    """From here on nothing that is mounted is seen outside."""
    _checked(libc.unshare(CLONE_NEWNS), "unshare")
    _checked(libc.mount(b"none", b"/", None, MS_REC | MS_PRIVATE, None), "/")


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


def tmpfs(where, flags=0):
    _checked(libc.mount(b"none", os.fsencode(where), b"tmpfs", flags, None),
             where)


def bind(what, where):
    _checked(libc.mount(os.fsencode(what), os.fsencode(where), None,
                        MS_BIND | MS_REC, None), where)


def detach(where):
    _checked(libc.umount2(os.fsencode(where), MNT_DETACH), where)


def in_child(function, *arguments):
    """What @function returns, as JSON has it, in a mount namespace; or {}."""
    reader, writer = os.pipe()
    child = os.fork()
    if child == 0:
        status = 1
        try:
            enter()
            text = json.dumps(function(*arguments))
            with open(writer, "w", encoding="utf-8") as pipe:
                pipe.write(text)
            status = 0
        except Exception:
            traceback.print_exc()
        finally:
            os._exit(status)
    os.close(writer)
    with open(reader, encoding="utf-8") as pipe:
        text = pipe.read()
    os.waitpid(child, 0)
    return json.loads(text) if text else {}
