# SPDX-License-Identifier: LGPL-2.1-or-later
"""The packages under test, built if need be, and what is in them."""

import glob
import os
import shutil
import subprocess
import tempfile

from lib.checks import Skip


def run(*command, **more):
    """(status, output of both kinds)."""
    done = subprocess.run(command, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                          stderr=subprocess.STDOUT, text=True, errors="replace", check=False, **more)
    return done.returncode, done.stdout


def output(*command, **more):
    """What a command says that has to succeed."""
    status, text = run(*command, **more)
    if status:
        raise RuntimeError(f"{' '.join(command)}: status {status}: {text[-2000:]}")
    return text


def need(tool, package):
    if not shutil.which(tool):
        raise Skip(f"no {tool} (package {package})")


class Built:
    PACKAGES = ("guestd", "guestctl", "guestd-qemu-ga")

    def __init__(self, top):
        guestd = os.environ.get("GUESTD")
        self.top = top
        self.build = os.path.dirname(os.path.abspath(guestd)) if guestd else os.path.join(top, "build")
        self.guestd = os.path.join(self.build, "guestd")
        self.temporary = []
        output("make", "-s", "-C", self.build, "deb")
        self.deb = {name: self.find(name) for name in self.PACKAGES}
        self.version = output("dpkg-deb", "-f", self.deb["guestd"], "Version").strip()

    def find(self, name):
        found = glob.glob(os.path.join(self.build, "deb", name + "_*.deb"))
        if len(found) != 1:
            raise RuntimeError(f"make deb left {found or 'no package'} for {name}")
        return found[0]

    def changes(self):
        return glob.glob(os.path.join(self.build, "deb", "*.changes"))[0]

    def description(self):
        """The .dsc file, which names the source package."""
        return glob.glob(os.path.join(self.build, "deb", "*.dsc"))[0]

    def source(self):
        return glob.glob(os.path.join(self.build, "deb", "*.orig.tar.xz"))[0]

    def directory(self):
        """A new directory that goes with the test."""
        path = tempfile.mkdtemp(prefix="guestd-packaging.")
        self.temporary.append(path)
        return path

    def unpacked(self, *names):
        """A directory with the files of these packages."""
        root = self.directory()
        for name in names:
            output("dpkg-deb", "-x", self.deb[name], root)
        return root

    def __enter__(self):
        return self

    def __exit__(self, *_unused):
        for path in self.temporary:
            shutil.rmtree(path, ignore_errors=True)
