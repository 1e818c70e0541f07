# SPDX-License-Identifier: LGPL-2.1-or-later
"""exec: streams, exit status, and a program that does not outlive Ctrl-C."""

import base64
import json
import os
import select
import subprocess
import threading

from lib.checks import has, same
from lib.played import PATIENCE, agent

BOTH = (False, True)
LIVE = {"guest-info": {"version": "11.0.0", "supported_commands": [
    {"name": name, "enabled": True, "success-response": True}
    for name in ("guest-exec", "guestd-exec-read")]}}


def both(bench):
    for reference in BOTH:
        yield bench.real_agent(f"agent{reference}", reference)


def exec_raw(bench, path, *args, stdin=b""):
    """(status, stdout, stderr) in bytes."""
    process = bench.start("--agent", path, "exec", *args, stdin=subprocess.PIPE)
    out, err = process.communicate(stdin, PATIENCE)
    return process.returncode, out, err


def listed(bench, path):
    told = bench.ctl("--agent", path, "raw", '{"execute": "guestd-exec-list"}').out
    return json.loads(told)["return"]


def test_outputs(bench):
    """output and error output -> kept apart; the exit status -> guestctl's"""
    for path in both(bench):
        same(exec_raw(bench, path, "--", "sh", "-c", "echo one; echo two >&2; exit 7"),
             (7, b"one\n", b"two\n"))


def test_signal(bench):
    """a program ended by a signal -> exit status 128 plus its number"""
    for path in both(bench):
        same(exec_raw(bench, path, "--", "sh", "-c", "kill -9 $$"), (137, b"", b""))


def test_binary(bench):
    """input and output of any bytes -> unchanged"""
    data = bytes(range(256)) * 4000
    for path in both(bench):
        same(exec_raw(bench, path, "--stdin", "--", "cat", stdin=data), (0, data, b""))


def test_no_input(bench):
    """no --stdin -> guestctl's input is not read"""
    for path in both(bench):
        same(exec_raw(bench, path, "--", "cat", stdin=b"not for it"), (0, b"", b""))


def test_large(bench):
    """input of many requests -> sent in order; a stock agent -> refused"""
    data = os.urandom(5_000_000)
    same(exec_raw(bench, bench.real_agent("ours"), "--stdin", "--", "cat", stdin=data),
         (0, data, b""))
    status, out, err = exec_raw(bench, bench.real_agent("theirs", True), "--stdin", "--", "cat",
                                stdin=data)
    same((status, out), (1, b""))
    has(err.decode(), "at most 2048 KiB of input")


def test_streams(bench):
    """a program that answers its input -> both are transferred while it runs"""
    process = bench.start("--agent", bench.real_agent(), "exec", "--stdin", "--", "sh", "-c",
                          "while read line; do echo got $line; echo err $line >&2; done; exit 4",
                          stdin=subprocess.PIPE)
    for word in (b"a", b"b"):
        process.stdin.write(word + b"\n")
        process.stdin.flush()
        same(process.stdout.readline(), b"got " + word + b"\n")
        same(process.stderr.readline(), b"err " + word + b"\n")
    out, err = process.communicate(timeout=PATIENCE)
    same((process.returncode, out, err), (4, b"", b""))


def test_input_closed(bench):
    """a program that closes its input early -> not an error"""
    status, out, _err = exec_raw(bench, bench.real_agent(), "--stdin", "--", "head", "-c", "3",
                                 stdin=b"abcdef" * 500_000)
    same((status, out), (0, b"abc"))


def test_closed_outputs(bench):
    """a program that closes both outputs -> followed to its end"""
    path = bench.real_agent()
    status, _out, _err = exec_raw(bench, path, "--stdin", "--", "sh", "-c",
                                  f"exec >&- 2>&-; cat >{bench.path('file')}; exit 5",
                                  stdin=b"text")
    same(status, 5)
    with open(bench.path("file"), "rb") as file:
        same(file.read(), b"text")


