# SPDX-License-Identifier: LGPL-2.1-or-later
"""Two VMs whose snapshots are taken in one window."""

import json
import os
import subprocess

from lib.programs import guestctl_path
from lib.vm.vm import VM

from ctl import DISKS, GUESTCTL_TIMEOUT, Ctl
from door import Door, at
from faulty import TWO, Faulty


class Group(Faulty):
    """The machine of the other tests, called "one", and a second one, called "two"."""

    def begin(self):
        """Boots the second machine; whoever calls this stops it."""
        options = dict(Ctl.machine)
        other = VM(self.vm.image, **options)
        other.start()
        return other

    def write_config(self, other, door):
        home = self.vm.path("config")
        os.makedirs(os.path.join(home, "guestctl"), exist_ok=True)
        with open(os.path.join(home, "guestctl", "vms.ini"), "w", encoding="utf-8") as file:
            file.write(f"[one]\nagent={self.vm.path('agent')}\nqmp={self.vm.path('ctl')}\n"
                       f"[two]\nagent={other.path('agent')}\nqmp={door.door}\n")
        return dict(os.environ, XDG_CONFIG_HOME=home)

    def both(self, env, *words):
        return subprocess.run([guestctl_path(), "--timeout", "60", *words], env=env,
                              stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                              stderr=subprocess.PIPE, text=True, timeout=GUESTCTL_TIMEOUT)

    def test_group(self):
        """two VMs, one of which fails -> neither has a snapshot, and both run"""
        other = self.begin()
        try:
            second = Faulty(other, self.tools)
            self.one_window(other, (self, second))
            self.one_fails(other, (self, second))
        finally:
            other.stop()

    def one_window(self, other, guests):
        with Door(other, lambda _message: None) as door:
            env = self.write_config(other, door)
            done = self.both(env, "--json", "one,two", "snapshot", *TWO, "--quiesce")
            self.equal(done.returncode, 0, done.stderr)
            told = [row["result"] for row in json.loads(done.stdout)]
            self.equal([row["label"] for row in told], ["consistent"] * 2, "labels")
            window = told[0]["group"]["window"]
            self.check(window["begin"] < min(row["time"] for row in told) and
                       max(row["time"] for row in told) < window["end"], f"{window}: {told}")
            self.note("two VMs in one window: frozen for " +
                      " and ".join(f"{row['frozen-ms']:.0f} ms" for row in told))
            for guest in guests:
                guest.not_frozen()
                self.equal(len(guest.nodes()), len(DISKS), "overlays in use")
            done = self.both(env, "one,two", "snapshot", "commit")
            self.equal(done.returncode, 0, done.stderr)
        for guest in guests:
            guest.nothing_left()

    def one_fails(self, other, guests):
        with Door(other, at("transaction", lambda: "before")) as door:
            done = self.both(self.write_config(other, door), "one,two", "snapshot", *TWO, "--quiesce")
        self.equal(done.returncode, 1, done.stdout)
        self.says(done.stderr, "two: ", "the connection ended",
                  "one: nothing was done, because another VM failed; the snapshot was undone")
        for guest in guests:
            guest.nothing_left()
