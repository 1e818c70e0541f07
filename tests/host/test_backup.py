# SPDX-License-Identifier: LGPL-2.1-or-later
"""Backups of a QEMU without a guest: each restore point is what the disks were, to the byte."""

import json
import os
import random
import re
import subprocess

from lib.checks import Skip, has, same
from lib.played import Between
from lib.programs import guestctl_path

from bench import shown_on
from machine import Guest, Machine, content, run

FULL, INCREMENTAL = ("--level", "full"), ("--level", "incremental")


def change(vm, seed):
    """What a guest may do to its disks, different for each @seed."""
    chance = random.Random(seed)
    for disk in vm.disks:
        for _ in range(6):
            at, length = chance.randrange(0, 7 << 20, 512), chance.randrange(512, 300 << 10, 512)
            vm.io(disk, f"write -P {chance.randrange(1, 256)} {at} {length}")
        vm.io(disk, f"write -z {chance.randrange(0, 7 << 20, 65536)} 128k",
              f"discard {chance.randrange(0, 7 << 20, 65536)} 192k")


def check_restored(vm, point, wanted, what):
    for disk in vm.disks:
        if vm.restore(disk, point["id"]) != wanted[disk]:
            raise AssertionError(f"{what}: the disk {disk} is not what it was")


def levels(point):
    return {disk["name"]: disk["level"] for disk in point["disks"]}


def test_chain(bench):
    """one full and three incremental backups -> each restores the disks' bytes of its time"""
    vm, points, then = Machine(bench), [], []
    for step in range(4):
        change(vm, step)
        then.append(vm.contents())
        points.append(vm.backup(*(INCREMENTAL if step else FULL)))
    same([point["level"] for point in points], ["full"] + 3 * ["incremental"])
    same([point["parent"] for point in points], [None] + [point["id"] for point in points[:3]])
    change(vm, 99)
    before = vm.files()
    for point, wanted in zip(points, then):
        check_restored(vm, point, wanted, point["id"])
    same(vm.files(), before, "restoring changed the backups")
    vm.check_clean(vm.bitmaps(), before)
    same([len(names) for names in vm.bitmaps().values()], [1, 1], "one bitmap for each disk")


def test_long_chain(bench):
    """more backups in a chain than the soft limit of open files -> the newest is restored"""
    vm = Machine(bench, {"d0": "qcow2"})
    for step in range(60):
        vm.io("d0", f"write -P {step + 1} {step * 4096} 4k")
        vm.backup("--max-chain", "0")
    image = bench.path("image")
    run("prlimit", "--nofile=48:4096", guestctl_path(), "restore", "--from", vm.store, "--to", image)
    same(content(image) == vm.contents()["d0"], True, "the disk is not what it was")
    run("prlimit", "--nofile=48:4096", guestctl_path(), "backup", "verify", "--deep", "--to",
        vm.store)


def test_list_and_verify(bench):
    """list and verify without a VM -> done from the directory alone"""
    vm = Machine(bench)
    points = [vm.backup(), vm.backup()]
    vm.quit()
    result = bench.ctl("backup", "list", "--to", vm.store)
    same(result.status, 0, result)
    for point in points:
        has(result.out, point["id"])
    has(result.out, "crash-consistent")
    listed = json.loads(bench.ctl("--json", "backup", "list", "--to", vm.store).out)
    same(listed, points)
    result = bench.ctl("backup", "verify", "--to", vm.store)
    same((result.status, result.out), (0, "".join(f"{p['id']} ok\n" for p in points)), result)


def test_moved(bench):
    """a directory of backups that was moved -> verified, restored and continued"""
    vm = Machine(bench)
    for step in range(2):
        change(vm, step)
        vm.backup()
    wanted = vm.contents()
    os.rename(vm.store, vm.store + "-elsewhere")
    vm.store += "-elsewhere"
    same(vm.restore("d1"), wanted["d1"])


