#!/usr/bin/env bash
# SPDX-License-Identifier: LGPL-2.1-or-later
#
# Software: qemu-storage-daemon and qemu-img 10.0.13
# Expected: a disk can be enlarged after QEMU was killed; a bitmap that is not to be trusted any more
#           concerns backups alone.
# Seen:     block_resize is refused as long as the image has such a bitmap ("is inconsistent and cannot
#           be used"), and so is qemu-img resize while nobody has it open; with the bitmap removed, both
#           work.
# Matters:  a backup program that leaves its bitmap behind after a crash also stands in the way of
#           whoever enlarges the disk; it has to remove broken bitmaps, not only to ignore them.
# Needs:    any user.
. "$(dirname "$0")/lib.sh"
fetch trixie qemu-utils=1:10.0.13+ds-0+deb13u1
cd "$TRY"

# shellcheck disable=SC2054 # commas within the option
DISK=(--blockdev qcow2,node-name=n,file.driver=file,file.filename=disk.qcow2)
resize() {
    qmp '{"execute": "block_resize", "arguments": {"node-name": "n", "size": 2097152}}'
}

run qemu-img create -q -f qcow2 disk.qcow2 1M
run qemu-img bitmap --add disk.qcow2 marks
qmp_start "${DISK[@]}"
kill -KILL "$QSD_RUNS"
wait "$QSD_RUNS" 2>/dev/null || true

show run qemu-img resize -f qcow2 disk.qcow2 2M
has "qemu-img refuses to resize" 'inconsistent' "$OUT"
qmp_start "${DISK[@]}"
resize
has "block_resize is refused" "Bitmap 'marks' is inconsistent and cannot be used" "$REPLY"
qmp '{"execute": "block-dirty-bitmap-remove", "arguments": {"node": "n", "name": "marks"}}'
has "the bitmap is removed" '"return": \{\}' "$REPLY"
resize
has "block_resize works" '"return": \{\}' "$REPLY"
qmp_stop
show run qemu-img info disk.qcow2
has "the disk is larger" '2 MiB' "$OUT"
finish
