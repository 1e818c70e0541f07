#!/usr/bin/env bash
# SPDX-License-Identifier: LGPL-2.1-or-later
#
# Installs what is missing, builds guestd and runs every test. Closes with the
# line "N passed, N failed, N skipped". With arguments, runs those parts only:
#   ./check.sh [unit] [conformance] [quiesce] [hooks] [host] [sanitizers] [vm] [libvirt] [dist]
set -u -o pipefail
cd "$(dirname "$0")" || exit 1
. tests/testbed/setup.sh

PARTS=${*:-unit conformance quiesce hooks host sanitizers vm libvirt dist}
LOGS=build/check-logs
CACHE=${GUESTD_CACHE:-${XDG_CACHE_HOME:-$HOME/.cache}/guestd}
export GUESTD_CACHE=$CACHE
passed=0 failed=0 skipped=0

# Adds the TAP lines of a log to the totals, and repeats what failed.
count_tap() {
    local log=$1 status=$2 ok not_ok skip
    skip=$(grep -cE '^ok .*# SKIP' "$log")
    ok=$(($(grep -cE '^ok ' "$log") - skip))
    not_ok=$(grep -cE '^not ok ' "$log")
    # A program that ends in failure without a failed test has failed as a whole.
    [ "$status" -ne 0 ] && [ "$not_ok" -eq 0 ] && not_ok=1
    [ "$status" -eq 0 ] && [ $((ok + skip)) -eq 0 ] && not_ok=1
    grep -E '^(not ok |ok .*# SKIP)' "$log"
    passed=$((passed + ok)) failed=$((failed + not_ok)) skipped=$((skipped + skip))
}

# Adds the totals that automake's test driver prints.
count_automake() {
    local log=$1 status=$2 total
    total() { sed -n "s/^# $1: *//p" "$log" | awk '{ n += $1 } END { print n + 0 }'; }
    passed=$((passed + $(total PASS) + $(total XFAIL)))
    skipped=$((skipped + $(total SKIP)))
    failed=$((failed + $(total FAIL) + $(total XPASS) + $(total ERROR)))
    grep -E '^(FAIL|ERROR|SKIP): ' "$log"
    [ "$status" -ne 0 ] && [ "$(total FAIL)$(total ERROR)$(total XPASS)" = 000 ] && failed=$((failed + 1))
    return 0
}

# step KIND NAME COMMAND...: runs it, counts its tests, shows the end of the log if it fails.
step() {
    local kind=$1 name=$2 log="$LOGS/$2.log" status=0 began=$SECONDS
    shift 2
    echo "== $name"
    "$@" >"$log" 2>&1 </dev/null || status=$?
    "count_$kind" "$log" "$status"
    [ "$status" -eq 0 ] || { echo "-- end of $log (exit $status):"; tail -n 40 "$log"; }
    echo "   $((SECONDS - began)) s"
}

wants() { [[ " $PARTS " == *" $1 "* ]]; }

install_packages || exit 1
tests/testbed/fetch || exit 1
build_guestd build --enable-werror || exit 1
mkdir -p "$LOGS"
export GUESTD=$PWD/build/guestd GUESTCTL=$PWD/build/guestctl

if wants unit; then
    step automake unit make -C build check
fi
if wants conformance; then
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
    step tap secrets tests/conformance/secrets
    step tap network tests/conformance/network
fi
if wants quiesce; then
    step tap freezes tests/quiesce/beside
    step tap quiesce tests/quiesce/run
fi
if wants hooks; then
    step tap hooks tests/hooks/run
fi
if wants host; then
    tests/testbed/fetch promtool || exit 1
    step tap guestctl tests/host/run
fi
if wants vm; then
    step tap vm tests/vm/run
fi
if wants libvirt; then
    step tap libvirt tests/libvirt/run
fi
if wants sanitizers; then
    build_guestd build-asan --enable-werror --enable-sanitizers || failed=$((failed + 1))
    step automake unit-sanitized make -C build-asan check
    GUESTD=$PWD/build-asan/guestd step tap conformance-sanitized tests/conformance/play
    GUESTD=$PWD/build-asan/guestd step tap programs-sanitized tests/conformance/programs
    # All of it but test_power, which mostly waits for agents that keep silent.
    GUESTD=$PWD/build-asan/guestd GUESTCTL=$PWD/build-asan/guestctl \
        LSAN_OPTIONS=suppressions=$PWD/tests/host/leaks:print_suppressions=0 step tap guestctl-sanitized \
        tests/host/run backup client: completion: cp: doctor: exec: exporter: fleet: guest: hang: snapshot
fi
if wants dist; then
    count_dist() { if [ "$2" -eq 0 ]; then passed=$((passed + 1)); else failed=$((failed + 1)); fi; }
    step dist distcheck make -C build distcheck
fi

echo
echo "$passed passed, $failed failed, $skipped skipped"
[ "$failed" -eq 0 ]
