#!/usr/bin/env bash
# SPDX-License-Identifier: LGPL-2.1-or-later
#
# Software: qemu-img 10.0.13 (the same with 11.1.3)
# Expected: an image that is shrunk and grown again has lost the data behind the smaller size, so a
#           persistent dirty bitmap marks that range, whose content is now zeros.
# Seen:     the bitmap is clean everywhere, though data recorded before the bitmap was made is gone.
# Matters:  an incremental backup by such a bitmap restores to the old data; after a resize only a
#           full backup is right.
# Needs:    any user.
. "$(dirname "$0")/lib.sh"
fetch trixie qemu-utils=1:10.0.13+ds-0+deb13u1 libnbd-bin=1.22.2-1+b1
cd "$TRY"

run qemu-img create -q -f qcow2 disk.qcow2 2M
run qemu-io -c 'write -P 7 1536k 64k' disk.qcow2 >/dev/null
run qemu-img convert -O raw disk.qcow2 full-backup.raw
run qemu-img bitmap --add disk.qcow2 since-full
show run qemu-img resize --shrink disk.qcow2 1M
show run qemu-img resize disk.qcow2 2M
show run qemu-img compare -f raw -F qcow2 full-backup.raw disk.qcow2
same "the content differs from the full backup" 1 "$STATUS"

background qemu-nbd -r -t -k "$TRY/nbd" -B since-full -f qcow2 disk.qcow2
until_there nbd
show run nbdinfo --map=qemu:dirty-bitmap:since-full "nbd+unix:///?socket=$TRY/nbd"
has "the whole 2 MiB are one clean extent" '^ *0 +2097152 +0 +clean$' "$OUT"

# What was written meanwhile is marked as usual.
stop "$PID"
rm -f nbd
run qemu-io -c 'write -P 8 0 64k' disk.qcow2 >/dev/null
background qemu-nbd -r -t -k "$TRY/nbd" -B since-full -f qcow2 disk.qcow2
until_there nbd
show run nbdinfo --map=qemu:dirty-bitmap:since-full "nbd+unix:///?socket=$TRY/nbd"
has "the bitmap does record writes" '^ *0 +65536 +1 +dirty$' "$OUT"
finish
