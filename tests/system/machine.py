# SPDX-License-Identifier: LGPL-2.1-or-later
"""
The full Debian guest as a domain of libvirt.

    with Daemons(work), Machine(work, GUESTD) as machine:
        machine.virsh("domfsinfo", machine.name)     # what it printed, an error if it failed
        machine.call("guest-ping")                   # what the agent returned
        machine.guest.sh("systemctl status guestd")  # as root in the guest
        machine.events.wait("agent-lifecycle", "connected")

@work holds guest.img, the initramfs with the agents in it (make_image()).
"""

import contextlib
import json
import os
import subprocess

import debian
import links
from case import PORT_PATH, guestd_path
from daemons import VIRSH, must, virsh
from events import Events
from guest import Guest
from quiesce_guest import MIB, ext4, made
from table import REFERENCE
from texts import DISK, domain_xml
from vm import die_with_parent
from wire import Deadline, WireError

HERE = os.path.dirname(os.path.abspath(__file__))
TESTBED = os.path.join(os.path.dirname(HERE), "testbed")
# Busy machines take many times what an idle one does.
BOOT_TIMEOUT = 300
DATA = "/mnt/data"
AGENTS = {"guestd": "/usr/bin/guestd", "qemu-ga": "/usr/bin/qemu-ga"}


def make_image(work):
    """On the machine: what needs its caches, or the network when they are empty."""
    subprocess.run([os.path.join(TESTBED, "fetch")], stdin=subprocess.DEVNULL,
                   stdout=subprocess.DEVNULL, check=True)
    debian.image()
    made(os.path.join(TESTBED, "initramfs"), guestd_path(), os.path.join(work, "guest.img"),
         "--reference")


class Machine:
    """
    @agent is "guestd" or "qemu-ga". The guest has a disk of its own beside the system's,
    mounted at DATA, and room for a second CPU.
    """

    def __init__(self, work, agent):
        self.work = os.path.join(work, agent)
        self.image = os.path.join(work, "guest.img")
        self.agent = agent
        self.name = f"debian-{agent}"
        self.guest = self.events = None

    def path(self, name):
        return os.path.join(self.work, name)

    def disks(self):
        """Disks in @work; XML."""
        debian.disk(self.work)
        raw = self.path("data.raw")
        ext4(raw, 64 * MIB)
        made("qemu-img", "convert", "-O", "qcow2", raw, self.path("data.qcow2"))
        os.unlink(raw)
        return "".join(DISK.format(work=self.work, name=name, target=target, bus="virtio")
                       for name, target in (("debian", "vda"), ("data", "vdb")))

    def words(self):
        return f"guestd.root={debian.LABEL} guestd.agent={AGENTS[self.agent]}" + \
            (f" guestd.args=-m,virtio-serial,-p,{PORT_PATH}" if self.agent == REFERENCE else "")

    def __enter__(self):
        os.makedirs(self.work)
        xml = self.path("domain.xml")
        with open(xml, "w") as file:
            file.write(domain_xml(self.name, self.work, self.disks(), initrd=self.image,
                                  words=self.words(), vcpus=2, current=1, nic=links.NIC,
                                  on_reboot="restart"))
        try:
            must("define", xml)
            must("start", self.name)
            self.events = Events(self.name)
            self.reach()
            self.prepare()
            self.answers()
        except BaseException as error:
            error.add_note(self.console())
            self.__exit__()
            raise
        return self

    def reach(self):
        """The guest's shell anew: after a boot, a restore or a revert."""
        if self.guest:
            self.guest.close()
        self.guest = Guest(self.path("test"), BOOT_TIMEOUT)

    def prepare(self):
        self.guest.sh(f"mkdir -p {DATA}; mount /dev/disk/by-id/virtio-data {DATA}")

    def answers(self, timeout=60):
        """
        Waits for the agent's answer. libvirt refuses at once while it takes the
        agent for disconnected.
        """
        deadline = Deadline(timeout)
        while True:
            good, text = virsh("qemu-agent-command", self.name, '{"execute": "guest-ping"}',
                               "--timeout", "5")
            if good:
                return text
            if deadline.passed():
                raise TimeoutError(f"the agent does not answer: {text}")
            self.events.read(0.2)

    def try_virsh(self, *command):
        """(whether it succeeded, what it printed)"""
        return virsh(*command)

    def virsh(self, *command):
        return must(*command)

    def refused(self, *command):
        """What virsh says about a command that has to fail."""
        good, text = virsh(*command)
        if good:
            raise AssertionError(f"virsh {' '.join(command)} has succeeded: {text}")
        return text

    def start_virsh(self, *command):
        """virsh in the background, a Popen with its output as text."""
        return subprocess.Popen([*VIRSH, *command], stdin=subprocess.DEVNULL, text=True,
                                stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
                                preexec_fn=die_with_parent)

    def call(self, execute, *options, **arguments):
        """What the agent returns; @options are virsh's."""
        message = {"execute": execute} | ({"arguments": arguments} if arguments else {})
        return json.loads(must("qemu-agent-command", self.name, json.dumps(message),
                               *options))["return"]

    def unit(self):
        """The agent's service."""
        return "guestd.service"

    def console(self):
        """What the guest has to say for itself."""
        with contextlib.suppress(WireError, OSError):
            return self.guest.run("systemctl --no-pager -l status guestd.service; "
                                  "journalctl --no-pager -b -n 30", 30)[1]
        try:
            with open(self.path("console.log"), errors="replace") as file:
                return "\n".join(file.read().splitlines()[-40:])
        except OSError:
            return ""

    def __exit__(self, *_unused):
        virsh("destroy", self.name)
        for thing in (self.guest, self.events):
            with contextlib.suppress(OSError):
                if thing:
                    thing.close()
        self.guest = self.events = None
