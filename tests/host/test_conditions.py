# SPDX-License-Identifier: LGPL-2.1-or-later
"""What a VM is doing decides what may be done with its disks and with its guest."""

import glob
import json
import os

from lib.checks import has, same
from lib.played import agent, event, monitor
from machine import Machine
from played import machine, well

STEADY = ("paused", "io-error", "watchdog", "suspended", "guest-panicked")
# status -> what is reported
UNSTEADY = {
    "shutdown": "shut off, and its QEMU waits (shutdown); next: end QEMU",
    "prelaunch": "paused before its start (prelaunch); next: let the program that started QEMU",
    "internal-error": "stopped by an error inside QEMU (internal-error); next: see QEMU's log",
    "inmigrate": "the destination of a migration that has not ended (inmigrate); next: wait",
    "finish-migrate": "being migrated; next: wait until the migration has ended",
    "postmigrate": "migrated to another QEMU (postmigrate); next: use the host",
    "save-vm": "being saved or dumped; next: wait",
    "restore-vm": "being restored; next: wait",
    "of-the-future": "in a state that guestctl does not know; next: ",
}


def test_steady(bench):
    """a VM whose CPUs are stopped -> a snapshot is taken and committed"""
    for status in STEADY:
        vm = machine(bench, status, status=status)
        well(vm.snapshot())
        well(vm.snapshot("commit"))
        vm.untouched(status)


def test_unsteady(bench):
    """a VM in transition -> snapshot, commit and backup are refused with the next step"""
    for status, text in UNSTEADY.items():
        vm = machine(bench, status, status=status)
        for words in (("snapshot",), ("snapshot", "commit"),
                      ("backup", "--to", bench.path("store"))):
            result = bench.ctl(*vm.args, *words)
            same(result.status, 1, (status, result))
            has(result.err, f"the VM is {text}")
        same(vm.log, [], status)
        vm.untouched(status)
        same(glob.glob(bench.path("store", "*.json")), [], status)


def test_doctor(bench):
    """doctor of a VM in transition -> the same next step, and never to resume it"""
    for status in UNSTEADY:
        player = bench.play(status, monitor({}, status))
        result = bench.ctl("--qmp", player.path, "doctor", "--json")
        state = next(row for row in json.loads(result.out)["checks"] if row["check"] == "state")
        text, _, next_step = UNSTEADY[status].partition("; next: ")
        has(state["text"], f"the VM is {text}")
        has(state["remedy"], next_step)
        same("resume" in state["remedy"].replace("do not resume", ""), False, state)


def test_inactive(bench):
    """a paused VM whose images are inactive (QEMU 10.0) -> refused, resume is the next step"""
    vm = machine(bench, status="paused")
    vm.on["query-block"] = lambda connection, arguments: [
        {**row, "inserted": {**row["inserted"], "active": False}}
        for row in vm.query_block(connection, arguments)]
    for words in (("snapshot",), ("backup", "--to", bench.path("store"))):
        result = bench.ctl(*vm.args, *words)
        same(result.status, 1, result)
        has(result.err, "with inactive images; next: guestctl VM resume")
    vm.untouched()
    vm.on["query-block"] = lambda connection, arguments: [
        {**row, "inserted": {**row["inserted"], "active": True}}
        for row in vm.query_block(connection, arguments)]
    well(vm.snapshot())


def test_resume(bench):
    """resume or reset of a VM that went to another QEMU -> refused, nothing is sent"""
    for status in ("postmigrate", "inmigrate"):
        player = bench.play(status, monitor({"cont": {}, "system_reset": {}}, status))
        for verb in ("resume", "reset"):
            result = bench.ctl("--qmp", player.path, verb)
            same(result.status, 1, result)
            has(result.err, f"({status}); next: ")
        same([m for m in player.heard if m["execute"] in ("cont", "system_reset")], [])


def paused(bench, name="paused", answers=None):
    """(guestctl's arguments, the monitor) of a paused VM whose agent would never answer."""
    state = [name]

    def resume(_connection, _arguments):
        state[0] = "running"
        return {}
    live = bench.play(f"a-{name}", agent({"guest-ping": {}, **(answers or {})}))
    player = bench.play(f"q-{name}", monitor({
        "query-status": lambda _c, _a: {"status": state[0]}, "cont": resume,
        "quit": lambda c, _a: c.say(event("SHUTDOWN", guest=False)) or {}}))
    return ("--agent", live.path, "--qmp", player.path), player, live


