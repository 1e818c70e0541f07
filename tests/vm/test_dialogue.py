# SPDX-License-Identifier: LGPL-2.1-or-later
"""The dialogue that works over every kind of channel, played over two."""

import base64
import struct
import time

from lib.vm.case import Case

UTMP_USER_PROCESS = 7
CLOCK_SLACK_S = 300


def utmp_record(user, line, seconds, microseconds):
    """A record of /var/run/utmp as glibc lays it out on x86-64."""
    return struct.pack("<hxxi32s4s32s256shhiii16s20x", UTMP_USER_PROCESS, 1, line.encode(),
                       b"t1", user.encode(), b"", 0, 0, 0, seconds, microseconds, b"")


class Dialogue:
    def test_sync(self):
        """guest-sync and guest-sync-delimited -> the number is returned"""
        with self.vm.connect() as agent:
            for number in (0, -1, 2**63 - 1, -2**63):
                self.equal(agent.call("guest-sync", {"id": number}), number, "guest-sync")
            agent.send_request("guest-sync-delimited", {"id": 5})
            line = b"\xff" + b'{"return": 5}'
            reply = agent.read_until(b"\n", self.deadline())
            self.equal(reply, line, "guest-sync-delimited")

    def test_ping(self):
        """guest-ping -> answered, with the request's id"""
        with self.vm.connect() as agent:
            self.pings(agent)
            self.equal(agent.ask("guest-ping", id={"a": [1, None, "ü"]}),
                       {"return": {}, "id": {"a": [1, None, "ü"]}}, "guest-ping with id")

    def test_glued_and_torn(self):
        """requests in one piece, or split -> each is answered"""
        with self.vm.connect() as agent:
            agent.send(b'{"execute":"guest-ping","id":1}{"execute":"guest-ping","id":2}')
            for number in (1, 2):
                self.equal(agent.read_reply(), {"return": {}, "id": number}, "glued request")
            for byte in b'{"execute": "guest-ping", "id": 3}':
                agent.send(bytes([byte]))
            self.equal(agent.read_reply(), {"return": {}, "id": 3}, "torn request")

    def test_errors(self):
        """invalid requests -> an error each, and the next one is answered"""
        with self.vm.connect() as agent:
            reply = agent.ask("guest-no-such-command")
            self.equal(reply["error"]["class"], "CommandNotFound", "class of the error")
            agent.send(b"{]\n")
            self.equal(agent.read_reply()["error"]["desc"],
                       "JSON parse error, expecting value", "grammar error")
            self.equal(agent.ask("guest-ping", {"foo": 1})["error"]["desc"],
                       "Parameter 'foo' is unexpected", "unknown argument")
            self.pings(agent)

    def test_info(self):
        """guest-info -> the list of commands"""
        with self.vm.connect() as agent:
            info = agent.call("guest-info")
            self.check(isinstance(info["version"], str), "a version")
            commands = {row["name"]: row for row in info["supported_commands"]}
            for name in ("guest-sync", "guest-sync-delimited", "guest-ping", "guest-info",
                         "guest-get-time", "guest-get-osinfo", "guest-get-host-name"):
                self.equal(commands.get(name),
                           {"name": name, "enabled": True, "success-response": True}, name)

    def test_osinfo(self):
        """guest-get-osinfo -> what uname and os-release report"""
        with self.vm.connect() as agent:
            info = agent.call("guest-get-osinfo")
            self.equal(info["kernel-release"], self.guest.sh("uname -r"), "kernel-release")
            self.equal(info["kernel-version"], self.guest.sh("uname -v"), "kernel-version")
            self.equal(info["machine"], self.guest.sh("uname -m"), "machine")
            self.equal(info["id"], "guestdtest", "id")
            self.equal(info["pretty-name"], "guestd test guest 1 (small)", "pretty-name")

    def test_time(self):
        """guest-get-time -> the guest's clock, which is about the host's"""
        with self.vm.connect() as agent:
            before = self.guest.number("date +%s")
            guest = agent.call("guest-get-time") / 1e9
            after = self.guest.number("date +%s")
            self.check(before <= guest < after + 1, f"{guest} is not within {before}, {after}")
            # A busy machine's guest loses seconds.
            self.check(abs(guest - time.time()) < CLOCK_SLACK_S,
                       f"the guest's clock differs by {guest - time.time():.1f} s")

    def test_host_name(self):
        """guest-get-host-name -> the kernel's name"""
        with self.vm.connect() as agent:
            for name in ("another-name", "guest-under-test"):
                self.guest.sh("hostname " + name)
                self.equal(agent.call("guest-get-host-name"), {"host-name": name}, "name")

    def test_timezone(self):
        """guest-get-timezone -> UTC, as the guest has no other one"""
        with self.vm.connect() as agent:
            self.equal(agent.call("guest-get-timezone"), {"zone": "UTC", "offset": 0}, "zone")

    def test_load(self):
        """guest-get-load -> the three figures of /proc/loadavg"""
        with self.vm.connect() as agent:
            load, before, after = None, None, self.load()
            # The kernel counts anew every five seconds.
            deadline = self.deadline()
            while before != after:
                deadline.left()
                before, load, after = after, agent.call("guest-get-load"), self.load()
            self.equal(load, dict(zip(("load1m", "load5m", "load15m"), after)), "load")

    def load(self):
        return [float(word) for word in self.guest.sh("cat /proc/loadavg").split()[:3]]

    def test_cpustats(self):
        """guest-get-cpustats -> an entry for each CPU, and they grow"""
        with self.vm.connect() as agent:
            first = agent.call("guest-get-cpustats")
            self.equal([(row["type"], row["cpu"]) for row in first],
                       [("linux", n) for n in range(self.guest.number("nproc"))], "CPUs")
            self.guest.sh("i=20000; while [ $i -gt 0 ]; do i=$((i-1)); done")
            second = agent.call("guest-get-cpustats")
            busy = [row["user"] + row["system"] for row in (first[0], second[0])]
            self.check(busy[1] > busy[0], f"CPU 0 was busy for {busy} ms")

    def test_diskstats(self):
        """guest-get-diskstats -> the figures of /proc/diskstats"""
        self.guest.sh("modprobe virtio_blk")
        self.guest.wait_for("[ -b /dev/vda ]")
        self.guest.sh("dd if=/dev/vda of=/dev/null bs=64k count=4 2>/dev/null")
        # What the kernel reads ahead counts when it has come.
        self.guest.wait_for("! grep -q '[1-9]' /sys/block/vda/inflight")
        with self.vm.connect() as agent:
            disks = {row["name"]: row for row in agent.call("guest-get-diskstats")}
            fields = self.guest.sh("grep -w vda /proc/diskstats").split()
            disk = disks["vda"]
            self.equal((disk["major"], disk["minor"]), (int(fields[0]), int(fields[1])), "device")
            self.equal(disk["stats"]["read-ios"], int(fields[3]), "read-ios")
            self.equal(disk["stats"]["read-sectors"], int(fields[5]), "read-sectors")

    def test_users(self):
        """guest-get-users -> the users in utmp"""
        record = utmp_record("anna", "tty9", 1700000000, 250000)
        with self.vm.connect() as agent:
            self.guest.sh(f"echo {base64.b64encode(record).decode()} | "
                          "base64 -d >/var/run/utmp")
            self.equal(agent.call("guest-get-users"),
                       [{"user": "anna", "login-time": 1700000000.25}], "users")
            self.guest.sh(": >/var/run/utmp")
            self.equal(agent.call("guest-get-users"), [], "users of an empty utmp")


class VirtioSerial(Dialogue, Case):
    label = "virtio-serial"


class IsaSerial(Dialogue, Case):
    label = "isa-serial"
    machine = {"method": "isa-serial", "words": {"respawn": 1}}
