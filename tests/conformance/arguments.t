# Argument faults of the commands that have none or one.

== guest-sync: a number
> {"execute":"guest-sync","arguments":{"id":5}}
< {"return": 5}

== guest-sync: zero and negative
> {"execute":"guest-sync","arguments":{"id":0}}
> {"execute":"guest-sync","arguments":{"id":-7}}
< {"return": 0}
< {"return": -7}

== guest-sync: no arguments
> {"execute":"guest-sync"}
< {"error": {"class": "GenericError", "desc": "Parameter 'id' is missing"}}

== guest-sync: empty arguments
> {"execute":"guest-sync","arguments":{}}
< {"error": {"class": "GenericError", "desc": "Parameter 'id' is missing"}}

== guest-sync: id is a string
> {"execute":"guest-sync","arguments":{"id":"5"}}
< {"error": {"class": "GenericError", "desc": "Invalid parameter type for 'id', expected: integer"}}

== guest-sync: id is null
> {"execute":"guest-sync","arguments":{"id":null}}
< {"error": {"class": "GenericError", "desc": "Invalid parameter type for 'id', expected: integer"}}

== guest-sync: id is true
> {"execute":"guest-sync","arguments":{"id":true}}
< {"error": {"class": "GenericError", "desc": "Invalid parameter type for 'id', expected: integer"}}

== guest-sync: id is a list
> {"execute":"guest-sync","arguments":{"id":[5]}}
< {"error": {"class": "GenericError", "desc": "Invalid parameter type for 'id', expected: integer"}}

== guest-sync: id is an object
> {"execute":"guest-sync","arguments":{"id":{"id":5}}}
< {"error": {"class": "GenericError", "desc": "Invalid parameter type for 'id', expected: integer"}}

== guest-sync: id is a double
> {"execute":"guest-sync","arguments":{"id":5.0}}
< {"error": {"class": "GenericError", "desc": "Invalid parameter type for 'id', expected: integer"}}

== guest-sync: id is a number too large
> {"execute":"guest-sync","arguments":{"id":9223372036854775808}}
< {"error": {"class": "GenericError", "desc": "Invalid parameter type for 'id', expected: integer"}}

== guest-sync: another argument besides
> {"execute":"guest-sync","arguments":{"id":5,"x":1}}
< {"error": {"class": "GenericError", "desc": "Parameter 'x' is unexpected"}}

== guest-sync: another argument before
> {"execute":"guest-sync","arguments":{"x":1,"id":5}}
< {"error": {"class": "GenericError", "desc": "Parameter 'x' is unexpected"}}

== guest-sync: another argument instead
> {"execute":"guest-sync","arguments":{"x":1}}
< {"error": {"class": "GenericError", "desc": "Parameter 'id' is missing"}}

== guest-sync: another argument and a wrong id
> {"execute":"guest-sync","arguments":{"x":1,"id":"5"}}
< {"error": {"class": "GenericError", "desc": "Invalid parameter type for 'id', expected: integer"}}

== guest-sync: the name in upper case
> {"execute":"guest-sync","arguments":{"ID":5}}
< {"error": {"class": "GenericError", "desc": "Parameter 'id' is missing"}}

== guest-sync: the escaped name
> {"execute":"guest-sync","arguments":{"\u0069d":5}}
< {"return": 5}

== guest-sync-delimited: a number
> {"execute":"guest-sync-delimited","arguments":{"id":5}}
< \xFF{"return": 5}

== guest-sync-delimited: zero and negative
> {"execute":"guest-sync-delimited","arguments":{"id":0}}
> {"execute":"guest-sync-delimited","arguments":{"id":-7}}
< \xFF{"return": 0}
< \xFF{"return": -7}

== guest-sync-delimited: no arguments
> {"execute":"guest-sync-delimited"}
< {"error": {"class": "GenericError", "desc": "Parameter 'id' is missing"}}

== guest-sync-delimited: empty arguments
> {"execute":"guest-sync-delimited","arguments":{}}
< {"error": {"class": "GenericError", "desc": "Parameter 'id' is missing"}}

== guest-sync-delimited: id is a string
> {"execute":"guest-sync-delimited","arguments":{"id":"5"}}
< {"error": {"class": "GenericError", "desc": "Invalid parameter type for 'id', expected: integer"}}

== guest-sync-delimited: id is null
> {"execute":"guest-sync-delimited","arguments":{"id":null}}
< {"error": {"class": "GenericError", "desc": "Invalid parameter type for 'id', expected: integer"}}

== guest-sync-delimited: id is true
> {"execute":"guest-sync-delimited","arguments":{"id":true}}
< {"error": {"class": "GenericError", "desc": "Invalid parameter type for 'id', expected: integer"}}

== guest-sync-delimited: id is a list
> {"execute":"guest-sync-delimited","arguments":{"id":[5]}}
< {"error": {"class": "GenericError", "desc": "Invalid parameter type for 'id', expected: integer"}}

