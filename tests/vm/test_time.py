# SPDX-License-Identifier: LGPL-2.1-or-later
"""Setting the guest's clock and its real-time clock."""

from lib.vm.case import Case

NS = 10 ** 9
THEN = 1900000000   # in 2030
LATE = 3155760000   # the first second of 2070
MOST = 2 ** 63 - 1
SLACK_S = 300

# Times that no clock is set to.
REFUSED = [MOST, LATE * NS, (LATE + 86400) * NS, 4000000000 * NS, -2 ** 63, -NS, -86400 * NS]


class SetTime(Case):
    label = "time"
    machine = {"words": {}}

    def __init__(self, vm, tools):
        super().__init__(vm, tools)
        vm.qmp.call("set-action", reboot="reset")

    def near(self, got, want, what):
        self.check(want <= got <= want + SLACK_S, f"{what}: got {got}, want {want}")

    def rtc(self):
        return self.guest.number("cat /sys/class/rtc/rtc0/since_epoch")

    def clock(self):
        return self.guest.number("date +%s")

    def test_set(self):
        """guest-set-time -> both clocks are set, without hwclock"""
        self.guest.sh("rm -f /sbin/hwclock /etc/adjtime")
        try:
            with self.vm.connect() as agent:
                self.equal(agent.ask("guest-set-time", {"time": THEN * NS + 5}, 60),
                           {"return": {}}, "answer")
                self.near(self.clock(), THEN, "clock")
                self.near(self.rtc(), THEN - 1, "real-time clock")
                self.near(agent.call("guest-get-time") // NS, THEN, "guest-get-time")
            shown = self.vm.qmp.call("qom-get", path="/machine", property="rtc-time")
            self.equal((shown["tm_year"], shown["tm_mon"], shown["tm_mday"]), (130, 2, 17),
                       "what the monitor says")
        finally:
            self.guest.sh("ln -s /bin/busybox /sbin/hwclock")

    def test_reset(self):
        """the next boot -> starts with the time that was set"""
        with self.vm.connect() as agent:
            agent.call("guest-set-time", {"time": THEN * NS}, 60)
            self.vm.qmp.call("system_reset")
            self.vm.qmp.wait_event("RESET")
            agent.sync(120)
            now = agent.call("guest-get-time") // NS
            self.check(THEN <= now <= THEN + 2 * SLACK_S, f"after the reset: {now}")

    def test_local(self):
        """a real-time clock in local time -> set to local time"""
        self.guest.sh("printf '0.0 0 0.0\\n0\\nLOCAL\\n' >/etc/adjtime; agent stop")
        try:
            self.guest.start_agent("env", "TZ=TST-2", "/usr/bin/guestd")
            with self.vm.connect() as agent:
                agent.call("guest-set-time", {"time": THEN * NS}, 60)
                self.near(self.rtc(), THEN + 7199, "real-time clock")
                self.guest.sh("date -s @1000000000")
                agent.call("guest-set-time", None, 60)
                self.near(self.clock(), THEN, "clock")
        finally:
            self.guest.sh("rm /etc/adjtime; agent stop")
            self.guest.start_agent("/usr/bin/guestd")

    def test_from_rtc(self):
        """guest-set-time without a time -> the clock is set from the real-time clock"""
        self.guest.sh("rm -f /sbin/hwclock")
        try:
            with self.vm.connect() as agent:
                agent.call("guest-set-time", {"time": THEN * NS}, 60)
                self.guest.sh("date -s @1000000000")
                self.equal(agent.ask("guest-set-time", None, 60), {"return": {}}, "answer")
                self.near(self.clock(), THEN - 1, "clock")
        finally:
            self.guest.sh("ln -s /bin/busybox /sbin/hwclock")

    def answers(self):
        with self.vm.connect() as agent:
            return [agent.ask("guest-set-time", {"time": time}, 60) for time in REFUSED]

    def test_bounds(self):
        """times that a clock cannot hold -> refused in the reference's words"""
        before = self.clock()
        ours = self.answers()
        with self.reference_agent():
            theirs = self.answers()
        self.near(self.clock(), before, "clock, which nobody has set")
        self.note(f"reference: {theirs}")
        self.equal(ours, [{"error": {"class": "GenericError", "desc": "Invalid time"}}] *
                   len(REFUSED), "guestd")
        for mine, other in zip(ours, theirs):
            self.check(other["error"]["desc"].startswith(mine["error"]["desc"]), f"{other}")

    def test_same(self):
        """the first day and the last second -> set as by the reference"""
        # The kernel's clock cannot be set to a time before that of its own start.
        refused = {"error": {"class": "GenericError",
                             "desc": "Failed to set time to guest: Invalid argument"}}
        for set_by in (self.set_by_guestd, self.set_by_reference):
            self.equal(set_by(0), refused, "answer to 0")
            for second in (86400, LATE - 1):
                self.equal(set_by(second * NS), {"return": {}}, f"answer to {second}")
                self.near(self.clock(), second, "clock")

    def set_by_guestd(self, time):
        with self.vm.connect() as agent:
            return agent.ask("guest-set-time", {"time": time}, 60)

    def set_by_reference(self, time):
        with self.reference_agent():
            return self.set_by_guestd(time)
