# Messages that are complete but malformed: each text, and which fault of
# several is named. The message is parsed from left to right once its braces
# balance; a token that cannot be read at all is the tokeniser's affair (strays.t).

== an empty object with a comma
> {,}
< {"error": {"class": "GenericError", "desc": "JSON parse error, expecting value"}}

== an empty object with a colon
> {:}
< {"error": {"class": "GenericError", "desc": "JSON parse error, expecting value"}}

== a key without value
> {"a":}
< {"error": {"class": "GenericError", "desc": "JSON parse error, expecting value"}}

== a comma before the closing brace
> {"a":1,}
< {"error": {"class": "GenericError", "desc": "JSON parse error, expecting value"}}

== a comma before the closing brace of a request
> {"execute":"guest-ping",}
< {"error": {"class": "GenericError", "desc": "JSON parse error, expecting value"}}

== two commas in an object
> {"a":1,,"b":2}
< {"error": {"class": "GenericError", "desc": "JSON parse error, expecting value"}}

== two colons
> {"a"::1}
< {"error": {"class": "GenericError", "desc": "JSON parse error, expecting value"}}

== a comma at the start of an object
> {,"a":1}
< {"error": {"class": "GenericError", "desc": "JSON parse error, expecting value"}}

== a list with only a comma
> [,]
< {"error": {"class": "GenericError", "desc": "JSON parse error, expecting value"}}

== a comma before the closing bracket
> [1,]
< {"error": {"class": "GenericError", "desc": "JSON parse error, expecting value"}}

== two commas in a list
> [1,,2]
< {"error": {"class": "GenericError", "desc": "JSON parse error, expecting value"}}

== a comma at the start of a list
> [,1]
< {"error": {"class": "GenericError", "desc": "JSON parse error, expecting value"}}

== a comma alone
> ,
< {"error": {"class": "GenericError", "desc": "JSON parse error, expecting value"}}

== a colon alone
> :
< {"error": {"class": "GenericError", "desc": "JSON parse error, expecting value"}}

== three commas
> ,,,
< {"error": {"class": "GenericError", "desc": "JSON parse error, expecting value"}}
< {"error": {"class": "GenericError", "desc": "JSON parse error, expecting value"}}
< {"error": {"class": "GenericError", "desc": "JSON parse error, expecting value"}}

== a closing brace alone
> }
< {"error": {"class": "GenericError", "desc": "JSON parse error, expecting value"}}

== a closing bracket alone
> ]
< {"error": {"class": "GenericError", "desc": "JSON parse error, expecting value"}}

== two closing braces
> }}
< {"error": {"class": "GenericError", "desc": "JSON parse error, expecting value"}}
< {"error": {"class": "GenericError", "desc": "JSON parse error, expecting value"}}

== brace closed by bracket
> {]
< {"error": {"class": "GenericError", "desc": "JSON parse error, expecting value"}}

== bracket closed by brace
> [}
< {"error": {"class": "GenericError", "desc": "JSON parse error, expecting value"}}

== an object in a list closed the wrong way round
> [{]}
< {"error": {"class": "GenericError", "desc": "JSON parse error, expecting value"}}

== a list in an object closed the wrong way round
> {"a":[}]
< {"error": {"class": "GenericError", "desc": "JSON parse error, expecting value"}}

== a brace too many inside a list
> [1}]
< {"error": {"class": "GenericError", "desc": "JSON parse error, expected separator in list"}}
< {"error": {"class": "GenericError", "desc": "JSON parse error, expecting value"}}

== a bracket too many inside an object
> {"a":1]
< {"error": {"class": "GenericError", "desc": "JSON parse error, expected separator in dict"}}

== ... and the brace after it
> {"a":1]}
< {"error": {"class": "GenericError", "desc": "JSON parse error, expected separator in dict"}}
< {"error": {"class": "GenericError", "desc": "JSON parse error, expecting value"}}

== a number as key
> {1:2}
< {"error": {"class": "GenericError", "desc": "JSON parse error, key is not a string in object"}}

== null as key
> {null:1}
< {"error": {"class": "GenericError", "desc": "JSON parse error, key is not a string in object"}}

== true as key
> {true:1}
< {"error": {"class": "GenericError", "desc": "JSON parse error, key is not a string in object"}}

== a list as key
> {[]:1}
< {"error": {"class": "GenericError", "desc": "JSON parse error, key is not a string in object"}}

== an object as key
> {{}:1}
< {"error": {"class": "GenericError", "desc": "JSON parse error, key is not a string in object"}}

== a double as key
> {1.5:1}
< {"error": {"class": "GenericError", "desc": "JSON parse error, key is not a string in object"}}

== a key that is not a keyword
> {foo:1}
< {"error": {"class": "GenericError", "desc": "JSON parse error, invalid keyword 'foo'"}}

