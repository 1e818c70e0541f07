# SPDX-License-Identifier: LGPL-2.1-or-later
"""
libvirtd and virtlogd of the tests' own, and the namespaces in which they run.

They run as plain daemons with configuration, state and sockets of their own: in a
mount namespace, where the directories that they use are empty, and in a process
namespace, with which everything ends. The machine's libvirt is neither used nor changed.
"""

import contextlib
import os
import select
import shutil
import socket
import subprocess
import sys
import tempfile
import time

from lib.processes import die_with_parent, end_in_order
from lib.programs import TOOLS_PATH, guestd_path, host, made, program
from lib.runner import INSIDE
from lib.tap import comment, say
from lib.vm.vm import QEMU
from lib.wire import Deadline

from .texts import LIBVIRTD_CONF, QEMU_CONF

NEEDS = ("libvirtd", "virtlogd", "virsh", "unshare", "qemu-img", QEMU)
# Empty in the mount namespace; libvirt's paths are compiled in.
HIDDEN = ("/etc/libvirt", "/run", "/var/lib", "/var/cache", "/var/log")
SOCKETS = {"virtlogd": "/run/libvirt/virtlogd-sock", "libvirtd": "/run/libvirt/libvirt-sock"}
# Of a command and of all else that ends by itself, in an emulated guest on a busy machine.
COMMAND_TIMEOUT = 180
PATIENCE = 120
VIRSH = ("virsh", "-c", "qemu:///system")


def listens(path):
    with socket.socket(socket.AF_UNIX) as probe, contextlib.suppress(OSError):
        probe.connect(path)
        return True
    return False


class Daemons:
    """libvirtd and virtlogd; the order of ending is that of need."""

    def __init__(self, work):
        self.work = work
        self.running = {}

    def start(self, name):
        log = os.path.join(self.work, name + ".log")
        # One that was killed has left its socket behind.
        with contextlib.suppress(FileNotFoundError):
            os.unlink(SOCKETS[name])
        with open(log, "ab") as file:
            process = subprocess.Popen([program(name)], stdin=subprocess.DEVNULL,
                                       stdout=file, stderr=file,
                                       env=dict(os.environ, PATH=TOOLS_PATH))
        self.running[name] = process
        # There is nothing else that tells when a daemon is ready. Its socket is there a little
        # before it listens.
        deadline = Deadline(PATIENCE)
        while not listens(SOCKETS[name]):
            deadline.left()
            if process.poll() is not None:
                raise RuntimeError(f"{name}: {open(log, errors='replace').read()}")
            time.sleep(0.05)

    def kill(self, name):
        """Without a chance to say farewell to anybody."""
        process = self.running.pop(name)
        process.kill()
        process.wait()

    def __enter__(self):
        try:
            for name in SOCKETS:
                self.start(name)
        except BaseException:
            self.__exit__()
            raise
        return self

    def __exit__(self, *_unused):
        for process in reversed(self.running.values()):
            process.terminate()
            try:
                process.wait(10)
            except subprocess.TimeoutExpired:
                process.kill()
                process.wait()


def virsh(*command):
    """(whether it succeeded, what it printed)"""
    done = host("timeout", str(COMMAND_TIMEOUT), *VIRSH, *command)
    return done.returncode == 0, done.stdout.strip()


def must(*command):
    good, text = virsh(*command)
    if not good:
        raise RuntimeError(f"virsh {' '.join(command)}: {text}")
    return text


def add_user(work):
    """libvirt asks for its package's user before it has read that it needs none."""
    for name, line in (("passwd", "libvirt-qemu:x:64055:64055::/nonexistent:/bin/false"),
                       ("group", "libvirt-qemu:x:64055:"), ("group", "kvm:x:64056:")):
        path, copy = "/etc/" + name, os.path.join(work, name)
        with open(path) as file:
            text = file.read()
        if "\n" + line.partition(":")[0] + ":" in text:
            continue
        with open(copy, "w") as file:
            file.write(text + line + "\n")
        if not os.path.ismount(path):
            made("mount", "--bind", copy, path)


def hide_the_machine(work):
    made("mount", "--make-rprivate", "/")
    for path in HIDDEN:
        made("mount", "-t", "tmpfs", "-o", "mode=755", "tmpfs", path)
    os.makedirs("/var/lib/libvirt")
    add_user(work)
    for name, text in (("qemu.conf", QEMU_CONF), ("libvirtd.conf", LIBVIRTD_CONF)):
        with open(os.path.join("/etc/libvirt", name), "w") as file:
            file.write(text)


def inside(work, tests):
    """
    The first process of the namespace collects the dead: libvirt waits until
    QEMU's process is gone. With its end all that is left is killed.
    """
    child = os.fork()
    if child == 0:
        status = 1
        try:
            end_in_order()
            hide_the_machine(work)
            status = tests(work)
        except Exception as error:
            notes = getattr(error, "__notes__", [])
            comment("\n".join([f"{type(error).__name__}: {error}", *notes]))
            say("Bail out! the tests could not be finished")
        finally:
            sys.stdout.flush()
            os._exit(status)
    while True:
        pid, status = os.wait()
        if pid == child:
            return os.waitstatus_to_exitcode(status) & 0xff


def outside(script, prepare, timeout):
    """Runs @script again in namespaces of its own, with a directory that @prepare has filled."""
    end_in_order()
    with contextlib.ExitStack() as stack:
        work = tempfile.mkdtemp(prefix="guestd-libvirt.")
        stack.callback(shutil.rmtree, work, ignore_errors=True)
        prepare(work)
        process = subprocess.Popen(
            [program("unshare"), "--mount", "--pid", "--fork", "--kill-child", "--mount-proc",
             sys.executable, os.path.abspath(script), INSIDE, work, *sys.argv[1:]],
            stdin=subprocess.DEVNULL, preexec_fn=die_with_parent)
        stack.callback(end_namespace, process)
        return process.wait(timeout)


def end_namespace(process):
    """
    Kills unshare and what it has started, and waits until all of that is gone: whoever
    is left would go on writing into a directory that is being removed.
    """
    first = []
    # Nothing is left if it has come to its end by itself.
    with contextlib.suppress(OSError), \
            open(f"/proc/{process.pid}/task/{process.pid}/children") as file:
        first = [os.pidfd_open(int(pid)) for pid in file.read().split()]
    process.kill()
    process.wait()
    for descriptor in first:
        # The first process of the namespace ends when all others have ended.
        select.select([descriptor], [], [], 60)
        os.close(descriptor)


def run(script, needs, prepare, tests, timeout=1800):
    """
    The exit status of @script: @prepare(work) on the machine, then @tests(work), which
    returns the status, in the namespaces. Without @needs or root it is skipped.
    """
    if sys.argv[1:2] == [INSIDE]:
        work = sys.argv[2]
        del sys.argv[1:3]
        return inside(work, tests)
    missing = [name for name in (*NEEDS, *needs) if not program(name)]
    if missing or os.geteuid() != 0:
        say(f"1..0 # SKIP {'no ' + ' '.join(missing) if missing else 'needs root'}")
        return 0
    if not guestd_path():
        say("Bail out! no guestd, name one in GUESTD")
        return 1
    try:
        return outside(script, prepare, timeout)
    except KeyboardInterrupt:
        return 130
