# SPDX-License-Identifier: LGPL-2.1-or-later
"""One connection to an agent: sends, collects, knows when an answer is over."""

import fcntl
import os
import random
import select
import socket
import struct
import termios
import time

# Without a byte in either direction. Nothing waits this long unless the agent failed to
# answer, however slow the machine is.
PATIENCE = 60.0
CHUNK = 1 << 18


class Silence(Exception):
    """The agent did not answer in time; carries what it said until then."""

    def __init__(self, heard):
        super().__init__("no end of the answer")
        self.heard = heard


class Wire:
    def __init__(self, path):
        self.sock = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        try:
            self.sock.connect(path)
        except OSError:
            self.sock.close()
            raise
        self.sock.setblocking(False)
        self.heard = bytearray()
        self.lines = 0
        self.spins = 0
        self.ended = False

    def close(self):
        self.sock.close()

    # What an answer can end with ------------------------------------------

    def until_lines(self, wanted):
        """`wanted` lines have come; for none: the agent took every byte."""
        if wanted:
            return lambda: self.lines >= wanted
        return lambda: self._unread() == 0

    def until_echo(self):
        """Returns the request to send and the predicate for its echo."""
        ident = random.randrange(1 << 40, 1 << 60)
        ask = ('{"execute":"guest-sync-delimited","arguments":{"id":%d}}\n'
               % ident).encode()
        echo = b'\xff{"return": %d}\n' % ident
        return ask, lambda: self.heard.endswith(echo), len(echo)

    def until_end(self):
        return lambda: self.ended

    # Moving bytes ---------------------------------------------------------

    def send(self, data):
        """Hands `data` over completely, reading meanwhile."""
        self._pump(data, lambda: True)

    def send_chunks(self, chunks):
        """Each chunk is read by the agent before the next one is sent."""
        for chunk in chunks:
            self._pump(chunk, lambda: self._unread() == 0)

    def wait(self, done):
        self._pump(b"", done)

    def half_close(self):
        self.sock.shutdown(socket.SHUT_WR)

    def take(self):
        """What was heard so far; the next answer starts empty."""
        heard = bytes(self.heard)
        self.heard.clear()
        self.lines = 0
        return heard

    def sync(self):
        """Waits for the echo of a sync and returns what came before it."""
        ask, done, size = self.until_echo()
        self._pump(ask, done)
        return self.take()[:-size]

    def _unread(self):
        """Bytes the agent has not read yet."""
        answer = fcntl.ioctl(self.sock, termios.TIOCOUTQ, b"\0" * 4)
        return struct.unpack("i", answer)[0]

    def _pump(self, data, done):
        view = memoryview(data)
        sent = self.spins = 0
        deadline = time.monotonic() + PATIENCE
        while sent < len(view) or not done():
            if self.ended and sent == len(view):
                break
            if time.monotonic() > deadline:
                raise Silence(self.take())
            before = sent, len(self.heard)
            sent += self._step(view[sent:sent + CHUNK])
            if before != (sent, len(self.heard)):
                deadline = time.monotonic() + PATIENCE

    def _step(self, rest):
        """Waits until the socket takes or gives something; does it."""
        poller = select.poll()
        poller.register(self.sock, select.POLLIN
                        | (select.POLLOUT if rest else 0))
        # The kernel tells of bytes that came, not of bytes the agent has
        # read: that state is asked for again, at first without a pause.
        self.spins += 1
        pause = 0 if self.spins < 100 else 1
        events = dict(poller.poll(pause)).get(self.sock.fileno(), 0)
        if events & (select.POLLIN | select.POLLHUP) and not self.ended:
            self._read()
        if rest and events & select.POLLOUT:
            return self._write(rest)
        if not events:
            os.sched_yield()
        return 0

    def _read(self):
        try:
            got = self.sock.recv(1 << 20)
        except BlockingIOError:
            return
        except ConnectionResetError:
            got = b""
        if not got:
            self.ended = True
        self.heard += got
        self.lines += got.count(b"\n")

    def _write(self, rest):
        try:
            return self.sock.send(rest)
        except BlockingIOError:
            return 0
        except (BrokenPipeError, ConnectionResetError):
            self.ended = True
            return len(rest)
