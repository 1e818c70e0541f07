# SPDX-License-Identifier: LGPL-2.1-or-later
"""What a test of guestctl needs: the program, real agents, played agents and monitors."""

import contextlib
import errno
import os
import select
import signal
import socket
import subprocess
import threading

from lib.checks import same
from lib.played import PATIENCE, Player
from lib.programs import find_guestd, find_reference, guestctl_path


def found(path, variable):
    if not path:
        raise AssertionError(f"no program: build it or set {variable}")
    return str(path)


class Result:
    def __init__(self, status, out, err):
        self.status, self.out, self.err = status, out, err

    def __repr__(self):
        return f"status {self.status}\nstdout: {self.out}\nstderr: {self.err}"


class Bench:
    """Of one test; all that it started ends with it."""

    def __init__(self, place, note):
        self.place, self.note = place, note
        self.players, self.processes = [], []
        self.env = dict(os.environ, LC_ALL="C.UTF-8", XDG_CONFIG_HOME=self.path("config"),
                        HOME=place)

    def __enter__(self):
        return self

    def __exit__(self, *_):
        for player in self.players:
            player.close()
        for process in self.processes:
            if process.poll() is None:
                process.kill()
            process.wait()

    def path(self, *names):
        return os.path.join(self.place, *names)

    def play(self, name, script):
        """The address of a socket on which @script is played."""
        player = Player(self.path(name), script)
        self.players.append(player)
        return player

    def real_agent(self, name="agent", reference=False, options=()):
        """The address of a real agent."""
        binary = found(find_reference(), "QEMU_GA") if reference else \
            found(find_guestd(), "GUESTD")
        sock, state = self.path(name + ".sock"), self.path(name + ".state")
        os.makedirs(state, exist_ok=True)
        process = subprocess.Popen([binary, "-m", "unix-listen", "-p", sock, "-t", state, *options],
                                   stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL,
                                   stderr=subprocess.DEVNULL, env=self.env)
        self.processes.append(process)
        self.wait_for(lambda: can_connect(sock), f"{binary} does not listen")
        return sock

    def wait_for(self, condition, what):
        """For what tells nobody when it comes about."""
        tick = threading.Event()
        for _ in range(PATIENCE * 100):
            if condition():
                return
            tick.wait(0.01)
        raise AssertionError(what)

    def start(self, *args, **more):
        """guestctl, running; @enter: what it is run by."""
        process = subprocess.Popen(
            [*more.pop("enter", ()), guestctl_path(), *map(str, args)], env=self.env,
            stdin=more.pop("stdin", subprocess.DEVNULL), stdout=subprocess.PIPE,
            stderr=more.pop("stderr", subprocess.PIPE), **more)
        self.processes.append(process)
        return process

    def ctl(self, *args, stdin=None, patience=PATIENCE, **more):
        """guestctl, to its end."""
        process = self.start(*args, stdin=subprocess.PIPE if stdin is not None else
                             subprocess.DEVNULL, **more)
        out, err = process.communicate(stdin, patience)
        return Result(process.returncode, out.decode(), err.decode())

    @contextlib.contextmanager
    def held(self):
        """A command that runs until the end of the block, for agents that do not end it themselves."""
        path = self.path("held")
        os.mkfifo(path)
        # Both directions, so that opening it waits for nobody.
        end = os.open(path, os.O_RDWR)
        try:
            yield "cat", path
        finally:
            # Whoever reads it sees its end, also one that opens it later.
            os.unlink(path)
            os.close(end)

    def interrupt(self, process):
        """Ctrl-C; the result."""
        process.send_signal(signal.SIGINT)
        out, err = process.communicate(timeout=PATIENCE)
        return Result(process.returncode, out.decode(), err.decode())


def lines_of(process):
    """What the process writes to standard error, to the end of a line."""
    shown = b""
    while not shown.endswith(b"\n"):
        ready, _, _ = select.select([process.stderr], [], [], PATIENCE)
        same(bool(ready), True, f"no line after {shown!r}")
        piece = os.read(process.stderr.fileno(), 4096)
        same(bool(piece), True, f"it has ended: {shown!r}")
        shown += piece
    return shown.decode()


def can_connect(path):
    with socket.socket(socket.AF_UNIX) as probe:
        try:
            probe.connect(path)
            return True
        except OSError:
            return False


def shown_on(terminal):
    """All that is written to a terminal, of which this is our end, until the other one is closed."""
    shown = b""
    try:
        while piece := os.read(terminal, 4096):
            shown += piece
    except OSError as error:
        same(error.errno, errno.EIO)
    return shown
