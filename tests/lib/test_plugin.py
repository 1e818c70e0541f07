# SPDX-License-Identifier: LGPL-2.1-or-later
"""The runner of the Python suites, on a small suite of the test's own."""

import os
import re
import select
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from lib import private
from lib.checks import Skip, has, same, until

TESTS = Path(__file__).resolve().parents[1]

SAMPLE = '''
"""A suite with a row of each kind."""
import os, signal, subprocess, sys, tempfile
import pytest
from lib.checks import Skip, row

@pytest.fixture
def place(tmp_path_factory, request):
    path = os.environ["SAMPLE"] + "/place"
    open(path, "w").close()
    yield path
    os.unlink(path)

def test_good(note):
    """it holds"""
    note("a figure")

def test_bad(place):
    """it does not hold"""
    raise AssertionError("two is not three")

def test_skip():
    """it cannot be run here"""
    raise Skip("no moon")

@row("named: by hand")
def other():
    pass

@pytest.mark.parametrize("count", (1, 2))
def test_counts(count):
    """{count} sheep"""

def test_teardown(request):
    """its end fails"""
    request.addfinalizer(lambda: 1 / 0)

def test_leaves():
    """it leaves a process"""
    if os.environ.get("LEAVE") == "process":
        subprocess.Popen(["sleep", "1000"])
    if os.environ.get("LEAVE") == "mount":
        image = tempfile.mkdtemp() + "/image"
        with open(image, "wb") as file:
            file.truncate(1 << 24)
        subprocess.run(["mkfs.ext4", "-q", image], check=True)
        os.mkdir(image + ".d")
        subprocess.run(["mount", "-o", "loop", image, image + ".d"], check=True)

def test_waits(place):
    """it waits for a signal"""
    if os.environ.get("WAIT"):
        sys.__stdout__.write("waits\\n")
        print("waits", file=open(os.environ["SAMPLE"] + "/ready", "w"), flush=True)
        signal.pause()
'''


@pytest.fixture
def sample(tmp_path):
    (tmp_path / "test_sample.py").write_text(SAMPLE)
    (tmp_path / "conftest.py").write_text('pytest_plugins = ["lib.plugin"]\n')

    def command(*words, **environment):
        env = dict(os.environ, PYTHONPATH=str(TESTS), SAMPLE=str(tmp_path), **environment)
        return dict(args=[sys.executable, "-B", "-m", "pytest", "-c", str(TESTS / "pytest.ini"),
                          f"--rootdir={tmp_path}", str(tmp_path), *words],
                    env=env, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, text=True)
    return command


def rows(text):
    return re.findall(r"^(?:ok|not ok) .*$", text, re.M)


def test_rows(sample):
    """a row of TAP for each test, failures and notes as comments, the plan and totals at the end"""
    done = subprocess.run(**sample(), check=False)
    same(rows(done.stdout), [
        "ok 1 - sample: it holds",
        "not ok 2 - sample: it does not hold",
        "ok 3 - sample: it cannot be run here # SKIP no moon",
        "ok 4 - named: by hand",
        "ok 5 - sample: 1 sheep", "ok 6 - sample: 2 sheep",
        "not ok 7 - sample: its end fails",
        "ok 8 - sample: it leaves a process", "ok 9 - sample: it waits for a signal"])
    for line in ("# a figure\n", "# AssertionError: two is not three\n", "\n1..9\n",
                 "# 6 passed, 2 failed, 1 skipped\n"):
        has(done.stdout, line)
    same(done.returncode, 1)


def test_selection(sample):
    """rows are chosen by name and by expression, and listed; nothing chosen is a failure"""
    same(rows(subprocess.run(**sample("--row=sheep", "--row=by hand"), check=False).stdout),
         ["ok 1 - named: by hand", "ok 2 - sample: 1 sheep", "ok 3 - sample: 2 sheep"])
    same(len(rows(subprocess.run(**sample("-k", "counts and not 1"), check=False).stdout)), 1)
    listed = subprocess.run(**sample("--list", "-q", "--row=sheep"), check=False)
    same((listed.stdout.split("\n")[:2], listed.returncode),
         (["sample: 1 sheep", "sample: 2 sheep"], 0))
    same(subprocess.run(**sample("--row=nothing"), check=False).returncode, 5)


def test_left_behind(sample):
    """a suite that leaves a process fails, and the process is ended"""
    done = subprocess.run(**sample("--row=leaves", LEAVE="process"), check=False)
    same(rows(done.stdout), ["ok 1 - sample: it leaves a process",
                             "not ok 2 - nothing is left behind"])
    has(done.stdout, "sleep 1000")
    same(done.returncode, 1)


def test_mount_left_behind(sample):
    """a suite that leaves a loop mount fails, and mount and device are gone"""
    if os.geteuid() or private.why_impossible():
        raise Skip(private.why_impossible() or "not root")
    command = sample("--row=leaves", LEAVE="mount")
    command["args"] = ["unshare", "--mount", *command["args"]]
    done = subprocess.run(**command, check=False)
    has(done.stdout, "not ok 2 - nothing is left behind")
    has(done.stdout, "# mount /")
    loop = re.search(r"# loop device (\S+)", done.stdout)[1]
    # The kernel lets go of it a moment after the last close.
    until(lambda: not os.path.exists(f"/sys/block/{loop}/loop/backing_file"), loop)


@pytest.mark.parametrize("number", (signal.SIGTERM, signal.SIGINT, signal.SIGHUP))
def test_signal(sample, tmp_path, number):
    """{number.name} tears down what the test has set up"""
    os.mkfifo(tmp_path / "ready")
    with subprocess.Popen(**sample("--row=waits", WAIT="1")) as process:
        with open(tmp_path / "ready", encoding="utf-8") as ready:
            select.select([ready], [], [], 60)
            same(ready.readline(), "waits\n")
        same((tmp_path / "place").exists(), True)
        process.send_signal(number)
        process.communicate(timeout=60)
    same(process.returncode != 0, True, "its status")
    same((tmp_path / "place").exists(), False, "what the fixture made is there")
