# SPDX-License-Identifier: LGPL-2.1-or-later
"""Rows of guestctl's table: snapshots and backups."""

import json
import os
import re

from ctl_rows import Table
from lib.programs import cache_dir, host, made

DISKS = Table()
row = DISKS.row

BOTH = 2  # filesystems, and disks


def marked(world, text):
    """Something on the small disk that a copy of it is known by."""
    world.guest.sh(f"echo {text} >/mnt/data/mark && sync /mnt/data/mark")


def mark_in(world, image):
    """(the mark on an ext4 image, whether nothing is to repair and no journal to replay)"""
    raw = world.path("copy.raw")
    made("qemu-img", "convert", "-U", "-O", "raw", image, raw)
    clean = host("e2fsck", "-fn", raw).returncode == 0 and \
        "needs_recovery" not in host("dumpe2fs", "-h", raw).stdout
    text = host("debugfs", "-R", "cat /mark", raw).stdout.splitlines()[-1]
    os.unlink(raw)
    return text, clean


def disk_of(world, told):
    return next(disk for disk in told["disks"] if disk["name"] == world.disk)


def thawed(world, what):
    """The guest writes, or the test ends here."""
    world.equal(world.ctl("raw", '{"execute": "guest-fsfreeze-status"}').json,
                {"return": "thawed"}, what)
    world.guest.sh("echo x >/mnt/data/probe && sync /mnt/data/probe")


@row("snapshot", "quiesce", "freeze-limit", "wait")
def snapshot_quiesced(world):
    """quiesced snapshot -> consistent; commit writes back what the guest wrote since"""
    marked(world, "before")
    before = world.image()
    told = world.ctl("snapshot", "--json", "--quiesce", "--freeze-limit", "60", "--wait",
                     "60").json
    overlay = world.image()
    world.equal((told["label"], told["filesystems"], len(told["disks"])), ("consistent", BOTH, BOTH),
                told)
    world.check(told["frozen-ms"] > 0, told)
    world.equal("guestd-report" in told, not world.stock, "guestd's report")
    world.equal((disk_of(world, told)["backing"], disk_of(world, told)["overlay"]),
                (before, overlay), "images")
    thawed(world, "after the snapshot")
    marked(world, "after")
    world.equal(mark_in(world, before), ("before", True), "the snapshot")
    manifests = [name for name in os.listdir(os.path.dirname(overlay))
                 if name.endswith(".snapshot.json")]
    with open(os.path.join(os.path.dirname(overlay), manifests[0]), encoding="utf-8") as file:
        world.equal(json.load(file)["label"], "consistent", manifests)
    said = world.ctl("snapshot", "commit").out
    world.check(f"{world.disk}: committed {overlay} into {before}\n" in said, said)
    world.equal((world.image(), os.path.exists(overlay)), (before, False), "after the commit")
    world.guest.sh("sync -f /mnt/data")
    world.equal(mark_in(world, before)[0], "after", "what was folded in")


@row("snapshot", "disk", "to", "allow-plaintext")
def snapshot_plain(world):
    """one disk, another directory, no freeze -> labelled crash-consistent"""
    place = world.path(f"overlays-{world.agent}")
    os.makedirs(place)
    words = ("snapshot", "--disk", world.disk, "--to", place)
    said = world.ctl(*words, "--dry-run").out
    world.matches(rf"{world.disk}: would write to {place}/.*, its snapshot would be .*\n", said)
    world.equal(os.listdir(place), [], "--dry-run")
    said = world.ctl(*words, "--allow-plaintext").out
    world.matches(rf"crash-consistent.*\n{world.disk}: writes to {place}/.*, its snapshot is .*\n", said)
    world.check(world.image().startswith(place), world.image())
    world.ctl("snapshot", "commit", "--disk", world.disk)
    world.equal(os.listdir(place), [], "what is left")
    world.refused("snapshot", "commit", text="no disk has a snapshot made by guestctl")


@row("snapshot", "quiesce")
def snapshot_refused(world):
    """no agent -> require fails and changes nothing, try reports it"""
    world.stop_agent()
    try:
        before = world.image()
        words = ("--timeout", "2", "snapshot", "--json", "--disk", world.disk)
        world.ctl(*words, "--quiesce=require", status=1)
        world.equal(world.image(), before, "image")
        told = world.ctl(*words, "--quiesce=try").json
        world.equal((told["label"], told["filesystems"]), ("crash-consistent", 0), told)
        world.check(told["reason"], told)
        world.ctl("snapshot", "commit")
    finally:
        world.use(world.agent)


