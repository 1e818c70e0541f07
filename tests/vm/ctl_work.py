# SPDX-License-Identifier: LGPL-2.1-or-later
"""Rows of guestctl's table: what changes the guest."""

import hashlib
import os
import signal
import time

from ctl_rows import Table

WORK = Table()
row = WORK.row

KIB = 1024
MIB = 1024 * KIB
# Of ext4 with blocks of 1 KiB, no free extent is longer.
GROUP = 8 * MIB
# crypt(3) of "from a hash"
HASH = "$6$saltsalt$HgMxG0ykRJLN3c0hewJK2yUStGRAIDthCUu4A5JWxD2cxPDZ4lWSVA7udKY0w.yJvOhcD8kK.6dsMLTKsYhDq0"
KEY = "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIGuestctlRowsGuestctlRowsGuestctlRowsGu{} {}@example.net"


def summed(data):
    return hashlib.sha256(data).hexdigest()


# exec

@row("exec")
def exec_result(world):
    """a program -> its output, error output and exit status"""
    told = world.ctl("exec", "--", "sh", "-c", "echo out; echo err >&2; exit 7", status=7)
    world.equal((told.out, told.err), ("out\n", "err\n"), "what came")
    told = world.ctl("exec", "--json", "--", "sh", "-c", "echo out; echo err >&2; exit 7", status=7)
    told = told.json
    world.check(told.pop("pid") > 1, "pid")
    world.equal(told, {"exitcode": 7, "timed-out": False, "truncated": False,
                       "stdout": "out\n", "stderr": "err\n"}, "--json")
    world.ctl("exec", "--", "sh", "-c", "kill -TERM $$", status=128 + 15)


@row("exec")
def exec_bulk(world):
    """a megabyte of output -> unchanged"""
    told = world.ctl("exec", "--", "seq", "150000").out
    world.equal(summed(told.encode()), summed("".join(f"{n}\n" for n in range(1, 150001)).encode()),
                f"checksum of {len(told)} bytes")


@row("exec")
def exec_missing(world):
    """a program that does not exist -> error"""
    said = world.ctl("exec", "--", "/no/such/program", status=1).err
    world.matches(rf"guestctl: {world.name}: the agent refused guest-exec: .*No such file.*\n", said)


@row("exec", "user")
def exec_user(world):
    """--user -> that user and its groups; the stock agent refuses"""
    words = ("exec", "--user", "anna", "--", "sh", "-c", "id -un; id -gn; echo $HOME")
    if not world.guestd_only(*words, option="user"):
        world.equal(world.ctl(*words).out, "anna\nanna\n/home/anna\n", "user")


@row("exec", "cwd")
def exec_cwd(world):
    """--cwd -> that directory; the stock agent refuses"""
    words = ("exec", "--cwd", "/var/log", "--", "pwd")
    if not world.guestd_only(*words, option="cwd"):
        world.equal(world.ctl(*words).out, "/var/log\n", "directory")


@row("exec", "env")
def exec_env(world):
    """--env -> the given environment and a PATH"""
    told = world.ctl("exec", "--env", "A=1 2", "--env", "B=", "--", "env").out.splitlines()
    world.equal(sorted(line for line in told if not line.startswith("PATH=")), ["A=1 2", "B="],
                "environment")
    world.equal(len(told), 3, told)


@row("exec", "timeout")
def exec_timeout(world):
    """--timeout -> the program and its children are killed; the stock agent refuses"""
    words = ("exec", "--timeout", "5", "--", "sh", "-c",
             "sleep 4711 & echo $! >/run/rows.pid; wait")
    if world.guestd_only(*words, option="timeout"):
        return
    world.equal(world.ctl(*words, status=124).err,
                f"guestctl: {world.name}: killed after 5 s\n", "what it says")
    world.guest.wait_for("[ ! -e /proc/$(cat /run/rows.pid) ]")


@row("exec", "stdin")
def exec_stdin(world):
    """--stdin -> sent; to the stock agent, what fits into one request"""
    data = os.urandom(64 * KIB if world.stock else 1 * MIB)
    told = world.ctl("exec", "--stdin", "--", "sha256sum", stdin=data)
    world.equal(told.out.split()[0], summed(data), "checksum in the guest")
    if world.stock:
        most = 96 if world.libvirt else 2048
        world.refused("exec", "--stdin", "--", "cat", stdin=bytes(most * KIB + 1),
                      text=f"this agent accepts at most {most} KiB of input; guestd has no limit")