== a broken list as key
> {[1 2]:1}
< {"error": {"class": "GenericError", "desc": "JSON parse error, expected separator in list"}}

== the second key is a number
> {"a":1,2:3}
< {"error": {"class": "GenericError", "desc": "JSON parse error, key is not a string in object"}}

== a key alone
> {"a"}
< {"error": {"class": "GenericError", "desc": "JSON parse error, missing : in object pair"}}

== a key and a value without colon
> {"a" 1}
< {"error": {"class": "GenericError", "desc": "JSON parse error, missing : in object pair"}}

== a comma instead of a colon
> {"a",1}
< {"error": {"class": "GenericError", "desc": "JSON parse error, missing : in object pair"}}

== the second key alone
> {"a":1,"b"}
< {"error": {"class": "GenericError", "desc": "JSON parse error, missing : in object pair"}}

== the second key without colon
> {"a":1,"b" 2}
< {"error": {"class": "GenericError", "desc": "JSON parse error, missing : in object pair"}}

== a key and a brace
> {"a"{}}
< {"error": {"class": "GenericError", "desc": "JSON parse error, missing : in object pair"}}

== a key and a bad keyword
> {"a" foo}
< {"error": {"class": "GenericError", "desc": "JSON parse error, missing : in object pair"}}

== two members without comma
> {"a":1 "b":2}
< {"error": {"class": "GenericError", "desc": "JSON parse error, expected separator in dict"}}

== two values
> {"a":"b" "c"}
< {"error": {"class": "GenericError", "desc": "JSON parse error, expected separator in dict"}}

== a colon instead of a comma in an object
> {"a":1:"b":2}
< {"error": {"class": "GenericError", "desc": "JSON parse error, expected separator in dict"}}

== a value and a bad keyword
> {"a":1 foo}
< {"error": {"class": "GenericError", "desc": "JSON parse error, expected separator in dict"}}

== a value and an object
> {"a":1{}}
< {"error": {"class": "GenericError", "desc": "JSON parse error, expected separator in dict"}}

== a nested object without comma
> {"a":{"b":1 "c":2}}
< {"error": {"class": "GenericError", "desc": "JSON parse error, expected separator in dict"}}

== two elements without comma
> [1 2]
< {"error": {"class": "GenericError", "desc": "JSON parse error, expected separator in list"}}

== a colon in a list
> [1:2]
< {"error": {"class": "GenericError", "desc": "JSON parse error, expected separator in list"}}

== an object's inside in a list
> ["a":1]
< {"error": {"class": "GenericError", "desc": "JSON parse error, expected separator in list"}}

== two keywords in a list
> [true false]
< {"error": {"class": "GenericError", "desc": "JSON parse error, expected separator in list"}}

== an element and a bad keyword
> ["a" x]
< {"error": {"class": "GenericError", "desc": "JSON parse error, expected separator in list"}}

== two lists without comma
> [[] []]
< {"error": {"class": "GenericError", "desc": "JSON parse error, expected separator in list"}}

== a bad keyword
> {"a":foo}
< {"error": {"class": "GenericError", "desc": "JSON parse error, invalid keyword 'foo'"}}

== a bad keyword as first element
> [x "a"]
< {"error": {"class": "GenericError", "desc": "JSON parse error, invalid keyword 'x'"}}

== a keyword that is cut
> {"a":tru}
< {"error": {"class": "GenericError", "desc": "JSON parse error, invalid keyword 'tru'"}}

== a keyword with a letter too many
> {"a":nulll}
< {"error": {"class": "GenericError", "desc": "JSON parse error, invalid keyword 'nulll'"}}

== keywords glued together
> [truefalse]
< {"error": {"class": "GenericError", "desc": "JSON parse error, invalid keyword 'truefalse'"}}

== a keyword at top level that is none
> nan
< {"error": {"class": "GenericError", "desc": "JSON parse error, invalid keyword 'nan'"}}

== keywords at top level, two bad ones
> tr ue
< {"error": {"class": "GenericError", "desc": "JSON parse error, invalid keyword 'tr'"}}
< {"error": {"class": "GenericError", "desc": "JSON parse error, invalid keyword 'ue'"}}

== a keyword of one letter
> x
< {"error": {"class": "GenericError", "desc": "JSON parse error, invalid keyword 'x'"}}

