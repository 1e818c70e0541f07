# SPDX-License-Identifier: LGPL-2.1-or-later
"""The Debian packages as files."""

import os
import re
import tempfile

from built import need, output, run

CONTENT = {
    "guestd": ["usr/sbin/guestd", "lib/systemd/system/guestd.service",
               "lib/systemd/system/guestd-vsock@.service", "lib/systemd/system/guestd-isa@.service",
               "lib/udev/rules.d/60-guestd.rules", "usr/share/guestd/monitor.conf",
               "usr/share/guestd/hooks/postgresql", "usr/share/guestd/hooks/session.sh",
               "usr/share/doc/guestd/copyright"],
    "guestctl": ["usr/bin/guestctl", "usr/share/bash-completion/completions/guestctl"],
    "guestd-qemu-ga": ["usr/sbin/qemu-ga", "lib/systemd/system/qemu-guest-agent.service"],
}


def listing(built, name):
    """{path: link's target or ""} of a package's files."""
    found = {}
    for line in output("dpkg-deb", "-c", built.deb[name]).splitlines():
        path, _, target = line.split(None, 5)[5].partition(" -> ")
        if not path.endswith("/"):
            found[path[2:]] = target
    return found


def field(built, name, key):
    return output("dpkg-deb", "-f", built.deb[name], key).strip()


def equal(got, want, what):
    if got != want:
        raise AssertionError(f"{what}: got {got!r}, want {want!r}")


def checks(built):
    def version():
        """the version is configure's"""
        with open(os.path.join(built.top, "configure.ac"), encoding="utf-8") as file:
            upstream = re.search(r"AC_INIT\(\[guestd\], \[(.*?)\]", file.read()).group(1)
        for name in built.PACKAGES:
            equal(field(built, name, "Version"), upstream + "-1", name)
        with open(os.path.join(built.top, "packaging/rpm/guestd.spec"), encoding="utf-8") as file:
            equal(re.search(r"^Version: *(\S+)", file.read(), re.M).group(1), upstream, "spec")
    yield version

    def content():
        """each package has its files, and no two have the same"""
        seen = {}
        for name, wanted in CONTENT.items():
            there = listing(built, name)
            missing = [path for path in wanted if path not in there]
            equal(missing, [], f"missing in {name}")
            for path in there:
                equal(seen.setdefault(path, name), name, path)
        equal([path for path in seen if path.startswith("etc/")], [],
              "files in /etc, which would hide /etc/qemu/qemu-ga.conf or need questions")
    yield content

    def names():
        """guestd-qemu-ga takes the place of qemu-guest-agent"""
        for key in ("Provides", "Conflicts", "Replaces"):
            equal(field(built, "guestd-qemu-ga", key), "qemu-guest-agent", key)
        equal("guestd (= " + built.version + ")" in field(built, "guestd-qemu-ga", "Depends"), True,
              "depends on guestd of the same version")
        links = listing(built, "guestd-qemu-ga")
        equal(links["usr/sbin/qemu-ga"], "guestd", "program")
        equal(links["lib/systemd/system/qemu-guest-agent.service"], "guestd.service", "unit")
    yield names

    def unit():
        """the unit starts the program of the package"""
        root = built.unpacked("guestd")
        for name in ("guestd.service", "guestd-isa@.service", "guestd-vsock@.service"):
            with open(os.path.join(root, "lib/systemd/system", name), encoding="utf-8") as file:
                program = re.search(r"^ExecStart=(\S+)", file.read(), re.M).group(1)
            equal(os.access(root + program, os.X_OK), True, f"{name}: {program} can be run")
    yield unit

    def unchanged():
        """make deb does nothing when nothing changed"""
        before = os.stat(built.deb["guestd"]).st_mtime_ns
        output("make", "-s", "-C", built.build, "deb")
        equal(os.stat(built.deb["guestd"]).st_mtime_ns, before, "time of the package")
    yield unchanged

    def lintian():
        """lintian finds no error"""
        need("lintian", "lintian")
        # It refuses to work where others may write, and warns of root.
        with tempfile.TemporaryDirectory() as home:
            status, text = run("lintian", "--no-cfg", "--allow-root", "--fail-on", "error",
                               built.changes(), env=dict(os.environ, HOME=home))
        lines = [line for line in text.splitlines() if line[:2] in ("E:", "W:")]
        if status:
            raise AssertionError("\n".join(lines) or text)
        return "\n".join(lines)
    yield lintian
