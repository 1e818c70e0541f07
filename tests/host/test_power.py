# SPDX-License-Identifier: LGPL-2.1-or-later
"""Down, and up again: which way it went, and what is tried next."""

import json
import os

from lib.checks import has, same
from lib.played import SILENCE, agent, event, monitor


class Machine:
    """A played VM: an agent and a monitor that know of each other."""

    def __init__(self, bench, agent_answers, monitor_answers=None):
        self.monitors = []
        self.agent = bench.play("agent", agent(agent_answers))
        self.qmp = bench.play("qmp", monitor({**(monitor_answers or {}), "qmp_capabilities": self.hello}))
        self.args = ("--agent", self.agent.path, "--qmp", self.qmp.path)

    def hello(self, connection, _arguments):
        self.monitors.append(connection)
        return {}

    def says(self, name):
        """The guest does it: an answer of the agent that has none but the monitor's event."""
        def answer(_arguments):
            self.monitors[-1].say(event(name, guest=True))
        return answer

    def asked(self):
        return [m["execute"] for m in self.qmp.heard
                if m["execute"] not in ("qmp_capabilities", "query-status", "query-migrate")]


def machine(bench, on_shutdown, monitor_answers=None):
    """@on_shutdown: the name of the event that guest-shutdown leads to, or an answer."""
    vm = None

    def shutdown(arguments):
        return vm.says(on_shutdown)(arguments) if isinstance(on_shutdown, str) else on_shutdown
    vm = Machine(bench, {"guest-shutdown": shutdown, "guest-suspend-ram": shutdown},
                 monitor_answers)
    return vm


def ends(connection, _arguments):
    """What the ACPI button and quit lead to."""
    connection.say(event("SHUTDOWN", guest=True))
    return {}


def test_agent(bench):
    """shutdown by an agent that does not answer -> done when the VM is off"""
    vm = machine(bench, "SHUTDOWN")
    result = bench.ctl(*vm.args, "shutdown")
    same(result.status, 0, result)
    has(result.out, "down by the agent after ")
    same(vm.agent.heard[-1]["arguments"], {"mode": "powerdown"})
    same(vm.asked(), [])


def test_quick(bench):
    """a guest that is off before its agent's time limit -> done at once"""
    vm = None

    def script(connection):
        for message in connection.lines():
            if message["execute"] == "guest-shutdown":
                vm.monitors[-1].say(event("SHUTDOWN", guest=True))
                connection.close()
                return
            connection.say({"return": message.get("arguments", {}).get("id", {})})
    vm = Machine(bench, {})
    quick = bench.play("quick", script)
    result = bench.ctl("--agent", quick.path, "--qmp", vm.qmp.path, "shutdown")
    same(result.status, 0, result)
    has(result.out, "down by the agent after ")


def test_silent(bench):
    """an agent that does not answer the sync -> ACPI is used"""
    vm = Machine(bench, {}, {"system_powerdown": ends})
    silent = bench.play("silent", lambda connection: list(connection.lines()))
    result = bench.ctl("--timeout", SILENCE, "--agent", silent.path, "--qmp", vm.qmp.path, "shutdown")
    same(result.status, 0, result)
    has(result.out, "down by ACPI after ")


def test_json(bench):
    """shutdown --json -> the way and the time"""
    told = json.loads(bench.ctl(*machine(bench, "SHUTDOWN").args, "shutdown", "--json").out)
    same((told["way"], told["waited"]), ("agent", True))


def test_refused(bench):
    """an agent that refuses -> ACPI is used"""
    vm = machine(bench, OSError("no"), {"system_powerdown": ends})
    result = bench.ctl(*vm.args, "shutdown")
    same(result.status, 0, result)
    has(result.out, "down by ACPI after ")
    same(vm.asked(), ["system_powerdown"])


def test_ignored(bench):
    """a guest that ignores both, without --force -> left running"""
    vm = machine(bench, None, {"system_powerdown": {}, "quit": ends})
    result = bench.ctl(*vm.args, "shutdown", "--timeout", 1)
    same(result.status, 1, result)
    has(result.err, "the agent: accepted the request but was not down after 1 s")
    has(result.err, "ACPI: accepted the request but was not down after 1 s")
    has(result.err, "--force")
    same(vm.asked(), ["system_powerdown"])


def test_force(bench):
    """a guest that ignores both, with --force -> turned off"""
    vm = machine(bench, None, {"system_powerdown": {}, "quit": lambda c, a: None})
    result = bench.ctl(*vm.args, "shutdown", "--timeout", 1, "--force")
    same(result.status, 0, result)
    has(result.out, "down by force after ")
    same(vm.asked(), ["system_powerdown", "quit"])


