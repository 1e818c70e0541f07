# SPDX-License-Identifier: LGPL-2.1-or-later
"""The strict drop-in: what the host may still read is what it could read before."""

from bench import equal

READ = ["guest-get-osinfo", "guest-get-host-name", "guest-get-timezone", "guest-get-fsinfo",
        "guest-get-disks", "guest-network-get-interfaces", "guest-network-get-route", "guest-get-vcpus",
        "guest-get-memory-block-info", "guest-get-load", "guest-get-cpustats", "guest-get-diskstats",
        "guest-get-users", "guest-get-time", "guestd-metrics", "guest-fsfreeze-status"]

# Figures that change by themselves are compared by kind; all else must be the same.
STEADY = ["guest-get-osinfo", "guest-get-host-name", "guest-get-timezone", "guest-get-disks",
          "guest-network-get-route", "guest-get-vcpus", "guest-fsfreeze-status"]


def shape(value):
    """The value without its figures."""
    if isinstance(value, dict):
        return {key: shape(item) for key, item in value.items()}
    if isinstance(value, list):
        return [shape(item) for item in value]
    return value if isinstance(value, (str, bool)) else "figure"


def read_all(made):
    with made.connect() as agent:
        return {name: agent.ask(name) for name in READ}


def steps(made):
    def same():
        """the monitor profile and drop-in -> the commands that read give the same replies"""
        made.sh("printf '[general]\\n' >/etc/guestd/guestd.conf; systemctl restart guestd")
        before = read_all(made)
        made.sh("printf '[general]\\nprofile = monitor\\n' >/etc/guestd/guestd.conf; install -D -m 644 -t "
                "/etc/systemd/system/guestd.service.d /usr/share/guestd/monitor.conf; "
                "systemctl daemon-reload; systemctl restart guestd")
        after = read_all(made)
        for name in READ:
            equal("return" in after[name], True, f"{name}: {after[name]}")
            kind = (lambda value: value) if name in STEADY else shape
            equal(kind(after[name]), kind(before[name]), name)
    yield same

    def strict():
        """the monitor profile and drop-in -> no capabilities, seccomp, no exec, no freeze"""
        pid = made.main_pid()
        equal(made.sh(f"awk '/^CapEff/ {{ print $2 }}' /proc/{pid}/status").strip("0"), "", "capabilities")
        equal(made.sh(f"awk '/^(NoNewPrivs|Seccomp):/ {{ print $2 }}' /proc/{pid}/status").split(),
              ["1", "2"], "no new privileges, system calls filtered")
        with made.connect() as agent:
            for name in ("guest-exec", "guest-fsfreeze-freeze"):
                error = agent.ask(name, {"path": "true"} if name == "guest-exec" else None)["error"]
                equal(error["class"], "CommandNotFound", name)
    yield strict

    def back():
        """the monitor profile and drop-in removed -> freeze and thaw work"""
        made.sh("rm /etc/systemd/system/guestd.service.d/monitor.conf /etc/guestd/guestd.conf; "
                "systemctl daemon-reload; systemctl restart guestd")
        made.freeze()
        equal(made.ask("guest-fsfreeze-thaw"), {"return": 1}, "thaw")
    yield back
