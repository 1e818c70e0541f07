# SPDX-License-Identifier: LGPL-2.1-or-later
"""How many filesystems a freeze and a thaw count, beside the reference."""

from lib.checks import Skip, expect, row, same, until
from lib.client import AgentError
from lib.loops import can_make, held_up
from lib.private import umount_lazily
from lib.programs import run



def frozen_and_thawed(host, points):
    frozen = host.freeze(points)
    status = host.status()
    thawed = host.thaw()
    same(status, "frozen" if frozen else "thawed", "status after the freeze")
    same(host.status(), "thawed", "status after the thaw")
    return frozen, thawed


def both_count(scene, host, points, wanted):
    """guestd counts so, and the reference as well where it is there."""
    same(frozen_and_thawed(host, points), (wanted, wanted), "guestd's counts")
    if scene.reference_program:
        same(frozen_and_thawed(scene.reference(), points), (wanted, wanted),
             "the reference's counts")


@row("counts: ext4, xfs and btrfs -> each is frozen")
def kinds(scene):
    points = [scene.shop.make(kind, kind) for kind in ("ext4", "xfs", "btrfs") if can_make(kind)]
    host = scene.start()
    both_count(scene, host, points, len(points))
    for point in points:
        both_count(scene, host, [point], 1)
    same(host.freeze(points), len(points), "frozen")
    same(held_up(points), points, "held up")
    same(host.thaw(), len(points), "thawed")
    if len(points) < 3:
        raise Skip("only " + " ".join(points))


@row("counts: filesystems that are not listed -> not frozen")
def only_the_listed(scene):
    listed, other = scene.shop.make("ext4", "listed"), scene.shop.make("ext4", "other")
    host = scene.start()
    same(host.freeze([listed]), 1, "frozen")
    same(held_up([listed, other]), [listed], "held up")
    same(host.thaw(), 1, "thawed")


@row("counts: bind mount -> one filesystem")
def bind(scene):
    point = scene.shop.make("ext4", "point")
    again = scene.shop.bind(point, "again")
    host = scene.start()
    both_count(scene, host, [point, again], 1)
    both_count(scene, host, [point], 1)
    # The first mount stands for it; the reference knows no other.
    both_count(scene, host, [again], 0)


@row("counts: two subvolumes of a btrfs -> one filesystem")
def subvolumes(scene):
    if not can_make("btrfs"):
        raise Skip("no btrfs")
    point = scene.shop.make("btrfs", "top")
    run("btrfs", "subvolume", "create", scene.shop.path("top", "one"))
    run("btrfs", "subvolume", "create", scene.shop.path("top", "two"))
    device = run("findmnt", "-n", "-o", "SOURCE", point)
    one = scene.shop.mount(device, "one", "-o", "subvol=one")
    two = scene.shop.mount(device, "two", "-o", "subvol=two")
    host = scene.start()
    both_count(scene, host, [point, one, two], 1)
    same(host.freeze([point]), 1, "frozen")
    same(held_up([point, one, two]), [point, one, two], "held up")
    same(host.thaw(), 1, "thawed")


@row("counts: read-only mount -> as qemu-ga counts it")
def read_only(scene):
    point = scene.shop.make("ext4", "ro")
    other = scene.shop.make("ext4", "rw")
    run("mount", "-o", "remount,ro", point)
    scene.read_only = (point,)
    host = scene.start()
    wanted = frozen_and_thawed(scene.reference(), [point, other])
    same(frozen_and_thawed(host, [point, other]), wanted, "as the reference")


@row("counts: loop image on a filesystem -> the image freezes first")
def nested(scene):
    outer = scene.shop.make("ext4", "outer", 128 << 20)
    inner = scene.shop.make("ext4", "inner", 32 << 20, below=outer)
    host = scene.start()
    for _ in range(5):
        scene.dirty(inner, outer)
        both_count(scene, host, [outer, inner], 2)


@row("counts: loop image in a loop image -> the innermost freezes first")
def nested_twice(scene):
    outer = scene.shop.make("ext4", "outer", 256 << 20)
    middle = scene.shop.make("ext4", "middle", 128 << 20, below=outer)
    inner = scene.shop.make("ext4", "inner", 32 << 20, below=middle)
    beside = scene.shop.make("ext4", "beside", 16 << 20, below=outer)
    host = scene.start()
    for _ in range(5):
        scene.dirty(inner, middle, outer, beside)
        same(frozen_and_thawed(host, [outer, middle, inner, beside]), (4, 4), "counts")
    report = {row["mountpoint"]: row["state"] for row in host.report()["filesystems"]}
    same(set(report.values()), {"thawed"}, "states")


@row("counts: unlisted filesystem between two listed ones -> still ordered by device")
def nested_gap(scene):
    outer = scene.shop.make("ext4", "outer", 256 << 20)
    middle = scene.shop.make("ext4", "middle", 128 << 20, below=outer)
    inner = scene.shop.make("ext4", "inner", 32 << 20, below=middle)
    host = scene.start(freeze_deadline=60, presync_limit=0)
    for _ in range(10):
        scene.dirty(inner, outer)
        same(frozen_and_thawed(host, [outer, inner]), (2, 2), "counts")


@row("counts: loop image with a deleted path -> ordered by its file")
def nested_remounted(scene):
    outer = scene.shop.make("ext4", "outer", 256 << 20)
    inner = scene.shop.make("ext4", "inner", 32 << 20, below=outer)
    device = run("findmnt", "-n", "-o", "SOURCE", outer)
    # Mount order is now the other way round, and the image has no path that leads to it.
    scene.shop.mount(device, "later")
    run("umount", "-l", outer)
    scene.shop.forget(outer)
    later = scene.shop.path("later")
    host = scene.start(freeze_deadline=60, presync_limit=0)
    for _ in range(5):
        scene.dirty(inner, later)
        same(frozen_and_thawed(host, [later, inner]), (2, 2), "counts")


