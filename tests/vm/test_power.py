# SPDX-License-Identifier: LGPL-2.1-or-later
"""Shutting down and suspending, in the small guest and under systemd."""

import contextlib

from lib.vm import debian
from lib.vm.case import GUESTD, PORT_PATH, Case
from lib.wire import WireTimeout

S3 = ("-global", "PIIX4_PM.disable_s3=0", "-global", "PIIX4_PM.disable_s4=0")
DISABLED = {"error": {"class": "CommandNotFound", "desc":
            "Command guest-shutdown has been disabled: the command is not allowed"}}
INVALID = "mode is invalid (valid values are: halt|powerdown|reboot"
UNSUPPORTED = "the requested suspend mode is not supported by the guest"
EVENT_TIMEOUT = 240


class Power(Case):
    """What a test does to the machine's power, it does to a machine of its own."""

    def __init__(self, vm, tools):
        super().__init__(vm, tools)
        # The machine stays, so that it can be asked how it ended.
        vm.qmp.call("set-action", reboot="reset", shutdown="pause")

    @contextlib.contextmanager
    def last_words(self):
        """The machine is gone afterwards, as is what was made of it."""
        try:
            yield
        finally:
            self.vm.stop()

    def silent(self, agent, seconds=1):
        """Nothing comes, not even while the system goes down."""
        try:
            reply = agent.read_reply(seconds)
        except WireTimeout:
            return
        raise AssertionError(f"an answer: {reply}")

    def refused(self, agent, execute, arguments=None):
        """The text of an error that is answered."""
        return agent.ask(execute, arguments, 60)["error"]["desc"]

    def shut_down(self, mode):
        with self.last_words(), self.vm.connect() as agent:
            agent.send_request("guest-shutdown", {"mode": mode} if mode else None)
            event = self.vm.qmp.wait_event("SHUTDOWN", EVENT_TIMEOUT)
            self.equal((event["data"]["guest"], event["data"]["reason"]),
                       (True, "guest-shutdown"), "SHUTDOWN")
            self.silent(agent)

    def reboot(self):
        with self.last_words(), self.vm.connect() as agent:
            agent.send_request("guest-shutdown", {"mode": "reboot"})
            event = self.vm.qmp.wait_event("RESET", EVENT_TIMEOUT, guest=True)
            self.equal(event["data"]["reason"], "guest-reset", "RESET")
            agent.sync(EVENT_TIMEOUT)
            self.pings(agent)

    def halt(self):
        # A machine that is halted tells nobody but those who look at its console.
        with self.last_words(), self.vm.connect() as agent:
            agent.send_request("guest-shutdown", {"mode": "halt"})
            deadline = self.deadline(EVENT_TIMEOUT)
            while "System halted" not in self.vm.logs():
                self.silent(agent, min(1, deadline.left()))

    def suspend(self, execute="guest-suspend-ram"):
        with self.vm.connect() as agent:
            agent.send_request(execute)
            self.vm.qmp.wait_event("SUSPEND", EVENT_TIMEOUT)
            self.vm.qmp.call("system_wakeup")
            self.vm.qmp.wait_event("WAKEUP", EVENT_TIMEOUT)
            # Only what is asked now is answered.
            agent.send_request("guest-ping", id="awake")
            self.equal(agent.read_reply(60), {"return": {}, "id": "awake"}, "after waking up")

    def while_frozen(self):
        with self.vm.connect() as agent:
            agent.call("guest-fsfreeze-freeze", None, 60)
            try:
                self.equal(agent.ask("guest-shutdown"), DISABLED, "frozen")
            finally:
                agent.call("guest-fsfreeze-thaw", None, 60)


class SmallGuest(Power):
    label = "power, busybox"
    machine = {"words": {}, "devices": S3}

    def test_mode(self):
        """an unknown mode -> refused in the reference's words"""
        with self.vm.connect() as agent:
            for mode in ("", "Halt", "poweroff", "halt "):
                self.equal(self.refused(agent, "guest-shutdown", {"mode": mode}), INVALID, mode)
        with self.reference_agent(), self.vm.connect() as agent:
            self.equal(self.refused(agent, "guest-shutdown", {"mode": "x"}), INVALID, "reference")

    def test_suspend_ram(self):
        """guest-suspend-ram -> the guest sleeps without an answer; after it, the agent answers"""
        self.suspend()
        self.suspend()

    def test_suspend_disk(self):
        """guest-suspend-disk and -hybrid without swap -> refused with the reason"""
        with self.vm.connect() as agent:
            for execute in ("guest-suspend-disk", "guest-suspend-hybrid"):
                self.equal(self.refused(agent, execute),
                           f"{UNSUPPORTED}: no swap to hibernate to", execute)

    def test_powerdown(self):
        """guest-shutdown -> the machine is off, without an answer"""
        self.shut_down(None)

    def test_powerdown_mode(self):
        """guest-shutdown powerdown -> the machine is off"""
        self.shut_down("powerdown")

    def test_reboot(self):
        """guest-shutdown reboot -> the machine is reset"""
        self.reboot()

    def test_halt(self):
        """guest-shutdown halt -> the machine is halted"""
        self.halt()

    def test_nothing_there(self):
        """no program for it -> the error names all that were tried"""
        with self.last_words():
            self.guest.sh("rm /sbin/poweroff /sbin/halt /sbin/reboot")
            self.guest.stop_agent()
            self.guest.start_agent("env", "PATH=/nowhere", GUESTD, "-p", PORT_PATH)
            missing = "failed to exec '%s': No such file or directory"
            with self.vm.connect() as agent:
                for mode, program in (("powerdown", "poweroff"), ("halt", "halt"),
                                      ("reboot", "reboot")):
                    tried = ["logind: /run/dbus/system_bus_socket: No such file or directory"] + [
                        f"{way}: {missing % way}" for way in
                        (f"/sbin/{program}", "/sbin/shutdown", "busybox")]
                    self.equal(self.refused(agent, "guest-shutdown", {"mode": mode}),
                               "child process has failed to shutdown: " + "; ".join(tried), mode)