def test_compress(bench):
    """--compress -> smaller files with the same content"""
    vm = Machine(bench)
    change(vm, 1)
    plain, wanted = vm.backup(*FULL), vm.contents()
    packed = vm.backup(*FULL, "--compress")
    same((plain["compressed"], packed["compressed"]), (False, True))
    if packed["disks"][0]["size"] >= plain["disks"][0]["size"]:
        raise AssertionError(f"{packed} is not smaller than {plain}")
    check_restored(vm, packed, wanted, "compressed")


def test_two_stores(bench):
    """backups to two directories -> independent of each other"""
    vm = Machine(bench)
    first, second = vm.store, vm.store + "2"
    for step, store in enumerate((first, second, first, second)):
        change(vm, step)
        vm.store, wanted = store, vm.contents()
        point = vm.backup()
        same(point["level"], "full" if step < 2 else "incremental")
        check_restored(vm, point, wanted, store)


def test_restart(bench):
    """QEMU restarted -> qcow2 bitmaps are kept; auto copies raw disks in full with a reason"""
    vm = Machine(bench)
    vm.backup()
    vm.quit()
    vm.start()
    change(vm, 1)
    wanted = vm.contents()
    check_restored(vm, vm.backup(*INCREMENTAL), wanted, "after a restart")

    raw = Machine(bench, {"d0": "raw"}, "plain")
    raw.backup()
    same(raw.backup()["level"], "incremental")
    raw.quit()
    raw.start()
    result = raw.ctl("backup", "--to", raw.store)
    same(result.status, 0, result)
    has(result.out, "full because disk d0 has no bitmap of the last backup; "
                    "its format keeps none when QEMU exits")


def test_bitmap_lost(bench):
    """a bitmap that is lost or inconsistent -> incremental is refused, auto makes a full backup"""
    for loss in ("killed", "removed"):
        vm = Machine(bench, name=loss)
        vm.backup()
        change(vm, 1)
        if loss == "killed":
            # What was stored at a clean end is marked as in use from the next start on.
            vm.quit()
            vm.start()
            vm.kill()
            vm.start()
        else:
            (name,) = vm.bitmaps()["d1"]
            vm.monitor.call("block-dirty-bitmap-remove", node="d1", name=name)
        files = vm.files()
        told = vm.backup(*INCREMENTAL, status=1)
        has(told, "cannot make an incremental backup: ")
        has(told, "use --level full or auto")
        same(vm.files(), files)
        result = vm.ctl("backup", "--to", vm.store)
        has(result.out, "full because ")
        same(vm.backup()["level"], "incremental")


def test_disks_change(bench):
    """a disk that was added, removed or resized -> full backup"""
    vm = Machine(bench, {"d0": "qcow2"})
    vm.backup()
    vm.monitor.call("block_resize", device="d0", size=16 << 20)
    has(vm.backup(*INCREMENTAL, status=1), "disk d0 has another size")
    same(vm.backup()["level"], "full")
    vm.quit()
    vm.disks = {"d0": "qcow2", "d9": "qcow2"}
    run("qemu-img", "create", "-q", "-f", "qcow2", vm.image("d9"), "1M")
    vm.start()
    has(vm.backup(*INCREMENTAL, status=1), "disk d9 is new")
    change(vm, 1)
    point, wanted = vm.backup(), vm.contents()
    same((point["level"], levels(point)), ("mixed", {"d0": "incremental", "d9": "full"}))
    check_restored(vm, point, wanted, "a disk that came")
    vm.quit()
    vm.disks = {"d0": "qcow2"}
    vm.start()
    change(vm, 2)
    point, wanted = vm.backup(*INCREMENTAL), vm.contents()
    same(levels(point), {"d0": "incremental"})
    check_restored(vm, point, wanted, "a disk that went")


