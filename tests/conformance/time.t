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
