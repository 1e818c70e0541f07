#!/usr/bin/env bash
# SPDX-License-Identifier: LGPL-2.1-or-later
#
# Software: qemu-storage-daemon 10.0.13 (the same with 11.1.3)
# Expected: a blockdev-backup with "speed": 1 (bytes a second) copies about one byte a second, or
#           its smallest unit, a cluster of 64 KiB.
# Seen:     it copies 1 MiB at once and then nothing more for two seconds.
# Matters:  that is how a copy is held until a frozen guest is thawed: no separate pause
#           is needed, and the price is the copying of 1 MiB.
# Needs:    any user.
. "$(dirname "$0")/lib.sh"
fetch trixie qemu-utils=1:10.0.13+ds-0+deb13u1
cd "$TRY"

run qemu-img create -q -f qcow2 source.qcow2 128M
run qemu-io -c 'write -P 1 0 128M' source.qcow2 >/dev/null
run qemu-img create -q -f qcow2 target.qcow2 128M
qmp_start --blockdev qcow2,node-name=source,file.driver=file,file.filename=source.qcow2 \
    --blockdev qcow2,node-name=target,file.driver=file,file.filename=target.qcow2

offset() {
    qmp '{"execute": "query-block-jobs"}'
    grep -o '"offset": [0-9]*' <<<"$REPLY" | grep -o '[0-9]*$'
}

qmp '{"execute": "blockdev-backup", "arguments": {"job-id": "j", "device": "source",
      "target": "target", "sync": "full", "speed": 1}}'
until [ "$(offset)" -ge 1048576 ]; do sleep 0.1; done
sleep 2
echo "with speed 1 at the start: $(offset) bytes of 134217728"
same "1 MiB is copied, and no more in two seconds" 1048576 "$(offset)"
finish