class NoSleep(Power):
    label = "power, no S3"
    machine = {"words": {}, "devices": ("-global", "PIIX4_PM.disable_s3=1")}

    def test_suspend_ram(self):
        """guest-suspend-ram where the firmware cannot -> refused with the reason"""
        with self.vm.connect() as agent:
            self.equal(self.refused(agent, "guest-suspend-ram"),
                       f"{UNSUPPORTED}: no 'deep' in /sys/power/mem_sleep", "answer")


class Systemd(Power):
    label = "power, systemd"
    machine = debian.machine(devices=S3)

    def test_frozen(self):
        """guest-shutdown of a frozen guest -> refused, as by the reference"""
        self.while_frozen()
        with self.reference_agent():
            self.while_frozen()

    def test_suspend_ram(self):
        """guest-suspend-ram by logind -> the guest sleeps; after it, the agent answers"""
        self.suspend()

    def test_suspend_fails(self):
        """systemd fails to suspend -> noticed, and the kernel is asked"""
        drop_in = "/run/systemd/system/systemd-suspend.service.d"
        self.guest.sh(f"mkdir -p {drop_in}; printf '[Service]\\nExecStart=\\n"
                      f"ExecStart=/bin/false\\n' >{drop_in}/fail.conf; systemctl daemon-reload")
        try:
            self.suspend()
            self.check("suspend: Suspend: systemd-suspend.service failed: exit-code" in
                       self.guest.sh("journalctl --sync; journalctl -u guestd.service"),
                       "no word of the failure")
        finally:
            self.guest.sh(f"rm -r {drop_in}; systemctl daemon-reload; systemctl reset-failed")

    def test_suspend_disk(self):
        """guest-suspend-disk -> written to swap, without an answer, and never to zram"""
        self.guest.sh("modprobe zram; echo 64M >/sys/block/zram0/disksize; "
                      "mkswap /dev/zram0; swapon /dev/zram0")
        with self.last_words(), self.vm.connect() as agent:
            self.equal(self.refused(agent, "guest-suspend-disk"), f"{UNSUPPORTED}: "
                       "all swap is zram, which is in the memory itself", "zram")
            self.guest.sh("swapoff /dev/zram0; fallocate -l 600M /swap; chmod 600 /swap; "
                          "mkswap /swap; swapon /swap", 60)
            agent.send_request("guest-suspend-disk")
            self.vm.qmp.wait_event("SUSPEND_DISK", EVENT_TIMEOUT)
            self.silent(agent)

    def test_powerdown(self):
        """guest-shutdown by logind -> the machine is off"""
        self.guest.sh("rm /sbin/poweroff /sbin/shutdown")
        self.shut_down(None)

    def test_reboot(self):
        """guest-shutdown reboot, also without D-Bus -> reset, and the agent is back"""
        self.guest.sh("rm /run/dbus/system_bus_socket")
        self.reboot()

    def test_halt(self):
        """guest-shutdown halt by logind -> the machine is halted"""
        self.guest.sh("rm /sbin/halt /sbin/shutdown")
        self.halt()

    def test_terminated(self):
        """a shutdown from inside -> the agent ends at once with status 0"""
        with self.last_words():
            self.guest.sh("echo 'ExecStopPost=/bin/sh -c \"echo agent ended: $SERVICE_RESULT "
                          "$EXIT_STATUS >/dev/console\"' "
                          ">>/etc/systemd/system/guestd.service.d/test.conf; "
                          "systemctl daemon-reload")
            self.guest.sh("systemctl --no-block poweroff")
            self.vm.qmp.wait_event("SHUTDOWN", EVENT_TIMEOUT, guest=True)
            self.check("agent ended: success 0" in self.vm.logs(), "how the agent ended")