== guest-sync-delimited: id is an object
> {"execute":"guest-sync-delimited","arguments":{"id":{"id":5}}}
< {"error": {"class": "GenericError", "desc": "Invalid parameter type for 'id', expected: integer"}}

== guest-sync-delimited: id is a double
> {"execute":"guest-sync-delimited","arguments":{"id":5.0}}
< {"error": {"class": "GenericError", "desc": "Invalid parameter type for 'id', expected: integer"}}

== guest-sync-delimited: id is a number too large
> {"execute":"guest-sync-delimited","arguments":{"id":9223372036854775808}}
< {"error": {"class": "GenericError", "desc": "Invalid parameter type for 'id', expected: integer"}}

== guest-sync-delimited: another argument besides
> {"execute":"guest-sync-delimited","arguments":{"id":5,"x":1}}
< {"error": {"class": "GenericError", "desc": "Parameter 'x' is unexpected"}}

== guest-sync-delimited: another argument before
> {"execute":"guest-sync-delimited","arguments":{"x":1,"id":5}}
< {"error": {"class": "GenericError", "desc": "Parameter 'x' is unexpected"}}

== guest-sync-delimited: another argument instead
> {"execute":"guest-sync-delimited","arguments":{"x":1}}
< {"error": {"class": "GenericError", "desc": "Parameter 'id' is missing"}}

== guest-sync-delimited: another argument and a wrong id
> {"execute":"guest-sync-delimited","arguments":{"x":1,"id":"5"}}
< {"error": {"class": "GenericError", "desc": "Invalid parameter type for 'id', expected: integer"}}

== guest-sync-delimited: the name in upper case
> {"execute":"guest-sync-delimited","arguments":{"ID":5}}
< {"error": {"class": "GenericError", "desc": "Parameter 'id' is missing"}}

== guest-sync-delimited: the escaped name
> {"execute":"guest-sync-delimited","arguments":{"\u0069d":5}}
< \xFF{"return": 5}

== no delimiter is left over after a faulty guest-sync-delimited
> {"execute":"guest-sync-delimited","arguments":{}}
> {"execute":"guest-ping"}
< {"error": {"class": "GenericError", "desc": "Parameter 'id' is missing"}}
< {"return": {}}

== a delimiter belongs to one reply only
> {"execute":"guest-sync-delimited","arguments":{"id":1}}
> {"execute":"guest-ping"}
> {"execute":"guest-sync-delimited","arguments":{"id":2}}
< \xFF{"return": 1}
< {"return": {}}
< \xFF{"return": 2}

== guest-ping: an unexpected argument
> {"execute":"guest-ping","arguments":{"foo":42}}
< {"error": {"class": "GenericError", "desc": "Parameter 'foo' is unexpected"}}

== guest-ping: arguments is a list, with id
> {"execute":"guest-ping","arguments":[],"id":1}
< {"id": 1, "error": {"class": "GenericError", "desc": "QMP input member 'arguments' must be an object"}}

== guest-info: an unexpected argument
> {"execute":"guest-info","arguments":{"foo":42}}
< {"error": {"class": "GenericError", "desc": "Parameter 'foo' is unexpected"}}

== guest-info: arguments is a list, with id
> {"execute":"guest-info","arguments":[],"id":1}
< {"id": 1, "error": {"class": "GenericError", "desc": "QMP input member 'arguments' must be an object"}}

== guest-get-time: an unexpected argument
> {"execute":"guest-get-time","arguments":{"foo":42}}
< {"error": {"class": "GenericError", "desc": "Parameter 'foo' is unexpected"}}

== guest-get-time: arguments is a list, with id
> {"execute":"guest-get-time","arguments":[],"id":1}
< {"id": 1, "error": {"class": "GenericError", "desc": "QMP input member 'arguments' must be an object"}}

== guest-get-host-name: an unexpected argument
> {"execute":"guest-get-host-name","arguments":{"foo":42}}
< {"error": {"class": "GenericError", "desc": "Parameter 'foo' is unexpected"}}

== guest-get-host-name: arguments is a list, with id
> {"execute":"guest-get-host-name","arguments":[],"id":1}
< {"id": 1, "error": {"class": "GenericError", "desc": "QMP input member 'arguments' must be an object"}}

== guest-get-osinfo: an unexpected argument
> {"execute":"guest-get-osinfo","arguments":{"foo":42}}
< {"error": {"class": "GenericError", "desc": "Parameter 'foo' is unexpected"}}

== guest-get-osinfo: arguments is a list, with id
> {"execute":"guest-get-osinfo","arguments":[],"id":1}
< {"id": 1, "error": {"class": "GenericError", "desc": "QMP input member 'arguments' must be an object"}}

== guest-get-timezone: an unexpected argument
> {"execute":"guest-get-timezone","arguments":{"foo":42}}
< {"error": {"class": "GenericError", "desc": "Parameter 'foo' is unexpected"}}

