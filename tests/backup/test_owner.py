# SPDX-License-Identifier: LGPL-2.1-or-later
"""Modes and owners: QEMU of libvirt runs as a user of its own, and the operator is not always root."""

import os
import pwd
import stat
import subprocess

from domain import Domain
from lib.checks import has, same

from test_backup import change, check_restored

QEMU_USER = 64055


def mode_of(path):
    return oct(stat.S_IMODE(os.stat(path).st_mode))


def open_above(bench):
    """The directories above, which in real life are those of the system."""
    place = bench.place
    while place != "/tmp":
        os.chmod(place, 0o755)
        place = os.path.dirname(place)


def acl_of(path):
    """Without the names of users, which the machine may have or not."""
    done = subprocess.run(["getfacl", "-cpn", path], capture_output=True, text=True, check=True)
    return done.stdout.split()


def test_modes(make):
    """{make}: umask 022 -> directories have mode 0700, and files 0600"""
    before = os.umask(0o022)
    try:
        vm = make({"vda": "qcow2"})
        vm.store = os.path.join(vm.dir, "deep", "backups")
        vm.backup()
        vm.backup()
    finally:
        os.umask(before)
    same({mode_of(os.path.dirname(vm.store)), mode_of(vm.store)}, {"0o700"})
    same({mode_of(os.path.join(vm.store, name)) for name in os.listdir(vm.store)}, {"0o600"})


def test_user_of_qemu(bench):
    """a domain whose QEMU is not root -> backups work, and its user alone may pass the directories"""
    open_above(bench)
    vm = Domain(bench, {"vda": "qcow2"}, user=QEMU_USER)
    vm.store = os.path.join(vm.dir, "deep", "backups")
    for number in range(2):
        change(vm, number)
        wanted, point = vm.contents(), vm.backup()
        check_restored(vm, point, wanted, number)
    for path in (vm.store, os.path.dirname(vm.store)):
        same(acl_of(path), ["user::rwx", f"user:{QEMU_USER}:--x", "group::---", "mask::--x",
                            "other::---"])
    same({mode_of(os.path.join(vm.store, name)) for name in os.listdir(vm.store)}, {"0o600"})


def test_foreign_directory(bench):
    """QEMU's user may not pass a directory above -> the error names the user and what helps"""
    open_above(bench)
    vm = Domain(bench, {"vda": "qcow2"}, user=QEMU_USER)
    above = bench.path("closed")
    os.mkdir(above, 0o700)
    vm.store = os.path.join(above, "backups")
    error = vm.backup(status=1)
    has(error, f"QEMU runs as the user {QEMU_USER}")
    has(error, f'"setfacl -m u:{QEMU_USER}:x"')
    same([name for name in os.listdir(vm.store) if not name.startswith(".")], [])
    same(acl_of(above), ["user::rwx", "group::---", "other::---"])


def test_operator(bench):
    """an operator who is not root -> he can verify, restore and prune what he made"""
    operator = pwd.getpwnam("nobody")
    open_above(bench)
    vm = Domain(bench, {"vda": "qcow2"}, user=QEMU_USER)
    home = bench.path("home")
    os.mkdir(home, 0o755)
    os.chown(home, operator.pw_uid, operator.pw_gid)
    bench.env.update(HOME=home, XDG_RUNTIME_DIR=home)
    vm.store = os.path.join(home, "backups")
    vm.enter = ["setpriv", f"--reuid={operator.pw_uid}", f"--regid={operator.pw_gid}",
                "--clear-groups"]
    for number in range(2):
        change(vm, number)
        vm.backup()
    for words in (("backup", "verify", "--deep", "--to", vm.store),
                  ("restore", "--from", vm.store, "--to", os.path.join(home, "vda.qcow2")),
                  ("backup", "prune", "--keep", "1", "--to", vm.store)):
        result = bench.ctl(*words, enter=vm.enter)
        same((words, result.status), (words, 0), result)
    for name in os.listdir(vm.store):
        same(stat.S_IMODE(os.stat(os.path.join(vm.store, name)).st_mode) & 0o007, 0)
        same([row for row in acl_of(os.path.join(vm.store, name))
              if row.startswith(("group:", "other:"))], ["group::---", "other::---"])
