# SPDX-License-Identifier: LGPL-2.1-or-later
"""Filesystems that hang, vanish or carry the agent's own files while they are frozen."""

import os
import re
import time
from pathlib import Path

from lib.checks import expect, row, same, until
from lib.client import AgentError
from lib.loops import MIB, freeze_by_hand, frozen_among, held_up, thaw_by_hand
from lib.private import mounts, umount_lazily
from lib.programs import run



def stuck_pair(scene):
    """A filesystem whose freeze hangs, because somebody froze what carries it."""
    carrier = scene.shop.make("ext4", "carrier", 96 * MIB)
    rider = scene.shop.make("ext4", "rider", 32 * MIB, below=carrier)
    freeze_by_hand(carrier)
    # Enough that it must be written back, little enough that writing it does not wait.
    Path(rider, "dirty").write_bytes(os.urandom(MIB))
    return carrier, rider


@row("trouble: hanging freeze -> the others are thawed, the late one thaws itself")
def stuck(scene):
    others = [scene.shop.make("ext4", f"other{i}") for i in range(4)]
    carrier, rider = stuck_pair(scene)
    host = scene.start(freeze_deadline=10, presync_limit=1)
    began = time.monotonic()
    try:
        host.freeze([*others, rider])
        raise RuntimeError("the freeze succeeded")
    except AgentError as error:
        took = time.monotonic() - began
        expect(re.fullmatch(rf"failed to freeze {rider}: no response within \d+\.\d s",
                            error.text), error.text)
    expect(took < 60, f"an answer after {took} s")
    same(host.status(), "thawed", "status")
    same(frozen_among(others), [], "held up")
    thaw_by_hand(carrier)
    scene.nothing_frozen()
    scene.note(f"given up after {took:.1f} s")
    same(host.freeze([*others, carrier, rider]), 6, "frozen")
    same(host.thaw(), 6, "thawed")


@row("trouble: thaw during a hanging freeze -> freeze is cancelled")
def stuck_cancelled(scene):
    other = scene.shop.make("ext4", "other")
    carrier, rider = stuck_pair(scene)
    host = scene.start(freeze_deadline=120, presync_limit=1)
    host.send_request("guest-fsfreeze-freeze-list", {"mountpoints": [other, rider]})
    until(lambda: held_up([other]), "the freeze of the other one")
    host.sync()
    same(host.status(), "frozen", "status")
    began = time.monotonic()
    host.thaw()
    took = time.monotonic() - began
    expect(took < 60, f"thawed after {took} s")
    same(frozen_among([other]), [], "held up")
    same(host.status(), "thawed", "status")
    thaw_by_hand(carrier)
    scene.note(f"cancelled after {took * 1000:.1f} ms")


@row("trouble: killed during a hanging freeze that returns later -> thawed")
def stuck_killed(scene):
    carrier, rider = stuck_pair(scene)
    host = scene.start(freeze_deadline=60, presync_limit=0)
    host.send_request("guest-fsfreeze-freeze-list", {"mountpoints": [rider], "timeout": 60})
    until(lambda: host.sync() or host.status() == "frozen", "the freeze")
    scene.agent.process.kill()
    # Its thread ends in the kernel, only when the call does; the freeze has then taken place.
    thaw_by_hand(carrier)
    scene.agent.process.wait(120)
    host = scene.restart()
    held = held_up([rider])
    same(host.status(), "frozen", "status after the restart")
    same(host.thaw(), len(held), "thawed")


@row("trouble: killed after a hanging freeze was given up -> thawed")
def stuck_killed_late(scene):
    carrier, rider = stuck_pair(scene)
    host = scene.start(freeze_deadline=1, presync_limit=0)
    try:
        host.freeze([rider])
        raise RuntimeError("the freeze succeeded")
    except AgentError:
        pass
    scene.agent.process.kill()
    thaw_by_hand(carrier)
    scene.agent.process.wait(120)
    host = scene.restart()
    same(host.status(), "thawed", "status after the restart")
    scene.nothing_frozen()


