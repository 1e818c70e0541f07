# --dump-conf: what the agent makes of its command line and its configuration.
# QGA_CONF names a file that does not exist, so that no machine's own
# configuration takes part.

@env QGA_CONF=$DIR/none

== the defaults
@run -D
< [general]
< daemon=false
< method=virtio-serial
< path=/dev/virtio-ports/org.qemu.guest_agent.0
< pidfile=/var/run/qemu-ga.pid
< statedir=/var/run
< verbose=false
< retry-path=false
< block-rpcs=
< allow-rpcs=
< exit 0

== the long name
@run --dump-conf
< [general]
< daemon=false
< method=virtio-serial
< path=/dev/virtio-ports/org.qemu.guest_agent.0
< pidfile=/var/run/qemu-ga.pid
< statedir=/var/run
< verbose=false
< retry-path=false
< block-rpcs=
< allow-rpcs=
< exit 0

== every option, short
@run -D -m unix-listen -p /tmp/p -l /tmp/l -f /tmp/f -F/tmp/hook -t /tmp/t -v -d -b guest-ping -a guest-info -r
< [general]
< daemon=true
< method=unix-listen
< path=/tmp/p
< logfile=/tmp/l
< pidfile=/tmp/f
< fsfreeze-hook=/tmp/hook
< statedir=/tmp/t
< verbose=true
< retry-path=true
< block-rpcs=guest-ping
< allow-rpcs=guest-info
< exit 0

== every option, long
@run --dump-conf --method unix-listen --path /tmp/p --logfile /tmp/l --pidfile /tmp/f --fsfreeze-hook=/tmp/hook --statedir /tmp/t --verbose --daemonize --block-rpcs guest-ping --allow-rpcs guest-info --retry-path
< [general]
< daemon=true
< method=unix-listen
< path=/tmp/p
< logfile=/tmp/l
< pidfile=/tmp/f
< fsfreeze-hook=/tmp/hook
< statedir=/tmp/t
< verbose=true
< retry-path=true
< block-rpcs=guest-ping
< allow-rpcs=guest-info
< exit 0

== long names with equals signs
@run --dump-conf --method=isa-serial --path=/dev/x --logfile=/tmp/l --pidfile=/tmp/f --statedir=/tmp/t --block-rpcs=guest-ping --allow-rpcs=guest-info
< [general]
< daemon=false
< method=isa-serial
< path=/dev/x
< logfile=/tmp/l
< pidfile=/tmp/f
< statedir=/tmp/t
< verbose=false
< retry-path=false
< block-rpcs=guest-ping
< allow-rpcs=guest-info
< exit 0

== abbreviated long names
@run -D --meth isa-serial --retry --verb --daemon --state /tmp/s
< [general]
< daemon=true
< method=isa-serial
< path=/dev/ttyS0
< pidfile=/var/run/qemu-ga.pid
< statedir=/tmp/s
< verbose=true
< retry-path=true
< block-rpcs=
< allow-rpcs=
< exit 0

== --dump is enough for --dump-conf
@run --dump
< [general]
< daemon=false
< method=virtio-serial
< path=/dev/virtio-ports/org.qemu.guest_agent.0
< pidfile=/var/run/qemu-ga.pid
< statedir=/var/run
< verbose=false
< retry-path=false
< block-rpcs=
< allow-rpcs=
< exit 0

== the freeze hook without a value
@run -D -F
< [general]
< daemon=false
< method=virtio-serial
< path=/dev/virtio-ports/org.qemu.guest_agent.0
< pidfile=/var/run/qemu-ga.pid
< fsfreeze-hook=/etc/qemu/fsfreeze-hook
< statedir=/var/run
< verbose=false
< retry-path=false
< block-rpcs=
< allow-rpcs=
< exit 0

== the freeze hook without a value, long
@run -D --fsfreeze-hook
< [general]
< daemon=false
< method=virtio-serial
< path=/dev/virtio-ports/org.qemu.guest_agent.0
< pidfile=/var/run/qemu-ga.pid
< fsfreeze-hook=/etc/qemu/fsfreeze-hook
< statedir=/var/run
< verbose=false
< retry-path=false
< block-rpcs=
< allow-rpcs=
< exit 0

