# Strings: escapes, surrogates, UTF-8. An id shows how they were kept.

== plain
> {"execute":"guest-ping","id":"abc"}
< {"return": {}, "id": "abc"}

== empty
> {"execute":"guest-ping","id":""}
< {"return": {}, "id": ""}

== every escape
> {"execute":"guest-ping","id":"\"\'\\\/\b\f\n\r\t"}
< {"return": {}, "id": "\"'\\/\b\f\n\r\t"}

== an escaped solidus comes back plain
> {"execute":"guest-ping","id":"a\/b"}
< {"return": {}, "id": "a/b"}

== an escaped letter
> {"execute":"guest-ping","id":"\u0041"}
< {"return": {}, "id": "A"}

== hex digits in lower case
> {"execute":"guest-ping","id":"\u00e9"}
< {"return": {}, "id": "\u00E9"}

== hex digits in upper case
> {"execute":"guest-ping","id":"\u00E9"}
< {"return": {}, "id": "\u00E9"}

== the escaped zero
> {"execute":"guest-ping","id":"\u0000"}
< {"return": {}, "id": "\u0000"}

== the escaped zero in a word
> {"execute":"guest-ping","id":"a\u0000b"}
< {"return": {}, "id": "a\u0000b"}

== control characters escaped
> {"execute":"guest-ping","id":"\u0001\u0007\u000b\u001f"}
< {"return": {}, "id": "\u0001\u0007\u000B\u001F"}

== delete, escaped
> {"execute":"guest-ping","id":"\u007f"}
< {"return": {}, "id": "\u007F"}

== C1 controls
> {"execute":"guest-ping","id":"\u0080\u009f"}
< {"return": {}, "id": "\u0080\u009F"}

== the soft hyphen and no-break space
> {"execute":"guest-ping","id":"\u00ad\u00a0"}
< {"return": {}, "id": "\u00AD\u00A0"}

== line and paragraph separators
> {"execute":"guest-ping","id":"\u2028\u2029"}
< {"return": {}, "id": "\u2028\u2029"}

== the byte order mark
> {"execute":"guest-ping","id":"\ufeff"}
< {"return": {}, "id": "\uFEFF"}

== the replacement character
> {"execute":"guest-ping","id":"\ufffd"}
< {"return": {}, "id": "\uFFFD"}

== the private use area
> {"execute":"guest-ping","id":"\ue000\uf8ff"}
< {"return": {}, "id": "\uE000\uF8FF"}

== a surrogate pair
> {"execute":"guest-ping","id":"\ud83d\ude00"}
< {"return": {}, "id": "\uD83D\uDE00"}

== a surrogate pair in upper case
> {"execute":"guest-ping","id":"\uD83D\uDE00"}
< {"return": {}, "id": "\uD83D\uDE00"}

== the first character beyond the BMP
> {"execute":"guest-ping","id":"\ud800\udc00"}
< {"return": {}, "id": "\uD800\uDC00"}

== the last usable character
> {"execute":"guest-ping","id":"\udbff\udffd"}
< {"return": {}, "id": "\uDBFF\uDFFD"}

== a high surrogate alone
> {"execute":"guest-ping","id":"\ud83d"}
< {"error": {"class": "GenericError", "desc": "JSON parse error, \\ud83d is not a valid Unicode character"}}

== a high surrogate before a letter
> {"execute":"guest-ping","id":"\ud83dx"}
< {"error": {"class": "GenericError", "desc": "JSON parse error, \\ud83d is not a valid Unicode character"}}

== a high surrogate before another escape
> {"execute":"guest-ping","id":"\ud83d\n"}
< {"error": {"class": "GenericError", "desc": "JSON parse error, \\ud83d is not a valid Unicode character"}}

== a high surrogate before a plain \u
> {"execute":"guest-ping","id":"\ud83d\u0041"}
< {"error": {"class": "GenericError", "desc": "JSON parse error, \\ud83d is not a valid Unicode character"}}

== two high surrogates
> {"execute":"guest-ping","id":"\ud83d\ud83d"}
< {"error": {"class": "GenericError", "desc": "JSON parse error, \\ud83d is not a valid Unicode character"}}

== a high surrogate before a broken \u
> {"execute":"guest-ping","id":"\ud83d\u12"}
< {"error": {"class": "GenericError", "desc": "JSON parse error, \\ud83d is not a valid Unicode character"}}