def test_paused(bench):
    """power verbs of a paused guest -> refused at once with the way to go on"""
    for status, text in (("paused", "paused"), ("prelaunch", "paused before its start"),
                         ("suspended", "pmsuspended"), ("io-error", "paused on a disk error")):
        args, player, live = paused(bench, status)
        for verb, what in (("shutdown", "shut down"), ("reboot", "reboot"), ("suspend", "suspend")):
            result = bench.ctl(*args, verb)
            same(result.status, 1, result)
            has(result.err, f"the VM is {text}")
            has(result.err, f"so the guest cannot {what}; next: ")
            has(result.err, "(--resume does that first)")
        same({m["execute"] for m in player.heard},
             {"qmp_capabilities", "query-status"} |
             ({"query-migrate"} if status != "prelaunch" else set()) |
             ({"query-block"} if status == "paused" else set()), status)
        same(live.heard, [], status)


def test_paused_resume(bench):
    """shutdown --resume of a paused guest -> resumed, then shut down"""
    args, player, live = paused(bench, answers={"guest-shutdown": OSError("no")})
    result = bench.ctl(*args, "shutdown", "--resume", "--mode", "agent")
    has(result.err, "the agent: ")
    same([m["execute"] for m in player.heard if m["execute"] in ("cont", "quit")], ["cont"])
    same(live.heard[-1]["execute"], "guest-shutdown")


def test_paused_force(bench):
    """shutdown --force of a paused guest -> turned off without asking the guest"""
    args, player, live = paused(bench)
    has(well(bench.ctl(*args, "shutdown", "--force")).out, "down by force")
    same((live.heard, [m["execute"] for m in player.heard if m["execute"] in ("cont", "quit")]),
         ([], ["quit"]))


class Migration:
    """A VM and its destination over the same image, held before the switch-over."""

    def __init__(self, bench):
        self.source = Machine(bench, {"d0": "qcow2"}, name="source", shared=True)
        place = bench.path("migration")
        self.target = Machine(bench, {"d0": "qcow2"}, name="target", shared=True,
                              images={"d0": self.source.image("d0")},
                              options=("-incoming", f"unix:{place}"))
        monitor_ = self.source.monitor
        for vm in (self.source, self.target):
            vm.monitor.call("migrate-set-capabilities", capabilities=[
                {"capability": name, "state": True} for name in ("events", "pause-before-switchover")])
        monitor_.call("migrate", uri=f"unix:{place}")
        monitor_.wait_event("MIGRATION", status="pre-switchover")

    def complete(self):
        self.source.monitor.call("migrate-continue", state="pre-switchover")
        self.source.monitor.wait_event("MIGRATION", status="completed")
        self.target.monitor.wait_event("RESUME")

    @staticmethod
    def refuses(vm, text):
        for words in (("snapshot",), ("backup", "--to", vm.store)):
            result = vm.ctl(*words)
            same(result.status, 1, result)
            has(result.err, text)
        same(glob.glob(os.path.join(vm.dir, "*.qcow2")) + glob.glob(vm.store + "/*.json"), [])


def test_migration(bench):
    """a VM that is migrated -> no snapshot at either end until it runs at the destination"""
    pair = Migration(bench)
    pair.refuses(pair.source, "the VM is being migrated; next: wait")
    pair.refuses(pair.target, "the destination of a migration that has not ended (inmigrate)")
    pair.complete()
    pair.refuses(pair.source, "the VM is migrated to another QEMU (postmigrate)")
    well(pair.target.ctl("snapshot"))
    pair.target.io("d0", "write -P 0x61 0 64k", "flush")
    well(pair.target.ctl("snapshot", "commit"))
    same(pair.target.contents()["d0"][:1], b"a")


def test_migration_begins(bench):
    """a migration that begins while the snapshot is taken -> the snapshot is undone"""
    vm = machine(bench)
    status = [{}]
    vm.qmp_answers["query-migrate"] = lambda _connection, _arguments: status[0]

    def begins(connection, arguments):
        status[0] = {"status": "setup"}
        return vm.transaction(connection, arguments)
    vm.on["transaction"] = begins
    result = vm.snapshot()
    same(result.status, 1, result)
    has(result.err, "a migration began while the snapshot was taken; next: wait")
    has(result.err, "the snapshot was undone")
    vm.untouched()


def test_not_started(bench):
    """a QEMU that waits for its start -> no backup until its guest runs"""
    vm = Machine(bench, {"d0": "qcow2"}, options=("-S",))
    vm.io("d0", "write -P 0x62 0 64k", "flush")
    has(vm.backup(status=1), "the VM is paused before its start (prelaunch)")
    vm.monitor.call("cont")
    vm.backup()
    same(vm.restore("d0")[:65536], b"b" * 65536)
