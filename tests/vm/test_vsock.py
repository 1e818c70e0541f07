# SPDX-License-Identifier: LGPL-2.1-or-later
"""
Who may talk to an agent on vsock. The guest is its own peer here, by the loopback
transport: its address is CID 1, so it is not the host, whose address is CID 2.
"""

import contextlib

from lib.checks import Skip
from lib.vm.case import GUESTD, Case

PORT = 1234
PING = "'{\"execute\":\"guest-ping\"}'"

ANSWERED = 0
CLOSED = 3


class VsockPeers(Case):
    label = "vsock"

    @contextlib.contextmanager
    def agent(self, setting):
        """A second agent, with @setting in its configuration."""
        status, _output = self.guest.run("modprobe vsock_loopback && [ -e /dev/vsock ]")
        if status:
            raise Skip("the guest's kernel has no vsock loopback")
        self.guest.sh("mkdir -p /run/vsock")
        self.guest.sh(f"printf '[general]\\n{setting}\\n' >/run/vsock/guestd.conf")
        pid = self.guest.number(
            f"{GUESTD} -c /run/vsock/guestd.conf -m vsock-listen -p 1:{PORT} -t /run/vsock "
            "</dev/null >/dev/console 2>&1 & echo $!")
        try:
            yield
        finally:
            self.guest.sh(f"kill {pid}")
            self.guest.wait_for(f"[ ! -e /proc/{pid} ]")

    def ping(self):
        tool = self.put_tool("vsock-cat")
        return self.guest.run(f"{tool} 1 {PORT} {PING}", 60)

    def test_default(self):
        """no setting -> only the host is served"""
        with self.agent(""):
            self.equal(self.ping(), (CLOSED, ""), "status and output of a guest's process")

    def test_any(self):
        """vsock-peers=any -> every peer is served"""
        with self.agent("vsock-peers=any"):
            self.equal(self.ping(), (ANSWERED, '{"return": {}}\n'), "status and output")

    def test_named(self):
        """vsock-peers with a list -> these peers are served"""
        with self.agent("vsock-peers=2,1"):
            self.equal(self.ping(), (ANSWERED, '{"return": {}}\n'), "status and output")
        with self.agent("vsock-peers=2,3"):
            self.equal(self.ping(), (CLOSED, ""), "status and output")
