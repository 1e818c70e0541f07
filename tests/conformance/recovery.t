# After a stray byte: what is skipped, where reading goes on.

== a word is skipped up to the newline
> A hello world
< {"error": {"class": "GenericError", "desc": "JSON parse error, stray 'A'"}}

== a string is skipped, too
> A "x" 'y' 12 true
> {"execute":"guest-ping"}
< {"error": {"class": "GenericError", "desc": "JSON parse error, stray 'A'"}}
< {"return": {}}

== a TAB does not end the recovery
>> A\x09b\x09"c"\x0A{"execute":"guest-ping"}\x0A
< {"error": {"class": "GenericError", "desc": "JSON parse error, stray 'A'"}}
< {"return": {}}

== a carriage return does
>> A b\x0D{"execute":"guest-ping"}\x0A
< {"error": {"class": "GenericError", "desc": "JSON parse error, stray 'A'"}}
< {"return": {}}

== a newline does
>> A b\x0A12\x0A
< {"error": {"class": "GenericError", "desc": "JSON parse error, stray 'A'"}}
< {"error": {"class": "GenericError", "desc": "QMP input must be a JSON object"}}

== a vertical tab ends it and is a stray itself
>> A\x0B{"execute":"guest-ping"}\x0A
< {"error": {"class": "GenericError", "desc": "JSON parse error, stray 'A'"}}
< {"error": {"class": "GenericError", "desc": "JSON parse error, stray '\u000B'"}}
< {"return": {}}

== several control bytes each give a line
>> A\x0B\x0C\x01\x1F\x0A
< {"error": {"class": "GenericError", "desc": "JSON parse error, stray 'A'"}}
< {"error": {"class": "GenericError", "desc": "JSON parse error, stray '\u000B'"}}
< {"error": {"class": "GenericError", "desc": "JSON parse error, stray '\f'"}}
< {"error": {"class": "GenericError", "desc": "JSON parse error, stray '\u0001'"}}
< {"error": {"class": "GenericError", "desc": "JSON parse error, stray '\u001F'"}}

== bytes above 0x7F are skipped
>> A\x80\xC3\xA9\xFD{"execute":"guest-ping"}\x0A
< {"error": {"class": "GenericError", "desc": "JSON parse error, stray 'A'"}}
< {"return": {}}

== 0xFE ends it and is a stray itself
>> A\xFE\x0A
< {"error": {"class": "GenericError", "desc": "JSON parse error, stray 'A'"}}
< {"error": {"class": "GenericError", "desc": "JSON parse error, stray '\uFFFD'"}}

== 0xFF ends it and is a stray itself
>> A\xFF\x0A
< {"error": {"class": "GenericError", "desc": "JSON parse error, stray 'A'"}}
< {"error": {"class": "GenericError", "desc": "JSON parse error, stray '\uFFFD'"}}

== delete is skipped
>> A\x7F\x7F\x0A
< {"error": {"class": "GenericError", "desc": "JSON parse error, stray 'A'"}}

== an opening brace ends it
> A{"execute":"guest-ping"}
< {"error": {"class": "GenericError", "desc": "JSON parse error, stray 'A'"}}
< {"return": {}}

== an opening bracket ends it
> A[1]
< {"error": {"class": "GenericError", "desc": "JSON parse error, stray 'A'"}}
< {"error": {"class": "GenericError", "desc": "QMP input must be a JSON object"}}

== a closing brace ends it
> A}
< {"error": {"class": "GenericError", "desc": "JSON parse error, stray 'A'"}}
< {"error": {"class": "GenericError", "desc": "JSON parse error, expecting value"}}

== a closing bracket ends it
> A]
< {"error": {"class": "GenericError", "desc": "JSON parse error, stray 'A'"}}
< {"error": {"class": "GenericError", "desc": "JSON parse error, expecting value"}}

== a comma ends it
> A,
< {"error": {"class": "GenericError", "desc": "JSON parse error, stray 'A'"}}
< {"error": {"class": "GenericError", "desc": "JSON parse error, expecting value"}}

== a colon ends it
> A:
< {"error": {"class": "GenericError", "desc": "JSON parse error, stray 'A'"}}
< {"error": {"class": "GenericError", "desc": "JSON parse error, expecting value"}}

