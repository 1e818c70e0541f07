#!/usr/bin/env bash
# SPDX-License-Identifier: LGPL-2.1-or-later
#
# Software: e2fsprogs 1.47.2 (debugfs)
# Expected: `debugfs -R COMMAND` exits with an error when the command fails, as it does when the
#           command does not exist.
# Seen:     reading a missing file, copying one out of or into the image: exit status 0, with a message.
#           Copying out also fills holes and makes two files of two hard links.
# Matters:  files taken out of a backup by debugfs need another proof that they are there.
# Needs:    any user.
. "$(dirname "$0")/lib.sh"
fetch trixie e2fsprogs=1.47.2-3+b12
cd "$TRY"

mkdir tree out
truncate -s 8M tree/holes
printf x >>tree/holes
ln tree/holes tree/link
truncate -s 32M fs.raw
run mke2fs -q -t ext4 -d tree fs.raw

show run debugfs -R nosuchcommand fs.raw
same "an unknown command: exit status" 1 "$STATUS"
show run debugfs -R 'cat missing' fs.raw
has "cat of a missing file prints an error" 'File not found' "$OUT"
same "cat of a missing file: exit status" 0 "$STATUS"
show run debugfs -R 'dump missing out/missing' fs.raw
same "dump of a missing file: exit status" 0 "$STATUS"
show run debugfs -w -R 'write missing there' fs.raw
has "write of a missing file prints an error" 'No such file' "$OUT"
same "write of a missing file: exit status" 0 "$STATUS"
show run debugfs -R 'rdump / nowhere' fs.raw
same "rdump into a missing folder: exit status" 0 "$STATUS"

show run debugfs -R 'stat holes' fs.raw
has "in the image it has 1 or 2 KiB and two links" 'Links: 2 +Blockcount: [24]$' "$OUT"
run debugfs -R 'rdump / out' fs.raw 2>/dev/null
same "outside it has one link" 1 "$(stat -c %h out/holes)"
if [ $(($(stat -c '%b * %B' out/holes))) -ge 8388608 ]; then
    ok "and all of its 8 MiB are written"
else
    changed "rdump kept holes"
fi
finish
