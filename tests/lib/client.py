# SPDX-License-Identifier: LGPL-2.1-or-later
"""The host's side of the dialogue with an agent."""

import itertools
import json
import re
import time

from .wire import Deadline, Wire, WireError

FLUSH = b"\xff"
TIMEOUT = 60

# The answer to FLUSH; with an unfinished request it quotes a piece of that.
COMPLAINT = re.compile(rb'\{"error": [^\n]*"JSON parse error, stray [^\n]*\n')

# Ids of no two syncs are the same, also over connections.
_ids = itertools.count(int(time.time() * 1000))


class AgentError(Exception):
    """The agent answered with an error."""

    def __init__(self, error):
        super().__init__(f"{error.get('class')}: {error.get('desc')}")
        self.error, self.kind, self.text = error, error.get("class"), error.get("desc")


def request(execute, arguments=None, **more):
    """The bytes of a request."""
    message = {"execute": execute}
    if arguments is not None:
        message["arguments"] = arguments
    message.update(more)
    return json.dumps(message).encode() + b"\n"


def value(reply):
    """What a reply returns."""
    if "error" in reply:
        raise AgentError(reply["error"])
    if set(reply) != {"return"}:
        raise WireError(f"unexpected reply {str(reply)[:200]}")
    return reply["return"]


class Agent(Wire):
    def __init__(self, path):
        super().__init__(path, "agent")

    def send_request(self, execute, arguments=None, **more):
        self.send(request(execute, arguments, **more))

    def read_reply(self, timeout=TIMEOUT):
        """The next reply line as it is, an object."""
        return self.read_json(Deadline(timeout))

    def ask(self, execute, arguments=None, timeout=TIMEOUT, **more):
        self.send_request(execute, arguments, **more)
        return self.read_reply(timeout)

    def call(self, execute, arguments=None, timeout=TIMEOUT):
        """The value that @execute returns."""
        return value(self.ask(execute, arguments, timeout))

    def sync(self, timeout=TIMEOUT, flush=True):
        """
        Throws away what is left of earlier dialogues, on both sides. Returns
        the bytes that came before the agent's mark, but for the complaint about
        the flush.
        """
        deadline = Deadline(timeout)
        number = next(_ids)
        self.send((FLUSH if flush else b"") +
                  request("guest-sync-delimited", {"id": number}))
        stale = b""
        while True:
            stale += self.read_until(FLUSH, deadline)
            reply = self.read_json(deadline)
            if reply == {"return": number}:
                return COMPLAINT.sub(b"", stale)
            stale += json.dumps(reply).encode() + b"\n"

    def plain_sync(self, timeout=TIMEOUT):
        """As libvirt does it, without any mark. Returns the skipped replies."""
        deadline = Deadline(timeout)
        number = next(_ids)
        self.send(request("guest-sync", {"id": number}))
        stale = []
        while True:
            reply = self.read_json(deadline)
            if reply == {"return": number}:
                return stale
            stale.append(reply)
