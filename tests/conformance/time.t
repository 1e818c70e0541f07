# guest-get-time: nanoseconds since 1970, in steps of a microsecond.

@mask (\d{13,16})000\b -> (microseconds)000

== the time
> {"execute":"guest-get-time"}
< {"return": (microseconds)000}

== the time, with an id
> {"execute":"guest-get-time","id":"now"}
< {"return": (microseconds)000, "id": "now"}

== the time, three times
> {"execute":"guest-get-time"}{"execute":"guest-get-time"}{"execute":"guest-get-time"}
< {"return": (microseconds)000}
< {"return": (microseconds)000}
< {"return": (microseconds)000}

# Setting it: arguments that are refused. The rest is tried in a virtual machine, with
# clocks that only pretend in the unit tests, and without the right to it (conformance/power).

== a time of the wrong type
@allow guest-set-time
> {"execute":"guest-set-time","arguments":{"time":"1"}}
> {"execute":"guest-set-time","arguments":{"time":1.5},"id":1}
> {"execute":"guest-set-time","arguments":{"time":1.0},"id":2}
> {"execute":"guest-set-time","arguments":{"time":null},"id":3}
> {"execute":"guest-set-time","arguments":{"time":true},"id":4}
> {"execute":"guest-set-time","arguments":{"time":[1]},"id":5}
> {"execute":"guest-set-time","arguments":{"time":9223372036854775808},"id":6}
> {"execute":"guest-set-time","arguments":{"time":-9223372036854775809},"id":7}
> {"execute":"guest-set-time","arguments":{"time":1e18},"id":8}
< {"error": {"class": "GenericError", "desc": "Invalid parameter type for 'time', expected: integer"}}
< {"id": 1, "error": {"class": "GenericError", "desc": "Invalid parameter type for 'time', expected: integer"}}
< {"id": 2, "error": {"class": "GenericError", "desc": "Invalid parameter type for 'time', expected: integer"}}
< {"id": 3, "error": {"class": "GenericError", "desc": "Invalid parameter type for 'time', expected: integer"}}
< {"id": 4, "error": {"class": "GenericError", "desc": "Invalid parameter type for 'time', expected: integer"}}
< {"id": 5, "error": {"class": "GenericError", "desc": "Invalid parameter type for 'time', expected: integer"}}
< {"id": 6, "error": {"class": "GenericError", "desc": "Invalid parameter type for 'time', expected: integer"}}
< {"id": 7, "error": {"class": "GenericError", "desc": "Invalid parameter type for 'time', expected: integer"}}
< {"id": 8, "error": {"class": "GenericError", "desc": "Invalid parameter type for 'time', expected: integer"}}

== arguments that guest-set-time does not take
@allow guest-set-time
> {"execute":"guest-set-time","arguments":{"Time":1}}
> {"execute":"guest-set-time","arguments":{"time":4000000000000000000,"utc":true},"id":9}
> {"execute":"guest-set-time","arguments":1}
< {"error": {"class": "GenericError", "desc": "Parameter 'Time' is unexpected"}}
< {"id": 9, "error": {"class": "GenericError", "desc": "Parameter 'utc' is unexpected"}}
< {"error": {"class": "GenericError", "desc": "QMP input member 'arguments' must be an object"}}

@options -b guest-set-time
== disabled
@allow guest-set-time
> {"execute":"guest-set-time"}
> {"execute":"guest-set-time","arguments":{"time":"x"},"id":10}
< {"error": {"class": "CommandNotFound", "desc": "Command guest-set-time has been disabled: the command is not allowed"}}
< {"id": 10, "error": {"class": "CommandNotFound", "desc": "Command guest-set-time has been disabled: the command is not allowed"}}
