#!/usr/bin/env bash
# SPDX-License-Identifier: LGPL-2.1-or-later
#
# Software: libvirt 11.3.0 (virsh)
# Expected: `virsh dumpxml --xpath EXPRESSION` takes each XPath expression, as xmllint of the library
#           it uses does: count(//disk), string(//name), //disk/@type = 'file'.
# Seen:     an expression whose value is a number, a string or a boolean gives "internal error: Incorrect
#           xpath"; one that finds no node exits with 0 and prints nothing.
# Matters:  documented one-liners with virsh have to stay with node sets and test for output.
# Needs:    any user; uses libvirt's own test driver, no daemon.
. "$(dirname "$0")/lib.sh"
fetch trixie libvirt-clients=11.3.0-3+deb13u3
cd "$TRY"

xpath() { show run virsh -q -c test:///default dumpxml test --xpath "$1"; }
xpath '//disk/source/@file'
has "a node set is printed" 'file="/guest/diskimage1"' "$OUT"
for expression in 'count(//disk)' 'string(//name)' "//disk/@type = 'file'"; do
    xpath "$expression"
    has "refused: $expression" 'Incorrect xpath' "$OUT"
done
xpath //hostdev
same "no node: exit status and output" "0 " "$STATUS $OUT"
run virsh -q -c test:///default dumpxml test >test.xml
show run xmllint --xpath 'count(//disk)' test.xml
same "xmllint" 1 "$OUT"
finish
