# Load, CPU and disk statistics. Every figure changes from call to call; compared
# are members, their order, and which CPUs and disks are there.

== the load
@wait 1
@mask : \d+(\.\d+)?(e-?\d+)? -> : (number)
> {"execute":"guest-get-load"}
< {"return": {"load15m": (number), "load5m": (number), "load1m": (number)}}

== the CPUs
@wait 1
@view kinds
@mask "(guestnice|idle|steal|iowait|system|guest|nice|irq|user|softirq)": \d+ -> "\1": (count)
@local "cpu": \d+ -> "cpu": (number)
> {"execute":"guest-get-cpustats"}
< {"return": [
<   {"cpu": (number), "guestnice": (count), "idle": (count), "steal": (count), "iowait": (count), "system": (count), "guest": (count), "nice": (count), "irq": (count), "type": "linux", "user": (count), "softirq": (count)}
< ]}

== the disks
@steady
@wait 1
@view kinds
@mask "([a-z]+-[a-z]+)": \d+ -> "\1": (count)
@local "name": "[^"]+" -> "name": "(name)"
@local "(major|minor)": \d+ -> "\1": (number)
> {"execute":"guest-get-diskstats"}
< {"return": [
<   {"name": "(name)", "stats": {"discard-sectors": (count), "write-ios": (count), "discard-ios": (count), "discard-ticks": (count), "weight-ticks": (count), "read-ios": (count), "flush-ios": (count), "write-sectors": (count), "write-merges": (count), "write-ticks": (count), "ios-pgr": (count), "read-sectors": (count), "read-merges": (count), "total-ticks": (count), "discard-merges": (count), "flush-ticks": (count), "read-ticks": (count)}, "minor": (number), "major": (number)}
< ]}

== with ids
@steady
@wait 3
@mask \d+(\.\d+)? -> (number)
@local \{"return": .*(, "id".*)\} -> (return)\1
> {"execute":"guest-get-load","id":"a"}
> {"execute":"guest-get-cpustats","id":["b"]}
> {"execute":"guest-get-diskstats","id":null}
< (return), "id": "a"
< (return), "id": ["b"]
< (return), "id": null
