#!/usr/bin/env bash
# SPDX-License-Identifier: LGPL-2.1-or-later
#
# Software: qemu-storage-daemon and qemu-img 10.0.13 (the same with 11.1.3)
# Expected: block-dirty-bitmap-add with "persistent": true puts the bitmap into the image, so that after a
#           crash at least its name is there, marked as not to be trusted.
# Seen:     nothing is written before the image is closed. After a crash the image has no trace of the
#           bitmap, and not even the flag in-use; one that was there at opening is marked in-use.
# Matters:  a backup's base can be missing altogether: absence and in-use both mean a full backup.
# Needs:    any user.
. "$(dirname "$0")/lib.sh"
fetch trixie qemu-utils=1:10.0.13+ds-0+deb13u1
cd "$TRY"

# shellcheck disable=SC2054 # commas within the option
DISK=(--blockdev qcow2,node-name=n,file.driver=file,file.filename=disk.qcow2)
add() {
    qmp '{"execute": "block-dirty-bitmap-add",
          "arguments": {"node": "n", "name": "'"$1"'", "persistent": true}}'
    has "$1 is added" '"return": \{\}' "$REPLY"
}

run qemu-img create -q -f qcow2 disk.qcow2 1M
qmp_start "${DISK[@]}"
add first
qmp_stop
show run qemu-img info disk.qcow2
has "closed in order, first is in the image" 'name: first' "$OUT"
lacks "it is not in use" 'in-use' "$OUT"

qmp_start "${DISK[@]}"
add second
show run qemu-img info -U disk.qcow2
lacks "second is not in the image while it is open" 'name: second' "$OUT"
kill -KILL "$QSD_RUNS"
wait "$QSD_RUNS" 2>/dev/null || true
show run qemu-img info disk.qcow2
has "after a kill, first is in use" 'in-use' "$OUT"
lacks "second has left no trace" 'second' "$OUT"
finish
