# SPDX-License-Identifier: LGPL-2.1-or-later
"""
Everything that can go wrong with a quiesced snapshot: nothing stays frozen, nothing is left, and
what happened is said.
"""

import os

from lib.checks import has, same
from lib.played import SILENCE
from played import FREEZE, REPORT, THAW, WINDOW, fleet, machine, well


def test_frozen_by_another(bench):
    """a guest that another program has frozen -> left as it is"""
    vm = machine(bench)
    vm.frozen = True
    result = vm.snapshot("--quiesce")
    same(result.status, 1)
    has(result.err, "frozen already")
    same((vm.steps(), vm.frozen), ([], True))


def test_refused(bench):
    """a freeze that is refused -> require fails, try goes without and reports it"""
    for mode, status in (("require", 1), ("try", 0)):
        vm = machine(bench, mode)
        vm.on[FREEZE] = lambda _arguments: OSError("hook says no")
        result = vm.snapshot("--quiesce=" + mode)
        same(result.status, status, result)
        has(result.out + result.err, "hook says no")
        if status:
            vm.untouched()
    same(vm.manifest()["label"], "crash-consistent")
    has(vm.manifest()["reason"], "hook says no")


def test_no_agent(bench):
    """no agent -> require fails before anything is done"""
    vm = machine(bench)
    vm.agent.close()
    has(vm.snapshot("--quiesce").err, "no agent answers")
    vm.untouched()
    has(well(vm.snapshot("--quiesce=try")).out, "crash-consistent: no agent answers")


def test_paused(bench):
    """a paused VM -> its agent is not asked"""
    vm = machine(bench, status="paused")
    has(vm.snapshot("--quiesce").err, "the VM is paused")
    has(well(vm.snapshot("--quiesce=try")).out, "crash-consistent: the VM is paused")
    same(vm.agent.heard, [])


def test_slow(bench):
    """a freeze slower than its limit -> thawed, nothing is done"""
    for mode, status in (("require", 1), ("try", 0)):
        vm = machine(bench, mode)

        def silent(_arguments, vm=vm):
            vm.frozen = True
        vm.on[FREEZE] = silent
        result = vm.snapshot("--quiesce=" + mode, "--freeze-limit", SILENCE)
        same((result.status, vm.frozen), (status, False), result)
        has(result.out + result.err, f"did not answer guest-fsfreeze-freeze within {SILENCE} s")
        same(vm.steps()[:2], [FREEZE, THAW])
        if status:
            vm.untouched()
    same(vm.steps()[2:], ["transaction"])


def test_watchdog(bench):
    """a freeze that the guest ended early -> not labelled consistent"""
    report = dict(REPORT, **{"ended-by": "timeout"})
    for mode, status in (("require", 1), ("try", 0)):
        vm = machine(bench, mode)
        vm.on["guestd-fsfreeze-report"] = lambda _arguments: report

        def fires(connection, arguments, vm=vm):
            vm.frozen = False
            return vm.transaction(connection, arguments)
        vm.on["transaction"] = fires
        result = vm.snapshot("--quiesce=" + mode)
        same(result.status, status, result)
        has(result.out + result.err, "the guest's own limit of 60 s ended the freeze")
        if status:
            has(result.err, "the snapshot was undone")
            vm.untouched()
    same(vm.manifest()["label"], "crash-consistent")


def test_left_out(bench):
    """filesystems that the guest did not freeze -> named beside the label"""
    vm = machine(bench)
    hidden = {"mountpoint": "/srv", "device": "8:1", "type": "ext4", "state": "skipped",
              "reason": "another mount hides it", "sync-ms": 0, "freeze-ms": 0, "frozen-ms": 0}
    vm.on["guestd-fsfreeze-report"] = lambda _arguments: dict(
        REPORT, filesystems=REPORT["filesystems"] + [hidden, dict(hidden, state="unsupported")])
    has(vm.snapshot("--quiesce").out, " ms; not frozen: /srv (another mount hides it)\n")
    same(vm.manifest()["label"], "consistent")


def test_fewer(bench):
    """a thaw of fewer filesystems than were frozen -> not labelled consistent"""
    vm = machine(bench, guestd=False)
    vm.on[THAW] = lambda arguments: vm.guest_fsfreeze_thaw(arguments) - 1
    has(vm.snapshot("--quiesce").err, "of 3 frozen filesystems, 2 were left to thaw")
    vm.untouched()


def test_disk_full(bench):
    """QEMU has no space for the overlays -> they are removed, the guest is thawed"""
    vm = machine(bench)

    def full(_connection, arguments):
        with open(arguments["actions"][0]["data"]["snapshot-file"], "r+b"):
            return OSError("Could not create file: No space left on device")
    vm.on["transaction"] = full
    result = vm.snapshot("--quiesce")
    same(result.status, 1)
    has(result.err, "No space left on device")
    same(vm.steps(), WINDOW)
    vm.untouched()


def test_agent_restarted(bench):
    """an agent restarted during the freeze -> thawed by a new connection"""
    vm = machine(bench)

    def killed(connection, arguments):
        for sock in vm.agent.open:
            sock.shutdown(2)
        return vm.transaction(connection, arguments)
    vm.on["transaction"] = killed
    has(well(vm.snapshot("--quiesce")).out, "consistent: 3")
    same(vm.frozen, False)


def test_thaw_unheard(bench):
    """a thaw whose answer is lost -> asked again, not labelled consistent"""
    vm = machine(bench)

    def unheard(arguments):
        vm.guest_fsfreeze_thaw(arguments)
        del vm.on[THAW]
        for sock in vm.agent.open:
            sock.shutdown(2)
    vm.on[THAW] = unheard
    has(vm.snapshot("--quiesce").err, "the reply to the thaw was lost")
    same(vm.steps(), WINDOW + [THAW])
    vm.untouched()


