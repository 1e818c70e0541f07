# SPDX-License-Identifier: LGPL-2.1-or-later
"""A guest that is put away and comes back: saved, restored, reverted; snapshots of its disks."""

import contextlib
import os

from life_rows import call_in_flight, let_go, restart_libvirtd
from machine import DATA, PATIENCE
from lib.programs import host, made
from lib.wire import Wire
from table import Row
from virsh_rows import equal

ASK_AGAIN = 3
AGENT_SOCKET = "/var/lib/libvirt/qemu/channel/target"
HALF = b'{"execute": "guest-get-host-name", "arguments": {"what": "a half-sent requ'


def back(machine):
    """After a restore or a revert; what the first call says."""
    machine.reach(ASK_AGAIN)
    return machine.virsh("domhostname", machine.name, "--source", "agent")


def late(machine):
    """How far the guest's clock is behind, and that it can be told."""
    behind = machine.host_time() - machine.guest.number("date +%s")
    machine.note(f"the clock is {behind} s behind")
    before = machine.host_time()
    machine.virsh("domtime", machine.name, "--now")
    now = machine.guest.number("date +%s")
    if not before - 3 <= now <= machine.host_time() + 1:
        raise AssertionError(f"the clock was not set: {now}, not since {before}")


def saved(machine):
    path = machine.path("saved")
    machine.virsh("save", machine.name, path)
    machine.virsh("restore", path)
    os.unlink(path)
    said = back(machine)
    late(machine)
    return said


def managed_save(machine):
    machine.virsh("managedsave", machine.name)
    machine.virsh("start", machine.name)
    said = back(machine)
    late(machine)
    return said


# ---- snapshots with the guest's memory

@contextlib.contextmanager
def snapshot(machine):
    machine.virsh("snapshot-create-as", machine.name, "stale")
    try:
        yield
    finally:
        machine.virsh("snapshot-delete", machine.name, "stale")


def revert(machine):
    machine.virsh("snapshot-revert", machine.name, "stale")


def reverted_into_a_reply(machine):
    """The agent works for somebody who is long gone, and answers him when libvirt asks."""
    with call_in_flight(machine) as virsh:
        with snapshot(machine):
            let_go(machine)
            said = virsh.communicate(timeout=PATIENCE)[0]
            if virsh.returncode:
                raise AssertionError(said)
            revert(machine)
            machine.reach(ASK_AGAIN)
            machine.wait_for("[ -e /run/slow ]")
            let_go(machine)
            said = machine.virsh("domhostname", machine.name, "--source", "agent")
    return said


def agent_socket(machine):
    number = machine.virsh("domid", machine.name)
    directory = next(name for name in os.listdir(AGENT_SOCKET)
                     if name.startswith(f"domain-{number}-"))
    return os.path.join(AGENT_SOCKET, directory, "org.qemu.guest_agent.0")


def reverted_into_a_request(machine):
    """
    The snapshot is taken while half a request lies in the channel: the guest stands still and has
    not seen yet that it came, nor that its sender has left.
    """
    machine.virsh("suspend", machine.name)
    path = agent_socket(machine)

    def half():
        with Wire(path, "agent") as wire:
            wire.send(HALF)

    restart_libvirtd(machine, half)
    with snapshot(machine):
        machine.virsh("resume", machine.name)
        said = [machine.virsh("domhostname", machine.name, "--source", "agent")]
        revert(machine)
        machine.virsh("resume", machine.name)
        said.append(back(machine))
    return "\n".join(said)


# ---- a snapshot of the disks

def quiesced(machine):
    """What was written before it is in the images that it leaves behind, and these are clean."""
    machine.sh(f"echo before >{DATA}/when")
    said = machine.virsh(
        "snapshot-create-as", machine.name, "disks", "--quiesce", "--disk-only", "--atomic",
        "--no-metadata", "--diskspec", f"vda,file={machine.path('debian-2.qcow2')}",
        "--diskspec", f"vdb,file={machine.path('data-2.qcow2')}")
    machine.sh(f"echo after >{DATA}/when && sync")
    raw = machine.path("data.raw")
    made("qemu-img", "convert", "-U", "-O", "raw", machine.path("data.qcow2"), raw)
    done = host("e2fsck", "-fn", raw)
    if done.returncode:
        raise AssertionError(done.stdout)
    equal(host("debugfs", "-R", "cat /when", raw).stdout.splitlines()[-1], "before")
    os.unlink(raw)
    return said + "\n" + machine.call("guest-fsfreeze-status")


ROWS = [
    Row("save, restore", saved),
    Row("managedsave, start", managed_save),
    Row("snapshot-revert into the middle of a reply", reverted_into_a_reply),
    Row("snapshot-revert to half a request in the channel", reverted_into_a_request),
]
DISK_ROWS = [
    Row("snapshot-create-as --quiesce --disk-only", quiesced),
]
