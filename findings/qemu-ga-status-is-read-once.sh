#!/usr/bin/env bash
# SPDX-License-Identifier: LGPL-2.1-or-later
#
# Software: qemu-ga 10.0.13 (the same with 11.1.3)
# Expected: guest-exec-status of a program that has ended can be asked again, when the first reply
#           was lost; an error names the pid.
# Seen:     the first reply with "exited": true forgets the program; the second is an error whose
#           text is "PID ld does not exist": a length modifier in place of the number.
# Matters:  a client that lost a reply cannot learn the exit status any more; the texts of errors
#           are for people, and cannot be searched for the pid.
# Needs:    any user; talks to the agent over a socket in the temporary folder.
. "$(dirname "$0")/lib.sh"
need python3
fetch trixie qemu-guest-agent=1:10.0.13+ds-0+deb13u1
cd "$TRY"

background qemu-ga -m unix-listen -p "$TRY/agent" -t "$TRY" -f "$TRY/pid"
until_there agent
cat >ask.py <<'PYTHON'
import json
import socket

agent = socket.socket(socket.AF_UNIX)
agent.settimeout(30)
agent.connect("agent")
lines = agent.makefile("rw")


def ask(name, **arguments):
    lines.write(json.dumps({"execute": name, "arguments": arguments}) + "\n")
    lines.flush()
    return json.loads(lines.readline())


pid = ask("guest-exec", path="/bin/true")["return"]["pid"]
reply = {"return": {"exited": False}}
while not reply["return"]["exited"]:
    reply = ask("guest-exec-status", pid=pid)
print("first:", reply)
print("second:", ask("guest-exec-status", pid=pid))
PYTHON
show python3 ask.py
has "the first reply has the exit status" "^first: .*'exitcode': 0" "$OUT"
has "the second is an error without the number" "^second: .*PID ld does not exist" "$OUT"
finish
