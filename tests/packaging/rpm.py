# SPDX-License-Identifier: LGPL-2.1-or-later
"""The RPM spec, on a Debian: it has rpm, but not the macros of distributions that live by it."""

import glob
import os
import shutil

from built import need, output

MACROS = {"_unitdir": "/usr/lib/systemd/system", "_udevrulesdir": "/usr/lib/udev/rules.d",
          "systemd_post()": "%{nil}", "systemd_preun()": "%{nil}",
          "systemd_postun_with_restart()": "%{nil}"}
CONTENT = {"guestd": ["/usr/sbin/guestd", "/usr/lib/systemd/system/guestd.service",
                      "/usr/lib/systemd/system/guestd-vsock@.service",
                      "/usr/lib/udev/rules.d/60-guestd.rules", "/usr/share/guestd/monitor.conf"],
           "guestctl": ["/usr/bin/guestctl"],
           "guestd-qemu-ga": ["/usr/bin/qemu-ga", "/usr/lib/systemd/system/qemu-guest-agent.service"]}


def define(**macros):
    return [word for name, value in {**MACROS, **macros}.items()
            for word in ("--define", f"{name} {value}")]


def make_rpms(built, spec):
    """The binary packages, made once for each source and spec: {name: path}."""
    out = os.path.join(built.build, "rpm")
    key = output("sha256sum", built.source(), spec)
    try:
        with open(os.path.join(out, "made-from"), encoding="utf-8") as file:
            made = file.read() == key
    except OSError:
        made = False
    if not made:
        shutil.rmtree(out, ignore_errors=True)
        os.makedirs(os.path.join(out, "SOURCES"))
        tarball = os.path.basename(built.source()).replace("_", "-").replace(".orig", "")
        shutil.copy(built.source(), os.path.join(out, "SOURCES", tarball))
        output("rpmbuild", "-bb", "--nodeps", "--nocheck", *define(_topdir=out), spec,
               env=dict(os.environ, MAKEFLAGS=f"-j{os.cpu_count()}"))
        with open(os.path.join(out, "made-from"), "w", encoding="utf-8") as file:
            file.write(key)
    return {os.path.basename(path).rsplit("-", 2)[0]: path
            for path in glob.glob(os.path.join(out, "RPMS", "*", "*.rpm"))}


def checks(built):
    spec = os.path.join(built.top, "packaging", "rpm", "guestd.spec")

    def parses():
        """rpmspec of the spec -> parsed, every macro expanded"""
        need("rpmspec", "rpm")
        text = output("rpmspec", "-P", *define(), spec)
        left = [line for line in text.splitlines() if "%{_" in line]
        if left:
            raise AssertionError(f"macros left over: {left}")
    yield parses

    def builds():
        """rpmbuild -> the packages with their files"""
        need("rpmbuild", "rpm")
        rpms = make_rpms(built, spec)
        for name, wanted in CONTENT.items():
            if name not in rpms:
                raise AssertionError(f"no {name}, but {sorted(rpms)}")
            there = output("rpm", "-qlp", rpms[name]).split()
            missing = [path for path in wanted if path not in there]
            if missing:
                raise AssertionError(f"{name} lacks {missing}")
    yield builds
