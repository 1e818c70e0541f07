# SPDX-License-Identifier: LGPL-2.1-or-later
"""One guestctl at a time at work on a VM, and what a killed one leaves."""

import os
import signal

from bench import PATIENCE
from lib.checks import has, same
from test_backup_faults import INCREMENTAL, SLOW, check_next, machine


def check_first_store(vm):
    """Its bitmaps are still the parents of its next backup."""
    wanted = vm.contents()
    point = vm.backup(*INCREMENTAL)
    same({disk: vm.restore(disk, point["id"]) == wanted[disk] for disk in vm.disks},
         dict.fromkeys(vm.disks, True))
    same(vm.nodes(), [])


def test_other_store(bench):
    """/lock/backups into two stores at once -> the second fails at once with --wait 0, or waits"""
    vm = machine(bench)
    first = vm.start_backup(*SLOW)
    vm.copying()
    # The same monitor by another name.
    other = os.path.join(vm.dir, "other-name")
    os.symlink(vm.qmp, other)
    refused = bench.ctl("--qmp", other, "backup", "--to", vm.store + "-2", "--wait", 0)
    same(refused.status, 1, refused)
    has(refused.err, f"another guestctl (pid {first.pid}) has been at work on VM ")
    has(refused.err, "(backup); wait for its end, or permit guestctl to wait for it with --wait")
    for words in (("snapshot",), ("snapshot", "commit")):
        result = vm.ctl(*words, "--wait", 0)
        same(result.status, 1, result)
        has(result.err, f"another guestctl (pid {first.pid})")
    second = bench.start(*vm.args, "backup", "--to", vm.store + "-2")
    line = second.stderr.readline().decode()
    has(line, f"another guestctl (pid {first.pid})")
    has(line, "waiting for it")
    first.send_signal(signal.SIGINT)
    same(first.wait(PATIENCE), 1)
    out, err = second.communicate(timeout=PATIENCE)
    same(second.returncode, 0, (out, err))
    check_first_store(vm)


def test_foreign_text(bench):
    """/lock/a lock file with control characters -> they are not printed"""
    vm = machine(bench)
    first = vm.start_backup(*SLOW)
    vm.copying()
    fds = f"/proc/{first.pid}/fd"
    (lock,) = {path for path in (os.readlink(f"{fds}/{fd}") for fd in os.listdir(fds))
               if "/guestctl/" in path and path.endswith(".lock")}
    with open(lock, "w", encoding="ascii") as file:
        file.write(f"{first.pid} 1 backup\x1b[2J\n")
    refused = vm.ctl("backup", "--to", vm.store + "-2", "--wait", 0)
    same((refused.status, "\x1b" in refused.err), (1, False), refused)
    has(refused.err, "another guestctl is at work on VM ")
    bench.interrupt(first)


def test_wait_interrupted(bench):
    """/lock/Ctrl-C while guestctl waits for another -> it ends"""
    vm = machine(bench)
    first = vm.start_backup(*SLOW)
    vm.copying()
    second = bench.start(*vm.args, "backup", "--to", vm.store + "-2")
    has(second.stderr.readline().decode(), "waiting for it")
    result = bench.interrupt(second)
    same(result.status, 1, result)
    has(result.err, "interrupted")
    same(first.poll(), None, "the other one")
    bench.interrupt(first)


def test_left_for_other_store(bench):
    """/lock/guestctl killed during a backup -> the next one, into another store, ends its job"""
    vm = machine(bench)
    first = vm.start_backup(*SLOW)
    vm.copying()
    first.kill()
    first.wait(PATIENCE)
    result = vm.ctl("backup", "--to", vm.store + "-2")
    same(result.status, 0, result)
    has(result.err, "jobs that a guestctl which was killed had left in QEMU")
    same(vm.nodes(), [])
    check_first_store(vm)


def test_second_signal(bench):
    """/signals/a second one while guestctl still undoes its work -> it ends at once, in words"""
    vm = machine(bench)
    process = vm.start_backup(*SLOW)
    vm.copying()
    os.kill(vm.process.pid, signal.SIGSTOP)
    try:
        process.send_signal(signal.SIGINT)
        process.send_signal(signal.SIGTERM)
        _out, err = process.communicate(timeout=PATIENCE)
    finally:
        os.kill(vm.process.pid, signal.SIGCONT)
    same(process.returncode, 1)
    has(err.decode(), "interrupted again; what was begun with a VM")
    check_next(vm, "after the second signal")


def test_undo_hangs(bench):
    """/signals/QEMU hangs while guestctl undoes its work -> it ends by itself, in words"""
    vm = machine(bench)
    process = vm.start_backup(*SLOW)
    vm.copying()
    os.kill(vm.process.pid, signal.SIGSTOP)
    try:
        result = bench.interrupt(process)
    finally:
        os.kill(vm.process.pid, signal.SIGCONT)
    same(result.status, 1, result)
    has(result.err, "interrupted, and failed to undo its work in time; what was begun with a VM")
    check_next(vm, "after a QEMU that hung")
