#!/usr/bin/env bash
# SPDX-License-Identifier: LGPL-2.1-or-later
#
# Software: json-glib 1.10.6
# Expected: a number that does not fit is an error, at least in strict mode, or becomes a double; what
#           the parser took, the generator writes as JSON.
# Seen:     integers beyond 64 bits become the nearest limit, 2^63-1 or -2^63, without an error; 1e400 becomes
#           infinity, and is written as inf.0, which json-glib itself refuses to read. Strict mode,
#           new in 1.10, changes none of it.
# Matters:  request ids above 2^63-1 must be echoed exactly, so the wire's values are our own.
# Needs:    any user.
. "$(dirname "$0")/lib.sh"
fetch trixie gir1.2-json-1.0=1.10.6+ds-2 python3-gi=3.50.0-4+b1
cd "$TRY"

cat >parse.py <<'PYTHON'
import sys
import gi
gi.require_version("Json", "1.0")
from gi.repository import GLib, Json

for text in sys.argv[1:]:
    parser = Json.Parser()
    parser.set_strict(True)
    try:
        parser.load_from_data(text, -1)
        print(f"{text} -> {Json.to_string(parser.get_root(), False)}")
    except GLib.Error:
        print(f"{text} -> error")
PYTHON
show python parse.py '[9223372036854775807]' '[9223372036854775808]' '[18446744073709551615]' \
    '[100000000000000000000]' '[-9223372036854775809]' '[1e400]' '[inf.0]'
has "2^63 becomes 2^63-1" '^\[9223372036854775808\] -> \[9223372036854775807\]$' "$OUT"
has "2^64-1 becomes 2^63-1" '^\[18446744073709551615\] -> \[9223372036854775807\]$' "$OUT"
has "10^20 becomes 2^63-1" '^\[100000000000000000000\] -> \[9223372036854775807\]$' "$OUT"
has "-2^63-1 becomes -2^63" '^\[-9223372036854775809\] -> \[-9223372036854775808\]$' "$OUT"
has "1e400 is written as inf.0" '^\[1e400\] -> \[inf\.0\]$' "$OUT"
has "inf.0 cannot be read" '^\[inf\.0\] -> error$' "$OUT"
finish
