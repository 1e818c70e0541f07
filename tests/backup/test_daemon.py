# SPDX-License-Identifier: LGPL-2.1-or-later
"""libvirtd is restarted, or hangs, during a backup."""

import json
import os
import signal
import time

from lib.checks import has, same

from domain import Domain
from test_backup import FULL, INCREMENTAL, change, check_restored

LARGE = "512M"
# For all that libvirtd is asked before it hangs, on a busy machine.
LIMIT = 8


def loaded(bench):
    """A domain whose copy takes a while, which has a backup."""
    vm = Domain(bench, {"vda": "qcow2"}, size=LARGE)
    vm.backup()
    vm.io("vda", "write -P 1 0 300M")
    return vm


def limited(vm, rate, process):
    """Waits until the call that begins the job has returned, and guestctl has set the limit."""
    vm.bench.wait_for(lambda: process.poll() is not None or
                      [job["speed"] for job in vm.monitor.call("query-block-jobs")] == [rate << 20],
                      "the limit is not set")
    same(process.poll(), None, process.poll() and process.communicate())


def end_in_order(daemons):
    process = daemons.running.pop("libvirtd")
    process.terminate()
    process.wait(60)


def test_restarted(bench, daemons):
    """libvirtd is killed, or ends in order, and starts again -> the backup continues and is right"""
    vm = loaded(bench)
    for end in (lambda: daemons.kill("libvirtd"), lambda: end_in_order(daemons)):
        change(vm, 1)
        wanted = vm.contents()
        process = vm.start_backup("--json", "--rate", "20", *FULL)
        limited(vm, 20, process)
        end()
        daemons.start("libvirtd")
        out, err = process.communicate(timeout=120)
        same(process.returncode, 0, err)
        check_restored(vm, json.loads(out), wanted, "libvirtd was restarted")
        change(vm, 2)
        wanted, point = vm.contents(), vm.backup(*INCREMENTAL)
        check_restored(vm, point, wanted, "the next one")


def test_gone(bench, daemons):
    """libvirtd ends and stays away -> an error after the time limit; the next backup ends the job and is right"""
    vm = loaded(bench)
    process = bench.start("--timeout", LIMIT, *vm.args, "backup", "--to", vm.store, "--rate", "1", *FULL)
    vm.copying()
    daemons.kill("libvirtd")
    _out, err = process.communicate(timeout=60)
    daemons.start("libvirtd")
    same(process.returncode, 1, err)
    has(err.decode(), "libvirt")
    change(vm, 1)
    wanted, point = vm.contents(), vm.backup(*INCREMENTAL)
    check_restored(vm, point, wanted, "libvirtd is back")
    same(sorted(name for name in os.listdir(vm.store) if name.endswith(".partial")), [])


def test_hangs(bench, daemons):
    """libvirtd hangs -> the time limit holds, and Ctrl-C ends guestctl within 2 s; the next backup is right"""
    vm = loaded(bench)
    for number in (None, signal.SIGINT, signal.SIGTERM):
        process = bench.start("--timeout", LIMIT if number is None else 3600, *vm.args, "backup",
                              "--to", vm.store, "--rate", "7", *FULL)
        # The copy runs, and guestctl asks about it from time to time.
        limited(vm, 7, process)
        daemons.running["libvirtd"].send_signal(signal.SIGSTOP)
        try:
            if number is not None:
                process.send_signal(number)
            began = time.monotonic()
            _out, err = process.communicate(timeout=120)
            took = time.monotonic() - began
        finally:
            daemons.running["libvirtd"].send_signal(signal.SIGCONT)
        same(process.returncode, 1, err)
        has(err.decode(), "interrupted" if number else "libvirt did not answer in time")
        # With the time for undoing, and for a busy machine.
        same(took < (4 if number else 90), True, f"{took} s")
        change(vm, 1)
        wanted, point = vm.contents(), vm.backup(*INCREMENTAL)
        check_restored(vm, point, wanted, "libvirtd answers")
