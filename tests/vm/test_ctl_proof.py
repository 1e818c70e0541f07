# SPDX-License-Identifier: LGPL-2.1-or-later
"""
What guestctl calls consistent is: each image of a full Debian that works all the time boots,
needs no repair, and has every record that was acknowledged before it was taken.

Two files, one on each disk, and a table of PostgreSQL get numbered records under load; each is
told to the host when it is on the disk. Whatever the host had heard by the time at which, as the
manifest says, the freeze was answered must be in the image.
"""

import json
import os
import shutil
import subprocess
import threading
from datetime import datetime

from lib.programs import guestctl_path, host, made
from lib.vm import debian
from lib.vm.case import Case
from lib.vm.quiesce_guest import MIB
from lib.vm.vm import VM
from lib.wire import Deadline, Wire, WireError

HERE = os.path.dirname(os.path.abspath(__file__))
HOOKS = os.path.join(os.path.dirname(os.path.dirname(HERE)), "packaging", "hooks")
HOOK_DIR = "/usr/share/guestd/hooks"
PORT = "org.guestd.records.0"
DISKS = {"root": debian.LABEL, "data": "data"}
DATA = "/var/lib/postgresql"
CLUSTER = DATA + "/15/main"
SERVICE = "postgresql@15-main.service"
FILES = ("/var/lib/records", DATA + "/records")
RECORDS = (*FILES, "table")
LOAD = ("/var/lib/load", DATA + "/load")
PAUSE_US = 20000
CTL_TIMEOUT = 400
# The checkpoint that the database's hook asks for takes its time in an emulated guest.
LIMIT = ("--freeze-limit", "120")
# Of each record, between one image and the next: they must show different times.
PROGRESS = 5
UNFROZEN = "without a freeze"

AS_POSTGRES = "/usr/bin/setpriv --reuid=postgres --regid=postgres --init-groups "
PROGRAMS = "/usr/lib/postgresql/15/bin/"
PSQL = AS_POSTGRES + PROGRAMS + "psql -X -q -A -t -v ON_ERROR_STOP=1"
COUNT = "SELECT count(*), count(DISTINCT n), coalesce(min(n), 1), coalesce(max(n), 0) FROM records"

# From its own disk to one that the database has to itself, as an administrator would do it; with
# checksums, so that a page that is torn shows.
SETUP = (
    "mkdir -p /mnt/new && mount LABEL=data /mnt/new && cp -a %s/. /mnt/new/ && umount /mnt/new" % DATA,
    "echo 'LABEL=data %s ext4 defaults 0 2' >>/etc/fstab && systemctl daemon-reload && mount %s"
    % (DATA, DATA),
    AS_POSTGRES + PROGRAMS + "pg_checksums --enable -D " + CLUSTER,
    "mkdir -p %s /etc/guestd/hooks && ln -s %s/postgresql /etc/guestd/hooks/50-postgresql && "
    "chmod -x %s/session.sh" % (" ".join(LOAD), HOOK_DIR, HOOK_DIR),
    "printf '[general]\\nfsfreeze-hook=/etc/guestd/hooks\\n' >/etc/guestd/guestd.conf && "
    "systemctl restart guestd.service",
    "systemctl unmask postgresql.service && systemctl enable postgresql.service",
    "systemctl start postgresql.service && systemctl is-active %s" % SERVICE,
    PSQL + " -c 'CREATE TABLE records (n int PRIMARY KEY, t text NOT NULL)'",
)


def blockdev(name, path, kind):
    return ["-blockdev", f"driver={kind},node-name={name}-node,file.driver=file,"
            f"file.filename={path}",
            "-device", f"virtio-blk-pci,id={name},serial={name},drive={name}-node"]


def make_disks(directory):
    """The Debian, a disk for the database, a monitor for guestctl and the port for records."""
    root, raw, data = (os.path.join(directory, name) for name in
                       ("root.qcow2", "data.raw", "data.qcow2"))
    made("qemu-img", "create", "-q", "-f", "qcow2", "-F", "qcow2", "-b", debian.image(), root)
    made("qemu-img", "create", "-q", "-f", "raw", raw, str(512 * MIB))
    made("mkfs.ext4", "-q", "-F", "-L", "data", raw)
    made("qemu-img", "convert", "-O", "qcow2", raw, data)
    os.unlink(raw)
    return [*blockdev("root", root, "qcow2"), *blockdev("data", data, "qcow2"),
            "-chardev", f"socket,id=ctl,path={directory}/ctl,server=on,wait=off",
            "-mon", "chardev=ctl,mode=control",
            "-chardev", f"socket,id=records,path={directory}/records,server=on,wait=off",
            "-device", f"virtserialport,bus=vser0.0,nr=3,chardev=records,name={PORT}"]


def raw_disks(images):
    return lambda _directory: [word for name, path in images.items()
                               for word in blockdev(name, path, "raw")]


