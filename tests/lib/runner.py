# SPDX-License-Identifier: LGPL-2.1-or-later
"""
What the command lines of all suites have in common:

    SUITE [NAME...]        rows whose name contains one of the texts
    SUITE -k EXPRESSION    ... or that match "freeze and not (xfs or btrfs)"
    SUITE --list           the rows' names
    SUITE --durations N    the N slowest rows at the end

suite() runs a folder of test_*.py with pytest; Selection gives the same options to a driver that
finds its rows itself.
"""

import argparse
import re
import signal
import sys
from pathlib import Path

from lib.tap import say

WORD = re.compile(r"\(|\)|[^\s()]+")


def add_options(options):
    options.add_argument("-k", dest="expression", metavar="EXPRESSION", default="",
                        help="rows that match it: parts of names with and, or, not")
    options.add_argument("--list", action="store_true", help="print the rows' names only")
    options.add_argument("--durations", type=int, default=0, metavar="N",
                        help="show the N slowest rows at the end")
    options.add_argument("names", nargs="*", metavar="NAME", help="rows whose name contains it")
    return options


class Selection:
    """The rows that a command line asks for."""

    def __init__(self, args=None):
        self.names = list(getattr(args, "names", ()))
        self.durations = getattr(args, "durations", 0)
        self.list = getattr(args, "list", False)
        expression = getattr(args, "expression", "")
        self.matches = compiled(expression)
        self.chosen = bool(self.names or expression.strip())

    def wants(self, name):
        return self.matches(name) and (not self.names or any(part in name for part in self.names))



def parser(description):
    """With the options of all suites; a driver may add its own."""
    return add_options(argparse.ArgumentParser(
        description=description.strip(), formatter_class=argparse.RawDescriptionHelpFormatter))


def selection(description):
    """What the command line of a driver without options of its own asks for."""
    return Selection(parser(description).parse_intermixed_args())


INSIDE = "--inside"  # of a driver that runs itself once more, in namespaces


def listed(names):
    """With --list, prints those of the names that are wanted and exits; checks the command line."""
    if sys.argv[1:2] == [INSIDE]:
        return
    chosen = selection(sys.modules["__main__"].__doc__)
    if chosen.list:
        for name in names:
            if chosen.wants(name):
                say(name)
        sys.exit(0)


def compiled(expression):
    """A function of a name; the words of the expression are parts of names."""
    if not expression.strip():
        return lambda name: True
    parts = []
    for word in WORD.findall(expression):
        if word in ("and", "or", "not", "(", ")"):
            parts.append(word)
        else:
            parts.append(f"({word.lower()!r} in name)")
    try:
        code = compile(" ".join(parts), "-k", "eval")
    except SyntaxError:
        sys.exit(f"-k: invalid expression: {expression}")
    return lambda name: eval(code, {"__builtins__": {}, "name": name.lower()})


def suite(script, *files):
    """
    Runs the tests of the folder in which @script is, or of these @files in it. Options that are
    not ours go to pytest: -x, --pdb, --tb=long, --collect-only.
    """
    try:
        import pytest
    except ImportError:
        sys.exit(f"{sys.executable} has no pytest: install python3-pytest")
    folder = Path(script).resolve().parent
    args, more = parser(sys.modules["__main__"].__doc__).parse_known_intermixed_args()
    command = [f"--rootdir={folder.parent}", "-c", str(folder.parent / "pytest.ini"), *more]
    command += [f"--row={name}" for name in args.names if not name.endswith(".py")]
    command += [name for name in args.names if name.endswith(".py")] or \
        [str(folder / name) for name in files or ("",)]
    if args.expression:
        command += ["-k", args.expression]
    if args.list:
        signal.signal(signal.SIGPIPE, signal.SIG_DFL)  # as "--list | head" expects
        command += ["--list", "-q"]
    if args.durations:
        command += [f"--durations={args.durations}"]
    sys.exit(pytest.main(command))
