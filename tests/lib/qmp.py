# SPDX-License-Identifier: LGPL-2.1-or-later
"""QEMU's monitor, spoken to by a test."""

import json

from .wire import Deadline, Wire


class QmpError(Exception):
    """The monitor answered with an error."""


class Qmp(Wire):
    """Capabilities are negotiated; events that come meanwhile are kept for wait_event()."""

    def __init__(self, path, timeout=60):
        super().__init__(path, "monitor")
        self.events = []
        self.read_json(Deadline(timeout))
        self.call("qmp_capabilities", timeout)

    def call(self, execute, timeout=60, **arguments):
        message = {"execute": execute}
        if arguments:
            message["arguments"] = arguments
        self.send(json.dumps(message).encode() + b"\n")
        deadline = Deadline(timeout)
        while True:
            reply = self.read_json(deadline)
            if "event" in reply:
                self.events.append(reply)
            elif "error" in reply:
                raise QmpError(f"{execute}: {reply['error']['desc']}")
            elif "return" in reply:
                return reply["return"]

    def wait_event(self, name, timeout=60, **data):
        """The first event @name with @data, also one that came already."""
        deadline = Deadline(timeout)
        while True:
            for event in self.events:
                got = event.get("data", {})
                if event["event"] == name and data.items() <= got.items():
                    self.events.remove(event)
                    return event
            message = self.read_json(deadline)
            if "event" in message:
                self.events.append(message)