class Acknowledged(threading.Thread):
    """Hears of each record as it is acknowledged."""

    def __init__(self, path):
        super().__init__(daemon=True)
        self.wire = Wire(path, "records")
        self.changed = threading.Condition()
        self.heard = {name: [] for name in RECORDS}
        self.problem = None
        self.start()

    def run(self):
        try:
            while True:
                line = self.wire.read_until(b"\n", Deadline(3600)).decode()
                name, _, number = line.rpartition(" ")
                with self.changed:
                    # In order and without a gap, or it is no record but what ended them.
                    self.heard[name].append(datetime.now().timestamp())
                    if int(number) != len(self.heard[name]):
                        raise ValueError(line)
                    self.changed.notify_all()
        except (WireError, ValueError, KeyError) as error:
            with self.changed:
                self.problem = f"{type(error).__name__}: {error}"
                self.changed.notify_all()

    def until(self, moment):
        """{name: how many had been acknowledged at @moment, seconds since 1970}"""
        with self.changed:
            return {name: sum(at <= moment for at in heard) for name, heard in self.heard.items()}

    def proceed(self, timeout=120):
        """Waits for a few more of each."""
        with self.changed:
            goals = {name: len(heard) + PROGRESS for name, heard in self.heard.items()}
            good = self.changed.wait_for(
                lambda: self.problem or all(len(self.heard[name]) >= goal
                                            for name, goal in goals.items()), timeout)
            if self.problem or not good:
                raise WireError(f"the records do not go on: {self.problem}, {goals}")


class Point:
    """An image that was taken: what its manifest tells, and what has to be in it."""

    def __init__(self, title, told, quiesced, records):
        self.title = title
        self.told = told
        self.quiesced = quiesced
        begin = quiesced.get("window", {}).get("begin")
        self.expected = records.until(datetime.fromisoformat(begin).timestamp()) if begin else None
        self.later = None


def ctl(*words):
    done = subprocess.run([guestctl_path(), *words], stdin=subprocess.DEVNULL, capture_output=True,
                          text=True, timeout=CTL_TIMEOUT, check=False)
    if done.returncode:
        raise AssertionError(f"guestctl {words}: {done.stdout}{done.stderr}")
    return done.stdout


class Taking:
    """The guest at work, and what is taken of it meanwhile; afterwards it stands still."""

    def __init__(self, case):
        self.case = case
        self.vm, self.guest = case.vm, case.vm.guest
        self.points = {}
        for command in SETUP:
            self.guest.sh(command, 200)
        self.records = Acknowledged(self.vm.path("records"))
        self.work()
        self.take("snapshot", self.snapshot)
        self.take("full", self.backup, "full")
        self.take("incremental 1", self.backup, "incremental")
        self.take("incremental 2", self.backup, "incremental")
        with case.reference_agent():
            self.take("incremental 3", self.backup, "incremental")
        self.take(UNFROZEN, self.backup, "incremental", "none")
        self.rest()

    def work(self):
        for command in (f"records /dev/virtio-ports/{PORT} '{PSQL}' {PAUSE_US} {' '.join(FILES)}",
                        f"writers /run/writers {PAUSE_US} {' '.join(LOAD)}"):
            self.guest.sh(f"( {command} & ) </dev/null >/dev/null 2>&1")

    def rest(self):
        """Its memory and half of its time are free for the guests that are booted then."""
        self.vm.qmp.call("stop")

    def take(self, title, how, *args):
        self.records.proceed()
        if self.points:
            last = next(reversed(self.points.values()))
            last.later = self.records.until(datetime.now().timestamp())
        told, quiesced = how(*args)
        self.points[title] = Point(title, told, quiesced, self.records)

    def here(self, *words):
        return json.loads(ctl("--agent", self.vm.path("agent"), "--qmp", self.vm.path("ctl"),
                              "--timeout", "60", "--json", *words).splitlines()[-1])

    def snapshot(self):
        told = self.here("snapshot", "--quiesce", *LIMIT, "--disk", "root", "--disk", "data")
        return told, told

    def backup(self, level, quiesce="require"):
        told = self.here("backup", "--to", self.vm.path("backups"), "--level", level,
                         "--quiesce=" + quiesce, *LIMIT)
        return told, told["consistency"]

    def restore(self, point, directory):
        """{disk: raw image}"""
        images = {name: os.path.join(directory, name) for name in DISKS}
        for name, image in images.items():
            if point.title == "snapshot":
                source = next(disk["backing"] for disk in point.told["disks"]
                              if disk["name"] == name)
                made("qemu-img", "convert", "-U", "-O", "raw", source, image)
            else:
                ctl("restore", "--from", self.vm.path("backups"), "--disk", name, "--at",
                    point.told["id"], "--to", image, "--format", "raw")
        return images


def journal_is_empty(image):
    done = host("dumpe2fs", "-h", image)
    assert done.returncode == 0 and "Filesystem features:" in done.stdout, done.stdout
    return "needs_recovery" not in done.stdout


