# SPDX-License-Identifier: LGPL-2.1-or-later
"""Hooks that fail, hang and leave daemons, and what is served while they run."""

import os
import time
from pathlib import Path

from lib.checks import expect, row, same, until
from lib.client import AgentError


# What is served at once may take so long on a busy machine; half of what a hook has.
AT_ONCE = 60
HOOK_TIMEOUT = 2 * AT_ONCE


def refused(host, points):
    """The error of a freeze that must fail."""
    try:
        host.freeze(points)
    except AgentError as error:
        return error.text
    raise RuntimeError("the freeze succeeded")


def is_alive(pid):
    try:
        state = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0]
    except (FileNotFoundError, ProcessLookupError):  # before it was opened, or read
        return False
    return state != "Z"


def read_pid(scene, name="pid"):
    return int(until(lambda: os.path.exists(scene.shop.path(name)) and
                     Path(scene.shop.path(name)).read_text().strip(), "pid of the hook"))


@row("hooks: several -> freeze in order, thaw in reverse")
def order(scene):
    point = scene.shop.make("ext4", "point")
    for name in ("20-b", "10-a", "30-c", "40-d.sample"):
        scene.hook(name)
    host = scene.start()
    same(host.freeze([point]), 1, "frozen")
    same(scene.calls(), ["10-a freeze", "20-b freeze", "30-c freeze"], "calls")
    same(host.thaw(), 1, "thawed")
    same(scene.calls(), ["30-c thaw host", "20-b thaw host", "10-a thaw host"], "calls")
    rows = [(os.path.basename(row["path"]), row["phase"], row["ok"])
            for row in host.report()["hooks"]]
    same(rows, [("10-a", "freeze", True), ("20-b", "freeze", True), ("30-c", "freeze", True),
                ("30-c", "thaw", True), ("20-b", "thaw", True), ("10-a", "thaw", True)], "report")


@row("hooks: thaw -> filesystems first, then hooks")
def write_after_thaw(scene):
    point = scene.shop.make("ext4", "point")
    scene.hook("write", f'[ "$1" = freeze ] || echo x >"{point}/after"')
    host = scene.start()
    same(host.freeze([point]), 1, "frozen")
    same(host.thaw(), 1, "thawed")
    expect(os.path.exists(point + "/after"), "the hook could not write")


@row("hooks: hanging hook -> killed with its children")
def hangs(scene):
    point = scene.shop.make("ext4", "point")
    scene.hook("1")
    scene.hook("2", f'[ "$1" = thaw ] && exit\nsleep 1000 & echo $! >{scene.shop.dir}/pid\nwait')
    # Time for the other calls, which are quick, to be made on a busy machine.
    host = scene.start(hook_timeout=5)
    began = time.monotonic()
    text = refused(host, [point])
    took = time.monotonic() - began
    expect("killed" in text and "in time" in text, text)
    expect(took >= 4.9, f"{took} s")
    same(scene.calls(), ["1 freeze", "2 freeze", "2 thaw failed", "1 thaw failed"], "calls")
    pid = read_pid(scene)
    until(lambda: not is_alive(pid), "the end of the hook's child")


@row("hooks: second hook fails -> the first gets thaw")
def second_fails(scene):
    point = scene.shop.make("ext4", "point")
    scene.hook("1")
    scene.hook("2", '[ "$1" = thaw ] || { echo out of order; exit 3; }')
    scene.hook("3")
    host = scene.start()
    text = refused(host, [point])
    expect(text.startswith("child process has failed to execute fsfreeze hook: out of order"), text)
    same(scene.calls(), ["1 freeze", "2 freeze", "1 thaw failed"], "calls")
    same(host.report()["ended-by"], "failed", "ended by")


@row("hooks: daemon keeps the pipes open -> no delay")
def daemon(scene):
    point = scene.shop.make("ext4", "point")
    scene.hook("1", f'[ "$1" = thaw ] && exit\n'
                    f'setsid sh -c "echo \\$\\$ >{scene.shop.dir}/pid; exec sleep 1000" &')
    host = scene.start(hook_timeout=HOOK_TIMEOUT)
    began = time.monotonic()
    same(host.freeze([point]), 1, "frozen")
    expect(time.monotonic() - began < AT_ONCE, "delayed")
    same(host.thaw(), 1, "thawed")
    pid = read_pid(scene)
    expect(is_alive(pid), "the daemon was ended")
    os.kill(pid, 9)


