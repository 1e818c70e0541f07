# SPDX-License-Identifier: LGPL-2.1-or-later
"""What virsh is asked."""

import json
import re

DOMAIN = "guestd-test"


def agent_command(name, **arguments):
    message = {"execute": name}
    if arguments:
        message["arguments"] = arguments
    return ("qemu-agent-command", DOMAIN, json.dumps(message))


STATUS = agent_command("guest-fsfreeze-status")
VCPUS = ("guestvcpus", DOMAIN)
# Asked until it succeeds: libvirt takes the agent for gone until the guest is awake.
AWAKE = agent_command("guest-ping") + ("--timeout", "5")
FREEZE, THAW = ("domfsfreeze", DOMAIN), ("domfsthaw", DOMAIN)

# What the guest's clock is set to, in 2030.
THEN = 1900000000

# (virsh command, whether it succeeds); both agents run the list from its start.
COMMANDS = [
    (agent_command("guest-ping"), True),
    (agent_command("guest-no-such-command"), False),
    (("domfsinfo", DOMAIN), True),
    (("guestinfo", DOMAIN, "--filesystem", "--disk"), True),
    (agent_command("guest-get-fsinfo"), True),
    (agent_command("guest-get-disks"), True),
    (("domifaddr", DOMAIN, "--source", "agent", "--full"), True),
    (("guestinfo", DOMAIN, "--interface"), True),
    (agent_command("guest-network-get-interfaces"), True),
    (STATUS, True),
    (FREEZE, True), (STATUS, True), (FREEZE, False), (THAW, True), (STATUS, True),
    (FREEZE + ("--mountpoint", "/mnt/xfs"), True), (STATUS, True), (THAW, True),
    (FREEZE + ("--mountpoint", "/mnt/ext4", "--mountpoint", "/mnt/scsi"), True), (THAW, True),
    (FREEZE + ("--mountpoint", "/mnt/nowhere"), True), (STATUS, True), (THAW, True),
    (VCPUS, True), (("vcpucount", DOMAIN, "--guest"), True),
    (VCPUS + ("--disable", "--cpulist", "1"), True), (VCPUS, True),
    (VCPUS + ("--disable", "--cpulist", "0"), False), (VCPUS, True),
    (VCPUS + ("--enable", "--cpulist", "7"), False),
    (VCPUS + ("--enable", "--cpulist", "1"), True), (VCPUS, True),
    (("setvcpus", DOMAIN, "1", "--guest"), True), (VCPUS, True),
    (("setvcpus", DOMAIN, "3", "--guest"), True), (VCPUS, True),
    (agent_command("guest-get-vcpus"), True),
    (agent_command("guest-get-memory-blocks"), True),
    (agent_command("guest-get-memory-block-info"), True),
    (("domfstrim", DOMAIN), True),
    (("domfstrim", DOMAIN, "--minimum", "1048576"), True),
    (("domhostname", DOMAIN, "--source", "agent"), True),
    (("guestinfo", DOMAIN, "--os", "--timezone", "--hostname", "--user"), True),
    (agent_command("guest-get-osinfo"), True),
    (agent_command("guest-exec", path="/nowhere"), False),
    (("domtime", DOMAIN, "--now"), True), (("domtime", DOMAIN), True),
    (("domtime", DOMAIN, "--time", str(THEN)), True), (("domtime", DOMAIN), True),
    (("domtime", DOMAIN, "--sync"), True), (("domtime", DOMAIN), True),
    (("domtime", DOMAIN, "--time", "4000000000"), False),
]
SLEEP = [("dompmsuspend", DOMAIN, "mem"), ("domstate", DOMAIN), ("dompmwakeup", DOMAIN), AWAKE,
         ("domstate", DOMAIN)]
CLOCK = re.compile(r"Time: (\d+)")
CLOCK_SLACK_S = 300

# While events pour in; none of them fails, so that each error in libvirt's log is one too many.
DURING_EVENTS = [command for command, good in COMMANDS if good] + [
    ("domtime", DOMAIN), ("domhostname", DOMAIN, "--source", "agent"),
    ("guestinfo", DOMAIN, "--os", "--timezone", "--hostname", "--filesystem"),
]
# An address comes and goes as long as the file is there.
POUR = ("touch /run/pour; (while [ -e /run/pour ]; do ip addr add 10.9.8.7/24 dev lo; "
        "ip addr del 10.9.8.7/24 dev lo; done; touch /run/poured) </dev/null >/dev/null 2>&1 &")
