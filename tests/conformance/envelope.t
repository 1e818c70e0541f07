# The request object: each fault, and which of several is named.

== an empty object
> {}
< {"error": {"class": "GenericError", "desc": "QMP input lacks member 'execute'"}}

== a list
> [1]
< {"error": {"class": "GenericError", "desc": "QMP input must be a JSON object"}}

== an empty list
> []
< {"error": {"class": "GenericError", "desc": "QMP input must be a JSON object"}}

== a number
> 123
< {"error": {"class": "GenericError", "desc": "QMP input must be a JSON object"}}

== a double
> -1.5
< {"error": {"class": "GenericError", "desc": "QMP input must be a JSON object"}}

== a string
> "guest-ping"
< {"error": {"class": "GenericError", "desc": "QMP input must be a JSON object"}}

== true
> true
< {"error": {"class": "GenericError", "desc": "QMP input must be a JSON object"}}

== null
> null
< {"error": {"class": "GenericError", "desc": "QMP input must be a JSON object"}}

== execute is a number
> {"execute":1}
< {"error": {"class": "GenericError", "desc": "QMP input member 'execute' must be a string"}}

== execute is null
> {"execute":null}
< {"error": {"class": "GenericError", "desc": "QMP input member 'execute' must be a string"}}

== execute is true
> {"execute":true}
< {"error": {"class": "GenericError", "desc": "QMP input member 'execute' must be a string"}}

== execute is an object
> {"execute":{}}
< {"error": {"class": "GenericError", "desc": "QMP input member 'execute' must be a string"}}

== execute is a list
> {"execute":["guest-ping"]}
< {"error": {"class": "GenericError", "desc": "QMP input member 'execute' must be a string"}}

== execute is a double
> {"execute":1.5}
< {"error": {"class": "GenericError", "desc": "QMP input member 'execute' must be a string"}}

== execute is wrong, with id
> {"execute":1,"id":2}
< {"id": 2, "error": {"class": "GenericError", "desc": "QMP input member 'execute' must be a string"}}

== arguments is a number
> {"execute":"guest-ping","arguments":1}
< {"error": {"class": "GenericError", "desc": "QMP input member 'arguments' must be an object"}}

== arguments is null
> {"execute":"guest-ping","arguments":null}
< {"error": {"class": "GenericError", "desc": "QMP input member 'arguments' must be an object"}}

== arguments is a list
> {"execute":"guest-ping","arguments":[]}
< {"error": {"class": "GenericError", "desc": "QMP input member 'arguments' must be an object"}}

== arguments is a string
> {"execute":"guest-ping","arguments":"x"}
< {"error": {"class": "GenericError", "desc": "QMP input member 'arguments' must be an object"}}

== arguments is false
> {"execute":"guest-ping","arguments":false}
< {"error": {"class": "GenericError", "desc": "QMP input member 'arguments' must be an object"}}

== arguments is wrong, with id
> {"execute":"guest-ping","arguments":1,"id":"x"}
< {"id": "x", "error": {"class": "GenericError", "desc": "QMP input member 'arguments' must be an object"}}

== arguments is empty
> {"execute":"guest-ping","arguments":{}}
< {"return": {}}

== arguments without execute
> {"arguments":{}}
< {"error": {"class": "GenericError", "desc": "QMP input lacks member 'execute'"}}

== wrong arguments without execute
> {"arguments":1}
< {"error": {"class": "GenericError", "desc": "QMP input member 'arguments' must be an object"}}

== id without execute
> {"id":1}
< {"id": 1, "error": {"class": "GenericError", "desc": "QMP input lacks member 'execute'"}}

== an unknown member
> {"foo":1}
< {"error": {"class": "GenericError", "desc": "QMP input member 'foo' is unexpected"}}

== an unknown member beside execute
> {"execute":"guest-ping","foo":1}
< {"error": {"class": "GenericError", "desc": "QMP input member 'foo' is unexpected"}}

