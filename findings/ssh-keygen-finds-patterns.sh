#!/usr/bin/env bash
# SPDX-License-Identifier: LGPL-2.1-or-later
#
# Software: OpenSSH 10.0p1 (ssh-keygen -Y)
# Expected: `find-principals` prints who may have made a signature, and leaves out entries that do not
#           permit its namespace, as it leaves out expired ones.
# Seen:     it prints the patterns of the allowed-signers file, each on a line, excluded ones with
#           their "!" too; and a key that is permitted in another namespace alone is found.
# Matters:  a check of signed backups names the identity itself; the output of find-principals
#           is a list of patterns, not of names.
# Needs:    any user.
. "$(dirname "$0")/lib.sh"
fetch trixie openssh-client=1:10.0p1-7+deb13u4
cd "$TRY"

run ssh-keygen -q -t ed25519 -N '' -C test -f key
printf 'manifest' >file
run ssh-keygen -q -Y sign -f key -n backup file
KEY=$(cut -d' ' -f1,2 key.pub)

echo "*@example.org,!guest@example.org $KEY" >signers
show run ssh-keygen -Y find-principals -f signers -s file.sig
same "both patterns are printed, the excluded one too" \
    '*@example.org !guest@example.org' "$(paste -sd' ' <<<"$OUT")"

verify() { run ssh-keygen -Y verify -f signers -I "$1" -n backup -s file.sig <file; }
STATUS=0
verify me@example.org || STATUS=$?
same "verify takes a name that matches" 0 "$STATUS"
STATUS=0
verify guest@example.org || STATUS=$?
same "verify refuses the excluded name" 255 "$STATUS"

echo "me@example.org namespaces=\"git\" $KEY" >signers
show run ssh-keygen -Y find-principals -f signers -s file.sig
same "an entry of another namespace is found" me@example.org "$OUT"
STATUS=0
verify me@example.org || STATUS=$?
same "though verify refuses it" 255 "$STATUS"

echo "me@example.org valid-before=\"20200101\" $KEY" >signers
show run ssh-keygen -Y find-principals -f signers -s file.sig
same "an expired entry is not found" 255 "$STATUS"
finish
