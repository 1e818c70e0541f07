# guest-get-fsinfo on the machine as it is. The test `filesystems` asks after mounting
# all kinds of things, and `machines` on other machines.

== the filesystems
@steady
@wait 1
@mask "(total-bytes|total-bytes-privileged|used-bytes)": \d+ -> "\1": (number)
@local \{"name": .*\}\]\} -> (filesystems)]}
> {"execute":"guest-get-fsinfo"}
< {"return": [(filesystems)]}

== with ids
@steady
@wait 2
@mask "(total-bytes|total-bytes-privileged|used-bytes)": \d+ -> "\1": (number)
@local \[\{"name": .*\}\](?=, "id") -> (filesystems)
> {"execute":"guest-get-fsinfo","id":1}
> {"execute":"guest-get-fsinfo","arguments":{},"id":{"a":[]}}
< {"return": (filesystems), "id": 1}
< {"return": (filesystems), "id": {"a": []}}

== arguments it does not take
> {"execute":"guest-get-fsinfo","arguments":{"mountpoint":"/"},"id":2}
> {"execute":"guest-get-fsinfo","arguments":[]}
< {"id": 2, "error": {"class": "GenericError", "desc": "Parameter 'mountpoint' is unexpected"}}
< {"error": {"class": "GenericError", "desc": "QMP input member 'arguments' must be an object"}}
