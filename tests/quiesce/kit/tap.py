# SPDX-License-Identifier: LGPL-2.1-or-later
"""Test Anything Protocol."""

import sys


class Tap:
    def __init__(self, out=sys.stdout):
        self.out = out
        self.passed = self.failed = self.skipped = 0

    def _say(self, text):
        # Flushed, so that a run that hangs shows how far it came.
        print(text, file=self.out, flush=True)

    def _number(self):
        return self.passed + self.failed + self.skipped

    def note(self, text):
        for line in text.splitlines():
            self._say("# " + line)

    def ok(self, name):
        self.passed += 1
        self._say(f"ok {self._number()} - {name}")

    def fail(self, name, why):
        self.failed += 1
        self._say(f"not ok {self._number()} - {name}")
        self.note(why)

    def skip(self, name, why):
        self.skipped += 1
        self._say(f"ok {self._number()} - {name} # SKIP {why}")

    def finish(self):
        self._say(f"1..{self._number()}")
        self.note(f"{self.passed} passed, {self.failed} failed, {self.skipped} skipped")
        return 1 if self.failed else 0
