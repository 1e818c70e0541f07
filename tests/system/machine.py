# SPDX-License-Identifier: LGPL-2.1-or-later
"""
The full Debian guest as a domain of libvirt.

    with Daemons(work), Machine(work, GUESTD) as machine:
        machine.virsh("domfsinfo", machine.name)     # what it printed, an error if it failed
        machine.call("guest-ping")                   # what the agent returned
        machine.sh("systemctl status guestd")        # as root in the guest
        machine.events.wait("agent-lifecycle", "connected")

The guest has nothing of ours but the way in, so that guestd comes as it does to people: its
packages are installed while the distribution's agent runs. qemu-ga runs as the service of
the distribution's package, but is the reference, which is newer. @work holds guest.img,
the initramfs with all of that in it (make_image()).
"""

import contextlib
import glob
import json
import os
import subprocess
import time

from lib.libvirt import links
from lib.libvirt.daemons import VIRSH, must, virsh
from lib.libvirt.texts import DISK, domain_xml
from lib.processes import die_with_parent
from lib.programs import cache_dir, guestd_path, made
from lib.vm import debian
from lib.vm.guest import Guest
from lib.vm.quiesce_guest import MIB, ext4
from lib.wire import Deadline, WireError, WireTimeout
from events import Events
from table import GUESTD, REFERENCE

HERE = os.path.dirname(os.path.abspath(__file__))
TESTBED = os.path.join(os.path.dirname(HERE), "testbed")
# Busy machines take many times what an idle one does.
BOOT_TIMEOUT, PATIENCE = 300, 120
DATA = "/mnt/data"
DEBS = "/root/debs"
PACKAGES = ("guestd", "guestd-qemu-ga")
REFERENCE_PATH = "/usr/local/lib/reference/qemu-ga"
UNITS = {GUESTD: "guestd.service", REFERENCE: "qemu-guest-agent.service"}
# What there is before the packages are; and the reference in its place.
STOCK = "systemctl unmask qemu-guest-agent.service && systemctl start qemu-guest-agent.service"
PUT_REFERENCE = ("systemctl unmask qemu-guest-agent.service; "
         "d=/etc/systemd/system/qemu-guest-agent.service.d; mkdir -p $d; "
         f"printf '[Service]\\nExecStart=\\nExecStart={REFERENCE_PATH}\\n' >$d/reference.conf; "
         "systemctl daemon-reload; systemctl start qemu-guest-agent.service")
INSTALL = "DEBIAN_FRONTEND=noninteractive apt-get install -y -q " + \
    " ".join(f"{DEBS}/{name}.deb" for name in PACKAGES)


def make_image(work):
    """On the machine: what needs its caches, or the network when they are empty."""
    subprocess.run([os.path.join(TESTBED, "fetch")], stdin=subprocess.DEVNULL,
                   stdout=subprocess.DEVNULL, check=True)
    debian.image()
    build = os.path.dirname(guestd_path())
    made("make", "-s", "-C", build, "deb")
    adds = []
    for name in PACKAGES:
        found = glob.glob(os.path.join(build, "deb", f"{name}_*.deb"))
        if len(found) != 1:
            raise RuntimeError(f"make deb left {found or 'no package'} of {name}")
        adds += ["--add", f"{found[0]}:/debian{DEBS}/{name}.deb"]
    # For migration.py, whose guest is a simpler one, and for the guest with the package.
    reference = os.path.join(cache_dir(), "reference")
    binary = os.path.join(reference, "bin", "qemu-ga")
    binary = binary if os.path.exists(binary) else os.path.join(reference, "qemu-ga")
    made(os.path.join(TESTBED, "initramfs"), guestd_path(), os.path.join(work, "guest.img"),
         "--reference", "--add", f"{binary}:/debian{REFERENCE_PATH}", *adds)


class Machine:
    """
    @agent is "guestd" or "qemu-ga". The guest has a disk of its own beside the system's,
    mounted at DATA, and room for a second CPU.
    """

    def __init__(self, work, agent):
        self.work = os.path.join(work, agent)
        self.image = os.path.join(work, "guest.img")
        self.agent = agent
        self.name = "debian"
        self.guest = self.events = None
        # The namespace's daemons.Daemons, for those who kill them.
        self.daemons = None
        self.notes = []

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

    def __enter__(self):
        os.makedirs(self.work)
        xml = self.path("domain.xml")
        with open(xml, "w") as file:
            file.write(domain_xml(self.name, self.work, self.disks(), initrd=self.image,
                                  words=f"guestd.root={debian.LABEL} guestd.pristine=1",
                                  vcpus=2, current=1, nic=links.NIC, on_reboot="restart"))
        try:
            must("define", xml)
            must("start", self.name)
            self.events = Events(self.name)
            self.reach()
            self.prepare()
            self.install()
            self.answers()
        except BaseException as error:
            error.add_note(self.console())
            self.__exit__()
            raise
        return self

    def reach(self, patience=BOOT_TIMEOUT):
        """
        The guest's shell, anew after a boot, a restore or a revert. A guest that goes on where it
        was may hear of us only after our first words, and then its shell cannot answer them:
        there one asks again after @patience seconds.
        """
        deadline = Deadline(BOOT_TIMEOUT)
        while True:
            if self.guest:
                self.guest.close()
            try:
                self.guest = Guest(self.path("test"), min(patience, deadline.left()))
                # What comes first may be an answer to an earlier question.
                while self.guest.run("echo here")[1].strip() != "here":
                    deadline.left()
                return
            except WireTimeout:
                if deadline.passed():
                    raise

    def prepare(self):
        self.guest.sh(f"mkdir -p {DATA}; mount /dev/disk/by-id/virtio-data {DATA}")

    def install(self):
        if self.agent == REFERENCE:
            self.sh(PUT_REFERENCE)
            return
        self.sh(STOCK)
        self.answers()
        self.sh(INSTALL, BOOT_TIMEOUT)
        self.events.wait("agent-lifecycle", "disconnected")
        self.answers()
        self.call("guestd-info")

    def answers(self, timeout=PATIENCE):
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

    def sh(self, command, timeout=PATIENCE):
        """What a command in the guest prints, which has to succeed."""
        return self.guest.sh(command, timeout)

    def wait_for(self, condition, timeout=PATIENCE):
        """Waits until a shell condition holds in the guest that no event tells of."""
        self.guest.wait_for(condition, timeout)

    def note(self, text):
        """A figure for the report, which nothing is compared with."""
        self.notes.append(text)

    @staticmethod
    def host_time():
        return int(time.time())

    def unit(self):
        """The agent's service."""
        return UNITS[self.agent]

    def console(self):
        """What the guest has to say for itself."""
        with contextlib.suppress(WireError, OSError, AttributeError):
            return self.guest.run(f"systemctl --no-pager -l status {self.unit()}; "
                                  "journalctl --no-pager -b -n 30", 30)[1]
        try:
            with open(self.path("console.log"), errors="replace") as file:
                return "\n".join(file.read().splitlines()[-40:])
        except OSError:
            return ""

    def __exit__(self, *_unused):
        virsh("destroy", self.name)
        virsh("undefine", self.name, "--managed-save", "--snapshots-metadata",
              "--checkpoints-metadata")
        for thing in (self.guest, self.events):
            with contextlib.suppress(OSError):
                if thing:
                    thing.close()
        self.guest = self.events = None