== a high surrogate before letters that are no hex
> {"execute":"guest-ping","id":"\ud83d\uXXXX"}
< {"error": {"class": "GenericError", "desc": "JSON parse error, \\ud83d is not a valid Unicode character"}}

== a low surrogate alone
> {"execute":"guest-ping","id":"\ude00"}
< {"error": {"class": "GenericError", "desc": "JSON parse error, \\ude00 is not a valid Unicode character"}}

== the pair the wrong way round
> {"execute":"guest-ping","id":"\ude00\ud83d"}
< {"error": {"class": "GenericError", "desc": "JSON parse error, \\ude00 is not a valid Unicode character"}}

== the first high surrogate
> {"execute":"guest-ping","id":"\ud800"}
< {"error": {"class": "GenericError", "desc": "JSON parse error, \\ud800 is not a valid Unicode character"}}

== the last high surrogate
> {"execute":"guest-ping","id":"\udbff"}
< {"error": {"class": "GenericError", "desc": "JSON parse error, \\udbff is not a valid Unicode character"}}

== the first low surrogate
> {"execute":"guest-ping","id":"\udc00"}
< {"error": {"class": "GenericError", "desc": "JSON parse error, \\udc00 is not a valid Unicode character"}}

== the last low surrogate
> {"execute":"guest-ping","id":"\udfff"}
< {"error": {"class": "GenericError", "desc": "JSON parse error, \\udfff is not a valid Unicode character"}}

== a surrogate in upper case
> {"execute":"guest-ping","id":"\uD83D"}
< {"error": {"class": "GenericError", "desc": "JSON parse error, \\uD83D is not a valid Unicode character"}}

== a surrogate in mixed case
> {"execute":"guest-ping","id":"\uDb3f!"}
< {"error": {"class": "GenericError", "desc": "JSON parse error, \\uDb3f is not a valid Unicode character"}}

== a surrogate behind text
> {"execute":"guest-ping","id":"abc\ud83d def"}
< {"error": {"class": "GenericError", "desc": "JSON parse error, \\ud83d is not a valid Unicode character"}}

== noncharacter FFFE
> {"execute":"guest-ping","id":"\ufffe"}
< {"error": {"class": "GenericError", "desc": "JSON parse error, \\ufffe is not a valid Unicode character"}}

== noncharacter FFFF
> {"execute":"guest-ping","id":"\uffff"}
< {"error": {"class": "GenericError", "desc": "JSON parse error, \\uffff is not a valid Unicode character"}}

== noncharacter FDD0
> {"execute":"guest-ping","id":"\ufdd0"}
< {"error": {"class": "GenericError", "desc": "JSON parse error, \\ufdd0 is not a valid Unicode character"}}

== noncharacter FDEF
> {"execute":"guest-ping","id":"\ufdef"}
< {"error": {"class": "GenericError", "desc": "JSON parse error, \\ufdef is not a valid Unicode character"}}

== beside the noncharacters
> {"execute":"guest-ping","id":"\ufdcf\ufdf0"}
< {"return": {}, "id": "\uFDCF\uFDF0"}

== noncharacter 1FFFE as a pair
> {"execute":"guest-ping","id":"\ud83f\udffe"}
< {"error": {"class": "GenericError", "desc": "JSON parse error, \\ud83f\\udffe is not a valid Unicode character"}}

== noncharacter 1FFFF as a pair
> {"execute":"guest-ping","id":"\ud83f\udfff"}
< {"error": {"class": "GenericError", "desc": "JSON parse error, \\ud83f\\udfff is not a valid Unicode character"}}

== noncharacter 10FFFF as a pair
> {"execute":"guest-ping","id":"\udbff\udfff"}
< {"error": {"class": "GenericError", "desc": "JSON parse error, \\udbff\\udfff is not a valid Unicode character"}}

== no hex digits
> {"execute":"guest-ping","id":"\u"}
< {"error": {"class": "GenericError", "desc": "JSON parse error, \\u\" is not a valid Unicode character"}}

== two hex digits
> {"execute":"guest-ping","id":"\u12"}
< {"error": {"class": "GenericError", "desc": "JSON parse error, \\u12\" is not a valid Unicode character"}}

== three hex digits
> {"execute":"guest-ping","id":"\u004"}
< {"error": {"class": "GenericError", "desc": "JSON parse error, \\u004\" is not a valid Unicode character"}}

== a wrong third digit
> {"execute":"guest-ping","id":"\u12g4"}
< {"error": {"class": "GenericError", "desc": "JSON parse error, \\u12g4 is not a valid Unicode character"}}

