# SPDX-License-Identifier: LGPL-2.1-or-later
"""Accounts of nobody: an agent that sees made-up users, homes and a chpasswd
that only writes down how it was called.

All of it lives in a mount namespace of the agent's own and ends with it. Nothing
of the machine's accounts can be reached: /etc/passwd, /etc/group and /etc/shadow
are others, and PATH holds nothing but the false chpasswd.
"""

import os
import subprocess

from . import mountspace
from .render import printable

TOP = "/home"
TOOLS = TOP + "/.tools"

PASSWD = """root:x:0:0:root:/home/root:/bin/sh
anna:x:4001:4001:Anna:/home/anna:/bin/sh
bert:x:4002:4002:Bert:/home/bert:/bin/sh
away:x:4003:4003::/home/nowhere:/bin/sh
filed:x:4004:4004::/home/filed:/bin/sh
piped:x:4005:4005::/home/piped:/bin/sh
lent:x:4006:4006::/home/lent:/bin/sh
homeless:x:4007:4007:::/bin/sh
"""
GROUP = """root:x:0:
anna:x:4001:
bert:x:4002:
shared:x:4100:anna
"""
SHADOW = "root:$6$salt$secret:19000:0:99999:7:::\n"
NSSWITCH = "passwd: files\ngroup: files\nshadow: files\n"

# Its standard input with what is not printable left as it is, and its arguments.
CHPASSWD = """#!/bin/sh
{ echo "chpasswd $*"; /bin/cat; } >/home/called
[ ! -e /home/complaint ] || { /bin/cat /home/complaint; exit 1; }
"""


def prepare():
    """In the child that will be the agent: its world."""
    mountspace.enter()
    mountspace.tmpfs(TOP)
    os.umask(0o022)
    os.mkdir(TOOLS)
    for name, text in (("passwd", PASSWD), ("group", GROUP),
                       ("shadow", SHADOW), ("nsswitch.conf", NSSWITCH)):
        copy = f"{TOOLS}/{name}"
        with open(copy, "w", encoding="ascii") as file:
            file.write(text)
        if name == "shadow":
            os.chmod(copy, 0o600)
        mountspace.bind(copy, f"/etc/{name}")
    with open(TOOLS + "/chpasswd", "w", encoding="ascii") as file:
        file.write(CHPASSWD)
    os.chmod(TOOLS + "/chpasswd", 0o755)
    for name, owner in (("root", 0), ("anna", 4001), ("bert", 4002),
                        ("lent", 0)):
        os.mkdir(f"{TOP}/{name}", 0o755)
        os.chown(f"{TOP}/{name}", owner, owner)


ENVIRONMENT = {"PATH": TOOLS, "HOME": TOP}

LOOK = r"""cd /home && { find . -path ./.tools -prune -o -mindepth 1 -printf '%P\n' | sort; echo /etc/shadow; } |
while read -r path; do
    find "$path" -maxdepth 0 -printf '%P%p %M %U:%G'
    case $(stat -c %F "$path") in
    'symbolic link') printf ' -> %s' "$(readlink "$path")" ;;
    regular*) printf ' '; od -An -v -tx1 "$path" | tr -d '\n ' ;;
    esac
    echo
done"""


class World:
    """What an agent's world looks like from outside."""

    def __init__(self, pid):
        self.pid = pid
        self.seen = {}
        self.look()

    def run(self, command):
        done = subprocess.run(
            ["nsenter", "-t", str(self.pid), "-m", "/bin/sh", "-c", command],
            stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT, text=True, check=False,
            cwd="/")
        if done.returncode:
            raise RuntimeError(f"{command}: {done.stdout}")
        return done.stdout

    def look(self):
        """What is new, changed or gone below /home since the last look."""
        before, self.seen = self.seen, {}
        for line in self.run(LOOK).splitlines():
            path, _, rest = line.partition(" ")
            kind, owner, *more = rest.split(" ", 2)
            if kind.startswith("-"):
                raw = bytes.fromhex("".join(more))
                more = [shortened(raw)]
            self.seen[path] = " ".join([kind, owner, *more])
        changed = [f"{path}: {text}" for path, text in self.seen.items()
                   if before.get(path) != text]
        gone = [f"{path}: gone" for path in before if path not in self.seen]
        return changed + gone


def shortened(raw):
    text = printable(raw)
    return f'"{text}"' if len(text) <= 600 else f"{len(raw)} bytes"