def test_agent_killed(bench):
    """an agent that is lost during the freeze -> snapshot undone, next step printed"""
    for guestd, remedy in ((False, "MAY STILL BE FROZEN"), (True, "by itself within 60 s")):
        vm = machine(bench, f"vm{guestd}", guestd)

        def killed(connection, arguments, vm=vm):
            vm.agent.close()
            for sock in vm.agent.open:
                sock.close()
            vm.frozen = False  # not by the host: nobody could
            return vm.transaction(connection, arguments)
        vm.on["transaction"] = killed
        result = vm.snapshot("--quiesce", "--freeze-limit", 30)
        same(result.status, 1)
        has(result.err, remedy)
        vm.untouched()


def test_monitor_gone_after(bench):
    """the monitor lost after the transaction -> the guest is thawed at once"""
    vm = machine(bench)

    def answers_and_goes(connection, arguments):
        connection.say({"return": vm.transaction(connection, arguments),
                        "id": vm.qmp.heard[-1]["id"]})
        vm.qmp.close()
    vm.on["transaction"] = answers_and_goes
    has(well(vm.snapshot("--quiesce")).out, "consistent: 3")
    same(vm.frozen, False)


def test_monitor_gone_meanwhile(bench):
    """a transaction whose reply is lost -> its outcome is looked up"""
    vm = machine(bench, "done")

    def done(connection, arguments):
        vm.transaction(connection, arguments)
    vm.on["transaction"] = done
    has(well(vm.snapshot("--quiesce")).out, "consistent: 3")
    for path in bench.left():
        os.unlink(path)
    other = machine(bench, "undone")
    other.on["transaction"] = lambda _connection, _arguments: None
    result = other.snapshot("--quiesce")
    same(result.status, 1)
    has(result.err, "the connection ended")
    same(other.steps(), WINDOW)
    other.untouched()


def test_monitor_dead(bench):
    """QEMU gone during the transaction -> overlays that may hold data stay, and are named"""
    vm = machine(bench)

    def dies(connection, arguments):
        vm.transaction(connection, arguments)
        vm.qmp.close()
    vm.on["transaction"] = dies
    result = vm.snapshot("--quiesce")
    same((result.status, vm.frozen), (1, False), result)
    has(result.err, "unknown whether the snapshot was made")
    overlays = [path for path in bench.left() if path.endswith(".qcow2")]
    for path in overlays:
        has(result.err, path)
    same((len(overlays), vm.manifest()["label"]), (2, "none"))


def test_killed(bench):
    """guestctl killed during the freeze -> the guest had a time limit"""
    vm = machine(bench)

    def kill(_connection, _arguments):
        bench.wait_for(lambda: vm.guestctl, "guestctl was not started")
        vm.guestctl.kill()
        vm.guestctl.wait()
    vm.on["transaction"] = kill
    vm.start("--quiesce", "--freeze-limit", 7)
    vm.bench.wait_for(lambda: vm.guestctl.poll() is not None, "guestctl goes on")
    same(vm.freezes, [{"timeout": 14}])
    same(vm.steps(), [FREEZE, "transaction"])


def test_interrupted_freeze(bench):
    """Ctrl-C during the freeze, also with try -> thawed, nothing is done"""
    for mode in ("require", "try"):
        vm = machine(bench, mode)

        def freeze(_arguments, vm=vm):
            vm.frozen = True
            vm.interrupt()
        vm.on[FREEZE] = freeze
        status, _out, err = vm.interrupted("--quiesce=" + mode)
        same(status, 1, err)
        has(err, "interrupted")
        same(vm.steps(), [FREEZE, THAW])
        vm.untouched()


def test_interrupted_frozen(bench):
    """Ctrl-C between freeze and transaction -> thawed, nothing is done"""
    vm = machine(bench)

    def freeze(arguments):
        vm.interrupt()
        return vm.guest_fsfreeze_freeze(arguments)
    vm.on[FREEZE] = freeze
    status, _out, err = vm.interrupted("--quiesce")
    same((status, vm.steps()), (1, [FREEZE, THAW]), err)
    vm.untouched()


def test_interrupted_later(bench):
    """Ctrl-C in the transaction or the thaw -> both are completed"""
    for step, usual in (("transaction", "transaction"), (THAW, "guest_fsfreeze_thaw")):
        vm = machine(bench, step)

        def act(*args, vm=vm, usual=usual):
            vm.interrupt()
            return getattr(vm, usual)(*args)
        vm.on[step] = act
        status, out, err = vm.interrupted("--quiesce")
        same(status, 0, err)
        has(out, "consistent: 3")
        same(vm.steps(), WINDOW)


def test_group_fails(bench):
    """several VMs and one that cannot be frozen -> all are thawed, and none has a snapshot"""
    vms = fleet(bench, "one", "two")
    vms[1].on[FREEZE] = lambda _arguments: OSError("no")
    result = bench.ctl("one,two", "snapshot", "--quiesce")
    same(result.status, 1)
    has(result.err, "one: nothing was done, because another VM failed")
    same(vms[0].steps(), [FREEZE, THAW])
    for vm in vms:
        vm.untouched()


def test_group_undone(bench):
    """several VMs and one snapshot that fails -> the others are undone"""
    vms = fleet(bench, "one", "two")
    vms[1].on["transaction"] = lambda _connection, _arguments: OSError("no")
    result = bench.ctl("one,two", "snapshot", "--quiesce")
    has(result.err, "the snapshot was undone")
    for vm in vms:
        vm.untouched()
