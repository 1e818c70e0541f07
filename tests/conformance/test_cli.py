# SPDX-License-Identifier: LGPL-2.1-or-later
"""The agents as processes: signals, daemon, pid file, state, log, activation.

Each check runs against the reference and against guestd and says what must
hold.
"""

import fcntl
import os
import re
import signal
import socket
import struct
import time
from contextlib import ExitStack, closing
from pathlib import Path

import pytest

from lib.dialogue.wire import Wire
from lib.dialogue.workbench import (CHECKS, PATIENCE, Workbench, check, fails, finish, must)
from lib.processes import children, ended, settle
from lib.programs import find_both

import activation  # noqa: F401  the checks of socket activation


# Signals -----------------------------------------------------------------------

@check("SIGTERM -> ends with status 0")
def _(bench):
    must("status", 0, finish(bench.serve(), signal.SIGTERM)[0])


@check("SIGINT -> ends with status 0")
def _(bench):
    must("status", 0, finish(bench.serve(), signal.SIGINT)[0])


@check("end -> the socket stays")
def _(bench):
    finish(bench.serve(), signal.SIGTERM)
    must("socket is there", True, os.path.exists(bench.path("socket")))


@check("a socket that exists -> replaced")
def _(bench):
    stale = socket.socket(socket.AF_UNIX)
    stale.bind(bench.path("socket"))
    stale.close()
    bench.serve()


@check("a client that leaves within a reply -> the next is served")
def _(bench):
    process = bench.serve()
    wire = Wire(bench.path("socket"))
    wire.sock.setblocking(True)
    wire.sock.sendall(b'{"execute":"guest-info"}' * 500)
    wire.close()
    bench.ping()
    must("status", 0, finish(process, signal.SIGTERM)[0])


# Clients -----------------------------------------------------------------------

@check("the first client leaves -> the next one is served")
def _(bench):
    bench.serve()
    first, second = (Wire(bench.path("socket")) for _ in range(2))
    asked(first, 1)
    second.send(b'{"execute":"guest-sync","arguments":{"id":2}}')
    first.close()
    second.wait(second.until_lines(1))
    must("answer", b'{"return": 2}\n', second.take())
    second.close()


@check("sixteen clients -> served at once", only="guestd")
def _(bench):
    bench.serve()
    with ExitStack() as stack:
        wires = [stack.enter_context(closing(Wire(bench.path("socket"))))
                 for _ in range(16)]
        for turn in (wires, reversed(wires)):
            for ident, wire in enumerate(turn):
                asked(wire, ident)


@check("the seventeenth client -> served when another one leaves", only="guestd")
def _(bench):
    bench.serve()
    with ExitStack() as stack:
        wires = [stack.enter_context(closing(Wire(bench.path("socket"))))
                 for _ in range(17)]
        for ident, wire in enumerate(wires[:16]):
            asked(wire, ident)
        wires[3].close()
        asked(wires[16], 16)


@check("half a request of one client -> others are answered", only="guestd")
def _(bench):
    bench.serve()
    one, other = (Wire(bench.path("socket")) for _ in range(2))
    one.send_chunks([b'{"execute":"guest-sync",'])
    asked(other, 1)
    one.send(b'"arguments":{"id":2}}')
    one.wait(one.until_lines(1))
    must("answer", b'{"return": 2}\n', one.take())
    one.close()
    other.close()


def asked(wire, ident):
    wire.send(b'{"execute":"guest-sync","arguments":{"id":%d}}' % ident)
    wire.wait(wire.until_lines(1))
    must("answer", b'{"return": %d}\n' % ident, wire.take())


@check("guest-sync while a command hangs -> answered", only="guestd")
def _(bench):
    fifo = bench.path("os-release")
    os.mkfifo(fifo)
    bench.serve(env={"QGA_OS_RELEASE": fifo})
    wire = Wire(bench.path("socket"))
    # Stuck in open() until somebody opens the other end of the FIFO.
    wire.send(b'{"execute":"guest-get-osinfo"}{"execute":"guest-ping","id":"late"}')
    began = time.monotonic()
    asked(wire, 1)
    took = time.monotonic() - began
    print(f"# guest-sync behind a stuck command: {took * 1000:.2f} ms")
    asked(wire, 2)
    # The stuck command comes back, which no later answer may show.
    with open(fifo, "w", encoding="utf-8") as release:
        release.write("ID=late\n")
    for ident in range(3, 50):
        asked(wire, ident)
    wire.close()


