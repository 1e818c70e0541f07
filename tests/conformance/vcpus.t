# guest-get-vcpus and guest-set-vcpus, where nothing is changed. The test `hardware` sets the
# CPUs of other machines, and tests/vm those of a virtual one.

== the CPUs
@wait 1
@local \[\{"online": .*\}\] -> (CPUs)
> {"execute":"guest-get-vcpus"}
< {"return": (CPUs)}

== with ids
@wait 2
@local \[\{"online": .*\}\](?=, "id") -> (CPUs)
> {"execute":"guest-get-vcpus","id":1}
> {"execute":"guest-get-vcpus","arguments":{},"id":{"a":[]}}
< {"return": (CPUs), "id": 1}
< {"return": (CPUs), "id": {"a": []}}

== arguments it does not take
> {"execute":"guest-get-vcpus","arguments":{"logical-id":0},"id":2}
> {"execute":"guest-get-vcpus","arguments":[]}
< {"id": 2, "error": {"class": "GenericError", "desc": "Parameter 'logical-id' is unexpected"}}
< {"error": {"class": "GenericError", "desc": "QMP input member 'arguments' must be an object"}}

== an empty list
@allow guest-set-vcpus
@wait 2
> {"execute":"guest-set-vcpus","arguments":{"vcpus":[]}}
> {"execute":"guest-set-vcpus","arguments":{"vcpus":[]},"id":3}
< {"return": 0}
< {"return": 0, "id": 3}

== CPU 0 stays online
@allow guest-set-vcpus
@wait 4
> {"execute":"guest-set-vcpus","arguments":{"vcpus":[{"logical-id":0,"online":true}]}}
> {"execute":"guest-set-vcpus","arguments":{"vcpus":[{"logical-id":0,"online":true,"can-offline":true}]}}
> {"execute":"guest-set-vcpus","arguments":{"vcpus":[{"can-offline":false,"online":true,"logical-id":0},{"logical-id":0,"online":true}]}}
> {"execute":"guest-set-vcpus","arguments":{"vcpus":[{"logical-id":0,"online":true},{"logical-id":99999,"online":true},{"logical-id":0,"online":true}]}}
< {"return": 1}
< {"return": 1}
< {"return": 2}
< {"return": 1}

== a CPU that is not there
@allow guest-set-vcpus
@wait 5
> {"execute":"guest-set-vcpus","arguments":{"vcpus":[{"logical-id":99999,"online":true}]}}
> {"execute":"guest-set-vcpus","arguments":{"vcpus":[{"logical-id":99999,"online":false}]},"id":4}
> {"execute":"guest-set-vcpus","arguments":{"vcpus":[{"logical-id":-1,"online":false}]}}
> {"execute":"guest-set-vcpus","arguments":{"vcpus":[{"logical-id":9223372036854775807,"online":true}]}}
> {"execute":"guest-set-vcpus","arguments":{"vcpus":[{"logical-id":-9223372036854775808,"online":true}]}}
< {"error": {"class": "GenericError", "desc": "open(\"/sys/devices/system/cpu/cpu99999/\"): No such file or directory"}}
< {"id": 4, "error": {"class": "GenericError", "desc": "open(\"/sys/devices/system/cpu/cpu99999/\"): No such file or directory"}}
< {"error": {"class": "GenericError", "desc": "open(\"/sys/devices/system/cpu/cpu-1/\"): No such file or directory"}}
< {"error": {"class": "GenericError", "desc": "open(\"/sys/devices/system/cpu/cpu9223372036854775807/\"): No such file or directory"}}
< {"error": {"class": "GenericError", "desc": "open(\"/sys/devices/system/cpu/cpu-9223372036854775808/\"): No such file or directory"}}

== without vcpus
@allow guest-set-vcpus
> {"execute":"guest-set-vcpus"}
> {"execute":"guest-set-vcpus","arguments":{},"id":5}
> {"execute":"guest-set-vcpus","arguments":{"cpus":[]}}
< {"error": {"class": "GenericError", "desc": "Parameter 'vcpus' is missing"}}
< {"id": 5, "error": {"class": "GenericError", "desc": "Parameter 'vcpus' is missing"}}
< {"error": {"class": "GenericError", "desc": "Parameter 'vcpus' is missing"}}

== vcpus of the wrong type
@allow guest-set-vcpus
> {"execute":"guest-set-vcpus","arguments":{"vcpus":{}}}
> {"execute":"guest-set-vcpus","arguments":{"vcpus":"0"}}
> {"execute":"guest-set-vcpus","arguments":{"vcpus":0}}
> {"execute":"guest-set-vcpus","arguments":{"vcpus":null}}
> {"execute":"guest-set-vcpus","arguments":{"vcpus":[0]}}
> {"execute":"guest-set-vcpus","arguments":{"vcpus":[null]}}
> {"execute":"guest-set-vcpus","arguments":{"vcpus":[[]]}}
> {"execute":"guest-set-vcpus","arguments":{"vcpus":[{"logical-id":0,"online":true},1]}}
< {"error": {"class": "GenericError", "desc": "Invalid parameter type for 'vcpus', expected: array"}}  (x 4)
< {"error": {"class": "GenericError", "desc": "Invalid parameter type for 'vcpus[0]', expected: object"}}
< {"error": {"class": "GenericError", "desc": "Invalid parameter type for 'vcpus[0]', expected: object"}}
< {"error": {"class": "GenericError", "desc": "Invalid parameter type for 'vcpus[0]', expected: object"}}
< {"error": {"class": "GenericError", "desc": "Invalid parameter type for 'vcpus[1]', expected: object"}}

