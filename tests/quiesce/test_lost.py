# SPDX-License-Identifier: LGPL-2.1-or-later
"""Agents that are killed or ended, and hosts that go away, at any step of a freeze."""

import os
import random
import time

from lib.checks import Skip, expect, row, same, until
from lib.client import AgentError
from lib.loops import MIB, freeze_by_hand, held_up, thaw_by_hand
from lib.programs import run


KILLS = 40


@row("lost: killed during a freeze hook -> hooks get thaw from the next agent")
def killed_before(scene):
    point = scene.shop.make("ext4", "point")
    scene.hook("1")
    scene.hook("2", '[ "$1" = thaw ] || gate freeze')
    host = scene.start()
    host.send_request("guest-fsfreeze-freeze-list", {"mountpoints": [point]})
    scene.await_gate()
    scene.agent.kill()
    host = scene.restart()
    same(host.status(), "thawed", "status")
    scene.nothing_frozen()
    scene.open_gate()
    # Both were asked to freeze, so both are told that it is over.
    calls = scene.calls()
    until(lambda: calls.extend(scene.calls()) or len(calls) >= 4,
          f"thaw of the hooks after the restart (calls: {calls})")
    same(calls, ["1 freeze", "2 freeze", "2 thaw failed", "1 thaw failed"], "calls")


@row("lost: killed during a thaw hook -> the next agent finishes")
def killed_after(scene):
    point = scene.shop.make("ext4", "point")
    scene.hook("1")
    scene.hook("2", '[ "$1" = freeze ] || [ -e "$scene/once" ] || { : >"$scene/once"; gate thaw; }')
    host = scene.start()
    same(host.freeze([point]), 1, "frozen")
    host.send_request("guest-fsfreeze-thaw")
    scene.await_gate("thaw")
    scene.agent.kill()
    scene.nothing_frozen()
    host = scene.restart()
    calls = scene.calls()
    # The first has not heard of it yet, so the next agent tells both.
    until(lambda: calls.extend(scene.calls()) or len(calls) >= 5, "thaw of the hooks")
    same(calls, ["1 freeze", "2 freeze", "2 thaw host", "2 thaw failed", "1 thaw failed"], "calls")
    scene.open_gate()
    # Waits for the end of that, or finds nothing to do.
    same(host.thaw(), 0, "thawed of nothing")
    expect("guestd.freeze" not in os.listdir(scene.agent.dir), "the marker is left")
    same(host.freeze([point]), 1, "frozen")
    same(host.thaw(), 1, "thawed")


@row("lost: killed after the thaw -> nothing to take over")
def killed_thawed(scene):
    point = scene.shop.make("ext4", "point")
    scene.hook("1")
    host = scene.start()
    same(host.freeze([point]), 1, "frozen")
    same(host.thaw(), 1, "thawed")
    same(scene.calls(), ["1 freeze", "1 thaw host"], "calls")
    scene.agent.kill()
    host = scene.restart()
    same(host.status(), "thawed", "status")
    same(host.freeze([point]), 1, "frozen")
    same(host.thaw(), 1, "thawed")
    same(scene.calls(), ["1 freeze", "1 thaw host"], "calls")


@row("lost: killed while frozen -> the next agent takes over, the host thaws")
def killed_frozen(scene):
    one, two = scene.shop.make("ext4", "one"), scene.shop.make("ext4", "two")
    scene.hook("1")
    host = scene.start()
    same(host.freeze([one, two], timeout=500), 2, "frozen")
    scene.agent.kill()
    host = scene.restart()
    same(host.status(), "frozen", "status after the restart")
    info = host.call("guestd-info")
    expect(info["frozen"] and 450 < info["thaw-in"] <= 500, f"guestd-info: {info}")
    same(held_up([one, two]), [one, two], "held up")
    try:
        host.call("guest-get-osinfo")
        raise RuntimeError("served while frozen")
    except AgentError as error:
        same(error.kind, "CommandNotFound", "a command while frozen")
    same(host.thaw(), 2, "thawed")
    same(scene.calls(), ["1 freeze", "1 thaw host"], "calls")
    same(host.freeze([one, two]), 2, "frozen again")
    same(host.thaw(), 2, "thawed again")