@check("SIGTERM while a command hangs -> ends with status 0", only="guestd")
def _(bench):
    fifo = bench.path("os-release")
    os.mkfifo(fifo)
    process = bench.serve(env={"QGA_OS_RELEASE": fifo})
    wire = Wire(bench.path("socket"))
    wire.send(b'{"execute":"guest-get-osinfo"}')
    asked(wire, 1)
    must("status", 0, finish(process, signal.SIGTERM)[0])
    wire.close()


# State -------------------------------------------------------------------------

@check("no state file -> created at the start")
def _(bench):
    bench.serve()
    must("content", "[global]\nfd_counter=1000\n",
         Path(bench.path("qga.state")).read_text())


@check("a state file -> kept")
def _(bench):
    text = "[global]\nfd_counter=1234\n"
    Path(bench.path("qga.state")).write_text(text)
    bench.serve()
    must("content", text, Path(bench.path("qga.state")).read_text())


@check("a state file that is not a key file -> error")
def _(bench):
    Path(bench.path("qga.state")).write_text("nonsense\n")
    fails(bench.start("-m unix-listen -p $DIR/socket -t $DIR"),
          "failed to load persistent state")


@check("a state directory that does not exist -> error")
def _(bench):
    fails(bench.start("-m unix-listen -p $DIR/socket -t $DIR/none"), "none")


# Log ---------------------------------------------------------------------------

LOG_LINE = r"\d+\.\d{6}: (error|critical|warning|message|info|debug): .+"


@check("a log file -> lines in its format")
def _(bench):
    fails(bench.start("-m virtio-serial -p $DIR/none -t $DIR -l $DIR/log"), "")
    lines = Path(bench.path("log")).read_text().splitlines()
    must("there are lines", True, bool(lines))
    for line in lines:
        must(f"form of {line!r}", True, bool(re.fullmatch(LOG_LINE, line)))


@check("a log file that exists -> appended to")
def _(bench):
    Path(bench.path("log")).write_text("before\n")
    fails(bench.start("-m virtio-serial -p $DIR/none -t $DIR -l $DIR/log"), "")
    must("first line", "before",
         Path(bench.path("log")).read_text().splitlines()[0])


@check("no -v and no fault -> nothing is logged")
def _(bench):
    must("stderr", (0, "", ""), finish(bench.serve(), signal.SIGTERM))


@check("-v -> logs in the same format")
def _(bench):
    _, out, err = finish(bench.serve("-v"), signal.SIGTERM)
    must("stdout", "", out)
    must("there are lines", True, bool(err))
    for line in filter(None, err.splitlines()):
        must(f"form of {line!r}", True, bool(re.fullmatch(LOG_LINE, line)))


@check("a log file that cannot be opened -> error")
def _(bench):
    fails(bench.start("-m unix-listen -p $DIR/socket -t $DIR -l $DIR/no/log"),
          "log file")


# Daemon and pid file -----------------------------------------------------------

DAEMON = "-d -f $DIR/pid -m unix-listen -p $DIR/socket -t $DIR"


def daemon(bench):
    must("start", (0, "", ""), finish(bench.start(DAEMON)))
    # It answers once it runs; the pid file is there by then.
    bench.ping()
    return int(Path(bench.path("pid")).read_text())


@check("no -d -> no pid file")
def _(bench):
    bench.serve("-f $DIR/pid")
    must("pid file", False, os.path.exists(bench.path("pid")))


@check("-d: the pid file -> the pid and a newline, mode 0600")
def _(bench):
    pid = daemon(bench)
    must("content", f"{pid}\n", Path(bench.path("pid")).read_text())
    must("mode", 0o600, os.stat(bench.path("pid")).st_mode & 0o7777)


