# guest-network-get-interfaces and guest-network-get-route on the machine as it is. The
# test `network` asks on machines of all kinds, in namespaces of their own.

== the interfaces
@steady
@wait 1
@mask "((?:tx|rx)-[a-z]+)": \d+ -> "\1": (count)
@local \[\{"name": "lo", .*\](?=\}$) -> (interfaces)
> {"execute":"guest-network-get-interfaces"}
< {"return": (interfaces)}

== the routes
@steady
@wait 1
@mask "(refcnt|use)": \d+ -> "\1": (count)
@mask "(flags|metric)": -?\d+ -> "\1": (number)
@local \[(\{"flags": .*\})?\](?=\}$) -> (routes)
> {"execute":"guest-network-get-route"}
< {"return": (routes)}

== with ids
@steady
@wait 2
@mask "((?:tx|rx)-[a-z]+|refcnt|use)": \d+ -> "\1": (count)
@mask "(flags|metric)": -?\d+ -> "\1": (number)
@local \[\{.*\](?=, "id") -> (list)
> {"execute":"guest-network-get-interfaces","id":1}
> {"execute":"guest-network-get-route","arguments":{},"id":"b"}
< {"return": (list), "id": 1}
< {"return": (list), "id": "b"}

== arguments they do not take
> {"execute":"guest-network-get-interfaces","arguments":{"name":"lo"},"id":2}
> {"execute":"guest-network-get-route","arguments":{"version":4},"id":3}
> {"execute":"guest-network-get-interfaces","arguments":7}
> {"execute":"guest-network-get-route","arguments":[]}
< {"id": 2, "error": {"class": "GenericError", "desc": "Parameter 'name' is unexpected"}}
< {"id": 3, "error": {"class": "GenericError", "desc": "Parameter 'version' is unexpected"}}
< {"error": {"class": "GenericError", "desc": "QMP input member 'arguments' must be an object"}}
< {"error": {"class": "GenericError", "desc": "QMP input member 'arguments' must be an object"}}
