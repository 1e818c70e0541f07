# SPDX-License-Identifier: LGPL-2.1-or-later
"""Passwords that are logged in with, and keys: in the small guest and in a full Debian."""

import base64
import os
import re

from lib.checks import Skip
from lib.client import AgentError
from lib.vm import debian
from lib.vm.accounts_guest import HOMES, has_chpasswd, image_arguments, make_accounts
from lib.vm.case import Case
from lib.wire import Wire

LINE_SPEED = 115200
# "battery staple" as crypt(5) has it.
HASH = ("$6$saltsalt$CYKCUk3wfgAfOLU1N7LBdAOcnz7MHa8PPC6Qvzg2SE3emUjQ"
        "nShp9I47xqbIijxhGRW/PXlgS02HgDVtAuivQ/")
# What a shell tells its terminal.
ESCAPES = re.compile(r"\x1b\[[?0-9;]*[a-z]\r?")


def console(directory):
    """A serial line to log in on; it hangs on a socket of ours."""
    path = os.path.join(directory, "console")
    return ["-chardev", f"socket,id=console,path={path},server=on,wait=off",
            "-device", "isa-serial,index=1,chardev=console"]


def encoded(text):
    return base64.b64encode(text.encode()).decode()


class Console(Wire):
    """What somebody at the second serial line sees and types."""

    def __init__(self, case):
        super().__init__(case.vm.path("console"), "console")
        self.case = case

    def read(self, mark):
        return self.read_until(mark, self.case.deadline(60)).decode(errors="replace")

    def type(self, text):
        self.send(text.encode() + b"\r")

    def login(self, user, password):
        """Who one is after that, or "refused"."""
        self.case.guest.sh(self.case.open_line)
        try:
            self.read(b"login: ")
            self.type(user)
            self.read(b"Password: ")
            self.type(password)
            return self.who_am_i() if self.let_in() else "refused"
        finally:
            self.case.guest.run(self.case.close_line)
            self.buffer.clear()

    def who_am_i(self):
        """What the shell says; the line typed is told from the answer by its quotes."""
        self.type("id -un; echo d''one")
        self.read(b"d''one\r\n")
        return ESCAPES.sub("", self.read(b"done\r\n")).strip()

    def let_in(self):
        """After a wrong password there is a complaint, after a right one a prompt."""
        deadline = self.case.deadline(60)
        while True:
            if b"incorrect" in self.buffer:
                return False
            if b"$ " in self.buffer or b"# " in self.buffer:
                return True
            self.fill(deadline)


