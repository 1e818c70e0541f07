#!/usr/bin/env bash
# SPDX-License-Identifier: LGPL-2.1-or-later
#
# Software: promtool 2.53.3 (Prometheus)
# Expected: `promtool check metrics` reports two samples of one series in one exposition, however their
#           labels are ordered, and where one has a label with an empty value.
# Seen:     it reports them only when the labels stand in the same order. An empty label, which in
#           Prometheus' data model is the same as none, makes another series to it.
# Matters:  the exporter has to drop repeated samples by itself, on sorted labels; a test by
#           promtool alone does not find them.
# Needs:    any user. Downloads 50 MB.
. "$(dirname "$0")/lib.sh"
fetch trixie prometheus=2.53.3+ds1-2
cd "$TRY"

check() {
    printf '# HELP disk_ops Operations.\n# TYPE disk_ops gauge\n%s\n%s\n' "$1" "$2" >exposition
    cat exposition
    STATUS=0
    OUT=$(run promtool check metrics <exposition 2>&1) || STATUS=$?
    echo "    exit $STATUS $OUT"
}

check 'disk_ops{vm="a",disk="vda"} 1' 'disk_ops{vm="a",disk="vda"} 1'
has "the same order is reported" 'metric not unique' "$OUT"
check 'disk_ops{vm="a",disk="vda"} 1' 'disk_ops{disk="vda",vm="a"} 2'
same "another order passes" "0 " "$STATUS $OUT"
check 'disk_ops{vm="a"} 1' 'disk_ops{vm="a",disk=""} 2'
same "an empty label passes" "0 " "$STATUS $OUT"
finish