== a wrong first digit
> {"execute":"guest-ping","id":"\uG"}
< {"error": {"class": "GenericError", "desc": "JSON parse error, \\uG\" is not a valid Unicode character"}}

== blank, plus, minus instead of a digit
> {"execute":"guest-ping","id":"\u 123"}
< {"error": {"class": "GenericError", "desc": "JSON parse error, \\u 123 is not a valid Unicode character"}}

== a plus sign
> {"execute":"guest-ping","id":"\u+123"}
< {"error": {"class": "GenericError", "desc": "JSON parse error, \\u+123 is not a valid Unicode character"}}

== a minus sign
> {"execute":"guest-ping","id":"\u-123"}
< {"error": {"class": "GenericError", "desc": "JSON parse error, \\u-123 is not a valid Unicode character"}}

== 0x instead of digits
> {"execute":"guest-ping","id":"\u0x12"}
< {"error": {"class": "GenericError", "desc": "JSON parse error, \\u0x12 is not a valid Unicode character"}}

== digits cut by text
> {"execute":"guest-ping","id":"abc\u12 def"}
< {"error": {"class": "GenericError", "desc": "JSON parse error, \\u12 d is not a valid Unicode character"}}

== a \u right before an escaped quote
> {"execute":"guest-ping","id":"\u12\""}
< {"error": {"class": "GenericError", "desc": "JSON parse error, \\u12\\\" is not a valid Unicode character"}}

== a \u before a character of two bytes
> {"execute":"guest-ping","id":"\u12é"}
< {"error": {"class": "GenericError", "desc": "JSON parse error, \\u12\u00E9 is not a valid Unicode character"}}

== a \u before a character of four bytes
> {"execute":"guest-ping","id":"\u😀"}
< {"error": {"class": "GenericError", "desc": "JSON parse error, \\u\uD83D\uDE00 is not a valid Unicode character"}}

== a broken \u in a single quoted string
> {'execute':'guest-ping','id':'\u12'}
< {"error": {"class": "GenericError", "desc": "JSON parse error, \\u12' is not a valid Unicode character"}}

== an unknown escape
> {"execute":"guest-ping","id":"\x41"}
< {"error": {"class": "GenericError", "desc": "JSON parse error, invalid escape sequence in string"}}

== the escape \a
> {"execute":"guest-ping","id":"\a"}
< {"error": {"class": "GenericError", "desc": "JSON parse error, invalid escape sequence in string"}}

== the escape \0
> {"execute":"guest-ping","id":"\0"}
< {"error": {"class": "GenericError", "desc": "JSON parse error, invalid escape sequence in string"}}

== the escape \v
> {"execute":"guest-ping","id":"\v"}
< {"error": {"class": "GenericError", "desc": "JSON parse error, invalid escape sequence in string"}}

== an upper-case \U
> {"execute":"guest-ping","id":"\U0041"}
< {"error": {"class": "GenericError", "desc": "JSON parse error, invalid escape sequence in string"}}

== an upper-case \N
> {"execute":"guest-ping","id":"\N"}
< {"error": {"class": "GenericError", "desc": "JSON parse error, invalid escape sequence in string"}}

== a backslash and a blank
> {"execute":"guest-ping","id":"\ "}
< {"error": {"class": "GenericError", "desc": "JSON parse error, invalid escape sequence in string"}}

== a backslash and a character of two bytes
> {"execute":"guest-ping","id":"\é"}
< {"error": {"class": "GenericError", "desc": "JSON parse error, invalid escape sequence in string"}}

== the first fault of two: escape, then surrogate
> {"execute":"guest-ping","id":"\x\ud83d"}
< {"error": {"class": "GenericError", "desc": "JSON parse error, invalid escape sequence in string"}}

== the first fault of two: surrogate, then escape
> {"execute":"guest-ping","id":"\ud83d\x"}
< {"error": {"class": "GenericError", "desc": "JSON parse error, \\ud83d is not a valid Unicode character"}}

== an escape fault before a UTF-8 fault
>> {"execute":"guest-ping","id":"\x5Cx\x80"}\x0A
< {"error": {"class": "GenericError", "desc": "JSON parse error, invalid escape sequence in string"}}

== a UTF-8 fault before an escape fault
>> {"execute":"guest-ping","id":"\x80\x5Cx"}\x0A
< {"error": {"class": "GenericError", "desc": "JSON parse error, invalid UTF-8 sequence in string"}}

