# SPDX-License-Identifier: LGPL-2.1-or-later
"""guestctl backup of a guest that writes all the time: what is called consistent is."""

import json
import os
import re
import subprocess

from lib.programs import guestctl_path, host, made
from lib.vm.case import Case
from lib.vm.quiesce_guest import MIB, ext4

SIZE = 96 * MIB
DISKS = ("one", "two")
RECORDS = "/mnt/one/records"
WRITERS = ("/mnt/one/work", "/mnt/two/work")
RUN_S = 120


def make_disks(directory):
    """Two qcow2 disks with ext4, and a monitor for guestctl."""
    arguments = ["-chardev", f"socket,id=ctl,path={directory}/ctl,server=on,wait=off",
                 "-mon", "chardev=ctl,mode=control"]
    for name in DISKS:
        raw, image = os.path.join(directory, name + ".raw"), os.path.join(directory, name)
        ext4(raw, SIZE)
        made("qemu-img", "convert", "-f", "raw", "-O", "qcow2", raw, image)
        os.unlink(raw)
        arguments += ["-blockdev", f"driver=qcow2,node-name={name}-node,file.driver=file,"
                      f"file.filename={image}",
                      "-device", f"virtio-blk-pci,id={name},serial={name},drive={name}-node"]
    return arguments


class Backup(Case):
    label = "guestctl backup"
    machine = {"words": {"respawn": 1}, "disks": make_disks}

    def __init__(self, vm, tools):
        super().__init__(vm, tools)
        self.put_tool("writers")
        self.store = vm.path("backups")

    def mount(self):
        self.guest.sh("modprobe virtio_blk && modprobe ext4")
        for name in DISKS:
            self.guest.sh(f"for d in /sys/block/vd*; do [ \"$(cat $d/serial)\" = {name} ] && "
                          f"mkdir -p /mnt/{name} && mount -t ext4 /dev/${{d##*/}} /mnt/{name} && "
                          f"mkdir -p /mnt/{name}/work; done; grep -q ' /mnt/{name} ' /proc/mounts", 60)

    def load(self):
        """Two programs that write all the time, and one whose records are each on the disk."""
        self.guest.sh(f"rm -f /run/writers; writers /run/writers 20000 {' '.join(WRITERS)} "
                      "</dev/null >/dev/null 2>&1 &")
        self.guest.sh(f"( i=0; while :; do i=$((i + 1)); echo $i >>{RECORDS} && "
                      f"sync {RECORDS} && echo $i >/run/acked.new && "
                      "mv /run/acked.new /run/acked; done ) </dev/null >/dev/null 2>&1 &")
        self.guest.wait_for("[ -s /run/acked ] && [ -s /run/writers ]")

    def ctl(self, *args):
        done = subprocess.run(
            [guestctl_path(), "--agent", self.vm.path("agent"), "--qmp", self.vm.path("ctl"),
             "guest", *args], stdin=subprocess.DEVNULL, capture_output=True, text=True,
            timeout=RUN_S, check=False)
        self.equal(done.returncode, 0, f"guestctl {args}: {done.stderr}")
        return done.stdout

    def backup(self, *args):
        """(manifest, the newest record that was on the disk before)"""
        before = self.guest.number("cat /run/acked")
        return json.loads(self.ctl("backup", "--json", "--to", self.store, *args)), before

    def restored(self, point, disk):
        image = self.vm.path("restored.img")
        self.ctl("restore", "--from", self.store, "--disk", disk, "--at", point["id"],
                 "--to", image, "--format", "raw")
        return image

    def check_point(self, point, before):
        """Nothing to repair, no journal to replay, and every record that was acknowledged."""
        for disk in DISKS:
            image = self.restored(point, disk)
            features = host("dumpe2fs", "-h", image).stdout
            self.check(re.search("^Filesystem state: +clean", features, re.M),
                       f"{disk}: not clean: {features}")
            self.check("needs_recovery" not in features, f"{disk}: its journal is not empty")
            done = host("e2fsck", "-f", "-n", image)
            self.equal(done.returncode, 0, f"{disk}: {done.stdout}")
            if disk == "one":
                lines = host("debugfs", "-R", "cat /records", image).stdout.splitlines()
                numbers = [int(line) for line in lines if line.isdigit()]
                self.equal(numbers, list(range(1, len(numbers) + 1)), "the records")
                self.check(len(numbers) >= before,
                           f"record {before} was acknowledged, the last is {len(numbers)}")
            os.unlink(image)

    def test_consistent(self):
        """full and incremental backups under write load, both agents -> clean and complete"""
        self.mount()
        self.load()
        points = [self.backup("--level", "full", "--quiesce=require")]
        points += [self.backup("--level", "incremental", "--quiesce=require") for _ in range(2)]
        with self.reference_agent():
            points.append(self.backup("--level", "incremental", "--quiesce=require"))
        for point, before in points:
            told = point["consistency"]
            self.equal((told["label"], told["filesystems"]), ("consistent", 2), told)
            self.note(f"{point['level']}: frozen for {told['frozen-ms']:.0f} ms, "
                      f"{sum(disk['size'] for disk in point['disks']) / MIB:.1f} MiB, "
                      f"{before} records before")
        for point, before in points:
            self.check_point(point, before)
        self.check("is damaged" not in self.ctl("backup", "verify", "--to", self.store), "verify")
