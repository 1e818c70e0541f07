# SPDX-License-Identifier: LGPL-2.1-or-later
"""
A QEMU that does not answer while the guest is frozen: the guest is thawed all the same, and what
became of the snapshot or backup is found out, or said to be unknown.
"""

import json
import os
import signal
import threading

from lib.checks import has, same
from lib.played import PATIENCE, SILENCE, Between

from machine import Guest, Machine
from played import FREEZE, THAW, WINDOW, fleet, machine, well

# The window's limit, and long enough for a played freeze on a busy machine.
LIMIT = ("--freeze-limit", SILENCE)
LATE = f"QEMU did not answer within {SILENCE} s, so the guest was thawed"


def hanging(vm, answer):
    """Its transaction waits for .thawed, then does what @answer says."""
    vm.thawed = threading.Event()

    def thaw(arguments):
        vm.thawed.set()
        return vm.guest_fsfreeze_thaw(arguments)

    def transaction(connection, arguments):
        same(vm.thawed.wait(PATIENCE), True, "thawed while QEMU hangs")
        return answer(connection, arguments)
    vm.on.update({THAW: thaw, "transaction": transaction})
    return vm


def test_late(bench):
    """a snapshot that is made after the thaw -> require undoes it, try labels it"""
    for mode, status in (("require", 1), ("try", 0)):
        vm = machine(bench, mode)
        hanging(vm, vm.transaction)
        result = vm.snapshot("--quiesce=" + mode, *LIMIT)
        same(result.status, status, result)
        has(result.out + result.err, LATE)
        same((vm.steps(), vm.frozen), (WINDOW, False))
        if status:
            has(result.err, "the snapshot was undone")
            vm.untouched()
    same(vm.manifest()["label"], "crash-consistent")
    has(vm.manifest()["reason"], LATE)


def test_late_refusal(bench):
    """a refusal that comes after the thaw -> reported, and nothing is left"""
    vm = machine(bench)
    hanging(vm, lambda _connection, _arguments: OSError("no such luck"))
    result = vm.snapshot("--quiesce=try", *LIMIT)
    same(result.status, 1, result)
    has(result.err, LATE)
    has(result.err, "no such luck")
    vm.untouched()


def test_gives_up(bench):
    """Ctrl-C while QEMU hangs -> thawed; files that may be in use stay, with their manifest"""
    vm, awake = machine(bench), threading.Event()

    def mute(connection, arguments):
        # Before the signal: it leads to the question what became of the snapshot.
        vm.on["query-block"] = sleeps
        vm.transaction(connection, arguments)
        vm.guestctl.send_signal(signal.SIGINT)
        awake.wait(PATIENCE)

    def sleeps(connection, arguments):
        awake.wait(PATIENCE)
        return vm.query_block(connection, arguments)
    hanging(vm, mute)
    vm.guestctl = bench.start("--timeout", SILENCE, *vm.args, "snapshot", "--quiesce", *LIMIT)
    _, err = vm.guestctl.communicate(timeout=PATIENCE)
    same((vm.guestctl.returncode, vm.frozen, vm.steps()), (1, False, WINDOW), err)
    said = err.decode()
    has(said, LATE)
    has(said, "interrupted; unknown whether the snapshot was made, so its files were left: " +
        ", ".join(chain[1] for chain in vm.images.values()))
    has(said, "snapshot commit\" commits those in use")
    awake.set()
    same(vm.manifest()["label"], "none")
    well(vm.snapshot("commit"))
    vm.untouched()


def test_group(bench):
    """one of two VMs whose QEMU hangs -> both are thawed in time, and neither has a snapshot"""
    one, two = fleet(bench, "one", "two")
    hanging(one, one.transaction)
    hanging(two, lambda connection, arguments: one.thawed.wait(PATIENCE) and
            two.transaction(connection, arguments))
    del one.on["transaction"]
    result = bench.ctl("one,two", "snapshot", "--quiesce", *LIMIT)
    same(result.status, 1, result)
    has(result.err, "two: not quiesced: " + LATE)
    has(result.err, "one: nothing was done, because another VM failed; the snapshot was undone")
    for vm in (one, two):
        same(vm.steps()[0], FREEZE)
        vm.untouched()


def test_backup(bench):
    """a backup job that is answered after the thaw, or never -> require undoes it, try labels it"""
    vm = Machine(bench)
    vm.io("d0", "write -P 1 0 1M")
    vm.backup()
    for when in ("answer", "order"):
        for mode in ("require", "try"):
            thawed = threading.Event()
            guest = Guest(vm, {"thaw": lambda thawed=thawed: thawed.set() or 1})

            def look(message, when=when, thawed=thawed):
                if message["execute"] != "transaction":
                    return None
                return thawed if when == "answer" else thawed.wait(PATIENCE) and None
            between = Between(vm, look)
            files, bitmaps = vm.files(), vm.bitmaps()
            result = vm.ctl("backup", "--json", "--to", vm.store, "--quiesce=" + mode, *LIMIT)
            same((guest.did, guest.frozen), (["freeze", "thaw"], False))
            if mode == "require":
                same(result.status, 1, result)
                has(result.err, LATE)
                vm.check_clean(bitmaps, files)
            else:
                same(result.status, 0, result)
                told = json.loads(result.out)["consistency"]
                same(told["label"], "crash-consistent")
                has(told["reason"], LATE)
                vm.check_clean(vm.bitmaps(), vm.files())
            vm.door, vm.agent = vm.qmp, None
            vm.io("d0", "write -P 9 64k 64k")
            for player in (guest.player, between.player):
                player.close()
                os.unlink(player.path)
    wanted = vm.contents()
    same(vm.restore("d0", vm.backup()["id"]), wanted["d0"])
