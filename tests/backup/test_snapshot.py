# SPDX-License-Identifier: LGPL-2.1-or-later
"""Snapshots: whose files they are, and in which states they are taken."""

import base64
import glob
import json
import os
import stat
import subprocess
import uuid

from domain import Domain
from lib.checks import has, same
from lib.libvirt.daemons import must
from lib.played import PATIENCE
from machine import create_encrypted, run

DISKS = ("vda", "vdb")


def well(result):
    same(result.status, 0, result)
    return result


def write(vm, value, offset="0"):
    for disk in DISKS:
        vm.io(disk, f"write -P {value} {offset} 64k", "flush")


def left(vm):
    """What snapshots have in the VM's directory."""
    return glob.glob(vm.dir + "/*.qcow2") + glob.glob(vm.dir + "/*.snapshot.json")


def checks(vm):
    return {row["check"]: row for row in json.loads(vm.ctl("doctor", "--json").out)["checks"]}


def test_life(make):
    """{make}: two snapshots, a raw disk among them -> the images rest, commit brings all of it back"""
    vm = make({"vda": "qcow2", "vdb": "raw"})
    os.chmod(vm.image("vda"), 0o640)
    write(vm, 1)
    before = vm.contents()
    first = json.loads(well(vm.ctl("snapshot", "--json")).out)
    write(vm, 2, "64k")
    same(vm.contents() == before, True, "the images of a snapshot change")
    same([oct(stat.S_IMODE(os.stat(row["overlay"]).st_mode)) == oct(stat.S_IMODE(
        os.stat(row["backing"]).st_mode)) for row in first["disks"]], [True, True])
    well(vm.ctl("snapshot"))
    write(vm, 3, "128k")
    well(vm.ctl("snapshot", "commit"))
    well(vm.ctl("snapshot", "commit"))
    after = vm.contents()
    same([after[disk][offset] for disk in DISKS for offset in (0, 65536, 131072)], [1, 2, 3] * 2)
    same(left(vm), [])


def test_no_space(make):
    """{make}: a directory without space for the overlays -> refused, nothing is left, the VM runs"""
    vm = make()
    place = vm.bench.path("full")
    os.mkdir(place)
    run("mount", "-t", "tmpfs", "-o", "size=64k", "tmpfs", place)
    try:
        result = vm.ctl("snapshot", "--to", place)
        same((result.status, os.listdir(place)), (1, []), result)
        has(result.err, "No space left on device")
    finally:
        run("umount", place)
    same(vm.monitor.call("query-status")["status"], "running")


def test_paused(make):
    """{make}: a paused VM -> snapshot and backup are made, shutdown is refused at once"""
    vm = make()
    well(vm.ctl("pause"))
    well(vm.ctl("snapshot"))
    well(vm.ctl("snapshot", "commit"))
    vm.backup()
    result = vm.ctl("shutdown")
    same(result.status, 1, result)
    has(result.err, "the VM is paused, so the guest cannot shut down; next: guestctl VM resume")
    has(vm.ctl("doctor").out, "guestctl VM resume\n")
    well(vm.ctl("shutdown", "--force"))


def test_stopped_inside(make):
    """{make}: a QEMU that another program stopped -> its own state counts"""
    vm = make()
    vm.monitor.call("stop")
    vm.monitor.wait_event("STOP")
    has(vm.ctl("doctor").out, "the VM is paused, so no agent can answer\n")
    well(vm.ctl("snapshot"))
    well(vm.ctl("snapshot", "commit"))


def test_internal(make):
    """{make}: internal snapshots -> doctor warns before the first backup, and more after it"""
    vm = make()
    same("snapshots" in checks(vm), False)
    if isinstance(vm, Domain):
        must("snapshot-create-as", vm.name, "s1")
    else:
        vm.monitor.call("human-monitor-command", **{"command-line": "savevm s1"})
    rows = checks(vm)
    same(rows["snapshots"]["result"], "note", rows)
    has(rows["snapshots"]["text"], "internal ones in vda, vdb: ")
    vm.backup()
    rows = checks(vm)
    same(rows["snapshots"]["result"], "problem", rows)
    has(rows["snapshots"]["remedy"], "remove the bitmaps")


