# SPDX-License-Identifier: LGPL-2.1-or-later
"""cp: whole files or none, what is there is gone on with, the mode is kept."""

import base64
import hashlib
import json
import os
import pty
import subprocess
import threading

from lib.checks import Skip, has, same
from lib.played import PATIENCE, agent

from bench import shown_on

BOTH = (False, True)
PIECE = 2 * 1024 * 1024


def both(bench):
    for reference in BOTH:
        yield reference, bench.real_agent(f"agent{reference}", reference)


def write(path, data, mode=0o644):
    with open(path, "wb") as file:
        file.write(data)
    os.chmod(path, mode)
    return path


def read(path):
    with open(path, "rb") as file:
        return file.read()


def mode_of(path):
    return os.stat(path).st_mode & 0o7777


class Files:
    """A played agent with one file; @fail(command, arguments) may return its own answer."""

    def __init__(self, data=b"", guestd=True, fail=None):
        self.data, self.written, self.at = data, bytearray(), 0
        self.open, self.discarded, self.fail = [], [], fail
        names = ["guestd-file-stat"] if guestd else []
        answers = {
            "guest-info": lambda _a: {"version": "1", "supported_commands": [
                {"name": name, "enabled": True, "success-response": True} for name in names]},
            "guest-file-open": self.do_open, "guest-file-close": self.do_close,
            "guest-file-read": self.do_read, "guest-file-write": self.do_write,
            "guest-file-seek": self.do_seek, "guestd-file-stat": self.do_stat}
        self.script = agent({name: self.wrap(name, answer) for name, answer in answers.items()})

    def wrap(self, name, answer):
        def ask(arguments):
            own = self.fail(name, arguments) if self.fail else None
            return answer(arguments) if own is None else own
        return ask

    def do_open(self, arguments):
        self.open.append(arguments)
        return 1000 + len(self.open)

    def do_close(self, arguments):
        self.discarded.append(arguments.get("discard", False))
        return {}

    def do_read(self, arguments):
        data = self.data[self.at:self.at + arguments["count"]]
        self.at += len(data)
        return {"count": len(data), "buf-b64": base64.b64encode(data).decode(),
                "eof": len(data) < arguments["count"]}

    def do_write(self, arguments):
        data = base64.b64decode(arguments["buf-b64"])
        self.written += data
        return {"count": len(data), "eof": False}

    def do_seek(self, arguments):
        self.at = len(self.data) if arguments["whence"] == 2 else arguments["offset"]
        return {"position": self.at, "eof": False}

    def do_stat(self, arguments):
        data = bytes(self.written) if self.written else self.data
        if "path" in arguments and not self.data:
            return OSError("failed to stat 'x': No such file or directory")
        told = {"type": "regular", "size": len(data), "mode": "0640"}
        if arguments.get("sha256"):
            told["sha256"] = hashlib.sha256(data).hexdigest()
        return told


def test_both_ways(bench):
    """copies to the guest and back, of sizes around one piece -> the same bytes"""
    for reference, path in both(bench):
        for size in (0, 1, PIECE - 1, PIECE, PIECE + 1, 3 * PIECE + 5):
            data = os.urandom(size)
            here = write(bench.path("here"), data, 0o640)
            there, back = bench.path(f"there{size}"), bench.path(f"back{size}")
            result = bench.ctl("--agent", path, "cp", here, ":" + there)
            same(result.status, 0, result)
            same(read(there), data)
            result = bench.ctl("--agent", path, "cp", ":" + there, back, "--json")
            same(result.status, 0, result)
            same(read(back), data)
            told = json.loads(result.out)
            same((told["bytes"], told["checked"], told["mode-kept"]),
                 (size, not reference, not reference))
            same(told["sha256"], hashlib.sha256(data).hexdigest())
            if not reference:
                same((mode_of(there), mode_of(back)), (0o640, 0o640))
            os.unlink(there)
            os.unlink(back)


def test_says_what_is_not_done(bench):
    """a stock agent -> no checksum, and the mode is not kept"""
    path = bench.real_agent(reference=True)
    here = write(bench.path("here"), b"x")
    told = bench.ctl("--agent", path, "cp", here, ":" + bench.path("there")).out
    has(told, "checksum not compared")
    has(told, "mode not kept")


