# SPDX-License-Identifier: LGPL-2.1-or-later
"""The Debian packages as files."""

import hashlib
import os
import re
import tempfile

from built import need, output, run

CONTENT = {
    "guestd": ["usr/sbin/guestd", "lib/systemd/system/guestd.service",
               "lib/systemd/system/guestd-vsock@.service", "lib/systemd/system/guestd-isa@.service",
               "lib/udev/rules.d/60-guestd.rules", "usr/share/guestd/monitor.conf",
               "usr/share/guestd/hooks/postgresql", "usr/share/guestd/hooks/session.sh",
               "usr/share/doc/guestd/copyright", "usr/share/man/man8/guestd.8.gz"],
    "guestctl": ["usr/bin/guestctl", "usr/share/bash-completion/completions/guestctl",
                 "usr/share/man/man1/guestctl.1.gz"],
    "guestd-qemu-ga": ["usr/sbin/qemu-ga", "lib/systemd/system/qemu-guest-agent.service",
                       "usr/share/man/man8/qemu-ga.8.gz"],
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


def sha256(path):
    with open(path, "rb") as file:
        return hashlib.sha256(file.read()).hexdigest()


def different(one, other, place):
    """The names of the files that differ between two packages."""
    roots = []
    for number, package in enumerate((one, other)):
        roots.append(os.path.join(place, f"unpacked{number}"))
        output("dpkg-deb", "-R", package, roots[-1])
    return run("diff", "-rq", *roots)[1] or run("sh", "-c", f"dpkg-deb -c {one} >{place}/1; dpkg-deb -c {other} >{place}/2; "
                                                f"diff {place}/1 {place}/2")[1]


def checks(built):
    def version():
        """version of packages and spec -> configure's"""
        with open(os.path.join(built.top, "configure.ac"), encoding="utf-8") as file:
            upstream = re.search(r"AC_INIT\(\[guestd\], \[(.*?)\]", file.read()).group(1)
        for name in built.PACKAGES:
            equal(field(built, name, "Version"), upstream + "-1", name)
        with open(os.path.join(built.top, "packaging/rpm/guestd.spec"), encoding="utf-8") as file:
            equal(re.search(r"^Version: *(\S+)", file.read(), re.M).group(1), upstream, "spec")
    yield version

    def content():
        """each package -> its files, none of them in another package or in /etc"""
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
        """guestd-qemu-ga -> provides, conflicts with and replaces qemu-guest-agent"""
        for key in ("Provides", "Conflicts", "Replaces"):
            equal(field(built, "guestd-qemu-ga", key), "qemu-guest-agent", key)
        equal("guestd (= " + built.version + ")" in field(built, "guestd-qemu-ga", "Depends"), True,
              "depends on guestd of the same version")
        links = listing(built, "guestd-qemu-ga")
        equal(links["usr/sbin/qemu-ga"], "guestd", "program")
        equal(links["lib/systemd/system/qemu-guest-agent.service"], "guestd.service", "unit")
    yield names

    def unit():
        """each unit -> starts a program of the package"""
        root = built.unpacked("guestd")
        for name in ("guestd.service", "guestd-isa@.service", "guestd-vsock@.service"):
            with open(os.path.join(root, "lib/systemd/system", name), encoding="utf-8") as file:
                program = re.search(r"^ExecStart=(\S+)", file.read(), re.M).group(1)
            equal(os.access(root + program, os.X_OK), True, f"{name}: {program} can be run")
    yield unit

    def unchanged():
        """make deb without a change -> the package is not built again"""
        before = os.stat(built.deb["guestd"]).st_mtime_ns
        output("make", "-s", "-C", built.build, "deb")
        equal(os.stat(built.deb["guestd"]).st_mtime_ns, before, "time of the package")
    yield unchanged

    def lintian():
        """lintian: binary and source packages -> no error and no warning"""
        need("lintian", "lintian")
        # It refuses to work where others may write, and warns of root.
        with tempfile.TemporaryDirectory() as home:
            status, text = run("lintian", "--no-cfg", "--allow-root", "--fail-on", "error,warning",
                               built.changes(), env=dict(os.environ, HOME=home))
        lines = [line for line in text.splitlines() if line[:2] in ("E:", "W:")]
        if status:
            raise AssertionError("\n".join(lines) or text)
        return "\n".join(lines)
    yield lintian

    def autopkgtest():
        """debian/tests/agent: the packages' own programs -> the agent answers guestctl"""
        root = built.unpacked("guestd", "guestctl")
        programs = ":".join(os.path.join(root, path) for path in ("usr/sbin", "usr/bin"))
        text = output(os.path.join(built.top, "packaging/debian/tests/agent"),
                      env=dict(os.environ, PATH=f"{programs}:{os.environ['PATH']}"))
        equal(text.splitlines()[-1], "the agent answers", text)
    yield autopkgtest

    def reproducible():
        """second build: other path, time zone, locale, umask and time -> the same bytes"""
        need("faketime", "faketime")
        place = os.path.join(built.directory(), "another", "place")
        os.makedirs(place)
        source = os.path.join(place, "source")
        output("dpkg-source", "-x", built.description(), source)
        environment = {name: value for name, value in os.environ.items()
                       if name not in ("MAKEFLAGS", "MAKELEVEL", "MFLAGS", "CI")}
        environment.update(TZ="Pacific/Kiritimati", LC_ALL="C.UTF-8", HOME=place,
                           DEB_BUILD_OPTIONS=f"nocheck parallel={os.cpu_count()}")
        output("sh", "-c", "umask 027 && exec faketime -f +400d dpkg-buildpackage -b -us -uc",
               cwd=source, env=environment)
        for path in built.deb.values():
            again = os.path.join(place, os.path.basename(path))
            if sha256(again) != sha256(path):
                raise AssertionError(f"{os.path.basename(path)}: {different(path, again, place)}")
    yield reproducible
