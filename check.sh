#!/usr/bin/env bash
# SPDX-License-Identifier: LGPL-2.1-or-later
#
# Installs what is missing, builds guestd and runs every test. Closes with the
# line "N passed, N failed, N skipped". With arguments, runs those parts only:
#   ./check.sh [unit] [lint] [conformance] [quiesce] [hooks] [host] [vm] [libvirt] [packages] [system] [clients] [docs] [sanitizers] [dist]
set -u -o pipefail
cd "$(dirname "$0")" || exit 1
. tests/testbed/setup.sh

PARTS=${*:-unit lint conformance quiesce hooks host vm libvirt packages system clients docs sanitizers dist}
LOGS=build/check-logs
CACHE=${GUESTD_CACHE:-${XDG_CACHE_HOME:-$HOME/.cache}/guestd}
export GUESTD_CACHE=$CACHE
passed=0 failed=0 skipped=0

# Adds the TAP lines of a log to the totals, and repeats what failed.
count_tap() {
    local log=$1 status=$2 ok not_ok skip
    skip=$(grep -acE '^ok .*# SKIP' "$log")
    ok=$(($(grep -acE '^ok ' "$log") - skip))
    not_ok=$(grep -acE '^not ok ' "$log")
    # A program that ends in failure without a failed test has failed as a whole.
    [ "$status" -ne 0 ] && [ "$not_ok" -eq 0 ] && not_ok=1
    [ "$status" -eq 0 ] && [ $((ok + skip)) -eq 0 ] && not_ok=1
    # Of a failed test also what it says of it, which may be far from the end of the log.
    awk -v most=30 '/^not ok / { left = most } /^ok / { left = 0 } left-- > 0 || /^ok .*# SKIP/' "$log"
    passed=$((passed + ok)) failed=$((failed + not_ok)) skipped=$((skipped + skip))
}

# Adds the totals that automake's test driver prints.
count_automake() {
    local log=$1 status=$2
    total() { sed -n "s/^# $1: *//p" "$log" | awk '{ n += $1 } END { print n + 0 }'; }
    passed=$((passed + $(total PASS) + $(total XFAIL)))
    skipped=$((skipped + $(total SKIP)))
    failed=$((failed + $(total FAIL) + $(total XPASS) + $(total ERROR)))
    grep -aE '^(FAIL|ERROR|SKIP): ' "$log"
    [ "$status" -ne 0 ] && [ "$(total FAIL)$(total ERROR)$(total XPASS)" = 000 ] && failed=$((failed + 1))
    return 0
}

# For what reports nothing but whether it failed.
count_exit() {
    if [ "$2" -eq 0 ]; then passed=$((passed + 1)); else failed=$((failed + 1)); fi
}

# step KIND NAME COMMAND...: runs it, counts its tests, shows the end of the log if it fails.
# What it says comes in one piece, as another lane speaks, too.
step() {
    local kind=$1 name=$2 log="$LOGS/$2.log" status=0 began=$SECONDS
    shift 2
    "$@" >"$log" 2>&1 </dev/null || status=$?
    {
        echo "== $name"
        "count_$kind" "$log" "$status"
        [ "$status" -eq 0 ] || { echo "-- end of $log (exit $status):"; tail -n 40 "$log"; }
        echo "   $((SECONDS - began)) s"
    } >"$log.said"
    cat "$log.said"
}

install_packages || exit 1
tests/testbed/fetch || exit 1
build_guestd build --enable-werror || exit 1
mkdir -p "$LOGS"
export GUESTD=$PWD/build/guestd GUESTCTL=$PWD/build/guestctl
# Not within a part: it works in the build directory, as others do beside it.
if [[ " $PARTS " == *" docs "* || " $PARTS " == *" packages "* ||
        " $PARTS " == *" system "* || " $PARTS " == *" clients "* ]]; then
    make -s -C build deb >"$LOGS/deb.log" 2>&1 </dev/null || { tail -n 40 "$LOGS/deb.log"; exit 1; }
fi

part_unit() {
    step automake unit make -C build check
    step tap kit tests/lib/run
}

