# guest-get-disks on the machine as it is. The test `filesystems` asks after attaching
# all kinds of things, and `machines` on other machines.

== the disks
@steady
@wait 1
@mask "smart": \{[^}]*\} -> "smart": (counters)
@local \[(\{"name": .*\})?\](?=\}$) -> (disks)
> {"execute":"guest-get-disks"}
< {"return": (disks)}

== with ids
@steady
@wait 2
@mask "smart": \{[^}]*\} -> "smart": (counters)
@local \[(\{"name": .*\})?\](?=, "id") -> (disks)
> {"execute":"guest-get-disks","id":1}
> {"execute":"guest-get-disks","arguments":{},"id":"b"}
< {"return": (disks), "id": 1}
< {"return": (disks), "id": "b"}

== arguments it does not take
> {"execute":"guest-get-disks","arguments":{"name":"/dev/vda"},"id":2}
> {"execute":"guest-get-disks","arguments":7}
< {"id": 2, "error": {"class": "GenericError", "desc": "Parameter 'name' is unexpected"}}
< {"error": {"class": "GenericError", "desc": "QMP input member 'arguments' must be an object"}}
