# Numbers: what is one, what becomes of it. An id shows how it was kept.

== zero
> {"execute":"guest-ping","id":0}
< {"return": {}, "id": 0}

== minus zero
> {"execute":"guest-ping","id":-0}
< {"return": {}, "id": 0}

== one
> {"execute":"guest-ping","id":1}
< {"return": {}, "id": 1}

== minus one
> {"execute":"guest-ping","id":-1}
< {"return": {}, "id": -1}

== the largest int64
> {"execute":"guest-ping","id":9223372036854775807}
< {"return": {}, "id": 9223372036854775807}

== one more than int64
> {"execute":"guest-ping","id":9223372036854775808}
< {"return": {}, "id": 9223372036854775808}

== the smallest int64
> {"execute":"guest-ping","id":-9223372036854775808}
< {"return": {}, "id": -9223372036854775808}

== one less than int64
> {"execute":"guest-ping","id":-9223372036854775809}
< {"return": {}, "id": -9.2233720368547758e+18}

== the largest uint64
> {"execute":"guest-ping","id":18446744073709551615}
< {"return": {}, "id": 18446744073709551615}

== one more than uint64
> {"execute":"guest-ping","id":18446744073709551616}
< {"return": {}, "id": 1.8446744073709552e+19}

== minus the largest uint64
> {"execute":"guest-ping","id":-18446744073709551615}
< {"return": {}, "id": -1.8446744073709552e+19}

== a hundred digits
> {"execute":"guest-ping","id":1234567890123456789012345678901234567890123456789012345678901234567890123456789012345678901234567890}
< {"return": {}, "id": 1.2345678901234567e+99}

== 400 digits
> {"execute":"guest-ping","id":9999999999999999999999999999999999999999999999999999999999999999999999999999999999999999999999999999999999999999999999999999999999999999999999999999999999999999999999999999999999999999999999999999999999999999999999999999999999999999999999999999999999999999999999999999999999999999999999999999999999999999999999999999999999999999999999999999999999999999999999999999999999999999999999999999999999999999}
< {"return": {}, "id": inf}

== 400 digits, negative
> {"execute":"guest-ping","id":-9999999999999999999999999999999999999999999999999999999999999999999999999999999999999999999999999999999999999999999999999999999999999999999999999999999999999999999999999999999999999999999999999999999999999999999999999999999999999999999999999999999999999999999999999999999999999999999999999999999999999999999999999999999999999999999999999999999999999999999999999999999999999999999999999999999999999999}
< {"return": {}, "id": -inf}

== a fraction
> {"execute":"guest-ping","id":1.5}
< {"return": {}, "id": 1.5}

== a negative fraction
> {"execute":"guest-ping","id":-1.5}
< {"return": {}, "id": -1.5}

== one tenth
> {"execute":"guest-ping","id":0.1}
< {"return": {}, "id": 0.10000000000000001}

== five hundredths
> {"execute":"guest-ping","id":0.05}
< {"return": {}, "id": 0.050000000000000003}

== one third
> {"execute":"guest-ping","id":0.3333333333333333}
< {"return": {}, "id": 0.33333333333333331}

== an integral double
> {"execute":"guest-ping","id":42.0}
< {"return": {}, "id": 42}

== zero as a double
> {"execute":"guest-ping","id":0.0}
< {"return": {}, "id": 0}

== minus zero as a double
> {"execute":"guest-ping","id":-0.0}
< {"return": {}, "id": -0}

== trailing zeros
> {"execute":"guest-ping","id":1.50000}
< {"return": {}, "id": 1.5}

== many decimals
> {"execute":"guest-ping","id":123456789.123456789123456789}
< {"return": {}, "id": 123456789.12345679}

== an exponent
> {"execute":"guest-ping","id":1e5}
< {"return": {}, "id": 100000}

== an upper-case exponent
> {"execute":"guest-ping","id":1E5}
< {"return": {}, "id": 100000}

== a signed exponent
> {"execute":"guest-ping","id":1e+5}
< {"return": {}, "id": 100000}

== a negative exponent
> {"execute":"guest-ping","id":1e-5}
< {"return": {}, "id": 1.0000000000000001e-05}

== upper-case and signed
> {"execute":"guest-ping","id":1.25E-2}
< {"return": {}, "id": 0.012500000000000001}

== an exponent with leading zeros
> {"execute":"guest-ping","id":1e005}
< {"return": {}, "id": 100000}

== a fraction with an exponent
> {"execute":"guest-ping","id":1.5e3}
< {"return": {}, "id": 1500}

== a zero with fraction and exponent
> {"execute":"guest-ping","id":0.0e5}
< {"return": {}, "id": 0}

== 1e16
> {"execute":"guest-ping","id":1e16}
< {"return": {}, "id": 10000000000000000}

== 1e17
> {"execute":"guest-ping","id":1e17}
< {"return": {}, "id": 1e+17}

