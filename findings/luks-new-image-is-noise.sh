#!/usr/bin/env bash
# SPDX-License-Identifier: LGPL-2.1-or-later
#
# Software: qemu-img 10.0.13 (the same with 11.1.3)
# Expected: a new empty image reads as zeros and stays small, encrypted or not.
# Seen:     LUKS inside qcow2 reads as zeros (never written clusters are not decrypted). A LUKS image
#           on its own reads as noise: holes of the file are decrypted; so a copy of the empty
#           8 MiB disk is 8 MiB of random bytes, and copying 8 MiB of zeros into LUKS fills them.
# Matters:  what a backup need not write to a new qcow2 target it has to write to a LUKS target.
# Needs:    any user.
. "$(dirname "$0")/lib.sh"
fetch trixie qemu-utils=1:10.0.13+ds-0+deb13u1
cd "$TRY"

SECRET=(--object "secret,id=s,data=passphrase")
used() { echo $(($(stat -c '%b * %B' "$1") / 1048576)); }

run qemu-img create -q "${SECRET[@]}" -f luks -o key-secret=s,iter-time=10 disk.luks 8M
run qemu-img create -q "${SECRET[@]}" -f qcow2 \
    -o encrypt.format=luks,encrypt.key-secret=s,encrypt.iter-time=10 disk.qcow2 8M
LUKS=driver=luks,file.filename=disk.luks,key-secret=s
QCOW2=driver=qcow2,file.filename=disk.qcow2,encrypt.key-secret=s

show run qemu-io "${SECRET[@]}" --image-opts -c 'read -P 0 0 8M' "$QCOW2"
lacks "qcow2 with LUKS reads zeros" 'verification failed' "$OUT"
show run qemu-io "${SECRET[@]}" --image-opts -c 'read -P 0 0 8M' "$LUKS"
has "LUKS reads noise" 'verification failed' "$OUT"

run qemu-img convert "${SECRET[@]}" --image-opts "$QCOW2" -O raw from-qcow2.raw
run qemu-img convert "${SECRET[@]}" --image-opts "$LUKS" -O raw from-luks.raw
same "a raw copy of the empty qcow2 uses 0 MiB" 0 "$(used from-qcow2.raw)"
same "a raw copy of the empty LUKS image uses 8 MiB" 8 "$(used from-luks.raw)"

run qemu-img create -q -f raw zeros.raw 8M
run qemu-img convert "${SECRET[@]}" -f raw -O luks -o key-secret=s,iter-time=10 zeros.raw z.luks
run qemu-img convert "${SECRET[@]}" -f raw -O qcow2 \
    -o encrypt.format=luks,encrypt.key-secret=s,encrypt.iter-time=10 zeros.raw z.qcow2
echo "8 MiB of zeros use $(used z.luks) MiB in LUKS, $(used z.qcow2) MiB in qcow2 with LUKS"
same "zeros fill a LUKS image" 8 "$(used z.luks)"
has "they do not fill qcow2 with LUKS" '^[0-2]$' "$(used z.qcow2)"
finish
