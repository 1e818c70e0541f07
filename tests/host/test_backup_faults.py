# SPDX-License-Identifier: LGPL-2.1-or-later
"""What can go wrong with a backup: nothing is left behind, nothing stays frozen, the next one works."""

import errno
import os
import signal
import subprocess
import threading

from lib.checks import Skip, has, same
from lib.played import PATIENCE, SILENCE, Between, monitor

from machine import Guest, Machine

INCREMENTAL = ("--level", "incremental")
SLOW = (*INCREMENTAL, "--rate", "1")


def machine(bench, name="vm"):
    """With a full backup, and much that has changed since."""
    vm = Machine(bench, name=name)
    vm.io("d0", "write -P 1 0 7M")
    vm.io("d1", "write -P 2 1M 100k")
    vm.backup()
    vm.io("d0", "write -P 3 0 6M")
    vm.io("d1", "write -P 4 64k 1M")
    return vm


def check_next(vm, what):
    """An incremental backup still works, and has all that was written."""
    wanted = vm.contents()
    point = vm.backup(*INCREMENTAL)
    for disk in vm.disks:
        if vm.restore(disk, point["id"]) != wanted[disk]:
            raise AssertionError(f"{what}: the disk {disk} is not what it was")
    vm.check_clean(vm.bitmaps(), vm.files())
    same([len(names) for names in vm.bitmaps().values()], [1] * len(vm.disks), what)


def test_window(bench):
    """a quiesced backup -> freeze, job, thaw, then the copy of what was there before the thaw"""
    vm = machine(bench)
    wanted = {}

    def freeze():
        wanted.update(vm.contents())
        return 1

    def thaw():
        vm.io("d0", "write -P 9 0 2M")
        vm.io("d1", "write -P 9 0 2M")
        jobs.append([job["status"] for job in vm.monitor.call("query-jobs")])
        return 1
    jobs, guest = [], Guest(vm, {"freeze": freeze, "thaw": thaw})
    point = vm.backup(*SLOW, "--quiesce")
    same(guest.did, ["freeze", "thaw"])
    same(jobs, [["running", "running"]])
    same(point["consistency"]["label"], "consistent", point)
    same(point["consistency"]["filesystems"], 1)
    if not point["consistency"]["window"]["begin"] <= point["time"] <= \
            point["consistency"]["window"]["end"]:
        raise AssertionError(f"the time is not in the window: {point}")
    for disk in vm.disks:
        if vm.restore(disk, point["id"]) != wanted[disk]:
            raise AssertionError(f"{disk} is not as it was while frozen")
    has(bench.ctl("backup", "list", "--to", vm.store).out, " consistent ")
    check_next(vm, "what was written after the thaw")


def test_written_meanwhile(bench):
    """writes during the copy -> in the next backup"""
    vm = machine(bench)
    wanted = vm.contents()
    process = vm.start_backup(*SLOW)
    vm.copying()
    for at in range(0, 8):
        vm.io("d0", f"write -P {at + 16} {at}M 512k")
        vm.io("d1", f"discard {at}M 256k")
    same(process.wait(PATIENCE), 0)
    for disk in vm.disks:
        if vm.restore(disk) != wanted[disk]:
            raise AssertionError(f"{disk} has what was written after the beginning")
    check_next(vm, "written meanwhile")


def interrupted_at(vm, step, hooks):
    """Ctrl-C when @step is asked for; the result."""
    ready, seen = threading.Event(), []

    def stop(*_):
        if not seen:
            seen.append(step)
            ready.wait(PATIENCE)
            process.send_signal(signal.SIGINT)
        return 1
    hooks.update({step: stop} if step in ("freeze", "thaw") else {})
    vm.look = lambda message: stop() and None if message["execute"] == step[0] and \
        (step[1] is None or vm.begun >= step[1]) else None
    process = vm.start_backup(*SLOW, "--quiesce=try")
    ready.set()
    out, err = process.communicate(timeout=PATIENCE)
    same(len(seen), 1, f"{step} was not asked for: {err.decode()}")
    return process.returncode, out.decode(), err.decode()


