#!/usr/bin/env bash
# SPDX-License-Identifier: LGPL-2.1-or-later
#
# Software: GLib 2.84.4 (GMarkup), libxml2 2.9.14 (xmllint)
# Expected: GMarkup documents itself as a reader of a subset of XML; what lies outside is an error.
# Seen:     a CDATA section is valid XML and no error: the text callback gets nothing where it stands. An
#           encoding declared in the first line is passed over; a byte order mark, valid in XML, is an
#           error; two elements side by side at the top, no XML, are taken.
# Matters:  a domain's <description> may be CDATA; domain XML is read with libxml2.
# Needs:    any user.
. "$(dirname "$0")/lib.sh"
fetch trixie libglib2.0-0t64=2.84.4-3~deb13u5 python3=3.13.5-1 \
    libxml2-utils=2.12.7+dfsg+really2.9.14-2.1+deb13u3
cd "$TRY"

cat >gmarkup.py <<'PYTHON'
import ctypes as c
import sys

glib = c.CDLL("libglib-2.0.so.0")
START = c.CFUNCTYPE(None, c.c_void_p, c.c_char_p, c.c_void_p, c.c_void_p, c.c_void_p, c.c_void_p)
TEXT = c.CFUNCTYPE(None, c.c_void_p, c.c_void_p, c.c_size_t, c.c_void_p, c.c_void_p)


class Parser(c.Structure):
    _fields_ = [("start", START), ("end", c.c_void_p), ("text", TEXT), ("other", c.c_void_p),
                ("error", c.c_void_p)]


new = glib.g_markup_parse_context_new
new.restype = c.c_void_p
new.argtypes = [c.POINTER(Parser), c.c_int, c.c_void_p, c.c_void_p]
parse = glib.g_markup_parse_context_parse
parse.argtypes = [c.c_void_p, c.c_char_p, c.c_ssize_t, c.c_void_p]
end = glib.g_markup_parse_context_end_parse
end.argtypes = [c.c_void_p, c.c_void_p]
seen = []
table = Parser(START(lambda ctx, name, *rest: seen.append("<" + name.decode() + ">")), None,
               TEXT(lambda ctx, at, size, *rest: seen.append(c.string_at(at, size).decode())))
context = new(c.byref(table), 0, None, None)
data = open(sys.argv[1], "rb").read()
good = parse(context, data, len(data), None) and end(context, None)
print("".join(seen), "accepted" if good else "refused")
PYTHON

printf '<domain><description><![CDATA[ab & c]]></description></domain>' >cdata.xml
printf '<domain><description>ab &amp; c</description></domain>' >text.xml
printf '\357\273\277<domain/>' >mark.xml
printf '<?xml version="1.0" encoding="ISO-8859-15"?><domain>\302\244</domain>' >encoding.xml
printf '<domain/><domain/>' >two.xml
for name in text cdata mark encoding two; do
    show python gmarkup.py "$name.xml"
    eval "gmarkup_$name=\$OUT"
    show run xmllint --encode UTF-8 "$name.xml"
    eval "libxml2_$name=\$OUT"
done
# shellcheck disable=SC2154 # set above
{
    same "text arrives" "<domain><description>ab & c accepted" "$gmarkup_text"
    same "text in CDATA does not" "<domain><description> accepted" "$gmarkup_cdata"
    has "libxml2 has it" 'ab & c' "$libxml2_cdata"
    has "a byte order mark is refused" 'refused' "$gmarkup_mark"
    has "libxml2 takes it" '<domain/>' "$libxml2_mark"
    has "the encoding is passed over" '^<domain>¤ accepted$' "$gmarkup_encoding"
    has "libxml2 decodes it" '<domain>Â€</domain>' "$libxml2_encoding"
    same "two elements at the top are taken" "<domain><domain> accepted" "$gmarkup_two"
    has "libxml2 refuses them" 'parser error' "$libxml2_two"
}
finish