== a surrogate fault before a UTF-8 fault
>> {"execute":"guest-ping","id":"\ud83d\x80"}\x0A
< {"error": {"class": "GenericError", "desc": "JSON parse error, \\ud83d is not a valid Unicode character"}}

== a UTF-8 fault before a surrogate fault
>> {"execute":"guest-ping","id":"\x80\ud83d"}\x0A
< {"error": {"class": "GenericError", "desc": "JSON parse error, invalid UTF-8 sequence in string"}}

== an unknown escape in a key
> {"a\x":1}
< {"error": {"class": "GenericError", "desc": "JSON parse error, invalid escape sequence in string"}}

== delete, raw
>> {"execute":"guest-ping","id":"\x7F"}\x0A
< {"return": {}, "id": "\u007F"}

== characters of two, three and four bytes
>> {"execute":"guest-ping","id":"\xC3\xA9 \xE2\x82\xAC \xF0\x9F\x98\x80"}\x0A
< {"return": {}, "id": "\u00E9 \u20AC \uD83D\uDE00"}

== the first and last of each length
>> {"execute":"guest-ping","id":"\xC2\x80\xDF\xBF\xE0\xA0\x80\xEF\xBF\xBD\xF0\x90\x80\x80\xF4\x8F\xBF\xBD"}\x0A
< {"return": {}, "id": "\u0080\u07FF\u0800\uFFFD\uD800\uDC00\uDBFF\uDFFD"}

== beside the surrogates
>> {"execute":"guest-ping","id":"\xED\x9F\xBF\xEE\x80\x80"}\x0A
< {"return": {}, "id": "\uD7FF\uE000"}

== the overlong zero
>> {"execute":"guest-ping","id":"\xC0\x80"}\x0A
< {"return": {}, "id": "\u0000"}

== the overlong zero in a word
>> {"execute":"guest-ping","id":"a\xC0\x80b"}\x0A
< {"return": {}, "id": "a\u0000b"}

== the overlong zero in a list of ids
>> {"execute":"guest-ping","id":"\xC0\x80\xC0\x80"}\x0A
< {"return": {}, "id": "\u0000\u0000"}

== an overlong slash
>> {"execute":"guest-ping","id":"\xC0\xAF"}\x0A
< {"error": {"class": "GenericError", "desc": "JSON parse error, invalid UTF-8 sequence in string"}}

== the last overlong form of two bytes
>> {"execute":"guest-ping","id":"\xC1\xBF"}\x0A
< {"error": {"class": "GenericError", "desc": "JSON parse error, invalid UTF-8 sequence in string"}}

== C0 before another byte
>> {"execute":"guest-ping","id":"\xC0\x81"}\x0A
< {"error": {"class": "GenericError", "desc": "JSON parse error, invalid UTF-8 sequence in string"}}

== an overlong form of three bytes
>> {"execute":"guest-ping","id":"\xE0\x80\x80"}\x0A
< {"error": {"class": "GenericError", "desc": "JSON parse error, invalid UTF-8 sequence in string"}}

== the last overlong form of three bytes
>> {"execute":"guest-ping","id":"\xE0\x9F\xBF"}\x0A
< {"error": {"class": "GenericError", "desc": "JSON parse error, invalid UTF-8 sequence in string"}}

== an overlong form of four bytes
>> {"execute":"guest-ping","id":"\xF0\x80\x80\x80"}\x0A
< {"error": {"class": "GenericError", "desc": "JSON parse error, invalid UTF-8 sequence in string"}}

== the last overlong form of four bytes
>> {"execute":"guest-ping","id":"\xF0\x8F\xBF\xBF"}\x0A
< {"error": {"class": "GenericError", "desc": "JSON parse error, invalid UTF-8 sequence in string"}}

== a raw high surrogate
>> {"execute":"guest-ping","id":"\xED\xA0\x80"}\x0A
< {"error": {"class": "GenericError", "desc": "JSON parse error, invalid UTF-8 sequence in string"}}

== a raw low surrogate
>> {"execute":"guest-ping","id":"\xED\xBF\xBF"}\x0A
< {"error": {"class": "GenericError", "desc": "JSON parse error, invalid UTF-8 sequence in string"}}

== a raw surrogate pair
>> {"execute":"guest-ping","id":"\xED\xA0\xBD\xED\xB8\x80"}\x0A
< {"error": {"class": "GenericError", "desc": "JSON parse error, invalid UTF-8 sequence in string"}}

