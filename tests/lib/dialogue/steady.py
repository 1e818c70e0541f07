# SPDX-License-Identifier: LGPL-2.1-or-later
"""Two agents asked one after the other about a machine that may change in between."""

import time

# What is on its way (a device that comes, packets of an interface that came up) is over
# by then; what is not after that never comes to rest.
PATIENCE = 60.0


def asked_together(ask, who, other, same=lambda one, two: one == two):
    """
    What both answer, with what @who says the same before and after @other was asked: so
    the two saw the same machine. Where it never does, the last answers.
    """
    deadline = time.monotonic() + PATIENCE
    before = ask(who)
    while True:
        theirs = ask(other)
        after = ask(who)
        if same(before, after) or time.monotonic() > deadline:
            return before, theirs
        before = after