@row("trouble: unmounted while frozen -> thawed")
def unmounted(scene):
    one, two = scene.shop.make("ext4", "one"), scene.shop.make("ext4", "two")
    host = scene.start()
    same(host.freeze([one, two]), 2, "frozen")
    umount_lazily(one)
    scene.shop.forget(one)
    same(host.thaw(), 2, "thawed")
    # With the agent's own descriptor goes the last that holds it.
    scene.shop.mount_again("one")


@row("trouble: unmounted while frozen, agent killed -> thawed")
def unmounted_killed(scene):
    one, two = scene.shop.make("ext4", "one"), scene.shop.make("ext4", "two")
    device = run("findmnt", "-n", "-o", "SOURCE", one)
    host = scene.start()
    same(host.freeze([one, two]), 2, "frozen")
    umount_lazily(one)
    scene.shop.forget(one)
    scene.agent.kill()
    host = scene.restart()
    # Nothing reaches a frozen filesystem without a mount: that is the kernel's.
    same(host.thaw(), 1, "thawed")
    again = scene.shop.mount(device, "again")
    held = held_up([again])
    same(host.thaw(), len(held), "thawed after the next mount")


@row("trouble: device detached while frozen -> thawed")
def detached(scene):
    one, two = scene.shop.make("ext4", "one"), scene.shop.make("ext4", "two")
    host = scene.start()
    same(host.freeze([one, two]), 2, "frozen")
    run("losetup", "-d", run("findmnt", "-n", "-o", "SOURCE", one))
    os.unlink(scene.shop.path("one.img"))
    same(host.thaw(), 2, "thawed")


@row("trouble: disk loses its contents while frozen -> thaw returns, others can freeze again")
def unplugged(scene):
    one, two = scene.shop.make("ext4", "one"), scene.shop.make("ext4", "two")
    scene.dirty(one, two)
    host = scene.start()
    same(host.freeze([one, two]), 2, "frozen")
    os.truncate(scene.shop.path("one.img"), 0)
    thawed = host.thaw()
    expect(thawed in (1, 2), f"{thawed} thawed")
    same(host.status(), "thawed", "status")
    # What is left of it can only be unmounted.
    umount_lazily(one)
    scene.shop.forget(one)
    same(host.freeze([two]), 1, "frozen")
    same(host.thaw(), 1, "thawed")


@row("trouble: I/O error on the third of five -> error, none stays frozen")
def io_error(scene):
    small = scene.shop.path("small")
    os.mkdir(small)
    run("mount", "-t", "tmpfs", "-o", "size=24m", "tmpfs", small)
    points = [scene.shop.make("ext4", f"p{i}", below=small if i == 3 else None)
              for i in range(1, 6)]
    broken = points[2]
    scene.dirty(*points)
    # Nothing can be written to its image any more: there is no room for it.
    run("fallocate", "--punch-hole", "-o", "0", "-l", str(16 * MIB), f"{small}/p3.img")
    run("dd", "if=/dev/zero", f"of={small}/filler", "bs=64k", check=False)
    host = scene.start(presync_limit=0)
    try:
        host.freeze(points)
        raise RuntimeError("the freeze succeeded")
    except AgentError as error:
        same(error.text, f"failed to freeze {broken}: Input/output error", "error")
    same(host.status(), "thawed", "status")
    umount_lazily(broken)
    umount_lazily(small)
    scene.shop.forget(broken)
    scene.nothing_frozen()
    same(host.report()["ended-by"], "failed", "ended by")
    same(sorted(row["state"] for row in host.report()["filesystems"]),
         ["failed"] + 4 * ["thawed"], "states")
    points.remove(broken)
    same(host.freeze(points), 4, "frozen")
    same(host.thaw(), 4, "thawed")


@row("trouble: foreign thaw -> thaw counts the rest")
def thawed_by_other(scene):
    one, two = scene.shop.make("ext4", "one"), scene.shop.make("ext4", "two")
    host = scene.start()
    same(host.freeze([one, two]), 2, "frozen")
    thaw_by_hand(one)
    same(host.thaw(), 1, "thawed")
    same(host.status(), "thawed", "status")


@row("trouble: mount point covered while frozen -> thawed")
def covered(scene):
    one = scene.shop.make("ext4", "one")
    host = scene.start()
    same(host.freeze([one]), 1, "frozen")
    run("mount", "-t", "tmpfs", "tmpfs", one)
    same(host.thaw(), 1, "thawed")
    run("umount", one)


