# SPDX-License-Identifier: LGPL-2.1-or-later
# shellcheck shell=bash
#
# Functions that the database hooks share. "freeze" connects a client to a server; the client
# stays connected while filesystems are frozen, and "thaw" sends further statements to it. The
# client reads statements from one FIFO and writes its replies to another, so in between it sleeps
# in read(2) and writes to no file. The hooks source this file; it requires bash and util-linux.
#
# The client opens both FIFOs for reading and writing: it sees no end of input when the hook
# exits, and neither end ever waits for the other. Only the client keeps the FIFO of replies open
# for writing, so an end of file there proves that the client has exited.
#
# The hook sets HOOK, its name, before it sources this file.

umask 077
export LC_ALL=C
cd / || exit 1

# On tmpfs: created before the freeze, removed after the thaw.
HOOK_DIR=${GUESTD_HOOK_STATE:-/run/guestd/hooks}
STATE=$HOOK_DIR/$HOOK
answer=() # lines that session_await() read
now=0
deadline=0
NEVER=$'\n' # no line equals this
declare -A ears=() # by directory, the descriptor with which this hook reads the FIFO of replies

say() { printf '%s\n' "$*"; }

# fail TEXT: ends every session, and exits.
fail() {
    say "$*"
    sessions_end
    exit 1
}

# Reads the settings, shell assignments, from the file if there is one.
load_settings() {
    [ -e "$1" ] || return 0
    # The file is executed as root, so only root may have changed it.
    [ -n "$(find -L "$1" -maxdepth 0 -uid 0 ! -perm /022)" ] ||
        fail "$1 is not owned by root or is writable by others"
    # shellcheck disable=SC1090
    . "$1" || fail "cannot read $1"
}

# owned_processes USER NAME...: prints the ids of USER's processes with these names. A process
# of another user could pretend to be a server; processes in containers belong to other systems.
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

# Sets now to the seconds since boot; SECONDS would change when the clock is set.
look_at_clock() {
    read -r now _ </proc/uptime
    now=${now%.*}
}

# limit SECONDS: sets the time limit for all following session_await() calls together.
limit() {
    look_at_clock
    deadline=$((now + $1))
}

# session_start DIR CLIENT...: starts the client outside the session and process group of the hook,
# because guestd kills them when the hook takes too long. thaw then finds the client by its process
# id, which the child therefore writes before it executes the client.
session_start() {
    local dir=$1 in out
    shift
    { mkdir -p "$dir" && mkfifo "$dir/in" "$dir/out"; } || fail "cannot create $dir"
    exec {in}<>"$dir/in" {out}<>"$dir/out"
    session_listen "$dir"
    (
        stop_listening
        # shellcheck disable=SC2016
        exec setsid bash -c 'echo $$ >"$0/pid"; exec "$@"' "$dir" "$@"
    ) <&"$in" >&"$out" 2>&1 {in}>&- {out}>&- &
    exec {in}>&- {out}>&-
}

# session_listen DIR: from now on no reply of the client is lost, even if the client has exited
# when session_await() is called: the kernel discards a FIFO's content with its last descriptor.
# Returns 1 if there is no client.
session_listen() {
    local both ear
    [ -p "$1/out" ] || return 1
    [ -z "${ears[$1]-}" ] || return 0
    # Opening the FIFO for reading only would wait for a writer if the client has exited.
    exec {both}<>"$1/out"
    exec {ear}<"$1/out" {both}>&-
    ears[$1]=$ear
}

stop_listening() {
    local ear
    for ear in "${ears[@]}"; do exec {ear}<&-; done
    ears=()
}

# session_tell DIR TEXT: sends the text to the client; never waits, even if the client has exited.
session_tell() {
    session_listen "$1"
    [ ! -p "$1/in" ] || printf '%s\n' "$2" 1<>"$1/in"
}

# session_await DIR MARK: reads lines into answer up to the line MARK. Returns 1 if the client has
# exited, 2 when the time limit has passed.
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

# Prints why session_await() returned its status, with the output of the client if there is any.
why() {
    [ "$1" -eq 2 ] && say "no answer in time${answer[*]:+: ${answer[*]}}" && return
    say "${answer[*]:-the client has exited}"
}

# Ends all sessions in whatever state they are; their locks end with them.
sessions_end() {
    local dir signal left=("$STATE"/*/out) still
    for dir in "${left[@]%/out}"; do
        session_tell "$dir" '\q'
    done
    # SIGINT makes the client cancel its running statement on the server.
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