== a freeze hook behind a blank is not its value
@run -D -F /tmp/hook
< [general]
< daemon=false
< method=virtio-serial
< path=/dev/virtio-ports/org.qemu.guest_agent.0
< pidfile=/var/run/qemu-ga.pid
< fsfreeze-hook=/etc/qemu/fsfreeze-hook
< statedir=/var/run
< verbose=false
< retry-path=false
< block-rpcs=
< allow-rpcs=
< exit 0

== the default path of isa-serial
@run -D -m isa-serial
< [general]
< daemon=false
< method=isa-serial
< path=/dev/ttyS0
< pidfile=/var/run/qemu-ga.pid
< statedir=/var/run
< verbose=false
< retry-path=false
< block-rpcs=
< allow-rpcs=
< exit 0

== a path for virtio-serial
@run -D -p /dev/virtio-ports/x
< [general]
< daemon=false
< method=virtio-serial
< path=/dev/virtio-ports/x
< pidfile=/var/run/qemu-ga.pid
< statedir=/var/run
< verbose=false
< retry-path=false
< block-rpcs=
< allow-rpcs=
< exit 0

== vsock
@run -D -m vsock-listen -p 3:1234
< [general]
< daemon=false
< method=vsock-listen
< path=3:1234
< pidfile=/var/run/qemu-ga.pid
< statedir=/var/run
< verbose=false
< retry-path=false
< block-rpcs=
< allow-rpcs=
< exit 0

== an unknown method is dumped
@run -D -m nonsense -p /tmp/p
< [general]
< daemon=false
< method=nonsense
< path=/tmp/p
< pidfile=/var/run/qemu-ga.pid
< statedir=/var/run
< verbose=false
< retry-path=false
< block-rpcs=
< allow-rpcs=
< exit 0

== an unknown method without a path
@run -D -m nonsense
< exit 1

== unix-listen without a path
@run -D -m unix-listen
< exit 1

== vsock-listen without a path
@run -D -m vsock-listen
< exit 1

== the last of two wins: scalars
@run -D -m isa-serial -m virtio-serial -p a -p b -t c -t d -l e -l f -f g -f h
< [general]
< daemon=false
< method=virtio-serial
< path=b
< logfile=f
< pidfile=h
< statedir=d
< verbose=false
< retry-path=false
< block-rpcs=
< allow-rpcs=
< exit 0

== a block list
@run -D -b a,b,c
< [general]
< daemon=false
< method=virtio-serial
< path=/dev/virtio-ports/org.qemu.guest_agent.0
< pidfile=/var/run/qemu-ga.pid
< statedir=/var/run
< verbose=false
< retry-path=false
< block-rpcs=c,b,a
< allow-rpcs=
< exit 0

== two block lists add up
@run -D -b a,b -b c,d
< [general]
< daemon=false
< method=virtio-serial
< path=/dev/virtio-ports/org.qemu.guest_agent.0
< pidfile=/var/run/qemu-ga.pid
< statedir=/var/run
< verbose=false
< retry-path=false
< block-rpcs=b,a,d,c
< allow-rpcs=
< exit 0

== an allow list
@run -D -a a,b,c
< [general]
< daemon=false
< method=virtio-serial
< path=/dev/virtio-ports/org.qemu.guest_agent.0
< pidfile=/var/run/qemu-ga.pid
< statedir=/var/run
< verbose=false
< retry-path=false
< block-rpcs=
< allow-rpcs=c,b,a
< exit 0

== two allow lists add up
@run -D -a a,b -a c,d
< [general]
< daemon=false
< method=virtio-serial
< path=/dev/virtio-ports/org.qemu.guest_agent.0
< pidfile=/var/run/qemu-ga.pid
< statedir=/var/run
< verbose=false
< retry-path=false
< block-rpcs=
< allow-rpcs=b,a,d,c
< exit 0

