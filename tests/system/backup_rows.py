# SPDX-License-Identifier: LGPL-2.1-or-later
"""virtnbdbackup, which knows nothing of any agent but that libvirt has one."""

import glob
import hashlib
import os
import re
import shutil

from machine import DATA
from lib.programs import host, made
from table import Row
from virsh_rows import equal, status

TIMEOUT_S = 300
FIRST, SECOND = "of the full backup", "of the incremental one"
FROZEN = re.compile(r"(Freezed|Thawed) \[\d+\] filesystem\S*")


def tool(machine, *words):
    """What the program said; it has failed if it says so."""
    done = host("timeout", str(TIMEOUT_S), *words, cwd=machine.work)
    if done.returncode:
        raise RuntimeError(f"{' '.join(words)}: {done.stdout[-1500:]}")
    return done.stdout


def backup(machine, store, level):
    """What it said of freeze and thaw."""
    said = tool(machine, "virtnbdbackup", "-d", machine.name, "-l", level, "-o", store, "-n",
                "-i", "vdb", "-S", machine.work, "-f", machine.path("nbd"))
    equal(status(machine), "thawed")
    found = [match[0] for match in FROZEN.finditer(said)]
    if len(found) < 2:
        raise AssertionError(f"no freeze and thaw in: {said[-1500:]}")
    return found


def write(machine, text):
    """A small file, which may lie in the page cache, and a large one; returns its checksum."""
    machine.sh(f"dd if=/dev/urandom of={DATA}/large bs=1M count=8 2>/dev/null; "
                     f"echo '{text}' >{DATA}/when")
    return machine.sh(f"sha256sum <{DATA}/large")


def restored(machine, store, *until):
    """(what is in the small file, checksum of the large one), from a clean filesystem."""
    target = machine.path("restored")
    shutil.rmtree(target, ignore_errors=True)
    os.makedirs(target)
    tool(machine, "virtnbdrestore", "-i", store, "-o", target, "-n", "-d", "vdb",
         "-f", machine.path("nbd"), "-L", machine.path("restore.log"), *until)
    images = [name for name in glob.glob(os.path.join(target, "*"))
              if not name.endswith((".xml", ".log"))]
    equal(len(images), 1)
    raw = machine.path("restored.raw")
    made("qemu-img", "convert", "-O", "raw", images[0], raw)
    clean = host("e2fsck", "-fn", raw)
    if clean.returncode:
        raise AssertionError(clean.stdout)
    when = host("debugfs", "-R", "cat /when", raw).stdout.splitlines()[-1]
    host("debugfs", "-R", f"dump /large {machine.path('large')}", raw)
    with open(machine.path("large"), "rb") as file:
        total = host_sha256(file)
    for path in (raw, machine.path("large")):
        os.unlink(path)
    return when, total


def host_sha256(file):
    return hashlib.file_digest(file, "sha256").hexdigest() + "  -"


def virtnbdbackup(machine):
    store = machine.path("store")
    first = write(machine, FIRST)
    said = backup(machine, store, "full")
    second = write(machine, SECOND)
    said += backup(machine, store, "inc")
    write(machine, "too late")
    equal(restored(machine, store, "-u", "virtnbdbackup.0"), (FIRST, first))
    equal(restored(machine, store), (SECOND, second))
    return "\n".join(said)


ROWS = [Row("virtnbdbackup full, incremental; virtnbdrestore", virtnbdbackup)]
