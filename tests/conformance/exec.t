# guest-exec and guest-exec-status. What becomes of the programs is `programs`'s matter.

@mask "pid": [0-9]+ -> "pid": (pid)
# With the data comes a flag since QEMU 10.2; 10.0 sends it only where it is wrong.
@mask , "(?:out|err)-truncated": false(?=,)() -> \1

== a program without output
@results 1
> {"execute":"guest-exec","arguments":{"path":"/bin/true"}}
< {"return": {"pid": (pid)}}
< {"return": {"exitcode": 0, "exited": true}}

== its result is reported once
> {"execute":"guest-exec-status","arguments":{"pid":$PID}}
< {"error": {"class": "GenericError", "desc": "PID ld does not exist"}}

== exit statuses
@results 4
> {"execute":"guest-exec","arguments":{"path":"/bin/false"}}
> {"execute":"guest-exec","arguments":{"path":"/bin/sh","arg":["-c","exit 255"]}}
> {"execute":"guest-exec","arguments":{"path":"/bin/sh","arg":["-c","exit 256"]}}
> {"execute":"guest-exec","arguments":{"path":"/bin/sh","arg":["-c","exit 7"]},"id":"seven"}
< {"return": {"pid": (pid)}}
< {"return": {"pid": (pid)}}
< {"return": {"pid": (pid)}}
< {"return": {"pid": (pid)}, "id": "seven"}
< {"return": {"exitcode": 1, "exited": true}}
< {"return": {"exitcode": 255, "exited": true}}
< {"return": {"exitcode": 0, "exited": true}}
< {"return": {"exitcode": 7, "exited": true}}

== signals
@results 4
> {"execute":"guest-exec","arguments":{"path":"/bin/sh","arg":["-c","kill -9 $$"]}}
> {"execute":"guest-exec","arguments":{"path":"/bin/sh","arg":["-c","kill -15 $$"]}}
> {"execute":"guest-exec","arguments":{"path":"/bin/sh","arg":["-c","kill -13 $$"]}}
> {"execute":"guest-exec","arguments":{"path":"/bin/sh","arg":["-c","kill -34 $$"]}}
< {"return": {"pid": (pid)}}  (x 4)
< {"return": {"signal": 9, "exited": true}}
< {"return": {"signal": 15, "exited": true}}
< {"return": {"signal": 13, "exited": true}}
< {"return": {"signal": 34, "exited": true}}

== a process that is unknown
> {"execute":"guest-exec-status","arguments":{"pid":0}}
> {"execute":"guest-exec-status","arguments":{"pid":-1}}
> {"execute":"guest-exec-status","arguments":{"pid":1}}
> {"execute":"guest-exec-status","arguments":{"pid":9223372036854775807},"id":[]}
< {"error": {"class": "GenericError", "desc": "PID ld does not exist"}}
< {"error": {"class": "GenericError", "desc": "PID ld does not exist"}}
< {"error": {"class": "GenericError", "desc": "PID ld does not exist"}}
< {"id": [], "error": {"class": "GenericError", "desc": "PID ld does not exist"}}

== guest-exec-status with wrong arguments
> {"execute":"guest-exec-status"}
> {"execute":"guest-exec-status","arguments":{"pid":"1"}}
> {"execute":"guest-exec-status","arguments":{"pid":1.0}}
> {"execute":"guest-exec-status","arguments":{"pid":9223372036854775808}}
> {"execute":"guest-exec-status","arguments":{"pid":1,"wait":1}}
< {"error": {"class": "GenericError", "desc": "Parameter 'pid' is missing"}}
< {"error": {"class": "GenericError", "desc": "Invalid parameter type for 'pid', expected: integer"}}
< {"error": {"class": "GenericError", "desc": "Invalid parameter type for 'pid', expected: integer"}}
< {"error": {"class": "GenericError", "desc": "Invalid parameter type for 'pid', expected: integer"}}
< {"error": {"class": "GenericError", "desc": "Parameter 'wait' is unexpected"}}

