# SPDX-License-Identifier: LGPL-2.1-or-later
"""Clients that commit numbered records, and remember which were acknowledged."""

import subprocess
import threading
import time

from servers import PATIENCE, WRITERS


class Writer(threading.Thread):
    def __init__(self, server, number):
        super().__init__(daemon=True)
        self.server = server
        self.number = number
        self.acknowledged = 0
        self.longest = 0.0  # seconds that a transaction took
        self.error = None
        self.pause = 0.001  # seconds between transactions
        self.stopping = False

    def run(self):
        client = subprocess.Popen(self.server.writer(), stdin=subprocess.PIPE, text=True,
                                  stdout=subprocess.PIPE, stderr=subprocess.STDOUT, bufsize=1)
        try:
            while not self.stopping:
                self.commit(client, self.acknowledged + 1)
                time.sleep(self.pause)
        except (OSError, RuntimeError) as error:
            self.error = str(error)
        finally:
            client.kill()
            client.wait()
            client.stdin = client.stdout = None

    def commit(self, client, n):
        began = time.monotonic()
        client.stdin.write(self.server.transaction(self.number, n))
        client.stdin.flush()
        answer = client.stdout.readline()
        if answer.strip() != str(n):
            raise RuntimeError(answer + (client.stdout.readline() if answer else "hung up"))
        self.acknowledged = n
        self.longest = max(self.longest, time.monotonic() - began)


class Load:
    """Three writers for each server."""

    def __init__(self, servers):
        self.writers = {server.name: [Writer(server, n) for n in WRITERS] for server in servers}
        for writer in self.all():
            writer.start()

    def all(self):
        return [writer for writers in self.writers.values() for writer in writers]

    def relax(self):
        """From full speed to some hundred transactions per second."""
        for writer in self.all():
            writer.pause = 0.01

    def acknowledged(self):
        """By server, how far each of its writers is."""
        return {name: [writer.acknowledged for writer in writers]
                for name, writers in self.writers.items()}

    def check(self):
        for writer in self.all():
            if writer.error:
                raise RuntimeError(f"{writer.server.name}: a writer failed: {writer.error}")

    def proceeds(self):
        """Waits until each has committed a few more."""
        goals = {writer: writer.acknowledged + 3 for writer in self.all()}
        until = time.monotonic() + PATIENCE
        while any(writer.acknowledged < goal for writer, goal in goals.items()):
            self.check()
            if time.monotonic() > until:
                raise RuntimeError(f"writers are held up: {self.acknowledged()}")
            time.sleep(0.01)

    def longest(self):
        """By server, the longest transaction since the last call, in milliseconds."""
        worst = {}
        for name, writers in self.writers.items():
            worst[name] = round(1000 * max(writer.longest for writer in writers))
            for writer in writers:
                writer.longest = 0.0
        return worst

    def stop(self):
        for writer in self.all():
            writer.stopping = True
        for writer in self.all():
            writer.join(PATIENCE)
