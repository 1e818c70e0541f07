# The limit of 64 MiB: the tokens of one message together stay below it.
# Quotes and punctuation count, blanks between tokens do not.

== a string of 64 MiB less one byte
>> "
@repeat 64Mi-3 a
>> "\x0A
< {"error": {"class": "GenericError", "desc": "QMP input must be a JSON object"}}

== a string of 64 MiB
>> "
@repeat 64Mi-2 a
>> "\x0A{"execute":"guest-ping"}\x0A
< {"error": {"class": "GenericError", "desc": "JSON token size limit exceeded"}}
< {"return": {}}

== a string of 64 MiB and one byte
>> "
@repeat 64Mi-1 a
>> "\x0A{"execute":"guest-ping"}\x0A
< {"error": {"class": "GenericError", "desc": "JSON token size limit exceeded"}}
< {"return": {}}

== behind 64 MiB and one byte everything is read afresh
>> "
@repeat 64Mi+8 a
>> "\x0A{"execute":"guest-ping"}\x0A
< {"error": {"class": "GenericError", "desc": "JSON token size limit exceeded"}}
< {"error": {"class": "GenericError", "desc": "JSON parse error, invalid keyword 'aaaaaaaa'"}}
< {"error": {"class": "GenericError", "desc": "JSON parse error, stray '\"\n'"}}
< {"return": {}}

== a request of 64 MiB less one byte
>> {"execute":"guest-ping","id":"
@repeat 64Mi-33 a
>> "}\x0A
< {"return": {}, "id": "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa ... [67108855 bytes, sha256 24019215da1d853f]

== a request of 64 MiB
>> {"execute":"guest-ping","id":"
@repeat 64Mi-32 a
>> "}{"execute":"guest-ping"}\x0A
< {"error": {"class": "GenericError", "desc": "JSON token size limit exceeded"}}
< {"return": {}}

== a request of 64 MiB and one byte
>> {"execute":"guest-ping","id":"
@repeat 64Mi-31 a
>> "}{"execute":"guest-ping"}\x0A
< {"error": {"class": "GenericError", "desc": "JSON token size limit exceeded"}}
< {"error": {"class": "GenericError", "desc": "JSON parse error, expecting value"}}
< {"return": {}}

== two strings that are too much together
>> ["
@repeat 32Mi a
>> ","
@repeat 32Mi a
>> "]{"execute":"guest-ping"}\x0A
< {"error": {"class": "GenericError", "desc": "JSON token size limit exceeded"}}
< {"error": {"class": "GenericError", "desc": "JSON parse error, expecting value"}}
< {"return": {}}

== blanks do not count
@repeat 64Mi+1 \x20
>> {"execute":"guest-ping"}\x0A
< {"return": {}}

== a number of 64 MiB
@repeat 64Mi 1
>> {"execute":"guest-ping"}\x0A
< {"error": {"class": "GenericError", "desc": "JSON token size limit exceeded"}}
< {"return": {}}

== a keyword of 64 MiB
@repeat 64Mi a
>> {"execute":"guest-ping"}\x0A
< {"error": {"class": "GenericError", "desc": "JSON token size limit exceeded"}}
< {"return": {}}

== a keyword of 64 MiB less one byte
@repeat 64Mi-1 a
>> {"execute":"guest-ping"}\x0A
< {"error": {"class": "GenericError", "desc": "JSON parse erro ... [1089 characters, sha256 6a62f068d7573166]
< {"return": {}}

== a stray behind 64 MiB of string is quoted in full
>> "
@repeat 64Mi-1 a
>> \xFF\x0A{"execute":"guest-ping"}\x0A
< {"error": {"class": "GenericError", "desc": "JSON parse erro ... [67108945 bytes, sha256 c3a6f399e0d37882]
< {"return": {}}

== the limit inside an object throws the object away
>> {"a":"
@repeat 64Mi a
>> ",1]\x01\x0A{"execute":"guest-ping"}\x0A
< {"error": {"class": "GenericError", "desc": "JSON token size limit exceeded"}}
< {"error": {"class": "GenericError", "desc": "JSON parse error, stray '\",1]\u0001'"}}
< {"return": {}}