@row("exec")
def exec_interrupt(world):
    """Ctrl-C -> the program is ended; of the stock agent's, guestctl reports that it runs on"""
    world.guest.sh("rm -f /run/rows.pid")
    process = world.start("exec", "--", "sh", "-c", "echo $$ >/run/rows.pid; exec sleep 4712")
    try:
        world.guest.wait_for("[ -s /run/rows.pid ] && grep -q sleep /proc/$(cat /run/rows.pid)/comm")
        process.send_signal(signal.SIGINT)
        _out, said = process.communicate(timeout=60)
    finally:
        process.kill()
        process.wait()
    world.equal(process.returncode, 130, said)
    pid = world.guest.number("cat /run/rows.pid")
    if world.stock:
        world.equal(said.decode(), f"guestctl: {world.name}: process {pid} still runs in the guest; "
                    "only guestd can kill it: interrupted\n", "what it says")
        world.guest.sh(f"kill {pid}")
        # If its host has left before it was answered, it spins until another one comes, and
        # buries nobody.
        world.ctl("ping")
    world.guest.wait_for(f"[ ! -e /proc/{pid} ]")


# cp

def host_file(world, name, data, mode=0o600):
    path = world.path(name)
    with open(path, "wb") as file:
        file.write(data)
    os.chmod(path, mode)
    return path


def content(path):
    with open(path, "rb") as file:
        return file.read()


def guest_sum(world, path):
    return world.guest.sh(f"sha256sum {path}").split()[0]


@row("cp")
def cp_in(world):
    """a copy into the guest -> checksum and mode; a directory as the target -> a file in it"""
    data = os.urandom(500 * KIB)
    here = host_file(world, "in", data, 0o640)
    world.guest.sh("echo old >/root/rows/in; chmod 600 /root/rows/in; rm -f /root/rows/d/in; "
                   "mkdir -p /root/rows/d")
    told = world.ctl("cp", "--json", here, ":/root/rows/in").json
    world.equal(guest_sum(world, "/root/rows/in"), summed(data), "checksum in the guest")
    world.equal((told["bytes"], told["sha256"], told["checked"], told["mode-kept"]),
                (len(data), summed(data), not world.stock, not world.stock), told)
    world.equal(world.guest.sh("stat -c %a /root/rows/in"), "600" if world.stock else "640", "mode")
    said = world.ctl("cp", here, ":/root/rows/d/").out
    world.matches(r"copied .*, checksum not compared: not supported by this agent; mode not kept: "
                  r"not supported by this agent\n" if world.stock else r"copied .*, checksum compared\n", said)
    world.equal(guest_sum(world, "/root/rows/d/in"), summed(data), "in a directory")


@row("cp")
def cp_out(world):
    """a copy out of the guest -> the same bytes"""
    world.guest.sh("head -c 700000 /dev/urandom >/root/rows/out; chmod 640 /root/rows/out")
    there = world.path("out")
    told = world.ctl("cp", "--json", ":/root/rows/out", there).json
    world.equal(summed(content(there)), guest_sum(world, "/root/rows/out"), "checksum on the host")
    world.equal((told["checked"], told["mode-kept"]), (not world.stock, not world.stock), told)
    if not world.stock:
        world.equal(oct(os.stat(there).st_mode & 0o777), "0o640", "mode")
    os.unlink(there)


@row("cp", "resume")
def cp_resume(world):
    """a partial copy, in both directions -> continued; other content -> not changed"""
    data = os.urandom(600 * KIB)
    here, back = host_file(world, "whole", data), host_file(world, "back", data[:300 * KIB])
    world.ctl("cp", host_file(world, "part", data[:200 * KIB]), ":/root/rows/resumed")
    told = world.ctl("cp", "--json", "--resume", here, ":/root/rows/resumed").json
    world.equal(told["resumed-at"], 200 * KIB, told)
    world.equal(guest_sum(world, "/root/rows/resumed"), summed(data), "checksum in the guest")
    told = world.ctl("cp", "--json", "--resume", ":/root/rows/resumed", back).json
    world.equal((told["resumed-at"], content(back) == data), (300 * KIB, True), told)
    world.guest.sh("echo other >/root/rows/resumed")
    said = world.ctl("cp", "--resume", here, ":/root/rows/resumed", status=1).err
    world.check(said.endswith("existing file is not a prefix of the source; omit --resume to replace it\n"),
                said)
    world.equal(world.guest.sh("cat /root/rows/resumed"), "other", "what was there")


