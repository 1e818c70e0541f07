# SPDX-License-Identifier: LGPL-2.1-or-later
"""Buffered reading from a stream socket, every step with a deadline."""

import json
import socket
import time


class WireError(Exception):
    """What came, or did not come, over a socket."""


class WireClosed(WireError):
    """The other side is gone."""


class WireTimeout(WireError):
    """The deadline is over."""


class Deadline:
    """A point in time that the steps of one operation share."""

    def __init__(self, seconds):
        self.end = time.monotonic() + seconds

    def left(self):
        left = self.end - time.monotonic()
        if left <= 0:
            raise WireTimeout("deadline is over")
        return left

    def passed(self):
        return time.monotonic() >= self.end


class Wire:
    def __init__(self, path, what):
        self.what = what
        self.buffer = bytearray()
        self.sock = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        try:
            self.sock.settimeout(10)
            self.sock.connect(path)
        except BaseException:
            self.sock.close()
            raise

    def send(self, data, timeout=30):
        """Sends all of @data; the time allowed is for the whole of it."""
        deadline = Deadline(timeout)
        view = memoryview(data)
        while view:
            self.sock.settimeout(deadline.left())
            try:
                view = view[self.sock.send(view):]
            except TimeoutError:
                raise WireTimeout(f"{self.what}: {len(view)} bytes not taken") from None
            except OSError as error:
                raise WireClosed(f"{self.what}: {error}") from None

    def fill(self, deadline):
        """Waits for at least one more byte."""
        try:
            self.sock.settimeout(deadline.left())
            data = self.sock.recv(1 << 20)
        except (TimeoutError, WireTimeout):
            raise WireTimeout(f"{self.what}: no answer in time, so far {self.sofar()}") from None
        except OSError as error:
            raise WireClosed(f"{self.what}: {error}") from None
        if not data:
            raise WireClosed(f"{self.what}: closed, so far {self.sofar()}")
        self.buffer += data

    def sofar(self):
        return bytes(self.buffer[:200])

    def read_until(self, mark, deadline):
        """Returns what comes before @mark, and takes both off the buffer."""
        seen = 0
        while True:
            at = self.buffer.find(mark, max(0, seen - len(mark) + 1))
            if at >= 0:
                data = bytes(self.buffer[:at])
                del self.buffer[:at + len(mark)]
                return data
            seen = len(self.buffer)
            self.fill(deadline)

    def read_json(self, deadline):
        line = self.read_until(b"\n", deadline)
        try:
            return json.loads(line)
        except ValueError as error:
            raise WireError(f"{self.what}: {error} in {line[:200]!r}") from None

    def close(self):
        self.sock.close()

    def __enter__(self):
        return self

    def __exit__(self, *_unused):
        self.close()