def test_directories(bench):
    """a directory as the target -> a file in it"""
    os.makedirs(bench.path("dir"))
    here = write(bench.path("here"), b"text")
    for reference, path in both(bench):
        target = bench.path("dir") + ("/" if reference else "")
        same(bench.ctl("--agent", path, "cp", here, ":" + target).status, 0)
        same(read(bench.path("dir/here")), b"text")
        os.unlink(bench.path("dir/here"))
        same(bench.ctl("--agent", path, "cp", ":" + here, bench.path("dir")).status, 0)
        same(read(bench.path("dir/here")), b"text")
        os.unlink(bench.path("dir/here"))


def test_resume(bench):
    """a partial copy -> continued"""
    data = os.urandom(PIECE + 100)
    here = write(bench.path("here"), data)
    for _reference, path in both(bench):
        for size in (0, 100, PIECE, len(data)):
            there = write(bench.path("there"), data[:size])
            for args in ((here, ":" + there), (":" + here, there)):
                write(there, data[:size])
                result = bench.ctl("--agent", path, "cp", "--resume", *args, "--json")
                same(result.status, 0, result)
                same(json.loads(result.out)["resumed-at"], size)
                same(read(there), data)
        os.unlink(there)
        same(bench.ctl("--agent", path, "cp", "--resume", here, ":" + there).status, 0)
        same(read(there), data)


def test_resume_other(bench):
    """a target with other content -> not changed"""
    data = os.urandom(200_000)
    here, there = write(bench.path("here"), data), bench.path("there")
    for _reference, path in both(bench):
        for other in (b"something else", data + b"more"):
            for args in ((here, ":" + there), (":" + here, there)):
                write(there, other)
                result = bench.ctl("--agent", path, "cp", "--resume", *args)
                same(result.status, 1, result)
                has(result.err, "omit --resume to replace it")
                same(read(there), other)


def test_resume_hidden_difference(bench):
    """a partial copy that differs far from its end -> found by checksum, additions removed"""
    data = os.urandom(300_000)
    here = write(bench.path("here"), data)
    other = b"x" + data[1:200_000]
    there = write(bench.path("there"), other)
    result = bench.ctl("--agent", bench.real_agent(), "cp", "--resume", ":" + here, there)
    same(result.status, 1, result)
    has(result.err, "checksums differ")
    same(read(there), other)


def test_usage(bench):
    """no side, or both sides, in the guest -> usage error"""
    for args in (("a", "b"), (":a", ":b"), ("a",), ("a", ":b", "c")):
        same(bench.ctl("--agent", "/nonexistent", "cp", *args).status, 2, args)


def test_missing(bench):
    """a source that does not exist, or is not a file -> error"""
    for _reference, path in both(bench):
        for args in ((bench.path("none"), ":/tmp/x"), (bench.place, ":/tmp/x"),
                     (":" + bench.path("none"), bench.path("x")),
                     (":" + bench.place, bench.path("x")),
                     (":/proc/version", bench.path("no/dir")),
                     ("/proc/version", ":" + bench.path("no/dir"))):
            same(bench.ctl("--agent", path, "cp", *args).status, 1, args)
        same(os.path.exists(bench.path("x")), False)


def test_proc(bench):
    """a file that reports size 0, as in /proc -> copied whole"""
    for _reference, path in both(bench):
        same(bench.ctl("--agent", path, "cp", ":/proc/version", bench.path("x")).status, 0)
        same(read(bench.path("x")), read("/proc/version"))


def test_link_on_the_host(bench):
    """a link as the target -> followed, not replaced; a pipe -> written to"""
    path = bench.real_agent()
    write(bench.path("here"), b"text")
    target = write(bench.path("target"), b"old")
    os.symlink(target, bench.path("link"))
    same(bench.ctl("--agent", path, "cp", ":" + bench.path("here"), bench.path("link")).status, 0)
    same((read(target), os.path.islink(bench.path("link"))), (b"text", True))
    result = bench.ctl("--agent", path, "cp", ":" + bench.path("here"), "/dev/stdout")
    has(result.out, "text")


