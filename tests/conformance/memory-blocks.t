# The blocks of memory, where nothing is changed. The test `hardware` sets those of other
# machines, and tests/vm those of a virtual one.

== the blocks
@wait 1
@local \[\{"online": .*\}\] -> (blocks)
> {"execute":"guest-get-memory-blocks"}
< {"return": (blocks)}

== with ids
@wait 2
@local \[\{"online": .*\}\](?=, "id") -> (blocks)
> {"execute":"guest-get-memory-blocks","id":1}
> {"execute":"guest-get-memory-blocks","arguments":{},"id":"x"}
< {"return": (blocks), "id": 1}
< {"return": (blocks), "id": "x"}

== their size
@wait 2
@local "size": \d+ -> "size": (number)
> {"execute":"guest-get-memory-block-info"}
> {"execute":"guest-get-memory-block-info","arguments":{},"id":2}
< {"return": {"size": (number)}}
< {"return": {"size": (number)}, "id": 2}

== arguments they do not take
> {"execute":"guest-get-memory-blocks","arguments":{"phys-index":0}}
> {"execute":"guest-get-memory-block-info","arguments":{"phys-index":0},"id":3}
< {"error": {"class": "GenericError", "desc": "Parameter 'phys-index' is unexpected"}}
< {"id": 3, "error": {"class": "GenericError", "desc": "Parameter 'phys-index' is unexpected"}}

== an empty list
@allow guest-set-memory-blocks
@wait 2
> {"execute":"guest-set-memory-blocks","arguments":{"mem-blks":[]}}
> {"execute":"guest-set-memory-blocks","arguments":{"mem-blks":[]},"id":3}
< {"return": []}
< {"return": [], "id": 3}

== blocks that are not there
@allow guest-set-memory-blocks
@wait 3
> {"execute":"guest-set-memory-blocks","arguments":{"mem-blks":[{"phys-index":9999999,"online":true}]}}
> {"execute":"guest-set-memory-blocks","arguments":{"mem-blks":[{"phys-index":18446744073709551615,"online":true},{"phys-index":-1,"online":true},{"phys-index":9223372036854775807,"online":false}]},"id":4}
> {"execute":"guest-set-memory-blocks","arguments":{"mem-blks":[{"phys-index":9999999,"online":false,"can-offline":true}]}}
< {"return": [{"response": "not-found", "error-code": 2, "phys-index": 9999999}]}
< {"return": [{"response": "not-found", "error-code": 2, "phys-index": 18446744073709551615}, {"response": "not-found", "error-code": 2, "phys-index": 18446744073709551615}, {"response": "not-found", "error-code": 2, "phys-index": 9223372036854775807}], "id": 4}
< {"return": [{"response": "not-found", "error-code": 2, "phys-index": 9999999}]}

== without mem-blks
@allow guest-set-memory-blocks
> {"execute":"guest-set-memory-blocks"}
> {"execute":"guest-set-memory-blocks","arguments":{},"id":5}
> {"execute":"guest-set-memory-blocks","arguments":{"mem_blks":[]}}
< {"error": {"class": "GenericError", "desc": "Parameter 'mem-blks' is missing"}}
< {"id": 5, "error": {"class": "GenericError", "desc": "Parameter 'mem-blks' is missing"}}
< {"error": {"class": "GenericError", "desc": "Parameter 'mem-blks' is missing"}}

== mem-blks of the wrong type
@allow guest-set-memory-blocks
> {"execute":"guest-set-memory-blocks","arguments":{"mem-blks":{}}}
> {"execute":"guest-set-memory-blocks","arguments":{"mem-blks":"0"}}
> {"execute":"guest-set-memory-blocks","arguments":{"mem-blks":null}}
> {"execute":"guest-set-memory-blocks","arguments":{"mem-blks":[0]}}
> {"execute":"guest-set-memory-blocks","arguments":{"mem-blks":[{"phys-index":9999999,"online":true},[]]}}
< {"error": {"class": "GenericError", "desc": "Invalid parameter type for 'mem-blks', expected: array"}}
< {"error": {"class": "GenericError", "desc": "Invalid parameter type for 'mem-blks', expected: array"}}
< {"error": {"class": "GenericError", "desc": "Invalid parameter type for 'mem-blks', expected: array"}}
< {"error": {"class": "GenericError", "desc": "Invalid parameter type for 'mem-blks[0]', expected: object"}}
< {"error": {"class": "GenericError", "desc": "Invalid parameter type for 'mem-blks[1]', expected: object"}}

== a block that lacks something
@allow guest-set-memory-blocks
> {"execute":"guest-set-memory-blocks","arguments":{"mem-blks":[{}]}}
> {"execute":"guest-set-memory-blocks","arguments":{"mem-blks":[{"online":true}]}}
> {"execute":"guest-set-memory-blocks","arguments":{"mem-blks":[{"phys-index":9999999}]}}
< {"error": {"class": "GenericError", "desc": "Parameter 'mem-blks[0].phys-index' is missing"}}
< {"error": {"class": "GenericError", "desc": "Parameter 'mem-blks[0].phys-index' is missing"}}
< {"error": {"class": "GenericError", "desc": "Parameter 'mem-blks[0].online' is missing"}}

== a block with something wrong
@allow guest-set-memory-blocks
> {"execute":"guest-set-memory-blocks","arguments":{"mem-blks":[{"phys-index":"0","online":true}]}}
> {"execute":"guest-set-memory-blocks","arguments":{"mem-blks":[{"phys-index":0.0,"online":true}]}}
> {"execute":"guest-set-memory-blocks","arguments":{"mem-blks":[{"phys-index":18446744073709551616,"online":true}]}}
> {"execute":"guest-set-memory-blocks","arguments":{"mem-blks":[{"phys-index":null,"online":true}]}}
> {"execute":"guest-set-memory-blocks","arguments":{"mem-blks":[{"phys-index":9999999,"online":0}]}}
> {"execute":"guest-set-memory-blocks","arguments":{"mem-blks":[{"phys-index":9999999,"online":"online"}]}}
> {"execute":"guest-set-memory-blocks","arguments":{"mem-blks":[{"phys-index":9999999,"online":true,"can-offline":"no"}]}}
< {"error": {"class": "GenericError", "desc": "Parameter 'mem-blks[0].phys-index' expects uint64"}}  (x 4)
< {"error": {"class": "GenericError", "desc": "Invalid parameter type for 'mem-blks[0].online', expected: boolean"}}
< {"error": {"class": "GenericError", "desc": "Invalid parameter type for 'mem-blks[0].online', expected: boolean"}}
< {"error": {"class": "GenericError", "desc": "Invalid parameter type for 'mem-blks[0].can-offline', expected: boolean"}}

== a block with something more
@allow guest-set-memory-blocks
> {"execute":"guest-set-memory-blocks","arguments":{"mem-blks":[{"phys-index":9999999,"online":true,"size":1}]}}
> {"execute":"guest-set-memory-blocks","arguments":{"mem-blks":[],"x":1}}
< {"error": {"class": "GenericError", "desc": "Parameter 'mem-blks[0].size' is unexpected"}}
< {"error": {"class": "GenericError", "desc": "Parameter 'x' is unexpected"}}

@options -b guest-set-memory-blocks
== disabled
@allow guest-set-memory-blocks
> {"execute":"guest-set-memory-blocks","arguments":{"mem-blks":[]}}
< {"error": {"class": "CommandNotFound", "desc": "Command guest-set-memory-blocks has been disabled: the command is not allowed"}}
