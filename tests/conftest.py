# SPDX-License-Identifier: LGPL-2.1-or-later
"""Makes tests/lib importable for every suite that pytest runs, and prints its rows as TAP."""

import sys

sys.dont_write_bytecode = True
pytest_plugins = ["lib.plugin"]
