# SPDX-License-Identifier: LGPL-2.1-or-later
"""Events in a real guest: they come to who asked for them, and to nobody else."""

from lib.vm.case import GUESTD, PORT_PATH, Case
from lib.vm.quiesce_guest import MACHINE, Setup

ADDRESS = "10.9.8.7"


def subscribe(agent, *names):
    return agent.call("guestd-subscribe", {"events": list(names)})


class Told(Case):
    """What both groups need."""

    def event(self, agent, name, timeout=60):
        """The data of the next event, which must be that one."""
        line = agent.read_reply(timeout)
        self.equal(line.get("event"), name, f"event in {line}")
        self.equal(set(line), {"event", "data", "timestamp"}, "members")
        self.equal(set(line["timestamp"]), {"seconds", "microseconds"}, "timestamp")
        return line["data"]


class Events(Told):
    label = "events"

    def add_address(self):
        self.guest.sh(f"ip addr add {ADDRESS}/24 dev lo")

    def drop_address(self):
        self.guest.sh(f"ip addr del {ADDRESS}/24 dev lo")

    def test_addresses(self):
        """ADDRESS_CHANGED -> what was added and removed, between replies"""
        data = {"interface": "lo", "ip-address": ADDRESS, "ip-address-type": "ipv4",
                "prefix": 24}
        with self.vm.connect() as agent:
            self.equal(subscribe(agent, "ADDRESS_CHANGED"), {"events": ["ADDRESS_CHANGED"]},
                       "subscription")
            self.add_address()
            self.equal(self.event(agent, "ADDRESS_CHANGED"), {**data, "change": "added"}, "data")
            self.equal(agent.plain_sync(), [], "lines before a guest-sync")
            self.drop_address()
            self.equal(self.event(agent, "ADDRESS_CHANGED"), {**data, "change": "removed"},
                       "data")
            self.pings(agent)

    def test_next_host(self):
        """a host after one that subscribed -> no events"""
        with self.vm.connect() as agent:
            subscribe(agent, "ADDRESS_CHANGED")
        with self.vm.connect() as agent:
            self.add_address()
            self.drop_address()
            self.pings(agent)
            self.equal(agent.plain_sync(), [], "lines before a guest-sync")

    def test_idle(self):
        """a subscription -> does not wake the agent"""
        with self.vm.connect() as agent:
            subscribe(agent, "ADDRESS_CHANGED", "SHUTDOWN_BEGUN", "FREEZE_ENDED")
            pid = self.guest.agent_pid()
            self.rests(pid, self.guest.FOR_GOOD)
            self.equal(self.guest.switches_during(pid, 3), 0, "context switches in 3 s")

    def test_stop(self):
        """SHUTDOWN_BEGUN -> sent before the agent ends"""
        with self.vm.connect() as agent:
            subscribe(agent, "SHUTDOWN_BEGUN")
            try:
                self.guest.stop_agent()
                self.equal(self.event(agent, "SHUTDOWN_BEGUN"), {"cause": "stop"}, "data")
            finally:
                self.guest.start_agent(GUESTD, "-m", "virtio-serial", "-p", PORT_PATH)


class DiskEvents(Told):
    label = "events of disks"
    machine = MACHINE

    def __init__(self, vm, tools):
        super().__init__(vm, tools)
        self.put_tool("writers")
        if not hasattr(vm, "quiesce"):
            vm.quiesce = Setup(vm)

    def test_watchdog(self):
        """FREEZE_ENDED -> sent when the agent thaws by itself, and not otherwise"""
        with self.vm.connect() as agent:
            subscribe(agent, "FREEZE_ENDED")
            agent.call("guest-fsfreeze-freeze", {}, 60)
            agent.call("guest-fsfreeze-thaw", {}, 60)
            # The freeze itself has to be over by then.
            count = agent.call("guest-fsfreeze-freeze", {"timeout": 5}, 60)
            data = self.event(agent, "FREEZE_ENDED")
            self.check(0 < data.pop("seconds") < 60, "seconds of a short freeze")
            self.equal(data, {"filesystems": count, "reason": "timeout"}, "data")
            self.equal(agent.call("guest-fsfreeze-thaw"), 0, "thawed too late")

    def test_almost_full(self):
        """FILESYSTEM_ALMOST_FULL -> sent for filesystems that are full at the subscription"""
        # dd ends when nothing more fits.
        self.guest.run("dd if=/dev/zero of=/mnt/part/full bs=64k", 60)
        self.guest.sh("sync -f /mnt/part")
        try:
            with self.vm.connect() as agent:
                subscribe(agent, "FILESYSTEM_ALMOST_FULL")
                data = {"mountpoint": ""}
                while data["mountpoint"] != "/mnt/part":
                    data = self.event(agent, "FILESYSTEM_ALMOST_FULL")
                self.equal((data["used-percent"], data["threshold"]), (100, 90), "percent")
                self.check(data["used-bytes"] > 0.9 * data["total-bytes"], str(data))
        finally:
            self.guest.sh("rm /mnt/part/full")