== block and allow list
@run -D -a a,b -b c,d
< [general]
< daemon=false
< method=virtio-serial
< path=/dev/virtio-ports/org.qemu.guest_agent.0
< pidfile=/var/run/qemu-ga.pid
< statedir=/var/run
< verbose=false
< retry-path=false
< block-rpcs=d,c
< allow-rpcs=b,a
< exit 0

== an empty block list
@run -D -b ""
< [general]
< daemon=false
< method=virtio-serial
< path=/dev/virtio-ports/org.qemu.guest_agent.0
< pidfile=/var/run/qemu-ga.pid
< statedir=/var/run
< verbose=false
< retry-path=false
< block-rpcs=
< allow-rpcs=
< exit 0

== an empty allow list
@run -D -a ""
< [general]
< daemon=false
< method=virtio-serial
< path=/dev/virtio-ports/org.qemu.guest_agent.0
< pidfile=/var/run/qemu-ga.pid
< statedir=/var/run
< verbose=false
< retry-path=false
< block-rpcs=
< allow-rpcs=
< exit 0

== empty names in a list
@run -D -b a,,b,
< [general]
< daemon=false
< method=virtio-serial
< path=/dev/virtio-ports/org.qemu.guest_agent.0
< pidfile=/var/run/qemu-ga.pid
< statedir=/var/run
< verbose=false
< retry-path=false
< block-rpcs=,b,,a
< allow-rpcs=
< exit 0

== blanks in a list
@run -D -b "a, b ,c"
< [general]
< daemon=false
< method=virtio-serial
< path=/dev/virtio-ports/org.qemu.guest_agent.0
< pidfile=/var/run/qemu-ga.pid
< statedir=/var/run
< verbose=false
< retry-path=false
< block-rpcs=c, b ,a
< allow-rpcs=
< exit 0

== a name twice
@run -D -b a,a -b a
< [general]
< daemon=false
< method=virtio-serial
< path=/dev/virtio-ports/org.qemu.guest_agent.0
< pidfile=/var/run/qemu-ga.pid
< statedir=/var/run
< verbose=false
< retry-path=false
< block-rpcs=a,a,a
< allow-rpcs=
< exit 0

== characters that a key file escapes
@run -D -p "/tmp/a b;c\\d=e#f" -l " leading"
< [general]
< daemon=false
< method=virtio-serial
< path=/tmp/a b;c\\d=e#f
< logfile=\sleading
< pidfile=/var/run/qemu-ga.pid
< statedir=/var/run
< verbose=false
< retry-path=false
< block-rpcs=
< allow-rpcs=
< exit 0

== a TAB in a path
@run -D -p "/tmp/a	b"
< [general]
< daemon=false
< method=virtio-serial
< path=/tmp/a\x09b
< pidfile=/var/run/qemu-ga.pid
< statedir=/var/run
< verbose=false
< retry-path=false
< block-rpcs=
< allow-rpcs=
< exit 0

== UTF-8 in a path
@run -D -p /tmp/é€
< [general]
< daemon=false
< method=virtio-serial
< path=/tmp/\xC3\xA9\xE2\x82\xAC
< pidfile=/var/run/qemu-ga.pid
< statedir=/var/run
< verbose=false
< retry-path=false
< block-rpcs=
< allow-rpcs=
< exit 0

== an empty path
@run -D -p ""
< [general]
< daemon=false
< method=virtio-serial
< path=
< pidfile=/var/run/qemu-ga.pid
< statedir=/var/run
< verbose=false
< retry-path=false
< block-rpcs=
< allow-rpcs=
< exit 0

== an empty method
@run -D -m ""
< exit 1

== a relative state directory
@run -D -t state
< [general]
< daemon=false
< method=virtio-serial
< path=/dev/virtio-ports/org.qemu.guest_agent.0
< pidfile=/var/run/qemu-ga.pid
< statedir=state
< verbose=false
< retry-path=false
< block-rpcs=
< allow-rpcs=
< exit 0

== stray arguments are ignored
@run -D stray -r more
< [general]
< daemon=false
< method=virtio-serial
< path=/dev/virtio-ports/org.qemu.guest_agent.0
< pidfile=/var/run/qemu-ga.pid
< statedir=/var/run
< verbose=false
< retry-path=true
< block-rpcs=
< allow-rpcs=
< exit 0

