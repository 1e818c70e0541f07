# The authorized_keys of made-up users: what is answered, and what of /home is changed by it.

@accounts

== keys of a user without a file
@wait 1
> {"execute":"guest-ssh-get-authorized-keys","arguments":{"username":"anna"}}
< {"error": {"class": "GenericError", "desc": "failed to read '/home/anna/.ssh/authorized_keys': Failed to open file \u201C/home/anna/.ssh/authorized_keys\u201D: No such file or directory"}}

== removed from no file
@wait 1
> {"execute":"guest-ssh-remove-authorized-keys","arguments":{"username":"anna","keys":["A"]}}
< {"return": {}}

== the first keys
@wait 1
> {"execute":"guest-ssh-add-authorized-keys","arguments":{"username":"anna","keys":["ssh-rsa A a","ssh-rsa B b"]}}
< {"return": {}}
< anna/.ssh: drwx------ 4001:4001
< anna/.ssh/authorized_keys: -rw------- 4001:4001 "ssh-rsa A a\x0Assh-rsa B b"

== they are listed, the last one first
@wait 1
> {"execute":"guest-ssh-get-authorized-keys","arguments":{"username":"anna"}}
< {"return": {"keys": ["ssh-rsa B b", "ssh-rsa A a"]}}

== a key that is there, and a new one twice
@wait 1
> {"execute":"guest-ssh-add-authorized-keys","arguments":{"username":"anna","keys":["ssh-rsa A a","ssh-rsa C c","ssh-rsa C c"],"reset":false}}
< {"return": {}}
< anna/.ssh/authorized_keys: -rw------- 4001:4001 "ssh-rsa A a\x0Assh-rsa B b\x0Assh-rsa C c"

== one is removed, one is not there
@wait 1
> {"execute":"guest-ssh-remove-authorized-keys","arguments":{"username":"anna","keys":["ssh-rsa A a","ssh-rsa X x"]}}
< {"return": {}}
< anna/.ssh/authorized_keys: -rw------- 4001:4001 "ssh-rsa B b\x0Assh-rsa C c"

== all are removed
@wait 1
> {"execute":"guest-ssh-remove-authorized-keys","arguments":{"username":"anna","keys":["ssh-rsa C c","ssh-rsa B b"]}}
< {"return": {}}
< anna/.ssh/authorized_keys: -rw------- 4001:4001 ""

== an empty file has no keys
@wait 1
> {"execute":"guest-ssh-get-authorized-keys","arguments":{"username":"anna"}}
< {"return": {"keys": []}}

== added to an empty file
@wait 1
> {"execute":"guest-ssh-add-authorized-keys","arguments":{"username":"anna","keys":["k"]}}
< {"return": {}}
< anna/.ssh/authorized_keys: -rw------- 4001:4001 "k"

== added behind a newline
@sh printf 'k1\nk2\n' >/home/anna/.ssh/authorized_keys
@wait 1
> {"execute":"guest-ssh-add-authorized-keys","arguments":{"username":"anna","keys":["k3"]}}
< {"return": {}}
< anna/.ssh/authorized_keys: -rw------- 4001:4001 "k1\x0Ak2\x0A\x0Ak3"

== removed before a newline
@sh printf 'k1\nk2\n' >/home/anna/.ssh/authorized_keys
@wait 1
> {"execute":"guest-ssh-remove-authorized-keys","arguments":{"username":"anna","keys":["k2"]}}
< {"return": {}}
< anna/.ssh/authorized_keys: -rw------- 4001:4001 "k1\x0A"

== nothing added
@sh printf 'k1\n\nk1\n#c\n' >/home/anna/.ssh/authorized_keys; chmod 644 /home/anna/.ssh/authorized_keys
@wait 1
> {"execute":"guest-ssh-add-authorized-keys","arguments":{"username":"anna","keys":[]}}
< {"return": {}}
< anna/.ssh/authorized_keys: -rw------- 4001:4001 "k1\x0A\x0Ak1\x0A#c\x0A"

== nothing removed
@sh chmod 644 /home/anna/.ssh/authorized_keys
@wait 1
> {"execute":"guest-ssh-remove-authorized-keys","arguments":{"username":"anna","keys":[]}}
< {"return": {}}
< anna/.ssh/authorized_keys: -rw------- 4001:4001 "k1\x0A\x0Ak1\x0A#c\x0A"

