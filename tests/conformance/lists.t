# Which commands are allowed: --block-rpcs and --allow-rpcs.

@options -b guest-ping,guest-get-time

== a blocked command
> {"execute":"guest-ping"}
< {"error": {"class": "CommandNotFound", "desc": "Command guest-ping has been disabled: the command is not allowed"}}

== another blocked command, with id
> {"execute":"guest-get-time","id":3}
< {"id": 3, "error": {"class": "CommandNotFound", "desc": "Command guest-get-time has been disabled: the command is not allowed"}}

== a command that is not blocked
> {"execute":"guest-sync","arguments":{"id":1}}
< {"return": 1}

== a blocked command with an unexpected argument
> {"execute":"guest-ping","arguments":{"foo":1}}
< {"error": {"class": "CommandNotFound", "desc": "Command guest-ping has been disabled: the command is not allowed"}}

== a blocked command with arguments that are no object
> {"execute":"guest-ping","arguments":1}
< {"error": {"class": "GenericError", "desc": "QMP input member 'arguments' must be an object"}}

== a blocked command and an unknown member
> {"execute":"guest-ping","foo":1}
< {"error": {"class": "GenericError", "desc": "QMP input member 'foo' is unexpected"}}

== a blocked command in a malformed request
> {"execute":"guest-ping",}
< {"error": {"class": "GenericError", "desc": "JSON parse error, expecting value"}}

== guest-info lists blocked commands as disabled
@view list
@keep "name": "guest-(ping|get-time|sync|sync-delimited|info|get-host-name|get-osinfo)",
> {"execute":"guest-info"}
<   {"enabled": true, "name": "guest-get-osinfo", "success-response": true}
<   {"enabled": true, "name": "guest-get-host-name", "success-response": true}
<   {"enabled": true, "name": "guest-info", "success-response": true}
<   {"enabled": false, "name": "guest-get-time", "success-response": true}
<   {"enabled": false, "name": "guest-ping", "success-response": true}
<   {"enabled": true, "name": "guest-sync", "success-response": true}
<   {"enabled": true, "name": "guest-sync-delimited", "success-response": true}

@options --block-rpcs=guest-ping --block-rpcs=guest-get-time

== two options add up: the first
> {"execute":"guest-ping"}
< {"error": {"class": "CommandNotFound", "desc": "Command guest-ping has been disabled: the command is not allowed"}}

== two options add up: the second
> {"execute":"guest-get-time"}
< {"error": {"class": "CommandNotFound", "desc": "Command guest-get-time has been disabled: the command is not allowed"}}

@options -b "guest-ping, guest-get-time"

== blanks are not trimmed: before the blank
> {"execute":"guest-ping"}
< {"error": {"class": "CommandNotFound", "desc": "Command guest-ping has been disabled: the command is not allowed"}}

== blanks are not trimmed: after the blank
@mask \d{15,} -> (time)
> {"execute":"guest-get-time"}
< {"return": (time)}

@options -b guest-ping;guest-get-time

== a semicolon separates nothing
@mask \d{15,} -> (time)
> {"execute":"guest-ping"}{"execute":"guest-get-time"}
< {"return": {}}
< {"return": (time)}

@options -b nope,,guest-pin,GUEST-PING

== unknown names have no effect
> {"execute":"guest-ping"}{"execute":"nope"}
< {"return": {}}
< {"error": {"class": "CommandNotFound", "desc": "The command nope has not been found"}}

@options -b ""

== an empty block list blocks nothing
> {"execute":"guest-ping"}
< {"return": {}}

@options -b guest-info

== guest-info blocked
> {"execute":"guest-info"}
< {"error": {"class": "CommandNotFound", "desc": "Command guest-info has been disabled: the command is not allowed"}}

@options -b guest-sync,guest-sync-delimited

== guest-sync blocked
@expect 1
> {"execute":"guest-sync","arguments":{"id":5}}
< {"error": {"class": "CommandNotFound", "desc": "Command guest-sync has been disabled: the command is not allowed"}}

== guest-sync-delimited blocked: no delimiter
@expect 1
> {"execute":"guest-sync-delimited","arguments":{"id":5}}
< {"error": {"class": "CommandNotFound", "desc": "Command guest-sync-delimited has been disabled: the command is not allowed"}}

== guest-sync blocked: wrong arguments do not matter
@expect 1
> {"execute":"guest-sync","arguments":{"id":"x"}}
< {"error": {"class": "CommandNotFound", "desc": "Command guest-sync has been disabled: the command is not allowed"}}

== nothing else came
@expect 1
> {"execute":"guest-ping","id":"last"}
< {"return": {}, "id": "last"}

@options -a guest-ping,guest-info

== an allowed command
@expect 1
> {"execute":"guest-ping"}
< {"return": {}}

== a command that is not allowed
@expect 1
> {"execute":"guest-get-time"}
< {"error": {"class": "CommandNotFound", "desc": "Command guest-get-time has been disabled: the command is not allowed"}}

== guest-sync is not allowed by itself
@expect 1
> {"execute":"guest-sync","arguments":{"id":5}}
< {"error": {"class": "CommandNotFound", "desc": "Command guest-sync has been disabled: the command is not allowed"}}

== an unknown command is unknown, not disabled
@expect 1
> {"execute":"nope"}
< {"error": {"class": "CommandNotFound", "desc": "The command nope has not been found"}}

== a command that is not allowed, without its arguments
@expect 1
> {"execute":"guest-sync-delimited"}
< {"error": {"class": "CommandNotFound", "desc": "Command guest-sync-delimited has been disabled: the command is not allowed"}}

