# SPDX-License-Identifier: LGPL-2.1-or-later
"""Agents and monitors that the test plays on sockets of its own."""

import json
import socket
import threading

PATIENCE = 60
# How long a silence is waited for where all others have to answer within that time: played by a
# machine with other things to do, too.
SILENCE = 5


class Player(threading.Thread):
    """
    Listens on a unix socket and plays @script(connection) for each that connects; a
    connection has .lines() and .say(). What goes wrong in it is told at the end.
    """

    def __init__(self, path, script):
        super().__init__(daemon=True)
        self.path, self.script = path, script
        self.faults, self.heard = [], []
        self.listener = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        self.listener.bind(path)
        self.listener.listen(64)
        self.open = []
        self.start()

    def run(self):
        while True:
            try:
                sock, _ = self.listener.accept()
            except OSError:
                return
            self.open.append(sock)
            threading.Thread(target=self._play, args=(sock,), daemon=True).start()

    def _play(self, sock):
        try:
            self.script(Connection(sock, self.heard))
        except (BrokenPipeError, ConnectionResetError):
            pass
        except Exception as error:  # pylint: disable=broad-except
            self.faults.append(error)
        finally:
            sock.close()

    def close(self):
        try:
            self.listener.shutdown(socket.SHUT_RDWR)
        except OSError:
            pass
        self.listener.close()
        for sock in self.open:
            sock.close()


class Connection:
    def __init__(self, sock, heard):
        self.sock, self.heard, self.buffer = sock, heard, b""

    def lines(self):
        """The host's messages, as they come; without a leading 0xFF."""
        while True:
            while b"\n" not in self.buffer:
                got = self.sock.recv(65536)
                if not got:
                    return
                self.buffer += got
            line, _, self.buffer = self.buffer.partition(b"\n")
            message = json.loads(line.lstrip(b"\xff"))
            self.heard.append(message)
            yield message

    def say(self, message):
        if not isinstance(message, bytes):
            message = json.dumps(message).encode() + b"\n"
        self.sock.sendall(message)

    def close(self):
        self.sock.shutdown(socket.SHUT_RDWR)


def agent(answers, **quirks):
    """
    A script that answers sync and what is in @answers: command -> value, Exception (an
    error with its text), bytes (sent as they are), None (silence) or a function of the
    arguments that returns one of these.
    """
    before_sync = quirks.get("before_sync", b"")

    def script(connection):
        for message in connection.lines():
            name, arguments = message["execute"], message.get("arguments", {})
            if name in ("guest-sync", "guest-sync-delimited"):
                connection.say(before_sync + b"\xff" + json.dumps(
                    {"return": arguments["id"]}).encode() + b"\n")
                continue
            answer = answers.get(name, LookupError(f"The command {name} has not been found"))
            if callable(answer):
                answer = answer(arguments)
            if answer is None:
                continue
            if isinstance(answer, bytes):
                connection.say(answer)
            elif isinstance(answer, Exception):
                kind = "CommandNotFound" if isinstance(answer, LookupError) else "GenericError"
                connection.say({"error": {"class": kind, "desc": answer.args[0]}})
            else:
                connection.say({"return": answer})
    return script


def monitor(answers, status="running"):
    """
    A script of QEMU's monitor: command -> value, Exception, None (hangs up) or a function
    of (connection, arguments) that returns one of these.
    """
    def script(connection):
        connection.say({"QMP": {"version": {}, "capabilities": []}})
        for message in connection.lines():
            name, arguments = message["execute"], message.get("arguments", {})
            known = {"qmp_capabilities": {}, "query-status": {"status": status}, **answers}
            answer = known.get(name, LookupError(f"The command {name} has not been found"))
            if callable(answer):
                answer = answer(connection, arguments)
            if answer is None:
                connection.close()
                return
            if isinstance(answer, Exception):
                connection.say({"error": {"class": "GenericError", "desc": answer.args[0]},
                                "id": message["id"]})
            else:
                connection.say({"return": answer, "id": message["id"]})
    return script


def event(name, **data):
    return {"event": name, "data": data, "timestamp": {"seconds": 1, "microseconds": 2}}


class Between:
    """
    Between guestctl and the machine's monitor. @look sees each command and says whether the
    connection is cut before it is carried out ("before"), or after it, without an answer ("after"),
    or what the answer is instead of the machine's (a dict), or what it has to wait for (an Event).
    """

    def __init__(self, vm, look):
        self.vm, self.look, self.held = vm, look, None
        self.player = vm.bench.play(f"{vm.name}-between", self.script)
        vm.door = self.player.path

    def script(self, connection):
        real = socket.socket(socket.AF_UNIX)
        real.connect(self.vm.qmp)
        mute = threading.Event()
        back = threading.Thread(target=self.bring_back, args=(real, connection, mute), daemon=True)
        back.start()
        try:
            for message in connection.lines():
                wish = self.look(message)
                if wish == "before":
                    return
                if isinstance(wish, dict):
                    connection.say({"return": wish, "id": message["id"]})
                    continue
                if wish == "after":
                    mute.set()
                if isinstance(wish, threading.Event):
                    self.held = wish
                real.sendall(json.dumps(message).encode() + b"\n")
        finally:
            if not mute.is_set():
                real.shutdown(socket.SHUT_RDWR)
            back.join()
            real.close()

    def bring_back(self, real, connection, mute):
        try:
            while data := real.recv(65536):
                if mute.is_set() and b'"return"' in data:
                    connection.close()
                    return
                if self.held and b'"return"' in data:
                    self.held.wait(PATIENCE)
                    self.held = None
                if not mute.is_set():
                    connection.sock.sendall(data)
        except (BrokenPipeError, ConnectionResetError):
            pass
