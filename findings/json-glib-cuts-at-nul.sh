#!/usr/bin/env bash
# SPDX-License-Identifier: LGPL-2.1-or-later
#
# Software: json-glib 1.10.6
# Expected: a parser whose strings end at a zero byte refuses the escape \u0000, as it cannot keep it.
# Seen:     it accepts it, in strict mode too, and cuts: "admin\u0000x" is "admin", and members whose
#           names differ behind the zero byte are one member, the last one.
# Matters:  two readers of one message can see different names in it; the wire's reader refuses
#           or keeps such strings, by argument.
# Needs:    any user.
. "$(dirname "$0")/lib.sh"
fetch trixie gir1.2-json-1.0=1.10.6+ds-2 python3-gi=3.50.0-4+b1
cd "$TRY"

cat >parse.py <<'PYTHON'
import gi
gi.require_version("Json", "1.0")
from gi.repository import Json

for text in (r'["admin\u0000x"]', r'{"a\u0000x": 1, "a": 2, "a\u0000y": 3}'):
    parser = Json.Parser()
    parser.set_strict(True)
    parser.load_from_data(text, -1)
    print(f"{text} -> {Json.to_string(parser.get_root(), False)}")
PYTHON
show python parse.py
has "the string is cut" '-> \["admin"\]$' "$OUT"
has "three members are one" '-> \{"a":3\}$' "$OUT"
finish
