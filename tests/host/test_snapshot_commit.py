# SPDX-License-Identifier: LGPL-2.1-or-later
"""Folding snapshots back, and what can go wrong with that."""

from lib.checks import has, same
from lib.played import event
from played import machine, well


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