@row("cp")
def cp_nowhere(world):
    """a directory that does not exist -> error"""
    said = world.ctl("cp", host_file(world, "in", b"x"), ":/root/none/file", status=1).err
    world.matches(rf"guestctl: {world.name}: the agent refused guest-file-open: .*No such file.*\n", said)
    said = world.ctl("cp", ":/root/none/file", world.path("none"), status=1).err
    world.matches(rf"guestctl: {world.name}: .*No such file.*\n" if world.stock else
                  rf"guestctl: {world.name}: no file /root/none/file in the guest\n", said)
    world.check(not os.path.exists(world.path("none")), "a file on the host")


# freeze, thaw, trim

def writer(world, place):
    """A program that stands still while the place is frozen."""
    world.guest.sh(f"rm -f /run/wrote; ( sh -c 'echo x >{place}/probe'; echo done >/run/wrote ) "
                   "</dev/null >/dev/null 2>&1 &")


def stands_still(world):
    """Whether the writer does: it could have been done long ago."""
    world.guest.sh("sleep 0.5")
    return world.guest.run("[ -e /run/wrote ]")[0] != 0


@row("freeze")
def freeze_all(world):
    """all filesystems -> nothing can be written until thaw"""
    world.equal(world.ctl("freeze").out, "2 filesystems frozen\n", "freeze")
    try:
        writer(world, "/mnt/data")
        still = stands_still(world)
        status = world.ctl("raw", '{"execute": "guest-fsfreeze-status"}').json
    finally:
        told = world.ctl("thaw", "--json").json
    world.equal((still, status, told), (True, {"return": "frozen"}, 2), "while frozen")
    world.guest.wait_for("[ -e /run/wrote ]")


@row("freeze")
def freeze_list(world):
    """mount points -> these alone"""
    world.equal(world.ctl("freeze", "--json", "/mnt/data").json, 1, "freeze")
    try:
        writer(world, "/root/rows")
        world.guest.wait_for("[ -e /run/wrote ]")
        writer(world, "/mnt/data")
        still = stands_still(world)
    finally:
        world.equal(world.ctl("thaw").out, "1 filesystem thawed\n", "thaw")
    world.check(still, "what is frozen can be written to")


@row("freeze", "thaw-after")
def freeze_limit(world):
    """--thaw-after -> guestd thaws by itself; the stock agent is not asked to freeze"""
    words = ("freeze", "--thaw-after", "2")
    if not world.guestd_only(*words, option="thaw-after"):
        world.equal(world.ctl(*words).out, "2 filesystems frozen\n", "freeze")
        writer(world, "/mnt/data")
        world.guest.wait_for("[ -e /run/wrote ]")
    world.equal(world.ctl("raw", '{"execute": "guest-fsfreeze-status"}').json, {"return": "thawed"},
                "status")


@row("thaw")
def thaw_nothing(world):
    """thaw of a guest that is not frozen -> nothing to do"""
    world.equal(world.ctl("thaw").out, "0 filesystems thawed\n", "thaw")


@row("trim", "minimum")
def trim(world):
    """free space -> given back to the host, except extents below the minimum"""
    world.guest.sh("head -c 16M /dev/urandom >/mnt/data/big && sync /mnt/data/big && "
                   "rm /mnt/data/big && sync -f /mnt/data", 60)
    before = os.stat(world.image()).st_blocks
    told = {path["path"]: path for path in
            world.ctl("trim", "--json", "--minimum", str(GROUP)).json["paths"]}
    world.equal(told["/mnt/data"]["trimmed"] % GROUP, 0, told)
    told = {path["path"]: path for path in world.ctl("trim", "--json").json["paths"]}
    world.check(told["/mnt/data"]["trimmed"] >= 16 * MIB, told)
    world.check(os.stat(world.image()).st_blocks <= before - 14 * MIB // 512,
                f"{world.image()}: {before} blocks, then {os.stat(world.image()).st_blocks}")
    world.matches(r"MOUNTED ON +TRIMMED +PROBLEM\n.*/mnt/data .*", world.ctl("trim").out)


# time

def ahead(world):
    return world.guest.number("date +%s") - time.time()


