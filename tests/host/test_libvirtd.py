# SPDX-License-Identifier: LGPL-2.1-or-later
"""A daemon of libvirt that is restarted or hangs. Its driver is the test driver: no VM runs."""

import os
import shutil
import signal
import socket
import subprocess
import tempfile
import threading

from bench import PATIENCE
from lib.checks import Skip, has, same
from lib.played import SILENCE
from test_exporter import Exporter

NOBODY = "65534"


class Libvirtd:
    """libvirtd as a user's own, with all its files in a directory of the test."""

    def __init__(self, bench):
        if not shutil.which("libvirtd"):
            raise Skip("libvirtd is needed")
        if "built without libvirt" in bench.ctl("-c", "test:///default", "list").err:
            raise Skip("guestctl was built without libvirt")
        self.bench, self.process = bench, None
        # Not below the test's directory, which the user may not enter.
        self.keeper = tempfile.TemporaryDirectory(prefix="guestctl-libvirtd-")
        self.dir = self.keeper.name
        bench.players.append(self)
        self.path = os.path.join(self.dir, "libvirt", "libvirt-sock")
        os.mkdir(os.path.dirname(self.path))
        self.user = []
        if os.getuid() == 0:
            self.user = ["setpriv", "--reuid", NOBODY, "--regid", NOBODY, "--clear-groups"]
            for path in (self.dir, os.path.dirname(self.path)):
                os.chown(path, int(NOBODY), int(NOBODY))
        self.uri = f"test+unix:///default?socket={self.path}"

    def start(self):
        """It gets a socket that listens already, so clients wait until it is ready."""
        with socket.socket(socket.AF_UNIX) as listener:
            if os.path.exists(self.path):
                os.unlink(self.path)
            listener.bind(self.path)
            os.chmod(self.path, 0o666)
            listener.listen(8)
            fd = listener.fileno()
            inside = f'exec 3<&{fd} && exec {fd}<&-' if fd != 3 else ":"
            self.process = subprocess.Popen(
                ["bash", "-c", f"{inside} && LISTEN_PID=$$ exec \"$@\"", "bash", *self.user,
                 "libvirtd"],
                env={"PATH": "/usr/sbin:/usr/bin:/sbin:/bin", "HOME": self.dir,
                     "LISTEN_FDS": "1", "LISTEN_FDNAMES": "libvirtd.socket",
                     **{f"XDG_{what}": self.dir for what in ("RUNTIME_DIR", "CONFIG_HOME",
                                                             "CACHE_HOME")}},
                pass_fds=[fd], stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL,
                stderr=subprocess.DEVNULL)
        self.bench.processes.append(self.process)
        return self

    def kill(self):
        self.process.kill()
        self.process.wait(PATIENCE)

    def stop(self):
        self.process.send_signal(signal.SIGSTOP)
        os.waitpid(self.process.pid, os.WUNTRACED)

    def close(self):
        """With the test."""
        if self.process:
            self.process.kill()
            self.process.wait(PATIENCE)
        self.keeper.cleanup()


STATE = {'vm="test",state="running"': 1.0}


def test_exporter_restart(bench):
    """/exporter/libvirtd restarts -> the next scrape connects again"""
    daemon = Libvirtd(bench).start()
    exporter = Exporter(bench, {}, before=("-c", daemon.uri))
    same(exporter.scrape()["guestctl_vm_state"], STATE)
    daemon.kill()
    status, body = exporter.get()
    same(status, 503, body)
    has(body, "failed to connect to libvirt at ")
    daemon.start()
    for _ in range(2):
        same(exporter.scrape()["guestctl_vm_state"], STATE)


def test_exporter_restart_unseen(bench):
    """/exporter/libvirtd restarts between two scrapes -> neither fails"""
    daemon = Libvirtd(bench).start()
    exporter = Exporter(bench, {}, before=("-c", daemon.uri))
    same(exporter.scrape()["guestctl_vm_state"], STATE)
    daemon.kill()
    daemon.start()
    same(exporter.scrape()["guestctl_vm_state"], STATE)


def test_exporter_hang(bench):
    """/exporter/libvirtd hangs -> the scrape fails, and later ones succeed"""
    daemon = Libvirtd(bench).start()
    exporter = Exporter(bench, {}, before=("--timeout", SILENCE, "-c", daemon.uri))
    same(exporter.scrape()["guestctl_vm_state"], STATE)
    daemon.stop()
    status, body = exporter.get()
    same(status, 503, body)
    has(body, "libvirt did not answer in time")
    daemon.process.send_signal(signal.SIGCONT)
    same(exporter.scrape()["guestctl_vm_state"], STATE)


class Mute:
    """A daemon that takes connections and requests, and never answers."""

    def __init__(self, bench):
        self.came = threading.Event()
        self.path = bench.path("mute")
        self.listener = socket.socket(socket.AF_UNIX)
        self.listener.bind(self.path)
        self.listener.listen(8)
        self.kept = []
        threading.Thread(target=self.serve, daemon=True).start()
        bench.players.append(self)
        self.uri = f"test+unix:///default?socket={self.path}"
        if "built without libvirt" in bench.ctl("-c", "test:///default", "list").err:
            raise Skip("guestctl was built without libvirt")

    def serve(self):
        while True:
            try:
                peer, _address = self.listener.accept()
            except OSError:
                return
            self.kept.append(peer)
            # libvirt's first request: it waits for the reply now.
            if peer.recv(4):
                self.came.set()

    def close(self):
        self.listener.close()
        for peer in self.kept:
            peer.close()


def test_timeout(bench):
    """/timeout/libvirtd never answers -> an error, for each verb that needs it"""
    mute = Mute(bench)
    for words in (("list",), ("vm", "info"), ("vm", "start")):
        result = bench.ctl("--timeout", 1, "-c", mute.uri, *words)
        same(result.status, 1, result)
        has(result.err, f"failed to connect to libvirt at {mute.uri}: libvirt did not answer in time")


def test_interrupt(bench):
    """/interrupt/libvirtd never answers -> Ctrl-C ends guestctl"""
    mute = Mute(bench)
    guestctl = bench.start("--timeout", 3600, "-c", mute.uri, "list")
    same(mute.came.wait(PATIENCE), True, "guestctl has not connected")
    result = bench.interrupt(guestctl)
    same(result.status, 1, result)
    has(result.err, "interrupted")


def test_interrupt_call(bench):
    """/interrupt/libvirtd hangs after it was connected -> signals end the exporter"""
    daemon = Libvirtd(bench).start()
    exporter = Exporter(bench, {}, before=("--timeout", 3600, "-c", daemon.uri))
    same(exporter.scrape()["guestctl_vm_state"], STATE)
    daemon.stop()
    scrape = threading.Thread(target=exporter.get_anything, daemon=True)
    scrape.start()
    result = bench.interrupt(exporter.process)
    same(result.status, 0, result)
    scrape.join(PATIENCE)
