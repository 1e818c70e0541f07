#!/usr/bin/env bash
# SPDX-License-Identifier: LGPL-2.1-or-later
#
# Software: qemu-img 10.0.13 (the same with 11.1.3)
# Expected: `convert -n` onto a larger existing image or device zeroes what is behind the source's
#           end, or reports that the sizes differ, as it does for a smaller one.
# Seen:     exit status 0 and no output; behind the end is what was there before, so a partition table's
#           backup or a filesystem of the former disk stays readable. A smaller target is refused.
# Matters:  restore compares sizes itself before it writes to an existing device.
# Needs:    any user.
. "$(dirname "$0")/lib.sh"
fetch trixie qemu-utils=1:10.0.13+ds-0+deb13u1
cd "$TRY"

run qemu-img create -q -f raw source.raw 1M
for format in raw qcow2; do
    run qemu-img create -q -f "$format" "target.$format" 2M
    run qemu-io -f "$format" -c 'write -P 5 0 2M' "target.$format" >/dev/null
    show run qemu-img convert -n -f raw -O "$format" source.raw "target.$format"
    same "$format: exit status and output" "0 " "$STATUS $OUT"
    show run qemu-io -f "$format" -c 'read -P 0 0 1M' -c 'read -P 5 1M 1M' "target.$format"
    lacks "$format: zeros, then the old content" 'verification failed' "$OUT"
done
run qemu-img create -q -f raw small.raw 512k
show run qemu-img convert -n -f raw -O raw source.raw small.raw
has "a smaller target is refused" 'smaller than input' "$OUT"
finish