== a key that is there twice
@wait 1
> {"execute":"guest-ssh-remove-authorized-keys","arguments":{"username":"anna","keys":["k1"]}}
< {"return": {}}
< anna/.ssh/authorized_keys: -rw------- 4001:4001 "\x0A#c\x0A"

== reset without keys
@wait 1
> {"execute":"guest-ssh-add-authorized-keys","arguments":{"username":"anna","keys":[],"reset":true}}
< {"return": {}}
< anna/.ssh/authorized_keys: -rw------- 4001:4001 ""

== reset with keys
@wait 1
> {"execute":"guest-ssh-add-authorized-keys","arguments":{"username":"anna","keys":["B","A","B"],"reset":true}}
< {"return": {}}
< anna/.ssh/authorized_keys: -rw------- 4001:4001 "B\x0AA"

== reset where there is nothing
@sh rm -r /home/anna/.ssh
@wait 1
> {"execute":"guest-ssh-add-authorized-keys","arguments":{"username":"anna","keys":["B"],"reset":true}}
< {"return": {}}
< anna/.ssh: drwx------ 4001:4001
< anna/.ssh/authorized_keys: -rw------- 4001:4001 "B"

== keys with blanks, options and other letters
@wait 1
> {"execute":"guest-ssh-add-authorized-keys","arguments":{"username":"anna","keys":["restrict,command=\"/bin/a b\" ssh-rsa AAAA ä\ttab","", " "," # no comment"],"reset":true}}
< {"return": {}}
< anna/.ssh/authorized_keys: -rw------- 4001:4001 "restrict,command="/bin/a b" ssh-rsa AAAA \xC3\xA4\x09tab\x0A\x0A \x0A # no comment"

== they are listed without spaces around them
@wait 1
> {"execute":"guest-ssh-get-authorized-keys","arguments":{"username":"anna"}}
< {"return": {"keys": ["restrict,command=\"/bin/a b\" ssh-rsa AAAA \u00E4\ttab"]}}

== lines of all kinds are listed
@sh printf '  k1  \r\n\n \t\n#x\n  # y\n\tk2\v\f\nk\377 3\nv' >/home/anna/.ssh/authorized_keys
@wait 1
> {"execute":"guest-ssh-get-authorized-keys","arguments":{"username":"anna"}}
< {"return": {"keys": ["v", "k\uFFFD 3", "k2\u000B", "k1"]}}

== lines of all kinds stay
@wait 1
> {"execute":"guest-ssh-remove-authorized-keys","arguments":{"username":"anna","keys":["v","k1"]}}
< {"return": {}}
< anna/.ssh/authorized_keys: -rw------- 4001:4001 "  k1  \x0D\x0A\x0A \x09\x0A#x\x0A  # y\x0A\x09k2\x0B\x0C\x0Ak\xFF 3"

== the empty line is removed
@wait 1
> {"execute":"guest-ssh-remove-authorized-keys","arguments":{"username":"anna","keys":[""]}}
< {"return": {}}
< anna/.ssh/authorized_keys: -rw------- 4001:4001 "  k1  \x0D\x0A \x09\x0A#x\x0A  # y\x0A\x09k2\x0B\x0C\x0Ak\xFF 3"

== owner, group and mode are put right
@sh chmod 664 /home/anna/.ssh/authorized_keys; chgrp shared /home/anna/.ssh/authorized_keys
@wait 1
> {"execute":"guest-ssh-add-authorized-keys","arguments":{"username":"anna","keys":["n"]}}
< {"return": {}}
< anna/.ssh/authorized_keys: -rw------- 4001:4001 "  k1  \x0D\x0A \x09\x0A#x\x0A  # y\x0A\x09k2\x0B\x0C\x0Ak\xFF 3\x0An"

== the directory is left as it is
@sh chmod 750 /home/anna/.ssh; chgrp shared /home/anna/.ssh
@wait 1
> {"execute":"guest-ssh-add-authorized-keys","arguments":{"username":"anna","keys":["n2"]}}
< {"return": {}}
< anna/.ssh/authorized_keys: -rw------- 4001:4001 "  k1  \x0D\x0A \x09\x0A#x\x0A  # y\x0A\x09k2\x0B\x0C\x0Ak\xFF 3\x0An\x0An2"

== in a home that hands its group down
@sh rm -r /home/anna/.ssh; chgrp shared /home/anna; chmod 2775 /home/anna
@wait 1
> {"execute":"guest-ssh-add-authorized-keys","arguments":{"username":"anna","keys":["k"]}}
< {"return": {}}
< anna/.ssh: drwx------ 4001:4001
< anna/.ssh/authorized_keys: -rw------- 4001:4001 "k"