@row("lost: killed while frozen, foreign freeze before -> the foreign freeze stays")
def killed_foreign(scene):
    ours, theirs = scene.shop.make("ext4", "ours"), scene.shop.make("ext4", "theirs")
    scene.start()
    scene.agent.terminate()
    # Only in memory can be noted who is who once all is frozen.
    scene.agent.options += ["-t", scene.shop.mount("tmpfs", "memory", "-t", "tmpfs")]
    host = scene.restart()
    freeze_by_hand(theirs)
    same(host.freeze([ours, theirs], timeout=60), 1, "frozen")
    scene.agent.kill()
    host = scene.restart()
    same(host.status(), "frozen", "status after the restart")
    same(host.thaw(), 1, "thawed")
    same(held_up([ours, theirs]), [theirs], "held up")
    thaw_by_hand(theirs)


@row("lost: killed while frozen, freezes cannot be told apart -> all thawed")
def killed_foreign_on_disk(scene):
    ours, theirs = scene.shop.make("ext4", "ours"), scene.shop.make("ext4", "theirs")
    host = scene.start()
    if run("stat", "-f", "-c", "%T", scene.agent.dir) == "tmpfs":
        raise Skip("the test's directory is in memory")
    freeze_by_hand(theirs)
    same(host.freeze([ours, theirs], timeout=60), 1, "frozen")
    scene.agent.kill()
    host = scene.restart()
    same(host.thaw(), 2, "thawed")
    expect("the state directory is not in memory" not in scene.agent.log(), "held lines are lost")


@row("lost: killed while frozen, many times -> taken over each time")
def killed_often(scene):
    point = scene.shop.make("ext4", "point")
    host = scene.start()
    same(host.freeze([point]), 1, "frozen")
    for _ in range(5):
        scene.agent.kill()
        host = scene.restart()
        same(host.status(), "frozen", "status after the restart")
    same(host.thaw(), 1, "thawed")


@row("lost: killed while frozen -> the rest of the deadline holds")
def killed_deadline(scene):
    point = scene.shop.make("ext4", "point")
    scene.hook("1")
    host = scene.start()
    began = time.monotonic()
    same(host.freeze([point], timeout=8), 1, "frozen")
    answered = time.monotonic()
    scene.agent.kill()
    host = scene.restart()
    same(host.status(), "frozen", "status after the restart")
    asked = time.monotonic()
    left = host.call("guestd-info")["thaw-in"]
    expect(left <= 8 - (asked - answered), f"{left} s left {asked - answered} s after the freeze")
    until(lambda: host.status() == "thawed", "the deadline")
    took = time.monotonic() - began
    expect(took > 7.9, f"thawed after {took} s")
    same(host.thaw(), 0, "the host's thaw")
    same(scene.calls(), ["1 freeze", "1 thaw timeout"], "calls")


@row("lost: killed while frozen, restarted after the deadline -> thawed at start")
def killed_past_deadline(scene):
    point = scene.shop.make("ext4", "point")
    host = scene.start()
    same(host.freeze([point], timeout=3), 1, "frozen")
    scene.agent.kill()
    time.sleep(3.1)
    host = scene.restart()
    until(lambda: host.status() == "thawed", "the deadline that has passed")
    scene.nothing_frozen()


def kill_at(scene, host, points, delay):
    """Sends a freeze, kills the agent after @delay seconds; returns a new host."""
    scene.dirty(*points, megabytes=2)
    host.send_request("guest-fsfreeze-freeze-list", {"mountpoints": points, "timeout": 60})
    time.sleep(delay)
    scene.agent.kill()
    host.close()
    return scene.restart()


@row("lost: killed at any moment of a freeze -> a thaw leaves nothing frozen")
def killed_during(scene):
    outer = scene.shop.make("ext4", "outer", 96 * MIB)
    points = [outer, scene.shop.make("ext4", "inner", 32 * MIB, below=outer),
              scene.shop.make("ext4", "beside", 32 * MIB)]
    scene.hook("1", '[ "$1" = thaw ] || sleep 0.02')
    host = scene.start()
    # How long a freeze takes here, so that kills fall into all of it.
    scene.dirty(*points, megabytes=2)
    began = time.monotonic()
    same(host.freeze(points), 3, "frozen")
    span = time.monotonic() - began
    same(host.thaw(), 3, "thawed")
    seen = {"thawed": 0, "frozen": 0}
    for _ in range(KILLS):
        host = kill_at(scene, host, points, random.uniform(0, span * 1.3))
        status = host.status()
        seen[status] += 1
        held = held_up(points) if status == "frozen" else []
        same(host.thaw(), len(held) if held else 0, f"thawed after {status}")
        scene.nothing_frozen()
    scene.note(f"{KILLS} kills within {span * 1300:.0f} ms: {seen}")


