# SPDX-License-Identifier: LGPL-2.1-or-later
"""What verify and restore find in files whose checksums are right, and programs that hang."""

import hashlib
import json
import os
import shutil
import signal
import time

from lib.checks import has, same
from lib.played import PATIENCE

from bench import lines_of
from machine import Machine, run
from test_backup import change
from test_backup_faults import fake_qemu_img

CLUSTER_BITS = 16


def believe(vm, point, disk=0):
    """The manifest gets the checksum that the file has now."""
    row = point["disks"][disk]
    with open(os.path.join(vm.store, row["file"]), "rb") as file:
        now = hashlib.sha256(file.read()).hexdigest()
    path = os.path.join(vm.store, point["id"] + ".json")
    with open(path, encoding="utf-8") as file:
        text = file.read()
    has(text, row["sha256"])
    with open(path, "w", encoding="utf-8") as file:
        file.write(text.replace(row["sha256"], now))


def spoil_compressed(path):
    """Replaces the first compressed cluster by what cannot be decompressed; docs/interop/qcow2.rst."""
    with open(path, "r+b") as file:
        def number(at):
            file.seek(at)
            return int.from_bytes(file.read(8), "big")
        offset = (1 << 56) - 512
        table = number(number(40)) & offset
        entry = next(entry for entry in map(number, range(table, table + (1 << CLUSTER_BITS), 8))
                     if entry >> 62 & 1)
        file.seek(entry & ((1 << (62 - (CLUSTER_BITS - 8))) - 1))
        file.write(b"\xff" * 16)


def verify(vm, *args, status=1):
    result = vm.bench.ctl("backup", "verify", "--to", vm.store, *args)
    same(result.status, status, result)
    return result.out


def test_deep(bench):
    """compressed data that cannot be decompressed -> verify --deep names the file"""
    vm = Machine(bench, {"d0": "qcow2"})
    points = []
    for step in range(3):
        change(vm, step)
        points.append(vm.backup("--compress"))
    ids = [point["id"] for point in points]
    same(verify(vm, "--deep", status=0), "".join(f"{name} ok\n" for name in ids))
    # The newest is read with those it depends on; what it hides of the others, with these.
    for number in (2, 1):
        name = points[number]["disks"][0]["file"]
        path = os.path.join(vm.store, name)
        shutil.copy(path, bench.path("intact"))
        spoil_compressed(path)
        believe(vm, points[number])
        same(verify(vm, status=0), "".join(f"{name} ok\n" for name in ids))
        said = verify(vm, "--deep")
        has(said, f"{ids[number]} is damaged: the file {name} cannot be read")
        has(said, f"{ids[number - 1]} ok\n")
        result = bench.ctl("--json", "backup", "verify", "--deep", "--to", vm.store)
        same([row["ok"] for row in json.loads(result.out)][:number + 1],
             [True] * number + [False])
        shutil.copy(bench.path("intact"), path)
        vm_manifest(vm, points[number])
    same(verify(vm, "--deep", status=0), "".join(f"{name} ok\n" for name in ids))


def vm_manifest(vm, point):
    """The manifest as it was written."""
    path = os.path.join(vm.store, point["id"] + ".json")
    with open(path, "w", encoding="utf-8") as file:
        json.dump(point, file)


def test_backing_format(bench):
    """a member that takes its backing file for raw data, or guesses -> named by verify and restore"""
    for word in ("raw", None):
        vm = Machine(bench, {"d0": "qcow2"}, name=f"vm-{word}")
        points = []
        for step in range(2):
            change(vm, step)
            points.append(vm.backup())
        name = points[1]["disks"][0]["file"]
        path = os.path.join(vm.store, name)
        if word:
            run("qemu-img", "rebase", "-u", "-f", "qcow2", "-F", word, "-b",
                points[0]["disks"][0]["file"], path)
        else:
            forget_format(path)
        believe(vm, points[1])
        told = f"the file {name} takes its backing file for {word or 'any format'} instead of qcow2"
        has(verify(vm), f"{points[0]['id']} ok\n{points[1]['id']} is damaged: {told}")
        result = bench.ctl("restore", "--from", vm.store, "--to", bench.path("never"))
        same(result.status, 1, result)
        has(result.err, f"{told}; \"backup verify\" lists the intact backups")
        same(os.path.exists(bench.path("never")), False)


def test_json(bench):
    """verify --json of a missing directory, or a damaged backup -> one JSON document"""
    vm = Machine(bench, {"d0": "qcow2"})
    result = bench.ctl("--json", "backup", "verify", "--to", bench.path("missing"))
    same((result.status, json.loads(result.out)["ok"]), (1, False), result)
    has(result.err, json.loads(result.out)["error"])
    change(vm, 0)
    point = vm.backup()
    os.unlink(os.path.join(vm.store, point["disks"][0]["file"]))
    result = bench.ctl("--json", "backup", "verify", "--to", vm.store)
    same((result.status, [row["ok"] for row in json.loads(result.out)]), (1, [False]), result)
    has(result.err, "1 of 1 backups in ")


