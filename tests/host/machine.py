# SPDX-License-Identifier: LGPL-2.1-or-later
"""A QEMU without a guest: disks, two monitors, and nothing that boots. The test is the guest."""

import glob
import hashlib
import json
import os
import shutil
import socket
import subprocess

from lib.checks import Skip
from lib.played import PATIENCE, agent
from lib.qmp import Qmp
from lib.wire import WireTimeout

QEMU = "qemu-system-x86_64"


def run(*argv):
    done = subprocess.run(argv, stdin=subprocess.DEVNULL, capture_output=True, text=True,
                          timeout=PATIENCE, check=False)
    if done.returncode != 0:
        raise AssertionError(f"{' '.join(argv)}: {done.stdout}{done.stderr}")
    return done.stdout


def create_encrypted(path, size="8M", luks=False):
    """
    A qcow2 image with LUKS, or one of the format luks; the passphrase is "letmein". qemu-img
    measures how fast it hashes, and on a busy machine does not find the time that it took.
    """
    options = "key-secret=key,iter-time=200" if luks else \
        "encrypt.format=luks,encrypt.key-secret=key,encrypt.iter-time=200"
    words = ("qemu-img", "create", "-q", "-f", "luks" if luks else "qcow2", "--object",
             "secret,id=key,data=letmein", "-o", options, path, size)
    for _attempt in range(50):
        try:
            return run(*words)
        except AssertionError as error:
            if "accurate CPU usage" not in str(error):
                raise
    return run(*words)


def content(path, *options):
    """What a guest would read from the image."""
    raw = path + ".raw-of-test"
    run("qemu-img", "convert", *options, "-O", "raw", path, raw)
    try:
        with open(raw, "rb") as file:
            return file.read()
    finally:
        os.unlink(raw)