def test_chain_broken(bench):
    """a chain file that is missing or altered -> verify and restore name it"""
    vm = Machine(bench)
    points = []
    for step in range(3):
        change(vm, step)
        points.append(vm.backup())
    middle = points[1]["disks"][0]["file"]
    path = os.path.join(vm.store, middle)
    with open(path, "r+b") as file:
        file.seek(-1, os.SEEK_END)
        last = file.read(1)
        file.seek(-1, os.SEEK_END)
        file.write(bytes([last[0] ^ 1]))

    def check(told):
        result = bench.ctl("backup", "verify", "--to", vm.store)
        same(result.status, 1, result)
        has(result.out, f"{points[0]['id']} ok\n{points[1]['id']} is damaged: {told}")
        has(result.out, f"{points[2]['id']} is damaged: ")
        has(result.err, "2 of 3 backups in ")
        result = bench.ctl("restore", "--from", vm.store, "--disk", "d0", "--to",
                           bench.path("never"))
        same(result.status, 1, result)
        has(result.err, told)
        same(os.path.exists(bench.path("never")), False)
        vm.restore("d1")

    check(f"the file {middle} was altered")
    os.truncate(path, 1000)
    check(f"the file {middle} was altered: it has 1000 bytes")
    has(vm.backup(*INCREMENTAL, status=1), f"the file {middle} was altered")
    os.unlink(path)
    check(f"the file {middle} is missing")
    has(vm.backup(*INCREMENTAL, status=1), f"the file {middle} is missing")
    os.unlink(os.path.join(vm.store, points[1]["id"] + ".json"))
    result = bench.ctl("backup", "verify", "--to", vm.store)
    has(result.out, f"the manifest {points[1]['id']}.json is missing")
    has(result.out, f"{points[1]['disks'][1]['file']} belongs to no backup")
    same(vm.backup()["level"], "full")


def test_manifest_damaged(bench):
    """a manifest that is not valid -> every verb refuses the directory and names the file"""
    vm = Machine(bench)
    vm.backup()
    path = os.path.join(vm.store, "20200101T000000Z.json")
    for text in ("{", "[]", '{"format": "guestctl-backup-1", "id": "x", "disks": ['
                 '{"name": "d0", "sha256": "0", "file": "../../etc/passwd"}]}'):
        with open(path, "w", encoding="utf-8") as file:
            file.write(text)
        has(vm.backup(status=1), f"{os.path.realpath(path)} is not a valid manifest of a backup")


def test_prune(bench):
    """prune -> the newest backups and those that they depend on stay"""
    vm = Machine(bench)
    ids, then = [], []
    for step, level in enumerate(("full", "incremental", "full", "incremental", "incremental")):
        change(vm, step)
        then.append(vm.contents())
        ids.append(vm.backup("--level", level)["id"])

    def prune(keep, *options):
        result = bench.ctl(*options, "backup", "prune", "--to", vm.store, "--keep", keep)
        same(result.status, 0, result)
        return result.out

    files = vm.files()
    has(prune(4, "--dry-run"), "nothing to remove")
    has(prune(1, "--dry-run"), f"would remove {ids[1]}")
    same(vm.files(), files)
    same(prune(3).count("removed"), 2)
    same(prune(1), "nothing to remove\n")
    left = [row["id"] for row in json.loads(
        bench.ctl("--json", "backup", "list", "--to", vm.store).out)]
    same(left, ids[2:])
    same(len(vm.files()), 9)
    check_restored(vm, {"id": ids[4]}, then[4], "the newest")
    check_restored(vm, {"id": ids[2]}, then[2], "the oldest that is left")
    same(vm.backup()["level"], "incremental")
    result = bench.ctl("backup", "prune", "--to", vm.store)
    same(result.status, 2, result)


