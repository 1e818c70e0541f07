# SPDX-License-Identifier: LGPL-2.1-or-later
"""
Quiesced snapshots, and everything that can go wrong with them. Agents and monitors are played:
nothing of this machine is frozen.
"""

import glob
import json
import os
import signal
import time

from bench import agent, event, has, monitor, same

COMMANDS = ("guest-fsfreeze-freeze", "guest-fsfreeze-thaw", "guest-fsfreeze-status")
REPORT = {"ended-by": "host", "sync-rounds": 2, "filesystems": [], "hooks": []}
FILESYSTEMS = 3


class Machine:
    """
    A played VM with two disks. What happens to it is in .log; .on maps a command, of the
    agent or of the monitor, to a function that is called instead of the usual answer.
    """

    def __init__(self, bench, name="vm", guestd=True, status="running"):
        self.bench, self.frozen, self.guestctl = bench, False, None
        self.log, self.on, self.freezes, self.monitors = [], {}, [], []
        self.images = {disk: [bench.path(f"{name}-{disk}.img")] for disk in ("vda", "vdb")}
        for (image,) in self.images.values():
            with open(image, "w", encoding="ascii"):
                pass
        commands = COMMANDS + (("guestd-fsfreeze-report",) if guestd else ())
        answers = {"guest-info": lambda _arguments: {"supported_commands": [
            {"name": command, "enabled": not self.frozen or command in COMMANDS[1:],
             "success-response": True} for command in commands]}}
        for command in commands:
            answers[command] = self.does(command)
        self.agent = bench.play("a" + name, agent(answers))
        orders = ("query-block", "transaction", "block-commit", "query-named-block-nodes",
                  "query-block-jobs", "job-complete", "block-job-cancel")
        self.qmp = bench.play("q" + name, monitor(
            {order: self.obeys(order) for order in orders}, status))
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

    def guest_fsfreeze_thaw(self, _arguments):
        was, self.frozen = self.frozen, False
        return FILESYSTEMS if was else 0

    def guestd_fsfreeze_report(self, _arguments):
        return REPORT

    # The monitor

    def query_block(self, _connection, _arguments):
        return [{"device": disk, "qdev": f"/machine/{disk}", "inserted": {
            "node-name": f"#{disk}{len(chain)}", "ro": False, "file": chain[-1], "drv": "qcow2",
            "image": {"filename": chain[-1], "format": "qcow2", **(
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
            with open(path, "x", encoding="ascii"):
                pass
            self.images[self.disk_of(action["data"]["node-name"])].append(path)
        return {}

    def block_commit(self, connection, arguments):
        self.job = (arguments["job-id"], self.disk_of(arguments["device"]))
        connection.say(event("BLOCK_JOB_READY", device=self.job[0], type="commit"))
        return {}

    def query_block_jobs(self, _connection, _arguments):
        return [{"device": self.job[0], "offset": 1, "len": 4}]

    def job_complete(self, connection, _arguments):
        self.images[self.job[1]].pop()
        connection.say(event("BLOCK_JOB_COMPLETED", device=self.job[0], type="commit"))
        return {}

    def block_job_cancel(self, connection, _arguments):
        connection.say(event("BLOCK_JOB_CANCELLED", device=self.job[0], type="commit"))
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
        return [step for step in self.log if step in COMMANDS[:2] + ("transaction",)]

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


FREEZE, THAW, _STATUS = COMMANDS
WINDOW = [FREEZE, "transaction", THAW]


def test_quiesced(bench):
    """freeze, one transaction, thaw; the manifest says what and how long"""
    vm = machine(bench)
    result = well(vm.snapshot("--quiesce"))
    has(result.out, "consistent: 3 filesystems frozen for ")
    same(vm.steps(), WINDOW)
    same(vm.freezes, [{"timeout": 60}])
    told = vm.manifest()
    same((told["label"], told["filesystems"], told["guestd-report"]), ("consistent", 3, REPORT))
    same(told["window"]["begin"] < told["window"]["end"], True, told)
    same(0 < told["frozen-ms"] < 60000, True, told)
    same([(row["name"], row["overlay"]) for row in told["disks"]],
         [(disk, chain[-1]) for disk, chain in vm.images.items()])
    same([os.path.basename(row["backing"]) for row in told["disks"]], ["vm-vda.img", "vm-vdb.img"])


def test_atomic(bench):
    """both disks are in one transaction, with absolute paths"""
    vm = machine(bench)
    os.mkdir(bench.path("to"))
    well(vm.snapshot("--to", bench.path("to")))
    (order,) = [m for m in vm.qmp.heard if m["execute"] == "transaction"]
    actions = order["arguments"]["actions"]
    same([action["type"] for action in actions], ["blockdev-snapshot-sync"] * 2)
    for action in actions:
        same(os.path.dirname(action["data"]["snapshot-file"]), bench.path("to"))
        same(action["data"]["mode"], "absolute-paths")
    same(len({action["data"]["snapshot-node-name"] for action in actions}), 2)
    same(vm.steps(), ["transaction"])


def test_stock(bench):
    """an agent that is not guestd is not asked for what it does not know"""
    vm = machine(bench, guestd=False)
    has(well(vm.snapshot("--quiesce=require")).out, "consistent: 3")
    same(vm.freezes, [{}])
    same("guestd-report" in vm.manifest(), False)


def test_none(bench):
    """without --quiesce the agent is left alone, and the label says so"""
    vm = machine(bench)
    has(well(vm.snapshot()).out, "crash-consistent: a freeze was not asked for")
    same((vm.agent.heard, vm.manifest()["label"]), ([], "crash-consistent"))


def test_disk(bench):
    """--disk, several times; one that is not there"""
    vm = machine(bench)
    well(vm.snapshot("--disk", "vdb"))
    same([len(chain) for chain in vm.images.values()], [1, 2])
    result = vm.snapshot("--disk", "vda", "--disk=vdx")
    same(result.status, 1)
    has(result.err, "no disk 'vdx' to write to; there is: vda, vdb")


def test_usage(bench):
    """wrong words are usage errors"""
    vm = machine(bench)
    same(vm.snapshot("--quiesce=perhaps").status, 2)
    same(vm.snapshot("comit").status, 2)
    vm.untouched()


def test_dry_run(bench):
    """--dry-run names disks and files, and does nothing"""
    vm = machine(bench)
    result = well(bench.ctl(*vm.args, "--dry-run", "snapshot", "--quiesce"))
    has(result.out, "vda: would write to " + bench.path("avm-vda-"))
    same(vm.steps(), [])
    vm.untouched()


def test_exists(bench):
    """what is there is not overwritten"""
    vm = machine(bench)
    os.mkdir(bench.path("to"))
    now = int(time.time())
    for second in range(now - 1, now + 60):
        stamp = time.strftime("%Y%m%dT%H%M%SZ", time.gmtime(second))
        os.symlink("nowhere", bench.path("to", f"avm-vdb-{stamp}.qcow2"))
    result = vm.snapshot("--quiesce", "--to", bench.path("to"))
    same(result.status, 1, result)
    has(result.err, "is there already")
    same(vm.steps(), [])


def test_no_file(bench):
    """a disk without a path of its own is refused, and --disk leaves it out"""
    vm = machine(bench)
    vm.images["vdb"] = ["relative.img"]
    has(vm.snapshot().err, "image of disk vdb is no file with an absolute path")
    well(vm.snapshot("--disk", "vda"))


def test_frozen_by_another(bench):
    """somebody else's freeze is left as it is"""
    vm = machine(bench)
    vm.frozen = True
    result = vm.snapshot("--quiesce")
    same(result.status, 1)
    has(result.err, "frozen already")
    same((vm.steps(), vm.frozen), ([], True))


def test_refused(bench):
    """a freeze that is refused: require stops, try goes on and says so"""
    for mode, status in (("require", 1), ("try", 0)):
        vm = machine(bench, mode)
        vm.on[FREEZE] = lambda _arguments: OSError("hook says no")
        result = vm.snapshot("--quiesce=" + mode)
        same(result.status, status, result)
        has(result.out + result.err, "hook says no")
        if status:
            vm.untouched()
    same(vm.manifest()["label"], "crash-consistent")
    has(vm.manifest()["reason"], "hook says no")


def test_no_agent(bench):
    """no agent: require stops before anything is done"""
    vm = machine(bench)
    vm.agent.close()
    has(vm.snapshot("--quiesce").err, "no agent answers")
    vm.untouched()
    has(well(vm.snapshot("--quiesce=try")).out, "crash-consistent: no agent answers")


def test_paused(bench):
    """a paused VM's agent is not waited for"""
    vm = machine(bench, status="paused")
    has(vm.snapshot("--quiesce").err, "the VM is paused")
    has(well(vm.snapshot("--quiesce=try")).out, "crash-consistent: the VM is paused")
    same(vm.agent.heard, [])


def test_slow(bench):
    """a freeze slower than the limit is undone"""
    for mode, status in (("require", 1), ("try", 0)):
        vm = machine(bench, mode)

        def silent(_arguments, vm=vm):
            vm.frozen = True
        vm.on[FREEZE] = silent
        result = vm.snapshot("--quiesce=" + mode, "--freeze-limit", 1)
        same((result.status, vm.frozen), (status, False), result)
        has(result.out + result.err, "did not answer guest-fsfreeze-freeze within 1 s")
        same(vm.steps()[:2], [FREEZE, THAW])
        if status:
            vm.untouched()
    same(vm.steps()[2:], ["transaction"])


def test_watchdog(bench):
    """a window that the guest ended early is not called consistent"""
    report = dict(REPORT, **{"ended-by": "timeout"})
    for mode, status in (("require", 1), ("try", 0)):
        vm = machine(bench, mode)
        vm.on["guestd-fsfreeze-report"] = lambda _arguments: report

        def fires(connection, arguments, vm=vm):
            vm.frozen = False
            return vm.transaction(connection, arguments)
        vm.on["transaction"] = fires
        result = vm.snapshot("--quiesce=" + mode)
        same(result.status, status, result)
        has(result.out + result.err, "the guest's own limit of 60 s ended the freeze")
        if status:
            has(result.err, "the snapshot was undone")
            vm.untouched()
    same(vm.manifest()["label"], "crash-consistent")


def test_fewer(bench):
    """a thaw of fewer filesystems than were frozen is not the end of a whole window"""
    vm = machine(bench, guestd=False)
    vm.on[THAW] = lambda arguments: vm.guest_fsfreeze_thaw(arguments) - 1
    has(vm.snapshot("--quiesce").err, "of 3 frozen filesystems 2 were left to thaw")
    vm.untouched()


def test_disk_full(bench):
    """no space for the overlays: what QEMU left is removed, the guest thawed"""
    vm = machine(bench)

    def full(_connection, arguments):
        with open(arguments["actions"][0]["data"]["snapshot-file"], "x", encoding="ascii"):
            return OSError("Could not create file: No space left on device")
    vm.on["transaction"] = full
    result = vm.snapshot("--quiesce")
    same(result.status, 1)
    has(result.err, "No space left on device")
    same(vm.steps(), WINDOW)
    vm.untouched()


def test_agent_restarted(bench):
    """an agent killed within the window that comes back thaws by a new connection"""
    vm = machine(bench)

    def killed(connection, arguments):
        for sock in vm.agent.open:
            sock.shutdown(2)
        return vm.transaction(connection, arguments)
    vm.on["transaction"] = killed
    has(well(vm.snapshot("--quiesce")).out, "consistent: 3")
    same(vm.frozen, False)


def test_thaw_unheard(bench):
    """a thaw whose answer is lost leaves no doubt that there is doubt"""
    vm = machine(bench)

    def unheard(arguments):
        vm.guest_fsfreeze_thaw(arguments)
        del vm.on[THAW]
        for sock in vm.agent.open:
            sock.shutdown(2)
    vm.on[THAW] = unheard
    has(vm.snapshot("--quiesce").err, "the answer to the thaw was lost")
    same(vm.steps(), WINDOW + [THAW])
    vm.untouched()


def test_agent_killed(bench):
    """an agent that does not come back: the snapshot is undone, and what to do is said"""
    for guestd, remedy in ((False, "MAY STILL BE FROZEN"), (True, "by itself within 2 s")):
        vm = machine(bench, f"vm{guestd}", guestd)

        def killed(connection, arguments, vm=vm):
            vm.agent.close()
            for sock in vm.agent.open:
                sock.close()
            vm.frozen = False  # not by the host: nobody could
            return vm.transaction(connection, arguments)
        vm.on["transaction"] = killed
        result = vm.snapshot("--quiesce", "--freeze-limit", 1)
        same(result.status, 1)
        has(result.err, remedy)
        vm.untouched()


def test_monitor_gone_after(bench):
    """a monitor that is lost after the transaction holds up no thaw"""
    vm = machine(bench)

    def answers_and_goes(connection, arguments):
        connection.say({"return": vm.transaction(connection, arguments),
                        "id": vm.qmp.heard[-1]["id"]})
        vm.qmp.close()
    vm.on["transaction"] = answers_and_goes
    has(well(vm.snapshot("--quiesce")).out, "consistent: 3")
    same(vm.frozen, False)


def test_monitor_gone_meanwhile(bench):
    """a transaction whose reply is lost: what became of it is found out"""
    vm = machine(bench, "done")

    def done(connection, arguments):
        vm.transaction(connection, arguments)
    vm.on["transaction"] = done
    has(well(vm.snapshot("--quiesce")).out, "consistent: 3")
    for path in bench.left():
        os.unlink(path)
    other = machine(bench, "undone")
    other.on["transaction"] = lambda _connection, _arguments: None
    result = other.snapshot("--quiesce")
    same(result.status, 1)
    has(result.err, "the connection ended")
    same(other.steps(), WINDOW)
    other.untouched()


def test_monitor_dead(bench):
    """a QEMU that is gone leaves what may hold its data, and that is said"""
    vm = machine(bench)

    def dies(connection, arguments):
        vm.transaction(connection, arguments)
        vm.qmp.close()
    vm.on["transaction"] = dies
    result = vm.snapshot("--quiesce")
    same((result.status, vm.frozen), (1, False), result)
    has(result.err, "whether the snapshot was made is not known")
    same(len(bench.left()), 2)


def test_killed(bench):
    """guestctl killed within the window: the guest was told when to thaw by itself"""
    vm = machine(bench)

    def kill(_connection, _arguments):
        bench.wait_for(lambda: vm.guestctl, "guestctl was not started")
        vm.guestctl.kill()
        vm.guestctl.wait()
    vm.on["transaction"] = kill
    vm.start("--quiesce", "--freeze-limit", 7)
    vm.bench.wait_for(lambda: vm.guestctl.poll() is not None, "guestctl goes on")
    same(vm.freezes, [{"timeout": 14}])
    same(vm.steps(), [FREEZE, "transaction"])


def test_interrupted_freeze(bench):
    """Ctrl-C while it freezes: thawed, nothing done, also with try"""
    for mode in ("require", "try"):
        vm = machine(bench, mode)

        def freeze(_arguments, vm=vm):
            vm.frozen = True
            vm.interrupt()
        vm.on[FREEZE] = freeze
        status, _out, err = vm.interrupted("--quiesce=" + mode)
        same(status, 1, err)
        has(err, "interrupted")
        same(vm.steps(), [FREEZE, THAW])
        vm.untouched()


def test_interrupted_frozen(bench):
    """Ctrl-C between freeze and transaction: thawed, nothing done"""
    vm = machine(bench)

    def freeze(arguments):
        vm.interrupt()
        return vm.guest_fsfreeze_freeze(arguments)
    vm.on[FREEZE] = freeze
    status, _out, err = vm.interrupted("--quiesce")
    same((status, vm.steps()), (1, [FREEZE, THAW]), err)
    vm.untouched()


def test_interrupted_later(bench):
    """Ctrl-C in the transaction or the thaw: the short rest is done"""
    for step, usual in (("transaction", "transaction"), (THAW, "guest_fsfreeze_thaw")):
        vm = machine(bench, step)

        def act(*args, vm=vm, usual=usual):
            vm.interrupt()
            return getattr(vm, usual)(*args)
        vm.on[step] = act
        status, out, err = vm.interrupted("--quiesce")
        same(status, 0, err)
        has(out, "consistent: 3")
        same(vm.steps(), WINDOW)


def fleet(bench, *names):
    os.makedirs(bench.path("config", "guestctl"))
    vms = [machine(bench, name) for name in names]
    with open(bench.path("config", "guestctl", "vms.ini"), "w", encoding="utf-8") as file:
        for name, vm in zip(names, vms):
            file.write(f"[{name}]\nagent={vm.agent.path}\nqmp={vm.qmp.path}\n")
    return vms


def test_group(bench):
    """several VMs: all are frozen before the first snapshot, none thawed before the last"""
    vms = fleet(bench, "one", "two", "three")
    order = []
    for vm in vms:
        vm.log = order
    result = well(bench.ctl("--json", "one,two,three", "snapshot", "--quiesce"))
    steps = [step for step in order if step in WINDOW]
    same(steps, sorted(steps, key=WINDOW.index))
    told = [row["result"] for row in json.loads(result.out)]
    same(len({row["group"]["id"] for row in told}), 1)
    same(told[0]["group"]["vms"], ["one", "two", "three"])
    window = told[0]["group"]["window"]
    same(window["begin"] < min(row["time"] for row in told), True, told)
    same(max(row["time"] for row in told) < window["end"], True, told)


def test_group_fails(bench):
    """several VMs: if one cannot be frozen all are thawed and none has a snapshot"""
    vms = fleet(bench, "one", "two")
    vms[1].on[FREEZE] = lambda _arguments: OSError("no")
    result = bench.ctl("one,two", "snapshot", "--quiesce")
    same(result.status, 1)
    has(result.err, "one: nothing was done, because another VM failed")
    same(vms[0].steps(), [FREEZE, THAW])
    for vm in vms:
        vm.untouched()


def test_group_undone(bench):
    """several VMs: if one snapshot fails the others are undone"""
    vms = fleet(bench, "one", "two")
    vms[1].on["transaction"] = lambda _connection, _arguments: OSError("no")
    result = bench.ctl("one,two", "snapshot", "--quiesce")
    has(result.err, "the snapshot was undone")
    for vm in vms:
        vm.untouched()


def test_commit(bench):
    """commit folds the overlays back and removes them and the manifest"""
    vm = machine(bench)
    well(vm.snapshot())
    has(well(bench.ctl(*vm.args, "--dry-run", "snapshot", "commit")).out, "vda: would fold ")
    result = well(vm.snapshot("commit"))
    has(result.out, "vdb: folded ")
    vm.untouched()
    has(vm.snapshot("commit").err, "no disk has a snapshot of guestctl's")


def test_commit_one(bench):
    """commit of one disk; the manifest no longer calls the other consistent"""
    vm = machine(bench)
    well(vm.snapshot("--quiesce"))
    well(vm.snapshot("commit", "--disk", "vda"))
    same([len(chain) for chain in vm.images.values()], [1, 2])
    same(vm.manifest()["label"], "none")


def test_commit_foreign(bench):
    """an overlay of somebody else's is not folded into what others may share"""
    vm = machine(bench)
    vm.images["vda"].append(bench.path("clone.img"))
    has(vm.snapshot("commit").err, "no disk has a snapshot of guestctl's")
    has(vm.snapshot("commit", "--disk", "vda").err, "no snapshot of guestctl's")
    same("block-commit" in vm.log, False)


def test_commit_interrupted(bench):
    """Ctrl-C cancels the job, and the VM goes on with its overlay"""
    vm = machine(bench)
    well(vm.snapshot())

    def begin(_connection, arguments):
        vm.job = (arguments["job-id"], "vda")
        vm.interrupt()
        return {}
    vm.on["block-commit"] = begin
    status, _out, err = vm.interrupted("commit")
    same(status, 1)
    has(err, "disk vda goes on with " + vm.images["vda"][1] + ": interrupted")
    (order,) = [m for m in vm.qmp.heard if m["execute"] == "block-job-cancel"]
    same(order["arguments"], {"device": vm.job[0], "force": True})
    same("job-complete" in vm.log, False)
    same(len([path for path in bench.left() if path.endswith(".qcow2")]), 2)


def test_commit_fails(bench):
    """a job that ends with an error is told, and the overlay stays"""
    vm = machine(bench)
    well(vm.snapshot())

    def begin(connection, arguments):
        connection.say(event("BLOCK_JOB_COMPLETED", device=arguments["job-id"], type="commit",
                             error="No space left on device"))
        return {}
    vm.on["block-commit"] = begin
    vm.on["block-job-cancel"] = lambda _connection, _arguments: OSError("no such job")
    result = vm.snapshot("commit")
    same(result.status, 1)
    has(result.err, "No space left on device")
    same(len(vm.images["vda"]), 2)


def test_commit_lost(bench):
    """a commit whose monitor is lost once it is done is found to be done"""
    vm = machine(bench)
    well(vm.snapshot())

    def complete(connection, arguments):
        vm.images[vm.job[1]].pop()
    vm.on["job-complete"] = complete
    vm.on["block-job-cancel"] = lambda _connection, _arguments: OSError("no such job")
    well(vm.snapshot("commit"))
    vm.untouched()
