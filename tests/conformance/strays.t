# Bytes that begin no token, and what ends the recovery after them.
# \x01\x0A is a clean flush: an error line for 0x01, and the newline ends the
# recovery.

== 0xFF when idle
>> \xFF\x0A
< {"error": {"class": "GenericError", "desc": "JSON parse error, stray '\uFFFD'"}}

== 0xFF twice gives two lines
>> \xFF\xFF\x0A
< {"error": {"class": "GenericError", "desc": "JSON parse error, stray '\uFFFD'"}}
< {"error": {"class": "GenericError", "desc": "JSON parse error, stray '\uFFFD'"}}

== 0xFF five times
>> \xFF\xFF\xFF\xFF\xFF\x0A
< {"error": {"class": "GenericError", "desc": "JSON parse error, stray '\uFFFD'"}}  (x 5)

== 0xFF right before a request
>> \xFF{"execute":"guest-ping"}\x0A
< {"error": {"class": "GenericError", "desc": "JSON parse error, stray '\uFFFD'"}}
< {"return": {}}

== 0xFF right behind a request
>> {"execute":"guest-ping"}\xFF\x0A
< {"return": {}}
< {"error": {"class": "GenericError", "desc": "JSON parse error, stray '\uFFFD'"}}

== 0xFF flushes half a request
>> {"execute":"guest-pi\xFF{"execute":"guest-ping"}\x0A
< {"error": {"class": "GenericError", "desc": "JSON parse error, stray '\"guest-pi\uFFFD'"}}
< {"return": {}}

== 0xFF outside a string flushes half a request
>> {"execute":\xFF{"execute":"guest-ping"}\x0A
< {"error": {"class": "GenericError", "desc": "JSON parse error, stray '\uFFFD'"}}
< {"return": {}}

== 0xFF behind a finished string
>> {"execute":"guest-ping"\xFF{"execute":"guest-ping"}\x0A
< {"error": {"class": "GenericError", "desc": "JSON parse error, stray '\uFFFD'"}}
< {"return": {}}

== 0xFF behind a number
>> [12\xFF\x0A
< {"error": {"class": "GenericError", "desc": "JSON parse error, stray '\uFFFD'"}}

== 0xFF behind a keyword
>> [tru\xFF\x0A
< {"error": {"class": "GenericError", "desc": "JSON parse error, stray '\uFFFD'"}}

== 0xFF ends a number at top level
>> 12\xFF\x0A
< {"error": {"class": "GenericError", "desc": "QMP input must be a JSON object"}}
< {"error": {"class": "GenericError", "desc": "JSON parse error, stray '\uFFFD'"}}

== 0xFF ends a keyword at top level
>> nul\xFF\x0A
< {"error": {"class": "GenericError", "desc": "JSON parse error, invalid keyword 'nul'"}}
< {"error": {"class": "GenericError", "desc": "JSON parse error, stray '\uFFFD'"}}

== the handshake of libvirt: 0xFF, newline, guest-sync
>> {"execute":"gue\xFF\x0A{"execute":"guest-sync","arguments":{"id":5}}\x0A
< {"error": {"class": "GenericError", "desc": "JSON parse error, stray '\"gue\uFFFD'"}}
< {"return": 5}

== the handshake with guest-sync-delimited
>> \xFF{"execute":"guest-sync-delimited","arguments":{"id":6}}\x0A
< {"error": {"class": "GenericError", "desc": "JSON parse error, stray '\uFFFD'"}}
< \xFF{"return": 6}

== 0xFE is like 0xFF
>> \xFE\xFE\x0A
< {"error": {"class": "GenericError", "desc": "JSON parse error, stray '\uFFFD'"}}
< {"error": {"class": "GenericError", "desc": "JSON parse error, stray '\uFFFD'"}}

== 0xFE in a string
>> {"a":"b\xFE\x0A
< {"error": {"class": "GenericError", "desc": "JSON parse error, stray '\"b\uFFFD'"}}

== 0xFE then 0xFF in a string
>> "a\xFE\xFF\x0A
< {"error": {"class": "GenericError", "desc": "JSON parse error, stray '\"a\uFFFD'"}}
< {"error": {"class": "GenericError", "desc": "JSON parse error, stray '\uFFFD'"}}

== the control byte 0x01
>> \x01\x0A
< {"error": {"class": "GenericError", "desc": "JSON parse error, stray '\u0001'"}}

== the control byte 0x01 twice
>> \x01\x01\x0A
< {"error": {"class": "GenericError", "desc": "JSON parse error, stray '\u0001'"}}
< {"error": {"class": "GenericError", "desc": "JSON parse error, stray '\u0001'"}}

== 0x01 flushes half a request
>> {"execute":"guest-pi\x01{"execute":"guest-ping"}\x0A
< {"error": {"class": "GenericError", "desc": "JSON parse error, stray '\"guest-pi\u0001'"}}
< {"return": {}}

== the zero byte
>> \x00\x0A
< {"error": {"class": "GenericError", "desc": "JSON parse error, stray ''"}}

== the zero byte in a string
>> "ab\x00\x0A
< {"error": {"class": "GenericError", "desc": "JSON parse error, stray '\"ab'"}}

== the zero byte behind a minus
>> -\x00\x0A
< {"error": {"class": "GenericError", "desc": "JSON parse error, stray '-'"}}

== the zero byte behind a backslash
>> "a\\x00\x0A
< {"error": {"class": "GenericError", "desc": "JSON parse error, stray '\"a\\'"}}

== the zero byte before a request
>> \x00{"execute":"guest-ping"}\x0A
< {"error": {"class": "GenericError", "desc": "JSON parse error, stray ''"}}
< {"return": {}}

== backspace, vertical tab, form feed
>> \x08\x0B\x0C\x0A
< {"error": {"class": "GenericError", "desc": "JSON parse error, stray '\b'"}}
< {"error": {"class": "GenericError", "desc": "JSON parse error, stray '\u000B'"}}
< {"error": {"class": "GenericError", "desc": "JSON parse error, stray '\f'"}}

== shift out to unit separator
>> \x0E\x0F\x10\x11\x12\x13\x14\x15\x16\x17\x18\x19\x1A\x1B\x1C\x1D\x1E\x1F\x0A
< {"error": {"class": "GenericError", "desc": "JSON parse error, stray '\u000E'"}}
< {"error": {"class": "GenericError", "desc": "JSON parse error, stray '\u000F'"}}
< {"error": {"class": "GenericError", "desc": "JSON parse error, stray '\u0010'"}}
< {"error": {"class": "GenericError", "desc": "JSON parse error, stray '\u0011'"}}
< {"error": {"class": "GenericError", "desc": "JSON parse error, stray '\u0012'"}}
< {"error": {"class": "GenericError", "desc": "JSON parse error, stray '\u0013'"}}
< {"error": {"class": "GenericError", "desc": "JSON parse error, stray '\u0014'"}}
< {"error": {"class": "GenericError", "desc": "JSON parse error, stray '\u0015'"}}
< {"error": {"class": "GenericError", "desc": "JSON parse error, stray '\u0016'"}}
< {"error": {"class": "GenericError", "desc": "JSON parse error, stray '\u0017'"}}
< {"error": {"class": "GenericError", "desc": "JSON parse error, stray '\u0018'"}}
< {"error": {"class": "GenericError", "desc": "JSON parse error, stray '\u0019'"}}
< {"error": {"class": "GenericError", "desc": "JSON parse error, stray '\u001A'"}}
< {"error": {"class": "GenericError", "desc": "JSON parse error, stray '\u001B'"}}
< {"error": {"class": "GenericError", "desc": "JSON parse error, stray '\u001C'"}}
< {"error": {"class": "GenericError", "desc": "JSON parse error, stray '\u001D'"}}
< {"error": {"class": "GenericError", "desc": "JSON parse error, stray '\u001E'"}}
< {"error": {"class": "GenericError", "desc": "JSON parse error, stray '\u001F'"}}

== start of text to acknowledge
>> \x02\x03\x04\x05\x06\x07\x0A
< {"error": {"class": "GenericError", "desc": "JSON parse error, stray '\u0002'"}}
< {"error": {"class": "GenericError", "desc": "JSON parse error, stray '\u0003'"}}
< {"error": {"class": "GenericError", "desc": "JSON parse error, stray '\u0004'"}}
< {"error": {"class": "GenericError", "desc": "JSON parse error, stray '\u0005'"}}
< {"error": {"class": "GenericError", "desc": "JSON parse error, stray '\u0006'"}}
< {"error": {"class": "GenericError", "desc": "JSON parse error, stray '\u0007'"}}

== delete
>> \x7F\x0A
< {"error": {"class": "GenericError", "desc": "JSON parse error, stray '\u007F'"}}

== an upper-case letter
> A
< {"error": {"class": "GenericError", "desc": "JSON parse error, stray 'A'"}}

== a run of upper-case letters is one error
> ABC
< {"error": {"class": "GenericError", "desc": "JSON parse error, stray 'A'"}}

== an upper-case word in a request
> {"execute":True}
< {"error": {"class": "GenericError", "desc": "JSON parse error, stray 'T'"}}
< {"error": {"class": "GenericError", "desc": "JSON parse error, expecting value"}}

== each punctuation mark that is not a token: ! # $ %
> !
> #
> $
> %
< {"error": {"class": "GenericError", "desc": "JSON parse error, stray '!'"}}
< {"error": {"class": "GenericError", "desc": "JSON parse error, stray '#'"}}
< {"error": {"class": "GenericError", "desc": "JSON parse error, stray '$'"}}
< {"error": {"class": "GenericError", "desc": "JSON parse error, stray '%'"}}

== each punctuation mark that is not a token: & ( ) *
> &
> (
> )
> *
< {"error": {"class": "GenericError", "desc": "JSON parse error, stray '&'"}}
< {"error": {"class": "GenericError", "desc": "JSON parse error, stray '('"}}
< {"error": {"class": "GenericError", "desc": "JSON parse error, stray ')'"}}
< {"error": {"class": "GenericError", "desc": "JSON parse error, stray '*'"}}

== each punctuation mark that is not a token: + . / ;
> +
> .
> /
> ;
< {"error": {"class": "GenericError", "desc": "JSON parse error, stray '+'"}}
< {"error": {"class": "GenericError", "desc": "JSON parse error, stray '.'"}}
< {"error": {"class": "GenericError", "desc": "JSON parse error, stray '/'"}}
< {"error": {"class": "GenericError", "desc": "JSON parse error, stray ';'"}}

== each punctuation mark that is not a token: < = > ?
> <
> =
> >
> ?
< {"error": {"class": "GenericError", "desc": "JSON parse error, stray '<'"}}
< {"error": {"class": "GenericError", "desc": "JSON parse error, stray '='"}}
< {"error": {"class": "GenericError", "desc": "JSON parse error, stray '>'"}}
< {"error": {"class": "GenericError", "desc": "JSON parse error, stray '?'"}}

== each punctuation mark that is not a token: @ \ ^ _
> @
> \
> ^
> _
< {"error": {"class": "GenericError", "desc": "JSON parse error, stray '@'"}}
< {"error": {"class": "GenericError", "desc": "JSON parse error, stray '\\'"}}
< {"error": {"class": "GenericError", "desc": "JSON parse error, stray '^'"}}
< {"error": {"class": "GenericError", "desc": "JSON parse error, stray '_'"}}

== each punctuation mark that is not a token: ` | ~
> `
> |
> ~
< {"error": {"class": "GenericError", "desc": "JSON parse error, stray '`'"}}
< {"error": {"class": "GenericError", "desc": "JSON parse error, stray '|'"}}
< {"error": {"class": "GenericError", "desc": "JSON parse error, stray '~'"}}

== upper-case letters one by one, A to M
> A
> B
> C
> D
> E
> F
> G
> H
> I
> J
> K
> L
> M
< {"error": {"class": "GenericError", "desc": "JSON parse error, stray 'A'"}}
< {"error": {"class": "GenericError", "desc": "JSON parse error, stray 'B'"}}
< {"error": {"class": "GenericError", "desc": "JSON parse error, stray 'C'"}}
< {"error": {"class": "GenericError", "desc": "JSON parse error, stray 'D'"}}
< {"error": {"class": "GenericError", "desc": "JSON parse error, stray 'E'"}}
< {"error": {"class": "GenericError", "desc": "JSON parse error, stray 'F'"}}
< {"error": {"class": "GenericError", "desc": "JSON parse error, stray 'G'"}}
< {"error": {"class": "GenericError", "desc": "JSON parse error, stray 'H'"}}
< {"error": {"class": "GenericError", "desc": "JSON parse error, stray 'I'"}}
< {"error": {"class": "GenericError", "desc": "JSON parse error, stray 'J'"}}
< {"error": {"class": "GenericError", "desc": "JSON parse error, stray 'K'"}}
< {"error": {"class": "GenericError", "desc": "JSON parse error, stray 'L'"}}
< {"error": {"class": "GenericError", "desc": "JSON parse error, stray 'M'"}}

== upper-case letters one by one, N to Z
> N
> O
> P
> Q
> R
> S
> T
> U
> V
> W
> X
> Y
> Z
< {"error": {"class": "GenericError", "desc": "JSON parse error, stray 'N'"}}
< {"error": {"class": "GenericError", "desc": "JSON parse error, stray 'O'"}}
< {"error": {"class": "GenericError", "desc": "JSON parse error, stray 'P'"}}
< {"error": {"class": "GenericError", "desc": "JSON parse error, stray 'Q'"}}
< {"error": {"class": "GenericError", "desc": "JSON parse error, stray 'R'"}}
< {"error": {"class": "GenericError", "desc": "JSON parse error, stray 'S'"}}
< {"error": {"class": "GenericError", "desc": "JSON parse error, stray 'T'"}}
< {"error": {"class": "GenericError", "desc": "JSON parse error, stray 'U'"}}
< {"error": {"class": "GenericError", "desc": "JSON parse error, stray 'V'"}}
< {"error": {"class": "GenericError", "desc": "JSON parse error, stray 'W'"}}
< {"error": {"class": "GenericError", "desc": "JSON parse error, stray 'X'"}}
< {"error": {"class": "GenericError", "desc": "JSON parse error, stray 'Y'"}}
< {"error": {"class": "GenericError", "desc": "JSON parse error, stray 'Z'"}}

== a continuation byte
>> \x80\x0A
< {"error": {"class": "GenericError", "desc": "JSON parse error, stray '\uFFFD'"}}

== several continuation bytes are one error
>> \x80\x81\xBF\x0A
< {"error": {"class": "GenericError", "desc": "JSON parse error, stray '\uFFFD'"}}

== a two-byte character outside a string
>> \xC3\xA9\x0A
< {"error": {"class": "GenericError", "desc": "JSON parse error, stray '\uFFFD'"}}

== a three-byte character outside a string
>> \xE2\x82\xAC\x0A
< {"error": {"class": "GenericError", "desc": "JSON parse error, stray '\uFFFD'"}}

== a four-byte character outside a string
>> \xF0\x9F\x98\x80\x0A
< {"error": {"class": "GenericError", "desc": "JSON parse error, stray '\uFFFD'"}}

== C0, C1, F5 and FD outside a string
>> \xC0\x0A\xC1\x0A\xF5\x0A\xFD\x0A
< {"error": {"class": "GenericError", "desc": "JSON parse error, stray '\uFFFD'"}}  (x 4)

== a byte order mark before a request
>> \xEF\xBB\xBF{"execute":"guest-ping"}\x0A
< {"error": {"class": "GenericError", "desc": "JSON parse error, stray '\uFFFD'"}}
< {"return": {}}

== a no-break space between tokens
>> {"execute":\xC2\xA0"guest-ping"}\x0A
< {"error": {"class": "GenericError", "desc": "JSON parse error, stray '\uFFFD'"}}
< {"error": {"class": "GenericError", "desc": "JSON parse error, expecting value"}}

== a C comment inside a request
> {"execute":"guest-ping" /* c */}
< {"error": {"class": "GenericError", "desc": "JSON parse error, stray '/'"}}
< {"error": {"class": "GenericError", "desc": "JSON parse error, expecting value"}}

== a C comment before a request
> /* c */{"execute":"guest-ping"}
< {"error": {"class": "GenericError", "desc": "JSON parse error, stray '/'"}}
< {"return": {}}

== a line comment behind a request
> {"execute":"guest-ping"} // c
< {"return": {}}
< {"error": {"class": "GenericError", "desc": "JSON parse error, stray '/'"}}

== a hash comment
> # c
> {"execute":"guest-ping"}
< {"error": {"class": "GenericError", "desc": "JSON parse error, stray '#'"}}
< {"return": {}}

== NaN
> NaN
< {"error": {"class": "GenericError", "desc": "JSON parse error, stray 'N'"}}

== Infinity
> Infinity
< {"error": {"class": "GenericError", "desc": "JSON parse error, stray 'I'"}}

== minus Infinity
> -Infinity
< {"error": {"class": "GenericError", "desc": "JSON parse error, stray '-I'"}}

== a hex number
> {"execute":"guest-ping","id":0x10}
< {"error": {"class": "GenericError", "desc": "JSON parse error, expected separator in dict"}}

== a plus sign before a number
> {"execute":"guest-ping","id":+1}
< {"error": {"class": "GenericError", "desc": "JSON parse error, stray '+'"}}
< {"error": {"class": "GenericError", "desc": "JSON parse error, expecting value"}}

== a leading decimal point
> {"execute":"guest-ping","id":.5}
< {"error": {"class": "GenericError", "desc": "JSON parse error, stray '.'"}}
< {"error": {"class": "GenericError", "desc": "JSON parse error, expecting value"}}

== a semicolon instead of a comma
> {"execute":"guest-ping";"id":1}
< {"error": {"class": "GenericError", "desc": "JSON parse error, stray ';'"}}
< {"error": {"class": "GenericError", "desc": "JSON parse error, expecting value"}}
< {"error": {"class": "GenericError", "desc": "QMP input must be a JSON object"}}
< {"error": {"class": "GenericError", "desc": "JSON parse error, expecting value"}}

== an unquoted key
> {execute:"guest-ping"}
< {"error": {"class": "GenericError", "desc": "JSON parse error, invalid keyword 'execute'"}}

== an unquoted value
> {"execute":guest-ping}
< {"error": {"class": "GenericError", "desc": "JSON parse error, stray '-p'"}}
< {"error": {"class": "GenericError", "desc": "JSON parse error, expecting value"}}

== a Python literal
> {"execute":"guest-ping","id":None}
< {"error": {"class": "GenericError", "desc": "JSON parse error, stray 'N'"}}
< {"error": {"class": "GenericError", "desc": "JSON parse error, expecting value"}}

== a variable declaration
> var x = {"execute":"guest-ping"};
< {"error": {"class": "GenericError", "desc": "JSON parse error, invalid keyword 'var'"}}
< {"error": {"class": "GenericError", "desc": "JSON parse error, invalid keyword 'x'"}}
< {"error": {"class": "GenericError", "desc": "JSON parse error, stray '='"}}
< {"return": {}}
< {"error": {"class": "GenericError", "desc": "JSON parse error, stray ';'"}}

== an XML document
> <request>{"execute":"guest-ping"}</request>
< {"error": {"class": "GenericError", "desc": "JSON parse error, stray '<'"}}
< {"return": {}}
< {"error": {"class": "GenericError", "desc": "JSON parse error, stray '<'"}}

== an HTTP request
>> GET / HTTP/1.1\x0D\x0AHost: a\x0D\x0A\x0D\x0A
< {"error": {"class": "GenericError", "desc": "JSON parse error, stray 'G'"}}
< {"error": {"class": "GenericError", "desc": "JSON parse error, stray 'H'"}}
< {"error": {"class": "GenericError", "desc": "JSON parse error, expecting value"}}
< {"error": {"class": "GenericError", "desc": "JSON parse error, invalid keyword 'a'"}}

== a backslash between tokens
> {\"execute\":"guest-ping"}
< {"error": {"class": "GenericError", "desc": "JSON parse error, stray '\\'"}}
< {"error": {"class": "GenericError", "desc": "JSON parse error, expecting value"}}
< {"error": {"class": "GenericError", "desc": "QMP input must be a JSON object"}}
< {"error": {"class": "GenericError", "desc": "JSON parse error, expecting value"}}

== 256 times 0xFF
@repeat 256 \xFF
>> \x0A
< {"error": {"class": "GenericError", "desc": "JSON parse error, stray '\uFFFD'"}}  (x 256)

== every byte above 0x7F, each on a line, up to 0x8F
>> \x80\x0A\x81\x0A\x82\x0A\x83\x0A\x84\x0A\x85\x0A\x86\x0A\x87\x0A\x88\x0A\x89\x0A\x8A\x0A\x8B\x0A\x8C\x0A\x8D\x0A\x8E\x0A\x8F\x0A
< {"error": {"class": "GenericError", "desc": "JSON parse error, stray '\uFFFD'"}}  (x 16)

== lead bytes, each on a line
>> \xC2\x0A\xD0\x0A\xDF\x0A\xE0\x0A\xED\x0A\xEF\x0A\xF0\x0A\xF4\x0A\xF8\x0A\xFC\x0A
< {"error": {"class": "GenericError", "desc": "JSON parse error, stray '\uFFFD'"}}  (x 10)