== both outputs
@results 2
> {"execute":"guest-exec","arguments":{"path":"/bin/sh","arg":["-c","echo out; echo err >&2"],"capture-output":true}}
> {"execute":"guest-exec","arguments":{"path":"/bin/sh","arg":["-c","echo out; echo err >&2"],"capture-output":"separated"}}
< {"return": {"pid": (pid)}}
< {"return": {"pid": (pid)}}
< {"return": {"exitcode": 0, "err-data": "ZXJyCg==", "out-data": "b3V0Cg==", "exited": true}}
< {"return": {"exitcode": 0, "err-data": "ZXJyCg==", "out-data": "b3V0Cg==", "exited": true}}

== one output of two
@results 2
> {"execute":"guest-exec","arguments":{"path":"/bin/sh","arg":["-c","echo out"],"capture-output":true}}
> {"execute":"guest-exec","arguments":{"path":"/bin/sh","arg":["-c","echo err >&2"],"capture-output":true}}
< {"return": {"pid": (pid)}}
< {"return": {"pid": (pid)}}
< {"return": {"exitcode": 0, "out-data": "b3V0Cg==", "exited": true}}
< {"return": {"exitcode": 0, "err-data": "ZXJyCg==", "exited": true}}

== neither output
@results 5
> {"execute":"guest-exec","arguments":{"path":"/bin/sh","arg":["-c","echo out; echo err >&2"]}}
> {"execute":"guest-exec","arguments":{"path":"/bin/sh","arg":["-c","echo out; echo err >&2"],"capture-output":false}}
> {"execute":"guest-exec","arguments":{"path":"/bin/sh","arg":["-c","echo out; echo err >&2"],"capture-output":"none"}}
> {"execute":"guest-exec","arguments":{"path":"/bin/true","capture-output":true}}
> {"execute":"guest-exec","arguments":{"path":"/bin/true","capture-output":"merged"}}
< {"return": {"pid": (pid)}}  (x 5)
< {"return": {"exitcode": 0, "exited": true}}  (x 5)

== merged output keeps its order
@results 1
> {"execute":"guest-exec","arguments":{"path":"/bin/sh","arg":["-c","echo 1; echo 2 >&2; echo 3; echo 4 >&2"],"capture-output":"merged"}}
< {"return": {"pid": (pid)}}
< {"return": {"exitcode": 0, "out-data": "MQoyCjMKNAo=", "exited": true}}

== output of all bytes
@results 1
> {"execute":"guest-exec","arguments":{"path":"/usr/bin/printf","arg":["\\000\\001\\012\\177\\200\\376\\377"],"capture-output":true}}
< {"return": {"pid": (pid)}}
< {"return": {"exitcode": 0, "out-data": "AAEKf4D+/w==", "exited": true}}

