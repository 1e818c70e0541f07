# What one client leaves behind for the next.

== a client that leaves in the middle of a request
@expect 0
>> {"execute":"guest-

== the next client sends the other half
@reconnect
> ping"}
< {"return": {}}

== a client that leaves in the middle of a string
@expect 0
>> {"execute":"gue

== the next client begins with 0xFF
@reconnect
>> \xFF{"execute":"guest-ping"}\x0A
< {"error": {"class": "GenericError", "desc": "JSON parse error, stray '\"gue\uFFFD'"}}
< {"return": {}}

== a client that leaves with brackets open
@expect 0
>> [[[

== the next client sends a request
@reconnect
> {"execute":"guest-ping"}]]]
< {"error": {"class": "GenericError", "desc": "QMP input must be a JSON object"}}

== a client that leaves behind a number
@expect 0
>> 123

== the next client sends a request behind the number
@reconnect
> {"execute":"guest-ping"}
< {"error": {"class": "GenericError", "desc": "QMP input must be a JSON object"}}
< {"return": {}}

== a client that leaves behind a stray byte
@expect 1
>> \xFF
< {"error": {"class": "GenericError", "desc": "JSON parse error, stray '\uFFFD'"}}

== the next client begins with a word
@reconnect
> true
> {"execute":"guest-ping"}
< {"return": {}}

== a client that leaves behind a complete request
@expect 1
>> {"execute":"guest-ping"}
< {"return": {}}

== the next client finds nothing of it
@reconnect
> {"execute":"guest-sync","arguments":{"id":8}}
< {"return": 8}

== a client that asks for a delimiter and leaves
@expect 1
>> {"execute":"guest-sync-delimited","arguments":{"id":1}}
< \xFF{"return": 1}

== the next client gets no delimiter
@reconnect
> {"execute":"guest-ping"}
< {"return": {}}

== a client that closed its sending side is answered
@eof
>> {"execute":"guest-sync","arguments":{"id":99}}
< {"return": 99}

== two answers to such a client
@reconnect
@eof
>> {"execute":"guest-sync","arguments":{"id":1}}{"execute":"guest-sync","arguments":{"id":2}}
< {"return": 1}
< {"return": 2}

== a client that sends nothing
@reconnect
@eof

== a client after that
@reconnect
> {"execute":"guest-ping"}
< {"return": {}}

== half a request and no more
@reconnect
@eof
>> {"execute":"guest-sy

== a client after half a request and no more
@reconnect
>> \x01\x0A
> {"execute":"guest-ping"}
< {"error": {"class": "GenericError", "desc": "JSON parse error, stray '\"guest-sy\u0001'"}}
< {"return": {}}
