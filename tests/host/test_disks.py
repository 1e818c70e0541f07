# SPDX-License-Identifier: LGPL-2.1-or-later
"""Disks have one name, whichever verb is asked."""

import json
import os
import re
import shutil

from lib.checks import Skip, same
from lib.played import agent, monitor
from test_backup_faults import fake_qemu_img

# "device" and "qdev" of query-block, the node, and the name of the disk.
DISKS = (("virtio0", "/machine/peripheral-anon/device[0]/virtio-backend", "#block0", "virtio0"),
         ("", "/machine/peripheral/vd1/virtio-backend", "n1", "vd1"),
         ("", "/machine/peripheral-anon/device[2]/virtio-backend", "d2", "d2"))


def rows(bench):
    for drive, qdev, node, name in DISKS:
        path = bench.path(name + ".img")
        yield {"device": drive, "qdev": qdev, "inserted": {
            "node-name": node, "ro": False, "file": path, "drv": "qcow2", "image": {
                "filename": path, "format": "qcow2", "virtual-size": 1 << 20,
                "actual-size": 4096}}}


class Jobs:
    """A monitor whose copies end as soon as they have begun."""

    def __init__(self, bench):
        self.jobs = []
        answers = {name: {} for name in ("blockdev-add", "blockdev-del", "block-job-set-speed",
                                         "block-dirty-bitmap-remove")}
        self.player = bench.play("qmp", monitor({
            **answers, "query-block": list(rows(bench)), "query-named-block-nodes": [],
            "transaction": self.transaction, "query-jobs": lambda _c, _a: self.jobs,
            "job-dismiss": self.dismiss}))

    def transaction(self, _connection, arguments):
        self.jobs = [{"id": action["data"]["job-id"], "status": "concluded",
                      "current-progress": 1, "total-progress": 1}
                     for action in arguments["actions"] if action["type"] == "blockdev-backup"]
        return {}

    def dismiss(self, _connection, arguments):
        self.jobs = [job for job in self.jobs if job["id"] != arguments["id"]]
        return {}


def test_names(bench):
    """/disks/without an id of their own -> snapshot, backup, restore and doctor use one name"""
    if not shutil.which("qemu-img"):
        raise Skip("qemu-img is needed")
    wanted = [name for _drive, _qdev, _node, name in DISKS]
    for name in wanted:
        with open(bench.path(name + ".img"), "w", encoding="ascii"):
            pass
    args = ("--qmp", Jobs(bench).player.path, "--agent", bench.play("a", agent({})).path, "vm")
    store = bench.path("store")

    plan = bench.ctl(*args, "snapshot", "--dry-run").out
    same(re.findall(r"^(\S+): would write ", plan, re.M), wanted, plan)
    backup = bench.ctl(*args, "backup", "--json", "--to", store)
    same(backup.status, 0, backup)
    same([disk["name"] for disk in json.loads(backup.out)["disks"]], wanted)
    os.mkdir(bench.path("to"))
    restored = bench.ctl("restore", "--json", "--from", store, "--to", bench.path("to"))
    same([image["disk"] for image in json.loads(restored.out)], wanted)
    checks = json.loads(bench.ctl("--timeout", 1, *args, "doctor", "--json").out)["checks"]
    (text,) = [check["text"] for check in checks if check["check"] == "disks"]
    same(text.split(": ")[1].split(", "), wanted)
    # As --disk takes it.
    for name in wanted:
        same(bench.ctl(*args, "snapshot", "--dry-run", "--disk", name).status, 0)


def test_restore_meanwhile(bench):
    """/restore/an image of that name is made meanwhile -> it stays, and nothing else is left"""
    if not shutil.which("qemu-img"):
        raise Skip("qemu-img is needed")
    args = ("--qmp", Jobs(bench).player.path, "vm")
    for _drive, _qdev, _node, name in DISKS:
        with open(bench.path(name + ".img"), "w", encoding="ascii"):
            pass
    store, to = bench.path("store"), bench.path("to")
    same(bench.ctl(*args, "backup", "--to", store).status, 0)
    os.mkdir(to)
    taken = os.path.join(to, "vd1.qcow2")
    fake_qemu_img(bench, f'[ "$1" != convert ] || echo mine >"{taken}"\n'
                         f'exec "{shutil.which("qemu-img")}" "$@"')
    result = bench.ctl("restore", "--from", store, "--to", to)
    same(result.status, 1, result)
    same(taken in result.err and "File exists" in result.err, True, result)
    same(os.listdir(to), ["vd1.qcow2"])
    with open(taken, encoding="ascii") as file:
        same(file.read(), "mine\n")
