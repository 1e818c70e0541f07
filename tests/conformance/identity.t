# Host name, users, and who we are. What is local to a machine is not recorded.

== the host name
@wait 1
@local "host-name": "[^"]*" -> "host-name": "(name)"
> {"execute":"guest-get-host-name"}
< {"return": {"host-name": "(name)"}}

== the host name, with an id
@wait 1
@local "host-name": "[^"]*" -> "host-name": "(name)"
> {"execute":"guest-get-host-name","id":1}
< {"return": {"host-name": "(name)"}, "id": 1}

== the users
@steady
@wait 1
@local \[.*\] -> (users)
> {"execute":"guest-get-users"}
< {"return": (users)}

== the operating system of this machine
@wait 1
@local "return": .*\} -> "return": (members)}
> {"execute":"guest-get-osinfo"}
< {"return": (members)}
