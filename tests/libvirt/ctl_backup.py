# SPDX-License-Identifier: LGPL-2.1-or-later
"""guestctl's backups of a domain, under write load, with each agent."""

import contextlib
import json
import os
import signal
import subprocess
import time

from lib.libvirt.daemons import PATIENCE
from lib.programs import guestctl_path, host, made
from lib.wire import Deadline

TIMEOUT_S = 200
CHECKED = {"ext4": "vda", "scsi": "sda"}


def guestctl(*words):
    """(whether it succeeded, what it said)"""
    done = host("timeout", str(TIMEOUT_S), guestctl_path(), *words)
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


def take(name, store, level):
    """(the manifest or {}, what guestctl said)"""
    good, said = guestctl("--connect", "qemu:///system", name, "backup", "--json", "--to", store,
                          "--level", level, "--quiesce")
    return (json.loads(said.splitlines()[-1]) if good else {}), said


def faults(store, point, targets, is_clean):
    """What is wrong with the images that the point is restored to."""
    wrong = []
    for disk, target in targets.items():
        image = os.path.join(store, "..", f"restored-{disk}")
        good, said = guestctl("restore", "--from", store, "--disk", target, "--at", point["id"],
                              "--to", image)
        clean, text = is_clean(image) if good else (False, said)
        if not clean:
            wrong.append(f"{point['id']} {disk}: {text}")
        if good:
            os.unlink(image)
    return wrong


def raw(image, *options):
    """What a guest would read from the image."""
    copy = image + ".raw"
    made("qemu-img", "convert", *options, "-O", "raw", image, copy)
    with open(copy, "rb") as file:
        content = file.read()
    os.unlink(copy)
    return content


def paused(report, domain, name, places, store):
    """A domain that stands still is its own witness: a pause writes all out to its images."""
    virsh = ("virsh", "-c", "qemu:///system")
    with writing(domain.guest, places):
        domain.guest.sh("rm -rf /mnt/ext4/* /mnt/scsi/*; fstrim /mnt/ext4; fstrim /mnt/scsi",
                        PATIENCE)
    made(*virsh, "suspend", name)
    good, said = guestctl(name, "backup", "--to", store, "--level", "incremental")
    differ = []
    for disk, target in CHECKED.items():
        image = domain.path(f"paused-{disk}")
        well, text = guestctl("restore", "--from", store, "--disk", target, "--to", image)
        if not well or raw(image) != raw(domain.path(disk + ".qcow2"), "-U"):
            differ.append(f"{disk}: {text}")
    required = guestctl(name, "backup", "--to", store, "--quiesce")
    made(*virsh, "resume", name)
    report.test("backup of a paused domain -> its disks' bytes, labelled crash-consistent",
                good and "crash-consistent" in said and not differ, said, *differ)
    report.test("backup --quiesce of a paused domain -> refused",
                not required[0] and "the VM is paused" in required[1], required[1])


def checkpoints(name):
    """(those of points, those that are tags of images)"""
    names = host("virsh", "-c", "qemu:///system", "checkpoint-list", name, "--name").stdout.split()
    return ([name for name in names if "-tag-" not in name],
            sorted(name for name in names if "-tag-" in name))


def interrupted(name, store):
    """Ctrl-C as soon as there is a file; its exit status, which is 0 if it was too late."""
    process = subprocess.Popen([guestctl_path(), name, "backup", "--to", store],
                               stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                               stderr=subprocess.STDOUT)
    deadline = Deadline(TIMEOUT_S)
    while process.poll() is None and \
            not any(file.endswith(".partial") for file in os.listdir(store)):
        deadline.left()
        time.sleep(0.001)
    process.send_signal(signal.SIGINT)
    said = process.communicate(timeout=TIMEOUT_S)[0].decode()
    return process.returncode, said


def ctl_backups(report, domain, name, agents, places, is_clean):
    """@agents: guestd and the reference. @targets: the domain's disks with ext4."""
    store, points = domain.path("backups"), []
    for agent, level in ((agents[0], "full"), (agents[0], "incremental"),
                         (agents[0], "incremental"), (agents[1], "incremental")):
        domain.use(agent)
        with writing(domain.guest, places):
            told, said = take(name, store, level)
        points.append(told)
        report.test(f"guestctl backup --level {level} of a domain with "
                    f"{os.path.basename(agent)} -> consistent",
                    told.get("level") == level and told["consistency"]["label"] == "consistent" and
                    len(told["disks"]) == len(places.split()), said)
    wrong = [fault for point in points for fault in faults(store, point, CHECKED, is_clean)]
    report.test("restore of a domain's backups -> clean filesystems", not wrong, *wrong)
    good, said = guestctl("backup", "verify", "--to", store)
    left, tags = checkpoints(name)
    report.test("a domain's backups -> verified, with one checkpoint and each disk's tag",
                good and len(left) == 1 and left[0].endswith(points[-1]["id"]) and
                tags == sorted(disk["tag"] for disk in points[-1]["disks"]), said, str(left),
                str(tags))
    paused(report, domain, name, places, store)
    status, said = interrupted(name, store)
    partial = [file for file in os.listdir(store) if file.endswith(".partial")]
    told, again = take(name, store, "incremental")
    report.test("Ctrl-C during a domain's backup -> no partial file; the next one is incremental",
                not partial and told.get("level") == "incremental" and
                checkpoints(name)[0] == [disk["bitmap"] for disk in told["disks"]][:1],
                f"status {status}", said, again, str(partial), str(checkpoints(name)))
