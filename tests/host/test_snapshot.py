# SPDX-License-Identifier: LGPL-2.1-or-later
"""
Quiesced snapshots. Agents and monitors are played: nothing of this machine is frozen.
"""

import hashlib
import json
import os
import time

from lib.checks import has, same
from played import FREEZE_LIST, REPORT, THAW, WINDOW, fleet, machine, well


def test_quiesced(bench):
    """a quiesced snapshot -> freeze, one transaction, thaw; the manifest has disks and times"""
    vm = machine(bench)
    result = well(vm.snapshot("--quiesce"))
    has(result.out, "consistent: 3 filesystems frozen for ")
    same(vm.steps(), WINDOW)
    same(vm.freezes, [{"timeout": 60}])
    told = vm.manifest()
    same((told["label"], told["filesystems"], told["guestd-report"]), ("consistent", 3, REPORT))
    same(told["window"]["begin"] < told["window"]["end"], True, told)
    same(0 < told["frozen-ms"] < 60000, True, told)
    same([(row["name"], row["overlay"]) for row in told["disks"]],
         [(disk, chain[-1]) for disk, chain in vm.images.items()])
    same([os.path.basename(row["backing"]) for row in told["disks"]], ["vm-vda.img", "vm-vdb.img"])


def test_mount_points(bench):
    """--quiesce with mount points -> these alone are frozen, and the label names them"""
    vm = machine(bench)
    result = well(vm.snapshot("--quiesce=/srv,/var,/srv"))
    has(result.out, "consistent in /srv, /var: 2 filesystems frozen for ")
    same(vm.steps(), [FREEZE_LIST, "transaction", THAW])
    same(vm.freezes, [{"mountpoints": ["/srv", "/var"], "timeout": 60}])
    told = vm.manifest()
    same((told["label"], told["filesystems"], told["mount-points"]),
         ("consistent", 2, ["/srv", "/var"]))


def test_mount_point_missing(bench):
    """--quiesce with a mount point that is not mounted -> thawed, nothing done"""
    for points in ("/srv,/data", "/data"):
        vm = machine(bench, points.replace("/", "-"))
        result = vm.snapshot("--quiesce=" + points)
        same(result.status, 1, result)
        has(result.err, "not quiesced: the agent f")
        same("transaction" in vm.steps(), False)
        vm.untouched()


def test_atomic(bench):
    """two disks -> one transaction with absolute paths"""
    vm = machine(bench)
    os.mkdir(bench.path("to"))
    well(vm.snapshot("--to", bench.path("to")))
    (order,) = [m for m in vm.qmp.heard if m["execute"] == "transaction"]
    actions = order["arguments"]["actions"]
    same([action["type"] for action in actions], ["blockdev-snapshot-sync"] * 2)
    for action in actions:
        same(os.path.dirname(action["data"]["snapshot-file"]), bench.path("to"))
        same(action["data"]["mode"], "existing")
    same(len({action["data"]["snapshot-node-name"] for action in actions}), 2)
    same(vm.steps(), ["transaction"])


def test_stock(bench):
    """an agent that is not guestd -> only commands of qemu-ga are sent"""
    vm = machine(bench, guestd=False)
    has(well(vm.snapshot("--quiesce=require")).out, "consistent: 3")
    same(vm.freezes, [{}])
    same("guestd-report" in vm.manifest(), False)


def test_none(bench):
    """no --quiesce -> no request to the agent, label crash-consistent"""
    vm = machine(bench)
    has(well(vm.snapshot()).out, "crash-consistent: no freeze was requested")
    same((vm.agent.heard, vm.manifest()["label"]), ([], "crash-consistent"))


def test_disk(bench):
    """--disk, also several times -> these disks; one that does not exist -> error"""
    vm = machine(bench)
    well(vm.snapshot("--disk", "vdb"))
    same([len(chain) for chain in vm.images.values()], [1, 2])
    result = vm.snapshot("--disk", "vda", "--disk=vdx")
    same(result.status, 1)
    has(result.err, "no writable disk 'vdx'; available: vda, vdb")


def test_usage(bench):
    """invalid words -> usage error"""
    vm = machine(bench)
    for mode in ("perhaps", "/srv,var", "/srv,"):
        same(vm.snapshot("--quiesce=" + mode).status, 2)
    same(vm.snapshot("comit").status, 2)
    vm.untouched()


def test_dry_run(bench):
    """--dry-run -> disks and files are named, nothing changes"""
    vm = machine(bench)
    result = well(bench.ctl(*vm.args, "--dry-run", "snapshot", "--quiesce"))
    has(result.out, "vda: would write to " + bench.path(file_name(vm) + "-vda-"))
    same(vm.steps(), [])
    vm.untouched()


def file_name(vm):
    """What the files of a VM that is known by its agent's socket are named after."""
    digest = hashlib.sha256(vm.agent.path.encode()).hexdigest()
    return f"{os.path.basename(vm.agent.path)}~{digest[:8]}"


def seconds(now):
    """The stamps of the seconds in which a snapshot of now can be taken."""
    return [time.strftime("%Y%m%dT%H%M%SZ", time.gmtime(now + i)) for i in range(-1, 60)]


def test_exists(bench):
    """files that exist, even links to nowhere -> not overwritten, the name gets a number"""
    vm = machine(bench)
    os.mkdir(bench.path("to"))
    links = [bench.path("to", f"{file_name(vm)}-vdb-{stamp}.qcow2") for stamp in seconds(int(time.time()))]
    for link in links:
        os.symlink("nowhere", link)
    well(vm.snapshot("--quiesce", "--to", bench.path("to")))
    same([os.readlink(link) for link in links], ["nowhere"] * len(links))
    for chain in vm.images.values():
        same(chain[1].endswith("Z-2.qcow2"), True, chain)


def test_same_second(bench):
    """two snapshots within a second -> both are taken, and both can be committed"""
    vm = machine(bench)
    for stamp in seconds(int(time.time())):
        with open(bench.path(f"{file_name(vm)}-{stamp}.snapshot.json"), "w", encoding="ascii"):
            pass
    well(vm.snapshot())
    well(vm.snapshot())
    same([len(chain) for chain in vm.images.values()], [3, 3])
    well(vm.snapshot("commit"))
    well(vm.snapshot("commit"))
    same([len(chain) for chain in vm.images.values()], [1, 1])


def test_no_file(bench):
    """a disk without a path -> refused, and --disk leaves it out"""
    vm = machine(bench)
    vm.images["vdb"] = ["relative.img"]
    has(vm.snapshot().err, "disk vdb: its image is not a file with an absolute path")
    well(vm.snapshot("--disk", "vda"))


def test_group(bench):
    """several VMs -> all are frozen before the first snapshot, and thawed after the last"""
    vms = fleet(bench, "one", "two", "three")
    order = []
    for vm in vms:
        vm.log = order
    result = well(bench.ctl("--json", "one,two,three", "snapshot", "--quiesce"))
    steps = [step for step in order if step in WINDOW]
    same(steps, sorted(steps, key=WINDOW.index))
    told = [row["result"] for row in json.loads(result.out)]
    same(len({row["group"]["id"] for row in told}), 1)
    same(told[0]["group"]["vms"], ["one", "two", "three"])
    window = told[0]["group"]["window"]
    same(window["begin"] < min(row["time"] for row in told), True, told)
    same(max(row["time"] for row in told) < window["end"], True, told)
