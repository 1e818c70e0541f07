# SPDX-License-Identifier: LGPL-2.1-or-later
"""Accounts in the small guest: root and anna, with a chpasswd that sets their passwords."""

import glob

from lib.programs import program

PAM_MODULE = (glob.glob("/lib/*/security/pam_unix.so") + [None])[0]
HOMES = {"root": "/root", "anna": "/home/anna"}


def has_chpasswd():
    return bool(program("chpasswd") and PAM_MODULE)


def image_arguments():
    """shadow's chpasswd, and the module with which PAM sets passwords for it."""
    if not has_chpasswd():
        return ()
    return ("--add", f"{program('chpasswd')}:/usr/sbin/chpasswd",
            "--add", f"{PAM_MODULE}:{PAM_MODULE}")


def make_accounts(guest):
    """Both without a password and without keys."""
    guest.sh("grep -q anna /etc/passwd || { "
             "echo anna:x:4001:4001::/home/anna:/bin/sh >>/etc/passwd; "
             "echo anna:x:4001: >>/etc/group; "
             "sed -i 's/^root::/root:x:/' /etc/passwd; "
             "mkdir -p /home/anna /etc/pam.d; chown 4001:4001 /home/anna; "
             "for s in chpasswd other; do "
             "echo 'password required pam_unix.so sha512' >/etc/pam.d/$s; done; }")
    guest.sh("printf 'root:!:19000:0:99999:7:::\\nanna:!:19000:0:99999:7:::\\n' >/etc/shadow; "
             "chmod 600 /etc/shadow; rm -rf /root/.ssh /home/anna/.ssh")


def state_of_accounts(guest):
    """All that the agents can have changed, but for the date."""
    return guest.sh("cd /; for f in root/.ssh home/anna/.ssh; do "
                    "stat -c '%n %a %u:%g' $f $f/*; cat $f/*; echo .; done; "
                    "cut -d: -f1,2 /etc/shadow")
