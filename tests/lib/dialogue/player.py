# SPDX-License-Identifier: LGPL-2.1-or-later
"""Plays the exchanges of a session against one agent."""

import json
import re
import time

from . import accounts, render
from .agent import Agent, Place, run
from .transcript import Fault
from .wire import PATIENCE, Silence

# A test must never do this to the machine it runs on. An exchange which knows
# that the agent will refuse says so with @allow.
DANGEROUS = re.compile(
    rb"guest-(?:fsfreeze-freeze(?!-list)|shutdown|suspend-\w+|set-time|"
    rb"set-user-password|fstrim|set-vcpus|set-memory-blocks)")


# What does no harm where accounts and chpasswd are false.
HARMLESS = {True: ("guest-set-user-password",), False: ()}


def refuse_danger(session, exchange):
    for name in DANGEROUS.findall(exchange.request):
        if name.decode() not in (*exchange.allowed,
                                 *HARMLESS[session.accounts]):
            raise Fault(f"'{exchange.name}' sends {name.decode()}")


class Player:
    """One session of one agent; answers come as rendered lines."""

    def __init__(self, program, session):
        self.program = program
        self.session = session
        self.place = Place()
        self.agent = self.wire = self.world = None
        self.pid = 0            # of the last process whose result was asked for
        self.endings = []
        for name, text in session.files.items():
            self.place.write(name, self.place.fill_in(
                text.decode("latin-1")).encode("latin-1"))
        self.place.furnish(session.folders, session.fifos, session.links)

    def __enter__(self):
        return self

    def __exit__(self, *_):
        try:
            self._stop()
        finally:
            self.place.remove()

    def answer(self, exchange):
        if exchange.run is not None:
            return self._run(exchange)
        refuse_danger(self.session, exchange)
        try:
            self._ready(exchange)
            lines = self._dialogue(exchange) + self._changes()
        except Silence as silence:
            lines = render.lines_of(silence.heard)
            lines.append("(no end of the answer)")
            self._stop()
        except OSError as err:
            lines = [f"(connection: {err.strerror})"]
            self._stop()
        lines += [self.place.look(name) for name in exchange.look]
        return self._nameless(lines)

    # Dialogues ----------------------------------------------------------------

    def _dialogue(self, exchange):
        if exchange.every_split:
            return self._every_split(exchange)
        wire = self.wire
        self._send(exchange)
        if exchange.eof:
            wire.half_close()
            wire.wait(wire.until_end())
            lines = render.lines_of(wire.take())
            self._hang_up()
            return lines
        if exchange.expect is not None:
            wire.wait(wire.until_lines(exchange.expect))
            return self._heard(wire.take())
        if exchange.results:
            return self._with_results(exchange.results)
        if exchange.wait:
            wire.wait(wire.until_lines(exchange.wait))
        return self._heard(wire.sync())

    def _with_results(self, count):
        """The answers, then the result of each process that they name."""
        self.wire.wait(self.wire.until_lines(count))
        heard = self.wire.take()
        lines = self._heard(heard)
        for text in heard.splitlines():
            pid = json.loads(text).get("return", {}).get("pid")
            if pid is not None:
                self.pid = pid
                lines += self._heard(self._result(pid))
        return lines

    def _result(self, pid):
        """Asks until the process has ended, as every client has to."""
        deadline = time.monotonic() + PATIENCE
        while time.monotonic() < deadline:
            self.wire.send(b'{"execute":"guest-exec-status",'
                           b'"arguments":{"pid":%d}}\n' % pid)
            self.wire.wait(self.wire.until_lines(1))
            heard = self.wire.take()
            if b'"exited": false' not in heard:
                return heard
            time.sleep(0.002)
        raise Silence(heard)

    def _heard(self, raw):
        if self.wire.ended:
            self._stop()
            return render.lines_of(raw) + ["(the agent hung up)"]
        return render.lines_of(raw)

    def _send(self, exchange):
        data = exchange.request.replace(b"$DIR", self.place.dir.encode())
        data = data.replace(b"$PID", b"%d" % self.pid)
        if not exchange.split:
            self.wire.send(data)
            return
        step = exchange.split
        self.wire.send_chunks(data[at:at + step]
                              for at in range(0, len(data), step))

    def _every_split(self, exchange):
        """One recording for all splits; one that differs shows itself."""
        data, first = exchange.request, None
        for at in range(1, len(data)):
            self.wire.send_chunks([data[:at]])
            self.wire.send(data[at:])
            lines = self._heard(self.wire.sync())
            first = lines if first is None else first
            if lines != first:
                return first + [f"(split at {at}:)"] + lines
        return first

    # Agents -------------------------------------------------------------------

    def _ready(self, exchange):
        if not self.agent:
            self._start()
        if exchange.reconnect:
            self._hang_up()
        if not self.wire:
            self.wire = self.agent.connect()
        for command in exchange.commands:
            self.world.run(command)
        if self.world:
            self.world.look()

    def _start(self):
        env, prepare = self.session.env, None
        if self.session.accounts:
            env, prepare = {**accounts.ENVIRONMENT, **env}, accounts.prepare
        self.agent = Agent(self.program, self.place, self.session.options,
                           env, prepare)
        if self.session.accounts:
            self.world = accounts.World(self.agent.process.pid)

    def _changes(self):
        return self.world.look() if self.world else []

    def _hang_up(self):
        if self.wire:
            self.wire.close()
        self.wire = None

    def _stop(self):
        """Ends the agent; a status other than 0 is worth a complaint."""
        self._hang_up()
        agent, self.agent = self.agent, None
        self.world = None
        if agent:
            died = not agent.alive()
            status = agent.stop()
            if died or status:
                self.endings.append(
                    f"the agent {'died' if died else 'ended'} with status "
                    f"{status}; its log:\n{agent.log()[-4000:]}")

    # Runs ---------------------------------------------------------------------

    def _run(self, exchange):
        out, err, status = run(self.program, self.place, exchange.run,
                               self.session.env)
        lines = [render.printable(part) for part in out.split(b"\n")]
        if lines and not lines[-1]:
            lines.pop()
        if exchange.stderr:
            lines += render.stderr_lines(err)
        return self._nameless(lines) + [f"exit {status}"]

    def _nameless(self, lines):
        """Paths of this run and this agent become words."""
        names = ((self.place.dir, "$DIR"), (str(self.program), "$AGENT"))
        for name, word in names:
            lines = [line.replace(name, word) for line in lines]
        return lines