== an unknown member with id
> {"execute":"guest-ping","foo":1,"id":7}
< {"id": 7, "error": {"class": "GenericError", "desc": "QMP input member 'foo' is unexpected"}}

== an unknown member whose value is an object
> {"execute":"guest-ping","foo":{"execute":"guest-ping"}}
< {"error": {"class": "GenericError", "desc": "QMP input member 'foo' is unexpected"}}

== an empty member name
> {"":1}
< {"error": {"class": "GenericError", "desc": "QMP input member '' is unexpected"}}

== a member name in upper case
> {"EXECUTE":1,"execute":"guest-ping"}
< {"error": {"class": "GenericError", "desc": "QMP input member 'EXECUTE' is unexpected"}}

== return is not a member of a request
> {"return":{}}
< {"error": {"class": "GenericError", "desc": "QMP input member 'return' is unexpected"}}

== a reply sent back
> {"error":{"class":"GenericError","desc":"x"}}
< {"error": {"class": "GenericError", "desc": "QMP input member 'error' is unexpected"}}

== exec-oob
> {"exec-oob":"guest-ping"}
< {"error": {"class": "GenericError", "desc": "QMP input member 'exec-oob' is unexpected"}}

== exec-oob beside execute
> {"exec-oob":"guest-ping","execute":"guest-ping"}
< {"error": {"class": "GenericError", "desc": "QMP input member 'exec-oob' is unexpected"}}

== exec-oob with id
> {"exec-oob":"guest-ping","id":1}
< {"id": 1, "error": {"class": "GenericError", "desc": "QMP input member 'exec-oob' is unexpected"}}

== control
> {"control":{"run-oob":true}}
< {"error": {"class": "GenericError", "desc": "QMP input member 'control' is unexpected"}}

== control beside execute
> {"control":{},"execute":"guest-ping"}
< {"error": {"class": "GenericError", "desc": "QMP input member 'control' is unexpected"}}

== two faults: execute and arguments
> {"execute":1,"arguments":1}
< {"error": {"class": "GenericError", "desc": "QMP input member 'execute' must be a string"}}

== two faults: arguments and execute
> {"arguments":1,"execute":1}
< {"error": {"class": "GenericError", "desc": "QMP input member 'execute' must be a string"}}

== two faults: execute and an unknown member
> {"execute":1,"foo":1}
< {"error": {"class": "GenericError", "desc": "QMP input member 'execute' must be a string"}}

== two faults: an unknown member and execute
> {"foo":1,"execute":1}
< {"error": {"class": "GenericError", "desc": "QMP input member 'execute' must be a string"}}

== two faults: arguments and an unknown member
> {"execute":"guest-ping","arguments":1,"foo":1}
< {"error": {"class": "GenericError", "desc": "QMP input member 'arguments' must be an object"}}

== two faults: no execute and an unknown member
> {"arguments":{},"foo":1}
< {"error": {"class": "GenericError", "desc": "QMP input member 'foo' is unexpected"}}

== two faults: exec-oob and execute
> {"exec-oob":1,"execute":1}
< {"error": {"class": "GenericError", "desc": "QMP input member 'exec-oob' is unexpected"}}

== two faults: execute and exec-oob
> {"execute":1,"exec-oob":1}
< {"error": {"class": "GenericError", "desc": "QMP input member 'exec-oob' is unexpected"}}

== two faults: control and execute
> {"execute":1,"control":1}
< {"error": {"class": "GenericError", "desc": "QMP input member 'control' is unexpected"}}

== two faults: control and exec-oob
> {"control":1,"exec-oob":1}
< {"error": {"class": "GenericError", "desc": "QMP input member 'exec-oob' is unexpected"}}

== two faults: control and arguments
> {"arguments":1,"control":1,"execute":"guest-ping"}
< {"error": {"class": "GenericError", "desc": "QMP input member 'control' is unexpected"}}

