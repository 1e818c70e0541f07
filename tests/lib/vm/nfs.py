# SPDX-License-Identifier: LGPL-2.1-or-later
"""As much of an NFS 3 server as mounting takes, to be gone after it."""

import socket
import struct
import threading

MOUNT, NFS = 100005, 100003
FILE_HANDLE = b"guestd-test-root"


def words(*numbers):
    return struct.pack(f">{len(numbers)}I", *numbers)


def attributes():
    directory, mode, links = 2, 0o755, 2
    return (words(directory, mode, links, 0, 0) + struct.pack(">QQIIQQ", 4096, 4096, 0, 0, 1, 1) +
            words(*[0] * 6))


OK_WITH_ATTRIBUTES = words(0, 1) + attributes()

ANSWERS = {
    (MOUNT, 0): b"",
    (MOUNT, 1): words(0, len(FILE_HANDLE)) + FILE_HANDLE + words(1, 1),
    (NFS, 0): b"",
    (NFS, 1): words(0) + attributes(),
    (NFS, 4): OK_WITH_ATTRIBUTES + words(0x1f),
    (NFS, 18): OK_WITH_ATTRIBUTES + struct.pack(">6QI", *[1 << 20] * 6, 0),
    (NFS, 19): OK_WITH_ATTRIBUTES + words(*[4096] * 7) + struct.pack(">QIII", 1 << 40, 0, 1, 0x1b),
    (NFS, 20): OK_WITH_ATTRIBUTES + words(32, 255, 1, 1, 0, 1),
}
NOT_SUPPORTED = words(10004, 0)


class NfsServer:
    """Serves an empty directory on a port of 127.0.0.1, until closed."""

    def __init__(self):
        self.connections = []
        self.listener = socket.create_server(("127.0.0.1", 0))
        self.port = self.listener.getsockname()[1]
        threading.Thread(target=self.accept, daemon=True).start()

    def accept(self):
        while True:
            try:
                connection = self.listener.accept()[0]
            except OSError:
                return
            self.connections.append(connection)
            threading.Thread(target=self.serve, args=(connection,), daemon=True).start()

    def serve(self, connection):
        with connection, connection.makefile("rb") as stream:
            try:
                while header := stream.read(4):
                    length = struct.unpack(">I", header)[0] & 0x7fffffff
                    self.answer(connection, stream.read(length))
            except (OSError, ValueError):
                return

    def answer(self, connection, call):
        number, _kind, _rpc, program, _version, procedure = struct.unpack_from(">6I", call)
        body = ANSWERS.get((program, procedure), NOT_SUPPORTED)
        reply = words(number, 1, 0, 0, 0, 0) + body
        connection.sendall(words(0x80000000 | len(reply)) + reply)

    def close(self):
        self.listener.shutdown(socket.SHUT_RDWR)
        self.listener.close()
        for connection in self.connections:
            try:
                connection.shutdown(socket.SHUT_RDWR)
            except OSError:
                pass

    def __enter__(self):
        return self

    def __exit__(self, *_unused):
        self.close()