def test_restore(bench):
    """restore without --to, or to a file that exists -> refused, nothing is overwritten"""
    vm = Machine(bench)
    change(vm, 1)
    wanted, point = vm.contents(), vm.backup()
    image = bench.path("image")

    def refused(told, *args, status=1):
        result = bench.ctl("restore", "--from", vm.store, "--to", image, *args)
        same(result.status, status, result)
        has(result.err, told)
        same(os.path.exists(image), False)

    refused("several disks; use --to with a directory for all of them, or --disk with one of: d0, d1",
            status=2)
    refused("no such disk in the backup", "--disk", "d7", status=2)
    refused("neither a backup", "--disk", "d0", "--at", "yesterday", status=2)
    refused("no backup as old as", "--disk", "d0", "--at", "2001-01-01T00:00:00Z")
    refused("qcow2 or raw", "--disk", "d0", "--format", "vmdk", status=2)
    refused("no backups in", "--from", bench.place)
    same(vm.restore("d0", "2999-01-01 00:00:00", "--format", "raw"), wanted["d0"])
    same(vm.restore("d0", point["time"]), wanted["d0"])
    with open(image, "w", encoding="utf-8") as file:
        file.write("precious")
    result = bench.ctl("restore", "--from", vm.store, "--to", image, "--disk", "d0")
    has(result.err, "exists already")
    with open(image, encoding="utf-8") as file:
        same(file.read(), "precious")


def test_restore_all(bench):
    """restore into a directory that fails for one disk -> no image is left"""
    vm = Machine(bench)
    change(vm, 1)
    wanted = vm.contents()
    vm.backup()
    to = bench.path("to")

    def restore(*args):
        return bench.ctl("restore", "--from", vm.store, "--to", to, *args)
    has(bench.ctl("restore", "--from", vm.store, "--to", to + "/").err, "is not a directory")
    os.mkdir(to)
    result = restore("--json")
    same(result.status, 0, result)
    rows = json.loads(result.out)
    same([(row["disk"], row["image"]) for row in rows],
         [(disk, os.path.join(to, disk + ".qcow2")) for disk in ("d0", "d1")])
    for row in rows:
        same(content(row["image"], "-f", "qcow2") == wanted[row["disk"]], True, row)
    os.unlink(os.path.join(to, "d0.qcow2"))
    result = restore()
    same((result.status, os.listdir(to)), (1, ["d1.qcow2"]), result)
    has(result.err, "d1.qcow2 exists already")
    result = restore("--disk", "d1", "--format", "raw")
    same((result.status, sorted(os.listdir(to))), (0, ["d1.qcow2", "d1.raw"]), result)
    with open(os.path.join(to, "d1.raw"), "rb") as file:
        same(file.read() == wanted["d1"], True, "d1.raw")


def test_usage(bench):
    """invalid words of backup and restore -> usage error"""
    for args in (("backup",), ("backup", "--to", bench.place, "--level", "half"),
                 ("backup", "--to", bench.place, "--quiesce=perhaps"),
                 ("backup", "--to", bench.place, "turn"),
                 ("restore", "--to", "x"), ("restore", "--from", "x")):
        result = bench.ctl("--qmp", bench.path("none"), *args)
        same(result.status, 2, result)


def test_libvirt(bench):
    """libvirt and an option that it cannot carry out -> refused before anything is created"""
    result = bench.ctl("-c", "test:///default", "test", "backup", "--to", bench.path("b"),
                       "--compress")
    if "built without libvirt" in result.err:
        raise Skip(result.err)
    same(result.status, 2, result)
    has(result.err, "libvirt offers no --compress")
    same(os.path.exists(bench.path("b")), False)


