#!/usr/bin/env bash
# SPDX-License-Identifier: LGPL-2.1-or-later
#
# Software: qemu-img 10.0.13 (the same with 11.1.3)
# Expected: an overlay of an encrypted qcow2 image is encrypted as well, or its creation needs the
#           passphrase or prints a warning.
# Seen:     `create -b` neither asks nor warns; what is written to the overlay lies there as plain
#           text, and `info` of the overlay shows no `encrypted` line.
# Matters:  a snapshot or backup of an encrypted disk has to ask for encryption of each new file.
# Needs:    any user.
. "$(dirname "$0")/lib.sh"
fetch trixie qemu-utils=1:10.0.13+ds-0+deb13u1
cd "$TRY"

SECRET=(--object "secret,id=s,data=passphrase")
run qemu-img create -q -f qcow2 "${SECRET[@]}" \
    -o encrypt.format=luks,encrypt.key-secret=s,encrypt.iter-time=10 disk.qcow2 1M
show run qemu-img info disk.qcow2
has "the disk is encrypted" '^encrypted: yes' "$OUT"
show run qemu-img create -q -f qcow2 -b disk.qcow2 -F qcow2 overlay.qcow2
same "the overlay is made without a passphrase" 0 "$STATUS"
same "without a word" "" "$OUT"
show run qemu-img info -U overlay.qcow2
lacks "the overlay is not encrypted" '^encrypted: yes' "$OUT"

printf 'the guest wrote this' >pattern
truncate -s 64k pattern
show run qemu-io "${SECRET[@]}" --image-opts -c "write -s pattern 0 64k" \
    driver=qcow2,file.filename=overlay.qcow2,backing.driver=qcow2,backing.file.filename=disk.qcow2,backing.encrypt.key-secret=s
same "its text is in the overlay's file" 1 "$(grep -ac 'the guest wrote this' overlay.qcow2)"
show run qemu-io "${SECRET[@]}" --image-opts -c "write -s pattern 0 64k" \
    driver=qcow2,file.filename=disk.qcow2,encrypt.key-secret=s
same "it is not in the disk's file" 0 "$(grep -ac 'the guest wrote this' disk.qcow2 || true)"
finish
