# SPDX-License-Identifier: LGPL-2.1-or-later
"""doctor: each fault is found, named, and has its remedy; and metrics, in the form of guestd's."""

import json
import os
import re
import shutil
import subprocess
import time

from lib.checks import Skip, has, same
from lib.played import PATIENCE, SILENCE, agent, monitor

NEEDED = """guest-shutdown guest-fsfreeze-freeze guest-fstrim guest-exec guest-file-open
    guest-get-fsinfo guest-get-disks guest-network-get-interfaces guest-network-get-route
    guest-get-users guest-get-vcpus guest-set-time guest-set-user-password
    guest-ssh-get-authorized-keys guest-suspend-ram""".split()


def info(disabled=(), without=()):
    return {"version": "11.0.0", "supported_commands": [
        {"name": name, "enabled": name not in disabled, "success-response": True}
        for name in NEEDED if name not in without]}


def healthy(**more):
    """Answers of an agent with which nothing is wrong; a dash is written as _ in @more."""
    return {"guest-ping": {}, "guest-info": info(), "guest-fsfreeze-status": "thawed",
            "guest-get-time": lambda _a: time.time_ns(),
            **{name.replace("_", "-"): value for name, value in more.items()}}


def examine(bench, *args):
    """(exit status, {check: row}) of doctor --json, and that the text says the same."""
    result = bench.ctl("--timeout", SILENCE, *args, "doctor", "--json")
    told = json.loads(result.out)
    text = bench.ctl("--timeout", SILENCE, *args, "doctor")
    same(text.status, result.status, text)
    for row in told["checks"]:
        has(text.out, f"{row['check']}: ")
        same("remedy" in row, row["result"] != "ok", row)
    same(told["problems"], sum(row["result"] == "problem" for row in told["checks"]))
    same(result.status, 1 if told["problems"] else 0)
    return result.status, {row["check"]: row for row in told["checks"]}


def with_agent(bench, answers):
    player = bench.play(f"a{len(bench.players)}", agent(answers))
    return examine(bench, "--agent", player.path)


def test_healthy(bench):
    """doctor of a real agent in good health -> no problem"""
    for reference in (False, True):
        status, checks = examine(bench, "--agent", bench.real_agent(f"a{reference}", reference))
        same(status, 0, checks)
        for check in ("channel", "agent", "freeze", "clock"):
            same(checks[check]["result"], "ok", checks)
        has(checks["version"]["text"], "qemu-ga" if reference else "guestd ")


def test_no_socket(bench):
    """a VM without a channel -> problem with the next step"""
    status, checks = examine(bench, "--agent", bench.path("none"))
    same(status, 1)
    has(checks["channel"]["remedy"], "virtserialport")
    has(checks["agent"]["text"], "no agent answers")


def test_no_agent_named(bench):
    """a bare QEMU whose agent socket is unknown -> problem with the next step"""
    player = bench.play("q", monitor({}))
    status, checks = examine(bench, "--qmp", player.path)
    same((status, checks["channel"]["result"]), (1, "problem"))
    has(checks["channel"]["remedy"], "--agent")


def chardevs(path, is_open):
    return {"query-chardev": [
        {"label": "serial", "filename": "unix:/elsewhere,server=on", "frontend-open": True},
        {"label": "longer", "filename": f"unix:{path}2,server=on", "frontend-open": True},
        {"label": "agent", "filename": f"disconnected:unix:{path},server=on",
         "frontend-open": is_open}]}


def test_port(bench):
    """a port that is closed in the guest -> problem with what the monitor reports"""
    for is_open in (True, False):
        silent = bench.play(f"silent{is_open}", lambda connection: list(connection.lines()))
        live = bench.play(f"live{is_open}", agent(healthy()))
        path = (live if is_open else silent).path
        player = bench.play(f"q{is_open}", monitor(chardevs(path, is_open)))
        status, checks = examine(bench, "--agent", path, "--qmp", player.path)
        same((status, checks["port"]["result"]), (0, "ok") if is_open else (1, "problem"))
        if not is_open:
            has(checks["port"]["remedy"], "install guestd")
            has(checks["agent"]["remedy"], "systemctl start")


