# SPDX-License-Identifier: LGPL-2.1-or-later
"""What virsh asks the agent for."""

from table import Row


def hostname(machine):
    return machine.virsh("domhostname", machine.name, "--source", "agent")


ROWS = [Row("domhostname", hostname)]
