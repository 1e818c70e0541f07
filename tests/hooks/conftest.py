# SPDX-License-Identifier: LGPL-2.1-or-later
"""All tests share two servers under load and an agent with our hooks, in private namespaces."""

import pytest

from lib import private
from lib.loops import Workshop, can_make
from lib.programs import find_guestd
from servers import MariaDB, Postgres
from world import World


def why_impossible():
    if private.why_impossible():
        return private.why_impossible()
    if not can_make("xfs"):
        return "there is no xfs"
    missing = [server.package for server in (Postgres, MariaDB) if not server.is_there()]
    return f"not installed: {', '.join(missing)}" if missing else ""


def pytest_addoption(parser):
    parser.addoption("--rounds", type=int, default=10, help="freezes under load")


def pytest_cmdline_main(config):
    """Once more, inside, unless nothing is to be run."""
    if not (config.option.list or config.option.collectonly or why_impossible()):
        private.enter()


def pytest_itemcollected(item):
    item.row = item.name.removeprefix("test_").replace("_", " ")


@pytest.fixture(scope="session")
def shared(request):
    why = why_impossible()
    if why:
        pytest.skip(why)
    program = find_guestd()
    if not program:
        pytest.fail("no guestd: build it or set GUESTD")
    with Workshop("hooks") as shop, \
            World(shop, program, request.config.getoption("rounds")) as world:
        yield world


@pytest.fixture
def world(request, shared, note):
    shared.note = note
    yield shared
    try:
        if request.node.succeeded:
            shared.nothing_is_left()
            shared.load.check()
    except Exception:
        request.node.succeeded = False
        raise
    finally:
        if not request.node.succeeded:
            note(shared.agent.log()[-1500:])
            shared.recover()
