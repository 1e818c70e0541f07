# SPDX-License-Identifier: LGPL-2.1-or-later
"""What `virsh event` tells of a domain."""

import itertools
import re
import select
import subprocess

from lib.libvirt.daemons import VIRSH, must
from lib.processes import die_with_parent
from lib.wire import Deadline, WireTimeout

LINE = re.compile(r"event '(?P<name>[^']*)' for domain '[^']*':? ?(?P<text>.*)")
MARK = "metadata-change"
URI = "urn:guestd:test"


class Events:
    """
    All events from now on. virsh does not say when it has begun to listen, so the domain's
    metadata are changed until it has heard of that: the same tells what came before now.
    """

    def __init__(self, domain):
        self.domain = domain
        self.marks = itertools.count(1)
        self.seen = []
        self.rest = b""
        self.process = subprocess.Popen(
            ["stdbuf", "-oL", *VIRSH, "event", domain, "--all", "--loop"],
            stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
            preexec_fn=die_with_parent)
        deadline = Deadline(120)
        while not self.find(MARK):
            deadline.left()
            self.mark()
            self.read(0.2)
        self.forget()

    def mark(self):
        must("metadata", self.domain, "--uri", URI, "--key", "test", "--live", "--set",
             f"<mark number='{next(self.marks)}'/>")

    def read(self, seconds):
        if not select.select([self.process.stdout], [], [], seconds)[0]:
            return
        data = self.process.stdout.read1()
        if not data:
            raise RuntimeError("virsh event has ended")
        *lines, self.rest = (self.rest + data).split(b"\n")
        for line in lines:
            match = LINE.match(line.decode())
            if match:
                self.seen.append((match["name"], match["text"].strip()))

    def find(self, name, text=""):
        return next((event for event in self.seen if event[0] == name and text in event[1]), None)

    def wait(self, name, text="", timeout=120):
        """The text of the first event @name with @text in it; what came before it is dropped."""
        deadline = Deadline(timeout)
        while True:
            event = self.find(name, text)
            if event:
                del self.seen[:self.seen.index(event) + 1]
                return event[1]
            if deadline.passed():
                raise WireTimeout(f"no event {name} {text}, but {self.seen}")
            self.read(1)

    def forget(self):
        """Drops all that has come until now."""
        self.seen.clear()
        self.mark()
        self.wait(MARK)
        while self.find(MARK):
            self.wait(MARK)

    def close(self):
        self.process.kill()
        self.process.wait()
        self.process.stdout.close()