== a CPU that lacks something
@allow guest-set-vcpus
> {"execute":"guest-set-vcpus","arguments":{"vcpus":[{}]}}
> {"execute":"guest-set-vcpus","arguments":{"vcpus":[{"online":true}]}}
> {"execute":"guest-set-vcpus","arguments":{"vcpus":[{"logical-id":0}]}}
> {"execute":"guest-set-vcpus","arguments":{"vcpus":[{"logical-id":0,"online":true},{"logical-id":0}]}}
< {"error": {"class": "GenericError", "desc": "Parameter 'vcpus[0].logical-id' is missing"}}
< {"error": {"class": "GenericError", "desc": "Parameter 'vcpus[0].logical-id' is missing"}}
< {"error": {"class": "GenericError", "desc": "Parameter 'vcpus[0].online' is missing"}}
< {"error": {"class": "GenericError", "desc": "Parameter 'vcpus[1].online' is missing"}}

== a CPU with something wrong
@allow guest-set-vcpus
> {"execute":"guest-set-vcpus","arguments":{"vcpus":[{"logical-id":"0","online":true}]}}
> {"execute":"guest-set-vcpus","arguments":{"vcpus":[{"logical-id":0.0,"online":true}]}}
> {"execute":"guest-set-vcpus","arguments":{"vcpus":[{"logical-id":9223372036854775808,"online":true}]}}
> {"execute":"guest-set-vcpus","arguments":{"vcpus":[{"logical-id":null,"online":true}]}}
> {"execute":"guest-set-vcpus","arguments":{"vcpus":[{"logical-id":0,"online":1}]}}
> {"execute":"guest-set-vcpus","arguments":{"vcpus":[{"logical-id":0,"online":"true"}]}}
> {"execute":"guest-set-vcpus","arguments":{"vcpus":[{"logical-id":0,"online":null}]}}
> {"execute":"guest-set-vcpus","arguments":{"vcpus":[{"logical-id":0,"online":true,"can-offline":1}]}}
> {"execute":"guest-set-vcpus","arguments":{"vcpus":[{"logical-id":0,"online":true,"can-offline":null}]}}
> {"execute":"guest-set-vcpus","arguments":{"vcpus":[{"logical-id":"0","online":1}]}}
< {"error": {"class": "GenericError", "desc": "Invalid parameter type for 'vcpus[0].logical-id', expected: integer"}}  (x 4)
< {"error": {"class": "GenericError", "desc": "Invalid parameter type for 'vcpus[0].online', expected: boolean"}}
< {"error": {"class": "GenericError", "desc": "Invalid parameter type for 'vcpus[0].online', expected: boolean"}}
< {"error": {"class": "GenericError", "desc": "Invalid parameter type for 'vcpus[0].online', expected: boolean"}}
< {"error": {"class": "GenericError", "desc": "Invalid parameter type for 'vcpus[0].can-offline', expected: boolean"}}
< {"error": {"class": "GenericError", "desc": "Invalid parameter type for 'vcpus[0].can-offline', expected: boolean"}}
< {"error": {"class": "GenericError", "desc": "Invalid parameter type for 'vcpus[0].logical-id', expected: integer"}}

== a CPU with something more
@allow guest-set-vcpus
> {"execute":"guest-set-vcpus","arguments":{"vcpus":[{"logical-id":0,"online":true,"offline":false}]}}
> {"execute":"guest-set-vcpus","arguments":{"vcpus":[{"logical-id":0,"online":true},{"logical-id":0,"online":true,"x":1}]}}
> {"execute":"guest-set-vcpus","arguments":{"vcpus":[],"x":1}}
< {"error": {"class": "GenericError", "desc": "Parameter 'vcpus[0].offline' is unexpected"}}
< {"error": {"class": "GenericError", "desc": "Parameter 'vcpus[1].x' is unexpected"}}
< {"error": {"class": "GenericError", "desc": "Parameter 'x' is unexpected"}}

@options -b guest-set-vcpus,guest-get-vcpus
== disabled
@allow guest-set-vcpus
> {"execute":"guest-get-vcpus"}
> {"execute":"guest-set-vcpus","arguments":{"vcpus":[]}}
< {"error": {"class": "CommandNotFound", "desc": "Command guest-get-vcpus has been disabled: the command is not allowed"}}
< {"error": {"class": "CommandNotFound", "desc": "Command guest-set-vcpus has been disabled: the command is not allowed"}}
