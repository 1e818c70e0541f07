# SPDX-License-Identifier: LGPL-2.1-or-later
"""The domain, and the configuration of the daemons that run it."""

import os

from lib.programs import cache_dir, program
from lib.vm.vm import QEMU

QEMU_CONF = """
user = "root"
group = "root"
security_driver = "none"
cgroup_controllers = []
namespaces = []
remember_owner = 0
"""

LIBVIRTD_CONF = """
auth_unix_ro = "none"
auth_unix_rw = "none"
log_outputs = "1:stderr"
log_filters = "1:qemu_agent 3:*"
"""

DISK = """
    <disk type="file" device="disk">
      <driver name="qemu" type="qcow2" discard="unmap" cache="unsafe"/>
      <source file="{work}/{name}.qcow2"/>
      <target dev="{target}" bus="{bus}"/>
      <serial>{name}</serial>
    </disk>"""

XML = """
<domain type="qemu">
  <name>{domain}</name>
  <memory unit="MiB">512</memory>
  <vcpu current="{current}">{vcpus}</vcpu>
  <os>
    <type arch="x86_64" machine="pc">hvm</type>
    <kernel>{kernel}</kernel>
    <initrd>{initrd}</initrd>
    <cmdline>console=ttyS0 panic=-1 quiet nokaslr mitigations=off random.trust_cpu=on {words}</cmdline>
  </os>
  <features><acpi/></features>
  <cpu mode="maximum"/>
  <pm><suspend-to-mem enabled="yes"/></pm>
  <on_reboot>{on_reboot}</on_reboot>
  <on_crash>destroy</on_crash>
  <devices>
    <emulator>{qemu}</emulator>{disks}
    <controller type="scsi" model="virtio-scsi"/>
    <controller type="usb" model="none"/>
    <serial type="file"><source path="{work}/console.log"/></serial>
    <channel type="unix">
      <target type="virtio" name="org.qemu.guest_agent.0"/>
    </channel>
    <channel type="unix">
      <source mode="bind" path="{work}/test"/>
      <target type="virtio" name="org.guestd.test.0"/>
    </channel>{nic}
    <memballoon model="none"/>
  </devices>
</domain>
"""


def domain_xml(domain, work, disks, **more):
    """
    A domain that keeps its files in @work; @disks is their XML. @more: initrd, words (of
    the command line), vcpus, current (how many of these are there at first), nic, on_reboot.
    """
    fields = {"initrd": os.path.join(work, "guest.img"), "words": "", "vcpus": 1, "nic": "",
              "on_reboot": "destroy"} | more
    fields.setdefault("current", fields["vcpus"])
    return XML.format(domain=domain, work=work, disks=disks, qemu=program(QEMU),
                      kernel=os.path.join(cache_dir(), "kernel", "vmlinuz"), **fields)