== raw FFFE
>> {"execute":"guest-ping","id":"\xEF\xBF\xBE"}\x0A
< {"error": {"class": "GenericError", "desc": "JSON parse error, invalid UTF-8 sequence in string"}}

== raw FFFF
>> {"execute":"guest-ping","id":"\xEF\xBF\xBF"}\x0A
< {"error": {"class": "GenericError", "desc": "JSON parse error, invalid UTF-8 sequence in string"}}

== raw FDD0
>> {"execute":"guest-ping","id":"\xEF\xB7\x90"}\x0A
< {"error": {"class": "GenericError", "desc": "JSON parse error, invalid UTF-8 sequence in string"}}

== raw FDEF
>> {"execute":"guest-ping","id":"\xEF\xB7\xAF"}\x0A
< {"error": {"class": "GenericError", "desc": "JSON parse error, invalid UTF-8 sequence in string"}}

== raw 1FFFE
>> {"execute":"guest-ping","id":"\xF0\x9F\xBF\xBE"}\x0A
< {"error": {"class": "GenericError", "desc": "JSON parse error, invalid UTF-8 sequence in string"}}

== raw 10FFFF
>> {"execute":"guest-ping","id":"\xF4\x8F\xBF\xBF"}\x0A
< {"error": {"class": "GenericError", "desc": "JSON parse error, invalid UTF-8 sequence in string"}}

== raw characters beside FDD0 and FDEF
>> {"execute":"guest-ping","id":"\xEF\xB7\x8F\xEF\xB7\xB0"}\x0A
< {"return": {}, "id": "\uFDCF\uFDF0"}

== beyond Unicode
>> {"execute":"guest-ping","id":"\xF4\x90\x80\x80"}\x0A
< {"error": {"class": "GenericError", "desc": "JSON parse error, invalid UTF-8 sequence in string"}}

== F5
>> {"execute":"guest-ping","id":"\xF5\x80\x80\x80"}\x0A
< {"error": {"class": "GenericError", "desc": "JSON parse error, invalid UTF-8 sequence in string"}}

== F8
>> {"execute":"guest-ping","id":"\xF8\x88\x80\x80\x80"}\x0A
< {"error": {"class": "GenericError", "desc": "JSON parse error, invalid UTF-8 sequence in string"}}

== FC
>> {"execute":"guest-ping","id":"\xFC\x84\x80\x80\x80\x80"}\x0A
< {"error": {"class": "GenericError", "desc": "JSON parse error, invalid UTF-8 sequence in string"}}

== FD alone
>> {"execute":"guest-ping","id":"\xFD"}\x0A
< {"error": {"class": "GenericError", "desc": "JSON parse error, invalid UTF-8 sequence in string"}}

== a continuation byte alone
>> {"execute":"guest-ping","id":"\x80"}\x0A
< {"error": {"class": "GenericError", "desc": "JSON parse error, invalid UTF-8 sequence in string"}}

== the last continuation byte alone
>> {"execute":"guest-ping","id":"\xBF"}\x0A
< {"error": {"class": "GenericError", "desc": "JSON parse error, invalid UTF-8 sequence in string"}}

== a continuation byte too many
>> {"execute":"guest-ping","id":"\xC3\xA9\xA9"}\x0A
< {"error": {"class": "GenericError", "desc": "JSON parse error, invalid UTF-8 sequence in string"}}

== a cut character of two bytes
>> {"execute":"guest-ping","id":"\xC3"}\x0A
< {"error": {"class": "GenericError", "desc": "JSON parse error, invalid UTF-8 sequence in string"}}

== a cut character of three bytes
>> {"execute":"guest-ping","id":"\xE2\x82"}\x0A
< {"error": {"class": "GenericError", "desc": "JSON parse error, invalid UTF-8 sequence in string"}}

== a cut character of four bytes
>> {"execute":"guest-ping","id":"\xF0\x9F\x98"}\x0A
< {"error": {"class": "GenericError", "desc": "JSON parse error, invalid UTF-8 sequence in string"}}

== a cut character before text
>> {"execute":"guest-ping","id":"\xE2\x82x"}\x0A
< {"error": {"class": "GenericError", "desc": "JSON parse error, invalid UTF-8 sequence in string"}}

== malformed UTF-8 in a key
>> {"a\x80":1}\x0A
< {"error": {"class": "GenericError", "desc": "JSON parse error, invalid UTF-8 sequence in string"}}

== malformed UTF-8 in the command name
>> {"execute":"guest\xC3-ping"}\x0A
< {"error": {"class": "GenericError", "desc": "JSON parse error, invalid UTF-8 sequence in string"}}

