#!/usr/bin/env bash
# SPDX-License-Identifier: LGPL-2.1-or-later
#
# Software: xfsprogs 6.13.0, btrfs-progs 6.14, util-linux 2.41.5 (libblkid)
# Expected: `mkfs.xfs -f` over btrfs leaves nothing that tools of btrfs take for theirs; blkid and
#           wipefs list what is left.
# Seen:     btrfs' second superblock, at 64 MiB, stays and is called good by `btrfs rescue super-recover`,
#           which offers to put it back over the XFS. blkid and wipefs look at the first one alone.
# Matters:  doctor and restore go by blkid's one answer and leave superblock copies alone.
# Needs:    any user.
. "$(dirname "$0")/lib.sh"
fetch trixie xfsprogs=6.13.0-2+deb13u1 btrfs-progs=6.14-1 util-linux=2.41.5-0+deb13u1
cd "$TRY"

truncate -s 320M disk.raw
run mkfs.btrfs -q disk.raw
show run mkfs.xfs -f -q disk.raw
show run blkid -p -o value -s TYPE disk.raw
same "blkid" xfs "$OUT"
show run wipefs --noheadings -O OFFSET,TYPE disk.raw
same "wipefs lists one signature" 1 "$(wc -l <<<"$OUT")"
# Without -y and without a terminal it changes nothing.
show run btrfs rescue super-recover -v disk.raw
has "a good btrfs superblock is found at 64 MiB" 'superblock bytenr = 67108864' \
    "$(sed '/All bad supers/,$d' <<<"$OUT")"
show run blkid -p -o value -s TYPE disk.raw
same "nothing was changed" xfs "$OUT"
finish