def times_of_lines(log, part):
    """When the lines with @part were logged."""
    return [float(line.split(":")[0]) for line in log.splitlines() if part in line]


@row("trouble: log on the frozen filesystem -> lines are kept until the thaw")
def log_inside(scene):
    point = scene.shop.make("ext4", "point")
    logfile = os.path.join(point, "guestd.log")
    host = scene.start(logfile=logfile)
    same(host.freeze([point]), 1, "frozen")
    size = os.stat(logfile).st_size
    before = time.time()
    for _ in range(3):
        with scene.agent.connect() as other:
            other.status()
    after = time.time()
    time.sleep(0.1)
    same(os.stat(logfile).st_size, size, "size of the log while frozen")
    same(host.thaw(), 1, "thawed")
    # A thread of the agent writes the lines, the thaw's own after all that were held.
    until(lambda: times_of_lines(Path(logfile).read_text("utf-8"), "thawed 1 filesystems"),
          "the line of the thaw")
    log = Path(logfile).read_text("utf-8")
    times = times_of_lines(log, "host connected")[-3:]
    expect(len(times) == 3 and all(before <= when <= after for when in times),
           f"times {times} are not between {before} and {after}")
    expect(times_of_lines(log, "thawed 1 filesystems")[0] > after, "the thaw's own line")
    every = times_of_lines(log, "")
    same(every, sorted(every), "order of the lines")


@row("trouble: log on the frozen filesystem, agent killed -> the next agent logs")
def log_inside_killed(scene):
    point = scene.shop.make("ext4", "point")
    host = scene.start(logfile=os.path.join(point, "guestd.log"))
    same(host.freeze([point], timeout=60), 1, "frozen")
    scene.agent.kill()
    host = scene.restart()
    same(host.status(), "frozen", "status after the restart")
    same(host.thaw(), 1, "thawed")
    log = Path(point, "guestd.log")
    until(lambda: "taking over" in log.read_text("utf-8"), "the line of the takeover")


@row("trouble: state directory on the frozen filesystem -> freeze and take-over work")
def state_inside(scene):
    point = scene.shop.make("ext4", "point")
    os.mkdir(os.path.join(point, "state"))
    scene.start()
    scene.agent.terminate()
    scene.agent.options += ["-t", os.path.join(point, "state")]
    host = scene.restart()
    for _ in range(3):
        same(host.freeze([point], timeout=60), 1, "frozen")
        same(host.thaw(), 1, "thawed")
    same(host.freeze([point], timeout=60), 1, "frozen")
    scene.agent.kill()
    host = scene.restart()
    same(host.status(), "frozen", "status after the restart")
    same(host.thaw(), 1, "thawed")
    same(sorted(os.listdir(os.path.join(point, "state"))), ["qga.state"], "state files")


@row("trouble: log and state on the frozen filesystem -> the watchdog thaws")
def all_inside(scene):
    point = scene.shop.make("ext4", "point")
    os.mkdir(os.path.join(point, "state"))
    scene.start(logfile=os.path.join(point, "guestd.log"))
    scene.agent.terminate()
    scene.agent.options += ["-t", os.path.join(point, "state")]
    host = scene.restart()
    same(host.freeze([point], timeout=3), 1, "frozen")
    until(lambda: host.status() == "thawed", "the watchdog")
    same(host.freeze([point], timeout=5), 1, "frozen")
    scene.agent.kill()
    host = scene.restart()
    until(lambda: host.status() == "thawed", "the watchdog after the restart")


@row("trouble: marker cannot be written -> error, nothing frozen")
def no_marker(scene):
    point = scene.shop.make("ext4", "point")
    host = scene.start()
    run("mount", "-t", "tmpfs", "-o", "ro", "tmpfs", scene.agent.dir)
    try:
        host.freeze([point])
        raise RuntimeError("frozen without a marker")
    except AgentError as error:
        expect("marker" in error.text, error.text)
    finally:
        run("umount", scene.agent.dir)
    same(host.status(), "thawed", "status")
    same([m for m in mounts() if m[1] == scene.agent.dir], [], "mounts")