== guest-get-timezone: arguments is a list, with id
> {"execute":"guest-get-timezone","arguments":[],"id":1}
< {"id": 1, "error": {"class": "GenericError", "desc": "QMP input member 'arguments' must be an object"}}

== guest-get-users: an unexpected argument
> {"execute":"guest-get-users","arguments":{"foo":42}}
< {"error": {"class": "GenericError", "desc": "Parameter 'foo' is unexpected"}}

== guest-get-users: arguments is a list, with id
> {"execute":"guest-get-users","arguments":[],"id":1}
< {"id": 1, "error": {"class": "GenericError", "desc": "QMP input member 'arguments' must be an object"}}

== guest-get-load: an unexpected argument
> {"execute":"guest-get-load","arguments":{"foo":42}}
< {"error": {"class": "GenericError", "desc": "Parameter 'foo' is unexpected"}}

== guest-get-load: arguments is a list, with id
> {"execute":"guest-get-load","arguments":[],"id":1}
< {"id": 1, "error": {"class": "GenericError", "desc": "QMP input member 'arguments' must be an object"}}

== guest-get-cpustats: an unexpected argument
> {"execute":"guest-get-cpustats","arguments":{"foo":42}}
< {"error": {"class": "GenericError", "desc": "Parameter 'foo' is unexpected"}}

== guest-get-cpustats: arguments is a list, with id
> {"execute":"guest-get-cpustats","arguments":[],"id":1}
< {"id": 1, "error": {"class": "GenericError", "desc": "QMP input member 'arguments' must be an object"}}

== guest-get-diskstats: an unexpected argument
> {"execute":"guest-get-diskstats","arguments":{"foo":42}}
< {"error": {"class": "GenericError", "desc": "Parameter 'foo' is unexpected"}}

== guest-get-diskstats: arguments is a list, with id
> {"execute":"guest-get-diskstats","arguments":[],"id":1}
< {"id": 1, "error": {"class": "GenericError", "desc": "QMP input member 'arguments' must be an object"}}

== an unexpected argument whose value is an object
> {"execute":"guest-ping","arguments":{"foo":{"bar":[1]}}}
< {"error": {"class": "GenericError", "desc": "Parameter 'foo' is unexpected"}}

== an unexpected argument with an empty name
> {"execute":"guest-ping","arguments":{"":1}}
< {"error": {"class": "GenericError", "desc": "Parameter '' is unexpected"}}

== an unexpected argument with a long name
>> {"execute":"guest-ping","arguments":{"
@repeat 3000 x
> ":1}}
< {"error": {"class": "GenericError", "desc": "Parameter 'xxxx ... [3074 characters, sha256 7911bc33209cf156]

== an unexpected argument with odd characters
> {"execute":"guest-ping","arguments":{"a\"b\n\u00e9":1}}
< {"error": {"class": "GenericError", "desc": "Parameter 'a\"b\n\u00E9' is unexpected"}}

== several unexpected arguments: one of them is named
@mask Parameter '[abc]' -> Parameter '(one of them)'
> {"execute":"guest-ping","arguments":{"a":1,"b":2,"c":3}}
< {"error": {"class": "GenericError", "desc": "Parameter '(one of them)' is unexpected"}}

== a hundred unexpected arguments: one of them is named
@mask Parameter 'm\d+' -> Parameter '(one of them)'
> {"execute":"guest-ping","arguments":{"m0":1,"m1":1,"m2":1,"m3":1,"m4":1,"m5":1,"m6":1,"m7":1,"m8":1,"m9":1,"m10":1,"m11":1,"m12":1,"m13":1,"m14":1,"m15":1,"m16":1,"m17":1,"m18":1,"m19":1,"m20":1,"m21":1,"m22":1,"m23":1,"m24":1,"m25":1,"m26":1,"m27":1,"m28":1,"m29":1,"m30":1,"m31":1,"m32":1,"m33":1,"m34":1,"m35":1,"m36":1,"m37":1,"m38":1,"m39":1,"m40":1,"m41":1,"m42":1,"m43":1,"m44":1,"m45":1,"m46":1,"m47":1,"m48":1,"m49":1,"m50":1,"m51":1,"m52":1,"m53":1,"m54":1,"m55":1,"m56":1,"m57":1,"m58":1,"m59":1,"m60":1,"m61":1,"m62":1,"m63":1,"m64":1,"m65":1,"m66":1,"m67":1,"m68":1,"m69":1,"m70":1,"m71":1,"m72":1,"m73":1,"m74":1,"m75":1,"m76":1,"m77":1,"m78":1,"m79":1,"m80":1,"m81":1,"m82":1,"m83":1,"m84":1,"m85":1,"m86":1,"m87":1,"m88":1,"m89":1,"m90":1,"m91":1,"m92":1,"m93":1,"m94":1,"m95":1,"m96":1,"m97":1,"m98":1,"m99":1}}
< {"error": {"class": "GenericError", "desc": "Parameter '(one of them)' is unexpected"}}
