# SPDX-License-Identifier: LGPL-2.1-or-later
"""
Rows of guestctl's table: what is done to the machine itself. Each but the last leaves it running,
with an agent that answers. What has slept is not booted again: its firmware may not come up.
"""

from ctl_rows import Table

POWER = Table()
row = POWER.row

PRESSED = "Power key pressed"


def journal(world, boot):
    """What logind has said in an earlier life of the guest."""
    return world.guest.sh(f"journalctl -q -b {boot} -u systemd-logind --no-pager", 120)


def down(world, way, *words):
    """Goes down, and is looked at; the machine is off."""
    told = world.ctl("shutdown", "--json", *words).json
    world.equal((told["way"], told["waited"]), (way, True), told)
    world.equal(world.state(), "shut off", "state")
    world.notes.append(f"{world.agent}: down by {way} after {told['seconds']:.1f} s")


@row("pause resume")
def pause(world):
    """pause and resume -> the CPUs stop and run again"""
    world.equal(world.ctl("pause", "--dry-run").out, f"would do: {world.name} pause\n", "dry")
    world.equal(world.ctl("pause").out, "paused\n", "pause")
    try:
        state, told = world.state(), world.ctl("list", "--json").json
        doctor = world.ctl("doctor", status=1).out
        world.refused("shutdown", text="the VM is paused, so the guest cannot shut down; next: "
                      "guestctl VM resume (--resume does that first)")
    finally:
        world.equal(world.ctl("resume").out, "resumed\n", "resume")
    world.equal((state, told), ("paused", {"state": "paused", "agent": "-"}), "while paused")
    world.check("guestctl VM resume" in doctor, doctor)
    world.equal(world.state(), "running", "state")
    world.answers()


@row("suspend", "mode")
def suspend_refused(world):
    """suspend to disk without swap -> refused; an invalid mode -> usage error"""
    # The stock agent tries all ways it knows, and tells of the last.
    why = ".+" if world.stock else \
        "the requested suspend mode is not supported by the guest: no swap to hibernate to"
    said = world.ctl("suspend", "--mode", "disk", status=1).err
    world.matches(rf"guestctl: {world.name}: the agent refused guest-suspend-disk: {why}\n", said)
    world.refused("suspend", "--mode", "deep", status=2,
                  text="--mode must be one of: ram, disk, hybrid (got 'deep')")


@row("reboot", "mode", "timeout", "resume")
def reboot(world):
    """a paused guest with --resume -> the agent reboots it, and the reset is waited for"""
    boot = world.same_boot()
    world.ctl("pause")
    told = world.ctl("reboot", "--json", "--resume", "--mode", "agent", "--timeout", "180").json
    world.equal((told["way"], told["waited"]), ("agent", True), told)
    world.notes.append(f"{world.agent}: reset after {told['seconds']:.1f} s")
    world.rebooted(boot)
    world.refused("reboot", "--mode", "acpi",
                  text="ACPI has no reboot button; use shutdown and start, or --force")


@row("shutdown start", "mode", "timeout", "resume")
def shutdown_agent(world):
    """a paused guest with --resume -> down by the agent; a domain can be started again"""
    boot = world.same_boot()
    world.ctl("pause")
    down(world, "agent", "--resume", "--mode", "agent", "--timeout", "120")
    world.refused("shutdown", text="already off")
    if world.libvirt:
        world.equal(world.ctl("start").out, "started\n", "start")
    else:
        world.refused("start", text="a bare QEMU is started by its own command line; if it waits at "
                      "its first instruction, say resume")
        world.boot()
    world.rebooted(boot)
    world.check(PRESSED not in journal(world, -1), "somebody pressed the power button")


@row("shutdown", "mode", once=True)
def shutdown_absent(world):
    """no agent -> ACPI, unless --mode excludes it; systemd obeys the button"""
    boot = world.same_boot()
    world.stop_agent()
    said = world.ctl("shutdown", "--mode", "agent", status=1).err
    world.check(said.startswith(f"guestctl: {world.name}: the agent: ") and
                said.endswith("; --force turns it off\n"), said)
    down(world, "acpi")
    world.boot()
    world.rebooted(boot)
    world.check(PRESSED in journal(world, -1), "nobody pressed the power button")


@row("reset", once=True)
def reset(world):
    """reset -> the guest boots without a shutdown"""
    boot = world.same_boot()
    world.equal(world.ctl("reset").out, "reset\n", "reset")
    world.rebooted(boot)


@row("reboot", "force", "no-wait", once=True)
def reboot_force(world):
    """reboot without an agent -> reset, if --force allows it"""
    boot = world.same_boot()
    world.stop_agent()
    said = world.ctl("--timeout", "2", "reboot", "--no-wait", status=1).err
    world.check(said.endswith("; --force turns it off\n"), said)
    told = world.ctl("--timeout", "2", "reboot", "--force", "--json").json
    world.equal(told["way"], "force", told)
    world.rebooted(boot)


@row("suspend resume", "mode", "timeout", "resume", last=True)
def suspend(world):
    """a paused guest with --resume -> it sleeps, and resume wakes it up"""
    boot = world.same_boot()
    world.ctl("pause")
    said = world.ctl("suspend", "--resume", "--mode", "ram", "--timeout", "120").out
    world.equal(said, "suspended\n", "suspend")
    world.equal((world.state(), world.ctl("list", "--json").json["state"]),
                ("pmsuspended", "pmsuspended"), "while asleep")
    world.equal(world.ctl("resume").out, "woken up\n", "resume")
    world.answers()
    world.equal((world.state(), world.same_boot()), ("running", boot), "after waking up")


@row("shutdown", "force", "no-wait", "timeout", "mode", once=True, last=True)
def shutdown_force(world):
    """a guest that ignores ACPI -> turned off with --force only"""
    world.guest.sh("systemctl mask --now --runtime systemd-logind.service", 60)
    world.equal(world.ctl("shutdown", "--mode", "acpi", "--no-wait").out, "asked by ACPI\n", "no wait")
    world.refused("shutdown", "--mode", "acpi", "--timeout", "2", text="ACPI: accepted the request "
                  "but was not down after 2 s; --force turns it off")
    world.equal(world.state(), "running", "state")
    down(world, "force", "--mode", "acpi", "--timeout", "2", "--force")
