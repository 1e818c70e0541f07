# SPDX-License-Identifier: LGPL-2.1-or-later
"""Rows of guestctl's table: what is only looked at."""

import json
import os
import re
import signal
import struct
import subprocess
import time
import urllib.request

from ctl_rows import REFERENCE, Table
from lib.programs import cache_dir

LOOK = Table()
row = LOOK.row


@row("list", "names")
def list_vms(world):
    """the VM's state and whether its agent answers"""
    world.equal(world.ctl("list", "--json").json,
                {"state": "running", "agent": "answers"}, "list")
    world.matches(rf"NAME +STATE +AGENT\n{world.name} +running +answers\n", world.ctl("list").out)
    world.equal(world.ctl("list", "--names").out, world.name + "\n", "names")


@row("info")
def info(world):
    """which agent it is, and which system"""
    told = world.ctl("info").out
    name = world.guest.sh(". /etc/os-release; echo $PRETTY_NAME")
    who = "qemu-ga or the like" if world.stock else r"guestd \d[\w.-]*"
    world.matches(rf"agent: {who}, protocol of QEMU [\d.]+\nsystem: {re.escape(name)}, kernel "
                  rf"{re.escape(world.guest.sh('uname -r'))}\ncommands: \d+, 0 of them disabled\n",
                  told)
    told = world.ctl("info", "--json").json
    world.equal("guestd-info" in told, not world.stock, "guestd-info")
    world.check(len(told["guest-info"]["supported_commands"]) > 30, told)


@row("ping")
def ping(world):
    """the agent answers"""
    world.matches(r"the agent answers \([\d.]+ ms\)\n", world.ctl("ping").out)
    world.check(world.ctl("ping", "--json").json["milliseconds"] > 0, "milliseconds")


@row("ping")
def ping_hanging(world):
    """an agent that hangs, and one that is absent -> told apart by the error"""
    world.guest.sh("kill -STOP $(cat /run/agent.pid)")
    try:
        world.refused("--timeout", "2", "ping", text="the agent did not answer guest-ping within "
                      "2 s; it hangs, or needs a longer --timeout")
        world.equal(world.ctl("list", "--json").json["agent"], "hangs", "list")
    finally:
        world.guest.sh("kill -CONT $(cat /run/agent.pid)")
    world.answers()
    world.equal(world.ctl("raw", '{"execute": "guest-ping"}').json, {"return": {}}, "a stale reply")


@row("raw")
def raw(world):
    """a request -> the reply as it was received, also an error"""
    told = world.ctl("raw", '{"execute": "guest-get-host-name"}')
    world.equal(told.json, {"return": {"host-name": world.guest.sh("hostname")}}, "reply")
    told = world.ctl("raw", '{"execute": "guest-no"}')
    world.equal(told.json["error"], {"class": "CommandNotFound",
                "desc": "The command guest-no has not been found"}, "error")
    world.refused("raw", "{", text="raw: '{' is not valid JSON", status=2)


@row("fsinfo")
def fsinfo(world):
    """the filesystems and how full they are, as df tells it"""
    told = {fs["mountpoint"]: fs for fs in world.ctl("fsinfo", "--json").json}
    world.equal(sorted(told), ["/", "/mnt/data"], "filesystems")
    for place, fs in told.items():
        blocks, size = map(int, world.guest.sh(f"stat -f -c '%b %S' {place}").split())
        world.equal(fs["type"], "ext4", place)
        # The total is what users may have.
        world.check(0 < fs["used-bytes"] <= fs["total-bytes"] <= blocks * size, fs)
    table = world.ctl("fsinfo").out
    world.matches(r"MOUNTED ON +TYPE +SIZE +USED +DEVICE +DISKS\n.*/mnt/data +ext4 .*\n", table)


