# SPDX-License-Identifier: LGPL-2.1-or-later
"""Hosts that leave, do not read, or come a thousand times; over virtio-serial."""

import json
import statistics
import time

from lib.client import request
from lib.vm.case import Case

# Echoed as the reply's id, this makes a reply as large as the request.
BIG = 10 * 1000 * 1000

HALF = b'{"execute":"guest-ping","id":"half a requ'


def big_request():
    return request("guest-ping", id="x" * BIG)


class Reconnect(Case):
    label = "reconnect"

    def test_half_request_flushed(self):
        """half a request, and a host that connects again and syncs -> discarded"""
        for cut in (1, 12, 24, len(HALF)):
            with self.vm.connect() as agent:
                agent.send(HALF[:cut])
            with self.vm.connect() as agent:
                self.pings(agent)

    def test_half_request_dropped(self):
        """half a request whose host is gone -> discarded without a flush"""
        for cut in (1, 12, 24, len(HALF)):
            with self.vm.connect() as agent:
                agent.send(HALF[:cut])
                # The half is with the agent before the host leaves.
                self.rests(self.guest.agent_pid())
            self.guest.wait_host(False)
            self.rests(self.guest.agent_pid())
            with self.vm.open() as agent:
                self.equal(agent.ask("guest-ping", id="whole"),
                           {"return": {}, "id": "whole"}, f"after {cut} bytes")

    def test_leaves_before_reply(self):
        """a reply that an earlier host left -> not read after the next sync"""
        stale = 0
        for number in range(30):
            with self.vm.connect() as agent:
                agent.send_request("guest-get-osinfo", id=number)
            with self.vm.open() as agent:
                stale += bool(agent.sync())
                # The sync drew the line: nothing old comes any more.
                self.equal(agent.ask("guest-ping", id="new"),
                           {"return": {}, "id": "new"}, "reply after the sync")
        self.note(f"{stale} of 30 hosts saw something before their sync's mark")

    def leave_large_reply(self):
        with self.vm.connect() as agent:
            agent.send(big_request(), 120)
            # Its first bytes show that the reply is under way.
            agent.fill(self.deadline(60))

    def stale_bytes(self):
        """What the next host sees before its sync's mark; after it, nothing."""
        with self.vm.open() as agent:
            stale = agent.sync(60)
            self.equal(agent.ask("guest-ping", id="new"),
                       {"return": {}, "id": "new"}, "reply after the sync")
            # An agent may end the line that was cut off; a newline is no reply.
            return len(stale.strip())

    def test_large_reply_at_once(self):
        """a large reply that an earlier host left -> ended by the next sync"""
        self.leave_large_reply()
        # Leaving and coming may have been one for the guest, so the rest of the
        # reply may come first.
        self.note(f"{self.stale_bytes()} bytes came before the next host's mark")

    def test_large_reply_dropped(self):
        """a large reply whose host is gone -> the next host reads nothing of it"""
        self.leave_large_reply()
        self.guest.wait_host(False)
        self.rests(self.guest.agent_pid())
        self.equal(self.stale_bytes(), 0, "bytes before the next host's mark")

    def test_many_connects(self):
        """1000 hosts in a row -> each is answered, and nothing is left"""
        for _number in range(20):
            self.one_host()
        pid = self.guest.agent_pid()
        before = self.guest.fds(pid), self.guest.memory(pid)
        start = time.monotonic()
        for _number in range(1000):
            self.one_host()
        seconds = time.monotonic() - start
        after = self.guest.fds(pid), self.guest.memory(pid)
        self.note(f"1000 connects in {seconds:.1f} s; descriptors {before[0]} -> {after[0]}, "
                  f"anonymous memory {before[1]} -> {after[1]} KiB")
        self.equal(self.guest.agent_pid(), pid, "process id")
        self.equal(after[0], before[0], "descriptors")
        self.check(after[1] <= before[1] + 128, "memory has grown")

    def one_host(self):
        with self.vm.connect() as agent:
            self.pings(agent)


class SlowHost(Case):
    label = "host that does not read"

    def test_not_reading(self):
        """a reply of 10 MB that is not read -> no CPU time, and its memory is released"""
        with self.vm.connect() as agent:
            self.pings(agent)
        pid = self.guest.agent_pid()
        before = self.guest.memory(pid), self.guest.resident(pid)
        with self.vm.connect() as agent:
            agent.send(big_request(), 120)
            agent.fill(self.deadline(60))
            self.rests(pid)
            ticks, switches = self.guest.effort_during(pid, 3)
            during = self.guest.memory(pid), self.guest.resident(pid)
            self.note(f"while the reply waits, in 3 s: {ticks} CPU ticks, "
                      f"{switches} context switches")
        with self.vm.open() as agent:
            agent.sync(60)
            self.pings(agent)
        self.rests(pid)
        after = self.guest.memory(pid), self.guest.resident(pid)
        self.note(f"anonymous memory {before[0]} -> {during[0]} -> {after[0]} KiB, "
                  f"resident {before[1]} -> {during[1]} -> {after[1]} KiB")
        self.equal((ticks, switches), (0, 0), "CPU ticks, context switches")
        self.check(after[0] <= before[0] + 1024, "anonymous memory did not come back")
        self.check(after[1] <= before[1] + 1024, "resident memory did not come back")

    def test_reads_late(self):
        """a host that reads late -> the whole reply of 10 MB"""
        with self.vm.connect() as agent:
            agent.send(big_request(), 120)
            agent.fill(self.deadline(60))
            self.rests(self.guest.agent_pid())
            line = agent.read_until(b"\n", self.deadline(120))
            self.equal(json.loads(line), {"return": {}, "id": "x" * BIG}, "large reply")
            self.pings(agent)


class Idle(Case):
    label = "idle"

    def idle_switches(self, pid, rests=True):
        """Context switches in 10 s without a host."""
        with self.vm.connect() as agent:
            self.pings(agent)
        self.guest.wait_host(False)
        if rests:
            self.rests(pid, self.guest.FOR_GOOD)
        return self.guest.switches_during(pid, 10)

    def first_answer(self):
        """Milliseconds from opening the port to the first answer."""
        start = time.perf_counter()
        with self.vm.open() as agent:
            self.pings(agent)
            return (time.perf_counter() - start) * 1000

    def later_answers(self):
        """Some more, each once the last host is gone."""
        figures = []
        for _number in range(5):
            self.guest.wait_host(False)
            figures.append(self.first_answer())
        return figures

    def test_idle(self):
        """no host for 10 s -> no context switch; then answers within 50 ms"""
        switches = self.idle_switches(self.guest.agent_pid())
        answers = self.answers("guestd", switches)
        self.compare()
        self.equal(switches, 0, "context switches in 10 s")
        # Whoever does not poll has no delay of its own: any of them tells that. What a busy
        # machine adds is not the same each time.
        self.check(min(answers) < 50, f"the answers took {answers} ms")

    def answers(self, who, switches):
        """Milliseconds of the first answer, and of those after it."""
        first, *later = self.first_answer(), *self.later_answers()
        self.note(f"{who}: {switches} context switches in 10 s, first answer after "
                  f"{first:.1f} ms, then {statistics.median(later):.1f} ms")
        return [first, *later]

    def compare(self):
        with self.reference_agent() as pid:
            self.answers("reference", self.idle_switches(pid, rests=False))
