#!/usr/bin/env bash
# SPDX-License-Identifier: LGPL-2.1-or-later
#
# Software: systemd 257.13 (systemd-analyze verify)
# Expected: `verify` exits with an error for a unit with an unknown key, an unknown section or a
#           value that cannot be parsed.
# Seen:     each is printed and the exit status is 0, unless --recursive-errors=one is given, whose name
#           speaks of dependencies only; a program that is not there gives 1 without it.
# Matters:  a test of packaged units needs that option, or has to fail on any output.
# Needs:    any user.
. "$(dirname "$0")/lib.sh"
fetch trixie systemd=257.13-1~deb13u1
cd "$TRY"

MODE=
verify() {
    printf '%s\n' '[Unit]' 'Description=x' '[Service]' "ExecStart=$1" "${@:2}" >"$TRY/x.service"
    show run systemd-analyze verify --man=no ${MODE:+"$MODE"} "$TRY/x.service"
}

verify "$ROOT/usr/bin/systemctl"
same "a good unit: no output" "" "$OUT"
verify "$ROOT/usr/bin/systemctl" 'NoNewPrivilege=yes' 'Restart=sometimes' 'MemoryMax=10Q' '[Instal]' 'WantedBy=x'
has "an unknown key is printed" "Unknown key 'NoNewPrivilege'" "$OUT"
has "a bad word is printed" 'Failed to parse Restart=sometimes' "$OUT"
has "a bad limit is printed" "Invalid memory limit '10Q'" "$OUT"
has "an unknown section is printed" "Unknown section 'Instal'" "$OUT"
same "the exit status is" 0 "$STATUS"
MODE=--recursive-errors=one
verify "$ROOT/usr/bin/systemctl" 'NoNewPrivilege=yes'
same "with --recursive-errors=one it is" 1 "$STATUS"
MODE=
verify /nonexistent/program
same "for a program that is not there it is" 1 "$STATUS"
finish
