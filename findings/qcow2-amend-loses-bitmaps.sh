#!/usr/bin/env bash
# SPDX-License-Identifier: LGPL-2.1-or-later
#
# Software: qemu-img 10.0.13 (the same with 11.1.3)
# Expected: `amend -o compat=0.10` refuses an image with persistent bitmaps, since adding a bitmap to
#           an image of that version is refused.
# Seen:     it succeeds without a word. Going back to 1.1 blames "a program without persistent bitmap
#           support" for what qemu-img itself did; the bitmaps are gone and their clusters leaked.
# Matters:  an image that was once amended has lost the base of its next incremental backup.
# Needs:    any user.
. "$(dirname "$0")/lib.sh"
fetch trixie qemu-utils=1:10.0.13+ds-0+deb13u1
cd "$TRY"

run qemu-img create -q -f qcow2 old.qcow2 -o compat=0.10 1M
show run qemu-img bitmap --add old.qcow2 backup1
same "a bitmap in a compat 0.10 image is refused" 1 "$STATUS"

run qemu-img create -q -f qcow2 disk.qcow2 1M
run qemu-img bitmap --add disk.qcow2 backup1
show run qemu-img amend -o compat=0.10 disk.qcow2
same "amend to compat 0.10 succeeds" 0 "$STATUS"
same "without a word" "" "$OUT"
show run qemu-img amend -o compat=1.1 disk.qcow2
same "amend back to compat 1.1 succeeds" 0 "$STATUS"
has "and blames another program" 'modified by a program without persistent' "$OUT"
show run qemu-img info disk.qcow2
lacks "the bitmap is gone" backup1 "$OUT"
show run qemu-img check disk.qcow2
same "check reports leaks by its exit status" 3 "$STATUS"
finish