== a quote does not end it
> A"{"execute":"guest-ping"}
< {"error": {"class": "GenericError", "desc": "JSON parse error, stray 'A'"}}
< {"return": {}}

== a backslash does not end it
> A\{"execute":"guest-ping"}
< {"error": {"class": "GenericError", "desc": "JSON parse error, stray 'A'"}}
< {"return": {}}

== the rest of a broken request is read as new messages
> {A"x":1}
< {"error": {"class": "GenericError", "desc": "JSON parse error, stray 'A'"}}
< {"error": {"class": "GenericError", "desc": "JSON parse error, expecting value"}}
< {"error": {"class": "GenericError", "desc": "QMP input must be a JSON object"}}
< {"error": {"class": "GenericError", "desc": "JSON parse error, expecting value"}}

== the rest of a broken object with commas
> {"a":1;"b":2}
< {"error": {"class": "GenericError", "desc": "JSON parse error, stray ';'"}}
< {"error": {"class": "GenericError", "desc": "JSON parse error, expecting value"}}
< {"error": {"class": "GenericError", "desc": "QMP input must be a JSON object"}}
< {"error": {"class": "GenericError", "desc": "JSON parse error, expecting value"}}

== the rest of a broken list
> [1;2,3]
< {"error": {"class": "GenericError", "desc": "JSON parse error, stray ';'"}}
< {"error": {"class": "GenericError", "desc": "JSON parse error, expecting value"}}
< {"error": {"class": "GenericError", "desc": "QMP input must be a JSON object"}}
< {"error": {"class": "GenericError", "desc": "JSON parse error, expecting value"}}

== a stray in a nested value
> {"a":{"b":[1,!,2]},"c":3}
< {"error": {"class": "GenericError", "desc": "JSON parse error, stray '!'"}}
< {"error": {"class": "GenericError", "desc": "JSON parse error, expecting value"}}
< {"error": {"class": "GenericError", "desc": "QMP input must be a JSON object"}}
< {"error": {"class": "GenericError", "desc": "JSON parse error, expecting value"}}
< {"error": {"class": "GenericError", "desc": "JSON parse error, expecting value"}}
< {"error": {"class": "GenericError", "desc": "JSON parse error, expecting value"}}
< {"error": {"class": "GenericError", "desc": "QMP input must be a JSON object"}}
< {"error": {"class": "GenericError", "desc": "JSON parse error, expecting value"}}
< {"error": {"class": "GenericError", "desc": "QMP input must be a JSON object"}}
< {"error": {"class": "GenericError", "desc": "JSON parse error, expecting value"}}

