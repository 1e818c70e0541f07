# SPDX-License-Identifier: LGPL-2.1-or-later
"""Reading a transcript (README.md describes the format) and re-recording it."""

import re
from dataclasses import dataclass, field
from pathlib import Path

MIB = 1 << 20


class Fault(Exception):
    """A transcript that cannot be understood."""


@dataclass
class Session:
    """One pair of fresh agents."""
    options: str = ""
    env: dict = field(default_factory=dict)
    files: dict = field(default_factory=dict)
    accounts: bool = False      # in the world of kit/accounts.py
    folders: list = field(default_factory=list)
    fifos: list = field(default_factory=list)
    links: list = field(default_factory=list)    # (name, target)
    exchanges: list = field(default_factory=list)


@dataclass
class Exchange:
    name: str
    pieces: list = field(default_factory=list)   # bytes, in order of sending
    run: str = None             # arguments of a program run, instead
    stderr: bool = False        # ... of which stderr counts, too
    split: int = 0
    every_split: bool = False
    reconnect: bool = False     # a new connection before it
    wait: int = 0               # reply lines to wait for before the sync
    expect: int = None          # reply lines that end it; no sync then
    results: int = 0            # reply lines; then the results of their pids
    eof: bool = False           # half-close, then read to the end
    look: list = field(default_factory=list)     # files to be shown after it
    view: str = None
    shared: str = None
    unordered: bool = False
    steady: bool = False        # asked again while the machine changes
    allowed: list = field(default_factory=list)
    commands: list = field(default_factory=list)   # for a shell, before it
    masks: list = field(default_factory=list)
    local: list = field(default_factory=list)
    keep: list = field(default_factory=list)
    recorded: list = field(default_factory=list)
    # Where the recording stands in the file: lines [start, end).
    start: int = 0
    end: int = 0

    @property
    def request(self):
        return b"".join(self.pieces)


def unescape(text):
    r"""\xNN is a byte; everything else, other backslashes too, is itself."""
    raw = text.encode("utf-8")
    return re.sub(rb"\\x([0-9A-Fa-f]{2})",
                  lambda m: bytes([int(m.group(1), 16)]), raw)


def number(text):
    """12, 64Mi, 64Mi+1, 64Mi-12"""
    match = re.fullmatch(r"(\d+)(Mi)?([+-]\d+)?", text)
    if not match:
        raise Fault(f"not a number: {text}")
    return (int(match[1]) * (MIB if match[2] else 1)) + int(match[3] or 0)


def rule(text):
    """REGEX -> REPLACEMENT"""
    regex, arrow, instead = text.partition(" -> ")
    if not arrow:
        raise Fault("a mask needs ' -> '")
    return re.compile(regex), instead


