# guest-shutdown and guest-suspend-* with arguments that are refused. What they do is
# tried in virtual machines, with programs that only pretend (conformance/power), and in
# the unit tests.

== a mode of the wrong type
@allow guest-shutdown
> {"execute":"guest-shutdown","arguments":{"mode":1}}
> {"execute":"guest-shutdown","arguments":{"mode":null},"id":1}
> {"execute":"guest-shutdown","arguments":{"mode":true},"id":2}
> {"execute":"guest-shutdown","arguments":{"mode":["halt"]},"id":3}
> {"execute":"guest-shutdown","arguments":{"mode":{}},"id":4}
< {"error": {"class": "GenericError", "desc": "Invalid parameter type for 'mode', expected: string"}}
< {"id": 1, "error": {"class": "GenericError", "desc": "Invalid parameter type for 'mode', expected: string"}}
< {"id": 2, "error": {"class": "GenericError", "desc": "Invalid parameter type for 'mode', expected: string"}}
< {"id": 3, "error": {"class": "GenericError", "desc": "Invalid parameter type for 'mode', expected: string"}}
< {"id": 4, "error": {"class": "GenericError", "desc": "Invalid parameter type for 'mode', expected: string"}}

== arguments that guest-shutdown does not take
@allow guest-shutdown
> {"execute":"guest-shutdown","arguments":{"Mode":"halt"}}
> {"execute":"guest-shutdown","arguments":{"mode":"halt","force":true},"id":5}
> {"execute":"guest-shutdown","arguments":"halt"}
< {"error": {"class": "GenericError", "desc": "Parameter 'Mode' is unexpected"}}
< {"id": 5, "error": {"class": "GenericError", "desc": "Parameter 'force' is unexpected"}}
< {"error": {"class": "GenericError", "desc": "QMP input member 'arguments' must be an object"}}

== arguments that suspending does not take
@allow guest-suspend-ram
@allow guest-suspend-disk
@allow guest-suspend-hybrid
> {"execute":"guest-suspend-ram","arguments":{"mode":"mem"}}
> {"execute":"guest-suspend-disk","arguments":{"x":1},"id":6}
> {"execute":"guest-suspend-hybrid","arguments":{"":null},"id":7}
> {"execute":"guest-suspend-ram","arguments":[]}
< {"error": {"class": "GenericError", "desc": "Parameter 'mode' is unexpected"}}
< {"id": 6, "error": {"class": "GenericError", "desc": "Parameter 'x' is unexpected"}}
< {"id": 7, "error": {"class": "GenericError", "desc": "Parameter '' is unexpected"}}
< {"error": {"class": "GenericError", "desc": "QMP input member 'arguments' must be an object"}}

@options -b guest-shutdown,guest-suspend-ram,guest-suspend-disk,guest-suspend-hybrid
== disabled
@allow guest-shutdown
@allow guest-suspend-ram
@allow guest-suspend-disk
@allow guest-suspend-hybrid
> {"execute":"guest-shutdown"}
> {"execute":"guest-shutdown","arguments":{"mode":1},"id":8}
> {"execute":"guest-suspend-ram","id":9}
> {"execute":"guest-suspend-disk"}
> {"execute":"guest-suspend-hybrid"}
< {"error": {"class": "CommandNotFound", "desc": "Command guest-shutdown has been disabled: the command is not allowed"}}
< {"id": 8, "error": {"class": "CommandNotFound", "desc": "Command guest-shutdown has been disabled: the command is not allowed"}}
< {"id": 9, "error": {"class": "CommandNotFound", "desc": "Command guest-suspend-ram has been disabled: the command is not allowed"}}
< {"error": {"class": "CommandNotFound", "desc": "Command guest-suspend-disk has been disabled: the command is not allowed"}}
< {"error": {"class": "CommandNotFound", "desc": "Command guest-suspend-hybrid has been disabled: the command is not allowed"}}
