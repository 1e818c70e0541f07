# SPDX-License-Identifier: LGPL-2.1-or-later
"""
Many VMs at once: none is answered before all have been asked, so the time grows with the slowest
and not with the number. What it took here is printed.
"""

import json
import os
import threading
import time

from lib.checks import same
from lib.played import PATIENCE, agent
from played import FREEZE, THAW, WINDOW, machine

SIZES = (1, 20, 200)
LONG = ("--timeout", PATIENCE)


def name_of(size, number):
    """Also in the names of files, which a snapshot makes one of each second."""
    return f"vm{size}-{number:03}"


def configure(bench, sockets):
    """vms.ini with a row for each (agent, monitor or None)."""
    os.makedirs(bench.path("config", "guestctl"), exist_ok=True)
    with open(bench.path("config", "guestctl", "vms.ini"), "w", encoding="utf-8") as file:
        for number, (agent_path, qmp) in enumerate(sockets):
            file.write(f"[{name_of(len(sockets), number)}]\nagent={agent_path}\n" + (f"qmp={qmp}\n" if qmp else ""))


def results(result, size):
    """What each VM told, in order; a list also if there is just one."""
    same(result.status, 0, result)
    told = json.loads(result.out)
    same([(row["vm"], row["ok"]) for row in told],
         [(name_of(size, number), True) for number in range(size)])
    return [row["result"] for row in told]


def together(bench, command, answer, check, *verb):
    """Runs the verb with so many agents that they all answer @command once all were asked."""
    took = []
    for size in SIZES:
        barrier = threading.Barrier(size, timeout=PATIENCE)

        def answers(_arguments, barrier=barrier):
            barrier.wait()
            return answer
        players = [bench.play(f"a{size}-{number}", agent({command: answers}))
                   for number in range(size)]
        configure(bench, [(player.path, None) for player in players])
        began = time.monotonic()
        result = bench.ctl(*LONG, "--all", "--json", *verb)
        took.append(f"{size}: {(time.monotonic() - began) * 1000:.0f} ms")
        for told in results(result, size):
            check(told)
        for player in players:
            player.close()
    bench.note(f"{verb[0]}, VMs at once: {', '.join(took)}")


def test_list(bench):
    """list of 200 agents -> asked at the same time"""
    together(bench, "guest-ping", {}, lambda told: same(told["agent"], "answers"), "list")


def test_metrics(bench):
    """metrics of 200 agents -> asked at the same time"""
    together(bench, "guestd-metrics", {"users": 3}, lambda told: same(told["users"], 3), "metrics")


def test_freeze(bench):
    """freeze of 200 guests -> frozen at the same time"""
    together(bench, FREEZE, 2, lambda told: same(told, 2), "freeze")


def test_group(bench):
    """a snapshot of 200 VMs -> all frozen before the first one, and thawed after the last"""
    for size in SIZES:
        order, vms = [], [machine(bench, f"vm{size}-{number}") for number in range(size)]
        for command, usual in ((FREEZE, "guest_fsfreeze_freeze"), (THAW, "guest_fsfreeze_thaw")):
            barrier = threading.Barrier(size, timeout=PATIENCE)
            for vm in vms:
                vm.on[command] = lambda arguments, vm=vm, usual=usual, barrier=barrier: \
                    barrier.wait() >= 0 and getattr(vm, usual)(arguments)
        for vm in vms:
            vm.log = order
        configure(bench, [(vm.agent.path, vm.qmp.path) for vm in vms])
        began = time.monotonic()
        result = bench.ctl(*LONG, "--all", "--json", "snapshot", "--quiesce", "--freeze-limit",
                           PATIENCE)
        took = time.monotonic() - began
        rows = results(result, size)
        steps = [step for step in order if step in WINDOW]
        same(steps, sorted(steps, key=WINDOW.index))
        same(len(steps), 3 * size)
        same({row["label"] for row in rows}, {"consistent"})
        frozen = sorted(row["frozen-ms"] for row in rows)
        bench.note(f"snapshot --quiesce of {size}: {took * 1000:.0f} ms, frozen for "
                   f"{frozen[0]:.1f} to {frozen[-1]:.1f} ms")
        for vm in vms:
            vm.agent.close()
            vm.qmp.close()
