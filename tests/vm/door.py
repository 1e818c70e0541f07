# SPDX-License-Identifier: LGPL-2.1-or-later
"""A door between guestctl and QEMU's monitor that opens, waits or falls shut at the right moment."""

import os

from lib.played import Between, Player


class Door:
    """@look: as Between's; it is called when a command comes, before QEMU gets it."""

    def __init__(self, vm, look):
        self.bench, self.name, self.qmp = self, "door", vm.path("ctl")
        self.vm, self.look, self.door, self.heard = vm, look, None, []
        self.player = Between(self, self.came).player

    def play(self, name, script):
        """What Between asks of a bench."""
        path = self.vm.path(name)
        if os.path.exists(path):
            os.unlink(path)
        return Player(path, script)

    def came(self, message):
        self.heard.append(message["execute"])
        return self.look(message)

    def shut(self):
        """For good: what is connected is cut off, and nobody else comes in."""
        self.player.close()

    def __enter__(self):
        return self

    def __exit__(self, *_unused):
        self.player.close()
        if self.player.faults:
            raise AssertionError(f"the door: {self.player.faults}")


def at(command, act):
    """A look that calls @act when @command comes for the first time; its result is the wish."""
    done = []

    def look(message):
        if message["execute"] != command or done:
            return None
        done.append(command)
        return act()
    return look