== output that fills a pipe
@results 1
> {"execute":"guest-exec","arguments":{"path":"/usr/bin/head","arg":["-c","90000","/dev/zero"],"capture-output":true}}
< {"return": {"pid": (pid)}}
< {"return": {"exitcode": 0, "out-data": "AAAAAAAAAAAAAAAAAAAA ... [120059 characters, sha256 fa54619c732764bb]

== capture-output that does not exist
> {"execute":"guest-exec","arguments":{"path":"/bin/true","capture-output":"both"}}
> {"execute":"guest-exec","arguments":{"path":"/bin/true","capture-output":""}}
> {"execute":"guest-exec","arguments":{"path":"/bin/true","capture-output":1}}
> {"execute":"guest-exec","arguments":{"path":"/bin/true","capture-output":null}}
> {"execute":"guest-exec","arguments":{"path":"/bin/true","capture-output":["stdout"]}}
< {"error": {"class": "GenericError", "desc": "Parameter 'capture-output' does not accept value 'both'"}}
< {"error": {"class": "GenericError", "desc": "Parameter 'capture-output' does not accept value ''"}}
< {"error": {"class": "GenericError", "desc": "Invalid parameter type for 'capture-output', expected: GuestExecCaptureOutput"}}
< {"error": {"class": "GenericError", "desc": "Invalid parameter type for 'capture-output', expected: GuestExecCaptureOutput"}}
< {"error": {"class": "GenericError", "desc": "Invalid parameter type for 'capture-output', expected: GuestExecCaptureOutput"}}

== input
@results 3
> {"execute":"guest-exec","arguments":{"path":"/bin/cat","input-data":"aGVsbG8=","capture-output":true}}
> {"execute":"guest-exec","arguments":{"path":"/bin/cat","input-data":"aGVsbG8","capture-output":true}}
> {"execute":"guest-exec","arguments":{"path":"/usr/bin/wc","arg":["-c"],"input-data":"AAECAwT/","capture-output":true}}
< {"return": {"pid": (pid)}}
< {"return": {"pid": (pid)}}
< {"return": {"pid": (pid)}}
< {"return": {"exitcode": 0, "out-data": "aGVsbG8=", "exited": true}}
< {"return": {"exitcode": 0, "out-data": "aGVs", "exited": true}}
< {"return": {"exitcode": 0, "out-data": "Ngo=", "exited": true}}

== input that is empty
@results 2
> {"execute":"guest-exec","arguments":{"path":"/bin/cat","input-data":"","capture-output":true}}
> {"execute":"guest-exec","arguments":{"path":"/bin/readlink","arg":["/proc/self/fd/0"],"capture-output":true}}
< {"return": {"pid": (pid)}}
< {"return": {"pid": (pid)}}
< {"return": {"exitcode": 0, "exited": true}}
< {"return": {"exitcode": 0, "out-data": "L2Rldi9udWxsCg==", "exited": true}}

== input that is not read
@results 1
> {"execute":"guest-exec","arguments":{"path":"/bin/true","input-data":"aGVsbG8="}}
< {"return": {"pid": (pid)}}
< {"return": {"exitcode": 0, "exited": true}}

== input that is not base64
@wait 5
> {"execute":"guest-exec","arguments":{"path":"/bin/cat","input-data":"!!!"}}
> {"execute":"guest-exec","arguments":{"path":"/bin/cat","input-data":"aGVs\u0000bG8="}}
> {"execute":"guest-exec","arguments":{"path":"/bin/cat","input-data":"aGVs bG8="}}
> {"execute":"guest-exec","arguments":{"path":"/bin/nonexist","input-data":"-"}}
> {"execute":"guest-exec","arguments":{"path":"/bin/cat","input-data":5}}
< {"error": {"class": "GenericError", "desc": "Base64 data contains invalid characters"}}  (x 4)
< {"error": {"class": "GenericError", "desc": "Invalid parameter type for 'input-data', expected: string"}}

== input with line ends
@results 1
> {"execute":"guest-exec","arguments":{"path":"/bin/cat","input-data":"aGVs\nbG8=\n","capture-output":true}}
< {"return": {"pid": (pid)}}
< {"return": {"exitcode": 0, "out-data": "aGVsbG8=", "exited": true}}

== arguments
@results 3
> {"execute":"guest-exec","arguments":{"path":"/usr/bin/printf","arg":["[%s]","a","","b c","$HOME","*","\"","\u20ac","\n"],"capture-output":true}}
> {"execute":"guest-exec","arguments":{"path":"/bin/sh","arg":["-c","echo \"$0\" $#"],"capture-output":true}}
> {"execute":"guest-exec","arguments":{"path":"/bin/sh","arg":[],"input-data":"","capture-output":true}}
< {"return": {"pid": (pid)}}
< {"return": {"pid": (pid)}}
< {"return": {"pid": (pid)}}
< {"return": {"exitcode": 0, "out-data": "W2FdW11bYiBjXVskSE9NRV1bKl1bIl1b4oKsXVsKXQ==", "exited": true}}
< {"return": {"exitcode": 0, "out-data": "L2Jpbi9zaCAwCg==", "exited": true}}
< {"return": {"exitcode": 0, "exited": true}}

== a NUL in an argument and in the path
@results 2
> {"execute":"guest-exec","arguments":{"path":"/usr/bin/printf","arg":["%s","a\u0000b"],"capture-output":true}}
> {"execute":"guest-exec","arguments":{"path":"/bin/true\u0000x"}}
< {"return": {"pid": (pid)}}
< {"error": {"class": "GenericError", "desc": "Failed to execute child process \u201C/bin/true\u0000x\u201D (No such file or directory)"}}
< {"return": {"exitcode": 0, "out-data": "YcCAYg==", "exited": true}}

== arguments of the wrong type
> {"execute":"guest-exec"}
> {"execute":"guest-exec","arguments":{"arg":["x"]}}
> {"execute":"guest-exec","arguments":{"path":["/bin/true"]}}
> {"execute":"guest-exec","arguments":{"path":"/bin/true","arg":"x"}}
> {"execute":"guest-exec","arguments":{"path":"/bin/true","arg":["x",1]}}
> {"execute":"guest-exec","arguments":{"path":"/bin/true","arg":[null]}}
> {"execute":"guest-exec","arguments":{"path":"/bin/true","env":{"A":"b"}}}
> {"execute":"guest-exec","arguments":{"path":"/bin/true","env":[["A=b"]]}}
> {"execute":"guest-exec","arguments":{"path":"/bin/true","input":"aGVs"}}
< {"error": {"class": "GenericError", "desc": "Parameter 'path' is missing"}}
< {"error": {"class": "GenericError", "desc": "Parameter 'path' is missing"}}
< {"error": {"class": "GenericError", "desc": "Invalid parameter type for 'path', expected: string"}}
< {"error": {"class": "GenericError", "desc": "Invalid parameter type for 'arg', expected: array"}}
< {"error": {"class": "GenericError", "desc": "Invalid parameter type for 'arg[1]', expected: string"}}
< {"error": {"class": "GenericError", "desc": "Invalid parameter type for 'arg[0]', expected: string"}}
< {"error": {"class": "GenericError", "desc": "Invalid parameter type for 'env', expected: array"}}
< {"error": {"class": "GenericError", "desc": "Invalid parameter type for 'env[0]', expected: string"}}
< {"error": {"class": "GenericError", "desc": "Parameter 'input' is unexpected"}}

== argv[0] is the path as it was given
@results 2
> {"execute":"guest-exec","arguments":{"path":"head","arg":["-c","5","/proc/self/cmdline"],"capture-output":true}}
> {"execute":"guest-exec","arguments":{"path":"/usr/bin/../bin/head","arg":["-c","20","/proc/self/cmdline"],"capture-output":true}}
< {"return": {"pid": (pid)}}
< {"return": {"pid": (pid)}}
< {"return": {"exitcode": 0, "out-data": "aGVhZAA=", "exited": true}}
< {"return": {"exitcode": 0, "out-data": "L3Vzci9iaW4vLi4vYmluL2hlYWQ=", "exited": true}}

== an environment is complete
@results 4
> {"execute":"guest-exec","arguments":{"path":"/usr/bin/env","env":["A=b","C=d=e"],"capture-output":true}}
> {"execute":"guest-exec","arguments":{"path":"/usr/bin/env","env":[],"capture-output":true}}
> {"execute":"guest-exec","arguments":{"path":"/usr/bin/env","env":["X","=y","","A=1","A=2"],"capture-output":true}}
> {"execute":"guest-exec","arguments":{"path":"/usr/bin/env","env":["LONG=\u20ac\n"],"capture-output":true}}
< {"return": {"pid": (pid)}}  (x 4)
< {"return": {"exitcode": 0, "out-data": "QT1iCkM9ZD1lCg==", "exited": true}}
< {"return": {"exitcode": 0, "exited": true}}
< {"return": {"exitcode": 0, "out-data": "WAo9eQoKQT0xCkE9Mgo=", "exited": true}}
< {"return": {"exitcode": 0, "out-data": "TE9ORz3igqwKCg==", "exited": true}}

@options
@env GREETING=hello
== without one, the agent's is inherited
@results 1
> {"execute":"guest-exec","arguments":{"path":"/bin/sh","arg":["-c","echo $GREETING"],"capture-output":true}}
< {"return": {"pid": (pid)}}
< {"return": {"exitcode": 0, "out-data": "aGVsbG8K", "exited": true}}

== with one, the agent's is not
@results 1
> {"execute":"guest-exec","arguments":{"path":"/bin/sh","arg":["-c","echo $GREETING"],"env":["A=b"],"capture-output":true}}
< {"return": {"pid": (pid)}}
< {"return": {"exitcode": 0, "out-data": "Cg==", "exited": true}}

== the search in PATH
@results 5
> {"execute":"guest-exec","arguments":{"path":"true"}}
> {"execute":"guest-exec","arguments":{"path":"env","env":["PATH=/usr/bin"],"capture-output":true}}
> {"execute":"guest-exec","arguments":{"path":"env","env":["A=b"],"capture-output":true}}
> {"execute":"guest-exec","arguments":{"path":"env","env":["PATH=/nowhere:/usr/bin","PATH=/nowhere"],"capture-output":true}}
> {"execute":"guest-exec","arguments":{"path":"env","env":["PATH"],"capture-output":true}}
< {"return": {"pid": (pid)}}  (x 5)
< {"return": {"exitcode": 0, "exited": true}}
< {"return": {"exitcode": 0, "out-data": "UEFUSD0vdXNyL2Jpbgo=", "exited": true}}
< {"return": {"exitcode": 0, "out-data": "QT1iCg==", "exited": true}}
< {"return": {"exitcode": 0, "out-data": "UEFUSD0vbm93aGVyZTovdXNyL2JpbgpQQVRIPS9ub3doZXJlCg==", "exited": true}}
< {"return": {"exitcode": 0, "out-data": "UEFUSAo=", "exited": true}}

== the search in PATH, in vain
@wait 8
> {"execute":"guest-exec","arguments":{"path":"no-such-program"}}
> {"execute":"guest-exec","arguments":{"path":"env","env":["PATH=/nowhere"]}}
> {"execute":"guest-exec","arguments":{"path":"env","env":["PATH=/nowhere","PATH=/usr/bin"]}}
> {"execute":"guest-exec","arguments":{"path":"passwd","env":["PATH=/etc"]}}
> {"execute":"guest-exec","arguments":{"path":"passwd","env":["PATH=/etc:/nowhere"]}}
> {"execute":"guest-exec","arguments":{"path":"env","env":["PATH=/etc/passwd"]}}
> {"execute":"guest-exec","arguments":{"path":"no-such-program","env":["PATH="]}}
> {"execute":"guest-exec","arguments":{"path":"no-such-program","env":["PATH=:::"]}}
< {"error": {"class": "GenericError", "desc": "Failed to execute child process \u201Cno-such-program\u201D (No such file or directory)"}}
< {"error": {"class": "GenericError", "desc": "Failed to execute child process \u201Cenv\u201D (No such file or directory)"}}
< {"error": {"class": "GenericError", "desc": "Failed to execute child process \u201Cenv\u201D (No such file or directory)"}}
< {"error": {"class": "GenericError", "desc": "Failed to execute child process \u201Cpasswd\u201D (Permission denied)"}}
< {"error": {"class": "GenericError", "desc": "Failed to execute child process \u201Cpasswd\u201D (Permission denied)"}}
< {"error": {"class": "GenericError", "desc": "Failed to execute child process \u201Cenv\u201D (Not a directory)"}}
< {"error": {"class": "GenericError", "desc": "Failed to execute child process \u201Cno-such-program\u201D (No such file or directory)"}}
< {"error": {"class": "GenericError", "desc": "Failed to execute child process \u201Cno-such-program\u201D (No such file or directory)"}}

== programs that cannot be started
@wait 8
> {"execute":"guest-exec","arguments":{"path":""}}
> {"execute":"guest-exec","arguments":{"path":"/bin/nonexist"}}
> {"execute":"guest-exec","arguments":{"path":"/bin/nonexist","arg":["a"],"env":["A=b"],"input-data":"aGk=","capture-output":"merged"},"id":3}
> {"execute":"guest-exec","arguments":{"path":"/"}}
> {"execute":"guest-exec","arguments":{"path":"/etc/passwd"}}
> {"execute":"guest-exec","arguments":{"path":"/etc/passwd/x"}}
> {"execute":"guest-exec","arguments":{"path":"./nonexist"}}
> {"execute":"guest-exec","arguments":{"path":"/\u20ac\n"}}
< {"error": {"class": "GenericError", "desc": "Failed to execute child process \u201C\u201D (No such file or directory)"}}
< {"error": {"class": "GenericError", "desc": "Failed to execute child process \u201C/bin/nonexist\u201D (No such file or directory)"}}
< {"id": 3, "error": {"class": "GenericError", "desc": "Failed to execute child process \u201C/bin/nonexist\u201D (No such file or directory)"}}
< {"error": {"class": "GenericError", "desc": "Failed to execute child process \u201C/\u201D (Permission denied)"}}
< {"error": {"class": "GenericError", "desc": "Failed to execute child process \u201C/etc/passwd\u201D (Permission denied)"}}
< {"error": {"class": "GenericError", "desc": "Failed to execute child process \u201C/etc/passwd/x\u201D (Not a directory)"}}
< {"error": {"class": "GenericError", "desc": "Failed to execute child process \u201C./nonexist\u201D (No such file or directory)"}}
< {"error": {"class": "GenericError", "desc": "Failed to execute child process \u201C/\u20AC\n\u201D (No such file or directory)"}}

== a path that is too long
@wait 1
@repeat 1 {"execute":"guest-exec","arguments":{"path":"/
@repeat 300 x
@repeat 1 "}}
< {"error": {"class": "GenericError", "desc": "Failed to execute child process \u201C/xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx\u201D (File name too long)"}}

== an argument that is too long
@results 1
@repeat 1 {"execute":"guest-exec","arguments":{"path":"/bin/true","arg":["
@repeat 131072 x
@repeat 1 "]}}
< {"error": {"class": "GenericError", "desc": "Failed to execute child process \u201C/bin/true\u201D (Argument list too long)"}}

== an argument that is as long as can be
@results 1
@repeat 1 {"execute":"guest-exec","arguments":{"path":"/bin/true","arg":["
@repeat 131071 x
@repeat 1 "]}}
< {"return": {"pid": (pid)}}
< {"return": {"exitcode": 0, "exited": true}}

== 100000 arguments
@results 1
@repeat 1 {"execute":"guest-exec","arguments":{"path":"/bin/sh","arg":["-c","echo $#","sh"
@repeat 100000 ,"x"
@repeat 1 ],"capture-output":true}}
< {"return": {"pid": (pid)}}
< {"return": {"exitcode": 0, "out-data": "MTAwMDAwCg==", "exited": true}}

== 250000 arguments
@results 1
@repeat 1 {"execute":"guest-exec","arguments":{"path":"/bin/true","arg":["x"
@repeat 250000 ,"x"
@repeat 1 ]}}
< {"error": {"class": "GenericError", "desc": "Failed to execute child process \u201C/bin/true\u201D (Argument list too long)"}}

== signals are not ignored, nor held back
@results 1
> {"execute":"guest-exec","arguments":{"path":"/bin/grep","arg":["-E","^Sig(Blk|Ign|Cgt)","/proc/self/status"],"capture-output":true}}
< {"return": {"pid": (pid)}}
< {"return": {"exitcode": 0, "out-data": "U2lnQmxrOgkwMDAwMDAwMDAwMDAwMDAwClNpZ0lnbjoJMDAwMDAwMDAwMDAwMDAwMApTaWdDZ3Q6CTAwMDAwMDAwMDAwMDA0MDAK", "exited": true}}

== no other descriptors
@results 1
> {"execute":"guest-exec","arguments":{"path":"/bin/sh","arg":["-c","ls /proc/$$/fd"],"capture-output":true}}
< {"return": {"pid": (pid)}}
< {"return": {"exitcode": 0, "out-data": "MAoxCjIK", "exited": true}}

== the session is the agent's
@results 1
> {"execute":"guest-exec","arguments":{"path":"/bin/sh","arg":["-c","read -r _ _ _ parent _ mine _ < /proc/$$/stat; read -r _ _ _ _ _ its _ < /proc/$parent/stat; [ $mine = $its ]"]}}
< {"return": {"pid": (pid)}}
< {"return": {"exitcode": 0, "exited": true}}

== the directory is the agent's
@results 1
> {"execute":"guest-exec","arguments":{"path":"/bin/sh","arg":["-c","[ $(readlink /proc/$$/cwd) = $(readlink /proc/$PPID/cwd) ]"]}}
< {"return": {"pid": (pid)}}
< {"return": {"exitcode": 0, "exited": true}}

@options -b guest-exec
== disabled
> {"execute":"guest-exec","arguments":{"path":"/bin/true"}}
> {"execute":"guest-exec-status","arguments":{"pid":1}}
< {"error": {"class": "CommandNotFound", "desc": "Command guest-exec has been disabled: the command is not allowed"}}
< {"error": {"class": "GenericError", "desc": "PID ld does not exist"}}
