# Where a request begins and ends: braces and brackets, not lines.

== one request, one line
> {"execute":"guest-ping"}
< {"return": {}}

== no newline after the request
>> {"execute":"guest-ping"}
< {"return": {}}

== two requests glued together
> {"execute":"guest-ping"}{"execute":"guest-ping","id":2}
< {"return": {}}
< {"return": {}, "id": 2}

== five requests on one line
@repeat 5 {"execute":"guest-ping"}
>> \x0A
< {"return": {}}  (x 5)

== three thousand requests in one go
@repeat 3000 {"execute":"guest-ping"}
>> \x0A
< {"return": {}}  (x 3000)

== replies come in the order of the requests
> {"execute":"guest-ping","id":1}{"execute":"nope","id":2}[3]{"execute":"guest-sync","arguments":{"id":4}}
> {"execute":"guest-ping","id":5}
< {"return": {}, "id": 1}
< {"id": 2, "error": {"class": "CommandNotFound", "desc": "The command nope has not been found"}}
< {"error": {"class": "GenericError", "desc": "QMP input must be a JSON object"}}
< {"return": 4}
< {"return": {}, "id": 5}

== a request over several lines
> {
>   "execute" :
>     "guest-ping",
>   "id": 7
> }
< {"return": {}, "id": 7}

== CR LF line ends
>> {"execute":"guest-ping"}\x0D\x0A{"execute":\x0D\x0A"guest-ping"}\x0D\x0A
< {"return": {}}
< {"return": {}}

== blanks and tabs between all tokens
>>  \x09 {\x09"execute" \x09:\x0D\x0A  "guest-ping"\x09 , "id" : [ 1 ,\x0A2 ] } \x09\x0A
< {"return": {}, "id": [1, 2]}

== nothing but blanks
>> \x20\x09\x0D\x0A\x20\x20\x0A\x0A

== blanks before a request
>> \x20\x20\x0A\x0A\x09\x20{"execute":"guest-ping"}
< {"return": {}}

== a kibibyte of blanks in the middle of a request
>> {"execute":
@repeat 1024 \x20
>> "guest-ping"}
< {"return": {}}

== fed at every split point
@every-split
> {"execute":"guest-ping","id":"a\"}{\\"}
< {"return": {}, "id": "a\"}{\\"}

== fed at every split point, escapes and multibyte characters
@every-split
> {"execute":"guest-ping","id":"\u00e9 é 😀 \ud83d\ude00"}
< {"return": {}, "id": "\u00E9 \u00E9 \uD83D\uDE00 \uD83D\uDE00"}

== fed at every split point, two requests
@every-split
> {"execute":"guest-sync","arguments":{"id":-17}}{'execute':'nope'}
< {"return": -17}
< {"error": {"class": "CommandNotFound", "desc": "The command nope has not been found"}}

== fed at every split point, with errors inside
@every-split
> {"execute":A} 12 true "x" }
< {"error": {"class": "GenericError", "desc": "JSON parse error, stray 'A'"}}
< {"error": {"class": "GenericError", "desc": "JSON parse error, expecting value"}}
< {"error": {"class": "GenericError", "desc": "QMP input must be a JSON object"}}
< {"error": {"class": "GenericError", "desc": "QMP input must be a JSON object"}}
< {"error": {"class": "GenericError", "desc": "QMP input must be a JSON object"}}
< {"error": {"class": "GenericError", "desc": "JSON parse error, expecting value"}}

== fed byte by byte
@split 1
> {"execute":"guest-sync","arguments":{"id":1}}{"execute":"guest-ping","id":{"x":[1,2.5,null]}}
< {"return": 1}
< {"return": {}, "id": {"x": [1, 2.5, null]}}

== fed in pieces of three bytes
@split 3
> {"execute":"guest-sync","arguments":{"id":1}}{"execute":"guest-ping","id":{"x":[1,2.5,null]}}
< {"return": 1}
< {"return": {}, "id": {"x": [1, 2.5, null]}}