@row("disks")
def disks(world):
    """the disks as the kernel lists them, with their serials"""
    told = {disk["name"]: disk for disk in world.ctl("disks", "--json").json}
    names = world.guest.sh("ls -d /sys/block/vd* | sed s,/sys/block,/dev,").split()
    world.equal([name for name in names if name not in told], [], "disks that are not told")
    device = world.guest.sh("readlink -f /dev/disk/by-id/virtio-data")
    world.matches(rf"NAME +KIND +BUS .*\n{device} +disk +virtio .*", world.ctl("disks").out)


@row("addr")
def addr(world):
    """the interfaces and their addresses"""
    told = {link["name"]: link for link in world.ctl("addr", "--json").json}
    world.equal(sorted(told), sorted(world.guest.sh("ls /sys/class/net").split()), "interfaces")
    world.equal(told["dummy0"]["hardware-address"],
                world.guest.sh("cat /sys/class/net/dummy0/address"), "address of the hardware")
    world.matches(r".*\ndummy0 +[0-9a-f:]+ +192\.0\.2\.7/24\n.*", world.ctl("addr").out)


@row("route")
def route(world):
    """the routes"""
    told = world.ctl("route", "--json").json
    world.check(any(one.get("gateway") == "192.0.2.1" and one["iface"] == "dummy0"
                    for one in told), told)
    world.matches(r"TO +VIA +INTERFACE +METRIC\n.*0\.0\.0\.0/0\.0\.0\.0 +192\.0\.2\.1 +dummy0 .*",
                  world.ctl("route").out)


@row("users")
def users(world):
    """who is logged in, and since when"""
    since = 1700000000
    record = struct.pack("<hxxi32s4s32s256shhiii4i20s", 7, 1, b"tty9", b"9", b"anna", b"", 0, 0, 0,
                         since, 0, 0, 0, 0, 0, b"")
    octal = "".join(f"\\{byte:03o}" for byte in record)
    world.guest.sh(f"cp /run/utmp /run/utmp.before; printf '{octal}' >>/run/utmp")
    try:
        world.equal(world.ctl("users", "--json").json,
                    [{"login-time": since, "user": "anna"}], "users")
        when = time.strftime("%F %T", time.localtime(since))
        world.matches(rf"USER +SINCE\nanna +{when}\n", world.ctl("users").out)
    finally:
        world.guest.sh("mv /run/utmp.before /run/utmp")
    world.equal(world.ctl("users").out, "no user is logged in\n", "none")


@row("vcpus")
def vcpus(world):
    """the CPUs as the kernel counts them"""
    told = world.ctl("vcpus", "--json").json
    count = world.guest.number("ls -d /sys/devices/system/cpu/cpu[0-9]* | wc -l")
    world.equal([cpu["logical-id"] for cpu in told], list(range(count)), "CPUs")
    world.check(all(cpu["online"] for cpu in told), told)
    world.matches(r" *CPU +STATE +CAN BE PUT OFFLINE\n +0 +online +no\n.*", world.ctl("vcpus").out)


@row("metrics")
def metrics(world):
    """both agents -> the guest's figures; of the stock agent those that it has"""
    told, text = world.ctl("metrics", "--json").json, world.ctl("metrics").out
    places = {fs["mountpoint"] for fs in told["filesystems"]}
    world.check({"/", "/mnt/data"} <= places and "load1m" in told["load"], told)
    world.equal("memory" in told, not world.stock, "memory")
    world.equal(text.endswith("\nmemory, uptime and processes: only reported by guestd\n"),
                world.stock, text)
    if not world.stock:
        total = world.guest.number("awk '/^MemTotal/ { print $2 * 1024 }' /proc/meminfo")
        world.equal(told["memory"]["total-bytes"], total, "memory")


def findings(world, status, *words):
    told = world.ctl(*words, "doctor", "--json", status=status).json
    return told, {one["check"]: one["result"] for one in told["checks"]}


@row("doctor")
def doctor_healthy(world):
    """a guest in good health -> no problem"""
    world.ctl("time", "--set")  # a busy machine's guest may have lost seconds
    told, results = findings(world, 0)
    world.equal(told["problems"], 0, told)
    world.equal(results, {"state": "ok", "channel": "ok", "port": "ok", "agent": "ok",
                          "disks": "ok", "freeze": "ok", "version": "note" if world.stock else "ok",
                          "commands": "ok", "clock": "ok"} | (
                              {"hooks": "ok"} if "hooks" in results else {}), told)


