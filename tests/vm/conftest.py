# SPDX-License-Identifier: LGPL-2.1-or-later
"""
Tests in virtual machines: a test is a method of a Case, and groups whose `machine` is equal share
one, side by side. After a failure the next test gets a new one.
"""

import os
import shutil
import signal
import subprocess
import sys
import tempfile
import traceback

import pytest

from lib.checks import Skip
from lib.programs import TESTBED, guestd_path
from lib.vm import debian
from lib.vm.case import Case
from lib.vm.vm import QEMU, VM
from lib.wire import WireError

HERE = os.path.dirname(os.path.abspath(__file__))
TOOLS = ("vsock-cat", "tty-hangup", "writers", "records")


class TestTimeout(BaseException):
    """No test may hang, whatever it waits for."""


def on_alarm(_number, _frame):
    raise TestTimeout("the test takes more than its time")


class Group(pytest.Collector):
    """A class of tests; its own come after those that it inherits."""

    def __init__(self, group, **more):
        super().__init__(**more)
        self.group = group

    def collect(self):
        names = []
        for base in reversed(self.group.__mro__):
            names += [name for name in vars(base) if name.startswith("test_") and name not in names]
        for name in names:
            yield Test.from_parent(self, name=name, group=self.group)


class Test(pytest.Item):
    def __init__(self, group, **more):
        super().__init__(**more)
        self.group = group
        text = getattr(group, self.name).__doc__ or self.name
        self.row = f"{getattr(group, 'label', group.__name__)}: {text.strip().splitlines()[0]}"

    def runtest(self):
        machines = self.config.pluginmanager.getplugin("machines")
        machines.prepare(self.group.machine)
        signal.signal(signal.SIGALRM, on_alarm)
        signal.alarm(self.group.timeout)
        case = None
        try:
            case = self.group(machines.get(self.group.machine), machines.tools)
            getattr(case, self.name)()
        except Skip:
            raise
        except (Exception, TestTimeout) as error:
            signal.alarm(0)
            if machines.vm and machines.vm.dir:
                error.add_note(machines.vm.logs())
                error.add_note(agent_state(machines.vm))
            machines.drop()
            raise
        finally:
            signal.alarm(0)
            self.user_properties += [("note", text) for text in (case.notes if case else ())]

    def repr_failure(self, excinfo, style=None):
        return "".join(traceback.format_exception(excinfo.value))

    def reportinfo(self):
        return self.path, None, self.row


def agent_state(vm):
    try:
        return vm.guest.agent_state()
    except (WireError, AttributeError) as error:
        return f"the guest does not tell of its agent: {error}"


class Machines:
    """
    The machine of the current tests. Of its options "image" is for initramfs, the others are for
    the machine.
    """

    def __init__(self):
        self.work, self.tools = None, {}
        self.images = {}
        self.vm = None
        self.options = None
        self.broken = []
        self.has_debian = False

    def prepare(self, options):
        """Not within a test's time."""
        if not shutil.which(QEMU):
            raise Skip(f"no {QEMU}")
        if not guestd_path():
            pytest.exit("no guestd: build it or set GUESTD", returncode=1)
        if not self.work:
            self.work = tempfile.mkdtemp(prefix="image-")
            self.fetch()
            self.build_tools()
        if debian.wanted(options) and not self.has_debian:
            debian.image()
            self.has_debian = True

    @staticmethod
    def fetch():
        subprocess.run([TESTBED / "fetch"], stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL,
                       check=True)

    def build_tools(self):
        """The helper programs that fit in the guest: static, of one file each."""
        for name in TOOLS:
            out = os.path.join(self.work, name)
            done = subprocess.run(["gcc", "-static", "-O1", "-Wall", "-o", out,
                                   os.path.join(HERE, name + ".c")], stdin=subprocess.DEVNULL,
                                  stderr=subprocess.PIPE, text=True, check=False)
            self.tools[name] = out if done.returncode == 0 else None
            if done.returncode:
                print(done.stderr, file=sys.stderr)

    def build(self, more):
        """An image for the machines that need @more, arguments of initramfs."""
        image = os.path.join(tempfile.mkdtemp(dir=self.work), "guest.img")
        command = [TESTBED / "initramfs", guestd_path(), image, "--reference", *more]
        for name, path in self.tools.items():
            if path:
                command += ["--add", f"{path}:/usr/bin/{name}"]
        subprocess.run(command, stdin=subprocess.DEVNULL, stdout=sys.stderr, check=True)
        return image

    def get(self, options):
        if self.vm and self.options == options and self.vm.alive():
            return self.vm
        self.drop()
        if options in self.broken:
            raise RuntimeError("its machine did not start for an earlier test")
        self.options = options
        options = dict(options)
        try:
            self.vm = VM(self.image(options.pop("image", ())), **options)
            return self.vm.start()
        except BaseException:
            self.broken.append(self.options)
            raise

    def image(self, more):
        if more not in self.images:
            self.images[more] = self.build(more)
        return self.images[more]

    def drop(self):
        vm, self.vm = self.vm, None
        if vm:
            vm.stop()

    @pytest.hookimpl(tryfirst=True)
    def pytest_sessionfinish(self):
        self.drop()


def pytest_configure(config):
    config.pluginmanager.register(Machines(), "machines")


def pytest_pycollect_makeitem(collector, name, obj):
    if isinstance(obj, type) and issubclass(obj, Case) and \
            obj.__module__ == collector.obj.__name__:
        return Group.from_parent(collector, name=name, group=obj)
    return None


def pytest_collection_modifyitems(items):
    """Groups that share a machine are side by side."""
    order = []
    for item in items:
        if item.group.machine not in order:
            order.append(item.group.machine)
    items.sort(key=lambda item: order.index(item.group.machine))
