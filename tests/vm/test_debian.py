# SPDX-License-Identifier: LGPL-2.1-or-later
"""The agent as a service of a full Debian with systemd."""

from lib.vm import debian
from lib.vm.case import Case


class Debian(Case):
    label = "debian"
    machine = debian.MACHINE

    def test_service(self):
        """boot -> the agent's unit is started, and ready"""
        self.equal(self.guest.sh("systemctl is-active guestd.service"), "active", "state")
        self.equal(self.guest.number("systemctl show -P MainPID guestd.service"),
                   self.guest.agent_pid(), "main process")
        with self.vm.connect() as agent:
            self.pings(agent)
            self.equal(agent.call("guest-get-osinfo")["id"], "debian", "system")

    def test_reference(self):
        """boot with the reference agent -> its unit runs instead"""
        with self.reference_agent(), self.vm.connect() as agent:
            self.pings(agent)
            self.check("guestd-info" not in str(agent.call("guest-info")), "guestd is still there")
        with self.vm.connect() as agent:
            self.check("guestd-info" in str(agent.call("guest-info")), "guestd is not back")
