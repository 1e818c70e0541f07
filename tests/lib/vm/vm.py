# SPDX-License-Identifier: LGPL-2.1-or-later
"""A small virtual machine with an agent in it."""

import os
import shutil
import socket
import subprocess
import tempfile

from lib.client import Agent
from lib.processes import die_with_parent
from lib.programs import cache_dir
from lib.qmp import Qmp, QmpError
from lib.wire import Deadline, WireError, WireTimeout

from .guest import Guest

QEMU = "qemu-system-x86_64"
PORT = "org.qemu.guest_agent.0"
TEST_PORT = "org.guestd.test.0"

# Emulated, a boot takes a few seconds; a busy machine may need many times that.
BOOT_TIMEOUT = 120
KVM_PROBE_TIMEOUT = 20


class VM:
    """
    @image is the initramfs. @method is virtio-serial or isa-serial: how the
    agent is reached; @words are the further guestd.* words of the command line
    and @devices further arguments for QEMU. @disks, if given, makes disks in the
    machine's directory and returns the arguments for them. With @apart, QEMU has a mount namespace
    of its own, for filesystems that are to end with it.
    """

    def __init__(self, image, method="virtio-serial", words=None, devices=(), memory=512,
                 disks=None, apart=False):
        self.image = image
        self.method = method
        self.words = dict(words or {}, method=method)
        self.devices = list(devices)
        self.make_disks = disks
        self.enter = ["unshare", "-m"] if apart and os.geteuid() == 0 else []
        self.disks = []
        self.memory = memory
        self.accel = os.environ.get("GUESTD_VM_ACCEL", "tcg")
        self.dir = None
        self.process = None
        self.qmp = None
        self.guest = None

    def path(self, name):
        return os.path.join(self.dir, name)

    def start(self):
        """Boots, and comes back when the agent has answered."""
        if self.accel == "kvm":
            # A device node says nothing; only a guest that answers does.
            try:
                return self.boot(KVM_PROBE_TIMEOUT)
            except WireError:
                self.stop()
                self.accel = "tcg"
        return self.boot(BOOT_TIMEOUT)

    def boot(self, timeout):
        self.dir = tempfile.mkdtemp(prefix="guestd-vm.")
        try:
            if self.make_disks:
                self.disks = self.make_disks(self.dir)
            self.spawn()
            self.qmp = Qmp(self.path("qmp"))
            self.guest = Guest(self.path("test"), timeout)
            if self.words["method"] != "none":
                self.first_answer(timeout)
        except BaseException as error:
            error.add_note(self.logs())
            self.stop()
            raise
        return self

    def listen(self, name):
        """
        QEMU gets its sockets ready made: they are there before it runs, so
        nobody has to look for them again and again.
        """
        sock = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        sock.bind(self.path(name))
        sock.listen(1)
        return sock

    def spawn(self):
        sockets = {name: self.listen(name) for name in ("qmp", "agent", "test")}
        chardevs = []
        for name, sock in sockets.items():
            chardevs += ["-chardev", f"socket,id={name},fd={sock.fileno()},server=on,wait=off"]
        with open(self.path("qemu.log"), "wb") as log:
            self.process = subprocess.Popen(
                self.command(chardevs), stdin=subprocess.DEVNULL, stdout=log, stderr=log,
                pass_fds=[sock.fileno() for sock in sockets.values()],
                preexec_fn=die_with_parent, start_new_session=True)
        for sock in sockets.values():
            sock.close()

    def command(self, chardevs):
        kernel = os.path.join(cache_dir(), "kernel", "vmlinuz")
        words = [f"guestd.{key}={value}" for key, value in self.words.items()]
        # On a busy host an emulated timer is late, and the kernel's check of it a panic.
        append = ["console=ttyS0", "panic=-1", "quiet", "nokaslr", "mitigations=off",
                  "no_timer_check", "random.trust_cpu=on"] + words
        return self.enter + [QEMU, "-accel", self.accel, "-cpu", "max", "-m", str(self.memory),
                "-nodefaults", "-no-user-config", "-display", "none", "-no-reboot",
                "-kernel", kernel, "-initrd", self.image, "-append", " ".join(append),
                "-serial", "file:" + self.path("console.log")] + chardevs + [
                "-mon", "chardev=qmp,mode=control",
                "-device", "virtio-serial-pci,id=vser0",
                "-device", f"virtserialport,bus=vser0.0,nr=2,chardev=test,name={TEST_PORT}",
                "-blockdev", "driver=null-co,node-name=disk0,size=16777216,read-zeroes=on,read-only=on",
                "-device", "virtio-blk-pci,drive=disk0",
                ] + self.agent_device() + self.devices + self.disks

    def agent_device(self):
        if self.method == "isa-serial":
            return ["-device", "isa-serial,index=1,chardev=agent"]
        return ["-device", f"virtserialport,bus=vser0.0,nr=1,chardev=agent,id=port0,name={PORT}"]

    def unplug_port(self):
        self.qmp.call("device_del", id="port0")
        self.qmp.wait_event("DEVICE_DELETED", device="port0")

    def plug_port(self):
        self.qmp.call("device_add", driver="virtserialport", bus="vser0.0", nr=1,
                      chardev="agent", id="port0", name=PORT)

    def open(self, kind=Agent):
        """A host that has said nothing yet."""
        return kind(self.path("agent"))

    def connect(self, timeout=60):
        """A host in dialogue with the agent."""
        agent = self.open()
        try:
            agent.sync(timeout)
        except BaseException:
            agent.close()
            raise
        return agent

    def first_answer(self, timeout=60):
        """
        Waits for an agent that is about to open its channel. A virtio port keeps
        a request until then, a serial line loses it: there one has to ask again.
        """
        deadline = Deadline(timeout)
        patience = 2 if self.method == "isa-serial" else timeout
        while True:
            try:
                self.connect(min(patience, deadline.left())).close()
                return
            except WireTimeout:
                if deadline.passed():
                    raise
                patience *= 2

    def logs(self):
        """What the machine has to say for itself."""
        text = []
        for name in ("qemu.log", "console.log"):
            try:
                with open(self.path(name), errors="replace") as file:
                    lines = file.read().splitlines()[-40:]
            except OSError:
                continue
            text += [f"{name}: {line}" for line in lines]
        return "\n".join(text)

    def alive(self):
        return self.process is not None and self.process.poll() is None

    def stop(self):
        try:
            if self.alive() and self.qmp:
                self.qmp.call("quit", timeout=5)
                self.process.wait(5)
        except (WireError, QmpError, OSError, subprocess.TimeoutExpired):
            pass
        finally:
            self.release()

    def release(self):
        if self.alive():
            self.process.kill()
        if self.process:
            self.process.wait()
        for wire in (self.guest, self.qmp):
            if wire:
                wire.close()
        self.process = self.guest = self.qmp = None
        if self.dir:
            shutil.rmtree(self.dir, ignore_errors=True)

    def __enter__(self):
        return self.start()

    def __exit__(self, *_unused):
        self.stop()