== a request longer than one read
>> {"execute":"guest-ping","id":"
@repeat 10000 a
> "}
< {"return": {}, "id": "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa ... [10024 characters, sha256 79d0515dd0e2c372]

== a request of exactly 4096 bytes
>> {"execute":"guest-ping","id":"
@repeat 4065 b
> "}
< {"return": {}, "id": "bbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbb ... [4089 characters, sha256 e19800bce15eb9a2]

== a request of exactly 4095 bytes and one of 4097
>> {"execute":"guest-ping","id":"
@repeat 4064 b
>> "}{"execute":"guest-ping","id":"
@repeat 4066 c
> "}
< {"return": {}, "id": "bbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbb ... [4088 characters, sha256 71fa5e7a60544708]
< {"return": {}, "id": "cccccccccccccccccccccccccccccccccccccc ... [4090 characters, sha256 e7567e99e0e8fa2e]

== half a request gives no answer
@expect 0
>> {"execute":"guest-

== ... and its other half gives one
> ping"}
< {"return": {}}

== an opening brace stays open over lines
@expect 0
> {
> "execute"

== ... until it is closed
> : "guest-ping" }
< {"return": {}}

== braces and brackets inside strings do not count
> {"execute":"guest-ping","id":"}]{["}
< {"return": {}, "id": "}]{["}

== a quote behind a backslash does not end the string
> {"execute":"guest-ping","id":"\"}"}
< {"return": {}, "id": "\"}"}

== a doubled backslash does
> {"execute":"guest-ping","id":"\\"}
< {"return": {}, "id": "\\"}

== single quotes
> {'execute':'guest-ping'}
< {"return": {}}

== single and double quotes mixed
> {'execute':"guest-ping",'id':"x"}
< {"return": {}, "id": "x"}

== the other quote inside
> {"execute":"guest-ping","id":["it's",'say "a"']}
< {"return": {}, "id": ["it's", "say \"a\""]}

== a single quoted string does not end at a double quote
> {'execute':'guest-ping','id':'"}'}
< {"return": {}, "id": "\"}"}

== a string at top level
> "guest-ping"
< {"error": {"class": "GenericError", "desc": "QMP input must be a JSON object"}}

== a string at top level needs no newline
>> "x"
< {"error": {"class": "GenericError", "desc": "QMP input must be a JSON object"}}

== two strings at top level
> "a" 'b'
< {"error": {"class": "GenericError", "desc": "QMP input must be a JSON object"}}
< {"error": {"class": "GenericError", "desc": "QMP input must be a JSON object"}}

== two strings glued together
> "a""b"
< {"error": {"class": "GenericError", "desc": "QMP input must be a JSON object"}}
< {"error": {"class": "GenericError", "desc": "QMP input must be a JSON object"}}

== a number at top level
> 123
< {"error": {"class": "GenericError", "desc": "QMP input must be a JSON object"}}

== a number at top level waits for the byte after it
@expect 0
>> 123

== ... a blank ends it
>> \x20
< {"error": {"class": "GenericError", "desc": "QMP input must be a JSON object"}}

== a number right before a request
> 12{"execute":"guest-ping"}
< {"error": {"class": "GenericError", "desc": "QMP input must be a JSON object"}}
< {"return": {}}

== a number right before a string
> 12"x"
< {"error": {"class": "GenericError", "desc": "QMP input must be a JSON object"}}
< {"error": {"class": "GenericError", "desc": "QMP input must be a JSON object"}}

== two numbers
> 1 2
< {"error": {"class": "GenericError", "desc": "QMP input must be a JSON object"}}
< {"error": {"class": "GenericError", "desc": "QMP input must be a JSON object"}}

== a keyword at top level
> true
< {"error": {"class": "GenericError", "desc": "QMP input must be a JSON object"}}

== each keyword
> true false null
< {"error": {"class": "GenericError", "desc": "QMP input must be a JSON object"}}
< {"error": {"class": "GenericError", "desc": "QMP input must be a JSON object"}}
< {"error": {"class": "GenericError", "desc": "QMP input must be a JSON object"}}

== a keyword waits for the byte after it
@expect 0
>> nul

== ... and the next one is answered
> l
< {"error": {"class": "GenericError", "desc": "QMP input must be a JSON object"}}

== a keyword right before a number
> true1
< {"error": {"class": "GenericError", "desc": "QMP input must be a JSON object"}}
< {"error": {"class": "GenericError", "desc": "QMP input must be a JSON object"}}

== a number right before a keyword
> 1true
< {"error": {"class": "GenericError", "desc": "QMP input must be a JSON object"}}
< {"error": {"class": "GenericError", "desc": "QMP input must be a JSON object"}}

== keyword and string
> true"x"
< {"error": {"class": "GenericError", "desc": "QMP input must be a JSON object"}}
< {"error": {"class": "GenericError", "desc": "QMP input must be a JSON object"}}

== an empty object
> {}
< {"error": {"class": "GenericError", "desc": "QMP input lacks member 'execute'"}}

== an empty list
> []
< {"error": {"class": "GenericError", "desc": "QMP input must be a JSON object"}}

== a list at top level
> [{"execute":"guest-ping"}]
< {"error": {"class": "GenericError", "desc": "QMP input must be a JSON object"}}

== a list is one message
> [1,{"a":2},[3]]
< {"error": {"class": "GenericError", "desc": "QMP input must be a JSON object"}}

== a comma between requests
> {"execute":"guest-ping"},{"execute":"guest-ping"}
< {"return": {}}
< {"error": {"class": "GenericError", "desc": "JSON parse error, expecting value"}}
< {"return": {}}

== a request behind a closing brace too many
> {"execute":"guest-ping"}}{"execute":"guest-ping"}
< {"return": {}}
< {"error": {"class": "GenericError", "desc": "JSON parse error, expecting value"}}
< {"return": {}}

== a closing bracket too many
> {"execute":"guest-ping"}]
< {"return": {}}
< {"error": {"class": "GenericError", "desc": "JSON parse error, expecting value"}}
