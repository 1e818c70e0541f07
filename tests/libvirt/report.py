# SPDX-License-Identifier: LGPL-2.1-or-later
"""Results, in TAP."""

SHOWN_LINES, SHOWN_WIDTH = 5, 150


def say(text):
    print(text, flush=True)


def comment(text):
    for line in text.rstrip().splitlines():
        say(f"# {line}")


def shown(text):
    return "\n".join(line[:SHOWN_WIDTH] for line in text.splitlines()[:SHOWN_LINES])


class Report:
    def __init__(self, planned):
        self.number = 0
        self.failed = 0
        say(f"1..{planned}")

    def test(self, title, good, *details):
        self.number += 1
        self.failed += not good
        say(f"{'ok' if good else 'not ok'} {self.number} - {title}")
        if not good:
            for text in details:
                comment(text)
