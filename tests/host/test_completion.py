# SPDX-License-Identifier: LGPL-2.1-or-later
"""Completion for bash, made of the tables of verbs and options."""

import os
import subprocess

from lib.checks import same
from lib.played import PATIENCE
from lib.programs import guestctl_path


DRIVER = r"""
source "$1"; shift
COMP_WORDS=("$@"); COMP_CWORD=$((${#COMP_WORDS[@]} - 1))
COMPREPLY=()
_guestctl
printf '%s\n' "${COMPREPLY[@]}"
"""


def complete(bench, *words):
    """What bash offers for the last of @words, which it has split at "="."""
    script = bench.path("completion")
    if not os.path.exists(script):
        with open(script, "wb") as file:
            file.write(subprocess.run([guestctl_path(), "--completion"],
                                      stdout=subprocess.PIPE, check=True).stdout)
    done = subprocess.run(["bash", "-c", DRIVER, "bash", script, guestctl_path(),
                           *words], capture_output=True, env=bench.env, cwd=bench.place,
                          timeout=PATIENCE, check=True)
    same(done.stderr, b"")
    return sorted(done.stdout.decode().split())


def with_vms(bench, *names):
    os.makedirs(bench.path("config/guestctl"))
    with open(bench.path("config/guestctl/vms.ini"), "w", encoding="utf-8") as file:
        for name in names:
            file.write(f"[{name}]\nagent=/nonexistent\n")


def test_vms(bench):
    """names of VMs, also behind a comma, and verbs that need none"""
    with_vms(bench, "web1", "web2", "db")
    same(complete(bench, "web"), ["web1", "web2"])
    same(complete(bench, "db,we"), ["db,web1", "db,web2"])
    same(complete(bench, "exp"), ["exporter"])
    same(set(complete(bench, "")) >= {"web1", "web2", "db", "list"}, True)


def test_verbs(bench):
    """verbs, once it is said whose"""
    same(complete(bench, "vm", "sh"), ["shutdown"])
    same(complete(bench, "--all", "sh"), ["shutdown"])
    same(complete(bench, "--agent", "/x", "sh"), ["shutdown"])
    same(complete(bench, "--agent", "=", "/x", "sh"), ["shutdown"])
    same(complete(bench, "-c", "test:///default", "vm", "do"), ["doctor"])
    # A VM may be called like a verb.
    same(complete(bench, "list", "pin"), [])
    same(complete(bench, "info", "pin"), ["ping"])


def test_options(bench):
    """options, global ones before the verb and its own behind it"""
    same(complete(bench, "--q"), ["--qmp"])
    same(complete(bench, "vm", "cp", "--r"), ["--resume"])
    same(complete(bench, "vm", "exec", "--env", "A=b", "--c"), ["--cwd"])


def test_values(bench):
    """values of options: one of several, or files"""
    same(complete(bench, "vm", "shutdown", "--mode", ""), ["acpi", "agent", "auto"])
    same(complete(bench, "vm", "shutdown", "--mode", "=", "ac"), ["acpi"])
    same(complete(bench, "vm", "shutdown", "--mode", "="), ["acpi", "agent", "auto"])
    same(complete(bench, "vm", "shutdown", "--timeout", ""), [])
    with open(bench.path("file.sock"), "wb"):
        pass
    same(complete(bench, "--agent", "fil"), ["file.sock"])
    same(complete(bench, "vm", "cp", "fil"), ["file.sock"])
    same(complete(bench, "vm", "exec", "--", "fil"), ["file.sock"])


def test_names(bench):
    """list --names asks no agent"""
    with_vms(bench, "one", "two")
    same(bench.ctl("list", "--names").out, "one\ntwo\n")
