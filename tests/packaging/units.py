# SPDX-License-Identifier: LGPL-2.1-or-later
"""The units, as systemd-analyze sees them, and docs/service.md."""

import os
import re
import shutil
import socket
import subprocess

from built import need, output

MOST_FOR_MONITOR = 2.0
PATIENCE = 60


def exposure(root):
    text = output("systemd-analyze", "security", "--no-pager", "--offline=true", "--root=" + root,
                  "guestd.service")
    return float(re.search(r"exposure level for guestd\.service: ([\d.]+)", text).group(1))


def documented(top):
    """{profile: figure} of the table in the docs."""
    with open(os.path.join(top, "docs", "service.md"), encoding="utf-8") as file:
        return {name: float(figure) for name, figure in
                re.findall(r"^\| `(\w+)` \|.*\| ([\d.]+) \|$", file.read(), re.M)}


def settings(path):
    """The names that a unit or drop-in sets in [Service]."""
    with open(path, encoding="utf-8") as file:
        return set(re.findall(r"^(\w+)=", file.read().split("[Service]")[1], re.M))


def notices(built, number):
    """What the agent tells systemd first."""
    place = built.directory()
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as systemd:
        systemd.bind(os.path.join(place, "notify"))
        systemd.settimeout(PATIENCE)
        agent = subprocess.Popen(
            [built.guestd, "-m", "unix-listen", "-p", os.path.join(place, "agent"), "-t", place],
            stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
            env=dict(os.environ, NOTIFY_SOCKET=os.path.join(place, "notify")))
        try:
            return [systemd.recv(1000).decode() for _ in range(number)]
        finally:
            agent.terminate()
            agent.wait()


def checks(built):
    root = built.unpacked("guestd")
    unit = os.path.join(root, "lib/systemd/system/guestd.service")
    drop_in = os.path.join(root, "usr/share/guestd/monitor.conf")

    def full():
        """exposure of the full service -> as documented"""
        need("systemd-analyze", "systemd")
        got, said = exposure(root), documented(built.top).get("full")
        if got != said:
            raise AssertionError(f"systemd-analyze says {got}, docs/service.md {said}")
        return f"exposure {got}"
    yield full

    def monitor():
        """exposure with the monitor drop-in -> as documented, and at most 2.0"""
        need("systemd-analyze", "systemd")
        strict = built.unpacked("guestd")
        place = os.path.join(strict, "etc/systemd/system/guestd.service.d")
        os.makedirs(place)
        shutil.copy(drop_in, place)
        got, said = exposure(strict), documented(built.top).get("monitor")
        if got != said or got > MOST_FOR_MONITOR:
            raise AssertionError(f"systemd-analyze says {got}, docs/service.md {said}")
        return f"exposure {got}"
    yield monitor

    def explained():
        """every setting of unit and drop-in -> named in docs/service.md"""
        with open(os.path.join(built.top, "docs", "service.md"), encoding="utf-8") as file:
            text = file.read()
        silent = [name for name in sorted(settings(unit) | settings(drop_in)) if name not in text]
        if silent:
            raise AssertionError(f"nothing about {silent}")
    yield explained

    def told():
        """start -> the agent sends STATUS to systemd before READY"""
        said = notices(built, 2)
        if said != ["STATUS=No host connected", "READY=1"]:
            raise AssertionError(f"it tells systemd {said}")
    yield told