def test_interrupt(bench):
    """Ctrl-C at each step of a backup -> thawed, and nothing is left"""
    vm = machine(bench)
    vm.begun = 0

    def look(message):
        """Counts transactions, so that what comes after them can be told from what comes before."""
        if message["execute"] == "transaction":
            vm.begun += 1
            return vm.look(message)
        return vm.look(message)
    Between(vm, look)
    files, bitmaps = vm.files(), vm.bitmaps()
    for step in (("query-jobs", None), ("query-block", None), ("blockdev-add", None), "freeze",
                 ("transaction", None), "thaw", ("query-jobs", 1), ("job-dismiss", 1),
                 ("blockdev-del", 1)):
        hooks = {}
        guest = Guest(vm, hooks)
        vm.begun, vm.agent = 0, guest.player
        status, _, err = interrupted_at(vm, step, hooks)
        same(status, 1, f"{step}: {err}")
        has(err, "interrupted")
        vm.check_clean(bitmaps, files)
        same(guest.frozen, False, step)
        same(guest.did.count("freeze"), guest.did.count("thaw"), step)
        guest.player.close()
        os.unlink(guest.player.path)
    vm.look, vm.agent = lambda message: None, None
    check_next(vm, "after many interruptions")


def test_killed(bench):
    """guestctl killed during the copy -> the next backup removes what it left"""
    vm = machine(bench)
    process = vm.start_backup(*SLOW)
    vm.copying()
    process.kill()
    process.wait()
    same(any(name.endswith(".partial") for name in vm.files()), True)
    vm.io("d0", "write -P 5 3M 1M")
    check_next(vm, "after a guestctl that was killed")
    # The first backup of all, too, which has no manifest to be known by.
    vm.store += "-other"
    vm.io("d0", "write -P 6 0 7M")
    process = vm.start_backup("--level", "full", "--rate", "1")
    vm.copying()
    process.kill()
    process.wait()
    vm.backup()
    vm.check_clean(vm.bitmaps(), vm.files())
    same([len(names) for names in vm.bitmaps().values()], [2, 2])


def test_two_at_once(bench):
    """a second guestctl in the same directory -> refused"""
    vm = machine(bench)
    files = vm.files()
    process = vm.start_backup(*SLOW)
    vm.copying()
    has(vm.backup(status=1), "another guestctl is at work in ")
    has(bench.ctl("backup", "prune", "--to", vm.store, "--keep", 1).err, "another guestctl is at")
    result = bench.interrupt(process)
    has(result.err, "interrupted")
    vm.check_clean(vm.bitmaps(), files)


def test_monitor_lost(bench):
    """the monitor lost during the copy -> connected again; lost at the start -> undone"""
    vm = machine(bench)
    cut = []

    def look(message):
        if cut and message["execute"] == cut[0][0] and (cut[0][1] or begun):
            begun.clear()
            return cut.pop()[2]
        if message["execute"] == "transaction":
            begun.append(1)
        return None
    begun = []
    Between(vm, look)
    files, bitmaps = vm.files(), vm.bitmaps()
    for when in ("before", "after"):
        guest = Guest(vm)
        cut.append(("transaction", True, when))
        told = vm.backup(*INCREMENTAL, "--quiesce", status=1)
        has(told, "QEMU's monitor, transaction: ")
        same((guest.did, guest.frozen), (["freeze", "thaw"], False))
        vm.check_clean(bitmaps, files)
        guest.player.close()
        os.unlink(guest.player.path)
    vm.agent = None
    for when in ("before", "after"):
        cut.append(("query-jobs", False, when))
        wanted = vm.contents()
        same(vm.restore("d0", vm.backup(*INCREMENTAL)["id"]), wanted["d0"])
        same(cut, [])
        vm.io("d0", "write -P 7 1M 1M")
    check_next(vm, "monitor lost")


def test_qemu_killed(bench):
    """QEMU killed during the copy -> no file is left, and the bitmap is not used again"""
    vm = machine(bench)
    files = vm.files()
    process = vm.start_backup(*SLOW)
    vm.copying()
    vm.kill()
    _, err = process.communicate(timeout=PATIENCE)
    same(process.returncode, 1)
    has(err.decode(), "QEMU ended during the backup: QEMU was killed")
    same(vm.files(), files)
    vm.start()
    has(vm.backup(*INCREMENTAL, status=1), "cannot make an incremental backup")
    same(vm.backup()["level"], "full")
    check_next(vm, "after a QEMU that was killed")


def test_qemu_quit(bench):
    """QEMU quits during the copy -> no file is left, and the parent's bitmap is still valid"""
    vm = machine(bench)
    files = vm.files()
    process = vm.start_backup(*SLOW)
    vm.copying()
    vm.quit()
    process.communicate(timeout=PATIENCE)
    same(process.returncode, 1)
    same(vm.files(), files)
    vm.start()
    check_next(vm, "after a QEMU that ended in the middle")