== a stray throws the whole message away
> {"execute":"guest-ping",!
> {"execute":"guest-ping"}
< {"error": {"class": "GenericError", "desc": "JSON parse error, stray '!'"}}
< {"return": {}}

== the counters are back at zero
> [[[[!
> {"execute":"guest-ping"}
< {"error": {"class": "GenericError", "desc": "JSON parse error, stray '!'"}}
< {"return": {}}

== a newline inside a string
>> "a\x0Ab"\x0A
< {"error": {"class": "GenericError", "desc": "JSON parse error, stray '\"a\n'"}}

== after a newline inside a string a request works at once
>> {"execute":"guest-ping\x0A{"execute":"guest-ping"}\x0A
< {"error": {"class": "GenericError", "desc": "JSON parse error, stray '\"guest-ping\n'"}}
< {"return": {}}

== after a newline inside a string a word is swallowed
>> {"execute":"guest-ping\x0Atrue\x0Atrue\x0A
< {"error": {"class": "GenericError", "desc": "JSON parse error, stray '\"guest-ping\n'"}}
< {"error": {"class": "GenericError", "desc": "QMP input must be a JSON object"}}

== after a newline inside a string a string is swallowed
>> "a\x0A"b"\x0A"c"\x0A
< {"error": {"class": "GenericError", "desc": "JSON parse error, stray '\"a\n'"}}
< {"error": {"class": "GenericError", "desc": "QMP input must be a JSON object"}}

== a TAB inside a string
>> {"execute":"guest\x09ping"}\x0A
< {"error": {"class": "GenericError", "desc": "JSON parse error, stray '\"guest\t'"}}
< {"error": {"class": "GenericError", "desc": "JSON parse error, expecting value"}}

== a carriage return inside a string
>> {"execute":"guest\x0Dping"}\x0A
< {"error": {"class": "GenericError", "desc": "JSON parse error, stray '\"guest\r'"}}
< {"error": {"class": "GenericError", "desc": "JSON parse error, expecting value"}}

== a control byte inside a string
>> {"execute":"guest\x1Fping"}\x0A
< {"error": {"class": "GenericError", "desc": "JSON parse error, stray '\"guest\u001F'"}}
< {"error": {"class": "GenericError", "desc": "JSON parse error, expecting value"}}

== a lone minus and a newline
> -
< {"error": {"class": "GenericError", "desc": "JSON parse error, stray '-\n'"}}

== a lone minus, a newline, a word
> -
> true
> true
< {"error": {"class": "GenericError", "desc": "JSON parse error, stray '-\n'"}}
< {"error": {"class": "GenericError", "desc": "QMP input must be a JSON object"}}

== a lone minus, a newline, a request
> -
> {"execute":"guest-ping"}
< {"error": {"class": "GenericError", "desc": "JSON parse error, stray '-\n'"}}
< {"return": {}}

== a minus before a letter
> -a
< {"error": {"class": "GenericError", "desc": "JSON parse error, stray '-a'"}}

== a minus before a brace eats the brace
> {"a":-}
> {"execute":"guest-ping"}
< {"error": {"class": "GenericError", "desc": "JSON parse error, stray '-}'"}}
< {"return": {}}

== a number with a bare exponent eats the brace
> {"a":1e}
> {"execute":"guest-ping"}
< {"error": {"class": "GenericError", "desc": "JSON parse error, stray '1e}'"}}
< {"return": {}}

== an unfinished fraction eats the bracket
> [1.]
> {"execute":"guest-ping"}
< {"error": {"class": "GenericError", "desc": "JSON parse error, stray '1.]'"}}
< {"return": {}}

== an unfinished fraction and a newline
> 1.
> 2
> 3
< {"error": {"class": "GenericError", "desc": "JSON parse error, stray '1.\n'"}}
< {"error": {"class": "GenericError", "desc": "QMP input must be a JSON object"}}

== an unfinished exponent and a newline
> 1e
> 2
> 3
< {"error": {"class": "GenericError", "desc": "JSON parse error, stray '1e\n'"}}
< {"error": {"class": "GenericError", "desc": "QMP input must be a JSON object"}}

== an unfinished signed exponent
> 1e+
> [3]
< {"error": {"class": "GenericError", "desc": "JSON parse error, stray '1e+\n'"}}
< {"error": {"class": "GenericError", "desc": "QMP input must be a JSON object"}}

== a bad byte behind a backslash
>> "\\x01\x0A
< {"error": {"class": "GenericError", "desc": "JSON parse error, stray '\"\\\u0001'"}}

== a newline behind a backslash
>> "\\x0A{"execute":"guest-ping"}\x0A
< {"error": {"class": "GenericError", "desc": "JSON parse error, stray '\"\\\n'"}}
< {"return": {}}

== 0xFF behind a backslash
>> "ab\\xFF\x0A
< {"error": {"class": "GenericError", "desc": "JSON parse error, stray '\"ab\\\uFFFD'"}}

== the unfinished token is quoted with its escapes
>> "a\"b\\c\u00e9\xFF\x0A
< {"error": {"class": "GenericError", "desc": "JSON parse error, stray '\"a\\\"b\\\\c\\u00e9\uFFFD'"}}

== the unfinished token is quoted with its characters
>> "é €\x7F\x01\x0A
< {"error": {"class": "GenericError", "desc": "JSON parse error, stray '\"\u00E9 \u20AC\u007F\u0001'"}}

== a long unfinished token is quoted in full
>> "
@repeat 3000 x
>> \x01\x0A
< {"error": {"class": "GenericError", "desc": "JSON parse erro ... [3082 characters, sha256 9be0d34bd4bffcf0]

== malformed UTF-8 in the quoted text: cut two-byte character
>> "ab\xC3\xFF\x0A
< {"error": {"class": "GenericError", "desc": "JSON parse error, stray '\"ab\uFFFD\uFFFD'"}}

== malformed UTF-8 in the quoted text: cut three-byte character
>> "ab\xE2\x82\xFF\x0A
< {"error": {"class": "GenericError", "desc": "JSON parse error, stray '\"ab\uFFFD\uFFFD'"}}

== malformed UTF-8 in the quoted text: cut four-byte character
>> "ab\xF0\x9F\x98\xFF\x0A
< {"error": {"class": "GenericError", "desc": "JSON parse error, stray '\"ab\uFFFD\uFFFD'"}}

== malformed UTF-8 in the quoted text: cut before an ASCII byte
>> "\xC3x\xE2\x82y\xF0\x9F\x98z\xF0\x9Fz\xFF\x0A
< {"error": {"class": "GenericError", "desc": "JSON parse error, stray '\"\uFFFDx\uFFFDy\uFFFDz\uFFFDz\uFFFD'"}}

== malformed UTF-8 in the quoted text: continuation bytes
>> "a\x80\x80\x80\xFF\x0A
< {"error": {"class": "GenericError", "desc": "JSON parse error, stray '\"a\uFFFD\uFFFD\uFFFD\uFFFD'"}}

== malformed UTF-8 in the quoted text: too many continuation bytes
>> "\xC3\xA9\xA9\xE2\x82\xAC\xAC\xFF\x0A
< {"error": {"class": "GenericError", "desc": "JSON parse error, stray '\"\u00E9\uFFFD\u20AC\uFFFD\uFFFD'"}}

== malformed UTF-8 in the quoted text: overlong forms
>> "\xC0\xAF \xC1\xBF \xE0\x80\xAF \xE0\x9F\xBF \xF0\x80\x80\xAF \xF0\x8F\xBF\xBF\xFF\x0A
< {"error": {"class": "GenericError", "desc": "JSON parse error, stray '\"\uFFFD \uFFFD \uFFFD \uFFFD \uFFFD \uFFFD\uFFFD'"}}

== malformed UTF-8 in the quoted text: the overlong zero
>> "a\xC0\x80b\xFF\x0A
< {"error": {"class": "GenericError", "desc": "JSON parse error, stray '\"a\u0000b\uFFFD'"}}

== malformed UTF-8 in the quoted text: surrogates
>> "\xED\xA0\x80\xED\xB0\x80\xFF\x0A
< {"error": {"class": "GenericError", "desc": "JSON parse error, stray '\"\uFFFD\uFFFD\uFFFD'"}}

== malformed UTF-8 in the quoted text: noncharacters
>> "\xEF\xBF\xBE\xEF\xBF\xBF\xEF\xB7\x90\xF4\x8F\xBF\xBF\xFF\x0A
< {"error": {"class": "GenericError", "desc": "JSON parse error, stray '\"\uFFFD\uFFFD\uFFFD\uFFFD\uFFFD'"}}

== malformed UTF-8 in the quoted text: beyond Unicode
>> "\xF4\x90\x80\x80 \xF5\x80\x80\x80 \xF7\xBF\xBF\xBF\xFF\x0A
< {"error": {"class": "GenericError", "desc": "JSON parse error, stray '\"\uFFFD \uFFFD \uFFFD\uFFFD'"}}

== malformed UTF-8 in the quoted text: five and six byte forms
>> "\xF8\x88\x80\x80\x80 \xFC\x84\x80\x80\x80\x80 \xFD\xFF\x0A
< {"error": {"class": "GenericError", "desc": "JSON parse error, stray '\"\uFFFD \uFFFD \uFFFD\uFFFD'"}}

== malformed UTF-8 in the quoted text: a lead byte before a lead byte
>> "\xC3\xC3\xE2\xE2\xF0\xF0\xFF\x0A
< {"error": {"class": "GenericError", "desc": "JSON parse error, stray '\"\uFFFD\uFFFD\uFFFD\uFFFD\uFFFD\uFFFD\uFFFD'"}}

== malformed UTF-8 in the quoted text: a truncated lead before a whole character
>> "\xE2\xC3\xA9\xF0\x9F\xC3\xA9\xFF\x0A
< {"error": {"class": "GenericError", "desc": "JSON parse error, stray '\"\uFFFD\u00E9\uFFFD\u00E9\uFFFD'"}}