def test_options(bench):
    """directory, environment, time limit -> done by guestd; the stock agent refuses some"""
    ours, theirs = bench.real_agent("ours"), bench.real_agent("theirs", True)
    same(exec_raw(bench, ours, "--cwd", "/usr", "--", "pwd"), (0, b"/usr\n", b""))
    status, _out, err = exec_raw(bench, ours, "--timeout", "1", "--", "sleep", "600")
    same(status, 124)
    has(err.decode(), "killed after 1 s")
    for option in (("--cwd", "/"), ("--user", "root"), ("--timeout", "9")):
        status, out, err = exec_raw(bench, theirs, *option, "--", "true")
        same((status, out), (1, b""))
        has(err.decode(), f"{option[0]} requires guestd")
    for path in (ours, theirs):
        _status, out, _err = exec_raw(bench, path, "--env", "A=1", "--env", "B=x=y", "--", "env")
        same([line for line in out.decode().split() if line[0] in "AB"], ["A=1", "B=x=y"])
        same(exec_raw(bench, path, "--env", "A", "--", "env")[0], 2)


def test_user(bench):
    """--user -> the program runs as that user"""
    same(exec_raw(bench, bench.real_agent(), "--user", "daemon", "--", "id", "-un"),
         (0, b"daemon\n", b""))


def test_json(bench):
    """exec with several programs at once -> each gets its own result"""
    for path in both(bench):
        result = bench.ctl("--agent", path, "exec", "--json", "--", "sh", "-c",
                           "echo out; echo err >&2; exit 3")
        same(result.status, 3)
        told = json.loads(result.out)
        same((told["exitcode"], told["stdout"], told["stderr"]), (3, "out\n", "err\n"))


def test_several(bench):
    """several VMs -> each line of output names its VM"""
    os.makedirs(bench.path("config/guestctl"))
    with open(bench.path("config/guestctl/vms.ini"), "w", encoding="utf-8") as file:
        for name in ("one", "two"):
            file.write(f"[{name}]\nagent={bench.real_agent(name)}\n")
    result = bench.ctl("one,two", "exec", "--", "sh", "-c", "echo hello; exit 3")
    same(result.status, 1)
    same(sorted(result.out.splitlines()), ["one: hello", "two: hello"], result)
    has(result.err, "two: exit status 3")
    has(bench.ctl("one,two", "exec", "--stdin", "--", "cat").err, "requires a single VM")


def test_no_program(bench):
    """a program that does not exist -> the agent's error"""
    for path in both(bench):
        status, out, err = exec_raw(bench, path, "--", "/nonexistent")
        same((status, out), (1, b""))
        has(err.decode(), "No such file")


def test_dry_run(bench):
    """--dry-run -> nothing is started"""
    path = bench.real_agent()
    same(bench.ctl("--dry-run", "--agent", path, "exec", "--", "touch",
                   bench.path("file")).status, 0)
    same(os.path.exists(bench.path("file")), False)


def test_interrupt(bench):
    """Ctrl-C -> the program in the guest is ended, also if it ignores SIGTERM"""
    path = bench.real_agent()
    for trap in ("", "trap '' TERM; "):
        process = bench.start("--agent", path, "exec", "--", "sh", "-c",
                              trap + "echo ready; while :; do sleep 1; done")
        same(process.stdout.readline(), b"ready\n")
        result = bench.interrupt(process)
        same(result.status, 130)
        has(result.err, "was ended in the guest: interrupted")
        same(listed(bench, path), [])


def test_interrupt_stock(bench):
    """Ctrl-C with a stock agent -> what still runs is named"""
    path = bench.real_agent(reference=True)
    with bench.held() as command:
        process = bench.start("--verbose", "--agent", path, "exec", "--", *command)
        # The agent's list of commands, which it is asked for before, has the name in it, too.
        bench.wait_for(lambda: b'"execute": "guest-exec-status"' in process.stderr.readline(),
                       "not asked")
        result = bench.interrupt(process)
    same(result.status, 130)
    has(result.err, "still runs in the guest; only guestd can kill it")


def test_interrupt_at_start(bench):
    """Ctrl-C before the start is answered -> the program is ended"""
    player, running = None, threading.Event()

    def started(_arguments):
        same(running.wait(PATIENCE), True, "running")
        process.send_signal(2)
        return {"pid": 77}
    player = bench.play("a", agent({
        **LIVE, "guest-exec": started, "guestd-exec-kill": {}, "guest-exec-status": {
            "exited": True, "signal": 15},
        "guestd-exec-read": {"count": 0, "buf-b64": "", "eof": True, "truncated": False,
                             "exited": True}}))
    process = bench.start("--agent", player.path, "exec", "--", "sleep", "9")
    running.set()
    _out, err = process.communicate(timeout=PATIENCE)
    same(process.returncode, 130, err)
    has(err.decode(), "process 77 was ended")
    same(player.heard[-1]["execute"], "guest-exec-status")