== a Windows option is swallowed
@run -D -s install -r
< [general]
< daemon=false
< method=virtio-serial
< path=/dev/virtio-ports/org.qemu.guest_agent.0
< pidfile=/var/run/qemu-ga.pid
< statedir=/var/run
< verbose=false
< retry-path=true
< block-rpcs=
< allow-rpcs=
< exit 0

== options behind a double dash are stray
@run -D -- -r
< [general]
< daemon=false
< method=virtio-serial
< path=/dev/virtio-ports/org.qemu.guest_agent.0
< pidfile=/var/run/qemu-ga.pid
< statedir=/var/run
< verbose=false
< retry-path=false
< block-rpcs=
< allow-rpcs=
< exit 0

== options in one word
@run -Drvd
< [general]
< daemon=true
< method=virtio-serial
< path=/dev/virtio-ports/org.qemu.guest_agent.0
< pidfile=/var/run/qemu-ga.pid
< statedir=/var/run
< verbose=true
< retry-path=true
< block-rpcs=
< allow-rpcs=
< exit 0

== -V before -D
@mask \d+\.\d+[.\d]* -> (version)
@run -V -D
< QEMU Guest Agent (version)
< exit 0

== verbose twice
@run -D -v -v
< [general]
< daemon=false
< method=virtio-serial
< path=/dev/virtio-ports/org.qemu.guest_agent.0
< pidfile=/var/run/qemu-ga.pid
< statedir=/var/run
< verbose=true
< retry-path=false
< block-rpcs=
< allow-rpcs=
< exit 0

@options
@env QGA_CONF=$DIR/conf
@file conf
| [general]
| daemon=true
| method=unix-listen
| path=/tmp/path
| logfile=/tmp/log
| pidfile=/tmp/pid
| fsfreeze-hook=/tmp/hook
| statedir=/tmp/state
| verbose=true
| retry-path=true
| block-rpcs=guest-ping,guest-get-time
| allow-rpcs=guest-info,guest-sync

== every key of a configuration
@run -D
< [general]
< daemon=true
< method=unix-listen
< path=/tmp/path
< logfile=/tmp/log
< pidfile=/tmp/pid
< fsfreeze-hook=/tmp/hook
< statedir=/tmp/state
< verbose=true
< retry-path=true
< block-rpcs=guest-get-time,guest-ping
< allow-rpcs=guest-sync,guest-info
< exit 0

== the command line wins
@run -D -m isa-serial -p /dev/x -l /tmp/l2 -f /tmp/f2 -F/tmp/h2 -t /tmp/t2
< [general]
< daemon=true
< method=isa-serial
< path=/dev/x
< logfile=/tmp/l2
< pidfile=/tmp/f2
< fsfreeze-hook=/tmp/h2
< statedir=/tmp/t2
< verbose=true
< retry-path=true
< block-rpcs=guest-get-time,guest-ping
< allow-rpcs=guest-sync,guest-info
< exit 0

== the command line adds to the lists
@run -D -b a,b -a c,d
< [general]
< daemon=true
< method=unix-listen
< path=/tmp/path
< logfile=/tmp/log
< pidfile=/tmp/pid
< fsfreeze-hook=/tmp/hook
< statedir=/tmp/state
< verbose=true
< retry-path=true
< block-rpcs=guest-get-time,guest-ping,b,a
< allow-rpcs=guest-sync,guest-info,d,c
< exit 0

== -F without a value beside a hook in the configuration
@run -D -F
< [general]
< daemon=true
< method=unix-listen
< path=/tmp/path
< logfile=/tmp/log
< pidfile=/tmp/pid
< fsfreeze-hook=/etc/qemu/fsfreeze-hook
< statedir=/tmp/state
< verbose=true
< retry-path=true
< block-rpcs=guest-get-time,guest-ping
< allow-rpcs=guest-sync,guest-info
< exit 0

== -c names another file
@run -D -c $DIR/missing
< exit 1

@options
@file conf
| [general]
| verbose=true
| block-rpcs=a,b,c