def test_group(bench):
    """several VMs -> a directory each; the directory of another VM is refused"""
    vms = [Machine(bench, {"d0": "qcow2"}, name) for name in ("one", "two")]
    os.makedirs(bench.path("config", "guestctl"))
    with open(bench.path("config", "guestctl", "vms.ini"), "w", encoding="utf-8") as file:
        for vm in vms:
            file.write(f"[{vm.name}]\nqmp = {vm.qmp}\n")
    result = bench.ctl("one,two", "backup", "--to", bench.path("all"))
    same(result.status, 0, result)
    for vm in vms:
        change(vm, vm.name)
        vm.store = bench.path("all", vm.name)
        same(vm.backup()["level"], "incremental")
        check_restored(vm, {"id": vm.backup()["id"]}, vm.contents(), vm.name)
    has(bench.ctl("two", "backup", "--to", vms[0].store).err, "holds the backups of one")


def test_progress(bench):
    """a terminal -> progress bar, removed at the end; no terminal -> a line for each tenth"""
    vm = Machine(bench, {"d0": "qcow2"})
    vm.io("d0", "write -P 1 0 8M")
    ours, theirs = os.openpty()
    process = subprocess.Popen(
        [guestctl_path(), *vm.args, "backup", "--to", vm.store, "--rate", "2"],
        env=bench.env, stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=theirs)
    bench.processes.append(process)
    os.close(theirs)
    shown = shown_on(ours)
    os.close(ours)
    same(process.wait(), 0)
    if not re.search(rb"\rvm: backup \[#+\.+\] +\d+ %  [0-9.]+ MiB/s, \d+:\d\d left", shown):
        raise AssertionError(f"no bar: {shown}")
    same(shown[-4:], b"\r\033[K")
    result = vm.ctl("backup", "--to", vm.store, "--level", "full")
    has(result.err, "vm: backup: 100 %, ")
    same("\r" in result.err, False)


def test_held(bench):
    """copies during the freeze -> held until the thaw, then limited to --rate"""
    vm, jobs, asked = Machine(bench), [], []
    for disk in vm.disks:
        vm.io(disk, "write -P 1 0 8M")
    guest = Guest(vm, {"thaw": lambda: jobs.extend(vm.monitor.call("query-block-jobs")) or 1})
    Between(vm, asked.append)
    point = vm.backup("--quiesce", "--rate", "64")
    same(guest.did, ["freeze", "thaw"])
    same([action["data"]["speed"] for message in asked if message["execute"] == "transaction"
          for action in message["arguments"]["actions"] if action["type"] == "blockdev-backup"],
         [1, 1], "bytes a second asked for within the freeze")
    same([job["speed"] for job in jobs], [1, 1], "bytes a second within the freeze")
    if any(job["offset"] > job["len"] // 2 for job in jobs):
        raise AssertionError(f"they have not waited: {jobs}")
    same([message["arguments"]["speed"] for message in asked
          if message["execute"] == "block-job-set-speed"], [64 << 20, 64 << 20])
    check_restored(vm, point, vm.contents(), "held")


def test_dry_run(bench):
    """--dry-run -> nothing changes, no directory is created"""
    vm = Machine(bench)
    result = vm.ctl("backup", "--to", os.path.join(vm.store, "deeper"), "--dry-run")
    has(result.out, "would make a full backup of 2 disks, up to ")
    same(os.path.exists(vm.store), False, "made")
    same(any(vm.bitmaps().values()), False, "bitmaps")
    vm.backup()
    change(vm, 1)
    files, bitmaps = vm.files(), vm.bitmaps()
    result = vm.ctl("backup", "--to", vm.store, "--dry-run")
    has(result.out, "would make an incremental backup of 2 disks, up to ")
    same((vm.files(), vm.bitmaps()), (files, bitmaps))


def test_restore_relative(bench):
    """restore to a relative name with a colon -> a file of that name, not a protocol of QEMU"""
    vm = Machine(bench, {"d0": "qcow2"})
    change(vm, 1)
    wanted = vm.contents()
    vm.backup()
    result = bench.ctl("restore", "--from", vm.store, "--to", "nbd:1.qcow2", cwd=bench.place)
    same(result.status, 0, result)
    same(content(bench.path("nbd:1.qcow2")) == wanted["d0"], True)