class Machine:
    """
    @disks: name -> format. guestctl gets .args; the test has a monitor of its own. @enter: what
    QEMU and guestctl are run by. @images: disk -> path, of disks that have not their usual image;
    @shared: several disks or machines may use the images. @options: more arguments of QEMU.
    """

    def __init__(self, bench, disks=None, name="vm", size="8M", enter=(), images=None,
                 shared=False, options=()):
        if not shutil.which(QEMU) or not shutil.which("qemu-img"):
            raise Skip(f"{QEMU} and qemu-img are needed")
        self.bench, self.name, self.enter = bench, name, list(enter)
        self.disks = disks or {"d0": "qcow2", "d1": "qcow2"}
        self.images, self.shared, self.options = images or {}, shared, options
        self.dir = bench.path(name)
        self.store = os.path.join(self.dir, "backups")
        self.process = self.monitor = None
        os.mkdir(self.dir)
        for disk, kind in self.disks.items():
            if disk not in self.images:
                run("qemu-img", "create", "-q", "-f", kind, self.image(disk), size)
        self.qmp = self.door = os.path.join(self.dir, "qmp")
        self.agent = None
        self.root, self.tool = "", shutil.which("qemu-img")
        self.start()

    def image(self, disk):
        return os.path.join(self.dir, self.images.get(disk, f"{disk}.img"))

    @property
    def args(self):
        return ("--qmp", self.door, *(("--agent", self.agent.path) if self.agent else ()), self.name)

    def start(self):
        """
        QEMU 7.2 on a busy machine greets and then, once in a thousand starts, answers no command
        for a minute or more. The test is not about that, and starts another one.
        """
        for _attempt in range(3):
            self.launch()
            try:
                self.monitor = Qmp(self.qmp + "-of-test", timeout=30)
                return
            except WireTimeout:
                self.process.kill()
                self.process.wait(PATIENCE)
        raise AssertionError("QEMU does not answer its monitor")

    def launch(self):
        """Listens before it runs, so that nobody has to wait for its sockets."""
        sockets, chardevs = [], []
        for path in (self.qmp, self.qmp + "-of-test"):
            sock = socket.socket(socket.AF_UNIX)
            if os.path.exists(path):
                os.unlink(path)
            sock.bind(path)
            sock.listen(8)
            sockets.append(sock)
            name = f"m{len(sockets)}"
            chardevs += ["-chardev", f"socket,id={name},fd={sock.fileno()},server=on,wait=off",
                         "-mon", f"chardev={name},mode=control"]
        drives = [word for disk, kind in self.disks.items() for word in
                  ("-drive", f"if=none,id={disk},format={kind},discard=unmap,"
                             f"file={self.image(disk)}"
                             f"{',file.locking=off' if self.shared else ''}")]
        self.process = subprocess.Popen(
            [*self.enter, QEMU, "-machine", "none", "-accel", "tcg", "-nodefaults",
             "-no-user-config", "-display", "none", *chardevs, *drives, *self.options],
            stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL,
            pass_fds=[sock.fileno() for sock in sockets])
        self.bench.processes.append(self.process)
        for sock in sockets:
            sock.close()

    def quit(self):
        self.monitor.call("quit")
        self.gone()

    def kill(self):
        self.process.kill()
        self.gone()

    def gone(self):
        self.process.wait(PATIENCE)
        self.monitor.close()

    def drive(self, disk):
        """The disk, as QEMU's command qemu-io knows it."""
        return disk

    def io(self, disk, *commands):
        """Does what a guest's drivers would do."""
        for command in commands:
            said = self.monitor.call("human-monitor-command",
                                     **{"command-line":
                                        f'qemu-io {self.drive(disk)} "{command}"'})
            if said:
                raise AssertionError(f"{command}: {said}")

    def contents(self):
        """What is on each disk now."""
        for disk in self.disks:
            self.io(disk, "flush")
        return {disk: content(self.image(disk), "-U", "-f", kind)
                for disk, kind in self.disks.items()}

    def bitmaps(self):
        return {row["device"]: {bitmap["name"]: bitmap["count"]
                                for bitmap in row["inserted"].get("dirty-bitmaps", [])}
                for row in self.monitor.call("query-block")}

    def nodes(self):
        return [row["node-name"] for row in self.monitor.call("query-named-block-nodes")
                if row["node-name"].startswith("guestctl")]

    def ctl(self, *args, **more):
        return self.bench.ctl(*self.args, *args, enter=self.enter, **more)

    def start_backup(self, *args):
        return self.bench.start(*self.args, "backup", "--to", self.store, *args, enter=self.enter)

    def copying(self):
        """Waits until a backup has begun to copy."""
        self.bench.wait_for(lambda: any(job["status"] == "running"
                                        for job in self.monitor.call("query-jobs")),
                            "no copy begins")

    def backup(self, *args, status=0):
        """One more; its manifest, or if it is to fail what was said."""
        result = self.ctl("backup", "--json", "--to", self.store, *args)
        if result.status != status:
            raise AssertionError(repr(result))
        return json.loads(result.out) if status == 0 else result.err

    def restore(self, disk, point=None, *args):
        """The content of the disk, restored from the point with this id."""
        image = self.bench.path("restored")
        result = self.bench.ctl("restore", "--from", self.store, "--disk", disk, "--to", image,
                                *(("--at", point) if point else ()), *args)
        if result.status != 0:
            raise AssertionError(repr(result))
        got = content(image)
        os.unlink(image)
        return got

    def files(self):
        """name -> checksum of all that is in the directory of backups but its lock."""
        sums = {}
        for path in glob.glob(f"{self.root}{self.store}/*"):
            with open(path, "rb") as file:
                sums[os.path.basename(path)] = hashlib.sha256(file.read()).hexdigest()
        return sums

    def check_clean(self, bitmaps, files):
        """After a failure: no job, no node, no file and no bitmap more than before."""
        for what, got, wanted in (("jobs", self.monitor.call("query-jobs"), []),
                                  ("nodes", self.nodes(), []),
                                  ("files", self.files(), files),
                                  ("bitmaps", {disk: set(names) for disk, names
                                               in self.bitmaps().items()},
                                   {disk: set(names) for disk, names in bitmaps.items()})):
            if got != wanted:
                raise AssertionError(f"{what}: {got} instead of {wanted}")


class Guest:
    """A played agent of a guest with one filesystem; @hooks: command -> what it leads to besides."""

    COMMANDS = ("guest-info", "guest-fsfreeze-status", "guest-fsfreeze-freeze",
                "guest-fsfreeze-thaw")

    def __init__(self, vm, hooks=None):
        self.hooks = {} if hooks is None else hooks
        self.frozen, self.did = False, []
        vm.agent = vm.bench.play(f"{vm.name}-agent", agent(
            {name: (lambda arguments, name=name: self.answer(name)) for name in self.COMMANDS}))
        self.player = vm.agent

    def answer(self, name):
        if name == "guest-info":
            return {"version": "1", "supported_commands": [
                {"name": each, "enabled": True, "success-response": True}
                for each in self.COMMANDS]}
        if name == "guest-fsfreeze-status":
            return "frozen" if self.frozen else "thawed"
        verb = name.rsplit("-", 1)[1]
        self.did.append(verb)
        before, self.frozen = self.frozen, verb == "freeze"
        answer = self.hooks[verb]() if verb in self.hooks else int(before or self.frozen)
        return answer
