# SPDX-License-Identifier: LGPL-2.1-or-later
"""The dialogue with an agent: never lost, and three different ways to fail."""

import json
import os
import subprocess
import threading

from lib.checks import has, same
from lib.played import SILENCE, agent
from lib.programs import guestctl_path

BOTH = (False, True)


def test_ping(bench):
    """ping of both agents -> answered"""
    for reference in BOTH:
        path = bench.real_agent(f"agent{reference}", reference)
        result = bench.ctl("--agent", path, "ping")
        same(result.status, 0, result)
        has(result.out, "the agent answers")


def test_info(bench):
    """info of both agents -> the agent's name and version"""
    same(bench.ctl("--agent", bench.real_agent("ours"), "info").out.splitlines()[0]
         .startswith("agent: guestd "), True)
    has(bench.ctl("--agent", bench.real_agent("theirs", True), "info").out, "qemu-ga or the like")


def test_stale(bench):
    """replies that an earlier client left behind -> skipped"""
    stale = b'{"return": 1}\n{"return": {"old": true}}\n{"error": {"class": "GenericError", ' \
            b'"desc": "old"}}\n{"event": "OLD"}\nno json at all}\n'
    path = bench.play("a", agent({"guest-get-time": 7}, before_sync=stale)).path
    result = bench.ctl("--agent", path, "raw", '{"execute": "guest-get-time"}')
    same(json.loads(result.out), {"return": 7}, result)


def test_event_between(bench):
    """an event between request and reply -> not taken for the reply"""
    path = bench.play("a", agent({"guest-get-time": b'{"event": "X", "data": {}}\n'
                                                    b'{"return": 7}\n'})).path
    result = bench.ctl("--agent", path, "raw", '{"execute": "guest-get-time"}')
    same(json.loads(result.out), {"return": 7}, result)


def test_missing(bench):
    """an agent's socket that does not exist -> error"""
    result = bench.ctl("--agent", bench.path("nothing"), "ping")
    same(result.status, 1)
    has(result.err, "no agent answers")
    has(result.err, "doctor")
    same(result.out, "")


def test_hangs(bench):
    """an agent that hangs -> time-out"""
    path = bench.play("a", agent({"guest-ping": None})).path
    result = bench.ctl("--timeout", SILENCE, "--agent", path, "ping")
    same(result.status, 1)
    has(result.err, f"did not answer guest-ping within {SILENCE} s")


def test_hangs_in_sync(bench):
    """an agent that does not answer the sync -> time-out"""
    path = bench.play("a", lambda connection: list(connection.lines())).path
    result = bench.ctl("--timeout", 1, "--agent", path, "ping")
    same(result.status, 1)
    has(result.err, "did not answer")


def test_refuses(bench):
    """an agent that refuses a command -> its error and exit status 1"""
    path = bench.play("a", agent({"guest-ping": OSError("not today")})).path
    result = bench.ctl("--agent", path, "ping")
    same(result.status, 1)
    has(result.err, "the agent refused guest-ping: not today")


def test_hangs_up(bench):
    """an agent that closes the connection instead of answering -> error"""
    def script(connection):
        for message in connection.lines():
            if message["execute"] == "guest-ping":
                connection.close()
                return
            connection.say({"return": message["arguments"]["id"]})
    result = bench.ctl("--agent", bench.play("a", script).path, "ping")
    same(result.status, 1)
    has(result.err, "no agent answers")


def test_nonsense(bench):
    """an agent that answers with an invalid reply -> error"""
    for text in (b"{}\n", b"[]\n", b'{"a": 1}\n', b"[" * 100000 + b"\n", b"{]\n"):
        path = bench.play(f"a{len(bench.players)}", agent({"guest-ping": text})).path
        result = bench.ctl("--timeout", 2, "--agent", path, "ping")
        same(result.status, 1, result)


def test_interrupted(bench):
    """Ctrl-C while an answer is awaited -> guestctl ends"""
    player = bench.play("a", agent({"guest-ping": None}))
    process = bench.start("--timeout", 60, "--agent", player.path, "ping")
    bench.wait_for(lambda: any(m["execute"] == "guest-ping" for m in player.heard), "no ping")
    result = bench.interrupt(process)
    same(result.status, 1)
    has(result.err, "interrupted")


