# SPDX-License-Identifier: LGPL-2.1-or-later
"""What a test asserts, and how it says why it failed."""

import os
import time
import traceback
from unittest import SkipTest as Skip

__all__ = ["Skip", "expect", "explain", "has", "row", "same", "until"]


def row(name):
    """Marks a function as a test whose row is called so, whatever the function's own name."""
    def mark(function):
        function.row, function.__test__ = name, True
        return function
    return mark


def expect(holds, why):
    if not holds:
        raise AssertionError(why)


def same(got, wanted, what=""):
    expect(got == wanted, f"{what}: {got!r} instead of {wanted!r}")


def has(text, part):
    expect(part in text, f"{part!r} is not in {text!r}")


def until(condition, what, patience=120.0):
    """Waits for a state that no event announces; returns the condition's value."""
    end = time.monotonic() + patience
    while not (value := condition()):
        if time.monotonic() > end:
            raise AssertionError(f"not within {patience:.0f} s: {what}")
        time.sleep(0.003)
    return value


def explain(error):
    """Where and why a test failed, from its own first frame on; shorter than Python prints it."""
    frames = [frame for frame in traceback.extract_tb(error.__traceback__)
              if "site-packages" not in frame.filename and "dist-packages" not in frame.filename]
    lines = [f"{os.path.basename(frame.filename)}:{frame.lineno} {frame.name}: {frame.line}"
             for frame in frames]
    return "\n".join([*lines, f"{type(error).__name__}: {error}", *getattr(error, "__notes__", [])])
