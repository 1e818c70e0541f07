#!/usr/bin/env bash
# SPDX-License-Identifier: LGPL-2.1-or-later
#
# Software: qemu-img and qemu-storage-daemon 10.0.13 (the same with 11.1.3)
# Expected: after QEMU was killed, `qemu-img check` reports the persistent bitmaps that were open and
#           are no longer to be trusted, and `check -r all` removes or repairs them.
# Seen:     check and check -r all find "No errors"; all else but `bitmap --remove` refuses the bitmap
#           ("inconsistent"). The one sign is the word in-use in the output of `info`.
# Matters:  whether the next backup can be incremental is to be read from in-use, not from check.
# Needs:    any user.
. "$(dirname "$0")/lib.sh"
fetch trixie qemu-utils=1:10.0.13+ds-0+deb13u1
cd "$TRY"

run qemu-img create -q -f qcow2 disk.qcow2 1M
run qemu-img bitmap --add disk.qcow2 backup1
qmp_start --blockdev qcow2,node-name=n,file.driver=file,file.filename=disk.qcow2
kill -KILL "$QSD_RUNS"
wait "$QSD_RUNS" 2>/dev/null || true

show run qemu-img check disk.qcow2
same "check is content" 0 "$STATUS"
show run qemu-img check -r all disk.qcow2
same "check -r all is content" 0 "$STATUS"
has "it found nothing" 'No errors were found' "$OUT"
show run qemu-img info disk.qcow2
has "info has the flag in-use, even after the repair" 'in-use' "$OUT"
show run qemu-img bitmap --enable disk.qcow2 backup1
has "the bitmap cannot be enabled" 'inconsistent and cannot be used' "$OUT"
show run qemu-img convert --bitmaps -O qcow2 disk.qcow2 copy.qcow2
same "an image with it cannot be copied with its bitmaps" 1 "$STATUS"
show run qemu-img bitmap --remove disk.qcow2 backup1
same "it can be removed" 0 "$STATUS"
finish
