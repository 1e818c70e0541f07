# SPDX-License-Identifier: LGPL-2.1-or-later
"""Which disks are copied, and how fast."""

import os

from lib.checks import has, same

from test_backup import FULL, INCREMENTAL, change, levels


def check(vm, point, wanted, disks):
    same(sorted(levels(point)), sorted(disks))
    for disk in disks:
        same(vm.restore(disk, point["id"]) == wanted[disk], True, f"{point['id']}: {disk}")


def test_only(make):
    """{make}: --disk NAME -> only that disk, and the manifest names those left out"""
    vm = make()
    change(vm, 1)
    wanted, point = vm.contents(), vm.backup("--disk", "vdb")
    same(point["left-out"], ["vda"])
    check(vm, point, wanted, ["vdb"])
    same({disk: len(names) > 0 for disk, names in vm.bitmaps().items()},
         {"vda": False, "vdb": True})


def test_exclude(make):
    """{make}: --exclude NAME -> all others; later the disk goes on from its last copy"""
    vm = make()
    change(vm, 1)
    first = vm.backup()
    same(first["left-out"], [])
    change(vm, 2)
    wanted, second = vm.contents(), vm.backup("--exclude", "vda")
    same(second["left-out"], ["vda"])
    check(vm, second, wanted, ["vdb"])
    change(vm, 3)
    wanted, third = vm.contents(), vm.backup(*INCREMENTAL)
    same({disk["name"]: disk["parent"] for disk in third["disks"]},
         {"vda": first["id"], "vdb": second["id"]})
    check(vm, third, wanted, ["vda", "vdb"])
    result = vm.bench.ctl("backup", "verify", "--to", vm.store)
    same(result.status, 0, result)


def test_unknown(make):
    """{make}: --disk or --exclude with an unknown name, or nothing left -> refused, nothing is made"""
    vm = make()
    for words, text in ((("--disk", "vdx"), "no writable disk 'vdx'; available: vda, vdb"),
                        (("--exclude", "vdx"), "no writable disk 'vdx'; available: vda, vdb"),
                        (("--exclude", "vda,vdb"), "no writable disk that is not excluded")):
        has(vm.backup(*words, status=1), text)
    same([name for name in os.listdir(vm.store) if not name.startswith(".")], [])


def test_rate(make):
    """{make}: --rate -> the copy of each disk has that limit once the guest may go on"""
    # With libvirt a copy begins at full speed, so there has to be more than it does in a moment.
    vm = make({"vda": "qcow2"}, size="1G")
    vm.io("vda", "write -P 1 0 900M")
    process = vm.start_backup("--rate", "7", *FULL)
    vm.bench.wait_for(lambda: [job["speed"] for job in vm.monitor.call("query-block-jobs")]
                      == [7 << 20], "the limit is not set")
    result = vm.bench.interrupt(process)
    same(result.status, 1, result)
    has(result.err, "interrupted")
    vm.io("vda", "write -z -u 0 900M", "write -P 3 0 1M")
    wanted, point = vm.contents(), vm.backup(*FULL)
    check(vm, point, wanted, ["vda"])
