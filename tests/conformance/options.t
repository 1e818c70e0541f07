# The command line: what ends at once, and with which status.

# On stderr only the line that tells the reason is compared, without its prefix.
@mask ^stderr: (TIME: critical|\*\* CRITICAL|\$AGENT): -> stderr: (prefix)

@env QGA_CONF=$DIR/none

== -V
@mask \d+\.\d+[.\d]* -> (version)
@run -V
< QEMU Guest Agent (version)
< exit 0

== --version
@mask \d+\.\d+[.\d]* -> (version)
@run --version
< QEMU Guest Agent (version)
< exit 0

== -h begins with the usage
@mask ^(Usage: \$AGENT) .* -> \1 (options)
@keep ^(Usage|exit)
@run -h
< Usage: $AGENT (options)
< exit 0

== --help
@mask ^(Usage: \$AGENT) .* -> \1 (options)
@keep ^(Usage|exit)
@run --help
< Usage: $AGENT (options)
< exit 0

== -h is obeyed before later options
@mask ^(Usage: \$AGENT) .* -> \1 (options)
@keep ^(Usage|exit)
@run -h --nonsense
< Usage: $AGENT (options)
< exit 0

== -b help lists the commands
@shared (.+)
@run -b help
< guest-sync-delimited
< guest-sync
< guest-ping
< guest-get-time
< guest-set-time
< guest-info
< guest-shutdown
< guest-file-open
< guest-file-close
< guest-file-read
< guest-file-write
< guest-file-seek
< guest-file-flush
< guest-fsfreeze-status
< guest-fsfreeze-freeze
< guest-fsfreeze-freeze-list
< guest-fsfreeze-thaw
< guest-fstrim
< guest-suspend-disk
< guest-suspend-ram
< guest-suspend-hybrid
< guest-network-get-interfaces
< guest-get-vcpus
< guest-set-vcpus
< guest-get-disks
< guest-get-fsinfo
< guest-set-user-password
< guest-get-memory-blocks
< guest-set-memory-blocks
< guest-get-memory-block-info
< guest-exec-status
< guest-exec
< guest-get-host-name
< guest-get-users
< guest-get-timezone
< guest-get-osinfo
< guest-ssh-get-authorized-keys
< guest-ssh-add-authorized-keys
< guest-ssh-remove-authorized-keys
< guest-get-diskstats
< guest-get-cpustats
< guest-get-load
< guest-network-get-route
< exit 0

== -b ? does, too
@keep ^(guest-sync|guest-ping|exit)
@run -b ?
< guest-sync-delimited
< guest-sync
< guest-ping
< exit 0

== --block-rpcs=help
@keep ^(guest-sync|guest-ping|exit)
@run --block-rpcs=help
< guest-sync-delimited
< guest-sync
< guest-ping
< exit 0

== -a help
@keep ^(guest-sync|guest-ping|exit)
@run -a help
< guest-sync-delimited
< guest-sync
< guest-ping
< exit 0

== -a ?
@keep ^(guest-sync|guest-ping|exit)
@run -a ?
< guest-sync-delimited
< guest-sync
< guest-ping
< exit 0

== help among other names is a name
@run -D -b guest-ping,help
< [general]
< daemon=false
< method=virtio-serial
< path=/dev/virtio-ports/org.qemu.guest_agent.0
< pidfile=/var/run/qemu-ga.pid
< statedir=/var/run
< verbose=false
< retry-path=false
< block-rpcs=help,guest-ping
< allow-rpcs=
< exit 0

== an option before -b help is fine
@keep ^(guest-sync|guest-ping|exit)
@run -r -v -m nonsense -b help
< guest-sync-delimited
< guest-sync
< guest-ping
< exit 0

== -b help before a bad option
@keep ^(guest-sync|guest-ping|exit)
@run -b help --nonsense
< guest-sync-delimited
< guest-sync
< guest-ping
< exit 0

== an unknown option, long
@run --nonsense
< Unknown option, try '$AGENT --help' for more information.
< exit 1

== an unknown option, short
@run -x
< Unknown option, try '$AGENT --help' for more information.
< exit 1