def test_in_atomic(bench):
    """guestd and a copy into the guest that fails -> the old file stays"""
    def fail(name, _arguments):
        full = name == "guest-file-write" and len(files.written) >= PIECE
        return OSError("failed to write to file: No space left on device") if full else None
    files = Files(fail=fail)
    player = bench.play("a", files.script)
    here = write(bench.path("here"), os.urandom(PIECE * 2))
    result = bench.ctl("--agent", player.path, "cp", here, ":/x")
    same(result.status, 1)
    has(result.err, "nothing was replaced in the guest")
    has(result.err, "No space left")
    same((files.open[0]["atomic"], files.open[0]["perm"], files.discarded), (True, "0644", [True]))


def test_in_plain(bench):
    """a stock agent and a copy that fails -> the incomplete file is closed and named"""
    def fail(name, _arguments):
        full = name == "guest-file-write" and len(files.written) >= PIECE
        return OSError("No space left on device") if full else None
    files = Files(guestd=False, fail=fail)
    player = bench.play("a", files.script)
    here = write(bench.path("here"), os.urandom(PIECE * 2))
    result = bench.ctl("--agent", player.path, "cp", here, ":/x")
    same(result.status, 1)
    has(result.err, "an incomplete /x is in the guest")
    same((set(files.open[0]), files.discarded), ({"path", "mode"}, [False]))


def test_in_altered(bench):
    """a checksum that differs -> the old file is not replaced"""
    files = Files(fail=lambda name, a: {"type": "regular", "size": 3, "mode": "0644",
                                        "sha256": "0" * 64}
                  if name == "guestd-file-stat" and "handle" in a else None)
    player = bench.play("a", files.script)
    result = bench.ctl("--agent", player.path, "cp", write(bench.path("h"), b"abc"), ":/x")
    same(result.status, 1)
    has(result.err, "checksums differ")
    same(files.discarded, [True])


def test_close_fails(bench):
    """a file whose close fails -> error"""
    files = Files(guestd=False, fail=lambda name, _a: OSError("failed to close handle: No space")
                  if name == "guest-file-close" else None)
    player = bench.play("a", files.script)
    result = bench.ctl("--agent", player.path, "cp", write(bench.path("h"), b"abc"), ":/x")
    same(result.status, 1)
    has(result.err, "failed to close")


def interrupted(bench, files, args, command):
    """Ctrl-C while @command is under way; the result."""
    reached, running = threading.Event(), threading.Event()

    def fail(name, _arguments):
        if name != command or reached.is_set():
            return None
        same(running.wait(PATIENCE), True, "running")
        process.send_signal(2)
        reached.set()
        return None
    files.fail = fail
    player = bench.play(f"a{len(bench.players)}", files.script)
    process = bench.start("--agent", player.path, "cp", *args)
    running.set()
    out, err = process.communicate(timeout=PATIENCE)
    result = process.returncode, err.decode()
    same(reached.is_set(), True, command)
    same(out, b"")
    return result


def test_interrupt(bench):
    """Ctrl-C at each step -> no file stays open, and no partial file is left"""
    data = os.urandom(PIECE * 2)
    here = write(bench.path("here"), data)
    for guestd in (True, False):
        for command in ("guest-info", "guest-file-open", "guest-file-write"):
            files = Files(guestd=guestd)
            status, err = interrupted(bench, files, (here, ":/x"), command)
            same(status, 1, err)
            has(err, "interrupted")
            same(len(files.discarded), len(files.open), f"{command} {err}")
        for command in ("guest-info", "guest-file-open", "guest-file-read"):
            files = Files(data, guestd=guestd)
            status, err = interrupted(bench, files, (":/x", bench.path("out")), command)
            same(status, 1, err)
            has(err, "interrupted")
            same(len(files.discarded), len(files.open), f"{command} {err}")
            same([name for name in os.listdir(bench.place) if "out" in name], [])


def test_agent_gone(bench):
    """an agent that is lost during the copy -> error"""
    data = os.urandom(PIECE * 2)
    here = write(bench.path("here"), data)
    for files, args, command in ((Files(), (here, ":/x"), "guest-file-write"),
                                 (Files(data), (":/x", bench.path("out")), "guest-file-read")):
        def fail(name, _arguments, files=files, wanted=command):
            if name != wanted:
                return None
            files.player.close()
            raise BrokenPipeError
        files.fail = fail
        files.player = bench.play(f"a{len(bench.players)}", files.script)
        result = bench.ctl("--agent", files.player.path, "cp", *args)
        same(result.status, 1)
        has(result.err, "no agent answers")
        same([name for name in os.listdir(bench.place) if "out" in name], [])