== a keyword of 1005 letters is quoted in full
@repeat 1005 a
>
< {"error": {"class": "GenericError", "desc": "JSON parse erro ... [1089 characters, sha256 cd8ac1537b8f53d6]

== a keyword of 1006 letters is cut
@repeat 1006 a
>
< {"error": {"class": "GenericError", "desc": "JSON parse erro ... [1089 characters, sha256 6a62f068d7573166]

== a keyword of 5000 letters is cut
@repeat 5000 a
>
< {"error": {"class": "GenericError", "desc": "JSON parse erro ... [1089 characters, sha256 6a62f068d7573166]

== a duplicate key
> {"a":1,"a":2}
< {"error": {"class": "GenericError", "desc": "JSON parse error, duplicate key"}}

== a duplicate key, same value
> {"a":1,"a":1}
< {"error": {"class": "GenericError", "desc": "JSON parse error, duplicate key"}}

== a duplicate execute
> {"execute":"guest-ping","execute":"guest-ping"}
< {"error": {"class": "GenericError", "desc": "JSON parse error, duplicate key"}}

== a duplicate id
> {"execute":"guest-ping","id":1,"id":2}
< {"error": {"class": "GenericError", "desc": "JSON parse error, duplicate key"}}

== a duplicate key in the arguments
> {"execute":"guest-sync","arguments":{"id":1,"id":2}}
< {"error": {"class": "GenericError", "desc": "JSON parse error, duplicate key"}}

== a duplicate key spelled with an escape
> {"a":1,"\u0061":2}
< {"error": {"class": "GenericError", "desc": "JSON parse error, duplicate key"}}

== keys that differ in case are no duplicates
@unordered
> {"execute":"guest-ping","id":{"a":1,"A":2}}
< {"id": {"A": "2", "a": "1"}, "return": {}}

== duplicate empty keys
> {"":1,"":2}
< {"error": {"class": "GenericError", "desc": "JSON parse error, duplicate key"}}

== duplicate key and missing value
> {"a":1,"a":}
< {"error": {"class": "GenericError", "desc": "JSON parse error, expecting value"}}

== duplicate key and bad keyword
> {"a":1,"a":foo}
< {"error": {"class": "GenericError", "desc": "JSON parse error, invalid keyword 'foo'"}}

== duplicate key and bad escape in its value
> {"a":1,"a":"\x"}
< {"error": {"class": "GenericError", "desc": "JSON parse error, invalid escape sequence in string"}}

== duplicate key and missing colon
> {"a":1,"a" 2}
< {"error": {"class": "GenericError", "desc": "JSON parse error, missing : in object pair"}}

== duplicate key and missing member
> {"a":1,"a"}
< {"error": {"class": "GenericError", "desc": "JSON parse error, missing : in object pair"}}

== duplicate key before a later fault
> {"a":1,"a":2,"b":}
< {"error": {"class": "GenericError", "desc": "JSON parse error, duplicate key"}}

== duplicate key inside, missing value outside
> {"a":1,"b":{"c":1,"c":2},"d":}
< {"error": {"class": "GenericError", "desc": "JSON parse error, duplicate key"}}

== bad keyword before a duplicate key
> {"a":foo,"a":1}
< {"error": {"class": "GenericError", "desc": "JSON parse error, invalid keyword 'foo'"}}

== a fault in an inner list comes before one further right
> {"a":[1,],"b":foo}
< {"error": {"class": "GenericError", "desc": "JSON parse error, expecting value"}}

== a fault further left in the outer object wins
> {"a":1 "b":[1,]}
< {"error": {"class": "GenericError", "desc": "JSON parse error, expected separator in dict"}}

== the first of two bad keywords
> [foo,bar]
< {"error": {"class": "GenericError", "desc": "JSON parse error, invalid keyword 'foo'"}}

== a bad escape and a bad keyword
> ["\x",foo]
< {"error": {"class": "GenericError", "desc": "JSON parse error, invalid escape sequence in string"}}

== a bad keyword and a bad escape
> [foo,"\x"]
< {"error": {"class": "GenericError", "desc": "JSON parse error, invalid keyword 'foo'"}}

== a bad escape where a separator is missing
> ["a" "\x"]
< {"error": {"class": "GenericError", "desc": "JSON parse error, expected separator in list"}}

== nothing is parsed before the braces balance
@expect 0
> {"a":foo,

== ... but once they do
> }
< {"error": {"class": "GenericError", "desc": "JSON parse error, invalid keyword 'foo'"}}

== an unclosed list is not a message
@expect 0
> {"a":[1}

== ... until the bracket comes
> ]
< {"error": {"class": "GenericError", "desc": "JSON parse error, expected separator in list"}}

== an empty key
> {"":1}
< {"error": {"class": "GenericError", "desc": "QMP input member '' is unexpected"}}

== nesting in order
> [[[[{"a":[[{}]]}]]]]
< {"error": {"class": "GenericError", "desc": "QMP input must be a JSON object"}}

== a deep fault
> [[[[{"a":[[{]]]}]]]]
< {"error": {"class": "GenericError", "desc": "JSON parse error, expecting value"}}