== root's keys
@wait 1
> {"execute":"guest-ssh-add-authorized-keys","arguments":{"username":"root","keys":["A"]}}
< {"return": {}}
< root/.ssh: drwx------ 0:0
< root/.ssh/authorized_keys: -rw------- 0:0 "A"

== root's keys are listed
@wait 1
> {"execute":"guest-ssh-get-authorized-keys","arguments":{"username":"root"}}
< {"return": {"keys": ["A"]}}

== root's keys are removed
@wait 1
> {"execute":"guest-ssh-remove-authorized-keys","arguments":{"username":"root","keys":["A"]}}
< {"return": {}}
< root/.ssh/authorized_keys: -rw------- 0:0 ""

== a readable file of another user
@sh echo k >/home/anna/.ssh/authorized_keys; chown root /home/anna/.ssh/authorized_keys; chmod 644 /home/anna/.ssh/authorized_keys
@wait 1
> {"execute":"guest-ssh-add-authorized-keys","arguments":{"username":"anna","keys":["A"]}}
< {"return": {}}
< anna/.ssh/authorized_keys: -rw------- 4001:4001 "k\x0A\x0AA"

== a file with a NUL
@sh printf 'k1\n\0 k2\nk3\n' >/home/anna/.ssh/authorized_keys
@wait 1
> {"execute":"guest-ssh-add-authorized-keys","arguments":{"username":"anna","keys":["A"]}}
< {"return": {}}
< anna/.ssh/authorized_keys: -rw------- 4001:4001 "k1\x0A\x0AA"

== a file with a NUL is listed
@sh printf 'k1\n\0 k2\nk3\n' >/home/anna/.ssh/authorized_keys
@wait 1
> {"execute":"guest-ssh-get-authorized-keys","arguments":{"username":"anna"}}
< {"return": {"keys": ["k1"]}}

== the label stays
@sh python3 -c 'import os; os.setxattr("/home/anna/.ssh/authorized_keys", "security.selinux", b"a:b:c:s0")'
@wait 1
> {"execute":"guest-ssh-add-authorized-keys","arguments":{"username":"anna","keys":["A2"]}}
< {"return": {}}
< anna/.ssh/authorized_keys: -rw------- 4001:4001 "k1\x0A\x0AA2"

== the label stays in a reset
@sh python3 -c 'import os; os.setxattr("/home/anna/.ssh/authorized_keys", "security.selinux", b"a:b:d:s0")'
@wait 1
> {"execute":"guest-ssh-add-authorized-keys","arguments":{"username":"anna","keys":["A"],"reset":true}}
< {"return": {}}
< anna/.ssh/authorized_keys: -rw------- 4001:4001 "A"

# What cannot be a key

== a comment
@wait 1
> {"execute":"guest-ssh-add-authorized-keys","arguments":{"username":"nobody-knows","keys":["good","#bad"]}}
< {"error": {"class": "GenericError", "desc": "invalid OpenSSH public key: '#bad'"}}

== a newline
@wait 1
> {"execute":"guest-ssh-add-authorized-keys","arguments":{"username":"anna","keys":["good","a\nb"],"reset":true}}
< {"error": {"class": "GenericError", "desc": "invalid OpenSSH public key: 'a\nb'"}}

== a comment to be removed
@wait 1
> {"execute":"guest-ssh-remove-authorized-keys","arguments":{"username":"anna","keys":["k1","#x"]}}
< {"error": {"class": "GenericError", "desc": "invalid OpenSSH public key: '#x'"}}

== a newline to be removed
@wait 1
> {"execute":"guest-ssh-remove-authorized-keys","arguments":{"username":"anna","keys":["k1","a\nb"]}}
< {"error": {"class": "GenericError", "desc": "invalid OpenSSH public key: 'a\nb'"}}

== a carriage return
@wait 1
> {"execute":"guest-ssh-add-authorized-keys","arguments":{"username":"anna","keys":["k\r"],"reset":true}}
< {"return": {}}
< anna/.ssh/authorized_keys: -rw------- 4001:4001 "k\x0D"

== a NUL
@wait 1
> {"execute":"guest-ssh-add-authorized-keys","arguments":{"username":"anna","keys":["a\u0000b"],"reset":true}}
< {"return": {}}
< anna/.ssh/authorized_keys: -rw------- 4001:4001 "a\xC0\x80b"