def test_nonsense(bench):
    """a guest that reports another size than it sends -> error"""
    for told in ({"count": 5, "buf-b64": "YWJj", "eof": True}, {"count": 0, "eof": True},
                 {"count": 0, "buf-b64": "", "eof": False}, [], "x"):
        files = Files(b"abc", fail=lambda name, _a, told=told: told
                      if name == "guest-file-read" else None)
        player = bench.play(f"a{len(bench.players)}", files.script)
        result = bench.ctl("--agent", player.path, "cp", ":/x", bench.path("out"))
        same(result.status, 1, told)
        same(os.path.exists(bench.path("out")), False)


def test_host_full(bench):
    """a full disk of the host -> error, and no partial file"""
    if not os.path.exists("/dev/full"):
        raise Skip("no /dev/full")
    result = bench.ctl("--agent", bench.real_agent(), "cp", ":/proc/version", "/dev/full")
    same(result.status, 1)
    has(result.err, "No space left")


SHIM = r"""
#define _GNU_SOURCE
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

static void note(const char *call)
{
    int fd = open(getenv("SHIM_LOG"), O_WRONLY | O_APPEND);

    if (write(fd, call, strlen(call)) < 0)
        abort();
    close(fd);
}

int fsync(int fd)
{
    struct stat info;
    const char *call = !fstat(fd, &info) && S_ISDIR(info.st_mode) ? "fsync-directory\n"
                                                                  : "fsync-file\n";
    int (*real)(int) = (int (*)(int))dlsym(RTLD_NEXT, "fsync");

    note(call);
    if (!strncmp(call, getenv("SHIM_FAIL"), strlen(call) - 1)) {
        errno = EIO;
        return -1;
    }
    return real(fd);
}

int rename(const char *from, const char *to)
{
    int (*real)(const char *, const char *) =
        (int (*)(const char *, const char *))dlsym(RTLD_NEXT, "rename");

    note("rename\n");
    return real(from, to);
}
"""


def test_durable(bench):
    """a finished copy -> the data is synced before the rename, and the rename before the exit"""
    write(bench.path("shim.c"), SHIM.encode())
    subprocess.run(["cc", "-shared", "-fPIC", "-o", bench.path("shim.so"), bench.path("shim.c"),
                    "-ldl"], check=True)
    write(bench.path("there"), b"new")
    path = bench.real_agent()
    bench.env.update(LD_PRELOAD=bench.path("shim.so"), SHIM_LOG=bench.path("log"),
                     ASAN_OPTIONS="verify_asan_link_order=0")
    os.mkdir(bench.path("to"))
    for fails, calls, content in (("", ["fsync-file", "rename", "fsync-directory"], b"new"),
                                  ("fsync-file", ["fsync-file"], b"old"),
                                  ("fsync-directory", ["fsync-file", "rename", "fsync-directory"],
                                   b"new")):
        bench.env["SHIM_FAIL"] = fails
        write(bench.path("log"), b"")
        out = write(bench.path("to/out"), b"old")
        result = bench.ctl("--agent", path, "cp", ":" + bench.path("there"), out)
        same((result.status, read(bench.path("log")).decode().split(), read(out),
              os.listdir(bench.path("to"))), (int(bool(fails)), calls, content, ["out"]), result)
        if fails:
            has(result.err, "Input/output error")


def test_bar(bench):
    """a terminal -> progress bar; no terminal -> none"""
    here = write(bench.path("here"), os.urandom(PIECE * 3))
    path = bench.real_agent()
    same(bench.ctl("--agent", path, "cp", here, ":" + bench.path("there")).err, "")
    ours, theirs = pty.openpty()
    process = bench.start("--agent", path, "cp", here, ":" + bench.path("there"), stderr=theirs)
    os.close(theirs)
    shown = shown_on(ours).decode()
    os.close(ours)
    same(process.wait(PATIENCE), 0)
    has(shown, "100 %")
    has(shown, "MiB/s")