@row("snapshot", "quiesce")
def snapshot_mount_point(world):
    """--quiesce with a mount point -> that filesystem alone is frozen; not mounted -> refused"""
    before = world.image()
    words = ("snapshot", "--json", "--disk", world.disk)
    world.ctl(*words, "--quiesce=/mnt/none", status=1)
    thawed(world, "after the refusal")
    world.equal(world.image(), before, "image")
    told = world.ctl(*words, "--quiesce=/mnt/data").json
    world.equal((told["label"], told["filesystems"], told["mount-points"]),
                ("consistent", 1, ["/mnt/data"]), told)
    thawed(world, "after the snapshot")
    world.ctl("snapshot", "commit")


def store(world):
    return world.path("backups")


def backup(world, level, *words):
    told = world.ctl("backup", "--json", "--to", store(world), "--level", level, "--quiesce",
                     "--freeze-limit", "60", *words).json
    world.equal((told["level"], told["consistency"]["label"], told["consistency"]["filesystems"],
                 len(told["disks"])), (level, "consistent", BOTH, BOTH), told)
    thawed(world, "after the backup")
    return told


def bare_only(world, *words):
    """Words that libvirt cannot be told, where it can do without."""
    if not world.libvirt:
        return words
    world.refused("backup", "--to", store(world), *words, status=2,
                  text="backup: libvirt offers no --compress")
    return ()


def listed(world):
    return [point["id"] for point in world.ctl("backup", "list", "--json", "--to", store(world)).json]


@row("backup", "to", "level", "quiesce", "freeze-limit", "rate", "compress")
def backup_chain(world):
    """full and incremental, quiesced -> consistent, and thawed at once"""
    # On a bare QEMU the machine, and so the chain, is that of the agent before.
    level = "incremental" if os.path.isdir(store(world)) else "full"
    said = world.ctl("backup", "--to", store(world), "--dry-run").out
    world.matches(r"would make an? (full|incremental) backup of 2 disks, up to .*\n.*", said)
    marked(world, f"first-{world.agent}")
    first = backup(world, level, "--rate", "4096")
    marked(world, f"second-{world.agent}")
    second = backup(world, "incremental", *bare_only(world, "--compress"))
    world.equal(second["parent"], first["id"], "parent")
    world.equal(listed(world)[-2:], [first["id"], second["id"]], "list")
    table = world.ctl("backup", "list", "--to", store(world)).out
    world.matches(rf"BACKUP +TIME +LEVEL +DISKS +SIZE +CONSISTENCY +PARENT +FULL "
                  rf"BECAUSE\n.*{second['id']} .* incremental +2 .* consistent +{first['id']} +-\n"
                  r"(in the VM: guestctl-.*\n)+", table)


@row("backup", "to", "disk", "exclude", "wait", "max-chain", "allow-plaintext")
def backup_choice(world):
    """--disk, --exclude, --max-chain -> one disk, all but one, a new chain"""
    place = world.path(f"chosen-{world.agent}")
    one = world.ctl("backup", "--json", "--to", place, "--disk", world.disk, "--wait", "60").json
    rest = world.ctl("backup", "--json", "--to", place, "--exclude", world.disk).json
    world.equal([disk["name"] for disk in one["disks"]], [world.disk], one)
    world.equal((one["left-out"], rest["left-out"]),
                ([disk["name"] for disk in rest["disks"]], [world.disk]), rest)
    again = world.ctl("backup", "--json", "--to", place, "--disk", world.disk, "--max-chain", "1",
                      "--allow-plaintext").json
    world.equal(again["level"], "full", again)
    world.check("--max-chain" in again["disks"][0]["reason"], again)


@row("backup", "to", "all")
def backup_forget(world):
    """forget of a directory -> its bitmaps are removed, those of others stay"""
    place = world.path(f"chosen-{world.agent}")
    said = world.ctl("backup", "forget", "--to", place).out
    world.check("removed guestctl-" in said, said)
    outcome = world.ctl("backup", "--to", place, "--level", "incremental", status=1)
    world.check("cannot make an incremental backup" in outcome.err, outcome)
    said = world.ctl("backup", "forget", "--all", "--dry-run").out
    world.check("would remove guestctl-" in said, said)