@row("doctor")
def doctor_clock(world):
    """a clock that is wrong -> problem; its remedy sets the clock"""
    world.guest.sh("date -s '+1 hour'")
    told, results = findings(world, 1)
    wrong = next(one for one in told["checks"] if one["check"] == "clock")
    world.equal((told["problems"], results["clock"]), (1, "problem"), told)
    world.check(wrong["remedy"].startswith("guestctl VM time --set"), wrong)
    world.ctl("time", "--set")
    world.equal(findings(world, 0)[1]["clock"], "ok", "after the remedy")


@row("doctor")
def doctor_frozen(world):
    """a frozen guest -> problem"""
    world.ctl("freeze")
    try:
        told, results = findings(world, 1)
        world.equal((told["problems"], results["freeze"]), (1, "problem"), told)
    finally:
        world.ctl("thaw")
    world.equal(findings(world, 0)[1]["freeze"], "ok", "after the remedy")


@row("doctor")
def doctor_blocked(world):
    """a command that the configuration blocks -> named"""
    world.start_agent(REFERENCE if world.stock else "/usr/bin/guestd", "-b", "guest-get-users")
    try:
        told, results = findings(world, 1)
        world.equal((told["problems"], results["commands"]), (1, "problem"), told)
        world.check("guest-get-users" in json.dumps(told), told)
        world.refused("users", text="the agent refused guest-get-users: Command guest-get-users has "
                      "been disabled: the command is not allowed")
    finally:
        world.use(world.agent)


@row("doctor")
def doctor_absent(world):
    """a closed port -> every verb names doctor as the next step"""
    world.stop_agent()
    try:
        told, results = findings(world, 1, "--timeout", "2")
        world.equal((results["port"], results["agent"]), ("problem", "problem"), told)
        world.equal(world.ctl("list", "--json").json["agent"],
                    "absent" if world.libvirt else "hangs", "list")
        said = world.ctl("--timeout", "2", "info", status=1).err
        world.check("doctor" in said or "it hangs, or needs" in said, said)
    finally:
        world.use(world.agent)


@row("exporter", "listen", "deadline")
def exporter(world):
    """a scrape -> promtool accepts it, with the guest's figures"""
    process = world.start("exporter", "--listen", "127.0.0.1:0", "--deadline", "20")
    try:
        port = re.search(rb"port (\d+)", process.stderr.readline())[1].decode()
        with urllib.request.urlopen(f"http://127.0.0.1:{port}/metrics", timeout=60) as answer:
            text = answer.read().decode()
    finally:
        process.send_signal(signal.SIGINT)
        world.equal(process.wait(60), 0, "exit status of the exporter")
        process.stdout.close()
        process.stderr.close()
    label = f'{{vm="{world.name}"}}'
    for name, value in (("guestctl_up", 1), ("guestctl_guestd", int(not world.stock)),
                        ("guest_frozen", 0)):
        world.check(f"\n{name}{label} {value}\n" in text, f"no {name} {value} in {text}")
    total = world.guest.number("awk '/^MemTotal/ { print $2 * 1024 }' /proc/meminfo")
    found = re.search(rf"^guest_memory_size_bytes{re.escape(label)} (\S+)$", text, re.M)
    world.equal(found and float(found[1]), None if world.stock else float(total), "memory")
    promtool(world, text)


def promtool(world, text):
    binary = os.path.join(cache_dir(), "promtool", "promtool")
    if not os.path.exists(binary):
        world.notes.append("promtool is not there: tests/testbed/fetch promtool")
        return
    done = subprocess.run([binary, "check", "metrics"], input=text, text=True,
                          capture_output=True, check=False)
    world.equal((done.returncode, done.stdout + done.stderr), (0, ""), "promtool")
