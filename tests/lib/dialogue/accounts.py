# SPDX-License-Identifier: LGPL-2.1-or-later
"""Accounts of nobody: an agent that sees made-up users, homes and a chpasswd
that only writes down how it was called.

All of it lives in a mount namespace of the agent's own and ends with it. Nothing
of the machine's accounts can be reached: /etc/passwd, /etc/group and /etc/shadow
are others, and PATH holds nothing but the false chpasswd.
"""

import json
import os
import subprocess
import sys

from lib import mountspace

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

# Run by another interpreter, inside: entries as JSON.
LOOK = """
import json, os, stat
found = {}
paths = [os.path.join(top, name) for top, dirs, files in os.walk("/home")
         for name in dirs + files if ".tools" not in (os.path.basename(top), name)]
for path in sorted(paths) + ["/etc/shadow"]:
    st = os.lstat(path)
    entry = found[path.removeprefix("/home/")] = {
        "mode": stat.filemode(st.st_mode), "owner": f"{st.st_uid}:{st.st_gid}"}
    if stat.S_ISLNK(st.st_mode):
        entry["target"] = os.readlink(path)
    elif stat.S_ISREG(st.st_mode):
        entry["text"] = open(path, "rb").read().hex()
        if "security.selinux" in os.listxattr(path):
            entry["label"] = os.getxattr(path, "security.selinux").hex()
print(json.dumps(found))
"""


class World:
    """What an agent's world looks like from outside."""

    def __init__(self, pid):
        self.pid = pid
        self.seen = {}
        self.look()

    def _inside(self, *argv):
        done = subprocess.run(
            ["nsenter", "-t", str(self.pid), "-m", *argv],
            stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT, text=True, check=False, cwd="/")
        if done.returncode:
            raise RuntimeError(f"{argv}: {done.stdout}")
        return done.stdout

    def run(self, command):
        self._inside("/bin/sh", "-c", command)

    def look(self):
        """What is new, changed or gone below /home since the last look."""
        before = self.seen
        entries = json.loads(self._inside(sys.executable, "-I", "-c", LOOK))
        self.seen = {path: described(entry) for path, entry in entries.items()}
        changed = [f"{path}: {text}" for path, text in self.seen.items()
                   if before.get(path) != text]
        gone = [f"{path}: gone" for path in before if path not in self.seen]
        return changed + gone


def described(entry):
    words = [entry["mode"], entry["owner"]]
    if "target" in entry:
        words += ["->", entry["target"]]
    if "label" in entry:
        words += [printable(bytes.fromhex(entry["label"]))]
    if "text" in entry:
        words += [shortened(bytes.fromhex(entry["text"]))]
    return " ".join(words)


def shortened(raw):
    text = printable(raw)
    return f'"{text}"' if len(text) <= 600 else f"{len(raw)} bytes"
