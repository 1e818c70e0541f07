# SPDX-License-Identifier: LGPL-2.1-or-later
"""A VM with two disks whose agent and monitor are played, for tests of snapshots."""

import glob
import json
import os
import signal

from lib.checks import same
from lib.played import agent, event, monitor

COMMANDS = ("guest-fsfreeze-freeze", "guest-fsfreeze-thaw", "guest-fsfreeze-status",
            "guest-fsfreeze-freeze-list")
REPORT = {"ended-by": "host", "sync-rounds": 2, "filesystems": [], "hooks": []}
FILESYSTEMS = 3
MOUNTED = ("/", "/srv", "/var")
FREEZE, THAW, _STATUS, FREEZE_LIST = COMMANDS
WINDOW = [FREEZE, "transaction", THAW]


class Machine:
    """
    A played VM with two disks. What happens to it is in .log; .on maps a command, of the
    agent or of the monitor, to a function that is called instead of the usual answer.
    """

    def __init__(self, bench, name="vm", guestd=True, status="running"):
        self.bench, self.frozen, self.guestctl = bench, False, None
        self.job = self.job_row = None
        self.log, self.on, self.freezes, self.monitors = [], {}, [], []
        self.images = {disk: [bench.path(f"{name}-{disk}.img")] for disk in ("vda", "vdb")}
        for (image,) in self.images.values():
            with open(image, "w", encoding="ascii"):
                pass
        commands = COMMANDS + (("guestd-fsfreeze-report",) if guestd else ())
        answers = {"guest-info": lambda _arguments: {"supported_commands": [
            {"name": command, "enabled": not self.frozen or command in COMMANDS[1:3],
             "success-response": True} for command in commands]}}
        for command in commands:
            answers[command] = self.does(command)
        self.agent = bench.play("a" + name, agent(answers))
        orders = ("query-block", "transaction", "block-commit", "query-named-block-nodes",
                  "query-jobs", "job-complete", "job-cancel", "job-dismiss")
        self.qmp_answers = {order: self.obeys(order) for order in orders}
        self.qmp = bench.play("q" + name, monitor(self.qmp_answers, status))
        self.args = ("--agent", self.agent.path, "--qmp", self.qmp.path)

    def does(self, command):
        def answer(arguments):
            self.log.append(command)
            usual = getattr(self, command.replace("-", "_"))
            return self.on[command](arguments) if command in self.on else usual(arguments)
        return answer

    def obeys(self, order):
        def answer(connection, arguments):
            self.log.append(order)
            usual = getattr(self, order.replace("-", "_"))
            return self.on.get(order, usual)(connection, arguments)
        return answer

    # The agent

    def guest_fsfreeze_status(self, _arguments):
        return "frozen" if self.frozen else "thawed"

    def guest_fsfreeze_freeze(self, arguments):
        self.freezes.append(arguments)
        self.frozen = True
        return FILESYSTEMS

    def guest_fsfreeze_freeze_list(self, arguments):
        self.freezes.append(arguments)
        found = [point for point in arguments["mountpoints"] if point in MOUNTED]
        self.frozen = bool(found)
        return len(found)

    def guest_fsfreeze_thaw(self, _arguments):
        was, self.frozen = self.frozen, False
        return FILESYSTEMS if was else 0

    def guestd_fsfreeze_report(self, _arguments):
        return REPORT

    # The monitor

    def query_block(self, _connection, _arguments):
        return [{"device": disk, "qdev": f"/machine/{disk}", "inserted": {
            "node-name": f"#{disk}{len(chain)}", "ro": False, "file": chain[-1], "drv": "qcow2",
            "image": {"filename": chain[-1], "format": "qcow2", "virtual-size": 1 << 20, **(
                {"backing-image": {"filename": chain[-2], "format": "qcow2"}}
                if len(chain) > 1 else {})}}} for disk, chain in self.images.items()]

    def query_named_block_nodes(self, _connection, _arguments):
        return [{"node-name": f"#{disk}{i + 1}", "file": image, "drv": "qcow2"}
                for disk, chain in self.images.items() for i, image in enumerate(chain)]

    def disk_of(self, node):
        return next(disk for disk in self.images if disk in node)

    def transaction(self, _connection, arguments):
        for action in arguments["actions"]:
            path = action["data"]["snapshot-file"]
            same(os.path.exists(path), True, path)
            self.images[self.disk_of(action["data"]["node-name"])].append(path)
        return {}

    def news(self, connection, status):
        """The job is in @status now, and QEMU reports it."""
        self.job_row["status"] = status
        connection.say(event("JOB_STATUS_CHANGE", id=self.job[0], status=status))
        return {}

    def block_commit(self, connection, arguments):
        self.job = (arguments["job-id"], self.disk_of(arguments["device"]))
        same(arguments["auto-dismiss"], False)
        self.job_row = {"id": self.job[0], "type": "commit", "status": "created",
                        "current-progress": 1, "total-progress": 4}
        return self.news(connection, "ready")

    def query_jobs(self, _connection, _arguments):
        return [self.job_row] if self.job_row else []

    def job_complete(self, connection, _arguments):
        self.images[self.job[1]].pop()
        return self.news(connection, "concluded")

    def job_cancel(self, connection, _arguments):
        return self.news(connection, "concluded")

    def job_dismiss(self, _connection, _arguments):
        self.job_row = None
        return {}

    # The test

    def snapshot(self, *options):
        return self.bench.ctl(*self.args, "snapshot", *options)

    def start(self, *options):
        self.guestctl = self.bench.start(*self.args, "snapshot", *options)
        return self.guestctl

    def interrupted(self, *options):
        """Some answer of this VM's calls .interrupt()."""
        out, err = self.start(*options).communicate(timeout=60)
        return self.guestctl.returncode, out.decode(), err.decode()

    def interrupt(self):
        self.bench.wait_for(lambda: self.guestctl, "guestctl was not started")
        self.guestctl.send_signal(signal.SIGINT)

    def steps(self):
        return [step for step in self.log if step in (FREEZE, FREEZE_LIST, THAW, "transaction")]

    def untouched(self, what=""):
        """Nothing is frozen, and no overlay or manifest is left."""
        same(self.frozen, False, what)
        same([len(chain) for chain in self.images.values()], [1, 1], what)
        same(self.bench.left(), [], what)

    def manifest(self):
        (path,) = glob.glob(self.bench.path("*.snapshot.json"))
        with open(path, encoding="utf-8") as file:
            return json.load(file)


def machine(bench, *args, **more):
    bench.left = lambda: sorted(glob.glob(bench.path("*.qcow2")) +
                                glob.glob(bench.path("*.snapshot.json")))
    return Machine(bench, *args, **more)


def well(result):
    same(result.status, 0, result)
    return result


def fleet(bench, *names):
    os.makedirs(bench.path("config", "guestctl"))
    vms = [machine(bench, name) for name in names]
    with open(bench.path("config", "guestctl", "vms.ini"), "w", encoding="utf-8") as file:
        for name, vm in zip(names, vms):
            file.write(f"[{name}]\nagent={vm.agent.path}\nqmp={vm.qmp.path}\n")
    return vms
