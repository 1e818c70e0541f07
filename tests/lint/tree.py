# SPDX-License-Identifier: LGPL-2.1-or-later
"""What the lints share: the tree's source files, the text in them, and the TAP report."""

import os
import re
from pathlib import Path

TOP = Path(os.environ.get("srcdir") or Path(__file__).resolve().parents[2])
SOURCES = ("lib", "channel", "agent", "commands", "host")


def c_files(*folders):
    """The C sources and headers beneath @folders, by default those of the product."""
    return sorted(path for folder in folders or SOURCES for path in (TOP / folder).rglob("*.[ch]"))


def name(path):
    return path.relative_to(TOP).as_posix()


# Comments, string literals and character literals of C; what lies between them is code.
TOKENS = re.compile(r"""
    (?P<comment> /\*.*?\*/ | //[^\n]*)
  | (?P<string> "(?:\\.|[^"\\\n])*")
  | (?P<other> '(?:\\.|[^'\\\n])*' | ^[ \t]*\#[ \t]*include[^\n]*)""", re.X | re.S | re.M)


def texts(source):
    """(line, text) of each comment and of each run of adjacent string literals in @source.

    The text is on one line, without the marks of a comment, so that a phrase is found where
    it is broken across lines.
    """
    joined, line, end = "", 0, 0
    for token in TOKENS.finditer(source):
        if token.lastgroup == "string":
            if joined and source[end:token.start()].strip():
                yield line, joined
                joined = ""
            if not joined:
                line = source.count("\n", 0, token.start()) + 1
            joined += token[0][1:-1]
            end = token.end()
            continue
        if joined:
            yield line, joined
            joined = ""
        if token.lastgroup == "comment":
            text = re.sub(r"^/\*+|\*+/$|^//+|\n[ \t]*\*?(?!/)", " ", token[0])
            yield source.count("\n", 0, token.start()) + 1, " ".join(text.split())
    if joined:
        yield line, joined


def report(checks):
    """Prints @checks as TAP and returns the exit status. Each is a title and a list of faults, or
    instead of it a text that names what the check lacks, so that it is skipped."""
    print(f"1..{len(checks)}")
    failed = False
    for number, (title, faults) in enumerate(checks, 1):
        if isinstance(faults, str):
            print(f"ok {number} {title} # SKIP {faults}")
            continue
        failed = failed or bool(faults)
        print(f"{'not ok' if faults else 'ok'} {number} {title}")
        for fault in faults:
            print(f"# {fault}")
    return 1 if failed else 0
