# SPDX-License-Identifier: LGPL-2.1-or-later
"""Sleep, CPUs that are added, reboot and shutdown; the guest is off at the end."""

from life_rows import CONNECTED, DISCONNECTED, LIFECYCLE
from machine import BOOT_TIMEOUT
from table import Row


def suspend(machine):
    # Right after a backup a guest on a busy machine takes longer than libvirt waits.
    machine.answers()
    machine.events.forget()
    said = [machine.virsh("dompmsuspend", machine.name, "mem")]
    machine.events.wait("lifecycle", "PMSuspended")
    said.append(machine.virsh("domstate", machine.name))
    said.append(machine.virsh("dompmwakeup", machine.name))
    machine.events.wait("lifecycle", "Started")
    machine.answers(120)
    said.append(machine.virsh("domstate", machine.name))
    return "\n".join(said)


def cpus(machine):
    """One is added, which the guest leaves offline until it is told otherwise."""
    def show():
        return machine.virsh("guestvcpus", machine.name)

    said = [show()]
    machine.virsh("setvcpus", machine.name, "2", "--live")
    machine.wait_for("[ -e /sys/devices/system/cpu/cpu1/online ]")
    said.append(show())
    for word in ("--enable", "--disable", "--enable"):
        machine.virsh("guestvcpus", machine.name, word, "--cpulist", "1")
        said.append(machine.sh("cat /sys/devices/system/cpu/online"))
    said += [machine.refused("guestvcpus", machine.name, "--disable", "--cpulist", "0"), show()]
    return "\n".join(said)


def boot_id(machine):
    return machine.sh("cat /proc/sys/kernel/random/boot_id")


def reboot(machine):
    before = boot_id(machine)
    machine.events.forget()
    said = [machine.virsh("reboot", machine.name, "--mode", "agent")]
    said += [machine.events.wait(LIFECYCLE, DISCONNECTED, BOOT_TIMEOUT),
             machine.events.wait("reboot", timeout=BOOT_TIMEOUT),
             machine.events.wait(LIFECYCLE, CONNECTED, BOOT_TIMEOUT)]
    machine.reach()
    machine.prepare()
    machine.answers()
    if boot_id(machine) == before:
        raise AssertionError("it is still the same boot")
    return "\n".join(said)


def shutdown(machine):
    machine.events.forget()
    said = [machine.virsh("shutdown", machine.name, "--mode", "agent")]
    said.append(machine.events.wait("lifecycle", "Stopped", BOOT_TIMEOUT))
    said.append(machine.virsh("domstate", machine.name, "--reason"))
    return "\n".join(said)


ROWS = [
    Row("dompmsuspend mem, dompmwakeup", suspend),
    Row("guestvcpus", cpus),
]
LAST_ROWS = [
    Row("reboot --mode agent", reboot),
    Row("shutdown --mode agent", shutdown),
]
