# SPDX-License-Identifier: LGPL-2.1-or-later
"""Checks of socket activation; `cli` runs them with its own."""

import signal
import socket

from lib.dialogue.workbench import check, fails, finish, listener, must

LISTEN = "LISTEN_FDS=1 LISTEN_PID=$$"


@check("activation: a socket that was passed -> served")
def _(bench):
    with listener(bench) as sock:
        process = bench.start("-t $DIR", fds=[sock.fileno()], listen=LISTEN)
    bench.ping("activated", process)
    must("status", 0, finish(process, signal.SIGTERM)[0])


@check("activation: -m and -p -> ignored")
def _(bench):
    with listener(bench) as sock:
        process = bench.start("-t $DIR -m isa-serial -p $DIR/none",
                              fds=[sock.fileno()], listen=LISTEN)
    bench.ping("activated", process)


@check("activation: -D -> a method and no path")
def _(bench):
    with listener(bench) as sock:
        process = bench.start("-D -t $DIR -m isa-serial -p $DIR/none",
                              fds=[sock.fileno()], listen=LISTEN)
    lines = finish(process)[1].splitlines()
    shown = [line for line in lines if line.startswith(("method", "path"))]
    must("lines", ["method=unix-listen"], shown)


@check("activation: two sockets -> error")
def _(bench):
    with listener(bench) as one, listener(bench, "two") as two:
        process = bench.start("-t $DIR", fds=[one.fileno(), two.fileno()],
                              listen="LISTEN_FDS=2 LISTEN_PID=$$")
    fails(process, "only supports listening on one socket")


@check("activation: an invalid descriptor -> error")
def _(bench):
    fails(bench.start("-t $DIR", listen="exec 3<&-; " + LISTEN),
          "Socket activation failed: invalid file descriptor fd = 3")


@check("activation: a file instead of a socket -> error")
def _(bench):
    with open("/dev/null", "rb") as null:
        process = bench.start("-t $DIR", fds=[null.fileno()], listen=LISTEN)
    fails(process, "unsupported listen fd type")


@check("activation: a socket of another family -> error")
def _(bench):
    ours, theirs = socket.socketpair(socket.AF_UNIX)
    with ours, theirs, socket.socket(socket.AF_NETLINK, socket.SOCK_RAW) as net:
        process = bench.start("-t $DIR", fds=[net.fileno()], listen=LISTEN)
    fails(process, "unsupported listen fd type")


@check("activation: LISTEN_PID of another process -> ignored")
def _(bench):
    bench.serve(listen="LISTEN_FDS=1 LISTEN_PID=1")


@check("activation: LISTEN_FDS=0 -> ignored")
def _(bench):
    bench.serve(listen="LISTEN_FDS=0 LISTEN_PID=$$")


@check("activation: LISTEN_FDS is not a number -> ignored")
def _(bench):
    bench.serve(listen="LISTEN_FDS=x LISTEN_PID=$$")
