# SPDX-License-Identifier: LGPL-2.1-or-later
"""What virsh asks the agent for, and what it lets it change."""

import json
import os
import re
import time

from machine import DATA
from rows import CLOCK_SLACK_S, THEN
from table import Row

USED = re.compile(r"((?:used|total)-bytes *: )\d+")
LOGIN_TIME = re.compile(r"(login-time *: )(\d+)")
FREEZABLE = 2

PASSWORD = "correct horse: 1"
# crypt(5) of PASSWORD_2.
PASSWORD_2 = "battery staple"
HASH = "$6$guestdtest$PMRE0KG92d5.2iG5btV355srQKBHRowAUd3zo1tNkleGHkhAXx1L." \
       "OfKHCfRbDPoJhNCUmyQ4RTPsMmj6Shrr0"
KEYS = "ssh-rsa AAAA anna@here\nssh-ed25519 BBBB a b\n"
MORE_KEYS = "ssh-rsa CCCC later\n"


def asks(*words):
    """virsh WORDS with the domain's name after the first."""
    return lambda machine: machine.virsh(words[0], machine.name, *words[1:])


def equal(got, want):
    if got != want:
        raise AssertionError(f"got {got}, want {want}")
    return got


# ---- what it tells

def network(machine):
    """An address on the interface, which no router adds to."""
    machine.sh("for key in accept_dad accept_ra router_solicitations; do "
                     "for f in /proc/sys/net/ipv6/conf/*/$key; do echo 0 >$f; done; done; "
                     "nic=$(cd /sys/class/net && ls -d en* eth* 2>/dev/null | head -n 1); "
                     "busybox ip link set $nic up; busybox ip addr add 192.0.2.1/24 dev $nic; "
                     "busybox ip addr add 2001:db8::1/64 dev $nic")
    return machine.virsh("domifaddr", machine.name, "--source", "agent", "--full")


def filesystems(machine):
    text = machine.virsh("guestinfo", machine.name, "--filesystem")
    return USED.sub(r"\1N", text)


def users(machine):
    """Somebody is logged in."""
    machine.sh("d=/run/systemd/system/serial-getty@ttyS0.service.d; mkdir -p $d; "
                     "printf '[Service]\\nExecStart=\\n"
                     "ExecStart=-/sbin/agetty --autologin root --noclear ttyS0 vt220\\n' >$d/a.conf; "
                     "systemctl daemon-reload; systemctl --no-block restart serial-getty@ttyS0.service")
    machine.wait_for("who | grep -q root")
    text = machine.virsh("guestinfo", machine.name, "--user")
    now = machine.guest.number("date +%s") * 1000
    match = LOGIN_TIME.search(text)
    if not match or abs(now - int(match[2])) > CLOCK_SLACK_S * 1000:
        raise AssertionError(f"now is {now}: {text}")
    return LOGIN_TIME.sub(r"\1N", text)


# ---- freeze and trim

def status(machine):
    return machine.call("guest-fsfreeze-status")


def freeze_and_thaw(machine):
    said = [machine.virsh("domfsfreeze", machine.name)]
    # A shell that wrote would wait for the thaw.
    said += [status(machine), machine.refused("domfsfreeze", machine.name)]
    said += [machine.virsh("domfsthaw", machine.name), status(machine)]
    machine.sh(f"touch {DATA}/thawed /root/thawed && sync")
    equal(said[0], f"Froze {FREEZABLE} filesystem(s)")
    return "\n".join(said)


def freeze_one(machine):
    return "\n".join([machine.virsh("domfsfreeze", machine.name, "--mountpoint", DATA),
                      status(machine), machine.virsh("domfsthaw", machine.name),
                      status(machine)])


def blocks(machine):
    return os.stat(machine.path("data.qcow2")).st_blocks * 512


def trim(machine):
    machine.sh(f"dd if=/dev/urandom of={DATA}/junk bs=1M count=16 conv=fsync && "
                     f"rm {DATA}/junk && sync")
    before = blocks(machine)
    said = machine.virsh("domfstrim", machine.name)
    if before - blocks(machine) < 12 << 20:
        raise AssertionError(f"{before} bytes, then {blocks(machine)}")
    return said + "\nthe image is smaller by what was deleted"


# ---- the clock

def near(seconds, want):
    if abs(seconds - want) > CLOCK_SLACK_S:
        raise AssertionError(f"{seconds} instead of {want}")


def domtime(machine):
    text = machine.virsh("domtime", machine.name)
    near(int(text.split()[1]), time.time())
    return "now"


def set_time(machine):
    said = machine.virsh("domtime", machine.name, "--time", str(THEN))
    near(machine.guest.number("date +%s"), THEN)
    near(int(machine.virsh("domtime", machine.name).split()[1]), THEN)
    return said


def set_now(machine):
    machine.virsh("domtime", machine.name, "--time", str(THEN))
    said = machine.virsh("domtime", machine.name, "--now")
    near(machine.guest.number("date +%s"), time.time())
    return said


def sync_time(machine):
    """The guest's clock is wrong, the hardware's is right."""
    machine.sh(f"date -s @{THEN}")
    said = machine.virsh("domtime", machine.name, "--sync")
    near(machine.guest.number("date +%s"), time.time())
    return said


# ---- accounts

