# SPDX-License-Identifier: LGPL-2.1-or-later
"""What can go wrong with guestctl's backups of a real guest, and with paused VMs; the table of all
faults is in test_ctl_faults.py."""

import contextlib
import os
import shutil
import signal
import threading

from lib.checks import Skip
from lib.programs import made
from ctl import PLACES
from door import Door, at
from faulty import BLOCKED_S, SHORT, SHORT_S, Faulty

FULL = ("--level", "full")
INCREMENTAL = ("--level", "incremental")


class Backups(Faulty):
    @contextlib.contextmanager
    def stored(self):
        """A directory with a full backup; gone afterwards, as its bitmaps are."""
        try:
            self.backup("--quiesce")
            yield self.files(), self.bitmaps()
        finally:
            shutil.rmtree(self.store, ignore_errors=True)
            for node, names in self.bitmaps().items():
                for name in names:
                    self.vm.qmp.call("block-dirty-bitmap-remove", node=node, name=name)

    def write(self):
        self.guest.sh(f"dd if=/dev/urandom of={PLACES[0]}/data bs=64k count=16 conv=fsync 2>&1")

    def next_is_well(self):
        """The next backup needs no full one, and is consistent."""
        self.says(self.backup(*INCREMENTAL, "--quiesce"), "consistent: 2 filesystems")
        self.nothing_left(self.files())
        told = self.ctl("backup", "verify", "--to", self.store).split()
        self.equal(set(told[1::2]), {"ok"}, told)

    def test_interrupt_backup(self):
        """Ctrl-C at each step of a backup -> nothing is left, and the next one succeeds"""
        steps = ("query-jobs", "query-block", "blockdev-add", "transaction", "job-dismiss",
                 "blockdev-del")
        with self.stored() as (files, bitmaps):
            self.write()
            for step in steps:
                process, ready, begun = None, threading.Event(), []

                def look(message, step=step, ready=ready, begun=begun):
                    name = message["execute"]
                    if name == "transaction":
                        begun.append(name)
                    if name == step and "done" not in begun and \
                            (begun or not step.startswith(("job", "blockdev-del"))):
                        begun.append("done")
                        ready.wait(BLOCKED_S)
                        process.send_signal(signal.SIGINT)
                with Door(self.vm, look) as door:
                    process = self.start("backup", "--to", self.store, *INCREMENTAL, "--quiesce",
                                         door=door)
                    ready.set()
                    self.says(self.end(process), "interrupted")
                self.check("done" in begun, f"{step} was not asked for")
                self.nothing_left(files, bitmaps)
            self.next_is_well()

    def test_monitor(self):
        """a monitor that is cut off or hangs during the freeze -> thawed, and nothing is left"""
        late = f"QEMU did not answer within {SHORT_S} s, so the guest was thawed"
        with self.stored() as (files, bitmaps):
            self.write()
            for wish in ("before", "after"):
                with Door(self.vm, at("transaction", lambda wish=wish: wish)) as door:
                    said = self.backup(*INCREMENTAL, "--quiesce", status=1, door=door)
                self.says(said, "QEMU's monitor, transaction: ")
                self.nothing_left(files, bitmaps)
            for mode, status in (("require", 1), ("try", 0)):
                self.says(self.hanging("--quiesce=" + mode, status), late)
                if status:
                    self.nothing_left(files, bitmaps)
            self.next_is_well()

    def hanging(self, mode, status):
        """A backup whose transaction QEMU answers only when the guest can write again."""
        answer = threading.Event()
        with Door(self.vm, at("transaction", lambda: answer)) as door:
            process = self.start("backup", "--to", self.store, *INCREMENTAL, mode, *SHORT, door=door)
            while "transaction" not in door.heard:
                self.check(process.poll() is None, "guestctl has ended")
                self.guest.sh("usleep 20000")
            self.can_write()
            answer.set()
            out, said = process.communicate(timeout=BLOCKED_S)
        self.equal(process.returncode, status, out + said)
        return out + said

    def test_target_full(self):
        """a target without room -> refused before the freeze"""
        if os.geteuid() != 0:
            raise Skip("a filesystem to fill needs root")
        place = self.vm.path("small")
        os.mkdir(place)
        # Seen by QEMU and what enters its namespace alone, and gone with it.
        made(*self.enter("mount", "-t", "tmpfs", "-o", "size=256k", "small", place))
        said = self.ctl("backup", "--quiesce", "--to", f"{place}/store", status=1, enter=self.enter())
        self.says(said, "are needed; free some space")
        self.equal(self.told(*self.enter("ls", f"{place}/store")), "", "in the store")
        self.nothing_left()
        made(*self.enter("umount", place))

    def test_paused(self):
        """a paused VM -> its agent is not asked; the copy is crash-consistent"""
        self.vm.qmp.call("stop")
        try:
            self.says(self.snapshot("--quiesce", status=1), "the VM is paused")
            self.says(self.snapshot("--quiesce=try"), "crash-consistent: the VM is paused")
            self.ctl("snapshot", "commit")
            self.says(self.backup("--quiesce", status=1), "the VM is paused")
            self.says(self.backup("--quiesce=try"), "crash-consistent: the VM is paused")
        finally:
            self.vm.qmp.call("cont")
        with self.stored():
            self.write()
            self.next_is_well()

    def test_bitmap_missing(self):
        """a bitmap that another program removed -> incremental is refused, auto copies in full"""
        with self.stored() as (files, bitmaps):
            self.vm.qmp.call("block-dirty-bitmap-remove", node="one", name=bitmaps["one"][0])
            said = self.backup(*INCREMENTAL, status=1)
            self.says(said, "disk one has no bitmap of the last backup", "--level full")
            self.nothing_left(files)
            self.says(self.backup("--quiesce"), "mixed backup", "full because disk one has no")
            self.write()
            self.next_is_well()

    def test_chain_broken(self):
        """a file of the chain that is altered or missing -> named; the next backup is full"""
        with self.stored() as (files, _bitmaps):
            name = next(name for name in files if name.endswith("-one.qcow2"))
            path = os.path.join(self.store, name)
            with open(path, "r+b") as file:
                file.seek(os.path.getsize(path) - 1)
                last = file.read(1)[0]
                file.seek(-1, os.SEEK_END)
                file.write(bytes([last ^ 1]))
            restore = ("restore", "--from", self.store, "--to", self.vm.path("restored"), "--disk",
                       "one")
            for said in (self.ctl("backup", "verify", "--to", self.store, status=1),
                         self.ctl(*restore, status=1)):
                self.says(said, name)
            os.unlink(path)
            for said in (self.ctl("backup", "verify", "--to", self.store, status=1),
                         self.ctl(*restore, status=1), self.backup(*INCREMENTAL, status=1)):
                self.says(said, name)
            self.check(not os.path.exists(self.vm.path("restored")), "something was restored")
            self.says(self.backup("--quiesce"), "full because ", name)
            self.nothing_left(self.files())
