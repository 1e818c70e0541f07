# SPDX-License-Identifier: LGPL-2.1-or-later
"""guestctl shutdown of guests that do not go down as they are told."""

import re
import subprocess

from lib.programs import guestctl_path
from lib.vm.case import Case

from ctl import GUESTCTL_TIMEOUT

# Long enough for what an emulated guest does at once.
WAIT_S = "5"


def with_monitor(directory):
    return ["-chardev", f"socket,id=ctl,path={directory}/ctl,server=on,wait=off",
            "-mon", "chardev=ctl,mode=control", "-device", "pvpanic-pci", "-action", "panic=pause"]


class Down(Case):
    """What a test does to the machine is its end."""

    label = "guestctl shutdown"
    machine = {"words": {"respawn": 1}, "disks": with_monitor,
               "image": ("--module", "pvpanic-pci")}

    def ctl(self, *words, status=0):
        done = subprocess.run([guestctl_path(), "--agent", self.vm.path("agent"), "--qmp",
                               self.vm.path("ctl"), *words], stdin=subprocess.DEVNULL,
                              capture_output=True, text=True, timeout=GUESTCTL_TIMEOUT, check=False)
        self.equal(done.returncode, status, f"{words}: {done.stdout}{done.stderr}")
        return done.stdout + done.stderr

    def ended(self):
        self.vm.process.wait(GUESTCTL_TIMEOUT)

    def says(self, said, *parts):
        for part in parts:
            self.check(part in said, f"'{part}' is not in: {said}")

    def test_ignores_acpi(self):
        """a guest that ignores the power button -> left running, or turned off with --force"""
        said = self.ctl("shutdown", "--mode", "acpi", "--timeout", WAIT_S, status=1)
        self.says(said, f"ACPI: accepted the request but was not down after {WAIT_S} s; --force turns")
        self.equal(self.vm.qmp.call("query-status")["status"], "running", "status")
        said = self.ctl("shutdown", "--mode", "acpi", "--timeout", WAIT_S, "--force")
        self.check(re.search(r"^down by force after \d+\.\d s", said), said)
        self.ended()

    def make_it_panic(self):
        self.guest.sh("modprobe pvpanic-pci && printf '%s\\n' '#!/bin/sh' "
                      "'echo c >/proc/sysrq-trigger' >/run/panic && chmod 755 /run/panic && "
                      "cp /run/panic /sbin/poweroff.new && mv /sbin/poweroff.new /sbin/poweroff")

    def test_panics(self):
        """a guest that panics on its way down and stays -> reported at once"""
        self.make_it_panic()
        said = self.ctl("shutdown", status=1)
        self.says(said, "the agent: the guest has panicked, and QEMU stopped it; --force turns it off")
        self.equal(self.vm.qmp.call("query-status")["status"], "guest-panicked", "status")
        said = self.ctl("shutdown", "--force", "--mode", "acpi", "--timeout", WAIT_S)
        self.says(said, "down by force after ")
        self.ended()

    def test_panics_and_ends(self):
        """a guest that panics on its way down and whose QEMU ends -> down"""
        self.vm.qmp.call("set-action", panic="none")
        self.make_it_panic()
        self.says(self.ctl("shutdown"), "down by the agent after ")
        self.ended()