== guest-info lists allowed commands as enabled
@expect 1
@view list
@keep "name": "guest-(ping|get-time|sync|sync-delimited|info|get-host-name|get-osinfo)",
> {"execute":"guest-info"}
<   {"enabled": false, "name": "guest-get-osinfo", "success-response": true}
<   {"enabled": false, "name": "guest-get-host-name", "success-response": true}
<   {"enabled": true, "name": "guest-info", "success-response": true}
<   {"enabled": false, "name": "guest-get-time", "success-response": true}
<   {"enabled": true, "name": "guest-ping", "success-response": true}
<   {"enabled": false, "name": "guest-sync", "success-response": true}
<   {"enabled": false, "name": "guest-sync-delimited", "success-response": true}

@options -a guest-ping -a guest-sync-delimited

== two allow options add up
> {"execute":"guest-ping"}{"execute":"guest-get-time"}
< {"return": {}}
< {"error": {"class": "CommandNotFound", "desc": "Command guest-get-time has been disabled: the command is not allowed"}}

@options -a guest-ping,guest-sync-delimited,guest-get-time -b guest-ping

== block wins over allow: blocked
> {"execute":"guest-ping"}
< {"error": {"class": "CommandNotFound", "desc": "Command guest-ping has been disabled: the command is not allowed"}}

== block wins over allow: allowed
@mask \d{15,} -> (time)
> {"execute":"guest-get-time"}
< {"return": (time)}

== block wins over allow: neither
> {"execute":"guest-get-host-name"}
< {"error": {"class": "CommandNotFound", "desc": "Command guest-get-host-name has been disabled: the command is not allowed"}}

@options -a nope,guest-pin,guest-sync-delimited

== an allow list of unknown names allows nothing
> {"execute":"guest-ping"}{"execute":"nope"}
< {"error": {"class": "CommandNotFound", "desc": "Command guest-ping has been disabled: the command is not allowed"}}
< {"error": {"class": "CommandNotFound", "desc": "The command nope has not been found"}}

@options -a ""

== an empty allow list
@expect 1
> {"execute":"guest-ping"}
< {"return": {}}

@options -c $DIR/conf
@file conf
| [general]
| block-rpcs=guest-ping,guest-get-time

== a block list in the configuration
> {"execute":"guest-ping"}{"execute":"guest-get-time"}{"execute":"guest-sync","arguments":{"id":1}}
< {"error": {"class": "CommandNotFound", "desc": "Command guest-ping has been disabled: the command is not allowed"}}
< {"error": {"class": "CommandNotFound", "desc": "Command guest-get-time has been disabled: the command is not allowed"}}
< {"return": 1}

@options -c $DIR/conf -b guest-get-host-name
@file conf
| [general]
| block-rpcs=guest-ping

== block lists of configuration and command line add up
> {"execute":"guest-ping"}{"execute":"guest-get-host-name"}
< {"error": {"class": "CommandNotFound", "desc": "Command guest-ping has been disabled: the command is not allowed"}}
< {"error": {"class": "CommandNotFound", "desc": "Command guest-get-host-name has been disabled: the command is not allowed"}}

@options -c $DIR/conf
@file conf
| [general]
| allow-rpcs=guest-ping,guest-sync-delimited

== an allow list in the configuration
> {"execute":"guest-ping"}{"execute":"guest-get-time"}
< {"return": {}}
< {"error": {"class": "CommandNotFound", "desc": "Command guest-get-time has been disabled: the command is not allowed"}}

@options -c $DIR/conf -a guest-get-time
@file conf
| [general]
| allow-rpcs=guest-ping,guest-sync-delimited

== allow lists of configuration and command line add up
@mask \d{15,} -> (time)
> {"execute":"guest-ping"}{"execute":"guest-get-time"}{"execute":"guest-get-host-name"}
< {"return": {}}
< {"return": (time)}
< {"error": {"class": "CommandNotFound", "desc": "Command guest-get-host-name has been disabled: the command is not allowed"}}

@options -c $DIR/conf -b guest-ping
@file conf
| [general]
| allow-rpcs=guest-ping,guest-sync-delimited

== the command line overrides the configuration's list
> {"execute":"guest-ping"}
< {"error": {"class": "CommandNotFound", "desc": "Command guest-ping has been disabled: the command is not allowed"}}

@options
@env QGA_CONF=$DIR/conf
@file conf
| # the same by way of QGA_CONF
| [general]
| block-rpcs = guest-ping

== a block list in the file that QGA_CONF names
> {"execute":"guest-ping"}
< {"error": {"class": "CommandNotFound", "desc": "Command guest-ping has been disabled: the command is not allowed"}}

@options -c $DIR/other
@env QGA_CONF=$DIR/conf
@file conf
| [general]
| block-rpcs=guest-ping
@file other
| [general]
| block-rpcs=guest-get-time

== -c wins over QGA_CONF
> {"execute":"guest-ping"}{"execute":"guest-get-time"}
< {"return": {}}
< {"error": {"class": "CommandNotFound", "desc": "Command guest-get-time has been disabled: the command is not allowed"}}

@options
@env QGA_CONF=$DIR/missing

== a QGA_CONF that does not exist
> {"execute":"guest-ping"}
< {"return": {}}

@options -c $DIR/conf
@file conf
| [general]
| allow-rpcs=

== an empty allow list in the configuration
@expect 1
> {"execute":"guest-ping"}
< {"return": {}}

@options -c $DIR/conf
@file conf
| [general]
| block-rpcs=

== an empty block list in the configuration
> {"execute":"guest-ping"}
< {"return": {}}

@options -c $DIR/conf
@file conf
| [general]
| block-rpcs=guest-ping;guest-get-time

== a semicolon separates nothing in the configuration either
@mask \d{15,} -> (time)
> {"execute":"guest-ping"}{"execute":"guest-get-time"}
< {"return": {}}
< {"return": (time)}