def test_saved(bench):
    """a domain that was saved -> no overlay of the disks that its memory belongs to"""
    vm = Domain(bench, {"vda": "qcow2"})
    must("managedsave", vm.name)
    result = vm.ctl("snapshot")
    same((result.status, left(vm)), (1, []), result)
    has(result.err, "the VM is saved; next: guestctl VM start restores it")
    must("managedsave-remove", vm.name)


def test_job(bench):
    """a domain with a job that is not a backup -> refused until the job has ended"""
    vm = Domain(bench, {"vda": "qcow2"})
    pipe = bench.path("pipe")
    os.mkfifo(pipe)
    end = os.open(pipe, os.O_RDONLY | os.O_NONBLOCK)
    dump = subprocess.Popen(["virsh", "-c", "qemu:///system", "dump", "--live", "--memory-only",
                             vm.name, pipe], stdout=subprocess.DEVNULL)
    bench.processes.append(dump)
    bench.wait_for(lambda: "Dump" in must("domjobinfo", vm.name), "the dump does not begin")
    for words in (("snapshot",), ("backup", "--to", vm.store)):
        result = vm.ctl(*words)
        same((result.status, left(vm)), (1, []), result)
        has(result.err, "the VM is being saved or dumped; next: wait until that has ended")
    os.set_blocking(end, True)
    with open(end, "rb") as file:
        same(len(file.read()) > 0, True)
    same(dump.wait(PATIENCE), 0)
    well(vm.ctl("snapshot"))
    well(vm.ctl("snapshot", "commit"))


SECRET = """
<secret ephemeral="yes" private="no">
  <uuid>{}</uuid>
  <usage type="volume"><volume>{}</volume></usage>
</secret>"""


def test_encrypted(bench):
    """a domain with an encrypted disk -> no overlay of it without --allow-plaintext"""
    image, key, name = bench.path("luks.qcow2"), bench.path("secret.xml"), str(uuid.uuid4())
    create_encrypted(image)
    with open(key, "w", encoding="ascii") as file:
        file.write(SECRET.format(name, image))
    must("secret-define", key)
    must("secret-set-value", name, base64.b64encode(b"letmein").decode())
    vm = Domain(bench, {"vda": "qcow2", "vdb": "qcow2"}, images={"vda": image}, inner={
        "vda": f"<encryption format='luks'><secret type='passphrase' uuid='{name}'/></encryption>"})
    result = vm.ctl("snapshot")
    same((result.status, left(vm)), (1, []), result)
    has(result.err, "disk vda is encrypted, and its overlay would not be; --allow-plaintext")
    has(vm.backup(status=1), "disk vda is encrypted, and its copy would not be; use --exclude vda, or")
    same([name for name in os.listdir(vm.store) if not name.startswith(".")], [])
    vm.backup("--exclude", "vda")
    vm.backup("--disk", "vda", "--allow-plaintext")
    well(vm.ctl("snapshot", "--disk", "vdb"))
    well(vm.ctl("snapshot", "--disk", "vda", "--allow-plaintext"))
    write(vm, 7)
    well(vm.ctl("snapshot", "commit"))
    with open(image, "rb") as file:
        same(bytes([7]) * 512 in file.read(), False)


def test_shareable(bench):
    """a domain with a shareable disk -> no overlay of it; if it is named, libvirt refuses"""
    vm = Domain(bench, {"vda": "raw"}, shared=True)
    result = vm.ctl("snapshot")
    same((result.status, left(vm)), (1, []), result)
    has(result.err, "other VMs may write to the image of disk vda")
    result = vm.ctl("snapshot", "--disk", "vda")
    same((result.status, left(vm)), (1, []), result)
    has(result.err, "libvirt refused: ")