== an option without its value
@run -m
< Unknown option, try '$AGENT --help' for more information.
< exit 1

== a long option without its value
@run --path
< Unknown option, try '$AGENT --help' for more information.
< exit 1

== a value for an option that takes none
@run --verbose=1
< Unknown option, try '$AGENT --help' for more information.
< exit 1

== an ambiguous abbreviation
@run --ver
< Unknown option, try '$AGENT --help' for more information.
< exit 1

== --blacklist is gone
@run --blacklist=guest-ping
< Unknown option, try '$AGENT --help' for more information.
< exit 1

== -c with a file that does not exist
@run -c $DIR/none -D
< exit 1

== the error on stderr about a missing file
@stderr
@mask (path: \$DIR/none), .*(No such file or directory) -> \1, \2
@keep error loading configuration|exit
@run -c $DIR/none -D
< stderr: (prefix) error loading configuration from path: $DIR/none, No such file or directory
< exit 1

== a listen method without a path
@stderr
@keep must specify|exit
@run -m unix-listen -t $DIR
< stderr: (prefix) must specify a path for this channel
< exit 1

== a vsock without a path
@run -m vsock-listen -t $DIR
< exit 1

== an unknown method without a path
@stderr
@keep must specify|exit
@run -m nonsense -t $DIR
< stderr: (prefix) must specify a path for this channel
< exit 1

== an unknown method with a path
@stderr
@keep unsupported|exit
@run -m nonsense -p $DIR/x -t $DIR
< stderr: (prefix) unsupported channel method/type: nonsense
< exit 1

== a device that does not exist
@stderr
@keep error opening|exit
@run -m virtio-serial -p $DIR/none -t $DIR
< stderr: (prefix) error opening channel '$DIR/none': No such file or directory
< exit 1

== a serial port that does not exist
@stderr
@keep error opening|exit
@run -m isa-serial -p $DIR/none -t $DIR
< stderr: (prefix) error opening channel '$DIR/none': No such file or directory
< exit 1

== a socket in a directory that does not exist
@run -m unix-listen -p $DIR/none/socket -t $DIR
< exit 1

== a socket path that is too long
@run -m unix-listen -p $DIR/aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa -t $DIR
< exit 1

== a vsock address that is none
@run -m vsock-listen -p nonsense -t $DIR
< exit 1

== a vsock address without a port
@run -m vsock-listen -p 3 -t $DIR
< exit 1

== a vsock address beyond 32 bits
@run -m vsock-listen -p 4294967296:1234 -t $DIR
< exit 1

== a state directory that does not exist
@run -m unix-listen -p $DIR/socket -t $DIR/none
< exit 1

== a state directory that is a file
@run -m unix-listen -p $DIR/socket -t /dev/null
< exit 1

== a log file that cannot be opened
@run -m unix-listen -p $DIR/socket -t $DIR -l $DIR/none/log
< exit 1

== a socket that cannot be made, in the background
@run -d -m unix-listen -p $DIR/none/socket -t $DIR -f $DIR/pid
< exit 1

@options
@env QGA_CONF=$DIR/none
@file qga.state
| this is no key file

== a state file that is none
@run -m unix-listen -p $DIR/socket -t $DIR
< exit 1

@options
@env QGA_CONF=$DIR/conf
@file conf
| [general]
| verbose=maybe

== a bad boolean in the configuration
@stderr
@mask [^ -~]|\? -> (quote)
@keep error loading configuration|exit
@run -m unix-listen -p $DIR/socket -t $DIR
< stderr: (prefix) error loading configuration from path: $DIR/conf, Key file contains key (quote)verbose(quote) which has a value that cannot be interpreted.
< exit 1

@options
@env QGA_CONF=$DIR/conf
@file conf
| nonsense

== a configuration that is not a key file
@stderr
@mask [^ -~]|\? -> (quote)
@keep error loading configuration|exit
@run -m unix-listen -p $DIR/socket -t $DIR
< stderr: (prefix) error loading configuration from path: $DIR/conf, Key file contains line (quote)nonsense(quote) which is not a key-value pair, group, or comment
< exit 1

== ... even for -V
@run -V
< exit 1

== ... even for -h
@run -h
< exit 1
