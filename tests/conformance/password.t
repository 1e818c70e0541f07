# guest-set-user-password, with a chpasswd that writes its arguments and its input to
# /home/called, and fails when there is a complaint for it to make.

@accounts

== a password
@wait 1
> {"execute":"guest-set-user-password","arguments":{"username":"anna","password":"aGVsbG8=","crypted":false}}
< {"return": {}}
< called: -rw-r--r-- 0:0 "chpasswd \x0Aanna:hello\x0A"

== a hash
@wait 1
> {"execute":"guest-set-user-password","arguments":{"username":"anna","password":"JDYkc2FsdCRoYXNo","crypted":true},"id":1}
< {"return": {}, "id": 1}
< called: -rw-r--r-- 0:0 "chpasswd -e\x0Aanna:$6$salt$hash\x0A"

== an unknown user, no name, no password
@wait 1
> {"execute":"guest-set-user-password","arguments":{"username":"","password":"","crypted":false}}
< {"return": {}}
< called: -rw-r--r-- 0:0 "chpasswd \x0A:\x0A"

== a colon, a blank and bytes that are no text
@wait 1
> {"execute":"guest-set-user-password","arguments":{"username":"ü x","password":"YTpiIP/+DQ==","crypted":false}}
< {"return": {}}
< called: -rw-r--r-- 0:0 "chpasswd \x0A\xC3\xBC x:a:b \xFF\xFE\x0D\x0A"

== a user name with a slash
@wait 1
> {"execute":"guest-set-user-password","arguments":{"username":"../anna","password":"YQ==","crypted":false}}
< {"return": {}}
< called: -rw-r--r-- 0:0 "chpasswd \x0A../anna:a\x0A"

== a NUL ends the password
@wait 1
> {"execute":"guest-set-user-password","arguments":{"username":"anna","password":"YQAKYg==","crypted":false}}
< {"return": {}}
< called: -rw-r--r-- 0:0 "chpasswd \x0Aanna:a\x0A"

== a NUL in the user name
@wait 1
> {"execute":"guest-set-user-password","arguments":{"username":"a\u0000b","password":"YQ==","crypted":false}}
< {"return": {}}
< called: -rw-r--r-- 0:0 "chpasswd \x0Aa\xC0\x80b:a\x0A"

== base64 without its end
@wait 1
> {"execute":"guest-set-user-password","arguments":{"username":"anna","password":"aGVsbG8","crypted":false}}
< {"return": {}}
< called: -rw-r--r-- 0:0 "chpasswd \x0Aanna:hel\x0A"

== base64 in lines, and with its end in the middle
@wait 1
> {"execute":"guest-set-user-password","arguments":{"username":"anna","password":"Y\nQ==\n=aGVs","crypted":false}}
< {"return": {}}
< called: -rw-r--r-- 0:0 "chpasswd \x0Aanna:a\x01\xA1\x95\x0A"

== escapes in base64
@wait 1
> {"execute":"guest-set-user-password","arguments":{"username":"anna","password":"\u0059\u0057\/\/","crypted":false}}
< {"return": {}}
< called: -rw-r--r-- 0:0 "chpasswd \x0Aanna:ao\xFF\x0A"

# Refused, and chpasswd is not called

== no base64
@wait 5
> {"execute":"guest-set-user-password","arguments":{"username":"anna","password":"Y Q==","crypted":false}}
> {"execute":"guest-set-user-password","arguments":{"username":"anna","password":"YQ==\r","crypted":false}}
> {"execute":"guest-set-user-password","arguments":{"username":"anna","password":"YQ\u0000==","crypted":false}}
> {"execute":"guest-set-user-password","arguments":{"username":"anna","password":"_-A=","crypted":false}}
> {"execute":"guest-set-user-password","arguments":{"username":"a\nb","password":"secret!","crypted":false}}
< {"error": {"class": "GenericError", "desc": "Base64 data contains invalid characters"}}  (x 5)

== a newline in the password
@wait 2
> {"execute":"guest-set-user-password","arguments":{"username":"anna","password":"YQpyb290Og==","crypted":false}}
> {"execute":"guest-set-user-password","arguments":{"username":"a:b","password":"Cg==","crypted":true}}
< {"error": {"class": "GenericError", "desc": "forbidden characters in raw password"}}
< {"error": {"class": "GenericError", "desc": "forbidden characters in raw password"}}

