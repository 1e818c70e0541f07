# SPDX-License-Identifier: LGPL-2.1-or-later
"""How long chains become, what prune leaves, and what forget takes away."""

import json
import shutil

from lib.checks import has, same
from lib.libvirt.daemons import must

from domain import Domain
from machine import run
from test_backup import FULL, INCREMENTAL, change, check_restored, levels

# A domain has one anyway.
WITH_UUID = {"options": ("-uuid", "6f6c9d9e-3c1c-4a73-9f0c-0b1f5b1f5b1f")}


def forget(vm, *args, status=0):
    result = vm.ctl("backup", "forget", *args)
    same(result.status, status, result)
    return result


def left(vm):
    return sorted({name for names in vm.bitmaps().values() for name in names})


def test_max_chain(make):
    """{make}: chain as long as --max-chain -> auto makes a full copy, and records why"""
    vm, made = make(), []
    for step in range(4):
        change(vm, step)
        made.append((vm.backup("--max-chain", "2"), vm.contents()))
    same([point["level"] for point, _ in made], ["full", "incremental"] * 2)
    same([disk["reason"] for disk in made[2][0]["disks"]],
         [f"the chain of disk {name} has 2 members; --max-chain" for name in vm.disks])
    for point, wanted in made:
        check_restored(vm, point, wanted, point["id"])
    result = vm.bench.ctl("backup", "prune", "--to", vm.store, "--keep", "1")
    same((result.status, result.out.count("removed")), (0, 2), result)


def test_max_chain_of_one_disk(make):
    """{make}: --max-chain reached by one disk only -> that disk alone gets a full copy"""
    vm = make()
    vm.backup("--disk", "vda")
    vm.backup("--disk", "vda")
    vm.backup("--disk", "vdb")
    point = vm.backup("--max-chain", "2")
    same(levels(point), {"vda": "full", "vdb": "incremental"})


def test_max_chain_off(make):
    """{make}: --max-chain 0, or --level incremental -> the chain grows on"""
    vm = make()
    same([vm.backup(*words)["level"] for words in
          ((), ("--max-chain", "0"), ("--max-chain", "1", *INCREMENTAL))],
         ["full", "incremental", "incremental"])
    has(vm.backup("--max-chain", "x", status=2), "--max-chain")


def test_keep_rules(make):
    """{make}: prune with rules -> --dry-run shows what stays and why, and that is what stays"""
    vm = make()
    ids = [vm.backup(*words)["id"] for words in (FULL, INCREMENTAL, FULL, INCREMENTAL)]
    words = ("backup", "prune", "--to", vm.store, "--keep-daily", "1")
    rows = json.loads(vm.bench.ctl("--dry-run", "--json", *words).out)
    same([(row["backup"], row["keep"]) for row in rows],
         list(zip(ids, (False, False, True, True))))
    has(rows[2]["reason"], f"{ids[3]} depends on it")
    has(rows[3]["reason"], "daily ")
    has(vm.bench.ctl("--dry-run", *words).out, f"would keep {ids[3]}")
    same(vm.bench.ctl(*words).status, 0)
    same([point["id"] for point in
          json.loads(vm.bench.ctl("--json", "backup", "list", "--to", vm.store).out)], ids[2:])


def test_forget_set(make):
    """{make}: forget --to DIR -> the bitmaps of that directory go, others stay"""
    vm = make()
    first, second = vm.store, vm.store + "2"
    vm.backup()
    mine = left(vm)
    vm.store = second
    vm.backup()
    result = forget(vm, "--to", first, "--dry-run")
    for name in mine:
        has(result.out, f"would remove {name} of vd")
    same(set(mine) <= set(left(vm)), True)
    rows = json.loads(forget(vm, "--json", "--to", first).out)
    same(sorted(row["name"] for row in rows), mine)
    same([row["removed"] for row in rows], [True] * len(rows))
    same(set(mine) & set(left(vm)), set())
    same(vm.backup()["level"], "incremental")
    vm.store = first
    point = vm.backup()
    same({disk["name"]: disk["level"] for disk in point["disks"]}, {"vda": "full", "vdb": "full"})


def test_forget_all(make):
    """{make}: directories lost, then forget --all -> no bitmap of guestctl is left, foreign ones are"""
    vm = make()
    vm.backup()
    shutil.rmtree(vm.store)
    vm.backup()
    shutil.rmtree(vm.store)
    node = next(row["inserted"]["node-name"] for row in vm.monitor.call("query-block"))
    vm.monitor.call("block-dirty-bitmap-add", node=node, name="guestctl-of-mine")
    has(forget(vm, "--all").out, "removed guestctl-")
    same(left(vm), ["guestctl-of-mine"])
    same(forget(vm, "--all").out, "nothing to remove\n")


