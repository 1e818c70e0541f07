# SPDX-License-Identifier: LGPL-2.1-or-later
"""guestctl killed at each system call that changes something: the next run works, and leaves nothing."""

import json
import os
from pathlib import Path

from lib.checks import has, same

from test_backup import INCREMENTAL, change, check_restored
from test_off import held, write

# What names, writes durably or removes a file, and what is sent to QEMU.
CALLS = "rename,renameat,renameat2,link,unlink,unlinkat,fsync,ftruncate,truncate,fallocate,sendto"


def killed_at(number, calls=CALLS):
    """guestctl runs until its call with this number, in whatever thread or program that it started."""
    return ["strace", "-f", "-o", "/dev/null", "-e", f"trace={calls}", "-e",
            f"inject={calls}:signal=KILL:when={number}"]


def whole(vm):
    """Every file belongs to a manifest, and every manifest has its files."""
    store = Path(vm.store)
    named = {disk["file"] for path in store.glob("*.json")
             for disk in json.loads(path.read_text())["disks"]}
    same({path.name for path in store.iterdir() if path.suffix != ".json"
          and not path.name.startswith(".")}, named)
    same([path.name for path in store.glob(".*")], [".guestctl-backups"])


def test_backup(make):
    """{make}: killed while it backs up -> the next backup works, and every file has its manifest"""
    vm = make({"vda": "qcow2"})
    vm.backup()
    number, step = 1, 1
    while True:
        change(vm, number)
        process = vm.bench.start(*vm.args, "backup", "--to", vm.store,
                                 enter=killed_at(number, step_calls(vm)))
        process.communicate(timeout=60)
        if process.returncode == 0:
            break
        wanted, point = vm.contents(), vm.backup()
        check_restored(vm, point, wanted, f"after call {number}")
        whole(vm)
        number += step
    same(number > 2, True, "it was not killed")
    result = vm.bench.ctl("backup", "verify", "--to", vm.store)
    same(result.status, 0, result)


def test_off(make):
    """{make}: off, guestctl or its daemon is killed while it backs up -> the next backup works, and leaves nothing"""
    vm = make({"vda": "qcow2"})
    vm.backup()
    vm.quit()
    killed = 0
    for number in range(1, 200):
        write(vm, "vda", f"write -P {number} {number * 4096} 64k")
        process = vm.bench.start(*vm.args, "backup", "--to", vm.store,
                                 enter=killed_at(number, step_calls(vm)))
        process.communicate(timeout=60)
        # The daemon may be killed after the backup was made, and has then not written the bitmap.
        wanted, point = held(vm, "-U"), vm.backup()
        check_restored(vm, point, wanted, f"after call {number}")
        whole(vm)
        killed += process.returncode != 0
        if process.returncode == 0 and point["level"] == "incremental":
            break
    same(killed > 2, True, "it was not killed")
    result = vm.bench.ctl("backup", "verify", "--to", vm.store)
    same(result.status, 0, result)
    vm.start()
    change(vm, 1)
    wanted, point = vm.contents(), vm.backup(*INCREMENTAL)
    check_restored(vm, point, wanted, "running")


def step_calls(vm):
    """libvirt's client sends by other calls."""
    return CALLS if vm.args[0] == "--qmp" else CALLS.replace(",sendto", "")


def test_prune(make):
    """{make}: killed while it prunes -> what is left is whole, and the next prune removes the rest"""
    vm = make({"vda": "qcow2"})
    number = 1
    while True:
        for _ in range(3):
            vm.backup("--level", "full")
        process = vm.bench.start("backup", "prune", "--to", vm.store, "--keep", "1",
                                 enter=killed_at(number, "rename,renameat,unlink,unlinkat,fsync"))
        process.communicate(timeout=60)
        if process.returncode == 0:
            break
        result = vm.bench.ctl("backup", "prune", "--to", vm.store, "--keep", "1")
        same(result.status, 0, result)
        whole(vm)
        same(len([name for name in os.listdir(vm.store) if name.endswith(".json")]), 1)
        number += 1
    same(number > 4, True, "it was not killed")
    result = vm.bench.ctl("backup", "verify", "--to", vm.store)
    has(result.out, " ok\n")
    same(result.status, 0, result)
