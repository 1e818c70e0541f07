#!/usr/bin/env bash
# SPDX-License-Identifier: LGPL-2.1-or-later
#
# Software: qemu-img 10.0.13 (the same with 11.1.3)
# Expected: where a snapshot's tag is another snapshot's ID, `snapshot -a 1`, `snapshot -d 1` and
#           `convert -l 1` all mean the same snapshot, and a tag that is in use is refused.
# Seen:     -a and -l take the word for an ID first, -d for a tag first: the snapshot that was
#           just looked at survives and the other one is deleted. Equal tags are accepted.
# Matters:  a tool that passes internal snapshots' names on must refuse names that are numbers.
# Needs:    any user.
. "$(dirname "$0")/lib.sh"
fetch trixie qemu-utils=1:10.0.13+ds-0+deb13u1
cd "$TRY"

run qemu-img create -q -f qcow2 disk.qcow2 1M
run qemu-io -c 'write -P 0xaa 0 64k' disk.qcow2 >/dev/null
run qemu-img snapshot -c 2 disk.qcow2 # gets the ID 1
run qemu-io -c 'write -P 0xbb 0 64k' disk.qcow2 >/dev/null
run qemu-img snapshot -c 1 disk.qcow2 # gets the ID 2
run qemu-io -c 'write -P 0xcc 0 64k' disk.qcow2 >/dev/null
show run qemu-img snapshot -l disk.qcow2

first_byte() { od -An -tx1 -N1 "$1" | tr -d ' '; }

run qemu-img convert -l 1 -O raw disk.qcow2 out.raw
same "convert -l 1 reads ID 1" aa "$(first_byte out.raw)"
run qemu-img convert -l snapshot.name=1 -O raw disk.qcow2 out.raw
same "convert -l snapshot.name=1 reads tag 1" bb "$(first_byte out.raw)"
show run qemu-img snapshot -a 1 disk.qcow2
run qemu-img convert -O raw disk.qcow2 out.raw
same "snapshot -a 1 goes back to ID 1" aa "$(first_byte out.raw)"
show run qemu-img snapshot -d 1 disk.qcow2
show run qemu-img snapshot -l disk.qcow2
has "snapshot -d 1 leaves ID 1 in place" '^1 +2 ' "$OUT"
lacks "and deletes tag 1" '^2 +1 ' "$OUT"

run qemu-img snapshot -c twin disk.qcow2
show run qemu-img snapshot -c twin disk.qcow2
same "a second snapshot of one name is accepted" 0 "$STATUS"
same "both are there" 2 "$(run qemu-img snapshot -l disk.qcow2 | grep -c twin)"
finish
