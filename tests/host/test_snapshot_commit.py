# SPDX-License-Identifier: LGPL-2.1-or-later
"""snapshot commit, and how it can fail."""

from lib.checks import has, same
from played import machine, well


def test_commit(bench):
    """commit -> the overlays are written back and removed, with their manifest"""
    vm = machine(bench)
    well(vm.snapshot())
    has(well(bench.ctl(*vm.args, "--dry-run", "snapshot", "commit")).out, "vda: would commit ")
    result = well(vm.snapshot("commit"))
    has(result.out, "vdb: committed ")
    vm.untouched()
    has(vm.snapshot("commit").err, "no disk has a snapshot made by guestctl")


def test_commit_one(bench):
    """commit of one disk -> the manifest calls the other one crash-consistent"""
    vm = machine(bench)
    well(vm.snapshot("--quiesce"))
    well(vm.snapshot("commit", "--disk", "vda"))
    same([len(chain) for chain in vm.images.values()], [1, 2])
    same(vm.manifest()["label"], "none")


def test_commit_foreign(bench):
    """an overlay of another program -> not committed into an image that VMs may share"""
    vm = machine(bench)
    vm.images["vda"].append(bench.path("clone.img"))
    has(vm.snapshot("commit").err, "no disk has a snapshot made by guestctl")
    has(vm.snapshot("commit", "--disk", "vda").err, "not a snapshot made by guestctl")
    same("block-commit" in vm.log, False)


def test_commit_interrupted(bench):
    """Ctrl-C during a commit -> the job is cancelled, and the VM uses its overlay"""
    vm = machine(bench)
    well(vm.snapshot())

    def begin(connection, arguments):
        vm.block_commit(connection, arguments)
        vm.job_row["status"] = "running"
        vm.interrupt()
        return {}
    vm.on["block-commit"] = begin
    status, _out, err = vm.interrupted("commit")
    same(status, 1)
    has(err, "disk vda still uses " + vm.images["vda"][1] + ": ")
    has(err, "interrupted")
    (order,) = [m for m in vm.qmp.heard if m["execute"] == "job-cancel"]
    same(order["arguments"], {"id": vm.job[0]})
    same("job-complete" in vm.log, False)
    same(vm.job_row, None)
    same(len([path for path in bench.left() if path.endswith(".qcow2")]), 2)


def test_commit_fails(bench):
    """a commit job that fails -> reported, and the overlay stays"""
    vm = machine(bench)
    well(vm.snapshot())

    def begin(connection, arguments):
        vm.block_commit(connection, arguments)
        vm.job_row["error"] = "No space left on device"
        return vm.news(connection, "concluded")
    vm.on["block-commit"] = begin
    result = vm.snapshot("commit")
    same(result.status, 1)
    has(result.err, "disk vda: QEMU's job failed: No space left on device")
    same((len(vm.images["vda"]), vm.job_row), (2, None))


def test_commit_lost(bench):
    """the monitor lost at the end of a commit -> the commit is recognised as done"""
    vm = machine(bench)
    well(vm.snapshot())

    def complete(_connection, _arguments):
        vm.images[vm.job[1]].pop()
        vm.job_row["status"] = "concluded"
    vm.on["job-complete"] = complete
    well(vm.snapshot("commit"))
    vm.untouched()


def test_commit_gone(bench):
    """a commit job that is gone, such as dismissed by another program -> recognised"""
    vm = machine(bench)
    well(vm.snapshot())

    def complete(connection, arguments):
        vm.job_complete(connection, arguments)
        vm.job_row = None
        return {}
    vm.on["job-complete"] = complete
    well(vm.snapshot("commit"))
    vm.untouched()
