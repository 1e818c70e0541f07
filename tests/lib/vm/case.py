# SPDX-License-Identifier: LGPL-2.1-or-later
"""What the tests are made of. A test is a method test_*; its first line of
documentation is its name."""

import contextlib

from lib.checks import Skip
from lib.wire import Deadline

REFERENCE = "/usr/bin/qemu-ga"
GUESTD = "/usr/bin/guestd"
PORT_PATH = "/dev/virtio-ports/org.qemu.guest_agent.0"


class Case:
    # Arguments of VM(); groups with equal ones share a machine.
    machine = {"words": {"respawn": 1}}
    # Seconds of a test, with the start of its machine; many times what it takes.
    timeout = 900

    def __init__(self, vm, tools):
        self.vm = vm
        self.guest = vm.guest
        self.tools = tools
        self.notes = []

    def note(self, text):
        """A line of the report, also of a test that passes."""
        self.notes.append(text)

    def equal(self, got, want, what):
        if got != want:
            raise AssertionError(f"{what}: got {str(got)[:300]}, want {str(want)[:300]}")

    def check(self, condition, what):
        if not condition:
            raise AssertionError(what)

    def deadline(self, seconds=60):
        return Deadline(seconds)

    def rests(self, pid, quiet=1):
        """Waits until the agent has nothing left to do."""
        self.check(self.guest.settles(pid, quiet=quiet), "the agent never rests")

    def pings(self, agent):
        self.equal(agent.ask("guest-ping"), {"return": {}}, "guest-ping")

    @contextlib.contextmanager
    def reference_agent(self):
        """The reference agent in the place of the one under test."""
        self.guest.stop_agent()
        try:
            self.guest.start_agent(REFERENCE, "-m", "virtio-serial", "-p", PORT_PATH)
            with self.vm.connect():
                pass
            yield self.guest.agent_pid()
        finally:
            self.guest.stop_agent()
            self.guest.start_agent(GUESTD, "-m", "virtio-serial", "-p", PORT_PATH)
            with self.vm.connect():
                pass

    def put_tool(self, name):
        """Path in the guest of a helper program that the runner built."""
        if not self.tools.get(name):
            raise Skip(f"{name} could not be built")
        return f"/usr/bin/{name}"
