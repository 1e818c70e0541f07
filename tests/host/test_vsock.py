# SPDX-License-Identifier: LGPL-2.1-or-later
"""Agents on vsock: the host's own kind, and the unix sockets of Firecracker and Cloud Hypervisor."""

import hashlib
import os
import socket
import threading

from lib.checks import Skip, has, same
from lib.played import PATIENCE

PORT = 1234


def read_line(sock):
    """Byte by byte: what follows is somebody else's."""
    line = b""
    while not line.endswith(b"\n"):
        got = sock.recv(1)
        if not got:
            break
        line += got
    return line


def relay(client, server):
    """Passes bytes in both directions until one side ends."""
    def pass_on(source, target):
        try:
            while data := source.recv(65536):
                target.sendall(data)
        except OSError:
            pass
        for sock in (source, target):
            try:
                sock.shutdown(socket.SHUT_RDWR)
            except OSError:
                pass
    other = threading.Thread(target=pass_on, args=(server, client), daemon=True)
    other.start()
    pass_on(client, server)
    other.join(PATIENCE)
    server.close()


def hybrid(agent, asked):
    """A script of such a socket, for a guest with an agent on one port."""
    def script(connection):
        line = read_line(connection.sock)
        asked.append(line)
        if line != b"CONNECT %d\n" % PORT:
            return
        server = socket.socket(socket.AF_UNIX)
        server.connect(agent)
        connection.sock.sendall(b"OK 1073741824\n")
        relay(connection.sock, server)
    return script


def test_hybrid(bench):
    """hybrid-vsock:PATH:PORT -> CONNECT PORT is sent first, then the agent is used"""
    asked = []
    path = bench.play("hybrid", hybrid(bench.real_agent(), asked)).path
    address = f"hybrid-vsock:{path}:{PORT}"
    same(bench.ctl("--agent", address, "ping").status, 0)
    result = bench.ctl("--agent", address, "exec", "--", "sh", "-c", "echo there; exit 3")
    same((result.status, result.out), (3, "there\n"), result)
    data = os.urandom(300_000)
    with open(bench.path("here"), "wb") as file:
        file.write(data)
    same(bench.ctl("--agent", address, "cp", bench.path("here"), f":{bench.path('there')}").status, 0)
    with open(bench.path("there"), "rb") as file:
        same(hashlib.sha256(file.read()).digest(), hashlib.sha256(data).digest())
    same(set(asked), {b"CONNECT %d\n" % PORT})


def test_hybrid_closed(bench):
    """a port without a listener, or a socket that does not exist -> error"""
    path = bench.play("hybrid", hybrid(None, [])).path
    result = bench.ctl("--agent", f"hybrid-vsock:{path}:99", "ping")
    same(result.status, 1, result)
    has(result.err, "nothing listens on port 99 in the guest\n")
    result = bench.ctl("--agent", f"hybrid-vsock:{bench.path('none')}:99", "ping")
    same(result.status, 1, result)
    has(result.err, "No such file or directory\n")


def test_hybrid_ini(bench):
    """a vsock address in vms.ini -> used as the VM's agent"""
    path = bench.play("hybrid", hybrid(bench.real_agent(), [])).path
    os.makedirs(bench.path("config/guestctl"))
    with open(bench.path("config/guestctl/vms.ini"), "w", encoding="ascii") as file:
        file.write(f"[cloud]\nagent=hybrid-vsock:{path}:{PORT}\n")
    has(bench.ctl("cloud", "info").out, "agent: guestd ")
    same(bench.ctl("cloud", "doctor").out.count("problem"), 0)


def test_addresses(bench):
    """an invalid address -> usage error, before any request"""
    for address in ("vsock:", "vsock:3", "vsock:x:1", "vsock:3:4:5", "hybrid-vsock:", "hybrid-vsock:/x",
                    "hybrid-vsock:/x:", "hybrid-vsock:/x:0", "hybrid-vsock::5"):
        result = bench.ctl("--agent", address, "ping")
        same(result.status in (1, 2) and "vsock" in result.err or "invalid socket path" in result.err, True, result)


def test_vsock(bench):
    """vsock:CID:PORT to this machine -> the agent is used"""
    listener = socket.socket(socket.AF_VSOCK, socket.SOCK_STREAM)
    try:
        listener.bind((socket.VMADDR_CID_ANY, socket.VMADDR_PORT_ANY))
        listener.listen(1)
        probe = socket.socket(socket.AF_VSOCK, socket.SOCK_STREAM)
        probe.settimeout(2)
        probe.connect((1, listener.getsockname()[1]))
        probe.close()
        listener.accept()[0].close()
    except OSError as error:
        listener.close()
        raise Skip(f"no vsock to this machine itself: {error}") from None
    agent = bench.real_agent()

    def serve():
        client, _peer = listener.accept()
        server = socket.socket(socket.AF_UNIX)
        server.connect(agent)
        relay(client, server)
        client.close()
    thread = threading.Thread(target=serve, daemon=True)
    thread.start()
    result = bench.ctl("--agent", f"vsock:1:{listener.getsockname()[1]}", "ping")
    listener.close()
    same(result.status, 0, result)
