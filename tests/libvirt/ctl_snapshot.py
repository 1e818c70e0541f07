# SPDX-License-Identifier: LGPL-2.1-or-later
"""guestctl's snapshots of a domain, under write load, with each agent."""

import contextlib
import glob
import json
import os
import socket
import struct
import threading

from lib.libvirt.daemons import PATIENCE
from lib.programs import guestctl_path, host, made
from lib.wire import Deadline

TIMEOUT_S = 200


def guestctl(*words):
    """(whether it succeeded, what it said)"""
    done = host("timeout", str(TIMEOUT_S), guestctl_path(), "--timeout", "60", *words)
    return done.returncode == 0, done.stdout.strip()


@contextlib.contextmanager
def writing(guest, places):
    guest.sh(f"rm -f /run/writers; (writers /run/writers 20000 {places} "
             "</dev/null >/dev/null 2>&1 & echo $! >/run/writers.pid); sleep 1")
    try:
        yield
    finally:
        guest.sh("kill $(cat /run/writers.pid); "
                 "while pidof writers >/dev/null; do usleep 20000; done", PATIENCE)


def goes_on(guest):
    """All writers write. How often they do is the machine's affair: what is frozen never does."""
    count = "od -An -v -t u8 -w16 /run/writers | awk '{ print $1 }'"
    before, deadline = guest.sh(count).split(), Deadline(PATIENCE)
    while not deadline.passed():
        after = guest.sh(f"usleep 200000; {count}").split()
        if before and all(int(a) > int(b) for a, b in zip(after, before)):
            return True
    return False


def take(domain, name):
    """(the manifest or {}, what guestctl said)"""
    good, said = guestctl("--json", name, "snapshot", "--quiesce")
    return (json.loads(said) if good else {}), said


def check_taken(report, who, told, said, disks, running):
    report.test(f"guestctl snapshot --quiesce with {who} -> consistent, all disks, the guest runs",
                told.get("label") == "consistent" and running and told["filesystems"] == disks and
                len(told["disks"]) == disks, said)


def no_space(report, domain, name, who):
    """In the tests' own mount namespace, with which the filesystem ends."""
    place = domain.path("full")
    os.makedirs(place, exist_ok=True)
    made("mount", "-t", "tmpfs", "-o", "size=64k", "tmpfs", place)
    good, said = guestctl(name, "snapshot", "--quiesce", "--to", place)
    report.test(f"guestctl snapshot with {who} to a full directory -> refused, nothing is left",
                not good and "No space left" in said and not os.listdir(place) and
                goes_on(domain.guest), said)
    made("umount", place)


class Between(threading.Thread):
    """
    A socket before libvirt's, over which messages pass as act() wants it. A message is: length,
    program, version, procedure, type.
    """
    HEAD = struct.Struct(">IIIII")
    REPLY = 1
    SNAPSHOT_CREATE_XML = (0x20008086, 185, REPLY)
    AGENT_COMMAND = (0x20008087, 3, REPLY)

    def __init__(self, path):
        super().__init__(daemon=True)
        self.has_acted = False
        self.listener = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        self.listener.bind(path)
        self.listener.listen(8)
        self.start()

    def run(self):
        while True:
            try:
                client, _ = self.listener.accept()
            except OSError:
                return
            server = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
            server.connect("/run/libvirt/libvirt-sock")
            for pair in ((client, server), (server, client)):
                threading.Thread(target=self.pass_on, args=pair, daemon=True).start()

    def pass_on(self, source, target):
        with contextlib.suppress(OSError):
            while len(head := source.recv(self.HEAD.size, socket.MSG_WAITALL)) == self.HEAD.size:
                length, program, _version, procedure, kind = self.HEAD.unpack(head)
                body = source.recv(length - len(head), socket.MSG_WAITALL)
                self.act((program, procedure, kind), source, target, head + body)
        for sock in (source, target):
            with contextlib.suppress(OSError):
                sock.shutdown(socket.SHUT_RDWR)

    def close(self):
        with contextlib.suppress(OSError):
            self.listener.shutdown(socket.SHUT_RDWR)
        self.listener.close()


class Cutter(Between):
    """Ends the first connection as soon as a snapshot was made, with the freeze still on."""

    def act(self, what, source, target, message):
        cut = what == self.SNAPSHOT_CREATE_XML and not self.has_acted
        if cut:
            # Before the answer: what it leads to must not get through any more.
            self.has_acted = True
            source.shutdown(socket.SHUT_RDWR)
        target.sendall(message)


class Holder(Between):
    """Holds back the answer to a snapshot until the agent has answered the next command, the thaw."""
    held = None

    def act(self, what, source, target, message):
        if what == self.SNAPSHOT_CREATE_XML and not self.has_acted:
            self.has_acted, self.held = True, message
            return
        target.sendall(message)
        if what == self.AGENT_COMMAND and self.held:
            target.sendall(self.held)
            self.held = None


def hanging(report, domain, name, who):
    path = domain.path(f"hold-{who}")
    holder = Holder(path)
    uri = f"qemu+unix:///system?socket={path}"
    good, said = guestctl("-c", uri, name, "snapshot", "--quiesce")
    report.test(f"guestctl snapshot with {who}, libvirt does not answer -> thawed, snapshot undone",
                not good and holder.has_acted and "QEMU did not answer within 10 s" in said and
                "the snapshot was undone" in said and not glob.glob(domain.path(name + "-*")) and
                goes_on(domain.guest), f"held: {holder.has_acted}", said)
    holder.close()


def lost_connection(report, domain, name, who):
    path = domain.path(f"cut-{who}")
    cutter = Cutter(path)
    uri = f"qemu+unix:///system?socket={path}"
    good, said = guestctl("-c", uri, "--json", name, "snapshot", "--quiesce")
    report.test(f"guestctl snapshot with {who}, connection to libvirt lost -> thawed by a new one",
                good and cutter.has_acted and '"label":"consistent"' in said and
                goes_on(domain.guest), f"cut: {cutter.has_acted}", said)
    cutter.close()
    guestctl(name, "snapshot", "commit")


def ctl_snapshots(report, domain, name, agents, places, is_clean):
    """@is_clean(domain, image) is (whether the ext4 in it is clean, why not)."""
    for agent in agents:
        who = os.path.basename(agent)
        domain.use(agent)
        with writing(domain.guest, places):
            told, said = take(domain, name)
            check_taken(report, who, told, said, len(places.split()), goes_on(domain.guest))
            images = {disk["name"]: disk["backing"] for disk in told.get("disks", ())}
            verdicts = [is_clean(domain, images[disk]) for disk in ("vda", "sda") if disk in images]
            report.test(f"guestctl snapshot --quiesce with {who} -> clean filesystems",
                        len(verdicts) == 2 and all(good for good, _ in verdicts),
                        *(text for _, text in verdicts))
            folded = guestctl(name, "snapshot", "commit")
            left = glob.glob(domain.path(name + "-*"))
            report.test(f"guestctl snapshot commit with {who} -> no overlay left, the guest runs",
                        folded[0] and not left and goes_on(domain.guest), folded[1], str(left))
            no_space(report, domain, name, who)
            lost_connection(report, domain, name, who)
            hanging(report, domain, name, who)
