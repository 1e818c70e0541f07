# SPDX-License-Identifier: LGPL-2.1-or-later
"""The guest shuts down, or QEMU ends, while a backup runs."""

import contextlib

from lib.checks import has, same
from lib.qmp import QmpError

from test_backup import FULL, INCREMENTAL, change, check_restored
from test_off import held

# Of the "pc" machine with its firmware (hw/acpi/core.c in QEMU).
PM1_CONTROL, SLEEP_ENABLE = 0x604, 0x2000


def end_during_backup(vm, end):
    """What guestctl said when @end was done while it copied; the store is as before."""
    vm.io("vda", "write -P 1 0 300M")
    vm.backup()
    change(vm, 1)
    files = vm.files()
    process = vm.start_backup("--rate", "1", *FULL)
    vm.copying()
    end()
    _out, err = process.communicate(timeout=60)
    same(process.returncode, 1, err)
    same(vm.files(), files)
    return err.decode()


def check_next(vm, level):
    vm.start()
    change(vm, 2)
    wanted, point = vm.contents(), vm.backup()
    same(point["level"], level)
    check_restored(vm, point, wanted, "after that")
    for bitmaps in vm.bitmaps().values():
        same(len([name for name in bitmaps if "-tag-" not in name]), 1, bitmaps)


def test_quit(make):
    """{make}: QEMU quits in order during a backup -> it fails and says so, and leaves nothing; the next is incremental"""
    vm = make({"vda": "qcow2"}, size="512M")
    said = end_during_backup(vm, vm.quit)
    has(said, "QEMU ended during the backup: " + ("the VM was shut off by force (destroyed)\n"
                                                  if vm.args[0] == "-c" else "QEMU was told to quit\n"))
    check_next(vm, "incremental")


def test_killed(make):
    """{make}: QEMU is killed during a backup -> it fails and says so, and leaves nothing; the next is full"""
    vm = make({"vda": "qcow2"}, size="512M")
    said = end_during_backup(vm, vm.kill)
    has(said, "QEMU ended during the backup: " + ("the VM was shut off because QEMU or the guest crashed\n"
                                                  if vm.args[0] == "-c" else "QEMU was killed ("))
    check_next(vm, "full")


def power_off(vm):
    """As a guest does, by the power management of the "pc" machine, once its firmware has set that up."""
    def monitor(line):
        return vm.monitor.call("human-monitor-command", **{"command-line": line})
    vm.bench.wait_for(lambda: "0xffff" not in monitor(f"i /h {PM1_CONTROL:#x}"),
                      "the firmware does not set up the power management")
    with contextlib.suppress(QmpError, OSError):
        monitor(f"o /h {PM1_CONTROL:#x} {SLEEP_ENABLE:#x}")


def test_shut_down(make):
    """{make}: the guest shuts down during a backup -> it fails and says so, and leaves nothing; the next is incremental"""
    vm = make({"vda": "qcow2"}, size="512M", options=("-machine", "pc"))
    said = end_during_backup(vm, lambda: power_off(vm))
    has(said, "QEMU ended during the backup: the guest shut down\n")
    vm.monitor.close()
    wanted, point = held(vm), vm.backup(*INCREMENTAL)
    same(point["consistency"]["label"], "clean: shut off")
    check_restored(vm, point, wanted, "off")
    check_next(vm, "incremental")
