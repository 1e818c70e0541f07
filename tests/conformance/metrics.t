# guestd-metrics, which the reference does not have. Its figures are compared with what other
# programs read by the test `metrics`.

@mask "time-ns": \d+ -> "time-ns": (number)

== no parts
@wait 1
> {"execute":"guestd-metrics","arguments":{"parts":[]}}
< {"error": {"class": "CommandNotFound", "desc": "The command guestd-metrics has not been found"}}

== the shape of the parts that every system has
@wait 1
@mask (": )[0-9.e-]+(?=[,}]) -> \1(number)
> {"execute":"guestd-metrics","arguments":{"parts":["load","uptime","processes","users"]},"id":"x"}
< {"id": "x", "error": {"class": "CommandNotFound", "desc": "The command guestd-metrics has not been found"}}

== parts of the wrong type
> {"execute":"guestd-metrics","arguments":{"parts":"load"}}
> {"execute":"guestd-metrics","arguments":{"parts":null}}
> {"execute":"guestd-metrics","arguments":{"parts":[1]}}
> {"execute":"guestd-metrics","arguments":{"parts":[null]},"id":1}
> {"execute":"guestd-metrics","arguments":{"parts":["load",["uptime"]]}}
< {"error": {"class": "CommandNotFound", "desc": "The command guestd-metrics has not been found"}}
< {"error": {"class": "CommandNotFound", "desc": "The command guestd-metrics has not been found"}}
< {"error": {"class": "CommandNotFound", "desc": "The command guestd-metrics has not been found"}}
< {"id": 1, "error": {"class": "CommandNotFound", "desc": "The command guestd-metrics has not been found"}}
< {"error": {"class": "CommandNotFound", "desc": "The command guestd-metrics has not been found"}}

== parts there are not
> {"execute":"guestd-metrics","arguments":{"parts":["swap"]}}
> {"execute":"guestd-metrics","arguments":{"parts":["load",""]}}
> {"execute":"guestd-metrics","arguments":{"parts":["Load"]}}
< {"error": {"class": "CommandNotFound", "desc": "The command guestd-metrics has not been found"}}
< {"error": {"class": "CommandNotFound", "desc": "The command guestd-metrics has not been found"}}
< {"error": {"class": "CommandNotFound", "desc": "The command guestd-metrics has not been found"}}

== arguments it does not take
> {"execute":"guestd-metrics","arguments":{"part":["load"]}}
> {"execute":"guestd-metrics","arguments":{"parts":[],"x":1}}
< {"error": {"class": "CommandNotFound", "desc": "The command guestd-metrics has not been found"}}
< {"error": {"class": "CommandNotFound", "desc": "The command guestd-metrics has not been found"}}

@options -b guestd-metrics
== disabled
> {"execute":"guestd-metrics"}
< {"error": {"class": "CommandNotFound", "desc": "The command guestd-metrics has not been found"}}
