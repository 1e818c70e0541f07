# SPDX-License-Identifier: LGPL-2.1-or-later
"""
The same rows for both agents, and one table of what each said.

A row is a function of the machine (machine.py). What it returns is compared between
the agents, so it holds nothing that is different each time; an exception is a failure.
"""

import dataclasses
import time
import traceback
from typing import Callable

from lib.tap import comment, shown

GUESTD, REFERENCE = "guestd", "qemu-ga"
CELL = 34


@dataclasses.dataclass(frozen=True)
class Row:
    """
    @do(machine) returns a text. @differs says why qemu-ga may give another one, or fail;
    then it has to.
    """
    title: str
    do: Callable
    differs: str = ""


@dataclasses.dataclass(frozen=True)
class Answer:
    good: bool
    text: str


def cell(answer):
    line = (answer.text.splitlines() or ["(nothing)"])[0] if answer else "-"
    word = "" if not answer or answer.good else "FAILED "
    return (word + line)[:CELL].ljust(CELL)


class Table:
    def __init__(self, rows):
        self.rows = rows
        self.answers = {}

    def run(self, agent, machine, rows):
        """One agent's answers, and how long each took."""
        for row in rows:
            began = time.monotonic()
            try:
                answer = Answer(True, str(row.do(machine)))
            except Exception as error:
                where = traceback.extract_tb(error.__traceback__)[-1]
                answer = Answer(False, f"{type(error).__name__}: {error} "
                                       f"({where.name}, line {where.lineno})")
            self.answers[agent, row.title] = answer
            for note in machine.notes:
                comment(f"{agent}: {row.title}: {note}")
            machine.notes.clear()
            took = time.monotonic() - began
            comment(f"{agent}: {row.title}: {took:.1f} s" + ("" if answer.good else
                                                             ": " + answer.text[:400]))

    def report(self, report):
        for row in self.rows:
            ours, theirs = (self.answers.get((agent, row.title))
                            for agent in (GUESTD, REFERENCE))
            good = bool(ours and theirs and ours.good) and (ours != theirs) == bool(row.differs)
            report.test(row.title, good, f"guestd: {ours}", f"qemu-ga: {theirs}",
                        f"may differ: {row.differs or 'no'}")
            if good and ours == theirs:
                comment(shown(ours.text))

    def print(self):
        width = max(len(row.title) for row in self.rows)
        comment(f"{'row'.ljust(width)} | {'guestd'.ljust(CELL)} | {'qemu-ga'.ljust(CELL)} | same")
        for row in self.rows:
            ours, theirs = (self.answers.get((agent, row.title))
                            for agent in (GUESTD, REFERENCE))
            same = "yes" if ours == theirs else f"no: {row.differs}"
            comment(f"{row.title.ljust(width)} | {cell(ours)} | {cell(theirs)} | {same}")
