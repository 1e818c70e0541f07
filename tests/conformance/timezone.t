# The time zone, from TZ or /etc/localtime.

== the machine's own zone
@wait 1
@local \{"zone": "[^"]+", "offset": -?\d+\} -> (zone and offset)
> {"execute":"guest-get-timezone"}
< {"return": (zone and offset)}

@options
@env TZ=UTC
== UTC
@wait 1
> {"execute":"guest-get-timezone"}
< {"return": {"zone": "UTC", "offset": 0}}

@options
@env TZ=UTC0
== UTC0
@wait 1
> {"execute":"guest-get-timezone"}
< {"return": {"zone": "UTC", "offset": 0}}

@options
@env TZ=
== an empty TZ
@wait 1
> {"execute":"guest-get-timezone"}
< {"return": {"zone": "UTC", "offset": 0}}

@options
@env TZ=EST5
== five hours west
@wait 1
> {"execute":"guest-get-timezone"}
< {"return": {"zone": "EST", "offset": -18000}}

@options
@env TZ=<+0530>-5:30
== a numeric name, five and a half hours east
@wait 1
> {"execute":"guest-get-timezone"}
< {"return": {"zone": "+0530", "offset": 19800}}

@options
@env TZ=<-0330>3:30
== three and a half hours west
@wait 1
> {"execute":"guest-get-timezone"}
< {"return": {"zone": "-0330", "offset": -12600}}

@options
@env TZ=ABC-12:34:56
== an offset with seconds
@wait 1
> {"execute":"guest-get-timezone"}
< {"return": {"zone": "ABC", "offset": 45296}}

@options
@env TZ=KIR-14
== fourteen hours east
@wait 1
> {"execute":"guest-get-timezone"}
< {"return": {"zone": "KIR", "offset": 50400}}

@options
@env TZ=STD0DST,0/0,J365/25
== daylight saving all the year
@wait 1
> {"execute":"guest-get-timezone"}
< {"return": {"zone": "STD", "offset": 0}}

@options
@env TZ=Nowhere/Atall
== a zone that does not exist
@wait 1
> {"execute":"guest-get-timezone"}
< {"return": {"zone": "UTC", "offset": 0}}

@options
@env TZ=x
== a TZ without a zone
@wait 1
> {"execute":"guest-get-timezone"}
< {"return": {"zone": "UTC", "offset": 0}}

@options
@env TZ=:UTC
== a TZ with a colon
@wait 1
> {"execute":"guest-get-timezone"}
< {"return": {"zone": "UTC", "offset": 0}}

@options
@env TZ=Europe/Berlin
== a zone with summer time
@wait 1
@local \{"zone": "[^"]+", "offset": -?\d+\} -> (zone and offset)
> {"execute":"guest-get-timezone"}
< {"return": (zone and offset)}

@options
@env TZ=Asia/Kathmandu
== a zone at three quarters of an hour
@wait 1
@local \{"zone": "[^"]+", "offset": -?\d+\} -> (zone and offset)
> {"execute":"guest-get-timezone"}
< {"return": (zone and offset)}

@options
@env TZ=America/Sao_Paulo
== a zone in the west
@wait 1
@local \{"zone": "[^"]+", "offset": -?\d+\} -> (zone and offset)
> {"execute":"guest-get-timezone"}
< {"return": (zone and offset)}
