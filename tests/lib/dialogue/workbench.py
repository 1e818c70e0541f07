# SPDX-License-Identifier: LGPL-2.1-or-later
"""Agents as processes of a test: started, awaited, ended, cleaned up."""

import fcntl
import os
import re
import shlex
import socket
import subprocess
import time
from contextlib import contextmanager

from lib.processes import children, ended, kill, settle
from lib.programs import environment

from .agent import Place
from .wire import Wire

PATIENCE = 60.0
CHECKS = []


class Broken(AssertionError):
    """What a check found wrong."""


def check(text, only=None):
    """Registers a function as a check; `only` names the agent it is for."""
    def remember(function):
        CHECKS.append((text, only, function))
        return function
    return remember


def must(what, wanted, got):
    if wanted != got:
        raise Broken(f"{what}: wanted {wanted!r:.500}, got {got!r:.500}")


class Workbench:
    def __init__(self, program):
        self.program = program
        self.place = Place()
        self.started = []

    def path(self, name):
        return os.path.join(self.place.dir, name)

    def start(self, args, env=None, fds=(), listen=None):
        """Starts the agent; fds become 3, 4, ... of it."""
        argv = [str(self.program)] + shlex.split(self.place.fill_in(args))
        if listen:
            # The pid that LISTEN_PID names is known to the shell only.
            argv = ["sh", "-c", listen + ' exec "$@"', "sh"] + argv
        base = {"QGA_CONF": self.path("none")}
        base.update(env or {})

        def place_fds():
            # First out of the way: a source may be another one's target.
            spare = [fcntl.fcntl(fd, fcntl.F_DUPFD, 64) for fd in fds]
            for at, fd in enumerate(spare):
                os.dup2(fd, 3 + at)
                os.close(fd)

        process = subprocess.Popen(
            argv, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
            stderr=subprocess.PIPE, env=environment(base), cwd=self.place.dir,
            close_fds=not fds, preexec_fn=place_fds if fds else None)
        self.started.append(process)
        return process

    def serve(self, args="", name="socket", **more):
        """Starts an agent that listens and answers; returns its process."""
        process = self.start(
            f"-m unix-listen -p $DIR/{name} -t $DIR {args}", **more)
        self.ping(name, process)
        return process

    def ping(self, name="socket", process=None):
        """Connects as soon as that is possible and asks for an answer."""
        deadline = time.monotonic() + PATIENCE
        while True:
            try:
                wire = Wire(self.path(name))
                break
            except (FileNotFoundError, ConnectionRefusedError):
                if time.monotonic() > deadline:
                    raise Broken("nothing listens on the socket") from None
            if ended(process.pid if process else os.getpid(), 1):
                raise Broken(f"the agent ended: {finish(process)}")
        try:
            wire.send(b'{"execute":"guest-ping"}\n')
            wire.wait(wire.until_lines(1))
            must("ping", b'{"return": {}}\n', wire.take())
        finally:
            wire.close()

    def clean(self):
        for process in self.started:
            if process.poll() is None:
                process.kill()
            process.communicate()
        # Also daemons, that were left to us.
        kill(children())
        self.place.remove()


def finish(process, how=None):
    """Ends it by the signal, if any; returns status, stdout, stderr."""
    if how:
        settle(process.pid)
        process.send_signal(how)
    try:
        out, err = process.communicate(timeout=PATIENCE)
    except subprocess.TimeoutExpired:
        raise Broken("the agent does not end") from None
    return process.returncode, out.decode(), err.decode("utf-8", "replace")


def fails(process, text):
    status, _, err = finish(process)
    must("exit status", 1, status)
    if not re.search(text, err):
        raise Broken(f"stderr lacks {text!r}: {err!r}")


@contextmanager
def listener(bench, name="activated", kind=socket.SOCK_STREAM):
    with socket.socket(socket.AF_UNIX, kind) as sock:
        sock.bind(bench.path(name))
        if kind == socket.SOCK_STREAM:
            sock.listen(1)
        yield sock
