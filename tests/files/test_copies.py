# SPDX-License-Identifier: LGPL-2.1-or-later
"""Copies out of a backup: whole or not at all, and holes stay holes."""

import os
import signal
import subprocess

from lib.checks import has, same
from lib.programs import guestctl_path

from images import MIB, ext4, qcow2, tree, write

# Odd sizes and places of data in a file that is mostly a hole.
PIECES = {0: b"first", 5 * MIB + 17: b"middle" * 10000, 40 * MIB - 1: b"z"}
SIZE = 47 * MIB + 3


def backed_up(bench, make, more=None, prepare=lambda source: None):
    """A VM with one backup of a root that has a sparse file, and what @prepare does to it."""
    source = tree(bench.path("root"), more or {})
    prepare(source)
    write(os.path.join(source, "sparse"), b"")
    with open(os.path.join(source, "sparse"), "r+b") as file:
        for at, data in PIECES.items():
            file.seek(at)
            file.write(data)
        file.truncate(SIZE)
    vm = make(vda=qcow2(ext4(bench.path("disk"), source, 160)))
    vm.backup()
    return vm, os.path.join(source, "sparse")


def equal(one, other):
    return subprocess.run(["cmp", one, other], capture_output=True, text=True, check=False).stdout


def test_holes(bench, make):
    """a file with holes -> cp makes the same content with holes, cat the zeros"""
    vm, source = backed_up(bench, make)
    copy = bench.path("copy")
    bench.files(vm.store, "cp", "/sparse", copy)
    same(equal(source, copy), "")
    same(os.stat(copy).st_blocks * 512 < 2 * MIB, True, os.stat(copy))
    with open(bench.path("cat"), "wb") as out:
        subprocess.run([guestctl_path(), "files", "--from", vm.store, "cat", "/sparse"], stdout=out,
                       env=bench.env, check=True)
    same(equal(source, bench.path("cat")), "")


def test_empty_and_large(bench, make):
    """an empty file, and one of 100 MiB -> the same content"""
    data = os.urandom(MIB) * 100
    vm, _ = backed_up(bench, make, {"empty": "", "large": data})
    for name, content in (("empty", b""), ("large", data)):
        bench.files(vm.store, "cp", f"/{name}", bench.path(name))
        with open(bench.path(name), "rb") as file:
            same(file.read() == content, True, name)


def test_interrupted(bench, make):
    """cat is killed or interrupted in the middle -> the next cp is right"""
    data = os.urandom(MIB) * 100
    vm, _ = backed_up(bench, make, {"large": data, "small": "small\n"})
    bench.files(vm.store, "stat", "/large")
    os.mkdir(bench.path("to"))
    for number in (signal.SIGKILL, signal.SIGINT):
        # A pipe that is not read holds the copy up.
        process = bench.start("files", "--from", vm.store, "cat", "/large")
        process.stdout.read(1)
        process.send_signal(number)
        process.communicate(timeout=60)
        has(bench.files(vm.store, "cp", "/small", bench.path("to", "small")), "copied")
        same(os.listdir(bench.path("to")), ["small"])
        with open(bench.path("to", "small"), encoding="utf-8") as file:
            same(file.read(), "small\n")


def test_full(bench, make):
    """the host's filesystem cannot take the file -> failed, and the old file stays"""
    vm, _ = backed_up(bench, make, {"large": os.urandom(3 * MIB)})
    write(bench.path("copy"), "before")
    bench.files(vm.store, "stat", "/large")
    result = bench.ctl("files", "--from", vm.store, "cp", "/large", bench.path("copy"),
                       enter=("prlimit", f"--fsize={MIB}", "env", "--ignore-signal=XFSZ"))
    same((result.status, "File too large" in result.err), (1, True), result)
    with open(bench.path("copy"), encoding="utf-8") as file:
        same(file.read(), "before")
    same([name for name in os.listdir(bench.place) if name.startswith(".copy")], [])


def lines(place):
    """Type, mode, time in seconds (mkfs keeps no more), size and target of all that is in a directory."""
    words = ("find", ".", "(", "-type", "d", "-printf", "%y %m %Ts %p\\n", ")", "-o", "-printf",
             "%y %m %Ts %s %p %l\\n")
    return sorted(subprocess.run(words, cwd=place, capture_output=True, text=True,
                                 check=True).stdout.splitlines())


def test_tree(bench, make):
    """a directory -> cp --recursive makes it whole, with modes, times, links and holes"""
    def prepare(source):
        os.mkdir(os.path.join(source, "srv/closed"), 0o500)
        os.mkfifo(os.path.join(source, "srv/fifo"))
        os.chmod(os.path.join(source, "srv/big"), 0o4711)

    vm, source = backed_up(bench, make, {
        "srv/a/deep/er/file": "text\n", "srv/a/link": ("/etc/passwd",), "srv/out": ("../../../..",),
        "srv/line\nbreak": "x", "srv/empty": "", "srv/big": os.urandom(5 * MIB)}, prepare)
    source = os.path.join(os.path.dirname(source), "srv")
    said = bench.files(vm.store, "--recursive", "cp", "/srv/", bench.path("copy"))
    has(said, "left out: 1 devices, sockets or fifos")
    os.chmod(os.path.join(source, "big"), 0o711)
    before = os.stat(source)
    os.unlink(os.path.join(source, "fifo"))
    os.utime(source, ns=(before.st_atime_ns, before.st_mtime_ns))
    same(lines(bench.path("copy")), lines(source))
    same(subprocess.run(["diff", "-r", "--no-dereference", source, bench.path("copy")],
                        capture_output=True, text=True, check=False).stdout, "")


def test_tree_refused(bench, make):
    """the target exists, or the source is missing or no directory -> refused, and nothing is made"""
    vm, _ = backed_up(bench, make, {"srv/file": "text\n"})
    os.makedirs(bench.path("to", "srv"))
    for path, text in (("/srv", "to/srv exists already"), ("/nope", "No such file"),
                       ("/srv/file", "Not a directory")):
        has(bench.files(vm.store, "--recursive", "cp", path, bench.path("to"), status=1), text)
    same(os.listdir(bench.path("to")), ["srv"])
