# SPDX-License-Identifier: LGPL-2.1-or-later
"""Processes by their pids: how they start, how one waits for their end."""

import ctypes
import os
import select
import signal
import sys
import time
from pathlib import Path

PR_SET_PDEATHSIG, PR_SET_CHILD_SUBREAPER = 1, 36
PATIENCE = 60.0


def end_in_order():
    """SIGTERM and SIGHUP unwind the test like an error, so that it cleans up."""
    for number in (signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, lambda number, _frame: sys.exit(128 + number))


def die_with_parent():
    """In a child: not even a killed test may leave it behind."""
    ctypes.CDLL(None).prctl(PR_SET_PDEATHSIG, signal.SIGKILL)


def accept_interrupts():
    """
    A shell ignores SIGINT and SIGQUIT for its background jobs, and their children inherit that. The
    suite and what it starts react to them as in the foreground.
    """
    signal.signal(signal.SIGINT, signal.default_int_handler)
    signal.signal(signal.SIGQUIT, signal.SIG_DFL)


def default_signals():
    """In a child: what a shell ignores for its background jobs would be ignored by the agent."""
    for number in (signal.SIGHUP, signal.SIGINT, signal.SIGQUIT):
        signal.signal(number, signal.SIG_DFL)


def ended(pid, milliseconds):
    """Waits that long for a process to end; true when it has."""
    try:
        pidfd = os.pidfd_open(pid)
    except ProcessLookupError:
        return True
    try:
        poller = select.poll()
        poller.register(pidfd, select.POLLIN)
        return bool(poller.poll(milliseconds))
    finally:
        os.close(pidfd)


def state(pid):
    """The letter of its state in /proc; None if there is no such process."""
    try:
        return Path(f"/proc/{pid}/stat").read_text("latin-1").rpartition(")")[2].split()[0]
    except (FileNotFoundError, ProcessLookupError):  # before it was opened, or read
        return None


def settle(pid):
    """Until the process sleeps: the reference sometimes hangs for ever when SIGTERM finds it at
    work."""
    deadline = time.monotonic() + PATIENCE
    while time.monotonic() < deadline and state(pid) not in ("S", "Z", None):
        os.sched_yield()


def adopt_orphans(adopt=True):
    """Processes below this one whose parents end become its children, or no longer do."""
    ctypes.CDLL(None).prctl(PR_SET_CHILD_SUBREAPER, int(adopt), 0, 0, 0)


def children():
    """The pids of this process's living children; the others are collected."""
    found = []
    for task in os.listdir("/proc/self/task"):
        try:
            pids = Path(f"/proc/self/task/{task}/children").read_text().split()
        except OSError:
            continue
        for pid in map(int, pids):
            if state(pid) == "Z":
                os.waitpid(pid, os.WNOHANG)
            else:
                found.append(pid)
    return found


def kill(pids):
    """Kills children and collects them."""
    for pid in pids:
        try:
            os.kill(pid, signal.SIGKILL)
            os.waitpid(pid, 0)
        except (ChildProcessError, ProcessLookupError):
            pass


def command(pid):
    """The command line of a process; empty when it is gone."""
    try:
        return Path(f"/proc/{pid}/cmdline").read_bytes().replace(b"\0", b" ").decode(
            "utf-8", "replace").strip()
    except OSError:
        return ""
