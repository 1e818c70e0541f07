# SPDX-License-Identifier: LGPL-2.1-or-later
"""
The table of guestctl's verbs: a row is a function row(world) that runs one or more command
lines and looks at what they led to in the guest and on the host. The same rows are run on a
bare QEMU and on a domain of libvirt, with guestd and with the stock agent; what the stock
agent lacks is refused, and the row knows the words.

The rows themselves are in ctl_look.py, ctl_work.py, ctl_disks.py and ctl_power.py.
"""

import json
import os
import re
import subprocess

from lib.programs import guestctl_path
from lib.vm.case import GUESTD, REFERENCE

PATIENCE = 240
AGENTS = {"guestd": GUESTD, "qemu-ga": REFERENCE}
NEEDS_GUESTD = "--{} requires guestd; this guest runs another agent"


class Row:
    def __init__(self, check, verbs, options, once, last):
        self.check, self.options, self.once, self.last = check, options, once, last
        self.verb, *self.others = verbs.split()
        self.name = check.__name__
        self.title = f"{verbs}: {check.__doc__.strip().splitlines()[0]}"


class Table(list):
    """Rows in the order in which they are run."""

    def row(self, verbs, *options, once=False, last=False):
        """
        A function is a row about @verbs and the first one's @options, each of which it has to
        use. @once: no agent has a part in it. @last: the machine cannot be booted after it.
        """
        def add(check):
            self.append(Row(check, verbs, options, once, last))
            return check
        return add


class Outcome:
    def __init__(self, words, status, out, err):
        self.words, self.status, self.out, self.err = words, status, out, err

    @property
    def json(self):
        return json.loads(self.out)

    def __repr__(self):
        return f"{self.words}: status {self.status}\n{self.err[-2000:]}\n{self.out[-2000:]}"


