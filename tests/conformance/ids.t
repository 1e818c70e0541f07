# The id of a request is echoed in success and error alike, whatever it is.
# Members of an object come back in no specified order.

== a ping with null
> {"execute":"guest-ping","id":null}
< {"return": {}, "id": null}

== an error with null
> {"execute":"nope","id":null}
< {"id": null, "error": {"class": "CommandNotFound", "desc": "The command nope has not been found"}}

== a ping with true
> {"execute":"guest-ping","id":true}
< {"return": {}, "id": true}

== an error with true
> {"execute":"nope","id":true}
< {"id": true, "error": {"class": "CommandNotFound", "desc": "The command nope has not been found"}}

== a ping with false
> {"execute":"guest-ping","id":false}
< {"return": {}, "id": false}

== an error with false
> {"execute":"nope","id":false}
< {"id": false, "error": {"class": "CommandNotFound", "desc": "The command nope has not been found"}}

== a ping with zero
> {"execute":"guest-ping","id":0}
< {"return": {}, "id": 0}

== an error with zero
> {"execute":"nope","id":0}
< {"id": 0, "error": {"class": "CommandNotFound", "desc": "The command nope has not been found"}}

== a ping with a negative number
> {"execute":"guest-ping","id":-5}
< {"return": {}, "id": -5}

== an error with a negative number
> {"execute":"nope","id":-5}
< {"id": -5, "error": {"class": "CommandNotFound", "desc": "The command nope has not been found"}}

== a ping with a double
> {"execute":"guest-ping","id":2.5}
< {"return": {}, "id": 2.5}

== an error with a double
> {"execute":"nope","id":2.5}
< {"id": 2.5, "error": {"class": "CommandNotFound", "desc": "The command nope has not been found"}}

== a ping with the largest uint64
> {"execute":"guest-ping","id":18446744073709551615}
< {"return": {}, "id": 18446744073709551615}

== an error with the largest uint64
> {"execute":"nope","id":18446744073709551615}
< {"id": 18446744073709551615, "error": {"class": "CommandNotFound", "desc": "The command nope has not been found"}}

== a ping with a string
> {"execute":"guest-ping","id":"x"}
< {"return": {}, "id": "x"}

== an error with a string
> {"execute":"nope","id":"x"}
< {"id": "x", "error": {"class": "CommandNotFound", "desc": "The command nope has not been found"}}

== a ping with an empty string
> {"execute":"guest-ping","id":""}
< {"return": {}, "id": ""}

== an error with an empty string
> {"execute":"nope","id":""}
< {"id": "", "error": {"class": "CommandNotFound", "desc": "The command nope has not been found"}}

== a ping with a string with all escapes
> {"execute":"guest-ping","id":"\"\\\n\u00e9"}
< {"return": {}, "id": "\"\\\n\u00E9"}

== an error with a string with all escapes
> {"execute":"nope","id":"\"\\\n\u00e9"}
< {"id": "\"\\\n\u00E9", "error": {"class": "CommandNotFound", "desc": "The command nope has not been found"}}

== a ping with an empty list
> {"execute":"guest-ping","id":[]}
< {"return": {}, "id": []}

== an error with an empty list
> {"execute":"nope","id":[]}
< {"id": [], "error": {"class": "CommandNotFound", "desc": "The command nope has not been found"}}

== a ping with a list
> {"execute":"guest-ping","id":[1,"two",3.5,null,true]}
< {"return": {}, "id": [1, "two", 3.5, null, true]}

== an error with a list
> {"execute":"nope","id":[1,"two",3.5,null,true]}
< {"id": [1, "two", 3.5, null, true], "error": {"class": "CommandNotFound", "desc": "The command nope has not been found"}}

== a ping with an empty object
> {"execute":"guest-ping","id":{}}
< {"return": {}, "id": {}}

== an error with an empty object
> {"execute":"nope","id":{}}
< {"id": {}, "error": {"class": "CommandNotFound", "desc": "The command nope has not been found"}}

== a ping with an object of one member
> {"execute":"guest-ping","id":{"a":1}}
< {"return": {}, "id": {"a": 1}}

== an error with an object of one member
> {"execute":"nope","id":{"a":1}}
< {"id": {"a": 1}, "error": {"class": "CommandNotFound", "desc": "The command nope has not been found"}}

== a ping with nested objects
> {"execute":"guest-ping","id":{"a":{"b":{"c":[1,{"d":null}]}}}}
< {"return": {}, "id": {"a": {"b": {"c": [1, {"d": null}]}}}}

== an error with nested objects
> {"execute":"nope","id":{"a":{"b":{"c":[1,{"d":null}]}}}}
< {"id": {"a": {"b": {"c": [1, {"d": null}]}}}, "error": {"class": "CommandNotFound", "desc": "The command nope has not been found"}}

== a ping with nested lists
> {"execute":"guest-ping","id":[[[[1],2],3],[]]}
< {"return": {}, "id": [[[[1], 2], 3], []]}