== the file that -c names
@run -D -c $DIR/conf
< [general]
< daemon=false
< method=virtio-serial
< path=/dev/virtio-ports/org.qemu.guest_agent.0
< pidfile=/var/run/qemu-ga.pid
< statedir=/var/run
< verbose=true
< retry-path=false
< block-rpcs=c,b,a
< allow-rpcs=
< exit 0

== the long name of -c
@run -D --config $DIR/conf
< [general]
< daemon=false
< method=virtio-serial
< path=/dev/virtio-ports/org.qemu.guest_agent.0
< pidfile=/var/run/qemu-ga.pid
< statedir=/var/run
< verbose=true
< retry-path=false
< block-rpcs=c,b,a
< allow-rpcs=
< exit 0

== -c in the last place
@run -D -v --config=$DIR/conf
< [general]
< daemon=false
< method=virtio-serial
< path=/dev/virtio-ports/org.qemu.guest_agent.0
< pidfile=/var/run/qemu-ga.pid
< statedir=/var/run
< verbose=true
< retry-path=false
< block-rpcs=c,b,a
< allow-rpcs=
< exit 0

== the last of two -c
@run -D -c $DIR/missing -c $DIR/conf
< [general]
< daemon=false
< method=virtio-serial
< path=/dev/virtio-ports/org.qemu.guest_agent.0
< pidfile=/var/run/qemu-ga.pid
< statedir=/var/run
< verbose=true
< retry-path=false
< block-rpcs=c,b,a
< allow-rpcs=
< exit 0

@options
@env QGA_CONF=$DIR/conf
@file conf
| # comments, blanks and empty lines
|
|   [general]
|
| method = isa-serial\x20
|  path=  /dev/x  y
| # verbose=true
| retry-path = 1
| daemon=0

== the syntax of key files
@run -D
< [general]
< daemon=false
< method=isa-serial\x20
< path=/dev/x  y
< pidfile=/var/run/qemu-ga.pid
< statedir=/var/run
< verbose=false
< retry-path=true
< block-rpcs=
< allow-rpcs=
< exit 0

@options
@env QGA_CONF=$DIR/conf
@file conf
| [general]
| verbose=yes

== a bad boolean
@run -D
< exit 1

@options
@env QGA_CONF=$DIR/conf
@file conf
| [general]
| daemon=

== an empty boolean
@run -D
< exit 1

@options
@env QGA_CONF=$DIR/conf
@file conf
| [general]
| retry-path=TRUE

== a boolean in upper case
@run -D
< exit 1

@options
@env QGA_CONF=$DIR/conf
@file conf
| [general]
| verbose=true false

== two booleans
@run -D
< exit 1

@options
@env QGA_CONF=$DIR/conf
@file conf
| verbose=true

== a key without a group
@run -D
< exit 1

@options
@env QGA_CONF=$DIR/conf
@file conf
| [general]
| this is no key

== a line that is not an assignment
@run -D
< exit 1

@options
@env QGA_CONF=$DIR/conf
@file conf

== an empty file
@run -D
< [general]
< daemon=false
< method=virtio-serial
< path=/dev/virtio-ports/org.qemu.guest_agent.0
< pidfile=/var/run/qemu-ga.pid
< statedir=/var/run
< verbose=false
< retry-path=false
< block-rpcs=
< allow-rpcs=
< exit 0

@options
@env QGA_CONF=$DIR/conf
@file conf
| [other]
| verbose=true
| method=isa-serial

== another group
@run -D
< [general]
< daemon=false
< method=virtio-serial
< path=/dev/virtio-ports/org.qemu.guest_agent.0
< pidfile=/var/run/qemu-ga.pid
< statedir=/var/run
< verbose=false
< retry-path=false
< block-rpcs=
< allow-rpcs=
< exit 0

@options
@env QGA_CONF=$DIR/conf
@file conf
| [general]
| unknown-key=1
| verbose=true
| [other]
| x=y

== an unknown key
@run -D
< [general]
< daemon=false
< method=virtio-serial
< path=/dev/virtio-ports/org.qemu.guest_agent.0
< pidfile=/var/run/qemu-ga.pid
< statedir=/var/run
< verbose=true
< retry-path=false
< block-rpcs=
< allow-rpcs=
< exit 0