def anna(machine):
    machine.sh("id anna 2>/dev/null || useradd -m -s /bin/sh anna")


def log_in(machine, password):
    """With the password, as somebody who needs it; fails when it is not right."""
    return equal(machine.sh(
        f"echo '{password}' | runuser -u nobody -- su anna -c 'id -un' 2>/dev/null", 60), "anna")


def password(machine):
    anna(machine)
    said = machine.virsh("set-user-password", machine.name, "anna", PASSWORD)
    return said + "\nlogin as " + log_in(machine, PASSWORD)


def encrypted(machine):
    anna(machine)
    said = machine.virsh("set-user-password", machine.name, "anna", HASH, "--encrypted")
    equal(machine.sh("getent shadow anna | cut -d: -f2"), HASH)
    return said + "\nlogin as " + log_in(machine, PASSWORD_2)


def nobody_there(machine):
    return machine.refused("set-user-password", machine.name, "nobody-there", "x")


def keys(machine):
    anna(machine)
    for name, text in (("keys.pub", KEYS), ("more.pub", MORE_KEYS)):
        with open(machine.path(name), "w") as file:
            file.write(text)

    def change(*words):
        machine.virsh("set-user-sshkeys", machine.name, "anna", *words)
        return machine.virsh("get-user-sshkeys", machine.name, "anna")

    first, more = machine.path("keys.pub"), machine.path("more.pub")
    def there():
        return machine.sh("cat /home/anna/.ssh/authorized_keys")

    said = [change("--file", first)]
    equal(sorted(there().split("\n")), sorted(KEYS.split("\n")[:-1]))
    said += [change("--file", more), change("--remove", "--file", first)]
    equal(there(), MORE_KEYS.strip())
    said.append(machine.sh("cd /home/anna; stat -c '%n %a %U:%G' .ssh .ssh/*"))
    said.append(change("--reset"))
    return "\n".join([*said, there()])


def no_keys(machine):
    return machine.refused("get-user-sshkeys", machine.name, "nobody-there")


# ---- any command

def agent_command(*options, execute="guest-get-host-name"):
    def ask(machine):
        return machine.virsh("qemu-agent-command", machine.name, *options,
                             json.dumps({"execute": execute}))
    return ask


def asynchronous(machine):
    """
    libvirt 9.0 gives its guest-sync no time at all, and an answer that is there by then counts:
    which of the two comes about is the machine's, not the agent's. The call after it must not get
    the answer to that sync.
    """
    good, said = machine.try_virsh("qemu-agent-command", machine.name, "--async",
                                   '{"execute": "guest-ping"}')
    if not good and "Guest agent is not responding" not in said:
        raise AssertionError(f"neither answered nor out of time: {said}")
    return machine.answers()


def unknown_command(machine):
    return machine.refused("qemu-agent-command", machine.name, '{"execute": "guest-no-such"}')


def program(machine):
    pid = machine.call("guest-exec", path="/bin/sh", arg=["-c", "echo $((6 * 7)); exit 3"],
                       **{"capture-output": True})["pid"]
    machine.wait_for(f"[ ! -e /proc/{pid} ]")
    return json.dumps(machine.call("guest-exec-status", pid=pid))


def file(machine):
    handle = machine.call("guest-file-open", path="/etc/hostname")
    try:
        return json.dumps(machine.call("guest-file-read", handle=handle))
    finally:
        machine.call("guest-file-close", handle=handle)


ROWS = [
    Row("domhostname", asks("domhostname", "--source", "agent")),
    Row("domifaddr --full", network),
    Row("guestinfo --interface", asks("guestinfo", "--interface")),
    Row("guestinfo --os", asks("guestinfo", "--os")),
    Row("guestinfo --timezone", asks("guestinfo", "--timezone")),
    Row("guestinfo --hostname", asks("guestinfo", "--hostname")),
    Row("guestinfo --disk", asks("guestinfo", "--disk")),
    Row("guestinfo --filesystem", filesystems),
    Row("guestinfo --user", users),
    Row("domfsinfo", asks("domfsinfo")),
    Row("domfsfreeze, domfsthaw", freeze_and_thaw),
    Row("domfsfreeze --mountpoint", freeze_one),
    Row("domfstrim", trim),
    Row("domtime", domtime),
    Row("domtime --time", set_time),
    Row("domtime --now", set_now),
    Row("domtime --sync", sync_time),
    Row("set-user-password", password),
    Row("set-user-password --encrypted", encrypted),
    Row("set-user-password of an unknown user", nobody_there),
    Row("set-user-sshkeys, get-user-sshkeys", keys),
    Row("get-user-sshkeys of an unknown user", no_keys,
        "qemu-ga gives \"Success\" as the reason"),
    Row("qemu-agent-command", agent_command()),
    Row("qemu-agent-command --timeout", agent_command("--timeout", "10")),
    Row("qemu-agent-command --async, and a call after it", asynchronous),
    Row("qemu-agent-command --block", agent_command("--block")),
    Row("qemu-agent-command --pretty", agent_command("--pretty")),
    Row("qemu-agent-command of an unknown command", unknown_command),
    Row("qemu-agent-command guest-exec", program,
        "out-truncated comes with the data since QEMU 10.2"),
    Row("qemu-agent-command guest-file-read", file),
]