class World:
    """
    A VM with the full guest. @words: guestctl's words that name it as @name; @place: a directory
    on the host. A kind of VM adds: .libvirt, .disk (guestctl's name of the small disk, whose
    serial is "data"), state(), image() of the small disk, boot() after it went down.
    """
    libvirt = False

    def __init__(self, name, words, guest, place, agent="guestd"):
        self.name, self.words, self.guest, self.place = name, tuple(words), guest, place
        self.agent = agent
        self.used = set()
        self.notes = []
        os.makedirs(place, exist_ok=True)
        self.prepare()

    @property
    def stock(self):
        return self.agent == "qemu-ga"

    def path(self, *names):
        return os.path.join(self.place, *names)

    # The guest

    def prepare(self):
        """After each boot: a second filesystem, an interface with a route, somebody logged in."""
        self.guest.run("true", PATIENCE)
        self.guest.sh("d=/dev/disk/by-id/virtio-data; mkdir -p /mnt/data /root/rows; "
                      "udevadm settle; mountpoint -q /mnt/data || mount $d /mnt/data", 60)
        self.guest.sh("modprobe dummy numdummies=1; busybox ifconfig dummy0 192.0.2.7 netmask "
                      "255.255.255.0 up; busybox route add default gw 192.0.2.1 dev dummy0")
        # Of the programs that the reference calls, hwclock is not in a Debian as small as this.
        self.guest.sh("ln -sf /usr/bin/busybox /sbin/hwclock; mkdir -p /var/log/journal")
        self.guest.sh("id anna >/dev/null 2>&1 || useradd -m -s /bin/sh anna", 60)

    def use(self, agent):
        """Has @agent serve the port; what it was started with before counts no more."""
        self.start_agent(AGENTS[agent])
        self.agent = agent
        self.check(self.is_served(), f"the agent is no {agent}")

    def is_served(self):
        """By the agent that is meant to."""
        return ("guestd-info" in self.ctl("info", "--json").json) != self.stock

    def reach(self):
        """The guest's shell after a boot, where it is another connection."""

    def stop_agent(self):
        """Nobody has the port any more, as far as the VM's keeper knows."""
        self.guest.stop_agent()

    def start_agent(self, program, *more):
        self.guest.stop_agent()
        self.guest.start_agent(program, "-m", "virtio-serial", "-p",
                               "/dev/virtio-ports/org.qemu.guest_agent.0", *more)
        self.answers()

    def answers(self):
        """A starting agent may answer a moment later."""
        self.ctl("--timeout", "60", "ping")

    def same_boot(self):
        return self.guest.sh("cat /proc/sys/kernel/random/boot_id")

    def rebooted(self, before):
        """The guest is up again, and it is another life of it."""
        self.reach()
        self.prepare()
        self.check(self.same_boot() != before, "the guest has not been booted anew")
        self.answers()
        if not self.is_served():
            self.use(self.agent)

    # guestctl

    def command(self, *words):
        for word in words:
            if word.startswith("--"):
                self.used.add(word[2:].partition("=")[0])
        return [guestctl_path(), *self.words[:-1], *self.globals_of(words), self.words[-1],
                *self.behind_globals(words)]

    # "--timeout N" before a verb is global, and stands before the VM.
    @staticmethod
    def globals_of(words):
        return words[:2] if words[0] == "--timeout" else words[:1] if words[0] == "--verbose" else ()

    @classmethod
    def behind_globals(cls, words):
        return words[len(cls.globals_of(words)):]

    def environment(self):
        return dict(os.environ, LC_ALL="C.UTF-8", XDG_CONFIG_HOME=self.path("config"))

    def start(self, *words, **more):
        """guestctl, running."""
        return subprocess.Popen(self.command(*words), stdin=more.pop("stdin", subprocess.DEVNULL),
                                stdout=subprocess.PIPE, stderr=subprocess.PIPE,
                                env=self.environment(), **more)

    def run(self, *words, stdin=None):
        process = self.start(*words, stdin=subprocess.DEVNULL if stdin is None else subprocess.PIPE)
        try:
            out, err = process.communicate(stdin, PATIENCE)
        finally:
            process.kill()
            process.wait()
        return Outcome(words, process.returncode, out.decode(errors="replace"),
                       err.decode(errors="replace"))

    def ctl(self, *words, status=0, stdin=None):
        """guestctl, to its end, which has to be @status."""
        outcome = self.run(*words, stdin=stdin)
        self.check(outcome.status == status, f"status {status} was expected of {outcome}")
        return outcome

    def refused(self, *words, text, status=1, stdin=None):
        """It says @text, all of it, and nothing else."""
        outcome = self.ctl(*words, status=status, stdin=stdin)
        self.equal(outcome.err, f"guestctl: {self.name}: {text}\n", f"{words}: its words")
        return outcome

    def guestd_only(self, *words, option):
        """Whether it was refused as it should be, because the agent is another."""
        if self.stock:
            self.refused(*words, text=NEEDS_GUESTD.format(option))
        return self.stock

    # Checks

    @staticmethod
    def equal(got, want, what):
        if got != want:
            raise AssertionError(f"{what}: got {str(got)[:600]!r}, want {str(want)[:600]!r}")

    @staticmethod
    def check(condition, what):
        if not condition:
            raise AssertionError(what)

    def matches(self, pattern, text):
        found = re.fullmatch(pattern, text, re.S)
        self.check(found, f"{text!r} is not {pattern!r}")
        return found

    def perform(self, row):
        """Runs a row, which has to use the options that it is the row of."""
        self.used = set()
        row.check(self)
        unused = set(row.options) - self.used
        self.check(not unused, f"{row.name} is no row of {unused}: it does not use them")


def verbs_table():
    """{verb: its options}, as guestctl itself tells them for the completion."""
    told = subprocess.run([guestctl_path(), "--completion"], capture_output=True, text=True,
                          stdin=subprocess.DEVNULL, check=True).stdout
    general = {"help", "json", "dry-run", "verbose"}
    rows = re.findall(r"^ +([a-z-]+)\) options='([^']*)' ;;$", told, re.M)
    return {verb: {word[2:] for word in options.split()} - general for verb, options in rows}


def gaps(rows):
    """The verbs and options that no row is about. What is no row of one agent's is of none."""
    missing = []
    for verb, options in verbs_table().items():
        told = {option for row in rows if row.verb == verb for option in row.options}
        if not any(verb in (row.verb, *row.others) for row in rows):
            missing.append(verb)
        missing += [f"{verb} --{option}" for option in sorted(options - told)]
    return missing
