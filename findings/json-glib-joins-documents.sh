#!/usr/bin/env bash
# SPDX-License-Identifier: LGPL-2.1-or-later
#
# Software: json-glib 1.10.6
# Expected: a parser that is given two JSON documents one behind the other, as two lines of QMP,
#           reports an error at the second one or returns the first.
# Seen:     without strict mode the root is an array of both. A reader that asks for the object "return" of
#           the root finds no object at all.
# Matters:  a stream has to be cut into messages before json-glib sees it, or parsed strictly.
# Needs:    any user.
. "$(dirname "$0")/lib.sh"
fetch trixie gir1.2-json-1.0=1.10.6+ds-2 python3-gi=3.50.0-4+b1
cd "$TRY"

cat >parse.py <<'PYTHON'
import gi
gi.require_version("Json", "1.0")
from gi.repository import GLib, Json

for strict in (False, True):
    for text in ('{"return": {}}\n', '{"event": "STOP"}\n{"return": {}}\n'):
        parser = Json.Parser()
        parser.set_strict(strict)
        try:
            parser.load_from_data(text, -1)
            root = parser.get_root()
            print(f"strict {strict}: {text!r} -> {root.get_node_type().value_nick} "
                  f"{Json.to_string(root, False)}")
        except GLib.Error:
            print(f"strict {strict}: {text!r} -> error")
PYTHON
show python parse.py
has "one document is an object" '^strict False: [^S]*-> object' "$OUT"
has "two documents are one array" '^strict False: .*STOP.*-> array ' "$OUT"
has "strict mode refuses two" '^strict True: .*STOP.* -> error$' "$OUT"
finish