== 1e22
> {"execute":"guest-ping","id":1e22}
< {"return": {}, "id": 1e+22}

== 1e-4
> {"execute":"guest-ping","id":1e-4}
< {"return": {}, "id": 0.0001}

== the largest double
> {"execute":"guest-ping","id":1.7976931348623157e308}
< {"return": {}, "id": 1.7976931348623157e+308}

== just beyond the largest double
> {"execute":"guest-ping","id":1.7976931348623159e308}
< {"return": {}, "id": inf}

== far beyond
> {"execute":"guest-ping","id":1e400}
< {"return": {}, "id": inf}

== far below
> {"execute":"guest-ping","id":-1e400}
< {"return": {}, "id": -inf}

== the smallest double
> {"execute":"guest-ping","id":4.9e-324}
< {"return": {}, "id": 4.9406564584124654e-324}

== below the smallest double
> {"execute":"guest-ping","id":1e-400}
< {"return": {}, "id": 0}

== 2^53 + 1 as an integer
> {"execute":"guest-ping","id":9007199254740993}
< {"return": {}, "id": 9007199254740993}

== 2^53 + 1 as a double
> {"execute":"guest-ping","id":9007199254740993.0}
< {"return": {}, "id": 9007199254740992}

== int64 max as a double
> {"execute":"guest-ping","id":9223372036854775807.0}
< {"return": {}, "id": 9.2233720368547758e+18}

== each kind in a list
> {"execute":"guest-ping","id":[0,-0,1.0,1e2,18446744073709551615,-9223372036854775808,1e400]}
< {"return": {}, "id": [0, 0, 1, 100, 18446744073709551615, -9223372036854775808, inf]}

== zero and an exponent is two tokens
> {"execute":"guest-ping","id":0e5}
< {"error": {"class": "GenericError", "desc": "JSON parse error, expected separator in dict"}}

== minus zero and an exponent
> {"execute":"guest-ping","id":-0e1}
< {"error": {"class": "GenericError", "desc": "JSON parse error, expected separator in dict"}}

== zero and an exponent at top level
> 0e5
< {"error": {"class": "GenericError", "desc": "QMP input must be a JSON object"}}
< {"error": {"class": "GenericError", "desc": "JSON parse error, invalid keyword 'e'"}}
< {"error": {"class": "GenericError", "desc": "QMP input must be a JSON object"}}

== zero and an upper-case exponent at top level
> 0E5
< {"error": {"class": "GenericError", "desc": "QMP input must be a JSON object"}}
< {"error": {"class": "GenericError", "desc": "JSON parse error, stray 'E'"}}

== a leading zero
> {"execute":"guest-ping","id":01}
< {"error": {"class": "GenericError", "desc": "JSON parse error, stray '01'"}}
< {"error": {"class": "GenericError", "desc": "JSON parse error, expecting value"}}

== two zeros
> {"execute":"guest-ping","id":00}
< {"error": {"class": "GenericError", "desc": "JSON parse error, stray '00'"}}
< {"error": {"class": "GenericError", "desc": "JSON parse error, expecting value"}}

== a leading zero at top level
> 01
< {"error": {"class": "GenericError", "desc": "JSON parse error, stray '01'"}}

== minus and leading zero
> {"execute":"guest-ping","id":-01}
< {"error": {"class": "GenericError", "desc": "JSON parse error, stray '-01'"}}
< {"error": {"class": "GenericError", "desc": "JSON parse error, expecting value"}}

== a decimal point without digits
> {"execute":"guest-ping","id":1.}
< {"error": {"class": "GenericError", "desc": "JSON parse error, stray '1.}'"}}

== a decimal point before an exponent
> {"execute":"guest-ping","id":1.e5}
< {"error": {"class": "GenericError", "desc": "JSON parse error, stray '1.e'"}}
< {"error": {"class": "GenericError", "desc": "JSON parse error, expecting value"}}

== an exponent without digits
> {"execute":"guest-ping","id":1e}
< {"error": {"class": "GenericError", "desc": "JSON parse error, stray '1e}'"}}

== a signed exponent without digits
> {"execute":"guest-ping","id":1e+}
< {"error": {"class": "GenericError", "desc": "JSON parse error, stray '1e+}'"}}

== a minus alone
> {"execute":"guest-ping","id":-}
< {"error": {"class": "GenericError", "desc": "JSON parse error, stray '-}'"}}

== a minus and a blank
> {"execute":"guest-ping","id":- 1}
< {"error": {"class": "GenericError", "desc": "JSON parse error, stray '- '"}}
< {"error": {"class": "GenericError", "desc": "JSON parse error, expecting value"}}

== two minus signs
> {"execute":"guest-ping","id":--1}
< {"error": {"class": "GenericError", "desc": "JSON parse error, stray '--'"}}
< {"error": {"class": "GenericError", "desc": "JSON parse error, expecting value"}}

