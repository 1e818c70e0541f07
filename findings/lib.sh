# shellcheck shell=bash
# SPDX-License-Identifier: LGPL-2.1-or-later
#
# Shared by the findings: a temporary folder that is removed at the end, pinned Debian packages
# unpacked into it, a way to run their programs, and checks. Nothing is installed.
#
# Exit status of a finding: 0 the behaviour is as described, 1 it has changed, 3 it could not be
# tried (no network, no source of Debian, or the archive has dropped the pinned version).
#
# FINDINGS_CACHE=DIR keeps package lists and packages between runs (default: nothing is kept).
# FINDINGS_ANY_VERSION=1 takes the archive's present version instead of the pinned one.

set -euo pipefail

WORK=$(mktemp -d "${TMPDIR:-/tmp}/finding.XXXXXX")
ROOT=$WORK/root
TRY=$WORK/try
APT=${FINDINGS_CACHE:-$WORK}/apt
CHANGED=0
CHILDREN=()
mkdir "$ROOT" "$TRY"

# Functions of a script named at_exit run first, in reverse order.
AT_EXIT=()
at_exit() { AT_EXIT=("$1" "${AT_EXIT[@]}"); }

# shellcheck disable=SC2317,SC2329 # called by the trap
cleanup() {
    local item
    for item in "${AT_EXIT[@]}"; do "$item" || true; done
    for item in "${CHILDREN[@]}"; do
        kill "$item" 2>/dev/null || true
        wait "$item" 2>/dev/null || true
    done
    rm -rf "$WORK"
}
trap cleanup EXIT
trap 'exit 130' INT
trap 'exit 143' TERM

cannot() {
    echo "cannot try: $*" >&2
    exit 3
}

# need PROGRAM...: programs of this machine that the script uses.
need() {
    local program
    for program; do
        command -v "$program" >/dev/null || cannot "needs the program $program"
    done
}

need apt-get apt-cache dpkg-deb awk

# A private apt directory; an empty status file makes apt name the whole closure of a package.
apt_private() {
    local tool=$1
    shift
    "$tool" -o Dir::Etc::sourcelist=/dev/null \
        -o Dir::Etc::sourceparts="$APT/$SUITE/sources" \
        -o Dir::Etc::preferences=/dev/null \
        -o Dir::Etc::preferencesparts=/dev/null \
        -o Dir::State::lists="$APT/$SUITE/lists" \
        -o Dir::State::status=/dev/null \
        -o Dir::Cache="$APT/$SUITE/cache" \
        -o APT::Sandbox::User="$(id -un)" \
        -o APT::Install-Recommends=false \
        -o Acquire::Languages=none \
        -o Acquire::Retries=3 "$@"
}

# Prints this machine's first deb822 source of Debian main, with another suite in it.
derive_deb822() {
    awk -v RS= -v suite="$1" '
        function field(text, name,    lines, n, i) {
            n = split(text, lines, "\n")
            for (i = 1; i <= n; i++)
                if (index(tolower(lines[i]), tolower(name) ":") == 1)
                    return " " substr(lines[i], length(name) + 2) " "
            return " "
        }
        found || field($0, "Types") !~ / deb / || field($0, "Components") !~ / main / { next }
        tolower(field($0, "Enabled")) ~ / (no|false|off|0) / { next }
        field($0, "Suites") !~ / (bookworm|trixie|forky|sid|stable|testing|unstable) / { next }
        {
            found = 1
            sub(/(^|\n)[Ss]uites:[^\n]*/, "\nSuites: " suite)
            sub(/^\n/, "")
            print $0 "\n"
        }' "${@:2}"
}

# The same for a one-line source.
derive_list() {
    awk -v suite="$1" '
        found || $1 != "deb" || !/ main( |$)/ { next }
        {
            for (i = 2; i <= NF; i++)
                if ($i ~ /^(bookworm|trixie|forky|sid|stable|testing|unstable)$/) {
                    $i = suite
                    print
                    found = 1
                    break
                }
        }' "${@:2}"
}