class Accounts:
    def set_password(self, user, password, crypted=False):
        with self.vm.connect() as agent:
            return agent.ask("guest-set-user-password", {
                "username": user, "password": encoded(password), "crypted": crypted}, 60)

    def shadow(self):
        return self.guest.sh("cat /etc/shadow")

    def logs_in(self, user, password):
        with Console(self) as line:
            return line.login(user, password)

    def test_password(self):
        """a password -> its user can log in with it, and not with another one"""
        self.passwords()
        for user in HOMES:
            self.equal(self.set_password(user, "correct horse: 1"), {"return": {}}, user)
            self.equal(self.logs_in(user, "correct horse: 1"), user, "the right one")
            self.equal(self.logs_in(user, "correct horse: 2"), "refused", "a wrong one")

    def test_crypted(self):
        """a hashed password -> its user can log in"""
        self.passwords()
        self.equal(self.set_password("anna", HASH, True), {"return": {}}, "set")
        self.check(f"anna:{HASH}:" in self.shadow(), "the hash is in /etc/shadow as it is")
        self.equal(self.logs_in("anna", "battery staple"), "anna", "the right one")

    def test_refused(self):
        """an unknown user, or a forbidden password -> error, and nothing changes"""
        self.passwords()
        before = self.shadow()
        reply = self.set_password("nobody-knows", "x1y2z3")
        self.check("child process has failed to set user password: " in reply["error"]["desc"],
                   f"chpasswd's complaint: {reply}")
        self.equal(self.set_password("anna", "a\nroot:b")["error"]["desc"],
                   "forbidden characters in raw password", "a newline")
        self.equal(self.shadow(), before, "/etc/shadow")

    def test_secret(self):
        """a password -> not in any log"""
        self.passwords()
        secret = "Tr0ub4dor-and-3"
        self.set_password("anna", secret)
        self.set_password("nobody-knows", secret)
        log = self.log()
        self.check("audit: guest-set-user-password" in log, "an audit line in the log")
        for text in (secret, encoded(secret)):
            self.check(text not in log, "no password in the log")

    def test_keys(self):
        """keys -> added, listed and removed, for root and for a user"""
        self.make()
        with self.vm.connect() as agent:
            for user, home in HOMES.items():
                file = f"{home}/.ssh/authorized_keys"
                name = {"username": user}
                agent.call("guest-ssh-add-authorized-keys", dict(name, keys=["A a", "B b"]))
                owner = self.guest.sh(f"id -u {user}") + ":" + self.guest.sh(f"id -g {user}")
                self.equal(self.guest.sh(f"stat -c '%a %u:%g' {home}/.ssh {file}").split("\n"),
                           [f"700 {owner}", f"600 {owner}"], "modes and owners")
                self.guest.sh(f"printf '# mine\\nC c\\n' >>{file}")
                agent.call("guest-ssh-remove-authorized-keys", dict(name, keys=["A a", "X x"]))
                # Behind the last key there was no newline.
                self.equal(self.guest.sh(f"cat {file}"), "B b# mine\nC c", "the file")
                self.equal(agent.call("guest-ssh-get-authorized-keys", name),
                           {"keys": ["C c", "B b# mine"]}, "keys told")
                agent.call("guest-ssh-add-authorized-keys", dict(name, keys=[], reset=True))
                self.equal(agent.call("guest-ssh-get-authorized-keys", name), {"keys": []}, "none")

    def test_identity(self):
        """a user's links -> not followed; the agent stays root"""
        self.make()
        self.guest.sh("mkdir -m 700 /home/anna/.ssh; "
                      "echo secret >/root/secret; chmod 600 /root/secret; "
                      "ln -s /root/secret /home/anna/.ssh/authorized_keys; "
                      "chown -h -R anna:anna /home/anna")
        with self.vm.connect() as agent:
            for name, arguments in (("get", {}), ("add", {"keys": ["A"]}),
                                    ("add", {"keys": ["A"], "reset": True}),
                                    ("remove", {"keys": ["secret"]})):
                try:
                    agent.call(f"guest-ssh-{name}-authorized-keys",
                               dict(arguments, username="anna"))
                    self.check(False, f"{name} is refused")
                except AgentError as error:
                    self.check("symbolic link" in str(error), f"{name}: {error}")
        self.equal(self.guest.sh("cat /root/secret; readlink /home/anna/.ssh/authorized_keys"),
                   "secret\n/root/secret", "the file and the link")
        ids = self.guest.sh(f"cat /proc/{self.guest.agent_pid()}/task/*/status | "
                            "awk '/^[UG]id:/ { print $2 $3 $4 $5 }' | sort -u")
        self.equal(ids, "0000", "identities of the agent's threads")


class Small(Accounts, Case):
    label = "accounts"
    machine = {"words": {"respawn": 1}, "image": image_arguments(), "disks": console}
    open_line = (f"setsid getty -L {LINE_SPEED} ttyS1 vt100 </dev/null >/dev/null 2>&1 & "
                 "echo $! >/run/getty.pid")
    close_line = "kill -9 $(cat /run/getty.pid)"

    def make(self):
        make_accounts(self.guest)

    def passwords(self):
        if not has_chpasswd():
            raise Skip("no chpasswd with PAM here that the guest could have")
        self.make()

    def log(self):
        with open(self.vm.path("console.log"), errors="replace") as file:
            return file.read()


def disk_and_console(directory):
    return debian.disk(directory) + console(directory)


class Debian(Accounts, Case):
    label = "accounts of Debian"
    machine = dict(debian.MACHINE, disks=disk_and_console)
    open_line = "systemctl start serial-getty@ttyS1.service"
    close_line = "systemctl stop serial-getty@ttyS1.service"

    def make(self):
        self.guest.sh("id anna >/dev/null 2>&1 || useradd -m -u 4001 -s /bin/sh anna; "
                      "usermod -p '!' anna; usermod -p '!' root; "
                      "rm -rf /root/.ssh /home/anna/.ssh")

    passwords = make

    def log(self):
        return self.guest.sh("journalctl --sync; journalctl -b --no-pager", 60)
