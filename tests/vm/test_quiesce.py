# SPDX-License-Identifier: LGPL-2.1-or-later
"""Freezing, thawing and telling about filesystems, under write load."""

import json
import os
import shutil
import statistics
import tempfile
import time

from lib.client import request
from lib.programs import host
from lib.vm.case import Case
from lib.vm.quiesce_guest import (MACHINE, MIB, PARTITION_START, WRITERS, Setup, ext4, frozen_count,
                                  writing)
from lib.wire import Deadline

ROUNDS = 200
ROUNDS_S = 700
REFERENCE_ROUNDS = 30
LONGEST_REPLY_S = 1.0
# freeze-deadline of the configuration, by default.
FREEZE_DEADLINE_S = 30


def line_of(agent, execute, arguments=None, timeout=30):
    """The reply as it comes, byte for byte."""
    agent.send_request(execute, arguments)
    return agent.read_until(b"\n", Deadline(timeout))


def figures(seconds):
    over = sum(one > LONGEST_REPLY_S for one in seconds)
    return (f"median {statistics.median(seconds) * 1000:.0f} ms, "
            f"longest {max(seconds) * 1000:.0f} ms, {over} of {len(seconds)} over 1 s")


class Quiesce(Case):
    label = "quiesce"
    machine = MACHINE

    def __init__(self, vm, tools):
        super().__init__(vm, tools)
        self.put_tool("writers")
        if not hasattr(vm, "quiesce"):
            vm.quiesce = Setup(vm)
        self.disks = vm.quiesce.disks

    # What both agents are asked

    def both(self, *requests):
        """[(guestd's reply, the reference's)], in bytes."""
        with self.vm.connect() as agent:
            ours = [line_of(agent, *request) for request in requests]
        with self.reference_agent(), self.vm.connect() as agent:
            theirs = [line_of(agent, *request) for request in requests]
        return list(zip(ours, theirs))

    def same(self, *request):
        """guestd's value, which is the reference's. If it moves, both are asked anew."""
        deadline, ours, later = self.deadline(120), None, None
        while later is None or (ours != later and not deadline.passed()):
            ours, theirs = self.both(request)[0]
            with self.vm.connect() as agent:
                later = line_of(agent, *request)
        if ours != theirs:
            self.note(f"guestd:    {ours.decode()}")
            self.note(f"reference: {theirs.decode()}")
        self.check(ours == theirs, f"{request[0]} differs from the reference")
        return json.loads(ours)["return"]

    # Freezing and thawing

    def timed(self, agent, execute, arguments=None):
        start = time.perf_counter()
        value = agent.call(execute, arguments, 60)
        return value, time.perf_counter() - start

    def status(self, agent):
        return agent.call("guest-fsfreeze-status")

    def rounds(self, agent, number, count):
        """[(seconds of freeze, of status, of thaw)]"""
        took = []
        deadline = Deadline(ROUNDS_S)
        for _round in range(number):
            if deadline.passed():
                self.report("too slow", zip(*took))
                raise AssertionError(f"only {len(took)} rounds in {ROUNDS_S} s")
            frozen, freeze = self.timed(agent, "guest-fsfreeze-freeze")
            state, ask = self.timed(agent, "guest-fsfreeze-status")
            thawed, thaw = self.timed(agent, "guest-fsfreeze-thaw")
            self.equal((frozen, state, thawed), (count, "frozen", count), "freeze, status, thaw")
            took.append((freeze, ask, thaw))
        self.equal(self.status(agent), "thawed", "status at the end")
        return [list(column) for column in zip(*took)]

    def freeze(self, agent, **arguments):
        self.equal(agent.call("guest-fsfreeze-freeze", arguments, 60),
                   frozen_count(self.guest), "frozen filesystems")

    def test_fsinfo(self):
        """guest-get-fsinfo -> the reference's answer, byte for byte"""
        # What lies on another comes first: it makes that write.
        self.guest.sh("for d in inner loop ext4 xfs btrfs lvm part; do sync -f /mnt/$d; done")
        rows = {row["mountpoint"]: row for row in self.same("guest-get-fsinfo")}
        self.equal(len(rows), frozen_count(self.guest), "filesystems")
        for name in ("ext4", "xfs", "btrfs"):
            disk = rows[f"/mnt/{name}"]["disk"][0]
            self.equal((disk["bus-type"], disk["dev"]), ("virtio", "/dev/" + self.disks[name]),
                       name)
            self.check(disk["pci-controller"]["slot"] > 0, f"{name} has no PCI slot")
        self.equal(len(rows["/mnt/lvm"]["disk"]), 2, "disks of the volume")
        self.equal([rows["/mnt/part"]["disk"][0][key] for key in ("bus-type", "target", "unit")],
                   ["scsi", 0, 1], "address on the SCSI bus")
        self.equal(rows["/mnt/ro"]["disk"][0]["bus-type"], "ide", "bus of the IDE disk")

    def test_disks(self):
        """guest-get-disks -> the reference's answer, byte for byte"""
        rows = {row["name"]: row for row in self.same("guest-get-disks")}
        self.equal(rows["/dev/nvme0n1"]["address"]["bus-type"], "nvme", "bus of the NVMe disk")
        self.equal(rows["/dev/nvme0n1"]["smart"]["type"], "nvme", "SMART of the NVMe disk")
        self.equal(rows["/dev/dm-0"]["alias"], "vg-lv", "alias of the volume")
        self.equal(len(rows["/dev/dm-0"]["dependencies"]), 2, "disks of the volume")

    def test_fstrim(self):
        """guest-fstrim -> trims, then reports what the reference reports"""
        with self.vm.connect() as agent:
            first = {row["path"]: row for row in agent.call("guest-fstrim", None, 60)["paths"]}
            for name in ("ext4", "xfs", "btrfs", "part"):
                self.check(first[f"/mnt/{name}"].get("trimmed", 0) > 0,
                           f"{name}: {first[f'/mnt/{name}']}")
            agent.call("guest-fstrim", None, 60)
        for wanted in (("guest-fstrim",), ("guest-fstrim", {"minimum": 1 << 20})):
            self.same(*wanted)

    def test_lists(self):
        """guest-fsfreeze-freeze-list -> freezes what the reference freezes"""
        lists = ([], ["/mnt/xfs"], ["/mnt/bind"], ["/mnt/btrfs-b"], ["/mnt/nfs", "/mnt/auto"],
                 ["/mnt/loop", "/mnt/ext4", "/mnt/nowhere"], ["/mnt/ro", "/mnt/tmpfs"])
        requests = [request for names in lists for request in (
            ("guest-fsfreeze-freeze-list", {"mountpoints": names}), ("guest-fsfreeze-status",),
            ("guest-fsfreeze-thaw",), ("guest-fsfreeze-status",))]
        for wanted, (ours, theirs) in zip(requests, self.both(*requests)):
            self.equal(ours, theirs, str(wanted))

    def test_many_times(self):
        """200 rounds of freeze, status, thaw under write load -> right counts, and no hang"""
        count = frozen_count(self.guest)
        self.note(f"{count} filesystems, {len(WRITERS)} writers")
        with writing(self.guest) as writers:
            writers.go_on()
            before = sum(writers.figures().values())
            with self.vm.connect() as agent:
                ours = self.rounds(agent, ROUNDS, count)
            self.report("guestd", ours)
            self.note(f"{sum(writers.figures().values()) - before} writes meanwhile")
            writers.go_on()
            with self.reference_agent(), self.vm.connect() as agent:
                theirs = self.rounds(agent, REFERENCE_ROUNDS, count)
            self.report(f"reference, {REFERENCE_ROUNDS} times", theirs)
        # The figures are for people to read: on a busy machine the disk alone may take a
        # second. What a test can tell is that no freeze came near its deadline.
        longest = max(map(max, ours))
        self.check(longest < FREEZE_DEADLINE_S / 2, f"a reply took {longest:.2f} s")

    def report(self, who, took):
        for what, seconds in zip(("freeze", "status", "thaw"), took):
            self.note(f"{who}: {what}: {figures(seconds)}")

    # What is on the disks while they are frozen

    def copy_disks(self, target):
        for name in ("ext4", "xfs", "btrfs", "pv1", "pv2", "part"):
            done = host("cp", "--sparse=always", self.vm.path(name + ".img"),
                        os.path.join(target, name + ".img"))
            self.equal(done.returncode, 0, f"copy of {name}: {done.stdout}")

    def join_volume(self, target, table):
        """The logical volume's image, from its table and its disks' images."""
        names = {self.guest.sh(f"cat /sys/block/{self.disks[name]}/dev"): name
                 for name in ("pv1", "pv2")}
        with open(os.path.join(target, "lvm.img"), "wb") as out:
            for line in table.splitlines():
                _start, length, kind, device, offset = line.split()
                self.equal(kind, "linear", "table of the volume")
                with open(os.path.join(target, names[device] + ".img"), "rb") as part:
                    part.seek(int(offset) * 512)
                    out.write(part.read(int(length) * 512))

    def clean(self, *command):
        done = host(*command)
        self.check(done.returncode == 0, f"{command[0]}: status {done.returncode}: {done.stdout}")

    def check_xfs(self, path):
        """
        A frozen xfs leaves a log that a mount has to replay, which only a kernel
        can: the guest does it, on a disk of its own.
        """
        copy, disk = self.vm.path("copy.img"), "/dev/" + self.disks["copy"]
        self.clean("cp", "--sparse=always", path, copy)
        self.guest.sh("mkdir -p /mnt/copy && mount -t xfs -o nouuid "
                      f"{disk} /mnt/copy && umount /mnt/copy && blockdev --flushbufs {disk}", 60)
        self.clean("xfs_repair", "-n", "-f", copy)

    def check_disks(self, target):
        def path(name):
            return os.path.join(target, name + ".img")

        for outer, inner in (("ext4", "loop"), ("loop", "inner")):
            self.clean("e2fsck", "-fn", path(outer))
            self.clean("debugfs", "-R", f"dump /loop.img {path(inner)}", path(outer))
        for name in ("inner", "lvm"):
            self.clean("e2fsck", "-fn", path(name))
        self.clean("e2fsck", "-fn", f"{path('part')}?offset={PARTITION_START}")
        self.check_xfs(path("xfs"))
        self.clean("btrfs", "check", "--readonly", path("btrfs"))

    def test_copies(self):
        """copies of the frozen disks under write load -> clean, three times"""
        table = self.guest.sh("dmsetup table vg-lv")
        with writing(self.guest) as writers, self.vm.connect() as agent:
            for _round in range(3):
                writers.go_on()
                target = tempfile.mkdtemp(dir=self.vm.dir)
                try:
                    self.freeze(agent)
                    self.copy_disks(target)
                    self.equal(agent.call("guest-fsfreeze-thaw", None, 60),
                               frozen_count(self.guest), "thawed filesystems")
                    self.join_volume(target, table)
                    self.check_disks(target)
                finally:
                    shutil.rmtree(target)

    # Ends that nobody has planned

    def new_agent(self, pid):
        self.guest.wait_for(f"[ -e /run/agent.pid ] && ! grep -qx {pid} /run/agent.pid")

    def test_killed(self):
        """an agent killed during the freeze -> its successor takes over and thaws all"""
        with writing(self.guest) as writers:
            with self.vm.connect() as agent:
                self.freeze(agent)
            pid = self.guest.agent_pid()
            self.guest.sh(f"kill -9 {pid}")
            self.new_agent(pid)
            with self.vm.connect() as agent:
                self.equal(self.status(agent), "frozen", "status after the restart")
                self.check(len(writers.stuck(1)) >= len(WRITERS) - 1, "writers write on")
                self.equal(agent.call("guest-fsfreeze-thaw", None, 60),
                           frozen_count(self.guest), "thawed filesystems")
                self.equal(self.status(agent), "thawed", "status after the thaw")
            writers.go_on()
            with self.vm.connect() as agent:
                self.rounds(agent, 1, frozen_count(self.guest))

    def test_terminated(self):
        """SIGTERM during the freeze -> thaws all"""
        with writing(self.guest) as writers:
            with self.vm.connect() as agent:
                self.freeze(agent)
            pid = self.guest.agent_pid()
            self.guest.sh(f"kill {pid}")
            self.new_agent(pid)
            writers.go_on()
            with self.vm.connect() as agent:
                self.equal(self.status(agent), "thawed", "status after the restart")
                self.equal(agent.call("guest-fsfreeze-thaw"), 0, "thaw after it")

    def test_watchdog(self):
        """a freeze with a time limit -> ends by itself, and the host's thaw returns 0"""
        with writing(self.guest) as writers:
            with self.vm.connect() as agent:
                agent.call("guestd-subscribe", {"events": ["FREEZE_ENDED"]})
                # In one go: a busy host is not back in time to ask whether it is frozen.
                agent.send(request("guest-fsfreeze-freeze", {"timeout": 10}) +
                           request("guest-fsfreeze-status"))
                self.equal(agent.read_reply(), {"return": frozen_count(self.guest)}, "frozen")
                self.equal(agent.read_reply(), {"return": "frozen"}, "status")
                self.ended(agent)
                self.equal(agent.call("guest-fsfreeze-thaw"), 0, "thaw after the timeout")
                report = agent.call("guestd-fsfreeze-report")
                self.equal(report["ended-by"], "timeout", "who ended it")
            writers.go_on()

    def ended(self, agent):
        """Waits until the agent tells that it has ended the freeze."""
        event = agent.read_reply()
        self.equal(event.get("event"), "FREEZE_ENDED", f"event in {event}")
        self.equal(self.status(agent), "thawed", "status after the timeout")

    def plug(self, name):
        """A new disk with a filesystem; its device in the guest."""
        path = self.vm.path(name + ".img")
        ext4(path, 16 * MIB)
        self.vm.qmp.call("blockdev-add", **{
            "node-name": name, "driver": "raw", "file": {"driver": "file", "filename": path}})
        before = self.guest.sh("ls /sys/block").split()
        self.vm.qmp.call("device_add", driver="scsi-hd", id=name, bus="scsi0.0", drive=name,
                         channel=0, **{"scsi-id": 5, "lun": 0})
        self.guest.wait_for(f"[ $(ls /sys/block | wc -l) -gt {len(before)} ]")
        return (set(self.guest.sh("ls /sys/block").split()) - set(before)).pop()

    def test_unplugged(self):
        """a disk that is unplugged during the freeze -> the others are thawed"""
        device = self.plug("plug")
        with writing(self.guest) as writers, self.vm.connect() as agent:
            self.guest.wait_for(f"[ -b /dev/{device} ]")
            self.guest.sh(f"mkdir -p /mnt/plug && mount -t ext4 /dev/{device} /mnt/plug && "
                          "echo one >/mnt/plug/file")
            count = frozen_count(self.guest)
            self.freeze(agent)
            self.vm.qmp.call("device_del", id="plug")
            self.vm.qmp.wait_event("DEVICE_DELETED", device="plug")
            self.guest.wait_for(f"[ ! -e /sys/block/{device} ]")
            self.equal(self.status(agent), "frozen", "status without the disk")
            thawed = agent.call("guest-fsfreeze-thaw", None, 60)
            # Whether what is left of it can be thawed is up to the kernel.
            self.check(thawed in (count - 1, count), f"{thawed} of {count} thawed")
            self.equal(self.status(agent), "thawed", "status")
            writers.go_on()
            self.guest.sh("umount -l /mnt/plug")
            self.rounds(agent, 2, count - 1)
        self.vm.qmp.call("blockdev-del", **{"node-name": "plug"})

    def test_killed_watchdog(self):
        """the time limit of a freeze that was taken over -> still holds"""
        with writing(self.guest) as writers:
            with self.vm.connect() as agent:
                self.freeze(agent, timeout=20)
            pid = self.guest.agent_pid()
            self.guest.sh(f"kill -9 {pid}")
            self.new_agent(pid)
            with self.vm.connect() as agent:
                self.equal(self.status(agent), "frozen", "status after the restart")
                agent.call("guestd-subscribe", {"events": ["FREEZE_ENDED"]})
                self.ended(agent)
            writers.go_on()

    def test_shutdown(self):
        """a shutdown during the freeze -> the host's is refused, the guest's own thaws all"""
        # Nobody is there to answer for these.
        self.guest.sh("umount -l /mnt/nfs; umount -l /mnt/auto")
        with self.vm.connect() as agent:
            self.freeze(agent)
            for wanted in (("guest-shutdown",), ("guest-shutdown", {"mode": "reboot"}),
                           ("guest-suspend-ram",), ("guest-get-osinfo",)):
                reply = json.loads(line_of(agent, *wanted))
                self.equal(reply.get("error", {}).get("class"), "CommandNotFound", str(wanted))
            self.equal(self.status(agent), "frozen", "status after what was refused")
            # Waits for the thaw, and must be through before all is killed.
            self.guest.sh("sh -c 'trap \"\" TERM; echo late >/mnt/ext4/late' >/dev/null 2>&1 &")
            self.guest.sh("(usleep 200000; poweroff) </dev/null >/dev/null 2>&1 &")
            self.vm.process.wait(120)
        image = self.vm.path("ext4.img")
        # The journal has not been replayed: only the copy that e2fsck may change can tell.
        copy = self.vm.path("late.img")
        self.clean("cp", "--sparse=always", image, copy)
        done = host("e2fsck", "-fy", "-E", "journal_only", copy)
        self.check(done.returncode in (0, 1), f"e2fsck: {done.stdout}")
        self.clean("e2fsck", "-fn", copy)
        done = host("debugfs", "-R", "cat /late", copy)
        self.check("late" in done.stdout.split(), f"what was written last is lost: {done.stdout}")