== an error with nested lists
> {"execute":"nope","id":[[[[1],2],3],[]]}
< {"id": [[[[1], 2], 3], []], "error": {"class": "CommandNotFound", "desc": "The command nope has not been found"}}

== an object of several members
@unordered
> {"execute":"guest-ping","id":{"a":1,"b":2,"c":[3],"d":{"y":1,"x":2}}}
< {"id": {"a": "1", "b": "2", "c": ["3"], "d": {"x": "2", "y": "1"}}, "return": {}}

== an error with an object of several members
@unordered
> {"execute":"nope","id":{"a":1,"b":2,"c":[3],"d":{"y":1,"x":2}}}
< {"error": {"class": "CommandNotFound", "desc": "The command nope has not been found"}, "id": {"a": "1", "b": "2", "c": ["3"], "d": {"x": "2", "y": "1"}}}

== a hundred members
@unordered
> {"execute":"guest-ping","id":{"m0":0,"m1":1,"m2":2,"m3":3,"m4":4,"m5":5,"m6":6,"m7":7,"m8":8,"m9":9,"m10":10,"m11":11,"m12":12,"m13":13,"m14":14,"m15":15,"m16":16,"m17":17,"m18":18,"m19":19,"m20":20,"m21":21,"m22":22,"m23":23,"m24":24,"m25":25,"m26":26,"m27":27,"m28":28,"m29":29,"m30":30,"m31":31,"m32":32,"m33":33,"m34":34,"m35":35,"m36":36,"m37":37,"m38":38,"m39":39,"m40":40,"m41":41,"m42":42,"m43":43,"m44":44,"m45":45,"m46":46,"m47":47,"m48":48,"m49":49,"m50":50,"m51":51,"m52":52,"m53":53,"m54":54,"m55":55,"m56":56,"m57":57,"m58":58,"m59":59,"m60":60,"m61":61,"m62":62,"m63":63,"m64":64,"m65":65,"m66":66,"m67":67,"m68":68,"m69":69,"m70":70,"m71":71,"m72":72,"m73":73,"m74":74,"m75":75,"m76":76,"m77":77,"m78":78,"m79":79,"m80":80,"m81":81,"m82":82,"m83":83,"m84":84,"m85":85,"m86":86,"m87":87,"m88":88,"m89":89,"m90":90,"m91":91,"m92":92,"m93":93,"m94":94,"m95":95,"m96":96,"m97":97,"m98":98,"m99":99}}
< {"id": {"m0": "0", "m1": "1", "m10": "10", "m11": "11", "m12 ... [1302 characters, sha256 e1f46b0615e577f7]

== beside a return value
> {"execute":"guest-sync","arguments":{"id":7},"id":"seven"}
< {"return": 7, "id": "seven"}

== beside a delimited return value
> {"execute":"guest-sync-delimited","arguments":{"id":7},"id":"seven"}
< \xFF{"return": 7, "id": "seven"}

== in an argument error
> {"execute":"guest-sync","arguments":{"id":"seven"},"id":[7]}
< {"id": [7], "error": {"class": "GenericError", "desc": "Invalid parameter type for 'id', expected: integer"}}

== in a missing argument error
> {"execute":"guest-sync","id":{"n":7}}
< {"id": {"n": 7}, "error": {"class": "GenericError", "desc": "Parameter 'id' is missing"}}

== in an unexpected argument error
> {"execute":"guest-ping","arguments":{"x":1},"id":null}
< {"id": null, "error": {"class": "GenericError", "desc": "Parameter 'x' is unexpected"}}

== in an envelope error
> {"execute":null,"id":[]}
< {"id": [], "error": {"class": "GenericError", "desc": "QMP input member 'execute' must be a string"}}

== not in a parse error
> {"execute":"guest-ping","id":1,}
< {"error": {"class": "GenericError", "desc": "JSON parse error, expecting value"}}

== not in the error for a list
> [{"execute":"guest-ping","id":1}]
< {"error": {"class": "GenericError", "desc": "QMP input must be a JSON object"}}

== the argument id is not the request's id
> {"execute":"guest-sync","arguments":{"id":1}}
< {"return": 1}

== a long string
>> {"execute":"guest-ping","id":"
@repeat 100000 ab
> "}
< {"return": {}, "id": "ababababababababababababababababababab ... [200024 bytes, sha256 92dc216b6c1b8a00]

== a list of 10000 numbers
>> {"execute":"guest-ping","id":[0
@repeat 9999 ,1
> ]}
< {"return": {}, "id": [0, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, ... [30022 characters, sha256 d90f9c94599bf6bf]

== 999 levels of lists
>> {"execute":"guest-ping","id":
@repeat 999 [
@repeat 999 ]
> }
< {"return": {}, "id": [[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[ ... [2020 characters, sha256 4f715cac9009c07e]

== an object in every level
>> {"execute":"guest-ping","id":
@repeat 400 {"a":[
>> 1
@repeat 400 ]}
> }
< {"return": {}, "id": {"a": [{"a": [{"a": [{"a": [{"a": [{"a" ... [3623 characters, sha256 be54db0d00772243]
