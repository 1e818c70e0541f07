#!/usr/bin/env bash
# SPDX-License-Identifier: LGPL-2.1-or-later
#
# Software: e2fsprogs 1.47.2 (e2image -Q), qemu-img 10.0.13
# Expected: a qcow2 image that e2image has just written passes `qemu-img check`, and e2fsprogs' other
#           programs open it as they open e2image's own format.
# Seen:     check finds a leaked cluster in every such image (exit status 3). The content is right once qemu-img
#           has converted it; debugfs -i and dumpe2fs refuse the file that their own package wrote.
# Matters:  "leaks only" (status 3) is not a sign of a damaged backup; only status 2 is.
# Needs:    any user.
. "$(dirname "$0")/lib.sh"
fetch trixie e2fsprogs=1.47.2-3+b12 qemu-utils=1:10.0.13+ds-0+deb13u1
cd "$TRY"

for size in 16M 64M; do
    rm -f fs.raw fs.qcow2
    truncate -s "$size" fs.raw
    run mke2fs -q -t ext4 fs.raw
    show run e2image -Q fs.raw fs.qcow2
    show run qemu-img check fs.qcow2
    same "check exits with 3 ($size)" 3 "$STATUS"
    has "one cluster is leaked" '^1 leaked clusters' "$OUT"
done
run qemu-img convert -O raw fs.qcow2 back.raw
show run e2fsck -fn back.raw
same "converted it is a clean filesystem" 0 "$STATUS"
show run dumpe2fs -h fs.qcow2
has "dumpe2fs refuses it" 'Bad magic number' "$OUT"
show run debugfs -i -R ls fs.qcow2
has "debugfs -i refuses it" 'Wrong magic number' "$OUT"
finish