== three faults and an id
> {"arguments":1,"foo":1,"execute":1,"id":9}
< {"id": 9, "error": {"class": "GenericError", "desc": "QMP input member 'execute' must be a string"}}

== two unknown members: one of them is named
@mask member '(foo|zoo)' -> member '(one of them)'
> {"zoo":1,"foo":1}
< {"error": {"class": "GenericError", "desc": "QMP input member '(one of them)' is unexpected"}}

== many unknown members: one of them is named
@mask member '[a-f]' -> member '(one of them)'
> {"a":1,"b":1,"c":1,"d":1,"e":1,"f":1}
< {"error": {"class": "GenericError", "desc": "QMP input member '(one of them)' is unexpected"}}

== an unknown command
> {"execute":"nope"}
< {"error": {"class": "CommandNotFound", "desc": "The command nope has not been found"}}

== an unknown command with id
> {"execute":"nope","id":1}
< {"id": 1, "error": {"class": "CommandNotFound", "desc": "The command nope has not been found"}}

== an empty command name
> {"execute":""}
< {"error": {"class": "CommandNotFound", "desc": "The command  has not been found"}}

== a command name in upper case
> {"execute":"GUEST-PING"}
< {"error": {"class": "CommandNotFound", "desc": "The command GUEST-PING has not been found"}}

== a command name with an underscore
> {"execute":"guest_ping"}
< {"error": {"class": "CommandNotFound", "desc": "The command guest_ping has not been found"}}

== a command name with a blank
> {"execute":"guest-ping "}
< {"error": {"class": "CommandNotFound", "desc": "The command guest-ping  has not been found"}}

== a prefix of a command name
> {"execute":"guest-pin"}
< {"error": {"class": "CommandNotFound", "desc": "The command guest-pin has not been found"}}

== a command that exists on Windows only
> {"execute":"guest-get-devices"}
< {"error": {"class": "CommandNotFound", "desc": "The command guest-get-devices has not been found"}}

== a command of the machine protocol
> {"execute":"qmp_capabilities"}
< {"error": {"class": "CommandNotFound", "desc": "The command qmp_capabilities has not been found"}}

== a command name of 3000 characters
>> {"execute":"
@repeat 3000 x
> "}
< {"error": {"class": "CommandNotFound", "desc": "The command  ... [3082 characters, sha256 e51bea4c46a9bd61]

== a member name of 3000 characters
>> {"
@repeat 3000 x
> ":1}
< {"error": {"class": "GenericError", "desc": "QMP input membe ... [3081 characters, sha256 e77acc7279d56f7c]

== an unknown command with arguments
> {"execute":"nope","arguments":{"a":1}}
< {"error": {"class": "CommandNotFound", "desc": "The command nope has not been found"}}

== an unknown command with wrong arguments
> {"execute":"nope","arguments":1}
< {"error": {"class": "GenericError", "desc": "QMP input member 'arguments' must be an object"}}

== an unknown command with an unknown member
> {"execute":"nope","foo":1}
< {"error": {"class": "GenericError", "desc": "QMP input member 'foo' is unexpected"}}

== members in any order: id first
> {"id":1,"execute":"guest-ping"}
< {"return": {}, "id": 1}

== members in any order: arguments first
> {"arguments":{"id":3},"id":1,"execute":"guest-sync"}
< {"return": 3, "id": 1}

== a request inside a request
> {"execute":{"execute":"guest-ping"}}
< {"error": {"class": "GenericError", "desc": "QMP input member 'execute' must be a string"}}

== a request of an unknown kind: JSON-RPC
@mask member '(jsonrpc|method)' -> member '(one of them)'
> {"jsonrpc":"2.0","method":"guest-ping","id":1}
< {"id": 1, "error": {"class": "GenericError", "desc": "QMP input member '(one of them)' is unexpected"}}