derive_sources() {
    local suite file dir=$APT/$SUITE/sources
    mkdir -p "$dir"
    for suite in $SUITE ${1-}; do
        for file in /etc/apt/sources.list.d/*.sources; do
            [ ! -f "$file" ] || derive_deb822 "$suite" "$file"
        done >>"$dir/debian.sources"
        for file in /etc/apt/sources.list /etc/apt/sources.list.d/*.list; do
            [ ! -f "$file" ] || derive_list "$suite" "$file"
        done >>"$dir/debian.list"
    done
    [ -s "$dir/debian.sources" ] || [ -s "$dir/debian.list" ] ||
        cannot "no source of Debian main in /etc/apt"
}

update_lists() {
    [ ! -e "$APT/$SUITE/ready" ] || return 0
    rm -rf "${APT:?}/$SUITE"
    mkdir -p "$APT/$SUITE/lists/partial" "$APT/$SUITE/cache/archives/partial"
    case $SUITE in
    *-backports) derive_sources "${SUITE%-backports}" ;;
    *) derive_sources ;;
    esac
    apt_private apt-get -qq update >"$WORK/update.log" 2>&1 || {
        cat "$WORK/update.log" >&2
        cannot "apt-get update for $SUITE failed"
    }
    touch "$APT/$SUITE/ready"
}

# fetch SUITE PACKAGE=VERSION...: unpacks the packages, and all that they depend on, below $ROOT.
fetch() {
    local pinned=() item list
    SUITE=$1
    shift
    update_lists
    for item; do
        echo "package $item ($SUITE)"
        if [ -n "${FINDINGS_ANY_VERSION-}" ]; then
            pinned+=("${item%%=*}")
        else
            pinned+=("$item")
        fi
    done
    list=$(apt_private apt-get -q -s -t "$SUITE" install "${pinned[@]}" 2>"$WORK/solve.log" |
        awk '$1 == "Inst" { sub(/^\(/, "", $3); print $2 "=" $3 }') || {
        cat "$WORK/solve.log" >&2
        cannot "$SUITE no longer has this version; FINDINGS_ANY_VERSION=1 tries the present one"
    }
    (
        cd "$APT/$SUITE/cache/archives"
        # shellcheck disable=SC2086 # one word a package
        apt_private apt-get -qq download $list >"$WORK/download.log" 2>&1
    ) || {
        cat "$WORK/download.log" >&2
        cannot "download failed"
    }
    for item in $list; do
        dpkg-deb -x "$APT/$SUITE/cache/archives/$(deb_name "$item")" "$ROOT" ||
            cannot "cannot unpack $item"
    done
    # The dynamic loader of the unpacked libc, and where it is to look for libraries.
    LOADER=$(find "$ROOT" -name 'ld-linux*.so.*' -print -quit)
    LIBRARIES=$(find "$ROOT" -name '*.so*' -path '*/lib/*' \
        -printf '%h\n' | grep -E '/lib/([^/]*-linux-gnu|.*systemd|.*swtpm)$' | sort -u | paste -sd:)
}

# deb_name PACKAGE=VERSION: the file name that apt-get download gives (an epoch's colon is %3a).
deb_name() {
    local version=${1#*=} file
    for file in "$APT/$SUITE/cache/archives/${1%%=*}_${version//:/%3a}"_*.deb; do
        basename "$file"
    done
}

# locate PROGRAM: sets CMD to the beginning of the command line of an unpacked program.
locate() {
    local dir
    for dir in usr/bin usr/sbin bin sbin usr/lib/systemd lib/systemd; do
        [ -x "$ROOT/$dir/$1" ] || continue
        CMD=("$LOADER" --library-path "$LIBRARIES" --argv0 "$1" "$ROOT/$dir/$1")
        return 0
    done
    cannot "no program $1 in the packages"
}

# run PROGRAM ARGUMENT...: runs an unpacked program with the unpacked libraries.
run() {
    locate "$1"
    shift
    "${CMD[@]}" "$@"
}

# python ARGUMENT...: the unpacked python3 with the unpacked modules and typelibs.
python() {
    PYTHONHOME=$ROOT/usr PYTHONPATH=$ROOT/usr/lib/python3/dist-packages \
        GI_TYPELIB_PATH=$(echo "$ROOT"/usr/lib/*/girepository-1.0) PYTHONDONTWRITEBYTECODE=1 \
        run python3 "$@"
}