class Reader:
    def __init__(self, path):
        self.path = Path(path)
        self.lines = self.path.read_text("utf-8").split("\n")
        if self.lines[-1] == "":
            self.lines.pop()
        self.sessions = []
        self.session = None
        self.exchange = None
        self.masks = []
        self.local = []
        self.file = None

    def read(self):
        for index, line in enumerate(self.lines):
            try:
                self._line(index, line)
            except (Fault, re.error, ValueError) as err:
                raise Fault(f"{self.path}:{index + 1}: {err}") from None
        self._close_exchange()
        return self.sessions

    def _line(self, index, line):
        if self.exchange and not line.startswith("<"):
            if self.exchange.recorded and line and not line.startswith("#"):
                self._close_exchange()
        if line.startswith("== "):
            self._open_exchange(line[3:].strip(), index)
        elif line.startswith("@"):
            word, _, rest = line[1:].partition(" ")
            self._directive(word, rest)
            self._moved(index)
        elif line.startswith("| ") or line == "|":
            self._file_line(line[2:])
        elif line.startswith((">", "<")):
            self._dialogue(index, line)
        elif line and not line.startswith("#"):
            raise Fault("what is this line?")

    # Exchanges --------------------------------------------------------------

    def _open_exchange(self, name, index):
        self._close_exchange()
        session = self._current_session()
        known = [e.name for s in self.sessions for e in s.exchanges]
        if name in known:
            raise Fault(f"a second exchange of the name '{name}'")
        self.exchange = Exchange(name, masks=list(self.masks),
                                 local=list(self.local))
        session.exchanges.append(self.exchange)
        self._moved(index)

    def _close_exchange(self):
        self.exchange = None

    def _moved(self, index):
        """The recording belongs right behind the exchange's last line."""
        if self.exchange and not self.exchange.recorded:
            self.exchange.start = self.exchange.end = index + 1

    def _dialogue(self, index, line):
        if not self.exchange:
            raise Fault("this belongs to no exchange")
        if line.startswith("<"):
            if not self.exchange.recorded:
                self.exchange.start = index
            self.exchange.recorded.append(line[2:])
            self.exchange.end = index + 1
            return
        if line.startswith(">>"):
            self.exchange.pieces.append(unescape(line[3:]))
        else:
            self.exchange.pieces.append(line[2:].encode("utf-8") + b"\n")
        self._moved(index)

    # Sessions ---------------------------------------------------------------

    def _current_session(self):
        if not self.session:
            self.session = Session()
            self.sessions.append(self.session)
        return self.session

    def _unstarted_session(self, word):
        if self.exchange or self._current_session().exchanges:
            raise Fault(f"@{word} must stand before the session's exchanges")
        return self.session

    def _file_line(self, text):
        if self.file is None:
            raise Fault("this line belongs to no @file")
        files = self._unstarted_session("file").files
        files[self.file] += unescape(text) + b"\n"

    # Directives -------------------------------------------------------------

    def _directive(self, word, rest):
        if word in ("options", "env", "file", "folder", "fifo", "link", "accounts"):
            getattr(self, "_do_" + word)(rest)
        elif word in ("mask", "local"):
            self._mask(word, rest)
        elif not self.exchange:
            raise Fault(f"@{word} belongs into an exchange")
        else:
            self._exchange_directive(word, rest)

    def _do_options(self, rest):
        self._close_exchange()
        self.session = None
        self._current_session().options = rest

    def _do_env(self, rest):
        key, _, value = rest.partition("=")
        self._unstarted_session("env").env[key] = value

    def _do_file(self, rest):
        self._unstarted_session("file").files[rest] = b""
        self.file = rest

    def _do_accounts(self, _rest):
        self._unstarted_session("accounts").accounts = True

    def _do_folder(self, rest):
        self._unstarted_session("folder").folders.append(rest)

    def _do_fifo(self, rest):
        self._unstarted_session("fifo").fifos.append(rest)

    def _do_link(self, rest):
        name, arrow, target = rest.partition(" -> ")
        if not arrow:
            raise Fault("a link needs ' -> '")
        self._unstarted_session("link").links.append((name, target))

    def _mask(self, word, rest):
        own = {"mask": "masks", "local": "local"}[word]
        owner = self.exchange or self
        getattr(owner, own).append(rule(rest))

    def _exchange_directive(self, word, rest):
        exchange = self.exchange
        flags = {"every-split": "every_split", "reconnect": "reconnect",
                 "eof": "eof", "unordered": "unordered", "steady": "steady",
                 "stderr": "stderr"}
        numbers = {"split": "split", "wait": "wait", "expect": "expect",
                   "results": "results"}
        texts = {"run": "run", "view": "view", "shared": "shared"}
        if word in flags:
            setattr(exchange, flags[word], True)
        elif word in numbers:
            setattr(exchange, numbers[word], number(rest))
        elif word in texts:
            setattr(exchange, texts[word], rest)
        elif word == "repeat":
            count, _, text = rest.partition(" ")
            exchange.pieces.append(unescape(text) * number(count))
        elif word == "keep":
            exchange.keep.append(re.compile(rest))
        elif word == "sh":
            exchange.commands.append(rest)
        elif word == "look":
            exchange.look.append(rest)
        elif word == "allow":
            exchange.allowed.append(rest)
        else:
            raise Fault(f"unknown directive @{word}")


def re_record(reader):
    """Writes the file anew with the recordings its exchanges now hold."""
    lines = list(reader.lines)
    exchanges = [e for s in reader.sessions for e in s.exchanges]
    for exchange in sorted(exchanges, key=lambda e: -e.start):
        lines[exchange.start:exchange.end] = [
            "< " + line if line else "<" for line in exchange.recorded]
    reader.path.write_text("\n".join(lines) + "\n", "utf-8")
