# SPDX-License-Identifier: LGPL-2.1-or-later
"""A store that hangs, and a QEMU that hangs, while a backup is made."""

import contextlib
import json
import os
import signal

from lib.checks import Skip, has, same
from lib.loops import can_make

from bench import lines_of
from machine import Machine, run
from test_backup import FULL, INCREMENTAL, change, check_restored

MIB = 1 << 20
RATE = 60  # MiB a second
# 10 s, and as long as the rate makes QEMU wait for what it has in flight: 64 MiB.
REPORT = f"backup: no progress for {10 + 64 // RATE + 1} s\n"


@contextlib.contextmanager
def freezable(bench):
    """A filesystem of its own for the backups."""
    if not can_make("ext4"):
        raise Skip("no ext4")
    image, place = bench.path("store.img"), bench.path("store")
    with open(image, "wb") as file:
        file.truncate(800 * MIB)
    run("mkfs.ext4", "-q", "-F", image)
    os.mkdir(place)
    run("mount", "-o", "loop", image, place)
    try:
        yield place
    finally:
        run("umount", "--lazy", place)


@contextlib.contextmanager
def frozen(place):
    """Whatever writes to it waits."""
    run("fsfreeze", "--freeze", place)
    try:
        yield
    finally:
        run("fsfreeze", "--unfreeze", place)


def report_of(process):
    """What it says until it says that nothing proceeds."""
    said = ""
    while "no progress" not in said:
        said += lines_of(process)
    return said


def test_store(make, bench):
    """{make}: the store hangs during a backup, running or off -> reported after 10 s; once it works again, the backup is made"""
    with freezable(bench) as place:
        vm = make({"vda": "qcow2"}, size="512M")
        vm.store = os.path.join(place, "backups")
        vm.io("vda", "write -P 1 0 300M")
        wanted = vm.contents()
        for off in (False, True):
            if off:
                vm.quit()
            process = vm.start_backup("--json", "--rate", RATE, *FULL)
            bench.wait_for(lambda: size_of_partial(vm) > 2 * MIB, "no copy begins")
            with frozen(place):
                has(report_of(process), REPORT)
            out, err = process.communicate(timeout=120)
            same(process.returncode, 0, err)
            check_restored(vm, json.loads(out), wanted, "off" if off else "running")


def size_of_partial(vm):
    """Bytes that were written to the first copy, so far."""
    names = [name for name in os.listdir(vm.store) if name.endswith(".partial")] \
        if os.path.isdir(vm.store) else []
    return os.path.getsize(os.path.join(vm.store, names[0])) if names else 0


def test_stopped(bench):
    """QEMU itself hangs -> an error after the time limit, at Ctrl-C within 2 s; the next backup is right"""
    vm = Machine(bench, {"vda": "qcow2"}, size="512M")
    vm.backup()
    vm.io("vda", "write -P 1 0 300M")
    for number in (None, signal.SIGINT):
        process = bench.start("--timeout", 2 if number is None else 3600, *vm.args, "backup", "--to",
                              vm.store, "--rate", RATE, *FULL)
        bench.wait_for(lambda: [job["speed"] for job in vm.monitor.call("query-block-jobs")]
                       == [RATE * MIB], "the limit is not set")
        vm.process.send_signal(signal.SIGSTOP)
        if number is not None:
            process.send_signal(number)
        _out, err = process.communicate(timeout=60)
        vm.process.send_signal(signal.SIGCONT)
        same(process.returncode, 1, err)
        has(err.decode(), "interrupted" if number else "QEMU's monitor, query-")
        change(vm, 1)
        wanted, point = vm.contents(), vm.backup(*INCREMENTAL)
        check_restored(vm, point, wanted, "QEMU goes on")
        same([name for name in os.listdir(vm.store) if name.endswith(".partial")], [])