def test_paused(bench):
    """a paused VM -> its agent is not asked"""
    vm = machine(bench)
    guest = Guest(vm)
    vm.monitor.call("stop")
    files, bitmaps = vm.files(), vm.bitmaps()
    has(vm.backup("--quiesce=require", status=1), "the VM is paused; its agent cannot freeze")
    vm.check_clean(bitmaps, files)
    point = vm.backup("--quiesce=try")
    same(point["consistency"]["label"], "crash-consistent")
    has(point["consistency"]["reason"], "the VM is paused")
    same(vm.backup()["consistency"]["label"], "crash-consistent")
    same(guest.did, [])
    check_next(vm, "paused")


def test_watchdog(bench):
    """a freeze that the guest ended early -> not labelled consistent; with require, no backup"""
    vm = machine(bench)
    guest = Guest(vm, {"thaw": lambda: 0})
    files, bitmaps = vm.files(), vm.bitmaps()
    has(vm.backup("--quiesce", status=1), "not quiesced: the guest ended the freeze early")
    vm.check_clean(bitmaps, files)
    point = vm.backup(*INCREMENTAL, "--quiesce=try")
    same(point["consistency"]["label"], "crash-consistent")
    same(guest.frozen, False)
    result = vm.ctl("backup", "--to", vm.store, "--quiesce=try")
    has(result.out, "crash-consistent: the guest ended the freeze early")
    check_next(vm, "watchdog")


def test_freeze_slow(bench):
    """a freeze that takes longer than its limit -> thawed; require fails, try goes without"""
    vm = machine(bench)
    guest = Guest(vm, {"freeze": lambda: None})
    files, bitmaps = vm.files(), vm.bitmaps()
    told = vm.backup("--quiesce", "--freeze-limit", SILENCE, status=1)
    has(told, f"the agent did not answer guest-fsfreeze-freeze within {SILENCE} s")
    same(guest.frozen, False)
    vm.check_clean(bitmaps, files)
    point = vm.backup("--quiesce=try", "--freeze-limit", SILENCE)
    same(point["consistency"]["label"], "crash-consistent")
    same((guest.did.count("freeze"), guest.frozen), (2, False))
    check_next(vm, "slow freeze")


def test_agent_gone(bench):
    """the agent lost between freeze and thaw -> reported, and the backup is undone"""
    vm = machine(bench)
    files, bitmaps = vm.files(), vm.bitmaps()
    guest = Guest(vm)
    Between(vm, lambda message: guest.player.close()
            if message["execute"] == "transaction" else None)
    told = vm.backup(*INCREMENTAL, "--quiesce", status=1)
    has(told, "failed to thaw the guest, which MAY STILL BE FROZEN")
    vm.check_clean(bitmaps, files)
    vm.agent = None
    check_next(vm, "agent gone")


def test_no_agent(bench):
    """no agent -> require fails, try reports it"""
    vm = machine(bench)
    files, bitmaps = vm.files(), vm.bitmaps()
    has(vm.backup("--quiesce", status=1), "no agent answers")
    vm.check_clean(bitmaps, files)
    has(vm.backup("--quiesce=try")["consistency"]["reason"], "no agent answers")


def fake_qemu_img(bench, script):
    """guestctl finds it before the real one."""
    path = bench.path("bin", "qemu-img")
    os.mkdir(os.path.dirname(path))
    with open(path, "w", encoding="utf-8") as file:
        file.write(f"#!/bin/sh\n{script}\n")
    os.chmod(path, 0o755)
    bench.env["PATH"] = os.path.dirname(path) + ":" + os.environ["PATH"]


class SmallDisk:
    """A directory of few MiB in a mount namespace, in which QEMU and guestctl are run."""

    def __init__(self, bench, size):
        self.dir = bench.path("small")
        os.mkdir(self.dir)
        self.holder = subprocess.Popen(
            ["unshare", "-m", "sh", "-c",
             f"mount -t tmpfs -o size={size} small '{self.dir}' && echo ready && exec cat"],
            stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE)
        bench.processes.append(self.holder)
        if self.holder.stdout.readline() != b"ready\n":
            raise Skip("no mount namespace of our own can be had here: " +
                       self.holder.stderr.read().decode())
        self.enter = ("nsenter", "-m", "-t", str(self.holder.pid))
        self.root = f"/proc/{self.holder.pid}/root"


