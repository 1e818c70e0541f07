# SPDX-License-Identifier: LGPL-2.1-or-later
"""The appliance itself: when it starts and ends, and who learns of it."""

import os
import signal
import subprocess

from lib.checks import has, same

from images import ext4, qcow2, tree


def backed_up(bench, make):
    """A VM with one backup of a root."""
    vm = make(vda=qcow2(ext4(bench.path("disk"), tree(bench.path("root"), {"etc/motd": "hello\n"}))))
    vm.backup()
    return vm


def descendants(bench):
    """{process: command line} of what runs for the test's appliances."""
    found = {}
    for name in os.listdir("/proc"):
        try:
            with open(f"/proc/{name}/cmdline", "rb") as file:
                words = file.read().replace(b"\0", b" ").decode(errors="replace")
        except OSError:
            continue
        if name.isdigit() and (bench.runtime in words or f"{bench.place}/vm/backups" in words):
            found[int(name)] = words
    return found


def gone(bench):
    bench.wait_for(lambda: not descendants(bench), "a process of the appliance stays")


def test_prune(bench, make):
    """prune of a backup that is being read -> refused with the reader's name, then possible"""
    vm = backed_up(bench, make)
    first = vm.backup("--level", "full")["id"]
    newest = vm.backup("--level", "full")["id"]
    words = ("backup", "prune", "--to", vm.store, "--keep", "1")
    bench.files(vm.store, "--at", first, "cat", "/etc/motd")
    before = vm.files()
    result = bench.ctl(*words)
    same(result.status, 1, result)
    has(result.err, f" reads files of the backup {first}; it ends when it is idle, or with "
                    f"\"guestctl files --from {vm.store} --at {first} end\"")
    same(vm.files(), before, "the store")
    bench.files(vm.store, "--at", first, "end")
    bench.files(vm.store, "--at", newest, "cat", "/etc/motd")
    result = bench.ctl(*words)
    same(result.status, 0, result)
    same(bench.files(vm.store, "cat", "/etc/motd"), "hello\n")


def test_idle(bench, make):
    """an appliance that was not used for its time -> ends, and leaves nothing"""
    vm = backed_up(bench, make)
    same(bench.files(vm.store, "--idle", "1", "keep"), "ready\n")
    same(descendants(bench), {})
    same(os.listdir(os.path.join(bench.runtime, "guestctl-files")), [])


def test_killed(bench, make):
    """the keeper or QEMU is killed -> both end, and the next call starts another appliance"""
    vm = backed_up(bench, make)
    for part in (" keep", "qemu-system-x86_64 "):
        same(bench.files(vm.store, "cat", "/etc/motd"), "hello\n")
        pids = [pid for pid, words in descendants(bench).items() if part in words + " "
                or words.strip().endswith(part.strip())]
        same(len(pids), 1, descendants(bench))
        os.kill(pids[0], signal.SIGKILL)
        gone(bench)
    same(bench.files(vm.store, "cat", "/etc/motd"), "hello\n")


def test_interrupted(bench, make):
    """Ctrl-C while the appliance starts -> it does not start"""
    vm = backed_up(bench, make)
    bench.stores.add(vm.store)
    process = bench.start("files", "--from", vm.store, "cat", "/etc/motd")
    bench.wait_for(lambda: any("qemu-system" in words for words in descendants(bench).values()),
                   "no QEMU")
    result = bench.interrupt(process)
    same((result.status, result.out), (1, ""), result)
    gone(bench)


def test_two(bench, make):
    """two calls at once -> one appliance serves both"""
    vm = backed_up(bench, make)
    bench.stores.add(vm.store)
    calls = [bench.start("files", "--from", vm.store, "cat", "/etc/motd") for _ in range(2)]
    same([call.communicate(timeout=60)[0] for call in calls], [b"hello\n"] * 2)
    same(bench.files(vm.store, "end"), "1 appliance ended\n")


def test_missing(bench, make):
    """no kernel, or no busybox -> the error names what to install"""
    vm = backed_up(bench, make)
    has(bench.files(vm.store, "--kernel", bench.path("disk"), "ls", status=1),
        "is not a Linux kernel for x86")
    has(bench.files(vm.store, "--kernel", bench.path("none"), "ls", status=1),
        "No such file or directory")
    path = bench.path("bin")
    os.mkdir(path)
    for name in ("sh", "mktemp", "awk", "dirname", "rm"):
        os.symlink(subprocess.run(["sh", "-c", f"command -v {name}"], capture_output=True, text=True,
                                  check=True).stdout.strip(), os.path.join(path, name))
    bench.env |= {"PATH": path, "XDG_CACHE_HOME": bench.path("empty")}
    has(bench.files(vm.store, "ls", status=1), "install the package busybox-static")
    same(os.listdir(bench.path("empty", "guestctl")), [], "what a failed build leaves")


def test_hangs(bench, make):
    """an appliance that hangs -> the call fails after its time limit, and end ends it"""
    vm = backed_up(bench, make)
    bench.files(vm.store, "cat", "/etc/motd")
    pid = next(pid for pid, words in descendants(bench).items() if words.startswith("qemu-system"))
    os.kill(pid, signal.SIGSTOP)
    result = bench.ctl("--timeout", "1", "files", "--from", vm.store, "cat", "/etc/motd")
    same((result.status, result.out), (1, ""), result)
    has(result.err, "\"files … end\" ends it")
    same(bench.files(vm.store, "end"), "1 appliance ended\n")
    gone(bench)
