# guestd-subscribe, which qemu-ga does not have. No event comes here: nothing of
# the kind happens. That they come is for tests/vm and tests/libvirt.

== a subscription
> {"execute":"guestd-subscribe","arguments":{"events":["FREEZE_ENDED"]}}
< {"error": {"class": "CommandNotFound", "desc": "The command guestd-subscribe has not been found"}}

== several names, one of them twice, are reported in the order of guestd-info
> {"execute":"guestd-subscribe","arguments":{"events":["FREEZE_ENDED","SHUTDOWN_BEGUN","FREEZE_ENDED"]}}
< {"error": {"class": "CommandNotFound", "desc": "The command guestd-subscribe has not been found"}}

== with an id
> {"execute":"guestd-subscribe","arguments":{"events":["FREEZE_ENDED"]},"id":7}
< {"id": 7, "error": {"class": "CommandNotFound", "desc": "The command guestd-subscribe has not been found"}}

== the end of a subscription
> {"execute":"guestd-subscribe","arguments":{"events":[]}}
< {"error": {"class": "CommandNotFound", "desc": "The command guestd-subscribe has not been found"}}

== without arguments
> {"execute":"guestd-subscribe"}
< {"error": {"class": "CommandNotFound", "desc": "The command guestd-subscribe has not been found"}}

== a name instead of a list
> {"execute":"guestd-subscribe","arguments":{"events":"FREEZE_ENDED"}}
< {"error": {"class": "CommandNotFound", "desc": "The command guestd-subscribe has not been found"}}

== a list with something else in it
> {"execute":"guestd-subscribe","arguments":{"events":["FREEZE_ENDED",1]}}
< {"error": {"class": "CommandNotFound", "desc": "The command guestd-subscribe has not been found"}}

== an unknown name
> {"execute":"guestd-subscribe","arguments":{"events":["FREEZE_ENDED","NO_SUCH_EVENT"]}}
< {"error": {"class": "CommandNotFound", "desc": "The command guestd-subscribe has not been found"}}

== a name in small letters
> {"execute":"guestd-subscribe","arguments":{"events":["freeze_ended"]}}
< {"error": {"class": "CommandNotFound", "desc": "The command guestd-subscribe has not been found"}}

== an empty name
> {"execute":"guestd-subscribe","arguments":{"events":[""]}}
< {"error": {"class": "CommandNotFound", "desc": "The command guestd-subscribe has not been found"}}

== a name with a newline
> {"execute":"guestd-subscribe","arguments":{"events":["FREEZE_ENDED\n"]}}
< {"error": {"class": "CommandNotFound", "desc": "The command guestd-subscribe has not been found"}}

== a name that ends at a NUL
> {"execute":"guestd-subscribe","arguments":{"events":["FREEZE_ENDED\u0000"]}}
< {"error": {"class": "CommandNotFound", "desc": "The command guestd-subscribe has not been found"}}

== an unexpected argument
> {"execute":"guestd-subscribe","arguments":{"events":[],"all":true}}
< {"error": {"class": "CommandNotFound", "desc": "The command guestd-subscribe has not been found"}}

== a hundred thousand names
>> {"execute":"guestd-subscribe","arguments":{"events":["FREEZE_ENDED"
@repeat 100000 ,"FREEZE_ENDED"
>> ]}}
< {"error": {"class": "CommandNotFound", "desc": "The command guestd-subscribe has not been found"}}

== the next request is answered
> {"execute":"guest-ping"}{"execute":"guest-sync","arguments":{"id":3}}
< {"return": {}}
< {"return": 3}

== another client is not subscribed
@reconnect
> {"execute":"guest-ping"}
< {"return": {}}

@options -b guestd-subscribe

== a blocked command
> {"execute":"guestd-subscribe","arguments":{"events":["FREEZE_ENDED"]}}
< {"error": {"class": "CommandNotFound", "desc": "The command guestd-subscribe has not been found"}}