def test_state(bench):
    """a VM that does not run -> problem with the next step"""
    for state, remedy in (("paused", "resume"), ("shutdown", "--force"), ("suspended", "wakes")):
        live = bench.play(f"a{state}", agent(healthy()))
        player = bench.play(f"q{state}", monitor({}, status=state))
        status, checks = examine(bench, "--agent", live.path, "--qmp", player.path)
        same((status, checks["state"]["result"]), (1, "problem"), checks)
        has(checks["state"]["remedy"], remedy)
        same("agent" in checks, False)


def test_hangs(bench):
    """an agent that hangs, or refuses -> problem with the next step"""
    status, checks = with_agent(bench, healthy(guest_ping=None))
    same(status, 1)
    has(checks["agent"]["remedy"], "restart")
    status, checks = with_agent(bench, healthy(guest_ping=OSError("not today")))
    same(status, 1)
    has(checks["agent"]["text"], "not today")


def test_disabled(bench):
    """disabled commands -> problem; missing ones -> note"""
    status, checks = with_agent(bench, healthy(guest_info=info(disabled=["guest-exec"])))
    same((status, checks["commands"]["result"]), (1, "problem"))
    has(checks["commands"]["text"], "guest-exec")
    has(checks["commands"]["remedy"], "allow-rpcs")
    status, checks = with_agent(bench, healthy(guest_info=info(without=["guest-fstrim"])))
    same((status, checks["commands"]["result"]), (0, "note"))
    has(checks["commands"]["text"], "guest-fstrim (for trim)")


def test_disabled_for_real(bench):
    """commands that the configuration of a real agent blocks -> named"""
    for reference in (False, True):
        path = bench.real_agent(f"a{reference}", reference, options=("-b", "guest-exec"))
        status, checks = examine(bench, "--agent", path)
        same(status, 1, checks)
        has(checks["commands"]["text"], "disabled by its configuration: guest-exec")


def test_clock(bench):
    """a clock that is ahead or behind -> problem with the offset"""
    # The answer was under way for a while, of which half is taken off: that is not exact.
    for seconds, word in ((3600, "ahead"), (-3600, "behind")):
        def clock(_arguments, seconds=seconds):
            return time.time_ns() + seconds * 1_000_000_000
        status, checks = with_agent(bench, healthy(guest_get_time=clock))
        same((status, checks["clock"]["result"]), (1, "problem"))
        told = re.fullmatch(rf"it is (\d+\.\d) s {word}", checks["clock"]["text"])
        same(abs(float(told[1]) - 3600) < PATIENCE, True, checks["clock"])
        has(checks["clock"]["remedy"], "time --set")


def test_frozen(bench):
    """frozen filesystems -> problem; disabled commands are then not one"""
    answers = healthy(guest_fsfreeze_status="frozen", guest_info=info(disabled=NEEDED))
    status, checks = with_agent(bench, answers)
    same((status, checks["freeze"]["result"]), (1, "problem"))
    has(checks["freeze"]["text"], "nothing thaws them")
    same("commands" in checks and checks["commands"]["result"] == "problem", False)
    answers["guestd-info"] = {"version": "1", "thaw-in": 42.2}
    _status, checks = with_agent(bench, answers)
    has(checks["freeze"]["text"], "thaws them in 42 s")
    has(checks["freeze"]["remedy"], "thaw")


def test_hooks(bench):
    """hooks that failed at the last freeze -> named"""
    def report(good):
        return {"hooks": [{"path": "/etc/hook", "phase": "freeze", "ms": 1.0, "ok": good}]}
    status, checks = with_agent(bench, healthy(guestd_fsfreeze_report=report(False)))
    same(status, 1)
    has(checks["hooks"]["text"], "/etc/hook failed when it was called with freeze")
    status, checks = with_agent(bench, healthy(guestd_fsfreeze_report=report(True)))
    same((status, checks["hooks"]["result"]), (0, "ok"))


