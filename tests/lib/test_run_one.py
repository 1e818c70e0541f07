# SPDX-License-Identifier: LGPL-2.1-or-later
"""Every documented way to run one test works, from any folder, without any variable set."""

import os
import re
import shutil
import subprocess
from pathlib import Path

import pytest

from lib.checks import Skip, has, same
from lib.programs import TOP, find_guestd
from lib.vm.vm import QEMU

OURS = re.compile(r"GUESTD|GUESTCTL|QEMU_GA$|G_TEST_|srcdir$|TMPDIR$|GT_")
ROOT, VM = "root", QEMU


def run(*words, cwd):
    """A command line of the documents, with nothing of ours in the environment but the cache."""
    env = {key: value for key, value in os.environ.items()
           if not OURS.match(key) or key == "GUESTD_CACHE"}
    return subprocess.run(list(map(str, words)), env=env, cwd=cwd, stdin=subprocess.DEVNULL,
                          stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, check=False)


def build():
    return find_guestd().parent


# kind: (what is behind run-one, what it prints, what it needs)
KINDS = {
    "a unit test program": (["test-families"], r"^ok \d+ /families", None),
    "one of a program's tests": (["/reader/depth"], r"^ok \d+ /reader/depth", None),
    "a fuzz target": (["fuzz-base64"], r"^ok \d+ ", None),
    "a lint": (["spdx"], r"^ok \d+ ", None),
    "a transcript": (["ids.t"], r"^ok \d+ - ids.t: ", None),
    "an exchange": (["transcripts", "ids.t: a ping with null"], r"^ok 1 - ids.t: a ping", None),
    "a driver": (["secrets"], r"^ok \d+ - ", ROOT),
    "a row of a driver": (["beside", "bind mount alone"], r"^ok 1 - bind mount alone", ROOT),
    "a file": (["host/test_guest.py"], r"^ok \d+ - guest: ", None),
    "a row of guestctl": (["ping of both agents"], r"^ok 1 - client: ping of both", None),
    "a row of the command line": (["guestd: SIGTERM -> ends with"], r"^ok 1 - cli: guestd: ", None),
    "a row of freezing": (["hooks: several -> freeze in order"], r"^ok 1 - hooks: several", ROOT),
    "a row of the hooks": (["stopped servers do not fail the freeze"], r"^ok 1 - stopped", ROOT),
    "a row of a virtual machine": (["vm", "isa-serial: guest-ping -> answered"],
                                   r"^ok 1 - isa-serial: ", VM),
}


@pytest.mark.parametrize("kind", KINDS)
def test_run_one(kind, tmp_path):
    """run-one: {kind}"""
    words, printed, needs = KINDS[kind]
    if needs == ROOT and os.geteuid():
        raise Skip("not root")
    if needs == VM and not shutil.which(VM):
        raise Skip(f"no {VM}")
    done = run(TOP / "tests/run-one", "--build", build(), *words, cwd=tmp_path)
    same(done.returncode, 0, done.stdout[-3000:])
    same(bool(re.search(printed, done.stdout, re.M)), True, done.stdout[-3000:])
    has(done.stdout, f"GUESTD={build()}/guestd")


def test_unknown(tmp_path):
    """run-one says that nothing, or too much, is called so"""
    done = run(TOP / "tests/run-one", "--build", build(), "no such test at all", cwd=tmp_path)
    same(done.returncode, 1, done.stdout)
    has(done.stdout, "no test has 'no such test at all' in its name")
    done = run(TOP / "tests/run-one", "--build", build(), "test_vsock.py", cwd=tmp_path)
    same(done.returncode, 1, done.stdout)
    has(done.stdout, "tests/vm/test_vsock.py")


@pytest.mark.parametrize("entry", ("conformance/secrets", "quiesce/beside", "vm/run", "system/run"))
def test_list_into_closed_pipe(entry, tmp_path):
    """{entry} --list ends in order when nobody reads on"""
    if os.geteuid():
        raise Skip("not root")
    done = run("bash", "-c", f"{TOP}/tests/{entry} --list | head -n 1", cwd=tmp_path)
    same((done.returncode, done.stdout.count("\n")), (0, 1), done.stdout)


def entry_points():
    """Each suite of the table in CONTRIBUTING.md that prints rows."""
    text = Path(TOP, "CONTRIBUTING.md").read_text(encoding="utf-8")
    named = set(re.findall(r"`(tests/(?!fuzz|lint|testbed)[a-z-]+/[a-z]+)\b", text))
    return sorted(name for name in named
                  if (TOP / name).is_file() and os.access(TOP / name, os.X_OK))


@pytest.mark.parametrize("entry", entry_points())
def test_help(entry, tmp_path):
    """{entry} explains itself, and takes -k, --list and --durations"""
    done = run(TOP / entry, "--help", cwd=tmp_path)
    same(done.returncode, 0, done.stdout)
    for option in ("-k EXPRESSION", "--list", "--durations"):
        has(done.stdout, option)
