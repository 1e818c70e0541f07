# SPDX-License-Identifier: LGPL-2.1-or-later
"""Commands inside the guest, and what they tell about a process there."""

import itertools

from lib.wire import Deadline, Wire, WireTimeout


class GuestError(Exception):
    """A command in the guest failed."""


class Guest(Wire):
    """
    The guest's test shell. The connection is kept for the machine's life: with
    the host gone, the shell would have to look for it again and again.
    """

    def __init__(self, path, timeout):
        super().__init__(path, "guest shell")
        self.tags = itertools.count(1)
        try:
            self.run("true", timeout)
        except BaseException:
            self.close()
            raise

    def run(self, command, timeout=60):
        """Returns (status, output)."""
        assert "\n" not in command
        tag = f"tag{next(self.tags)}"
        self.send(f"{tag} {command}\n".encode())
        deadline = Deadline(timeout)
        output = self.read_until(f"\n{tag} ".encode(), deadline)
        status = int(self.read_until(b"\n", deadline))
        return status, output.decode(errors="replace")

    def sh(self, command, timeout=60):
        """The output of a command that has to succeed."""
        status, output = self.run(command, timeout)
        if status:
            raise GuestError(f"{command}: status {status}: {output}")
        return output.strip()

    def number(self, command, timeout=60):
        return int(self.sh(command, timeout))

    # The agent under test

    def agent_pid(self):
        return self.number("cat /run/agent.pid")

    def stop_agent(self):
        self.sh("agent stop", 120)

    def start_agent(self, *command):
        self.sh("agent start " + " ".join(command), 120)

    def agent_state(self):
        """What the agent's threads wait for, and how its port stands."""
        return self.run("for t in /proc/$(cat /run/agent.pid)/task/*; do "
                        "echo $t $(cat $t/comm) $(grep State $t/status) in $(cat $t/wchan); done; "
                        "grep -H . /sys/kernel/debug/virtio-ports/*", 10)[1]

    # What the kernel tells about a process

    def switches_during(self, pid, seconds):
        """Context switches of all its threads in an interval."""
        return self.effort_during(pid, seconds)[1]

    def effort_during(self, pid, seconds):
        """
        (CPU ticks, context switches) in an interval. It is measured in the
        guest, in one command, so that the dialogue with the host is not part
        of it.
        """
        count = (f"[ -e /proc/{pid} ] || exit 1; "
                 f"awk '{{ print $14 + $15 }}' /proc/{pid}/stat; "
                 f"cat /proc/{pid}/task/*/status | "
                 "awk '/ctxt_switches/ { n += $2 } END { print n }'")
        cpu, switches, cpu_after, switches_after = map(
            int, self.sh(f"{count}; sleep {seconds}; {count}", seconds + 60).split())
        return cpu_after - cpu, switches_after - switches

    # Longer than the two seconds that the agent gives a host whose bytes came with a hang-up.
    FOR_GOOD = 3

    def settles(self, pid, timeout=60, quiet=1):
        """Waits until the process rests for @quiet seconds; whether it ever did."""
        deadline = Deadline(timeout)
        while not deadline.passed():
            if self.switches_during(pid, quiet) == 0:
                return True
        return False

    def memory(self, pid):
        """
        Anonymous memory, in KiB: what the process holds itself. In a guest that
        lives in memory, the pages of every file count as private and dirty.
        """
        return self.number(f"awk '/^Anonymous:/ {{ print $2 }}' /proc/{pid}/smaps_rollup")

    def resident(self, pid):
        return self.number(f"awk '/^VmRSS:/ {{ print $2 }}' /proc/{pid}/status")

    def fds(self, pid):
        return self.number(f"ls /proc/{pid}/fd | wc -l")

    # The agent's port

    def wait_host(self, connected, timeout=60):
        """
        Waits until the kernel knows whether the host's end of the agent's port
        is open. It can only be asked, again and again.
        """
        deadline = Deadline(timeout)
        want = f"host_connected: {int(connected)}"
        while True:
            text = self.sh("grep -l guest_agent /sys/kernel/debug/virtio-ports/* | xargs cat")
            if want in text:
                return
            if deadline.passed():
                raise WireTimeout(f"the port has no '{want}': {text}")

    def wait_for(self, condition, timeout=60):
        """Waits until a shell condition holds that no event tells of."""
        status, output = self.run(
            f"i={timeout * 20}; until {condition}; do i=$((i-1)); "
            "[ $i -gt 0 ] || exit 1; usleep 50000; done", timeout + 20)
        if status:
            raise WireTimeout(f"the guest has no {condition}: {output}")

