#!/usr/bin/env bash
# SPDX-License-Identifier: LGPL-2.1-or-later
#
# Software: qemu-img 10.0.13 (the same with 11.1.3)
# Expected: `create -o data_file=FILE` puts a qcow2 header beside an existing raw image, so that it
#           gets persistent bitmaps; with data_file_raw=on the guest sees what is in FILE.
# Seen:     an existing FILE is truncated first: all its data is gone, without a question or word.
# Matters:  that layout is the way to bitmaps for raw disks; the header has to be created around an
#           empty file and the path changed afterwards by `amend -o data_file=`.
# Needs:    any user.
. "$(dirname "$0")/lib.sh"
fetch trixie qemu-utils=1:10.0.13+ds-0+deb13u1
cd "$TRY"

fill() {
    rm -f disk.qcow2 disk.raw
    truncate -s 1M disk.raw
    printf precious | dd of=disk.raw conv=notrunc status=none
}

for raw in off on; do
    fill
    show run qemu-img create -f qcow2 -o "data_file=disk.raw,data_file_raw=$raw" disk.qcow2 1M
    same "creation succeeds (data_file_raw=$raw)" 0 "$STATUS"
    same "the file has its size" 1048576 "$(stat -c %s disk.raw)"
    same "its content is zeros" "" "$(head -c 8 disk.raw | tr -d '\0')"
done

# The way that keeps the data.
fill
run qemu-img create -q -f qcow2 -o data_file=empty.raw,data_file_raw=on disk.qcow2 1M
show run qemu-img amend -o data_file=disk.raw,data_file_raw=on disk.qcow2
show run qemu-io -r -c 'read -v 0 8' disk.qcow2
has "amend with an existing file keeps its content" precious "$OUT"
finish
