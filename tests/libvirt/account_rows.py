# SPDX-License-Identifier: LGPL-2.1-or-later
"""Passwords and keys set by virsh: rows for the comparison in run."""

import os

from lib.vm.accounts_guest import has_chpasswd

KEYS = {"keys.pub": "ssh-rsa AAAA a\nssh-rsa BBBB b b\n", "more.pub": "ssh-rsa CCCC\n"}
HASH = "$6$saltsalt$made.up"


def write_keys(work):
    for name, text in KEYS.items():
        with open(os.path.join(work, name), "w") as file:
            file.write(text)


def account_commands(domain, work):
    """(virsh command, whether it succeeds), with the files of write_keys() in @work."""
    def get(user):
        return "get-user-sshkeys", domain, user

    def change(user, *words):
        return "set-user-sshkeys", domain, user, *words

    def password(user, *words):
        return "set-user-password", domain, user, *words

    keys, more = (("--file", os.path.join(work, name)) for name in KEYS)
    commands = [
        (get("anna"), False),
        (change("anna", *keys), True), (get("anna"), True),
        (change("anna", *more), True), (get("anna"), True),
        (change("anna", "--remove", *keys), True), (get("anna"), True),
        (change("anna", "--reset", *keys), True), (get("anna"), True),
        (change("anna", "--reset"), True), (get("anna"), True),
        (change("root", *keys), True), (get("root"), True),
    ]
    if has_chpasswd():
        commands += [
            (password("anna", "correct horse: 1"), True),
            (password("anna", HASH, "--encrypted"), True),
            (password("nobody-knows", "x"), False),
        ]
    return commands
