# SPDX-License-Identifier: LGPL-2.1-or-later
"""
What can go wrong with guestctl and a real guest: afterwards nothing is frozen, QEMU has no job,
node or overlay of guestctl's, no file is left, and the message says what happened. Agents and
monitors that do what no real one does are played in tests/host.

  fault                               | here, or in test_ctl_*          | in tests/host
  ------------------------------------+---------------------------------+------------------------------
  agent killed between freeze and     | Agents.test_agent_killed,       | snapshot_faults: agent_killed,
    snapshot                          |   test_agent_gone               |   agent_restarted
  monitor gone between snapshot and   | Monitors.test_monitor_cut,      | snapshot_faults: monitor_*,
    thaw                              |   test_monitor_gone,            |   backup_faults: monitor_lost
                                      |   faults_backup: test_monitor   |
  QEMU hangs in the transaction       | Monitors.test_hang,             | hang
                                      |   faults_backup: test_monitor   |
  guestctl killed while frozen        | Monitors.test_killed, _later    | snapshot_faults: killed
  Ctrl-C at every step                | Agents.test_interrupt_freeze,   | snapshot_faults: interrupted_*,
                                      |   Monitors.test_interrupt_*,    |   snapshot_commit: interrupted,
                                      |   faults_backup: test_interrupt_*   backup_faults: interrupt
  disk full on the target             | snapshot: test_full,            | both: disk_full
                                      |   faults_backup: test_target_full
  freeze slower than the limit        | Agents.test_slow_freeze         | both: slow, freeze_slow
  watchdog fired first                | Monitors.test_watchdog          | both: watchdog
  paused VM                           | faults_backup: test_paused      | both: paused
  VM that ignores ACPI                | down: test_ignores_acpi         | power: ignored, force
  VM that panics on shutdown          | down: test_panics, _and_ends    | power: panics
  bitmap missing                      | faults_backup: test_bitmap_*    | backup: bitmap_lost
  chain file missing or altered       | faults_backup: test_chain_*     | backup: chain_broken
  group of VMs, one of them failing   | group: test_group               | snapshot_faults: group_*, hang
"""

import os
import signal
import threading

from lib.vm.case import GUESTD, PORT_PATH, REFERENCE
from ctl import DISKS, GUESTCTL_TIMEOUT
from door import Door, at
from faulty import BLOCKED_S, SHORT, SHORT_S, TWO, Faulty


class Agents(Faulty):
    """The agent fails."""

    def kill_agent(self):
        self.guest.sh("kill -9 $(cat /run/agent.pid)")

    def test_agent_killed(self):
        """an agent restarted between freeze and snapshot -> thaws what was frozen"""
        for agent in (GUESTD, REFERENCE):
            if agent == REFERENCE:
                self.restart_agent(REFERENCE, "-m", "virtio-serial", "-p", PORT_PATH)
            with Door(self.vm, at("transaction", self.kill_agent)) as door:
                self.says(self.snapshot("--quiesce", door=door), "consistent: 2 filesystems")
            self.fold()
        self.restart_agent(GUESTD, "-m", "virtio-serial", "-p", PORT_PATH)

    def test_agent_gone(self):
        """an agent that is lost -> the snapshot is undone, and what is still frozen is reported"""
        def gone():
            self.guest.sh("touch /run/agent.stop")
            self.kill_agent()
        with Door(self.vm, at("transaction", gone)) as door:
            said = self.snapshot("--quiesce", *SHORT, status=1, door=door)
        self.says(said, "failed to thaw the guest", "the snapshot was undone")
        self.equal(self.overlays(), [], "overlays")
        self.guest.start_agent(GUESTD, "-m", "virtio-serial", "-p", PORT_PATH)
        # It takes the freeze over, with what is left of its time.
        self.can_write()
        self.nothing_left()

    def hook(self, text):
        self.guest.sh(f"printf '%s\\n' '#!/bin/sh' '{text}' >/run/hook && chmod 755 /run/hook")
        self.restart_agent(GUESTD, "-m", "virtio-serial", "-p", PORT_PATH, "-F/run/hook")

    def without_hook(self):
        self.guest.sh("rm -f /run/hook /run/hooked")
        self.restart_agent(GUESTD, "-m", "virtio-serial", "-p", PORT_PATH)

    def test_slow_freeze(self):
        """a freeze slower than its limit, by a hook that hangs -> given up; try goes without"""
        self.hook("[ $1 = thaw ] || exec sleep 1000")
        try:
            said = self.snapshot("--quiesce", *SHORT, status=1)
            self.says(said, f"did not answer guest-fsfreeze-freeze within {SHORT_S} s")
            self.nothing_left()
            told = self.snapshot("--quiesce=try", *SHORT)
            self.says(told, "crash-consistent: the agent did not answer guest-fsfreeze-freeze")
            self.not_frozen()
            self.fold()
            self.equal(self.guest.run("pidof sleep")[0], 1, "status of the search for the hook")
        finally:
            self.without_hook()

    def test_interrupt_freeze(self):
        """Ctrl-C during the freeze -> thawed, not done, and the hook is ended"""
        self.hook("[ $1 = thaw ] || { touch /run/hooked; exec sleep 1000; }")
        try:
            process = self.start("snapshot", *TWO, "--quiesce")
            self.guest.wait_for("[ -e /run/hooked ]")
            process.send_signal(signal.SIGINT)
            self.says(self.end(process), "interrupted")
            self.nothing_left()
        finally:
            self.without_hook()