== minus and decimal point
> {"execute":"guest-ping","id":-.5}
< {"error": {"class": "GenericError", "desc": "JSON parse error, stray '-.'"}}
< {"error": {"class": "GenericError", "desc": "JSON parse error, expecting value"}}

== two decimal points
> {"execute":"guest-ping","id":1.5.5}
< {"error": {"class": "GenericError", "desc": "JSON parse error, stray '.'"}}
< {"error": {"class": "GenericError", "desc": "JSON parse error, expecting value"}}

== a fraction in the exponent
> {"execute":"guest-ping","id":1e5.5}
< {"error": {"class": "GenericError", "desc": "JSON parse error, stray '.'"}}
< {"error": {"class": "GenericError", "desc": "JSON parse error, expecting value"}}

== two numbers joined by a minus
> {"execute":"guest-ping","id":1-1}
< {"error": {"class": "GenericError", "desc": "JSON parse error, expected separator in dict"}}

== a number and a string
> {"execute":"guest-ping","id":1"a"}
< {"error": {"class": "GenericError", "desc": "JSON parse error, expected separator in dict"}}

== a number and a keyword
> {"execute":"guest-ping","id":1true}
< {"error": {"class": "GenericError", "desc": "JSON parse error, expected separator in dict"}}

== a number and an upper-case letter
> {"execute":"guest-ping","id":1A}
< {"error": {"class": "GenericError", "desc": "JSON parse error, stray 'A'"}}
< {"error": {"class": "GenericError", "desc": "JSON parse error, expecting value"}}

== a number and an underscore
> {"execute":"guest-ping","id":1_000}
< {"error": {"class": "GenericError", "desc": "JSON parse error, stray '_'"}}
< {"error": {"class": "GenericError", "desc": "JSON parse error, expecting value"}}

== a number and a comma
> {"execute":"guest-ping","id":1,000}
< {"error": {"class": "GenericError", "desc": "JSON parse error, stray '00'"}}
< {"error": {"class": "GenericError", "desc": "JSON parse error, expecting value"}}

== an octal number
> {"execute":"guest-ping","id":0777}
< {"error": {"class": "GenericError", "desc": "JSON parse error, stray '07'"}}
< {"error": {"class": "GenericError", "desc": "JSON parse error, expecting value"}}

== a binary number
> {"execute":"guest-ping","id":0b1}
< {"error": {"class": "GenericError", "desc": "JSON parse error, expected separator in dict"}}

== digits of another script
>> {"execute":"guest-ping","id":\xD9\xA1}\x0A
< {"error": {"class": "GenericError", "desc": "JSON parse error, stray '\uFFFD'"}}
< {"error": {"class": "GenericError", "desc": "JSON parse error, expecting value"}}

== numbers at top level
> 1
> -1
> 1.5
> 1e5
> -0
> 18446744073709551616
< {"error": {"class": "GenericError", "desc": "QMP input must be a JSON object"}}  (x 6)

== int64 max as an argument
> {"execute":"guest-sync","arguments":{"id":9223372036854775807}}
< {"return": 9223372036854775807}

== int64 min as an argument
> {"execute":"guest-sync","arguments":{"id":-9223372036854775808}}
< {"return": -9223372036854775808}

== beyond int64 as an argument
> {"execute":"guest-sync","arguments":{"id":9223372036854775808}}
< {"error": {"class": "GenericError", "desc": "Invalid parameter type for 'id', expected: integer"}}

== below int64 as an argument
> {"execute":"guest-sync","arguments":{"id":-9223372036854775809}}
< {"error": {"class": "GenericError", "desc": "Invalid parameter type for 'id', expected: integer"}}

== uint64 max as an argument
> {"execute":"guest-sync","arguments":{"id":18446744073709551615}}
< {"error": {"class": "GenericError", "desc": "Invalid parameter type for 'id', expected: integer"}}

== beyond uint64 as an argument
> {"execute":"guest-sync","arguments":{"id":18446744073709551616}}
< {"error": {"class": "GenericError", "desc": "Invalid parameter type for 'id', expected: integer"}}

== minus zero as an argument
> {"execute":"guest-sync","arguments":{"id":-0}}
< {"return": 0}

== an integral double as an argument
> {"execute":"guest-sync","arguments":{"id":1.0}}
< {"error": {"class": "GenericError", "desc": "Invalid parameter type for 'id', expected: integer"}}

== an exponent as an argument
> {"execute":"guest-sync","arguments":{"id":1e3}}
< {"error": {"class": "GenericError", "desc": "Invalid parameter type for 'id', expected: integer"}}

== infinity as an argument
> {"execute":"guest-sync","arguments":{"id":1e999}}
< {"error": {"class": "GenericError", "desc": "Invalid parameter type for 'id', expected: integer"}}
