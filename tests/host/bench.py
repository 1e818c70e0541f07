# SPDX-License-Identifier: LGPL-2.1-or-later
"""What a test of guestctl needs: the program, real agents, played agents and monitors."""

import contextlib
import errno
import json
import os
import signal
import socket
import subprocess
import threading
from pathlib import Path

PATIENCE = 60
# How long a silence is waited for where all others have to answer within that time: played by a
# machine with other things to do, too.
SILENCE = 5


class Skip(Exception):
    """The test cannot be run here."""


def cache_dir():
    home = os.environ.get("XDG_CACHE_HOME") or os.path.expanduser("~/.cache")
    return Path(os.environ.get("GUESTD_CACHE") or os.path.join(home, "guestd"))


def program(variable, default):
    path = Path(os.environ.get(variable) or default).absolute()
    if not os.access(path, os.X_OK):
        raise AssertionError(f"there is no {path}: set {variable}")
    return str(path)


class Result:
    def __init__(self, status, out, err):
        self.status, self.out, self.err = status, out, err

    def __repr__(self):
        return f"status {self.status}\nstdout: {self.out}\nstderr: {self.err}"


class Player(threading.Thread):
    """
    Listens on a unix socket and plays @script(connection) for each that connects; a
    connection has .lines() and .say(). What goes wrong in it is told at the end.
    """

    def __init__(self, path, script):
        super().__init__(daemon=True)
        self.path, self.script = path, script
        self.faults, self.heard = [], []
        self.listener = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        self.listener.bind(path)
        self.listener.listen(64)
        self.open = []
        self.start()

    def run(self):
        while True:
            try:
                sock, _ = self.listener.accept()
            except OSError:
                return
            self.open.append(sock)
            threading.Thread(target=self._play, args=(sock,), daemon=True).start()

    def _play(self, sock):
        try:
            self.script(Connection(sock, self.heard))
        except (BrokenPipeError, ConnectionResetError):
            pass
        except Exception as error:  # pylint: disable=broad-except
            self.faults.append(error)
        finally:
            sock.close()

    def close(self):
        try:
            self.listener.shutdown(socket.SHUT_RDWR)
        except OSError:
            pass
        self.listener.close()
        for sock in self.open:
            sock.close()


class Connection:
    def __init__(self, sock, heard):
        self.sock, self.heard, self.buffer = sock, heard, b""

    def lines(self):
        """The host's messages, as they come; without a leading 0xFF."""
        while True:
            while b"\n" not in self.buffer:
                got = self.sock.recv(65536)
                if not got:
                    return
                self.buffer += got
            line, _, self.buffer = self.buffer.partition(b"\n")
            message = json.loads(line.lstrip(b"\xff"))
            self.heard.append(message)
            yield message

    def say(self, message):
        if not isinstance(message, bytes):
            message = json.dumps(message).encode() + b"\n"
        self.sock.sendall(message)

    def close(self):
        self.sock.shutdown(socket.SHUT_RDWR)


def agent(answers, **quirks):
    """
    A script that answers sync and what is in @answers: command -> value, Exception (an
    error with its text), bytes (sent as they are), None (silence) or a function of the
    arguments that returns one of these.
    """
    before_sync = quirks.get("before_sync", b"")

    def script(connection):
        for message in connection.lines():
            name, arguments = message["execute"], message.get("arguments", {})
            if name in ("guest-sync", "guest-sync-delimited"):
                connection.say(before_sync + b"\xff" + json.dumps(
                    {"return": arguments["id"]}).encode() + b"\n")
                continue
            answer = answers.get(name, LookupError(f"The command {name} has not been found"))
            if callable(answer):
                answer = answer(arguments)
            if answer is None:
                continue
            if isinstance(answer, bytes):
                connection.say(answer)
            elif isinstance(answer, Exception):
                kind = "CommandNotFound" if isinstance(answer, LookupError) else "GenericError"
                connection.say({"error": {"class": kind, "desc": answer.args[0]}})
            else:
                connection.say({"return": answer})
    return script


class Bench:
    """Of one test; all that it started ends with it."""

    def __init__(self, place):
        self.place = place
        self.players, self.processes, self.notes = [], [], []
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

    def note(self, text):
        """A line of the report."""
        self.notes.append(text)

    def path(self, *names):
        return os.path.join(self.place, *names)

    def play(self, name, script):
        """The address of a socket on which @script is played."""
        player = Player(self.path(name), script)
        self.players.append(player)
        return player

    def real_agent(self, name="agent", reference=False, options=()):
        """The address of a real agent."""
        binary = program("QEMU_GA", cache_dir() / "reference/qemu-ga") if reference else \
            program("GUESTD", "guestd")
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
            [*more.pop("enter", ()), program("GUESTCTL", "guestctl"), *map(str, args)], env=self.env,
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


def same(got, wanted, what=""):
    if got != wanted:
        raise AssertionError(f"{what}: {got!r} instead of {wanted!r}")


def has(text, part):
    if part not in text:
        raise AssertionError(f"{part!r} is not in {text!r}")


def monitor(answers, status="running"):
    """
    A script of QEMU's monitor: command -> value, Exception, None (hangs up) or a function
    of (connection, arguments) that returns one of these.
    """
    def script(connection):
        connection.say({"QMP": {"version": {}, "capabilities": []}})
        for message in connection.lines():
            name, arguments = message["execute"], message.get("arguments", {})
            known = {"qmp_capabilities": {}, "query-status": {"status": status}, **answers}
            answer = known.get(name, LookupError(f"The command {name} has not been found"))
            if callable(answer):
                answer = answer(connection, arguments)
            if answer is None:
                connection.close()
                return
            if isinstance(answer, Exception):
                connection.say({"error": {"class": "GenericError", "desc": answer.args[0]},
                                "id": message["id"]})
            else:
                connection.say({"return": answer, "id": message["id"]})
    return script


def event(name, **data):
    return {"event": name, "data": data, "timestamp": {"seconds": 1, "microseconds": 2}}
