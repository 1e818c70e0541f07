# SPDX-License-Identifier: LGPL-2.1-or-later
"""The one list of what guestd does otherwise on purpose."""

from dataclasses import dataclass, field
from pathlib import Path


@dataclass
class Difference:
    ident: str
    why: str = ""
    # "file: exchange" -> what guestd says there instead
    answers: dict = field(default_factory=dict)


class Differences:
    def __init__(self, path):
        self.path = path
        self.entries = []
        self.met = set()
        self._answer = None
        for at, line in enumerate(Path(path).read_text("utf-8").split("\n")):
            try:
                self._line(line)
            except ValueError as err:
                raise ValueError(f"{path}:{at + 1}: {err}") from None
        self._complain_of_halves()

    def _line(self, line):
        if line.startswith("== "):
            self.entries.append(Difference(line[3:].strip()))
            self._answer = None
        elif not line or line.startswith("#"):
            return
        elif not self.entries:
            raise ValueError("this belongs to no entry")
        else:
            self._part(self.entries[-1], line)

    def _part(self, entry, line):
        if line.startswith("why "):
            entry.why = line[4:].strip()
        elif line.startswith("    "):
            entry.why += " " + line.strip()
        elif line.startswith("where "):
            place = line[6:].strip()
            if any(place in other.answers for other in self.entries):
                raise ValueError(f"{place} is listed twice")
            self._answer = entry.answers[place] = []
        elif line.startswith("<") and self._answer is not None:
            self._answer.append(line[2:])
        else:
            raise ValueError("what is this line?")

    def _complain_of_halves(self):
        for entry in self.entries:
            if not entry.answers or not entry.why:
                raise ValueError(
                    f"{self.path}: '{entry.ident}' lacks where or why")

    def at(self, file, exchange):
        """(id, guestd's answer) for an exchange, or None."""
        place = f"{file}: {exchange}"
        for entry in self.entries:
            if place in entry.answers:
                self.met.add(place)
                return entry.ident, entry.answers[place]
        return None

    def stale(self, files):
        """Entries for `files` whose exchange does not exist."""
        return [f"'{entry.ident}' names {place}, which does not exist"
                for entry in self.entries for place in entry.answers
                if place not in self.met
                and place.partition(": ")[0] in files]
