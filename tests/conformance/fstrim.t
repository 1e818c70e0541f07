# guest-fstrim with arguments that are refused. What it does is tried in a virtual
# machine and, with system calls that only pretend, in the unit tests.

== minimum of the wrong type
@allow guest-fstrim
> {"execute":"guest-fstrim","arguments":{"minimum":"1"}}
> {"execute":"guest-fstrim","arguments":{"minimum":1.5},"id":1}
> {"execute":"guest-fstrim","arguments":{"minimum":1.0},"id":2}
> {"execute":"guest-fstrim","arguments":{"minimum":null},"id":3}
> {"execute":"guest-fstrim","arguments":{"minimum":true},"id":4}
> {"execute":"guest-fstrim","arguments":{"minimum":[1]},"id":5}
> {"execute":"guest-fstrim","arguments":{"minimum":9223372036854775808},"id":6}
< {"error": {"class": "GenericError", "desc": "Invalid parameter type for 'minimum', expected: integer"}}
< {"id": 1, "error": {"class": "GenericError", "desc": "Invalid parameter type for 'minimum', expected: integer"}}
< {"id": 2, "error": {"class": "GenericError", "desc": "Invalid parameter type for 'minimum', expected: integer"}}
< {"id": 3, "error": {"class": "GenericError", "desc": "Invalid parameter type for 'minimum', expected: integer"}}
< {"id": 4, "error": {"class": "GenericError", "desc": "Invalid parameter type for 'minimum', expected: integer"}}
< {"id": 5, "error": {"class": "GenericError", "desc": "Invalid parameter type for 'minimum', expected: integer"}}
< {"id": 6, "error": {"class": "GenericError", "desc": "Invalid parameter type for 'minimum', expected: integer"}}

== arguments it does not take
@allow guest-fstrim
> {"execute":"guest-fstrim","arguments":{"maximum":1}}
> {"execute":"guest-fstrim","arguments":{"minimum":1,"path":"/"},"id":7}
> {"execute":"guest-fstrim","arguments":"/"}
< {"error": {"class": "GenericError", "desc": "Parameter 'maximum' is unexpected"}}
< {"id": 7, "error": {"class": "GenericError", "desc": "Parameter 'path' is unexpected"}}
< {"error": {"class": "GenericError", "desc": "QMP input member 'arguments' must be an object"}}

@options -b guest-fstrim
== disabled
@allow guest-fstrim
> {"execute":"guest-fstrim"}
> {"execute":"guest-fstrim","arguments":{"minimum":"x"},"id":8}
< {"error": {"class": "CommandNotFound", "desc": "Command guest-fstrim has been disabled: the command is not allowed"}}
< {"id": 8, "error": {"class": "CommandNotFound", "desc": "Command guest-fstrim has been disabled: the command is not allowed"}}
