# SPDX-License-Identifier: LGPL-2.1-or-later
"""Quiesced snapshots of a real guest by guestctl: what lies in them is clean."""

import json
import os
import signal
import subprocess
import threading

from lib.checks import Skip
from lib.programs import host, made
from lib.vm.quiesce_guest import MIB
from ctl import DISKS, GUESTCTL_TIMEOUT, Ctl
from door import Door


class Snapshot(Ctl):
    label = "guestctl"

    def fsck(self, image):
        """e2fsck's status of an image that nobody writes to; no journal is replayed."""
        raw = self.vm.path("check.raw")
        made("qemu-img", "convert", "-U", "-O", "raw", image, raw)
        done = host("e2fsck", "-fn", raw)
        journal = host("dumpe2fs", "-h", raw).stdout
        os.unlink(raw)
        return done.returncode, "needs_recovery" in journal, done.stdout

    def copies_are_clean(self, manifest):
        self.equal(len(manifest["disks"]), len(DISKS), "disks of the snapshot")
        for disk in manifest["disks"]:
            status, dirty, text = self.fsck(disk["backing"])
            self.check(status == 0 and not dirty, f"{disk['backing']}: {dirty}: {text}")

    def take(self, *words):
        return json.loads(self.ctl("--json", "snapshot", "--disk", "one", "--disk", "two", *words))

    def snapshot_and_commit(self, who):
        with self.writing():
            told = self.take("--quiesce")
            self.equal((told["label"], told["filesystems"]), ("consistent", 2), f"{told}")
            self.note(f"{who}: frozen for {told['frozen-ms']:.0f} ms")
            self.goes_on()
            self.copies_are_clean(told)
            self.ctl("snapshot", "commit")
            self.equal(self.overlays(), [], "what is left")
            self.goes_on()
        self.guest.sh("sync")
        return told

    def test_guestd(self):
        """a snapshot under write load -> clean, and committed while the guest writes"""
        told = self.snapshot_and_commit("guestd")
        self.equal(told["guestd-report"]["ended-by"], "host", "who ended the freeze")

    def test_stock(self):
        """a snapshot under write load, with the stock agent -> clean, and committed"""
        with self.reference_agent():
            told = self.snapshot_and_commit("reference")
        self.check("guestd-report" not in told, "the stock agent has no report")

    def test_not_quiesced(self):
        """a snapshot without a freeze -> labelled crash-consistent; its journal is replayed"""
        with self.writing():
            told = self.take()
            self.equal((told["label"], told["filesystems"]), ("crash-consistent", 0), f"{told}")
            self.check(any(self.fsck(disk["backing"])[1] for disk in told["disks"]),
                       "no journal is left: the tests of clean ones show nothing")
            self.ctl("snapshot", "commit")
        self.equal(self.overlays(), [], "what is left")

    def test_frozen(self):
        """a guest that another program has frozen -> left alone, and stays frozen"""
        with self.vm.connect() as agent:
            self.equal(agent.call("guest-fsfreeze-freeze", {"timeout": 60}, 60), 2, "frozen")
        try:
            said = self.ctl("snapshot", "--disk", "one", "--quiesce", status=1)
            with self.vm.connect() as agent:
                self.equal(agent.call("guest-fsfreeze-status"), "frozen", "status after it")
        finally:
            self.ctl("thaw")
        self.check("frozen already" in said, said)
        self.equal(self.overlays(), [], "what is left")

    def slow_job(self, begun):
        """What guestctl begins takes minutes; @begun is set when it is under way."""
        def look(message):
            if message["execute"] != "block-commit":
                return None
            self.vm.qmp.call("block-commit", **message["arguments"], speed=MIB)
            begun.set()
            return {}
        return Door(self.vm, look)

    def test_interrupted_commit(self):
        """Ctrl-C during a commit -> no job is left, and the disk uses its overlay"""
        self.ctl("snapshot", "--disk", "big")
        node, overlay = self.image_of("big")
        wrote = self.vm.qmp.call("human-monitor-command", timeout=120, **{
            "command-line": 'qemu-io -d /machine/peripheral/big/virtio-backend "write -P 7 0 128M"'})
        self.equal(wrote, "", "what qemu-io complains of")
        begun = threading.Event()
        with self.slow_job(begun) as door:
            commit = subprocess.Popen(self.command("snapshot", "commit", door=door.door),
                                      stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                                      stderr=subprocess.PIPE, text=True)
            try:
                self.check(begun.wait(GUESTCTL_TIMEOUT), "no job begins")
                commit.send_signal(signal.SIGINT)
                _out, said = commit.communicate(timeout=GUESTCTL_TIMEOUT)
            finally:
                commit.kill()
                commit.wait()
        self.equal(commit.returncode, 1, said)
        self.check("still uses " + overlay in said and "interrupted" in said, said)
        self.equal(self.vm.qmp.call("query-block-jobs"), [], "jobs")
        self.equal(self.image_of("big"), (node, overlay), "image")
        self.ctl("snapshot", "commit")
        self.equal(self.image_of("big"), ("big", self.vm.path("big.qcow2")), "image")
        self.equal(self.overlays(), [], "what is left")
        made("qemu-io", "-U", "-r", "-c", "read -P 7 0 128M", self.vm.path("big.qcow2"))

    def test_full(self):
        """a directory without space -> error, nothing is frozen, nothing is left"""
        if os.geteuid() != 0:
            raise Skip("a filesystem to fill needs root")
        place = self.vm.path("full")
        os.mkdir(place)
        # Seen by QEMU and by what enters its namespace, and gone with it.
        made(*self.enter("mount", "-t", "tmpfs", "-o", "size=64k", "tmpfs", place))
        with self.writing():
            said = self.ctl("snapshot", "--disk", "one", "--disk", "two", "--quiesce", "--to",
                            place, status=1, enter=self.enter())
            self.equal(self.told(*self.enter("ls", place)), "", f"what is left after: {said}")
            self.note(said.strip()[-100:])
            self.goes_on()
        made(*self.enter("umount", place))
