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

WORD = re.compile(r"\(|\)|[^\s()]+")


def add_options(parser):
    parser.add_argument("-k", dest="expression", metavar="EXPRESSION", default="",
                        help="rows that match it: parts of names with and, or, not")
    parser.add_argument("--list", action="store_true", help="print the rows' names only")
    parser.add_argument("--durations", type=int, default=0, metavar="N",
                        help="show the N slowest rows at the end")
    parser.add_argument("names", nargs="*", metavar="NAME", help="rows whose name contains it")
    return parser


class Selection:
    """The rows that a command line asks for."""

    def __init__(self, args=None):
        self.names = list(getattr(args, "names", ()))
        self.durations = getattr(args, "durations", 0)
        self.list = getattr(args, "list", False)
        self.matches = compiled(getattr(args, "expression", ""))

    def wants(self, name):
        return self.matches(name) and (not self.names or any(part in name for part in self.names))

    def listed(self, names):
        """Prints the rows of these that are wanted; the exit status."""
        wanted = [name for name in names if self.wants(name)]
        print("\n".join(wanted))
        return 0 if wanted else 1


def selection(description, argv=None):
    """The options of a driver that has no others."""
    return Selection(add_options(argparse.ArgumentParser(
        description=description.strip(),
        formatter_class=argparse.RawDescriptionHelpFormatter)).parse_args(argv))


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
    Runs the tests of the folder in which @script is, or of these @files in it. Options that are not ours go to pytest:
    -x, --lf, --pdb, --collect-only, a path of a file.
    """
    try:
        import pytest
    except ImportError:
        sys.exit(f"{sys.executable} has no pytest: install python3-pytest")
    folder = Path(script).resolve().parent
    parser = argparse.ArgumentParser(
        prog=script, formatter_class=argparse.RawDescriptionHelpFormatter,
        description=sys.modules["__main__"].__doc__)
    args, more = add_options(parser).parse_known_intermixed_args()
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