# gcc and clang warn of different things; neither may warn, also of the tests.
build_with_clang() {
    build_guestd build-clang --enable-werror CC=clang && make -s -C build-clang check TESTS=
}

part_lint() {
    step tap lint make -s --no-print-directory -C build lint-all
    step exit clang build_with_clang
}

part_conformance() {
    step tap conformance tests/conformance/play
    step tap command-line tests/conformance/cli
    step tap random-dialogues tests/conformance/difftest
    step tap truncated-dialogues tests/conformance/difftest --truncations
    step tap programs tests/conformance/programs
    step tap soak tests/soak/run --short
    step tap other-machines tests/conformance/machines
    step tap power tests/conformance/power
    step tap filesystems tests/conformance/filesystems
    step tap hardware tests/conformance/hardware
    step tap metrics tests/conformance/metrics
    step tap profiles tests/conformance/profiles
    step tap secrets tests/conformance/secrets
    step tap network tests/conformance/network
}

part_quiesce() {
    step tap freezes tests/quiesce/beside
    step tap quiesce tests/quiesce/run
}

part_hooks() {
    step tap hooks tests/hooks/run
}

part_host() {
    tests/testbed/fetch promtool || exit 1
    step tap guestctl tests/host/run
    step tap backup tests/backup/run
    step tap files tests/files/run
    # New seeds each time; a history that fails prints how to play it again.
    step tap histories tests/backup/histories --count 10
}

part_vm() {
    step tap vm tests/vm/run
}

part_libvirt() {
    step tap libvirt tests/libvirt/run
}

part_system() {
    step tap system tests/system/run
}

part_clients() {
    step tap guestctl-system tests/system/ctl
}

part_docs() {
    step tap dialogues tests/docs/dialogues
    step tap moving tests/docs/moving
}

part_packages() {
    step tap packages tests/packaging/run
}

part_sanitizers() {
    build_guestd build-asan --enable-werror --enable-sanitizers || failed=$((failed + 1))
    step automake unit-sanitized make -C build-asan check
    GUESTD=$PWD/build-asan/guestd step tap conformance-sanitized tests/conformance/play
    GUESTD=$PWD/build-asan/guestd step tap programs-sanitized tests/conformance/programs
    # Without test_power and test_backup, which mostly wait: for silent agents, for QEMU.
    GUESTD=$PWD/build-asan/guestd GUESTCTL=$PWD/build-asan/guestctl \
        LSAN_OPTIONS=suppressions=$PWD/tests/host/leaks:print_suppressions=0 step tap guestctl-sanitized \
        tests/host/run client: completion: cp: doctor: exec: exporter: fleet: guest: hang: snapshot
}

part_dist() {
    step exit distcheck make -C build distcheck
}

# One part after the other; what came of them goes to a file, as this runs beside the other lane.
lane() {
    local name=$1 part
    shift
    for part; do
        [[ " $PARTS " != *" $part "* ]] || "part_$part"
    done
    echo "$passed $failed $skipped" >"$LOGS/lane-$name"
}

add_lane() {
    local p f s
    read -r p f s <"$LOGS/lane-$1" || { p=0 f=1 s=0 && echo "lane $1 did not come to its end"; }
    passed=$((passed + p)) failed=$((failed + f)) skipped=$((skipped + s))
}

# What is under way would go on for half an hour, beside whatever is started next.
end_lanes() {
    kill -- "-$machines" "-$rest" 2>/dev/null
    wait
}

# Each takes about half of the time: a virtual machine keeps one processor busy, and waits a lot.
# In a process group of its own, it can be ended with all that it has started.
rm -f "$LOGS"/lane-*
set -m
lane machines vm system clients </dev/null &
machines=$!
lane rest unit lint conformance quiesce hooks host libvirt docs packages sanitizers dist </dev/null &
rest=$!
set +m
trap end_lanes EXIT
trap 'exit 130' INT
trap 'exit 143' TERM HUP
wait "$machines"
wait "$rest"
trap - EXIT
add_lane machines
add_lane rest

echo
echo "$passed passed, $failed failed, $skipped skipped"
[ "$failed" -eq 0 ]
