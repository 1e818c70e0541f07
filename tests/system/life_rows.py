# SPDX-License-Identifier: LGPL-2.1-or-later
"""The agent that comes and goes, does not answer, and a libvirtd that is killed."""

import contextlib

from events import Events
from machine import PATIENCE
from table import Row
from virsh_rows import PASSWORD, anna, equal, status

CONNECTED, DISCONNECTED = "state: 'connected'", "state: 'disconnected'"
LIFECYCLE = "agent-lifecycle"


# ---- the lifecycle event

def stop_and_start(machine):
    machine.events.forget()  # the package's installation has ended an agent, too
    machine.sh(f"systemctl stop {machine.unit()}")
    said = [machine.events.wait(LIFECYCLE, DISCONNECTED)]
    said.append(machine.refused("domhostname", machine.name, "--source", "agent"))
    machine.sh(f"systemctl start {machine.unit()}")
    said.append(machine.events.wait(LIFECYCLE, CONNECTED))
    machine.answers()  # libvirt tells of it before it takes calls
    return "\n".join(said)


def killed(machine):
    """
    systemd starts it again. QEMU tells of a port's changes once a second, so that it was closed
    in between may go unsaid.
    """
    machine.events.forget()
    machine.sh(f"systemctl kill -s KILL {machine.unit()}")
    said = machine.events.wait(LIFECYCLE, CONNECTED)
    machine.answers()
    return said


# ---- an agent that does not answer

@contextlib.contextmanager
def stopped(machine):
    machine.sh(f"systemctl kill -s STOP {machine.unit()}")
    try:
        yield
    finally:
        machine.sh(f"systemctl kill -s CONT {machine.unit()}")


def agent_timeout(machine):
    """The first call after an agent was late is answered as if nothing had been."""
    said = [machine.virsh("guest-agent-timeout", machine.name, "--timeout", "1")]
    with stopped(machine):
        said.append(machine.refused("domhostname", machine.name, "--source", "agent"))
        said.append(machine.refused("domhostname", machine.name, "--source", "agent"))
    said.append(machine.virsh("guest-agent-timeout", machine.name, "--timeout", "-1"))
    said.append(machine.virsh("domhostname", machine.name, "--source", "agent"))
    return "\n".join(said)


# ---- a call that takes as long as the test wants

@contextlib.contextmanager
def slow_chpasswd(machine):
    """In the guest, a password takes from when there is /run/slow until let_go()."""
    anna(machine)
    machine.sh(
        "rm -f /run/slow /run/gate; mkfifo /run/gate; cp /usr/sbin/chpasswd /run/chpasswd; "
        "printf '#!/bin/sh\\ntouch /run/slow\\nread word </run/gate\\n"
        "exec /run/chpasswd \"$@\"\\n' >/run/slow-chpasswd; chmod 755 /run/slow-chpasswd; "
        "mount --bind /run/slow-chpasswd /usr/sbin/chpasswd")
    try:
        yield
        # Else a call that was let go may still be in the script.
        machine.wait_for("! busybox pidof chpasswd >/dev/null")
    finally:
        machine.sh("umount -l /usr/sbin/chpasswd")


@contextlib.contextmanager
def call_in_flight(machine):
    """virsh sets a password, and waits for the guest's slow chpasswd; yields virsh."""
    with slow_chpasswd(machine):
        process = machine.start_virsh("set-user-password", machine.name, "anna", PASSWORD)
        try:
            machine.wait_for("[ -e /run/slow ]")
            yield process
        finally:
            process.kill()
            process.communicate()


def let_go(machine):
    machine.sh("timeout 100 sh -c 'echo >/run/gate'")


# ---- libvirtd

def restart_libvirtd(machine, meanwhile=lambda: None):
    """It has no chance to say farewell to anybody. @meanwhile its sockets are free for others."""
    machine.daemons.kill("libvirtd")
    machine.events.close()
    meanwhile()
    machine.daemons.start("libvirtd")
    machine.events = Events(machine.name)


def libvirtd_in_a_call(machine):
    with call_in_flight(machine) as virsh:
        restart_libvirtd(machine)
        virsh.communicate(timeout=PATIENCE)
        equal(virsh.returncode == 0, False)
        let_go(machine)
        machine.answers()
    return machine.virsh("domhostname", machine.name, "--source", "agent")


def libvirtd_in_a_call_that_hangs(machine):
    """The call goes on for ever, as far as the new libvirtd can tell."""
    with call_in_flight(machine):
        restart_libvirtd(machine)
        try:
            good, said = machine.try_virsh("qemu-agent-command", machine.name,
                                           '{"execute": "guest-ping"}', "--timeout", "5")
        finally:
            let_go(machine)
            machine.answers()
    return said if good else f"refused: {said}"


def libvirtd_while_frozen(machine):
    machine.virsh("domfsfreeze", machine.name)
    try:
        restart_libvirtd(machine)
        machine.answers()
        said = [status(machine)]
    finally:
        machine.answers()
        thawed = machine.virsh("domfsthaw", machine.name)
    machine.sh("touch /root/thawed && sync")
    return "\n".join([*said, thawed, status(machine)])


ROWS = [
    Row("agent-lifecycle: agent stopped and started", stop_and_start),
    Row("agent-lifecycle: agent killed", killed),
    Row("guest-agent-timeout", agent_timeout),
    Row("libvirtd killed in a call", libvirtd_in_a_call),
    Row("libvirtd killed in a call that hangs: the first call after it",
        libvirtd_in_a_call_that_hangs,
        "guestd answers guest-sync beside a command that hangs"),
    Row("libvirtd killed while frozen", libvirtd_while_frozen),
]