@options
@env QGA_CONF=$DIR/conf
@file conf
| [general]
| verbose=true
| verbose=false
| method=isa-serial
| [general]
| method=virtio-serial

== keys and groups twice
@run -D
< [general]
< daemon=false
< method=virtio-serial
< path=/dev/virtio-ports/org.qemu.guest_agent.0
< pidfile=/var/run/qemu-ga.pid
< statedir=/var/run
< verbose=false
< retry-path=false
< block-rpcs=
< allow-rpcs=
< exit 0

@options
@env QGA_CONF=$DIR/conf
@file conf
| [general]
| path=/tmp/a\sb\\tc\\\\d
| logfile=\sx

== escapes in a string
@run -D
< [general]
< daemon=false
< method=virtio-serial
< path=/tmp/a b\\tc\\\\d
< logfile=\sx
< pidfile=/var/run/qemu-ga.pid
< statedir=/var/run
< verbose=false
< retry-path=false
< block-rpcs=
< allow-rpcs=
< exit 0

@options
@env QGA_CONF=$DIR/conf
@file conf
| [general]
| path=/tmp/a\qb

== an invalid escape in a string
@run -D
< exit 1

@options
@env QGA_CONF=$DIR/conf
@file conf
| [general]
| path=/tmp/\xFF

== a string that is not UTF-8
@run -D
< exit 1

@options
@env QGA_CONF=$DIR/conf
@file conf
| [general]
| block-rpcs=guest-ping;guest-get-time
| allow-rpcs=a;b,c

== semicolons in lists
@run -D
< [general]
< daemon=false
< method=virtio-serial
< path=/dev/virtio-ports/org.qemu.guest_agent.0
< pidfile=/var/run/qemu-ga.pid
< statedir=/var/run
< verbose=false
< retry-path=false
< block-rpcs=guest-ping;guest-get-time
< allow-rpcs=c,a;b
< exit 0

@options
@env QGA_CONF=$DIR/conf
@file conf
| [general]
| block-rpcs=
| allow-rpcs=

== empty lists
@run -D
< [general]
< daemon=false
< method=virtio-serial
< path=/dev/virtio-ports/org.qemu.guest_agent.0
< pidfile=/var/run/qemu-ga.pid
< statedir=/var/run
< verbose=false
< retry-path=false
< block-rpcs=
< allow-rpcs=
< exit 0

@options
@env QGA_CONF=$DIR/conf
@file conf
| [general]
| block-rpcs=a, b,,c,
| fsfreeze-hook=

== odd lists and an empty hook
@run -D
< [general]
< daemon=false
< method=virtio-serial
< path=/dev/virtio-ports/org.qemu.guest_agent.0
< pidfile=/var/run/qemu-ga.pid
< fsfreeze-hook=
< statedir=/var/run
< verbose=false
< retry-path=false
< block-rpcs=,c,, b,a
< allow-rpcs=
< exit 0

@options
@env QGA_CONF=$DIR/conf
@file conf
| [general]
| method=unix-listen

== a listen method without a path
@run -D
< exit 1

== ... and the path on the command line
@run -D -p /tmp/x
< [general]
< daemon=false
< method=unix-listen
< path=/tmp/x
< pidfile=/var/run/qemu-ga.pid
< statedir=/var/run
< verbose=false
< retry-path=false
< block-rpcs=
< allow-rpcs=
< exit 0

@options
@env QGA_CONF=$DIR/conf
@file conf
| [general]
| path[de]=/tmp/de
| method[C]=isa-serial

== keys with a locale
@run -D
< [general]
< daemon=false
< method=virtio-serial
< path=/dev/virtio-ports/org.qemu.guest_agent.0
< pidfile=/var/run/qemu-ga.pid
< statedir=/var/run
< verbose=false
< retry-path=false
< block-rpcs=
< allow-rpcs=
< exit 0

@options
@env QGA_CONF=$DIR

== a directory as configuration
@run -D
< exit 1

== ... named by -c
@run -D -c $DIR
< exit 1
