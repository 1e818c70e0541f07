# SPDX-License-Identifier: LGPL-2.1-or-later
"""Where the programs under test and those of the system are, and how they are run."""

import os
import shutil
import subprocess
from pathlib import Path

TOP = Path(__file__).resolve().parents[2]
TESTBED = TOP / "tests" / "testbed"
TOOLS_PATH = os.environ.get("PATH", "") + ":/sbin:/usr/sbin"
KEPT = ("PATH", "HOME", "LD_LIBRARY_PATH", "ASAN_OPTIONS", "UBSAN_OPTIONS", "LSAN_OPTIONS",
        "LLVM_PROFILE_FILE")


def cache_dir():
    """What tests/testbed/fetch fills."""
    home = os.environ.get("XDG_CACHE_HOME") or os.path.expanduser("~/.cache")
    return Path(os.environ.get("GUESTD_CACHE") or os.path.join(home, "guestd"))


def find(variable, *defaults):
    """
    Absolute path of the program that the variable of the environment names, or of the first
    default that exists; None without one.
    """
    named = os.environ.get(variable)
    for path in (named,) if named else defaults:
        path = Path(path).absolute()
        if os.access(path, os.X_OK) and path.is_file():
            return path
    return None


def find_guestd():
    """$GUESTD, else the one of the current directory or of the build tree."""
    return find("GUESTD", "guestd", TOP / "build/guestd")


def find_guestctl():
    """$GUESTCTL, else the one beside guestd."""
    guestd = find_guestd()
    return find("GUESTCTL", *([guestd.parent / "guestctl"] if guestd else []), "guestctl")


def find_reference():
    return find("QEMU_GA", cache_dir() / "reference/qemu-ga")


def find_both():
    """{"reference": path or None, "guestd": path or None}"""
    return {"reference": find_reference(), "guestd": find_guestd()}


def guestd_path():
    """The agent under test as text; None without one."""
    path = find_guestd()
    return path and str(path)


def guestctl_path():
    path = find_guestctl()
    if not path:
        raise AssertionError("no guestctl: build it or set GUESTCTL")
    return str(path)


def environment(extra):
    """The same small environment for both agents, whatever the tester's own is."""
    env = {key: os.environ[key] for key in KEPT if key in os.environ}
    env["LC_ALL"] = "C"
    env.update(extra)
    return env


def program(name):
    """A program of the system, also of its administrator; None without it."""
    return shutil.which(name, path=TOOLS_PATH)


def host(*command, **options):
    """Runs a command to its end; stdout of what it returns has stderr as well."""
    return subprocess.run(command, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                          stderr=subprocess.STDOUT, text=True, check=False,
                          env=dict(os.environ, PATH=TOOLS_PATH), **options)


def made(*command):
    """Runs a command that has to succeed."""
    done = host(*command)
    if done.returncode:
        raise RuntimeError(f"{command}: {done.stdout}")


def run(*argv, check=True, timeout=120, **more):
    """What a program prints, without the last newline."""
    result = subprocess.run([str(arg) for arg in argv], check=False, timeout=timeout, text=True,
                            stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                            stderr=subprocess.STDOUT, **more)
    if check and result.returncode:
        raise RuntimeError(f"{' '.join(map(str, argv))}: status {result.returncode}: "
                           f"{result.stdout.strip()}")
    return result.stdout.rstrip("\n")