@row("counts: loop image with a deleted path on btrfs -> ordered by its file")
def nested_remounted_btrfs(scene):
    if not can_make("btrfs"):
        raise Skip("no btrfs")
    outer = scene.shop.make("btrfs", "outer", 256 << 20)
    run("btrfs", "subvolume", "create", f"{outer}/sub")
    inner = scene.shop.make("ext4", "inner", 32 << 20, below=f"{outer}/sub")
    device = run("findmnt", "-n", "-o", "SOURCE", outer)
    scene.shop.mount(device, "later", "-o", "subvol=sub")
    run("umount", "-l", outer)
    scene.shop.forget(outer)
    later = scene.shop.path("later")
    host = scene.start(freeze_deadline=60, presync_limit=0)
    for _ in range(5):
        scene.dirty(inner, later)
        same(frozen_and_thawed(host, [later, inner]), (2, 2), "counts")


@row("counts: covered mount point -> reached by another mount, or skipped")
def hidden(scene):
    below, other = scene.shop.make("ext4", "below"), scene.shop.make("ext4", "other")
    bind = scene.shop.bind(below, "bind")
    run("mount", "--bind", other, below)
    # With hooks all is opened twice, but told once.
    scene.hook("1")
    try:
        host = scene.start()
        same(host.freeze([below]), 1, "frozen")
        # Reached by its other mount point.
        same(held_up([bind, other]), [bind], "held up")
        same(host.thaw(), 1, "thawed")
        # Lazily, as the writer that was held up may be about to end.
        umount_lazily(bind)
        scene.shop.forget(bind)
        same(frozen_and_thawed(host, [below]), (0, 0), "counts without another way")
        row = host.report()["filesystems"][0]
        same((row["state"], row["reason"]), ("skipped", "another mount hides it"), "report")
        until(lambda: "freeze: skipping" in scene.agent.log(), "a line about a skipped filesystem")
        same(scene.agent.log().count("freeze: skipping"), 1, "lines about skipped filesystems")
    finally:
        run("umount", below)


@row("counts: unknown mount point in the list -> ignored")
def unknown(scene):
    point = scene.shop.make("ext4", "point")
    host = scene.start()
    both_count(scene, host, [scene.shop.path("nowhere"), point], 1)
    both_count(scene, host, [scene.shop.path("nowhere")], 0)
    both_count(scene, host, [point + "/"], 0)


@row("counts: freeze-exclude -> not frozen")
def excluded(scene):
    one, two = scene.shop.make("ext4", "one"), scene.shop.make("ext4", "two")
    host = scene.start(fsfreeze_exclude=f"{one[:-2]}*n*,type:xfs")
    same(frozen_and_thawed(host, [one, two]), (1, 1), "counts")
    host.freeze([one, two])
    same(held_up([one, two]), [two], "held up")
    host.thaw()


@row("counts: thaw without a freeze -> thaws foreign freezes")
def drain(scene):
    one, two = scene.shop.make("ext4", "one"), scene.shop.make("ext4", "two")
    host = scene.start()
    same(host.thaw(), 0, "thawed of nothing")
    run("fsfreeze", "-f", one)
    same(host.status(), "thawed", "status")
    same(host.thaw(), 1, "thawed")
    scene.nothing_frozen()
    run("fsfreeze", "-f", one)
    run("fsfreeze", "-f", two)
    same(host.thaw(), 2, "thawed")


@row("counts: foreign freeze -> reported, not counted, not thawed")
def foreign(scene):
    ours, theirs = scene.shop.make("ext4", "ours"), scene.shop.make("ext4", "theirs")
    host = scene.start()
    run("fsfreeze", "-f", theirs)
    same(frozen_and_thawed(host, [ours, theirs]), (1, 1), "counts")
    report = {row["mountpoint"]: row["state"] for row in host.report()["filesystems"]}
    same(report, {ours: "thawed", theirs: "foreign"}, "states")
    same(held_up([ours, theirs]), [theirs], "held up")
    same(frozen_and_thawed(host, [theirs]), (0, 1), "the foreign alone, then the way out")
    run("fsfreeze", "-f", theirs)
    run("fsfreeze", "-u", theirs)


@row("counts: frozen -> only the permitted commands are served")
def while_frozen(scene):
    point = scene.shop.make("ext4", "point")
    host = scene.start()
    same(host.freeze([point], timeout=300), 1, "frozen")
    for refused in ("guest-get-osinfo", "guest-get-fsinfo", "guest-fsfreeze-freeze-list"):
        try:
            if refused.endswith("list"):
                host.freeze([point])
            else:
                host.call(refused)
            raise RuntimeError(f"{refused} was served")
        except AgentError as error:
            same(error.kind, "CommandNotFound", refused)
    host.call("guest-ping")
    host.call("guest-info")
    host.sync()
    info = host.call("guestd-info")
    expect(info["frozen"] and 290 < info["thaw-in"] <= 300, f"guestd-info: {info}")
    same(host.thaw(), 1, "thawed")
    host.call("guest-get-osinfo")


@row("counts: invalid timeout -> error")
def bad_timeout(scene):
    point = scene.shop.make("ext4", "point")
    host = scene.start()
    for timeout in (-1, 10**9):
        try:
            host.freeze([point], timeout=timeout)
            raise RuntimeError(f"{timeout} was taken")
        except AgentError as error:
            expect("timeout" in error.text, error.text)
    same(host.status(), "thawed", "status")
