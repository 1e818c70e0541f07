# The limits of one message: depth, number of tokens, bytes.

== 1024 brackets open
@repeat 1024 [
@repeat 1024 ]
>> \x0A
< {"error": {"class": "GenericError", "desc": "QMP input must be a JSON object"}}

== the 1025th bracket is one too many
@repeat 1025 [
>> \x0A{"execute":"guest-ping"}\x0A
< {"error": {"class": "GenericError", "desc": "JSON nesting depth limit exceeded"}}
< {"return": {}}

== the bytes after the 1025th bracket are a new request
@repeat 1025 [
@repeat 1025 ]
>> \x0A
< {"error": {"class": "GenericError", "desc": "JSON nesting depth limit exceeded"}}
< {"error": {"class": "GenericError", "desc": "JSON parse error, expecting value"}}  (x 1025)

== 1024 braces open
@repeat 1024 {"a":
>> 1
@repeat 1024 }
>> \x0A
< {"error": {"class": "GenericError", "desc": "QMP input member 'a' is unexpected"}}

== the 1025th brace is one too many
@repeat 1025 {"a":
>> 1
@repeat 1025 }
>> \x0A
< {"error": {"class": "GenericError", "desc": "JSON nesting depth limit exceeded"}}
< {"error": {"class": "GenericError", "desc": "QMP input must be a JSON object"}}
< {"error": {"class": "GenericError", "desc": "JSON parse error, expecting value"}}
< {"error": {"class": "GenericError", "desc": "QMP input must be a JSON object"}}
< {"error": {"class": "GenericError", "desc": "JSON parse error, expecting value"}}  (x 1025)

== braces and brackets count together: 1024
@repeat 512 [{"a":
>> 1
@repeat 512 }]
>> \x0A
< {"error": {"class": "GenericError", "desc": "QMP input must be a JSON object"}}

== braces and brackets count together: 1025
@repeat 512 [{"a":
>> [1]
@repeat 512 }]
>> \x0A
< {"error": {"class": "GenericError", "desc": "JSON nesting depth limit exceeded"}}
< {"error": {"class": "GenericError", "desc": "QMP input must be a JSON object"}}
< {"error": {"class": "GenericError", "desc": "JSON parse error, expecting value"}}  (x 1025)

== an id 1023 deep is echoed
>> {"execute":"guest-ping","id":
@repeat 1023 [
@repeat 1023 ]
> }
< {"return": {}, "id": [[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[ ... [2068 characters, sha256 9ab823197a7e1959]

== an id 1024 deep is not
>> {"execute":"guest-ping","id":
@repeat 1024 [
@repeat 1024 ]
> }
< {"error": {"class": "GenericError", "desc": "JSON nesting depth limit exceeded"}}
< {"error": {"class": "GenericError", "desc": "JSON parse error, expecting value"}}  (x 1025)

== 2049 brackets open: one error, 1024 still open
@repeat 2049 [
>> !\x0A{"execute":"guest-ping"}\x0A
< {"error": {"class": "GenericError", "desc": "JSON nesting depth limit exceeded"}}
< {"error": {"class": "GenericError", "desc": "JSON parse error, stray '!'"}}
< {"return": {}}

== 2050 brackets open: two errors, none open
@repeat 2050 [
>> {"execute":"guest-ping"}\x0A
< {"error": {"class": "GenericError", "desc": "JSON nesting depth limit exceeded"}}
< {"error": {"class": "GenericError", "desc": "JSON nesting depth limit exceeded"}}
< {"return": {}}

== a hundred thousand brackets
@repeat 100000 [
>> \x01\x0A{"execute":"guest-ping"}\x0A
< {"error": {"class": "GenericError", "desc": "JSON nesting depth limit exceeded"}}  (x 97)
< {"error": {"class": "GenericError", "desc": "JSON parse error, stray '\u0001'"}}
< {"return": {}}

== a hundred thousand braces
@repeat 100000 {
>> \x01\x0A{"execute":"guest-ping"}\x0A
< {"error": {"class": "GenericError", "desc": "JSON nesting depth limit exceeded"}}  (x 97)
< {"error": {"class": "GenericError", "desc": "JSON parse error, stray '\u0001'"}}
< {"return": {}}

== a hundred thousand objects deep
@view kinds
@repeat 100000 {"a":
>> \x01\x0A{"execute":"guest-ping"}\x0A
< {"error": {"class": "GenericError", "desc": "JSON nesting depth limit exceeded"}}
< {"error": {"class": "GenericError", "desc": "QMP input must be a JSON object"}}
< {"error": {"class": "GenericError", "desc": "JSON parse error, expecting value"}}
< {"error": {"class": "GenericError", "desc": "JSON parse error, stray '\u0001'"}}
< {"return": {}}

== a hundred thousand closing brackets
@repeat 100000 ]
>> \x0A
< {"error": {"class": "GenericError", "desc": "JSON parse error, expecting value"}}  (x 100000)

== depth is not length: 10000 lists side by side
>> {"execute":"guest-ping","id":[[]
@repeat 9999 ,[]
> ]}
< {"return": {}, "id": [[], [], [], [], [], [], [], [], [], [] ... [40022 characters, sha256 91c4577dbc82792f]

== 2097151 tokens
>> [1
@repeat 1048574 ,1
>> ]\x0A
< {"error": {"class": "GenericError", "desc": "QMP input must be a JSON object"}}

== 2097152 tokens are still read
>> [1
@repeat 1048574 ,1
>> ,]\x0A
< {"error": {"class": "GenericError", "desc": "JSON parse error, expecting value"}}

== the 2097153rd is too many, even if it is the closing bracket
>> [1
@repeat 1048575 ,1
>> ]{"execute":"guest-ping"}\x0A
< {"error": {"class": "GenericError", "desc": "JSON token count limit exceeded"}}
< {"return": {}}

== the 2097153rd is dropped, the next is read afresh
>> [1
@repeat 1048575 ,1
>> ,1]\x0A
< {"error": {"class": "GenericError", "desc": "JSON token count limit exceeded"}}
< {"error": {"class": "GenericError", "desc": "QMP input must be a JSON object"}}
< {"error": {"class": "GenericError", "desc": "JSON parse error, expecting value"}}

== a token too many in a request
>> {"execute":"guest-ping","id":[1
@repeat 1048575 ,1
>> ]}{"execute":"guest-ping"}\x0A
< {"error": {"class": "GenericError", "desc": "JSON token count limit exceeded"}}
< {"error": {"class": "GenericError", "desc": "JSON parse error, expecting value"}}
< {"error": {"class": "GenericError", "desc": "QMP input must be a JSON object"}}
< {"error": {"class": "GenericError", "desc": "JSON parse error, expecting value"}}
< {"error": {"class": "GenericError", "desc": "QMP input must be a JSON object"}}
< {"error": {"class": "GenericError", "desc": "JSON parse error, expecting value"}}
< {"error": {"class": "GenericError", "desc": "QMP input must be a JSON object"}}
< {"error": {"class": "GenericError", "desc": "JSON parse error, expecting value"}}
< {"error": {"class": "GenericError", "desc": "JSON parse error, expecting value"}}
< {"return": {}}
