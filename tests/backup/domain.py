# SPDX-License-Identifier: LGPL-2.1-or-later
"""A domain of libvirt without a guest, with what tests/host/machine.py offers."""

import os
import signal
import uuid

from lib.libvirt.daemons import must, virsh
from lib.qmp import Qmp
from lib.vm.vm import QEMU
from lib.programs import program
from machine import Machine

DISK = """
    <disk type="{type}" device="disk">
      <driver name="qemu" type="{kind}" discard="unmap"/>
      <source {attribute}="{image}"/>
      <target dev="{name}" bus="virtio"/>{more}
      <alias name="ua-{name}"/>
    </disk>"""

SOURCES = {False: {"type": "file", "attribute": "file"}, True: {"type": "block", "attribute": "dev"}}

XML = """
<domain type="qemu" xmlns:qemu="http://libvirt.org/schemas/domain/qemu/1.0">
  <name>{name}</name>
  <uuid>{uuid}</uuid>
  <memory unit="MiB">64</memory>
  <vcpu>1</vcpu>
  <os><type arch="x86_64" machine="pc">hvm</type></os>
  <features><acpi/></features>
  <cpu mode="maximum"/>
  <devices>
    <emulator>{qemu}</emulator>{disks}
    <controller type="usb" model="none"/>
    <channel type="unix"><target type="virtio" name="org.qemu.guest_agent.0"/></channel>
    <memballoon model="none"/>
  </devices>{label}
  <qemu:commandline>
    <qemu:arg value="-qmp"/>
    <qemu:arg value="unix:{monitor},server=on,wait=off"/>
  </qemu:commandline>
</domain>
"""

LABEL = """
  <seclabel type="static" model="dac" relabel="yes"><label>+{user}:+{user}</label></seclabel>"""


class Domain(Machine):
    """
    The test's own monitor is a second one, of which libvirt knows nothing. @inner: disk -> XML
    within its element; @user: number of the user as whom QEMU runs.
    """

    def __init__(self, bench, disks=None, name="vm", inner=None, user=0, **more):
        self.inner, self.user = inner or {}, user
        self.uuid = str(uuid.uuid4())
        bench.players.append(self)
        super().__init__(bench, disks, name, **more)

    @property
    def args(self):
        return ("-c", "qemu:///system", self.name)

    def start(self):
        monitor = self.qmp + "-of-test"
        disks = "".join(DISK.format(name=disk, kind=kind, image=self.image(disk),
                                    **SOURCES[self.image(disk).startswith("/dev/")],
                                    more=self.inner.get(disk, "<shareable/>" if self.shared else ""))
                        for disk, kind in self.disks.items())
        if self.user:
            os.chown(self.dir, self.user, self.user)
        path = os.path.join(self.dir, "domain.xml")
        with open(path, "w", encoding="utf-8") as file:
            file.write(XML.format(name=self.name, uuid=self.uuid, disks=disks, monitor=monitor,
                                  label=LABEL.format(user=self.user) if self.user else "",
                                  qemu=program(QEMU)))
        must("define", path)
        must("start", self.name)
        self.monitor = Qmp(monitor)

    def quit(self):
        must("destroy", self.name, "--graceful")
        self.monitor.close()

    def kill(self):
        with open(f"/run/libvirt/qemu/{self.name}.pid", encoding="utf-8") as file:
            os.kill(int(file.read()), signal.SIGKILL)
        self.bench.wait_for(lambda: must("domstate", self.name) == "shut off",
                            "libvirt does not notice the end of QEMU")
        self.monitor.close()

    def close(self):
        """With the test."""
        virsh("destroy", self.name)
        virsh("undefine", self.name, "--checkpoints-metadata", "--snapshots-metadata")

    def drive(self, disk):
        return f"-d /machine/peripheral/ua-{disk}/virtio-backend"

    def bitmaps(self):
        found = {}
        for row in self.monitor.call("query-block"):
            names = [disk for disk in self.disks if f"/ua-{disk}/" in row.get("qdev", "")]
            if names:
                found[names[0]] = {bitmap["name"]: bitmap["count"]
                                   for bitmap in row["inserted"].get("dirty-bitmaps", [])}
        return found
