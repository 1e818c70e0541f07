# SPDX-License-Identifier: LGPL-2.1-or-later
"""All tests of freezing run in private namespaces; each has a scene that is checked after it."""

import pytest

from lib import private
from lib.programs import find_guestd, find_reference
from scene import Scene


def pytest_cmdline_main(config):
    """Once more, inside, unless nothing is to be run."""
    if not (config.option.list or config.option.collectonly or private.why_impossible()):
        private.enter()


@pytest.fixture(scope="session")
def guestd():
    why = private.why_impossible()
    if why:
        pytest.skip(why)
    program = find_guestd()
    if not program:
        pytest.fail("no guestd: build it or set GUESTD")
    return program


@pytest.fixture
def scene(request, guestd, note):
    made = Scene(guestd, find_reference(), note)
    try:
        yield made
        if request.node.succeeded:
            made.settled()
        elif made.agent and not made.agent.logfile.startswith(made.shop.dir + "/"):
            note("the log ends with:\n" + made.agent.log()[-2000:])
    finally:
        made.clear()
