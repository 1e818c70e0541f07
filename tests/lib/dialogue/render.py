# SPDX-License-Identifier: LGPL-2.1-or-later
"""From the bytes an agent sent to the lines that are compared.

Two forms exist. The live form is compared between the two agents: volatile
values masked, everything else exact. The recorded form stands in the
transcript and must hold on every machine: what is local to one (host name,
number of CPUs) is masked as well, and long or repeated lines are shortened.
"""

import hashlib
import json
import re

LONG = 700
HEAD = 60
MANY = 4


def printable(raw):
    """One line; bytes that are not printable ASCII as \\xNN."""
    text = "".join(chr(b) if 0x20 <= b < 0x7F else f"\\x{b:02X}" for b in raw)
    # A blank at the end of a line would not be seen.
    return text[:-1] + "\\x20" if text.endswith(" ") else text


def lines_of(raw):
    if not raw:
        return []
    parts = raw.split(b"\n")
    last = parts.pop()
    lines = [shorten(part) for part in parts]
    return lines + [shorten(last) + " (no newline)"] if last else lines


def shorten(raw):
    if len(raw) <= 1 << 17:
        return printable(raw)
    # Megabytes are told apart by their digest.
    digest = hashlib.sha256(raw).hexdigest()[:16]
    return f"{printable(raw[:HEAD])} ... [{len(raw)} bytes, sha256 {digest}]"


def mask(lines, rules):
    for regex, instead in rules:
        lines = [regex.sub(instead, line) for line in lines]
    return lines


def reorder(line):
    """The line with the members of every object in alphabetical order."""
    try:
        value = json.loads(line, parse_float=str, parse_int=str)
    except ValueError:
        return line
    return json.dumps(value, sort_keys=True)


# Views: a list reply taken apart ----------------------------------------------

def elements(line):
    """Head, the elements of the first list, tail; the line alone if none."""
    start = line.find("[")
    if start < 0:
        return [line]
    found, at = [], start + 1
    decoder = json.JSONDecoder()
    while at < len(line) and line[at] != "]":
        try:
            _, end = decoder.raw_decode(line, at)
        except ValueError:
            return [line]
        found.append(line[at:end])
        at = end + 2 if line[end:end + 2] == ", " else end
    return [line[:start + 1]] + ["  " + text for text in found] + [line[at:]]


def taken_apart(lines):
    return [part for line in lines for part in elements(line)]


def distinct(lines):
    return list(dict.fromkeys(lines))


def kept(lines, patterns):
    if not patterns:
        return lines
    return [line for line in lines if any(p.search(line) for p in patterns)]


# The two forms ----------------------------------------------------------------

def live(exchange, lines):
    if exchange.view == "list":
        lines = taken_apart(lines)
    lines = kept(mask(lines, exchange.masks), exchange.keep)
    return [reorder(line) for line in lines] if exchange.unordered else lines


def recorded(exchange, lines):
    if exchange.view:
        lines = taken_apart(lines)
    lines = kept(mask(lines, exchange.masks + exchange.local), exchange.keep)
    if exchange.unordered:
        lines = [reorder(line) for line in lines]
    if exchange.view == "kinds":
        lines = distinct(lines)
    return fold([cut(line) for line in lines])


def cut(line):
    if len(line) <= LONG:
        return line
    digest = hashlib.sha256(line.encode()).hexdigest()[:16]
    return f"{line[:HEAD]} ... [{len(line)} characters, sha256 {digest}]"


def near_difference(line, other):
    """A long line as the part around its first difference to another."""
    if len(line) <= LONG:
        return line
    common = zip(line, other)
    at = next((n for n, (a, b) in enumerate(common) if a != b),
              min(len(line), len(other)))
    start = max(0, at - HEAD)
    return (f"{line[:HEAD]} ... [at {start} of {len(line)}:] "
            f"{line[start:at + HEAD]}")


def fold(lines):
    """Many equal lines in a row become one that counts them."""
    out, at = [], 0
    while at < len(lines):
        end = at
        while end < len(lines) and lines[end] == lines[at]:
            end += 1
        count = end - at
        if count < MANY:
            out += lines[at:end]
        else:
            out.append(f"{lines[at]}  (x {count})")
        at = end
    return out


def only_shared(pattern, one, other):
    """Drops from both the lines whose key, group 1, the other has not."""
    regex = re.compile(pattern)

    def key(line):
        match = regex.search(line)
        return match and match[1]

    keys = {key(line) for line in one} & {key(line) for line in other}
    return tuple([line for line in side if key(line) in keys]
                 for side in (one, other))


def stderr_lines(raw):
    """Log lines without what changes from run to run."""
    out = []
    for line in raw.decode("utf-8", "replace").split("\n"):
        line = re.sub(r"^\*\* \([^)]*\): (\w+) \*\*: [\d:.]+: ", r"** \1: ",
                      line)
        line = re.sub(r"^\d+\.\d{6}: ", "TIME: ", line)
        if line.strip():
            out.append("stderr: " + line)
    return out