def test_panics(bench):
    """a guest that panics on its way down -> reported at once, ACPI is not used"""
    vm, status = None, ["running"]

    def panics(_arguments):
        status[0] = "guest-panicked"
        vm.monitors[-1].say(event("GUEST_PANICKED", action="pause"))
    vm = Machine(bench, {"guest-shutdown": panics},
                 {"query-status": lambda _c, _a: {"status": status[0]}, "quit": ends})
    result = bench.ctl(*vm.args, "shutdown")
    same((result.status, vm.asked()), (1, []), result)
    has(result.err, "the agent: the guest has panicked, and QEMU stopped it; --force turns it off")
    status[0] = "running"
    result = bench.ctl(*vm.args, "shutdown", "--force")
    same((result.status, vm.asked()), (0, ["quit"]), result)
    has(result.out, "down by force after ")


def test_modes(bench):
    """--mode -> the other way is not used"""
    vm = machine(bench, OSError("no"), {"system_powerdown": ends})
    result = bench.ctl(*vm.args, "shutdown", "--mode", "agent")
    same((result.status, vm.asked()), (1, []), result)
    result = bench.ctl(*vm.args, "shutdown", "--mode=acpi")
    same((result.status, vm.asked()), (0, ["system_powerdown"]), result)
    same([m for m in vm.agent.heard if m["execute"] == "guest-shutdown"][1:], [])
    same(bench.ctl(*vm.args, "shutdown", "--mode=x").status, 2)


def test_no_wait(bench):
    """--no-wait -> the request alone"""
    vm = machine(bench, OSError("no"), {"system_powerdown": {}})
    result = bench.ctl(*vm.args, "shutdown", "--no-wait")
    same(result.status, 0, result)
    has(result.out, "asked by ACPI")


def test_reboot(bench):
    """reboot -> done at the reset"""
    vm = machine(bench, "RESET")
    result = bench.ctl(*vm.args, "reboot")
    same(result.status, 0, result)
    has(result.out, "reset by the agent after ")
    same(vm.agent.heard[-1]["arguments"], {"mode": "reboot"})
    same(bench.ctl(*vm.args, "reboot", "--mode", "acpi").status, 1)


def test_suspend(bench):
    """suspend -> done when the guest sleeps; a refusal is reported"""
    vm = machine(bench, "SUSPEND")
    result = bench.ctl(*vm.args, "suspend", "--timeout", 30)
    same(result.status, 0, result)


def test_monitor_gone(bench):
    """no monitor -> the wait is refused"""
    vm = machine(bench, "SHUTDOWN")
    result = bench.ctl("--agent", vm.agent.path, "shutdown")
    same(result.status, 1)
    has(result.err, "--qmp")


def test_acts(bench):
    """pause, resume, reset -> sent to QEMU"""
    vm = Machine(bench, {}, {"stop": {}, "cont": {}, "system_reset": {}})
    for verb in ("pause", "resume", "reset"):
        same(bench.ctl(*vm.args, verb).status, 0, verb)
    same(vm.asked(), ["stop", "cont", "system_reset"])
    has(bench.ctl(*vm.args, "start").err, "command line")


def test_list(bench):
    """list -> state and agent"""
    os.makedirs(bench.path("config", "guestctl"))
    rows = {"up": ("running", {"guest-ping": {}}), "mute": ("running", {"guest-ping": None}),
            "no": ("running", {}), "stopped": ("paused", {"guest-ping": {}})}
    with open(bench.path("config", "guestctl", "vms.ini"), "w", encoding="utf-8") as file:
        for name, (status, answers) in rows.items():
            qmp = bench.play("q" + name, monitor({}, status)).path
            file.write(f"[{name}]\nagent={bench.play('a' + name, agent(answers)).path}\nqmp={qmp}\n")
        file.write(f"[off]\nagent={bench.path('x')}\nqmp={bench.path('y')}\n")
    result = bench.ctl("--timeout", SILENCE, "list")
    same([line.split() for line in result.out.splitlines()],
         [["NAME", "STATE", "AGENT"], ["mute", "running", "hangs"], ["no", "running", "refuses"],
          ["off", "shut", "off", "-"], ["stopped", "paused", "-"], ["up", "running", "answers"]],
         result)
    told = json.loads(bench.ctl("--timeout", SILENCE, "list", "--json").out)
    same({row["vm"]: row["result"]["agent"] for row in told}["up"], "answers")
