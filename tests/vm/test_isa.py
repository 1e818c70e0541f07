# SPDX-License-Identifier: LGPL-2.1-or-later
"""
What is particular to a serial line. It does not tell the guest that a host came
or left: QEMU's serial port has no carrier signal. So half a request stays until
the next host flushes it with 0xFF, which is what every client does there. A
hang-up exists for the guest only when the kernel makes one.
"""

from lib.client import request
from lib.vm.case import Case

HALF = b'{"execute":"guest-ping","id":"half a requ'
BIG = 1000 * 1000


class SerialLine(Case):
    label = "isa-serial"
    machine = {"method": "isa-serial", "words": {"respawn": 1}}

    def test_reconnect(self):
        """hosts that connect and leave -> each is answered"""
        for _number in range(50):
            with self.vm.connect() as agent:
                self.pings(agent)

    def test_half_request(self):
        """half a request -> flushed by the next host's 0xFF"""
        for cut in (1, 12, 24, len(HALF)):
            with self.vm.connect() as agent:
                agent.send(HALF[:cut])
            with self.vm.connect() as agent:
                self.pings(agent)

    def test_leaves_before_reply(self):
        """a reply that its host did not read -> not sent after the next sync"""
        for number in range(20):
            with self.vm.connect() as agent:
                agent.send_request("guest-get-osinfo", id=number)
            with self.vm.connect() as agent:
                self.equal(agent.ask("guest-ping", id="new"),
                           {"return": {}, "id": "new"}, "reply after the sync")

    def test_large(self):
        """a large request and its reply -> unchanged"""
        with self.vm.connect() as agent:
            agent.send(request("guest-ping", id="x" * BIG), 120)
            self.equal(agent.read_reply(120), {"return": {}, "id": "x" * BIG}, "large reply")

    def test_hangup(self):
        """a hang-up of the line -> the agent opens it again"""
        hangup = self.put_tool("tty-hangup")
        pid = self.guest.agent_pid()
        with self.vm.connect() as agent:
            agent.send(HALF)
            self.guest.sh(f"{hangup} /dev/ttyS1")
        self.vm.first_answer()
        with self.vm.connect() as agent:
            self.pings(agent)
        self.equal(self.guest.agent_pid(), pid, "process id")

    def test_idle(self):
        """a silent line -> no CPU time"""
        pid = self.guest.agent_pid()
        self.rests(pid, self.guest.FOR_GOOD)
        self.equal(self.guest.switches_during(pid, 5), 0, "context switches in 5 s")
