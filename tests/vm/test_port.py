# SPDX-License-Identifier: LGPL-2.1-or-later
"""Ports and agents that go away and come back."""

from lib.vm.case import Case


class Replug(Case):
    label = "replug"

    def replug(self):
        self.vm.unplug_port()
        self.guest.wait_for("[ ! -e /dev/virtio-ports/org.qemu.guest_agent.0 ]")
        self.vm.plug_port()

    def test_replug(self):
        """a port that is unplugged and plugged again -> the same process serves it"""
        pid = self.guest.agent_pid()
        for _number in range(3):
            self.replug()
            with self.vm.connect() as agent:
                self.pings(agent)
            self.equal(self.guest.agent_pid(), pid, "process id")

    def test_replug_with_host(self):
        """a port that is unplugged within a request -> served when it is plugged again"""
        pid = self.guest.agent_pid()
        with self.vm.connect() as agent:
            agent.send(b'{"execute":"guest-pi')
            self.replug()
        with self.vm.connect() as agent:
            self.pings(agent)
        self.equal(self.guest.agent_pid(), pid, "process id")

    def test_without_port(self):
        """a missing port -> the agent sleeps"""
        pid = self.guest.agent_pid()
        self.vm.unplug_port()
        try:
            rests = self.guest.settles(pid, quiet=self.guest.FOR_GOOD)
            ticks, switches = self.guest.effort_during(pid, 3) if rests else (None, None)
        finally:
            self.vm.plug_port()
        with self.vm.connect() as agent:
            self.pings(agent)
        self.note(f"without a port, in 3 s: {ticks} CPU ticks, {switches} context switches")
        self.equal((ticks, switches), (0, 0), "CPU ticks, context switches")


class Killed(Case):
    label = "killed"

    def kill(self):
        pid = self.guest.agent_pid()
        self.guest.sh(f"kill -9 {pid}")
        self.guest.wait_for(f"[ -e /run/agent.pid -a ! -e /proc/{pid} ]")
        return pid

    def test_next_call(self):
        """an agent that was killed and started again -> answers the next call"""
        pid = self.kill()
        with self.vm.connect() as agent:
            self.pings(agent)
        self.check(self.guest.agent_pid() != pid, "a new process")

    def test_host_stays(self):
        """an agent killed within a request -> answers the same host again"""
        with self.vm.connect() as agent:
            agent.send(b'{"execute":"guest-pi')
            self.kill()
            agent.sync()
            self.pings(agent)
