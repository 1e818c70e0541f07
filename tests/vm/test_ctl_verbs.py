# SPDX-License-Identifier: LGPL-2.1-or-later
"""Every verb of guestctl on a bare QEMU with the full Debian guest, with both agents."""

import os

from lib.programs import made
from lib.vm import debian
from lib.vm.case import Case
from lib.vm.quiesce_guest import MIB, ext4
from lib.wire import WireClosed
from ctl_disks import DISKS
from ctl_look import LOOK
from ctl_power import POWER
from ctl_rows import World, gaps
from ctl_work import WORK
from test_power import S3

ROWS = LOOK + WORK + DISKS + POWER
# As libvirt calls them.
STATES = {"running": "running", "paused": "paused", "suspended": "pmsuspended",
          "shutdown": "shut off"}


def make_disks(directory):
    """Debian's disk, a small one, and a monitor for guestctl."""
    raw, image = os.path.join(directory, "data.raw"), os.path.join(directory, "data.qcow2")
    ext4(raw, 96 * MIB)
    made("qemu-img", "convert", "-O", "qcow2", raw, image)
    os.unlink(raw)
    return debian.disk(directory) + [
        "-blockdev", "driver=qcow2,node-name=data-node,discard=unmap,file.driver=file,"
        f"file.filename={image},cache.no-flush=on,file.cache.no-flush=on",
        "-device", "virtio-blk-pci,id=data,serial=data,drive=data-node",
        "-chardev", f"socket,id=ctl,path={directory}/ctl,server=on,wait=off",
        "-mon", "chardev=ctl,mode=control"]


class BareWorld(World):
    disk = "data"

    def __init__(self, vm):
        self.vm = vm
        vm.qmp.call("set-action", reboot="reset", shutdown="pause")
        super().__init__("guest", ("--agent", vm.path("agent"), "--qmp", vm.path("ctl"), "guest"),
                         vm.guest, vm.path("rows"))

    def state(self):
        try:
            return STATES[self.vm.qmp.call("query-status")["status"]]
        except WireClosed:  # QEMU itself has ended
            return "shut off"

    def boot(self):
        self.vm.qmp.events.clear()
        self.vm.qmp.call("system_reset")
        self.vm.qmp.call("cont")

    def image(self):
        return next(row["inserted"]["file"] for row in self.vm.qmp.call("query-block")
                    if "/data/" in row.get("qdev", ""))


class Verbs(Case):
    machine = debian.machine(devices=S3)
    machine["disks"] = make_disks
    agent = None

    def perform(self, row):
        if not hasattr(self.vm, "world"):
            self.vm.world = BareWorld(self.vm)
        world = self.vm.world
        if world.agent != self.agent:
            world.use(self.agent)
        try:
            world.perform(row)
        finally:
            self.notes += world.notes
            world.notes.clear()


class Guestd(Verbs):
    label = "guestctl, guestd"
    agent = "guestd"


class Stock(Verbs):
    label = "guestctl, qemu-ga"
    agent = "qemu-ga"


def method_for(row):
    def test(self):
        self.perform(row)
    test.__doc__ = row.title
    return test


def complete(self):
    """every verb and each of its options has a row"""
    self.equal(gaps(ROWS), [], "without a row")


class GuestdLast(Verbs):
    """After what all other rows are done, as the machine cannot be booted any more."""
    label, agent = Guestd.label, Guestd.agent


class StockLast(Verbs):
    label, agent = Stock.label, Stock.agent


def add_rows():
    for row in ROWS:
        groups = (GuestdLast, StockLast) if row.last else (Guestd, Stock)
        for group in groups[1:] if row.once else groups:
            setattr(group, f"test_{row.name}", method_for(row))


Guestd.test_complete = complete
add_rows()