# background PROGRAM ARGUMENT...: the same beside the script; its pid is in PID.
background() {
    locate "$1"
    shift
    "${CMD[@]}" "$@" </dev/null >>"$WORK/background.log" 2>&1 &
    PID=$!
    CHILDREN+=("$PID")
}

# stop PID: ends a program of the background.
stop() {
    kill "$1"
    wait "$1" || true
}

# qmp_start ARGUMENT...: a qemu-storage-daemon that takes QMP commands.
qmp_start() {
    locate qemu-storage-daemon
    coproc QSD { exec "${CMD[@]}" --chardev stdio,id=m --monitor m "$@"; }
    # shellcheck disable=SC2153 # set by coproc
    QSD_IN=${QSD[1]} QSD_OUT=${QSD[0]} QSD_RUNS=$QSD_PID
    CHILDREN+=("$QSD_RUNS")
    qmp_line
    qmp '{"execute": "qmp_capabilities"}'
}

# One line of QEMU's within 30 seconds, in REPLY.
qmp_line() {
    IFS= read -r -t 30 -u "$QSD_OUT" REPLY || cannot "no word from qemu-storage-daemon"
}

# qmp COMMAND: its reply is in REPLY; events before it are passed over.
qmp() {
    printf '%s\n' "$1" >&"$QSD_IN"
    qmp_line
    while [[ $REPLY == *'"event"'* ]]; do qmp_line; done
}

# qmp_event NAME: waits for an event of this name.
qmp_event() {
    qmp_line
    until [[ $REPLY == *"\"event\": \"$1\""* ]]; do qmp_line; done
}

qmp_stop() {
    qmp '{"execute": "quit"}'
    wait "$QSD_RUNS" || true
}

# show COMMAND...: prints the command and what it prints, stderr included; keeps both in $OUT and
# its exit status in $STATUS.
show() {
    local shown=$*
    echo "\$ ${shown#run }" | sed "s|$WORK|TMP|g"
    STATUS=0
    OUT=$("$@" 2>&1 </dev/null) || STATUS=$?
    [ -z "$OUT" ] || printf '%s\n' "$OUT" | sed "s|$WORK|TMP|g; s/^/    /"
    [ "$STATUS" -eq 0 ] || echo "    exit $STATUS"
}

ok() { echo "as described: $1"; }

changed() {
    echo "CHANGED: $1"
    CHANGED=1
}

# same LABEL EXPECTED ACTUAL
same() {
    if [ "$2" = "$3" ]; then ok "$1"; else changed "$1: expected '$2', got '$3'"; fi
}

# has LABEL PATTERN TEXT, lacks LABEL PATTERN TEXT: extended regular expressions.
has() {
    if grep -qE -e "$2" <<<"$3"; then ok "$1"; else changed "$1: no '$2' in '$3'"; fi
}

lacks() {
    if grep -qE -e "$2" <<<"$3"; then changed "$1: '$2' in '$3'"; else ok "$1"; fi
}

# until_there PATH: waits until a path exists (a socket of a program that starts).
until_there() {
    local tries
    for tries in $(seq 200); do
        [ ! -e "$1" ] || return 0
        sleep 0.05
    done
    cannot "$1 did not appear after $tries tries"
}

finish() {
    exit "$CHANGED"
}
