# SPDX-License-Identifier: LGPL-2.1-or-later
"""Test Anything Protocol: one row per check, the plan and the totals at the end."""

import os
import sys
import time

SHOWN_LINES, SHOWN_WIDTH = 5, 150


def say(text):
    # Flushed, so that a run that hangs shows how far it came.
    try:
        print(text, flush=True)
    except BrokenPipeError:
        # As "--list | head" does; what has been set up is torn down.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        sys.exit(141)


def comment(text):
    for line in text.rstrip().splitlines():
        say("# " + line)


def shown(text):
    """The start of a long text."""
    return "\n".join(line[:SHOWN_WIDTH] for line in text.splitlines()[:SHOWN_LINES])


class Tap:
    """
    @selection (lib.runner) leaves out rows that were not asked for; their steps run all the same
    where later rows build on them, and so they do for --list.
    """

    def __init__(self, selection=None):
        self.passed = self.failed = self.skipped = 0
        self.selection = selection
        self.lists = bool(selection and selection.list)
        self.durations = []  # (seconds since the row before, name)
        self.last = time.monotonic()

    def wants(self, name):
        return self.selection is None or self.selection.wants(name)

    def starts(self, name):
        """Whether a row that needs no other is to be run; with --list it is only printed."""
        if not self.wants(name):
            return False
        if self.lists:
            self.passed += self._row(name)
        return not self.lists

    def _row(self, name, good=True, why=""):
        now = time.monotonic()
        self.durations.append((now - self.last, name))
        self.last = now
        if not self.wants(name):
            return False
        if self.lists:
            say(name)
            return True
        number = self.passed + self.failed + self.skipped + 1
        say(f"{'ok' if good else 'not ok'} {number} - {name}{why}")
        return True

    def note(self, text):
        if not self.lists:
            comment(text)

    def ok(self, name):
        self.passed += self._row(name)

    def fail(self, name, why):
        if self._row(name, good=False):
            self.failed += 1
            self.note(why)

    def skip(self, name, why):
        self.skipped += self._row(name, why=f" # SKIP {why}")

    def check(self, name, why):
        """`why` is empty when the check holds."""
        if why:
            self.fail(name, why)
        else:
            self.ok(name)

    def test(self, name, good, *details):
        """As check(), with a condition; the details are printed when it does not hold."""
        self.check(name, "" if good else "\n".join(details) or "the condition does not hold")

    def finish(self):
        """Prints the plan and the totals; returns the exit status."""
        rows = self.passed + self.failed + self.skipped
        if not rows and self.selection and self.selection.chosen:
            print("no row matches", file=sys.stderr)
            return 1
        if self.lists:
            return 0
        say(f"1..{rows}")
        comment(f"{self.passed} passed, {self.failed} failed, {self.skipped} skipped")
        for seconds, name in self.slowest():
            comment(f"{seconds:8.2f} s  {name}")
        return 1 if self.failed else 0

    def slowest(self):
        count = self.selection.durations if self.selection else 0
        return sorted(self.durations, reverse=True)[:count]
