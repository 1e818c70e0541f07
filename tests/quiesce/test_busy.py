# SPDX-License-Identifier: LGPL-2.1-or-later
"""Freezing under load, over and over."""

import os
import statistics
import subprocess
import time

from lib.checks import expect, row, same
from lib.loops import MIB, can_make


CYCLES = 40

# Rewrites a file at random places for ever, with a sync now and then.
LOAD = """
import os, random, sys
fd = os.open(sys.argv[1], os.O_RDWR | os.O_CREAT)
size = int(sys.argv[2])
block = os.urandom(16384)
for n in range(1 << 62):
    os.pwrite(fd, block, random.randrange(0, size, 4096))
    if n % 500 == 499:
        os.fdatasync(fd)
        os.close(os.open(sys.argv[1] + ".%d" % (n % 7), os.O_CREAT | os.O_WRONLY))
"""


class Writers:
    def __init__(self, points, megabytes=8):
        self.processes = [
            subprocess.Popen(["/usr/bin/env", "python3", "-Sc", LOAD, os.path.join(p, "load"),
                              str(megabytes * MIB)]) for p in points]

    def __enter__(self):
        return self

    def __exit__(self, *_):
        for process in self.processes:
            process.kill()
        for process in self.processes:
            process.wait(120)

    def all_alive(self):
        return all(process.poll() is None for process in self.processes)


def timed(took, name, act):
    began = time.monotonic()
    told = act()
    took.setdefault(name, []).append(time.monotonic() - began)
    return told


@row(f"busy: {CYCLES} freezes under load")
def cycles(scene):
    points = [scene.shop.make(kind, kind) for kind in ("ext4", "xfs", "btrfs") if can_make(kind)]
    outer = scene.shop.make("ext4", "outer", 128 * MIB)
    points += [outer, scene.shop.make("ext4", "inner", 32 * MIB, below=outer)]
    scene.hook("1")
    host = scene.start()
    took = {}
    with Writers(points) as writers:
        for _ in range(CYCLES):
            same(timed(took, "freeze", lambda: host.freeze(points)), len(points), "frozen")
            same(timed(took, "status", host.status), "frozen", "status")
            timed(took, "sync", host.sync)
            same(timed(took, "thaw", host.thaw), len(points), "thawed")
            timed(took, "ping", lambda: host.call("guest-ping"))
        expect(writers.all_alive(), "a writer failed")
    for name, times in took.items():
        over = sum(t > 1 for t in times)
        scene.note(f"{name}: median {statistics.median(times) * 1000:.1f} ms, "
                   f"longest {max(times) * 1000:.1f} ms, {over} over 1 s")
    calls = scene.calls()
    same((calls.count("1 freeze"), calls.count("1 thaw host")), (CYCLES, CYCLES), "hooks")


@row("busy: two sets frozen in turn -> each counts its own filesystems")
def two_sets(scene):
    one = [scene.shop.make("ext4", f"a{i}") for i in range(3)]
    two = [scene.shop.make("ext4", f"b{i}") for i in range(3)]
    host = scene.start(presync_limit=0)
    with Writers(one[:1] + two[:1]):
        for points in [one, two, one + two] * 10:
            same(host.freeze(points), len(points), "frozen")
            same(host.thaw(), len(points), "thawed")


@row("busy: many freezes -> no descriptor, thread or child is left")
def leaks(scene):
    points = [scene.shop.make("ext4", f"p{i}") for i in range(5)]
    scene.hook("1")
    host = scene.start()

    def left():
        base = f"/proc/{scene.agent.process.pid}"
        with open(f"{base}/task/{scene.agent.process.pid}/children", encoding="ascii") as file:
            return len(os.listdir(f"{base}/fd")), file.read()

    host.freeze(points)
    host.thaw()
    before = left()
    for _ in range(30):
        same(host.freeze(points), 5, "frozen")
        same(host.thaw(), 5, "thawed")
    same(left(), before, "descriptors and children")
