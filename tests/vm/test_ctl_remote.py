# SPDX-License-Identifier: LGPL-2.1-or-later
"""guestctl exec, cp, metrics, doctor and exporter through a real port, with both agents."""

import contextlib
import hashlib
import json
import os
import subprocess
import tempfile

from lib.programs import guestctl_path
from lib.vm.case import Case

PATIENCE = 120


class Remote(Case):
    label = "guestctl"

    @contextlib.contextmanager
    def agents(self):
        """Yields a function that yields "guestd", then "qemu-ga", each with its agent running."""
        with tempfile.TemporaryDirectory(prefix="guestctl-vm.") as place:
            self.place = place
            yield self.each()

    def each(self):
        yield "guestd"
        with self.reference_agent():
            yield "qemu-ga"

    def ctl(self, *args, stdin=b"", status=0):
        done = subprocess.run([guestctl_path(), "--agent", self.vm.path("agent"), *args], input=stdin,
                              capture_output=True, timeout=PATIENCE, check=False)
        self.equal(done.returncode, status, f"{args}: {done.stderr.decode()}")
        return done.stdout

    def test_exec(self):
        """exec -> output, input, exit status, Ctrl-C"""
        data = os.urandom(300_000)
        with self.agents() as agents:
            for agent in agents:
                self.equal(self.ctl("exec", "--", "sh", "-c", "echo out; exit 7", status=7),
                           b"out\n", "output")
                self.equal(self.ctl("exec", "--stdin", "--", "cat", stdin=data), data, "input")
                if agent == "guestd":
                    self.interrupt()

    def interrupt(self):
        with subprocess.Popen([guestctl_path(), "--agent", self.vm.path("agent"), "exec", "--", "sh",
                               "-c", "echo ready; sleep 1000"], stdout=subprocess.PIPE,
                              stderr=subprocess.PIPE) as process:
            self.equal(process.stdout.readline(), b"ready\n", "first line")
            process.send_signal(2)
            _out, err = process.communicate(timeout=PATIENCE)
        self.equal(process.returncode, 130, err)
        left = json.loads(self.ctl("raw", '{"execute": "guestd-exec-list"}'))["return"]
        self.equal(left, [], "programs left")

    def test_cp(self):
        """cp -> both directions, and a partial copy is continued"""
        data = os.urandom(5_000_000)
        with self.agents() as agents:
            for agent in agents:
                here, back = os.path.join(self.place, "here"), os.path.join(self.place, "back")
                with open(here, "wb") as file:
                    file.write(data)
                os.chmod(here, 0o600)
                there = f":/tmp/ctl-{agent}"
                self.ctl("cp", here, there)
                summed = self.ctl("exec", "--", "sha256sum", there[1:]).split()[0].decode()
                self.equal(summed, hashlib.sha256(data).hexdigest(), "checksum in the guest")
                with open(back, "wb") as file:
                    file.write(data[:3_000_000])
                told = json.loads(self.ctl("cp", "--json", "--resume", there, back))
                self.equal((told["resumed-at"], told["checked"]), (3_000_000, agent == "guestd"),
                           "resumed at")
                with open(back, "rb") as file:
                    self.equal(file.read() == data, True, "what came back")
                self.guest.sh(f"rm {there[1:]}")
                self.note(f"{agent}: {told['seconds']:.2f} s for the last 2 MB")

    def test_look(self):
        """metrics, doctor and exporter -> what they ask the monitor for"""
        with self.agents() as agents:
            for agent in agents:
                metrics = json.loads(self.ctl("metrics", "--json"))
                self.equal("load" in metrics, True, f"{agent}: {metrics}")
                self.ctl("time", "--set")  # a busy machine's guest may have lost seconds
                told = json.loads(self.ctl("doctor", "--json"))
                checks = {row["check"]: row["result"] for row in told["checks"]}
                self.equal((checks["agent"], checks["clock"]), ("ok", "ok"), told)
        rows = [row for row in self.vm.qmp.call("query-chardev")
                if f"unix:{self.vm.path('agent')}," in row["filename"] + ","]
        self.equal([row["frontend-open"] for row in rows], [True], rows)