@row("lost: SIGTERM while frozen -> thawed, status 0")
def terminated(scene):
    one, two = scene.shop.make("ext4", "one"), scene.shop.make("ext4", "two")
    scene.hook("1")
    scene.hook("2")
    host = scene.start()
    same(host.freeze([one, two]), 2, "frozen")
    scene.calls()
    same(scene.agent.terminate(), 0, "exit status")
    scene.nothing_frozen()
    same(scene.calls(), ["2 thaw shutdown", "1 thaw shutdown"], "calls")
    host = scene.restart()
    same(host.status(), "thawed", "status after the restart")


@row("lost: SIGTERM during a slow hook -> hooks get thaw, status 0")
def terminated_freezing(scene):
    point = scene.shop.make("ext4", "point")
    scene.hook("1", '[ "$1" = thaw ] || gate freeze')
    host = scene.start()
    host.send_request("guest-fsfreeze-freeze-list", {"mountpoints": [point]})
    scene.await_gate()
    same(scene.agent.terminate(), 0, "exit status")
    scene.nothing_frozen()
    expect(scene.calls()[-1].startswith("1 thaw"), "the hook got no thaw")


@row("lost: host disconnects while frozen -> the next host thaws")
def host_gone(scene):
    point = scene.shop.make("ext4", "point")
    host = scene.start()
    same(host.freeze([point]), 1, "frozen")
    host.close()
    with scene.agent.connect() as other:
        same(other.status(), "frozen", "status for the next host")
        same(held_up([point]), [point], "held up")
        same(other.thaw(), 1, "thawed")


@row("lost: host disconnects during a slow freeze -> the next host thaws")
def host_gone_freezing(scene):
    point = scene.shop.make("ext4", "point")
    scene.hook("1", '[ "$1" = thaw ] || gate freeze')
    host = scene.start()
    host.send_request("guest-fsfreeze-freeze-list", {"mountpoints": [point], "timeout": 60})
    scene.await_gate()
    host.close()
    with scene.agent.connect() as other:
        other.sync()
        other.thaw()
        same(other.status(), "thawed", "status")


@row("lost: no thaw before the deadline -> the watchdog thaws")
def watchdog(scene):
    point = scene.shop.make("ext4", "point")
    scene.hook("1")
    host = scene.start()
    same(host.freeze([point], timeout=3), 1, "frozen")
    until(lambda: host.status() == "thawed", "the watchdog")
    same(host.thaw(), 0, "the host's thaw")
    same(scene.calls()[:2], ["1 freeze", "1 thaw timeout"], "calls")
    same(host.report()["ended-by"], "timeout", "ended by")
    until(lambda: "did not thaw them in time" in scene.agent.log(), "why, in the log")
    # The next freeze has a deadline of its own.
    same(host.freeze([point], timeout=60), 1, "frozen again")
    same(host.status(), "frozen", "status")
    same(host.thaw(), 1, "thawed")
    same(host.report()["ended-by"], "host", "ended by")


@row("lost: freeze-timeout of the configuration -> the watchdog thaws")
def configured_timeout(scene):
    point = scene.shop.make("ext4", "point")
    host = scene.start(freeze_timeout=3)
    same(host.freeze([point]), 1, "frozen")
    until(lambda: host.status() == "thawed", "the watchdog")
    # The argument has precedence; 0 is for ever.
    same(host.freeze([point], timeout=0), 1, "frozen")
    time.sleep(3.5)
    same(host.status(), "frozen", "status without a deadline")
    expect("thaw-in" not in host.call("guestd-info"), "a deadline is told")
    same(host.thaw(), 1, "thawed")


@row("lost: watchdog, host and SIGTERM at once -> thawed once")
def all_at_once(scene):
    points = [scene.shop.make("ext4", "one"), scene.shop.make("ext4", "two")]
    for _ in range(5):
        host = scene.restart() if scene.agent else scene.start()
        same(host.freeze(points, timeout=2), 2, "frozen")
        time.sleep(random.uniform(1.97, 2.0))
        host.send_request("guest-fsfreeze-thaw")
        same(scene.agent.terminate(), 0, "exit status")
        scene.nothing_frozen()
    scene.restart()
