# SPDX-License-Identifier: LGPL-2.1-or-later
"""A full Debian guest with nothing of ours in it but the packages' files, and its host."""

import contextlib
import os
import subprocess
import sys

from lib.checks import Skip
from lib.client import Agent
from lib.vm import debian
from lib.vm.vm import QEMU, VM
from lib.wire import WireError

from built import output

DEBS = "/root/debs"
SLOW = 300  # seconds for apt and dpkg, emulated on a busy machine
PORT_DEVICE = "/dev/virtio-ports/org.qemu.guest_agent.0"


def newer(built, name, version):
    """The package once more with another version."""
    tree = os.path.join(built.directory(), "tree")
    output("dpkg-deb", "-R", built.deb[name], tree)
    control = os.path.join(tree, "DEBIAN", "control")
    with open(control, encoding="utf-8") as file:
        text = file.read().replace(built.version, version)
    with open(control, "w", encoding="utf-8") as file:
        file.write(text)
    made = os.path.join(os.path.dirname(tree), f"{name}_{version}.deb")
    output("dpkg-deb", "--root-owner-group", "-b", tree, made)
    return made


class Bench:
    """
    `first` and `second` are the packages in two versions, as paths in the guest. A serial
    line leads to self.line.
    """

    def __init__(self, built):
        self.built = built
        self.version = {"first": built.version, "second": built.version + "+2"}
        self.directory = built.directory()
        self.line = os.path.join(self.directory, "line")
        self.first, self.second, self.vm = [], [], None

    def prepare(self):
        testbed = os.path.join(self.built.top, "tests", "testbed")
        output(os.path.join(testbed, "fetch"))
        image = os.path.join(self.directory, "guest.img")
        adds = []
        for name in ("guestd", "guestd-qemu-ga"):
            for made, paths in ((self.built.deb[name], self.first),
                                (newer(self.built, name, self.version["second"]), self.second)):
                path = f"{DEBS}/{os.path.basename(made)}"
                adds += ["--add", f"{made}:/debian{path}"]
                paths.append(path)
        subprocess.run([os.path.join(testbed, "initramfs"), self.built.guestd, image, *adds],
                       stdin=subprocess.DEVNULL, stdout=sys.stderr, check=True)
        options = debian.pristine(devices=(
            "-chardev", f"socket,id=line,path={self.line},server=on,wait=off",
            "-device", "isa-serial,index=1,chardev=line"))
        del options["image"]
        self.vm = VM(image, **options).start()

    def sh(self, command, timeout=60):
        return self.vm.guest.sh(command, timeout)

    def connect(self):
        return self.vm.connect(60)

    def ask(self, execute, arguments=None):
        """One question of a host that comes and goes."""
        with self.connect() as agent:
            return agent.ask(execute, arguments)

    def install(self, paths):
        self.sh("DEBIAN_FRONTEND=noninteractive apt-get install -y --allow-downgrades -q " +
                " ".join(paths), SLOW)

    def installed(self):
        return self.sh("dpkg-query -W -f '${Version}' guestd")

    def main_pid(self):
        return self.vm.guest.number("systemctl show -P MainPID guestd.service")

    def freeze(self):
        """Freezes /data as a host does."""
        reply = self.ask("guest-fsfreeze-freeze-list", {"mountpoints": ["/data"]})
        equal(reply, {"return": 1}, "freeze")

    def write(self):
        """Fails if /data is frozen."""
        self.sh("timeout 30 touch /data/x")

    def start_stock(self):
        self.sh("systemctl unmask qemu-guest-agent; systemctl start qemu-guest-agent")

    def make_data(self):
        """A filesystem that can be frozen without stopping dpkg."""
        self.sh("truncate -s 32M /var/data.img && mkfs.ext4 -q /var/data.img && mkdir -p /data && "
                "mount -o loop /var/data.img /data")

    def state(self):
        """What the guest has to say when something failed."""
        try:
            return self.vm.guest.run("systemctl status --no-pager guestd.service; "
                                     "journalctl -b --no-pager -n 30 | cut -c1-200", 60)[1]
        except (WireError, AttributeError, AssertionError) as error:
            return f"the guest does not answer: {error}"

    def talk_on_line(self):
        """Waits for the agent's answer on the serial line."""
        for _ in range(20):
            with contextlib.suppress(WireError), Agent(self.line) as agent:
                agent.sync(5)
                return agent.call("guest-info")["version"]
        raise AssertionError("no answer on the serial line")


def equal(got, want, what):
    if got != want:
        raise AssertionError(f"{what}: got {str(got)[:400]!r}, want {str(want)[:400]!r}")


@contextlib.contextmanager
def bench(built):
    try:
        subprocess.run([QEMU, "--version"], stdout=subprocess.DEVNULL, check=True)
    except OSError:
        raise Skip(f"no {QEMU}") from None
    made = Bench(built)
    try:
        made.prepare()
        yield made
    finally:
        if made.vm:
            made.vm.stop()
