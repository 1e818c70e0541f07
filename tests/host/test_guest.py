# SPDX-License-Identifier: LGPL-2.1-or-later
"""time, passwd and keys: what goes to the agent, and what is shown."""

import base64
import fcntl
import json
import os
import pty
import termios
import time
import unicodedata

from lib.checks import has, same
from lib.played import PATIENCE, agent


def test_time(bench):
    """time -> how far the guest's clock is off"""
    ahead = 3_600_000_000_000
    path = bench.play("a", agent({"guest-get-time": lambda _a: time.time_ns() + ahead})).path
    told = json.loads(bench.ctl("--agent", path, "time", "--json").out)
    # Off by half of what the answer took at most.
    same(abs(told["ahead-seconds"] - 3600) < PATIENCE, True, told)
    has(bench.ctl("--agent", path, "time").out, "ahead of the host")


def test_set_time(bench):
    """time --set -> the host's time is sent; --sync -> none"""
    player = bench.play("a", agent({"guest-set-time": {}}))
    before = time.time_ns()
    same(bench.ctl("--agent", player.path, "time", "--set").status, 0)
    same(bench.ctl("--agent", player.path, "time", "--sync").status, 0)
    asked = [m.get("arguments") for m in player.heard if m["execute"] == "guest-set-time"]
    same(before - 1000 <= asked[0]["time"] <= time.time_ns(), True, asked)
    same(asked[1], None)
    same(bench.ctl("--agent", player.path, "time", "--set", "--sync").status, 2)


def test_passwd(bench):
    """a password from a pipe -> sent in base64, not printed"""
    player = bench.play("a", agent({"guest-set-user-password": {}}))
    result = bench.ctl("--verbose", "--agent", player.path, "passwd", "joe", stdin=b"top secret\n")
    same(result.status, 0, result)
    same(player.heard[-1]["arguments"], {
        "username": "joe", "crypted": False,
        "password": base64.b64encode(b"top secret").decode()})
    for text in ("top secret", base64.b64encode(b"top secret").decode()):
        same(text in result.out + result.err, False, result)
    has(result.err, "***")


def test_passwd_terminal(bench):
    """a password at a terminal -> asked twice, without echo"""
    player = bench.play("a", agent({"guest-set-user-password": {}}))
    for second, status in ((b"one\n", 0), (b"two\n", 1)):
        ours, theirs = pty.openpty()
        process = bench.start("--agent", player.path, "passwd", "joe", stdin=theirs)
        # What is typed before the question is asked does not count.
        for prompt, answer in ((b"password: ", b"one\n"), (b"more: ", second)):
            asked = b""
            while not asked.endswith(prompt):
                got = os.read(process.stderr.fileno(), 1)
                same(len(got), 1, f"after {asked}")
                asked += got
            os.write(ours, answer)
        _out, err = process.communicate(timeout=60)
        same(process.returncode, status, err)
        os.close(theirs)
        os.close(ours)
    has(err.decode(), "passwords differ")
    same(sum(m["execute"] == "guest-set-user-password" for m in player.heard), 1)


def test_passwd_interrupted(bench):
    """Ctrl-C at either prompt -> nothing is sent, and the terminal echoes again"""
    player = bench.play("a", agent({"guest-set-user-password": {}}))
    for answers in (b"", b"one\n"):
        ours, theirs = pty.openpty()
        process = bench.start("--agent", player.path, "passwd", "joe", stdin=theirs,
                              start_new_session=True,
                              preexec_fn=lambda: fcntl.ioctl(0, termios.TIOCSCTTY, 0))
        for prompt in (b"password: ", b"more: ")[:1 + len(answers[:1])]:
            asked = b""
            while not asked.endswith(prompt):
                got = os.read(process.stderr.fileno(), 1)
                same(len(got), 1, f"after {asked}")
                asked += got
            os.write(ours, answers if prompt == b"password: " and answers else b"half\x03")
        _out, err = process.communicate(timeout=PATIENCE)
        same(process.returncode, 1, err)
        has(err.decode(), "interrupted")
        same(bool(termios.tcgetattr(theirs)[3] & termios.ECHO), True, "echo")
        os.close(theirs)
        os.close(ours)
    same([m["execute"] for m in player.heard if m["execute"] == "guest-set-user-password"], [])


def test_passwd_long(bench):
    """a password of more than 1023 bytes -> an error instead of a part of it"""
    player = bench.play("a", agent({"guest-set-user-password": {}}))
    args = ("--agent", player.path, "passwd", "joe")
    result = bench.ctl(*args, stdin=b"x" * 1024 + b"\n")
    same((result.status, player.heard), (1, []), result)
    has(result.err, "longer than 1023 bytes")
    same(bench.ctl(*args, stdin=b"x" * 1023).status, 0)


def test_no_password(bench):
    """an empty password -> nothing changes"""
    player = bench.play("a", agent({"guest-set-user-password": {}}))
    same(bench.ctl("--agent", player.path, "passwd", "joe").status, 1)
    same(player.heard, [])


def test_keys(bench):
    """keys -> listed, added and removed, also from a file"""
    player = bench.play("a", agent({
        "guest-ssh-get-authorized-keys": {"keys": ["ssh-ed25519 AAAA a", "ssh-rsa B b"]},
        "guest-ssh-add-authorized-keys": {}, "guest-ssh-remove-authorized-keys": {}}))
    args = ("--agent", player.path, "keys")
    same(bench.ctl(*args, "list", "joe").out, "ssh-ed25519 AAAA a\nssh-rsa B b\n")
    with open(bench.path("file"), "w", encoding="utf-8") as file:
        file.write("# mine\n\nssh-rsa C c\n ssh-rsa D d \n")
    same(bench.ctl(*args, "add", "joe", "ssh-rsa X x", bench.path("file")).status, 0)
    same(player.heard[-1]["arguments"],
         {"username": "joe", "keys": ["ssh-rsa X x", "ssh-rsa C c", "ssh-rsa D d"]})
    same(bench.ctl(*args, "remove", "joe", "ssh-rsa X x").status, 0)
    same(player.heard[-1]["execute"], "guest-ssh-remove-authorized-keys")
    same(bench.ctl(*args, "add", "joe", bench.path("none")).status, 1)
    same(bench.ctl(*args, "add", "joe").status, 1)
    same(bench.ctl(*args, "change", "joe").status, 2)


def test_wide_names(bench):
    """VM names with wide characters -> the columns of list are aligned"""
    os.makedirs(bench.path("config/guestctl"))
    with open(bench.path("config/guestctl/vms.ini"), "w", encoding="utf-8") as file:
        file.write("[漢字サーバ]\nagent=/nonexistent\n[web]\nagent=/nonexistent\n")

    def starts(text):
        """Where the last two columns start, on a terminal."""
        cells = [line.rsplit("  ", 1)[0].rstrip() for line in text.splitlines()]
        return {sum(1 + (unicodedata.east_asian_width(c) in "WF") for c in line)
                - len(line.rsplit("  ", 1)[1]) for line in cells}

    for locale in ("C", "C.UTF-8"):
        bench.env["LC_ALL"] = locale
        table = bench.ctl("--timeout", "1", "list").out
        has(table, "漢字サーバ")
        same(len(starts(table)), 1, table)