@row("restore", "from", "to", "disk", "at", "format", "force")
def restore(world):
    """restore of one disk -> its image of that time"""
    points, image = listed(world), world.path("restored")
    for point, mark in zip(points[-2:], ("first", "second")):
        for kind in ("raw", "qcow2"):
            told = world.ctl("restore", "--json", "--from", store(world), "--disk", world.disk,
                             "--at", point, "--to", image, "--format", kind).json
            world.equal((told["backup"], told["label"]), (point, "consistent"), told)
            info = json.loads(host("qemu-img", "info", "--output=json", image).stdout)
            world.equal((info["format"], "backing-filename" in info), (kind, False), "image")
            world.equal(mark_in(world, image), (f"{mark}-{world.agent}", True), "what is in it")
            os.unlink(image)
    said = world.ctl("restore", "--from", store(world), "--to", image, status=2).err
    world.matches(r"guestctl: restore: the backup has several disks; use --to with a directory for "
                  r"all of them, or --disk with one of: .*\n", said)
    said = world.ctl("restore", "--from", store(world), "--disk", world.disk, "--to", image,
                     "--force", status=2).err
    world.check("--force requires --to with a block device" in said, said)
    both = world.path(f"restored-{world.agent}")
    os.mkdir(both)
    world.ctl("restore", "--from", store(world), "--at", points[-1], "--to", both)
    names = os.listdir(both)
    world.check(len(names) > 1, names)
    data = next(os.path.join(both, name) for name in names if world.disk in name)
    world.equal(mark_in(world, data), (f"second-{world.agent}", True), "what is in one of all")


@row("files", "from", "at", "disk", "kernel", "idle", "recursive", "into", once=True)
def files(world):
    """cat, ls, cp, keep -> the files of the guest, one put back; an idle appliance ends"""
    words = ("files", "--from", store(world), "--at", listed(world)[-1], "--kernel",
             os.path.join(cache_dir(), "kernel", "vmlinuz"))
    try:
        world.equal(world.ctl(*words, "cat", "/etc/hostname").out, "guest-under-test\n", "hostname")
        copied = world.path(f"copied-{world.agent}")
        world.ctl(*words, "--recursive", "cp", "/etc/systemd", copied)
        world.check(os.path.isdir(os.path.join(copied, "system")), "the copied directory")
        world.ctl(*words, "--into", f"{world.name}:/root/rows/", "cp", "/etc/hostname")
        put, there = (world.guest.sh(f"cat {path}/hostname; stat -c '%U %G %a %s %Y' {path}/hostname")
                      for path in ("/root/rows", "/etc"))
        world.equal(put, there, "the file that was put back")
        systems = world.ctl(*words, "--json", "ls").json
        world.equal([row["type"] for row in systems], ["ext4"] * len(systems), systems)
    finally:
        world.ctl(*words, "end")
    world.equal(world.ctl(*words, "--disk", world.disk, "--idle", "1", "keep").out, "ready\n", "keep")


@row("backup", "to", "deep")
def backup_verify(world):
    """verify -> all are read; a changed byte is found"""
    for deep in ((), ("--deep",)):
        said = world.ctl("backup", "verify", *deep, "--to", store(world)).out
        world.equal(said, "".join(f"{point} ok\n" for point in listed(world)), "verify")
    newest = world.ctl("backup", "list", "--json", "--to", store(world)).json[-1]
    path = os.path.join(store(world), disk_of(world, newest)["file"])
    with open(path, "r+b") as file:
        file.seek(-1, os.SEEK_END)
        byte = file.read(1)
        file.seek(-1, os.SEEK_END)
        file.write(bytes([byte[0] ^ 1]))
    try:
        outcome = world.ctl("backup", "verify", "--to", store(world), status=1)
        world.check(f"{newest['id']} is damaged: " in outcome.out, outcome)
        world.matches(r"guestctl: 1 of \d backups in .* are damaged; make a full one\n", outcome.err)
    finally:
        with open(path, "r+b") as file:
            file.seek(-1, os.SEEK_END)
            file.write(byte)


@row("backup", "keep", "keep-last", "keep-daily", "keep-weekly", "keep-monthly")
def backup_prune(world):
    """prune -> the newest backup and those that it depends on stay"""
    before = listed(world)
    world.equal(world.ctl("backup", "prune", "--to", store(world), "--keep", "1").out,
                "nothing to remove\n", "a chain is removed as a whole")
    for rule in ("last", "daily", "weekly", "monthly"):
        said = world.ctl("backup", "prune", "--to", store(world), f"--keep-{rule}", "1",
                         "--dry-run").out
        world.check(f"would keep {before[-1]}" in said, said)
    if world.stock:
        full = backup(world, "full")
        said = world.ctl("backup", "prune", "--to", store(world), "--keep", "1").out
        world.equal(re.findall(r"^removed (\S+),", said, re.M), before[::-1], said)
        world.equal(listed(world), [full["id"]], "what is left")
