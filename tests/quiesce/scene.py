# SPDX-License-Identifier: LGPL-2.1-or-later
"""What a test of freezing needs, and what is checked after each."""

import itertools
import os
from pathlib import Path

from lib.checks import Skip, expect, same, until
from lib.freezing import Agent
from lib.loops import Workshop, frozen_among

_names = itertools.count(1)

# A hook notes "NAME VERB REASON" in the file "calls" of the scene, and then does its own.
HOOK = """#!/bin/sh
scene='%s'
note() {
	echo "${0##*/} $1 ${GUESTD_THAW_REASON-}" >>"$scene/calls"
}
# Tells the test, and waits for its word.
gate() {
	: >"$scene/gate-$1"
	read -r word <"$scene/word"
}
note "$1"
%s
"""


def grace():
    """Whether the kernel's grace periods are short just now, if that can be known."""
    try:
        return Path("/sys/kernel/rcu_expedited").read_text().strip()
    except OSError:
        return ""


class Scene:
    """A directory of filesystems and hooks, and the agent of the test."""

    def __init__(self, guestd, reference, note):
        self.guestd = guestd
        self.reference_program = reference
        self.note = note
        self.name = f"scene{next(_names)}"
        self.shop = Workshop(self.name)
        self.agent = None
        self.others = []
        self.calls_read = 0  # how far calls() is
        self.grace = "0" if grace() else ""
        self.hooks = self.shop.path("hooks")
        os.mkdir(self.hooks, 0o755)
        os.mkfifo(self.shop.path("word"))

    # Agents

    def start(self, **config):
        """guestd with that configuration, and the scene's hooks if there are any."""
        logfile = config.pop("logfile", None)
        settings = {key.replace("_", "-"): value for key, value in config.items()}
        if os.listdir(self.hooks):
            settings["fsfreeze-hook"] = self.hooks
        self.agent = Agent(self.guestd, f"{self.name}.agent", config=settings, logfile=logfile)
        return self.agent.connect()

    def restart(self):
        """After the end of the process, with the same state."""
        self.agent.start()
        return self.agent.connect()

    def reference(self):
        if not self.reference_program:
            raise Skip("there is no reference agent")
        agent = Agent(self.reference_program, f"{self.name}.reference")
        self.others.append(agent)
        return agent.connect()

    # Hooks

    def hook(self, name, script=":"):
        path = Path(self.hooks, name)
        path.write_text(HOOK % (self.shop.dir, script))
        path.chmod(0o755)

    def calls(self):
        """What hooks were called for since the last time."""
        # Not taken away: a hook that has it open, or is about to, would write into the void.
        with open(self.shop.path("calls"), "a+", encoding="utf-8") as file:
            file.seek(self.calls_read)
            text = file.read()
            self.calls_read = file.tell()
        return [line.rstrip() for line in text.splitlines()]

    def await_gate(self, verb="freeze"):
        """Until a hook is at its gate."""
        gate = self.shop.path(f"gate-{verb}")
        until(lambda: os.path.exists(gate), f"hook at its gate for {verb}")
        os.unlink(gate)

    def open_gate(self):
        with open(self.shop.path("word"), "w", encoding="ascii") as word:
            word.write("go\n")

    # Checks

    def dirty(self, *points, megabytes=4):
        """Leaves something to write back."""
        for point in points:
            with open(os.path.join(point, "dirty"), "r+b" if
                      os.path.exists(os.path.join(point, "dirty")) else "wb") as file:
                file.write(os.urandom(1 << 20) * megabytes)

    def nothing_frozen(self):
        held = frozen_among([p for p in self.shop.points if p not in self.read_only])
        expect(not held, f"left frozen: {', '.join(held)}")

    read_only = ()

    def settled(self):
        """After each test: all can be written to and the agent, if it is to run, answers."""
        if self.agent and self.agent.process.poll() is None:
            with self.agent.connect() as host:
                host.sync()
                same(host.status(), "thawed", "status in the end")
        self.nothing_frozen()
        # Another test elsewhere may have it changed for a moment, but nobody for good.
        until(lambda: grace() == self.grace, "rcu_expedited as before")

    def clear(self):
        for agent in [*self.others, self.agent]:
            if agent and agent.process.poll() is None:
                agent.process.kill()
        # Carriers first, as an agent that is held up by one ends only then.
        self.shop.thaw_all()
        for agent in [*self.others, self.agent]:
            if agent:
                agent.process.wait(120)
        self.shop.clear()
