# SPDX-License-Identifier: LGPL-2.1-or-later
"""guestctl against what the test plays: each test has a bench of its own."""

import tempfile

import pytest

from bench import Bench


@pytest.fixture
def bench(note):
    with tempfile.TemporaryDirectory(prefix="ctl-") as place, Bench(place, note) as made:
        yield made
