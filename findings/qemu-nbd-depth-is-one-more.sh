#!/usr/bin/env bash
# SPDX-License-Identifier: LGPL-2.1-or-later
#
# Software: qemu-img and qemu-nbd 10.0.13 (the same with 11.1.3), libnbd 1.22.2
# Expected: `qemu-img map` and the NBD context qemu:allocation-depth count layers alike, and both
#           can be compared with the position in the backing chain.
# Seen:     map counts from 0 and NBD from 1, for 0 means absent there; a range that no layer has
#           ("present": false) carries the depth of the deepest layer in map, 0 over NBD.
# Matters:  a reader that picks one layer's own data has to know which of the two it looks at.
# Needs:    any user.
. "$(dirname "$0")/lib.sh"
fetch trixie qemu-utils=1:10.0.13+ds-0+deb13u1 libnbd-bin=1.22.2-1+b1
cd "$TRY"

run qemu-img create -q -f qcow2 base.qcow2 1M
run qemu-io -c 'write 0 64k' base.qcow2 >/dev/null
run qemu-img create -q -f qcow2 -b base.qcow2 -F qcow2 top.qcow2
run qemu-io -c 'write 64k 64k' -c 'write -z 128k 64k' top.qcow2 >/dev/null

show run qemu-img map --output=json top.qcow2
has "map: the base's data has depth 1" '"start": 0, .*"depth": 1, "present": true' "$OUT"
has "map: the top's data has depth 0" '"start": 65536, .*"depth": 0, "present": true' "$OUT"
has "map: an unallocated range has depth 1" '"start": 196608, .*"depth": 1, "present": false' "$OUT"

background qemu-nbd -r -t -A -k "$TRY/nbd" -f qcow2 top.qcow2
until_there nbd
show run nbdinfo --map=qemu:allocation-depth "nbd+unix:///?socket=$TRY/nbd"
has "NBD: the base's data has depth 2" '^ *0 +65536 +2 ' "$OUT"
has "NBD: the top's data and zeros are one extent of depth 1" '^ *65536 +131072 +1 ' "$OUT"
has "NBD: an unallocated range has depth 0" '^ *196608 +851968 +0 +absent' "$OUT"
finish
