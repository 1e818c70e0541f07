#!/usr/bin/env bash
# SPDX-License-Identifier: LGPL-2.1-or-later
#
# Software: qemu-ga 10.0.13 (the same with 11.1.3)
# Expected: an id, which may be any JSON value, comes back as JSON: as it was, or as an error.
# Seen:     1e999 comes back as the bare word inf, which no JSON parser takes, and 2^64 as
#           1.8446744073709552e+19, another text than was sent. Ids up to 2^64-1 come back exactly.
# Matters:  guestd answers 1e999; a client should not compare ids as numbers of its own language.
# Needs:    any user; talks to the agent over a socket in the temporary folder.
. "$(dirname "$0")/lib.sh"
need python3
fetch trixie qemu-guest-agent=1:10.0.13+ds-0+deb13u1
cd "$TRY"

background qemu-ga -m unix-listen -p "$TRY/agent" -t "$TRY" -f "$TRY/pid"
until_there agent
cat >ask.py <<'PYTHON'
import socket
import sys

agent = socket.socket(socket.AF_UNIX)
agent.settimeout(30)
agent.connect("agent")
lines = agent.makefile("rw")
for number in sys.argv[1:]:
    lines.write('{"execute": "guest-ping", "id": %s}\n' % number)
    lines.flush()
    reply = lines.readline().strip()
    print(f"id {number}: {reply}")
PYTHON
show python3 ask.py 18446744073709551615 18446744073709551616 1e999 -1e999
has "2^64-1 comes back exactly" '"id": 18446744073709551615\}' "$OUT"
has "2^64 comes back as a double" '"id": 1\.8446744073709552e\+19\}' "$OUT"
has "1e999 comes back as inf" '"id": inf\}' "$OUT"
has "-1e999 comes back as -inf" '"id": -inf\}' "$OUT"
finish