def test_output_gone(bench):
    """output that is not read -> the program is ended"""
    path = bench.real_agent()
    process = bench.start("--agent", path, "exec", "--", "yes")
    process.stdout.readline()
    process.stdout.close()
    err = process.stderr.read().decode()
    same(process.wait(PATIENCE), 1)
    has(err, "was ended in the guest")
    same(listed(bench, path), [])


def test_agent_gone(bench):
    """an agent that is lost -> error"""
    path = bench.real_agent()
    with bench.held() as command:
        process = bench.start("--agent", path, "exec", "--", "sh", "-c",
                              "echo ready; exec " + " ".join(command))
        same(process.stdout.readline(), b"ready\n")
        bench.processes[0].kill()
        bench.processes[0].wait()
        _out, err = process.communicate(timeout=PATIENCE)
    same(process.returncode, 1)
    has(err.decode(), "may go on in the guest")


def test_truncated(bench):
    """output that the agent dropped -> error"""
    reads = {"stdout": b"part", "stderr": b""}

    def read(arguments):
        data = reads[arguments["stream"]][arguments["offset"]:]
        return {"count": len(data), "buf-b64": base64.b64encode(data).decode(), "eof": True,
                "truncated": arguments["stream"] == "stdout", "exited": True}
    player = bench.play("a", agent({
        **LIVE, "guest-exec": {"pid": 5}, "guestd-exec-read": read,
        "guest-exec-status": {"exited": True, "exitcode": 0}}))
    result = bench.ctl("--agent", player.path, "exec", "--", "x")
    same((result.status, result.out), (1, "part"))
    has(result.err, "output is incomplete")


def test_input_waits(bench):
    """input that the program does not read for a while -> sent again, once"""
    sent, refusals = [], [OSError("process 5 has unread input; retry later")] * 2

    def write(arguments):
        if refusals:
            return refusals.pop()
        sent.append(base64.b64decode(arguments.get("buf-b64", "")))
        return {"count": len(sent[-1])}

    def read(_arguments):
        over = sent[-1:] == [b""]
        return {"count": 0, "buf-b64": "", "eof": over, "truncated": False, "exited": over}
    player = bench.play("a", agent({
        **LIVE, "guest-exec": {"pid": 5}, "guestd-exec-read": read, "guestd-exec-write": write,
        "guest-exec-status": {"exited": True, "exitcode": 0}}))
    same(bench.ctl("--agent", player.path, "exec", "--stdin", "--", "x", stdin=b"hello").status, 0)
    same(sent, [b"hello", b""])


class SlowLine:
    """A socket whose first write of input is read late, or when the other end has given up."""

    def __init__(self, sock, milliseconds):
        self.sock, self.milliseconds, self.was_slow = sock, milliseconds, False

    def recv(self, size):
        got = self.sock.recv(size)
        if b"guestd-exec-write" in got and not self.was_slow:
            self.was_slow = True
            line = select.poll()
            line.register(self.sock, select.POLLRDHUP)
            line.poll(self.milliseconds)
        return got

    def __getattr__(self, name):
        return getattr(self.sock, name)


def test_input_on_its_way(bench):
    """input whose answer is late -> arrives once, by one connection"""
    data, sent, unanswered = os.urandom(600 << 10), [], []

    def write(arguments):
        sent.append(base64.b64decode(arguments.get("buf-b64", "")))
        if len(sent) == 2:
            unanswered.append(len(sent[-1]))
            return None
        return {"count": len(sent[-1])}

    def read(_arguments):
        over = sent[-1:] == [b""]
        return {"count": 0, "buf-b64": "", "eof": over, "truncated": False, "exited": over}
    script = agent({
        **LIVE, "guest-exec": {"pid": 5}, "guestd-exec-read": read, "guestd-exec-write": write,
        "guest-exec-status": {"exited": True, "exitcode": 0}})

    def slow(connection):
        # Longer than guestctl waits for an answer.
        connection.sock = SlowLine(connection.sock, 2000)
        script(connection)
    player = bench.play("a", slow)
    with open(bench.path("data"), "w+b") as file:
        file.write(data)
        file.seek(0)
        process = bench.start("--agent", player.path, "exec", "--stdin", "--", "x", stdin=file)
    _out, err = process.communicate(timeout=PATIENCE)
    same((process.returncode, err), (0, b""))
    same(b"".join(sent) == data, True, [len(piece) for piece in sent])
    same((unanswered, len(player.open)), ([len(data) - (512 << 10)], 1))
