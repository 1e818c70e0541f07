# SPDX-License-Identifier: LGPL-2.1-or-later
"""
Migration between two QEMUs on this machine, with the same disk, and a dialogue going on.

The guest boots once; then it moves on from QEMU to QEMU, with either agent in it.
"""

import json
import tempfile

from lib.client import request
from lib.qmp import Qmp
from lib.vm import debian
from lib.vm.case import GUESTD, PORT_PATH, REFERENCE
from lib.vm.guest import Guest
from lib.vm.vm import VM
from lib.wire import Deadline, WireTimeout
from life_rows import slow_chpasswd, let_go
from machine import PATIENCE
from state_rows import ASK_AGAIN, HALF
from table import Row

AGENTS = {"guestd": GUESTD, "qemu-ga": REFERENCE}


class Target(VM):
    """A QEMU that waits for the guest of another one."""

    def command(self, chardevs):
        return super().command(chardevs) + ["-incoming", "unix:" + self.path("incoming")]

    def wait(self):
        """It is ready when its monitor is."""
        self.dir = tempfile.mkdtemp(prefix="guestd-vm.")
        self.disks = self.make_disks(self.dir)
        self.spawn()
        self.qmp = Qmp(self.path("qmp"))
        return self

    def reach(self):
        """The guest's shell, which may hear of us too late to answer our first words."""
        deadline = Deadline(PATIENCE)
        while not self.guest:
            try:
                self.guest = Guest(self.path("test"), min(ASK_AGAIN, deadline.left()))
            except WireTimeout:
                if deadline.passed():
                    raise
        while self.guest.run("echo here")[1].strip() != "here":
            deadline.left()


class Pair:
    """The guest, and the QEMU where it is."""

    def __init__(self, image, work):
        disks = debian.disk(work)
        self.arguments = {"image": image, "words": {"root": debian.LABEL},
                          "disks": lambda _directory: disks}
        self.here = VM(**self.arguments)
        self.notes = []

    def __enter__(self):
        self.here.start()
        return self

    def __exit__(self, *_unused):
        self.here.stop()

    def use(self, agent):
        self.here.guest.stop_agent()
        self.here.guest.start_agent(AGENTS[agent], "-m", "virtio-serial", "-p", PORT_PATH)
        self.here.connect(PATIENCE).close()

    def sh(self, command, timeout=PATIENCE):
        return self.here.guest.sh(command, timeout)

    def wait_for(self, condition, timeout=PATIENCE):
        self.here.guest.wait_for(condition, timeout)

    def move(self):
        """To a new QEMU; the old one ends."""
        target, source = Target(**self.arguments), self.here
        try:
            target.wait()
            source.qmp.call("migrate", uri="unix:" + target.path("incoming"))
            target.qmp.wait_event("RESUME", PATIENCE)
            target.reach()
        except BaseException as error:
            error.add_note(target.logs())
            target.stop()
            raise
        self.here = target
        source.stop()

    def ask(self):
        """What a host is told that comes now."""
        with self.here.connect(PATIENCE) as agent:
            return json.dumps(agent.call("guest-get-host-name"))


def call_in_flight(pair):
    """Its answer is due when nobody waits for it any more."""
    with slow_chpasswd(pair), pair.here.connect(PATIENCE) as agent:
        agent.send(request("guest-set-user-password",
                           {"username": "anna", "password": "eA==", "crypted": False}))
        pair.wait_for("[ -e /run/slow ]")
        pair.move()
        let_go(pair)
        return pair.ask()


def half_a_request(pair):
    with pair.here.connect(PATIENCE) as agent:
        agent.send(HALF)
        pair.move()
        return pair.ask()


ROWS = [
    Row("migration with a call in flight", call_in_flight),
    Row("migration with half a request in the channel", half_a_request),
]