== a colon or a newline in the user name
@wait 2
> {"execute":"guest-set-user-password","arguments":{"username":"anna:x\nroot","password":"YQ==","crypted":false}}
> {"execute":"guest-set-user-password","arguments":{"username":"anna\n","password":"YQ==","crypted":false}}
< {"error": {"class": "GenericError", "desc": "forbidden characters in username"}}
< {"error": {"class": "GenericError", "desc": "forbidden characters in username"}}

== arguments that are missing
@wait 4
> {"execute":"guest-set-user-password"}
> {"execute":"guest-set-user-password","arguments":{"password":"YQ==","crypted":false}}
> {"execute":"guest-set-user-password","arguments":{"username":"anna","crypted":false}}
> {"execute":"guest-set-user-password","arguments":{"username":"anna","password":"YQ=="}}
< {"error": {"class": "GenericError", "desc": "Parameter 'username' is missing"}}
< {"error": {"class": "GenericError", "desc": "Parameter 'username' is missing"}}
< {"error": {"class": "GenericError", "desc": "Parameter 'password' is missing"}}
< {"error": {"class": "GenericError", "desc": "Parameter 'crypted' is missing"}}

== arguments of the wrong type
@wait 5
> {"execute":"guest-set-user-password","arguments":{"username":1,"password":"YQ==","crypted":false}}
> {"execute":"guest-set-user-password","arguments":{"username":"anna","password":["YQ=="],"crypted":false}}
> {"execute":"guest-set-user-password","arguments":{"username":"anna","password":null,"crypted":false}}
> {"execute":"guest-set-user-password","arguments":{"username":"anna","password":"YQ==","crypted":0}}
> {"execute":"guest-set-user-password","arguments":{"username":"anna","password":"YQ==","crypted":false,"pass":"YQ=="}}
< {"error": {"class": "GenericError", "desc": "Invalid parameter type for 'username', expected: string"}}
< {"error": {"class": "GenericError", "desc": "Invalid parameter type for 'password', expected: string"}}
< {"error": {"class": "GenericError", "desc": "Invalid parameter type for 'password', expected: string"}}
< {"error": {"class": "GenericError", "desc": "Invalid parameter type for 'crypted', expected: boolean"}}
< {"error": {"class": "GenericError", "desc": "Parameter 'pass' is unexpected"}}

# chpasswd fails

== chpasswd fails with a reason
@sh printf 'chpasswd: no such user\nnothing done\n' >/home/complaint
@wait 1
> {"execute":"guest-set-user-password","arguments":{"username":"nobody-knows","password":"aGVsbG8=","crypted":false}}
< {"error": {"class": "GenericError", "desc": "child process has failed to set user password: chpasswd: no such user\nnothing done\n"}}
< called: -rw-r--r-- 0:0 "chpasswd \x0Anobody-knows:hello\x0A"

== chpasswd fails without output
@sh : >/home/complaint
@wait 1
> {"execute":"guest-set-user-password","arguments":{"username":"anna","password":"aGVsbG8=","crypted":true}}
< {"error": {"class": "GenericError", "desc": "child process has failed to set user password: exit status 1"}}
< called: -rw-r--r-- 0:0 "chpasswd -e\x0Aanna:hello\x0A"

== chpasswd repeats the password
@sh printf 'cannot set anna:hello\n' >/home/complaint
@wait 1
> {"execute":"guest-set-user-password","arguments":{"username":"anna","password":"aGVsbG8=","crypted":false}}
< {"error": {"class": "GenericError", "desc": "child process has failed to set user password: cannot set anna:hello\n"}}
< called: -rw-r--r-- 0:0 "chpasswd \x0Aanna:hello\x0A"

== a password of 6000 bytes
@sh rm /home/complaint
@wait 1
@repeat 1 {"execute":"guest-set-user-password","arguments":{"username":"anna","crypted":false,"password":"
@repeat 2000 YWFh
@repeat 1 "}}
< {"return": {}}
< called: -rw-r--r-- 0:0 6016 bytes

== chpasswd is missing
@sh rm /home/.tools/chpasswd
@wait 1
> {"execute":"guest-set-user-password","arguments":{"username":"anna","password":"aGVsbG8=","crypted":false}}
< {"error": {"class": "GenericError", "desc": "child process has failed to set user password: failed to exec 'chpasswd': No such file or directory\n"}}

@options -b guest-set-user-password
@accounts
== disabled
@wait 1
> {"execute":"guest-set-user-password","arguments":{"username":"anna","password":"aGVsbG8=","crypted":false}}
< {"error": {"class": "CommandNotFound", "desc": "Command guest-set-user-password has been disabled: the command is not allowed"}}
