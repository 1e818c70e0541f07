#!/usr/bin/env bash
# SPDX-License-Identifier: LGPL-2.1-or-later
#
# Shows guestd at work: installs what is missing, builds it, boots a small
# virtual machine with guestd in it, talks to it over virtio-serial, and lets guestctl
# take a snapshot of it and shut it down. Exits 0 only if every answer was the right one. For Debian 12, as root or with sudo.

set -euo pipefail
cd "$(dirname "$(readlink -f "$0")")"
. tests/testbed/setup.sh

step() {
    printf '\n== %s\n' "$*"
}

step "What building and running needs is installed where it is missing"
install_packages

step "A kernel for the guest is unpacked into the cache, not installed"
tests/testbed/fetch

step "guestd is built in ./build"
build_guestd build

exec tests/vm/demo build/guestd build/guestctl