def test_usage(bench):
    """invalid arguments -> exit status 2, and the help is named"""
    for args in ((), ("vm",), ("vm", "nix"), ("--nix", "vm", "ping"), ("vm", "ping", "--nix"),
                 ("vm", "ping", "more"), ("vm", "raw"), ("--timeout", "0", "vm", "ping"),
                 ("--timeout", "x", "vm", "ping"), ("vm", "trim", "--minimum"),
                 ("vm", "ping", "--json=yes")):
        result = bench.ctl(*args)
        same(result.status, 2, f"{args}: {result}")
        has(result.err, "--help")
        same(result.err.count("\n"), 1, args)


def test_help(bench):
    """--help with each verb -> its options"""
    listed = bench.ctl("--help")
    same(listed.status, 0)
    names = [line.split()[0] for line in listed.out.partition("Verbs:\n")[2].partition("\n\n")[0]
             .splitlines()]
    same(len(names) > 5, True)
    for name in names:
        result = bench.ctl(name, "--help")
        same(result.status, 0, name)
        has(result.out, f" {name}")


def test_dry_run(bench):
    """--dry-run -> no request to the guest"""
    player = bench.play("a", agent({}))
    result = bench.ctl("--agent", player.path, "freeze", "--dry-run")
    same((result.status, player.heard), (0, []), result)
    has(result.out, "would do")


def test_several(bench):
    """several VMs -> a line each, a summary, and exit status 1 if one fails"""
    config = bench.path("config", "guestctl")

    os.makedirs(config)
    lines = []
    for name in ("one", "two", "three"):
        answers = {"guest-ping": {}} if name != "two" else {}
        lines.append(f"[{name}]\nagent={bench.play(name, agent(answers)).path}\n")
    with open(os.path.join(config, "vms.ini"), "w", encoding="utf-8") as file:
        file.write("".join(lines))
    result = bench.ctl("one,two,three", "ping")
    same(result.status, 1, result)
    has(result.out, "one: the agent answers")
    has(result.err, "two: the agent refused guest-ping")
    has(result.err, "3 VMs: 2 ok, 1 failed")
    told = json.loads(bench.ctl("one,two,three", "ping", "--json").out)
    same([(row["vm"], row["ok"]) for row in told],
         [("one", True), ("two", False), ("three", True)])
    result = bench.ctl("--match", "t*", "ping")
    has(result.err, "2 VMs: 1 ok, 1 failed")


def test_fleet_in_parallel(bench):
    """200 agents -> asked at the same time"""


    together = threading.Barrier(200, timeout=60)

    def ping(_arguments):
        together.wait()
        return {}
    config = bench.path("config", "guestctl")
    os.makedirs(config)
    with open(os.path.join(config, "vms.ini"), "w", encoding="utf-8") as file:
        for number in range(200):
            path = bench.play(f"p{number}", agent({"guest-ping": ping})).path
            file.write(f"[vm{number}]\nagent={path}\n")
    # Nobody is answered before everybody has asked.
    result = bench.ctl("--timeout", 60, "--all", "ping")
    same(result.status, 0, result)
    has(result.err, "200 VMs: 200 ok")


def test_output_lost(bench):
    """the output cannot be written, whatever the verb -> an error and status 1; a closed pipe -> no message"""
    player = bench.play("a", agent({"guest-ping": {}}))
    for words in (("--agent", player.path, "ping"), ("--version",), ("--help",)):
        with open("/dev/full", "wb") as full:
            done = subprocess.run([guestctl_path(), *words], stdin=subprocess.DEVNULL, stdout=full,
                                  stderr=subprocess.PIPE, env=bench.env, check=False)
        same(done.returncode, 1, words)
        has(done.stderr.decode(), "guestctl: failed to write the output: No space left on device")
        reader, writer = os.pipe()
        os.close(reader)
        done = subprocess.run([guestctl_path(), *words], stdin=subprocess.DEVNULL, stdout=writer,
                              stderr=subprocess.PIPE, env=bench.env, check=False)
        os.close(writer)
        same((done.returncode != 0, done.stderr), (True, b""), words)