def test_nonsense(bench):
    """answers of an unexpected type, or with control characters -> problem, printed safely"""
    for answer in ({}, [], 7, "x\x1b[31m", None):
        player = bench.play(f"a{len(bench.players)}", agent(healthy(
            guest_info=answer, guestd_info=answer, guest_fsfreeze_status=answer,
            guest_get_time=answer, guestd_fsfreeze_report=answer)))
        result = bench.ctl("--timeout", 1, "--agent", player.path, "doctor")
        same(result.status in (0, 1), True, result)
        same("\x1b" in result.out, False)
    odd = dict(info(), version="1\x1b[31m")
    player = bench.play("odd", agent(healthy(guest_info=odd)))
    same("\x1b" in bench.ctl("--agent", player.path, "doctor").out, False)


def test_several(bench):
    """several VMs -> each line names its VM, and a problem of one is exit status 1"""
    os.makedirs(bench.path("config/guestctl"))
    with open(bench.path("config/guestctl/vms.ini"), "w", encoding="utf-8") as file:
        file.write(f"[good]\nagent={bench.play('a', agent(healthy())).path}\n"
                   f"[bad]\nagent={bench.path('none')}\n")
    result = bench.ctl("good,bad", "doctor")
    same(result.status, 1)
    has(result.out, "good: ok       agent")
    has(result.err, "bad: 2 problems")


def test_metrics(bench):
    """metrics of both agents -> the same members"""
    for reference in (False, True):
        path = bench.real_agent(f"a{reference}", reference)
        told = json.loads(bench.ctl("--agent", path, "metrics", "--json").out)
        with open("/proc/loadavg", encoding="ascii") as file:
            same(abs(told["load"]["load1m"] - float(file.read().split()[0])) < 5, True)
        same(told["cpu"]["online"], os.cpu_count())
        same(told["cpu"]["idle-ms"] > 0, True)
        same("lo" in [row["name"] for row in told["interfaces"]], True)
        same(("memory" in told, "uptime-ms" in told), (not reference, not reference))
        for fs in told["filesystems"]:
            same(0 <= fs["available-bytes"] <= fs["total-bytes"], True, fs)
        text = bench.ctl("--agent", path, "metrics").out
        for word in ("load ", "CPUs, since the start", "INTERFACE"):
            has(text, word)
        same("only reported by guestd" in text, reference)


def test_metrics_partly(bench):
    """an old agent -> what it does not report is left out; one that hangs -> error"""
    player = bench.play("a", agent({"guest-get-users": [{"user": "x", "login-time": 1}]}))
    same(json.loads(bench.ctl("--agent", player.path, "metrics", "--json").out), {"users": 1})
    player = bench.play("b", agent({"guest-get-load": None}))
    result = bench.ctl("--timeout", SILENCE, "--agent", player.path, "metrics")
    same(result.status, 1)
    has(result.err, "did not answer guest-get-load")


def libvirt_test_driver(bench, xml):
    """guestctl's arguments for a domain of libvirt's own test driver."""
    with open(bench.path("node.xml"), "w", encoding="utf-8") as file:
        file.write(f"<node><domain type='test'><name>vm1</name><memory>8192</memory>"
                   f"<os><type>hvm</type></os>{xml}</domain></node>")
    uri = f"test://{bench.path('node.xml')}"
    if not shutil.which("virsh") or subprocess.run(
            ["virsh", "-c", uri, "list"], capture_output=True, timeout=PATIENCE,
            check=False).returncode:
        raise Skip("no virsh with the test driver")
    return "-c", uri, "vm1"


def test_libvirt(bench):
    """channels in a domain's XML -> found"""
    args = libvirt_test_driver(bench, "")
    status, checks = examine(bench, *args)
    same((status, checks["state"]["result"], checks["channel"]["result"]), (1, "ok", "problem"))
    has(checks["channel"]["remedy"], "virsh edit")
    args = libvirt_test_driver(
        bench, "<devices><channel type='unix'><source mode='bind' path='/run/a'/>"
        "<target type='virtio' name='org.qemu.guest_agent.0' state='disconnected'/></channel>"
        "<channel type='unix'><source mode='bind' path='/run/b'/>"
        "<target type='virtio' name='other'/></channel></devices>")
    _status, checks = examine(bench, *args)
    same((checks["channel"]["result"], checks["channel"]["text"]), ("ok", "/run/a"))