def test_forget_after_kill(make):
    """{make}: QEMU killed, so that bitmaps are inconsistent -> forget removes them as well"""
    vm = make()
    vm.backup()
    vm.quit()
    vm.start()
    vm.kill()
    vm.start()
    forget(vm, "--all")
    same(left(vm), [])
    vm.io("vda", "write -P 1 0 64k")
    same(vm.backup()["level"], "full")


def test_forget_off(make):
    """{make}: VM off -> its bitmaps go from the images, and libvirt's records; others stay"""
    vm = make()
    vm.backup()
    vm.quit()
    for disk in vm.disks:
        run("qemu-img", "bitmap", "--add", vm.image(disk), "foreign")
    has(forget(vm, "--to", vm.store, "--dry-run").out, "would remove guestctl-")
    has(forget(vm, "--to", vm.store).out, "removed guestctl-")
    same(forget(vm, "--to", vm.store).out, "nothing to remove\n")
    if isinstance(vm, Domain):
        same(forget(vm, "--all").out, "nothing to remove\n")
        same(must("checkpoint-list", vm.name, "--name"), "")
    else:
        has(forget(vm, "--all", status=1).err, "give each with --image NAME=FILE")
    vm.start()
    same({disk: sorted(names) for disk, names in vm.bitmaps().items()},
         {disk: ["foreign"] for disk in vm.disks})
    same(vm.backup()["level"], "full")


def test_forget_images_away(bench):
    """libvirt: VM off, and an image is away -> the records go, and what may be left in the images is said"""
    vm = Domain(bench, {"vda": "qcow2"})
    vm.backup()
    vm.quit()
    shutil.move(vm.image("vda"), vm.image("vda") + ".away")
    result = forget(vm, "--all")
    has(result.err, "cannot remove the bitmaps from the images: disk vda: ")
    has(result.out, "may still be in the images")
    same(must("checkpoint-list", vm.name, "--name"), "")


def test_forget_usage(make):
    """{make}: forget without or with both of --to and --all -> usage error"""
    vm = make()
    for words in ((), ("--to", vm.store, "--all")):
        has(forget(vm, *words, status=2).err, "either --to DIR or --all")


def test_another_vm(make):
    """{make}: directory of a VM with another UUID -> refused; adopt -> backups go on in it"""
    vm = make(**WITH_UUID)
    vm.backup()
    path = vm.store + "/" + vm.backup()["id"] + ".json"
    with open(path, encoding="utf-8") as file:
        manifest = json.load(file)
    mine = manifest["vm-uuid"]
    manifest["vm-uuid"] = "11111111-2222-3333-4444-555555555555"
    with open(path, "w", encoding="utf-8") as file:
        json.dump(manifest, file)
    has(vm.backup(status=1), "backups of another VM called")
    same(vm.ctl("backup", "adopt", "--to", vm.store).status, 0)
    rows = json.loads(vm.bench.ctl("--json", "backup", "list", "--to", vm.store).out)
    same([row["vm-uuid"] for row in rows], [mine, mine])
    change(vm, 1)
    point, wanted = vm.backup(*INCREMENTAL), vm.contents()
    check_restored(vm, point, wanted, "after adopt")
    same(vm.bench.ctl("backup", "verify", "--to", vm.store).status, 0)


def test_renamed(make):
    """{make}: the VM has another name and the same UUID -> backups go on"""
    vm = make(**WITH_UUID)
    point = vm.backup()
    path = f"{vm.store}/{point['id']}.json"
    with open(path, encoding="utf-8") as file:
        manifest = json.load(file)
    manifest["vm"] = "name-of-before"
    with open(path, "w", encoding="utf-8") as file:
        json.dump(manifest, file)
    same(vm.backup(*INCREMENTAL)["level"], "incremental")


def test_list_of_vm(make):
    """{make}: list with a VM named -> what is left in it, and what is of another directory"""
    vm = make()
    vm.backup()
    mine = left(vm)
    other, vm.store = vm.store, vm.store + "2"
    vm.backup()
    out = vm.ctl("backup", "list", "--to", vm.store).out
    for line in (line for line in out.splitlines() if line.startswith("in the VM: ")):
        has(line, "orphaned or of another directory" if line.split()[3] in mine
            else f"of the backups in {vm.store}")
    for name in left(vm):
        has(out, f"in the VM: {name} of vd")
    same("in the VM" in vm.bench.ctl("backup", "list", "--to", other).out, False)


def test_list_reasons(make):
    """{make}: full copy that was not asked for -> list shows why"""
    vm = make()
    vm.backup()
    vm.backup("--max-chain", "1")
    has(vm.bench.ctl("backup", "list", "--to", vm.store).out,
        "the chain of disk vda has 1 member; --max-chain; the chain of disk vdb")
