# SPDX-License-Identifier: LGPL-2.1-or-later
"""Files of a backup that are put into a VM. The VM's agent is one of this machine, in a directory."""

import os

from lib.checks import has, same

from images import ext4, qcow2, tree

NS = 1600000000123456789


def backed_up(bench, make):
    source = tree(bench.path("root"), {"srv/file": "text\n", "srv/plain": "plain\n"})
    path = os.path.join(source, "srv/file")
    if os.geteuid() == 0:
        os.chown(path, 1234, 2345)
    os.chmod(path, 0o4751)
    os.setxattr(path, "user.note", b"\0\1 kept")
    os.utime(path, ns=(NS, NS))
    vm = make(vda=qcow2(ext4(bench.path("disk"), source)))
    vm.backup()
    return vm


def into(bench, vm, path, to, status=0, agent=None):
    """guestctl files cp into the VM "guest"."""
    bench.stores.add(vm.store)
    result = bench.ctl("--agent", agent or bench.real_agent(), "files", "--from", vm.store, "--into",
                       f"guest:{to}", "cp", path)
    same(result.status, status, result)
    return result.err if status else result.out


def test_whole(bench, make):
    """a file with owner, set-id mode, time and an extended attribute -> the VM gets all of it"""
    vm = backed_up(bench, make)
    os.mkdir(bench.path("vm-root"))
    agent = bench.real_agent()
    for to in (bench.path("vm-root", "again"), bench.path("vm-root")):
        has(into(bench, vm, "/srv/file", to, agent=agent), f"to {bench.path('vm-root')}/")
    for name in ("again", "file"):
        path = bench.path("vm-root", name)
        info = os.stat(path)
        with open(path, encoding="utf-8") as file:
            same(file.read(), "text\n")
        # mkfs keeps whole seconds.
        same((info.st_mode & 0o7777, info.st_mtime_ns // 10**9), (0o4751, NS // 10**9))
        same(os.getxattr(path, "user.note"), b"\0\1 kept")
        if os.geteuid() == 0:
            same((info.st_uid, info.st_gid), (1234, 2345))
    same(sorted(os.listdir(bench.path("vm-root"))), ["again", "file"])


def test_fails(bench, make):
    """a program in the VM fails -> the old file stays, and nothing else is left"""
    vm = backed_up(bench, make)
    os.makedirs(bench.path("vm-root"))
    with open(bench.path("vm-root", "file"), "w", encoding="utf-8") as file:
        file.write("before\n")
    os.mkdir(bench.path("bin"))
    with open(bench.path("bin", "touch"), "w", encoding="utf-8") as file:
        file.write("#!/bin/sh\necho broken >&2\nexit 1\n")
    os.chmod(bench.path("bin", "touch"), 0o755)
    before, bench.env = bench.env, bench.env | {"PATH": bench.path("bin") + ":" + bench.env["PATH"]}
    agent = bench.real_agent()
    bench.env = before
    has(into(bench, vm, "/srv/file", bench.path("vm-root", "file"), 1, agent),
        "nothing was replaced in the VM: touch in the VM: broken")
    same(os.listdir(bench.path("vm-root")), ["file"])
    with open(bench.path("vm-root", "file"), encoding="utf-8") as file:
        same(file.read(), "before\n")


def test_refused(bench, make):
    """a directory, no path in the VM, or a FILE besides -> refused before the VM is changed"""
    vm = backed_up(bench, make)
    os.mkdir(bench.path("vm-root"))
    has(into(bench, vm, "/srv", bench.path("vm-root"), 1), "/srv is not a regular file")
    same(os.listdir(bench.path("vm-root")), [])
    for words, text in ((("--into", "guest", "cp", "/srv/file"), "--into must be VM:PATH"),
                        (("--into", "guest:/x", "cp", "/srv/file", "y"), "no FILE on this host"),
                        (("cp", "/srv/file"), "missing FILE")):
        has(bench.files(vm.store, *words, status=2), text)
    same(bench.files(vm.store, "--into", "guest:/x", "cp", "/srv/file", "--dry-run"),
         "would do: files cp /srv/file\n")
