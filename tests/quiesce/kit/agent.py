# SPDX-License-Identifier: LGPL-2.1-or-later
"""The two agents, and a host that cannot freeze what is not the test's."""

import itertools
import json
import os
import socket
import subprocess
import time
from pathlib import Path

from .private import work_dir

PATIENCE = 120
FREEZES = ("guest-fsfreeze-freeze", "guest-fsfreeze-freeze-list")
HARMLESS = ("guest-ping", "guest-info", "guest-sync", "guest-sync-delimited",
            "guest-fsfreeze-status", "guest-fsfreeze-thaw", "guest-get-fsinfo", "guest-get-osinfo",
            "guest-get-time", "guestd-info", "guestd-fsfreeze-report")

_ids = itertools.count(1000)


class AgentError(Exception):
    """The agent answered with an error."""

    def __init__(self, error):
        super().__init__(f"{error['class']}: {error['desc']}")
        self.kind = error["class"]
        self.text = error["desc"]


class Silence(Exception):
    """The agent did not answer in time."""


def cache_dir():
    home = os.environ.get("XDG_CACHE_HOME") or os.path.expanduser("~/.cache")
    return Path(os.environ.get("GUESTD_CACHE") or os.path.join(home, "guestd"))


def find(variable, default):
    """Absolute path of an agent, or None when there is none."""
    path = Path(os.environ.get(variable) or default).absolute()
    return path if os.access(path, os.X_OK) and path.is_file() else None


def find_guestd():
    return find("GUESTD", "guestd")


def find_reference():
    return find("QEMU_GA", cache_dir() / "reference/qemu-ga")


def _refuse_danger(execute, arguments):
    """Nothing may be frozen, or changed otherwise, but below the test's directory."""
    if execute == "guest-fsfreeze-freeze-list":
        wanted = (arguments or {}).get("mountpoints")
        if isinstance(wanted, list) and wanted and \
           all(isinstance(p, str) and p.startswith(work_dir() + "/") for p in wanted):
            return
    elif execute not in FREEZES and execute in HARMLESS:
        return
    raise AssertionError(f"too dangerous for a test: {execute} {arguments}")


class Host:
    """One connection."""

    def __init__(self, path):
        self.buffer = b""
        self.sock = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        try:
            self.sock.connect(path)
        except BaseException:
            self.sock.close()
            raise

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.close()

    def close(self):
        self.sock.close()

    def send(self, execute, arguments=None):
        _refuse_danger(execute, arguments)
        message = {"execute": execute}
        if arguments is not None:
            message["arguments"] = arguments
        self.sock.sendall(json.dumps(message).encode() + b"\n")

    def reply(self, patience=PATIENCE):
        until = time.monotonic() + patience
        while b"\n" not in self.buffer:
            self.sock.settimeout(max(until - time.monotonic(), 0.001))
            try:
                got = self.sock.recv(65536)
            except TimeoutError:
                raise Silence(f"no answer within {patience} s") from None
            if not got:
                raise Silence("the agent hung up")
            self.buffer += got
        line, _, self.buffer = self.buffer.partition(b"\n")
        return json.loads(line.removeprefix(b"\xff"))

    def result(self, patience=PATIENCE):
        reply = self.reply(patience)
        if "error" in reply:
            raise AgentError(reply["error"])
        return reply["return"]

    def call(self, execute, arguments=None, patience=PATIENCE):
        self.send(execute, arguments)
        return self.result(patience)

    def sync(self, patience=PATIENCE):
        """Earlier replies, if any come, are skipped."""
        ident = next(_ids)
        self.send("guest-sync", {"id": ident})
        until = time.monotonic() + patience
        while self.reply(max(until - time.monotonic(), 0.001)) != {"return": ident}:
            pass

    def freeze(self, points, patience=PATIENCE, **more):
        return self.call("guest-fsfreeze-freeze-list", {"mountpoints": list(points), **more},
                         patience)

    def thaw(self, patience=PATIENCE):
        return self.call("guest-fsfreeze-thaw", patience=patience)

    def status(self, patience=PATIENCE):
        return self.call("guest-fsfreeze-status", patience=patience)

    def report(self):
        return self.call("guestd-fsfreeze-report")


class Agent:
    """An agent on a socket, with a state directory that outlives it."""

    def __init__(self, program, name="agent", options=(), config=None, logfile=None):
        self.program = program
        self.dir = os.path.join(work_dir(), name)
        os.makedirs(self.dir, exist_ok=True)
        self.socket = os.path.join(self.dir, "socket")
        self.output = os.path.join(self.dir, "output")
        self.logfile = logfile or os.path.join(self.dir, "log")
        self.options = list(options)
        if config is not None:
            path = Path(self.dir, "guestd.conf")
            path.write_text("[general]\n" + "".join(f"{k}={v}\n" for k, v in config.items()))
            self.options += ["-c", str(path)]
        self.process = None
        self.start()

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.kill()

    def start(self):
        argv = [str(self.program), "-m", "unix-listen", "-p", self.socket, "-t", self.dir,
                "-f", os.path.join(self.dir, "pid"), "-l", self.logfile, "-v", *self.options]
        if os.path.exists(self.socket):
            os.unlink(self.socket)
        with open(self.output, "ab") as output:
            self.process = subprocess.Popen(argv, stdin=subprocess.DEVNULL, stdout=output,
                                            stderr=output, env=dict(os.environ, LC_ALL="C"))
        self.connect().close()

    def connect(self):
        until = time.monotonic() + PATIENCE
        while True:
            try:
                return Host(self.socket)
            except (FileNotFoundError, ConnectionRefusedError):
                if self.process.poll() is not None:
                    raise RuntimeError("the agent ended: " +
                                       Path(self.output).read_text("utf-8", "replace")) from None
                if time.monotonic() > until:
                    raise
                time.sleep(0.002)

    def terminate(self, patience=PATIENCE):
        """SIGTERM; returns the exit status."""
        self.process.terminate()
        return self.process.wait(patience)

    def kill(self):
        if self.process.poll() is None:
            self.process.kill()
        self.process.wait()

    def log(self):
        return Path(self.logfile).read_text("utf-8", "replace")