class Monitors(Faulty):
    """The monitor, or guestctl itself, fails within the window."""

    def test_monitor_cut(self):
        """a connection cut before or after the snapshot -> asked again, and thawed"""
        with Door(self.vm, at("transaction", lambda: "after")) as door:
            self.says(self.snapshot("--quiesce", door=door), "consistent: 2 filesystems")
        self.fold()
        with Door(self.vm, at("transaction", lambda: "before")) as door:
            self.says(self.snapshot("--quiesce", status=1, door=door), "the connection ended")
        self.nothing_left()

    def test_monitor_gone(self):
        """the monitor lost after the snapshot -> thawed, and what may be left is reported"""
        door = None

        def gone():
            door.player.listener.shutdown(2)
            return "after"
        with Door(self.vm, at("transaction", gone)) as door:
            said = self.snapshot("--quiesce", status=1, door=door)
        self.not_frozen()
        self.says(said, "unknown whether the snapshot was made, so its files were left: ",
                  *(path for path in self.overlays() if path.endswith(".qcow2")))
        self.equal(len(self.nodes()), len(DISKS), "overlays in use")
        self.fold()

    def test_hang(self):
        """QEMU answers after the thaw -> undone if required, else labelled"""
        late = f"QEMU did not answer within {SHORT_S} s, so the guest was thawed"
        for mode, status in (("require", 1), ("try", 0)):
            answered = threading.Event()
            with Door(self.vm, at("transaction", lambda answered=answered: answered)) as door:
                process = self.start("snapshot", *TWO, "--quiesce=" + mode, *SHORT, door=door)
                while "transaction" not in door.heard:
                    self.check(process.poll() is None, "guestctl has ended")
                    self.guest.sh("usleep 20000")
                # The guest cannot tell before it can write again.
                self.can_write()
                answered.set()
                out, said = process.communicate(timeout=GUESTCTL_TIMEOUT)
            self.equal(process.returncode, status, out + said)
            self.says(out + said, late)
            if mode == "try":
                self.not_frozen()
                self.fold()
            self.nothing_left()

    def test_killed(self):
        """guestctl killed during the freeze -> the guest thaws by itself"""
        process = None

        def kill():
            process.kill()
            process.wait()
            return "before"
        ready = threading.Event()
        with Door(self.vm, at("transaction", lambda: ready.wait(BLOCKED_S) and kill())) as door:
            process = self.start("snapshot", *TWO, "--quiesce", *SHORT, door=door)
            ready.set()
            process.communicate(timeout=GUESTCTL_TIMEOUT)
        self.equal(process.returncode, -signal.SIGKILL, "status")
        self.can_write()
        with self.vm.connect() as agent:
            report = agent.call("guestd-fsfreeze-report")
        self.equal(report["ended-by"], "timeout", "who ended the freeze")
        # Files that no VM uses: nothing_left() would find an overlay in use.
        for path in self.overlays():
            os.unlink(path)
        self.nothing_left()

    def test_killed_later(self):
        """guestctl killed after the snapshot -> thawed by the guest, and commit works"""
        process, taken = None, threading.Event()

        def kill():
            # The answer is held back for ever.
            taken.set()
            return threading.Event()
        with Door(self.vm, at("transaction", kill)) as door:
            process = self.start("snapshot", *TWO, "--quiesce", *SHORT, door=door)
            self.check(taken.wait(BLOCKED_S), "no transaction")
            while self.image_of("one" if not self.nodes() else "gs")[1].endswith("/one.qcow2"):
                self.check(process.poll() is None, "guestctl has ended")
            process.kill()
            process.communicate(timeout=GUESTCTL_TIMEOUT)
        self.can_write()
        self.equal(len(self.overlays()), 3, "overlays and manifest")
        self.fold()

    def test_watchdog(self):
        """a guest whose own limit ends the freeze -> not labelled consistent, undone if required"""
        for mode, status in (("require", 1), ("try", 0)):
            process = None
            stopped = threading.Event()

            def stop():
                process.send_signal(signal.SIGSTOP)
                stopped.set()
            ready = threading.Event()
            with Door(self.vm, at("transaction", lambda: ready.wait(BLOCKED_S) and stop())) as door:
                process = self.start("snapshot", *TWO, "--quiesce=" + mode, *SHORT, door=door)
                ready.set()
                self.check(stopped.wait(BLOCKED_S), "no transaction")
                self.can_write()
                process.send_signal(signal.SIGCONT)
                out, said = process.communicate(timeout=GUESTCTL_TIMEOUT)
            self.equal(process.returncode, status, out + said)
            self.says(out + said, f"the guest's own limit of {2 * SHORT_S} s ended the freeze")
            if mode == "try":
                self.says(out, "crash-consistent: ")
                self.not_frozen()
                self.fold()
            self.nothing_left()

    def test_interrupt_snapshot(self):
        """Ctrl-C at each step of a snapshot -> undone or done, and thawed"""
        for step, status in (("query-block", 1), ("query-status", 1), ("transaction", 0)):
            process, ready = None, threading.Event()

            def stop():
                ready.wait(BLOCKED_S)
                process.send_signal(signal.SIGINT)
            with Door(self.vm, at(step, stop)) as door:
                process = self.start("snapshot", *TWO, "--quiesce", door=door)
                ready.set()
                said = self.end(process, status)
            if status:
                self.says(said, "interrupted")
            else:
                self.not_frozen()
                self.fold()
            self.nothing_left()
