# SPDX-License-Identifier: LGPL-2.1-or-later
"""What the tests of faults of guestctl have in common."""

import glob
import os
import subprocess

from ctl import DISKS, GUESTCTL_TIMEOUT, PLACES, Ctl

# Also the time after which guestd thaws by itself, twice this.
SHORT_S = 5
SHORT = ("--freeze-limit", str(SHORT_S))
BLOCKED_S = 60
TWO = ("--disk", "one", "--disk", "two")


class Faulty(Ctl):
    label = "guestctl faults"

    def __init__(self, vm, tools):
        super().__init__(vm, tools)
        self.store = vm.path("store")

    def snapshot(self, *words, status=0, door=None):
        return self.ctl("snapshot", *TWO, *words, status=status, door=door and door.door)

    def backup(self, *words, status=0, door=None):
        return self.ctl("backup", "--to", self.store, *words, status=status,
                        door=door and door.door)

    def start(self, *words, door=None):
        return subprocess.Popen(self.command(*words, door=door and door.door),
                                stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                                stderr=subprocess.PIPE, text=True)

    def end(self, process, status=1):
        """What it said."""
        try:
            out, said = process.communicate(timeout=GUESTCTL_TIMEOUT)
        finally:
            process.kill()
            process.wait()
        self.equal(process.returncode, status, f"{out}{said}")
        return said

    def says(self, said, *parts):
        for part in parts:
            self.check(part in said, f"'{part}' is not in: {said}")

    def can_write(self):
        """Waits until the guest can: nothing is frozen any more."""
        for place in PLACES:
            self.guest.sh(f"echo probe >{place}/probe && sync {place}/probe && rm {place}/probe",
                          BLOCKED_S)

    def not_frozen(self):
        """Without waiting for it: it is so."""
        with self.vm.connect() as agent:
            self.equal(agent.call("guest-fsfreeze-status"), "thawed", "status")
        self.can_write()

    def nodes(self):
        return [row["node-name"] for row in self.vm.qmp.call("query-named-block-nodes", flat=True)
                if row["node-name"].startswith(("guestctl", "gs"))]

    def files(self):
        return sorted(os.path.basename(path) for path in glob.glob(f"{self.store}/*"))

    def bitmaps(self):
        return {row["inserted"]["node-name"]: [one["name"] for one in
                                               row["inserted"].get("dirty-bitmaps", [])]
                for row in self.vm.qmp.call("query-block") if "inserted" in row}

    def nothing_left(self, files=(), bitmaps=None):
        self.not_frozen()
        self.equal(self.vm.qmp.call("query-jobs"), [], "jobs")
        self.equal(self.vm.qmp.call("query-block-jobs"), [], "block jobs")
        self.equal(self.nodes(), [], "nodes")
        self.equal([self.image_of(disk)[1] for disk in DISKS],
                   [self.vm.path(f"{disk}.qcow2") for disk in DISKS], "images")
        self.equal(self.overlays(), [], "overlays")
        self.equal(self.files(), list(files), "backups")
        if bitmaps is not None:
            self.equal(self.bitmaps(), bitmaps, "bitmaps")

    def fold(self):
        self.ctl("snapshot", "commit")
        self.nothing_left(self.files())

    def restart_agent(self, *command):
        self.guest.stop_agent()
        self.guest.start_agent(*command)
        with self.vm.connect(60):
            pass
