#!/usr/bin/env bash
# SPDX-License-Identifier: LGPL-2.1-or-later
#
# Software: qemu-ga 10.0.13 (the same with 11.1.3)
# Expected: os-release(5) values may stand in single or double quotes, so guest-get-osinfo reports
#           NAME='Fine OS' as Fine OS.
# Seen:     double quotes are taken off, but single ones are taken for text, and the value is cut at
#           its first blank: the name is "'Fine". The same agent accepts single quotes instead of
#           double ones around the strings of a JSON request.
# Matters:  guestd takes both quotes off; tests/conformance lists it as a difference on purpose.
# Needs:    any user; talks to the agent over a socket in the temporary folder.
. "$(dirname "$0")/lib.sh"
need python3
fetch trixie qemu-guest-agent=1:10.0.13+ds-0+deb13u1
cd "$TRY"

printf '%s\n' "NAME='Fine OS'" 'PRETTY_NAME="Fine OS 1"' ID=fine >os-release
export QGA_OS_RELEASE=$TRY/os-release # read by the agent for tests of its own
background qemu-ga -m unix-listen -p "$TRY/agent" -t "$TRY" -f "$TRY/pid"
until_there agent
cat >ask.py <<'PYTHON'
import json
import socket

agent = socket.socket(socket.AF_UNIX)
agent.settimeout(30)
agent.connect("agent")
lines = agent.makefile("rw")
lines.write("{'execute': 'guest-get-osinfo'}\n")
lines.flush()
reply = json.loads(lines.readline())["return"]
for name in ("id", "name", "pretty-name"):
    print(f"{name}: {reply[name]}")
PYTHON
show python3 ask.py
has "a request in single quotes is answered" '^id: fine$' "$OUT"
has "a value in single quotes is cut" "^name: 'Fine\$" "$OUT"
has "double quotes go" '^pretty-name: Fine OS 1$' "$OUT"
finish