def test_disk_full(bench):
    """a target that is too small -> refused; one that fills up during the copy -> cleaned up"""
    small = SmallDisk(bench, "6m")
    vm = Machine(bench, enter=small.enter)
    vm.store, vm.root = os.path.join(small.dir, "b"), small.root
    vm.backup()
    # What it needs is kept free for it, whoever else writes there meanwhile.
    vm.io("d1", "write -P 1 0 1536k")
    process = vm.start_backup(*SLOW)
    vm.copying()
    with open(small.root + os.path.join(small.dir, "other"), "wb",
              buffering=0) as file:
        try:
            while True:
                file.write(bytes(4096))
        except OSError as error:
            same(error.errno, errno.ENOSPC)
    _, err = process.communicate(timeout=PATIENCE)
    same(process.returncode, 0, err)
    os.unlink(file.name)
    files, bitmaps = vm.files(), vm.bitmaps()
    vm.io("d1", "write -P 1 0 4M")
    for args, told in ((INCREMENTAL, "6.0\xa0MiB are needed; free some space"),
                       (("--level", "full"), "are needed; free some space")):
        has(vm.backup(*args, status=1), told)
        vm.check_clean(bitmaps, files)
    # Little on the disk, and much in the copy.
    vm.quit()
    packed = vm.image("d0") + "-packed"
    subprocess.run(["qemu-img", "create", "-q", "-f", "raw", packed, "8M"], check=True)
    with open(packed, "r+b") as file:
        file.write(b"guest" * (1 << 20))
    for disk, source in (("d0", packed), ("d1", "/dev/null")):
        if disk == "d0":
            subprocess.run(["qemu-img", "convert", "-c", "-f", "raw", "-O", "qcow2", source,
                            vm.image(disk)], check=True)
        else:
            subprocess.run(["qemu-img", "create", "-q", "-f", "qcow2", vm.image(disk), "8M"],
                           check=True)
    vm.start()
    has(vm.backup("--level", "full", status=1), "are needed; free some space")
    vm.check_clean({disk: {} for disk in vm.disks}, files)
    # The same where nobody knows of it before.
    fake_qemu_img(bench, f"[ \"$1\" = measure ] && exit 1; exec {vm.tool} \"$@\"")
    told = vm.backup("--level", "full", status=1)
    has(told, "disk d0: QEMU's job failed: No space left on device")
    vm.check_clean({disk: {} for disk in vm.disks}, files)
    same(vm.backup("--level", "full", "--compress")["level"], "full")


def test_monitor_odd(bench):
    """invalid answers from the monitor -> error, and nothing is created"""
    odd = ({}, [], "x", [1, None, {"id": 3, "node-name": {}, "device": [], "inserted": 5}],
           [{"device": "d0", "inserted": {"node-name": "n", "image": 7, "dirty-bitmaps": [2, {}]}}])
    for number, answer in enumerate(odd):
        player = bench.play(f"odd{number}", monitor({
            "query-jobs": answer, "query-block": answer, "query-named-block-nodes": answer,
            "blockdev-add": RuntimeError("not today")}))
        store = bench.path(f"store{number}")
        result = bench.ctl("--qmp", player.path, "odd", "backup", "--to", store)
        same((result.status, result.out), (1, ""), result)
        same(result.err.count("\n"), 1, result)
        same(os.listdir(store), [".guestctl-backups"])
        same(player.faults, [])


def test_guest_stopped(bench):
    """QEMU pauses the VM on a disk error -> the backup is undone, and the VM runs again"""
    vm = machine(bench)
    files, bitmaps = vm.files(), vm.bitmaps()
    heard = []

    def look(message):
        heard.append(message["execute"])
        if message["execute"] == "query-status" and "transaction" in heard and \
                "cont" not in heard:
            return {"status": "io-error", "running": False}
        return None
    Between(vm, look)
    told = vm.backup(*SLOW, status=1)
    has(told, "QEMU paused the VM on a disk error")
    has(told, "guestctl resumed it")
    same(heard.count("cont"), 1)
    vm.check_clean(bitmaps, files)
    check_next(vm, "stopped")


def test_restore_interrupted(bench):
    """Ctrl-C during a restore, or no room for the image -> no image is left"""
    vm = machine(bench)
    started = bench.path("started")
    os.mkfifo(started)
    fake_qemu_img(bench, "if [ \"$1\" = convert ]; then for last; do :; done; : >\"$last\"; "
                  f"echo >'{started}'; exec sleep 600; fi\nexec {vm.tool} \"$@\"")
    image = bench.path("image")
    process = bench.start("restore", "--from", vm.store, "--disk", "d0", "--to", image)
    with open(started, encoding="utf-8") as fifo:
        fifo.read()
    same(os.path.exists(image + ".restoring"), True)
    result = bench.interrupt(process)
    has(result.err, "interrupted")
    same([name for name in os.listdir(bench.place) if name.startswith("image")], [])
