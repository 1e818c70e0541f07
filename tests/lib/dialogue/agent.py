# SPDX-License-Identifier: LGPL-2.1-or-later
"""Finding, starting and ending the two agents."""

import hashlib
import os
import shlex
import stat
import subprocess
import tempfile
import time
from pathlib import Path

from lib.processes import default_signals, ended, settle
from lib.programs import environment

from . import render
from .wire import Wire

# Nothing takes this long unless it never comes, even on a machine that has other work.
START_PATIENCE = 60.0
STOP_PATIENCE = 60.0


class Place:
    """A directory of one agent's own: socket, state, files of the test."""

    def __init__(self):
        self.dir = tempfile.mkdtemp(prefix="guestd-conformance-")

    def write(self, name, text):
        Path(self.dir, name).write_bytes(text)

    def furnish(self, folders, fifos, links):
        for name in folders:
            os.mkdir(os.path.join(self.dir, name))
        for name in fifos:
            os.mkfifo(os.path.join(self.dir, name))
        for name, target in links:
            os.symlink(self.fill_in(target), os.path.join(self.dir, name))

    def look(self, name):
        """What is in a file of the test, as a line."""
        path = Path(self.dir, name)
        try:
            raw, mode = path.read_bytes(), path.lstat().st_mode
        except OSError as err:
            return f"({name}: {err.strerror})"
        shown = render.printable(raw[:200])
        digest = hashlib.sha256(raw).hexdigest()[:16]
        rest = f" ... sha256 {digest}" if len(raw) > 200 else ""
        return f"({name}: {stat.filemode(mode)}, {len(raw)} bytes: {shown}{rest})"

    def fill_in(self, text):
        return text.replace("$DIR", self.dir)

    def remove(self):
        for top, dirs, files in os.walk(self.dir, topdown=False):
            for name in files:
                os.unlink(os.path.join(top, name))
            for name in dirs:
                full = os.path.join(top, name)
                if os.path.islink(full):
                    os.unlink(full)
                else:
                    os.rmdir(full)
        os.rmdir(self.dir)


class Agent:
    """A running agent that listens in its place."""

    def __init__(self, program, place, options="", env=None, prepare=None):
        self.socket = os.path.join(place.dir, "socket")
        self.log_path = os.path.join(place.dir, "log")
        argv = [str(program), "-m", "unix-listen", "-p", self.socket,
                "-t", place.dir]
        argv += shlex.split(place.fill_in(options))
        extra = {k: place.fill_in(v) for k, v in (env or {}).items()}
        with open(self.log_path, "wb") as log:
            self.process = subprocess.Popen(
                argv, stdin=subprocess.DEVNULL, stdout=log, stderr=log,
                env=environment(extra), preexec_fn=lambda: (default_signals(), prepare and prepare()))
        try:
            self._await_socket().close()
        except BaseException:
            self.stop()
            raise

    def connect(self):
        return Wire(self.socket)

    def alive(self):
        return self.process.poll() is None

    def log(self):
        return Path(self.log_path).read_text("utf-8", "replace")

    def _await_socket(self):
        """Tries until the agent listens; its end is the event to wait for."""
        deadline = time.monotonic() + START_PATIENCE
        while not ended(self.process.pid, 1):
            try:
                return Wire(self.socket)
            except (FileNotFoundError, ConnectionRefusedError):
                if time.monotonic() > deadline:
                    raise
        raise RuntimeError("the agent ended at once: " + self.log())

    def stop(self):
        """SIGTERM; returns the exit status (negative: by signal)."""
        if self.alive():
            settle(self.process.pid)
            self.process.terminate()
        try:
            return self.process.wait(STOP_PATIENCE)
        except subprocess.TimeoutExpired:
            self.process.kill()
            return self.process.wait()


def run(program, place, args, env):
    """A run that ends by itself: (stdout, stderr, status or 'no end')."""
    argv = [str(program)] + shlex.split(place.fill_in(args))
    extra = {k: place.fill_in(v) for k, v in env.items()}
    process = subprocess.Popen(argv, stdin=subprocess.DEVNULL, cwd=place.dir,
                               stdout=subprocess.PIPE, stderr=subprocess.PIPE,
                               env=environment(extra))
    try:
        out, err = process.communicate(timeout=STOP_PATIENCE)
        return out, err, process.returncode
    except subprocess.TimeoutExpired:
        process.kill()
        out, err = process.communicate()
        return out, err, "no end"