class Proof(Case):
    label = "guestctl's word"
    # A database in an emulated guest, beside whatever else a machine does.
    timeout = 1800
    machine = debian.machine(
        memory=768, image=tuple(word for name in ("postgresql", "session.sh") for word in
                                ("--add", f"{HOOKS}/{name}:/debian{HOOK_DIR}/{name}")))
    machine["disks"] = make_disks

    def __init__(self, vm, tools):
        super().__init__(vm, tools)
        for name in ("records", "writers"):
            self.put_tool(name)
        if not hasattr(vm, "taking"):
            vm.taking = Taking(self)
        self.taking = vm.taking
        self.place = vm.path("restored")

    def prove(self, title):
        point = self.taking.points[title]
        os.mkdir(self.place)
        try:
            images = self.taking.restore(point, self.place)
            for image in images.values():
                self.clean(image)
            with VM(self.vm.image, words=self.machine["words"], memory=512,
                    disks=raw_disks(images)) as restored:
                self.boots(restored.guest)
                self.has_records(point, self.figures(restored.guest))
                self.database_is_whole(restored.guest)
        finally:
            shutil.rmtree(self.place)

    def clean(self, image):
        """Before anybody has mounted it."""
        self.check(journal_is_empty(image), f"{image} has a journal to replay")
        done = host("e2fsck", "-f", "-n", image)
        self.equal(done.returncode, 0, f"e2fsck {image}: {done.stdout}")

    def boots(self, guest):
        """With all that it was made to start."""
        guest.wait_for(f"systemctl is-active --quiet {SERVICE}", 300)
        self.equal(guest.sh(f"findmnt -n -o SOURCE,FSTYPE {DATA} | grep -c '^/dev/vd.* ext4$'"), "1",
                   "the data disk")
        self.equal(guest.sh("dmesg | grep 'EXT4-fs.*recover' || true"), "", "what was recovered")

    def figures(self, guest):
        """{name: how many records there are}, each of them numbered from 1 without a gap"""
        found = {path: guest.number(f"awk '$0 != NR {{ exit 1 }} END {{ print NR }}' {path}")
                 for path in FILES}
        count, distinct, first, last = map(int, guest.sh(f"{PSQL} -c '{COUNT}'", 120).split("|"))
        self.equal((distinct, first, last), (count, 1, count), "rows of the table")
        return dict(found, table=count)

    def has_records(self, point, found):
        for name in RECORDS:
            self.check(found[name] >= point.expected[name] > 0,
                       f"{name}: {point.expected[name]} were acknowledged, {found[name]} are there")
            self.check(found[name] < point.later[name],
                       f"{name}: {found[name]} are there, though it was taken before "
                       f"{point.later[name]} were")

    def database_is_whole(self, guest):
        run = AS_POSTGRES + PROGRAMS
        self.equal(guest.sh(f"{run}pg_amcheck --install-missing --heapallindexed -d postgres 2>&1",
                            200), "", "pg_amcheck")
        guest.sh(f"systemctl stop {SERVICE}", 120)
        said = guest.sh(f"{run}pg_checksums --check -D {CLUSTER} 2>&1", 120)
        self.check("Bad checksums:  0" in said, f"pg_checksums: {said}")

    def test_taken(self):
        """one snapshot and four backups of a busy guest -> labelled consistent"""
        points = [point for title, point in self.taking.points.items() if title != UNFROZEN]
        self.equal(len(points), 5, "images that are called consistent")
        for point in points:
            self.equal((point.quiesced["label"], point.quiesced["filesystems"]), ("consistent", 2),
                       point.quiesced)
            self.note(f"{point.title}: frozen for {point.quiesced['frozen-ms']:.0f} ms; "
                      "acknowledged before: " +
                      ", ".join(f"{n} of {name}" for name, n in point.expected.items()))

    def test_snapshot(self):
        """a snapshot -> boots, is clean, and has all acknowledged files and PostgreSQL rows"""
        self.prove("snapshot")

    def test_full(self):
        """a full backup -> boots, is clean, and has all acknowledged files and PostgreSQL rows"""
        self.prove("full")

    def test_incremental_1(self):
        """an incremental backup -> boots, is clean, has all acknowledged files and rows"""
        self.prove("incremental 1")

    def test_incremental_2(self):
        """a second incremental backup -> boots, is clean, has all acknowledged files and rows"""
        self.prove("incremental 2")

    def test_incremental_3(self):
        """a third one, with the stock agent -> boots, is clean, has all files and rows"""
        self.prove("incremental 3")

    def test_without(self):
        """a backup without a freeze -> labelled crash-consistent; its journal is replayed"""
        point = self.taking.points[UNFROZEN]
        self.equal((point.quiesced["label"], point.quiesced["filesystems"]),
                   ("crash-consistent", 0), point.quiesced)
        os.mkdir(self.place)
        try:
            images = self.taking.restore(point, self.place)
            for image in images.values():
                self.check(not journal_is_empty(image), "no journal: the tests above show nothing")
        finally:
            shutil.rmtree(self.place)
