# SPDX-License-Identifier: LGPL-2.1-or-later
"""The two agents, and a host that cannot freeze what is not the test's."""

import os
import subprocess
import time
from pathlib import Path

from . import client
from .private import work_dir
from .wire import WireError

PATIENCE = 120
FREEZES = ("guest-fsfreeze-freeze", "guest-fsfreeze-freeze-list")
HARMLESS = ("guest-ping", "guest-info", "guest-sync", "guest-sync-delimited",
            "guest-fsfreeze-status", "guest-fsfreeze-thaw", "guest-get-fsinfo", "guest-get-osinfo",
            "guest-get-time", "guestd-info", "guestd-fsfreeze-report")

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


class Host(client.Agent):
    """One connection."""

    def send_request(self, execute, arguments=None, **more):
        _refuse_danger(execute, arguments)
        super().send_request(execute, arguments, **more)

    def result(self, timeout=PATIENCE):
        """The value that the reply to an earlier request returns."""
        return client.value(self.read_reply(timeout))

    def call(self, execute, arguments=None, timeout=PATIENCE):
        return super().call(execute, arguments, timeout)

    def sync(self, timeout=PATIENCE):
        """Earlier replies, if any come, are skipped."""
        self.plain_sync(timeout)

    def freeze(self, points, timeout_s=PATIENCE, **more):
        return self.call("guest-fsfreeze-freeze-list", {"mountpoints": list(points), **more},
                         timeout_s)

    def thaw(self):
        return self.call("guest-fsfreeze-thaw")

    def status(self):
        return self.call("guest-fsfreeze-status")

    def report(self):
        return self.call("guestd-fsfreeze-report")

    def is_silent(self, seconds):
        """Whether no reply comes within the time."""
        try:
            return not self.read_reply(seconds)
        except WireError:
            return True


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
