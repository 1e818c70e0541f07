# SPDX-License-Identifier: LGPL-2.1-or-later
# shellcheck shell=bash
#
# What the database hooks share: a client that "freeze" connects to a server, that stays
# connected while filesystems are frozen, and that "thaw" speaks to again. It takes
# statements from one FIFO and gives its answers to another, so in between it sleeps in
# read(2) and writes nothing anywhere. Sourced by the hooks; needs bash and util-linux.
#
# The client opens both FIFOs for reading and writing: it sees no end of input when the
# hook leaves, and neither end ever waits for the other. It alone keeps the answers' FIFO
# open for writing, so an end of file there tells for certain that it is gone.
#
# The hook sets HOOK, its name, before.

umask 077
export LC_ALL=C
cd / || exit 1

# On tmpfs: made before the freeze, removed after the thaw.
HOOK_DIR=${GUESTD_HOOK_STATE:-/run/guestd/hooks}
STATE=$HOOK_DIR/$HOOK
answer=() # lines that session_await() read
now=0
deadline=0
NEVER=$'\n' # no line is this
declare -A ears=() # by directory, the end of the answers' FIFO that this hook reads

say() { printf '%s\n' "$*"; }

# fail TEXT: ends the hook, and every session with it.
fail() {
    say "$*"
    sessions_end
    exit 1
}

# Reads the settings, shell assignments, from the file if there is one.
load_settings() {
    [ -e "$1" ] || return 0
    # It is executed as root, so nobody else may have had a hand in it.
    [ -n "$(find -L "$1" -maxdepth 0 -uid 0 ! -perm /022)" ] ||
        fail "$1 does not belong to root or can be written by others"
    # shellcheck disable=SC1090
    . "$1" || fail "$1 cannot be read"
}

# owned_processes USER NAME...: the ids of USER's processes of these names. Another user's
# could pretend to be a server, and those of containers are not this system's.
owned_processes() {
    local user=$1 dir name process
    shift
    user=$(id -u "$user" 2>/dev/null) || return 0
    for dir in /proc/[0-9]*; do
        { read -r process <"$dir/comm"; } 2>/dev/null || continue
        for name; do
            [ "$process" = "$name" ] && [ "$(stat -c %u "$dir" 2>/dev/null)" = "$user" ] &&
                [ "$dir/ns/pid" -ef /proc/self/ns/pid ] && say "${dir#/proc/}"
        done
    done
}

# Seconds since boot into now: SECONDS would follow a clock that is set meanwhile.
look_at_clock() {
    read -r now _ </proc/uptime
    now=${now%.*}
}

# limit SECONDS: from now on, to all session_await() together.
limit() {
    look_at_clock
    deadline=$((now + $1))
}

# session_start DIR CLIENT...: starts the client. Beyond the session of the hook, which is
# killed as a whole when the hook takes too long; thaw then finds the client by its id,
# which is therefore written before it becomes the client.
session_start() {
    local dir=$1 in out
    shift
    { mkdir -p "$dir" && mkfifo "$dir/in" "$dir/out"; } || fail "$dir cannot be made"
    exec {in}<>"$dir/in" {out}<>"$dir/out"
    session_listen "$dir"
    (
        stop_listening
        # shellcheck disable=SC2016
        exec setsid bash -c 'echo $$ >"$0/pid"; exec "$@"' "$dir" "$@"
    ) <&"$in" >&"$out" 2>&1 {in}>&- {out}>&- &
    exec {in}>&- {out}>&-
}

# session_listen DIR: from now on nothing that the client says is lost, even if it is gone
# when session_await() is called: a FIFO's content goes with its last end. Returns 1 if
# there is no client.
session_listen() {
    local both ear
    [ -p "$1/out" ] || return 1
    [ -z "${ears[$1]-}" ] || return 0
    # Opening it for reading alone would wait for a writer if the client is gone.
    exec {both}<>"$1/out"
    exec {ear}<"$1/out" {both}>&-
    ears[$1]=$ear
}

stop_listening() {
    local ear
    for ear in "${ears[@]}"; do exec {ear}<&-; done
    ears=()
}

# session_tell DIR TEXT: a client that is gone does not hear it, but holds up nothing.
session_tell() {
    session_listen "$1"
    [ ! -p "$1/in" ] || printf '%s\n' "$2" 1<>"$1/in"
}

# session_await DIR MARK: reads into answer until the line MARK. Returns 1 if the client is
# gone, 2 when the time is up.
session_await() {
    local line left status=0
    answer=()
    session_listen "$1" || return 1
    while [ "$status" -eq 0 ]; do
        look_at_clock
        left=$((deadline - now))
        [ "$left" -gt 0 ] || { status=2; break; }
        line=
        read -r -t "$left" -u "${ears[$1]}" line || status=$(($? > 128 ? 2 : 1))
        [ "$status" -eq 0 ] && [ "$line" = "$2" ] && break
        [ -n "$line" ] || [ "$status" -eq 0 ] && answer+=("$line")
    done
    return "$status"
}

# Why session_await() returned its status, in the words of the client if there are any.
why() {
    [ "$1" -eq 2 ] && say "no answer in time${answer[*]:+: ${answer[*]}}" && return
    say "${answer[*]:-the client is gone}"
}

# Ends all sessions, in whatever state they are, and the locks end with them.
sessions_end() {
    local dir signal left=("$STATE"/*/out) still
    for dir in "${left[@]%/out}"; do
        session_tell "$dir" '\q'
    done
    # An interrupt makes the client cancel what the server is doing for it.
    for signal in '' INT KILL; do
        still=()
        limit 2
        [ -z "$signal" ] || for dir in "${left[@]%/out}"; do
            kill -s "$signal" -- "$(cat "$dir/pid")" 2>/dev/null
        done
        for dir in "${left[@]%/out}"; do
            session_await "$dir" "$NEVER" || [ $? -eq 1 ] || still+=("$dir/out")
        done
        left=("${still[@]}")
        [ ${#left[@]} -gt 0 ] || break
    done
    stop_listening
    rm -rf "$STATE"
}