== malformed UTF-8 in an argument name
>> {"execute":"guest-ping","arguments":{"\xC3":1}}\x0A
< {"error": {"class": "GenericError", "desc": "JSON parse error, invalid UTF-8 sequence in string"}}

== malformed UTF-8 at top level
>> "\xC3"\x0A
< {"error": {"class": "GenericError", "desc": "JSON parse error, invalid UTF-8 sequence in string"}}

== a long run of escapes
> {"execute":"guest-ping","id":"\u00e9\u00e9\u00e9\u00e9\u00e9\u00e9\u00e9\u00e9\u00e9\u00e9\u00e9\u00e9\u00e9\u00e9\u00e9\u00e9\u00e9\u00e9\u00e9\u00e9\u00e9\u00e9\u00e9\u00e9\u00e9\u00e9\u00e9\u00e9\u00e9\u00e9\u00e9\u00e9\u00e9\u00e9\u00e9\u00e9\u00e9\u00e9\u00e9\u00e9\u00e9\u00e9\u00e9\u00e9\u00e9\u00e9\u00e9\u00e9\u00e9\u00e9\u00e9\u00e9\u00e9\u00e9\u00e9\u00e9\u00e9\u00e9\u00e9\u00e9\u00e9\u00e9\u00e9\u00e9\u00e9\u00e9\u00e9\u00e9\u00e9\u00e9\u00e9\u00e9\u00e9\u00e9\u00e9\u00e9\u00e9\u00e9\u00e9\u00e9\u00e9\u00e9\u00e9\u00e9\u00e9\u00e9\u00e9\u00e9\u00e9\u00e9\u00e9\u00e9\u00e9\u00e9\u00e9\u00e9\u00e9\u00e9\u00e9\u00e9\u00e9\u00e9\u00e9\u00e9\u00e9\u00e9\u00e9\u00e9\u00e9\u00e9\u00e9\u00e9\u00e9\u00e9\u00e9\u00e9\u00e9\u00e9\u00e9\u00e9\u00e9\u00e9\u00e9\u00e9\u00e9\u00e9\u00e9\u00e9\u00e9\u00e9\u00e9\u00e9\u00e9\u00e9\u00e9\u00e9\u00e9\u00e9\u00e9\u00e9\u00e9\u00e9\u00e9\u00e9\u00e9\u00e9\u00e9\u00e9\u00e9\u00e9\u00e9\u00e9\u00e9\u00e9\u00e9\u00e9\u00e9\u00e9\u00e9\u00e9\u00e9\u00e9\u00e9\u00e9\u00e9\u00e9\u00e9\u00e9\u00e9\u00e9\u00e9\u00e9\u00e9\u00e9\u00e9\u00e9\u00e9\u00e9\u00e9\u00e9\u00e9\u00e9\u00e9\u00e9\u00e9\u00e9\u00e9\u00e9\u00e9\u00e9\u00e9\u00e9\u00e9\u00e9\u00e9\u00e9\u00e9\u00e9\u00e9\u00e9"}
< {"return": {}, "id": "\u00E9\u00E9\u00E9\u00E9\u00E9\u00E9\u ... [1224 characters, sha256 125bece10982be54]

== escapes in the command name
> {"execute":"\u0067uest-pin\u0067"}
< {"return": {}}

== escapes in a member name
> {"\u0065xecute":"guest-ping"}
< {"return": {}}

== everything that must be escaped on output
> {"execute":"a\"b\\c/d\b\f\n\r\te\u0001\u007f\u00e9\u20ac\ud83d\ude00"}
< {"error": {"class": "CommandNotFound", "desc": "The command a\"b\\c/d\b\f\n\r\te\u0001\u007F\u00E9\u20AC\uD83D\uDE00 has not been found"}}

== the zero in a command name
> {"execute":"gu\u0000est"}
< {"error": {"class": "CommandNotFound", "desc": "The command gu\u0000est has not been found"}}

== a known command name with a zero behind it
> {"execute":"guest-ping\u0000"}
< {"error": {"class": "CommandNotFound", "desc": "The command guest-ping\u0000 has not been found"}}

== the zero in a member name
> {"\u0000a":1}
< {"error": {"class": "GenericError", "desc": "QMP input member '\u0000a' is unexpected"}}

== a quote in a member name
> {"a\"b":1}
< {"error": {"class": "GenericError", "desc": "QMP input member 'a\"b' is unexpected"}}