== a key of 100 KiB
@wait 1
@repeat 1 {"execute":"guest-ssh-add-authorized-keys","arguments":{"username":"anna","reset":true,"keys":["
@repeat 102400 k
@repeat 1 "]}}
< {"return": {}}
< anna/.ssh/authorized_keys: -rw------- 4001:4001 102400 bytes

# Users and homes

== an unknown user
@wait 3
> {"execute":"guest-ssh-get-authorized-keys","arguments":{"username":"nobody-knows"}}
> {"execute":"guest-ssh-add-authorized-keys","arguments":{"username":"nobody-knows","keys":["A"]}}
> {"execute":"guest-ssh-remove-authorized-keys","arguments":{"username":"nobody-knows","keys":["A"]}}
< {"error": {"class": "GenericError", "desc": "failed to lookup user 'nobody-knows': Success"}}
< {"error": {"class": "GenericError", "desc": "failed to lookup user 'nobody-knows': Success"}}
< {"error": {"class": "GenericError", "desc": "failed to lookup user 'nobody-knows': Success"}}

== no name
@wait 1
> {"execute":"guest-ssh-get-authorized-keys","arguments":{"username":""}}
< {"error": {"class": "GenericError", "desc": "failed to lookup user '': Success"}}

== a path for a name
@wait 1
> {"execute":"guest-ssh-get-authorized-keys","arguments":{"username":"../anna"}}
< {"error": {"class": "GenericError", "desc": "failed to lookup user '../anna': Success"}}

== another path for a name
@wait 1
> {"execute":"guest-ssh-add-authorized-keys","arguments":{"username":"anna/../bert","keys":["A"]}}
< {"error": {"class": "GenericError", "desc": "failed to lookup user 'anna/../bert': Success"}}

== a name with a newline
@wait 1
> {"execute":"guest-ssh-add-authorized-keys","arguments":{"username":"anna\nbert","keys":["A"]}}
< {"error": {"class": "GenericError", "desc": "failed to lookup user 'anna\nbert': Success"}}

== a name with a NUL
@wait 1
> {"execute":"guest-ssh-add-authorized-keys","arguments":{"username":"anna\u0000","keys":["A"]}}
< {"error": {"class": "GenericError", "desc": "failed to lookup user 'anna\u0000': Success"}}

== a name of 100 KiB
@wait 1
@repeat 1 {"execute":"guest-ssh-get-authorized-keys","arguments":{"username":"
@repeat 102400 n
@repeat 1 "}}
< {"error": {"class": "GenericError", "desc": "failed to looku ... [102481 characters, sha256 cd0d5c04bc7ac2e0]

== a user without a home
@wait 2
> {"execute":"guest-ssh-get-authorized-keys","arguments":{"username":"homeless"}}
> {"execute":"guest-ssh-remove-authorized-keys","arguments":{"username":"homeless","keys":["A"]}}
< {"error": {"class": "GenericError", "desc": "failed to read '.ssh/authorized_keys': Failed to open file \u201C.ssh/authorized_keys\u201D: No such file or directory"}}
< {"return": {}}

== a home that is not there
@wait 3
> {"execute":"guest-ssh-get-authorized-keys","arguments":{"username":"away"}}
> {"execute":"guest-ssh-add-authorized-keys","arguments":{"username":"away","keys":["A"]}}
> {"execute":"guest-ssh-remove-authorized-keys","arguments":{"username":"away","keys":["A"]}}
< {"error": {"class": "GenericError", "desc": "failed to read '/home/nowhere/.ssh/authorized_keys': Failed to open file \u201C/home/nowhere/.ssh/authorized_keys\u201D: No such file or directory"}}
< {"error": {"class": "GenericError", "desc": "failed to create directory '/home/nowhere/.ssh': No such file or directory"}}
< {"return": {}}

== a home that is a file
@sh echo >/home/filed; chown 4004 /home/filed
@wait 3
> {"execute":"guest-ssh-get-authorized-keys","arguments":{"username":"filed"}}
> {"execute":"guest-ssh-add-authorized-keys","arguments":{"username":"filed","keys":["A"]}}
> {"execute":"guest-ssh-remove-authorized-keys","arguments":{"username":"filed","keys":["A"]}}
< {"error": {"class": "GenericError", "desc": "failed to read '/home/filed/.ssh/authorized_keys': Failed to open file \u201C/home/filed/.ssh/authorized_keys\u201D: Not a directory"}}
< {"error": {"class": "GenericError", "desc": "failed to create directory '/home/filed/.ssh': Not a directory"}}
< {"return": {}}

== a home that is a FIFO
@sh mkfifo /home/piped; chown 4005 /home/piped
@wait 3
> {"execute":"guest-ssh-get-authorized-keys","arguments":{"username":"piped"}}
> {"execute":"guest-ssh-add-authorized-keys","arguments":{"username":"piped","keys":["A"]}}
> {"execute":"guest-ssh-remove-authorized-keys","arguments":{"username":"piped","keys":["A"]}}
< {"error": {"class": "GenericError", "desc": "failed to read '/home/piped/.ssh/authorized_keys': Failed to open file \u201C/home/piped/.ssh/authorized_keys\u201D: Not a directory"}}
< {"error": {"class": "GenericError", "desc": "failed to create directory '/home/piped/.ssh': Not a directory"}}
< {"return": {}}

== a home of another user
@wait 1
> {"execute":"guest-ssh-add-authorized-keys","arguments":{"username":"lent","keys":["A"]}}
< {"return": {}}
< lent/.ssh: drwx------ 4006:4006
< lent/.ssh/authorized_keys: -rw------- 4006:4006 "A"

== a .ssh that is a file
@sh rm -r /home/bert; mkdir /home/bert; echo x >/home/bert/.ssh; chown -R bert:bert /home/bert
@wait 2
> {"execute":"guest-ssh-add-authorized-keys","arguments":{"username":"bert","keys":["A"]}}
> {"execute":"guest-ssh-get-authorized-keys","arguments":{"username":"bert"}}
< {"error": {"class": "GenericError", "desc": "failed to create directory '/home/bert/.ssh': File exists"}}
< {"error": {"class": "GenericError", "desc": "failed to read '/home/bert/.ssh/authorized_keys': Failed to open file \u201C/home/bert/.ssh/authorized_keys\u201D: Not a directory"}}

== a .ssh of another user
@sh rm /home/bert/.ssh; mkdir /home/bert/.ssh
@wait 1
> {"execute":"guest-ssh-add-authorized-keys","arguments":{"username":"bert","keys":["A"]}}
< {"return": {}}
< bert/.ssh/authorized_keys: -rw------- 4002:4002 "A"

# Links. Nothing that a user may not read is told, nothing that is not the user's is changed.

== the file is a link to /etc/shadow
@sh rm -r /home/bert/.ssh; mkdir -m 700 /home/bert/.ssh; ln -s /etc/shadow /home/bert/.ssh/authorized_keys; chown -hR bert:bert /home/bert
@wait 1
> {"execute":"guest-ssh-get-authorized-keys","arguments":{"username":"bert"}}
< {"return": {"keys": ["root:$6$salt$secret:19000:0:99999:7:::"]}}

== nothing is removed from /etc/shadow
@wait 1
> {"execute":"guest-ssh-remove-authorized-keys","arguments":{"username":"bert","keys":["A"]}}
< {"return": {}}
< bert/.ssh/authorized_keys: -rw------- 4002:4002 "root:$6$salt$secret:19000:0:99999:7:::\x0A"

== nothing is added to /etc/shadow
@sh rm /home/bert/.ssh/authorized_keys; ln -s /etc/shadow /home/bert/.ssh/authorized_keys
@wait 1
> {"execute":"guest-ssh-add-authorized-keys","arguments":{"username":"bert","keys":["A"]}}
< {"return": {}}
< bert/.ssh/authorized_keys: -rw------- 4002:4002 "root:$6$salt$secret:19000:0:99999:7:::\x0A\x0AA"

== nothing in /etc/shadow is reset
@sh rm /home/bert/.ssh/authorized_keys; ln -s /etc/shadow /home/bert/.ssh/authorized_keys
@wait 1
> {"execute":"guest-ssh-add-authorized-keys","arguments":{"username":"bert","keys":["A"],"reset":true}}
< {"return": {}}
< bert/.ssh/authorized_keys: -rw------- 4002:4002 "A"

== the directory is a link to another user's
@sh rm -r /home/bert/.ssh; ln -s /home/root/.ssh /home/bert/.ssh; echo secret >/home/root/.ssh/authorized_keys
@wait 1
> {"execute":"guest-ssh-get-authorized-keys","arguments":{"username":"bert"}}
< {"return": {"keys": ["secret"]}}

== nothing is added behind that link
@wait 1
> {"execute":"guest-ssh-add-authorized-keys","arguments":{"username":"bert","keys":["A"]}}
< {"return": {}}
< root/.ssh/authorized_keys: -rw------- 4002:4002 "secret\x0A\x0AA"

== nothing is removed behind that link
@sh echo secret >/home/root/.ssh/authorized_keys
@wait 1
> {"execute":"guest-ssh-remove-authorized-keys","arguments":{"username":"bert","keys":["secret"]}}
< {"return": {}}
< root/.ssh/authorized_keys: -rw------- 4002:4002 ""

== the file is a hard link to another user's
@sh rm /home/bert/.ssh; mkdir -m 700 /home/bert/.ssh; echo secret >/home/root/file; chmod 600 /home/root/file; ln /home/root/file /home/bert/.ssh/authorized_keys; chown bert:bert /home/bert/.ssh
@wait 1
> {"execute":"guest-ssh-get-authorized-keys","arguments":{"username":"bert"}}
< {"return": {"keys": ["secret"]}}

== reset replaces the file, and the other name keeps its content
@wait 1
> {"execute":"guest-ssh-add-authorized-keys","arguments":{"username":"bert","keys":["A"],"reset":true}}
< {"return": {}}
< bert/.ssh/authorized_keys: -rw------- 4002:4002 "A"

== the file is a directory
@sh rm /home/bert/.ssh/authorized_keys; mkdir /home/bert/.ssh/authorized_keys; chown bert:bert /home/bert/.ssh/authorized_keys
@wait 1
> {"execute":"guest-ssh-remove-authorized-keys","arguments":{"username":"bert","keys":["A"]}}
< {"error": {"class": "GenericError", "desc": "failed to read '/home/bert/.ssh/authorized_keys': Error reading file \u201C/home/bert/.ssh/authorized_keys\u201D: Is a directory"}}

# Arguments

== arguments of the wrong type
@wait 9
> {"execute":"guest-ssh-get-authorized-keys"}
> {"execute":"guest-ssh-get-authorized-keys","arguments":{"username":1}}
> {"execute":"guest-ssh-get-authorized-keys","arguments":{"username":"anna","keys":[]}}
> {"execute":"guest-ssh-add-authorized-keys","arguments":{"username":"anna"}}
> {"execute":"guest-ssh-add-authorized-keys","arguments":{"username":"anna","keys":"A"}}
> {"execute":"guest-ssh-add-authorized-keys","arguments":{"username":"anna","keys":["A",1]}}
> {"execute":"guest-ssh-add-authorized-keys","arguments":{"username":"anna","keys":[],"reset":1}}
> {"execute":"guest-ssh-remove-authorized-keys","arguments":{"username":null,"keys":[]}}
> {"execute":"guest-ssh-remove-authorized-keys","arguments":{"username":"anna","keys":[],"reset":true}}
< {"error": {"class": "GenericError", "desc": "Parameter 'username' is missing"}}
< {"error": {"class": "GenericError", "desc": "Invalid parameter type for 'username', expected: string"}}
< {"error": {"class": "GenericError", "desc": "Parameter 'keys' is unexpected"}}
< {"error": {"class": "GenericError", "desc": "Parameter 'keys' is missing"}}
< {"error": {"class": "GenericError", "desc": "Invalid parameter type for 'keys', expected: array"}}
< {"error": {"class": "GenericError", "desc": "Invalid parameter type for 'keys[1]', expected: string"}}
< {"error": {"class": "GenericError", "desc": "Invalid parameter type for 'reset', expected: boolean"}}
< {"error": {"class": "GenericError", "desc": "Invalid parameter type for 'username', expected: string"}}
< {"error": {"class": "GenericError", "desc": "Parameter 'reset' is unexpected"}}

@options -b guest-ssh-get-authorized-keys,guest-ssh-add-authorized-keys
@accounts
== disabled
@wait 2
> {"execute":"guest-ssh-get-authorized-keys","arguments":{"username":"anna"}}
> {"execute":"guest-ssh-add-authorized-keys","arguments":{"username":"anna","keys":["A"]}}
< {"error": {"class": "CommandNotFound", "desc": "Command guest-ssh-get-authorized-keys has been disabled: the command is not allowed"}}
< {"error": {"class": "CommandNotFound", "desc": "Command guest-ssh-add-authorized-keys has been disabled: the command is not allowed"}}