@check("-d: session, directory, standard files -> its own, /, /dev/null")
def _(bench):
    pid = daemon(bench)
    must("session", pid, os.getsid(pid))
    must("directory", "/", os.readlink(f"/proc/{pid}/cwd"))
    files = [os.readlink(f"/proc/{pid}/fd/{fd}") for fd in range(3)]
    must("files", ["/dev/null"] * 3, files)


@check("-d: umask -> 077")
def _(bench):
    status = Path(f"/proc/{daemon(bench)}/status").read_text()
    must("umask", "0077", re.search(r"Umask:\s+(\d+)", status)[1])


@check("-d: the pid file -> locked as a whole")
def _(bench):
    pid = daemon(bench)
    ask = struct.pack("hhqqi4x", fcntl.F_WRLCK, 0, 0, 0, 0)
    with open(bench.path("pid"), "r+b") as file:
        told = fcntl.fcntl(file, fcntl.F_GETLK, ask)
    kind, _, start, length, owner = struct.unpack("hhqqi4x", told)
    must("lock", (fcntl.F_WRLCK, 0, 0, pid), (kind, start, length, owner))


@check("-d: a second daemon -> the pid file of the first stays")
def _(bench):
    pid = daemon(bench)
    finish(bench.start("-d -f $DIR/pid -m unix-listen -p $DIR/second -t $DIR"))
    for other in set(children()) - {pid}:
        must("the second one ended", True, ended(other, PATIENCE * 1000))
    must("content", f"{pid}\n", Path(bench.path("pid")).read_text())
    bench.ping()


@check("-d: SIGTERM -> ends with status 0 and removes the pid file")
def _(bench):
    pid = daemon(bench)
    settle(pid)
    os.kill(pid, signal.SIGTERM)
    must("it ended", True, ended(pid, PATIENCE * 1000))
    must("status", 0, os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1]))
    must("pid file", False, os.path.exists(bench.path("pid")))


@check("-d: a channel that cannot be opened -> reported to the caller")
def _(bench):
    process = bench.start(
        "-d -f $DIR/pid -m unix-listen -p $DIR/none/socket -t $DIR")
    must("status", 1, finish(process)[0])
    must("pid file", False, os.path.exists(bench.path("pid")))


# What qemu-ga 10.0 does not do -------------------------------------------------

@check("-r: a channel that cannot be opened yet -> waits", only="guestd")
def _(bench):
    process = bench.start("-r -m unix-listen -p $DIR/late/socket -t $DIR")
    must("it ended at once", False, ended(process.pid, 100))
    os.mkdir(bench.path("late"))
    bench.ping("late/socket", process)
    must("status", 0, finish(process, signal.SIGTERM)[0])


@check("-r: SIGTERM while it waits -> ends with status 1", only="guestd")
def _(bench):
    process = bench.start("-r -v -m unix-listen -p $DIR/no/socket -t $DIR")
    # Its first line says that it waits.
    process.stderr.readline()
    must("status", 1, finish(process, signal.SIGTERM)[0])


@check("an unknown key -> warning with file, line and key", only="guestd")
def _(bench):
    Path(bench.path("conf")).write_text(
        "# a comment\n[general]\nverbose=false\nno-such-key=1\n")
    process = bench.serve("-c $DIR/conf")
    status, _, err = finish(process, signal.SIGTERM)
    must("status", 0, status)
    for part in ("conf", "4", "no-such-key"):
        must(f"{part!r} in {err!r}", True, part in err)


def rows():
    """Each check with each agent that it is for; that it holds for the reference proves it."""
    return [pytest.param(who, function, id=f"{who}: {text}") for text, only, function in CHECKS
            for who in ("reference", "guestd") if only in (None, who)]


@pytest.mark.parametrize("who, function", rows())
def test_cli(who, function, request):
    program = find_both()[who]
    if not program:
        pytest.fail(f"no {who}: build guestd and set $GUESTD, and run tests/testbed/fetch")
    bench = Workbench(program)
    request.addfinalizer(bench.clean)
    function(bench)
