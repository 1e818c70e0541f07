# SPDX-License-Identifier: LGPL-2.1-or-later
"""Completion for bash, made of the tables of verbs and options."""

import os
import subprocess

from lib.checks import same
from lib.played import PATIENCE
from lib.programs import guestctl_path


TEMPLATE = os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "..", "packaging",
                        "completion", "completion.bash.in")

DRIVER = r"""
source "$1"; shift
COMP_WORDS=("$@"); COMP_CWORD=$((${#COMP_WORDS[@]} - 1))
COMPREPLY=()
_guestctl
printf '%s\n' "${COMPREPLY[@]}"
"""


def script_for(bench):
    """The script as the build makes it: the tables in place of a line of the template."""
    script = bench.path("completion")
    if not os.path.exists(script):
        tables = subprocess.run([guestctl_path(), "--completion"],
                                stdout=subprocess.PIPE, check=True, text=True).stdout
        with open(TEMPLATE, encoding="utf-8") as file:
            text = file.read()
        same(text.count("# @GENERATED@\n"), 1)
        with open(script, "w", encoding="utf-8") as file:
            file.write(text.replace("# @GENERATED@\n", tables))
    return script


def complete(bench, *words):
    """What bash offers for the last of @words, which it has split at "="."""
    script = script_for(bench)
    done = subprocess.run(["bash", "-c", DRIVER, "bash", script, guestctl_path(),
                           *words], capture_output=True, env=bench.env, cwd=bench.place,
                          timeout=PATIENCE, check=True)
    same(done.stderr, b"")
    return sorted(done.stdout.decode().splitlines()) if done.stdout != b"\n" else []


def with_vms(bench, *names):
    os.makedirs(bench.path("config/guestctl"))
    with open(bench.path("config/guestctl/vms.ini"), "w", encoding="utf-8") as file:
        for name in names:
            file.write(f"[{name}]\nagent=/nonexistent\n")


def test_vms(bench):
    """completion of VM names, also after a comma -> names, and verbs that need no VM"""
    with_vms(bench, "web1", "web2", "db")
    same(complete(bench, "web"), ["web1", "web2"])
    same(complete(bench, "db,we"), ["db,web1", "db,web2"])
    same(complete(bench, "exp"), ["exporter"])
    same(set(complete(bench, "")) >= {"web1", "web2", "db", "list"}, True)


def test_odd_names(bench):
    """names of VMs with blanks, quotes and characters of the shell -> quoted for the shell"""
    odd = ["my vm", "it's", 'a "b"', "x$(touch hacked)", "y;z", "*"]
    with_vms(bench, *odd)
    for name in odd:
        offered = [word for word in complete(bench, "") if word not in ("exporter",)]
        quoted = subprocess.run(["bash", "-c", "printf %q \"$1\"", "bash", name], check=True,
                                stdout=subprocess.PIPE, text=True).stdout
        same(quoted in offered, True, f"{name}: {offered}")
    same(complete(bench, "my\\ "), ["my\\ vm"])
    same(complete(bench, '"my v'), ["my vm"])
    same(complete(bench, "it\\'"), ["it\\'s"])
    same(complete(bench, "y\\;z,my"), ["y\\;z,my\\ vm"])
    same(os.path.exists(bench.path("hacked")), False)


def test_shellcheck(bench):
    """the filled-in script -> no finding of shellcheck"""
    done = subprocess.run(["shellcheck", "-s", "bash", script_for(bench)], capture_output=True,
                          text=True, check=False)
    same((done.returncode, done.stdout), (0, ""))


def test_verbs(bench):
    """completion after the VM -> verbs"""
    same(complete(bench, "vm", "sh"), ["shutdown"])
    same(complete(bench, "--all", "sh"), ["shutdown"])
    same(complete(bench, "--agent", "/x", "sh"), ["shutdown"])
    same(complete(bench, "--agent", "=", "/x", "sh"), ["shutdown"])
    same(complete(bench, "-c", "test:///default", "vm", "do"), ["doctor"])
    # A VM may be called like a verb.
    same(complete(bench, "list", "pin"), [])
    same(complete(bench, "info", "pin"), ["ping"])


def test_options(bench):
    """completion of options -> global ones before the verb, its own after it"""
    same(complete(bench, "--q"), ["--qmp"])
    same(complete(bench, "vm", "cp", "--r"), ["--resume"])
    same(complete(bench, "vm", "exec", "--env", "A=b", "--c"), ["--cwd"])


def test_values(bench):
    """completion of an option's value -> its words, or files"""
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
    """list --names -> no agent is asked"""
    with_vms(bench, "one", "two")
    same(bench.ctl("list", "--names").out, "one\ntwo\n")
