#!/usr/bin/env bash
# SPDX-License-Identifier: LGPL-2.1-or-later
#
# Software: qemu-img and qemu-nbd 10.0.13 (the same with 11.1.3), nbdkit 1.42.3, libnbd 1.22.2
# Expected: a file of 513 bytes is exported with that size, or every server rounds alike, and
#           `qemu-img info` gives the file's length as `stat` does.
# Seen:     nbdkit exports 513 bytes and nbdcopy copies 513; qemu-nbd exports 1024, `qemu-img convert`
#           from nbdkit writes 1024, `qemu-img info` says "file length: 1 KiB (1024 bytes)", and
#           `compare` calls the two files identical without its usual warning about sizes.
# Matters:  a checksum over a restored raw file depends on which NBD program took part.
# Needs:    any user.
. "$(dirname "$0")/lib.sh"
fetch trixie qemu-utils=1:10.0.13+ds-0+deb13u1 libnbd-bin=1.22.2-1+b1 nbdkit=1.42.3-1
cd "$TRY"

head -c 513 /dev/zero | tr '\0' x >disk.raw
show run qemu-img info -f raw disk.raw
has "info gives the file's length as 1024" 'file length: .*1024 bytes' "$OUT"

background qemu-nbd -r -t -k "$TRY/qemu" -f raw disk.raw
until_there qemu
background nbdkit -f -r -U "$TRY/nbdkit" \
    "$(find "$ROOT" -name nbdkit-file-plugin.so)" "$TRY/disk.raw"
until_there nbdkit
same "qemu-nbd exports" 1024 "$(run nbdinfo --size "nbd+unix:///?socket=$TRY/qemu")"
same "nbdkit exports" 513 "$(run nbdinfo --size "nbd+unix:///?socket=$TRY/nbdkit")"
run nbdcopy "nbd+unix:///?socket=$TRY/nbdkit" by-nbdcopy.raw
run qemu-img convert -O raw "nbd+unix:///?socket=$TRY/nbdkit" by-qemu-img.raw
same "nbdcopy from nbdkit writes" 513 "$(stat -c %s by-nbdcopy.raw)"
same "qemu-img from nbdkit writes" 1024 "$(stat -c %s by-qemu-img.raw)"
show run qemu-img compare -f raw -F raw disk.raw by-qemu-img.raw
same "compare calls 513 and 1024 bytes identical" 0 "$STATUS"
lacks "without its warning about sizes" 'size mismatch' "$OUT"
finish