@row("hooks: thaw fails in a hook -> reported, all thawed")
def thaw_fails(scene):
    point = scene.shop.make("ext4", "point")
    scene.hook("1")
    scene.hook("2", '[ "$1" = freeze ] || exit 9')
    host = scene.start()
    same(host.freeze([point]), 1, "frozen")
    try:
        host.thaw()
        raise RuntimeError("no error")
    except AgentError as error:
        expect("fsfreeze hook" in error.text, error.text)
    same(scene.calls(), ["1 freeze", "2 freeze", "2 thaw host", "1 thaw host"], "calls")
    same(host.status(), "thawed", "status")


@row("hooks: nothing to freeze -> hooks get thaw")
def nothing_to_freeze(scene):
    scene.shop.make("ext4", "point")
    scene.hook("1")
    host = scene.start()
    same(host.freeze([scene.shop.path("nowhere")]), 0, "frozen")
    same(scene.calls(), ["1 freeze", "1 thaw failed"], "calls")


@row("hooks: writable by others -> refused")
def untrusted(scene):
    point = scene.shop.make("ext4", "point")
    scene.hook("1")
    os.chmod(os.path.join(scene.hooks, "1"), 0o775)
    host = scene.start()
    expect("writable by others" in refused(host, [point]), "the text")
    same(scene.calls(), [], "calls")


def served_at_once(host):
    slowest = 0
    for ask in (host.sync, host.status, lambda: host.call("guest-ping"),
                lambda: host.call("guestd-info")):
        began = time.monotonic()
        ask()
        slowest = max(slowest, time.monotonic() - began)
    expect(slowest < AT_ONCE, f"{slowest} s for an answer during the freeze")
    return slowest


@row("hooks: slow freeze hook -> host is served, its thaw cancels")
def cancel(scene):
    point = scene.shop.make("ext4", "point")
    scene.hook("1")
    scene.hook("2", '[ "$1" = thaw ] || gate freeze')
    host = scene.start(hook_timeout=HOOK_TIMEOUT)
    host.send_request("guest-fsfreeze-freeze-list", {"mountpoints": [point]})
    scene.await_gate()
    slowest = served_at_once(host)
    with scene.agent.connect() as other:
        slowest = max(slowest, served_at_once(other))
    began = time.monotonic()
    same(host.thaw(), 0, "thawed")
    took = time.monotonic() - began
    expect(took < AT_ONCE, f"{took} s to cancel")
    same(scene.calls(), ["1 freeze", "2 freeze", "2 thaw failed", "1 thaw failed"], "calls")
    expect(host.is_silent(0.2), "the cancelled freeze was answered after the sync")
    scene.note(f"slowest answer {slowest * 1000:.1f} ms, cancelled after {took * 1000:.1f} ms")


@row("hooks: thaw from another connection -> freeze is cancelled with an error")
def cancel_from_other(scene):
    point = scene.shop.make("ext4", "point")
    scene.hook("1", '[ "$1" = thaw ] || gate freeze')
    host = scene.start()
    host.send_request("guest-fsfreeze-freeze-list", {"mountpoints": [point]})
    scene.await_gate()
    with scene.agent.connect() as other:
        same(other.thaw(), 0, "thawed")
    try:
        host.result()
        raise RuntimeError("the freeze succeeded")
    except AgentError as error:
        expect("cancelled" in error.text, error.text)


@row("hooks: second freeze during a slow hook -> refused")
def second_freeze(scene):
    point = scene.shop.make("ext4", "point")
    scene.hook("1", '[ "$1" = thaw ] || gate freeze')
    host = scene.start()
    host.send_request("guest-fsfreeze-freeze-list", {"mountpoints": [point]})
    scene.await_gate()
    with scene.agent.connect() as other:
        expect("in progress" in refused(other, [point]), "the text")
    scene.open_gate()
    same(host.result(), 1, "frozen")
    same(host.thaw(), 1, "thawed")


@row("hooks: slow thaw hook -> only the reply waits")
def slow_thaw(scene):
    point = scene.shop.make("ext4", "point")
    scene.hook("1", '[ "$1" = freeze ] || gate thaw')
    host = scene.start(hook_timeout=HOOK_TIMEOUT)
    same(host.freeze([point]), 1, "frozen")
    host.send_request("guest-fsfreeze-thaw")
    scene.await_gate("thaw")
    scene.nothing_frozen()
    with scene.agent.connect() as other:
        served_at_once(other)
        # Commands are all back by now.
        other.call("guest-get-osinfo")
    scene.open_gate()
    same(host.result(), 1, "thawed")
