#!/usr/bin/env bash
# SPDX-License-Identifier: LGPL-2.1-or-later
#
# Software: ansible-core 2.19.11
# Expected: a connection plugin that lacks one of the required methods is reported with the name of the
#           method, as Python does ("Can't instantiate abstract class").
# Seen:     "the connection plugin 'half' was not found", word for word as for a name that does not
#           exist; only with -vv or more is the method named.
# Matters:  a unit test of a connection plugin has to assert that it has no abstract methods left.
# Needs:    any user. Downloads 40 MB.
. "$(dirname "$0")/lib.sh"
fetch trixie ansible-core=2.19.11-0+deb13u1
cd "$TRY"

mkdir plugins
cat >plugins/half.py <<'PYTHON'
DOCUMENTATION = """
name: half
short_description: A connection plugin without fetch_file()
description: [A connection plugin without fetch_file()]
options: {}
"""
from ansible.plugins.connection import ConnectionBase


class Connection(ConnectionBase):
    transport = "half"

    def _connect(self):
        return self

    def exec_command(self, cmd, in_data=None, sudoable=True):
        return 0, b"", b""

    def put_file(self, in_path, out_path):
        pass

    def close(self):
        pass
PYTHON
{
    sed 's/name: half/name: whole/; s/= "half"/= "whole"/' plugins/half.py
    printf '\n    def fetch_file(self, in_path, out_path):\n        pass\n'
} >plugins/whole.py

export HOME=$TRY LC_ALL=C.UTF-8 ANSIBLE_CONNECTION_PLUGINS=$TRY/plugins
# shellcheck disable=SC2317,SC2329 # called by show
ansible() { python "$ROOT/usr/bin/ansible" all -i host, -m raw -a true "$@"; }
show ansible -c whole
same "with all methods it works" 0 "$STATUS"
show ansible -c half
has "without fetch_file it was not found" "the connection plugin 'half' was not found" "$OUT"
lacks "and the method is not named" 'fetch_file|abstract' "$OUT"
show ansible -c half -vv
has "-vv names the method" "abstract method 'fetch_file'" "$OUT"
show ansible -c nothere
has "as a plugin that does not exist" "the connection plugin 'nothere' was not found" "$OUT"
finish