@row("time", "set")
def time_set(world):
    """no option -> how far the clock is off; --set -> the host's time"""
    world.ctl("time", "--set")  # a busy machine's guest may have lost seconds
    world.guest.sh("date -s '+2 hours'")
    told = world.ctl("time", "--json").json
    world.check(7190 < told["ahead-seconds"] < 7210, told)
    world.matches(r"\d{4}-\d\d-\d\d \d\d:\d\d:\d\d UTC, 7[12]\d\d\.\d+ s ahead of the host\n",
                  world.ctl("time").out)
    world.equal(world.ctl("time", "--set", "--dry-run").out, "would set the guest's clock\n", "dry")
    world.check(ahead(world) > 7000, "--dry-run has set it")
    world.equal(world.ctl("time", "--set").out, "set to the host's time\n", "set")
    world.check(abs(ahead(world)) < 60, f"{ahead(world)} s ahead")


@row("time", "sync")
def time_sync(world):
    """--sync -> the time of the VM's clock"""
    world.guest.sh("date -s '-3 hours'")
    world.equal(world.ctl("time", "--sync").out, "set from the VM's clock\n", "sync")
    world.check(abs(ahead(world)) < 60, f"{ahead(world)} s ahead")
    world.refused("time", "--set", "--sync", status=2,
                  text="time: --set and --sync cannot be used together")


# passwd, keys

def can_log_in(world, password):
    """As su has it, which asks PAM."""
    return world.guest.run(f"echo '{password}' | setpriv --reuid=nobody --clear-groups "
                           "su anna -c true 2>/dev/null")[0] == 0


def shadow(world):
    return world.guest.sh("grep '^anna:' /etc/shadow").split(":")[1]


@row("passwd", "crypted")
def passwd(world):
    """a new password, plain or hashed -> the user can log in with it alone"""
    for words, typed, password in (((), "correct horse", "correct horse"),
                                   (("--crypted",), HASH, "from a hash")):
        before = shadow(world)
        told = world.ctl("passwd", *words, "anna", stdin=typed.encode() + b"\n")
        world.equal(told.out, "the password of anna is changed\n", "passwd")
        world.check(shadow(world) != before, "the same in /etc/shadow")
        world.check(can_log_in(world, password), "logging in")
    world.check(not can_log_in(world, "correct horse"), "the one before is accepted")
    world.equal(shadow(world), HASH, "the hash in /etc/shadow")


@row("passwd")
def passwd_nothing(world):
    """no password, or an unknown user -> nothing changes, and no secret is printed"""
    before = world.guest.sh("cat /etc/shadow")
    world.refused("passwd", "anna", stdin=b"", text="no password given; nothing changed")
    said = world.ctl("--verbose", "passwd", "nobody-here", stdin=b"top secret\n", status=1).err
    world.check("the agent refused guest-set-user-password: " in said and "***" in said, said)
    world.check("top secret" not in said and "dG9wIHNlY3JldA" not in said, said)
    world.equal(world.guest.sh("cat /etc/shadow"), before, "/etc/shadow")


@row("keys")
def keys(world):
    """keys -> added, listed and removed; the file belongs to the user alone"""
    one, two = KEY.format("1", "one"), KEY.format("2", "two")
    file = host_file(world, "keys", f"# mine\n\n{two}\n".encode())
    where = "/home/anna/.ssh"
    world.guest.sh(f"rm -rf {where}")
    world.equal(world.ctl("keys", "add", "anna", one, file).out, "done\n", "add")
    world.equal(world.guest.sh(f"cat {where}/authorized_keys").splitlines(), [one, two], "file")
    world.equal(world.guest.sh(f"stat -c '%U:%G %a' {where} {where}/authorized_keys").splitlines(),
                ["anna:anna 700", "anna:anna 600"], "owners and modes")
    # The last one comes first, with both.
    world.equal(world.ctl("keys", "list", "anna").out, f"{two}\n{one}\n", "list")
    world.equal(world.ctl("keys", "list", "anna", "--json").json, {"keys": [two, one]}, "--json")
    world.equal(world.ctl("keys", "remove", "anna", one, "--dry-run").out,
                "would remove keys of anna\n", "dry")
    world.ctl("keys", "remove", "anna", one)
    world.equal(world.guest.sh(f"cat {where}/authorized_keys"), two, "what is left")


@row("keys")
def keys_nobody(world):
    """an unknown user, or an invalid word -> error"""
    said = world.ctl("keys", "list", "nobody-here", status=1).err
    world.matches(rf"guestctl: {world.name}: the agent refused guest-ssh-get-authorized-keys: "
                  r".*nobody-here.*\n", said)
    world.refused("keys", "show", "anna", status=2,
                  text="keys: the first argument must be one of: list, add, remove (got 'show')")