def test_unreadable_manifest(bench):
    """a manifest that cannot be read -> list and verify name it and show the other backups"""
    vm = Machine(bench, {"d0": "qcow2"})
    points = [vm.backup("--level", "full") for _ in range(2)]
    with open(os.path.join(vm.store, points[0]["id"] + ".json"), "w", encoding="utf-8") as file:
        file.write("{")
    listed = bench.ctl("backup", "list", "--to", vm.store)
    same(listed.status, 1, listed)
    has(listed.err, "1 of 2 manifests in ")
    has(listed.out, f"{points[0]['id']} cannot be read: ")
    has(listed.out, f"{points[1]['id']} ")
    rows = json.loads(bench.ctl("--json", "backup", "list", "--to", vm.store).out)
    same([(row["id"], "error" in row) for row in rows],
         [(points[1]["id"], False), (points[0]["id"], True)])
    has(verify(vm), f"{points[0]['id']} is damaged: ")
    has(verify(vm), f"{points[1]['id']} ok\n")
    same("belongs to no backup" in verify(vm), False)
    # What it says of other files is not known, so nothing is added and nothing removed.
    files = vm.files()
    has(vm.backup(status=1), points[0]["id"])
    result = bench.ctl("backup", "prune", "--keep", "1", "--to", vm.store)
    same((result.status, vm.files()), (1, files), result)


def test_json_without_vm(bench):
    """--json and a VM that does not exist, or an unknown option -> one JSON object with the error"""
    for words in (("--qmp", bench.path("none"), "gone", "info"), ("vm", "info", "--no-such")):
        result = bench.ctl("--json", *words)
        document = json.loads(result.out)
        same((result.status != 0, document["ok"]), (True, False), result)
        has(result.err, document["error"])


def forget_format(path):
    """Gives the header extension with the backing file's format a type that QEMU ignores."""
    with open(path, "r+b") as file:
        start = file.read(1024)
        at = start.index(bytes.fromhex("e2792aca"))
        file.seek(at)
        file.write(bytes.fromhex("12345678"))


def test_manifest_1(bench):
    """manifests of the first format, with one checksum for each file -> verified and restored"""
    vm = Machine(bench, {"d0": "qcow2"})
    points, wanted = [], []
    for step in range(2):
        change(vm, step)
        wanted.append(vm.contents()["d0"])
        points.append(vm.backup())
    for point in points:
        row = point["disks"][0]
        vm_manifest(vm, {**{name: point[name] for name in (
            "set", "id", "parent", "vm", "number", "time", "compressed", "consistency")},
            "format": "guestctl-backup-1",
            "disks": [{name: row[name] for name in
                       ("name", "file", "virtual-size", "size", "sha256")}]})
    same(verify(vm, status=0), "".join(f"{point['id']} ok\n" for point in points))
    same([vm.restore("d0", point["id"]) for point in points], wanted)
    with open(os.path.join(vm.store, points[1]["disks"][0]["file"]), "r+b") as file:
        file.seek(-1, os.SEEK_END)
        file.write(b"?")
    has(verify(vm), "was altered: its checksum is not the one in the manifest")


def test_hang(bench):
    """qemu-img hangs -> reported after 10 s; SIGTERM ends guestctl, qemu-img and its child within 2 s"""
    vm = Machine(bench, {"d0": "qcow2"})
    change(vm, 0)
    vm.backup()
    with bench.held() as words:
        # Neither program ends by itself; the second one keeps this FIFO open.
        alive = bench.path("alive")
        os.mkfifo(alive)
        fake_qemu_img(bench, f'if [ "$1" = convert ]; then for last; do :; done; : >"$last"; '
                             f"{' '.join(words)} >'{alive}' & {' '.join(words)}; fi\n"
                             f'exec {vm.tool} "$@"')
        process = bench.start("restore", "--from", vm.store, "--to", bench.path("never"))
        with open(alive, "rb") as fifo:
            has(lines_of(process), "guestctl: qemu-img convert: no progress for 10 s\n")
            began = time.monotonic()
            process.send_signal(signal.SIGTERM)
            _, err = process.communicate(timeout=PATIENCE)
            took = time.monotonic() - began
            same(fifo.read(), b"", "the child of qemu-img has ended")
    same(process.returncode, 1)
    has(err.decode(), "interrupted")
    same(took < 2, True, f"{took:.1f} s after the signal")
    same([name for name in os.listdir(bench.place) if name.startswith("never")], [])


def test_damaged_and_hanging(bench):
    """a damaged file while qemu-img hangs -> restore ends at once, names the file, leaves no image"""
    vm = Machine(bench, {"d0": "qcow2"})
    points = []
    for step in range(2):
        change(vm, step)
        points.append(vm.backup())
    name = points[0]["disks"][0]["file"]
    path = os.path.join(vm.store, name)
    with open(path, "r+b") as file:
        file.seek(-1, os.SEEK_END)
        last = file.read(1)
        file.seek(-1, os.SEEK_END)
        file.write(bytes([last[0] ^ 1]))
    with bench.held() as words:
        fake_qemu_img(bench, f'if [ "$1" = convert ]; then for last; do :; done; : >"$last"; '
                             f"exec {' '.join(words)}; fi\n"
                             f'exec {vm.tool} "$@"')
        result = bench.ctl("restore", "--from", vm.store, "--to", bench.path("never"))
    same(result.status, 1, result)
    has(result.err, f"the file {name} was altered: ")
    has(result.err, "; \"backup verify\" lists the intact backups")
    same([name for name in os.listdir(bench.place) if name.startswith("never")], [])
